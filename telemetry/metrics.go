package telemetry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
)

// metrics are the instruments, with the sets of attributes that have been measured
// with before: making one costs more than the measurement.
type metrics struct {
	duration  metric.Float64Histogram
	active    metric.Int64UpDownCounter
	authn     metric.Int64Counter
	authz     metric.Int64Counter
	throttled metric.Int64Counter
	hooks     metric.Float64Histogram
	hashTook  metric.Float64Histogram
	hashWait  metric.Float64Histogram

	answers sets[answerKey, metric.RecordOption]
	starts  sets[startKey, metric.AddOption]
	schemes sets[fsa.AuthenticationEvent, metric.AddOption]
	rules   sets[fsa.AuthorizationEvent, metric.AddOption]
	hooked  sets[hookedKey, metric.RecordOption]
}

// answerKey is what requests are told apart by.
type answerKey struct {
	method, urlScheme, protocol, route, errorType string
	status                                        int
}

type hookedKey struct {
	fsa.HookEvent
	errorType string
}

// Bounds of histograms, in seconds. Those of requests are the ones that the
// conventions advise. A hook may be a map or a directory on another continent; a
// slow hash takes tens of milliseconds.
var (
	requestBounds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	hookBounds    = []float64{0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	hashBounds    = []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5}
)

// create makes the instruments.
func (m *metrics) create(meter metric.Meter) error {
	var errs []error
	histogram := func(name, unit, what string, bounds []float64) metric.Float64Histogram {
		h, err := meter.Float64Histogram(name, metric.WithUnit(unit), metric.WithDescription(what), metric.WithExplicitBucketBoundaries(bounds...))
		errs = append(errs, err)
		return h
	}
	counter := func(name, unit, what string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what))
		errs = append(errs, err)
		return c
	}
	duration, err := httpconv.NewServerRequestDuration(meter, metric.WithExplicitBucketBoundaries(requestBounds...))
	active, err2 := httpconv.NewServerActiveRequests(meter)
	errs = append(errs, err, err2)
	m.duration, m.active = duration.Inst(), active.Inst()
	m.authn = counter("fsa.authn.attempts", "{attempt}", "Credentials that were looked at, by scheme and verdict.")
	m.authz = counter("fsa.authz.refusals", "{request}", "Requests that a rule or app.Admit has not let through, by what was decisive.")
	m.throttled = counter("fsa.login.throttled", "{attempt}", "Log-ins that came too early after failures.")
	m.hooks = histogram("fsa.hook.duration", "s", "Duration of the application's hooks.", hookBounds)
	m.hashTook = histogram("fsa.password.hash.duration", "s", "Duration of slow hashes, without waiting.", hashBounds)
	m.hashWait = histogram("fsa.password.hash.wait", "s", "How long slow hashes have waited for a worker.", hashBounds)
	return errors.Join(errs...)
}

// watch registers what is asked for when metrics are collected.
func (m *metrics) watch(meter metric.Meter, stats func() fsa.Stats) error {
	lookups, err1 := meter.Int64ObservableCounter("fsa.cache.lookups", metric.WithUnit("{lookup}"),
		metric.WithDescription("Look-ups in the caches of hooks' answers, by whether there was one."))
	entries, err2 := meter.Int64ObservableUpDownCounter("fsa.cache.entries", metric.WithUnit("{entry}"),
		metric.WithDescription("Answers of hooks that are kept."))
	running, err3 := meter.Int64ObservableUpDownCounter("fsa.password.hash.running", metric.WithUnit("{hash}"),
		metric.WithDescription("Slow hashes that are being computed."))
	waiting, err4 := meter.Int64ObservableUpDownCounter("fsa.password.hash.waiting", metric.WithUnit("{hash}"),
		metric.WithDescription("Slow hashes that wait for a worker."))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		s := stats()
		for _, c := range s.Caches {
			attrs := []attribute.KeyValue{cacheKey.String(c.Kind)}
			if c.Domain != "" {
				attrs = append(attrs, domainKey.String(c.Domain))
			}
			attrs = attrs[:len(attrs):len(attrs)]
			o.ObserveInt64(entries, int64(c.Entries), metric.WithAttributes(attrs...))
			o.ObserveInt64(lookups, int64(c.Hits), metric.WithAttributes(append(attrs, resultKey.String("hit"))...))
			o.ObserveInt64(lookups, int64(c.Misses), metric.WithAttributes(append(attrs, resultKey.String("miss"))...))
		}
		o.ObserveInt64(running, int64(s.Passwords.Running))
		o.ObserveInt64(waiting, int64(s.Passwords.Waiting))
		return nil
	}, lookups, entries, running, waiting)
	return err
}

func (m *metrics) begin(ctx context.Context, e fsa.RequestEvent) { m.count(ctx, e, 1) }

func (m *metrics) count(ctx context.Context, e fsa.RequestEvent, n int64) {
	k := startKey{e.Method, e.URLScheme}
	set := m.starts.get(k)
	if set == nil {
		set = m.starts.put(k, metric.WithAttributes(semconv.HTTPRequestMethodKey.String(k.method), semconv.URLScheme(k.scheme)))
	}
	m.active.Add(ctx, n, set...)
}

func (m *metrics) end(ctx context.Context, a fsa.AnswerEvent) {
	m.count(ctx, a.RequestEvent, -1)
	k := answerKey{a.Method, a.URLScheme, a.Protocol, a.Route, errorType(a), a.Status}
	set := m.answers.get(k)
	if set == nil {
		set = m.answers.put(k, metric.WithAttributes(k.attributes()...))
	}
	m.duration.Record(ctx, a.Duration.Seconds(), set...)
}

func (k answerKey) attributes() []attribute.KeyValue {
	attrs := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(k.method), semconv.URLScheme(k.urlScheme)}
	if k.route != "" {
		attrs = append(attrs, semconv.HTTPRoute(k.route))
	}
	if k.status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(k.status))
	}
	if k.protocol != "" {
		attrs = append(attrs, semconv.NetworkProtocolVersion(k.protocol))
	}
	if k.errorType != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(k.errorType))
	}
	return attrs
}

func (m *metrics) authentication(ctx context.Context, e fsa.AuthenticationEvent) {
	set := m.schemes.get(e)
	if set == nil {
		set = m.schemes.put(e, metric.WithAttributes(schemeKey.String(e.Scheme), verdictKey.String(string(e.Verdict))))
	}
	m.authn.Add(ctx, 1, set...)
}

// authorization counts what was not let through; how much was, the requests tell.
func (m *metrics) authorization(ctx context.Context, e fsa.AuthorizationEvent) {
	if e.Verdict == fsa.VerdictGranted {
		return
	}
	set := m.rules.get(e)
	if set == nil {
		attrs := []attribute.KeyValue{ruleKey.String(e.Kind), verdictKey.String(string(e.Verdict))}
		if e.Name != "" {
			attrs = append(attrs, nameKey.String(e.Name))
		}
		set = m.rules.put(e, metric.WithAttributes(attrs...))
	}
	m.authz.Add(ctx, 1, set...)
}

func (m *metrics) throttle(ctx context.Context, e fsa.ThrottleEvent) {
	m.throttled.Add(ctx, 1, metric.WithAttributes(byKey.String(e.By)))
}

func (m *metrics) hook(ctx context.Context, e fsa.HookEvent, began time.Time, err error) {
	k := hookedKey{e, hookError(err)}
	set := m.hooked.get(k)
	if set == nil {
		attrs := []attribute.KeyValue{hookKey.String(e.Hook)}
		if e.Name != "" {
			attrs = append(attrs, forKey.String(e.Name))
		}
		if k.errorType != "" {
			attrs = append(attrs, semconv.ErrorTypeKey.String(k.errorType))
		}
		set = m.hooked.put(k, metric.WithAttributes(attrs...))
	}
	m.hooks.Record(ctx, time.Since(began).Seconds(), set...)
}

// hookError gives error.type of a hook: "" if it has answered, which a refusal and
// "no such user" are, too.
func hookError(err error) string {
	switch {
	case err == nil, errors.Is(err, fsa.ErrNoSuchUser), errors.Is(err, fsa.ErrNoSuchObject), errors.Is(err, fsa.ErrUnauthenticated):
		return ""
	case errors.Is(err, fsa.ErrHookPanicked):
		return "panic"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case httperr.From(err, 500, "").Status < 500:
		return ""
	}
	return "error"
}

func (m *metrics) passwordHash(ctx context.Context, e fsa.PasswordHashEvent) {
	kind := hashError(e.Err)
	if kind != "" {
		m.hashWait.Record(ctx, e.Waited.Seconds(), metric.WithAttributes(semconv.ErrorTypeKey.String(kind)))
		return
	}
	m.hashWait.Record(ctx, e.Waited.Seconds())
	m.hashTook.Record(ctx, e.Took.Seconds())
}

// hashError gives error.type of a slow hash that was not computed.
func hashError(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, password.ErrBusy):
		return "busy"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "canceled"
}

// maxSets bounds how many sets of attributes are kept of a kind: their values are
// bounded, their combinations may be many.
const maxSets = 4096

// sets keeps options of measurements by what they were made of.
type sets[K comparable, O any] struct {
	kept sync.Map // K to []O
	n    atomic.Int64
}

// get gives kept options, nil if there are none.
func (s *sets[K, O]) get(k K) []O {
	v, ok := s.kept.Load(k)
	if !ok {
		return nil
	}
	return v.([]O)
}

// put keeps an option, if there is room.
func (s *sets[K, O]) put(k K, o O) []O {
	options := []O{o}
	if s.n.Add(1) <= maxSets {
		s.kept.Store(k, options)
	}
	return options
}
