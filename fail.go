package fsa

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
)

// fail answers with an error. All refusals and failures come through here, and
// so through one renderer.
func (c *call) fail(err error) {
	s := c.h.app.settings
	e := httperr.From(err, s.ServerError, "internal error")
	c.more().cause = err
	if p := panicOf(err); p != nil && s.KeepUserErrors {
		c.rare.abort = p.Value
		return
	}
	if c.status != 0 {
		return // the answer is on its way already
	}
	if e.Status == http.StatusUnauthorized && c.route != nil && len(e.Header.Values("WWW-Authenticate")) == 0 {
		// Also a 401 that a handler returns tells how to log in.
		for _, challenge := range c.route.challenges {
			e = e.WithHeader("WWW-Authenticate", challenge)
		}
	}
	h := c.w.Header()
	if e.Status >= 500 {
		h.Del("Set-Cookie") // of a success that has not come about
	}
	h.Set("Cache-Control", "no-store") // whatever the handler had in mind for its success
	c.needRequestID()
	c.status = e.Status
	c.prepare(h)
	c.delay()
	s.render(c.w, c.req.HTTP, e)
}

// panicked turns a panic of a handler or a hook into a failure: 500, logged
// with its stack. If the answer has begun, the connection is ended instead, so
// that the client does not take half an answer for a whole one.
func (c *call) panicked(p any) {
	if p == http.ErrAbortHandler {
		c.more().abort = p
		return
	}
	begun := c.status != 0
	c.fail(&cache.PanicError{Value: p, Stack: debug.Stack()})
	if begun && c.rare.abort == nil {
		c.rare.abort = http.ErrAbortHandler
	}
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

// level is the level at which a request with an answer of this status is
// logged.
func level(status int) slog.Level {
	switch {
	case status >= 500:
		return slog.LevelError
	case status >= 400:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// logs reports whether a level is on.
func (c *call) logs(l slog.Level) bool {
	return c.h.app.settings.logger.Enabled(c.Context, l)
}

// log writes the one line of a request, if its level is on.
func (c *call) log() {
	if c.rare == nil && !c.logged {
		return // as nearly always
	}
	x, l := c.known(), level(c.status)
	if x.cause != nil || x.abort != nil {
		switch {
		case x.abort != nil || panicOf(x.cause) != nil:
			l = slog.LevelError // whatever had been sent
		case c.Context.Err() != nil && errors.Is(x.cause, context.Canceled):
			l = slog.LevelInfo // the client has gone; nothing has failed
		}
		c.logged = c.logs(l)
	}
	if !c.logged {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", c.req.HTTP.Method),
		slog.String("route", c.pattern()),
		slog.Int("status", c.status),
		slog.Duration("duration", time.Since(c.req.Now)),
		slog.String("request_id", c.needRequestID()),
	}
	if id, _ := c.caller(); id != nil {
		attrs = append(attrs, slog.String("user", id.Login), slog.String("scheme", id.Scheme))
	}
	if x.cause != nil {
		attrs = append(attrs, slog.Any("error", x.cause))
	}
	if p := panicOf(x.cause); p != nil {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	c.h.app.settings.logger.LogAttrs(context.WithoutCancel(c.Context), l, "request", attrs...)
}

// pattern gives the route's pattern, which unlike the path holds nothing that
// the client has written.
func (c *call) pattern() string {
	if c.route == nil {
		return ""
	}
	return c.route.reg.path
}
