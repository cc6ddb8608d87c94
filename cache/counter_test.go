package cache_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/fastsimpleauth/fsa/cache"
)

// TestCounterParallel: 1,000 concurrent events get 1,000 different counts. S18
func TestCounterParallel(t *testing.T) {
	c := cache.NewMemoryCounter(10)
	counts := make([]int64, 1000)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range counts {
		wg.Go(func() {
			<-start
			var err error
			if counts[i], err = c.Add(t.Context(), "k", 1, time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
	slices.Sort(counts)
	for i, n := range counts {
		if n != int64(i+1) {
			t.Fatalf("count %d at place %d", n, i+1)
		}
	}
}

func TestCounterAdd(t *testing.T) {
	tests := []struct {
		name string
		adds []int64
		want []int64
	}{
		{"ones", []int64{1, 1, 1}, []int64{1, 2, 3}},
		{"several", []int64{5, 7}, []int64{5, 12}},
		{"zero asks", []int64{0, 1, 0}, []int64{0, 1, 1}},
		{"taken back", []int64{3, -1, -1, 1}, []int64{3, 2, 1, 2}},
		{"not below zero", []int64{3, -5, 1}, []int64{3, 0, 1}},
		{"no credit", []int64{-5, 1}, []int64{0, 1}},
		{"does not wrap", []int64{math.MaxInt64, 1, math.MaxInt64}, []int64{math.MaxInt64, math.MaxInt64, math.MaxInt64}},
		{"far down", []int64{3, math.MinInt64, 1}, []int64{3, 0, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := cache.NewMemoryCounter(1)
			for i, n := range tt.adds {
				got, err := c.Add(t.Context(), "k", n, time.Hour)
				if got != tt.want[i] || err != nil {
					t.Errorf("Add(%d) = %d, %v, want %d", n, got, err, tt.want[i])
				}
				if got, err := c.Get(t.Context(), "k"); got != tt.want[i] || err != nil {
					t.Errorf("Get = %d, %v, want %d", got, err, tt.want[i])
				}
			}
		})
	}
}

func TestCounterWindow(t *testing.T) {
	for _, window := range []time.Duration{0, -1} {
		c := cache.NewMemoryCounter(1)
		if n, err := c.Add(t.Context(), "k", 1, window); err == nil || n != 0 {
			t.Errorf("window %v: %d, %v", window, n, err)
		}
	}
	c := cache.NewMemoryCounter(1)
	if n, err := c.Add(t.Context(), "k", 1, math.MaxInt64); n != 1 || err != nil {
		t.Errorf("longest window: %d, %v", n, err)
	}
	if n, _ := c.Get(t.Context(), "k"); n != 1 {
		t.Errorf("longest window: then %d", n)
	}
}

// TestCounterFull: a full Counter refuses new keys and goes on with the old.
func TestCounterFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const entries = 10
		c := cache.NewMemoryCounter(entries)
		for i := range entries {
			c.Add(t.Context(), fmt.Sprint(i), 1, time.Minute)
		}
		for i := range 100 {
			if n, err := c.Add(t.Context(), fmt.Sprint("more", i), 1, time.Hour); n != 0 || !errors.Is(err, cache.ErrFull) {
				t.Fatalf("full: %d, %v", n, err)
			}
		}
		for i := range entries {
			if n, err := c.Add(t.Context(), fmt.Sprint(i), 1, time.Minute); n != 2 || err != nil {
				t.Errorf("%d: %d, %v", i, n, err)
			}
		}
		c.Reset(t.Context(), "3")
		if n, err := c.Add(t.Context(), "new", 1, time.Minute); n != 1 || err != nil {
			t.Errorf("after a Reset: %d, %v", n, err)
		}
	})
}

// TestCounterModel compares with a map, over random events and passing time.
func TestCounterModel(t *testing.T) {
	type count struct {
		n   int64
		end time.Time
	}
	keys := []string{"a", "b", "c", "d", "e", "f"}
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(rt *rapid.T) {
			const entries = 4
			c := cache.NewMemoryCounter(entries)
			model := make(map[string]count)
			forget := func() {
				for k, e := range model {
					if !time.Now().Before(e.end) {
						delete(model, k)
					}
				}
			}
			rt.Repeat(map[string]func(*rapid.T){
				"add": func(rt *rapid.T) {
					k := rapid.SampledFrom(keys).Draw(rt, "key")
					n := rapid.Int64Range(-2, 4).Draw(rt, "n")
					window := time.Duration(rapid.IntRange(1, 20).Draw(rt, "window")) * time.Second
					var wantErr error
					e, ok := model[k]
					switch {
					case ok:
						e.n = max(0, e.n+n)
						model[k] = e
					case n <= 0:
					case len(model) == entries:
						wantErr = cache.ErrFull
					default:
						e = count{n, time.Now().Add(window)}
						model[k] = e
					}
					if got, err := c.Add(t.Context(), k, n, window); got != e.n || err != wantErr {
						rt.Fatalf("Add(%s, %d) = %d, %v, want %d, %v", k, n, got, err, e.n, wantErr)
					}
				},
				"reset": func(rt *rapid.T) {
					k := rapid.SampledFrom(keys).Draw(rt, "key")
					delete(model, k)
					if err := c.Reset(t.Context(), k); err != nil {
						rt.Fatal(err)
					}
				},
				"advance": func(rt *rapid.T) {
					time.Sleep(time.Duration(rapid.IntRange(1, 10).Draw(rt, "seconds")) * time.Second)
					forget()
				},
				"": func(rt *rapid.T) {
					for _, k := range keys {
						if got, err := c.Get(t.Context(), k); got != model[k].n || err != nil {
							rt.Fatalf("Get(%s) = %d, %v, want %d", k, got, err, model[k].n)
						}
					}
				},
			})
		})
	})
}
