package fsatest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
)

// Matrix is who may call what: for each route and each identity, the status of
// the answer. It is the authorization of an application on one page.
type Matrix struct {
	// App makes the application. It is called for each request, so that no
	// request sees what another has changed; it may give the same one again
	// if that does no harm.
	App func(t testing.TB) *fsa.App

	// Identities are the logins of those who call; "" is nobody.
	Identities []string

	// Rows are the routes. Each route of the application needs one, and may
	// have several, for several objects say.
	Rows []Row
}

// Row is a route in a [Matrix].
type Row struct {
	// Route is the method and the path as registered: "PATCH /stuff/{sid}".
	// A route that takes all methods is its path.
	Route string

	// Status has one status for each identity.
	Status []int

	// Path is where the request goes, if the route's path has parameters or
	// a query is wanted.
	Path string

	// Prepare completes the request, with a body for instance. It may be nil.
	Prepare func(r *Request)
}

// Run sends one request for each route and identity, in a test of its own. It
// fails if a status is another one, if a route of the application has no row,
// or if a row has no route.
func (m Matrix) Run(t *testing.T) {
	t.Helper()
	routes, err := m.App(t).Routes()
	if err != nil {
		t.Fatal(err)
	}
	if faults := m.faults(routes); len(faults) > 0 {
		for _, fault := range faults {
			t.Error(fault)
		}
		return // the rest would be misleading
	}
	for _, row := range m.Rows {
		m.run(t, row)
	}
}

// reached tells which route requests of a method and a path go to. It is found
// in the patterns of the routes, as the application finds it.
func reached(routes []fsa.RouteInfo, method, path string) string {
	mux := http.NewServeMux()
	names := map[string]string{}
	for _, r := range routes {
		pattern := strings.TrimSpace(r.Method + " " + r.Path)
		name := pattern
		if strings.HasSuffix(pattern, "/") {
			pattern += "{$}"
		}
		names[pattern] = name
		mux.Handle(pattern, http.NotFoundHandler())
	}
	u, err := url.Parse(path)
	if err != nil {
		return ""
	}
	_, pattern := mux.Handler(&http.Request{Method: method, URL: u})
	return names[pattern]
}

// faults lists where the rows and the routes do not agree.
func (m Matrix) faults(routes []fsa.RouteInfo) []string {
	var faults []string
	rows := map[string]int{}
	for _, row := range m.Rows {
		rows[row.Route]++
		if len(row.Status) != len(m.Identities) {
			faults = append(faults, fmt.Sprintf("the row %q has %d statuses for %d identities", row.Route, len(row.Status), len(m.Identities)))
		}
	}
	for _, r := range routes {
		route := strings.TrimSpace(r.Method + " " + r.Path)
		if rows[route] == 0 {
			faults = append(faults, fmt.Sprintf("the route %q (%s) has no row: say who may call it", route, r.Source))
		}
		delete(rows, route)
	}
	for _, row := range m.Rows {
		if rows[row.Route] > 0 {
			faults = append(faults, fmt.Sprintf("the row %q is of no route of the application", row.Route))
			continue
		}
	}
	for _, row := range m.Rows {
		method, path := row.target()
		if to := reached(routes, method, path); to != row.Route && rows[row.Route] == 0 {
			if to == "" {
				to = "no route"
			}
			faults = append(faults, fmt.Sprintf("the row %q sends its requests to %s, which is %s", row.Route, path, to))
		}
	}
	return faults
}

// target gives the method and the path of the row's requests.
func (row Row) target() (method, path string) {
	method, path, ok := strings.Cut(row.Route, " ")
	if !ok {
		method, path = http.MethodGet, row.Route
	}
	if row.Path != "" {
		path = row.Path
	}
	return method, path
}

func (m Matrix) run(t *testing.T, row Row) {
	method, path := row.target()
	for i, login := range m.Identities {
		name := login
		if name == "" {
			name = "nobody"
		}
		t.Run(row.Route+" as "+name, func(t *testing.T) {
			r := New(t, m.App(t)).Request(method, path)
			if row.Prepare != nil {
				row.Prepare(r)
			}
			if login != "" {
				r.As(login)
			}
			r.Expect(row.Status[i])
		})
	}
}
