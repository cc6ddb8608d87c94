package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// faulty is a store of counts of which some calls fail, by what they are about: the
// "free" failures, the "steps" after them, the "gate" that a step has closed, or how a
// login was "spelt". What comes with an error is any number.
type faulty struct {
	cache.Counter
	fails func(call string, n int64) bool // as "add gate"; n is what Add was to add
	with  int64
}

func (f *faulty) err(method, key string, n int64) error {
	about := "gate"
	switch {
	case strings.Contains(key, "5:spelt"):
		about = "spelt"
	case strings.HasSuffix(key, "free"):
		about = "free"
	case strings.HasSuffix(key, "steps"):
		about = "steps"
	}
	if f.fails != nil && f.fails(method+" "+about, n) {
		return errors.New("the store is down: s3cret")
	}
	return nil
}

func (f *faulty) Add(ctx context.Context, key string, n int64, window time.Duration) (int64, error) {
	if err := f.err("add", key, n); err != nil {
		return f.with, err
	}
	return f.Counter.Add(ctx, key, n, window)
}

func (f *faulty) Get(ctx context.Context, key string) (int64, error) {
	if err := f.err("get", key, 0); err != nil {
		return f.with, err
	}
	return f.Counter.Get(ctx, key)
}

func (f *faulty) Reset(ctx context.Context, key string) error {
	if err := f.err("reset", key, 0); err != nil {
		return err
	}
	return f.Counter.Reset(ctx, key)
}

// TestThrottleFaultyStore: whatever a store can't tell or can't note, for good, lets
// nobody try, whichever number comes with its error. S23
func TestThrottleFaultyStore(t *testing.T) {
	first := func(call string) func(string, int64) bool {
		return func(c string, n int64) bool { return c == call && n <= 1 }
	}
	for _, r := range []struct {
		name   string
		failed int // log-ins before
		fails  func(call string, n int64) bool
	}{
		{"steps can't be looked up", 1, first("get steps")},
		{"steps can't be looked up later", 5, first("get steps")},
		{"gates can't be looked up", 5, first("get gate")},
		{"free failures can't be counted", 1, first("add free")},
		{"the last free failure can't be counted", 4, first("add free")},
		{"the first gate can't be closed", 4, first("add gate")},
		{"a gate can't be closed", 5, first("add gate")},
		{"the time of the first gate can't be noted", 4, func(c string, n int64) bool { return c == "add gate" && n > 1 }},
		{"the time of a gate can't be noted", 5, func(c string, n int64) bool { return c == "add gate" && n > 1 }},
		{"the first step can't be counted", 4, first("add steps")},
		{"a step can't be counted", 5, first("add steps")},
	} {
		for _, with := range []int64{0, 1, 99} {
			t.Run(fmt.Sprint(r.name, " ", with), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := &faulty{Counter: cache.NewMemoryCounter(0), with: with}
					cfg := throttled()
					cfg.LoginThrottle.Counter = store
					d := newDoor(t, cfg)
					d.fail(r.failed, home, "calvin")
					if r.failed > 4 {
						time.Sleep(2 * time.Second) // its turn has come
					}
					looked := d.times("hash calvin")
					store.fails = r.fails
					d.expect("503 5", home, "calvin", calvinPass)
					if d.times("hash calvin") != looked {
						t.Error("the password was looked at")
					}
				})
			})
		}
	}
}

// TestThrottleDiedOnTheWay: a gate whose time was not noted, since the process has died,
// opens by itself, but not before it would have.
func TestThrottleDiedOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &faulty{Counter: cache.NewMemoryCounter(0)}
		cfg := throttled()
		cfg.LoginThrottle.Counter, cfg.LoginThrottle.Delay = store, 10*time.Second
		d := newDoor(t, cfg)
		d.fail(4, home, "calvin")
		store.fails = func(c string, n int64) bool { return c == "add gate" && n > 1 }
		d.expect("503 5", home, "calvin", "wrong")
		store.fails = nil
		d.expect("429 10", home, "calvin", "wrong")
		time.Sleep(10*time.Second - time.Nanosecond)
		d.expect("429 10", home, "calvin", "wrong")
		time.Sleep(time.Nanosecond)
		d.fail(1, home, "calvin")
	})
}

// TestThrottleSlowStoreFails: who comes too late to a gate, and can't give back what was
// counted, is not let in.
func TestThrottleSlowStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &faulty{Counter: cache.NewMemoryCounter(0)}
		cfg := throttled()
		cfg.LoginThrottle.Counter = slowCounter{store}
		d := newDoor(t, cfg)
		d.fail(4, home, "calvin")
		store.fails = func(c string, n int64) bool { return c == "add steps" && n < 0 }
		for i, want := range []string{"401", "503 5"} {
			go d.expect(want, home, "calvin", fmt.Sprint("guess", i))
			time.Sleep(1500 * time.Millisecond)
		}
		time.Sleep(time.Minute)
	})
}

// TestThrottleCantGiveBack: that a place can't be given back, as nobody has looked at the
// password, is told to the log.
func TestThrottleCantGiveBack(t *testing.T) {
	for _, r := range []struct {
		failed int
		fails  string
	}{{1, "add free"}, {4, "add steps"}, {4, "reset gate"}, {4, ""}} {
		t.Run(r.fails, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &faulty{Counter: cache.NewMemoryCounter(0)}
				cfg := throttled()
				cfg.LoginThrottle.Counter, cfg.LoginThrottle.NetworkFactor = store, 100
				d := newDoor(t, cfg)
				d.fail(r.failed, home, "calvin")
				d.set(func() { d.down = errors.New("the store is down") })
				store.fails = func(c string, n int64) bool { return c == r.fails && n <= 0 }
				d.expect("500", home, "calvin", "wrong")
				if noted := strings.Contains(d.log.String(), "a log-in could not be noted"); noted != (r.fails != "") {
					t.Errorf("%s fails: %s", r.fails, d.log)
				}
			})
		})
	}
}
