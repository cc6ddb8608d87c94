package telemetry_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/telemetry"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestRequestSpan: name, kind, attributes and status of requests' spans.
func TestRequestSpan(t *testing.T) {
	s := newShop(t, fsa.Config{}, nil)
	susie := basic("susie", susiePass)
	common := func(method, status, bytes string, more ...string) map[string]string {
		m := map[string]string{"http.request.method": method, "url.scheme": "http", "network.protocol.version": "1.1",
			"http.response.status_code": status, "http.response.body.size": bytes}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	for _, c := range []struct {
		method, target string
		header         []string
		name           string
		want           map[string]string
		failed         bool
		events         string
	}{
		{"GET", "/hello?token=s3cret", nil, "GET /hello", common("GET", "400", "28", "http.route", "/hello"), false, ""},
		{"GET", "/hello", nil, "GET /hello", common("GET", "200", "5", "http.route", "/hello"), false, ""},
		{"GET", "/staff", nil, "GET /staff", common("GET", "401", "23", "http.route", "/staff"), false, ""},
		{"GET", "/staff", susie, "GET /staff", common("GET", "204", "0", "http.route", "/staff", "fsa.authn.scheme", "basic"), false,
			"fsa.authentication map[fsa.authn.scheme:basic fsa.verdict:accepted]; fsa.authorization map[fsa.verdict:granted]"},
		{"GET", "/store/7", susie, "GET /store/{sid}", common("GET", "403", "26", "http.route", "/store/{sid}", "fsa.authn.scheme", "basic"), false,
			"fsa.authentication map[fsa.authn.scheme:basic fsa.verdict:accepted]; fsa.authorization map[fsa.authz.name:store fsa.authz.rule:object fsa.verdict:refused]"},
		{"GET", "/down", susie, "GET /down", common("GET", "500", "39", "http.route", "/down", "fsa.authn.scheme", "basic", "error.type", "500"), true,
			"fsa.authentication map[fsa.authn.scheme:basic fsa.verdict:accepted]; fsa.authorization map[fsa.authz.name:down fsa.authz.rule:group fsa.verdict:failed]"},
		{"GET", "/panic", nil, "GET /panic", common("GET", "500", "14", "http.route", "/panic", "error.type", "panic"), true, "exception map[exception.type:string]"},
		{"GET", "/s3cret", nil, "GET", common("GET", "404", "9"), false, ""},
		{"S3CRET", "/any/s3cret", nil, "HTTP /any/{rest...}", common("_OTHER", "200", "8", "http.route", "/any/{rest...}"), false, ""},
	} {
		t.Run(c.method+" "+c.target, func(t *testing.T) {
			s.spans.Reset()
			s.send(c.method, c.target, append(c.header, "User-Agent", "s3cret", "X-S3cret", "s3cret")...)
			all := s.ended(c.name)
			if len(all) != 1 {
				t.Fatalf("%d spans named %q among %v", len(all), c.name, s.spans.Ended())
			}
			span := all[0]
			if span.SpanKind() != trace.SpanKindServer || span.InstrumentationScope().SchemaURL != telemetry.SchemaURL {
				t.Error(span.SpanKind(), span.InstrumentationScope())
			}
			if diff := cmp.Diff(c.want, attributes(span.Attributes())); diff != "" {
				t.Error(diff)
			}
			if want := map[bool]codes.Code{true: codes.Error, false: codes.Unset}[c.failed]; span.Status() != (sdktrace.Status{Code: want}) {
				t.Errorf("status %+v", span.Status())
			}
			var events []string
			for _, e := range span.Events() {
				events = append(events, fmt.Sprintf("%s %v", e.Name, attributes(e.Attributes)))
			}
			if got := strings.Join(events, "; "); got != c.events {
				t.Errorf("events %s", got)
			}
		})
	}
}

// TestAbortSpan: a connection that the handler has ended is a failure, without a
// status.
func TestAbortSpan(t *testing.T) {
	s := newShop(t, fsa.Config{}, nil)
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				t.Errorf("the server sees %v", p)
			}
		}()
		s.send("GET", "/abort")
	}()
	span := s.ended("GET /abort")[0]
	got := attributes(span.Attributes())
	if got["error.type"] != "abort" || got["http.response.status_code"] != "" || span.Status().Code != codes.Error {
		t.Error(got, span.Status())
	}
	if n := value(s.metrics(t)["http.server.request.duration"], "error.type", "abort", "http.route", "/abort"); n != 1 {
		t.Errorf("%v requests measured", n)
	}
	if n := value(s.metrics(t)["http.server.active_requests"]); n != 0 {
		t.Errorf("%v requests are active", n)
	}
}

// TestChildSpans: hooks and slow hashes have spans below that of their request, and
// what handlers and hooks do themselves continues the trace.
func TestChildSpans(t *testing.T) {
	s := newShop(t, fsa.Config{}, nil)
	s.send("GET", "/staff", basic("susie", susiePass)...)
	request := s.ended("GET /staff")[0].SpanContext()
	for name, attr := range map[string]string{"app.UserPass": "", "app.GroupCheck": "staff", "password hash": ""} {
		all := s.ended(name)
		if len(all) != 1 {
			t.Fatalf("%d spans named %q", len(all), name)
		}
		if all[0].Parent().SpanID() != request.SpanID() || all[0].SpanContext().TraceID() != request.TraceID() {
			t.Errorf("the span of %s is below %v", name, all[0].Parent())
		}
		if attributes(all[0].Attributes())["fsa.hook.for"] != attr {
			t.Errorf("%s: %v", name, all[0].Attributes())
		}
	}
	if s.inHook.SpanID() != s.ended("app.GroupCheck")[0].SpanContext().SpanID() {
		t.Error("the hook does not see its span")
	}
	s.send("GET", "/staff", basic("susie", susiePass)...)
	if len(s.ended("app.GroupCheck")) != 1 {
		t.Error("a kept answer has a span")
	}
	s.send("GET", "/hello")
	if s.inRoute.SpanID() != s.ended("GET /hello")[0].SpanContext().SpanID() {
		t.Error("the handler does not see the span")
	}
	s.send("GET", "/down", basic("susie", susiePass)...)
	if down := s.ended("app.GroupCheck")[1]; down.Status() != (sdktrace.Status{Code: codes.Error}) || attributes(down.Attributes())["error.type"] != "error" {
		t.Errorf("%+v %v", down.Status(), down.Attributes())
	}
}

// TestHookContext: of the request, a hook whose answers are kept gets the span, and no
// value, not even baggage. S81.
func TestHookContext(t *testing.T) {
	s := newShop(t, fsa.Config{}, func(s *shop, _ *telemetry.Options) {
		s.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tenantKey{}, "one")))
			})
		})
	})
	inner := s.h
	s.h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tenantKey{}, "one")))
	})
	s.send("GET", "/staff", basic("susie", susiePass)...)
	if s.tenant != nil {
		t.Errorf("the hook sees %v", s.tenant)
	}
	if !s.inHook.IsValid() {
		t.Error("the hook does not see its span")
	}
}

// TestIncoming: who may continue a trace.
func TestIncoming(t *testing.T) {
	const (
		id    = "4bf92f3577b34da6a3ce929d0e0e4736"
		came  = "00-" + id + "-00f067aa0ba902b7-01"
		other = "00-11111111111111111111111111111111-00f067aa0ba902b7-01"
	)
	for _, c := range []struct {
		name      string
		incoming  telemetry.Incoming
		proxies   []string
		header    []string
		continued bool
		linked    bool
	}{
		{"default", telemetry.LinkIncoming, nil, []string{"Traceparent", came}, false, true},
		{"default, through a proxy", telemetry.LinkIncoming, []string{"127.0.0.1"}, []string{"Traceparent", came}, false, true},
		{"trusted, not through a proxy", telemetry.ContinueTrusted, []string{"10.0.0.1"}, []string{"Traceparent", came}, false, true},
		{"trusted, no proxies", telemetry.ContinueTrusted, nil, []string{"Traceparent", came}, false, true},
		{"trusted, through a proxy", telemetry.ContinueTrusted, []string{"127.0.0.1"}, []string{"Traceparent", came}, true, false},
		{"all", telemetry.InsecureContinueAll, nil, []string{"Traceparent", came}, true, false},
		{"two", telemetry.InsecureContinueAll, nil, []string{"Traceparent", came, "Traceparent", other}, false, false},
		{"malformed", telemetry.InsecureContinueAll, nil, []string{"Traceparent", came[:30]}, false, false},
		{"none", telemetry.InsecureContinueAll, nil, nil, false, false},
		{"state", telemetry.LinkIncoming, nil, []string{"Traceparent", came, "Tracestate", "s3cret=s3cret"}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, fsa.Config{TrustedProxies: c.proxies, InsecureTransport: true}, func(_ *shop, o *telemetry.Options) { o.Incoming = c.incoming })
			s.send("GET", "/hello", c.header...)
			span := s.ended("GET /hello")[0]
			if got := span.SpanContext().TraceID().String() == id; got != c.continued {
				t.Errorf("continued: %v", got)
			}
			if got := len(span.Links()) == 1; got != c.linked {
				t.Errorf("linked: %v", got)
			}
			for _, l := range span.Links() {
				if l.SpanContext.TraceID().String() != id || l.SpanContext.TraceState().Len() != 0 {
					t.Errorf("linked to %v", l.SpanContext)
				}
			}
			if c.continued != span.Parent().IsRemote() {
				t.Errorf("the parent is %v", span.Parent())
			}
		})
	}
}

// TestOuterSpan: below the span of an outer server, the trace goes on, and what the
// client has sent is that server's affair.
func TestOuterSpan(t *testing.T) {
	s := newShop(t, fsa.Config{}, func(_ *shop, o *telemetry.Options) { o.Incoming = telemetry.InsecureContinueAll })
	inner, outer := s.h, trace.SpanContext{}
	s.h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := sdktrace.NewTracerProvider().Tracer("outer").Start(context.Background(), "outer")
		outer = span.SpanContext()
		inner.ServeHTTP(w, r.WithContext(ctx))
	})
	s.send("GET", "/hello", "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	if p := s.ended("GET /hello")[0].Parent(); p.SpanID() != outer.SpanID() {
		t.Errorf("the parent is %v", p)
	}
}

// TestSampling: an attacker who sets the flag does not have requests recorded. S70.
func TestSampling(t *testing.T) {
	s := newShop(t, fsa.Config{}, func(s *shop, o *telemetry.Options) {
		o.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	})
	s.send("GET", "/staff", append(basic("susie", susiePass), "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")...)
	if n := len(s.spans.Ended()); n != 0 {
		t.Errorf("%d spans", n)
	}
}

// TestMoreOnSpans: the options that export what is private do, and only they.
func TestMoreOnSpans(t *testing.T) {
	s := newShop(t, fsa.Config{}, func(_ *shop, o *telemetry.Options) {
		o.ErrorTexts = true
		o.EndUser = func(login string) string { return "pseudonym of " + login }
	})
	s.send("GET", "/down", basic("susie", susiePass)...)
	span := s.ended("GET /down")[0]
	if got := attributes(span.Attributes())["enduser.id"]; got != "pseudonym of susie" {
		t.Errorf("enduser.id is %q", got)
	}
	if !strings.Contains(span.Status().Description, "the directory is down") {
		t.Errorf("%+v", span.Status())
	}
	s.send("GET", "/panic")
	e := attributes(s.ended("GET /panic")[0].Events()[0].Attributes)
	if e["exception.message"] != "a value: s3cret" || !strings.Contains(e["exception.stacktrace"], "telemetry_test") {
		t.Error(e)
	}
}

// TestLogLine: the line of a request names its trace and its span.
func TestLogLine(t *testing.T) {
	s := newShop(t, fsa.Config{}, nil)
	s.send("GET", "/staff")
	c := s.ended("GET /staff")[0].SpanContext()
	if want := "trace_id=" + c.TraceID().String() + " span_id=" + c.SpanID().String(); !strings.Contains(s.log.String(), want) {
		t.Errorf("no %s in %s", want, s.log)
	}
}
