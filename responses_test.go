package fsa_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestResponseAmongMiddleware: fields of which there may be several are added to what
// middleware has set; others take its place.
func TestResponseAmongMiddleware(t *testing.T) {
	w := newWorld(t, base())
	w.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			for name, value := range map[string]string{"Set-Cookie": "a=1", "Vary": "X-A", "Link": "</a>", "X-Of": "middleware"} {
				rw.Header().Set(name, value)
			}
			next.ServeHTTP(rw, r)
		})
	})
	fsa.Get(w, "/x", authz.Open(), gives(fsa.Response{Header: http.Header{"Set-Cookie": {"b=2"}, "Vary": {"X-B"}, "Link": {"</b>"}, "X-Of": {"handler"}}}))
	res := w.client(t).Get("/x").Expect(204)
	for name, want := range map[string][]string{"Set-Cookie": {"a=1", "b=2"}, "Vary": {"X-A", "X-B"}, "Link": {"</a>", "</b>"}, "X-Of": {"handler"}} {
		if got := res.Header[name]; !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestResponseChallenge: a Response of status 401 tells how to log in, unless it does
// so in its own way, and keeps its other fields; no other status does.
func TestResponseChallenge(t *testing.T) {
	w := newWorld(t, base())
	w.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/middleware" {
				rw.Header().Set("WWW-Authenticate", "Phone")
			}
			next.ServeHTTP(rw, r)
		})
	})
	fsa.Get(w, "/usual", authz.Auth(), nothing)
	const usual = "usual"
	cases := []struct {
		path string
		give fsa.Response
		opts []fsa.Option
		want string
	}{
		{"/401", fsa.Response{Status: 401}, nil, usual},
		{"/more", fsa.Response{Status: 401, Header: http.Header{"X-A": {"b"}}}, nil, usual},
		{"/own", fsa.Response{Status: 401, Header: http.Header{"www-authenticate": {"Phone"}}}, nil, "Phone"},
		{"/none", fsa.Response{Status: 401}, []fsa.Option{fsa.Authn("none")}, ""},
		{"/middleware", fsa.Response{Status: 401}, []fsa.Option{fsa.Authn("none")}, "Phone"},
		{"/200", fsa.Response{Status: 200}, nil, ""},
		{"/403", fsa.Response{Status: 403}, nil, ""},
	}
	for _, r := range cases {
		fsa.Get(w, r.path, authz.Open(), gives(r.give), r.opts...)
	}
	c := w.client(t)
	challenges := c.Get("/usual").Expect(401).Header["Www-Authenticate"]
	for _, r := range cases {
		res := c.Get(r.path).Expect(r.give.Status)
		want := r.want
		if want == usual {
			want = strings.Join(challenges, "|")
		}
		if got := strings.Join(res.Header["Www-Authenticate"], "|"); got != want {
			t.Errorf("%s: WWW-Authenticate %q, want %q", r.path, got, want)
		}
		if got := res.Header.Get("X-A"); got != r.give.Header.Get("X-A") {
			t.Errorf("%s: X-A is %q", r.path, got)
		}
	}
}

// TestResponseWithoutBody: an answer of a status that has no body is one without, and
// never one whose body is dropped.
func TestResponseWithoutBody(t *testing.T) {
	for _, status := range []int{204, 205, 304} {
		w := newWorld(t, base())
		fsa.Get(w, "/without", authz.Open(), gives(fsa.Response{Status: status}))
		fsa.Get(w, "/with", authz.Open(), gives(fsa.Response{Status: status, Body: "x"}))
		c := w.client(t)
		if res := c.Get("/without").Expect(status); res.Text() != "" || res.Header.Get("Content-Type") != "" {
			t.Errorf("%d: %q %v", status, res.Text(), res.Header)
		}
		c.Get("/with").Expect(500)
		if want := fmt.Sprintf("an answer of status %d has no body, and this has a string", status); !strings.Contains(w.log.String(), want) {
			t.Errorf("the log is %s", w.log)
		}
	}
}

// TestRedirections: no status with which a client goes on leads to another host
// unawares. S60
func TestRedirections(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		w := newWorld(t, base())
		to := func(header http.Header) fsa.Response { return fsa.Response{Status: status, Header: header} }
		fsa.Get(w, "/here", authz.Open(), gives(to(http.Header{"Location": {"/a"}})))
		fsa.Get(w, "/away", authz.Open(), gives(to(http.Header{"Location": {"https://evil.com/"}})))
		fsa.Get(w, "/nowhere", authz.Open(), gives(to(nil)))
		c := w.client(t)
		for path, want := range map[string]string{"/here": "/a", "/nowhere": ""} {
			if got := c.Get(path).Expect(status).Header.Get("Location"); got != want {
				t.Errorf("%d %s: to %q", status, path, got)
			}
		}
		if got := c.Get("/away").Expect(500).Header.Get("Location"); got != "" {
			t.Errorf("%d: to %q", status, got)
		}
	}
	w := newWorld(t, base())
	redirect := func(context.Context, fsa.None) (fsa.Response, error) { return fsa.Redirect("/a") }
	fsa.Get(w, "/ok", authz.Open(), redirect, fsa.Status(200))
	fsa.Get(w, "/lost", authz.Open(), func(ctx context.Context, in fsa.None) (fsa.Response, error) {
		r, err := redirect(ctx, in)
		r.Header = nil
		return r, err
	})
	c := w.client(t)
	if c.Get("/ok").Expect(500); !strings.Contains(w.log.String(), "status 200 does not redirect: use 301, 302, 303, 307 or 308") {
		t.Errorf("the log is %s", w.log)
	}
	if got := c.Get("/lost").Expect(303).Header.Get("Location"); got != "" {
		t.Errorf("to %q", got)
	}
}
