package telemetry_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
	"github.com/fastsimpleauth/fsa/telemetry"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// TestMain fails the package if a secret comes out. S70.
func TestMain(m *testing.M) {
	leaktest.Secret(susiePass)
	os.Exit(leaktest.Main(m))
}

const susiePass = "susie's password"

// shop is an application whose telemetry is kept in memory.
type shop struct {
	*fsa.App
	h       http.Handler
	spans   *tracetest.SpanRecorder
	reader  *sdkmetric.ManualReader
	log     *strings.Builder
	inHook  trace.SpanContext // what the hook of group staff saw
	tenant  any               // what it saw of the request's values
	inRoute trace.SpanContext // what a handler saw
}

// newShop makes a shop. change may change the options, and add to the application.
func newShop(t testing.TB, cfg fsa.Config, change func(*shop, *telemetry.Options)) *shop {
	t.Helper()
	s := &shop{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader(), log: &strings.Builder{}}
	cfg.Auth = []string{"token", "basic", "none"}
	cfg.TokenSecret = []fsa.Secret{"a secret of thirty-two bytes, at least"}
	cfg.PasswordOpts, cfg.InsecurePasswordCost = map[string]int{"memory": 64, "time": 1}, true
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(leaktest.Log(&lockedWriter{w: s.log}), nil))
	}
	s.App = fsa.New("shop", cfg)
	o := telemetry.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans)),
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(s.reader)),
	}
	s.routes(t)
	if change != nil {
		change(s, &o)
	}
	if err := telemetry.Observe(s.App, o); err != nil {
		t.Fatal(err)
	}
	h, err := s.Handler()
	if err != nil {
		t.Fatal(err)
	}
	s.h = h
	return s
}

// lockedWriter is for loggers whose text is read while they may write.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// tenantKey is of a value that middleware puts into the context of requests.
type tenantKey struct{}

type onStore struct{ SID int }

func (s *shop) routes(t testing.TB) {
	hash, err := s.HashPassword(context.Background(), susiePass)
	if err != nil {
		t.Fatal(err)
	}
	s.UserPass(func(ctx context.Context, login string) (string, error) {
		if login != "susie" {
			return "", fsa.ErrNoSuchUser
		}
		return hash, nil
	})
	s.GroupCheck("staff", func(ctx context.Context, login string) (bool, error) {
		s.inHook, s.tenant = trace.SpanContextFromContext(ctx), ctx.Value(tenantKey{})
		return login == "susie", nil
	})
	s.GroupCheck("down", func(context.Context, string) (bool, error) {
		return false, errors.New("the directory is down: s3cret")
	})
	fsa.ObjectPerms(s.App, "store", func(ctx context.Context, login string, sid int, mode string) (bool, error) {
		if sid > 42 {
			return false, fsa.ErrNoSuchObject
		}
		return sid == 42, nil
	})
	nothing := func(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, nil }
	fsa.Get(s.App, "/hello", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		s.inRoute = trace.SpanContextFromContext(ctx)
		return "hello", nil
	})
	fsa.Get(s.App, "/staff", authz.Group("staff"), nothing)
	fsa.Get(s.App, "/down", authz.Group("down"), nothing)
	fsa.Get(s.App, "/store/{sid}", authz.All(authz.Group("staff"), authz.Object("store", "sid", "manager")),
		func(context.Context, onStore) (fsa.None, error) { return fsa.None{}, nil })
	fsa.Get(s.App, "/panic", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) { panic("a value: s3cret") })
	fsa.Get(s.App, "/abort", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) { panic(http.ErrAbortHandler) })
	fsa.Handle(s.App, "/any/{rest...}", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "anything")
	}))
}

// send sends a request, whose header fields are names and values in turn.
func (s *shop) send(method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	return w
}

// basic is a header field for [shop.send].
func basic(login, pass string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+pass))}
}

// ended gives the spans of a kind that have ended, by their names.
func (s *shop) ended(name string) []sdktrace.ReadOnlySpan {
	return slices.DeleteFunc(s.spans.Ended(), func(span sdktrace.ReadOnlySpan) bool { return span.Name() != name })
}

// attributes gives attributes as text.
func attributes(all []attribute.KeyValue) map[string]string {
	m := map[string]string{}
	for _, a := range all {
		m[string(a.Key)] = a.Value.String()
	}
	return m
}

// point is one measurement, whatever its instrument.
type point struct {
	attributes map[string]string
	value      float64 // of a histogram, how many were measured
	bounds     []float64
}

// metrics collects what is measured, by the names of the instruments.
func (s *shop) metrics(t testing.TB) map[string][]point {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := s.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string][]point{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					found[m.Name] = append(found[m.Name], point{attributes(p.Attributes.ToSlice()), float64(p.Count), p.Bounds})
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					found[m.Name] = append(found[m.Name], point{attributes: attributes(p.Attributes.ToSlice()), value: float64(p.Value)})
				}
			default:
				t.Fatalf("%s is a %T", m.Name, data)
			}
		}
	}
	return found
}

// value gives the sum of an instrument's measurements that have the attributes,
// given as names and values in turn.
func value(points []point, attrs ...string) float64 {
	sum := 0.0
	for _, p := range points {
		has := true
		for i := 0; i < len(attrs); i += 2 {
			has = has && p.attributes[attrs[i]] == attrs[i+1]
		}
		if has {
			sum += p.value
		}
	}
	return sum
}
