package cache_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/fastsimpleauth/fsa/cache"
)

// TestOnceParallel: of 100 concurrent uses exactly one is the first. S25
func TestOnceParallel(t *testing.T) {
	o := cache.NewMemoryOnce(100)
	until := time.Now().Add(time.Hour)
	for round := range 50 {
		var firsts atomic.Int32
		var wg sync.WaitGroup
		start := make(chan struct{})
		for range 100 {
			wg.Go(func() {
				<-start
				first, err := o.Use(t.Context(), fmt.Sprint(round), until)
				if err != nil {
					t.Error(err)
				}
				if first {
					firsts.Add(1)
				}
			})
		}
		close(start)
		wg.Wait()
		if firsts.Load() != 1 {
			t.Fatalf("round %d: %d firsts", round, firsts.Load())
		}
	}
}

// TestOnceFull: a full Once refuses the new and remembers the old.
func TestOnceFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const entries = 10
		o := cache.NewMemoryOnce(entries)
		for i := range entries {
			until := time.Now().Add(time.Duration(i+1) * time.Second)
			if first, err := o.Use(t.Context(), fmt.Sprint(i), until); !first || err != nil {
				t.Fatal(i, first, err)
			}
		}
		for i := range 100 {
			first, err := o.Use(t.Context(), fmt.Sprint("more", i), time.Now().Add(time.Hour))
			if first || !errors.Is(err, cache.ErrFull) {
				t.Fatalf("full: %t, %v", first, err)
			}
		}
		for i := range entries {
			if used, _ := o.Used(t.Context(), fmt.Sprint(i)); !used {
				t.Errorf("%d was forgotten", i)
			}
			if first, err := o.Use(t.Context(), fmt.Sprint(i), time.Now().Add(time.Nanosecond)); first || err != nil {
				t.Errorf("%d again: %t, %v", i, first, err)
			}
		}
		time.Sleep(time.Second) // the first one ends: room for one
		for i, want := range []error{nil, cache.ErrFull} {
			if first, err := o.Use(t.Context(), fmt.Sprint("later", i), time.Now().Add(time.Hour)); first != (want == nil) || err != want {
				t.Errorf("later %d: %t, %v", i, first, err)
			}
		}
	})
}

// TestOnceProlonged: a mark that was prolonged does not hide one that ends.
func TestOnceProlonged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := cache.NewMemoryOnce(2)
		start := time.Now()
		o.Use(t.Context(), "a", start.Add(time.Second))
		o.Use(t.Context(), "b", start.Add(2*time.Second))
		o.Use(t.Context(), "a", start.Add(time.Minute))
		time.Sleep(2 * time.Second)
		if first, err := o.Use(t.Context(), "c", start.Add(time.Minute)); !first || err != nil {
			t.Errorf("b has ended, but: %t, %v", first, err)
		}
		if used, _ := o.Used(t.Context(), "a"); !used {
			t.Error("a was forgotten before its time")
		}
	})
}

// TestOnceModel compares with a map of times, over random uses and passing time.
func TestOnceModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(rt *rapid.T) {
			const entries = 4
			o := cache.NewMemoryOnce(entries)
			model := make(map[string]time.Time)
			key := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"})
			live := func() (n int) {
				for _, until := range model {
					if time.Now().Before(until) {
						n++
					}
				}
				return n
			}
			rt.Repeat(map[string]func(*rapid.T){
				"use": func(rt *rapid.T) {
					k := key.Draw(rt, "key")
					until := time.Now().Add(time.Duration(rapid.IntRange(-2, 20).Draw(rt, "until")) * time.Second)
					if rapid.Bool().Draw(rt, "wall") {
						until = until.UTC().Round(0) // as from a token
					}
					var wantFirst bool
					var wantErr error
					switch {
					case !until.After(time.Now()):
					case time.Now().Before(model[k]):
						if until.After(model[k]) {
							model[k] = until
						}
					case live() == entries:
						wantErr = cache.ErrFull
					default:
						wantFirst = true
						model[k] = until
					}
					if first, err := o.Use(t.Context(), k, until); first != wantFirst || err != wantErr {
						rt.Fatalf("Use(%s, %v) = %t, %v, want %t, %v", k, until, first, err, wantFirst, wantErr)
					}
				},
				"advance": func(rt *rapid.T) {
					time.Sleep(time.Duration(rapid.IntRange(1, 10).Draw(rt, "seconds")) * time.Second)
				},
				"": func(rt *rapid.T) {
					for _, k := range []string{"a", "b", "c", "d", "e", "f"} {
						want := time.Now().Before(model[k])
						if used, err := o.Used(t.Context(), k); used != want || err != nil {
							rt.Fatalf("Used(%s) = %t, %v, want %t", k, used, err, want)
						}
					}
				},
			})
		})
	})
}
