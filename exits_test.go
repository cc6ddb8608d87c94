package fsa_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestExits: whoever ends the goroutine of a request (runtime.Goexit, as the methods of
// testing.T do), the client gets no answer that it could take for a whole one, the log has
// one line that says so, and observers are told of a failure.
func TestExits(t *testing.T) {
	for _, c := range []struct {
		name, path, line string
		hook             func(a *fsa.App)
	}{
		{"handler", "/exits", "status=0", nil},
		{"handler of net/http", "/raw", "status=0", nil},
		{"handler of net/http, after its header", "/begun", "status=200", nil},
		{"BeforeRequest", "/fine", "status=0", func(a *fsa.App) {
			a.BeforeRequest(func(*http.Request) (*fsa.Response, error) { runtime.Goexit(); return nil, nil })
		}},
		{"BeforeExec", "/fine", "status=0", func(a *fsa.App) {
			a.BeforeExec(func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
				runtime.Goexit()
				return nil, nil
			})
		}},
		{"AddHeaderFunc", "/fine", "status=200", func(a *fsa.App) {
			a.AddHeaderFunc("X", func(http.Header, *http.Request) string { runtime.Goexit(); return "" })
		}},
		{"AddHeaderFunc, of a BeforeRequest that answers", "/fine", "status=200", func(a *fsa.App) {
			a.BeforeRequest(func(*http.Request) (*fsa.Response, error) { return &fsa.Response{Body: "done"}, nil })
			a.AddHeaderFunc("X", func(http.Header, *http.Request) string { runtime.Goexit(); return "" })
		}},
		{"AfterRequest", "/fine", "status=200", func(a *fsa.App) {
			a.AfterRequest(func(http.Header, *http.Request, int) { runtime.Goexit() })
		}},
		{"AfterRequest, of a path that there is not", "/nothing", `status=404 .* error="404: not found; then: the goroutine`, func(a *fsa.App) {
			a.AfterRequest(func(http.Header, *http.Request, int) { runtime.Goexit() })
		}},
		{"AfterRequest, of a path without its slash", "/below", "status=307", func(a *fsa.App) {
			a.AfterRequest(func(http.Header, *http.Request, int) { runtime.Goexit() })
		}},
		{"ErrorResponse", "/refused", `status=409 .* error="409: no; then: the goroutine`, func(a *fsa.App) {
			a.ErrorResponse(func(http.ResponseWriter, *http.Request, *fsa.Error) { runtime.Goexit() })
		}},
		{"ErrorResponse, after a panic", "/panics", `status=500 .* error="panic: no; then: the goroutine`, func(a *fsa.App) {
			a.ErrorResponse(func(http.ResponseWriter, *http.Request, *fsa.Error) { runtime.Goexit() })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, j := newWorld(t, base()), &journal{}
			w.Observe(j.observer())
			fsa.Get(w, "/exits", authz.Open(), func(context.Context, fsa.None) (string, error) { runtime.Goexit(); return "done", nil })
			fsa.Get(w, "/fine", authz.Open(), func(context.Context, fsa.None) (string, error) { return "done", nil })
			fsa.Get(w, "/refused", authz.Open(), func(context.Context, fsa.None) (string, error) { return "done", fsa.Errorf(409, "no") })
			fsa.Get(w, "/below/", authz.Open(), nothing)
			fsa.Get(w, "/panics", authz.Open(), func(context.Context, fsa.None) (string, error) { panic("no") })
			fsa.Handle(w, "GET /raw", authz.Open(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() }))
			fsa.Handle(w, "GET /begun", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Write([]byte("the begin"))
				http.NewResponseController(w).Flush()
				runtime.Goexit()
			}))
			if c.hook != nil {
				c.hook(w.App)
			}
			srv := httptest.NewServer(handlerOf(t, w))
			defer srv.Close()
			r, err := srv.Client().Get(srv.URL + c.path)
			if err == nil {
				_, err = io.ReadAll(r.Body)
				r.Body.Close()
			}
			if err == nil {
				t.Errorf("the client takes the answer for a whole one: %s", r.Status)
			}
			srv.Close() // after which all has been noted
			log := w.log.String()
			if n := strings.Count(log, "\n"); n != 1 || !regexp.MustCompile("level=ERROR msg=request .*"+c.line).MatchString(log) || !strings.Contains(log, "runtime.Goexit") {
				t.Errorf("%d lines in the log: %s", n, log)
			}
			if len(j.answers) != 1 || j.answers[0].Failure != fsa.FailurePanic {
				t.Errorf("observed: %+v", j.answers)
			}
		})
	}
}

// TestNobodyExits: neither a panic nor a hook that answers, or does not, is said to have
// ended the goroutine.
func TestNobodyExits(t *testing.T) {
	w := newWorld(t, base())
	w.BeforeRequest(func(r *http.Request) (*fsa.Response, error) {
		if r.URL.Path == "/answered" {
			return &fsa.Response{Body: "done"}, nil
		}
		return nil, nil
	})
	fsa.Get(w, "/panics", authz.Open(), func(context.Context, fsa.None) (string, error) { panic("no") })
	fsa.Get(w, "/answered", authz.Open(), nothing)
	c := w.client(t)
	c.Get("/panics").Expect(500)
	c.Get("/answered").Expect(200)
	if log := w.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, `error="panic: no"`) || strings.Contains(log, "runtime.Goexit") {
		t.Error(log)
	}
}

// TestExitsElsewhere: middleware may let another goroutine go on with a request. Its end is
// a failure, too.
func TestExitsElsewhere(t *testing.T) {
	w, j := newWorld(t, base()), &journal{}
	w.Observe(j.observer())
	w.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			done := make(chan bool)
			go func() {
				defer close(done)
				next.ServeHTTP(w, r)
			}()
			<-done
		})
	})
	fsa.Get(w, "/exits", authz.Open(), func(context.Context, fsa.None) (string, error) { runtime.Goexit(); return "", nil })
	w.client(t).Get("/exits").Do()
	if len(j.answers) != 1 || j.answers[0].Failure != fsa.FailurePanic {
		t.Errorf("observed: %+v", j.answers)
	}
}
