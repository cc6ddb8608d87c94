package fsa

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Observer is told what happens in an application while it happens. It is for
// metrics, traces and audit trails: package telemetry is one, for OpenTelemetry.
//
// A function that is nil is not asked. The functions are called by many requests at
// the same time, in the request's own time, and must return soon. What they are told
// decides nothing: a panic of an observer is logged, and the request goes on as if
// it had not been asked.
//
// Texts in events come from the wiring and the configuration, never from a client,
// unless their comment says so: methods that no route names are "_OTHER", paths are
// patterns. So they may be labels of metrics, of which there must be few.
//
// The context of an event is that of the request, with what Request has put into it.
// Events may come after the end of their request: hooks whose answers are kept go on
// when the client has gone, and others may be waiting for them.
type Observer struct {
	// Request is told that a request has come, before the middleware of
	// [App.Use]. It returns a context derived from ctx, which is that of the
	// request from here on, and what is to be told how the request has ended; nil
	// if nothing is. r is not to be changed, nor its body to be read.
	Request func(ctx context.Context, r *http.Request, e RequestEvent) (context.Context, func(AnswerEvent))

	// Hook is told that a hook of the application is asked. It returns what is
	// to be told that the hook has answered, and with which error; nil if nothing
	// is. If the hook panics, the error is [ErrHookPanicked].
	//
	// The second context is what the hook gets. If Hook returns another one,
	// derived from it, the hook gets that: so the span of a trace gets to the
	// database that the hook asks. Where answers are kept (app.CanonicalLogin, app.UserPass,
	// app.GroupCheck, app.UserInGroup, app.UserHasPermission, fsa.ObjectPerms) that context holds no value
	// of the request, since the answer will be another request's, too. What
	// Hook puts there must therefore be nothing that an answer could depend on. nil
	// leaves the context as it is.
	Hook func(request, hook context.Context, e HookEvent) (context.Context, func(error))

	// Authentication is told what a scheme has said about a request that
	// holds something for it.
	Authentication func(ctx context.Context, e AuthenticationEvent)

	// Authorization is told what the rule of a route has said about a request,
	// once, or what [App.Admit] has refused.
	Authorization func(ctx context.Context, e AuthorizationEvent)

	// Throttle is told that a log-in came too early (FSA_LOGIN_THROTTLE).
	Throttle func(ctx context.Context, e ThrottleEvent)

	// PasswordHash is told that a slow hash has been computed for a request, or
	// that there was no room for it.
	PasswordHash func(ctx context.Context, e PasswordHashEvent)

	// LogAttrs gives what is added to the request's line in the log: the ids of
	// a trace, say. It is asked only if the line is written.
	LogAttrs func(ctx context.Context) []slog.Attr
}

// RequestEvent is what is known of a request when it comes.
type RequestEvent struct {
	Began     time.Time // with a monotonic reading
	Method    string    // one of RFC 9110, PATCH or QUERY, or one that a route names; else "_OTHER"
	URLScheme string    // "https" if the request came over TLS, to this server or to a trusted proxy that says so; else "http"
	Protocol  string    // the version of HTTP: "1.0", "1.1", "2" or "3", else ""

	// TrustedProxy says that a proxy of FSA_TRUSTED_PROXIES has brought the
	// request. What it says need not be true of what its clients have sent: most
	// proxies hand on header fields that they do not know.
	TrustedProxy bool
}

// AnswerEvent is how a request has ended.
type AnswerEvent struct {
	RequestEvent
	Duration time.Duration
	Route    string // the path of its route, as it is registered; "" if none matched, or middleware has answered
	Status   int    // that was sent; 0 if none was: the connection was ended, or taken over, or the client had gone
	Bytes    int64  // of the body that were handed to the server
	Failure  Failure

	// Scheme is the one that has found who is calling, "" if nobody is known.
	Scheme string

	// Login is who called. It is personal data, and was chosen by users: it is
	// no label for a metric.
	Login string

	// Err is the error that was answered, with its private cause, or a panic of
	// the handler or a hook, as a [*github.com/fastsimpleauth/fsa/cache.PanicError];
	// else nil. Its text is for the log: it may quote what the application and
	// its users have put there.
	Err error
}

// Failure tells in which way a request has failed, other than by its status.
type Failure string

// The failures of an [AnswerEvent]. A refusal is none.
const (
	NoFailure      Failure = ""
	FailurePanic   Failure = "panic"    // of the handler, a hook or middleware; or one of them has ended the goroutine ([runtime.Goexit])
	FailureAbort   Failure = "abort"    // the connection was ended: by the handler ([http.ErrAbortHandler]), or since an answer could not be finished
	FailureTimeout Failure = "timeout"  // something has taken longer than it may
	FailureClient  Failure = "canceled" // the client hung up before all was answered
)

// HookEvent is which hook is asked.
type HookEvent struct {
	Hook string // as it is registered: "app.GroupCheck"
	Name string // the group, domain or scheme that it is for, if it is for one
}

// AuthenticationEvent is what a scheme has said about a request. Accepted does not
// mean that the request was let through: [App.Admit], the check of its origin and
// the rule come after it.
type AuthenticationEvent struct {
	Scheme  string
	Verdict Verdict // VerdictAccepted, VerdictRefused or VerdictFailed
}

// AuthorizationEvent is what a rule has said. Kind and Name are of the part of the
// rule that was decisive, and empty if the rule has granted.
type AuthorizationEvent struct {
	Kind    string // "group", "scope", "permission", "fresh", "factors", "object", "close", "admit", or "other"
	Name    string // of the group, scope or permission, or the domain of the object; the time of "fresh", the number of "factors"
	Verdict Verdict
}

// Verdict is what somebody who was asked has said.
type Verdict string

// The verdicts of events.
const (
	VerdictAccepted Verdict = "accepted" // of a scheme: that is who is calling
	VerdictGranted  Verdict = "granted"  // of a rule
	VerdictRefused  Verdict = "refused"
	VerdictNotFound Verdict = "not_found" // of a rule: the object is not there
	VerdictFailed   Verdict = "failed"    // nobody knows: a hook or a store is broken
)

// ThrottleEvent is a log-in that came too early.
type ThrottleEvent struct {
	By   string        // what is delayed: "login" or "network"
	Wait time.Duration // until the next log-in will be looked at
}

// PasswordHashEvent is a slow hash: of a password that is checked or stored.
type PasswordHashEvent struct {
	Waited time.Duration // for a free place
	Took   time.Duration // to compute; 0 if it was not

	// Err is nil if it was computed, [github.com/fastsimpleauth/fsa/password.ErrBusy] if too
	// many waited already, else the error of the context that has ended.
	Err error
}

// Observe adds an observer. Those of an application are told one after the other,
// in the order in which they were added.
func (a *App) Observe(o Observer) {
	if !a.open("app.Observe", caller(1)) {
		return
	}
	if a.observers == nil {
		a.observers = &observers{logger: a.settings.logger}
		a.count()
	}
	a.observers.all = append(a.observers.all, o)
}
