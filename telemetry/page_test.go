package telemetry_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/telemetry"
	"go.opentelemetry.io/otel/attribute"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/prometheus/client_golang/prometheus"
)

var update = flag.Bool("update", false, "write what is exported into docs/telemetry.md")

// exported is what has been exported in a run, as tables.
type exported struct {
	metrics, spans map[string]string   // rows by name
	values         map[string][]string // of attributes, as they were seen
}

// see notes an attribute. Of numbers only what they are is noted.
func (e *exported) see(a attribute.KeyValue) string {
	value := "`" + a.Value.String() + "`"
	switch {
	case a.Key == "http.response.status_code":
	case a.Value.Type() == attribute.INT64:
		value = "bytes"
	case a.Value.Type() == attribute.FLOAT64:
		value = "seconds"
	}
	if !slices.Contains(e.values[string(a.Key)], value) {
		e.values[string(a.Key)] = append(e.values[string(a.Key)], value)
	}
	return string(a.Key)
}

// TestPage: docs/telemetry.md lists what a real run exports, all of it and nothing
// else. With -update, it is written there.
func TestPage(t *testing.T) {
	e := run(t)
	if len(e.metrics) < 12 || len(e.spans) < 4 || len(e.values) < 18 {
		t.Fatalf("the run exports %d metrics, %d spans, %d attributes", len(e.metrics), len(e.spans), len(e.values))
	}
	row := func(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }
	tables := map[string]string{
		"metrics": row("metric", "in Prometheus", "unit", "attributes", "") + "|---|---|---|---|---|\n",
		"spans":   row("span", "kind", "attributes", "events") + "|---|---|---|---|\n",
	}
	for name, rows := range map[string]map[string]string{"metrics": e.metrics, "spans": e.spans} {
		for _, key := range slices.Sorted(maps.Keys(rows)) {
			tables[name] += rows[key]
		}
	}
	tables["attributes"] = row("attribute", "values in this run") + "|---|---|\n"
	for _, key := range slices.Sorted(maps.Keys(e.values)) {
		slices.Sort(e.values[key])
		tables["attributes"] += row("`"+key+"`", strings.Join(e.values[key], " "))
	}

	const name = "../docs/telemetry.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	want := regexp.MustCompile(`(?s)(<!-- exported: (\w+) -->\n).*?(<!-- end -->)`).ReplaceAllStringFunc(string(page), func(text string) string {
		found++
		begin, _, _ := strings.Cut(text, "\n")
		return begin + "\n" + tables[strings.Fields(begin)[2]] + "<!-- end -->"
	})
	if found != len(tables) {
		t.Fatalf("the page has %d of %d tables", found, len(tables))
	}
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("the page differs from what is exported: see what go test ./telemetry -run TestPage -update changes")
	}
}

// run serves requests of all kinds, and gives what is exported.
func run(t *testing.T) exported {
	registry := prometheus.NewRegistry()
	scraped, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo())
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(t, fsa.Config{}, func(s *shop, o *telemetry.Options) {
		s.reader = sdkmetric.NewManualReader()
		o.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(s.reader), sdkmetric.WithReader(scraped))
	})
	server := httptest.NewServer(s.h)
	defer server.Close()
	for _, path := range []string{"/hello", "/staff", "/store/42", "/store/42", "/store/7", "/store/43", "/down", "/panic", "/nowhere"} {
		get(t, server.URL+path, "susie", "")
	}
	get(t, server.URL+"/staff", "", "")
	for range 7 {
		get(t, server.URL+"/staff", "moe", "")
	}

	e := exported{map[string]string{}, map[string]string{}, map[string][]string{}}
	var all metricdata.ResourceMetrics
	if err := s.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	gathered, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	inPrometheus := map[string]string{} // by what it is for
	for _, f := range gathered {
		inPrometheus[f.GetHelp()] = fmt.Sprintf("`%s` (%s)", f.GetName(), strings.ToLower(f.GetType().String()))
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			var keys []string
			note := func(set attribute.Set) {
				for _, a := range set.ToSlice() {
					if key := "`" + e.see(a) + "`"; !slices.Contains(keys, key) {
						keys = append(keys, key)
					}
				}
			}
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					note(p.Attributes)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					note(p.Attributes)
				}
			}
			slices.Sort(keys)
			e.metrics[m.Name] = fmt.Sprintf("| `%s` | %s | `%s` | %s | %s |\n", m.Name, inPrometheus[m.Description], m.Unit, strings.Join(keys, " "), m.Description)
		}
	}
	spans := map[string][2][]string{}
	for _, span := range s.spans.Ended() {
		name, kind := "the hook, as `app.UserPass`", span.SpanKind().String()
		switch {
		case kind == "server" && strings.Contains(span.Name(), "/"):
			name = "method and route, as `GET /store/{sid}`"
		case kind == "server":
			name = "the method, if no route matches"
		case span.Name() == "password hash":
			name = "`password hash`"
		}
		name = fmt.Sprintf("%s | %s", name, kind)
		has := spans[name]
		for _, a := range span.Attributes() {
			if key := "`" + e.see(a) + "`"; !slices.Contains(has[0], key) {
				has[0] = append(has[0], key)
			}
		}
		for _, event := range span.Events() {
			for _, a := range event.Attributes {
				e.see(a)
			}
			if key := "`" + event.Name + "`"; !slices.Contains(has[1], key) {
				has[1] = append(has[1], key)
			}
		}
		spans[name] = has
	}
	for name, has := range spans {
		slices.Sort(has[0])
		slices.Sort(has[1])
		e.spans[name] = fmt.Sprintf("| %s | %s | %s |\n", name, strings.Join(has[0], " "), strings.Join(has[1], " "))
	}
	return e
}
