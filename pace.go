package fsa

import (
	"context"
	"strconv"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// pace says how failures slow down what comes after them.
type pace struct {
	free  int64         // failures that can be had at once; the last of them costs the first delay
	most  int64         // failures in a day
	first time.Duration // the first delay; each further failure doubles it
	max   time.Duration // the longest delay
}

// delay is how long to wait after a step. Step 1 is the last free failure.
func (p pace) delay(step int64) time.Duration {
	d := p.first
	for ; step > 1 && d < p.max; step-- {
		d *= 2
	}
	return min(d, p.max)
}

// day is for how long steps are counted.
const day = 24 * time.Hour

// tally counts the failures of one login, or of one network, and tells who may
// try next. All of it is in the counter, so that several instances of an
// application can count together, and each change is one atomic addition: of a
// thousand tries at the same moment, no more go on than of a thousand in turn.
//
// A try takes a place before anything is known of it, and gives the place back
// if it was no failure. The first places are free and only counted. Each place
// after them is a step: whoever takes it closes a gate behind them, and nobody
// takes the next one before the gate opens by itself. So a gate is three things:
// the ticket for a step, since only one try can be the first to close it; the
// delay after it; and, in what is counted there, the time at which it opens.
// Should a process die on the way, its gate still opens.
//
// Who finds a gate closed changes nothing: hammering does not prolong a delay.
type tally struct {
	counter cache.Counter
	pace    pace
	key     string
}

func (t tally) free() string           { return t.key + "free" }
func (t tally) steps() string          { return t.key + "steps" }
func (t tally) gate(step int64) string { return t.key + strconv.FormatInt(step, 10) }

// freeWindow is for how long the free failures are counted: so long that waiting
// for new ones is no faster than trying on at the longest delay.
func (t tally) freeWindow() time.Duration {
	return min(day, time.Duration(t.pace.free)*t.pace.max)
}

// openBits are the low bits of a gate's count, in which tries are counted; the
// bits above them are the time at which it opens, in milliseconds.
const openBits = 20

// opens tells how long a gate stays closed whose count is n. Between a try's
// closing the gate and its noting the time, that is the whole delay.
func (t tally) opens(n, step int64) time.Duration {
	delay := t.pace.delay(step)
	at := n >> openBits
	if at == 0 {
		return delay
	}
	return max(time.Millisecond, min(delay, time.Until(time.UnixMilli(at))))
}

// next gives the step that has been taken last, and how long nobody may try.
func (t tally) next(ctx context.Context) (step int64, wait time.Duration, err error) {
	step, err = t.counter.Get(ctx, t.steps())
	switch {
	case err != nil || step == 0:
		return 0, 0, err
	case step > t.pace.most-t.pace.free:
		return step, t.pace.max, nil
	}
	closed, err := t.counter.Get(ctx, t.gate(step))
	if err != nil || closed == 0 {
		return step, 0, err
	}
	return step, t.opens(closed, step), nil
}

// take takes a place: 0 if it is a free one, else its step. If there is none, it
// tells how long to wait.
func (t tally) take(ctx context.Context) (place int64, wait time.Duration, err error) {
	step, wait, err := t.next(ctx)
	if err != nil || wait > 0 {
		return 0, wait, err
	}
	if step == 0 {
		n, err := t.counter.Add(ctx, t.free(), 1, t.freeWindow())
		if err != nil || n < t.pace.free {
			return 0, 0, err
		}
	}
	step++
	delay := t.pace.delay(step)
	n, err := t.counter.Add(ctx, t.gate(step), 1, delay)
	switch {
	case err != nil:
		return 0, 0, err
	case n > 1:
		return 0, t.opens(n, step), nil
	}
	opens := time.Now().Add(delay + time.Millisecond - 1).UnixMilli() // rounded up
	if _, err := t.counter.Add(ctx, t.gate(step), opens<<openBits, delay); err != nil {
		return 0, 0, err
	}
	n, err = t.counter.Add(ctx, t.steps(), 1, day)
	if err != nil {
		return 0, 0, err
	}
	if n != step {
		// It took so long to come here that the gate has opened again, and
		// another try has been faster; or the day is over.
		_, err = t.counter.Add(ctx, t.steps(), -1, day)
		return 0, delay, err
	}
	return step, 0, nil
}

// giveBack makes the place one that was not taken.
func (t tally) giveBack(ctx context.Context, place int64) error {
	if place == 0 {
		_, err := t.counter.Add(ctx, t.free(), -1, t.freeWindow())
		return err
	}
	if _, err := t.counter.Add(ctx, t.steps(), -1, day); err != nil {
		return err
	}
	return t.counter.Reset(ctx, t.gate(place))
}

// clear forgets all failures. The gates before the place have opened already.
func (t tally) clear(ctx context.Context, place int64) error {
	for _, key := range []string{t.free(), t.steps(), t.gate(place)} {
		if err := t.counter.Reset(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
