package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// twins are two users whose names differ in case alone, as a store has them that tells
// Calvin from calvin. Their failures are counted together.
func twins(t *testing.T) *door {
	t.Helper()
	c := throttled()
	c.LoginThrottle.NetworkFactor, c.LoginThrottle.Known = 100, lostOnce{}
	d := newDoor(t, c)
	d.set(func() { d.hashes["Calvin"] = d.hashes["hobbes"] })
	return d
}

// TestThrottleTwins: who has a name that is counted with another's does not get more
// tries at the other's password by logging in as themselves, whatever they do. S20
func TestThrottleTwins(t *testing.T) {
	own := func(d *door) { d.expect("200", away, "Calvin", hobbesPass) }
	for _, c := range []struct {
		name   string
		before func(d *door)
		round  func(d *door) // with one guess at calvin's password
		most   int           // rounds until guesses are delayed
	}{
		{"one guess, one log-in", func(*door) {}, own, 5},
		{"after failures of their own", func(d *door) { d.fail(4, away, "Calvin"); own(d) }, own, 5},
		{"after many", func(d *door) {
			for range 4 {
				d.fail(4, away, "Calvin")
				own(d)
			}
		}, own, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := twins(t)
				c.before(d)
				for i := range c.most {
					if res := d.knock(home, "calvin", "guess"); res.StatusCode != 401 {
						t.Fatalf("guess %d: %d", i+1, res.StatusCode)
					}
					if i < c.most-1 {
						c.round(d)
					}
				}
				d.expect("429 1", home, "calvin", "guess")
				d.expect("429 1", away, "Calvin", hobbesPass)
			})
		})
	}
}

// TestThrottleTwinsStoreFails: whose failures they are must be known, for a log-in to
// forget them.
func TestThrottleTwinsStoreFails(t *testing.T) {
	for _, c := range []struct {
		fails     string
		with      int64
		guesses   int // at calvin's password
		own       int // failures of Calvin after them
		remaining int // guesses that are free after Calvin's log-in
	}{
		{"", 0, 2, 1, 2}, {"get spelt", 99, 2, 1, 1}, {"give back spelt", 0, 2, 1, 1}, {"get free", 0, 2, 1, 2}, {"get free", -99, 2, 1, 2},
		{"", 0, 1, 4, 0}, {"get steps", -99, 1, 4, 0},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &faulty{Counter: cache.NewMemoryCounter(0), with: c.with}
				cfg := throttled()
				cfg.LoginThrottle.Counter, cfg.LoginThrottle.Known, cfg.LoginThrottle.NetworkFactor = store, lostOnce{}, 100
				d := newDoor(t, cfg)
				d.set(func() { d.hashes["Calvin"] = d.hashes["hobbes"] })
				d.fail(c.guesses, home, "calvin")
				d.fail(c.own, away, "Calvin")
				time.Sleep(time.Second)
				asked := 0
				store.fails = func(call string, n int64) bool {
					if call == "add spelt" && n < 0 {
						call = "give back spelt"
					}
					if call == "get steps" {
						asked++ // before and after the place is taken, of the login and the network; then to forget
						return call == c.fails && asked == 5
					}
					return call == c.fails
				}
				d.expect("200", away, "Calvin", hobbesPass)
				store.fails = nil
				if c.remaining > 0 {
					d.fail(c.remaining, home, "calvin")
					d.expect("429 1", home, "calvin", "guess")
				} else {
					d.fail(1, home, "calvin") // through the gate that the log-in has given back
					d.expect("429 2", home, "calvin", "guess")
				}
			})
		})
	}
}

// TestThrottleOwnGivenBack: tries that are given back are none of a spelling's own
// failures either.
func TestThrottleOwnGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.LoginThrottle.NetworkFactor, cfg.LoginThrottle.Known = 100, lostOnce{}
		d := newDoor(t, cfg, func(w *world) { w.hashes["Calvin"] = w.hashes["hobbes"] })
		d.set(func() { d.down = errors.New("the store is down") })
		for i := range 10 {
			d.expect("500", away, "Calvin", fmt.Sprint("wrong", i))
		}
		d.set(func() { d.down = nil })
		d.fail(3, home, "calvin")
		d.expect("200", away, "Calvin", hobbesPass)
		d.fail(2, home, "calvin")
		d.expect("429 1", home, "calvin", "guess")
	})
}

// TestThrottleRegularsDown: who comes from where they have logged in before loses no try either
// while passwords can't be looked at. S19
func TestThrottleRegularsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled())
		d.expect("200", home, "calvin", calvinPass)
		d.set(func() { d.down = errors.New("the store is down") })
		for range 10 {
			d.expect("500", home, "calvin", calvinPass)
		}
		d.set(func() { d.down = nil })
		d.fail(4, home, "calvin")
		d.expect("200", home, "calvin", calvinPass)
	})
}

// TestThrottleTwinsForgotten: who logs in as Calvin, while a log-in of theirs is under way
// whose place the first one forgets, takes back nobody's guess at calvin's password. S20
func TestThrottleTwinsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.LoginThrottle.NetworkFactor, cfg.LoginThrottle.Known = 100, lostOnce{}
		d := directory(t, cfg, func(_ context.Context, pass string) (bool, error) {
			if pass == "slow and right" {
				time.Sleep(time.Second)
			}
			return strings.HasSuffix(pass, "right"), nil
		})
		guesses := 0
		for i := range 20 {
			var slow sync.WaitGroup
			slow.Go(func() { d.knock(away, "Calvin", "slow and right") })
			synctest.Wait()
			d.knock(cafe, "Calvin", "quick and right")
			if d.knock(home, "calvin", fmt.Sprint("guess", i)).StatusCode == 401 {
				guesses++
			}
			slow.Wait()
		}
		if guesses > 10 {
			t.Errorf("%d guesses in 20 s", guesses)
		}
	})
}

// between runs something before the failures of a login are forgotten.
type between struct {
	cache.Counter
	then func()
}

func (b *between) Reset(ctx context.Context, key string) error {
	if then := b.then; then != nil && strings.Contains(key, "login") && strings.HasSuffix(key, "free") {
		b.then = nil
		then()
	}
	return b.Counter.Reset(ctx, key)
}

// TestThrottleTwinsBetween: failures of Calvin, counted while a log-in of theirs forgets those
// before, do not stand for guesses at calvin's password later. S20
func TestThrottleTwinsBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &between{Counter: cache.NewMemoryCounter(0)}
		cfg := throttled()
		cfg.LoginThrottle.Counter, cfg.LoginThrottle.NetworkFactor, cfg.LoginThrottle.Known = store, 100, lostOnce{}
		d := newDoor(t, cfg)
		d.set(func() { d.hashes["Calvin"] = d.hashes["hobbes"] })
		store.then = func() { d.fail(3, cafe, "Calvin") }
		d.expect("200", away, "Calvin", hobbesPass)
		d.fail(3, home, "calvin")
		d.expect("200", away, "Calvin", hobbesPass) // which forgets no guess
		d.fail(2, home, "calvin")
		d.expect("429 1", home, "calvin", "guess")
	})
}

// TestThrottleManyAtOnce: of tries that come at once, those that are refused are no
// failures that are given back: the login's next success forgets all.
func TestThrottleManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.LoginThrottle.Counter, cfg.LoginThrottle.NetworkFactor = lateCounter{cache.NewMemoryCounter(0)}, 100
		d := newDoor(t, cfg)
		got := d.statuses(30, func(i int) (string, string, string) { return home, "calvin", fmt.Sprint("guess", i) })
		if got[401] != 5 || got[429] != 25 {
			t.Errorf("the answers are %v", got)
		}
		time.Sleep(2 * time.Second)
		d.expect("200", home, "calvin", calvinPass)
		d.fail(5, away, "calvin")
		d.expect("429 1", away, "calvin", "wrong")
	})
}

// TestThrottleSharedPlace: what several requests share is given back once.
func TestThrottleSharedPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := sharing()
		cfg.LoginThrottle.Delay = 10 * time.Second
		var down error
		d := directory(t, cfg, func(context.Context, string) (bool, error) { return false, down })
		d.fail(3, home, "calvin")
		down = errors.New("the directory is down")
		if got := d.statuses(3, func(int) (string, string, string) { return home, "calvin", "the same" }); got[500] != 3 {
			t.Errorf("the answers are %v", got)
		}
		down = nil
		d.fail(2, home, "calvin")
		d.expect("429 10", home, "calvin", "wrong")
	})
}

// TestThrottleNetworkKeepsCount: a log-in takes nothing back from its network but its own
// try: whoever has an account could else guess at all others.
func TestThrottleNetworkKeepsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.LoginThrottle.NetworkFactor, cfg.LoginThrottle.Known = 1, lostOnce{}
		d := newDoor(t, cfg)
		d.fail(3, home, "calvin")
		d.expect("200", home, "calvin", calvinPass)
		d.fail(2, home, "calvin")
		d.expect("429 1", home, "hobbes", hobbesPass)
		d.expect("200", away, "calvin", calvinPass)
	})
}

// TestThrottleLongestWait: who is delayed for two reasons is told the longer delay.
func TestThrottleLongestWait(t *testing.T) {
	for _, longer := range []string{"login", "network"} {
		synctest.Test(t, func(t *testing.T) {
			cfg := throttled()
			cfg.LoginThrottle.NetworkFactor, cfg.LoginThrottle.Known = 1, lostOnce{}
			d := newDoor(t, cfg)
			d.fail(5, home, "calvin") // both wait for 1 s
			login := func() { d.fail(1, away, "calvin") }
			network := func() { d.fail(1, home, "susie") }
			first, second := login, network
			if longer == "network" {
				first, second = network, login
			}
			time.Sleep(time.Second)
			first() // 2 s
			time.Sleep(2 * time.Second)
			first()  // 4 s
			second() // 2 s
			d.expect("429 4", home, "calvin", calvinPass)
		})
	}
}

// TestThrottleUnrecognizable: from where everybody may be, nobody is known as who has
// logged in before: behind a proxy that leaves in doubt who asks, and in development.
func TestThrottleUnrecognizable(t *testing.T) {
	for _, c := range []struct {
		name, mode, from string
		header           []string
	}{
		{"proxy", "prod", "10.0.0.1:1", []string{"X-Forwarded-For", "203.0.113.1", "Forwarded", "for=198.51.100.1"}},
		{"development", "dev", "127.0.0.1:1", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := throttled()
				cfg.Mode, cfg.TrustedProxies = c.mode, []string{"10.0.0.0/8"}
				d := newDoor(t, cfg)
				d.expect("200", c.from, "calvin", calvinPass, c.header...)
				d.fail(5, away, "calvin")
				d.expect("429 1", c.from, "calvin", calvinPass, c.header...)
				// A success forgets the failures of all there, too.
				time.Sleep(time.Second)
				d.expect("200", c.from, "calvin", calvinPass, c.header...)
				d.fail(5, away, "calvin")
				d.expect("429 1", away, "calvin", "wrong")
			})
		})
	}
}

// doubtful is a store of known networks that says yes along with its error.
type doubtful struct{ lostOnce }

func (doubtful) Used(context.Context, string) (bool, error) {
	return true, errors.New("the store is down: s3cret")
}

// TestThrottleKnownStoreFails: who can't be recognized is one from just anywhere.
func TestThrottleKnownStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.LoginThrottle.Known = doubtful{}
		d := newDoor(t, cfg)
		d.expect("200", home, "calvin", calvinPass)
		d.fail(5, away, "calvin")
		d.expect("429 1", home, "calvin", calvinPass)
	})
}

// TestThrottleTellsWhose: in development, the answer says what is delayed.
func TestThrottleTellsWhose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.Mode, cfg.LoginThrottle.NetworkFactor = "dev", 1
		d := newDoor(t, cfg)
		for i := range 5 {
			d.expect("401", home, fmt.Sprint("user", i), "wrong")
		}
		body, err := io.ReadAll(d.knock(home, "calvin", calvinPass).Body)
		if want := "too many failed log-ins from 198.51.100.0/24, try again in 1 s"; err != nil || string(body) != want {
			t.Errorf("%q, want %q", body, want)
		}
	})
}

// TestThrottleLogRemedy: that a proxy may not be listed is said where one may be: of a
// network that is private.
func TestThrottleLogRemedy(t *testing.T) {
	for from, remedy := range map[string]bool{"10.1.2.3:1": true, "127.0.0.1:1": true, "[fd00::1]:1": true, home: false, "[2001:db8::1]:1": false, "172.20.0.1:1": false} {
		synctest.Test(t, func(t *testing.T) {
			cfg := throttled()
			cfg.TrustedProxies = []string{"172.16.0.0/12"}
			d := newDoor(t, cfg)
			var header []string
			if from[:4] == "172." {
				header = []string{"X-Forwarded-For", "203.0.113.1", "Forwarded", "for=198.51.100.1"} // who, is in doubt
			}
			for i := range 50 {
				d.expect("401", from, fmt.Sprint("user", i), "wrong", header...)
			}
			log := d.log.String()
			if n := strings.Count(log, "too many from a network have failed"); n != 1 || strings.Contains(log, "remedy=") != remedy {
				t.Errorf("%s: %d lines, and the remedy is said: %v", from, n, !remedy)
			}
		})
	}
}
