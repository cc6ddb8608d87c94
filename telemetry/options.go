package telemetry

import (
	"errors"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// Options say what is exported, and by whom.
type Options struct {
	// TracerProvider makes the spans. nil: there are none. It is the
	// application's to flush it and to shut it down after [fsa.App.Run] has returned.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the metrics. nil: there are none.
	MeterProvider metric.MeterProvider

	// Incoming says what becomes of a trace that a request brings.
	Incoming Incoming

	// EndUser gives what spans say of who is calling (enduser.id) for a login;
	// "" for nothing. nil: they say nothing, since a login is personal data, and
	// traces are often kept where logs would not be. A pseudonym is as good for
	// finding one user's requests:
	//
	//	EndUser: func(login string) string { return hex.EncodeToString(hmacOf(key, login)[:8]) }
	EndUser func(login string) string

	// ErrorTexts lets spans have the texts of failures (500 and above, and
	// panics, these with their stacks). They are the same as in the log, which
	// is where they belong: a database's error may quote what it was given.
	ErrorTexts bool
}

// Incoming says what becomes of a trace that a request brings in the header field
// traceparent (W3C Trace Context).
type Incoming int

const (
	// LinkIncoming, the default, begins a new trace for each request, with a
	// link to the one that came. Whoever can reach a server can send a
	// traceparent. If it were continued, any client could have all of its requests
	// recorded, whatever the sampler says, or hide them from it, and put
	// spans into the traces of others. That a proxy is between them
	// does not help: proxies hand on what they don't know.
	LinkIncoming Incoming = iota

	// ContinueTrusted continues the traces of requests that a proxy of
	// FSA_TRUSTED_PROXIES has brought, and links others. It is for proxies that
	// trace requests themselves, and so overwrite what clients have sent.
	ContinueTrusted

	// InsecureContinueAll continues all traces. It is for services that only
	// services of one's own can reach.
	InsecureContinueAll
)

// check fills in what is not given.
func (o *Options) check() error {
	if o.TracerProvider == nil && o.MeterProvider == nil {
		return errors.New("telemetry: neither a TracerProvider nor a MeterProvider is given, so nothing would be exported: give one of them")
	}
	if o.Incoming < LinkIncoming || o.Incoming > InsecureContinueAll {
		return errors.New("telemetry: Options.Incoming is none of LinkIncoming, ContinueTrusted and InsecureContinueAll")
	}
	if o.TracerProvider == nil {
		o.TracerProvider = tracenoop.NewTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = metricnoop.NewMeterProvider()
	}
	return nil
}
