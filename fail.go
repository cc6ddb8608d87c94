package fsa

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
)

// fail answers with an error. All refusals and failures come through here, and
// so through one renderer.
func (c *call) fail(err error) {
	if c.replaced() {
		// It has been said; but the log tells what else has happened since.
		if x := c.more(); panicOf(err) != nil {
			x.cause = errors.Join(err, x.cause)
		}
		return
	}
	s := c.settings()
	e := c.publicly(err)
	x := c.more()
	x.cause = err
	if p := panicOf(err); p != nil && s.KeepUserErrors {
		x.abort = p.Value
		return
	}
	if c.status != 0 {
		// The answer is on its way. Its connection is ended, so that the
		// client does not take half of it for the whole. It gets that half:
		// a client that has got nothing may take the connection for a stale
		// one, and send the request again.
		http.NewResponseController(c.w).Flush()
		x.abort = http.ErrAbortHandler
		return
	}
	login := ""
	if e.Status == http.StatusUnauthorized {
		page := s.loginURL
		if errors.Is(err, ErrReauthenticate) {
			e, page = c.reauthenticate(e), s.freshURL
		}
		login = c.toLogin(page)
	}
	if e.Status == http.StatusUnauthorized && len(e.Header.Values("WWW-Authenticate")) == 0 {
		// Also a 401 that a handler returns tells how to log in.
		for _, challenge := range c.challenges() {
			e = e.WithHeader("WWW-Authenticate", challenge)
		}
	}
	c.traceFaults(e)
	h := c.w.Header()
	if e.Status >= 500 {
		h.Del("Set-Cookie") // of a success that has not come about
	}
	h.Set("Cache-Control", "no-store") // whatever the handler had in mind for its success
	c.needRequestID()
	c.status = e.Status
	if login != "" {
		c.status, x.login = http.StatusSeeOther, true
	}
	c.prepare(h, true)
	c.delay()
	if login != "" {
		c.redirectToLogin(login)
		return
	}
	c.render(e)
}

// publicly gives what the client is told of an error.
func (c *call) publicly(err error) *Error {
	s := c.settings()
	if p, ok := err.(plainly); ok {
		return httperr.Wrap(s.ServerError, "internal error", p.err)
	}
	e := httperr.From(err, s.ServerError, "internal error")
	if e.Cause == err && panicOf(err) == nil && c.Context.Err() == context.DeadlineExceeded && c.route.options.timeout > 0 {
		// Whatever the handler's database calls it.
		return httperr.Wrap(http.StatusServiceUnavailable, tookTooLong, err)
	}
	return e
}

// panicked turns a panic of a handler or a hook into a failure: 500, logged
// with its stack.
func (c *call) panicked(p any) {
	if p == http.ErrAbortHandler {
		c.more().abort = p
		if c.route.provides {
			c.releaseSpecials(http.ErrAbortHandler)
		}
		return
	}
	var err error = &cache.PanicError{Value: p, Stack: debug.Stack()}
	if c.route.provides {
		err = c.releaseSpecials(err)
	}
	c.fail(err)
}

// panicOf gives the panic, of a handler or of a hook, that an error comes from.
func panicOf(err error) *cache.PanicError {
	if err == nil {
		return nil
	}
	var p *cache.PanicError
	errors.As(err, &p)
	return p
}

// challenges are the WWW-Authenticate values that tell how to log in.
func (c *call) challenges() []string {
	if c.route.fresh {
		return c.route.search.Challenges(&c.req)
	}
	return c.route.challenges
}
