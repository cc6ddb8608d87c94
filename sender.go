package fsa

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// sender is the last that an answer passes, in applications with hooks that look
// at answers: it asks them before the header is sent. If one of them fails, a
// failure takes the place of the answer.
type sender struct {
	http.ResponseWriter
	c        *call
	asked    bool
	replaced bool // what is still written belongs to the answer that has been replaced
}

// WriteHeader asks the hooks, and sends the header.
func (s *sender) WriteHeader(status int) {
	if status < 200 && status != http.StatusSwitchingProtocols {
		s.ResponseWriter.WriteHeader(status) // of news on the way
		return
	}
	if err := s.begin(status); err != nil {
		s.replace(err)
	}
	if !s.replaced {
		s.ResponseWriter.WriteHeader(status)
	}
}

// Write sends a part of the body.
func (s *sender) Write(b []byte) (int, error) {
	if !s.asked {
		s.WriteHeader(http.StatusOK)
	}
	if s.replaced {
		return 0, errReplaced
	}
	return s.ResponseWriter.Write(b)
}

var errReplaced = errors.New("the answer has been replaced by that of a failed hook")

// FlushError sends what has been written: that of the failure, if it has taken the
// place of the answer.
func (s *sender) FlushError() error {
	if !s.asked {
		s.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(s.ResponseWriter).Flush()
}

// Unwrap lets [http.ResponseController] find what the server's writer can do.
func (s *sender) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// begin asks the hooks, once.
func (s *sender) begin(status int) error {
	if s.asked {
		return nil
	}
	s.asked = true
	return s.c.afterwards(s.Header(), status)
}

// replace answers with a failure. The header of the other answer goes, but for
// what stands in all answers; the hooks are not asked about this one.
func (s *sender) replace(err error) {
	c, h := s.c, s.Header()
	for name, values := range h {
		if !grammar.IsToken(name) || slices.ContainsFunc(values, hasControl) {
			delete(h, name)
		}
	}
	for _, name := range []string{"Location", "Allow", "Www-Authenticate", "Retry-After", "Accept", "Accept-Encoding"} {
		delete(h, name)
	}
	err = errors.Join(err, c.more().cause) // nil if the answer was no failure
	c.status = 0
	c.fail(plainly{err}) // which writes through here: the hooks have been asked
	s.replaced = true
}

// conclude asks the hooks about an answer without a body, of which nothing has been
// written yet: the server will do so. Of others, they have been asked.
func (c *call) conclude() {
	s, ok := c.w.(*sender)
	if !ok {
		return
	}
	if err := s.begin(c.status); err != nil {
		s.replace(err)
	}
}

// replaced reports whether a failure has taken the place of the answer.
func (c *call) replaced() bool {
	s, ok := c.w.(*sender)
	return ok && s.replaced
}

// plainly is an error that is answered as a failure, whatever it holds.
type plainly struct{ err error }

func (p plainly) Error() string { return p.err.Error() }

func (p plainly) Unwrap() error { return p.err }

// afterwards asks the functions of [App.AddHeaderFunc] and the hooks of
// [App.AfterRequest].
func (c *call) afterwards(h http.Header, status int) (err error) {
	defer catch(&err)
	more := &c.route.h.app.more
	for _, f := range more.headerFuncs {
		value := f.value(h, c.view())
		if hasControl(value) {
			return fmt.Errorf("app.AddHeaderFunc(%q) gives a value with a control character", f.name)
		}
		if value != "" {
			h[f.name] = []string{value}
		}
	}
	for _, hook := range more.afterRequest {
		hook(h, c.view(), status)
	}
	if problem := badFields(h); problem != "" {
		return errors.New("after the hooks of app.AfterRequest, the answer has " + problem)
	}
	return nil
}
