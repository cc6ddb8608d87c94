package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

const front = "https://www.example.com"

// corsWorld is an application with CORS. It has a path of two methods, one under
// each kind of rule, and a route for OPTIONS.
func corsWorld(t testing.TB, o fsa.CORSOptions, change ...func(*fsa.Config)) http.Handler {
	t.Helper()
	cfg := base()
	cfg.CORS, cfg.CORSOpts = true, o
	for _, c := range change {
		c(&cfg)
	}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	fsa.Post(w, "/x", authz.Group("admin"), who)
	fsa.Get(w, "/open", authz.Open(), who)
	fsa.Get(w, "/stuff/{id}", authz.Object("stuff", "id", "read"), func(context.Context, struct{ ID int }) (string, error) { return "stuff", nil })
	fsa.Get(w, "/fails", authz.Open(), func(context.Context, fsa.None) (string, error) { return "", errors.New("it fails") })
	fsa.Get(w, "/panics", authz.Open(), func(context.Context, fsa.None) (string, error) { panic("it panics") })
	fsa.Route(w, "OPTIONS", "/own", authz.Auth(), who)
	fsa.Get(w, "/own", authz.Auth(), who)
	fsa.Handle(w, "/all/{path...}", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Vary", "Accept") }))
	return handlerOf(t, w)
}

// from makes a request of a page of an origin. Names and values of header fields
// follow.
func from(origin, method, target string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func basicly(r *http.Request, login, pass string) *http.Request {
	r.SetBasicAuth(login, pass)
	return r
}

// asksFor makes a preflight.
func asksFor(origin, target, method string, fields ...string) *http.Request {
	r := from(origin, "OPTIONS", target, "Access-Control-Request-Method", method)
	if len(fields) > 0 {
		r.Header.Set("Access-Control-Request-Headers", strings.Join(fields, ","))
	}
	return r
}

// corsFields gives the fields of an answer that are CORS's, in one line.
func corsFields(h http.Header) string {
	var all []string
	for name, values := range h {
		if short, ok := strings.CutPrefix(name, "Access-Control-"); ok {
			all = append(all, short+"="+strings.Join(values, "|"))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestPreflight: it is answered before authentication, for the methods that the
// path has.
func TestPreflight(t *testing.T) {
	listed := fsa.CORSOptions{Origins: []string{front, "https://*.apps.example.com", "http://localhost:3000"}}
	for _, c := range []struct {
		name    string
		options fsa.CORSOptions
		r       *http.Request
		status  int
		fields  string
	}{
		{"any origin", fsa.CORSOptions{}, asksFor(front, "/x", "POST", "authorization", "x-any"), 204, "Allow-Headers=authorization,x-any Allow-Methods=GET, HEAD, POST, OPTIONS Allow-Origin=*"},
		{"null is any, too", fsa.CORSOptions{}, asksFor("null", "/x", "POST"), 204, "Allow-Methods=GET, HEAD, POST, OPTIONS Allow-Origin=*"},
		{"a method that the path has not", fsa.CORSOptions{}, asksFor(front, "/x", "DELETE"), 204, ""},
		{"nor in lower case", fsa.CORSOptions{}, asksFor(front, "/x", "post"), 204, ""},
		{"a path without a route", fsa.CORSOptions{}, asksFor(front, "/none", "GET"), 404, ""},
		{"a path that is not clean", fsa.CORSOptions{}, asksFor(front, "/a/../x", "GET"), 307, ""},
		{"a route of all methods", fsa.CORSOptions{}, asksFor(front, "/all/y", "PATCH"), 204, "Allow-Methods=GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS Allow-Origin=*"},
		{"a route for OPTIONS", fsa.CORSOptions{}, asksFor(front, "/own", "GET"), 204, "Allow-Methods=GET, HEAD, OPTIONS Allow-Origin=*"},
		{"methods", fsa.CORSOptions{Methods: []string{"GET", "PUT"}}, asksFor(front, "/x", "GET"), 204, "Allow-Methods=GET Allow-Origin=*"},
		{"methods, another", fsa.CORSOptions{Methods: []string{"GET"}}, asksFor(front, "/x", "POST"), 204, ""},
		{"fields", fsa.CORSOptions{AllowHeaders: []string{"X-One", "Content-Type"}}, asksFor(front, "/x", "GET", "content-type", "x-one"), 204, "Allow-Headers=content-type,x-one Allow-Methods=GET, HEAD, POST, OPTIONS Allow-Origin=*"},
		{"fields, another", fsa.CORSOptions{AllowHeaders: []string{"X-One"}}, asksFor(front, "/x", "GET", "authorization"), 204, ""},
		{"max age", fsa.CORSOptions{MaxAge: 10 * time.Minute}, asksFor(front, "/x", "GET"), 204, "Allow-Methods=GET, HEAD, POST, OPTIONS Allow-Origin=* Max-Age=600"},
		{"credentials", fsa.CORSOptions{Origins: []string{front}, SupportsCredentials: true}, asksFor(front, "/x", "GET"), 204, "Allow-Credentials=true Allow-Methods=GET, HEAD, POST, OPTIONS Allow-Origin=" + front},
		{"listed", listed, asksFor(front, "/x", "GET"), 204, "Allow-Methods=GET, HEAD, POST, OPTIONS Allow-Origin=" + front},
		{"a subdomain", listed, asksFor("https://a.b.apps.example.com", "/x", "GET"), 204, "Allow-Methods=GET, HEAD, POST, OPTIONS Allow-Origin=https://a.b.apps.example.com"},
		{"with a port", listed, asksFor("http://localhost:3000", "/x", "GET"), 204, "Allow-Methods=GET, HEAD, POST, OPTIONS Allow-Origin=http://localhost:3000"},
		{"not listed", listed, asksFor("https://evil.example", "/x", "GET"), 204, ""},
		{"null is not listed", listed, asksFor("null", "/x", "GET"), 204, ""},
		{"null by its name", fsa.CORSOptions{Origins: []string{front}, InsecureNullOrigin: true}, asksFor("null", "/x", "GET"), 204, "Allow-Methods=GET, HEAD, POST, OPTIONS Allow-Origin=null"},
		{"no origin", fsa.CORSOptions{}, asksFor("", "/x", "GET"), 204, ""},
		{"two methods", fsa.CORSOptions{}, from(front, "OPTIONS", "/x", "Access-Control-Request-Method", "GET", "Access-Control-Request-Method", "POST"), 204, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := serve(corsWorld(t, c.options), c.r)
			if got := corsFields(w.Header()); w.Code != c.status || got != c.fields {
				t.Errorf("%d %s\nwant %d %s", w.Code, got, c.status, c.fields)
			}
			if w.Code == 204 && (w.Header().Get("Allow") == "" || !strings.Contains(strings.Join(w.Header()["Vary"], ","), "Origin")) {
				t.Errorf("Allow %q, Vary %q", w.Header().Get("Allow"), w.Header()["Vary"])
			}
		})
	}
}

// TestOriginTricks: none of these is an origin that is listed.
func TestOriginTricks(t *testing.T) {
	h := corsWorld(t, fsa.CORSOptions{Origins: []string{front, "https://*.apps.example.com:8443", "https://[2001:db8::1]:444"}})
	for _, good := range []string{front, "https://a.apps.example.com:8443", "https://a-1.b_2.apps.example.com:8443", "https://[2001:db8::1]:444"} {
		if w := serve(h, from(good, "GET", "/open")); w.Header().Get("Access-Control-Allow-Origin") != good {
			t.Errorf("%s is refused: %v", good, w.Header())
		}
	}
	for _, o := range []string{
		"http://www.example.com", "https://www.example.com:443", "https://www.example.com:8443", "https://www.example.com/", "HTTPS://www.example.com", "https://WWW.example.com",
		"https://www.example.com.evil.example", "https://evil.example/www.example.com", "https://wwwXexample.com", "https://evilwww.example.com",
		"https://www.example.com@evil.example", "https://evil.example#www.example.com", "https://evil.example?www.example.com", " https://www.example.com", "https://www.example.com ",
		"https://apps.example.com:8443", "https://.apps.example.com:8443", "https://a..apps.example.com:8443", "https://evilapps.example.com:8443", "https://a.apps.example.com",
		"https://a.apps.example.com:84430", "https://a.apps.example.com:8443.evil.example", "https://evil.example/.apps.example.com:8443", "https://evil.example:1.apps.example.com:8443",
		"https://u@a.apps.example.com:8443", "https://evil.example\\.apps.example.com:8443", "https://evil.example%2f.apps.example.com:8443", "https://[2001:db8::1].apps.example.com:8443",
		"http://a.apps.example.com:8443", "https://[2001:db8::1]", "https://[2001:db8::2]:444", "a.apps.example.com:8443", "null", "NULL", "file://", "https://", "*", "",
	} {
		if w := serve(h, from(o, "GET", "/open")); corsFields(w.Header()) != "" {
			t.Errorf("%q: %s", o, corsFields(w.Header()))
		}
	}
	// Which of several is the page's can't be told.
	r := from(front, "GET", "/open", "Origin", "https://evil.example")
	if w := serve(h, r); corsFields(w.Header()) != "" {
		t.Errorf("two origins: %s", corsFields(w.Header()))
	}
	r = asksFor(front, "/x", "GET")
	r.Header.Add("Origin", "https://evil.example")
	if w := serve(h, r); corsFields(w.Header()) != "" {
		t.Errorf("two origins of a preflight: %s", corsFields(w.Header()))
	}
}

// TestEachAnswerHasCORS: a page can read refusals and failures, too.
func TestEachAnswerHasCORS(t *testing.T) {
	o := fsa.CORSOptions{Origins: []string{front}, ExposeHeaders: []string{"X-Request-Id", "etag"}, SupportsCredentials: true}
	h := corsWorld(t, o)
	for _, c := range []struct {
		r      *http.Request
		status int
	}{
		{from(front, "GET", "/open"), 200},
		{from(front, "GET", "/open", "Access-Control-Request-Method", "GET"), 200}, // no preflight
		{from(front, "HEAD", "/open"), 200},
		{from(front, "GET", "/x"), 401},
		{basicly(from(front, "GET", "/x"), "calvin", "wrong"), 401},
		{basicly(from(front, "POST", "/x"), "calvin", calvinPass), 200},
		{basicly(from(front, "POST", "/x"), "hobbes", hobbesPass), 403},
		{basicly(from(front, "GET", "/stuff/2"), "calvin", calvinPass), 403},
		{basicly(from(front, "GET", "/stuff/3"), "calvin", calvinPass), 404},
		{from(front, "GET", "/open?x=1"), 400},
		{from(front, "GET", "/none"), 404},
		{from(front, "PUT", "/open"), 405},
		{from(front, "OPTIONS", "/open"), 204},
		{from(front, "GET", "/open/../x"), 307},
		{from(front, "GET", "/fails"), 500},
		{from(front, "GET", "/panics"), 500},
		{from(front, "GET", "/all/z"), 200},
		{from(front, "GET", "/open", "Via", "1.1 proxy"), 403}, // FSA_SECURE
		{from(front, "GET", "/open", "Cookie", strings.Repeat("a=b; ", 200)), 400},
	} {
		w := serve(h, c.r)
		want := "Allow-Credentials=true Allow-Origin=" + front + " Expose-Headers=X-Request-Id, Etag"
		if got := corsFields(w.Header()); w.Code != c.status || got != want {
			t.Errorf("%s %s: %d %s\nwant %d %s", c.r.Method, c.r.URL, w.Code, got, c.status, want)
		}
		if vary := strings.Join(w.Header()["Vary"], ", "); !strings.Contains(vary, "Origin") || strings.Count(vary, "Origin") != 1 {
			t.Errorf("%s %s: Vary is %q", c.r.Method, c.r.URL, vary)
		}
	}
	// A cache must know that what has no Origin is not for what has one.
	if w := serve(h, from("", "GET", "/open")); corsFields(w.Header()) != "" || w.Header().Get("Vary") != "Origin" {
		t.Errorf("without Origin: %v", w.Header())
	}
	for _, r := range []*http.Request{from("https://evil.example", "GET", "/open"), from("null", "GET", "/open")} {
		if w := serve(h, r); w.Code != 200 || corsFields(w.Header()) != "" {
			t.Errorf("another origin: %d %s", w.Code, corsFields(w.Header()))
		}
	}
}

// TestProtectCORS: behind app.Protect, too, preflights are answered before
// authentication, and refusals can be read.
func TestProtectCORS(t *testing.T) {
	cfg := base()
	cfg.CORS, cfg.CORSOpts.Origins = true, []string{front}
	w := newWorld(t, cfg)
	mux := http.NewServeMux()
	mux.Handle("/x", w.Protect(authz.Auth())(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { rw.Write([]byte("done")) })))
	handlerOf(t, w)
	for _, c := range []struct {
		r      *http.Request
		status int
		fields string
	}{
		{asksFor(front, "/x", "PUT", "x-a"), 204, "Allow-Headers=x-a Allow-Methods=PUT Allow-Origin=" + front},
		{asksFor("https://evil.example", "/x", "PUT"), 204, ""},
		{from(front, "GET", "/x"), 401, "Allow-Origin=" + front},
		{from(front, "OPTIONS", "/x"), 401, "Allow-Origin=" + front}, // no preflight
		{basicly(from(front, "POST", "/x"), "calvin", calvinPass), 200, "Allow-Origin=" + front},
		{basicly(from("https://evil.example", "POST", "/x"), "calvin", calvinPass), 403, ""},
		{from(front, "OPTIONS", "/x", "Access-Control-Request-Method", "GET", "Via", "1.1 proxy"), 403, ""},
	} {
		rec := serve(mux, c.r)
		if got := corsFields(rec.Header()); rec.Code != c.status || got != c.fields || rec.Code == 204 && rec.Body.Len() > 0 {
			t.Errorf("%s %v: %d %s, want %d %s", c.r.Method, c.r.Header, rec.Code, got, c.status, c.fields)
		}
	}
}

// TestNoCORS: without FSA_CORS, no page of another origin reads anything, and
// there is no Vary for it.
func TestNoCORS(t *testing.T) {
	h := corsWorld(t, fsa.CORSOptions{Origins: []string{front}}, func(c *fsa.Config) { c.CORS = false })
	for _, r := range []*http.Request{from(front, "GET", "/open"), asksFor(front, "/x", "GET"), from(front, "GET", "/none")} {
		if w := serve(h, r); corsFields(w.Header()) != "" || w.Header().Get("Vary") != "" {
			t.Errorf("%s %s: %v", r.Method, r.URL, w.Header())
		}
	}
	// The origin is not trusted either.
	if w := serve(h, basicly(from(front, "POST", "/x"), "calvin", calvinPass)); w.Code != 403 {
		t.Errorf("status %d", w.Code)
	}
	if w := serve(h, asksFor(front, "/own", "GET")); w.Code != 401 {
		t.Errorf("the route for OPTIONS: %d", w.Code)
	}
}

// TestCORSFaults: what would let in more than was meant, or nobody, stops the start.
func TestCORSFaults(t *testing.T) {
	const auth = "FSA_AUTH = \"none\"\nFSA_CORS = true\n"
	for _, c := range []struct{ opts, want string }{
		{`{}`, ``},
		{`{origins = "*"}`, ``},
		{`{origins = "https://www.example.com", methods = "get", supports_credentials = true, max_age = "10m"}`, ``},
		{`{origins = ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:5173", "https://app.localhost", "capacitor://localhost"]}`, ``},
		{`{send_wildcard = true, vary_header = true, automatic_options = true, intercept_exceptions = true, always_send = false, allow_private_network = false}`, ``},
		{`{methods = "*", allow_headers = "*", expose_headers = "*"}`, ``},
		{`{origins = ["https://*.example.com"]}`, ``},

		{`{supports_credentials = true}`, "would let the pages of any origin act as the user; name the pages' origins in it"},
		{`{origins = "*", supports_credentials = true}`, "would let the pages of any origin act as the user"},
		{`{origins = "https://*.example.com", supports_credentials = true}`, "whoever gets hold of a subdomain"},
		{`{origins = "https://a.example", supports_credentials = true, insecure_null_origin = true}`, "would let any page act as the user"},
		{`{origins = "https://a.example", supports_credentials = true, expose_headers = "*"}`, "list the fields"},
		{`{insecure_null_origin = true}`, "insecure_null_origin in it says nothing"},
		{`{origins = ["*", "https://www.example.com"]}`, "origins in it has *, and others besides"},
		{`{origins = []}`, "origins in it is empty"},
		{`{methods = []}`, "methods in it is empty"},
		{`{allow_headers = []}`, "allow_headers in it is empty"},
		{`{origins = "null"}`, `"null" in its origins is not right: sandboxed frames and local files have it, and so any page can; remove it`},
		{`{origins = ".*example.com"}`, "it is a regular expression"},
		{`{origins = 'https?://.*\.example\.com'}`, "it is a regular expression"},
		{`{origins = '^https://www.example.com$'}`, "it is a regular expression"},
		{`{origins = 'https://(www|app).example.com'}`, "it is a regular expression"},
		{`{origins = 'https://[a-z].example.com'}`, "it is a regular expression"},
		{`{origins = "www.example.com"}`, "it has no scheme"},
		{`{origins = "*.example.com"}`, "it has no scheme"},
		{`{origins = "https://www.example.com/"}`, `an origin has no user, path or query; write scheme, host and port alone, as in "https://www.example.com"`},
		{`{origins = "https://www.example.com/app?x#y"}`, `as in "https://www.example.com"`},
		{`{origins = "https://calvin@www.example.com"}`, `as in "https://www.example.com"`},
		{`{origins = "https://www.example.com:443"}`, "leave the usual port"},
		{`{origins = "http://localhost:80"}`, "leave the usual port"},
		{`{origins = "https://www.example.com:0"}`, `"0" is not a port`},
		{`{origins = "https://www.example.com:"}`, `"" is not a port`},
		{`{origins = "https://www.example.com:65536"}`, "is not a port"},
		{`{origins = "https://www.example.com:0443"}`, "is not a port"},
		{`{origins = "http://www.example.com"}`, "is not over TLS"},
		{`{origins = "https://*"}`, "a * stands for all subdomains"},
		{`{origins = "https://*.com"}`, "what is below .com belongs to many"},
		{`{origins = "https://www.*.com"}`, "it is a regular expression"},
		{`{origins = "https://*example.com"}`, "a * stands for all subdomains"},
		{`{origins = "https://*.*.example.com"}`, "it is a regular expression"},
		{`{origins = "https://*.127.0.0.1"}`, "an address has no subdomains"},
		{`{origins = "https://bücher.example"}`, "write its name in ASCII"},
		{`{origins = "https://a b"}`, "is not a host"},
		{`{origins = "https://"}`, "is not a host"},
		{`{origins = "https://a..b"}`, "is not a host"},
		{`{origins = "https://[::0001]"}`, "write [::1]"},
		{`{origins = "https://[::1"}`, "write [::1]"},
		{`{origins = ["https://[::1]", "https://192.0.2.1:8443", "custom+app-1.0://x", "CUSTOM9://x"]}`, ``},
		{`{origins = ["https://LABEL.example", "https://LABEL.LABEL.LABEL.example"]}`, ``},
		{`{origins = ["http://app.localhost:3000", "https://FULL"]}`, ``},
		{`{origins = "http://192.0.2.1"}`, "is not over TLS"},
		{`{origins = "http://[2001:db8::1]"}`, "is not over TLS"},
		{`{origins = "https://[fe80::1%eth0]"}`, "is not a host"},
		{`{origins = "https://[192.0.2.1]"}`, "is not a host"},
		{`{origins = "https://::1"}`, "is not"},
		{`{origins = "https://www.example.com:9x"}`, "is not a port"},
		{`{origins = ["https://www.example.com:80", "http://localhost:443"]}`, ``},
		{`{origins = "data://x"}`, "have no origin of their own"},
		{`{origins = "blob://x"}`, "have no origin of their own"},
		{`{origins = "about://x"}`, "have no origin of their own"},
		{`{origins = "1a://x"}`, "have no origin of their own"},
		{`{origins = "{a://x"}`, "have no origin of their own"},
		{`{origins = "a_b://x"}`, "have no origin of their own"},
		{`{origins = "a~b://x"}`, "have no origin of their own"},
		{`{origins = "a*b://x"}`, "have no origin of their own"},
		{`{origins = "a:b://x"}`, "have no origin of their own"},
		{`{origins = 'https://[^a].example.com'}`, "it is a regular expression"},
		{`{origins = "https://LABEL1.example"}`, "is not a host"},
		{`{origins = "https://LONG"}`, `…" is not a host`},
		{`{origins = "file://x"}`, "have no origin of their own"},
		{`{origins = "://x"}`, "have no origin of their own"},
		{`{origins = "https://one.example, https://two.example"}`, "is not right"},
		{`{methods = "GET POST"}`, `"GET POST" in its methods is not a method`},
		{`{methods = ["GET", "*"]}`, `"*" in its methods is not a method`},
		{`{allow_headers = "x y"}`, `"x y" in its allow_headers is not the name of a header field`},
		{`{allow_headers = ["*", "X"]}`, "allow_headers in it has *, and others besides"},
		{`{expose_headers = "a\r\nb"}`, "in its expose_headers is not the name"},
		{`{max_age = 0.5}`, "max_age in it is 500ms"},
		{`{max_age = -1}`, "max_age in it must be a number of seconds"},
		{`{supports_credentials = "yes"}`, "supports_credentials in it must be true or false"},
		{`{origins = [1]}`, "origins in it must be a list of strings"},
		{`{origin = "*"}`, `"origin" in it is not known; it has origins, methods`},
		{`{resources = "/api/*"}`, "resources in it is not supported; CORS is for a whole application"},
		{`{send_wildcard = false}`, "send_wildcard in it is always true; remove it"},
		{`{vary_header = false}`, "without Vary, a cache"},
		{`{automatic_options = false}`, "preflights are always answered"},
		{`{intercept_exceptions = false}`, "errors have the header fields"},
		{`{always_send = true}`, "always_send in it is always false"},
		{`{allow_private_network = true}`, "browsers ask the user"},
		{`"*"`, "must be a table"},
	} {
		// A label has 63 bytes at most, a name 253.
		label := strings.Repeat("a", 63)
		opts := strings.NewReplacer("LABEL1", label+"a", "LABEL", label, "LONG", strings.Repeat(label[:62]+".", 4)+"aa", "FULL", strings.Repeat(label[:62]+".", 4)+"a").Replace(c.opts)
		cfg, err := loadText(auth + "FSA_CORS_OPTS = " + opts)
		var got []string
		if err != nil {
			got = texts(t, err)
		} else {
			app := fsa.New("acme", cfg)
			fsa.Get(app, "/x", authz.Open(), nothing)
			got = faultsOf(t, app)
		}
		switch {
		case c.want == "" && got != nil:
			t.Errorf("%s: %q", c.opts, got)
		case c.want != "" && (len(got) != 1 || !contains(got[0], "FSA_CORS_OPTS (acme.toml:3): ", c.want)):
			t.Errorf("%s: %q, want one with %q", c.opts, got, c.want)
		}
	}
	// An example is one.
	cfg, err := loadText(auth + `FSA_CORS_OPTS = {origins = "https:///x"}`)
	if got := faultsOf(t, fsa.New("acme", cfg)); err != nil || len(got) != 1 || !strings.HasSuffix(got[0], "write scheme, host and port alone") {
		t.Errorf("%q, %v", got, err)
	}
	// What is in the clear anyhow may have pages that are.
	cfg = base()
	cfg.CORS, cfg.InsecureTransport, cfg.CORSOpts.Origins = true, true, []string{"http://www.example.com"}
	if got := faultsOf(t, newWorld(t, cfg).App); got != nil {
		t.Error(got)
	}
	// Options without CORS are told of.
	cfg = base()
	cfg.CORSOpts.Origins = []string{front}
	if w := newWorld(t, cfg); faultsOf(t, w.App) != nil || !contains(w.log.String(), "level=WARN", "there are options for CORS, and it is off", "FSA_CORS_OPTS") {
		t.Error(w.log.String())
	}
}

// FuzzOrigin: whatever is configured and whatever comes, an origin that is allowed
// is one that was listed, or is truly below its domain.
func FuzzOrigin(f *testing.F) {
	for _, s := range [][2]string{
		{"https://www.example.com", "https://www.example.com.evil.example"}, {"https://*.example.com", "https://a.example.com"}, {"https://*.example.com:8443", "https://evil.example/.example.com:8443"},
		{"http://localhost:3000", "http://localhost:3000"}, {"http://[::1]:80", "http://[::1]"}, {"https://*.com", "https://a.com"}, {"null", "null"}, {"https://EXAMPLE.com", "https://example.com"},
		{".*example.com", "https://evilexample.com"}, {"https://a@b", "https://b"}, {"x+y://h", "x+y://h"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, listed, comes string) {
		cfg := fsa.Config{Auth: []string{"none"}, CORS: true, CORSOpts: fsa.CORSOptions{Origins: []string{listed}}, InsecureTransport: true}
		app := fsa.New("acme", cfg)
		fsa.Get(app, "/x", authz.Open(), nothing)
		h, err := app.Handler()
		if err != nil || listed == "*" {
			for _, text := range texts(t, err) {
				if !strings.Contains(text, "FSA_CORS_OPTS") || !strings.Contains(text, "; ") {
					t.Errorf("%q: %s", listed, text)
				}
			}
			return
		}
		w := serve(h, from(comes, "GET", "/x"))
		allowed := w.Header().Get("Access-Control-Allow-Origin")
		if allowed == "" {
			return
		}
		l, err1 := url.Parse(strings.Replace(strings.ToLower(listed), "*.", "", 1))
		c, err2 := url.Parse(comes)
		if err1 != nil || err2 != nil || allowed != comes || c.Scheme != l.Scheme || c.Port() != l.Port() || c.User != nil || c.Path+c.RawQuery+c.Fragment != "" ||
			c.Hostname() != l.Hostname() && !(strings.Contains(listed, "*.") && strings.HasSuffix(c.Hostname(), "."+l.Hostname())) {
			t.Errorf("%q is allowed by %q: %s, %v %v", comes, listed, allowed, err1, err2)
		}
	})
}

// ExampleCORSOptions: a single page application of another origin, with a token
// that its scripts send in Authorization.
func ExampleCORSOptions() {
	app := fsa.New("acme", fsa.Config{
		Auth: []string{"none"},
		CORS: true, CORSOpts: fsa.CORSOptions{Origins: []string{"https://www.example.com"}, MaxAge: 10 * time.Minute},
	})
	fsa.Get(app, "/hello", authz.Open(), func(context.Context, fsa.None) (string, error) { return "hello", nil })
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, origin := range []string{"https://www.example.com", "https://www.example.com.evil.example"} {
		r := httptest.NewRequest("GET", "https://api.example.com/hello", nil)
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Printf("%s: %q\n", origin, w.Header().Get("Access-Control-Allow-Origin"))
	}
	// Output:
	// https://www.example.com: "https://www.example.com"
	// https://www.example.com.evil.example: ""
}

// The classic mistake: any page of the Web would act as the user.
func ExampleCORSOptions_credentials() {
	app := fsa.New("acme", fsa.Config{Auth: []string{"none"}, CORS: true, CORSOpts: fsa.CORSOptions{SupportsCredentials: true}})
	_, err := app.Handler()
	fmt.Println(err)
	// Output:
	// FSA_CORS_OPTS: supports_credentials in it would let the pages of any origin act as the user; name the pages' origins in it, as in origins = ["https://www.example.com"]
}
