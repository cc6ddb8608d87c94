package authn_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
)

// TestServerError: failures have the status that was asked for; what a hook says
// in words of its own keeps its own.
func TestServerError(t *testing.T) {
	q := &authn.Request{HTTP: httptest.NewRequest("GET", "/", nil), Now: time.Now()}
	broken := errors.New("the store is down")
	for _, c := range []struct {
		status int
		scheme fixed
		admit  error
		want   int
	}{
		{0, fails(broken), nil, 500},
		{503, fails(broken), nil, 503},
		{503, fails(httperr.Errorf(502, "no directory")), nil, 502},
		{503, refuses("no"), nil, 401},
		{0, is("calvin"), broken, 500},
		{503, is("calvin"), broken, 503},
		{503, is("calvin"), httperr.Errorf(403, "disabled"), 403},
	} {
		s := authn.Search{Schemes: schemes(c.scheme), ServerError: c.status,
			Admit: func(context.Context, identity.Identity) error { return c.admit }}
		_, err := s.Run(q)
		if e := (*httperr.Error)(nil); !errors.As(err, &e) || e.Status != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestObserve: whoever observes a search is told what each scheme that was asked
// has said, in order.
func TestObserve(t *testing.T) {
	q := &authn.Request{HTTP: httptest.NewRequest("GET", "/", nil), Now: time.Now()}
	var told []string
	s := authn.Search{Schemes: schemes(silent(), refuses("expired"), is("calvin"), is("hobbes")),
		Observe: func(got *authn.Request, scheme authn.Scheme, id *identity.Identity, err error) {
			login := ""
			if id != nil {
				login = id.Login
			}
			told = append(told, fmt.Sprintf("%v %s %q %v", got == q, scheme.Name(), login, err))
		}}
	if _, err := s.Run(q); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(told, "; "), `true silent "" <nil>; true refuses "" expired; true calvin "calvin" <nil>`; got != want {
		t.Errorf("told %s", got)
	}
}
