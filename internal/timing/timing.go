// Package timing tells whether two ways to do something take the same time, so that
// who sees the time can't tell which it was.
//
// Times on a machine that does other things too are noisy, and drift. So the two are
// done in pairs, one right after the other, in random order; of each pair there is the
// difference, and of all differences the median, which a few disturbed pairs don't
// move. How far that can be trusted, a bootstrap tells: medians of differences drawn
// again, with replacement, from those that were measured. See Efron, "Bootstrap
// Methods: Another Look at the Jackknife" (1979).
package timing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Result is what was measured of a and b.
type Result struct {
	Pairs      int
	A, B       time.Duration // medians
	Difference time.Duration // median of A - B in each pair
	Low, High  time.Duration // between which it is, with 99 % confidence
}

// resamples is how often differences are drawn again; of them, the outermost half
// percent at each end is cut off.
const resamples = 1000

// Pairs does a and b so many times each and tells what became of it. The order within
// each pair is random, and so is what is drawn: rng decides on both.
func Pairs(n int, rng *rand.Rand, a, b func() error) (Result, error) {
	timed := func(f func() error) (time.Duration, error) {
		start := time.Now()
		err := f()
		return time.Since(start), err
	}
	as, bs := make([]time.Duration, n), make([]time.Duration, n)
	for i := range n {
		var errs [2]error
		if rng.IntN(2) == 0 {
			as[i], errs[0] = timed(a)
			bs[i], errs[1] = timed(b)
		} else {
			bs[i], errs[1] = timed(b)
			as[i], errs[0] = timed(a)
		}
		for _, err := range errs {
			if err != nil {
				return Result{}, err
			}
		}
	}
	return Compare(as, bs, rng), nil
}

// Compare tells of times that were measured in pairs.
func Compare(as, bs []time.Duration, rng *rand.Rand) Result {
	n := len(as)
	differences := make([]time.Duration, n)
	for i := range as {
		differences[i] = as[i] - bs[i]
	}
	medians := make([]time.Duration, resamples)
	drawn := make([]time.Duration, n)
	for i := range medians {
		for j := range drawn {
			drawn[j] = differences[rng.IntN(n)]
		}
		medians[i] = median(drawn)
	}
	slices.Sort(medians)
	cut := resamples / 200
	return Result{n, median(as), median(bs), median(differences), medians[cut], medians[resamples-1-cut]}
}

// median sorts what it is given.
func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return (times[(len(times)-1)/2] + times[len(times)/2]) / 2
}

// Verdict is whether the two take the same time, within a margin.
type Verdict int

// What can be said.
const (
	Unclear   Verdict = iota // more pairs, or a quieter machine, would tell
	Same                     // the whole interval is within the margin
	Different                // the whole interval is beyond it, on one side
)

func (v Verdict) String() string { return [...]string{"unclear", "same", "different"}[v] }

// Within tells whether the difference is at most the margin, to either side.
func (r Result) Within(margin time.Duration) Verdict {
	switch {
	case -margin <= r.Low && r.High <= margin:
		return Same
	case r.Low > margin || r.High < -margin:
		return Different
	}
	return Unclear
}

// String gives the difference and its interval in microseconds.
func (r Result) String() string {
	return fmt.Sprintf("%+d µs (%+d to %+d)", r.Difference.Microseconds(), r.Low.Microseconds(), r.High.Microseconds())
}
