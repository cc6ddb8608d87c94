package fsa

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// trace tells the log, in the debug modes, how each decision about a request
// came about: a line for each step, under the request's id. docs/errors.md says
// what the modes tell.
//
// What it never tells is any value that a client has sent, but for logins and the
// ids of objects: no password, no token, no header field, no parameter. So the
// log of a debug mode may be shown to a colleague.
//
// In the modes prod and dev there is none, and whoever could tell it something
// has been compiled without.
type trace struct {
	logger *slog.Logger
	level  slog.Level
	depth  int // of the mode: debug is 1, debug4 is 5
	id     string
	began  time.Time
}

// What the modes tell, each besides what those before it do.
const (
	traceDecisions  = 1 + iota // debug: schemes, admission, rules, faulty parameters
	traceHooks                 // debug1: hooks that were asked, and when each step was taken
	traceRoutes                // debug2: the routes, at start
	traceParameters            // debug3: which parameters the routes take and requests bring
	traceHeaders               // debug4: the names of header fields, the peer, the transport
)

type traceKey struct{}

// traceOf gives the trace of the request that ctx belongs to, also in a hook,
// whose context hides all other values; nil if there is none.
func traceOf(ctx context.Context) *trace {
	t, _ := ctx.Value(traceKey{}).(*trace)
	return t
}

// traceLevel gives the level of traces. They are for whoever has set a debug
// mode, so a logger that drops what is for debugging gets them as information.
func (s *settings) traceLevel(ctx context.Context) slog.Level {
	if s.logger.Enabled(ctx, slog.LevelDebug) {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// traced lets the requests of a handler be traced.
func (h *handler) traced(next http.Handler) http.Handler {
	s := h.app.settings
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &trace{logger: s.logger, level: s.traceLevel(r.Context()), depth: s.trace, id: s.requestID(r), began: time.Now()}
		r = r.WithContext(context.WithValue(r.Context(), traceKey{}, t))
		t.step(traceHeaders, "request", slog.String("peer", oneLine(r.RemoteAddr, maxTraced)), slog.String("transport", s.transportOf(r)),
			slog.String("header", headerNames(r.Header)))
		next.ServeHTTP(w, r)
		t.step(traceHeaders, "answer", slog.String("header", headerNames(w.Header())))
	})
}

// step tells one step, if the mode is deep enough for it. On a nil trace it does
// nothing.
func (t *trace) step(depth int, step string, attrs ...slog.Attr) {
	if t == nil || t.depth < depth {
		return
	}
	all := append([]slog.Attr{slog.String("request_id", t.id), slog.String("step", step)}, attrs...)
	if t.depth >= traceHooks {
		all = append(all, slog.Duration("at", time.Since(t.began)))
	}
	t.logger.LogAttrs(context.Background(), t.level, "trace", all...)
}

// maxTraced is how much of a text goes into a step, in bytes.
const maxTraced = 256

// headerNames lists the names of header fields. Their values may be secrets.
func headerNames(h http.Header) string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return oneLine(strings.Join(names, " "), 4*maxTraced)
}

// transportOf tells why a request counts as secure, or that it doesn't.
func (s *settings) transportOf(r *http.Request) string {
	switch {
	case r.TLS != nil:
		return "TLS"
	case s.overTLS(r):
		return "TLS, says a trusted proxy"
	case s.secured(r):
		return "loopback"
	case loopback(r.RemoteAddr):
		return "insecure: loopback, but through a proxy that is not trusted or does not say https"
	}
	return "insecure"
}
