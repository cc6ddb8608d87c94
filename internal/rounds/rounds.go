// Package rounds compares what things cost on a machine that does other work at
// the same time.
//
// Two figures taken one after the other differ by what else the machine did in
// the meantime, easily by a factor of two. So all contestants run in each of many
// short rounds, in a new random order each time, and a contestant is compared with
// its floor within the round, where both met the same weather. What is reported is
// the median over the rounds, which a few disturbed ones do not move.
package rounds

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

// Contestant is something that can be done again and again.
type Contestant struct {
	Name  string
	Floor string // the name of the contestant that it is compared with; "" for none

	// Run does it n times. An error ends the measurement: what fails is not
	// worth timing.
	Run func(n int) error
}

// Plan says how long to measure.
type Plan struct {
	Rounds int
	Slice  time.Duration // of each contestant in each round, roughly
}

// Result is what one contestant cost.
type Result struct {
	Name, Floor string
	Nanoseconds []float64 // of doing it once, by round
	Ratios      []float64 // of these to the floor's in the same round; nil without a floor
	Bytes       float64   // allocated by doing it once, all goroutines together
	Allocs      float64   // and in how many pieces
}

// Measure runs the contestants as the plan says and gives the results in their
// order.
func (p Plan) Measure(contestants []Contestant) ([]Result, error) {
	times := make([]int, len(contestants))
	results := make([]Result, len(contestants))
	for i, c := range contestants {
		var err error
		if times[i], err = p.calibrate(c); err != nil {
			return nil, err
		}
		results[i] = Result{Name: c.Name, Floor: c.Floor}
	}
	for range p.Rounds {
		for _, i := range rand.Perm(len(contestants)) {
			if err := results[i].add(contestants[i], times[i], p.Rounds); err != nil {
				return nil, err
			}
			// A machine that was busy while it was calibrated makes for slices
			// so short that what surrounds them counts.
			times[i] = max(times[i], int(float64(p.Slice)/slices.Min(results[i].Nanoseconds)))
		}
	}
	for i := range results {
		if err := results[i].compare(results); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// calibrate finds how often a contestant does its thing in a slice. It warms up
// the caches and pools by that.
func (p Plan) calibrate(c Contestant) (n int, err error) {
	for n = 1; ; n *= 2 {
		begin := time.Now()
		if err := c.Run(n); err != nil {
			return 0, fmt.Errorf("%s: %w", c.Name, err)
		}
		if took := time.Since(begin); took >= p.Slice/4 {
			return max(1, int(float64(n)*float64(p.Slice)/float64(max(took, 1)))), nil
		}
	}
}

// add measures one slice.
func (r *Result) add(c Contestant, n, rounds int) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	err := c.Run(n)
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	r.Nanoseconds = append(r.Nanoseconds, float64(took)/float64(n))
	all := float64(n) * float64(rounds)
	r.Bytes += float64(after.TotalAlloc-before.TotalAlloc) / all
	r.Allocs += float64(after.Mallocs-before.Mallocs) / all
	return nil
}

func (r *Result) compare(all []Result) error {
	if r.Floor == "" {
		return nil
	}
	at := slices.IndexFunc(all, func(f Result) bool { return f.Name == r.Floor })
	if at < 0 {
		return fmt.Errorf("%s is compared with %s, which is not measured", r.Name, r.Floor)
	}
	*r = r.Against(all[at])
	return nil
}

// Against compares a result with another one of the same measurement, as its floor.
func (r Result) Against(floor Result) Result {
	r.Floor, r.Ratios = floor.Name, make([]float64, len(r.Nanoseconds))
	for i, ns := range r.Nanoseconds {
		r.Ratios[i] = ns / floor.Nanoseconds[i]
	}
	return r
}

// Median gives the middle of the values, not a number if there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// Interval gives the two values between which the true median is, with a
// confidence of 95 %. It assumes nothing of the values but that the rounds are
// independent: each is as likely above the true median as below, so how many are
// below is a matter of tossed coins. Below six values no interval is that sure,
// and the least and the greatest are given.
func Interval(values []float64) (low, high float64) {
	n := len(values)
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	k := 0
	below := math.Pow(0.5, float64(n)) // the chance of at most k values below
	term := below
	for below <= 0.025 {
		k++
		term *= float64(n-k+1) / float64(k)
		below += term
	}
	// k is how many values may be left out at each end.
	if k > 0 {
		k--
	}
	return s[k], s[n-1-k]
}
