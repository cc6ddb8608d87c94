// Package telemetry exports what happens in an application as OpenTelemetry traces
// and metrics, and the metrics as Prometheus text.
//
//	metrics, page, err := telemetry.Prometheus(nil)
//	…
//	err = telemetry.Observe(app, telemetry.Options{TracerProvider: traces, MeterProvider: metrics})
//	…
//	fsa.Handle(app, "GET /metrics", authz.Group("ops"), page)
//
// The providers come from outside: how often and where to they export is theirs to
// know. Nothing is global, and what is not given is not measured. Only programs
// that import this package link OpenTelemetry.
//
// Each request is a span of kind server, named by its method and its route's
// pattern, with a span for each hook that was asked and each slow hash below it.
// Names and attributes follow the semantic conventions for HTTP servers of the
// version in [SchemaURL]; what is ours begins with fsa. docs/telemetry.md lists all of
// them.
//
// # What is never exported
//
// Whatever a client has written: paths, queries, parameters, header fields, hosts,
// unknown methods, logins, tokens, texts of errors. Therefore url.path,
// url.query, server.address, client.address and user_agent.original are missing
// from spans, though the conventions have them: a path may hold the token of a link
// in a mail. [Options.EndUser] and [Options.ErrorTexts] export more, on
// spans.
//
// It follows that a client can't make new series: attributes of metrics have the
// values that wiring and configuration give them.
package telemetry
