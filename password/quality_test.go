package password_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password"
)

func TestQuality(t *testing.T) {
	digit, lower := regexp.MustCompile(`[0-9]`), regexp.MustCompile(`^\p{Ll}`)
	errHook := errors.New("listed")
	refuse := func(err error) func(context.Context, string) error {
		return func(context.Context, string) error { return err }
	}
	tests := []struct {
		name   string
		q      password.Quality
		pass   string
		want   string // the public text; "" for none
		status int
	}{
		{"zero value has no rules", password.Quality{}, "", "", 0}, // S3
		{"long enough", password.Quality{MinLength: 8}, "12345678", "", 0},
		{"too short", password.Quality{MinLength: 8}, "1234567", "password is too short, must be at least 8", 400}, // S1
		{"empty", password.Quality{MinLength: 1}, "", "password is too short, must be at least 1", 400},
		{"code points, not bytes", password.Quality{MinLength: 4}, "éé🐯", "password is too short, must be at least 4", 400},
		{"code points", password.Quality{MinLength: 4}, "éé🐯密", "", 0},
		{"counted in the normal form", password.Quality{MinLength: 3}, "e\u0301e\u0301", "password is too short, must be at least 3", 400}, // S6
		{"not UTF-8", password.Quality{MinLength: 3}, "\xff\xff", "password is too short, must be at least 3", 400},
		{"patterns match", password.Quality{Patterns: []*regexp.Regexp{digit, lower}}, "a1", "", 0},
		{"first pattern", password.Quality{Patterns: []*regexp.Regexp{digit, lower}}, "A", "password must match [0-9]", 400},
		{"second pattern", password.Quality{Patterns: []*regexp.Regexp{digit, lower}}, "A1", `password must match ^\p{Ll}`, 400},
		{"patterns see the normal form", password.Quality{Patterns: []*regexp.Regexp{regexp.MustCompile(`^\x{e9}$`)}}, "e\u0301", "", 0},
		{"length first", password.Quality{MinLength: 8, Patterns: []*regexp.Regexp{digit}, Check: refuse(errHook)}, "a", "password is too short, must be at least 8", 400},
		{"patterns before the hook", password.Quality{MinLength: 1, Patterns: []*regexp.Regexp{digit}, Check: refuse(errHook)}, "a", "password must match [0-9]", 400},
		{"hook", password.Quality{MinLength: 1, Patterns: []*regexp.Regexp{digit}, Check: refuse(errHook)}, "1", "password quality too low", 400},
		{"hook's own answer", password.Quality{Check: refuse(httperr.Errorf(422, "pick another"))}, "1", "pick another", 422},
		{"hook's wrapped answer", password.Quality{Check: refuse(errors.Join(errHook, httperr.Errorf(503, "no list")))}, "1", "no list", 503},
		{"hook is content", password.Quality{Check: refuse(nil)}, "1", "", 0},
		{"larger than the cap", password.Quality{Check: refuse(errHook)}, strings.Repeat("a", 1025), "password is too long, must be at most 1024 bytes", 400}, // S11
		{"at the cap", password.Quality{}, strings.Repeat("a", 1024), "", 0},
	}
	for _, test := range tests {
		err := test.q.Verify(t.Context(), test.pass)
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		e, ok := err.(*httperr.Error)
		if !ok || e.Status != test.status || e.Public != test.want {
			t.Errorf("%s: got %#v, want %d %q", test.name, err, test.status, test.want)
		}
	}
}

func TestQualityHook(t *testing.T) {
	type key struct{}
	errHook := errors.New("listed")
	var seen string
	q := password.Quality{Check: func(ctx context.Context, pass string) error {
		seen = pass + " " + ctx.Value(key{}).(string)
		return errHook
	}}
	err := q.Verify(context.WithValue(t.Context(), key{}, "request"), "cafe\u0301")
	if seen != "café request" {
		t.Errorf("the hook saw %q", seen)
	}
	if !errors.Is(err, errHook) {
		t.Errorf("the hook's error is not the cause of %v", err)
	}
	var e *httperr.Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest || strings.Contains(e.Public, "listed") {
		t.Errorf("the client reads %v", e)
	}
}
