package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
)

// throttled is base with the throttle, which is on by default.
func throttled() fsa.Config {
	cfg := base()
	cfg.InsecureNoLoginThrottle = false
	cfg.InsecureTransport = true // the clients of these tests are anywhere
	cfg.Cache = "none"           // each request is a try
	return cfg
}

// sharing is a configuration with which the same password, sent by several at the same
// moment, is one try.
func sharing() fsa.Config {
	cfg := throttled()
	cfg.LoginThrottle.Counter = lateCounter{cache.NewMemoryCounter(0)}
	return cfg
}

// door is where people log in.
type door struct {
	*world
	t *testing.T
	h http.Handler
}

func newDoor(t *testing.T, cfg fsa.Config, more ...func(*world)) *door {
	t.Helper()
	w := newWorld(t, cfg)
	for _, f := range more {
		f(w)
	}
	fsa.Get(w, "/x", authz.Auth(), who)
	return &door{w, t, handlerOf(t, w)}
}

// Addresses of clients, each in a network of its own.
const (
	home = "198.51.100.7:1234"
	away = "203.0.113.9:1234"
	cafe = "192.0.2.44:1234"
)

// knock logs in by Basic, from an address.
func (d *door) knock(addr, login, pass string, header ...string) *http.Response {
	r := httptest.NewRequest("GET", "/x", nil)
	r.RemoteAddr = addr
	r.SetBasicAuth(login, pass)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	d.h.ServeHTTP(rec, r)
	return rec.Result()
}

// expect knocks, and reports any other status and Retry-After than want: "429 4".
func (d *door) expect(want, addr, login, pass string, header ...string) {
	d.t.Helper()
	res := d.knock(addr, login, pass, header...)
	if got := strings.TrimSpace(fmt.Sprint(res.StatusCode, " ", res.Header.Get("Retry-After"))); got != want {
		d.t.Errorf("%s from %s: %s, want %s", login, addr, got, want)
	}
}

// fail fails n log-ins, which are all looked at.
func (d *door) fail(n int, addr, login string) {
	d.t.Helper()
	for range n {
		d.expect("401", addr, login, "wrong")
	}
}

// TestThrottleBacksOff: five failures are free, then each doubles a delay up to 15
// minutes, and not even the right password is looked at before it is over. S16, S21
func TestThrottleBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled())
		d.fail(5, home, "calvin")
		for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900} {
			delay := time.Duration(seconds) * time.Second
			d.expect(fmt.Sprint("429 ", seconds), home, "calvin", calvinPass)
			time.Sleep(delay / 4) // Retry-After is rounded up
			d.expect(fmt.Sprint("429 ", (seconds*3+3)/4), away, "calvin", calvinPass)
			time.Sleep(delay*3/4 - time.Nanosecond)
			d.expect("429 1", cafe, "calvin", "wrong")
			d.expect("429 1", cafe, "calvin", calvinPass)
			time.Sleep(time.Nanosecond)
			d.fail(1, home, "calvin") // its turn has come, whoever has hammered meanwhile
		}
		time.Sleep(15 * time.Minute)
		d.expect("200", home, "calvin", calvinPass)
		d.fail(5, away, "calvin") // a success has forgotten all
		d.expect("429 1", away, "calvin", "wrong")
	})
}

// TestThrottleHundredADay: whoever takes each chance, or is as patient as they
// like, does not have more than 100 tries in a day. S16
func TestThrottleHundredADay(t *testing.T) {
	for _, step := range []time.Duration{time.Second, 10 * time.Minute, 75 * time.Minute / 4} {
		synctest.Test(t, func(t *testing.T) {
			d := newDoor(t, throttled())
			end := time.Now().Add(24 * time.Hour)
			looked := 0
			for time.Now().Before(end) {
				res := d.knock(fmt.Sprintf("203.0.%d.9:1", looked), "calvin", "wrong")
				wait := step
				switch {
				case res.StatusCode == 401:
					looked++
				case step == time.Second:
					seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
					wait = time.Duration(seconds) * time.Second
				}
				time.Sleep(wait)
			}
			if looked > 100 || looked < 60 {
				t.Errorf("%d passwords are looked at in a day, one each %v", looked, step)
			}
			time.Sleep(24 * time.Hour)
			d.expect("200", home, "calvin", calvinPass) // delayed, never locked
		})
	}
}

// TestThrottleNetworks: a network has ten times the failures of a login, whoever's.
// S20
func TestThrottleNetworks(t *testing.T) {
	for _, c := range []struct {
		from, to string // %d stands for a number from 0 to 49
		same     bool
	}{
		{"203.0.113.%d:1", "203.0.113.255:2", true},
		{"203.0.113.%d:1", "203.0.112.255:1", false},
		{"203.0.113.%d:1", "[::ffff:203.0.113.200]:1", true},
		{"[::ffff:203.0.113.%d]:1", "203.0.113.200:1", true},
		{"[::ffff:203.0.113.%d]:1", "[::ffff:203.0.114.1]:1", false},
		{"[2001:db8:1:2:%d::]:1", "[2001:db8:1:2:ffff:ffff:ffff:ffff]:1", true},
		{"[2001:db8:1:2:%d::]:1", "[2001:db8:1:3::]:1", false},
		{"[fe80::%d%%eth0]:1", "[fe80::1%eth1]:1", true},
		{"127.0.0.%d:1", "127.0.0.1:1", true}, // in prod, this machine is one as others
	} {
		t.Run(c.to, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDoor(t, throttled())
				for i := range 50 {
					d.fail(1, fmt.Sprintf(c.from, i), fmt.Sprint("user", i))
				}
				d.expect("429 1", fmt.Sprintf(c.from, 7), "calvin", calvinPass)
				want := "200"
				if c.same {
					want = "429 1"
				}
				d.expect(want, c.to, "calvin", calvinPass)
				time.Sleep(time.Second)
				d.fail(1, fmt.Sprintf(c.from, 7), "susie")
				d.expect("429 2", fmt.Sprintf(c.from, 7), "hobbes", hobbesPass)
			})
		})
	}
}

// TestThrottleNetworkSuccess: a success takes back its own failure, not those of
// others, so that nobody washes a network clean by an account of their own.
func TestThrottleNetworkSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.LoginThrottle.Known = forgetful{}
		d := newDoor(t, cfg)
		for i := range 49 {
			d.fail(1, home, fmt.Sprint("user", i))
			d.expect("200", home, "hobbes", hobbesPass)
		}
		for range 100 {
			d.expect("200", home, "hobbes", hobbesPass)
		}
		d.fail(1, home, "susie")
		d.expect("429 1", home, "hobbes", hobbesPass)
		time.Sleep(time.Second)
		for range 10 {
			d.expect("200", home, "hobbes", hobbesPass)
		}
		d.fail(1, home, "susie")
		d.expect("429 2", home, "hobbes", hobbesPass)
	})
}

// forgetful remembers nothing.
type forgetful struct{}

func (forgetful) Use(context.Context, string, time.Time) (bool, error) { return true, nil }
func (forgetful) Used(context.Context, string) (bool, error)           { return false, nil }

// statuses counts the answers of many log-ins at the same moment.
func (d *door) statuses(n int, login func(i int) (addr, login, pass string)) map[int]int {
	var mu sync.Mutex
	all := map[int]int{}
	start := make(chan bool)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			addr, login, pass := login(i)
			<-start
			res := d.knock(addr, login, pass)
			mu.Lock()
			defer mu.Unlock()
			all[res.StatusCode]++
		})
	}
	close(start)
	wg.Wait()
	return all
}

// TestThrottleParallel: of a thousand tries at once as many are looked at as of a
// thousand in turn. S18
func TestThrottleParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		cfg := throttled()
		cfg.PasswordScheme, cfg.PasswordOpts = []string{"none"}, nil
		cfg.Cache = "ttl"
		d := newDoor(t, cfg, func(w *world) {
			w.PasswordCheck(func(context.Context, string, string) (bool, error) {
				asked.Add(1)
				time.Sleep(time.Millisecond)
				return false, nil
			})
		})
		burst := func(want int, addr func(i int) string, login func(i int) string) {
			t.Helper()
			asked.Store(0)
			got := d.statuses(1000, func(i int) (string, string, string) { return addr(i), login(i), fmt.Sprint("guess", i) })
			if got[401] != want || got[429] != 1000-want || int(asked.Load()) != want {
				t.Errorf("the answers are %v, %d passwords were looked at, want %d", got, asked.Load(), want)
			}
		}
		many := func(i int) string { return fmt.Sprintf("203.%d.%d.1:1", i%4, i/4) }
		calvin := func(int) string { return "calvin" }
		burst(5, many, calvin)
		for seconds := 1; seconds < 2000; seconds *= 2 {
			burst(0, many, calvin)
			time.Sleep(time.Duration(min(seconds, 900)) * time.Second)
			burst(1, many, calvin)
			if seconds == 2 {
				// Those who have come too late have not changed the delay.
				time.Sleep(1500 * time.Millisecond)
				d.expect("429 3", home, "calvin", "wrong")
				time.Sleep(2500 * time.Millisecond)
				burst(1, many, calvin)
				seconds = 4
			}
		}
		one := func(int) string { return home }
		anybody := func(i int) string { return fmt.Sprint("user", i) }
		burst(50, one, anybody)
		time.Sleep(time.Second)
		burst(1, one, anybody)
	})
}

// slowCounter takes its time to count the steps after the free failures.
type slowCounter struct{ cache.Counter }

func (s slowCounter) Add(ctx context.Context, key string, n int64, window time.Duration) (int64, error) {
	if n == 1 && window == 24*time.Hour {
		time.Sleep(2 * time.Second)
	}
	return s.Counter.Add(ctx, key, n, window)
}

// TestThrottleSlowStore: a gate that has opened again before its step is counted
// lets nobody in a second time. S18
func TestThrottleSlowStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.LoginThrottle.Counter = slowCounter{cache.NewMemoryCounter(0)}
		d := newDoor(t, cfg)
		d.fail(4, home, "calvin")
		for i, want := range []string{"401", "429 1", "401"} {
			go d.expect(want, home, "calvin", fmt.Sprint("guess", i)) // the same would be one try
			time.Sleep(1500 * time.Millisecond)
		}
		time.Sleep(time.Minute)
	})
}

// TestThrottleParallelHashes: the same, of passwords that are hashed.
func TestThrottleParallelHashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled())
		for _, login := range []string{"calvin", "susie"} {
			got := d.statuses(1000, func(i int) (string, string, string) { return home, login, fmt.Sprint("guess", i) })
			if got[401] != 5 || got[429] != 995 {
				t.Errorf("%s: the answers are %v", login, got)
			}
		}
	})
}

// lateCounter tells late what is counted, so that all who ask at once are told the
// same.
type lateCounter struct{ cache.Counter }

func (s lateCounter) Get(ctx context.Context, key string) (int64, error) {
	n, err := s.Counter.Get(ctx, key)
	time.Sleep(time.Millisecond)
	return n, err
}

// TestThrottleGivesBack: a try that is refused for its network costs its login
// nothing.
func TestThrottleGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looked sync.Map
		cfg := throttled()
		cfg.PasswordScheme, cfg.PasswordOpts = []string{"none"}, nil
		cfg.LoginThrottle.Counter = lateCounter{cache.NewMemoryCounter(0)}
		d := newDoor(t, cfg, func(w *world) {
			w.PasswordCheck(func(_ context.Context, login, _ string) (bool, error) {
				looked.Store(login, true)
				return false, nil
			})
		})
		got := d.statuses(200, func(i int) (string, string, string) { return home, fmt.Sprint("user", i), "wrong" })
		if got[401] != 50 || got[429] != 150 {
			t.Errorf("the answers are %v", got)
		}
		for i := range 200 {
			login := fmt.Sprint("user", i)
			if _, ok := looked.Load(login); !ok {
				d.fail(5, fmt.Sprintf("203.0.%d.1:1", i), login)
			}
		}
	})
}

// TestThrottleSamePassword: requests that come together with the same right
// password are one try.
func TestThrottleSamePassword(t *testing.T) {
	for _, kept := range []string{"ttl", "none"} {
		synctest.Test(t, func(t *testing.T) {
			cfg := throttled()
			cfg.Cache = kept
			wait := make(chan bool)
			app := fsa.New("acme", cfg)
			hash, _ := app.HashPasswordUnchecked(t.Context(), calvinPass)
			app.UserPass(func(context.Context, string) (string, error) {
				<-wait
				return hash, nil
			})
			fsa.Get(app, "/x", authz.Auth(), who)
			d := &door{t: t, h: handlerOf(t, &world{App: app})}
			got := make(chan map[int]int)
			go func() {
				got <- d.statuses(100, func(int) (string, string, string) { return home, "calvin", calvinPass })
			}()
			synctest.Wait()
			close(wait)
			if all := <-got; all[200] != 100 {
				t.Errorf("cache %s: the answers are %v", kept, all)
			}
		})
	}
}

// TestThrottleSameGuess: two computers of a network that send the same guess at the same
// time make one try, which is told once; and it has proved nothing for either of them.
func TestThrottleSameGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := make(chan bool)
		cfg := throttled()
		cfg.Cache = "ttl"
		app := fsa.New("acme", cfg)
		hash, _ := app.HashPasswordUnchecked(t.Context(), calvinPass)
		app.UserPass(func(context.Context, string) (string, error) {
			<-wait
			return hash, nil
		})
		var told atomic.Int64
		app.LoginFailed(func(context.Context, fsa.FailedLogin) error {
			told.Add(1)
			return nil
		})
		fsa.Get(app, "/x", authz.Auth(), who)
		d := &door{t: t, h: handlerOf(t, &world{App: app})}
		addresses := []string{"198.51.100.7:1234", "198.51.100.8:1234"}
		got := make(chan map[int]int)
		go func() {
			got <- d.statuses(20, func(i int) (string, string, string) { return addresses[i%2], "calvin", "guess" })
		}()
		synctest.Wait()
		close(wait)
		if all := <-got; all[401] != 20 || told.Load() != 1 {
			t.Errorf("the answers are %v, told %d times", all, told.Load())
		}
		for _, addr := range addresses {
			d.expect("401", addr, "calvin", "guess")
			d.expect("200", addr, "calvin", calvinPass)
		}
	})
}

// TestThrottleKnownNetwork: an attack from elsewhere, or on others, does not keep
// the owner out of where they have logged in before. S17
func TestThrottleKnownNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled())
		d.expect("200", home, "calvin", calvinPass)
		time.Sleep(29 * 24 * time.Hour) // a month is how long that is remembered
		d.fail(5, away, "calvin")
		d.expect("429 1", cafe, "calvin", calvinPass)
		d.expect("200", "198.51.100.99:1", "calvin", calvinPass)
		d.expect("429 1", away, "calvin", calvinPass) // the attack is delayed as before
		for i := range 50 {
			d.fail(1, home, fmt.Sprint("user", i))
		}
		d.expect("429 1", home, "hobbes", hobbesPass)
		d.expect("200", home, "calvin", calvinPass)
		// From there, failures are counted as from elsewhere, but apart.
		d.fail(5, home, "calvin")
		d.expect("429 1", home, "calvin", calvinPass)
		time.Sleep(time.Second)
		d.expect("200", home, "calvin", calvinPass)
		// Each log-in prolongs that it is remembered.
		time.Sleep(29 * 24 * time.Hour)
		d.fail(5, away, "calvin")
		d.expect("200", home, "calvin", calvinPass)
		time.Sleep(30*24*time.Hour + time.Second)
		d.fail(5, away, "calvin")
		d.expect("429 1", home, "calvin", calvinPass)
	})
}

// TestThrottleTellsNothing: what is answered, and when, is the same whether there
// is such a user or not. S12
func TestThrottleTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled())
		seen := func(login string) (all []string) {
			for range 9 {
				res := d.knock(away, login, "wrong")
				body := make([]byte, 200)
				n, _ := res.Body.Read(body)
				res.Header.Del("X-Request-Id")
				all = append(all, fmt.Sprint(res.StatusCode, res.Header, string(body[:n])))
				time.Sleep(700 * time.Millisecond)
			}
			return all
		}
		known, unknown := seen("calvin"), seen("susie")
		for i := range known {
			if known[i] != unknown[i] {
				t.Errorf("try %d: a known user has %s, an unknown one %s", i, known[i], unknown[i])
			}
			if strings.HasPrefix(known[i], "429") && (!strings.HasSuffix(known[i], "too many failed log-ins, try again later") || strings.Contains(known[i], "Www-Authenticate")) {
				t.Error(known[i])
			}
		}
	})
}

// TestThrottleSpellings: a login in other letters is the same one.
func TestThrottleSpellings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled())
		for _, login := range []string{"kalvin", "Kalvin", "KALVIN", " kalvin ", "\u212aalvin"} {
			d.fail(1, home, login)
		}
		d.expect("429 1", home, "kALVIN", "wrong")
		d.expect("401", home, "kalvin2", "wrong")
		// What directories and collations take for the same: accents, the width and the
		// style of letters, what can't be seen, spaces. S20
		for _, login := range []string{"jos\u00e9 smith", "jose\u0301  Smith", "\uff4aose smith", "jo\u00adse smith", "\U0001d4f3OSE\u00a0SMITH\u200b"} {
			d.fail(1, home, login)
		}
		d.expect("429 1", home, "jose smith", "wrong")
		d.expect("401", home, "josesmith", "wrong")
	})
}

// broken is a counter of which some calls fail.
type broken struct {
	cache.Counter
	mu    sync.Mutex
	fails func(call int, method string, n int64) bool // n is what Add was to add
	calls int
}

func (b *broken) call(method string, n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if b.fails != nil && b.fails(b.calls, method, n) {
		return errors.New("the store is down: s3cret")
	}
	return nil
}

// set makes all calls of some methods fail.
func (b *broken) set(methods string) {
	b.when(func(_ int, method string, _ int64) bool { return strings.Contains(methods, method) })
}

// when makes the calls fail of which fails says so. They are counted from one on.
func (b *broken) when(fails func(call int, method string, n int64) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails, b.calls = fails, 0
}

func (b *broken) Add(ctx context.Context, key string, n int64, window time.Duration) (int64, error) {
	if err := b.call("add", n); err != nil {
		return 0, err
	}
	return b.Counter.Add(ctx, key, n, window)
}

func (b *broken) Get(ctx context.Context, key string) (int64, error) {
	if err := b.call("get", 0); err != nil {
		return 0, err
	}
	return b.Counter.Get(ctx, key)
}

func (b *broken) Reset(ctx context.Context, key string) error {
	if err := b.call("reset", 0); err != nil {
		return err
	}
	return b.Counter.Reset(ctx, key)
}

// lostOnce is a store of known networks that is down.
type lostOnce struct{}

func (lostOnce) Use(context.Context, string, time.Time) (bool, error) {
	return false, errors.New("the store is down: s3cret")
}
func (lostOnce) Used(context.Context, string) (bool, error) {
	return true, errors.New("the store is down: s3cret")
}

// TestThrottleStoreFails: what can't be counted is not looked at. S23
func TestThrottleStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &broken{Counter: cache.NewMemoryCounter(0)}
		cfg := throttled()
		cfg.LoginThrottle.Counter, cfg.LoginThrottle.Known = store, lostOnce{}
		d := newDoor(t, cfg)
		for _, method := range []string{"get", "add", "get add reset"} {
			store.set(method)
			for login, pass := range map[string]string{"calvin": calvinPass, "hobbes": "wrong", "susie": "wrong"} {
				res := d.knock(home, login, pass)
				body := make([]byte, 200)
				n, _ := res.Body.Read(body)
				if res.StatusCode != 503 || res.Header.Get("Retry-After") != "5" || string(body[:n]) != "log-in is not possible at the moment, try again later" {
					t.Errorf("%s fails: %d %s", method, res.StatusCode, body[:n])
				}
				if d.times("hash "+login) > 0 {
					t.Errorf("%s fails, and the hash is looked up", method)
				}
			}
		}
		// After the fact it is too late: whoever is in, is in. What stays is
		// a failure too many.
		store.set("reset")
		for range 4 {
			d.expect("200", home, "calvin", calvinPass)
		}
		store.set("")
		d.expect("200", home, "calvin", calvinPass)
		if !contains(d.log.String(), "a log-in could not be noted", "login=calvin") {
			t.Error("nobody is told that the store fails")
		}
	})
}

// TestThrottleFrailStore: whichever call of the store fails, the try is not looked at
// (S23), the next ones are counted as before, and no guess more is free. Who has been
// in is let in, once the delay is over.
func TestThrottleFrailStore(t *testing.T) {
	for call, past := 1, false; !past; call++ {
		synctest.Test(t, func(t *testing.T) {
			store := &broken{Counter: cache.NewMemoryCounter(0)}
			cfg := throttled()
			cfg.LoginThrottle.Counter = store
			d := newDoor(t, cfg)
			store.when(func(n int, _ string, _ int64) bool { return n == call })
			got := map[int]int{}
			for range 8 {
				got[d.knock(home, "calvin", "wrong").StatusCode]++
			}
			time.Sleep(2 * time.Second)
			got[d.knock(home, "calvin", calvinPass).StatusCode]++
			got[d.knock(home, "calvin", "wrong").StatusCode]++
			if past = store.calls < call; past {
				return
			}
			// A call that failed after the fact may have used up a place, or have
			// forgotten less.
			if got[401] < 5 || got[401] > 6 || got[200]+got[503] < 1 || got[503] > 1 || got[200] > 1 || got[401]+got[429]+got[503]+got[200] != 10 {
				t.Errorf("call %d fails: %v", call, got)
			}
		})
		if past && call < 40 {
			t.Errorf("the store was called %d times", call-1)
		}
	}
}

// TestThrottleFull: a store that is full fails for those who are not counted yet.
// Those who are go on.
func TestThrottleFull(t *testing.T) {
	cfg := throttled()
	cfg.LoginThrottle.Counter = cache.NewMemoryCounter(6) // three for each: login, spelling, network
	d := newDoor(t, cfg)
	d.fail(1, home, "calvin")
	d.fail(1, away, "susie")
	d.expect("503 5", cafe, "hobbes", hobbesPass)
	d.expect("200", home, "calvin", calvinPass)
}

// TestThrottleOff: it can be switched off, by a long name.
func TestThrottleOff(t *testing.T) {
	cfg := throttled()
	cfg.InsecureNoLoginThrottle = true
	d := newDoor(t, cfg)
	d.fail(200, home, "calvin")
	d.expect("200", home, "calvin", calvinPass)
}

// TestThrottleSettings: all its numbers can be set.
func TestThrottleSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.LoginThrottle = fsa.LoginThrottle{Free: 2, Delay: 30 * time.Second, MaxDelay: 90 * time.Second, NetworkFactor: 3}
		d := newDoor(t, cfg)
		d.fail(2, home, "calvin")
		for _, seconds := range []int{30, 60, 90, 90} {
			d.expect(fmt.Sprint("429 ", seconds), away, "calvin", calvinPass)
			time.Sleep(time.Duration(seconds) * time.Second)
			d.fail(1, home, "calvin")
		}
		d.expect("429 30", home, "susie", "wrong") // its sixth failure has begun the network's delays
	})
}

// TestThrottleSettingFaults: what code can set wrong, beside what a file can.
func TestThrottleSettingFaults(t *testing.T) {
	for want, change := range map[string]func(*fsa.Config){
		"FSA_LOGIN_THROTTLE: is off, and has settings; drop InsecureNoLoginThrottle": func(c *fsa.Config) {
			c.InsecureNoLoginThrottle, c.LoginThrottle.Free = true, 3
		},
		"free in it is -1":            func(c *fsa.Config) { c.LoginThrottle.Free = -1 },
		"delay in it is -1s":          func(c *fsa.Config) { c.LoginThrottle.Delay = -time.Second },
		"network_factor in it is -10": func(c *fsa.Config) { c.LoginThrottle.NetworkFactor = -10 },
		"max_delay in it is -1s":      func(c *fsa.Config) { c.LoginThrottle.Delay, c.LoginThrottle.MaxDelay = 0, -time.Second },
	} {
		cfg := throttled()
		change(&cfg)
		got := faultsOf(t, newWorld(t, cfg).App)
		if len(got) == 0 || !contains(got[0], want) {
			t.Errorf("the faults are %q, want %q", got, want)
		}
	}
}

// TestThrottleInDevelopment: there, this machine is no network, but logins are
// counted, and the answers tell more.
func TestThrottleInDevelopment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.Mode = "dev"
		d := newDoor(t, cfg)
		const here = "127.0.0.1:1"
		for i := range 60 {
			d.fail(1, here, fmt.Sprint("user", i))
			d.fail(1, "[::1]:1", fmt.Sprint("user", i))
		}
		d.fail(5, here, "calvin")
		res := d.knock(here, "calvin", calvinPass)
		body := make([]byte, 200)
		n, _ := res.Body.Read(body)
		if got := string(body[:n]); res.StatusCode != 429 || got != `too many failed log-ins for "calvin", try again in 1 s` {
			t.Errorf("%d %s", res.StatusCode, got)
		}
		// Through a proxy, it comes from elsewhere.
		for i := range 50 {
			d.expect("401", here, fmt.Sprint("new", i), "wrong", "X-Forwarded-For", "203.0.113.1")
		}
		d.expect("429 1", here, "hobbes", hobbesPass, "X-Forwarded-For", "203.0.113.1")
		d.expect("200", here, "hobbes", hobbesPass)
		// So it does from another machine.
		for i := range 50 {
			d.expect("401", home, fmt.Sprint("guest", i), "wrong")
		}
		d.expect("429 1", home, "hobbes", hobbesPass)
	})
}

// TestThrottleLog: a line tells when delays begin, once, and nothing else than who
// is delayed. S89
func TestThrottleLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled())
		const login = "x y=\"z\""
		for range 10 {
			d.knock("10.1.2.3:1", login, "s3cret-guess")
			time.Sleep(time.Minute)
		}
		for i := range 60 {
			d.knock("10.1.2.3:1", fmt.Sprint("user", i), "s3cret-guess")
			time.Sleep(time.Millisecond)
		}
		log := d.log.String()
		if n := strings.Count(log, `level=WARN msg="log-ins are delayed: too many have failed" login="x y=\"z\"" network=10.1.2.0/24`); n != 1 {
			t.Errorf("%d lines tell that the login is delayed: %s", n, log)
		}
		if n := strings.Count(log, `level=WARN msg="log-ins are delayed: too many from a network have failed" network=10.1.2.0/24 remedy=`); n != 1 {
			t.Errorf("%d lines tell that the network is delayed: %s", n, log)
		}
		if strings.Contains(log, "s3cret") {
			t.Error("a password is logged")
		}
	})
}

// TestThrottleHook: what PasswordCheck says is part of a try, and what it can't say
// is no failure.
func TestThrottleHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failure error
		asked := 0
		d := newDoor(t, throttled(), func(w *world) {
			w.PasswordCheck(func(_ context.Context, login, password string) (bool, error) {
				if asked++; password == "panics" {
					panic(password)
				}
				return password == "elsewhere", failure
			})
		})
		d.fail(4, home, "calvin")
		d.expect("200", home, "calvin", "elsewhere")
		d.fail(5, away, "calvin") // forgotten by the success
		asked = 0
		d.expect("429 1", away, "calvin", "elsewhere")
		d.expect("200", home, "calvin", "elsewhere") // a known network
		if asked != 1 {
			t.Errorf("the hook is asked %d times", asked)
		}
		failure = errors.New("the directory is down")
		for range 5 {
			d.expect("500", cafe, "hobbes", "wrong") // it is known not to be that of the stored hash
		}
		d.expect("429 1", cafe, "hobbes", "wrong")
		failure = fsa.Errorf(403, "no")
		time.Sleep(time.Second)
		d.expect("401", cafe, "hobbes", "elsewhere")
		d.expect("429 2", cafe, "hobbes", "elsewhere")
		for range 5 {
			d.expect("500", cafe, "susie", "panics") // who knows why
		}
		d.expect("429 1", cafe, "susie", "panics")
	})
}

// TestThrottleDirectoryDown: where only a directory knows the passwords, its failures cost
// nobody a try; its panics do, and so does who hangs up while it looks.
func TestThrottleDirectoryDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failure error
		d := directory(t, throttled(), func(ctx context.Context, pass string) (bool, error) {
			if pass == "panics" {
				panic(pass)
			}
			return pass == "elsewhere", failure
		})
		failure = errors.New("the directory is down")
		for range 100 {
			d.expect("500", cafe, "hobbes", "wrong")
		}
		failure = nil
		d.fail(4, cafe, "hobbes")
		d.expect("200", cafe, "hobbes", "elsewhere")
		for range 5 {
			d.expect("500", away, "susie", "panics")
		}
		d.expect("429 1", away, "susie", "panics")
	})
}

// directory makes a door of an application of which nothing but a directory knows the
// passwords.
func directory(t *testing.T, cfg fsa.Config, check func(ctx context.Context, pass string) (bool, error)) *door {
	t.Helper()
	cfg.Logger = slog.New(slog.DiscardHandler)
	app := fsa.New("acme", cfg)
	app.PasswordCheck(func(ctx context.Context, _, pass string) (bool, error) { return check(ctx, pass) })
	fsa.Get(app, "/x", authz.Auth(), who)
	return &door{t: t, h: handlerOf(t, &world{App: app})}
}

// slowRefusals is a directory that takes its time to refuse, so that the answer tells no
// more than that it does, and that notices the end of the request.
func slowRefusals(ctx context.Context, pass string) (bool, error) {
	if pass == "elsewhere" {
		return true, nil
	}
	select {
	case <-time.After(time.Second):
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// hangUp knocks, and hangs up after a while.
func (d *door) hangUp(after time.Duration, addr, login, pass string) {
	ctx, cancel := context.WithTimeout(d.t.Context(), after)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/x", nil)
	r.RemoteAddr = addr
	r.SetBasicAuth(login, pass)
	d.h.ServeHTTP(httptest.NewRecorder(), r)
}

// TestThrottleHangUp: who hangs up on a password that is not right at once has tried it.
// S18
func TestThrottleHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := directory(t, throttled(), slowRefusals)
		for i := range 100 {
			d.hangUp(time.Second/2, home, "calvin", fmt.Sprint("guess", i))
		}
		if res := d.knock(home, "calvin", "elsewhere"); res.StatusCode != 429 {
			t.Errorf("then the right one gets %d", res.StatusCode)
		}
	})
}

// TestThrottleHangUpTwin: of two who make a try together, the one who hangs up does not
// take it back for the one who waits. S18
func TestThrottleHangUpTwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := directory(t, sharing(), slowRefusals)
		got := map[int]int{}
		for i := range 20 {
			guess := fmt.Sprint("guess", i)
			var other sync.WaitGroup
			other.Go(func() { d.hangUp(time.Second/2, home, "calvin", guess) })
			got[d.knock(home, "calvin", guess).StatusCode]++
			other.Wait()
		}
		if got[401] > 10 {
			t.Errorf("the answers are %v", got)
		}
	})
}

// TestThrottleBusyTwin: of two who make a try together, the one whom a directory is too busy
// for does not take it back. S19
func TestThrottleBusyTwin(t *testing.T) {
	for _, busy := range []string{"at once", "later"} {
		synctest.Test(t, func(t *testing.T) {
			var asking atomic.Int32
			d := directory(t, sharing(), func(_ context.Context, pass string) (bool, error) {
				defer asking.Add(-1)
				if asking.Add(1) > 1 {
					if busy == "later" {
						time.Sleep(2 * time.Second)
					}
					return false, errors.New("the directory is busy")
				}
				time.Sleep(time.Second)
				return pass == "elsewhere", nil
			})
			got := map[int]int{}
			both := func(guess string) {
				for status, n := range d.statuses(2, func(int) (string, string, string) { return home, "calvin", guess }) {
					got[status] += n
				}
			}
			for range 6 { // which costs no try
				both("elsewhere")
			}
			if got[200] != 6 || got[500] != 6 {
				t.Fatalf("busy %s: the right password: %v", busy, got)
			}
			for i := range 20 {
				both(fmt.Sprint("guess", i))
			}
			if got[401] > 10 || got[429] == 0 {
				t.Errorf("busy %s: the answers are %v", busy, got)
			}
		})
	}
}

// TestThrottleBusyTwinLate: a try that has been given back has no place any more, if others
// have taken the last one. Right or wrong, it came too early. S19
func TestThrottleBusyTwinLate(t *testing.T) {
	for _, shared := range []string{"the right one", "a wrong one"} {
		synctest.Test(t, func(t *testing.T) {
			var asking atomic.Int32
			d := directory(t, sharing(), func(_ context.Context, pass string) (bool, error) {
				if pass != shared {
					return false, nil
				}
				if asking.Add(1) > 1 {
					return false, errors.New("the directory is busy")
				}
				time.Sleep(time.Second / 2)
				return pass == "the right one", nil
			})
			d.fail(4, home, "calvin")
			var both sync.WaitGroup
			var got map[int]int
			both.Go(func() {
				got = d.statuses(2, func(int) (string, string, string) { return home, "calvin", shared })
			})
			time.Sleep(time.Second / 4)
			d.fail(1, home, "calvin")
			both.Wait()
			if got[429] != 1 || got[500] != 1 {
				t.Errorf("%s: the answers are %v", shared, got)
			}
		})
	}
}

// TestThrottleUserPassFails: a store of users that is down costs nobody a try.
func TestThrottleUserPassFails(t *testing.T) {
	app := fsa.New("acme", throttled())
	app.UserPass(func(context.Context, string) (string, error) { return "", errors.New("the store is down") })
	fsa.Get(app, "/x", authz.Auth(), who)
	h, _ := app.Handler()
	d := &door{t: t, h: h}
	for range 100 {
		d.expect("500", home, "calvin", calvinPass)
	}
}

// TestThrottleProved: a password that has been proved costs no count, and is no
// help to anybody who is delayed.
func TestThrottleProved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &broken{Counter: cache.NewMemoryCounter(0)}
		cfg := throttled()
		cfg.Cache = "ttl"
		cfg.LoginThrottle.Counter = store
		d := newDoor(t, cfg)
		d.expect("200", home, "calvin", calvinPass)
		store.set("get add reset")
		for range 10 {
			d.expect("200", home, "calvin", calvinPass)
		}
		if store.calls > 0 {
			t.Errorf("%d calls of the counter", store.calls)
		}
		store.set("")

		// Somebody elsewhere can't tell a right guess from wrong ones.
		d.fail(5, away, "calvin")
		d.expect("429 1", away, "calvin", "wrong")
		d.expect("429 1", away, "calvin", calvinPass)
		d.expect("200", home, "calvin", calvinPass)

		// Nor can somebody at the same address: a wrong guess ends the proof.
		d.fail(5, home, "calvin")
		d.expect("429 1", home, "calvin", "wrong")
		d.expect("429 1", home, "calvin", calvinPass)
		time.Sleep(time.Second)
		d.expect("200", home, "calvin", calvinPass)
		d.expect("200", "198.51.100.8:1", "calvin", calvinPass)
		d.fail(4, "198.51.100.9:1", "calvin") // of the same network
		d.fail(1, "198.51.100.9:1", "calvin")
		d.expect("200", home, "calvin", calvinPass) // nobody has guessed here
		d.expect("429 1", "198.51.100.9:1", "calvin", calvinPass)
	})
}

// TestThrottleCheckUserPassword: a password that a handler asks for is counted as
// one of a log-in, from the network of the request. S19
func TestThrottleCheckUserPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled(), func(w *world) {
			fsa.Get(w, "/check", authz.Auth(), func(ctx context.Context, in struct{ P string }) (fsa.None, error) {
				return fsa.None{}, w.CheckUserPassword(ctx, "calvin", in.P)
			})
		})
		check := func(want int, addr, p string) {
			t.Helper()
			r := httptest.NewRequest("GET", "/check?p="+p, nil)
			r.RemoteAddr = addr
			r.Header.Set("Authorization", "Bearer "+d.token(t, "calvin", fsa.TokenOptions{}))
			rec := httptest.NewRecorder()
			d.h.ServeHTTP(rec, r)
			if rec.Code != want {
				t.Errorf("%s from %s: %d, want %d", p, addr, rec.Code, want)
			}
		}
		check(204, home, calvinPass)
		for range 3 {
			check(401, away, "wrong")
		}
		d.fail(2, away, "calvin")
		check(429, away, calvinPass)
		check(204, home, calvinPass)
		for range 5 {
			d.CheckUserPassword(t.Context(), "hobbes", "wrong")
		}
		var e *fsa.Error
		if err := d.CheckUserPassword(t.Context(), "hobbes", hobbesPass); !errors.As(err, &e) || e.Status != 429 || errors.Is(err, fsa.ErrUnauthenticated) {
			t.Errorf("without a request: %v", err)
		}
	})
}

// TestThrottleSchemes: param is counted with basic, and a delayed scheme does not
// keep another one from success. S19
func TestThrottleSchemes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled())
		param := func(want int, basic bool, login, pass string) {
			t.Helper()
			r := httptest.NewRequest("GET", "/x?USER="+login+"&PASS="+pass, nil)
			r.RemoteAddr = home
			if basic {
				r.SetBasicAuth("calvin", "wrong")
			}
			rec := httptest.NewRecorder()
			d.h.ServeHTTP(rec, r)
			if rec.Code != want {
				t.Errorf("%s: %d, want %d", login, rec.Code, want)
			}
		}
		for range 3 {
			param(401, false, "calvin", "wrong")
		}
		d.fail(2, home, "calvin")
		param(429, false, "calvin", calvinPass)
		param(200, true, "hobbes", hobbesPass)
		param(429, true, "hobbes", "wrong")
		param(429, true, "susie", "wrong")
	})
}
