package fsa_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

// inMode is a configuration of a debug mode, or of dev.
func inMode(mode string) fsa.Config {
	cfg := base()
	cfg.Mode, cfg.LoggingLevel = mode, slog.LevelDebug
	return cfg
}

// TestTraceHooks: mode debug1 tells of every hook that it was asked, and each is asked
// as in other modes and decides what it does there.
func TestTraceHooks(t *testing.T) {
	for _, mode := range []string{"dev", "debug", "debug1"} {
		synctest.Test(t, func(t *testing.T) {
			cfg := inMode(mode)
			cfg.Auth = []string{"token", "digest", "basic", "param", "apikey", "none"}
			s := newSwapper(t, cfg) // which has app.UserPass and app.PasswordRehash
			w := s.world
			var swapped error
			s.swap = func(context.Context, string, string, string) error { return swapped }
			w.CanonicalLogin(func(_ context.Context, typed string) (string, error) {
				if typed == "unheard" {
					return "", fsa.ErrNoSuchUser
				}
				return strings.ToLower(typed), nil
			})
			w.PasswordCheck(func(_ context.Context, login, pass string) (bool, error) { return pass == "sesame of "+login, nil })
			w.UserHA1(func(_ context.Context, login, realm, algorithm string) (string, error) {
				ha1 := fsa.HA1(algorithm, login, realm, calvinPass)
				leaktest.Secret(ha1)
				return ha1, nil
			})
			w.UserByHash(func(_ context.Context, userhash, realm, algorithm string) (string, error) {
				if userhash != fsa.UserHash(algorithm, "calvin", realm) {
					return "", fsa.ErrNoSuchUser
				}
				return "calvin", nil
			})
			key, id, hash := fsa.NewAPIKey()
			leaktest.Secret(string(key))
			w.APIKey(func(_ context.Context, asked string) (fsa.APIKey, error) {
				if asked != id {
					return fsa.APIKey{}, fsa.ErrNoSuchKey
				}
				return fsa.APIKey{Login: "calvin", Hash: hash}, nil
			})
			w.AddGroup("staff", "board")
			w.UserInGroup(func(_ context.Context, login, group string) (bool, error) { return login+group == "calvinstaff", nil })
			w.UserHasPermission(func(_ context.Context, login, permission string) (bool, error) {
				return login+permission == "calvinread", nil
			})
			w.BeforeRequest(func(r *http.Request) (*fsa.Response, error) { return nil, nil })
			w.BeforeExec(func(_ context.Context, r *http.Request, id fsa.Identity) (*fsa.Response, error) { return nil, nil })
			w.AfterRequest(func(h http.Header, r *http.Request, status int) { h.Set("X-Status", fmt.Sprint(status)) })
			w.ErrorResponse(func(rw http.ResponseWriter, r *http.Request, e *fsa.Error) {
				rw.WriteHeader(e.Status)
				fmt.Fprint(rw, "ours: ", e.Status)
			})
			fsa.Get(w, "/staff", authz.Group("staff"), who)
			fsa.Get(w, "/board", authz.Group("board"), who)
			fsa.Get(w, "/admin", authz.Group("admin"), who)
			fsa.Get(w, "/read", authz.Permission("read"), who)
			fsa.Get(w, "/write", authz.Permission("write"), who)
			c := w.client(t)
			hashed := func(r *fsatest.Request, pass string) *fsatest.Request {
				challenges := challengesOf(t, w, "/x")
				challenge := challenges[slices.IndexFunc(challenges, func(ch string) bool { return strings.HasPrefix(ch, "Digest ") })]
				a := answerTo(challenge, "GET", "/x", "calvin", pass)
				a["username"], a["userhash"] = fsa.UserHash("SHA-256", "calvin", "acme"), "true"
				return r.Header("Authorization", credentials(a))
			}
			for _, test := range []struct {
				r      *fsatest.Request
				status int
				hooks  []string
			}{
				{c.Get("/x").Basic("Calvin", calvinPass), 200, []string{"app.CanonicalLogin", "app.UserPass", "app.PasswordRehash", "app.BeforeRequest", "app.BeforeExec", "app.AfterRequest"}},
				{c.Get("/x").Basic("unheard", calvinPass), 401, []string{"app.CanonicalLogin", "app.ErrorResponse"}},
				{c.Get("/x").Basic("calvin", "sesame of calvin"), 200, []string{"app.PasswordCheck"}},
				{c.Get("/x").Basic("calvin", "sesame of hobbes"), 401, []string{"app.PasswordCheck", "app.ErrorResponse"}},
				{hashed(c.Get("/x"), calvinPass), 200, []string{"app.UserByHash", "app.UserHA1"}},
				{hashed(c.Get("/x"), "wrong"), 401, []string{"app.UserByHash", "app.UserHA1"}},
				{c.Get("/x").Header("X-API-Key", string(key)), 200, []string{"app.APIKey"}},
				{c.Get("/staff").As("calvin"), 200, []string{`"app.UserInGroup(\"staff\")"`}},
				{c.Get("/board").As("calvin"), 403, []string{`"app.UserInGroup(\"board\")"`}},
				{c.Get("/admin").As("hobbes"), 403, []string{`"app.GroupCheck(\"admin\")"`}},
				{c.Get("/read").As("calvin"), 200, []string{`"app.UserHasPermission(\"read\")"`}},
				{c.Get("/write").As("calvin"), 403, []string{`"app.UserHasPermission(\"write\")"`}},
			} {
				before := len(w.log.String())
				res := test.r.Expect(test.status)
				synctest.Wait()
				if res.Header.Get("X-Status") != fmt.Sprint(test.status) || test.status >= 400 && res.Text() != fmt.Sprint("ours: ", test.status) {
					t.Errorf("mode %s: %d, %v, %s", mode, res.Status, res.Header, res.Body)
				}
				log := w.log.String()[before:]
				for _, hook := range test.hooks {
					if got := strings.Count(log, "step=hook hook="+hook+" took="); (got > 0) != (mode == "debug1") {
						t.Errorf("mode %s: %s is told %d times\n%s", mode, hook, got, log)
					}
				}
			}
			if s.swaps.Load() == 0 || strings.Contains(w.log.String(), "could not be replaced") {
				t.Errorf("mode %s: %d swaps\n%s", mode, s.swaps.Load(), w.log)
			}
			swapped = errors.New("the store is down")
			w.ClearCaches(t.Context())
			c.Get("/x").Basic("calvin", calvinPass).Expect(200)
			synctest.Wait()
			if !strings.Contains(w.log.String(), "could not be replaced") {
				t.Errorf("mode %s: nobody is told\n%s", mode, w.log)
			}
		})
	}
}

// TestTraceMissingHooks: a hook that is not there is not there in a debug mode either.
func TestTraceMissingHooks(t *testing.T) {
	for _, test := range []struct {
		scheme string
		wire   func(*fsa.App)
		want   string
	}{
		{"basic", func(*fsa.App) {}, "nothing knows passwords"},
		{"digest", func(*fsa.App) {}, "nothing knows what it compares with"},
		{"apikey", func(*fsa.App) {}, "nothing knows keys"},
		{"token", func(a *fsa.App) { fsa.Get(a, "/x", authz.Group("admin"), who) }, `group "admin" has no check`},
		{"token", func(a *fsa.App) { fsa.Get(a, "/x", authz.Permission("read"), who) }, `permission "read" has no check`},
		{"token", func(a *fsa.App) {
			a.PasswordRehash(func(context.Context, string, string, string) error { return nil })
		}, "app.PasswordRehash has no hashes to replace"},
	} {
		for _, mode := range []string{"dev", "debug4"} {
			cfg := inMode(mode)
			cfg.Auth, cfg.Logger = []string{test.scheme}, slog.New(slog.DiscardHandler)
			app := fsa.New("acme", cfg)
			test.wire(app)
			if got := faultsOf(t, app); len(got) != 1 || !strings.Contains(got[0], test.want) {
				t.Errorf("mode %s: %q, want %s", mode, got, test.want)
			}
		}
	}
	// A client is not asked to hide its login if nobody could find it.
	if got := challengesOf(t, digestWorld(t, inMode("debug4")), "/x"); len(got) != 1 || strings.Contains(got[0], "userhash") {
		t.Errorf("the challenges are %q", got)
	}
	// Nobody else is asked about a wrong password, nor how the refusal is to look.
	w := newWorld(t, inMode("debug4"))
	fsa.Get(w, "/x", authz.Auth(), who)
	w.client(t).Get("/x").Basic("calvin", "wrong").Expect(401)
	if got := strings.Count(w.log.String(), "step=hook"); got != 1 || strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("%d hooks are told, and there is app.UserPass alone\n%s", got, w.log)
	}
}

// TestTraceAfterFaults: an application that starts once its faults are mended tells of
// a hook once, and so do observers.
func TestTraceAfterFaults(t *testing.T) {
	w := newWorld(t, inMode("debug1"))
	asked := 0
	w.Observe(fsa.Observer{Hook: func(_, hook context.Context, _ fsa.HookEvent) (context.Context, func(error)) {
		asked++
		return hook, nil
	}})
	fsa.Get(w, "/x", authz.Group("late"), who)
	if faults := faultsOf(t, w.App); len(faults) != 1 {
		t.Fatal(faults)
	}
	w.GroupCheck("late", func(context.Context, string) (bool, error) { return true, nil })
	w.client(t).Get("/x").Basic("calvin", calvinPass).Expect(200)
	if got := strings.Count(w.log.String(), "step=hook hook=app.UserPass"); got != 1 || asked != 1 {
		t.Errorf("told %d times, observers %d times\n%s", got, asked, w.log)
	}
}

// TestTraceWithoutRequest: who asks for a user's password outside of a request is
// answered as in other modes.
func TestTraceWithoutRequest(t *testing.T) {
	w := newWorld(t, inMode("debug4"))
	fsa.Get(w, "/x", authz.Auth(), who)
	handlerOf(t, w)
	if err := w.CheckUserPassword(t.Context(), "calvin", calvinPass); err != nil {
		t.Error(err)
	}
	if err := w.CheckUserPassword(t.Context(), "calvin", "wrong"); !errors.Is(err, fsa.ErrUnauthenticated) {
		t.Error(err)
	}
}

// TestTraceTransport: mode debug4 tells why a request counts as secure or doesn't.
func TestTraceTransport(t *testing.T) {
	cfg := inMode("debug4")
	cfg.TrustedProxies = []string{"10.1.2.3"}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Open(), who)
	h := handlerOf(t, w)
	says := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	overTLS := func(r *http.Request) { r.TLS = &tls.ConnectionState{} }
	const proxied = `"insecure: loopback, but through a proxy that is not trusted or does not say https"`
	for _, test := range []struct {
		peer   string
		change func(*http.Request)
		want   string
		status int
	}{
		{"192.0.2.1:1", overTLS, "TLS", 200},
		{"127.0.0.1:1", overTLS, "TLS", 200},
		{"10.1.2.3:1", says("X-Forwarded-Proto", "https"), `"TLS, says a trusted proxy"`, 200},
		{"10.1.2.3:1", says("X-Forwarded-Proto", "http"), "insecure", 403},
		{"192.0.2.1:1", says("X-Forwarded-Proto", "https"), "insecure", 403},
		{"192.0.2.1:1", says("X-Nothing", "1"), "insecure", 403},
		{"127.0.0.1:1", says("X-Nothing", "1"), "loopback", 200},
		{"127.0.0.1:1", says("X-Forwarded-Proto", "https"), proxied, 403},
		{"[::1]:1", says("Via", "1.1 proxy"), proxied, 403},
	} {
		before := len(w.log.String())
		rec := serveFrom(h, request("GET", "/x", test.change), test.peer)
		if log := w.log.String()[before:]; rec.Code != test.status || !strings.Contains(log, "transport="+test.want+" header=") {
			t.Errorf("%+v: %d\n%s", test, rec.Code, log)
		}
	}
}

// TestTraceVerdicts: what a debug mode tells of schemes and of parts of rules is what
// was decided, and the answer is that of other modes.
func TestTraceVerdicts(t *testing.T) {
	const fresh = `Bearer realm="acme", error="insufficient_user_authentication", max_age="60"`
	said := func(err error) func(context.Context, string) (bool, error) {
		return func(context.Context, string) (bool, error) { return err == nil, err }
	}
	for _, test := range []struct {
		path      string
		as        string // "own": by a scheme of the application's own, "token": by a token
		status    int
		text      string
		challenge string
		verdict   string
	}{
		{"/auth", "own", 200, "calvin", "", `step=scheme scheme=own verdict=accepted user=calvin`},
		{"/auth", "429", 429, "not so fast", "", `step=scheme scheme=own verdict=refused reason="429: not so fast"`},
		{"/auth", "502", 502, "gateway", "", `step=scheme scheme=own verdict=failed reason="502: gateway"`},
		{"/auth", "broken", 500, "internal error in app.Authentication", "", `step=scheme scheme=own verdict=failed reason="500: internal error in app.Authentication: the scheme fails"`},
		{"/yes", "own", 200, "calvin", "", `rule="Group(\"yes\")" verdict=granted from=hook`},
		{"/no", "own", 403, `not in group "no"`, "", `rule="Group(\"no\")" verdict=refused from=hook`},
		{"/forbidden", "own", 403, "not today", "", `rule="Group(\"forbidden\")" verdict=refused from=hook` + "\n"},
		{"/gateway", "own", 502, "gateway", "", `rule="Group(\"gateway\")" verdict=failed from=hook reason="502: gateway"`},
		{"/read", "own", 403, "permission", "", `rule="Permission(\"read\")" verdict=refused from=hook`},
		{"/torn/1", "own", 403, "not today", "", `rule="Object(\"torn\", \"id\", \"\")" object=1 verdict=refused from=hook` + "\n"},
		{"/scope", "own", 403, "scope", "", `rule="Scope(\"orders\")" verdict=refused from=own`},
		{"/scope", "token", 200, "calvin", "", `rule="Scope(\"orders\")" verdict=granted from=token`},
		{"/fresh", "own", 401, "a fresh log-in is required", `Bearer realm="acme"`, `rule=Fresh(1m0s) verdict=refused from=own`},
		{"/fresh", "token", 401, "a fresh log-in is required", fresh, `rule=Fresh(1m0s) verdict=refused from=token`},
	} {
		for _, mode := range []string{"dev", "debug"} {
			cfg := inMode(mode)
			cfg.Auth, cfg.TokenType, cfg.Cache = []string{"token", "own"}, "jwt", "none"
			w := newWorld(t, cfg)
			w.Authentication("own", func(r *http.Request) (fsa.Identity, error) {
				switch as := r.Header.Get("X-Own"); as {
				case "429":
					return fsa.Identity{}, fsa.Errorf(429, "not so fast")
				case "502":
					return fsa.Identity{}, fsa.Errorf(502, "gateway")
				case "broken":
					return fsa.Identity{}, errors.New("the scheme fails")
				case "own":
					return fsa.Identity{Login: "calvin"}, nil
				}
				return fsa.Identity{}, nil
			})
			w.GroupCheck("yes", said(nil))
			w.GroupCheck("no", func(context.Context, string) (bool, error) { return false, nil })
			w.GroupCheck("forbidden", said(fsa.Errorf(403, "not today")))
			w.GroupCheck("gateway", said(fsa.Errorf(502, "gateway")))
			w.UserHasPermission(func(context.Context, string, string) (bool, error) { return false, nil })
			w.AddScope("orders")
			fsa.ObjectPerms(w.App, "torn", func(context.Context, string, int, string) (bool, error) { return true, fsa.Errorf(403, "not today") })
			for _, group := range []string{"yes", "no", "forbidden", "gateway"} {
				fsa.Get(w, "/"+group, authz.Group(group), who)
			}
			fsa.Get(w, "/auth", authz.Auth(), who)
			fsa.Get(w, "/read", authz.Permission("read"), who)
			fsa.Get(w, "/torn/{id}", authz.Object("torn", "id", ""), takes[struct{ ID int }])
			fsa.Get(w, "/scope", authz.Scope("orders"), who)
			fsa.Get(w, "/fresh", authz.Fresh(time.Minute), who)
			r := w.client(t).Get(test.path).Header("X-Own", test.as)
			if test.as == "token" {
				r.Bearer(w.token(t, "calvin", fsa.TokenOptions{Scopes: []string{"orders"}}))
			}
			res := r.Do()
			if got := res.Header.Get("WWW-Authenticate"); res.Status != test.status || !strings.Contains(res.Text(), test.text) || got != test.challenge {
				t.Errorf("%s as %s in mode %s: %d %s, %s", test.path, test.as, mode, res.Status, res.Body, got)
			}
			if got := strings.Contains(varying.ReplaceAllString(w.log.String(), ""), test.verdict); got != (mode == "debug") {
				t.Errorf("%s as %s in mode %s: the log has %s: %v\n%s", test.path, test.as, mode, test.verdict, got, w.log)
			}
		}
	}
}

// TestTraceParameters: a name that does not look like one is not told, since it may be a
// secret, and what an http.Handler reads by itself is not known.
func TestTraceParameters(t *testing.T) {
	w := orderWorld(t, inMode("debug3"))
	c := w.client(t)
	for _, test := range []struct {
		r      *fsatest.Request
		status int
		want   string
	}{
		{c.Get("/open?a=1"), 400, `step=parameter name=a in="" verdict=refused`},
		{c.Get("/open?%7B%22pin%22:0%7D=1"), 400, `step=parameter name="not shown" in="" verdict=refused`},
		{c.Get("/raw?status=202").As("calvin"), 202, `step=parameters path="" query="" unknown_in_query=1`},
		{c.Get("/rawstuff/1?id=2").As("calvin"), 200, `step=parameters path=id query="" unknown_in_query=1`},
		{c.Get("/all/1?n=2").As("calvin"), 204, `step=parameters path=id query=n unknown_in_query=0`},
	} {
		before := len(w.log.String())
		test.r.Expect(test.status)
		if log := varying.ReplaceAllString(w.log.String()[before:], ""); !strings.Contains(log, test.want) {
			t.Errorf("the log does not say %s\n%s", test.want, log)
		}
	}
}
