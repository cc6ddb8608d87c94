package fsa_test

import (
	"crypto/tls"
	"net/http/httptest"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestHTTPD: a user counts if one of the listed proxies names one, in one way, and
// in no other.
func TestHTTPD(t *testing.T) {
	cfg := base()
	cfg.Mode = "dev"
	cfg.Auth = []string{"httpd", "none"}
	cfg.TokenSecret = nil
	cfg.TrustedProxies = []string{"10.1.2.3", "2001:db8::/64"}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	fsa.Post(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/open", authz.Open(), who)
	h := handlerOf(t, w)
	const proxy, stranger, local = "10.1.2.3:999", "10.1.2.4:999", "127.0.0.1:999"
	for _, test := range []struct {
		name   string
		method string
		path   string
		peer   string
		header []string
		status int
		text   string
	}{
		{"good", "GET", "/x", proxy, []string{"X-Remote-User", "calvin"}, 200, "calvin"},
		{"good, IPv6", "GET", "/x", "[2001:db8::5]:999", []string{"X-Remote-User", "calvin"}, 200, "calvin"},
		{"good, in UTF-8", "GET", "/x", proxy, []string{"X-Remote-User", "Jäsøn"}, 200, "Jäsøn"},
		{"none", "GET", "/x", proxy, nil, 401, "authentication required"},
		{"empty", "GET", "/x", proxy, []string{"X-Remote-User", ""}, 401, "X-Remote-User is empty"},
		{"twice", "GET", "/x", proxy, []string{"X-Remote-User", "calvin", "X-Remote-User", "calvin"}, 401, "several X-Remote-User fields"},
		{"twice in one", "GET", "/x", proxy, []string{"X-Remote-User", "calvin, hobbes"}, 401, "several X-Remote-User fields"},
		{"underscores", "GET", "/x", proxy, []string{"X_remote_user", "calvin"}, 401, "a field that some take for X-Remote-User"},
		{"underscores beside", "GET", "/x", proxy, []string{"X-Remote-User", "calvin", "X_remote-user", "hobbes"}, 401, "a field that some take for X-Remote-User"},
		{"control character", "GET", "/x", proxy, []string{"X-Remote-User", "cal\x01vin"}, 401, "malformed X-Remote-User: too long, not UTF-8, spaces at its ends, or control characters"},
		{"not UTF-8", "GET", "/x", proxy, []string{"X-Remote-User", "cal\xffvin"}, 401, "malformed X-Remote-User: too long, not UTF-8, spaces at its ends, or control characters"},
		{"spaces", "GET", "/x", proxy, []string{"X-Remote-User", " calvin"}, 401, "malformed X-Remote-User: too long, not UTF-8, spaces at its ends, or control characters"},
		{"another scheme's", "GET", "/x", proxy, []string{"Authorization", "Basic Y2FsdmluOmNhbHZpbg=="}, 401, "authentication required"},
		{"from a stranger, over TLS", "GET", "/x", stranger, []string{"X-Remote-User", "calvin"}, 401, "X-Remote-User does not come from a trusted proxy"},
		{"from this machine", "GET", "/x", local, []string{"X-Remote-User", "calvin"}, 403, "insecure HTTP request denied"},
		{"from this machine, open", "GET", "/open", local, []string{"X-Remote-User", "calvin"}, 403, "insecure HTTP request denied"},
		{"from this machine, underscores", "GET", "/open", local, []string{"X_remote_user", "calvin"}, 403, "insecure HTTP request denied"},
		{"from this machine, without", "GET", "/open", local, nil, 200, ""},
		{"through a proxy that says nothing of TLS", "GET", "/x", proxy, []string{"X-Remote-User", "calvin", "X-Forwarded-Proto", "http"}, 403, "insecure HTTP request denied"},
		{"cross-origin", "POST", "/x", proxy, []string{"X-Remote-User", "calvin", "Sec-Fetch-Site", "cross-site"}, 403, "cross-origin request denied"}, // S58
		{"same origin", "POST", "/x", proxy, []string{"X-Remote-User", "calvin", "Sec-Fetch-Site", "same-origin"}, 200, "calvin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.path, nil)
			says := false
			for i := 0; i < len(test.header); i += 2 {
				r.Header[test.header[i]] = append(r.Header[test.header[i]], test.header[i+1])
				says = says || test.header[i] == "X-Forwarded-Proto"
			}
			if test.peer == stranger {
				r.TLS = &tls.ConnectionState{}
			} else if test.peer != local && !says {
				r.Header.Set("X-Forwarded-Proto", "https")
			}
			rec := serveFrom(h, r, test.peer)
			if rec.Code != test.status || rec.Body.String() != test.text {
				t.Errorf("%d %q, want %d %q", rec.Code, rec.Body, test.status, test.text)
			}
		})
	}
}

// TestHTTPDFaults: it does not start without somebody to believe, nor with a field
// that means something else.
func TestHTTPDFaults(t *testing.T) {
	for _, test := range []struct {
		set  func(*fsa.Config)
		want string
	}{
		{func(c *fsa.Config) { c.TrustedProxies = nil }, `FSA_TRUSTED_PROXIES: is empty, and the scheme "httpd" believes what a trusted proxy says`},
		{func(c *fsa.Config) { c.HTTPDUserHeader = "X_User" }, `FSA_HTTPD_USER_HEADER: "X_User" is no header field for a user`},
		{func(c *fsa.Config) { c.HTTPDUserHeader = "Authorization" }, `FSA_HTTPD_USER_HEADER: "Authorization" is no header field for a user`},
		{func(c *fsa.Config) { c.HTTPDUserHeader = "X-Forwarded-For" }, `FSA_HTTPD_USER_HEADER: "X-Forwarded-For" is no header field for a user`},
		{func(c *fsa.Config) { c.HTTPDUserHeader, c.Auth = "X-User", []string{"basic"} }, `is for the scheme "httpd", which FSA_AUTH does not enable`},
	} {
		cfg := base()
		cfg.Auth = []string{"httpd"}
		cfg.TrustedProxies = []string{"10.1.2.3"}
		test.set(&cfg)
		if got := faultsOf(t, newWorld(t, cfg).App); len(got) != 1 || !contains(got[0], test.want) {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
