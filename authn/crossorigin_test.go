package authn_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/authn"
)

// A page of another origin can't have a browser post with what that has of the user.
func ExampleCrossOrigin() {
	var c authn.CrossOrigin
	if err := c.Trust("https://www.example.com"); err != nil {
		fmt.Println(err)
	}
	for _, origin := range []string{"https://api.example.com", "https://www.example.com", "https://evil.example"} {
		r := httptest.NewRequest("POST", "https://api.example.com/pay", nil)
		r.Header.Set("Origin", origin)
		fmt.Println(origin, c.Check(r) == nil)
	}
	// Output:
	// https://api.example.com true
	// https://www.example.com true
	// https://evil.example false
}

// TestTrust: what no browser writes can't be trusted. S59.
func TestTrust(t *testing.T) {
	for origin, ok := range map[string]bool{
		"https://a.example": true, "http://a.example:8080": true, "https://[::1]:8443": true, "capacitor://localhost": true,
		"null": false, "": false, "*": false, "a.example": false, "https://": false, "https://a.example/": false, "https://u@a.example": false,
		"https://a.example?x": false, "https://a.example#x": false, "HTTPS://a.example": false, "https://:80": false, "//a.example": false,
	} {
		if err := new(authn.CrossOrigin).Trust(origin); (err == nil) != ok {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

// TestDowngrade: over TLS, http:// and the same host is another origin. S59.
func TestDowngrade(t *testing.T) {
	for _, c := range []struct {
		url      string
		overTLS  func(*http.Request) bool
		accepted bool
	}{
		{"http://a.example/", nil, true},
		{"https://a.example/", nil, false},
		{"http://a.example/", func(*http.Request) bool { return true }, false},
		{"https://a.example/", func(*http.Request) bool { return false }, true},
	} {
		r := httptest.NewRequest("POST", c.url, nil)
		r.Header.Set("Origin", "http://a.example")
		x := &authn.CrossOrigin{OverTLS: c.overTLS}
		if err := x.Check(r); (err == nil) != c.accepted {
			t.Errorf("%s: %v", c.url, err)
		}
		// A browser that says so itself knows better.
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if err := x.Check(r); err != nil {
			t.Errorf("%s: %v", c.url, err)
		}
	}
}

// TestOpaqueOrigin: "null" is no origin, but a browser that says that the page is ours
// knows better: it writes that of our own pages too, where their referrer policy hides
// it. S59.
func TestOpaqueOrigin(t *testing.T) {
	for site, accepted := range map[string]bool{"": false, "same-origin": true, "same-site": false, "cross-site": false} {
		r := httptest.NewRequest("POST", "https://a.example/", nil)
		r.Header.Set("Origin", "null")
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		if err := new(authn.CrossOrigin).Check(r); (err == nil) != accepted {
			t.Errorf("%q: %v", site, err)
		}
	}
}

// TestCheckAny: some requests change something whatever their method is.
func TestCheckAny(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST"} {
		r := httptest.NewRequest(method, "/login", nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		x := new(authn.CrossOrigin)
		if x.CheckAny(r) == nil || (x.Check(r) == nil) != (method != "POST") || r.Method != method {
			t.Errorf("%s: %v, %v", method, x.CheckAny(r), x.Check(r))
		}
	}
}

// FuzzCrossOrigin: an unsafe request that passes has no Origin, or that of the host
// as browsers write it, or a trusted one, unless the browser says that it is of the
// same origin. S59.
func FuzzCrossOrigin(f *testing.F) {
	const trusted = "https://www.example.com"
	for _, s := range [][3]string{
		{"https://api.example.com", "", "api.example.com"}, {"http://api.example.com", "", "api.example.com"}, {"null", "", ""}, {trusted, "cross-site", "api.example.com"},
		{"https://u@api.example.com", "", "api.example.com"}, {"https://api.example.com/", "", "api.example.com"}, {"", "same-site", "x"}, {"https://API.example.com", "", "api.example.com"},
		{"https://a:80", "", "a"}, {"https://%61", "", "a"}, {"x", "Same-Origin", "x"},
	} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, origin, site, host string) {
		r := httptest.NewRequest("POST", "/", nil)
		r.Host, r.TLS = host, &tls.ConnectionState{}
		r.Header.Set("Origin", origin)
		r.Header.Set("Sec-Fetch-Site", site)
		var x authn.CrossOrigin
		if err := x.Trust(trusted); err != nil {
			t.Fatal(err)
		}
		if x.Check(r) != nil {
			return
		}
		u, err := url.Parse(origin)
		switch {
		case site == "same-origin", site == "none", origin == trusted, site == "" && origin == "":
		case site != "", err != nil, u.Host != host, u.User != nil, strings.Contains(strings.TrimPrefix(origin, u.Scheme+"://"), "/"), u.Scheme == "http":
			t.Errorf("origin %q, site %q, host %q: let through", origin, site, host)
		}
	})
}
