package fsa_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// effects is an application whose one path counts what requests have done, for
// each method.
func effects(t testing.TB, cfg fsa.Config) (h http.Handler, w *world, done map[string]int) {
	t.Helper()
	w = newWorld(t, cfg)
	done = map[string]int{}
	fsa.Handle(w, "/do", authz.Auth(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { done[r.Method]++ }))
	fsa.Post(w, "/json", authz.Auth(), func(_ context.Context, in struct{ Sum int }) (string, error) {
		done["json"]++
		return "", nil
	})
	return handlerOf(t, w), w, done
}

// trusting is a configuration in which some origins are trusted.
func trusting() fsa.Config {
	cfg := base()
	cfg.BaseURL = "https://app.example.com"
	cfg.CORS, cfg.CORSOpts.Origins = true, []string{front, "https://*.apps.example.com", "http://localhost:3000"}
	return cfg
}

// TestSameOrigin: with the option, the check is made whatever the credential, on open
// routes too, and before a password is looked at. S58, S59.
func TestSameOrigin(t *testing.T) {
	w := newWorld(t, base())
	done := 0
	do := func(context.Context, fsa.None) (fsa.None, error) { done++; return fsa.None{}, nil }
	login := w.Prefix("/login", fsa.SameOrigin())
	for _, r := range []struct {
		router fsa.Router
		path   string
		opts   []fsa.Option
	}{{w, "/form", []fsa.Option{fsa.SameOrigin()}}, {login, "/form", nil}, {w, "/bare", nil}} {
		fsa.Get(r.router, r.path, authz.Open(), do, r.opts...)
		fsa.Post(r.router, r.path, authz.Open(), do, r.opts...)
		fsa.Post(r.router, r.path+"/auth", authz.Auth(), do, r.opts...)
		fsa.Delete(r.router, r.path+"/closed", authz.Close(), do, r.opts...)
		fsa.Handle(r.router, "PUT "+r.path+"/raw", authz.Open(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { done++ }), r.opts...)
	}
	c := w.client(t)
	bearer := "Bearer " + w.token(t, "calvin", fsa.TokenOptions{})
	for _, tt := range []struct {
		method, path, name, value string
		header                    string // Authorization
		status                    int    // with the option
		without                   int
	}{
		{"POST", "", "", "", "", 204, 204}, // no browser
		{"POST", "", "Sec-Fetch-Site", "same-origin", "", 204, 204},
		{"POST", "", "Sec-Fetch-Site", "none", "", 204, 204},
		{"POST", "", "Sec-Fetch-Site", "cross-site", "", 403, 204},
		{"POST", "", "Sec-Fetch-Site", "same-site", "", 403, 204},
		{"POST", "", "Origin", "https://evil.example", "", 403, 204},
		{"POST", "", "Origin", "null", "", 403, 204},
		{"GET", "", "Sec-Fetch-Site", "cross-site", "", 204, 204},
		{"POST", "/auth", "Sec-Fetch-Site", "cross-site", bearer, 403, 204}, // though no browser sends it by itself
		{"POST", "/auth", "Sec-Fetch-Site", "cross-site", "Basic eDp5", 403, 401},
		{"POST", "/auth", "Sec-Fetch-Site", "same-origin", bearer, 204, 204},
		{"POST", "/auth", "Sec-Fetch-Site", "cross-site", "", 403, 401},
		{"DELETE", "/closed", "Sec-Fetch-Site", "cross-site", "", 403, 403},
		{"PUT", "/raw", "Sec-Fetch-Site", "cross-site", "", 403, 200},
		{"PUT", "/raw", "Sec-Fetch-Site", "same-origin", "", 200, 200},
	} {
		for path, want := range map[string]int{"/form": tt.status, "/login/form": tt.status, "/bare": tt.without} {
			before := done
			r := c.Request(tt.method, path+tt.path)
			if tt.name != "" {
				r.Header(tt.name, tt.value)
			}
			if tt.header != "" {
				r.Header("Authorization", tt.header)
			}
			res := r.Do()
			if res.Status != want || (done > before) != (want < 300) {
				t.Errorf("%s %s%s with %s: %d %s, done %v, want %d", tt.method, path, tt.path, tt.value, res.Status, res.Body, done > before, want)
			}
			if tt.path == "/closed" && res.Text() != "currently closed route" {
				t.Errorf("what nobody may call is said to be %q", res.Text())
			}
		}
	}
	if w.times("hash x") != 1 {
		t.Errorf("the password of another origin's form was looked at: %v", w.asked)
	}
	routes, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		if r.SameOrigin == strings.HasPrefix(r.Path, "/bare") {
			t.Errorf("%s %s: SameOrigin %v", r.Method, r.Path, r.SameOrigin)
		}
	}
}

// TestCrossOriginAttacks: nobody else's page makes a browser do anything with what
// that has of the user. What was done is counted by the handler. S58, S59.
func TestCrossOriginAttacks(t *testing.T) {
	const host = "api.example.com"
	for _, c := range []struct {
		name   string
		method string
		header []string
		done   bool
	}{
		// Who is no browser, or of the same origin.
		{"curl", "POST", nil, true},
		{"a webhook of another site", "POST", []string{"User-Agent", "Hook/1"}, true},
		{"same origin", "POST", []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://" + host}, true},
		{"typed by the user", "POST", []string{"Sec-Fetch-Site", "none"}, true},
		{"old browser, same origin", "POST", []string{"Origin", "https://" + host}, true},
		// Who is trusted.
		{"an origin of CORS", "POST", []string{"Sec-Fetch-Site", "same-site", "Origin", front}, true},
		{"an origin of CORS, old browser", "DELETE", []string{"Origin", front}, true},
		{"an origin of this machine", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "http://localhost:3000"}, true},
		{"the base URL, behind a proxy that changes Host", "POST", []string{"Origin", "https://app.example.com"}, true},
		// Who is not.
		{"cross-site", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, false},
		{"cross-site, without Origin", "POST", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"sibling subdomain", "POST", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://evil.example.com"}, false},
		{"a subdomain that CORS lets read", "POST", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://a.apps.example.com"}, false},
		{"old browser", "POST", []string{"Origin", "https://evil.example"}, false},
		{"null", "POST", []string{"Origin", "null"}, false},
		{"null, cross-site", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "null"}, false},
		{"a suffix", "POST", []string{"Origin", "https://" + host + ".evil.example"}, false},
		{"a prefix", "POST", []string{"Origin", "https://evil" + host}, false},
		{"a suffix of a trusted one", "POST", []string{"Origin", front + ".evil.example"}, false},
		{"another port", "POST", []string{"Origin", "https://" + host + ":8443"}, false},
		{"another scheme", "POST", []string{"Origin", "http://" + host}, false},
		{"another scheme of the base URL", "POST", []string{"Origin", "http://app.example.com"}, false},
		{"user information", "POST", []string{"Origin", "https://" + host + "@evil.example"}, false},
		{"user information, the other way", "POST", []string{"Origin", "https://evil.example@" + host}, false},
		{"a path", "POST", []string{"Origin", "https://" + host + "/x"}, false},
		{"a query", "POST", []string{"Origin", "https://evil.example?" + host}, false},
		{"no scheme", "POST", []string{"Origin", "//" + host}, false},
		{"garbage", "POST", []string{"Origin", "%zz"}, false},
		{"two origins", "POST", []string{"Origin", "https://" + host, "Origin", "https://evil.example"}, false},
		{"two sites", "POST", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"}, false},
		{"an unknown site", "POST", []string{"Sec-Fetch-Site", "Same-Origin"}, false},
		{"the site counts, not the origin", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://" + host}, false},
		{"PUT", "PUT", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"PATCH", "PATCH", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"DELETE", "DELETE", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"a method of nobody", "BREW", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"a form", "POST", []string{"Sec-Fetch-Site", "cross-site", "Content-Type", "application/x-www-form-urlencoded"}, false},
		{"a form with a file", "POST", []string{"Origin", "https://evil.example", "Content-Type", "multipart/form-data; boundary=x"}, false},
		{"text that is JSON", "POST", []string{"Origin", "https://evil.example", "Content-Type", "text/plain"}, false},
		{"said to be GET", "POST", []string{"Origin", "https://evil.example", "X-HTTP-Method-Override", "GET"}, false},
		{"said to be forwarded", "POST", []string{"Origin", "https://evil.example", "X-Forwarded-Host", "evil.example"}, false},
		{"a WebSocket", "GET", []string{"Origin", "https://evil.example", "Connection", "Upgrade", "Upgrade", "websocket"}, false},
		{"a WebSocket, cross-site", "GET", []string{"Sec-Fetch-Site", "cross-site", "Connection", "keep-alive, Upgrade", "Upgrade", "WebSocket"}, false},
		{"a WebSocket of the same origin", "GET", []string{"Origin", "https://" + host, "Connection", "Upgrade", "Upgrade", "websocket"}, true},
		{"a WebSocket of no browser", "GET", []string{"Connection", "Upgrade", "Upgrade", "websocket"}, true},
		// What changes nothing is let through: a link from elsewhere has to work.
		{"a link", "GET", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"a link, to be HEAD", "HEAD", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"a link, said to be DELETE", "GET", []string{"Sec-Fetch-Site", "cross-site", "X-HTTP-Method-Override", "DELETE"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, w, done := effects(t, trusting())
			r := from("", c.method, "https://"+host+"/do", c.header...)
			r.TLS = &tls.ConnectionState{}
			r.SetBasicAuth("calvin", calvinPass)
			rec := serve(h, r)
			if did := done[c.method] == 1; did != c.done || did != (rec.Code == 200) || len(done) > 1 {
				t.Errorf("status %d, done %v, want %v", rec.Code, done, c.done)
			}
			if !c.done && (rec.Code != 403 || !strings.Contains(rec.Body.String(), "cross-origin request denied") || !contains(w.log.String(), "Host \\\"api.example.com\\\"", "set FSA_BASE_URL")) {
				t.Errorf("%d %s, and the log %s", rec.Code, rec.Body, w.log)
			}
			// A token in Authorization is the script's own: browsers add none.
			r = from("", c.method, "https://"+host+"/do", c.header...)
			r.Header.Set("Authorization", "Bearer "+w.token(t, "calvin", fsa.TokenOptions{}))
			if rec := serve(h, r); rec.Code != 200 {
				t.Errorf("with a token: %d", rec.Code)
			}
		})
	}
}

// TestCrossOriginOfTrusted: by default nobody is trusted, and * trusts nobody.
func TestCrossOriginOfTrusted(t *testing.T) {
	for name, change := range map[string]func(*fsa.Config){
		"default":    func(*fsa.Config) {},
		"any origin": func(c *fsa.Config) { c.CORS = true },
		"a star":     func(c *fsa.Config) { c.CORS, c.CORSOpts.Origins = true, []string{"*"} },
		"null": func(c *fsa.Config) {
			c.CORS, c.CORSOpts = true, fsa.CORSOptions{Origins: []string{"https://a.example"}, InsecureNullOrigin: true}
		},
	} {
		cfg := base()
		change(&cfg)
		h, _, done := effects(t, cfg)
		for _, origin := range []string{front, "null", "https://evil.example", "https://app.example.com"} {
			if w := serve(h, basicly(from(origin, "POST", "/do"), "calvin", calvinPass)); w.Code != 403 || len(done) > 0 {
				t.Errorf("%s: %s: %d %v", name, origin, w.Code, done)
			}
		}
	}
}

// TestCrossOriginOfSubdomains: an origin whose subdomains may read answers is trusted to
// send nothing, not even as a browser spells a host whose name begins with a star.
func TestCrossOriginOfSubdomains(t *testing.T) {
	h, _, done := effects(t, trusting())
	for origin, status := range map[string]int{front: 200, "https://a.apps.example.com": 403, "https://*.apps.example.com": 403, "https://apps.example.com": 403} {
		if w := serve(h, basicly(from(origin, "POST", "/do"), "calvin", calvinPass)); w.Code != status {
			t.Errorf("%s: %d %v", origin, w.Code, done)
		}
	}
}

// TestCrossOriginBehindProxy: the scheme of the client counts, not that of the
// proxy's connection.
func TestCrossOriginBehindProxy(t *testing.T) {
	cfg := base()
	cfg.TrustedProxies = []string{"127.0.0.1"}
	h, _, _ := effects(t, cfg)
	for origin, status := range map[string]int{"https://example.com": 200, "http://example.com": 403} {
		r := basicly(from(origin, "POST", "/do", "X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.7"), "calvin", calvinPass)
		if w := serve(h, r); w.Code != status {
			t.Errorf("%s: %d", origin, w.Code)
		}
	}
	// In the clear, on this machine, http is the scheme.
	if w := serve(h, basicly(from("http://example.com", "POST", "/do"), "calvin", calvinPass)); w.Code != 200 {
		t.Errorf("status %d", w.Code)
	}
}

// TestTextIsNoJSON: what a form of another page can send is not read as JSON.
func TestTextIsNoJSON(t *testing.T) {
	h, w, done := effects(t, base())
	bearer := "Bearer " + w.token(t, "calvin", fsa.TokenOptions{})
	for contentType, status := range map[string]int{"text/plain": 415, "": 415, "application/json": 200} {
		r := httptest.NewRequest("POST", "/json", strings.NewReader(`{"sum": 1}`))
		r.RemoteAddr = "127.0.0.1:40000"
		r.Header.Set("Authorization", bearer)
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		if rec := serve(h, r); rec.Code != status {
			t.Errorf("%q: %d %s", contentType, rec.Code, rec.Body)
		}
	}
	if done["json"] != 1 {
		t.Error(done)
	}
}

// TestTrustedPageLogsIn: a log-in from another page sets no cookie, unless that
// page's origin is trusted. S58.
func TestTrustedPageLogsIn(t *testing.T) {
	cfg := trusting()
	cfg.TokenCarrier = "cookie"
	_, w, _ := effects(t, cfg)
	c := w.client(t)
	for origin, want := range map[string]bool{front: true, "https://app.example.com": true, "https://evil.example": false, "https://a.apps.example.com": false} {
		res := c.Post("/do").Query("USER", "calvin", "PASS", calvinPass).Header("Origin", origin, "Sec-Fetch-Site", "cross-site").Expect(200)
		if got := res.Header.Get("Set-Cookie") != ""; got != want {
			t.Errorf("%s: cookie %v", origin, got)
		}
	}
}

func TestBaseURL(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"https://www.example.com", ""},
		{"https://www.example.com/", ""},
		{"https://WWW.example.com:8443", ""},
		{"http://localhost:5000", ""},
		{"http://127.0.0.1:5000", ""},
		{"http://www.example.com", "is not over TLS"},
		{"www.example.com", "it has no scheme"},
		{"ftp://www.example.com", "is not an address of an application"},
		{"https://*.example.com", "is not an address of an application"},
		{"https://www.example.com/app", "an origin has no user, path or query"},
		{"https://www.example.com?x", "an origin has no user, path or query"},
		{"https://calvin:pw@www.example.com", "an origin has no user, path or query"},
		{"https://www.example.com:443", "leave the usual port of the scheme out"},
		{"https://", "is not a host"},
		{"javascript:alert(1)", "is"},
	} {
		cfg := base()
		cfg.BaseURL = c.url
		got := faultsOf(t, newWorld(t, cfg).App)
		if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !contains(got[0], "FSA_BASE_URL: ", c.want)) {
			t.Errorf("%s: %q", c.url, got)
		}
	}
}
