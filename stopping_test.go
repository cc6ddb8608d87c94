package fsa_test

import (
	"bufio"
	"context"
	"io"
	"iter"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// streamsUntil are event streams that go on until their context ends, each of
// another kind, and a request that goes on until leave is closed. All say on entered
// that they have begun.
func streamsUntil(w *world, entered chan<- string, leave <-chan bool) {
	until := func(ctx context.Context, first bool, end error) iter.Seq2[fsa.Event, error] {
		return func(yield func(fsa.Event, error) bool) {
			if first && !yield(fsa.Event{Data: "one"}, nil) {
				return
			}
			entered <- "stream"
			<-ctx.Done()
			if end != nil {
				yield(fsa.Event{}, end)
			}
		}
	}
	fsa.Get(w, "/quiet", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq2[fsa.Event, error], error) {
		return until(ctx, false, nil), nil
	})
	fsa.Get(w, "/one", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq2[fsa.Event, error], error) {
		return until(ctx, true, nil), nil
	})
	fsa.Get(w, "/canceled", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq2[fsa.Event, error], error) {
		return until(ctx, true, context.Canceled), nil
	})
	fsa.Get(w, "/fails", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq2[fsa.Event, error], error) {
		return until(ctx, true, errSource), nil
	})
	fsa.Get(w, "/response", authz.Open(), func(ctx context.Context, _ fsa.None) (fsa.Response, error) {
		return fsa.Response{Body: until(ctx, true, nil)}, nil
	})
	fsa.Get(w, "/any", authz.Open(), func(ctx context.Context, _ fsa.None) (any, error) {
		return until(ctx, true, nil), nil
	})
	fsa.Get(w, "/array", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq2[int, error], error) {
		return func(yield func(int, error) bool) {
			entered <- "request"
			<-leave
			yield(1, ctx.Err())
		}, nil
	})
}

// TestStopEndsStreams: when a server stops, its event streams end as if their
// sequences had, and their contexts do; requests that are none are left to finish.
// Run returning nil says that it has not waited for its time to be over.
func TestStopEndsStreams(t *testing.T) {
	for path, want := range map[string]string{
		"/quiet": "", "/one": "data: one\n\n", "/canceled": "data: one\n\n", "/response": "data: one\n\n", "/any": "data: one\n\n",
		"/fails": "unexpected EOF", // what fails then is no end
	} {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, base())
			entered, leave := make(chan string), make(chan bool)
			streamsUntil(w, entered, leave)
			url, stop := start(t, w)
			answers := map[string]chan string{path: make(chan string, 1), "/array": make(chan string, 1)}
			for path, answer := range answers {
				go func() { answer <- bodyOf(url + path) }()
				<-entered
			}
			stopped := make(chan error, 1)
			go func() { stopped <- stop() }()
			if got := <-answers[path]; got != want {
				t.Errorf("the stream has %q, want %q", got, want)
			}
			select {
			case err := <-stopped:
				t.Errorf("Run has not waited for the request: %v", err)
			default:
			}
			close(leave)
			if got := <-answers["/array"]; got != "[1]\n" {
				t.Errorf("the request has %q", got)
			}
			if err := <-stopped; err != nil {
				t.Error(err)
			}
			if failed := strings.Contains(w.log.String(), "level=ERROR"); failed != (path == "/fails") {
				t.Errorf("the log: %s", w.log)
			}
		})
	}
}

// TestStopOfOneServer: of two servers of an application, the one that goes on keeps
// its streams.
func TestStopOfOneServer(t *testing.T) {
	w := newWorld(t, base())
	events := make(chan string)
	fsa.Get(w, "/x", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq2[fsa.Event, error], error) {
		return func(yield func(fsa.Event, error) bool) {
			for {
				select {
				case text := <-events:
					yield(fsa.Event{Data: text}, nil)
				case <-ctx.Done():
					return
				}
			}
		}, nil
	})
	serve := func(first string) (*http.Server, *bufio.Reader) {
		server, err := w.Server("")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go server.Serve(listener)
		t.Cleanup(func() { server.Close() })
		go func() { events <- first }()
		res, err := http.Get("http://" + listener.Addr().String() + "/x")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return server, bufio.NewReader(res.Body)
	}
	stops, ends := serve("one")
	_, goesOn := serve("two")
	if err := stops.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(ends); err != nil {
		t.Errorf("the stream of the stopped server: %q, %v", b, err)
	}
	go func() { events <- "three" }()
	text := ""
	for !strings.HasSuffix(text, "data: three\n") {
		line, err := goesOn.ReadString('\n')
		if err != nil {
			t.Fatalf("the other server's stream has ended after %q: %v", text, err)
		}
		text += line
	}
}

// TestStopLeavesStreamsOfHooks: the stream of a hook, on a route whose answers are none,
// is a request that the server waits for.
func TestStopLeavesStreamsOfHooks(t *testing.T) {
	w := newWorld(t, base())
	entered, leave, events := make(chan string, 2), make(chan bool), make(chan string)
	streamsUntil(w, entered, leave)
	fsa.Get(w, "/hooked", authz.Open(), nothing)
	w.BeforeExec(func(ctx context.Context, r *http.Request, _ fsa.Identity) (*fsa.Response, error) {
		if r.URL.Path != "/hooked" {
			return nil, nil
		}
		return &fsa.Response{Body: iter.Seq[fsa.Event](func(yield func(fsa.Event) bool) {
			for text := range events {
				if !yield(fsa.Event{Data: text}) {
					return
				}
			}
		})}, nil
	})
	url, stop := start(t, w)
	hooked, told := make(chan string, 1), make(chan string, 1)
	go func() { hooked <- bodyOf(url + "/hooked") }()
	events <- "before"
	go func() { told <- bodyOf(url + "/one") }()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	<-told // so that all have been told
	events <- "after"
	close(events)
	if got := <-hooked; got != "data: before\n\ndata: after\n\n" {
		t.Errorf("the stream has %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// bodyOf gives the body of an answer, or what went wrong.
func bodyOf(url string) string {
	res, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
