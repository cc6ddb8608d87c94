package telemetry

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// Prometheus gives a provider for [Options.MeterProvider], and the page where
// Prometheus reads what it has measured: text, or OpenMetrics if that is asked for,
// then with exemplars. Register the page under a rule, since it tells how busy an
// application is and which of its rules refuse:
//
//	fsa.Handle(app, "GET /metrics", authz.Group("ops"), page)
//
// The registry is one of the application's own; nil makes a new one. What else is in
// it, such as the collectors of package collectors for Go's runtime and the process,
// is on the page, too. More options make the provider: a resource, views.
//
// At most four scrapes are answered at a time (503 beyond), each within 10 s.
func Prometheus(registry *prometheus.Registry, options ...sdkmetric.Option) (*sdkmetric.MeterProvider, http.Handler, error) {
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo())
	if err != nil {
		return nil, nil, fmt.Errorf("telemetry: %w", err)
	}
	provider := sdkmetric.NewMeterProvider(append(options[:len(options):len(options)], sdkmetric.WithReader(reader))...)
	page := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		EnableOpenMetrics:   true,
		MaxRequestsInFlight: 4,
		Timeout:             10 * time.Second,
	})
	return provider, page, nil
}
