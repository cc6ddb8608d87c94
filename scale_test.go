package fsa_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/rounds"
)

// shapes are ways to make thousands of paths; each makes the path of a route, and
// with an id that of a request.
var shapes = []struct {
	name string
	path func(i int, id string) string
}{
	{"last", func(i int, id string) string { return fmt.Sprintf("/r%d/%s", i, id) }},
	{"middle", func(i int, id string) string { return fmt.Sprintf("/api/%s/r%d", id, i) }},
	{"first", func(i int, id string) string { return fmt.Sprintf("/%s/r%d", id, i) }},
	{"grid", func(i int, id string) string { return fmt.Sprintf("/api/a%d/%s/b%d", i%100, id, i/100) }},
	{"slash", func(i int, id string) string { return fmt.Sprintf("/api/%s/r%d/", id, i) }},
}

type manyIn struct{ ID int }

// manyRoutes is an application of n secured routes that each answer which they are.
func manyRoutes(tb testing.TB, n int, path func(i int, id string) string) (http.Handler, string) {
	app := fsa.New("many", fsa.Config{Auth: []string{"token"}, TokenSecret: []fsa.Secret{benchSecret},
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	app.GroupCheck("employee", func(ctx context.Context, login string) (bool, error) { return login == "foo", nil })
	fsa.ObjectPerms(app, "store", func(ctx context.Context, login string, id int, mode string) (bool, error) { return id == 42, nil })
	rule := authz.All(authz.Group("employee"), authz.Object("store", "id", "manager"))
	for i := range n {
		fsa.Get(app, path(i, "{id}"), rule, func(ctx context.Context, in manyIn) (string, error) { return fmt.Sprint("route ", i), nil })
	}
	h, err := app.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	token, err := app.CreateToken(context.Background(), "foo", fsa.TokenOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return h, "Bearer " + token
}

func manyRequest(path, authorization string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	r.Header.Set("Authorization", authorization)
	return r
}

// TestManyRoutes: of 10,000 routes each is the one that is served, under its own
// rule.
func TestManyRoutes(t *testing.T) {
	const n = 10_000
	h, authorization := manyRoutes(t, n, shapes[1].path)
	for i := range n {
		for id, status := range map[string]int{"42": 200, "43": 403, "x": 404} {
			w := rounds.NewCall(h, manyRequest(shapes[1].path(i, id), authorization), nil).Answer()
			if w.Code != status || status == 200 && w.Body.String() != fmt.Sprint("route ", i) {
				t.Fatalf("route %d with id %s: status %d, answer %q", i, id, w.Code, w.Body)
			}
		}
	}
	for _, path := range []string{"/api/42/r10000", "/api/42/r", "/api/r1/42", "/api/42/r1/x"} {
		if w := rounds.NewCall(h, manyRequest(path, authorization), nil).Answer(); w.Code != 404 {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

// TestManyConflicts: when all routes of a large application are registered twice,
// each fault names its own first one. Compared one by one, they would take minutes.
func TestManyConflicts(t *testing.T) {
	const n = 2_000
	for _, second := range []string{"/r%d/{id}", "/r%d/{other}"} {
		app := fsa.New("many", fsa.Config{Auth: []string{"none"}})
		for i := range n {
			fsa.Get(app.Prefix(fmt.Sprintf("/r%d", i)), "/{id}", authz.Open(), func(context.Context, manyIn) (fsa.None, error) { return fsa.None{}, nil })
		}
		for i := range n {
			fsa.Get(app, fmt.Sprintf(second, i), authz.Open(), nothing)
		}
		named := 0
		for _, text := range faultsOf(t, app) {
			var i int
			if strings.Contains(text, "registered twice") {
				named++
			} else if at := strings.Index(text, "the pattern conflicts with GET /r"); at >= 0 {
				if _, err := fmt.Sscanf(text[at:], "the pattern conflicts with GET /r%d/", &i); err == nil && strings.Contains(text[:at], fmt.Sprintf("/r%d/", i)) {
					named++
				}
			}
		}
		if named != n {
			t.Errorf("%s: %d of %d conflicts are reported with the other route", second, named, n)
		}
	}
}

// BenchmarkRegistration registers and compiles applications of 1,000 and 10,000
// routes, with paths of different shapes.
func BenchmarkRegistration(b *testing.B) {
	for _, s := range shapes {
		for _, n := range []int{1_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", s.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					manyRoutes(b, n, s.path)
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/route")
			})
		}
	}
}

// TestRoundsLookup makes the same request in applications of 10, 1,000 and 10,000
// routes, of two shapes of paths, as TestRounds does.
//
//	go test -run TestRoundsLookup -rounds 300
func TestRoundsLookup(t *testing.T) {
	var contestants []rounds.Contestant
	for _, s := range shapes[:2] {
		floor := ""
		for _, n := range []int{10, 1_000, 10_000} {
			h, authorization := manyRoutes(t, n, s.path)
			name := fmt.Sprintf("%s, %d routes", s.path(7, "{id}"), n)
			run := rounds.NewCall(h, manyRequest(s.path(7, "42"), authorization), nil).Run
			contestants = append(contestants, rounds.Contestant{Name: name, Floor: floor, Run: run})
			if floor == "" {
				floor = name
			}
		}
	}
	p, out := plan()
	results, err := p.Measure(contestants)
	if err != nil {
		t.Fatal(err)
	}
	rounds.Costs(out, results)
}
