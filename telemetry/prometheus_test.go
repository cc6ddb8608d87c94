package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/telemetry"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// scrape reads a page as Prometheus does, with its own parser.
func scrape(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return families
}

// get asks a server for a page.
func get(t *testing.T, url, login, accept string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if login != "" {
		r.SetBasicAuth(login, susiePass)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body), answer.Header
}

// TestPrometheus: a real server is scraped, under a rule, and the text is what
// Prometheus' parser and linter expect.
func TestPrometheus(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector())
	metrics, page, err := telemetry.Prometheus(registry)
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.Shutdown(context.Background())
	s := newShop(t, fsa.Config{}, func(s *shop, o *telemetry.Options) {
		o.MeterProvider = metrics
		s.GroupCheck("ops", func(_ context.Context, login string) (bool, error) { return login == "susie", nil })
		fsa.Handle(s.App, "GET /metrics", authz.Group("ops"), page)
	})
	server := httptest.NewServer(s.h)
	defer server.Close()

	if status, body, _ := get(t, server.URL+"/metrics", "", ""); status != 401 || strings.Contains(body, "http_server") {
		t.Fatalf("anybody reads the metrics: %d %s", status, body)
	}
	for _, path := range []string{"/hello", "/store/42", "/store/7", "/down", "/nowhere"} {
		get(t, server.URL+path, "susie", "")
	}
	status, text, header := get(t, server.URL+"/metrics", "susie", "")
	if status != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/plain; version=0.0.4") || header.Get("Cache-Control") != "no-store" {
		t.Fatal(status, header)
	}
	families := scrape(t, text)
	for name, kind := range map[string]dto.MetricType{
		"http_server_request_duration_seconds": dto.MetricType_HISTOGRAM,
		"http_server_active_requests":          dto.MetricType_GAUGE,
		"fsa_authn_attempts_total":             dto.MetricType_COUNTER,
		"fsa_authz_refusals_total":             dto.MetricType_COUNTER,
		"fsa_cache_lookups_total":              dto.MetricType_COUNTER,
		"fsa_cache_entries":                    dto.MetricType_GAUGE,
		"fsa_hook_duration_seconds":            dto.MetricType_HISTOGRAM,
		"fsa_password_hash_duration_seconds":   dto.MetricType_HISTOGRAM,
		"fsa_password_hash_wait_seconds":       dto.MetricType_HISTOGRAM,
		"fsa_password_hash_running":            dto.MetricType_GAUGE,
		"fsa_password_hash_waiting":            dto.MetricType_GAUGE,
		"go_goroutines":                        dto.MetricType_GAUGE, // of the registry's own
		"target_info":                          dto.MetricType_GAUGE,
	} {
		if f := families[name]; f == nil || f.GetType() != kind {
			t.Errorf("%s is %v", name, f)
		}
	}
	requests := map[string]uint64{}
	for _, m := range families["http_server_request_duration_seconds"].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		requests[labels["http_route"]+" "+labels["http_response_status_code"]] = m.GetHistogram().GetSampleCount()
	}
	for _, want := range []string{"/hello 200", "/store/{sid} 204", "/store/{sid} 403", "/down 500", " 404", "/metrics 401"} {
		if requests[want] != 1 {
			t.Errorf("%s: %d requests, among %v", want, requests[want], requests)
		}
	}
	lint(t, text)

	if status, text, header = get(t, server.URL+"/metrics", "susie", "application/openmetrics-text; version=1.0.0"); status != 200 ||
		!strings.HasPrefix(header.Get("Content-Type"), "application/openmetrics-text") || !strings.HasSuffix(text, "# EOF\n") {
		t.Errorf("%d %v", status, header)
	}
	if !strings.Contains(text, "trace_id=") {
		t.Error("there are no exemplars")
	}
}

// lint lets Prometheus' linter judge what is ours.
func lint(t *testing.T, text string) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "fsa_") || strings.HasPrefix(p.Metric, "http_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestShutDown: after its providers have been shut down, an application still serves.
func TestShutDown(t *testing.T) {
	metrics, _, err := telemetry.Prometheus(nil)
	if err != nil {
		t.Fatal(err)
	}
	traces := sdktrace.NewTracerProvider()
	s := newShop(t, fsa.Config{}, func(_ *shop, o *telemetry.Options) { o.MeterProvider, o.TracerProvider = metrics, traces })
	metrics.Shutdown(context.Background())
	traces.Shutdown(context.Background())
	if a := s.send("GET", "/hello"); a.Code != 200 {
		t.Error(a.Code)
	}
}
