package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// sidWorld is an application with a cookie of its own and a scheme that reads it.
func sidWorld(t testing.TB, mode string) *world {
	t.Helper()
	cfg := base()
	cfg.Auth, cfg.Mode, cfg.InsecureTransport, cfg.TrustedProxies = []string{"session", "none"}, mode, true, []string{"10.1.2.3"}
	w := newWorld(t, cfg)
	sid := w.HostCookie("sid")
	w.Authentication("session", func(r *http.Request) (fsa.Identity, error) {
		value, ok, err := sid.Read(r)
		if err != nil || !ok {
			return fsa.Identity{}, err
		}
		return fsa.Identity{Login: value}, nil
	})
	fsa.Get(w, "/me", authz.Auth(), who)
	fsa.Post(w, "/login", authz.Open(), func(ctx context.Context, in struct {
		User  string
		Life  int  `default:"0"`
		Twice bool `default:"false"`
	}) (fsa.Response, error) {
		h := http.Header{"Set-Cookie": {"other=1"}}
		if in.Twice {
			if err := sid.Set(ctx, h, "somebody else", time.Hour); err != nil {
				return fsa.Response{}, err
			}
		}
		return fsa.Response{Header: h}, sid.Set(ctx, h, in.User, time.Duration(in.Life)*time.Second)
	})
	fsa.Post(w, "/logout", authz.Open(), func(ctx context.Context, _ fsa.None) (fsa.Response, error) {
		h := http.Header{}
		return fsa.Response{Header: h}, sid.Clear(ctx, h)
	})
	return w
}

// TestHostCookie: a cookie of an application's own is as hard as that of tokens. S55.
func TestHostCookie(t *testing.T) {
	for _, tt := range []struct {
		mode    string
		prepare func(*http.Request)
		name    string
		secure  string
	}{
		{"prod", func(*http.Request) {}, "__Host-sid", "Secure; "},
		{"dev", func(*http.Request) {}, "sid", ""},
		{"dev", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, "__Host-sid", "Secure; "},
		{"dev", func(r *http.Request) { r.Header.Set("Via", "1.1 proxy") }, "__Host-sid", "Secure; "},
		{"dev", func(r *http.Request) { r.RemoteAddr = "10.1.2.3:1"; r.Header.Set("X-Forwarded-Proto", "https") }, "__Host-sid", "Secure; "},
	} {
		w := sidWorld(t, tt.mode)
		h := handlerOf(t, w)
		ask := func(method, target, cookie string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, target, nil)
			r.RemoteAddr = "127.0.0.1:1"
			if cookie != "" {
				r.Header.Set("Cookie", cookie)
			}
			tt.prepare(r)
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			return rec
		}
		for target, want := range map[string]string{
			"/login?user=calvin":                      "=calvin; Path=/; HttpOnly; " + tt.secure + "SameSite=Lax",
			"/login?user=calvin&life=60":              "=calvin; Path=/; Max-Age=60; HttpOnly; " + tt.secure + "SameSite=Lax",
			"/login?user=calvin&life=60&twice=true":   "=calvin; Path=/; Max-Age=60; HttpOnly; " + tt.secure + "SameSite=Lax",
			"/login?user=a%20%C3%A9%3B%25&twice=true": "=a%20%C3%A9%3B%25; Path=/; HttpOnly; " + tt.secure + "SameSite=Lax",
			"/logout": "=; Path=/; Max-Age=0; HttpOnly; " + tt.secure + "SameSite=Lax",
		} {
			a := ask("POST", target, "")
			set := a.Header().Values("Set-Cookie")
			if strings.HasPrefix(target, "/login") && (len(set) != 2 || set[0] != "other=1") {
				t.Errorf("%s: %s sets %q, without the others", tt.mode, target, set)
			}
			if len(set) == 0 || set[len(set)-1] != tt.name+want || len(set) > 2 || a.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %s sets %q, want %q", tt.mode, target, set, tt.name+want)
			}
		}
		other := map[string]string{"sid": "__Host-sid", "__Host-sid": "sid"}[tt.name]
		for cookie, want := range map[string]string{
			tt.name + "=calvin":                       "200 calvin",
			"a=b; " + tt.name + "=calvin; c=d":        "200 calvin",
			tt.name + "=a%20b":                        "200 a b",
			other + "=calvin":                         "401 authentication required",
			other + "=hobbes; " + tt.name + "=calvin": "200 calvin",
			tt.name + "=":                             "401 authentication required",
			"":                                        "401 authentication required",
			tt.name + "=calvin; " + tt.name + "=hobbes": "401",
			tt.name + "=calvin; " + tt.name + "=calvin": "401",
			tt.name + `="calvin"`:                       "401",
			tt.name + "=cal%76in":                       "401", // no spelling of ours
			tt.name + "=calvin%":                        "401",
			strings.ToUpper(tt.name) + "=calvin":        "401 authentication required",
		} {
			a := ask("GET", "/me", cookie)
			if got := fmt.Sprint(a.Code, " ", a.Body); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q gets %s, want %s", tt.mode, cookie, got, want)
			}
		}
	}
}

// TestHostCookieErrors: what can't be a cookie is none.
func TestHostCookieErrors(t *testing.T) {
	w := newWorld(t, base())
	sid := w.HostCookie("sid")
	elsewhere := newWorld(t, base()).HostCookie("sid")
	fsa.Get(w, "/x", authz.Open(), func(ctx context.Context, _ fsa.None) (fsa.None, error) {
		h := http.Header{}
		for name, err := range map[string]error{
			"no value":        sid.Set(ctx, h, "", time.Hour),
			"over already":    sid.Set(ctx, h, "x", -time.Second),
			"too large":       sid.Set(ctx, h, strings.Repeat("x", 4096), time.Hour),
			"no header":       sid.Set(ctx, nil, "x", time.Hour),
			"no request":      sid.Set(context.Background(), h, "x", time.Hour),
			"none to clear":   sid.Clear(context.Background(), h),
			"another's":       elsewhere.Set(ctx, h, "x", time.Hour),
			"no header clear": sid.Clear(ctx, nil),
		} {
			if err == nil || strings.Contains(err.Error(), "xxx") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(h) > 0 {
			t.Errorf("the header has %v", h)
		}
		return fsa.None{}, nil
	})
	w.client(t).Get("/x").Expect(204)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "__Host-sid=1; __Host-sid=2")
	if _, ok, err := sid.Read(r); ok || !errors.Is(err, fsa.ErrUnauthenticated) {
		t.Errorf("two: %v, %v", ok, err)
	}

	for cookie, want := range map[string]bool{"__Host-sid=": false, "__Host-sid=x": true, "": false} {
		r.Header.Set("Cookie", cookie)
		if _, ok, err := sid.Read(r); ok != want || err != nil {
			t.Errorf("%q: %v, %v", cookie, ok, err)
		}
	}
	for _, change := range []func(*fsa.Config){func(c *fsa.Config) { c.TokenCarrier = "cookie" }, func(c *fsa.Config) { c.TokenCarrier, c.TokenName = "header", "X-Auth" }, func(c *fsa.Config) { c.Auth, c.TokenCarrier = []string{"basic"}, "cookie" }} {
		cfg := base()
		change(&cfg)
		w := newWorld(t, cfg)
		w.HostCookie("one")
		w.HostCookie("two")
		w.HostCookie("X-Auth")
		if cfg.Auth[0] == "basic" {
			w.HostCookie("auth")
		}
		fsa.Get(w, "/x", authz.Auth(), nothing)
		if got := faultsOf(t, w.App); got != nil {
			t.Errorf("%q", got)
		}
		w.HostCookie("late")
		w.AddPermission("late")
		if got := faultsOf(t, w.App); len(got) != 2 || !contains(got[0], "app.HostCookie comes after app.Handler()") || !contains(got[1], "app.AddPermission comes after") {
			t.Errorf("%q", got)
		}
	}

	for name, want := range map[string]string{
		"":           `app.HostCookie: "" can't name a cookie`,
		"a b":        `app.HostCookie: "a b" can't name a cookie`,
		"__Host-sid": `app.HostCookie: "__Host-sid" can't name a cookie; use letters, digits and dashes, as in sid; the prefix __Host- comes by itself`,
		"twice":      `app.HostCookie("twice") is called twice`,
		"auth":       `app.HostCookie: the cookie "auth" is that of tokens`,
	} {
		cfg := base()
		cfg.TokenCarrier = "cookie"
		w := newWorld(t, cfg)
		if name == "twice" {
			w.HostCookie(name)
		}
		w.HostCookie(name)
		fsa.Get(w, "/x", authz.Auth(), nothing)
		if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], want, "hostcookie_test.go:") {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// An application's own sessions, in memory here: the scheme reads the cookie that the
// log-in sets.
func ExampleApp_HostCookie() {
	app := fsa.New("acme", quiet("session", "none"))
	sid := app.HostCookie("sid")
	sessions := map[string]string{"a long random text": "susie"} // to the login
	app.Authentication("session", func(r *http.Request) (fsa.Identity, error) {
		id, ok, err := sid.Read(r)
		switch login := sessions[id]; {
		case err != nil || !ok:
			return fsa.Identity{}, err
		case login == "":
			return fsa.Identity{}, fsa.ErrUnauthenticated
		default:
			return fsa.Identity{Login: login}, nil
		}
	}, fsa.VariesBy("Cookie"))
	fsa.Post(app, "/login", authz.Open(), func(ctx context.Context, _ fsa.None) (fsa.Response, error) {
		header := http.Header{}
		err := sid.Set(ctx, header, "a long random text", 24*time.Hour)
		return fsa.Response{Header: header}, err
	}, fsa.SameOrigin())
	fsa.Get(app, "/me", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) { return fsa.User(ctx), nil })
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("POST", "/login", nil)
	r.RemoteAddr = "127.0.0.1:1234"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	cookie := w.Header().Get("Set-Cookie")
	fmt.Println(cookie)
	cookie, _, _ = strings.Cut(cookie, ";")
	call(h, "GET", "/me", "", "Cookie", cookie)
	// Output:
	// __Host-sid=a%20long%20random%20text; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax
	// GET /me: 200 susie
}
