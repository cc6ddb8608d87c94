package fsa

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
)

// ErrHookPanicked is what an [Observer] is told of a hook that has panicked.
var ErrHookPanicked = errors.New("the hook has panicked")

// observers are those of an application. They are asked by the methods below only,
// each of which stands between a request and what an observer may do to it.
type observers struct {
	all    []Observer
	logger *slog.Logger
}

// safe, deferred, ends a panic of an observer.
func (o *observers) safe(what string) {
	if p := recover(); p != nil {
		o.logger.Error("an observer has panicked", "asked", what, "panic", oneLine(panicText(p), maxLoggedError), "stack", string(debug.Stack()))
	}
}

// panicText gives the text of a panic. That it can be made is not certain.
func panicText(p any) (text string) {
	defer func() {
		if recover() != nil {
			text = "(its text can't be made)"
		}
	}()
	return fmt.Sprint(p)
}

// observation is a request that is observed. It is the context that comes before
// all others of the request, so that whoever is asked on the request's behalf finds
// the way back to it.
type observation struct {
	context.Context // with what observers have put into it
	observers       *observers
	handler         *handler
	answer          countingWriter
	ends            []func(AnswerEvent)
	event           RequestEvent

	// The goroutine of the handler need not be the one that serves: there is
	// middleware that goes on without it.
	mu      sync.Mutex
	told    told
	refusal AuthorizationEvent // by a part of the rule: the first, or the first that has failed
	missing string             // the domain of the first object that is not there
}

// told is what the pipeline knows of a request at its end.
type told struct {
	route   string
	failure Failure
	scheme  string
	login   string
	err     error
}

type observationKey struct{}

// Value gives the observation itself, for the function below.
func (o *observation) Value(key any) any {
	if _, ok := key.(observationKey); ok {
		return o
	}
	return o.Context.Value(key)
}

// observationOf gives the observation of the request that ctx belongs to, also in
// a hook, whose context hides all other values; nil if it is not observed.
func observationOf(ctx context.Context) *observation {
	o, _ := ctx.Value(observationKey{}).(*observation)
	return o
}

// observe serves a request by next, and lets the observers know.
func (h *handler) observe(w http.ResponseWriter, r *http.Request, next http.Handler) {
	o := &observation{Context: r.Context(), observers: h.observers, handler: h, answer: countingWriter{ResponseWriter: w}}
	o.event = RequestEvent{Began: time.Now(), Method: h.knownMethod(r.Method), URLScheme: "http", Protocol: knownProtocol(r)}
	s := h.app.settings
	if s.overTLS(r) {
		o.event.URLScheme = "https"
	}
	o.event.TrustedProxy = len(s.now().proxies) > 0 && s.trusts(r.RemoteAddr)
	o.begin(r)
	returned := false
	defer func() { o.end(returned) }()
	next.ServeHTTP(&o.answer, r.WithContext(o))
	returned = true
}

// knownMethods are those that the semantic conventions of OpenTelemetry know: of
// RFC 9110, RFC 5789 (PATCH) and the draft on QUERY.
var knownMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodConnect, http.MethodOptions, http.MethodTrace, "QUERY"}

// knownMethod gives a method if it is one of those that are written down somewhere:
// a client can send any.
func (h *handler) knownMethod(method string) string {
	if slices.Contains(knownMethods, method) || slices.Contains(h.methods, method) {
		return method
	}
	return "_OTHER"
}

// knownProtocol gives the version of HTTP. The server takes HTTP/1.9 as well.
func knownProtocol(r *http.Request) string {
	switch {
	case r.ProtoMajor == 1 && r.ProtoMinor == 0:
		return "1.0"
	case r.ProtoMajor == 1 && r.ProtoMinor == 1:
		return "1.1"
	case r.ProtoMajor == 2:
		return "2"
	case r.ProtoMajor == 3:
		return "3"
	}
	return ""
}

func (o *observation) begin(r *http.Request) {
	for i := range o.observers.all {
		if told := o.observers.all[i].Request; told != nil {
			func() {
				defer o.observers.safe("Request")
				ctx, end := told(o.Context, r, o.event)
				if ctx != nil {
					o.Context = ctx
				}
				if end != nil {
					o.ends = append(o.ends, end)
				}
			}()
		}
	}
}

// end tells how the request has ended. returned says that no panic is on its way to
// the server.
func (o *observation) end(returned bool) {
	o.mu.Lock()
	t := o.told
	o.mu.Unlock()
	e := AnswerEvent{RequestEvent: o.event, Duration: time.Since(o.event.Began), Route: t.route, Status: o.answer.status, Bytes: o.answer.bytes,
		Failure: t.failure, Scheme: t.scheme, Login: t.login, Err: t.err}
	switch {
	case !returned && e.Failure == NoFailure:
		e.Failure = FailurePanic // of middleware, or of what it has called
	case e.Failure == FailureClient && e.Status >= 500:
		e.Status = 0 // nobody has read it; of a stream, somebody may have read the beginning
	case returned && e.Status == 0 && !o.answer.hijacked:
		e.Status = http.StatusOK // as the server does
	}
	for _, end := range o.ends {
		func() {
			defer o.observers.safe("the end of Request")
			end(e)
		}()
	}
}

// countingWriter notes what is answered.
type countingWriter struct {
	http.ResponseWriter
	status   int
	bytes    int64
	hijacked bool
}

// WriteHeader notes the status. Informational ones come before it, but for 101.
func (w *countingWriter) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts.
func (w *countingWriter) Write(b []byte) (int, error) {
	w.implied()
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

func (w *countingWriter) implied() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

// Unwrap lets [http.ResponseController] find what the server's writer can do.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush is for handlers that look for an [http.Flusher].
func (w *countingWriter) Flush() {
	w.implied()
	http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack hands the connection over, with all that is answered on it.
func (w *countingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = err == nil
	return conn, buffered, err
}

// report tells the observation of a call, if it has one, what has become of it.
func (c *call) report() {
	o := c.observation()
	if o == nil {
		return
	}
	t := told{route: c.pattern()}
	if _, path, ok := strings.Cut(t.route, " "); ok {
		t.route = path // of the mux around app.Protect
	}
	if id, _ := c.caller(); id != nil {
		t.scheme, t.login = id.Scheme, id.Login
	}
	if x := c.rare.Load(); x != nil {
		t.err, t.failure = x.cause, c.failure(x)
	}
	o.mu.Lock()
	if t.err == nil && t.failure == NoFailure {
		// What a rule of app.Protect within this route has refused counts.
		t.err, t.failure = o.told.err, o.told.failure
	}
	if t.scheme == "" {
		t.scheme, t.login = o.told.scheme, o.told.login
	}
	o.told = t
	o.mu.Unlock()
	if c.decided && !c.route.open {
		o.observers.authorization(o, AuthorizationEvent{Verdict: VerdictGranted})
	}
}

// observation gives that of the call, nil if it has none.
func (c *call) observation() *observation {
	if c.route.h.observers == nil {
		return nil
	}
	if o := observationOf(c.Context); o != nil && o.handler == c.route.h {
		return o
	}
	return nil
}

// failure tells in which way the call has failed.
func (c *call) failure(x *rare) Failure {
	switch {
	case panicOf(x.cause) != nil, errors.Is(x.cause, errUnfinished):
		return FailurePanic
	case c.clientGone(x):
		return FailureClient
	case x.abort != nil:
		return FailureAbort
	case c.status >= 500 && errors.Is(x.cause, context.DeadlineExceeded):
		return FailureTimeout
	}
	return NoFailure
}

// refused tells that the rule of the route has refused, and passes on its error.
func (c *call) refused(err error) error {
	o := c.observation()
	if o == nil {
		return err
	}
	o.mu.Lock()
	e, missing := o.refusal, o.missing
	o.mu.Unlock()
	switch {
	case c.route.decision.Closed():
		e.Kind = "close"
	case e.Kind == "":
		e.Kind = "other"
	}
	e.Verdict = verdictOf(err)
	if c.route.decision.NotFound(err) {
		e = AuthorizationEvent{"object", missing, VerdictNotFound}
	}
	o.observers.authorization(o, e)
	return err
}

// verdictOf tells what an error of a rule, or of one of its parts, says.
func verdictOf(err error) Verdict {
	switch {
	case err == nil:
		return VerdictRefused // it is a part that says no
	case errors.Is(err, ErrNoSuchObject):
		return VerdictNotFound
	case httperr.From(err, http.StatusInternalServerError, "").Status >= 500:
		return VerdictFailed
	}
	return VerdictRefused
}

func (o *observers) authentication(ctx context.Context, e AuthenticationEvent) {
	for i := range o.all {
		if told := o.all[i].Authentication; told != nil {
			func() {
				defer o.safe("Authentication")
				told(ctx, e)
			}()
		}
	}
}

func (o *observers) authorization(ctx context.Context, e AuthorizationEvent) {
	for i := range o.all {
		if told := o.all[i].Authorization; told != nil {
			func() {
				defer o.safe("Authorization")
				told(ctx, e)
			}()
		}
	}
}

// observeThrottle tells that a log-in is refused since it came too early.
func observeThrottle(ctx context.Context, e ThrottleEvent) {
	o := observationOf(ctx)
	if o == nil {
		return
	}
	for i := range o.observers.all {
		if told := o.observers.all[i].Throttle; told != nil {
			func() {
				defer o.observers.safe("Throttle")
				told(o, e)
			}()
		}
	}
}

// observeHash tells what a slow hash has cost.
func observeHash(ctx context.Context, waited, took time.Duration, err error) {
	o := observationOf(ctx)
	if o == nil {
		return
	}
	for i := range o.observers.all {
		if told := o.observers.all[i].PasswordHash; told != nil {
			func() {
				defer o.observers.safe("PasswordHash")
				told(o, PasswordHashEvent{waited, took, err})
			}()
		}
	}
}

// logAttrs gives what observers add to the line of a request.
func (c *call) logAttrs() (attrs []slog.Attr) {
	o := c.observation()
	if o == nil {
		return nil
	}
	for i := range o.observers.all {
		if give := o.observers.all[i].LogAttrs; give != nil {
			func() {
				defer o.observers.safe("LogAttrs")
				attrs = append(attrs, give(o)...)
			}()
		}
	}
	return attrs
}
