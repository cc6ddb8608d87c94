package fsa_test

import (
	"context"
	"errors"
	"iter"
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

// flaky is a connection of which the nth write, or the nth flush, fails or panics. It
// notes when anything came.
type flaky struct {
	*httptest.ResponseRecorder
	start                  time.Time
	failWrite, failFlush   int // from one on
	panics                 bool
	headers, writes, flush int
	at                     []time.Duration // of the writes
}

func (f *flaky) WriteHeader(status int) {
	f.headers++
	f.ResponseRecorder.WriteHeader(status)
}

func (f *flaky) Write(b []byte) (int, error) {
	f.writes++
	f.at = append(f.at, time.Since(f.start))
	if f.writes == f.failWrite {
		if f.panics {
			panic("the writer panics: s3cret")
		}
		return 0, errors.New("the connection is reset")
	}
	return f.ResponseRecorder.Write(b)
}

func (f *flaky) FlushError() error {
	f.flush++
	if f.flush == f.failFlush {
		return errors.New("the connection is reset")
	}
	f.Flush()
	return nil
}

// stream serves GET /x to a connection. It reports whether the answer was cut.
func (f *flaky) stream(t *testing.T, h http.Handler, ctx context.Context) (cut bool) {
	t.Helper()
	f.ResponseRecorder, f.start = httptest.NewRecorder(), time.Now()
	r := httptest.NewRequest("GET", "/x", nil).WithContext(ctx)
	r.RemoteAddr = "127.0.0.1:1"
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				t.Errorf("it panics: %v", p)
			}
			cut = true
		}
	}()
	h.ServeHTTP(f, r)
	return false
}

// TestStreamToFlakyConnection: once a piece could not be sent, nothing more is, and the
// sequence is told at the next one, if it has not been told before.
func TestStreamToFlakyConnection(t *testing.T) {
	for _, c := range []struct {
		name   string
		add    func(w *world, taken *[]bool)
		conn   flaky
		taken  []bool // what the sequence is told
		writes int
		logged string
	}{
		{"events", events(0), flaky{}, []bool{true, true, true}, 3, ""},
		{"events, first write", events(0), flaky{failWrite: 1}, []bool{false}, 1, "client_gone=true"},
		{"events, second write", events(0), flaky{failWrite: 2}, []bool{true, false}, 2, "client_gone=true"},
		{"events, second flush", events(0), flaky{failFlush: 2}, []bool{true, false}, 2, "client_gone=true"},
		{"events, a write that panics", events(0), flaky{failWrite: 2, panics: true}, []bool{true}, 2, "s3cret"},
		{"elements", elements(time.Second), flaky{}, []bool{true, true, true}, 4, ""},
		{"elements of another status", elements(time.Second, fsa.Status(201)), flaky{}, []bool{true, true, true}, 4, ""},
		{"elements, first write", elements(time.Second), flaky{failWrite: 1}, []bool{true, false}, 1, "client_gone=true"},
		{"elements, last write", elements(time.Second), flaky{failWrite: 3}, []bool{true, true, true}, 3, "client_gone=true"},
		{"elements, last flush", elements(time.Second), flaky{failFlush: 3}, []bool{true, true, true}, 3, "client_gone=true"},
		{"elements, their end", elements(time.Second), flaky{failWrite: 4}, []bool{true, true, true}, 4, "client_gone=true"},
		{"elements, a write that panics", elements(time.Second), flaky{failWrite: 1, panics: true}, []bool{true, false}, 1, "panic while an answer was sent: the writer panics"},
		{"elements, the last write panics", elements(time.Second), flaky{failWrite: 3, panics: true}, []bool{true, true, true}, 3, "panic while an answer was sent: the writer panics"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, base())
				var taken []bool
				c.add(w, &taken)
				cut := c.conn.stream(t, handlerOf(t, w), t.Context())
				flushed := c.conn.flush
				time.Sleep(time.Hour)
				if cut != (c.logged != "") || !slices.Equal(taken, c.taken) || c.conn.writes != c.writes || c.conn.headers > 1 || c.conn.flush != flushed {
					t.Errorf("cut %v, told %v, %d writes, %d headers, %d flushes later", cut, taken, c.conn.writes, c.conn.headers, c.conn.flush-flushed)
				}
				if c.conn.failWrite > 0 && c.conn.flush != c.conn.failWrite { // the last one as the connection is ended
					t.Errorf("%d flushes", c.conn.flush)
				}
				if c.logged != "" && !contains(w.log.String(), c.logged) {
					t.Errorf("the log has %s", w.log)
				}
			})
		})
	}
}

// events adds a route that gives three events, and elements one that gives three numbers
// in an array, with a pause after each.
func events(pause time.Duration) func(*world, *[]bool) {
	return func(w *world, taken *[]bool) {
		fsa.Get(w, "/x", authz.Open(), gives(three(fsa.Event{Data: "x"}, pause, taken)))
	}
}

func elements(pause time.Duration, opts ...fsa.Option) func(*world, *[]bool) {
	return func(w *world, taken *[]bool) { fsa.Get(w, "/x", authz.Open(), gives(three(7, pause, taken)), opts...) }
}

func three[T any](elem T, pause time.Duration, taken *[]bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for range 3 {
			*taken = append(*taken, yield(elem))
			if !(*taken)[len(*taken)-1] {
				return
			}
			time.Sleep(pause)
		}
	}
}

// TestStreamIsSentInTime: a piece waits for others for no longer than 10 ms, however
// many they are.
func TestStreamIsSentInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		fsa.Get(w, "/x", authz.Open(), gives[iter.Seq[int]](func(yield func(int) bool) {
			for i := range 5 {
				yield(i)
				time.Sleep(6 * time.Millisecond)
			}
		}))
		var conn flaky
		if conn.stream(t, handlerOf(t, w), t.Context()) {
			t.Error("it was cut")
		}
		ms := time.Millisecond
		if want := []time.Duration{10 * ms, 22 * ms, 30 * ms}; !slices.Equal(conn.at, want) {
			t.Errorf("pieces came at %v, want %v", conn.at, want)
		}
	})
}

// TestStreamOfGoneClient: a sequence that goes on when its client has gone is told so at
// the next element, and what it gives is not sent.
func TestStreamOfGoneClient(t *testing.T) {
	for _, add := range []func(*world, *[]bool){events(time.Second), elements(time.Second)} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, base())
			var taken []bool
			add(w, &taken)
			ctx, hangUp := context.WithTimeoutCause(t.Context(), 1500*time.Millisecond, errors.New("unused"))
			defer hangUp()
			gone, cancel := context.WithCancel(t.Context())
			context.AfterFunc(ctx, cancel)
			var conn flaky
			if !conn.stream(t, handlerOf(t, w), gone) || !slices.Equal(taken, []bool{true, true, false}) || conn.writes != 2 {
				t.Errorf("told %v, %d writes", taken, conn.writes)
			}
			if !contains(w.log.String(), "level=INFO", "client_gone=true") {
				t.Errorf("the log has %s", w.log)
			}
		})
	}
}

// TestStreamTooLate: a sequence that begins when its time is over is answered as what
// took too long, not as the beginning of a success.
func TestStreamTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		var taken []bool
		late := func(yield func(int) bool) {
			time.Sleep(2 * time.Second)
			taken = append(taken, yield(1))
		}
		fsa.Get(w, "/x", authz.Open(), gives[iter.Seq[int]](late), fsa.Timeout(time.Second))
		var conn flaky
		if conn.stream(t, handlerOf(t, w), t.Context()) || conn.Code != 503 || !slices.Equal(taken, []bool{false}) {
			t.Errorf("%d %s, told %v", conn.Code, conn.Body, taken)
		}
	})
}

// unflushable is a connection that can't be flushed.
type unflushable struct{ w http.ResponseWriter }

func (b unflushable) Header() http.Header         { return b.w.Header() }
func (b unflushable) Write(p []byte) (int, error) { return b.w.Write(p) }
func (b unflushable) WriteHeader(status int)      { b.w.WriteHeader(status) }

// TestStreamThroughMiddleware: where middleware hides that an answer can be flushed, it is
// sent all the same.
func TestStreamThroughMiddleware(t *testing.T) {
	for _, add := range []func(*world, *[]bool){events(0), elements(time.Second)} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, base())
			w.Use(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(unflushable{w}, r) })
			})
			var taken []bool
			add(w, &taken)
			var conn flaky
			if conn.stream(t, handlerOf(t, w), t.Context()) || !slices.Equal(taken, []bool{true, true, true}) || conn.Code != 200 {
				t.Errorf("%d, told %v", conn.Code, taken)
			}
		})
	}
}

// TestWriteDeadlineOfRoutes: the time for a piece is that of an answer, if the route has
// more, and what the context of a request says is no time of the route.
func TestWriteDeadlineOfRoutes(t *testing.T) {
	for _, c := range []struct {
		name  string
		opts  []fsa.Option
		limit time.Duration
		want  time.Duration
	}{
		{"a route without a time of its own", nil, time.Minute, 30 * time.Second},
		{"one that ends soon", nil, 10 * time.Second, 30 * time.Second},
		{"a route with much time", []fsa.Option{fsa.Timeout(time.Hour)}, 2 * time.Hour, 30 * time.Second},
		{"a route with little", []fsa.Option{fsa.Timeout(10 * time.Second)}, 2 * time.Hour, 15 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, base())
				fsa.Get(w, "/x", authz.Open(), gives(slices.Values([]fsa.Event{{Data: 1}})), c.opts...)
				ctx, cancel := context.WithTimeout(t.Context(), c.limit)
				defer cancel()
				d := &deadlines{ResponseWriter: httptest.NewRecorder()}
				r := httptest.NewRequest("GET", "/x", nil).WithContext(ctx)
				r.RemoteAddr = "127.0.0.1:1"
				handlerOf(t, w).ServeHTTP(d, r)
				if n := len(d.set); n == 0 || d.set[n-1] != c.want {
					t.Errorf("%v, want %v", d.set, c.want)
				}
			})
		})
	}
}

// TestStreamOfStoppedServer: an event stream whose sequence does not look at its context
// ends with its server, as if the sequence had, whatever that says of it.
func TestStreamOfStoppedServer(t *testing.T) {
	for _, says := range []string{"nothing", "the error", "the cause"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, base())
			var taken []bool
			fsa.Get(w, "/x", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq2[fsa.Event, error], error) {
				return func(yield func(fsa.Event, error) bool) {
					for {
						ev, err := fsa.Event{Data: "x"}, error(nil)
						switch {
						case ctx.Err() == nil:
						case says == "the error":
							err = ctx.Err()
						case says == "the cause":
							err = context.Cause(ctx)
						}
						taken = append(taken, yield(ev, err))
						if !taken[len(taken)-1] {
							return
						}
						time.Sleep(time.Second)
					}
				}, nil
			})
			server, err := w.Server("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(1500*time.Millisecond, func() { server.Shutdown(context.Background()) })
			var conn flaky
			cut := conn.stream(t, server.Handler, context.WithValue(t.Context(), http.ServerContextKey, server))
			if cut || conn.writes != 2 || !slices.Equal(taken, []bool{true, true, false}) {
				t.Errorf("it says %s: cut %v, %d writes, told %v", says, cut, conn.writes, taken)
			}
		})
	}
}

// TestStreamThatIsLostIsNoSuccess: what a handler has done is not kept if its answer could
// not be sent, also if the sequence has not been told.
func TestStreamThatIsLostIsNoSuccess(t *testing.T) {
	type tx struct{}
	for _, c := range []struct {
		conn flaky
		ok   bool
	}{{flaky{}, true}, {flaky{failWrite: 3}, false}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, base())
			var released []error
			fsa.SpecialWithRelease(w.App, func(context.Context, string) (*tx, func(error) error, error) {
				return &tx{}, func(err error) error { released = append(released, err); return err }, nil
			})
			var taken []bool
			fsa.Get(w, "/x", authz.Open(), func(_ context.Context, _ struct{ T *tx }) (iter.Seq[int], error) {
				return three(7, time.Second, &taken), nil
			})
			if cut := c.conn.stream(t, handlerOf(t, w), t.Context()); cut == c.ok || len(released) != 1 || (released[0] == nil) != c.ok {
				t.Errorf("cut %v, released with %v", cut, released)
			}
		})
	}
}

// TestSilentStreamToFlakyConnection: nobody is told that a stream is alive over a
// connection that has failed.
func TestSilentStreamToFlakyConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		var taken []bool
		fsa.Get(w, "/x", authz.Open(), gives[iter.Seq[fsa.Event]](func(yield func(fsa.Event) bool) {
			time.Sleep(time.Minute)
			taken = append(taken, yield(fsa.Event{Data: "x"}))
		}))
		conn := flaky{failFlush: 1} // that of the header, after a second
		if cut := conn.stream(t, handlerOf(t, w), t.Context()); !cut || conn.writes != 0 || !slices.Equal(taken, []bool{false}) {
			t.Errorf("cut %v, %d writes, told %v", cut, conn.writes, taken)
		}
	})
}

// TestStreamThatLeadsElsewhere: a stream does not lead a browser to another host either.
// S60
func TestStreamThatLeadsElsewhere(t *testing.T) {
	w := newWorld(t, base())
	for path, body := range map[string]any{
		"/events":   iter.Seq[fsa.Event](func(func(fsa.Event) bool) { t.Error("it is asked") }),
		"/elements": iter.Seq[int](func(yield func(int) bool) { yield(1) }),
	} {
		fsa.Get(w, path, authz.Open(), func(context.Context, fsa.None) (*fsa.Response, error) {
			return &fsa.Response{Status: 303, Header: http.Header{"Location": {"https://evil.example/"}}, Body: body}, nil
		})
	}
	c := w.client(t)
	for _, path := range []string{"/events", "/elements"} {
		for _, method := range []string{"GET", "HEAD"} {
			if res := c.Request(method, path).Expect(500); res.Header.Get("Location") != "" {
				t.Errorf("%s %s: %v", method, path, res.Header)
			}
		}
	}
	if strings.Contains(w.log.String(), "stack=") {
		t.Errorf("the log: %s", w.log)
	}
}
