package fsatest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa"
)

// Stream is an answer that is read while the handler makes it. What is written is
// seen once it is flushed, or once it is more than a server keeps back.
type Stream struct {
	Status int // 0 if the connection was ended before
	Header http.Header

	w      *streamWriter
	leave  context.CancelFunc
	events *eventReader
}

// Stream sends the request, and waits for the header of the answer. The test must
// end it by [Stream.Close].
func (r *Request) Stream() *Stream {
	r.client.t.Helper()
	req := r.request()
	ctx, leave := context.WithCancel(req.Context())
	w := &streamWriter{t: r.client.t, header: http.Header{}}
	w.changed.L = &w.mu
	go w.serve(r.client.h, req.WithContext(ctx))
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.sent == nil && !w.over {
		w.changed.Wait()
	}
	s := &Stream{Status: w.status, Header: w.sent, w: w, leave: leave}
	s.events = newEventReader(s)
	return s
}

// Read reads the body. At its end the error is [io.EOF], and
// [io.ErrUnexpectedEOF] if the connection was ended before.
func (s *Stream) Read(b []byte) (int, error) {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.seen) == 0 && !w.over {
		w.changed.Wait()
	}
	if len(w.seen) > 0 {
		n := copy(b, w.seen)
		w.seen = w.seen[n:]
		return n, nil
	}
	if w.aborted {
		return 0, io.ErrUnexpectedEOF
	}
	return 0, io.EOF
}

// Event reads the next server-sent event. Its Data are a string. The error is as
// that of [Stream.Read].
func (s *Stream) Event() (fsa.Event, error) { return s.events.next() }

// Close lets the client go: the context of the request ends, and writing fails. It
// returns when the handler has.
func (s *Stream) Close() {
	s.w.mu.Lock()
	s.w.gone = true
	s.w.mu.Unlock()
	s.leave()
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for !s.w.over {
		s.w.changed.Wait()
	}
}

// keptBack is how much a server keeps back of what is not flushed.
const keptBack = 4 << 10

// streamWriter is where the handler writes to.
type streamWriter struct {
	t       testing.TB
	header  http.Header
	mu      sync.Mutex
	changed sync.Cond
	status  int
	sent    http.Header // nil until the header is
	written []byte      // and not seen yet
	seen    []byte
	gone    bool
	over    bool
	aborted bool
}

var errGone = errors.New("the client has gone")

func (w *streamWriter) serve(h http.Handler, req *http.Request) {
	defer func() {
		p := recover()
		w.mu.Lock()
		defer w.mu.Unlock()
		if p == nil && w.status == 0 {
			w.begin(http.StatusOK)
		}
		if w.aborted = p != nil; !w.aborted {
			w.flush()
		}
		if p != nil && p != http.ErrAbortHandler {
			w.t.Errorf("the handler panics: %v", p)
		}
		w.over = true
		w.changed.Broadcast()
	}()
	h.ServeHTTP(w, req)
}

func (w *streamWriter) Header() http.Header { return w.header }

func (w *streamWriter) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begin(status)
}

func (w *streamWriter) begin(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
		w.written = []byte{}
		w.header = w.header.Clone()
	}
}

func (w *streamWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return 0, errGone
	}
	w.begin(http.StatusOK)
	if w.written = append(w.written, b...); len(w.written) > keptBack {
		w.flush()
	}
	return len(b), nil
}

// FlushError lets the client see what has been written.
func (w *streamWriter) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return errGone
	}
	w.begin(http.StatusOK)
	w.flush()
	return nil
}

func (w *streamWriter) flush() {
	if w.sent == nil {
		w.sent = asRead(w.header)
	}
	w.seen = append(w.seen, w.written...)
	w.written = w.written[:0]
	w.changed.Broadcast()
}
