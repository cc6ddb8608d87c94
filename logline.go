package fsa

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

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
	return c.settings().logger.Enabled(c.Context, l)
}

// log writes the one line of a request, if its level is on.
//
// Neither path nor query are in it: they may hold a token of a link in a mail,
// or whatever a client has written there. The route's pattern says as much.
func (c *call) log() {
	x := c.rare.Load()
	if x == nil {
		return // as nearly always: what is logged has an id, which is there
	}
	if x.outer != nil {
		if x.cause != nil {
			x.outer.more().cause = x.cause
			x.outer.more().broken = x.outer.more().broken || x.broken
		}
		return
	}
	l, gone, cut := level(c.status), false, false
	if x.cause != nil || x.abort != nil {
		switch {
		case panicOf(x.cause) != nil, errors.Is(x.cause, errUnfinished), x.broken:
			l = slog.LevelError // whatever had been sent
		case x.login:
			l = level(http.StatusUnauthorized) // it is a refusal, whatever its status
		case c.clientGone(x):
			l, gone = slog.LevelInfo, true // nothing has failed
		case x.abort != nil:
			l, cut = slog.LevelError, c.status < 400 && x.cause != nil
		}
		c.logged = c.logs(l)
	}
	if !c.logged {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", oneLine(c.req.HTTP.Method, 20)),
		slog.String("route", c.pattern()),
		slog.Int("status", c.status),
		slog.Duration("duration", time.Since(c.req.Now)),
		slog.String("request_id", c.needRequestID()),
	}
	if id, _ := c.caller(); id != nil {
		attrs = append(attrs, slog.String("user", oneLine(id.Login, maxLoggedLogin)), slog.String("scheme", id.Scheme))
		if id.Realm != c.settings().Realm {
			attrs = append(attrs, slog.String("realm", oneLine(id.Realm, maxLoggedLogin)))
		}
	}
	attrs = append(attrs, c.logAttrs()...)
	if gone {
		attrs = append(attrs, slog.Bool("client_gone", true))
	}
	if cut {
		attrs = append(attrs, slog.Bool("cut_short", true))
	}
	if x.cause != nil {
		attrs = append(attrs, slog.Any("error", loggedError{x.cause}))
	}
	if p := panicOf(x.cause); p != nil {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	c.settings().logger.LogAttrs(context.WithoutCancel(c.Context), l, "request", attrs...)
}

// clientGone reports whether the request has failed only since its client hung up.
func (c *call) clientGone(x *rare) bool {
	return c.Context.Err() != nil && errors.Is(x.cause, context.Canceled) || errors.Is(x.cause, errGone)
}

// pattern gives the route's pattern, which unlike the path holds nothing that
// the client has written.
func (c *call) pattern() string {
	if c.route.reg == nil {
		return ""
	}
	if c.route.reg.protects {
		return oneLine(c.req.HTTP.Pattern, maxTraced) // of a ServeMux, or a router that says it
	}
	return c.route.reg.path
}

// How much of a text goes into the log, in bytes: the client may have written
// most of it.
const (
	maxLoggedLogin = 256
	maxLoggedError = 4096
)

// loggedError is an error as it goes into the log. A handler that formats errors in
// its own way (%+v, or as JSON) gets one line, too, and one that looks into
// errors finds the error itself.
type loggedError struct{ err error }

func (e loggedError) Error() string { return oneLine(e.err.Error(), maxLoggedError) }

func (e loggedError) Unwrap() error { return e.err }

// oneLine gives a text for the log: on one line, without anything that a
// terminal or a reader of logs takes for more than text (control characters,
// escape sequences, marks that turn the direction of text, bytes that are not
// UTF-8), and cut if it is long. The handlers of package slog would quote part of
// this, others nothing.
func oneLine(text string, most int) string {
	clean := len(text) <= most
	for i := 0; clean && i < len(text); i++ {
		clean = text[i] >= ' ' && text[i] < 0x7f
	}
	if clean {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		if i >= most {
			b.WriteString("…")
			break
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(text[i])|0x100, 16)[1:])
		case r == '\n':
			b.WriteString("; ") // the faults of a request are joined by it
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
