package fsa_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// protectedMux is a router that is not ours, with handlers behind rules.
func protectedMux(w *world) *http.ServeMux {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panics" {
			panic("s3cret")
		}
		fmt.Fprint(w, fsa.User(r.Context()), " ", r.PathValue("id"))
	})
	mux := http.NewServeMux()
	auth := w.Protect(authz.Auth(), fsa.MaxBody(4))
	mux.Handle("/auth", auth(handler))
	mux.Handle("/panics", auth(handler))
	mux.Handle("/admin", w.Protect(authz.Group("admin"), fsa.Authn("basic"), fsa.Realm("inner"))(handler))
	mux.Handle("/open", w.Protect(authz.Open())(handler))
	mux.Handle("/closed", w.Protect(authz.Close())(handler))
	mux.Handle("/stuff/{id}", w.Protect(authz.Object("stuff", "id", "owner"))(handler))
	mux.Handle("/early/{x}", w.Protect(authz.Object("stuff", "id", "owner"))(handler))
	return mux
}

// TestProtect: a handler of another router is as well protected as a route. S82, S83.
func TestProtect(t *testing.T) {
	w := newWorld(t, base())
	w.BeforeRequest(func(r *http.Request) (*fsa.Response, error) {
		if r.URL.Query().Has("before") {
			return nil, fsa.Errorf(418, "before")
		}
		return nil, nil
	})
	w.BeforeExec(func(_ context.Context, r *http.Request, id fsa.Identity) (*fsa.Response, error) {
		if r.URL.Query().Has("exec") {
			return nil, fsa.Errorf(418, "exec by %s", id.Login)
		}
		return nil, nil
	})
	w.AddHeaderFunc("X-After", func(http.Header, *http.Request) string { return "was here" })
	mux := protectedMux(w)
	handlerOf(t, w)
	for _, c := range []struct {
		path, as string
		status   int
		text     string
	}{
		{"/auth", "calvin", 200, "calvin "},
		{"/auth", "", 401, "authentication required"},
		{"/auth?exec", "", 401, "authentication required"},
		{"/auth?exec", "calvin", 418, "exec by calvin"},
		{"/auth?before", "", 418, "before"},
		{"/panics", "calvin", 500, "internal error"},
		{"/admin", "calvin", 200, "calvin "},
		{"/admin", "hobbes", 403, `not in group "admin"`},
		{"/admin", "", 401, "authentication required"},
		{"/open", "calvin", 200, " "},
		{"/closed", "calvin", 403, "currently closed route"},
		{"/stuff/1", "calvin", 200, "calvin 1"},
		{"/stuff/2", "calvin", 403, "permission denied on stuff"},
		{"/stuff/3", "calvin", 404, "object not found"},
		{"/stuff/0x1", "calvin", 404, "not found"},
		{"/stuff/x", "calvin", 404, "not found"},
		{"/stuff/1", "", 401, "authentication required"},
		{"/early/1", "calvin", 500, "internal error"}, // the rule's parameter is not there
	} {
		r := httptest.NewRequest("GET", c.path, nil)
		if c.as != "" {
			r.SetBasicAuth(c.as, c.as+"-pass")
		}
		lines := strings.Count(w.log.String(), "msg=request")
		res := serve(mux, r)
		if res.Code != c.status || res.Body.String() != c.text {
			t.Errorf("%s as %s: %d %q", c.path, c.as, res.Code, res.Body)
		}
		h := res.Header()
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-After") != "was here" || c.as != "" && c.status == 200 && c.path != "/open" && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the header is %v", c.path, h)
		}
		if c.status == 401 && h.Get("WWW-Authenticate") == "" || c.status == 401 && c.path == "/admin" && h.Get("WWW-Authenticate") != `Basic realm="inner", charset="UTF-8"` {
			t.Errorf("%s: the challenges are %q", c.path, h["Www-Authenticate"])
		}
		if got := strings.Count(w.log.String(), "msg=request") - lines; c.status >= 400 && got != 1 {
			t.Errorf("%s: %d lines", c.path, got)
		}
	}
	if log := w.log.String(); !contains(log, "route=/stuff/{id}", `no path value \"id\"`, "s3cret") {
		t.Errorf("the log is %s", log)
	}
	r := httptest.NewRequest("GET", "/auth", nil)
	r.SetBasicAuth("calvin", calvinPass)
	r.RemoteAddr = "192.0.2.1:1"
	res := httptest.NewRecorder()
	mux.ServeHTTP(res, r)
	if res.Code != 403 || !strings.Contains(res.Body.String(), "insecure") {
		t.Errorf("not secure: %d %s", res.Code, res.Body)
	}
	if strings.Contains(res.Body.String(), "calvin") {
		t.Errorf("not secure, and the handler is reached: %s", res.Body)
	}
	r = httptest.NewRequest("POST", "/auth", strings.NewReader("12345"))
	r.SetBasicAuth("calvin", calvinPass)
	if res := serve(mux, r); res.Code != 413 {
		t.Errorf("the body: %d", res.Code)
	}
	infos, err := w.Routes()
	if err != nil || len(infos) != 0 {
		t.Errorf("the routes are %v, %v", infos, err)
	}
}

// TestProtectClosed: what is not compiled refuses everything, and says why.
func TestProtectClosed(t *testing.T) {
	reached := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler is reached") })
	refused := func(name string, w *world, h http.Handler, why string) {
		t.Helper()
		for range 2 {
			r := asUser(httptest.NewRequest("GET", "/", nil), "calvin")
			if res := serve(h, r); res.Code != 500 || res.Header().Get("Cache-Control") != "no-store" || strings.TrimSpace(res.Body.String()) != "internal error" {
				t.Errorf("%s: %d %q %v", name, res.Code, res.Body, res.Header())
			}
		}
		if n := strings.Count(w.log.String(), why); n != 1 {
			t.Errorf("%s: %d lines: %s", name, n, w.log)
		}
	}
	w := newWorld(t, base())
	refused("not compiled", w, w.Protect(authz.Open())(reached), "app.Handler() has not compiled")

	w = newWorld(t, base())
	h := w.Protect(authz.Group("gone"))(reached)
	if faults := faultsOf(t, w.App); len(faults) != 1 || !contains(faults[0], `group "gone"`, "protect_test.go:") {
		t.Errorf("the faults are %q", faults)
	}
	refused("at fault", w, h, "app.Handler() has not compiled")

	w = newWorld(t, base())
	handlerOf(t, w)
	refused("too late", w, w.Protect(authz.Open())(reached), "app.Protect refuses all requests")

	w = newWorld(t, base())
	h = w.Protect(authz.Open())(nil)
	handlerOf(t, w)
	refused("without a handler", w, h, "the handler is nil")

	w = newWorld(t, base())
	w.Protect(authz.Open(), fsa.Authn("basic"))
	w.Protect(authz.Auth(), fsa.Status(201))
	w.Protect(authz.Auth(), nil)
	if faults := faultsOf(t, w.App); len(faults) != 3 {
		t.Errorf("%d faults: %q", len(faults), faults)
	}
}

// TestProtectInside: behind a route of the same application, the inner rule is asked
// too, and the request is one line of the log.
func TestProtectInside(t *testing.T) {
	w := newWorld(t, base())
	befores, afters := 0, 0
	w.BeforeRequest(func(*http.Request) (*fsa.Response, error) { befores++; return nil, nil })
	w.AfterRequest(func(http.Header, *http.Request, int) { afters++ })
	fsa.Handle(w, "/in/{rest...}", authz.Auth(), http.StripPrefix("/in", protectedMux(w)))
	for _, c := range []struct {
		path, as string
		status   int
	}{
		{"/in/auth", "calvin", 200}, {"/in/auth", "", 401}, {"/in/admin", "calvin", 200}, {"/in/admin", "hobbes", 403},
		{"/in/stuff/2", "calvin", 403}, {"/in/panics", "calvin", 500}, {"/in/nowhere", "calvin", 404},
	} {
		befores, afters = 0, 0
		lines := strings.Count(w.log.String(), "msg=request")
		r := w.client(t).Get(c.path)
		if c.as != "" {
			r.As(c.as)
		}
		res := r.Expect(c.status)
		if n := strings.Count(w.log.String(), "msg=request") - lines; c.status >= 400 && n != 1 || befores != 1 || afters != 1 {
			t.Errorf("%s as %s: %d lines, %d and %d hooks", c.path, c.as, n, befores, afters)
		}
		if id := res.Header.Get("X-Request-Id"); c.status >= 400 && !strings.Contains(w.log.String(), "request_id="+id) {
			t.Errorf("%s: the id %q is not in the log", c.path, id)
		}
	}
	if !contains(w.log.String(), `403: not in group`, "route=/in/{rest...}", "s3cret") {
		t.Errorf("the log does not tell the cause: %s", w.log)
	}
}

// TestMounted: an application under another mux redirects to where it is, and
// routes and authorizes the path that it gets. S60, S84.
func TestMounted(t *testing.T) {
	cfg := base()
	cfg.Mode = "dev"
	w := orderWorld(t, cfg)
	fsa.Get(w, "/dir/", authz.Open(), nothing)
	fsa.Get(w, "/", authz.Open(), who)
	h := handlerOf(t, w)
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", h))
	mux.Handle("/t/{tenant}/{id}/stuff/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/t/"+r.PathValue("tenant")+"/"+r.PathValue("id"), h).ServeHTTP(w, r)
	}))
	wild := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.StripPrefix("/api", h).ServeHTTP(w, r) })
	for _, c := range []struct {
		name           string
		h              http.Handler
		method, target string
		status         int
		location       string
	}{
		{"a route", mux, "GET", "/api/auth", 200, ""},
		{"405", mux, "DELETE", "/api/auth", 405, ""},
		{"OPTIONS", mux, "OPTIONS", "/api/auth", 204, ""},
		{"404", mux, "GET", "/api/nowhere", 404, ""},
		{"with a slash", mux, "GET", "/api/dir?a=1", 307, "/api/dir/?a=1"},
		{"the root", wild, "GET", "/api", 307, "/api/"},
		{"to be cleaned", wild, "GET", "/api//dir/../auth", 307, "/api/auth"},
		{"out of it", wild, "GET", "/api/../../auth", 307, "/api/auth"},
		{"another host", wild, "GET", "/api//example.net/x//y", 307, "/api/example.net/x/y"},
		{"escaped", wild, "GET", "/api/%2e%2e//example.net", 307, "/api/example.net"},
		{"another host before it", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.StripPrefix("//example.net", h).ServeHTTP(w, r) }),
			"GET", "//example.net/x//y", 400, ""},
		{"without its slash", http.StripPrefix("/api/", h), "GET", "/api/auth", 400, ""},
		{"the outer mux's parameter", mux, "GET", "/t/2/2/stuff/1?n=1", 204, ""},
		{"the outer mux's parameter, as allowed", mux, "GET", "/t/1/1/stuff/2?n=1", 403, ""},
		{"another path than the client's", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/stuff/2"
			h.ServeHTTP(w, r)
		}), "GET", "/stuff/1?n=1", 403, ""},
		{"another path, to be cleaned", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/x//y"
			h.ServeHTTP(w, r)
		}), "GET", "/stuff/1", 307, "/x/y"},
	} {
		r := asUser(httptest.NewRequest(c.method, c.target, nil), "calvin")
		res := serve(c.h, r)
		if res.Code != c.status || res.Header().Get("Location") != c.location {
			t.Errorf("%s: %d to %q: %s", c.name, res.Code, res.Header().Get("Location"), res.Body)
		}
		if allow := res.Header().Get("Allow"); (c.status == 405 || c.method == "OPTIONS") && allow != "GET, HEAD, POST, OPTIONS" {
			t.Errorf("%s: Allow: %s", c.name, allow)
		}
		for name, got := range res.Header() { // which is not written as net/http does
			if strings.EqualFold(name, "FSA-Request") && c.name == "a route" && got[0] != "GET /auth" {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}

// TestPrefixes: what a prefix demands holds for all that is below it, whatever is
// between. S82.
func TestPrefixes(t *testing.T) {
	w := newWorld(t, base())
	outer := w.Prefix("/outer", fsa.Authn("basic", "token"), fsa.Realm("outer"), fsa.AtLeast(authz.Auth()), fsa.MaxBody(100))
	middle := outer.Prefix("/{id}/middle", fsa.AtLeast(authz.Object("stuff", "id", "owner")))
	inner := middle.Prefix("/inner/", fsa.Authn("basic"), fsa.AtLeast(authz.Group("admin")), fsa.MaxBody(10))
	type in struct{ ID int }
	fsa.Get(inner, "/x", authz.Auth(), takes[in])
	fsa.Get(middle, "/x", authz.Auth(), takes[in])
	fsa.Get(outer, "/x", authz.Auth(), nothing)
	fsa.Handle(inner, "GET /raw", authz.Auth(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.PathValue("id")) }), fsa.MaxBody(1000))
	infos, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range infos {
		got = append(got, fmt.Sprint(i.Method, " ", i.Path, " ", i.Rule, " ", i.Authn, " ", i.Realm, " ", i.MaxBody))
	}
	for i, want := range []string{
		`GET /outer/{id}/middle/inner/x All(Auth(), All(Object("stuff", "id", "owner"), All(Group("admin"), Auth()))) [basic] outer 10`,
		`GET /outer/{id}/middle/x All(Auth(), All(Object("stuff", "id", "owner"), Auth())) [basic token] outer 100`,
		`GET /outer/x All(Auth(), Auth()) [basic token] outer 100`,
		`GET /outer/{id}/middle/inner/raw All(Auth(), All(Object("stuff", "id", "owner"), All(Group("admin"), Auth()))) [basic] outer 1000`,
	} {
		if got[i] != want {
			t.Errorf("route %d is\n%s\nwant\n%s", i, got[i], want)
		}
	}
	ours := w.token(t, "calvin", fsa.TokenOptions{Realm: "outer"})
	for _, c := range []struct {
		path, login, token string
		status             int
	}{
		{"/outer/1/middle/inner/x", "calvin", "", 204},
		{"/outer/2/middle/inner/x", "calvin", "", 403},
		{"/outer/2/middle/inner/x", "hobbes", "", 403},
		{"/outer/2/middle/x", "hobbes", "", 204},
		{"/outer/1/middle/inner/raw", "calvin", "", 200},
		{"/outer/2/middle/inner/raw", "calvin", "", 403},
		{"/outer/1/middle/inner/x", "", ours, 401},
		{"/outer/1/middle/x", "", ours, 204},
		{"/outer/x", "", ours, 204},
		{"/outer/x", "", w.token(t, "calvin", fsa.TokenOptions{}), 401},
		{"/outer/x?USER=calvin&PASS=" + calvinPass, "", "", 401},
	} {
		r := w.client(t).Get(c.path)
		if c.login != "" {
			r.Basic(c.login, c.login+"-pass")
		}
		if c.token != "" {
			r.Bearer(c.token)
		}
		r.Expect(c.status)
	}

	w = newWorld(t, base())
	outer = w.Prefix("/outer", fsa.Authn("basic"), fsa.Realm("outer"), fsa.AtLeast(authz.Auth()))
	inner = outer.Prefix("/inner", fsa.Authn("token"))
	fsa.Get(inner, "/a", authz.Auth(), nothing)                              // wider than the outer prefix
	fsa.Get(outer.Prefix("/x"), "/b", authz.Open(), nothing)                 // open below a rule
	fsa.Get(outer.Prefix("/y", fsa.Realm("y")), "/c", authz.Auth(), nothing) // another realm
	fsa.Get(outer, "/d", authz.Auth(), nothing, fsa.Authn("basic", "token"))
	faults := strings.Join(faultsOf(t, w.App), "\n")
	if !contains(faults, "GET /outer/inner/a", "GET /outer/x/b", "GET /outer/y/c", "GET /outer/d") {
		t.Errorf("the faults are %s", faults)
	}
}

// FuzzMounted: wherever an application is mounted and whatever a client sends, a
// redirect of its router stays on the host. S60.
func FuzzMounted(f *testing.F) {
	w := newWorld(f, base())
	fsa.Get(w, "/dir/", authz.Open(), nothing)
	h := handlerOf(f, w)
	for _, target := range []string{"/api//x", "/api", "//e/x//y", "/api/%2e%2e//e", `/api\/\e//x`, "/api/%5ce//x", "http://e/api//x", "/api/dir", "*"} {
		f.Add("/api", target)
		f.Add("//e", target)
	}
	f.Fuzz(func(t *testing.T, prefix, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL, r.RequestURI, r.RemoteAddr = u, target, "127.0.0.1:40000"
		res := httptest.NewRecorder()
		http.StripPrefix(prefix, h).ServeHTTP(res, r)
		if to := res.Header().Get("Location"); to != "" && (to[0] != '/' || len(to) > 1 && (to[1] == '/' || to[1] == '\\') || strings.ContainsAny(to, "\t\r\n\\")) {
			t.Errorf("%q under %q leads to %q", target, prefix, to)
		}
	})
}

// TestProtectClosedInItsForm: what is refused since nothing is compiled has the form of
// the application's errors, or of plain text if that is what is at fault.
func TestProtectClosedInItsForm(t *testing.T) {
	for form, want := range map[string]string{"json:error": "application/json", "plain": "text/plain; charset=utf-8", "xml": "text/plain; charset=utf-8"} {
		cfg := base()
		cfg.ErrorResponse = form
		app := fsa.New("acme", cfg)
		rec := serve(app.Protect(authz.Open())(http.NotFoundHandler()), httptest.NewRequest("GET", "/", nil))
		if rec.Code != 500 || rec.Header().Get("Content-Type") != want || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", form, rec.Code, rec.Header())
		}
	}
}

// TestProtectOfAnother: a router that another application protects is in that one's log,
// with its decisions, though the request has come through this one.
func TestProtectOfAnother(t *testing.T) {
	cfg := base()
	cfg.Mode, cfg.LoggingLevel = "debug", slog.LevelDebug
	outer, inner := newWorld(t, cfg), newWorld(t, cfg)
	guard := inner.Protect(authz.Auth())
	fsa.Handle(outer, "GET /inner", authz.Open(), guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, fsa.User(r.Context()))
	})))
	handlerOf(t, inner)
	c := outer.client(t)
	token := inner.token(t, "calvin", fsa.TokenOptions{})
	if got := c.Get("/inner").Bearer(token).Expect(200).Text(); got != "calvin" {
		t.Error(got)
	}
	c.Get("/inner").Expect(401)
	for name, log := range map[string]string{"the outer": outer.log.String(), "the inner": inner.log.String()} {
		if strings.Count(log, "msg=request ") != 2 || !strings.Contains(log, "status=200") || !strings.Contains(log, "status=401") {
			t.Errorf("%s application's log has %s", name, log)
		}
	}
	if !strings.Contains(inner.log.String(), "step=scheme") {
		t.Errorf("there is no trace of the decision: %s", inner.log)
	}
}

// TestProtectPreflight: without CORS, what asks like a preflight is a request as others.
func TestProtectPreflight(t *testing.T) {
	w := newWorld(t, base())
	h := w.Protect(authz.Auth())(http.NotFoundHandler())
	handlerOf(t, w)
	r := httptest.NewRequest("OPTIONS", "/x", nil)
	r.Header.Set("Origin", "https://other.example")
	r.Header.Set("Access-Control-Request-Method", "DELETE")
	if rec := serve(h, r); rec.Code != 401 || rec.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}

// TestProtectLimits: the limits of a protection for time and header are those of its
// requests.
func TestProtectLimits(t *testing.T) {
	w := newWorld(t, base())
	var left time.Duration
	var limited bool
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		end, ok := r.Context().Deadline()
		left, limited = time.Until(end), ok
	})
	bounded := w.Protect(authz.Open(), fsa.Timeout(time.Minute), fsa.MaxHeader(1000))(handler)
	free := w.Protect(authz.Open())(handler)
	handlerOf(t, w)
	for _, c := range []struct {
		h      http.Handler
		size   int
		status int
		limit  bool
	}{{bounded, 10, 200, true}, {bounded, 1000, 431, false}, {free, 1000, 200, false}} {
		left, limited = 0, false
		r := httptest.NewRequest("GET", "/x", nil)
		r.Header.Set("X-Long", strings.Repeat("x", c.size))
		if res := serve(c.h, r); res.Code != c.status || limited != c.limit || left > time.Minute {
			t.Errorf("%+v: %d, %v, %v", c, res.Code, limited, left)
		}
	}
}
