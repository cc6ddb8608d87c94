package fsa_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// chrome is what a browser says that it takes for a page.
const chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

// loginWorld is an application with a log-in page.
func loginWorld(t testing.TB, cfg fsa.Config) (*world, http.Handler) {
	t.Helper()
	w := newWorld(t, cfg)
	fsa.Get(w, "/login", authz.Open(), func(context.Context, struct {
		URL  *string
		Lang *string
		Next *string
	}) (string, error) {
		return "log in", nil
	}, fsa.Authn("none"))
	fsa.Get(w, "/me", authz.Auth(), func(_ context.Context, in struct {
		A   *string
		B   *string
		Key *string `format:"password"`
	}) (string, error) {
		return "me", nil
	})
	fsa.Post(w, "/me", authz.Auth(), who)
	fsa.Get(w, "/own", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		_, err := w.Authenticate(ctx)
		return "own", err
	})
	fsa.Handle(w, "GET /raw", authz.Auth(), http.NotFoundHandler())
	fsa.Handle(w, "GET /raw/basic", authz.Auth(), http.NotFoundHandler(), fsa.Authn("basic"))
	fsa.Get(w, "/files/{path...}", authz.Auth(), func(context.Context, struct{ Path string }) (string, error) { return "", nil })
	return w, handlerOf(t, w)
}

// TestLoginRedirect: a browser that wants a page is sent to the log-in page, with
// the way back. S60.
func TestLoginRedirect(t *testing.T) {
	local := func(c *fsa.Config) { c.Redirect401 = "/login" }
	for _, c := range []struct {
		name     string
		config   func(*fsa.Config)
		method   string
		target   string
		accept   string
		location string // "" for a 401
	}{
		{"a page", local, "GET", "/me", chrome, "/login?URL=%2Fme"},
		{"HEAD", local, "HEAD", "/me", chrome, "/login?URL=%2Fme"},
		{"a query", local, "GET", "/me?a=1&b=%26+x", chrome, "/login?URL=%2Fme%3Fa%3D1%26b%3D%2526%2Bx"},
		{"html alone", local, "GET", "/me", "Text/HTML", "/login?URL=%2Fme"},
		{"from a handler", local, "GET", "/own", chrome, "/login?URL=%2Fown"},
		{"escaped", local, "GET", "/files/a%20b%2Fc", chrome, "/login?URL=%2Ffiles%2Fa%2520b%252Fc"},
		{"curl", local, "GET", "/me", "*/*", ""},
		{"fetch", local, "GET", "/me", "application/json", ""},
		{"any text", local, "GET", "/me", "text/*", ""},
		{"anything but html", local, "GET", "/me", "text/html;q=0, */*", ""},
		{"html if need be", local, "GET", "/me", "application/json, text/html;q=0.1", "/login?URL=%2Fme"},
		{"html, as far as it can be read", local, "GET", "/me", "text/html;q", ""},
		{"html, more than anything", local, "GET", "/me", "text/html;q=1e999", ""},
		{"xhtml", local, "GET", "/me", "application/xhtml+xml", ""},
		{"not at all", local, "GET", "/me", "", ""},
		{"a form", local, "POST", "/me", chrome, ""},
		{"none configured", func(*fsa.Config) {}, "GET", "/me", chrome, ""},
		{"another name", func(c *fsa.Config) { c.Redirect401, c.URLName = "/login", "next" }, "GET", "/me", chrome, "/login?next=%2Fme"},
		{"a name with a space", func(c *fsa.Config) { c.Redirect401, c.URLName = "/login", "to go" }, "GET", "/me", chrome, "/login?to+go=%2Fme"},
		{"a page with a query", func(c *fsa.Config) { c.Redirect401 = "/login?lang=en" }, "GET", "/me", chrome, "/login?lang=en&URL=%2Fme"},
		{"another host", func(c *fsa.Config) { c.Redirect401 = "https://login.example.com/in" }, "GET", "/me", chrome, "https://login.example.com/in?URL=%2Fme"},
		{"another host, same path as ours", func(c *fsa.Config) {
			c.Redirect401, c.BaseURL = "https://login.example.com/me", "https://www.example.com"
		}, "GET", "/me", chrome, "https://login.example.com/me?URL=%2Fme"},
		{"empty pairs", local, "GET", "/me?&a=1&&b=2&", chrome, "/login?URL=%2Fme%3Fa%3D1%26b%3D2"},
		{"another host, same path", func(c *fsa.Config) { c.Redirect401 = "https://login.example.com/me" }, "GET", "/me", chrome, "https://login.example.com/me?URL=%2Fme"},
		// What is secret does not get into another URL.
		{"password", local, "GET", "/me?a=1&USER=calvin&PASS=s3cret-word&b=2", chrome, "/login?URL=%2Fme%3Fa%3D1%26b%3D2"},
		{"password, escaped", local, "GET", "/me?P%41SS=s3cret-word&&USER", chrome, "/login?URL=%2Fme"},
		{"token", func(c *fsa.Config) { c.Redirect401, c.TokenCarrier = "/login", "param" }, "GET", "/me?AUTH=s3cret-word&a=1", chrome, "/login?URL=%2Fme%3Fa%3D1"},
		{"a name that can't be read", func(c *fsa.Config) { c.Redirect401, c.Auth = "/login", []string{"basic", "none"} }, "GET", "/me?%zz=s3cret-word&a=1", chrome, "/login?URL=%2Fme%3Fa%3D1"},
		{"password, on a route that takes anything", local, "GET", "/raw?a=1&USER=calvin&PASS=s3cret-word", chrome, "/login?URL=%2Fraw%3Fa%3D1"},
		{"password, on a route without such", local, "GET", "/raw/basic?a=1&USER=calvin&PASS=s3cret-word", chrome, "/login?URL=%2Fraw%2Fbasic%3Fa%3D1"},
		{"token, on a route without such", func(c *fsa.Config) { c.Redirect401, c.TokenCarrier = "/login", "param" }, "GET", "/raw/basic?AUTH=s3cret-word&a=1", chrome, "/login?URL=%2Fraw%2Fbasic%3Fa%3D1"},
		{"no password, where none is taken", func(c *fsa.Config) { c.Redirect401, c.Auth = "/login", []string{"basic", "none"} }, "GET", "/raw?USER=calvin", chrome, "/login?URL=%2Fraw%3FUSER%3Dcalvin"},
		{"a secret parameter", local, "GET", "/me?key=s3cret-word&a=1", chrome, "/login?URL=%2Fme%3Fa%3D1"},
		// What is no local path is not passed on.
		{"backslashes", local, "GET", "/files/%5Cevil.example", chrome, "/login"},
		{"too long", local, "GET", "/me?a=" + strings.Repeat("x", 5000), chrome, "/login"},
		// No page is sent to itself.
		{"itself", func(c *fsa.Config) { c.Redirect401 = "/own?x=1" }, "GET", "/own", chrome, ""},
		{"itself, escaped", func(c *fsa.Config) { c.Redirect401 = "/own" }, "GET", "/o%77n", chrome, ""},
		{"itself, by its host", func(c *fsa.Config) { c.Redirect401 = "https://example.com/me" }, "GET", "/me", chrome, ""},
		{"itself, by its address", func(c *fsa.Config) {
			c.Redirect401, c.BaseURL = "https://www.example.com/me", "https://www.example.com"
		}, "GET", "/me", chrome, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := base()
			c.config(&cfg)
			r := from("", c.method, c.target)
			if c.accept != "" {
				r.Header.Set("Accept", c.accept)
			}
			w, h := loginWorld(t, cfg)
			rec := serve(h, r)
			status := 303
			if c.location == "" {
				status = 401
			}
			if got := rec.Header().Get("Location"); rec.Code != status || got != c.location {
				t.Fatalf("%d to %q, want %d to %q", rec.Code, got, status, c.location)
			}
			if status == 303 && (rec.Header().Get("WWW-Authenticate") != "" || rec.Header().Get("Cache-Control") != "no-store" || !contains(w.log.String(), "level=INFO", "status=303", `error="401: `)) {
				t.Errorf("%v, and the log %s", rec.Header(), w.log)
			}
			if status == 401 && rec.Header().Get("WWW-Authenticate") == "" {
				t.Error("no challenge")
			}
			if all := fmt.Sprint(rec.Header(), rec.Body, w.log); strings.Contains(all, "s3cret-word") {
				t.Error(all)
			}
		})
	}
}

// TestLoginRedirectOnly401: no other answer becomes a way to the log-in page.
func TestLoginRedirectOnly401(t *testing.T) {
	cfg := base()
	cfg.Redirect401 = "/login"
	_, h := loginWorld(t, cfg)
	for _, c := range []struct {
		r      *http.Request
		status int
	}{
		{from("", "GET", "/none"), 404},
		{from("", "DELETE", "/me"), 405},
		{from("", "GET", "/login"), 200},
		{basicly(from("", "GET", "/me"), "calvin", calvinPass), 200},
		{basicly(from("", "GET", "/me?zzz=1"), "calvin", calvinPass), 400},
	} {
		c.r.Header.Set("Accept", chrome)
		if w := serve(h, c.r); w.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.r.Method, c.r.URL, w.Code, c.status)
		}
	}
}

// TestLoginRedirectUnderMux: the way back is what the browser has asked for, also
// where the application has not seen all of it.
func TestLoginRedirectUnderMux(t *testing.T) {
	cfg := base()
	cfg.Redirect401 = "/app/login"
	w, h := loginWorld(t, cfg)
	if !contains(w.log.String(), "level=WARN", "the log-in page is none of this application's routes", "path=/app/login") {
		t.Error(w.log)
	}
	h = http.StripPrefix("/app", h)
	r := from("", "GET", "/app/me?a=1", "Accept", chrome)
	if rec := serve(h, r); rec.Code != 303 || rec.Header().Get("Location") != "/app/login?URL=%2Fapp%2Fme%3Fa%3D1" {
		t.Errorf("%d %s", rec.Code, rec.Header().Get("Location"))
	}
	// A request that no server has read has no RequestURI, and one of a proxy
	// has all of the URL.
	for _, uri := range []string{"", "http://example.com/me?a=1"} {
		r := from("", "GET", "/app/me?a=1", "Accept", chrome)
		r.RequestURI = uri
		if rec := serve(h, r); rec.Header().Get("Location") != "/app/login?URL=%2Fme%3Fa%3D1" {
			t.Errorf("%q: %s", uri, rec.Header().Get("Location"))
		}
	}
}

// TestLoginPageUnderMux: a log-in page is not sent to itself, by whichever of its names
// it is asked for.
func TestLoginPageUnderMux(t *testing.T) {
	for _, c := range []struct{ page, target, uri string }{
		{"/app/own", "/app/own", "/app/own"}, // as the browser names it
		{"/own", "/app/own", "/app/own"},     // as the application does
		{"/login", "/app/me", "/%zz"},        // who knows
	} {
		cfg := base()
		cfg.Redirect401 = c.page
		_, h := loginWorld(t, cfg)
		r := from("", "GET", c.target, "Accept", chrome)
		r.RequestURI = c.uri
		if rec := serve(http.StripPrefix("/app", h), r); rec.Code != 401 {
			t.Errorf("%+v: %d %s", c, rec.Code, rec.Header().Get("Location"))
		}
	}
}

func TestLoginPageFaults(t *testing.T) {
	for _, c := range []struct{ page, name, want string }{
		{"/login", "", ""},
		{"/login?x=y", "next", ""},
		{"https://login.example.com", "", ""},
		{"https://login.example.com/in?realm=acme", "", ""},
		{"http://localhost:8080/in", "", ""},
		{"login", "", "is neither a path of this host nor a URL of another"},
		{"//login.example.com", "", "is neither a path of this host nor a URL of another"},
		{`/\login.example.com`, "", "is neither a path"},
		{"/a/../login", "", "is neither a path"},
		{"/login#top", "", "is neither a path"},
		{"javascript:alert(1)", "", "is neither a path"},
		{"javascript://x/%0aalert(1)", "", "have no origin of their own"},
		{"http://login.example.com/", "", "is not over TLS"},
		{"https://u:p@login.example.com/", "", "has a user or a fragment"},
		{"https://login.example.com/#top", "", "has a user or a fragment"},
		{"ftp://login.example.com/", "", "is not the URL of a page"},
		{"https://*.example.com/", "", "is not the URL of a page"},
		{"https://login.example.com:443/", "", "leave the usual port"},
		{":", "", "is not a URL"},
		{"/login", "a\nb", `FSA_URL_NAME: "a\nb" can't name a parameter`},
		{"/login", "USER", `FSA_URL_NAME: "USER" is the name of a parameter with credentials`},
	} {
		cfg := base()
		cfg.Redirect401, cfg.URLName, cfg.Logger = c.page, c.name, slog.New(slog.DiscardHandler)
		got := faultsOf(t, newWorld(t, cfg).App)
		if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !contains(got[0], c.want, "; ")) {
			t.Errorf("%q %q: %q, want %q", c.page, c.name, got, c.want)
		}
	}
}

// TestLoginPageNames: the parameter with the way back may have any name that carries no
// credentials.
func TestLoginPageNames(t *testing.T) {
	for _, c := range []struct {
		name, auth, carrier string
		free                bool
	}{
		{"USER", "basic", "header", true},
		{"PASS", "basic", "header", true},
		{"PASS", "param", "header", false},
		{"Auth", "token", "header", true},
		{"AUTH", "token", "param", false},
		{"AUTH", "basic", "param", true},
	} {
		cfg := base()
		cfg.Redirect401, cfg.URLName, cfg.Auth, cfg.TokenCarrier = "/login", c.name, []string{c.auth, "none"}, c.carrier
		if c.auth == "token" {
			cfg.TokenName = c.name
		}
		w := newWorld(t, cfg)
		fsa.Get(w, "/login", authz.Open(), nothing)
		if got := faultsOf(t, w.App); c.free && got != nil || !c.free && (len(got) != 1 || !contains(got[0], "is the name of a parameter with credentials")) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// TestLoginPageIsSeen: a log-in page for which one must have logged in is a fault.
func TestLoginPageIsSeen(t *testing.T) {
	cfg := base()
	cfg.Redirect401 = "/me"
	w := newWorld(t, cfg)
	fsa.Get(w, "/me", authz.Auth(), who)
	if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], "GET /me", "is the log-in page of FSA_401_REDIRECT, and can be seen only after a log-in; give it the rule authz.Open()") {
		t.Error(got)
	}
}

// FuzzLoginRedirect: whatever is asked for, a browser is sent to the log-in page of
// this host, and the way back is what LocalTarget lets through.
func FuzzLoginRedirect(f *testing.F) {
	for _, s := range []string{"/me", "/me?a=1&PASS=x", "//evil.example", "/\\evil.example", "/files/%2F%2Fevil.example", "/%0d%0aLocation:x", "/me?%", "/login?URL=/login", "*", ""} {
		f.Add(s)
	}
	cfg := base()
	cfg.Redirect401, cfg.Logger = "/login", slog.New(slog.DiscardHandler)
	_, h := loginWorld(f, cfg)
	f.Fuzz(func(t *testing.T, uri string) {
		u, err := url.ParseRequestURI(uri)
		if err != nil || u.Host != "" {
			return
		}
		r := from("", "GET", "/", "Accept", chrome)
		r.URL, r.RequestURI = u, uri
		w := serve(h, r)
		if w.Code != 303 {
			return
		}
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || to.Host != "" || to.Scheme != "" || to.Path != "/login" || len(to.Query()) > 1 {
			t.Fatalf("%q leads to %q", uri, w.Header().Get("Location"))
		}
		if back := to.Query().Get("URL"); back != "" {
			location, ok := fsa.LocalTarget(back)
			to, err := url.Parse(back)
			if !ok || location != back || err != nil || to.Query().Has("PASS") {
				t.Errorf("%q leads back to %q, which is %q", uri, back, location)
			}
		}
	})
}

// A log-in page sends the user back only to where LocalTarget lets it.
func ExampleLocalTarget() {
	back := func(target string) string {
		if location, ok := fsa.LocalTarget(target); ok {
			return location
		}
		return "/" // of our choice
	}
	for _, target := range []string{"/store/7?page=2", "https://evil.example/", "//evil.example", `/\evil.example`, "/%09/evil.example", "javascript:alert(1)"} {
		fmt.Println(target, "->", back(target))
	}
	// Output:
	// /store/7?page=2 -> /store/7?page=2
	// https://evil.example/ -> /
	// //evil.example -> /
	// /\evil.example -> /
	// /%09/evil.example -> /
	// javascript:alert(1) -> /
}

// The classic mistake: that a target begins with a slash, or that Go finds no host
// in it, does not keep a browser here.
func ExampleLocalTarget_wrong() {
	target := `/\evil.example`
	u, err := url.Parse(target)
	fmt.Println("begins with a slash:", strings.HasPrefix(target, "/"))
	fmt.Printf("host by net/url: %q, %v\n", u.Host, err)
	_, ok := fsa.LocalTarget(target) // a browser goes to evil.example
	fmt.Println("stays here:", ok)
	// Output:
	// begins with a slash: true
	// host by net/url: "", <nil>
	// stays here: false
}

// TestLoginRedirectFake: the way back does not say as whom a test has called, where there
// is such a scheme; where there is none, the name is one like others.
func TestLoginRedirectFake(t *testing.T) {
	for _, fake := range []bool{false, true} {
		cfg := base()
		cfg.Mode, cfg.Redirect401 = "dev", "/login"
		want := "/login?URL=%2Fbasic%3FLOGIN%3Dsusie%26a%3D1"
		if fake {
			cfg.Auth = append(cfg.Auth, "fake")
			want = "/login?URL=%2Fbasic%3Fa%3D1"
		}
		w := newWorld(t, cfg)
		fsa.Handle(w, "GET /basic", authz.Auth(), http.NotFoundHandler(), fsa.Authn("basic"))
		fsa.Get(w, "/login", authz.Open(), func(context.Context, struct{ URL string }) (string, error) { return "", nil }, fsa.Authn("none"))
		r := from("", "GET", "/basic?LOGIN=susie&a=1")
		r.Header.Set("Accept", chrome)
		if rec := serve(handlerOf(t, w), r); rec.Code != 303 || rec.Header().Get("Location") != want {
			t.Errorf("fake %v: %d to %q, want %q", fake, rec.Code, rec.Header().Get("Location"), want)
		}
	}
}
