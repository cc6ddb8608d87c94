package fsa_test

import (
	"context"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// The tests of this file are about what one feature does to another.

// TestPreflightHooks: the answer to a preflight has what all answers have, behind
// app.Protect too. S83
func TestPreflightHooks(t *testing.T) {
	cfg := base()
	cfg.CORS = true
	w := newWorld(t, cfg)
	w.AddHeaderFunc("X-After", func(http.Header, *http.Request) string { return "was here" })
	protected := w.Protect(authz.Auth())(http.NotFoundHandler())
	fsa.Get(w, "/x", authz.Open(), nothing)
	for name, h := range map[string]http.Handler{"a route": handlerOf(t, w), "app.Protect": protected} {
		res := serve(h, asksFor("https://front.example", "/x", "GET"))
		if res.Code != 204 || res.Header().Get("X-After") != "was here" {
			t.Errorf("%s: %d %v", name, res.Code, res.Header())
		}
	}
}

// TestPreflightBeforeHooks: hooks are asked about a preflight if CORS is off, when it is a
// request like any other, and not if it is on, when it is answered.
func TestPreflightBeforeHooks(t *testing.T) {
	for _, on := range []bool{false, true} {
		cfg := base()
		cfg.CORS = on
		w := newWorld(t, cfg)
		asked := false
		w.BeforeRequest(func(*http.Request) (*fsa.Response, error) {
			asked = true
			return nil, fsa.Errorf(418, "before")
		})
		fsa.Get(w, "/x", authz.Open(), nothing)
		status := 418
		if on {
			status = 204
		}
		if res := serve(handlerOf(t, w), asksFor("https://front.example", "/x", "GET")); res.Code != status || asked == on {
			t.Errorf("CORS %t: %d %v, asked %t", on, res.Code, res.Header(), asked)
		}
	}
}

// TestRefusedWithoutRoute: what no route refuses keeps the Referer of its pages from
// others if their URLs carry tokens, and only then.
func TestRefusedWithoutRoute(t *testing.T) {
	for _, c := range []struct{ auth, carrier, policy string }{
		{"token", "param", "no-referrer"},
		{"token", "header", "strict-origin-when-cross-origin"},
		{"basic", "param", "strict-origin-when-cross-origin"},
	} {
		cfg := base()
		cfg.Auth, cfg.TokenCarrier = []string{c.auth, "none"}, c.carrier
		w := newWorld(t, cfg)
		if got := w.client(t).Get("/nowhere").Expect(404).Header.Get("Referrer-Policy"); got != c.policy {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestSlashRedirects: the way to a path with a slash at its end is an answer of the
// application, also where another route matches such a path.
func TestSlashRedirects(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/{b}/y", authz.Open(), func(_ context.Context, in struct{ B string }) (string, error) { return "y " + in.B, nil })
	fsa.Get(w, "/x/{a}/", authz.Open(), func(_ context.Context, in struct{ A string }) (string, error) { return "a " + in.A, nil })
	fsa.Get(w, "/{x}", authz.Open(), func(_ context.Context, in struct{ X string }) (string, error) { return "x " + in.X, nil })
	fsa.Handle(w, "/any/", authz.Open(), http.NotFoundHandler())
	c := w.client(t)
	for path, want := range map[string]string{"/x/y": "y x", "/x/z/": "a z", "/any": "x any"} {
		if got := c.Get(path).Expect(200).Text(); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, to := range []struct{ method, path string }{{"GET", "/x/z/?q=1"}, {"POST", "/any/?q=1"}} {
		res := c.Request(to.method, strings.Replace(to.path, "/?", "?", 1)).Expect(307)
		path, _, _ := strings.Cut(to.path, "?")
		if res.Header.Get("Location") != to.path || res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Text() != "see "+path {
			t.Errorf("%v: %v %q", to, res.Header, res.Text())
		}
	}
}

// cents has no methods, so that its frames would be used again.
type cents struct{ N int }

type priced struct{ Price cents }

// TestConverterKeepsItsValue: a converter of pointers that keeps one never sees
// another request's value there.
func TestConverterKeepsItsValue(t *testing.T) {
	w := newWorld(t, base())
	var kept *cents
	fsa.JSONConverter(w.App, func(c *cents) any {
		if kept == nil {
			kept = c
		}
		return c.N
	})
	fsa.Get(w, "/x", authz.Open(), func(_ context.Context, in struct{ N int }) (priced, error) { return priced{cents{in.N}}, nil })
	c := w.client(t)
	for n := range 5 {
		c.Get("/x").Query("n", strconv.Itoa(n+1)).Expect(200)
		if kept.N != 1 {
			t.Fatalf("the converter of the first request has %d", kept.N)
		}
	}
}

// slowly takes its time to become text.
type slowly struct{ begun, goOn chan struct{} }

func (s slowly) MarshalText() ([]byte, error) {
	close(s.begun)
	<-s.goOn
	return []byte("slow"), nil
}

// TestSequenceLeavesGoroutine: an element that another goroutine gives is encoded
// before the buffer for it serves another request, though the sequence has ended.
func TestSequenceLeavesGoroutine(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), func(context.Context, fsa.None) (iter.Seq[slowly], error) {
		return func(yield func(slowly) bool) {
			s := slowly{make(chan struct{}), make(chan struct{})}
			go yield(s)
			<-s.begun
			time.AfterFunc(20*time.Millisecond, func() { close(s.goOn) })
		}, nil
	})
	r := httptest.NewRequest("GET", "/x", nil)
	r.RemoteAddr = "127.0.0.1:1"
	if res := serve(handlerOf(t, w), r); res.Body.String() != "[\"slow\"]\n" {
		t.Errorf("the answer is %q", res.Body)
	}
}

// TestLoginRedirectHidesSecrets: no secret of a route gets into the URL of the
// log-in page, whichever way it is declared. S70
func TestLoginRedirectHidesSecrets(t *testing.T) {
	cfg := base()
	cfg.Redirect401 = "/login"
	w := newWorld(t, cfg)
	fsa.Get(w, "/login", authz.Open(), nothing, fsa.Authn("none"))
	fsa.Get(w, "/tag", authz.Auth(), takes[struct {
		Key string `format:"password"`
		N   int
	}])
	fsa.Get(w, "/type", authz.Auth(), takes[struct {
		Key fsa.Secret
		N   int
	}])
	fsa.Get(w, "/list", authz.Auth(), takes[struct {
		Key []fsa.Secret
		N   int
	}])
	fsa.Get(w, "/pointer", authz.Auth(), takes[struct {
		Key *fsa.Secret
		N   int
	}])
	fsa.Get(w, "/inside", authz.Auth(), takes[struct {
		Key map[string]struct{ In fsa.Secret }
		N   int
	}])
	fsa.Get(w, "/rest", authz.Auth(), takes[struct {
		N   int
		All map[string]string `param:",rest" format:"password"`
	}])
	fsa.Get(w, "/resttype", authz.Auth(), takes[struct {
		N   int
		All map[string]fsa.Secret `param:",rest"`
	}])
	for _, path := range []string{"/tag", "/type", "/list", "/pointer", "/inside", "/rest", "/resttype"} {
		res := w.client(t).Get(path+"?key=verysecret&n=1").Header("Accept", "text/html").Expect(303)
		if to := res.Header.Get("Location"); to != "/login?URL=%2F"+path[1:]+"%3Fn%3D1" {
			t.Errorf("%s leads to %s", path, to)
		}
	}
}

// zeros is content without an end.
type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

// TestTimeoutOfDownload: a client that takes nothing of an answer holds a route with
// a time of its own no longer than that.
func TestTimeoutOfDownload(t *testing.T) {
	for _, path := range []string{"/content", "/reader"} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, base())
				all := func() *io.SectionReader { return io.NewSectionReader(zeros{}, 0, 1<<40) }
				fsa.Get(w, "/content", authz.Open(), func(context.Context, fsa.None) (fsa.Content, error) {
					return fsa.Content{Name: "x", Body: all()}, nil
				}, fsa.Timeout(time.Second))
				fsa.Get(w, "/reader", authz.Open(), func(context.Context, fsa.None) (io.Reader, error) { return all(), nil }, fsa.Timeout(time.Second))
				h := handlerOf(t, w)
				server := &http.Server{}
				var took atomic.Int64
				server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					began := time.Now()
					defer func() { took.Store(int64(time.Since(began))) }()
					r.RemoteAddr = "127.0.0.1:1"
					h.ServeHTTP(w, r)
				})
				here, there := net.Pipe()
				listener := &oneConnection{conn: there, closed: make(chan struct{})}
				go server.Serve(listener)
				defer server.Close()
				io.WriteString(here, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
				time.Sleep(20 * time.Second)
				if d := time.Duration(took.Load()); d == 0 || d > 7*time.Second {
					t.Errorf("the request took %v", d)
				}
				here.Close()
			})
		})
	}
}

// oneConnection is a listener to which one client comes.
type oneConnection struct {
	conn   net.Conn
	closed chan struct{}
}

func (l *oneConnection) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConnection) Close() error { close(l.closed); return nil }

func (l *oneConnection) Addr() net.Addr { return &net.TCPAddr{} }

// TestReleaseOfRefusals: what a client is told has not been done, is not committed,
// whichever way the handler says so. S88
func TestReleaseOfRefusals(t *testing.T) {
	type in struct{ S *session }
	w, j := specialWorld(t, &outcome{})
	answer := func(status int) func(context.Context, in) (fsa.Response, error) {
		return func(context.Context, in) (fsa.Response, error) {
			return fsa.Response{Status: status, Body: "text"}, nil
		}
	}
	fsa.Get(w, "/200", authz.Open(), answer(200))
	fsa.Get(w, "/409", authz.Open(), answer(409))
	fsa.Get(w, "/stream", authz.Open(), func(context.Context, in) (fsa.Response, error) {
		return fsa.Response{Status: 409, Body: strings.NewReader("text")}, nil
	})
	fsa.Get(w, "/content", authz.Open(), func(context.Context, in) (fsa.Content, error) {
		return fsa.Content{Name: "x", ETag: "a", Body: strings.NewReader("text")}, nil
	})
	for _, c := range []struct {
		path, field, value string
		status             int
		released           string
	}{
		{"/200", "", "", 200, "<nil>"},
		{"/409", "", "", 409, "409: the handler has answered with status 409"},
		{"/stream", "", "", 409, "409: the handler has answered with status 409"},
		{"/content", "", "", 200, "<nil>"},
		{"/content", "If-None-Match", `"a"`, 304, "<nil>"},
		{"/content", "If-Match", `"b"`, 412, "412: the content is not as the request demands"},
		{"/content", "Range", "bytes=9-", 416, "416: the content has no such range"},
		{"/content", "Range", "bytes=1-2", 206, "<nil>"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			if method == "HEAD" && c.path == "/content" && c.field == "Range" {
				continue // for GET alone
			}
			r := httptest.NewRequest(method, c.path, nil)
			r.RemoteAddr = "127.0.0.1:1"
			if c.field != "" {
				r.Header.Set(c.field, c.value)
			}
			res := serve(handlerOf(t, w), r)
			if got := j.take(); res.Code != c.status || got != "open s for , end s: "+c.released {
				t.Errorf("%s %s: %d, and %s", method, c.path, res.Code, got)
			}
		}
	}

	for _, status := range []int{200, 409} {
		o := &outcome{sessionFails: fsa.Errorf(503, "no end")}
		w, _ := specialWorld(t, o)
		fsa.Get(w, "/x", authz.Open(), answer(status))
		fsa.Get(w, "/content", authz.Open(), func(context.Context, in) (fsa.Content, error) {
			return fsa.Content{Name: "x", Body: strings.NewReader("text")}, nil
		})
		want := 503
		if status == 409 {
			want = 409 // it remains the answer
		}
		res := w.client(t).Get("/x").Expect(want)
		if status == 409 && (res.Text() != "text" || !strings.Contains(w.log.String(), "no end")) {
			t.Errorf("%q, and the log is %s", res.Text(), w.log)
		}
		if res := w.client(t).Get("/content").Expect(503); res.Text() != "no end" || res.Header.Get("Content-Length") == "4" {
			t.Errorf("content: %q %v", res.Text(), res.Header)
		}
	}
}
