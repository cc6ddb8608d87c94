package timing_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/internal/timing"
)

// noisy gives times around a middle, of which one in ten is disturbed.
func noisy(rng *rand.Rand, middle time.Duration, n int) []time.Duration {
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = middle + time.Duration(rng.NormFloat64()*float64(middle)/40)
		if rng.IntN(10) == 0 {
			times[i] += time.Duration(rng.ExpFloat64() * float64(10*middle))
		}
	}
	return times
}

// TestCompare: what is equal is found so, what differs is found so, and what can't be
// told isn't.
func TestCompare(t *testing.T) {
	const hash = 20 * time.Millisecond
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 1))
		for _, c := range []struct {
			what  string
			other time.Duration
			n     int
			want  timing.Verdict
		}{
			{"equal", hash, 1500, timing.Same},
			{"a tenth more", hash + hash/10, 1500, timing.Different},
			{"a tenth less", hash - hash/10, 1500, timing.Different},
			{"nothing", time.Microsecond, 100, timing.Different},
			{"equal, too few", hash, 20, timing.Unclear},
		} {
			r := timing.Compare(noisy(rng, hash, c.n), noisy(rng, c.other, c.n), rng)
			if got := r.Within(hash / 100); got != c.want {
				t.Errorf("seed %d, %s: %s: %v", seed, c.what, got, r)
			}
			if r.Low > r.Difference || r.High < r.Difference || r.Pairs != c.n {
				t.Errorf("seed %d, %s: %v", seed, c.what, r)
			}
		}
	}
}

// TestPairs: the two are done equally often, neither always first, and in the clock's
// own time.
func TestPairs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		order := ""
		do := func(name string, takes time.Duration) func() error {
			return func() error {
				order += name
				time.Sleep(takes)
				return nil
			}
		}
		r, err := timing.Pairs(200, rng, do("a", 30*time.Millisecond), do("b", 10*time.Millisecond))
		if want := 20 * time.Millisecond; err != nil || r.Difference != want || r.Low != want || r.High != want || r.A != 3*r.B {
			t.Errorf("%v, %v", r, err)
		}
		first := 0
		for i := 0; i < len(order); i += 2 {
			if order[i] == order[i+1] {
				t.Fatalf("a pair is of one kind: %s", order)
			}
			if order[i] == 'a' {
				first++
			}
		}
		if first < 60 || first > 140 {
			t.Errorf("a is first %d times of 200", first)
		}
		broken := errors.New("broken")
		if _, err := timing.Pairs(3, rng, do("a", 0), func() error { return broken }); err != broken {
			t.Errorf("%v", err)
		}
	})
}
