package authn_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/httperr"
)

// TestSeveralRefused: each scheme whose credential was refused says so, not the
// last of them only.
func TestSeveralRefused(t *testing.T) {
	says := func(name string, err error) fixed {
		return fixed{name: name, err: err, challenge: func(_ string, refused bool) string {
			if refused {
				return name + " refused"
			}
			return name
		}}
	}
	no := authn.Refuse("no")
	s := authn.Search{Schemes: schemes(says("A", no), says("B", nil), says("C", no))}
	_, err := s.Run(&authn.Request{HTTP: httptest.NewRequest("GET", "/", nil)})
	var e *httperr.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	want := []string{"A refused", "B", "C refused"}
	if got := e.Header["Www-Authenticate"]; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestSeveralFailures: of failures that are equally bad, the first one counts.
func TestSeveralFailures(t *testing.T) {
	for _, c := range []struct {
		statuses []int
		want     int
	}{
		{[]int{429, 418}, 429},
		{[]int{418, 429}, 418},
		{[]int{429, 503, 418}, 503},
		{[]int{503, 429}, 503},
		{[]int{503, 500}, 503},
		{[]int{500, 503}, 500},
	} {
		var all []fixed
		for _, status := range c.statuses {
			all = append(all, fails(httperr.Errorf(status, "%s", http.StatusText(status))))
		}
		s := authn.Search{Schemes: schemes(all...)}
		_, err := s.Run(&authn.Request{HTTP: httptest.NewRequest("GET", "/", nil)})
		var e *httperr.Error
		if !errors.As(err, &e) || e.Status != c.want {
			t.Errorf("%v: %v, want %d", c.statuses, err, c.want)
		}
	}
}

// TestRealmIsOneLine: what a quoted-string can't hold is not in a challenge.
func TestRealmIsOneLine(t *testing.T) {
	const want = `Basic realm="a b  c~d", charset="UTF-8"`
	if got := (&authn.Basic{}).Challenge("a\x7fb\r\nc~d", false); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
