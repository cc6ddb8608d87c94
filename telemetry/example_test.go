package telemetry_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/telemetry"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// An application whose spans are kept in memory, and whose metrics are on a page
// that this example reads itself.
func Example() {
	spans := tracetest.NewSpanRecorder()
	metrics, page, err := telemetry.Prometheus(nil)
	if err != nil {
		log.Fatal(err)
	}
	app := fsa.New("shop", fsa.Config{Auth: []string{"basic", "none"}, TokenType: "none", Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	err = telemetry.Observe(app, telemetry.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)),
		MeterProvider:  metrics,
	})
	if err != nil {
		log.Fatal(err)
	}
	app.UserPass(func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser })
	app.GroupCheck("ops", func(context.Context, string) (bool, error) { return true, nil })
	fsa.Handle(app, "GET /metrics", authz.Group("ops"), page)
	fsa.Get(app, "/hello/{name}", authz.Open(), func(ctx context.Context, in struct{ Name string }) (string, error) {
		return "hello " + in.Name, nil
	})
	handler, err := app.Handler()
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range []string{"/hello/calvin", "/hello/hobbes", "/metrics"} {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = "127.0.0.1:40000"
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}

	for _, span := range spans.Ended() {
		fmt.Println("span", span.Name())
	}
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "http_server_request_duration_seconds_count") {
			fmt.Print(line)
		}
	}
	// Output:
	// span GET /hello/{name}
	// span GET /hello/{name}
	// span GET /metrics
	// http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/hello/{name}",network_protocol_version="1.1",url_scheme="http"} 2
	// http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="401",http_route="/metrics",network_protocol_version="1.1",url_scheme="http"} 1
}
