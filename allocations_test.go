//go:build !race

package fsa_test

import (
	"math"
	"net/http/httptest"
	"testing"
)

// TestSecuredAllocations holds what the benchmark shows: a secured request
// allocates no more than a hand-written handler without security. (Under the race detector, pools
// forget at random.)
func TestSecuredAllocations(t *testing.T) {
	measured := map[string]float64{}
	for _, y := range yardsticks(t) {
		c := y.call(t)
		measured[y.name] = testing.AllocsPerRun(200, func() {
			if err := c.Run(1); err != nil {
				t.Fatal(err)
			}
		})
		if floor, ok := measured[y.floor]; ok && measured[y.name] > floor {
			t.Errorf("%s allocates %v times, %s %v times", y.name, measured[y.name], y.floor, floor)
		}
	}
}

// TestKnownCredentialsAgain: what is known of a log-in is one look-up once more, after all
// that has made it void.
func TestKnownCredentialsAgain(t *testing.T) {
	k := newKnown(t)
	ctx := t.Context()
	cost := func() float64 { // the least: what else goes on in this process allocates, too
		least := math.Inf(1)
		for range 3 {
			least = min(least, testing.AllocsPerRun(100, func() { k.handler.ServeHTTP(httptest.NewRecorder(), k.request) }))
		}
		return least
	}
	k.use("127.0.0.1", calvinPass, 200)
	least := cost()
	for name, void := range map[string]func(){
		"PasswordUncache": func() { k.world.PasswordUncache(ctx, "calvin") },
		"AuthUncache":     func() { k.world.AuthUncache(ctx, "calvin") },
		"ClearCaches":     func() { k.world.ClearCaches(ctx) },
		"wrong password":  func() { k.use("127.0.0.1", "wrong", 401) },
		"elsewhere":       func() { k.use("127.0.0.2", calvinPass, 200) },
	} {
		void()
		k.use("127.0.0.1", calvinPass, 200)
		if n := cost(); n != least {
			t.Errorf("after %s, a request allocates %v times, before %v", name, n, least)
		}
	}
}
