package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/cache"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// spans makes the spans of requests.
type spans struct {
	tracer     trace.Tracer
	incoming   Incoming
	endUser    func(string) string
	errorTexts bool
	on         bool     // else the tracer makes none
	starts     sync.Map // startKey to *start
}

// startKey is what is known of a request when its span begins. Its values are few.
type startKey struct{ method, scheme string }

// start is what the spans of such requests begin with.
type start struct {
	name    string
	options []trace.SpanStartOption
}

func (s *spans) start(e fsa.RequestEvent) *start {
	k := startKey{e.Method, e.URLScheme}
	if v, ok := s.starts.Load(k); ok {
		return v.(*start)
	}
	v, _ := s.starts.LoadOrStore(k, &start{methodName(e.Method), []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(semconv.HTTPRequestMethodKey.String(e.Method), semconv.URLScheme(e.URLScheme)),
	}})
	return v.(*start)
}

// methodName is what a span is named by its method: the conventions want HTTP for
// one that is not known.
func methodName(method string) string {
	if method == "_OTHER" {
		return "HTTP"
	}
	return method
}

// begin begins the span of a request. Its sampler knows the method and the scheme;
// the route is not known yet.
func (s *spans) begin(ctx context.Context, r *http.Request, e fsa.RequestEvent) (context.Context, trace.Span) {
	if !s.on {
		return ctx, nil
	}
	start := s.start(e)
	options := append(start.options[:len(start.options):len(start.options)], trace.WithTimestamp(e.Began))
	came := brought(r.Header)
	switch {
	case !came.IsValid(), trace.SpanContextFromContext(ctx).IsValid():
		// Of two servers one in the other, the outer one has made the span
		// that this one's is below, and decided what is to be thought of what came.
	case s.incoming == InsecureContinueAll, s.incoming == ContinueTrusted && e.TrustedProxy:
		ctx = trace.ContextWithRemoteSpanContext(ctx, came)
	default:
		// The state of a trace is text of the client's.
		options = append(options, trace.WithLinks(trace.Link{SpanContext: came.WithTraceState(trace.TraceState{})}))
	}
	return s.tracer.Start(ctx, start.name, options...)
}

// brought gives the trace that a request brings. Two of them are none.
func brought(h http.Header) trace.SpanContext {
	if len(h["Traceparent"]) != 1 {
		return trace.SpanContext{}
	}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(h)))
}

// end ends the span of a request.
func (s *spans) end(span trace.Span, a fsa.AnswerEvent) {
	if span == nil {
		return
	}
	defer span.End()
	if !span.IsRecording() {
		return
	}
	attrs := make([]attribute.KeyValue, 0, 8)
	if a.Route != "" {
		span.SetName(methodName(a.Method) + " " + a.Route)
		attrs = append(attrs, semconv.HTTPRoute(a.Route))
	}
	if a.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(a.Status))
	}
	if a.Protocol != "" {
		attrs = append(attrs, semconv.NetworkProtocolVersion(a.Protocol))
	}
	attrs = append(attrs, semconv.HTTPResponseBodySize(int(a.Bytes)))
	if a.Scheme != "" {
		attrs = append(attrs, schemeKey.String(a.Scheme))
	}
	if s.endUser != nil && a.Login != "" {
		if user := s.endUser(a.Login); user != "" {
			attrs = append(attrs, semconv.EnduserID(user))
		}
	}
	if e := errorType(a); e != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(e))
		s.fail(span, a)
	}
	span.SetAttributes(attrs...)
}

// fail marks the span of a request that the server has failed. It has not if the
// client has hung up.
func (s *spans) fail(span trace.Span, a fsa.AnswerEvent) {
	if a.Failure == fsa.FailureClient {
		return
	}
	text := ""
	if s.errorTexts && a.Err != nil {
		text = a.Err.Error()
	}
	span.SetStatus(codes.Error, text)
	var p *cache.PanicError
	if !errors.As(a.Err, &p) {
		return
	}
	attrs := []attribute.KeyValue{semconv.ExceptionType(fmt.Sprintf("%T", p.Value))}
	if s.errorTexts {
		attrs = append(attrs, semconv.ExceptionMessage(fmt.Sprint(p.Value)), semconv.ExceptionStacktrace(string(p.Stack)))
	}
	span.AddEvent("exception", trace.WithAttributes(attrs...))
}

// beginHook begins the span of a hook, below that of the request. The span is nil
// if there are none.
func (s *spans) beginHook(ctx context.Context, e fsa.HookEvent) (context.Context, trace.Span, time.Time) {
	began := time.Now()
	if !s.on {
		return ctx, nil, began
	}
	attrs := []attribute.KeyValue{hookKey.String(e.Hook)}
	if e.Name != "" {
		attrs = append(attrs, forKey.String(e.Name))
	}
	ctx, span := s.tracer.Start(ctx, e.Hook, trace.WithTimestamp(began), trace.WithAttributes(attrs...))
	return ctx, span, began
}

func (s *spans) endHook(span trace.Span, err error) {
	if span == nil {
		return
	}
	if kind := hookError(err); kind != "" {
		text := ""
		if s.errorTexts {
			text = err.Error()
		}
		span.SetStatus(codes.Error, text)
		span.SetAttributes(semconv.ErrorTypeKey.String(kind))
	}
	span.End()
}

// passwordHash makes the span of a slow hash, which is over by then.
func (s *spans) passwordHash(ctx context.Context, e fsa.PasswordHashEvent) {
	if !s.on {
		return
	}
	end := time.Now()
	_, span := s.tracer.Start(ctx, "password hash", trace.WithTimestamp(end.Add(-e.Waited-e.Took)),
		trace.WithAttributes(waitedKey.Float64(e.Waited.Seconds())))
	if kind := hashError(e.Err); kind != "" {
		span.SetStatus(codes.Error, "")
		span.SetAttributes(semconv.ErrorTypeKey.String(kind))
	}
	span.End(trace.WithTimestamp(end))
}
