package rounds_test

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/rounds"
)

func upTo(n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[n-1-i] = float64(i + 1)
	}
	return s
}

// TestInterval compares with the table of the sign test: the ranks between which
// a median is with a confidence of 95 %.
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		n                 int
		median, low, high float64
	}{
		{1, 1, 1, 1},
		{2, 1.5, 1, 2},
		{5, 3, 1, 5},
		{6, 3.5, 1, 6},
		{10, 5.5, 2, 9},
		{30, 15.5, 10, 21},
		{100, 50.5, 40, 61},
	} {
		values := upTo(c.n)
		if m := rounds.Median(values); m != c.median {
			t.Errorf("of %d: median %v, want %v", c.n, m, c.median)
		}
		if low, high := rounds.Interval(values); low != c.low || high != c.high {
			t.Errorf("of %d: %v to %v, want %v to %v", c.n, low, high, c.low, c.high)
		}
		if values[0] != float64(c.n) {
			t.Error("the values have been sorted in place")
		}
	}
	if low, high := rounds.Interval(nil); !math.IsNaN(low) || !math.IsNaN(high) || !math.IsNaN(rounds.Median(nil)) {
		t.Error("nothing has a median")
	}
}

// TestMeasure: each contestant runs once in each round, in orders that differ, and
// what it allocates is its own.
func TestMeasure(t *testing.T) {
	var order []string
	var kept []byte
	contestant := func(name, floor string, size int) rounds.Contestant {
		return rounds.Contestant{Name: name, Floor: floor, Run: func(n int) error {
			order = append(order, name)
			for range n {
				if size > 0 {
					kept = make([]byte, size)
				}
			}
			return nil
		}}
	}
	const n = 40
	results, err := rounds.Plan{Rounds: n}.Measure([]rounds.Contestant{contestant("a", "", 0), contestant("b", "a", 4096)})
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != 4096 || len(order) != 2*(n+1) {
		t.Fatalf("%d slices were run", len(order))
	}
	first := 0
	for round := range slices.Chunk(order[2:], 2) {
		if round[0] == round[1] {
			t.Fatal("a contestant runs twice in a round")
		}
		if round[0] == "a" {
			first++
		}
	}
	if first == 0 || first == n { // once in 2^39 times
		t.Error("the order is always the same")
	}
	a, b := results[0], results[1]
	if len(a.Nanoseconds) != n || a.Ratios != nil || len(b.Ratios) != n {
		t.Errorf("figures are missing: %+v", results)
	}
	if b.Ratios[0] != b.Nanoseconds[0]/a.Nanoseconds[0] {
		t.Error("a ratio is not that of its round")
	}
	if r := a.Against(b); r.Floor != "b" || len(r.Ratios) != n || r.Ratios[1] != a.Nanoseconds[1]/b.Nanoseconds[1] || a.Ratios != nil {
		t.Errorf("against another floor: %+v", r)
	}
	if b.Allocs < 1 || b.Bytes < 4096 || a.Bytes > 2048 {
		t.Errorf("allocations: %v of %v bytes, and %v bytes", b.Allocs, b.Bytes, a.Bytes)
	}
}

func TestMeasureFaults(t *testing.T) {
	broken := errors.New("broken")
	for name, contestants := range map[string][]rounds.Contestant{
		"x: broken": {{Name: "x", Run: func(int) error { return broken }}},
		"x is compared with y, which is not measured": {{Name: "x", Floor: "y", Run: func(int) error { return nil }}},
	} {
		if _, err := (rounds.Plan{Rounds: 1}).Measure(contestants); err == nil || err.Error() != name {
			t.Errorf("%v, want %s", err, name)
		}
	}
}

// echo answers with what it was sent, if that is "right".
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if string(body) != "right" {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	w.WriteHeader(http.StatusCreated)
	w.Write(body)
}

// TestRuns: both ways of calling a handler send the body each time, and fail when
// the answer is no success.
func TestRuns(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{"right", ""},
		{"wrong", "answers"},
	} {
		call := rounds.NewCall(http.HandlerFunc(echo), httptest.NewRequest("POST", "/x", nil), []byte(c.text))
		l, err := rounds.Serve(http.HandlerFunc(echo), 3, rounds.Wire(httptest.NewRequest("POST", "/x", nil), []byte(c.text)))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for way, run := range map[string]func(int) error{"call": call.Run, "loopback": l.Run} {
			if err := run(10); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s with %q: %v", way, c.text, err)
			}
		}
		if w := call.Answer(); (w.Code == http.StatusCreated) != (c.want == "") {
			t.Errorf("%q is answered with %d", c.text, w.Code)
		}
	}
}

func TestTables(t *testing.T) {
	results := []rounds.Result{
		{Name: "bare", Nanoseconds: []float64{100, 200, 300}, Bytes: 480, Allocs: 6},
		{Name: "ours", Floor: "bare", Nanoseconds: []float64{200, 200, 450}, Ratios: []float64{2, 1, 1.5}},
	}
	var b strings.Builder
	rounds.Costs(&b, results)
	rounds.Rates(&b, results)
	const want = `
|      | ns/op | B/op | allocs/op | ratio |      95 % | to   |
|------|------:|-----:|----------:|------:|----------:|------|
| bare |   200 |  480 |       6.0 |       |           |      |
| ours |   200 |    0 |       0.0 |  1.50 | 1.00–2.00 | bare |
|      | requests/s | ratio |      95 % | to   |
|------|-----------:|------:|----------:|------|
| bare |    5000000 |       |           |      |
| ours |    5000000 |  0.67 | 0.50–1.00 | bare |
`
	if got := "\n" + b.String(); got != want {
		t.Errorf("%s", got)
	}
}
