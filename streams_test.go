package fsa_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// failsAfter gives n elements and then an error.
func failsAfter(n int, err error) iter.Seq2[point, error] {
	return func(yield func(point, error) bool) {
		for i := range n {
			if !yield(point{X: i}, nil) {
				return
			}
		}
		yield(point{}, err)
	}
}

// panicsAfter gives n elements and then panics.
func panicsAfter(n int) iter.Seq[point] {
	return func(yield func(point) bool) {
		for i := range n {
			yield(point{X: i})
		}
		panic("the sequence panics: s3cret")
	}
}

var errSource = errors.New("the source fails: s3cret")

// unencodable has no JSON once it is 2.
type unencodable int

func (u unencodable) MarshalJSON() ([]byte, error) {
	if u == 2 {
		return nil, errSource
	}
	return []byte("1"), nil
}

// number is encoded without an encoder, which some numbers need.
type number struct{ F float64 }

// failures are routes whose answers fail, before their first byte or after it.
func failures(w *world) {
	fsa.Get(w, "/seq/0", authz.Open(), gives(failsAfter(0, errSource)))
	fsa.Get(w, "/seq/0/status", authz.Open(), gives(failsAfter(0, fsa.Errorf(409, "not now"))))
	fsa.Get(w, "/seq/2", authz.Open(), gives(failsAfter(2, errSource)))
	fsa.Get(w, "/seq/2/status", authz.Open(), gives(failsAfter(2, fsa.Errorf(409, "not now"))))
	fsa.Get(w, "/seq/many", authz.Open(), gives(failsAfter(10000, errSource)))
	fsa.Get(w, "/panic/0", authz.Open(), gives(panicsAfter(0)))
	fsa.Get(w, "/panic/2", authz.Open(), gives(panicsAfter(2)))
	fsa.Get(w, "/encode/0", authz.Open(), gives(slices.Values([]unencodable{2})))
	fsa.Get(w, "/flat/0", authz.Open(), gives(slices.Values([]number{{math.NaN()}})))
	fsa.Get(w, "/flat/2", authz.Open(), gives(slices.Values([]number{{1}, {math.Inf(1)}})))
	fsa.Get(w, "/body", authz.Open(), gives(fsa.Response{Body: slices.Values([]fsa.HTML(nil))}))
	fsa.Get(w, "/encode/2", authz.Open(), gives(slices.Values([]unencodable{1, 2})))
	fsa.Get(w, "/events/0", authz.Open(), gives[iter.Seq2[fsa.Event, error]](func(yield func(fsa.Event, error) bool) { yield(fsa.Event{}, errSource) }))
	fsa.Get(w, "/events/1", authz.Open(), gives[iter.Seq2[fsa.Event, error]](func(yield func(fsa.Event, error) bool) {
		yield(fsa.Event{Data: "x"}, nil)
		yield(fsa.Event{}, errSource)
	}))
	fsa.Get(w, "/events/bad", authz.Open(), gives(slices.Values([]fsa.Event{{ID: "1", Data: "x"}, {ID: "a\nb"}})))
	fsa.Get(w, "/reader/0", authz.Open(), made1(func() io.Reader { return failer{errSource} }))
	fsa.Get(w, "/reader/1", authz.Open(), made1(func() io.Reader { return io.MultiReader(strings.NewReader("abc"), failer{errSource}) }))
	fsa.Get(w, "/reader/at once", authz.Open(), made1(func() io.Reader { return atOnce{} }))
	fsa.Get(w, "/reader/panic", authz.Open(), made1(func() io.Reader { return io.MultiReader(strings.NewReader("abc"), failer{}) }))
	fsa.Get(w, "/reader/stuck", authz.Open(), made1(func() io.Reader { return stuck{} }))
	fsa.Get(w, "/content/1", authz.Open(), made1(func() fsa.Content { return fsa.Content{Body: &shrinking{Reader: strings.NewReader("abcdef")}} }))
	fsa.Get(w, "/content/fails", authz.Open(), made1(func() fsa.Content {
		return fsa.Content{Body: &shrinking{Reader: strings.NewReader("abcdef"), err: errSource}}
	}))
	fsa.Get(w, "/content/panics", authz.Open(), made1(func() fsa.Content {
		return fsa.Content{Body: &shrinking{Reader: strings.NewReader("abcdef"), panics: true}}
	}))
	fsa.Get(w, "/content/0", authz.Open(), made1(func() fsa.Content { return fsa.Content{Body: seekless{strings.NewReader("abc")}} }))
	fsa.Get(w, "/content/nil", authz.Open(), gives(fsa.Content{}))
}

func made1[Out any](out func() Out) func(context.Context, fsa.None) (Out, error) {
	return func(context.Context, fsa.None) (Out, error) { return out(), nil }
}

// atOnce gives some bytes and an error together.
type atOnce struct{}

func (atOnce) Read(b []byte) (int, error) { return copy(b, "abc"), errSource }

// stuck gives neither bytes nor an error.
type stuck struct{}

func (stuck) Read(b []byte) (int, error) { return 0, nil }

// shrinking ends before its size.
type shrinking struct {
	*strings.Reader
	err    error
	panics bool
	n      int
}

func (s *shrinking) Read(b []byte) (int, error) {
	if s.n++; s.n > 1 {
		if s.panics {
			panic("read: s3cret")
		}
		if s.err == nil {
			return 0, io.EOF
		}
		return 0, s.err
	}
	return s.Reader.Read(b[:min(3, len(b))])
}

// WriteTo is hidden: the copying is to see Read.
func (s *shrinking) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(struct{ io.Writer }{w}, struct{ io.Reader }{s})
}

type seekless struct{ io.Reader }

func (seekless) Seek(int64, int) (int64, error) { return 0, errSource }

var failingAnswers = []struct {
	path    string
	status  int
	aborted bool
	body    string
	log     string
}{
	{"/seq/0", 500, false, "internal error", "the source fails"},
	{"/seq/0/status", 409, false, "not now", ""},
	{"/seq/2", 200, true, `[{"x":0,"y":0},{"x":1,"y":0}`, "the source fails"},
	{"/seq/2/status", 200, true, `[{"x":0,"y":0},{"x":1,"y":0}`, "not now"},
	{"/seq/many", 200, true, "", "the source fails"},
	{"/panic/0", 500, false, "internal error", "the sequence panics"},
	{"/panic/2", 200, true, `[{"x":0,"y":0},{"x":1,"y":0}`, "the sequence panics"},
	{"/encode/0", 500, false, "internal error", "encoding element 1"},
	{"/encode/2", 200, true, "[1", "encoding element 2"},
	{"/flat/0", 500, false, "internal error", "encoding element 1"},
	{"/flat/2", 200, true, `[{"F":1}`, "encoding element 2"},
	{"/body", 500, false, "internal error", "fsa.HTML is an answer by itself"},
	{"/events/0", 500, false, "internal error", "the source fails"},
	{"/events/1", 200, true, "data: x\n\n", "the source fails"},
	{"/events/bad", 200, true, "id: 1\ndata: x\n\n", "the ID holds a line break"},
	{"/reader/0", 500, false, "internal error", "the source fails"},
	{"/reader/1", 200, true, "abc", "the source fails"},
	{"/reader/at%20once", 500, false, "internal error", "the source fails"},
	{"/reader/panic", 200, true, "abc", "read: s3cret"},
	{"/reader/stuck", 500, false, "internal error", "multiple Read calls return no data or error"},
	{"/content/1", 200, true, "abc", "ended after 3 of 6 bytes"},
	{"/content/fails", 200, true, "abc", "the source fails"},
	{"/content/panics", 200, true, "abc", "read: s3cret"},
	{"/content/0", 500, false, "internal error", "cannot seek"},
	{"/content/nil", 500, false, "internal error", "the Body is nil"},
}

// TestFailingStreams: an answer that fails before its first byte is an error, with
// a status; one that fails later ends its connection, so that nobody takes it for
// complete, and is an error in the log.
func TestFailingStreams(t *testing.T) {
	for _, f := range failingAnswers {
		t.Run(f.path, func(t *testing.T) {
			w := newWorld(t, base())
			failures(w)
			r := w.client(t).Get(f.path)
			var body string
			if f.aborted {
				body = r.ExpectAborted(f.status).Text()
			} else {
				body = r.Expect(f.status).Text()
			}
			if body != f.body && f.body != "" {
				t.Errorf("the body is %q", body)
			}
			line := w.log.String()
			if strings.Count(line, "\n") != 1 || !strings.Contains(line, f.log) {
				t.Errorf("the log is %s", line)
			}
			if f.aborted && !contains(line, "level=ERROR", "status=200", "error=") || f.aborted != strings.Contains(line, "cut_short=true") && !strings.Contains(line, "stack=") {
				t.Errorf("the log is %s", line)
			}
			// HEAD asks for no body, and so nothing fails before there is one.
			if head := w.client(t).Head(f.path).Do(); head.Aborted || head.Status != 200 && head.Status != 500 {
				t.Errorf("HEAD: %d", head.Status)
			}
		})
	}
}

// TestFailingStreamsCollected: with FSA_JSON_STREAMING = false, an array that fails
// is an error, wherever it does.
func TestFailingStreamsCollected(t *testing.T) {
	cfg := base()
	cfg.NoJSONStreaming = true
	w := newWorld(t, cfg)
	failures(w)
	c := w.client(t)
	for path, want := range map[string]int{"/seq/2": 500, "/seq/2/status": 409, "/seq/many": 500, "/panic/2": 500, "/encode/2": 500, "/flat/2": 500} {
		c.Get(path).Expect(want)
	}
	c.Get("/events/1").ExpectAborted(200)
}

// TestFailingStreamsOnTheWire: what real clients see of an answer that fails: an
// error, of HTTP/1.1 as of HTTP/2, and never an end.
func TestFailingStreamsOnTheWire(t *testing.T) {
	for _, version := range []int{1, 2} {
		w := newWorld(t, base())
		failures(w)
		s := httptest.NewUnstartedServer(handlerOf(t, w))
		s.EnableHTTP2 = version == 2
		s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		s.StartTLS()
		defer s.Close()
		for _, f := range failingAnswers {
			res, err := s.Client().Get(s.URL + f.path)
			if err != nil {
				t.Errorf("HTTP/%d %s: %v", version, f.path, err)
				continue
			}
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if res.ProtoMajor != version || res.StatusCode != f.status || (err != nil) != f.aborted || string(body) != f.body && f.body != "" {
				t.Errorf("HTTP/%d %s: HTTP/%d, %d, %v, %.100q", version, f.path, res.ProtoMajor, res.StatusCode, err, body)
			}
		}
	}
	// A raw HTTP/1.1 answer has no last chunk.
	w := newWorld(t, base())
	failures(w)
	base, stop := start(t, w)
	defer stop()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /seq/2 HTTP/1.1\r\nHost: x\r\n\r\n")
	raw, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(raw), `[{"x":0,"y":0}`) || strings.Contains(string(raw), "\r\n0\r\n") {
		t.Errorf("%v, %q", err, raw)
	}
}

// TestElementsComeAtOnce: an element does not wait for the next one, and those that
// come together are sent together.
func TestElementsComeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		fsa.Get(w, "/seq", authz.Open(), gives[iter.Seq[int]](func(yield func(int) bool) {
			yield(1)
			yield(2)
			time.Sleep(time.Hour)
			yield(3)
		}))
		begin := time.Now()
		s := w.client(t).Get("/seq").Stream()
		defer s.Close()
		b := make([]byte, 100)
		n, err := s.Read(b)
		if got := string(b[:n]); err != nil || got != "[1,2" || s.Status != 200 {
			t.Errorf("%d %q, %v", s.Status, got, err)
		}
		if waited := time.Since(begin); waited > 100*time.Millisecond {
			t.Errorf("it took %v", waited)
		}
		rest, err := io.ReadAll(s)
		if string(rest) != ",3]\n" || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	})
}

// TestClientGoes: a sequence is told when nobody listens any more; the log tells
// so, and it is no failure.
func TestClientGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		var stopped, cancelled bool
		fsa.Get(w, "/seq", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq[int], error) {
			return func(yield func(int) bool) {
				for i := 0; ; i++ {
					if !yield(i) {
						stopped, cancelled = true, ctx.Err() != nil
						return
					}
					time.Sleep(time.Second)
				}
			}, nil
		})
		fsa.Get(w, "/events", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq[fsa.Event], error) {
			return func(yield func(fsa.Event) bool) {
				yield(fsa.Event{Data: "x"})
				<-ctx.Done()
				stopped, cancelled = true, true
			}, nil
		})
		for _, path := range []string{"/seq", "/events"} {
			stopped, cancelled = false, false
			s := w.client(t).Get(path).Stream()
			if _, err := s.Read(make([]byte, 8)); err != nil {
				t.Error(err)
			}
			s.Close()
			if !stopped || !cancelled {
				t.Errorf("%s: stopped %t, cancelled %t", path, stopped, cancelled)
			}
			if line := w.log.String(); !contains(line, "level=INFO", "route="+path, "client_gone=true") || strings.Contains(line, "level=ERROR") {
				t.Error(line)
			}
		}
	})
}

// TestDeadlineCutsStream: an array whose request has run out of time is not taken
// for complete, though the sequence has ended by itself; one that goes on is told.
func TestDeadlineCutsStream(t *testing.T) {
	t.Run("streamed", func(t *testing.T) { deadlineCutsStream(t, false) })
	t.Run("collected", func(t *testing.T) { deadlineCutsStream(t, true) })
}

func deadlineCutsStream(t *testing.T, collected bool) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.NoJSONStreaming = collected
		w := newWorld(t, cfg)
		w.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
				defer cancel()
				next.ServeHTTP(rw, r.WithContext(ctx))
			})
		})
		fsa.Get(w, "/{n}", authz.Open(), func(ctx context.Context, in struct{ N int }) (iter.Seq[int], error) {
			return func(yield func(int) bool) {
				for i := range in.N {
					yield(i)
				}
				<-ctx.Done()
			}, nil
		})
		elements := 0
		fsa.Get(w, "/on", authz.Open(), gives[iter.Seq[int]](func(yield func(int) bool) {
			for elements = 1; elements < 100 && yield(elements); elements++ {
				time.Sleep(time.Second + 1)
			}
		}))
		for _, path := range []string{"/2", "/on"} {
			if r := w.client(t).Get(path); collected {
				r.Expect(503)
			} else {
				r.ExpectAborted(200)
			}
		}
		if elements != 61 {
			t.Errorf("%d elements are asked for in a minute", elements)
		}
		w.client(t).Get("/0").Expect(503)
		if !contains(w.log.String(), "level=ERROR", "deadline exceeded") || strings.Contains(w.log.String(), "cut_short=true") == collected {
			t.Error(w.log.String())
		}
	})
}

// TestSilentEvents: an event stream begins without an event, and breaks its
// silence; an error that comes at once is still an answer.
func TestSilentEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		fsa.Get(w, "/x", authz.Open(), gives[iter.Seq2[fsa.Event, error]](func(yield func(fsa.Event, error) bool) {
			time.Sleep(20 * time.Second)
			yield(fsa.Event{Data: "first"}, nil)
			time.Sleep(40 * time.Second)
			yield(fsa.Event{Data: "second"}, nil)
		}))
		fsa.Get(w, "/soon", authz.Open(), gives[iter.Seq2[fsa.Event, error]](func(yield func(fsa.Event, error) bool) {
			time.Sleep(500 * time.Millisecond)
			yield(fsa.Event{}, fsa.Errorf(410, "gone"))
		}))
		fsa.Get(w, "/late", authz.Open(), gives[iter.Seq2[fsa.Event, error]](func(yield func(fsa.Event, error) bool) {
			time.Sleep(5 * time.Second)
			yield(fsa.Event{}, fsa.Errorf(410, "gone"))
		}))
		fsa.Get(w, "/never", authz.Open(), gives[iter.Seq[fsa.Event]](func(yield func(fsa.Event) bool) {}))
		fsa.Get(w, "/early", authz.Open(), gives[iter.Seq[fsa.Event]](func(yield func(fsa.Event) bool) {
			time.Sleep(500 * time.Millisecond)
			yield(fsa.Event{Data: "first"})
			time.Sleep(14 * time.Second)
			yield(fsa.Event{Data: "second"})
			time.Sleep(16 * time.Second)
		}))
		fsa.Get(w, "/over", authz.Open(), gives[iter.Seq2[fsa.Event, error]](func(yield func(fsa.Event, error) bool) {
			time.Sleep(5 * time.Second) // longer than the route has, and than the header waits
			yield(fsa.Event{Data: "late"}, nil)
		}), fsa.Timeout(500*time.Millisecond))
		begin := time.Now()
		s := w.client(t).Get("/x").Stream()
		defer s.Close()
		if s.Status != 200 || s.Header.Get("X-Accel-Buffering") != "no" || s.Header.Get("Cache-Control") != "no-store" || time.Since(begin) != time.Second {
			t.Errorf("%d %v after %v", s.Status, s.Header, time.Since(begin))
		}
		all, err := io.ReadAll(s)
		if want := ":\n\ndata: first\n\n:\n\n:\n\ndata: second\n\n"; string(all) != want || err != nil {
			t.Errorf("%q, %v", all, err)
		}
		c := w.client(t)
		c.Get("/soon").Expect(410)
		c.Get("/late").ExpectAborted(200)
		c.Get("/over").Expect(503)
		if got, want := c.Get("/early").Expect(200).Text(), "data: first\n\ndata: second\n\n:\n\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if res := c.Get("/never").Expect(200); res.Text() != "" || res.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("%q", res.Text())
		}
	})
}

// TestEventsNotBegun: an answer that can have no body is a failure, and no stream, for GET
// and HEAD.
func TestEventsNotBegun(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), func(context.Context, fsa.None) (*fsa.Response, error) {
		return &fsa.Response{Body: iter.Seq[fsa.Event](func(func(fsa.Event) bool) { t.Error("it is asked") })}, nil
	}, fsa.Status(204))
	for _, method := range []string{"GET", "HEAD"} {
		w.client(t).Request(method, "/x").Expect(500)
	}
	if n := strings.Count(w.log.String(), "an answer of status 204 has no body, but the handler gives a stream"); n != 2 || strings.Contains(w.log.String(), "stack=") {
		t.Errorf("%s", w.log)
	}
}

// TestHookFailsOnSilentEvents: the failure that takes the place of an event stream
// does not wait for an event.
func TestHookFailsOnSilentEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		w.AfterRequest(func(http.Header, *http.Request, int) { panic("s3cret") })
		taken := false
		fsa.Get(w, "/x", authz.Open(), gives[iter.Seq[fsa.Event]](func(yield func(fsa.Event) bool) {
			time.Sleep(time.Hour)
			taken = yield(fsa.Event{Data: "x"})
		}))
		begin := time.Now()
		s := w.client(t).Get("/x").Stream()
		defer s.Close()
		b := make([]byte, 100)
		n, err := s.Read(b)
		if waited := time.Since(begin); s.Status != 500 || string(b[:n]) != "internal error" || err != nil || waited != time.Second {
			t.Errorf("%d %q after %v, %v", s.Status, b[:n], waited, err)
		}
		if rest, err := io.ReadAll(s); len(rest) > 0 || err != nil || taken {
			t.Errorf("then %q, %v; an event was taken: %t", rest, err, taken)
		}
		synctest.Wait()
		if log := w.log.String(); !contains(log, "level=ERROR", "s3cret") || strings.Contains(log, "the client has gone") {
			t.Errorf("the log: %s", log)
		}
	})
}

// deadConnection can't be flushed.
type deadConnection struct{ http.ResponseWriter }

func (deadConnection) FlushError() error { return errors.New("the connection is dead") }

// TestFlushFails: a sequence is told that nothing reaches the client, hooks or none.
func TestFlushFails(t *testing.T) {
	for _, hooks := range []bool{false, true} {
		w := newWorld(t, base())
		if hooks {
			w.AfterRequest(func(http.Header, *http.Request, int) {})
		}
		w.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { next.ServeHTTP(deadConnection{rw}, r) })
		})
		events := 0
		fsa.Get(w, "/x", authz.Open(), gives[iter.Seq[fsa.Event]](func(yield func(fsa.Event) bool) {
			for events = 1; events < 5 && yield(fsa.Event{Data: "x"}); events++ {
			}
		}))
		w.client(t).Get("/x").ExpectAborted(200)
		if events != 1 || !contains(w.log.String(), "client_gone=true", "the connection is dead") {
			t.Errorf("hooks %t: %d events, the log is %s", hooks, events, w.log)
		}
	}
}

// TestEvents: what a page gets is what the handler has said, whatever it is.
func TestEvents(t *testing.T) {
	all := []fsa.Event{
		{Data: "plain"},
		{ID: "7", Name: "added", Data: "two\nlines", Retry: 1500 * time.Millisecond},
		{Data: "cr\rlf\r\nend\n"},
		{Data: "data: injected\n\nevent: evil\ndata: x"},
		{Data: ""},
		{Data: " leading"},
		{Data: ":"},
		{ID: "8"},
		{Data: point{1, 2}},
		{Data: []string{"a\nb"}},
		{Data: "\xff"},
	}
	want := []fsa.Event{
		{Data: "plain"}, {ID: "7", Name: "added", Data: "two\nlines", Retry: 1500 * time.Millisecond}, {Data: "cr\nlf\nend\n"},
		{Data: "data: injected\n\nevent: evil\ndata: x"}, {Data: ""}, {Data: " leading"}, {Data: ":"}, {ID: "8"}, {Data: `{"x":1,"y":2}`}, {Data: `["a\nb"]`}, {Data: "\uFFFD"},
	}
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), gives(slices.Values(all)))
	got := w.client(t).Get("/x").Expect(200).Events()
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, bad := range []fsa.Event{{ID: "a\rb"}, {ID: "a\x00"}, {Name: "a\nb"}, {Retry: -1}, {Data: make(chan int)}} {
		w := newWorld(t, base())
		fsa.Get(w, "/x", authz.Open(), gives(slices.Values([]fsa.Event{bad})))
		w.client(t).Get("/x").Expect(500)
	}
}

// TestLastEventID: a page that comes back says where it was.
func TestLastEventID(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), func(_ context.Context, in struct {
		LastEventID fsa.Header `param:"last_event_id,optional"`
	}) (iter.Seq[fsa.Event], error) {
		return slices.Values([]fsa.Event{{Data: "after " + string(in.LastEventID)}}), nil
	})
	c := w.client(t)
	c.Get("/x").Expect(200).Contains("data: after \n")
	c.Get("/x").Header("Last-Event-ID", "7").Expect(200).Contains("data: after 7\n")
}

// TestSequenceThatGoesOn: a sequence that does not listen to yield, or that asks
// after its end, harms nobody.
func TestSequenceThatGoesOn(t *testing.T) {
	w := newWorld(t, base())
	var kept func(int, error) bool
	fsa.Get(w, "/x", authz.Open(), gives[iter.Seq2[int, error]](func(yield func(int, error) bool) {
		kept = yield
		yield(1, nil)
		yield(0, errSource)
		yield(2, nil)
	}))
	if got := w.client(t).Get("/x").ExpectAborted(200).Text(); got != "[1" {
		t.Errorf("%q", got)
	}
	if kept(3, nil) {
		t.Error("an answer that is over takes more")
	}
}

// slowConn takes nothing for a while.
type deadlines struct {
	http.ResponseWriter
	set []time.Duration
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.set = append(d.set, time.Until(t))
	return nil
}

func (d *deadlines) Unwrap() http.ResponseWriter { return d.ResponseWriter }

// TestWriteDeadline: each piece of a stream has the time of a whole answer.
func TestWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		fsa.Get(w, "/seq", authz.Open(), gives[iter.Seq[int]](func(yield func(int) bool) {
			for i := range 3 {
				yield(i)
				time.Sleep(time.Minute)
			}
		}))
		fsa.Get(w, "/events", authz.Open(), gives(slices.Values([]fsa.Event{{Data: 1}, {Data: 2}, {Data: 3}, {Data: 4}})))
		fsa.Get(w, "/content", authz.Open(), made1(func() fsa.Content { return fsa.Content{Body: strings.NewReader(strings.Repeat("x", 1<<20))} }))
		h := handlerOf(t, w)
		for path, n := range map[string]int{"/seq": 4, "/events": 4, "/content": 4} {
			rec := httptest.NewRecorder()
			d := &deadlines{ResponseWriter: rec}
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr = "127.0.0.1:1"
			h.ServeHTTP(d, r)
			if rec.Code != 200 || len(d.set) != n || slices.ContainsFunc(d.set, func(x time.Duration) bool { return x != 30*time.Second }) {
				t.Errorf("%s: %d, %v", path, rec.Code, d.set)
			}
		}
	})
}

// TestLongStreamOnTheWire: a stream outlasts the time that the server has for an
// answer.
func TestLongStreamOnTheWire(t *testing.T) {
	w := newWorld(t, base())
	next := make(chan struct{})
	fsa.Get(w, "/x", authz.Open(), gives[iter.Seq[fsa.Event]](func(yield func(fsa.Event) bool) {
		for yield(fsa.Event{Data: "x"}) {
			<-next
		}
	}))
	s := httptest.NewUnstartedServer(handlerOf(t, w))
	s.Config.WriteTimeout = 50 * time.Millisecond
	s.Start()
	defer s.Close()
	res, err := s.Client().Get(s.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer close(next)
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	for range 3 {
		if line, err := lines.ReadString('\n'); line != "data: x\n" || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		lines.ReadString('\n')
		time.Sleep(60 * time.Millisecond)
		next <- struct{}{}
	}
}
