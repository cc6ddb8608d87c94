package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestTimeout: when its time is over, the context of a handler ends, and what it
// returns then is 503.
func TestTimeout(t *testing.T) {
	for _, c := range []struct {
		name   string
		took   time.Duration
		err    func(context.Context) error
		status int
		text   string
	}{
		{"in time", time.Second, func(ctx context.Context) error { return ctx.Err() }, 204, ""},
		{"over", 3 * time.Second, func(ctx context.Context) error { return ctx.Err() }, 503, "the request took too long"},
		{"over, wrapped", 3 * time.Second, func(ctx context.Context) error { return fmt.Errorf("query: %w", ctx.Err()) }, 503, "the request took too long"},
		{"over, as a database says it", 3 * time.Second, func(context.Context) error { return errors.New("canceling statement due to user request") }, 503, "the request took too long"},
		{"over, but it says what", 3 * time.Second, func(context.Context) error { return fsa.Errorf(409, "busy") }, 409, "busy"},
		{"over, but done", 3 * time.Second, func(context.Context) error { return nil }, 204, ""},
		{"over, and a panic", 3 * time.Second, func(context.Context) error { panic("s3cret") }, 500, "internal error"},
		{"in time, but it fails", time.Second, func(context.Context) error { return errors.New("s3cret") }, 500, "internal error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, base())
				fsa.Get(w, "/slow", authz.Open(), func(ctx context.Context, _ fsa.None) (fsa.None, error) {
					select {
					case <-time.After(c.took):
					case <-ctx.Done():
						if d, ok := ctx.Deadline(); !ok || time.Now().Before(d) {
							t.Errorf("the context ends early: %v", ctx.Err())
						}
					}
					return fsa.None{}, c.err(ctx)
				}, fsa.Timeout(2*time.Second))
				if res := w.client(t).Get("/slow").Expect(c.status); res.Text() != c.text {
					t.Errorf("the answer is %q", res.Text())
				}
				if c.status == 503 && !strings.Contains(w.log.String(), "level=ERROR") {
					t.Errorf("the log is %s", w.log)
				}
			})
		})
	}
}

// TestTimeoutOfConnection: the times of the connection follow, and only for the
// request.
func TestTimeoutOfConnection(t *testing.T) {
	w := newWorld(t, base())
	var deadlines []string
	handler := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, fsa.User(r.Context()))
	}
	p := w.Prefix("/p", fsa.Timeout(time.Hour), fsa.MaxHeader(1000))
	fsa.Handle(p, "GET /long", authz.Open(), http.HandlerFunc(handler))
	fsa.Handle(p, "GET /short", authz.Open(), http.HandlerFunc(handler), fsa.Timeout(time.Minute))
	fsa.Handle(w, "GET /own", authz.Open(), http.HandlerFunc(handler))
	h := handlerOf(t, w)
	for _, path := range []string{"/p/long", "/p/short", "/own"} {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = "127.0.0.1:40000"
		h.ServeHTTP(&deadlined{httptest.NewRecorder(), &deadlines}, r)
	}
	if strings.Contains(w.log.String(), "level=WARN") {
		t.Error(w.log)
	}
	if got := strings.Join(deadlines, " "); got != "read 1h0m5s write 1h0m5s read 1m5s write 1m5s" {
		t.Errorf("the deadlines are %q", got)
	}
}

// deadlined notes the deadlines that are set, from now, to 5 s.
type deadlined struct {
	*httptest.ResponseRecorder
	set *[]string
}

func (d *deadlined) SetReadDeadline(t time.Time) error {
	*d.set = append(*d.set, "read "+time.Until(t).Round(5*time.Second).String())
	return nil
}

func (d *deadlined) SetWriteDeadline(t time.Time) error {
	*d.set = append(*d.set, "write "+time.Until(t).Round(5*time.Second).String())
	return nil
}

// TestTimeoutHidden: middleware that hides the connection, or a half of it, is told of,
// once; and nothing else is.
func TestTimeoutHidden(t *testing.T) {
	for _, c := range []struct {
		name  string
		hide  func(http.ResponseWriter) http.ResponseWriter
		warns int
	}{
		{"nothing", func(w http.ResponseWriter) http.ResponseWriter { return w }, 0},
		{"all", func(w http.ResponseWriter) http.ResponseWriter { return struct{ http.ResponseWriter }{w} }, 1},
		{"reading", func(w http.ResponseWriter) http.ResponseWriter { return writing{w} }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, base())
			w.Use(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { next.ServeHTTP(c.hide(rw), r) })
			})
			fsa.Get(w, "/x", authz.Open(), nothing, fsa.Timeout(time.Minute))
			h := handlerOf(t, w)
			serve(h, from("", "GET", "/x")) // which no server has read
			if strings.Contains(w.log.String(), "level=WARN") {
				t.Error(w.log)
			}
			s := httptest.NewServer(h)
			defer s.Close()
			for range 2 {
				res, err := http.Get(s.URL + "/x")
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
			}
			if n := strings.Count(w.log.String(), "middleware hides the connection"); n != c.warns {
				t.Errorf("%d warnings: %s", n, w.log)
			}
		})
	}
}

// writing has only the deadline for writing.
type writing struct{ http.ResponseWriter }

func (writing) SetWriteDeadline(time.Time) error { return nil }

// TestSlowBody: a body that does not come in time is 408, of a server of ours.
func TestSlowBody(t *testing.T) {
	w := newWorld(t, base())
	fsa.Post(w, "/x", authz.Open(), func(context.Context, struct{ A string }) (fsa.None, error) { return fsa.None{}, nil })
	s, err := w.Server("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.ReadTimeout != 15*time.Second || s.WriteTimeout != 30*time.Second || s.ReadHeaderTimeout != 5*time.Second ||
		s.IdleTimeout != time.Minute || s.MaxHeaderBytes != 32<<10 || s.Addr != "127.0.0.1:0" {
		t.Errorf("the limits are %+v", s)
	}
	s.ReadTimeout = 50 * time.Millisecond
	l, err := net.Listen("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	defer s.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || !strings.HasSuffix(string(answer), "the request body took too long") {
		t.Errorf("the answer is %q", answer)
	}
}

// TestBodiesRefused: bodies that are compressed or announced as too large are
// refused before anything of them is read, and before any handler runs.
func TestBodiesRefused(t *testing.T) {
	w := newWorld(t, base())
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	fsa.Handle(w, "POST /raw", authz.Auth(), echo, fsa.MaxBody(10))
	fsa.Handle(w, "POST /encoded", authz.Auth(), echo, fsa.MaxBody(10), fsa.InsecureEncodedBody())
	fsa.Post(w, "/typed", authz.Auth(), func(_ context.Context, in struct{ A string }) (string, error) { return in.A, nil }, fsa.MaxBody(10))
	fsa.Post(w, "/request", authz.Auth(), func(_ context.Context, in struct{ R *http.Request }) (string, error) {
		b, err := io.ReadAll(in.R.Body)
		return string(b), err
	}, fsa.MaxBody(10))
	fsa.Post(w, "/requestencoded", authz.Auth(), func(_ context.Context, in *struct {
		N int `default:"1"`
		R *http.Request
	}) (string, error) {
		b, err := io.ReadAll(in.R.Body)
		return string(b), err
	}, fsa.MaxBody(10), fsa.InsecureEncodedBody())
	h := handlerOf(t, w)
	for _, c := range []struct {
		path, body, coding, as string
		length                 int64
		status                 int
	}{
		{"/raw", "0123456789", "", "calvin", 0, 200},
		{"/raw", "0123456789", "identity", "calvin", 0, 200},
		{"/raw", "0123456789a", "", "calvin", 0, 413},
		{"/raw", "0123456789a", "", "", 0, 401},
		{"/raw", "x", "gzip", "calvin", 0, 415},
		{"/raw", "x", "gzip", "calvin", -1, 415},
		{"/raw", "x", "identity, br", "calvin", 0, 415},
		{"/raw", "x", "chunked", "calvin", 0, 415},
		{"/raw", "x", "gzip", "", 0, 401},
		{"/raw", "", "gzip", "calvin", 0, 200}, // there is nothing that is encoded
		{"/encoded", "x", "gzip", "calvin", 0, 200},
		{"/encoded", "0123456789a", "gzip", "calvin", 0, 413},
		{"/requestencoded", "x", "gzip", "calvin", 0, 200},
		{"/request", "x", "gzip", "calvin", 0, 415},
		{"/request", "0123456789a", "", "calvin", 0, 413},
		{"/request", "x", "", "calvin", 0, 200},
		{"/typed", `{"a":"b"}`, "", "calvin", 0, 200},
		{"/typed", `{"a":"b"}`, "deflate", "calvin", 0, 415},
		{"/typed", `{"a":"bc"} `, "", "calvin", 0, 413},
		{"/typed", `{"a":"bc"} `, "", "calvin", -1, 413},
	} {
		body := &countedBody{Reader: strings.NewReader(c.body)}
		r := httptest.NewRequest("POST", c.path, body)
		if r.ContentLength = int64(len(c.body)); c.length != 0 {
			r.ContentLength = c.length
		}
		r.Header.Set("Content-Type", "application/json")
		if c.path != "/typed" {
			r.Header.Set("Content-Type", "application/x-raw")
		}
		if c.coding != "" {
			r.Header.Set("Content-Encoding", c.coding)
		}
		if c.as != "" {
			r = asUser(r, c.as)
		}
		res := serve(h, r)
		if res.Code != c.status || c.status == 415 && res.Header().Get("Accept-Encoding") != "identity" {
			t.Errorf("%+v: %d %s %v", c, res.Code, res.Body, res.Header())
		}
		if (c.status == 415 || c.status == 413 && c.length == 0) && body.n > 0 {
			t.Errorf("%+v: %d bytes have been read", c, body.n)
		}
	}
	for coding, status := range map[string]int{"chunked": 200, "identity": 200, "gzip, chunked": 415} {
		r := httptest.NewRequest("POST", "/raw", strings.NewReader("x"))
		r.ContentLength, r.TransferEncoding = -1, strings.Split(coding, ", ")
		if res := serve(h, asUser(r, "calvin")); res.Code != status {
			t.Errorf("Transfer-Encoding %s: %d", coding, res.Code)
		}
	}
}

type countedBody struct {
	io.Reader
	n int
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// TestMaxHeader: header fields beyond a route's limit are 431.
func TestMaxHeader(t *testing.T) {
	w := newWorld(t, base())
	p := w.Prefix("/p", fsa.MaxHeader(200))
	fsa.Get(p, "/least", authz.Open(), func(ctx context.Context, _ fsa.None) (fsa.None, error) { return fsa.None{}, ctx.Err() })
	fsa.Get(p, "/more", authz.Open(), nothing, fsa.MaxHeader(400))
	fsa.Get(w, "/own", authz.Open(), nothing)
	for _, c := range []struct {
		path           string
		fields, status int
	}{{"/p/least", 1, 204}, {"/p/least", 3, 431}, {"/p/more", 3, 204}, {"/p/more", 5, 431}, {"/own", 50, 204}} {
		r := w.client(t).Get(c.path)
		for range c.fields {
			r.Header("X-Large", strings.Repeat("x", 89)) // 100 with its name
		}
		r.Expect(c.status)
	}
}

// TestLimitFaults: limits that make no sense are told at start.
func TestLimitFaults(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/a", authz.Open(), nothing, fsa.Timeout(0))
	fsa.Get(w, "/b", authz.Open(), nothing, fsa.MaxHeader(-1))
	fsa.Get(w, "/c", authz.Open(), nothing, fsa.InsecureEncodedBody())
	fsa.Get(w, "/e", authz.Open(), nothing, fsa.MaxHeader(0))
	fsa.Get(w, "/f", authz.Open(), takes[struct{ A string }], fsa.InsecureEncodedBody())
	w.Prefix("/d", fsa.InsecureEncodedBody())
	if faults := faultsOf(t, w.App); len(faults) != 6 || !contains(strings.Join(faults, "\n"), "fsa.Timeout", "fsa.MaxHeader", "can't read it", "/d (") {
		t.Errorf("the faults are %q", faults)
	}
}
