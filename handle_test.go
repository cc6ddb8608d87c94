package fsa_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// handled serves one request by an http.Handler, and gives the answer and the log.
func handled(t *testing.T, rule authz.Rule, handler http.HandlerFunc, more ...func(*world)) (*httptest.ResponseRecorder, string) {
	t.Helper()
	w := newWorld(t, base())
	for _, f := range more {
		f(w)
	}
	fsa.Handle(w, "GET /x", rule, handler)
	r := httptest.NewRequest("GET", "/x", nil)
	r.RemoteAddr = "127.0.0.1:40000"
	r.SetBasicAuth("calvin", calvinPass)
	a := httptest.NewRecorder()
	handlerOf(t, w).ServeHTTP(newsless{a}, r)
	return a, w.log.String()
}

// newsless leaves out the news on the way, which a recorder takes for the answer.
type newsless struct{ *httptest.ResponseRecorder }

func (n newsless) WriteHeader(status int) {
	if status >= 200 {
		n.ResponseRecorder.WriteHeader(status)
	}
}

// TestRecordedStatus: the status of an answer is the first that its handler writes, news
// on the way aside, in the log too; and what the answer of each status has is there.
func TestRecordedStatus(t *testing.T) {
	challenges := []string{"Basic", "Bearer"}
	for _, c := range []struct {
		name       string
		handler    http.HandlerFunc
		status     int
		challenges []string
	}{
		{"a refusal", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, 401, challenges},
		{"one with a challenge", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", "Own x")
			w.WriteHeader(401)
		}, 401, []string{"Own"}},
		{"another refusal", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, 403, nil},
		{"two statuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); w.WriteHeader(500) }, 404, nil},
		{"news on the way", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(401) }, 401, challenges},
	} {
		a, logged := handled(t, authz.Auth(), c.handler)
		var got []string
		for _, challenge := range a.Header().Values("WWW-Authenticate") {
			scheme, _, _ := strings.Cut(challenge, " ")
			got = append(got, scheme)
		}
		if a.Code != c.status || !slices.Equal(got, c.challenges) {
			t.Errorf("%s: %d %q", c.name, a.Code, got)
		}
		if !contains(logged, fmt.Sprintf("status=%d ", c.status)) || a.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v\n%s", c.name, a.Header(), logged)
		}
	}
}

// TestHandlerFlushes: an answer that begins with a flush has the header of any other, and
// the server has nothing to complain of when it goes on.
func TestHandlerFlushes(t *testing.T) {
	var complaints bytes.Buffer
	w := newWorld(t, base())
	fsa.Handle(w, "GET /x", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Del("Cache-Control")
		rw.(http.Flusher).Flush()
		io.WriteString(rw, "a")
		rw.(http.Flusher).Flush()
		io.WriteString(rw, "b")
	}))
	s := httptest.NewUnstartedServer(handlerOf(t, w))
	s.Config.ErrorLog = log.New(&complaints, "", 0)
	s.Start()
	r, err := http.NewRequest("GET", s.URL+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("calvin", calvinPass)
	a, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(a.Body)
	a.Body.Close()
	s.Close()
	if a.StatusCode != 200 || string(body) != "ab" || err != nil || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s %v %v", a.StatusCode, body, err, a.Header)
	}
	if complaints.Len() > 0 {
		t.Errorf("the server says: %s", &complaints)
	}
}

// TestTakenConnection: a handler that has got the connection answers by itself, and one
// that has not got it does not.
func TestTakenConnection(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler func(http.Hijacker)
		status  string
		calls   int
	}{
		{"once", func(h http.Hijacker) {
			conn, _, err := h.Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
		}, "status=101 ", 0},
		{"twice", func(h http.Hijacker) {
			conn, _, err := h.Hijack()
			if _, _, again := h.Hijack(); err != nil || !errors.Is(again, http.ErrHijacked) {
				t.Error(err, again)
				return
			}
			conn.Close()
		}, "status=101 ", 0},
		{"never", func(http.Hijacker) {}, "status=200 ", 1},
	} {
		cfg := base()
		cfg.LoggingLevel = -4
		w := newWorld(t, cfg)
		calls := 0
		w.AfterRequest(func(http.Header, *http.Request, int) { calls++ })
		fsa.Handle(w, "POST /x", authz.Open(), http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { c.handler(rw.(http.Hijacker)) }))
		h, done := handlerOf(t, w), make(chan bool)
		s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			defer close(done)
			h.ServeHTTP(rw, r)
		}))
		// A GET would be sent again, its connection having ended.
		if a, err := s.Client().Post(s.URL+"/x", "", nil); err == nil {
			a.Body.Close()
		}
		<-done
		s.Close()
		if calls != c.calls || !contains(w.log.String(), c.status) {
			t.Errorf("%s: %d calls\n%s", c.name, calls, w.log)
		}
	}
	// No connection can be had of a writer that has none.
	calls := 0
	a, _ := handled(t, authz.Open(), func(rw http.ResponseWriter, _ *http.Request) {
		if _, _, err := rw.(http.Hijacker).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("the error is %v", err)
		}
	}, func(w *world) { w.AfterRequest(func(http.Header, *http.Request, int) { calls++ }) })
	if a.Code != 200 || calls != 1 {
		t.Errorf("without a connection: %d, %d calls", a.Code, calls)
	}
}

// TestHandlersCaching: what middleware says about caching stands, and a handler that adds
// to what the framework says does not take it back.
func TestHandlersCaching(t *testing.T) {
	public := func(w *world) {
		w.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Cache-Control", "private, max-age=60")
				next.ServeHTTP(rw, r)
			})
		})
	}
	silent := func(http.ResponseWriter, *http.Request) {}
	adds := func(rw http.ResponseWriter, _ *http.Request) { rw.Header().Add("Cache-Control", "max-age=60") }
	for _, c := range []struct {
		handler http.HandlerFunc
		more    []func(*world)
		want    []string
	}{
		{silent, nil, []string{"no-store"}},
		{silent, []func(*world){public}, []string{"private, max-age=60"}},
		{adds, nil, []string{"no-store", "max-age=60"}},
	} {
		if a, _ := handled(t, authz.Auth(), c.handler, c.more...); !slices.Equal(a.Header().Values("Cache-Control"), c.want) {
			t.Errorf("%q, want %q", a.Header().Values("Cache-Control"), c.want)
		}
	}
}

// oddID is an id that can't always be written.
type oddID struct{ text string }

func (o *oddID) UnmarshalText(b []byte) error { o.text = string(b); return nil }

func (o oddID) MarshalText() ([]byte, error) {
	if o.text == "odd" {
		return []byte(o.text), errors.New("it can't be written")
	}
	return []byte(o.text), nil
}

// TestHandlersPath: of what an object permission has looked at, a handler that reads the
// path itself gets nothing else; where nothing is looked at, a slash may be escaped.
func TestHandlersPath(t *testing.T) {
	w := newWorld(t, base())
	owns[oddID](w, "odd")
	owns[oddID](w, "other")
	path := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, r.PathValue("id")) })
	fsa.Handle(w, "GET /odd/{id}", authz.Object("odd", "id", ""), path)
	fsa.Handle(w, "GET /both/{id}", authz.All(authz.Object("odd", "id", ""), authz.Object("other", "id", "")), path)
	fsa.Handle(w, "GET /auth/{id}", authz.Auth(), path)
	c := w.client(t)
	for target, status := range map[string]int{
		"/odd/even": 200, "/odd/odd": 404, "/odd/a%2Fb": 404,
		"/both/even": 200, "/both/odd": 404, "/both/a%2Fb": 404,
		"/auth/odd": 200, "/auth/a%2Fb": 200,
	} {
		c.Get(target).As("calvin").Expect(status)
	}
	w = newWorld(t, base())
	owns[oddID](w, "odd")
	owns[int](w, "number")
	fsa.Handle(w, "GET /both/{id}", authz.All(authz.Object("odd", "id", ""), authz.Object("number", "id", "")), path)
	if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], `parameter "id" is taken for a fsa_test.oddID and for a int; make the ids of the domains the same type`) {
		t.Errorf("%q", got)
	}
}

// TestFailureIsPlain: what a failure, a refusal or a panic leaves of what was meant for a
// success, and what the client is told.
func TestFailureIsPlain(t *testing.T) {
	w := newWorld(t, base())
	w.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			http.SetCookie(rw, &http.Cookie{Name: "a", Value: "b"})
			next.ServeHTTP(rw, r)
		})
	})
	fails := func(err error) func(context.Context, fsa.None) (string, error) {
		return func(context.Context, fsa.None) (string, error) { return "", err }
	}
	fsa.Get(w, "/refuses", authz.Open(), fails(fsa.Errorf(409, "no")))
	fsa.Get(w, "/fails", authz.Open(), fails(errors.New("s3cret")))
	h := handlerOf(t, w)
	for path, want := range map[string]string{"/refuses": "409 no a=b", "/fails": "500 internal error "} {
		a := send(t, h, "GET", path)
		if got := fmt.Sprint(a.Code, " ", a.Body, " ", a.Header().Get("Set-Cookie")); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	// A deadline that is not the route's says nothing about what has failed.
	ended, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if a := serve(h, httptest.NewRequest("GET", "/fails", nil).WithContext(ended)); a.Code != 500 || a.Body.String() != "internal error" {
		t.Errorf("after a deadline: %d %s", a.Code, a.Body)
	}
}

// TestAbortReleases: a handler that aborts its answer has failed, as far as what it was
// given is concerned.
func TestAbortReleases(t *testing.T) {
	w, j := specialWorld(t, &outcome{})
	fsa.Get(w, "/x", authz.Auth(), func(_ context.Context, in struct{ S *session }) (string, error) { panic(http.ErrAbortHandler) })
	w.client(t).Get("/x").As("calvin").ExpectAborted(0)
	if got, want := j.take(), "open s for calvin, end s: "+http.ErrAbortHandler.Error(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestReplacedAnswer: when a failure has taken the place of an answer, nothing that its
// handler does later ends the connection.
func TestReplacedAnswer(t *testing.T) {
	a, _ := handled(t, authz.Open(), func(rw http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(rw, "x"); err == nil {
			t.Error("the text is written")
		}
		panic("s3cret")
	}, func(w *world) { w.AfterRequest(func(http.Header, *http.Request, int) { panic("s3cret") }) })
	if a.Code != 500 || a.Body.String() != "internal error" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}
