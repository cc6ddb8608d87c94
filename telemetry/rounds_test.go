package telemetry_test

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/rounds"
	"github.com/fastsimpleauth/fsa/telemetry"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

var roundsFlag = flag.Int("rounds", 0, "how many rounds TestRounds measures")

// discard is where spans go.
type discard struct{}

func (discard) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (discard) Shutdown(context.Context) error                             { return nil }

// TestRounds compares a secured request (a token, a group, an object permission,
// a JSON answer) without telemetry and with more and more of it, in interleaved
// rounds. It asserts nothing on time.
//
//	go test ./telemetry -run 'TestRounds$' -rounds 300
func TestRounds(t *testing.T) {
	p, out := rounds.Plan{Rounds: 1, Slice: time.Millisecond}, io.Discard
	if *roundsFlag > 0 {
		p, out = rounds.Plan{Rounds: *roundsFlag, Slice: 10 * time.Millisecond}, os.Stdout
	}
	traces := func(ratio float64) *sdktrace.TracerProvider {
		tp := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))), sdktrace.WithBatcher(discard{}))
		t.Cleanup(func() { tp.Shutdown(context.Background()) })
		return tp
	}
	meters := func() *sdkmetric.MeterProvider {
		return sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	}
	var contestants []rounds.Contestant
	for _, c := range []struct {
		name    string
		observe func(*fsa.App) error
	}{
		{"nothing", func(*fsa.App) error { return nil }},
		{"an Observer without functions", func(a *fsa.App) error { a.Observe(fsa.Observer{}); return nil }},
		{"metrics", func(a *fsa.App) error { return telemetry.Observe(a, telemetry.Options{MeterProvider: meters()}) }},
		{"metrics, and traces of 1 %", func(a *fsa.App) error {
			return telemetry.Observe(a, telemetry.Options{MeterProvider: meters(), TracerProvider: traces(0.01)})
		}},
		{"metrics, and all traces", func(a *fsa.App) error {
			return telemetry.Observe(a, telemetry.Options{MeterProvider: meters(), TracerProvider: traces(1)})
		}},
	} {
		floor := "nothing"
		if c.name == floor {
			floor = ""
		}
		contestants = append(contestants, rounds.Contestant{Name: c.name, Floor: floor, Run: secured(t, c.observe).Run})
	}
	results, err := p.Measure(contestants)
	if err != nil {
		t.Fatal(err)
	}
	rounds.Costs(out, results)
}

// secured gives a secured request that is answered from memory.
func secured(t *testing.T, observe func(*fsa.App) error) *rounds.Call {
	t.Helper()
	app := fsa.New("shop", fsa.Config{Auth: []string{"token", "none"}, TokenSecret: []fsa.Secret{"a secret of thirty-two bytes, at least"},
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	app.GroupCheck("staff", func(context.Context, string) (bool, error) { return true, nil })
	fsa.ObjectPerms(app, "store", func(context.Context, string, int, string) (bool, error) { return true, nil })
	type answer struct {
		Store int    `json:"store"`
		User  string `json:"user"`
	}
	fsa.Get(app, "/store/{sid}", authz.All(authz.Group("staff"), authz.Object("store", "sid", "manager")),
		func(ctx context.Context, in onStore) (answer, error) { return answer{in.SID, fsa.User(ctx)}, nil })
	if err := observe(app); err != nil {
		t.Fatal(err)
	}
	h, err := app.Handler()
	if err != nil {
		t.Fatal(err)
	}
	token, err := app.CreateToken(context.Background(), "susie", fsa.TokenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/store/42", nil)
	r.RemoteAddr = "127.0.0.1:40000"
	r.Header.Set("Authorization", "Bearer "+token)
	c := rounds.NewCall(h, r, nil)
	if w := c.Answer(); w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	return c
}
