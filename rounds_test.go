package fsa_test

import (
	"flag"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/internal/rounds"
)

var (
	roundsFlag = flag.Int("rounds", 0, "how many rounds TestRounds and TestRoundsLoopback measure")
	sliceFlag  = flag.Duration("slice", 10*time.Millisecond, "how long each of their contestants runs in a round")
)

// plan is what the flags ask for, and where the table goes. Without -rounds one
// short round is run and nothing printed: a test of the measurement itself.
func plan() (rounds.Plan, io.Writer) {
	if *roundsFlag == 0 {
		return rounds.Plan{Rounds: 1, Slice: time.Millisecond}, io.Discard
	}
	return rounds.Plan{Rounds: *roundsFlag, Slice: *sliceFlag}, os.Stdout
}

// TestRounds compares the sub-benchmarks of BenchmarkSecured in interleaved
// rounds. It asserts nothing on time.
//
//	go test -run 'TestRounds$' -rounds 300
func TestRounds(t *testing.T) {
	var contestants []rounds.Contestant
	for _, y := range yardsticks(t) {
		contestants = append(contestants, rounds.Contestant{Name: y.name, Floor: y.floor, Run: y.call(t).Run})
	}
	p, out := plan()
	results, err := p.Measure(contestants)
	if err != nil {
		t.Fatal(err)
	}
	rounds.Costs(out, results)
}

// TestRoundsFeatures compares the request with a token with itself, when more is
// asked of the framework than by default. What is logged is formatted and thrown
// away.
//
//	go test -run TestRoundsFeatures -rounds 300
func TestRoundsFeatures(t *testing.T) {
	var contestants []rounds.Contestant
	for _, f := range []struct {
		name, floor string
		cfg         fsa.Config
	}{
		{"default", "", fsa.Config{}},
		{"FSA_LOGGING_LEVEL = debug", "default", fsa.Config{LoggingLevel: slog.LevelDebug}},
		{"FSA_MODE = dev", "default", fsa.Config{Mode: "dev"}},
		{"FSA_MODE = debug", "default", fsa.Config{Mode: "debug"}},
		{"FSA_MODE = debug, level debug", "default", fsa.Config{Mode: "debug", LoggingLevel: slog.LevelDebug}},
		{"two of FSA_ADD_HEADERS", "default", fsa.Config{AddHeaders: map[string]string{"X-A": "a", "X-B": "b"}}},
		{"FSA_CACHE = none", "default", fsa.Config{Cache: "none"}},
	} {
		_, h, raw := securedApp(t, f.cfg)
		y := yardstick{f.name, f.floor, h, "GET", "/store/42?limit=5", "Bearer " + raw, "", 200, `{"store":42,"limit":5,"user":"foo"}` + "\n"}
		contestants = append(contestants, rounds.Contestant{Name: f.name, Floor: f.floor, Run: y.call(t).Run})
	}
	p, out := plan()
	results, err := p.Measure(contestants)
	if err != nil {
		t.Fatal(err)
	}
	rounds.Costs(out, results)
}

// clients is how many connections ask at the same time over loopback: enough for
// the server never to wait for them.
const clients = 8

// TestRoundsLoopback is the same over loopback HTTP, with connections that are
// kept. Here the servers have the limits of App.Run, the bare one too; plain is
// the bare one without any. A second table compares each with its twin.
//
//	go test -run TestRoundsLoopback -rounds 300
func TestRoundsLoopback(t *testing.T) {
	var contestants []rounds.Contestant
	add := func(y yardstick, serve func(h http.Handler, clients int, request []byte) (*rounds.Loopback, error)) {
		y.call(t)
		l, err := serve(y.h, clients, rounds.Wire(y.request()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		contestants = append(contestants, rounds.Contestant{Name: y.name, Floor: y.floor, Run: l.Run})
	}
	all := yardsticks(t)
	for _, y := range all {
		add(y, rounds.Serve)
		if y.floor != "" {
			add(y.twin(t), rounds.Serve)
		}
	}
	plain := all[0]
	plain.name, plain.floor = "plain", "bare"
	add(plain, rounds.ServePlain)
	p, out := plan()
	results, err := p.Measure(contestants)
	if err != nil {
		t.Fatal(err)
	}
	rounds.Rates(out, results)
	var twins []rounds.Result
	for i, r := range results {
		if i+1 < len(results) && results[i+1].Name == r.Name+" twin" {
			twins = append(twins, r.Against(results[i+1]))
		}
	}
	io.WriteString(out, "\n")
	rounds.Rates(out, twins)
}
