package fsa

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// ErrorResponse sets the hook that writes the answers of errors, in the place of
// the formats of FSA_ERROR_RESPONSE. Every refusal and failure comes to it, and
// every redirect of the router: 404, 405, 401 with its challenges, 500 after a
// panic.
//
// The hook writes a status, which is that of the error or another of 400 to 599,
// and a body. e.Header stands in w.Header() already, and so does X-Request-Id. An
// answer without a Content-Type is text/plain: error texts may hold what a client
// has sent. e.Cause can be looked into by [errors.Is] and [errors.As], but does not
// show its text, which is for the log. The request is a copy, without its body.
//
// What the hook writes is sent when it returns. If it panics, writes nothing, a
// status that is no error's, or more than 1 MiB, the answer is in the format of
// FSA_ERROR_RESPONSE, and the log has the reason.
func (a *App) ErrorResponse(render func(w http.ResponseWriter, r *http.Request, e *Error)) {
	if a.hook("app.ErrorResponse", render == nil, a.more.errorResponse != nil, 1) {
		a.more.errorResponse = render
	}
}

// render writes an error as the answer.
func (c *call) render(e *Error) {
	hook := c.route.h.app.more.errorResponse
	if hook == nil {
		c.settings().render(c.w, c.req.HTTP, e)
		return
	}
	page := &errorPage{header: c.w.Header().Clone()}
	err := page.ask(hook, c.view(), e)
	if err == nil {
		c.status = page.status
		page.send(c.w, e)
		return
	}
	x := c.more()
	x.broken = true
	x.cause = errors.Join(x.cause, err)
	if p := panicOf(err); p != nil && c.settings().KeepUserErrors {
		x.abort = p.Value
		return
	}
	c.settings().render(c.w, c.req.HTTP, e)
}

// errorPage is an error's answer until it is known to be one.
type errorPage struct {
	header http.Header
	status int
	body   bytes.Buffer
	over   bool // it is too long
}

func (p *errorPage) Header() http.Header { return p.header }

func (p *errorPage) WriteHeader(status int) {
	if p.status == 0 && status >= 200 {
		p.status = status
	}
}

func (p *errorPage) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	if p.over = p.over || p.body.Len()+len(b) > maxErrorPage; p.over {
		return 0, errors.New("the answer of an error is too long")
	}
	return p.body.Write(b)
}

// maxErrorPage is the size in bytes that an error's answer may have.
const maxErrorPage = 1 << 20

// ask lets the hook write the answer, and gives what is wrong with it.
func (p *errorPage) ask(hook func(http.ResponseWriter, *http.Request, *Error), r *http.Request, e *Error) (err error) {
	defer catch(&err)
	clean(p.header, e)
	shown := *e
	shown.Header = e.Header.Clone()
	shown.Faults = slices.Clone(e.Faults)
	if e.Cause != nil {
		shown.Cause = concealed{e.Cause}
	}
	hook(p, r, &shown)
	switch {
	case p.status == 0:
		return errors.New("the hook of app.ErrorResponse has written nothing")
	case p.over:
		return fmt.Errorf("the hook of app.ErrorResponse has written more than %d bytes", maxErrorPage)
	case p.status != e.Status && (p.status < 400 || p.status > 599):
		return fmt.Errorf("the hook of app.ErrorResponse has written status %d for an error of status %d", p.status, e.Status)
	}
	if problem := badFields(p.header); problem != "" {
		return fmt.Errorf("the hook of app.ErrorResponse has written %s", problem)
	}
	return nil
}

// clean takes out of a header what described the answer that the error takes the
// place of, and adds what the error says.
func clean(h http.Header, e *Error) {
	for _, name := range []string{"Content-Type", "Content-Encoding", "Content-Disposition", "Content-Language", "Content-Range", "Etag", "Last-Modified"} {
		delete(h, name)
	}
	for name, values := range e.Header {
		for _, v := range values {
			if grammar.IsToken(name) && !hasControl(v) {
				h.Add(name, v)
			}
		}
	}
	for _, name := range framing {
		delete(h, name)
	}
}

// send sends the answer.
func (p *errorPage) send(w http.ResponseWriter, e *Error) {
	h := w.Header()
	location := h["Location"]
	clear(h)
	maps.Copy(h, p.header)
	for _, name := range framing {
		delete(h, name)
	}
	if h["Content-Type"] == nil {
		// A server would guess, and perhaps take it for HTML.
		h.Set("Content-Type", "text/plain; charset=utf-8")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	if p.status == http.StatusUnauthorized && h["Www-Authenticate"] == nil {
		h["Www-Authenticate"] = slices.Clone(e.Header.Values("WWW-Authenticate"))
	}
	if e.Status < 400 && p.status == e.Status {
		h["Location"] = location
	}
	w.WriteHeader(p.status)
	w.Write(p.body.Bytes())
}

// concealed is the cause of an error as the hook of [App.ErrorResponse] has it: one
// that writes e.Error() into its answer does not tell it to the client.
type concealed struct{ cause error }

func (concealed) Error() string { return "the cause is in the log" }

func (c concealed) Unwrap() error { return c.cause }
