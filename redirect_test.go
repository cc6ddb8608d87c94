package fsa_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestRedirect: a redirect leads to this host, or to where the program says. S60.
func TestRedirect(t *testing.T) {
	type to struct {
		Next string `param:"next"`
	}
	w := newWorld(t, base())
	fsa.Get(w, "/local", authz.Open(), func(_ context.Context, in to) (fsa.Response, error) { return fsa.Redirect(in.Next) })
	fsa.Get(w, "/listed", authz.Open(), func(_ context.Context, in to) (fsa.Response, error) {
		return fsa.RedirectTo(in.Next, "https://app.example.com", "http://localhost:3000")
	})
	fsa.Get(w, "/anywhere", authz.Open(), func(_ context.Context, in to) (fsa.Response, error) { return fsa.InsecureRedirectAnywhere(in.Next) })
	fsa.Get(w, "/badlist", authz.Open(), func(_ context.Context, in to) (fsa.Response, error) {
		return fsa.RedirectTo(in.Next, "https://app.example.com/path")
	})
	fsa.Get(w, "/byhand", authz.Open(), func(_ context.Context, in to) (fsa.Response, error) {
		return fsa.Response{Status: 302, Header: http.Header{"location": {in.Next}}}, nil
	})
	fsa.Get(w, "/field", authz.Open(), func(_ context.Context, in to) (stored, error) {
		return stored{Location: fsa.HeaderOut(in.Next)}, nil
	}, fsa.Status(307))
	fsa.Get(w, "/created", authz.Open(), func(_ context.Context, in to) (stored, error) {
		return stored{Location: fsa.HeaderOut(in.Next), Status: 201}, nil
	})
	fsa.Get(w, "/twice", authz.Open(), gives(fsa.Response{Status: 302, Header: http.Header{"Location": {"/a", "/b"}}}))
	c := w.client(t)
	for _, r := range []struct {
		path, next string
		status     int
		want       string // "" is the target itself
	}{
		{"/local", "/", 303, ""}, {"/local", "/a/b?c=d&e=/f", 303, ""}, {"/local", "/é", 303, "/%C3%A9"},
		{"/local", "", 400, ""}, {"/local", "a", 400, ""}, {"/local", "//evil.com", 400, ""}, {"/local", `/\evil.com`, 400, ""}, {"/local", "/\tevil.com", 400, ""},
		{"/local", "/%09/evil.com", 400, ""}, {"/local", "/%5Cevil.com", 400, ""}, {"/local", "https:evil.com", 400, ""}, {"/local", "https://evil.com", 400, ""},
		{"/local", "/a\r\nSet-Cookie: x=y", 400, ""}, {"/local", "javascript:alert(1)", 400, ""}, {"/local", "/..//evil.com", 400, ""}, {"/local", "/#x", 400, ""},

		{"/listed", "https://app.example.com", 303, ""}, {"/listed", "https://app.example.com/a?b=c#d", 303, ""}, {"/listed", "https://app.example.com:443/", 303, ""},
		{"/listed", "https://APP.example.com/", 303, ""}, {"/listed", "http://localhost:3000/x", 303, ""},
		{"/listed", "http://app.example.com/", 400, ""}, {"/listed", "https://app.example.com:8443/", 400, ""}, {"/listed", "https://app.example.com.evil.com/", 400, ""},
		{"/listed", "https://evil.com/app.example.com", 400, ""}, {"/listed", "https://app.example.com@evil.com/", 400, ""}, {"/listed", `https://app.example.com\@evil.com/`, 400, ""},
		{"/listed", `https://evil.com\@app.example.com/`, 400, ""}, {"/listed", "https:///app.example.com", 400, ""}, {"/listed", "https:/app.example.com", 400, ""},
		{"/listed", "https:app.example.com", 400, ""}, {"/listed", "//app.example.com", 400, ""}, {"/listed", "/a", 400, ""}, {"/listed", "https://app.example.com\t/", 400, ""},
		{"/listed", "https://user@app.example.com/", 400, ""}, {"/listed", "https://app.example.com/\r\nX: y", 400, ""}, {"/listed", "https://app%2eexample.com/", 400, ""},
		{"/listed", "https://аpp.example.com/", 400, ""}, {"/listed", "javascript://app.example.com/%0aalert(1)", 400, ""}, {"/listed", "http://localhost:3001/", 400, ""},
		{"/listed", "https://app.example.com/" + strings.Repeat("a", 5000), 400, ""},
		{"/listed", "https://app.example.com@app.example.com/", 400, ""}, {"/listed", "https://app.example.com:443@app.example.com/", 400, ""},
		{"/listed", "https://app.example.com/a b", 400, ""}, {"/listed", "https://app.example.com/\u00e9", 400, ""}, {"/listed", `https://app.example.com/a\b`, 400, ""},
		{"/listed", "HTTPS://app.example.com/", 400, ""}, {"/listed", "https://app.example.com/%C3%A9", 303, ""},
		{"/badlist", "https://app.example.com/path", 500, ""},

		{"/anywhere", "https://evil.com/", 303, ""}, {"/anywhere", "ftp://evil.com/", 400, ""}, {"/anywhere", "javascript:alert(1)", 400, ""}, {"/anywhere", "//evil.com", 400, ""},
		{"/anywhere", "https://:443/", 400, ""}, {"/anywhere", "https:///evil.com", 400, ""}, {"/anywhere", "https://%C3%A9vil.com/", 400, ""},

		{"/byhand", "/a", 302, ""}, {"/byhand", "https://evil.com", 500, ""}, {"/byhand", "//evil.com", 500, ""}, {"/byhand", `/\evil.com`, 500, ""},
		{"/field", "/a", 307, ""}, {"/field", "//evil.com", 500, ""}, {"/field", "https://evil.com", 500, ""},
		{"/created", "https://elsewhere.com/stored/7", 201, ""},
		{"/twice", "/", 500, ""},
	} {
		req := c.Get(r.path)
		if r.path != "/twice" {
			req.Query("next", r.next)
		}
		res := req.Expect(r.status)
		want := r.want
		if r.status < 400 && want == "" {
			want = r.next
		}
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("%s %q: Location %q", r.path, r.next, got)
		}
	}
}

// TestRedirectToOrigins: an origin that is more or less than one is a mistake of the
// program, which is not kept from it by a refusal, nor by another origin that fits.
func TestRedirectToOrigins(t *testing.T) {
	for _, origin := range []string{"app.example.com", "https://", "", "https://app.example.com/", "https://app.example.com/a", "https://app.example.com?a=b",
		"https://app.example.com#a", "https://user@app.example.com", "ftp://app.example.com", "*"} {
		r, err := fsa.RedirectTo("https://app.example.com/", origin, "https://app.example.com")
		if e := (*fsa.Error)(nil); err == nil || errors.As(err, &e) || !strings.Contains(err.Error(), "an origin is a scheme and a host") || r.Header != nil {
			t.Errorf("%q: %v, %v", origin, r.Header, err)
		}
	}
}
