package fsa

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authz"
)

// TestKeepCredentials: credentials are kept only if all that they follow from is known
// when they are: who is meant, the stored hash, and the proof for that hash. What is
// tested here are changes in the moment after a log-in, which a request can't bring about
// at will.
func TestKeepCredentials(t *testing.T) {
	const client = "192.0.2.1"
	passwords := map[string]string{"ann": "ann's password", "bob": "bob's password"}
	newApp := func(canonical bool) (*App, func(login, pass string) int) {
		a := New("acme", Config{Auth: []string{"basic"}, InsecureTransport: true, Logger: slog.New(slog.DiscardHandler),
			PasswordOpts: map[string]int{"memory": 64, "time": 1, "parallelism": 1}, InsecurePasswordCost: true})
		hashes := map[string]string{}
		for login, pass := range passwords {
			hashes[login], _ = a.HashPasswordUnchecked(t.Context(), pass)
		}
		a.UserPass(func(_ context.Context, login string) (string, error) {
			if hash, ok := hashes[login]; ok {
				return hash, nil
			}
			return "", ErrNoSuchUser
		})
		if canonical {
			a.CanonicalLogin(func(_ context.Context, typed string) (string, error) { return strings.ToLower(typed), nil })
		}
		a.Observe(Observer{}) // so that look-ups are counted
		Get(a, "/x", authz.Auth(), func(context.Context, None) (None, error) { return None{}, nil })
		h, err := a.Handler()
		if err != nil {
			t.Fatal(err)
		}
		return a, func(login, pass string) int {
			r := httptest.NewRequest("GET", "/x", nil)
			r.RemoteAddr = client + ":1"
			r.SetBasicAuth(login, pass)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
	}
	for _, c := range []struct {
		name         string
		canonical    bool
		change       func(a *App) // after the log-ins
		typed, login string
		pass         string
		kept         int
	}{
		{"as it is", false, func(*App) {}, "bob", "bob", passwords["bob"], 1},
		{"as it is typed", true, func(*App) {}, "Bob", "bob", passwords["bob"], 1},
		{"another is meant", true, func(*App) {}, "Ann", "bob", passwords["bob"], 0},
		{"nobody knows who is meant", true, func(a *App) { a.logins.clear() }, "Bob", "bob", passwords["bob"], 0},
		{"another password", false, func(*App) {}, "bob", "bob", passwords["ann"], 0},
		{"no hash", false, func(a *App) { a.passwordHashes.clear() }, "bob", "bob", passwords["bob"], 0},
		{"another hash", false, func(a *App) {
			a.passwordHashes.refresh(t.Context(), "bob", time.Now(), func(context.Context) (string, time.Duration, error) { return "another", 0, nil })
		}, "bob", "bob", passwords["bob"], 0},
		{"no proof", false, func(a *App) { a.proofs.clear() }, "bob", "bob", passwords["bob"], 0},
		{"neither", false, func(a *App) { a.passwordHashes.clear(); a.proofs.clear() }, "bob", "bob", passwords["bob"], 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, logIn := newApp(c.canonical)
			for login, pass := range passwords {
				for _, typed := range []string{login, strings.ToUpper(login[:1]) + login[1:]} {
					if got := logIn(typed, pass); got != 204 && (typed == login || c.canonical) {
						t.Fatal(got)
					}
				}
			}
			a.credentials.Clear()
			c.change(a)
			a.keepCredentials(t.Context(), c.typed, proofKey{c.login, client}, c.pass, time.Now())
			if n := a.credentials.Len(); n != c.kept {
				t.Errorf("%d are kept", n)
			}
			before := a.Stats()
			got := logIn(c.typed, c.pass)
			if right := c.pass == passwords[strings.ToLower(c.typed)]; right != (got == 204) {
				t.Errorf("then the log-in is answered by %d", got)
			}
			if c.kept == 0 {
				return
			}
			// Who is let in by what is kept counts as one look-up of each kind.
			hits := func(s Stats, kind string) uint64 {
				for _, c := range s.Caches {
					if c.Kind == kind {
						return c.Hits
					}
				}
				return 0
			}
			after, logins := a.Stats(), uint64(0)
			if c.canonical {
				logins = 1
			}
			for kind, want := range map[string]uint64{"login": logins, "password_hash": 1, "password_proof": 1} {
				if n := hits(after, kind) - hits(before, kind); n != want {
					t.Errorf("%s: %d hits", kind, n)
				}
			}
		})
	}
}
