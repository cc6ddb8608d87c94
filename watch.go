package fsa

import (
	"sync/atomic"
	"time"
)

// watch tells the time at half of what [time.Now] costs, which asks the system
// for two clocks: the wall's and the monotonic one. The watch asks for the wall's
// only if it has not been looked at for the length of a glance; in between, the
// monotonic one moves it on. So when the wall clock is set, or the machine has
// slept, tokens that have expired meanwhile are good for a glance longer, of
// which no time asleep is a part.
type watch struct {
	last atomic.Pointer[time.Time]
}

const glance = 20 * time.Millisecond

// now gives the time, with its monotonic reading.
func (w *watch) now() time.Time {
	if last := w.last.Load(); last != nil {
		// In a test with a clock of its own, time may have gone back.
		if passed := time.Since(*last); 0 <= passed && passed < glance {
			return last.Add(passed)
		}
	}
	now := time.Now()
	w.last.Store(&now)
	return now
}
