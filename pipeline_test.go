package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
)

type stuffIn struct {
	ID int
	N  int
}

// orderWorld has a route of each kind.
func orderWorld(t testing.TB, cfg fsa.Config) *world {
	w := newWorld(t, cfg)
	fsa.Get(w, "/open", authz.Open(), who)
	fsa.Get(w, "/auth", authz.Auth(), who)
	fsa.Post(w, "/auth", authz.Auth(), who)
	fsa.Get(w, "/closed", authz.Close(), who)
	fsa.Get(w, "/admin", authz.Group("admin"), takes[struct{ N int }])
	fsa.Get(w, "/broken", authz.Group("broken"), who)
	fsa.Get(w, "/panics", authz.Group("panics"), who)
	fsa.Get(w, "/stuff/{id}", authz.Object("stuff", "id", "owner"), takes[stuffIn])
	fsa.Get(w, "/all/{id}", authz.All(authz.Group("admin"), authz.Object("stuff", "id", "owner")), takes[stuffIn])
	fsa.Get(w, "/any/{id}", authz.Any(authz.Group("admin"), authz.Object("stuff", "id", "owner")), takes[stuffIn])
	fsa.Get(w, "/brokenobject/{id}", authz.Object("stuff", "id", "broken"), takes[stuffIn])
	fsa.Handle(w, "/raw", authz.Auth(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := r.URL.Query().Get("status"); status != "" {
			n, _ := strconv.Atoi(status)
			w.WriteHeader(n)
		}
		fmt.Fprintf(w, "%s by %s", r.Method, fsa.User(r.Context()))
	}))
	fsa.Handle(w, "GET /rawstuff/{id}", authz.Object("stuff", "id", "owner"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.PathValue("id"))
	}))
	fsa.Get(w, "/fails", authz.Auth(), func(context.Context, fsa.None) (string, error) {
		return "", errors.New("the handler fails: s3cret")
	})
	fsa.Get(w, "/crashes", authz.Auth(), func(context.Context, fsa.None) (string, error) { panic("the handler panics: s3cret") })
	fsa.Get(w, "/teapot", authz.Auth(), func(context.Context, fsa.None) (string, error) {
		return "", fsa.Errorf(418, "a %s", "teapot").WithHeader("X-Pot", "tea")
	})
	fsa.Get(w, "/unauthorized", authz.Auth(), func(context.Context, fsa.None) (string, error) {
		return "", fsa.Errorf(401, "log in again")
	})
	return w
}

// TestOrderOfRefusals: who may not call a route learns nothing of what comes
// later. S82, S83, S88.
func TestOrderOfRefusals(t *testing.T) {
	for _, c := range []struct {
		path, as string
		status   int
		text     string
	}{
		{"/open?x=1", "", 400, `unexpected parameter "x"`},
		{"/open", "", 200, ""},
		{"/open", "calvin", 200, ""}, // nobody is asked
		{"/closed?x=1", "", 403, "currently closed route"},
		{"/closed", "calvin", 403, "currently closed route"},
		{"/auth?x=1", "", 401, "authentication required"},
		{"/auth", "calvin", 200, "calvin"},
		{"/admin?n=x", "", 401, "authentication required"},
		{"/admin?n=x", "hobbes", 403, `not in group "admin"`},
		{"/admin?n=x", "calvin", 400, `parameter "n" is not an integer: "x"`},
		{"/admin?n=1", "calvin", 204, ""},
		{"/broken", "calvin", 500, `internal error in check of group "broken"`},
		{"/panics", "calvin", 500, `internal error in check of group "panics"`},
		{"/stuff/1?n=x", "", 401, "authentication required"},
		{"/stuff/2?n=x", "calvin", 400, `parameter "n" is not an integer: "x"`},
		{"/stuff/2", "calvin", 400, `parameter "n" is missing`},
		{"/stuff/2?n=1", "calvin", 403, "permission denied on stuff"},
		{"/stuff/3?n=1", "calvin", 404, "object not found"},
		{"/stuff/1?n=1", "calvin", 204, ""},
		{"/stuff/x?n=1", "calvin", 404, "not found"},
		{"/all/1?n=1", "calvin", 204, ""},
		{"/all/2?n=1", "calvin", 403, "permission denied on stuff"},
		{"/all/2?n=x", "hobbes", 403, `not in group "admin"`},
		{"/any/2?n=1", "calvin", 204, ""},
		{"/any/2?n=1", "hobbes", 204, ""},
		{"/any/1?n=1", "hobbes", 403, `not in group "admin"`},
		{"/any/3?n=1", "hobbes", 404, "object not found"},
		{"/any/3?n=1", "calvin", 204, ""},
		{"/any/1?n=x", "hobbes", 400, `parameter "n" is not an integer: "x"`},
		{"/brokenobject/1?n=1", "calvin", 500, `internal error in object permission "stuff"`},
		{"/raw", "", 401, "authentication required"},
		{"/raw?any=thing", "calvin", 200, "GET by calvin"},
		{"/rawstuff/1", "calvin", 200, "1"},
		{"/rawstuff/2", "calvin", 403, "permission denied on stuff"},
		{"/rawstuff/3", "calvin", 404, "object not found"},
		{"/rawstuff/x", "calvin", 404, "not found"},
		{"/fails", "calvin", 500, "internal error"},
		{"/crashes", "calvin", 500, "internal error"},
		{"/teapot", "calvin", 418, "a teapot"},
		{"/unauthorized", "calvin", 401, "log in again"},
		{"/nowhere", "calvin", 404, "not found"},
	} {
		for _, cache := range []string{"ttl", "none"} {
			t.Run(fmt.Sprintf("%s as %s, cache %s", c.path, c.as, cache), func(t *testing.T) {
				cfg := base()
				cfg.Cache = cache
				w := orderWorld(t, cfg)
				for range 2 { // the second time with warm caches
					r := w.client(t).Get(c.path)
					if c.as != "" {
						r.As(c.as)
					}
					res := r.Expect(c.status)
					if res.Text() != c.text {
						t.Errorf("the answer is %q, want %q", res.Text(), c.text)
					}
					if strings.Contains(fmt.Sprint(res.Header, res.Text()), "s3cret") {
						t.Errorf("the answer tells the cause: %v %s", res.Header, res.Text())
					}
					if c.status >= 500 && !contains(w.log.String(), "s3cret", res.Header.Get("X-Request-Id")) {
						t.Errorf("the log does not tell the cause under the request id %q: %s", res.Header.Get("X-Request-Id"), w.log)
					}
				}
			})
		}
	}
}

// TestAuthentication walks through credentials and what becomes of them.
func TestAuthentication(t *testing.T) {
	w := orderWorld(t, base())
	c := w.client(t)
	good := w.token(t, "calvin", fsa.TokenOptions{})
	elsewhere := w.token(t, "calvin", fsa.TokenOptions{Realm: "other"})
	for _, test := range []struct {
		name    string
		prepare func(*fsatest.Request)
		status  int
		text    string
	}{
		{"nothing", func(r *fsatest.Request) {}, 401, "authentication required"},
		{"basic", func(r *fsatest.Request) { r.Basic("calvin", calvinPass) }, 200, "calvin"},
		{"basic, wrong password", func(r *fsatest.Request) { r.Basic("calvin", hobbesPass) }, 401, "invalid credentials"},
		{"basic, unknown user", func(r *fsatest.Request) { r.Basic("susie", calvinPass) }, 401, "invalid credentials"},
		{"basic, empty password", func(r *fsatest.Request) { r.Basic("calvin", "") }, 401, "invalid credentials"},
		{"basic, malformed", func(r *fsatest.Request) { r.Header("Authorization", "Basic !!!") }, 401, "invalid credentials"},
		{"two fields", func(r *fsatest.Request) { r.Basic("calvin", calvinPass).Header("Authorization", "Bearer "+good) }, 401, "invalid credentials"},
		{"scheme without case", func(r *fsatest.Request) { r.Header("Authorization", "bEARER "+good) }, 200, "calvin"},
		{"two spaces", func(r *fsatest.Request) { r.Header("Authorization", "Bearer  "+good) }, 401, "invalid credentials"},
		{"token", func(r *fsatest.Request) { r.Bearer(good) }, 200, "calvin"},
		{"token, warm", func(r *fsatest.Request) { r.Bearer(good) }, 200, "calvin"},
		{"token of another realm", func(r *fsatest.Request) { r.Bearer(elsewhere) }, 401, "invalid credentials"},
		{"token, last character changed", func(r *fsatest.Request) { r.Bearer(good[:len(good)-1] + "g") }, 401, "invalid credentials"},
		{"token, huge", func(r *fsatest.Request) { r.Bearer(strings.Repeat(".", 1<<20)) }, 401, "invalid credentials"},
		{"param in form", func(r *fsatest.Request) { r.Form("USER", "hobbes", "PASS", hobbesPass) }, 200, "hobbes"},
		{"param in query", func(r *fsatest.Request) { r.Query("USER", "hobbes", "PASS", hobbesPass) }, 200, "hobbes"},
		{"param in JSON", func(r *fsatest.Request) { r.JSON(map[string]any{"USER": "hobbes", "PASS": hobbesPass}) }, 200, "hobbes"},
		{"param, wrong", func(r *fsatest.Request) { r.Form("USER", "hobbes", "PASS", "x") }, 401, "invalid credentials"},
		{"param, empty password", func(r *fsatest.Request) { r.Form("USER", "hobbes", "PASS", "") }, 401, "authentication required"},
		{"param, twice", func(r *fsatest.Request) { r.Form("USER", "hobbes", "PASS", hobbesPass, "USER", "calvin") }, 401, "invalid credentials"},
		{"bad token, good param", func(r *fsatest.Request) { r.Bearer("x").Form("USER", "hobbes", "PASS", hobbesPass) }, 200, "hobbes"},
		{"bad basic, good param", func(r *fsatest.Request) { r.Basic("calvin", "x").Form("USER", "hobbes", "PASS", hobbesPass) }, 200, "hobbes"},
		{"user of a test", func(r *fsatest.Request) { r.As("anybody") }, 200, "anybody"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := c.Post("/auth")
			test.prepare(r)
			res := r.Expect(test.status)
			if res.Text() != test.text {
				t.Errorf("the answer is %q, want %q", res.Text(), test.text)
			}
			if challenges := res.Header.Values("WWW-Authenticate"); test.status == 401 && (len(challenges) != 2 ||
				challenges[0] != `Basic realm="acme", charset="UTF-8"` || !strings.HasPrefix(challenges[1], `Bearer realm="acme"`)) {
				t.Errorf("the challenges are %q", challenges)
			}
		})
	}
	// S87: a token's every prefix is refused.
	for i := range good {
		c.Get("/auth").Bearer(good[:i]).Expect(401)
	}
	if log := w.log.String(); strings.Contains(log, good[:40]) || strings.Contains(log, calvinPass) || strings.Contains(log, hobbesPass) {
		t.Errorf("the log holds a secret: %s", log) // S70
	}
}

// TestChallenges: each 401 says how to log in on this route.
func TestChallenges(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/all", authz.Auth(), who)
	fsa.Get(w, "/token", authz.Auth(), who, fsa.Authn("token"), fsa.Realm(`st"age`))
	fsa.Get(w, "/param", authz.Auth(), who, fsa.Authn("param"))
	fsa.Get(w, "/handler", authz.Auth(), func(context.Context, fsa.None) (string, error) {
		return "", fsa.Errorf(401, "no")
	}, fsa.Authn("token"))
	fsa.Handle(w, "GET /raw", authz.Auth(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(401) }), fsa.Authn("basic"))
	c := w.client(t)
	basic := `Basic realm="acme", charset="UTF-8"`
	for _, test := range []struct {
		r    *fsatest.Request
		want []string
	}{
		{c.Get("/all"), []string{basic, `Bearer realm="acme"`}},
		{c.Get("/all").Bearer("x"), []string{basic, `Bearer realm="acme", error="invalid_token"`}},
		{c.Get("/all").Basic("x", "y"), []string{basic, `Bearer realm="acme"`}},
		{c.Get("/token"), []string{`Bearer realm="st\"age"`}},
		{c.Get("/param"), nil},
		{c.Get("/handler").As("calvin"), []string{`Bearer realm="acme"`}},
		{c.Get("/raw").As("calvin"), []string{basic}},
	} {
		if got := test.r.Expect(401).Header.Values("WWW-Authenticate"); strings.Join(got, "|") != strings.Join(test.want, "|") {
			t.Errorf("the challenges are %q, want %q", got, test.want)
		}
	}
}

// TestVerbose: in development the reason is told, in production never.
func TestVerbose(t *testing.T) {
	cfg := base()
	cfg.Mode = "dev"
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	c.Get("/x").Basic("susie", "x").Expect(401).Contains("no such user: susie")
	c.Get("/x").Basic("calvin", "x").Expect(401).Contains("invalid password for calvin")
	c.Get("/x").Bearer("x").Expect(401).Contains("invalid token")
	expired := w.token(t, "calvin", fsa.TokenOptions{Delay: time.Nanosecond})
	time.Sleep(1100 * time.Millisecond)
	c.Get("/x").Bearer(expired).Expect(401).Contains("expired token")
}

// TestDevHeaders: development shows who was taken for whom.
func TestDevHeaders(t *testing.T) {
	cfg := base()
	cfg.Mode = "dev"
	cfg.AddHeaders = map[string]string{"application": "Acme"}
	w := orderWorld(t, cfg)
	w.AddHeader("X-More", "more")
	c := w.client(t)
	for _, test := range []struct {
		r         *fsatest.Request
		req, user string
	}{
		{c.Get("/open"), "GET /open", "None (None)"},
		{c.Get("/auth"), "GET /auth", "None (none)"},
		{c.Get("/auth").Basic("calvin", calvinPass), "GET /auth", "calvin (basic)"},
		{c.Get("/closed"), "GET /closed", "None (None)"},
		{c.Get("/no%20where"), "GET /no%20where", "None (None)"},
		{c.Post("/raw").As("calvin"), "POST /raw", "calvin (test)"},
	} {
		h := test.r.Do().Header
		if h.Get("FSA-Request") != test.req || h.Get("FSA-User") != test.user || h.Get("FSA-Delay") == "" ||
			h.Get("Application") != "Acme" || h.Get("X-More") != "more" {
			t.Errorf("want %s by %s: the header is %v", test.req, test.user, h)
		}
	}
	prod := orderWorld(t, base())
	if h := prod.client(t).Get("/auth").Do().Header; h.Get("FSA-User") != "" || h.Get("FSA-Request") != "" {
		t.Errorf("in prod the header is %v", h)
	}
}

// TestErrorFormats: every refusal goes through the renderer.
func TestErrorFormats(t *testing.T) {
	for _, test := range []struct{ format, contentType, notFound, bad string }{
		{"plain", "text/plain; charset=utf-8", `not found`, "parameter \"id\" is missing\nunexpected parameter \"x\""},
		{"json", "application/json", `"not found"`, `"parameter \"id\" is missing\nunexpected parameter \"x\""`},
		{"json:error", "application/json", `{"error":"not found"}`, `{"error":"parameter \"id\" is missing\nunexpected parameter \"x\""}`},
		{"problem", "application/problem+json", `"title":"Not Found"`, `"errors":[{"name":"id","detail":"parameter \"id\" is missing"},{"name":"x","detail":"unexpected parameter \"x\""}]`},
	} {
		t.Run(test.format, func(t *testing.T) {
			cfg := base()
			cfg.ErrorResponse = test.format
			w := newWorld(t, cfg)
			fsa.Get(w, "/x", authz.Open(), takes[struct{ ID int }])
			c := w.client(t)
			for _, r := range []*fsatest.Response{
				c.Get("/nowhere").Expect(404).Contains(test.notFound),
				c.Get("/x?x=1").Expect(400).Contains(test.bad),
				c.Delete("/x").Expect(405),
			} {
				if got := r.Header.Get("Content-Type"); got != test.contentType {
					t.Errorf("Content-Type is %s", got)
				}
				if r.Header.Get("X-Request-Id") == "" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("the header is %v", r.Header)
				}
			}
		})
	}
}

// TestOptions: which methods a path has, as its routes say, whoever else takes them all.
func TestOptions(t *testing.T) {
	w := newWorld(t, base())
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "mine") })
	fsa.Get(w, "/some", authz.Open(), who)
	fsa.Get(w, "/all", authz.Open(), who)
	fsa.Handle(w, "/all", authz.Open(), handler)
	fsa.Get(w, "/own", authz.Open(), who)
	fsa.Handle(w, "OPTIONS /own", authz.Open(), handler)
	fsa.Get(w, "/.well-known/change", authz.Open(), who)
	c := w.client(t)
	const all = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	for _, tt := range []struct {
		path, allow, body string
		status            int
	}{
		{"/some", "GET, HEAD, OPTIONS", "", 204}, {"/all", all, "", 204}, {"/own", "", "mine", 200}, {"/.well-known/change", "GET, HEAD, OPTIONS", "", 204},
		{"/none", "", "not found", 404}, {"/.well-known/none", "", "not found", 404},
	} {
		// What looks like a preflight is nothing else where FSA_CORS is off.
		for _, header := range [][]string{nil, {"Origin", "https://www.example.com", "Access-Control-Request-Method", "GET"}} {
			res := c.Request("OPTIONS", tt.path).Header(header...).Expect(tt.status)
			if res.Header.Get("Allow") != tt.allow || res.Text() != tt.body || res.Header.Get("Access-Control-Allow-Methods") != "" {
				t.Errorf("%s: %v %q", tt.path, res.Header, res.Text())
			}
		}
	}
}

// TestRouting: HEAD, OPTIONS, 404, 405.
func TestRouting(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/a", authz.Open(), who)
	fsa.Put(w, "/a", authz.Auth(), who)
	fsa.Get(w, "/dir/", authz.Open(), who)
	fsa.Get(w, "/", authz.Open(), func(context.Context, fsa.None) (string, error) { return "root", nil })
	fsa.Route(w, "PURGE", "/a", authz.Auth(), who)
	fsa.Get(w, "/deep/{rest...}", authz.Open(), func(_ context.Context, in struct{ Rest string }) (string, error) { return in.Rest, nil })
	c := w.client(t)
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/a", 200, ""},
		{"HEAD", "/a", 200, ""},
		{"PURGE", "/a", 401, ""},
		{"PUT", "/a", 401, ""},
		{"POST", "/a", 405, "GET, HEAD, PURGE, PUT, OPTIONS"},
		{"OPTIONS", "/a", 204, "GET, HEAD, PURGE, PUT, OPTIONS"},
		{"OPTIONS", "/b", 404, ""},
		{"GET", "/a/", 404, ""},
		{"GET", "/dir", 307, ""},
		{"GET", "/dir/", 200, ""},
		{"GET", "/dir/x", 404, ""},
		{"GET", "/x", 404, ""},
		{"POST", "/x", 404, ""},
		{"GET", "/", 200, ""},
		{"GET", "/deep/a/b", 200, ""},
		{"GET", "/dir/../a", 307, ""},
		{"GET", "//a", 307, ""},
		{"POST", "/dir", 405, "GET, HEAD, OPTIONS"},
	} {
		res := c.Request(test.method, test.path).Expect(test.status)
		if got := res.Header.Get("Allow"); got != test.allow {
			t.Errorf("%s %s: Allow is %q, want %q", test.method, test.path, got, test.allow)
		}
	}
	c.Get("/deep/a/b").Expect(200).Contains("a/b")
	for from, to := range map[string]string{
		"/dir?x=%20": "/dir/?x=%20", "/./dir/": "/dir/", "//evil.example/a": "/evil.example/a", "/a/..//evil.example": "/evil.example",
		"/a//": "/a/", "/%2e%2e/a": "/a", "/x/../a?b=c": "/a?b=c",
	} {
		res := c.Get(from).Expect(307)
		if got := res.Header.Get("Location"); got != to {
			t.Errorf("%s leads to %s, want %s", from, got, to)
		}
		if strings.Contains(res.Text(), "<a") || res.Header.Get("X-Content-Type-Options") == "" {
			t.Errorf("%s is not rendered: %v %s", from, res.Header, res.Text())
		}
	}
}

// TestOwnCatchAll: an application's own catch-all takes the place of ours, with
// its own rule.
func TestOwnCatchAll(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/a", authz.Open(), who)
	fsa.Handle(w, "/{rest...}", authz.Auth(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "caught") }))
	c := w.client(t)
	c.Get("/x").Expect(401)
	c.Post("/x/y").As("calvin").Expect(200).Contains("caught")
	c.Get("/a").Expect(200)
}

// TestSecureTransport: passwords and tokens do not travel in the clear.
func TestSecureTransport(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"loopback", func(r *http.Request) {}, 200},
		{"loopback, IPv6", func(r *http.Request) { r.RemoteAddr = "[::1]:1234" }, 200},
		{"loopback, other address", func(r *http.Request) { r.RemoteAddr = "127.8.9.10:1234" }, 200},
		{"loopback, mapped", func(r *http.Request) { r.RemoteAddr = "[::ffff:127.0.0.1]:1234" }, 200},
		{"elsewhere", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1234" }, 403},
		{"elsewhere, that says it is TLS", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1"; r.Header.Set("X-Forwarded-Proto", "https") }, 403},
		{"through a proxy here", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1") }, 403},
		{"through a proxy here, any mark", func(r *http.Request) { r.Header.Set("X-Forwarded-Something", "") }, 403},
		{"through a proxy here, RFC 7239", func(r *http.Request) { r.Header.Set("Forwarded", "for=127.0.0.1") }, 403},
		{"through a proxy here, X-Real-IP", func(r *http.Request) { r.Header.Set("X-Real-IP", "192.0.2.1") }, 403},
		{"through a proxy here, Via", func(r *http.Request) { r.Header.Set("Via", "1.1 proxy") }, 403},
		{"through a proxy here, X_Real_IP", func(r *http.Request) { r.Header.Set("X_Real_IP", "192.0.2.1") }, 403},
		{"through a proxy here, X-Client-IP", func(r *http.Request) { r.Header.Set("X-Client-IP", "192.0.2.1") }, 403},
		{"through a proxy here, X-Original-Forwarded-For", func(r *http.Request) { r.Header.Set("X-Original-Forwarded-For", "192.0.2.1") }, 403},
		{"through Cloudflare", func(r *http.Request) { r.Header.Set("CF-Connecting-IP", "192.0.2.1") }, 403},
		{"through Akamai", func(r *http.Request) { r.Header.Set("True-Client-IP", "192.0.2.1") }, 403},
		{"through Fastly", func(r *http.Request) { r.Header.Set("Fastly-Client-IP", "192.0.2.1") }, 403},
		{"no address", func(r *http.Request) { r.RemoteAddr = "" }, 403},
		{"prefix of loopback", func(r *http.Request) { r.RemoteAddr = "127.0.0.1.evil:80" }, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, base())
			fsa.Get(w, "/x", authz.Open(), who)
			h, err := w.Handler()
			if err != nil {
				t.Fatal(err)
			}
			send := func(path string) *httptest.ResponseRecorder {
				r := httptest.NewRequest("GET", path, nil)
				r.RemoteAddr = "127.0.0.1:1234"
				test.change(r)
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, r)
				return rec
			}
			rec := send("/x")
			if rec.Code != test.status || test.status == 403 && rec.Body.String() != "insecure HTTP request denied" {
				t.Errorf("status %d: %s", rec.Code, rec.Body)
			}
			// Not even whether a route is there is told.
			if rec := send("/nowhere"); test.status == 403 && rec.Code != 403 {
				t.Errorf("an unknown path is %d", rec.Code)
			}
		})
	}
	cfg := base()
	cfg.InsecureTransport = true
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Open(), who)
	h, _ := w.Handler()
	r := httptest.NewRequest("GET", "/x", nil) // from 192.0.2.1
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code != 200 {
		t.Errorf("with InsecureTransport the status is %d", rec.Code)
	}
}

// TestTrustedProxies: what a proxy says of the client's transport counts only if
// the proxy is listed, and only if it is clear.
func TestTrustedProxies(t *testing.T) {
	cfg := base()
	cfg.TrustedProxies = []string{"192.0.2.0/24", "127.0.0.1", "2001:db8::1"}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Open(), who)
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		remote string
		header []string
		status int
	}{
		{"192.0.2.1:1", []string{"X-Forwarded-Proto", "https"}, 200},
		{"192.0.2.1:1", []string{"X-Forwarded-Proto", "HTTPS , https"}, 200},
		{"192.0.2.1:1", []string{"Forwarded", "for=1.2.3.4;proto=https;by=x"}, 200},
		{"192.0.2.1:1", []string{"Forwarded", `proto="https", for=x; Proto=https`}, 200},
		{"192.0.2.1:1", []string{"Forwarded", "proto=https", "X-Forwarded-Proto", "https"}, 200},
		{"127.0.0.1:1", []string{"X-Forwarded-Proto", "https"}, 200},
		{"[2001:db8::1]:1", []string{"X-Forwarded-Proto", "https"}, 200},
		{"[::ffff:192.0.2.9]:1", []string{"X-Forwarded-Proto", "https"}, 200},
		{"127.0.0.1:1", nil, 200}, // from this machine
		{"192.0.2.1:1", []string{"Forwarded", `for="_a,b;proto=http";proto=https`}, 200},
		{"192.0.2.1:1", []string{"Forwarded", `for="[2001:db8::1]:80" ; proto=https , for=[::1];proto=https`}, 200},
		{"192.0.2.1:1", []string{"Forwarded", `for="x;proto=https";by=y`}, 403}, // in what the client may have written
		{"192.0.2.1:1", []string{"Forwarded", `for="x, proto=https"`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `for="x\";proto=https`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `for="x\\";proto=https`}, 200},
		{"192.0.2.1:1", []string{"Forwarded", `for="x\\\";proto=https`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `for="x;proto=https`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `proto=https,`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `proto=https;proto=https`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `proto=https;`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `proto=https x`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `proto = https`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `for="x"xproto=https`}, 403}, // no parameter begins there
		{"192.0.2.1:1", []string{"Forwarded", `=x;proto=https`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `f@r=x;proto=https`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `x;proto=https`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `for=a@b;proto=https`}, 403}, // no token, and not quoted
		{"192.0.2.1:1", []string{"Forwarded", `proto=http, proto=https`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `proto=httpsx`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `proto`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `proto=`}, 403},
		{"192.0.2.1:1", []string{"Forwarded", ``}, 403},
		{"192.0.2.1:1", []string{"Forwarded", `proto=https`, "Forwarded", `proto=https`}, 403},
		{"@", []string{"X-Forwarded-Proto", "https"}, 403}, // a unix socket
		{"", []string{"X-Forwarded-Proto", "https"}, 403},
		{"[2001:db8::1%eth0]:1", []string{"X-Forwarded-Proto", "https"}, 200},
		{"[2001:db8::2]:1", []string{"X-Forwarded-Proto", "https"}, 403},
		{"127.0.0.2:1", []string{"X_Forwarded_For", "1.2.3.4"}, 403},
		{"127.0.0.2:1", []string{"X-Cluster-Client-IP", "1.2.3.4"}, 403},
		{"127.0.0.2:1", []string{"X-Forwarded", "for=1.2.3.4"}, 403},
		{"192.0.2.1:1", nil, 403},
		{"192.0.2.1:1", []string{"X-Forwarded-Proto", "http"}, 403},
		{"192.0.2.1:1", []string{"X-Forwarded-Proto", ""}, 403},
		{"192.0.2.1:1", []string{"X-Forwarded-Proto", "https, http"}, 403},
		{"192.0.2.1:1", []string{"X-Forwarded-Proto", "https", "X-Forwarded-Proto", "https"}, 403},
		{"192.0.2.1:1", []string{"X_Forwarded_Proto", "https"}, 403},
		{"192.0.2.1:1", []string{"Forwarded", "for=1.2.3.4"}, 403},
		{"192.0.2.1:1", []string{"Forwarded", "proto=https, for=1.2.3.4"}, 403},
		{"192.0.2.1:1", []string{"Forwarded", "proto=https;proto=http"}, 403},
		{"192.0.2.1:1", []string{"Forwarded", "proto=http", "X-Forwarded-Proto", "https"}, 403},
		{"127.0.0.1:1", []string{"X-Forwarded-Proto", "http"}, 403},
		{"127.0.0.1:1", []string{"X-Forwarded-For", "127.0.0.1"}, 403},
		{"127.0.0.2:1", []string{"X-Forwarded-Proto", "https"}, 403},
		{"198.51.100.1:1", []string{"X-Forwarded-Proto", "https"}, 403},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.RemoteAddr = c.remote
		for i := 0; i+1 < len(c.header); i += 2 {
			r.Header.Add(c.header[i], c.header[i+1])
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		hsts := rec.Header().Get("Strict-Transport-Security") != ""
		if rec.Code != c.status || hsts != (c.status == 200 && c.header != nil) {
			t.Errorf("%s %q: status %d, want %d; HSTS %v", c.remote, c.header, rec.Code, c.status, hsts)
		}
	}
}

// TestTLS: over TLS a request may come from anywhere, and HSTS is sent.
func TestTLS(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), who)
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "https://example.org/x", nil)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code != 200 || rec.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("status %d, header %v", rec.Code, rec.Header())
	}
}

// TestCrossOrigin: a page of another origin can't use what a browser sends by
// itself. S58, S59.
func TestCrossOrigin(t *testing.T) {
	w := orderWorld(t, base())
	c := w.client(t)
	token := w.token(t, "calvin", fsa.TokenOptions{})
	basic := func(r *fsatest.Request) *fsatest.Request { return r.Basic("calvin", calvinPass) }
	bearer := func(r *fsatest.Request) *fsatest.Request { return r.Bearer(token) }
	param := func(r *fsatest.Request) *fsatest.Request { return r.Form("USER", "calvin", "PASS", calvinPass) }
	for _, test := range []struct {
		name   string
		method string
		with   func(*fsatest.Request) *fsatest.Request
		header []string
		status int
	}{
		{"no browser", "POST", basic, nil, 200},
		{"same origin", "POST", basic, []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"typed address", "POST", basic, []string{"Sec-Fetch-Site", "none"}, 200},
		{"cross-site", "POST", basic, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"same-site", "POST", basic, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"old browser", "POST", basic, []string{"Origin", "https://evil.example"}, 403},
		{"old browser, same origin", "POST", basic, []string{"Origin", "http://example.com"}, 200},
		{"null origin", "POST", basic, []string{"Origin", "null"}, 403},
		{"cross-site GET", "GET", basic, []string{"Sec-Fetch-Site", "cross-site"}, 200},
		{"cross-site, token", "POST", bearer, []string{"Sec-Fetch-Site", "cross-site"}, 200},
		{"cross-site, param", "POST", param, []string{"Sec-Fetch-Site", "cross-site"}, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			res := test.with(c.Request(test.method, "/auth")).Header(test.header...).Expect(test.status)
			if test.status == 403 {
				res.Contains("cross-origin request denied")
			}
		})
	}
}

// TestSeveralAdmits: they are asked in turn until one refuses, and none sees what another
// one does to the identity.
func TestSeveralAdmits(t *testing.T) {
	w := newWorld(t, base())
	var asked string
	for _, name := range []string{"a", "b", "c"} {
		w.Admit(func(_ context.Context, id fsa.Identity) error {
			asked += name
			if id.Scopes[0] != "read" || id.Login != "calvin" {
				t.Errorf("%s is asked about %+v", name, id)
			}
			id.Scopes[0] = name
			switch {
			case strings.HasSuffix(id.Factors[0], "refuses") && strings.HasPrefix(id.Factors[0], name):
				return fsa.Errorf(403, "%s says no", name)
			case strings.HasSuffix(id.Factors[0], "panics") && strings.HasPrefix(id.Factors[0], name):
				panic("s3cret")
			}
			return nil
		})
	}
	fsa.Get(w, "/x", authz.Auth(), func(_ context.Context, in struct{ Who fsa.Identity }) (string, error) { return in.Who.Scopes[0], nil })
	c := w.client(t)
	for _, tt := range []struct {
		what   string
		status int
		text   string
		asked  string
	}{
		{"none", 200, "read", "abc"},
		{"a refuses", 403, "a says no", "a"},
		{"b refuses", 403, "b says no", "ab"},
		{"c refuses", 403, "c says no", "abc"},
		{"b panics", 500, "internal error in admission", "ab"},
	} {
		asked = ""
		c.Get("/x").AsIdentity(fsa.Identity{Login: "calvin", Scopes: []string{"read"}, Factors: []string{tt.what}}).Expect(tt.status).Contains(tt.text)
		if asked != tt.asked {
			t.Errorf("%s: asked %s, want %s", tt.what, asked, tt.asked)
		}
	}
}

// TestAdmit: it has the last word on each request, on cached ones too.
func TestAdmit(t *testing.T) {
	w := orderWorld(t, base())
	var refuse error
	asked := 0
	w.Admit(func(ctx context.Context, id fsa.Identity) error {
		asked++
		if id.Login != "calvin" || id.Realm != "acme" || id.Scheme == "" {
			t.Errorf("Admit is asked about %+v", id)
		}
		return refuse
	})
	c := w.client(t)
	token := w.token(t, "calvin", fsa.TokenOptions{})
	for _, test := range []struct {
		err    error
		status int
		text   string
	}{
		{nil, 200, "calvin"},
		{fsa.Errorf(403, "disabled since Monday"), 403, "disabled since Monday"},
		{fsa.Errorf(401, "confirm your address"), 401, "confirm your address"},
		{errors.New("the store is down: s3cret"), 500, "internal error in admission"},
		{nil, 200, "calvin"},
	} {
		refuse = test.err
		for _, r := range []*fsatest.Request{c.Get("/auth").Bearer(token), c.Get("/auth").Basic("calvin", calvinPass), c.Get("/auth").As("calvin")} {
			before := asked
			if res := r.Expect(test.status); res.Text() != test.text || asked != before+1 {
				t.Errorf("the answer is %q, want %q; Admit was asked %d times", res.Text(), test.text, asked-before)
			}
		}
	}
}

// TestAuthenticateLazily: an open route may ask who is calling.
func TestAuthenticateLazily(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/who", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		if fsa.User(ctx) != "" {
			t.Error("somebody is authenticated already")
		}
		id, err := w.Authenticate(ctx)
		again, err2 := w.Authenticate(ctx)
		if id.Login != again.Login || (err == nil) != (err2 == nil) {
			t.Error("a second Authenticate says something else")
		}
		if errors.Is(err, fsa.ErrUnauthenticated) {
			return "nobody", nil
		}
		return id.Login + " " + fsa.User(ctx), err
	})
	fsa.Post(w, "/must", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		id, err := w.Authenticate(ctx)
		return id.Login, err
	}, fsa.Authn("basic", "none"))
	c := w.client(t)
	c.Get("/who").Expect(200).Contains("nobody")
	c.Get("/who").Basic("calvin", "wrong").Expect(200).Contains("nobody")
	c.Get("/who").Basic("calvin", calvinPass).Expect(200).Contains("calvin calvin")
	res := c.Post("/must").Expect(401)
	if res.Text() != "authentication required" || res.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%v %s", res.Header, res.Text())
	}
	c.Post("/must").Basic("calvin", calvinPass).Header("Sec-Fetch-Site", "cross-site").Expect(403)
	if _, err := w.Authenticate(context.Background()); !errors.Is(err, fsa.ErrUnauthenticated) {
		t.Errorf("outside of a request the error is %v", err)
	}
	if fsa.User(context.Background()) != "" || fsa.HasScope(context.Background(), "read") {
		t.Error("outside of a request somebody is authenticated")
	}
}

// TestPointerInput: a handler may take a pointer to its input, which is never nil.
func TestPointerInput(t *testing.T) {
	w, j := specialWorld(t, &outcome{})
	type in struct {
		N int
		S *session
	}
	w.BeforeExec(func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) { return nil, nil })
	var before *in
	fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, in *in) (*point, error) {
		if in == before {
			t.Error("two requests have the same input")
		}
		before = in
		if in.N == 0 {
			return nil, fsa.Errorf(409, "none")
		}
		return &point{in.N, len(in.S.name)}, nil
	})
	c := w.client(t)
	if got := c.Get("/x").Query("n", "7").As("calvin").Expect(200).Text(); got != `{"x":7,"y":1}`+"\n" {
		t.Error(got)
	}
	c.Get("/x").Query("n", "0").As("calvin").Expect(409).Contains("none")
	c.Get("/x").Query("n", "x").As("calvin").Expect(400)
	c.Get("/x").Query("n", "1").Expect(401)
	if got := j.take(); got != "open s for calvin, end s: <nil>, open s for calvin, end s: 409: none" {
		t.Error(got)
	}
	calls := 0
	fail := newWorld(t, base())
	fsa.Get(fail, "/x", authz.Auth(), func(context.Context, *struct{ N int }) (fsa.None, error) { calls++; return fsa.None{}, nil })
	fail.BeforeExec(func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
		return nil, fsa.Errorf(418, "before")
	})
	fail.client(t).Get("/x").Query("n", "1").As("calvin").Expect(418)
	if calls != 0 {
		t.Error("the handler has run")
	}
}

// TestSpecialsAfterBeforeExec: a hook that lets a request pass takes nothing from it.
func TestSpecialsAfterBeforeExec(t *testing.T) {
	w, j := specialWorld(t, &outcome{})
	w.BeforeExec(func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
		j.add("before")
		return nil, nil
	})
	fsa.Get(w, "/x", authz.Auth(), func(_ context.Context, in struct{ S *session }) (string, error) { return in.S.name, nil })
	if got := w.client(t).Get("/x").As("calvin").Expect(200).Text(); got != "s" {
		t.Error(got)
	}
	if got := j.take(); got != "before, open s for calvin, end s: <nil>" {
		t.Error(got)
	}
}

// TestRedirectWithoutRequestURI: a request that no server has read is redirected by its
// path.
func TestRedirectWithoutRequestURI(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), nothing)
	r, err := http.NewRequest("GET", "http://localhost//x?a=b", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "127.0.0.1:1234"
	if rec := serve(handlerOf(t, w), r); rec.Code != 307 || rec.Header().Get("Location") != "/x?a=b" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}

// TestAuthenticateElsewhere: who is calling is told to the application that has the
// request, while it has it, and is asked once; a failure is not taken for a refusal.
func TestAuthenticateElsewhere(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"own", "none"}
	w, other := newWorld(t, cfg), newWorld(t, base())
	w.Authentication("own", func(r *http.Request) (fsa.Identity, error) {
		w.ask("own")
		if r.Header.Get("X-Own") == "fails" {
			return fsa.Identity{}, errors.New("the store is down: s3cret")
		}
		return fsa.Identity{Login: r.Header.Get("X-Own")}, nil
	})
	var kept context.Context
	fsa.Get(w, "/who", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		if fsa.HasScope(ctx, "read") {
			t.Error("nobody has a scope")
		}
		if id, err := other.Authenticate(ctx); id.Login != "" || err != fsa.ErrUnauthenticated {
			t.Errorf("to another application: %v, %v", id, err)
		}
		id, err := w.Authenticate(ctx)
		w.Authenticate(ctx)
		if err != nil && errors.Is(err, fsa.ErrUnauthenticated) == strings.Contains(err.Error(), "the store is down") {
			t.Errorf("the error is %v", err)
		}
		return id.Login, err
	})
	fsa.Get(w, "/later", authz.Open(), func(ctx context.Context, _ fsa.None) (fsa.None, error) {
		kept = ctx
		return fsa.None{}, nil
	})
	fsa.Get(w, "/mine", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) {
		id, err := w.Authenticate(ctx)
		return id.Login, err
	})
	c := w.client(t)
	if got := c.Get("/who").Header("X-Own", "calvin").Expect(200).Text(); got != "calvin" {
		t.Error(got)
	}
	c.Get("/who").Expect(401)
	c.Get("/who").Header("X-Own", "fails").Expect(500)
	c.Get("/mine").Header("X-Own", "calvin").Expect(200).Contains("calvin")
	if n := w.times("own"); n != 4 {
		t.Errorf("the scheme was asked %d times by four requests", n)
	}
	c.Get("/later").Header("X-Own", "calvin").Expect(204)
	if id, err := w.Authenticate(kept); id.Login != "" || err != fsa.ErrUnauthenticated {
		t.Errorf("after the answer: %v, %v", id, err)
	}
	if n := w.times("own"); n != 4 {
		t.Error("after the answer the scheme is asked")
	}
}

// TestCaches: hooks are asked once, and at once again when the application says
// that something has changed.
func TestCaches(t *testing.T) {
	ctx := context.Background()
	w := orderWorld(t, base())
	c := w.client(t)
	twice := func(path string, status int) {
		t.Helper()
		for range 2 {
			c.Get(path).Basic("calvin", calvinPass).Expect(status)
		}
	}
	twice("/all/1?n=1", 204)
	for _, what := range []string{"hash calvin", "admin calvin", "stuff calvin"} {
		if n := w.times(what); n != 1 {
			t.Errorf("the hook was asked %d times for %s", n, what)
		}
	}
	// A refusal is kept too, and a changed permission seen when told.
	w.set(func() { w.owners[1] = "hobbes" })
	twice("/all/1?n=1", 204)
	if err := fsa.ObjectPermsUncache(ctx, w.App, "stuff", "calvin", 1, "owner"); err != nil {
		t.Error(err)
	}
	twice("/all/1?n=1", 403)
	w.set(func() { w.owners[1] = "calvin" })
	twice("/all/1?n=1", 403)
	w.AuthUncache(ctx, "calvin")
	twice("/all/1?n=1", 204)

	w.set(func() { delete(w.groups, "calvin admin") })
	twice("/all/1?n=1", 204)
	w.GroupUncache(ctx, "calvin", "admin")
	twice("/all/1?n=1", 403)

	// A changed password: the old one stops at once.
	hash, _ := w.HashPasswordUnchecked(ctx, "another")
	w.set(func() { w.hashes["calvin"] = hash })
	w.PasswordUncache(ctx, "calvin")
	c.Get("/auth").Basic("calvin", calvinPass).Expect(401)
	c.Get("/auth").Basic("calvin", "another").Expect(200)

	w.ClearCaches(ctx)
	before := w.times("hash calvin")
	c.Get("/auth").Basic("calvin", "another").Expect(200)
	if w.times("hash calvin") != before+1 {
		t.Error("ClearCaches has kept a password hash")
	}

	// Unknown users and objects are not kept: they may come to be.
	c.Get("/auth").Basic("susie", "x").Expect(401)
	c.Get("/stuff/7?n=1").As("susie").Expect(404)
	hash, _ = w.HashPasswordUnchecked(ctx, "susies")
	w.set(func() { w.hashes["susie"] = hash; w.owners[7] = "susie" })
	c.Get("/auth").Basic("susie", "susies").Expect(200)
	c.Get("/stuff/7?n=1").As("susie").Expect(204)

	for _, err := range []error{
		fsa.ObjectPermsUncache(ctx, w.App, "gone", "calvin", 1, ""),
		fsa.ObjectPermsUncache(ctx, w.App, "stuff", "calvin", "1", ""),
	} {
		if err == nil {
			t.Error("ObjectPermsUncache takes anything")
		}
	}
}

// TestTokenLife: a token ends at its time, warm caches or not, and a cached
// decision is no older than is published. S85.
func TestTokenLife(t *testing.T) {
	for _, kind := range []string{"fsa", "jwt"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := base()
				cfg.TokenType = kind
				cfg.TokenDelay = 20 * time.Minute
				cfg.TokenGrace = time.Minute
				w := orderWorld(t, cfg)
				c := w.client(t)
				token := w.token(t, "calvin", fsa.TokenOptions{})
				short := w.token(t, "calvin", fsa.TokenOptions{Delay: 5 * time.Minute})
				use := func(token string, status int) {
					t.Helper()
					for range 2 {
						c.Get("/auth").Bearer(token).Expect(status)
					}
				}
				use(token, 200)
				use(short, 200)
				c.Get("/admin?n=1").Bearer(token).Expect(204)
				w.set(func() { delete(w.groups, "calvin admin") })
				time.Sleep(5*time.Minute + 30*time.Second) // within the grace
				use(short, 200)
				time.Sleep(time.Minute)
				use(short, 401)
				c.Get("/admin?n=1").Bearer(token).Expect(204) // still cached
				time.Sleep(4 * time.Minute)
				c.Get("/admin?n=1").Bearer(token).Expect(403) // 10 minutes after it was asked
				time.Sleep(11 * time.Minute)
				use(token, 401)
				w.UserTokenUncache(context.Background(), "calvin", "acme")
				w.TokenUncache(context.Background(), token, "acme")
				use(token, 401)
			})
		})
	}
}

// TestCreateToken: options, and what can't be.
func TestCreateToken(t *testing.T) {
	cfg := base()
	cfg.TokenType = "jwt"
	w := newWorld(t, cfg)
	fsa.Get(w, "/me", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) {
		return w.CreateToken(ctx, "", fsa.TokenOptions{Scopes: []string{"read"}})
	})
	fsa.Get(w, "/scope", authz.Auth(), func(ctx context.Context, in struct{ ID fsa.Identity }) (string, error) {
		return fmt.Sprintln(in.ID.Scopes, fsa.HasScope(ctx, "read"), fsa.HasScope(ctx, "write")), nil
	})
	fsa.Get(w, "/stage", authz.Auth(), who, fsa.Realm("stage"), fsa.Authn("token"))
	c := w.client(t)
	token := c.Get("/me").As("hobbes").Expect(200).Text()
	c.Get("/scope").Bearer(token).Expect(200).Contains("[read] true false")
	c.Get("/stage").Bearer(token).Expect(401)
	c.Get("/stage").Bearer(w.token(t, "hobbes", fsa.TokenOptions{Realm: "stage"})).Expect(200).Contains("hobbes")
	for _, o := range []fsa.TokenOptions{{Delay: -1}, {Scopes: []string{"a b"}}} {
		if _, err := w.CreateToken(context.Background(), "calvin", o); err == nil {
			t.Errorf("a token is made with %+v", o)
		}
	}
	if _, err := w.CreateToken(context.Background(), "", fsa.TokenOptions{}); !errors.Is(err, fsa.ErrUnauthenticated) {
		t.Errorf("a token for nobody: %v", err)
	}
}

// TestMultiParameterObject: the fields of the id say which parameter is which.
func TestMultiParameterObject(t *testing.T) {
	type cell struct{ Col, Row int }
	w := newWorld(t, base())
	var got cell
	fsa.ObjectPerms(w.App, "cell", func(_ context.Context, _ string, id cell, _ string) (bool, error) {
		got = id
		return true, nil
	})
	fsa.Get(w, "/cell/{row}/{col}", authz.Object("cell", "row:col", ""), takes[rowCol])
	fsa.Handle(w, "GET /raw/{row}/{col}", authz.Object("cell", "row:col", ""), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	c := w.client(t)
	c.Get("/cell/1/2").As("calvin").Expect(204)
	if got != (cell{Row: 1, Col: 2}) {
		t.Errorf("the hook got %+v", got)
	}
	c.Get("/raw/3/4").As("calvin").Expect(200)
	if got != (cell{Row: 3, Col: 4}) {
		t.Errorf("the hook got %+v", got)
	}
}

// TestPrefix: its options hold for its routes.
func TestPrefix(t *testing.T) {
	w := newWorld(t, base())
	p := w.Prefix("/p", fsa.AtLeast(authz.Group("admin")), fsa.Authn("token", "basic"), fsa.Realm("inner"), fsa.MaxBody(10))
	fsa.Get(p, "/any", authz.Auth(), who)
	q := p.Prefix("/q/", fsa.Authn("basic"))
	fsa.Post(q, "/b", authz.Auth(), takes[struct {
		S string `param:"s,optional"`
	}])
	fsa.Get(q, "", authz.Auth(), who)
	c := w.client(t)
	c.Get("/p/any").As("hobbes").Expect(403)
	c.Get("/p/any").As("calvin").Expect(200)
	if got := c.Get("/p/any").Expect(401).Header.Values("WWW-Authenticate"); len(got) != 2 || !strings.Contains(got[1], `realm="inner"`) {
		t.Errorf("the challenges are %q", got)
	}
	if got := c.Get("/p/q").Expect(401).Header.Values("WWW-Authenticate"); len(got) != 1 || !strings.HasPrefix(got[0], "Basic") {
		t.Errorf("the challenges are %q", got)
	}
	c.Post("/p/q/b").As("calvin").Form("s", "12345678901").Expect(413)
	c.Post("/p/q/b").As("calvin").Form("s", "1").Expect(204)
	routes, err := w.Routes()
	if err != nil || len(routes) != 3 || routes[0].Rule.String() != `All(Group("admin"), Auth())` || routes[1].Path != "/p/q/b" {
		t.Errorf("the routes are %+v, %v", routes, err)
	}
}

// TestHandlerGetsRequest: a handler that asks for the request can read its body,
// also when parameters or credentials were in it.
func TestHandlerGetsRequest(t *testing.T) {
	w := newWorld(t, base())
	read := func(r *http.Request) string {
		b := make([]byte, 100)
		n, _ := r.Body.Read(b)
		return fmt.Sprintf("%s %s", b[:n], fsa.User(r.Context()))
	}
	fsa.Post(w, "/typed", authz.Auth(), func(_ context.Context, in struct {
		Request *http.Request
		A       int
	}) (string, error) {
		return fmt.Sprint(in.A, " ", read(in.Request)), nil
	})
	fsa.Handle(w, "POST /raw", authz.Auth(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, read(r))
	}), fsa.MaxBody(100))
	c := w.client(t)
	body := "USER=calvin&PASS=" + calvinPass + "&A=1"
	form := "application/x-www-form-urlencoded"
	c.Post("/typed?a=7").Body(form, strings.TrimSuffix(body, "&A=1")).Expect(200).Contains("7 USER=calvin")
	c.Post("/raw").Body(form, body).Expect(200).Contains(body + " calvin")
	c.Post("/raw").Body("application/octet-stream", "bytes").As("hobbes").Expect(200).Contains("bytes hobbes")
	c.Post("/typed?a=7").Body("application/octet-stream", "bytes").As("hobbes").Expect(200).Contains("7 bytes hobbes")

	// What a handler reads by itself is limited as what we read.
	long := strings.Repeat("x", 200)
	readAll := func(r *http.Request) error {
		_, err := io.ReadAll(r.Body)
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) && tooLarge.Limit == 100 {
			return fsa.Errorf(413, "too large")
		}
		return err
	}
	w = newWorld(t, base())
	fsa.Post(w, "/typed", authz.Auth(), func(_ context.Context, in struct{ Request *http.Request }) (fsa.None, error) {
		return fsa.None{}, readAll(in.Request)
	}, fsa.MaxBody(100))
	fsa.Handle(w, "POST /raw", authz.Auth(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if readAll(r) != nil {
			w.WriteHeader(413)
		}
	}), fsa.MaxBody(100))
	c = w.client(t)
	c.Post("/typed").Body("application/octet-stream", long).As("hobbes").Expect(413)
	c.Post("/typed").Body("application/json", long).As("hobbes").Expect(413)
	c.Post("/raw").Body("application/octet-stream", long).As("hobbes").Expect(413)
	h := handlerOf(t, w)
	for _, path := range []string{"/typed", "/raw"} {
		r := httptest.NewRequest("POST", path, strings.NewReader(long))
		r.ContentLength = -1 // as of one that is chunked
		r.Header.Set("Content-Type", "application/octet-stream")
		if res := serve(h, asUser(r, "hobbes")); res.Code != 413 {
			t.Errorf("%s: %d %s", path, res.Code, res.Body)
		}
	}
}

// TestNoBody: a request that is made in memory may have no body at all, and then the
// handler gets none.
func TestNoBody(t *testing.T) {
	w := newWorld(t, base())
	fsa.Handle(w, "POST /raw", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Body == nil)
	}))
	r := httptest.NewRequest("POST", "/raw", nil)
	r.RemoteAddr, r.Body = "127.0.0.1:1", nil
	rec := httptest.NewRecorder()
	handlerOf(t, w).ServeHTTP(rec, r)
	if rec.Code != 200 || rec.Body.String() != "true" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// TestNoStore: what somebody may see is not kept by caches, unless the handler
// says so.
func TestNoStore(t *testing.T) {
	w := orderWorld(t, base())
	fsa.Handle(w, "GET /own", authz.Auth(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=60")
	}))
	c := w.client(t)
	for _, test := range []struct {
		r    *fsatest.Request
		want string
	}{
		{c.Get("/open"), ""},
		{c.Get("/auth").As("calvin"), "no-store"},
		{c.Get("/auth"), "no-store"},
		{c.Get("/fails").As("calvin"), "no-store"},
		{c.Get("/raw").As("calvin"), "no-store"},
		{c.Get("/own").As("calvin"), "private, max-age=60"},
	} {
		if got := test.r.Do().Header.Get("Cache-Control"); got != test.want {
			t.Errorf("Cache-Control is %q, want %q", got, test.want)
		}
	}
}

// TestLogLine: one line a request, at its level, with what an operator needs and
// nothing that a client has written into it. S89.
func TestLogLine(t *testing.T) {
	for _, test := range []struct {
		level slog.Level
		path  string
		want  []string // nil: no line
	}{
		{slog.LevelInfo, "/auth", nil},
		{slog.LevelDebug, "/auth", []string{"level=DEBUG", "method=GET", "route=/auth", "status=200", "user=calvin", "scheme=test", "request_id=", "duration="}},
		{slog.LevelInfo, "/admin?n=x", []string{"level=INFO", "status=400", "route=/admin"}},
		{slog.LevelWarn, "/admin?n=x", nil},
		{slog.LevelError, "/crashes", []string{"level=ERROR", "status=500", "s3cret", "stack=", "pipeline_test.go"}},
		{slog.LevelError, "/panics", []string{"level=ERROR", "status=500", "s3cret", "stack=", "helpers_test.go"}},
		{slog.LevelInfo, "/raw?status=418", []string{"level=INFO", "status=418", "route=/raw", "user=calvin"}},
		{slog.LevelInfo, "/raw", nil},
		{slog.LevelDebug, "/raw", []string{"level=DEBUG", "status=200"}},
		{slog.LevelInfo, "/no\nwhere", []string{"level=INFO", "status=404", `route=""`}},
	} {
		cfg := base()
		cfg.LoggingLevel = test.level
		w := orderWorld(t, cfg)
		res := w.client(t).Get(strings.ReplaceAll(test.path, "\n", "%0A")).As("calvin").Do()
		lines := strings.Count(w.log.String(), "\n")
		switch {
		case test.want == nil && lines != 0, test.want != nil && (lines != 1 || !contains(w.log.String(), test.want...)):
			t.Errorf("%s at %v: the log is %q", test.path, test.level, w.log)
		case test.want != nil && !strings.Contains(w.log.String(), res.Header.Get("X-Request-Id")):
			t.Errorf("the answer has the request id %q, the log %q", res.Header.Get("X-Request-Id"), w.log)
		}
	}
}

// TestPanics: what a handler panics with goes to the log, and to the server only
// if that is asked for or if the answer has begun.
func TestPanics(t *testing.T) {
	panicOf := func(h http.Handler, path string) (p any) {
		defer func() { p = recover() }()
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = "127.0.0.1:1"
		h.ServeHTTP(httptest.NewRecorder(), r)
		return nil
	}
	for _, keep := range []bool{false, true} {
		cfg := base()
		cfg.KeepUserErrors = keep
		w := newWorld(t, cfg)
		fsa.Get(w, "/crashes", authz.Open(), func(context.Context, fsa.None) (string, error) { panic("boom") })
		fsa.Get(w, "/aborts", authz.Open(), func(context.Context, fsa.None) (string, error) { panic(http.ErrAbortHandler) })
		fsa.Handle(w, "GET /half", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "half an answer")
			panic("boom")
		}))
		h, err := w.Handler()
		if err != nil {
			t.Fatal(err)
		}
		var want, half any = nil, http.ErrAbortHandler
		if keep {
			want, half = "boom", "boom"
		}
		if p := panicOf(h, "/crashes"); p != want {
			t.Errorf("keep %v: the server sees %v, want %v", keep, p, want)
		}
		if p := panicOf(h, "/half"); p != half {
			t.Errorf("keep %v: half an answer ends in %v, want %v", keep, p, half)
		}
		if p := panicOf(h, "/aborts"); p != http.ErrAbortHandler {
			t.Errorf("an aborted request ends in %v", p)
		}
		if strings.Count(w.log.String(), "boom") == 0 {
			t.Errorf("the log is %s", w.log)
		}
	}
}

// TestOwnIdentities: 1,000 concurrent log-ins each get their own. S81.
func TestOwnIdentities(t *testing.T) {
	cfg := base()
	cfg.PasswordOpts = map[string]int{"memory": 8, "time": 1, "parallelism": 1}
	w := newWorld(t, cfg)
	fsa.Get(w, "/me", authz.Any(authz.Group("admin"), authz.Auth()), who)
	c := w.client(t)
	hash, err := w.HashPasswordUnchecked(context.Background(), "one for all")
	if err != nil {
		t.Fatal(err)
	}
	const users = 1000
	w.set(func() {
		for i := range users {
			w.hashes[fmt.Sprint("user", i)] = hash
		}
	})
	done := make(chan string, users)
	for i := range users {
		login := fmt.Sprint("user", i)
		token := w.token(t, login, fsa.TokenOptions{})
		go func() {
			r := c.Get("/me")
			switch i % 3 {
			case 0:
				r.Bearer(token)
			case 1:
				r.Basic(login, "one for all")
			default:
				r.Form("USER", login, "PASS", "one for all")
			}
			res := r.Do()
			// The queue of slow hashes is bounded: 503 is honest, anybody
			// else is not.
			if res.Status == 503 || res.Status == 200 && res.Text() == login {
				login = ""
			} else {
				login += fmt.Sprint(" got ", res.Status, " ", res.Text())
			}
			done <- login
		}()
	}
	for range users {
		if wrong := <-done; wrong != "" {
			t.Error(wrong)
		}
	}
}

// TestFloats: a number is answered as JSON writes it; what JSON can't write is a
// failure, of which nothing is sent.
func TestFloats(t *testing.T) {
	type in struct{ F string }
	type out struct {
		F float64 `json:"f"`
	}
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), func(_ context.Context, in in) (out, error) {
		f, err := strconv.ParseFloat(in.F, 64)
		return out{f}, err
	})
	c := w.client(t)
	for f, want := range map[string]string{"1.50": "1.5", "-0": "-0", "1e-7": "1e-7", "1e21": "1e+21", "3": "3"} {
		if got := c.Get("/x").Query("f", f).Expect(200).Text(); got != `{"f":`+want+"}\n" {
			t.Errorf("%s: %q", f, got)
		}
	}
	for _, f := range []string{"NaN", "Inf", "-Inf"} {
		if got := c.Get("/x").Query("f", f).Expect(500).Text(); got != "internal error" {
			t.Errorf("%s: %q", f, got)
		}
	}
}

// TestPointerInputAnswer: what is wrong with an answer is a failure, also where the input
// is a pointer.
func TestPointerInputAnswer(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), func(_ context.Context, in *struct {
		Status int `default:"200"`
	}) (fsa.Response, error) {
		return fsa.Response{Status: in.Status, Body: "text"}, nil
	})
	c := w.client(t)
	c.Get("/x").Expect(200).Contains("text")
	if got := c.Get("/x?status=9").Expect(500).Text(); got != "internal error" {
		t.Errorf("%q", got)
	}
}
