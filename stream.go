package fsa

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// The times of answers that are sent piece by piece.
const (
	// writeTime is for how long a client may take one piece, and so replaces
	// the limit on the answer as a whole: that of the server of [App.Run].
	writeTime = 30 * time.Second

	// flushTime is how long a piece may wait for others to be sent with it.
	flushTime = 10 * time.Millisecond

	// flushSize is the size in bytes from which pieces do not wait.
	flushSize = 16 << 10
)

// stream sends an answer piece by piece. What is made quickly is sent together,
// and nothing waits for long. Its methods may be called from several goroutines:
// timers send what would else wait for the next piece.
//
// An answer that has begun can no longer become an error. If it fails, its
// connection is ended instead: HTTP/1.1 without the last chunk, HTTP/2 by
// RST_STREAM. So no client takes a part of it for the whole.
type stream struct {
	c           *call
	e           *envelope
	status      int
	contentType string
	control     *http.ResponseController

	mu      sync.Mutex
	text    []byte // made, and not yet sent
	begun   bool
	over    bool
	err     error       // why nothing more can be sent
	pending *time.Timer // will send what waits
	waits   bool        // pending is to do so
	sent    time.Time   // when the last piece was
}

// writeBy is by when a client must have taken the next piece of an answer: in
// writeTime, and not after the time of a route that has one of its own ([Timeout]).
func (c *call) writeBy() time.Time {
	by := time.Now().Add(writeTime)
	if c.route.options.timeout > 0 {
		if end, ok := c.Context.Deadline(); ok && end.Add(slack).Before(by) {
			return end.Add(slack)
		}
	}
	return by
}

// errGone says that the client takes no more of an answer.
var errGone = errors.New("the client has gone")

// newStream prepares a stream; nothing is sent yet.
func (c *call) newStream(e *envelope, contentType string) (*stream, error) {
	status, err := e.settle(c, http.StatusOK)
	switch {
	case err != nil:
		return nil, err
	case hasNoBody(status):
		return nil, fmt.Errorf("an answer of status %d has no body, but the handler gives a stream", status)
	case !c.decided:
		return nil, errUndecided
	}
	return &stream{c: c, e: e, status: status, contentType: contentType, control: http.NewResponseController(c.w)}, nil
}

// begin sets the header, which is sent with the first piece.
func (s *stream) begin() {
	if s.begun {
		return
	}
	s.begun = true
	s.c.head(s.status, s.contentType, s.e)
}

// write adds a piece to the answer. now sends it at once. It gives an error if
// nobody takes it. It is not called after end.
func (s *stream) write(piece []byte, now bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = s.c.Context.Err()
	}
	if s.err != nil {
		return s.err
	}
	s.begin()
	s.text = append(s.text, piece...)
	switch {
	case now:
		s.flush()
	case len(s.text) >= flushSize:
		s.send()
	case !s.waits:
		s.waits = true
		if s.pending == nil {
			s.pending = time.AfterFunc(flushTime, s.late)
		} else {
			s.pending.Reset(flushTime)
		}
	}
	return s.err
}

// late sends what has waited.
func (s *stream) late() {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.guard()
	s.waits = false
	if !s.over {
		s.flush()
	}
}

// guard turns a panic of a timer's goroutine, which would end the program, into
// a failure of the stream. Only middleware that wraps the answer can panic there.
func (s *stream) guard() {
	if p := recover(); p != nil {
		s.err = fmt.Errorf("panic while an answer was sent: %v", p)
	}
}

// send hands the server what has been made.
func (s *stream) send() {
	if len(s.text) == 0 {
		return
	}
	text := s.text
	s.text = s.text[:0]                       // nothing is sent twice, even if the writer panics
	s.control.SetWriteDeadline(s.c.writeBy()) // where there is one
	if _, err := s.c.w.Write(text); err != nil {
		s.err = fmt.Errorf("%w: %w", errGone, err)
	}
	clear(text)
	s.sent = time.Now()
}

// hasBegun reports whether the client may have got something.
func (s *stream) hasBegun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

// flush lets the client have all that has been made.
func (s *stream) flush() {
	s.send()
	if s.err != nil {
		return
	}
	if err := s.control.Flush(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		s.err = fmt.Errorf("%w: %w", errGone, err)
	}
}

// end ends the stream, with the error that its source has ended with. The error
// that it gives is the answer if the stream has not begun, and else ends the
// connection; see [call.fail]. The context having ended, the source may have
// stopped early without an error: what there is of an answer is then not taken for
// the whole.
func (s *stream) end(failed error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	if err == nil {
		err = failed
	}
	if err == nil {
		err = s.c.Context.Err()
	}
	if s.endsWithServer(err) {
		s.err, err = nil, nil
		s.begin()
	}
	if err == nil {
		if err = s.c.ready(s.status); err != nil {
			clear(s.text) // its end would make it look like a whole
			s.text = s.text[:0]
		}
	}
	if err == nil {
		s.send() // the server sends the rest when the request ends
		err = s.err
	}
	s.stop()
	return err
}

// endsWithServer reports whether err is that of an event stream that has ended since
// the server stops: the source may say so in its own words. Such a stream is as long
// as it was to be. A client that has got nothing yet gets the header all the same: an
// EventSource does not come back after an error.
func (s *stream) endsWithServer(err error) bool {
	return context.Cause(s.c.Context) == errStopping && (errors.Is(err, errStopping) || errors.Is(err, context.Canceled))
}

// stop ends the timers, and hands over what has been made: if the connection is to
// be ended, the client sees how far the answer went. It is called on every way
// out, panics too.
func (s *stream) stop() {
	s.send()
	s.over = true
	if s.pending != nil {
		s.pending.Stop()
	}
}

// abandon is stop for a defer.
func (s *stream) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}
