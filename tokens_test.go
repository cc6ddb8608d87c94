package fsa_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
)

// TestCreateTokenNotEnabled: an application that takes no tokens makes none.
func TestCreateTokenNotEnabled(t *testing.T) {
	for _, change := range []func(*fsa.Config){
		func(c *fsa.Config) { c.Auth = []string{"basic"} },
		func(c *fsa.Config) { c.TokenType = "none"; c.Auth = []string{"basic"} },
	} {
		cfg := base()
		cfg.TokenSecret = nil
		change(&cfg)
		raw, err := newWorld(t, cfg).CreateToken(t.Context(), "calvin", fsa.TokenOptions{})
		if raw != "" || err == nil || !strings.Contains(err.Error(), "tokens are not enabled") {
			t.Errorf("a token, %t, and %v", raw != "", err)
		}
	}
}

// TestCreateTokenCarriesLogin: a token tells of the log-in of the caller, if it is made
// for them, in a request of this application, and nothing else has been said.
func TestCreateTokenCarriesLogin(t *testing.T) {
	cfg := base()
	cfg.TokenType = "jwt"
	w, other := newWorld(t, cfg), newWorld(t, cfg)
	at := time.Now().Add(-time.Hour)
	tests := []struct {
		path    string
		in      *world // whose request it is
		rule    authz.Rule
		options fsa.TokenOptions
		time    string // of the log-in
		factors []string
	}{
		{"/caller", w, authz.Auth(), fsa.TokenOptions{}, "now", []string{"pwd"}},
		{"/caller-elsewhere", other, authz.Auth(), fsa.TokenOptions{}, "", nil},
		{"/nobody", w, authz.Open(), fsa.TokenOptions{}, "", nil},
		{"/another-time", w, authz.Auth(), fsa.TokenOptions{AuthTime: at}, "then", nil},
		{"/other-factors", w, authz.Auth(), fsa.TokenOptions{Factors: []string{"otp"}}, "", []string{"otp"}},
		{"/both", w, authz.Auth(), fsa.TokenOptions{AuthTime: at, Factors: []string{"otp"}}, "then", []string{"otp"}},
	}
	for _, test := range tests {
		fsa.Get(test.in, test.path, test.rule, func(ctx context.Context, _ fsa.None) (string, error) {
			return w.CreateToken(ctx, "calvin", test.options)
		})
	}
	for _, test := range tests {
		raw := test.in.client(t).Get(test.path).Basic("calvin", calvinPass).Expect(200).Text()
		claims, err := w.CheckToken(t.Context(), raw, "")
		told := "now"
		switch {
		case claims.AuthTime.IsZero():
			told = ""
		case claims.AuthTime.Unix() == at.Unix():
			told = "then"
		}
		if err != nil || told != test.time || !slices.Equal(claims.Factors, test.factors) {
			t.Errorf("%s: %v, the time is %v, the factors are %q", test.path, err, claims.AuthTime, claims.Factors)
		}
	}
}

// TestCreateTokenAfterRevocation: what can't be made is an error then, too, and a token
// that others judge needs no note.
func TestCreateTokenAfterRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kind := range []string{"fsa", "jwt"} {
			store := &failingOnce{Once: cache.NewMemoryOnce(0)}
			cfg := base()
			cfg.Revocations, cfg.TokenType, cfg.TokenIssuer = store, kind, "acme"
			w := newWorld(t, cfg)
			if err := w.RevokeUser(t.Context(), "calvin"); err != nil {
				t.Fatal(err)
			}
			store.fail(0)
			if raw, err := w.CreateToken(t.Context(), "calvin", fsa.TokenOptions{Issuer: "a\nb"}); raw != "" || err == nil {
				t.Errorf("%s: a token, %q, and %v", kind, raw, err)
			}
			if raw, err := w.CreateToken(t.Context(), "calvin", fsa.TokenOptions{Issuer: "other"}); raw == "" || err != nil {
				t.Errorf("%s: a token, %t, and %v", kind, raw != "", err)
			}
			if store.uses != 0 {
				t.Errorf("%s: %d notes", kind, store.uses)
			}
		}
	})
}
