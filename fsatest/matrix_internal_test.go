package fsatest

import (
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
)

// TestMatrixFaults: a route that has been forgotten fails the matrix.
func TestMatrixFaults(t *testing.T) {
	routes := []fsa.RouteInfo{{Method: "GET", Path: "/a", Source: "a.go:1"}, {Path: "/b", Source: "b.go:2"}}
	m := Matrix{Identities: []string{"", "calvin"}}
	for _, c := range []struct {
		rows []Row
		want []string
	}{
		{[]Row{{Route: "GET /a", Status: []int{1, 2}}, {Route: "/b", Status: []int{1, 2}}}, nil},
		{[]Row{{Route: "GET /a", Status: []int{1, 2}}}, []string{`the route "/b" (b.go:2) has no row`}},
		{[]Row{{Route: "GET /a", Status: []int{1}}, {Route: "/b", Status: []int{1, 2}}}, []string{`the row "GET /a" has 1 statuses for 2 identities`}},
		{[]Row{{Route: "GET /a", Status: []int{1, 2}}, {Route: "/b", Status: []int{1, 2}}, {Route: "GET /c", Status: []int{1, 2}}}, []string{`the row "GET /c" is of no route`}},
		{[]Row{{Route: "GET /a", Status: []int{1, 2}, Path: "/b"}, {Route: "/b", Status: []int{1, 2}}}, []string{`the row "GET /a" sends its requests to /b, which is /b`}},
		{[]Row{{Route: "GET /a", Status: []int{1, 2}, Path: "/c?x=1"}, {Route: "/b", Status: []int{1, 2}}}, []string{`sends its requests to /c?x=1, which is no route`}},
		{[]Row{{Route: "GET /a", Status: []int{1, 2}, Path: "/a?x=1"}, {Route: "/b", Status: []int{1, 2}}}, nil},
		{nil, []string{`"GET /a" (a.go:1) has no row`, `"/b" (b.go:2) has no row`}},
	} {
		m.Rows = c.rows
		got := m.faults(routes)
		if len(got) != len(c.want) {
			t.Errorf("got %q, want %q", got, c.want)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], c.want[i]) {
				t.Errorf("got %q, want %q", got[i], c.want[i])
			}
		}
	}
}
