package fsa_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
)

// The tests of this file are faults that others had, each named after its class.

// everywhere are the carriers with each type of token.
func everywhere(t *testing.T, test func(t *testing.T, cfg fsa.Config)) {
	for _, carrier := range carriers {
		for _, kind := range []string{"fsa", "jwt"} {
			cfg := carried(carrier)
			cfg.TokenType = kind
			t.Run(carrier+" "+kind, func(t *testing.T) { test(t, cfg) })
		}
	}
}

// TestMegabyteOfDots: it is refused, and nothing of it is kept or logged.
func TestMegabyteOfDots(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg fsa.Config) {
		w := newWorld(t, cfg)
		fsa.Post(w, "/x", authz.Auth(), who)
		h := handlerOf(t, w)
		before := heap()
		for i := range 20 {
			for _, text := range []string{strings.Repeat(".", 1<<20-5), strings.Repeat("a.", 1<<19-3), fmt.Sprintf("%d%s", i, strings.Repeat(":", 8000))} {
				r := httptest.NewRequest("POST", "/x", nil)
				switch cfg.TokenCarrier {
				case "bearer":
					r.Header.Set("Authorization", "Bearer "+text)
				case "header":
					r.Header.Set("Auth", text)
				case "cookie":
					r.Header.Set("Cookie", "__Host-auth="+text)
				case "param":
					r = httptest.NewRequest("POST", "/x", strings.NewReader("AUTH="+text))
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				}
				if rec := serve(h, r); rec.Code != 401 {
					t.Fatalf("%d %s", rec.Code, rec.Body)
				}
			}
		}
		if n := kept(before, 4<<20); n > 4<<20 {
			t.Errorf("%d MiB are kept", n>>20)
		}
		if log := w.log.String(); len(log) > 60*1000 || strings.Contains(log, "....") {
			t.Errorf("the log has %d bytes", len(log))
		}
	})
}

// TestExpiredAndBadlySigned: a forged token is never said to be merely expired,
// not even to a developer: what it says is nobody's word.
func TestExpiredAndBadlySigned(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg fsa.Config) {
		synctest.Test(t, func(t *testing.T) {
			cfg.Mode = "dev"
			w := newWorld(t, cfg)
			fsa.Get(w, "/x", authz.Auth(), who)
			cfg.TokenSecret = []fsa.Secret{"another secret of more than thirty-two bytes"}
			other := newWorld(t, cfg)
			c := w.client(t)
			ours, theirs := w.token(t, "calvin", fsa.TokenOptions{Delay: time.Second}), other.token(t, "calvin", fsa.TokenOptions{Delay: time.Second})
			time.Sleep(3 * time.Second)
			ask := func(token string) string {
				r := c.Get("/x")
				if cfg.TokenCarrier == "cookie" {
					r.Header("Cookie", "auth="+token)
				} else {
					with(r, cfg.TokenCarrier, token)
				}
				return r.Expect(401).Text()
			}
			if got := ask(ours); got != "expired token" {
				t.Errorf("an expired one is %q", got)
			}
			for _, forged := range []string{theirs, ours[:len(ours)-2], strings.ToUpper(ours)} {
				if got := ask(forged); !strings.HasPrefix(got, "invalid token") || strings.Contains(got, "expired") {
					t.Errorf("a forged one is %q", got)
				}
			}
		})
	})
}

// TestCacheKnowsRealms: that a token was good in one realm says nothing of
// another, whichever was asked first. S81.
func TestCacheKnowsRealms(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg fsa.Config) {
		w := newWorld(t, cfg)
		fsa.Get(w, "/acme", authz.Auth(), who)
		fsa.Get(w, "/stage", authz.Auth(), who, fsa.Realm("stage"))
		c := w.client(t)
		for _, realm := range []string{"acme", "stage"} {
			token := w.token(t, "calvin", fsa.TokenOptions{Realm: realm})
			for range 3 {
				for _, path := range []string{"acme", "stage"} {
					status := 401
					if path == realm {
						status = 200
					}
					with(c.Get("/"+path), cfg.TokenCarrier, token).Expect(status)
				}
			}
		}
	})
}

// TestCacheKnowsScopes: what one token of a user may, another one may not.
func TestCacheKnowsScopes(t *testing.T) {
	cfg := base()
	cfg.TokenType = "jwt"
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) {
		return fmt.Sprint(fsa.HasScope(ctx, "read"), fsa.HasScope(ctx, "write")), nil
	})
	c := w.client(t)
	reads, writes := w.token(t, "calvin", fsa.TokenOptions{Scopes: []string{"read"}}), w.token(t, "calvin", fsa.TokenOptions{Scopes: []string{"write"}})
	for range 3 {
		for token, want := range map[string]string{reads: "true false", writes: "false true"} {
			if got := c.Get("/x").Bearer(token).Expect(200).Text(); got != want {
				t.Errorf("the scopes are %s, want %s", got, want)
			}
		}
		if got := c.Get("/x").Basic("calvin", calvinPass).Expect(200).Text(); got != "false false" {
			t.Errorf("a password has the scopes %s", got)
		}
	}
}

// TestIssuerIsNoSubstring: an issuer is the one that is configured, and no other
// that has its name in it.
func TestIssuerIsNoSubstring(t *testing.T) {
	for _, kind := range []string{"fsa", "jwt"} {
		cfg := base()
		cfg.TokenType, cfg.TokenIssuer = kind, "idp"
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		c := w.client(t)
		for issuer, status := range map[string]int{"": 200, "idp": 200, "idp2": 401, "xidp": 401, "id": 401, "IDP": 401, "idp/x": 401, "x/idp": 401, " idp": 401} {
			c.Get("/x").Bearer(w.token(t, "calvin", fsa.TokenOptions{Issuer: issuer})).Expect(status)
		}
		cfg.TokenIssuer = ""
		c.Get("/x").Bearer(newWorld(t, cfg).token(t, "calvin", fsa.TokenOptions{})).Expect(401)
	}
}

// TestWordIsNoProof: who a request merely says it is from is nobody, wherever it
// says so.
func TestWordIsNoProof(t *testing.T) {
	w := newWorld(t, base())
	fsa.Post(w, "/x", authz.Auth(), who)
	c := w.client(t)
	for i, r := range []*fsatest.Request{
		c.Post("/x").Form("USER", "calvin"),
		c.Post("/x").Form("USER", "calvin", "PASS", ""),
		c.Post("/x").Form("LOGIN", "calvin"),
		c.Post("/x").JSON(map[string]any{"USER": "calvin", "user": "calvin", "login": "calvin"}),
		c.Post("/x").JSON(map[string]any{"USER": "calvin", "PASS": nil}),
		c.Post("/x").Header("X-Remote-User", "calvin", "Remote-User", "calvin", "X_Remote_User", "calvin"),
		c.Post("/x").Header("Cookie", "auth=calvin; __Host-auth=calvin; user=calvin"),
		c.Post("/x").Header("Authorization", "calvin"),
		c.Post("/x").Header("Authorization", "None calvin"),
	} {
		if got := r.Do(); got.Status != 401 {
			t.Errorf("%d: %d %s", i, got.Status, got.Text())
		}
	}
}

// TestAnswersOfOthers: no cache between may give an answer of one user to another,
// unless the handler says that it may.
func TestAnswersOfOthers(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg fsa.Config) {
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		fsa.Handle(w, "GET /raw", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, "x") }))
		c := w.client(t)
		token := w.token(t, "calvin", fsa.TokenOptions{})
		for _, path := range []string{"/x", "/raw", "/x?y=1"} {
			for _, token := range []string{token, token + "x"} {
				if got := with(c.Get(path), cfg.TokenCarrier, token).Do().Header.Get("Cache-Control"); got != "no-store" {
					t.Errorf("%s: Cache-Control is %q", path, got)
				}
			}
		}
	})
}
