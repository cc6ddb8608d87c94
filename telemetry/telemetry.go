package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/fastsimpleauth/fsa"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// SchemaURL is the version of the semantic conventions that names and attributes
// follow.
const SchemaURL = semconv.SchemaURL

// scope is the name of the instrumentation.
const scope = "github.com/fastsimpleauth/fsa/telemetry"

// Observe lets an application export what happens in it. Call it once, before
// [fsa.App.Handler] and [fsa.App.Run].
//
// The error says what is wrong with the options, or that the provider refuses an
// instrument.
func Observe(app *fsa.App, o Options) error {
	traces := o.TracerProvider != nil
	if err := o.check(); err != nil {
		return err
	}
	t := &telemetry{
		spans: spans{
			tracer:     o.TracerProvider.Tracer(scope, trace.WithInstrumentationVersion(fsa.Version()), trace.WithSchemaURL(SchemaURL)),
			incoming:   o.Incoming,
			endUser:    o.EndUser,
			errorTexts: o.ErrorTexts,
			on:         traces,
		},
	}
	meter := o.MeterProvider.Meter(scope, metric.WithInstrumentationVersion(fsa.Version()), metric.WithSchemaURL(SchemaURL))
	if err := t.metrics.create(meter); err != nil {
		return err
	}
	if err := t.metrics.watch(meter, app.Stats); err != nil {
		return err
	}
	app.Observe(fsa.Observer{
		Request:        t.request,
		Hook:           t.hook,
		Authentication: t.authentication,
		Authorization:  t.authorization,
		Throttle:       t.throttle,
		PasswordHash:   t.passwordHash,
		LogAttrs:       logAttrs,
	})
	return nil
}

// telemetry turns events into spans and measurements.
type telemetry struct {
	spans   spans
	metrics metrics
}

func (t *telemetry) request(ctx context.Context, r *http.Request, e fsa.RequestEvent) (context.Context, func(fsa.AnswerEvent)) {
	ctx, span := t.spans.begin(ctx, r, e)
	t.metrics.begin(ctx, e)
	return ctx, func(a fsa.AnswerEvent) {
		t.metrics.end(ctx, a)
		t.spans.end(span, a)
	}
}

func (t *telemetry) hook(request, hook context.Context, e fsa.HookEvent) (context.Context, func(error)) {
	ctx, span, began := t.spans.beginHook(request, e)
	if span != nil {
		// Of all that the request's context has, the hook gets the span only.
		hook = trace.ContextWithSpan(hook, span)
	}
	return hook, func(err error) {
		t.metrics.hook(ctx, e, began, err)
		t.spans.endHook(span, err)
	}
}

func (t *telemetry) authentication(ctx context.Context, e fsa.AuthenticationEvent) {
	t.metrics.authentication(ctx, e)
	event(ctx, "fsa.authentication", schemeKey.String(e.Scheme), verdictKey.String(string(e.Verdict)))
}

func (t *telemetry) authorization(ctx context.Context, e fsa.AuthorizationEvent) {
	t.metrics.authorization(ctx, e)
	attrs := []attribute.KeyValue{verdictKey.String(string(e.Verdict))}
	if e.Kind != "" {
		attrs = append(attrs, ruleKey.String(e.Kind))
	}
	if e.Name != "" {
		attrs = append(attrs, nameKey.String(e.Name))
	}
	event(ctx, "fsa.authorization", attrs...)
}

func (t *telemetry) throttle(ctx context.Context, e fsa.ThrottleEvent) {
	t.metrics.throttle(ctx, e)
	event(ctx, "fsa.login.throttled", byKey.String(e.By))
}

func (t *telemetry) passwordHash(ctx context.Context, e fsa.PasswordHashEvent) {
	t.metrics.passwordHash(ctx, e)
	t.spans.passwordHash(ctx, e)
}

// event notes something on the request's span.
func event(ctx context.Context, name string, attrs ...attribute.KeyValue) {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.AddEvent(name, trace.WithAttributes(attrs...))
	}
}

// logAttrs lets the log's line of a request be found by its trace.
func logAttrs(ctx context.Context) []slog.Attr {
	c := trace.SpanContextFromContext(ctx)
	if !c.IsValid() {
		return nil
	}
	return []slog.Attr{slog.String("trace_id", c.TraceID().String()), slog.String("span_id", c.SpanID().String())}
}

// The attributes that are ours.
const (
	schemeKey  = attribute.Key("fsa.authn.scheme")
	verdictKey = attribute.Key("fsa.verdict")
	ruleKey    = attribute.Key("fsa.authz.rule")
	nameKey    = attribute.Key("fsa.authz.name")
	byKey      = attribute.Key("fsa.throttle.by")
	hookKey    = attribute.Key("fsa.hook.name")
	forKey     = attribute.Key("fsa.hook.for")
	cacheKey   = attribute.Key("fsa.cache.kind")
	domainKey  = attribute.Key("fsa.cache.domain")
	resultKey  = attribute.Key("fsa.cache.result")
	waitedKey  = attribute.Key("fsa.password.waited")
)

// errorType gives error.type: what went wrong, in one of few words; "" if nothing
// did. A refusal (4xx) is not an error of a server.
func errorType(a fsa.AnswerEvent) string {
	switch {
	case a.Failure != fsa.NoFailure:
		return string(a.Failure)
	case a.Status >= 500:
		return strconv.Itoa(a.Status)
	}
	return ""
}
