package cache_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

type loader[V any] = func(context.Context) (V, time.Duration, error)

// answer makes a load that answers at once.
func answer[V any](v V, keep time.Duration) loader[V] {
	return func(context.Context) (V, time.Duration, error) { return v, keep, nil }
}

// keep loads v into n.
func keep[K comparable, V any](t testing.TB, n *cache.Near[K, V], key K, v V, now time.Time) {
	t.Helper()
	if _, err := n.Load(t.Context(), key, now, answer(v, 0)); err != nil {
		t.Fatal(err)
	}
}

func newNear(ttl time.Duration) *cache.Near[string, int] {
	return cache.NewNear[string, int](cache.NearOptions[string, int]{TTL: ttl})
}

// TestKeep: for how long an answer is kept, from the now of the call, to the
// nanosecond. S85
func TestKeep(t *testing.T) {
	const ttl = time.Minute
	tests := []struct {
		name string
		ttl  time.Duration
		keep time.Duration
		want time.Duration // 0: not at all
	}{
		{"zero keep is the TTL", ttl, 0, ttl},
		{"shorter", ttl, time.Second, time.Second},
		{"longer is cut to the TTL", ttl, time.Hour, ttl},
		{"negative is not kept", ttl, -1, 0},
		{"default TTL", 0, 0, 10 * time.Minute},
		{"one nanosecond", ttl, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNear(tt.ttl)
			now := time.Now()
			if v, err := n.Load(t.Context(), "k", now, answer(7, tt.keep)); v != 7 || err != nil {
				t.Fatalf("Load = %d, %v", v, err)
			}
			if v, ok := n.Get("k", now); ok != (tt.want > 0) || ok && v != 7 {
				t.Errorf("at once: %d, %t", v, ok)
			}
			if _, ok := n.Get("k", now.Add(tt.want-1)); ok != (tt.want > 0) {
				t.Errorf("just before %v: %t", tt.want, ok)
			}
			if _, ok := n.Get("k", now.Add(tt.want)); ok {
				t.Errorf("kept at %v", tt.want)
			}
		})
	}
}

// TestKeptFromBeginning: a slow load's answer expires TTL after the load began. S85
func TestKeptFromBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNear(time.Minute)
		began := time.Now()
		n.Load(t.Context(), "k", began, func(context.Context) (int, time.Duration, error) {
			time.Sleep(20 * time.Second)
			return 1, 0, nil
		})
		if _, ok := n.Get("k", began.Add(time.Minute-1)); !ok {
			t.Error("expired too early")
		}
		if _, ok := n.Get("k", began.Add(time.Minute)); ok {
			t.Error("kept longer than TTL after the load began")
		}
	})
}

// TestOldFlight: a call does not join a load that began a TTL ago. S85
func TestOldFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNear(time.Second)
		var loads atomic.Int32
		slow := func(context.Context) (int, time.Duration, error) {
			i := int(loads.Add(1))
			time.Sleep(5 * time.Second)
			return i, 0, nil
		}
		var wg sync.WaitGroup
		for i, at := range []time.Duration{0, 900 * time.Millisecond, time.Second, 1900 * time.Millisecond} {
			wg.Go(func() {
				time.Sleep(at)
				if got, err := n.Load(t.Context(), "k", time.Now(), slow); got != i/2+1 || err != nil {
					t.Errorf("call at %v got %d, %v", at, got, err)
				}
			})
		}
		wg.Wait()
		if n.Len() != 1 {
			t.Errorf("Len = %d", n.Len())
		}
	})
}

func TestNewerReplacesOlder(t *testing.T) {
	n := newNear(time.Minute)
	old, now := time.Now(), time.Now().Add(time.Minute)
	keep(t, n, "k", 1, old)
	n.Load(t.Context(), "k", now, answer(2, -1)) // not kept, but newer
	if v, ok := n.Get("k", old); ok {
		t.Errorf("the older answer %d survived the newer one", v)
	}
	keep(t, n, "k", 3, old)
	keep(t, n, "k", 4, now)
	if v, ok := n.Get("k", now); v != 4 || !ok || n.Len() != 1 {
		t.Errorf("got %d, %t, Len %d", v, ok, n.Len())
	}
}

func TestErrorIsNotKept(t *testing.T) {
	n := newNear(0)
	now := time.Now()
	broken := errors.New("broken")
	v, err := n.Load(t.Context(), "k", now, func(context.Context) (int, time.Duration, error) { return 9, 0, broken })
	if !errors.Is(err, broken) || v != 0 {
		t.Errorf("Load = %d, %v: want no value beside the error", v, err)
	}
	if _, ok := n.Get("k", now); ok || n.Len() != 0 {
		t.Error("kept an error")
	}
	if v, err := n.Load(t.Context(), "k", now, answer(1, 0)); v != 1 || err != nil {
		t.Errorf("after the error: %d, %v", v, err)
	}
}

func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, fail := range []error{nil, errors.New("broken")} {
			n := newNear(0)
			var loads atomic.Int32
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					v, err := n.Load(t.Context(), "k", time.Now(), func(context.Context) (int, time.Duration, error) {
						loads.Add(1)
						time.Sleep(time.Second)
						return 5, 0, fail
					})
					if err != fail || fail == nil && v != 5 {
						t.Errorf("got %d, %v", v, err)
					}
				})
			}
			wg.Wait()
			if loads.Load() != 1 {
				t.Errorf("%d loads", loads.Load())
			}
		}
	})
}

// lateContext lands an answer in the moment between a caller's look and its
// load, where Load asks the context.
type lateContext struct {
	context.Context
	land func()
}

func (c lateContext) Err() error { c.land(); return nil }

// TestSecondLook: an answer that lands after the first look is not loaded again.
func TestSecondLook(t *testing.T) {
	n := newNear(0)
	now := time.Now()
	ctx := lateContext{t.Context(), func() { keep(t, n, "k", 1, now) }}
	if v, err := n.Load(ctx, "k", now, answer(2, 0)); v != 1 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
}

// TestOwnAnswers: 1,000 concurrent mixed loads, some cancelled, beside
// deletions: each gets the answer of its own key. S81
func TestOwnAnswers(t *testing.T) {
	n := cache.NewNear[objectKey, objectKey](cache.NearOptions[objectKey, objectKey]{Entries: 40})
	keys := make([]objectKey, 0, 64)
	for _, login := range []string{"a", "ab", "abc", ""} { // "a"+"bc" and "ab"+"c" are one when joined
		for _, mode := range []string{"c", "bc", "", "b"} {
			for id := range 4 {
				keys = append(keys, objectKey{login, mode, id})
			}
		}
	}
	now := time.Now()
	var wg sync.WaitGroup
	var answered atomic.Int32
	for i := range 1000 {
		wg.Go(func() {
			key := keys[i%len(keys)]
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%7 == 0 {
				go cancel()
			}
			if i%31 == 0 {
				n.Delete(key)
			}
			for range 5 {
				v, err := n.Load(ctx, key, now, func(context.Context) (objectKey, time.Duration, error) {
					time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
					return key, 0, nil
				})
				switch {
				case err == nil && v != key:
					t.Errorf("%v got the answer of %v", key, v)
				case err == nil:
					answered.Add(1)
				case i%7 != 0 || !errors.Is(err, context.Canceled):
					t.Errorf("%v: %v", key, err)
				}
				if v, ok := n.Get(key, now); ok && v != key {
					t.Errorf("%v kept the answer of %v", key, v)
				}
			}
		})
	}
	wg.Wait()
	if answered.Load() < 4000 {
		t.Errorf("only %d answers", answered.Load())
	}
	if n.Len() > 40 {
		t.Errorf("Len = %d", n.Len())
	}
}

func TestCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type ctxKey struct{}
		gone := errors.New("client has gone")
		n := newNear(0)
		ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), ctxKey{}, "request 1"))
		var wg sync.WaitGroup
		wg.Go(func() { // the first, whose call begins the load
			_, err := n.Load(ctx, "k", time.Now(), func(ctx context.Context) (int, time.Duration, error) {
				time.Sleep(10 * time.Second)
				if ctx.Value(ctxKey{}) != "request 1" {
					t.Error("the load lost the values of the context")
				}
				return 3, 0, ctx.Err()
			})
			if !errors.Is(err, context.Canceled) || !errors.Is(err, gone) {
				t.Errorf("the one who left got %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			v, err := n.Load(t.Context(), "k", time.Now(), answer(4, 0))
			if v != 3 || err != nil {
				t.Errorf("the one who stayed got %d, %v", v, err)
			}
		})
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		wg.Go(func() {
			start := time.Now()
			_, err := n.Load(short, "k", start, answer(4, 0))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("the one with a deadline got %v after %v", err, time.Since(start))
			}
		})
		synctest.Wait()
		cancel(gone)
		wg.Wait()

		// Who has left already begins nothing, but may have what is there.
		if v, err := n.Load(ctx, "k", time.Now(), answer(9, 0)); v != 3 || err != nil {
			t.Errorf("hit with a dead context: %d, %v", v, err)
		}
		_, err := n.Load(ctx, "other", time.Now(), func(context.Context) (int, time.Duration, error) {
			t.Error("loaded for nobody")
			return 0, 0, nil
		})
		if !errors.Is(err, gone) {
			t.Errorf("miss with a dead context: %v", err)
		}
	})
}

func TestTimeout(t *testing.T) {
	for _, tt := range []struct {
		name    string
		timeout time.Duration
		want    time.Duration
		heeds   bool // the load heeds its context
	}{
		{"default, heeded", 0, 30 * time.Second, true},
		{"default, ignored", 0, 30 * time.Second, false},
		{"heeded", time.Second, time.Second, true},
		{"ignored", time.Second, time.Second, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := cache.NewNear[string, int](cache.NearOptions[string, int]{Timeout: tt.timeout})
				hang := make(chan struct{})
				start := time.Now()
				var wg sync.WaitGroup
				for range 3 {
					wg.Go(func() {
						_, err := n.Load(t.Context(), "k", start, func(ctx context.Context) (int, time.Duration, error) {
							if tt.heeds {
								<-ctx.Done()
								return 0, 0, ctx.Err()
							}
							<-hang
							return 1, 0, nil
						})
						if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != tt.want {
							t.Errorf("got %v after %v", err, time.Since(start))
						}
					})
				}
				wg.Wait()
				// A load that hangs does not block its key for ever.
				if v, err := n.Load(t.Context(), "k", time.Now(), answer(2, 0)); v != 2 || err != nil {
					t.Errorf("after the time-out: %d, %v", v, err)
				}
				close(hang)
				synctest.Wait()
				if v, _ := n.Get("k", time.Now()); v != 2 {
					t.Errorf("the load that was given up replaced the newer answer by %d", v)
				}
			})
		})
	}
}

// TestUndisciplinedLoad: a panic or Goexit in a load reaches all who wait, as
// an error, and blocks nothing. S88
func TestUndisciplinedLoad(t *testing.T) {
	sentinel := errors.New("no such user")
	isPanic := func(value any) func(error) bool {
		return func(err error) bool {
			p, ok := errors.AsType[*cache.PanicError](err)
			return ok && p.Value == value && strings.Contains(string(p.Stack), "near_test.go") && !errors.Is(err, sentinel)
		}
	}
	tests := []struct {
		name string
		end  func() int
		ok   func(error) bool
	}{
		{"panic", func() int { panic("boom") }, isPanic("boom")},
		{"panic with an error", func() int { panic(sentinel) }, isPanic(sentinel)},
		{"panic in Weigh", func() int { return -1 }, isPanic("weigh")},
		{"nil panic", func() int { panic(nil) }, func(err error) bool {
			_, ok := errors.AsType[*cache.PanicError](err)
			return ok
		}},
		{"goexit", func() int { runtime.Goexit(); return 1 }, func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "Goexit")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := cache.NewNear[string, int](cache.NearOptions[string, int]{Bytes: 10, Weigh: func(_ string, v int) int {
					if v == -1 {
						panic("weigh")
					}
					return v
				}})
				var wg sync.WaitGroup
				for range 3 {
					wg.Go(func() {
						v, err := n.Load(t.Context(), "k", time.Now(), func(context.Context) (int, time.Duration, error) {
							time.Sleep(time.Second)
							return tt.end(), 0, nil
						})
						if v != 0 || !tt.ok(err) {
							t.Errorf("got %d, %v", v, err)
						}
					})
				}
				wg.Wait()
				if n.Len() != 0 {
					t.Error("kept something")
				}
				if v, err := n.Load(t.Context(), "k", time.Now(), answer(1, 0)); v != 1 || err != nil {
					t.Errorf("afterwards: %d, %v", v, err)
				}
			})
		})
	}
}

func TestNewNearRefuses(t *testing.T) {
	type opts = cache.NearOptions[string, int]
	weigh := func(string, int) int { return 1 }
	tests := []struct {
		name string
		make func()
		want string
	}{
		{"entries", func() { cache.NewNear(opts{Entries: -1}) }, "negative"},
		{"bytes", func() { cache.NewNear(opts{Bytes: -1, Weigh: weigh}) }, "negative"},
		{"ttl", func() { cache.NewNear(opts{TTL: -1}) }, "negative"},
		{"timeout", func() { cache.NewNear(opts{Timeout: -1}) }, "negative"},
		{"no weigh", func() { cache.NewNear(opts{Bytes: 1}) }, "Weigh"},
		{"float key", func() { cache.NewNear(cache.NearOptions[float64, int]{}) }, "float64"},
		{"interface in key", func() { cache.NewNear(cache.NearOptions[struct{ id any }, int]{}) }, "interface"},
		{"complex in array in key", func() { cache.NewNear(cache.NearOptions[struct{ a [2]complex64 }, int]{}) }, "complex"},
		{"all is well", func() { cache.NewNear(opts{Entries: 1, Bytes: 1, Weigh: weigh, TTL: 1, Timeout: 1}) }, ""},
		{"zero is well", func() { cache.NewNear(cache.NearOptions[objectKey, int]{}) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if p := recover(); (p != nil) != (tt.want != "") || p != nil && !strings.Contains(p.(string), tt.want) {
					t.Errorf("panic %v, want one with %q", p, tt.want)
				}
			}()
			tt.make()
		})
	}
}

// TestHitAllocatesNothing holds the hot path to its promise.
func TestHitAllocatesNothing(t *testing.T) {
	n := cache.NewNear[objectKey, string](cache.NearOptions[objectKey, string]{})
	now := time.Now()
	key := objectKey{"calvin", "manager", 42}
	keep(t, n, key, "yes", now)
	load := answer("no", 0)
	if a := testing.AllocsPerRun(100, func() {
		if v, ok := n.Get(key, now); !ok || v != "yes" {
			t.Fatal("miss")
		}
		if _, ok := n.Get(objectKey{"hobbes", "manager", 42}, now); ok {
			t.Fatal("hit")
		}
		if v, err := n.Load(context.Background(), key, now, load); v != "yes" || err != nil {
			t.Fatal(v, err)
		}
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}
