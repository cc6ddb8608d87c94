package fsa

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/authz"
	"pgregory.net/rapid"
)

// patternSegments are few, so that random patterns and paths meet.
var patternSegments = []string{"a", "b", "a.b", "a%62", "é", "{x}", "{y}", "{rest...}", "{$}", ""}

var pathSegments = []string{"a", "b", "c", "a.b", "%61", "a%62", "é", "%C3%A9", ".", "..", "", "a b", "a;b", "{x}", "%2F", "ab"}

// matchDiffers registers those patterns that an application accepts with a mux and
// with a matcher, and compares what they find for a path. The matcher may find
// nothing; if it finds a route, the mux must find that one.
func matchDiffers(t interface {
	Helper()
	Fatalf(string, ...any)
}, patterns []string, method, path string) {
	t.Helper()
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return
	}
	mux, m := http.NewServeMux(), new(matcher)
	for _, p := range patterns {
		reg := new(registration)
		if method, path, ok := strings.Cut(p, " "); ok {
			reg.method, reg.path = method, path
		} else {
			reg.path = p
		}
		if pattern := reg.pattern(); reg.checkPath() == nil && tryHandle(mux, pattern, http.NotFoundHandler()) == "" {
			m.add(reg.method, reg.path, &route{pattern: pattern})
		}
	}
	r := &http.Request{Method: method, URL: u, Host: "x"}
	rt := m.find(r)
	if rt == nil {
		return
	}
	if _, pattern := mux.Handler(r); pattern != rt.pattern {
		t.Fatalf("%s %s among %q: the mux finds %q, the matcher %q", method, path, patterns, pattern, rt.pattern)
	}
}

// TestMatcherIsTheMux (S84): what is found without the mux is what it would find.
func TestMatcherIsTheMux(t *testing.T) {
	segments := func(from []string) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			return "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(from), 0, 4).Draw(t, "segments"), "/")
		})
	}
	pattern := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"GET ", "GET ", "POST ", ""}).Draw(t, "method") + segments(patternSegments).Draw(t, "path")
	})
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(pattern, 1, 12).Draw(t, "patterns")
		for range 20 {
			matchDiffers(t, patterns, rapid.SampledFrom([]string{"GET", "POST", "HEAD"}).Draw(t, "method"), segments(pathSegments).Draw(t, "path"))
			found++
		}
	})
	if found == 0 {
		t.Error("nothing was compared")
	}
}

// FuzzMatcher does the same with whatever the fuzzer thinks of.
func FuzzMatcher(f *testing.F) {
	f.Add("GET /store/{sid}\nGET /store/new\nPOST /{a}/{b}", "GET", "/store/new")
	f.Add("GET /a%62\nGET /{x}", "GET", "/ab")
	f.Add("GET /a/{rest...}\nGET /a/b", "GET", "/a/b")
	f.Add("GET /a/{$}\n/a", "GET", "/a/")
	f.Add("GET x.example/a/b\nGET /{x}/b", "GET", "/a/b")
	f.Add("GET /{x}/b/c\nGET /a/{y}/d\nGET /{x}/{y}/{z}", "GET", "/a/b/e")
	f.Fuzz(func(t *testing.T, patterns, method, path string) {
		all := strings.Split(patterns, "\n")
		if len(all) > 20 || len(path) > 200 {
			return
		}
		matchDiffers(t, all, method, path)
	})
}

// TestMatcherFinds: what is common is found without the mux, and what needs the
// mux is left to it.
func TestMatcherFinds(t *testing.T) {
	app := New("acme", Config{Auth: []string{"none"}, Logger: slog.New(slog.DiscardHandler)})
	type xIn struct{ X string }
	type abIn struct{ A, B string }
	type requestIn struct {
		X string
		R *http.Request
	}
	type restIn struct{ Rest string }
	answer := func(s string) func(context.Context, None) (string, error) {
		return func(context.Context, None) (string, error) { return s, nil }
	}
	Get(app, "/x/{x}", authz.Open(), func(_ context.Context, in xIn) (string, error) { return "x " + in.X, nil })
	Get(app, "/x/lit", authz.Open(), answer("lit"))
	Get(app, "/x/{a}/y/{b}", authz.Open(), func(_ context.Context, in abIn) (string, error) { return in.A + " and " + in.B, nil })
	Get(app, "/r/{x}", authz.Open(), func(_ context.Context, in requestIn) (string, error) { return "r " + in.R.PathValue("x"), nil })
	Get(app, "/x/dir/", authz.Open(), answer("dir"))
	Get(app, "/x/end/{$}", authz.Open(), answer("end"))
	Get(app, "/f/{rest...}", authz.Open(), func(_ context.Context, in restIn) (string, error) { return "rest " + in.Rest, nil })
	Handle(app, "GET /x/raw", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("raw")) }))
	h, err := app.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path   string
		direct bool
		want   string
	}{
		{"/x/1", true, "x 1"},
		{"/x/a.b-c_~", true, "x a.b-c_~"},
		{"/x/lit", true, "lit"},
		{"/x/1/y/2", true, "1 and 2"},
		{"/x/lit/y/2", true, "lit and 2"},
		{"/x/%31", false, "x 1"},
		{"/x/%C3%A9", false, "x é"},
		{"/x/a:b", false, "x a:b"},
		{"/x/A", true, "x A"},
		{"/x/1/y/", false, "not found"}, // an empty segment is no parameter
		{"/x/a%2Fb", false, "x a/b"},
		{"/x/raw", false, "raw"},
		{"/x/dir", false, "see /x/dir/"},
		{"/x/dir/", false, "dir"},
		{"/x/end/", false, "end"},
		{"/x/end/1", false, "not found"},
		{"/r/1", false, "r 1"},
		{"/f/1", false, "rest 1"},
		{"/x//1", false, "see /x/1"},
		{"/x/./1", false, "see /x/1"},
		{"/x/1/", false, "not found"},
		{"/nothing", false, "not found"},
	} {
		r := httptest.NewRequest("GET", test.path, nil)
		r.RemoteAddr = "127.0.0.1:40000"
		if direct := app.compiled.matcher.find(r) != nil; direct != test.direct {
			t.Errorf("%s: direct is %t", test.path, direct)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Body.String() != test.want {
			t.Errorf("%s: %d %q, want %q", test.path, w.Code, w.Body, test.want)
		}
		if test.direct && !strings.HasPrefix(r.Pattern, "GET /x/") {
			t.Errorf("%s: its pattern is %q", test.path, r.Pattern)
		}
	}
}

// TestMatcherCutPaths: a path of which another router has cut off too much is not that
// of a route. S84
func TestMatcherCutPaths(t *testing.T) {
	app := New("acme", Config{Auth: []string{"none"}, Logger: slog.New(slog.DiscardHandler)})
	Get(app, "/me", authz.Open(), func(context.Context, None) (string, error) { return "me", nil })
	h, err := app.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{"/app/me": 200, "/appxme": 400, "/appme": 400} {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = "127.0.0.1:40000"
		w := httptest.NewRecorder()
		http.StripPrefix("/app", h).ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%s: %d %q, want %d", path, w.Code, w.Body, status)
		}
	}
}

// TestWatch: whether it has just looked or not, the watch tells what time it is.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watch
		for _, d := range []time.Duration{0, 1, glance - 1, 1, glance, glance + 1, time.Hour, 0} {
			time.Sleep(d)
			if got, want := w.now(), time.Now(); !got.Equal(want) {
				t.Errorf("after %v, it is %v, want %v", d, got, want)
			}
		}
	})
}
