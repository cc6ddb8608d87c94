package telemetry_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/telemetry"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
)

// TestMetrics: what is measured of requests, decisions, hooks, caches and hashes.
func TestMetrics(t *testing.T) {
	s := newShop(t, fsa.Config{}, nil)
	susie := basic("susie", susiePass)
	for range 3 {
		s.send("GET", "/staff", susie...)
	}
	s.send("GET", "/staff")
	s.send("GET", "/store/7", susie...)
	s.send("GET", "/store/43", susie...)
	s.send("GET", "/down", susie...)
	for range 9 {
		s.send("GET", "/staff", basic("moe", "a wrong password")...)
	}
	all := s.metrics(t)
	for _, c := range []struct {
		name  string
		attrs []string
		want  float64
	}{
		{"http.server.request.duration", []string{"http.route", "/staff", "http.response.status_code", "204", "http.request.method", "GET", "url.scheme", "http",
			"network.protocol.version", "1.1"}, 3},
		{"http.server.request.duration", []string{"http.route", "/down", "error.type", "500"}, 1},
		{"http.server.request.duration", nil, 16},
		{"http.server.active_requests", []string{"http.request.method", "GET", "url.scheme", "http"}, 0},
		{"fsa.authn.attempts", []string{"fsa.authn.scheme", "basic", "fsa.verdict", "accepted"}, 6},
		{"fsa.authn.attempts", []string{"fsa.authn.scheme", "basic", "fsa.verdict", "refused"}, 9},
		{"fsa.authz.refusals", []string{"fsa.authz.rule", "object", "fsa.authz.name", "store", "fsa.verdict", "refused"}, 1},
		{"fsa.authz.refusals", []string{"fsa.authz.rule", "object", "fsa.authz.name", "store", "fsa.verdict", "not_found"}, 1},
		{"fsa.authz.refusals", []string{"fsa.authz.rule", "group", "fsa.authz.name", "down", "fsa.verdict", "failed"}, 1},
		{"fsa.authz.refusals", nil, 3},
		{"fsa.login.throttled", []string{"fsa.throttle.by", "login"}, 4},
		{"fsa.hook.duration", []string{"fsa.hook.name", "app.GroupCheck", "fsa.hook.for", "staff"}, 1},
		{"fsa.hook.duration", []string{"fsa.hook.name", "app.GroupCheck", "fsa.hook.for", "down", "error.type", "error"}, 1},
		{"fsa.hook.duration", []string{"fsa.hook.name", "fsa.ObjectPerms", "fsa.hook.for", "store"}, 2},
		{"fsa.password.hash.duration", nil, 6}, // one log-in that succeeds, five that fail before they are delayed
		{"fsa.password.hash.wait", nil, 6},
		{"fsa.cache.lookups", []string{"fsa.cache.kind", "group", "fsa.cache.result", "hit"}, 4},
		{"fsa.cache.lookups", []string{"fsa.cache.kind", "object", "fsa.cache.domain", "store", "fsa.cache.result", "miss"}, 2},
		{"fsa.cache.entries", []string{"fsa.cache.kind", "group"}, 1},
		{"fsa.password.hash.running", nil, 0},
		{"fsa.password.hash.waiting", nil, 0},
	} {
		if len(all[c.name]) == 0 {
			t.Errorf("%s is not measured", c.name)
		}
		if got := value(all[c.name], c.attrs...); got != c.want {
			t.Errorf("%s %v is %v, want %v: %v", c.name, c.attrs, got, c.want, all[c.name])
		}
	}
	advised := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	if got := all["http.server.request.duration"][0].bounds; !slices.Equal(got, advised) {
		t.Errorf("the bounds are %v", got)
	}
}

// TestCardinality: an attacker who changes all that a client can change makes no
// new series, and nothing of it is a label. S70.
func TestCardinality(t *testing.T) {
	s := newShop(t, fsa.Config{}, nil)
	send := func(i int) {
		text := fmt.Sprintf("s3cret%d-%d", i, rand.Uint64())
		header := append(basic(text, text+text), "Host", text, "User-Agent", text, text, text, "Traceparent", fmt.Sprintf("00-%032x-%016x-01", i+1, i+1),
			"X-Request-Id", text, "X-Forwarded-For", text, "Cookie", text+"="+text)
		method := []string{"GET", "POST", strings.ToUpper(strings.ReplaceAll(text, "-", "")), "get"}[i%4]
		target := []string{"/any/" + text, "/" + text, "/store/" + text, "/staff?" + text + "=1", "/store/" + fmt.Sprint(i), "//" + text}[i%6]
		s.send(method, target, header...)
		s.spans.Reset()
	}
	series := func() (n int) {
		for _, points := range s.metrics(t) {
			n += len(points)
		}
		return n
	}
	for i := range 200 {
		send(i)
	}
	before := series()
	for i := range 2000 {
		send(200 + i)
	}
	if after := series(); after != before {
		t.Errorf("%d series became %d", before, after)
	}
	for name, points := range s.metrics(t) {
		for _, p := range points {
			if strings.Contains(strings.ToLower(fmt.Sprint(p.attributes)), "s3cret") {
				t.Errorf("%s has %v", name, p.attributes)
			}
		}
	}
}

// TestSpansHoldNothing: nothing that a client has sent is on a span. S70.
func TestSpansHoldNothing(t *testing.T) {
	s := newShop(t, fsa.Config{}, nil)
	for _, target := range []string{"/hello", "/any/s3cret?s3cret=s3cret", "/s3cret", "/store/s3cret", "/staff?s3cret=s3cret", "/panic", "/down"} {
		for _, login := range [][]string{basic("susie", susiePass), basic("s3cret", "s3cret-s3cret"), nil} {
			s.send("GET", target, append(login, "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "Tracestate", "s3cret=s3cret",
				"Baggage", "s3cret=s3cret", "User-Agent", "s3cret", "X-Request-Id", "s3cret-s3cret", "Cookie", "s3cret=s3cret")...)
		}
	}
	spans := s.spans.Ended()
	if len(spans) < 20 {
		t.Fatalf("%d spans", len(spans))
	}
	for _, span := range spans {
		text := fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Links(), span.Status(), span.SpanContext().TraceState())
		for _, secret := range []string{"s3cret", "susie", susiePass} {
			if strings.Contains(strings.ToLower(text), secret) {
				t.Errorf("%s: %s", secret, text)
			}
		}
	}
}

// TestOptions: what can't be meant is an error.
func TestOptions(t *testing.T) {
	for want, o := range map[string]telemetry.Options{
		"neither a TracerProvider nor a MeterProvider": {},
		"Options.Incoming is none of":                  {MeterProvider: metricnoop.NewMeterProvider(), Incoming: 3},
	} {
		if err := telemetry.Observe(fsa.New("shop", fsa.Config{}), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v instead of %s", err, want)
		}
	}
}

// TestOneProvider: metrics alone, or traces alone.
func TestOneProvider(t *testing.T) {
	s := newShop(t, fsa.Config{}, func(_ *shop, o *telemetry.Options) { o.TracerProvider = nil })
	s.send("GET", "/staff", basic("susie", susiePass)...)
	if s.inHook.IsValid() || len(s.spans.Started()) != 0 || value(s.metrics(t)["http.server.request.duration"]) != 1 {
		t.Error("not metrics alone")
	}
	s = newShop(t, fsa.Config{}, func(_ *shop, o *telemetry.Options) { o.MeterProvider = nil })
	s.send("GET", "/staff", basic("susie", susiePass)...)
	if len(s.ended("GET /staff")) != 1 || len(s.metrics(t)) != 0 {
		t.Error("not traces alone")
	}
}
