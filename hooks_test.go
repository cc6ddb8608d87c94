package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// hooked is a world with a route of each kind.
func hooked(t testing.TB, cfg fsa.Config) *world {
	w := newWorld(t, cfg)
	fsa.Get(w, "/typed/{id}", authz.Auth(), func(ctx context.Context, in struct{ ID int }) (string, error) {
		return fmt.Sprint(in.ID, " ", fsa.User(ctx)), nil
	})
	fsa.Handle(w, "GET /raw/{id}", authz.Object("stuff", "id", "owner"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.PathValue("id"), " ", r.Header.Get("X-Hook"), r.URL.Path)
	}))
	fsa.Post(w, "/body", authz.Open(), func(_ context.Context, in struct{ A string }) (string, error) { return in.A, nil })
	fsa.Get(w, "/fails", authz.Open(), func(context.Context, fsa.None) (string, error) { return "", errors.New("s3cret") })
	return w
}

// TestBeforeRequest: it answers in the place of any route, and what it does to the
// request has no effect. S84, S88.
func TestBeforeRequest(t *testing.T) {
	for _, c := range []struct {
		name, method, path, as string
		hook                   func(*http.Request) (*fsa.Response, error)
		status                 int
		text                   string
	}{
		{"nothing", "GET", "/typed/1", "calvin", func(*http.Request) (*fsa.Response, error) { return nil, nil }, 200, "1 calvin"},
		{"a response", "GET", "/typed/1", "", func(*http.Request) (*fsa.Response, error) {
			return &fsa.Response{Status: 503, Header: http.Header{"Retry-After": {"60"}}, Body: "back soon"}, nil
		}, 503, "back soon"},
		{"a response without a route", "GET", "/nowhere", "", func(*http.Request) (*fsa.Response, error) { return &fsa.Response{Body: "here"}, nil }, 200, "here"},
		{"a response to HEAD", "HEAD", "/typed/1", "", func(*http.Request) (*fsa.Response, error) { return &fsa.Response{Body: "here"}, nil }, 200, ""},
		{"an empty response", "OPTIONS", "/typed/1", "", func(*http.Request) (*fsa.Response, error) { return &fsa.Response{}, nil }, 204, ""},
		{"JSON", "GET", "/typed/1", "", func(*http.Request) (*fsa.Response, error) {
			return &fsa.Response{Body: map[string]int{"a": 1}}, nil
		}, 200, `{"a":1}`},
		{"no status", "GET", "/typed/1", "", func(*http.Request) (*fsa.Response, error) { return &fsa.Response{Status: 99}, nil }, 500, "internal error"},
		{"a split header", "GET", "/typed/1", "", func(*http.Request) (*fsa.Response, error) {
			return &fsa.Response{Header: http.Header{"X-A": {"a\r\nSet-Cookie: b=c"}}}, nil
		}, 500, "internal error"},
		{"an error", "GET", "/typed/1", "calvin", func(*http.Request) (*fsa.Response, error) { return nil, fsa.Errorf(403, "not today") }, 403, "not today"},
		{"an error and a response", "GET", "/typed/1", "calvin", func(*http.Request) (*fsa.Response, error) {
			return &fsa.Response{Body: "here"}, fsa.Errorf(403, "not today")
		}, 403, "not today"},
		{"a failure", "GET", "/typed/1", "calvin", func(*http.Request) (*fsa.Response, error) { return nil, errors.New("s3cret") }, 500, "internal error"},
		{"a panic", "GET", "/typed/1", "calvin", func(*http.Request) (*fsa.Response, error) { panic("s3cret") }, 500, "internal error"},
		{"another path", "GET", "/raw/1", "calvin", func(r *http.Request) (*fsa.Response, error) {
			r.URL.Path, r.Method, r.RequestURI = "/raw/2", "POST", "/raw/2"
			r.SetPathValue("id", "2")
			r.Header.Set("X-Hook", "was here")
			r.Header.Del("Authorization")
			return nil, nil
		}, 200, "1 /raw/1"},
		{"the body", "POST", "/body", "", func(r *http.Request) (*fsa.Response, error) {
			if _, err := io.ReadAll(r.Body); err == nil {
				return nil, errors.New("it can be read")
			}
			return nil, nil
		}, 200, "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := hooked(t, base())
			w.BeforeRequest(c.hook)
			r := w.client(t).Request(c.method, c.path)
			if c.as != "" {
				r.Basic(c.as, c.as+"-pass")
			}
			if c.method == "POST" {
				r.Form("a", "x")
			}
			res := r.Expect(c.status)
			if strings.TrimSpace(res.Text()) != c.text {
				t.Errorf("the answer is %q, want %q", res.Text(), c.text)
			}
			if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Set-Cookie") != "" {
				t.Errorf("the header is %v", res.Header)
			}
			if n := strings.Count(w.log.String(), "msg=request"); c.status >= 400 && n != 1 {
				t.Errorf("%d lines: %s", n, w.log)
			}
			if c.status == 500 && (res.Header.Get("X-Request-Id") == "" || strings.Contains(res.Text(), "s3cret")) {
				t.Errorf("the answer is %v %s", res.Header, res.Text())
			}
		})
	}
}

// TestHooksInOrder: hooks of a kind are asked in their order, each with a request of
// its own, and one id goes through all of them.
func TestHooksInOrder(t *testing.T) {
	w := hooked(t, base())
	var order, ids []string
	note := func(name string, r *http.Request) {
		order = append(order, fmt.Sprintf("%s %s %q %q", name, r.URL.Path, fsa.User(r.Context()), r.PathValue("id")))
		ids = append(ids, fsa.RequestID(r.Context()))
		r.URL.Path, r.Header = "/elsewhere", nil
		r.SetPathValue("id", "7")
	}
	for _, name := range []string{"1", "2"} {
		w.BeforeRequest(func(r *http.Request) (*fsa.Response, error) { note("request "+name, r); return nil, nil })
		w.BeforeExec(func(ctx context.Context, r *http.Request, id fsa.Identity) (*fsa.Response, error) {
			note("exec "+name+" "+id.Login+fsa.User(ctx), r)
			id.Login = "susie"
			return nil, nil
		})
		w.AfterRequest(func(h http.Header, r *http.Request, status int) {
			note(fmt.Sprint("after ", name, " ", status), r)
			h.Add("X-After", name)
		})
		w.AddHeaderFunc("X-"+name, func(h http.Header, r *http.Request) string { note("header "+name, r); return h.Get("Content-Type") })
	}
	for _, path := range []string{"/typed/1", "/raw/1"} {
		order, ids = nil, nil
		res := w.client(t).Get(path).As("calvin").Expect(200)
		want := strings.ReplaceAll(`request 1 PATH "" ""
request 2 PATH "" ""
exec 1 calvincalvin PATH "calvin" "1"
exec 2 calvincalvin PATH "calvin" "1"
header 1 PATH "calvin" "1"
header 2 PATH "calvin" "1"
after 1 200 PATH "calvin" "1"
after 2 200 PATH "calvin" "1"`, "PATH", path)
		if got := strings.Join(order, "\n"); got != want {
			t.Errorf("the order is\n%s\nwant\n%s", got, want)
		}
		for _, id := range ids {
			if id == "" || id != ids[0] || id != res.Header.Get("X-Request-Id") && res.Header.Get("X-Request-Id") != "" {
				t.Errorf("the ids are %q, and %q in the answer", ids, res.Header.Get("X-Request-Id"))
			}
		}
		if got := res.Header.Values("X-After"); len(got) != 2 || got[1] != "2" || path == "/typed/1" && res.Header.Get("X-2") != "text/plain; charset=utf-8" {
			t.Errorf("the header is %v", res.Header)
		}
	}
}

// TestBeforeExec: it comes after all that refuses, and before the handler. S82.
func TestBeforeExec(t *testing.T) {
	for _, c := range []struct {
		name, path, as string
		hook           func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error)
		status         int
		text           string
		asked          bool
	}{
		{"nothing", "/raw/1", "calvin", nil, 200, "1 /raw/1", true},
		{"nobody", "/raw/1", "", nil, 401, "authentication required", false},
		{"another's", "/raw/2", "calvin", nil, 403, "permission denied on stuff", false},
		{"spelt in another way", "/raw/0x1", "calvin", nil, 404, "not found", false},
		{"bad parameter", "/typed/1?b=2", "calvin", nil, 400, `unexpected parameter "b"`, false},
		{"a response, raw", "/raw/1", "calvin", func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
			return &fsa.Response{Status: 202, Body: "later"}, nil
		}, 202, "later", true},
		{"a response, typed", "/typed/1", "calvin", func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
			return &fsa.Response{Status: 202, Body: []byte("later")}, nil
		}, 202, "later", true},
		{"401", "/typed/1", "calvin", func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
			return &fsa.Response{Status: 401, Body: "once more"}, nil
		}, 401, "once more", true},
		{"an error", "/typed/1", "calvin", func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
			return nil, fsa.Errorf(409, "busy")
		}, 409, "busy", true},
		{"an error and a response", "/typed/1", "calvin", func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
			return &fsa.Response{Body: "here"}, fsa.Errorf(409, "busy")
		}, 409, "busy", true},
		{"no status", "/raw/1", "calvin", func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
			return &fsa.Response{Status: 99}, nil
		}, 500, "internal error", true},
		{"a panic", "/raw/1", "calvin", func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) { panic("s3cret") }, 500, "internal error", true},
		{"a failure", "/typed/1", "calvin", func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
			return nil, errors.New("s3cret")
		}, 500, "internal error", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := hooked(t, base())
			asked := false
			w.BeforeExec(func(ctx context.Context, r *http.Request, id fsa.Identity) (*fsa.Response, error) {
				if asked = true; id.Login != c.as || r.Header.Get("X-Hook") != "" {
					t.Errorf("asked about %q", id.Login)
				}
				r.Header.Set("X-Hook", "was here")
				if c.hook == nil {
					return nil, nil
				}
				return c.hook(ctx, r, id)
			})
			r := w.client(t).Get(c.path)
			if c.as != "" {
				r.As(c.as)
			}
			res := r.Expect(c.status)
			if res.Text() != c.text || asked != c.asked {
				t.Errorf("the answer is %q, want %q; asked %t", res.Text(), c.text, asked)
			}
			if c.status == 401 && len(res.Header.Values("WWW-Authenticate")) == 0 {
				t.Error("no challenge")
			}
			if c.asked && res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("the header is %v", res.Header)
			}
		})
	}
}

// headerCounter counts the final headers of an answer, of which there is to be one.
type headerCounter struct {
	http.ResponseWriter
	n *int
}

func (c headerCounter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		*c.n++
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c headerCounter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// countHeaders lets n count the headers of the answers of an application.
func countHeaders(w *world, n *int) {
	w.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("X-Middleware", "stays")
			next.ServeHTTP(headerCounter{rw, n}, r)
		})
	})
}

// TestAfterRequest: it comes for every answer, with a complete header, once.
func TestAfterRequest(t *testing.T) {
	w := hooked(t, base())
	headers := 0
	countHeaders(w, &headers)
	fsa.Handle(w, "GET /silent", authz.Open(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	fsa.Handle(w, "GET /stream", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			fmt.Fprint(w, "x")
			http.NewResponseController(w).Flush()
		}
	}))
	fsa.Handle(w, "GET /early", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		http.NewResponseController(w).Flush()
		fmt.Fprint(w, "x")
	}))
	fsa.Handle(w, "GET /taken", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 299 Taken\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		conn.Close()
	}))
	fsa.Handle(w, "GET /switched", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Upgrade", "x")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(http.StatusSwitchingProtocols)
	}))
	fsa.Get(w, "/events", authz.Open(), gives(slices.Values([]fsa.Event{{Data: "a"}, {Data: "b"}})))
	calls := 0
	seen := http.Header{}
	w.AfterRequest(func(h http.Header, r *http.Request, status int) {
		calls++
		seen = h.Clone()
		h.Set("X-Status", fmt.Sprint(status))
	})
	s := httptest.NewServer(handlerOf(t, w))
	defer s.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, c := range []struct {
		method, path string
		status       int
		field        string // that the hook sees
	}{
		{"GET", "/typed/1", 401, "Www-Authenticate"},
		{"GET", "/nowhere", 404, "Content-Type"},
		{"POST", "/typed/1", 405, "Allow"},
		{"OPTIONS", "/typed/1", 204, "Allow"},
		{"GET", "/a//b", 307, "Location"},
		{"GET", "/fails", 500, "X-Request-Id"},
		{"GET", "/silent", 200, "X-Content-Type-Options"},
		{"GET", "/stream", 200, "X-Content-Type-Options"},
		{"GET", "/early", 200, "X-Content-Type-Options"},
		{"GET", "/switched", 101, "X-Content-Type-Options"},
		{"GET", "/events", 200, "X-Content-Type-Options"},
		{"HEAD", "/silent", 200, "X-Content-Type-Options"},
		{"GET", "/taken", 299, ""},
	} {
		calls, headers = 0, 0
		req, _ := http.NewRequest(c.method, s.URL+c.path, nil)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(c.path, err)
		}
		if c.path == "/events" {
			if text, err := io.ReadAll(res.Body); string(text) != "data: a\n\ndata: b\n\n" || err != nil {
				t.Errorf("the events are %q, %v", text, err)
			}
		}
		res.Body.Close()
		if headers > 1 {
			t.Errorf("%s: %d headers", c.path, headers)
		}
		want, times := fmt.Sprint(c.status), 1
		if c.field == "" {
			want, times = "", 0
		}
		if res.StatusCode != c.status || res.Header.Get("X-Status") != want || calls != times || c.field != "" && seen[c.field] == nil {
			t.Errorf("%s %s: status %d, header %v, %d calls, the hook saw %v", c.method, c.path, res.StatusCode, res.Header, calls, seen)
		}
	}
}

// TestAfterRequestFails: a failure takes the place of the answer, all of it, whatever
// becomes of the handler after that; the log tells both. S70, S88.
func TestAfterRequestFails(t *testing.T) {
	for _, c := range []struct {
		name     string
		register func(*world)
		log      string
	}{
		{"panic", func(w *world) { w.AfterRequest(func(http.Header, *http.Request, int) { panic("s3cret") }) }, "stack="},
		{"bad field", func(w *world) { w.AfterRequest(func(h http.Header, _ *http.Request, _ int) { h.Set("X-A", "a\nb") }) },
			"after the hooks of app.AfterRequest, the answer has a control character in the header field X-A"},
		{"bad name", func(w *world) {
			w.AfterRequest(func(h http.Header, _ *http.Request, _ int) { h["a b"] = []string{"c"} })
		}, `a header field of the name \"a b\"`},
		{"header value", func(w *world) { w.AddHeaderFunc("X-A", func(http.Header, *http.Request) string { return "a\r\nb" }) },
			`app.AddHeaderFunc(\"X-A\") gives a value with a control character`},
		{"header panic", func(w *world) { w.AddHeaderFunc("X-A", func(http.Header, *http.Request) string { panic("s3cret") }) }, "stack="},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := hooked(t, base())
			headers := 0
			countHeaders(w, &headers)
			fsa.Handle(w, "GET /own", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
				w.Header().Set("ETag", `"x"`)
				w.WriteHeader(201)
				for range 2 {
					if n, err := fmt.Fprint(w, "the handler's text"); n != 0 || err == nil {
						t.Errorf("the handler is not told that nothing of it is sent: %d, %v", n, err)
					}
					http.NewResponseController(w).Flush()
				}
			}))
			fsa.Handle(w, "GET /panics", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, "the handler's text")
				panic("the handler panics")
			}))
			fsa.Get(w, "/sequence", authz.Open(), gives(failsAfter(2, errSource)))
			fsa.Get(w, "/refuses", authz.Open(), func(context.Context, fsa.None) (string, error) { return "", fsa.Errorf(409, "the first refusal") })
			fsa.Handle(w, "GET /silent", authz.Open(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			c.register(w)
			for n, path := range []string{"/typed/1", "/raw/1", "/own", "/silent", "/nowhere", "/a//b", "/fails", "/panics", "/sequence", "/refuses"} {
				headers = 0
				res := w.client(t).Get(path).As("calvin").Expect(500)
				if res.Text() != "internal error" || res.Header.Get("X-Request-Id") == "" || res.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: %q, %v", path, res.Text(), res.Header)
				}
				for _, name := range []string{"Set-Cookie", "Etag", "Location", "X-A", "a b"} {
					if res.Header[name] != nil {
						t.Errorf("%s: the answer has %s", path, name)
					}
				}
				if headers != 1 || res.Header.Get("X-Middleware") != "stays" {
					t.Errorf("%s: %d headers, %v", path, headers, res.Header)
				}
				lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
				if last := lines[len(lines)-1]; len(lines) != n+1 || !contains(last, "level=ERROR msg=request", c.log) ||
					strings.Contains(last, "the first refusal") != (path == "/refuses") {
					t.Errorf("%s: %d lines, the last is %s", path, len(lines), last)
				}
			}
		})
	}
}

// TestAddHeaderFunc: what a function gives takes the place of the handler's; "" is
// nothing.
func TestAddHeaderFunc(t *testing.T) {
	w := newWorld(t, base())
	for name, value := range map[string]string{"X-Own": "the function's", "X-Kept": "", "X-None": ""} {
		w.AddHeaderFunc(name, func(http.Header, *http.Request) string { return value })
	}
	fsa.Get(w, "/x", authz.Open(), gives(fsa.Response{Header: http.Header{"X-Own": {"a"}, "X-Kept": {"b"}}}))
	res := w.client(t).Get("/x").Expect(204)
	for name, want := range map[string][]string{"X-Own": {"the function's"}, "X-Kept": {"b"}, "X-None": nil} {
		if got := res.Header[name]; !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestErrorResponse: every refusal comes to the hook, and what is no error is no
// answer. S70.
func TestErrorResponse(t *testing.T) {
	type hook = func(http.ResponseWriter, *http.Request, *fsa.Error)
	page := func(w http.ResponseWriter, r *http.Request, e *fsa.Error) {
		w.Header().Set("Content-Type", "text/x-own")
		w.WriteHeader(e.Status)
		fmt.Fprintf(w, "own %d: %s", e.Status, e.Public)
	}
	for _, c := range []struct {
		name, method, path string
		hook               hook
		status             int
		text, contentType  string
		loud               bool // it is an error in the log
	}{
		{"401", "GET", "/typed/1", page, 401, "own 401: authentication required", "text/x-own", false},
		{"404", "GET", "/nowhere", page, 404, "own 404: not found", "text/x-own", false},
		{"405", "POST", "/typed/1", page, 405, "own 405: method POST is not allowed", "text/x-own", false},
		{"500", "GET", "/fails", page, 500, "own 500: internal error", "text/x-own", true},
		{"redirect", "GET", "/a//b", page, 307, "own 307: see /a/b", "text/x-own", false},
		{"no type", "GET", "/body?a=<script>", func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) {
			w.WriteHeader(400)
			fmt.Fprint(w, "<script>alert(1)</script>")
		}, 400, "<script>alert(1)</script>", "text/plain; charset=utf-8", false},
		{"tells the cause", "GET", "/fails", func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) {
			http.Error(w, fmt.Sprintf("%v %v %+v", e, e.Cause, e.Unwrap()), e.Status)
		}, 500, "500: internal error: the cause is in the log the cause is in the log the cause is in the log\n", "text/plain; charset=utf-8", true},
		{"another error", "GET", "/typed/1", func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) { w.WriteHeader(404) }, 404, "", "text/plain; charset=utf-8", false},
		{"without the challenge", "GET", "/typed/1", func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) {
			clear(w.Header())
			clear(e.Header)
			w.WriteHeader(401)
		}, 401, "", "text/plain; charset=utf-8", false},
		{"panics", "GET", "/typed/1", func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) {
			w.Header().Set("X-Half", "way")
			w.WriteHeader(200)
			fmt.Fprint(w, "half of it")
			panic("s3cret")
		}, 401, "authentication required", "text/plain; charset=utf-8", true},
		{"nothing", "GET", "/nowhere", func(http.ResponseWriter, *http.Request, *fsa.Error) {}, 404, "not found", "text/plain; charset=utf-8", true},
		{"a success", "GET", "/typed/1", func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) { fmt.Fprint(w, "welcome") }, 401, "authentication required", "text/plain; charset=utf-8", true},
		{"a redirect", "GET", "/typed/1", func(w http.ResponseWriter, r *http.Request, e *fsa.Error) {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		}, 401, "authentication required", "text/plain; charset=utf-8", true},
		{"too long", "GET", "/nowhere", func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) {
			w.WriteHeader(404)
			fmt.Fprint(w, strings.Repeat("x", 1<<20))
			fmt.Fprint(w, "x")
		}, 404, "not found", "text/plain; charset=utf-8", true},
		{"a split header", "GET", "/nowhere", func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) {
			w.Header().Set("X-A", "a\nb")
			w.WriteHeader(404)
		}, 404, "not found", "text/plain; charset=utf-8", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := hooked(t, base())
			w.ErrorResponse(c.hook)
			res := w.client(t).Request(c.method, c.path).Expect(c.status)
			if res.Text() != c.text || res.Header.Get("Content-Type") != c.contentType || res.Header.Get("X-Half") != "" || res.Header.Get("X-A") != "" {
				t.Errorf("the answer is %q, %v", res.Text(), res.Header)
			}
			if c.status == 401 && len(res.Header.Values("WWW-Authenticate")) == 0 || c.status == 405 && res.Header.Get("Allow") == "" ||
				c.status == 307 && res.Header.Get("Location") != "/a/b" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("the header is %v", res.Header)
			}
			if lines := regexp.MustCompile(`level=(\w+) msg=request`).FindAllStringSubmatch(w.log.String(), -1); c.status >= 400 &&
				(len(lines) != 1 || (lines[0][1] == "ERROR") != c.loud) || strings.Contains(res.Text(), "s3cret") {
				t.Errorf("the log is %s", w.log)
			}
		})
	}
	// What the framework keeps for all requests can't be changed through one.
	w := hooked(t, base())
	w.ErrorResponse(func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) {
		status := e.Status
		e.Status, e.Public = 200, "changed"
		w.WriteHeader(status)
	})
	for range 2 {
		w.client(t).Get("/typed/1").Expect(401)
	}
}

// TestErrorResponseHeader: what of the header of an error's answer is the hook's to say,
// and what is not.
func TestErrorResponseHeader(t *testing.T) {
	type hook = func(http.ResponseWriter, *http.Request, *fsa.Error)
	says := func(status int, fields ...string) hook {
		return func(w http.ResponseWriter, _ *http.Request, e *fsa.Error) {
			for i := 0; i < len(fields); i += 2 {
				if w.Header().Del(fields[i]); fields[i+1] != "" {
					w.Header().Set(fields[i], fields[i+1])
				}
			}
			if status == 0 {
				status = e.Status
			}
			w.WriteHeader(status)
			fmt.Fprint(w, "own")
		}
	}
	for _, c := range []struct {
		name, path string
		hook       hook
		status     int
		text       string
		field      string
		want       []string // its values
		log        string
	}{
		{"a challenge of its own", "/typed/1", says(0, "WWW-Authenticate", "Own x"), 401, "own", "WWW-Authenticate", []string{"Own x"}, ""},
		{"no challenge but at a 401", "/typed/1", says(403, "WWW-Authenticate", ""), 403, "own", "WWW-Authenticate", nil, ""},
		{"a challenge where there was none", "/nowhere", says(401), 401, "own", "WWW-Authenticate", nil, ""},
		{"a redirect to another place", "/a//b", says(0, "Location", "https://evil.example"), 307, "own", "Location", []string{"/a/b"}, ""},
		{"a redirect to nowhere", "/a//b", says(0, "Location", ""), 307, "own", "Location", []string{"/a/b"}, ""},
		{"a redirect that becomes an error", "/a//b", says(404, "Location", ""), 404, "own", "Location", nil, ""},
		{"an error that tells a place", "/nowhere", says(0, "Location", "/elsewhere"), 404, "own", "Location", []string{"/elsewhere"}, ""},
		{"fields that can't be sent", "/bad", says(0), 400, "own", "X-Good", []string{"good"}, ""},
		{"news on the way", "/nowhere", func(w http.ResponseWriter, r *http.Request, e *fsa.Error) {
			w.WriteHeader(103)
			says(0, "X-A", "b")(w, r, e)
		}, 404, "own", "X-A", []string{"b"}, ""},
		{"two statuses", "/nowhere", func(w http.ResponseWriter, r *http.Request, e *fsa.Error) {
			w.WriteHeader(410)
			says(0, "X-A", "b")(w, r, e)
		}, 410, "own", "X-A", []string{"b"}, ""},
		{"a status that is none", "/nowhere", says(600, "X-A", "b"), 404, "not found", "X-A", nil, "has written status 600 for an error of status 404"},
		{"nothing", "/nowhere", func(http.ResponseWriter, *http.Request, *fsa.Error) {}, 404, "not found", "X-A", nil, "has written nothing"},
		{"too long, and then something short", "/nowhere", func(w http.ResponseWriter, r *http.Request, e *fsa.Error) {
			w.WriteHeader(404)
			if n, err := w.Write(make([]byte, 1<<20+1)); n != 0 || err == nil {
				t.Errorf("what is too long is written: %d %v", n, err)
			}
			if n, err := w.Write([]byte("x")); n != 0 || err == nil {
				t.Errorf("what comes after it is written: %d %v", n, err)
			}
		}, 404, "not found", "X-A", nil, "has written more than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := hooked(t, base())
			fsa.Get(w, "/bad", authz.Open(), func(context.Context, fsa.None) (string, error) {
				return "", fsa.Errorf(400, "bad").WithHeader("X-Good", "good").WithHeader("X-Bad", "a\r\nX-Evil: b").WithHeader("X Evil", "b")
			})
			w.ErrorResponse(c.hook)
			a := send(t, handlerOf(t, w), "GET", c.path)
			if got := a.Header().Values(c.field); a.Code != c.status || a.Body.String() != c.text || !slices.Equal(got, c.want) {
				t.Errorf("%d %s, %s: %q", a.Code, a.Body, c.field, got)
			}
			if a.Header()["X-Bad"] != nil || a.Header()["X Evil"] != nil || !contains(w.log.String(), c.log) {
				t.Errorf("%v\n%s", a.Header(), w.log)
			}
		})
	}
}

// TestErrorResponseKeepsPanics: with FSA_KEEP_USER_ERRORS, a panic of the hook is for the
// server, and nothing else is.
func TestErrorResponseKeepsPanics(t *testing.T) {
	for _, c := range []struct {
		name string
		keep bool
		hook func(http.ResponseWriter, *http.Request, *fsa.Error)
		want any
	}{
		{"panics", true, func(http.ResponseWriter, *http.Request, *fsa.Error) { panic("of the hook") }, "of the hook"},
		{"panics, and that is ours", false, func(http.ResponseWriter, *http.Request, *fsa.Error) { panic("of the hook") }, nil},
		{"writes nothing", true, func(http.ResponseWriter, *http.Request, *fsa.Error) {}, nil},
		{"none", true, nil, nil},
	} {
		cfg := base()
		cfg.KeepUserErrors = c.keep
		w := hooked(t, cfg)
		if c.hook != nil {
			w.ErrorResponse(c.hook)
		}
		h := handlerOf(t, w)
		for path, status := range map[string]int{"/nowhere": 404, "/typed/1": 401, "/fails": 500} {
			func() {
				var got any
				var a *httptest.ResponseRecorder
				defer func() {
					if got = recover(); got != c.want || got == nil && a.Code != status {
						t.Errorf("%s, %s: %v, %v", c.name, path, got, a)
					}
				}()
				a = send(t, h, "GET", path)
			}()
		}
	}
}

// TestPathCheck: a path that the hook refuses is a fault, with the route's place.
func TestPathCheck(t *testing.T) {
	w := newWorld(t, base())
	w.PathCheck(fsa.DefaultPathCheck)
	types := w.Prefix("/Types")
	fsa.Get(types, "/x", authz.Open(), nothing)
	fsa.Handle(w, "GET /good/{ID}/v1.2/{rest...}", authz.Open(), http.NotFoundHandler())
	fsa.Get(w, "/", authz.Open(), nothing)
	fsa.Get(w, "/.well-known/x", authz.Open(), nothing)
	faults := faultsOf(t, w.App)
	if len(faults) != 1 || !contains(faults[0], "GET /Types/x", "hooks_test.go:", `the segment "Types"`) {
		t.Errorf("the faults are %q", faults)
	}
	for path, ok := range map[string]bool{
		"/": true, "/a/b-c_d/e2": true, "/get": true, "/gets-x": true, "/a/": false, "/get-user": false, "/a/delete_it": false, "/A": false,
		"/-a": false, "/a/.b": false, "/é": false, "/{Any-Thing}/x": true,
		"/a!b": false, "/_a": false, "/a/.well-known": false, "/a:b": false, "/" + strings.Repeat("a", 255): false,
	} {
		if err := fsa.DefaultPathCheck("GET", path); (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
	}
	w = newWorld(t, base())
	w.PathCheck(func(method, path string) error { panic(method + path) })
	fsa.Handle(w, "/x", authz.Open(), http.NotFoundHandler())
	if faults := faultsOf(t, w.App); len(faults) != 1 || !strings.Contains(faults[0], "app.PathCheck") {
		t.Errorf("the faults are %q", faults)
	}
}

// TestHookFaults: what is wrong with hooks is told at start.
func TestHookFaults(t *testing.T) {
	w := newWorld(t, base())
	w.BeforeRequest(nil)
	w.BeforeExec(nil)
	w.AfterRequest(nil)
	w.ErrorResponse(nil)
	w.PathCheck(nil)
	w.AddHeaderFunc("X-A", nil)
	value := func(http.Header, *http.Request) string { return "" }
	w.AddHeaderFunc("Set-Cookie", value)
	w.AddHeaderFunc("X B", value)
	w.AddHeaderFunc("X-C", value)
	w.AddHeaderFunc("x-c", value)
	w.PathCheck(fsa.DefaultPathCheck)
	w.PathCheck(fsa.DefaultPathCheck)
	faults := faultsOf(t, w.App)
	if len(faults) != 10 {
		t.Errorf("%d faults: %q", len(faults), faults)
	}
	for _, f := range faults {
		if !strings.Contains(f, "hooks_test.go:") {
			t.Errorf("the place is missing: %s", f)
		}
	}
}

// TestPanicAfterFailedHook: a handler that panics when a failure has taken the place of
// its answer changes nothing of that, and is in the log all the same.
func TestPanicAfterFailedHook(t *testing.T) {
	w := newWorld(t, base())
	w.AfterRequest(func(http.Header, *http.Request, int) { panic("of the hook") })
	fsa.Handle(w, "GET /x", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		panic("of the handler")
	}))
	if got := w.client(t).Get("/x").Expect(500).Text(); got != "internal error" {
		t.Errorf("%q", got)
	}
	if !contains(w.log.String(), "of the hook", "of the handler", "level=ERROR") || strings.Count(w.log.String(), "msg=request") != 1 {
		t.Errorf("the log: %s", w.log)
	}
}
