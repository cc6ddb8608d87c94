package rounds

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
)

// Call is a request to a handler in this process, to be made again and again. It
// costs next to nothing itself, so that the handler is measured and no network.
type Call struct {
	handler http.Handler
	request *http.Request
	body    *body
	w       discard
}

// NewCall makes a call. The body's text is read anew each time.
func NewCall(h http.Handler, r *http.Request, text []byte) *Call {
	c := &Call{handler: h, request: r, w: discard{header: http.Header{}}}
	if text != nil {
		c.body = &body{text: text}
		r.ContentLength = int64(len(text))
	}
	return c
}

// Do calls the handler and throws the answer away.
func (c *Call) Do() {
	clear(c.w.header)
	c.w.status = http.StatusOK
	if c.body != nil {
		c.body.Reset(c.body.text)
		c.request.Body = c.body
	}
	c.handler.ServeHTTP(&c.w, c.request)
}

// Answer calls the handler and gives what it answers.
func (c *Call) Answer() *httptest.ResponseRecorder {
	if c.body != nil {
		c.body.Reset(c.body.text)
		c.request.Body = c.body
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, c.request)
	return w
}

// Run is for a [Contestant]. It fails as soon as the handler answers anything but
// a success.
func (c *Call) Run(n int) error {
	for range n {
		c.Do()
		if c.w.status < 200 || c.w.status > 299 {
			return fmt.Errorf("the handler answers %d", c.w.status)
		}
	}
	return nil
}

// body is a request's body that can be read again.
type body struct {
	bytes.Reader
	text []byte
}

func (*body) Close() error { return nil }

// discard is a ResponseWriter that keeps only the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header               { return d.header }
func (d *discard) WriteHeader(status int)            { d.status = status }
func (d *discard) Write(b []byte) (int, error)       { return len(b), nil }
func (d *discard) WriteString(s string) (int, error) { return len(s), nil }

var _ io.StringWriter = (*discard)(nil)
