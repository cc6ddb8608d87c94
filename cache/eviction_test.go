package cache_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fastsimpleauth/fsa/cache"
)

// TestEvictionPrefersUnused: what has been asked for again outlives what has not.
func TestEvictionPrefersUnused(t *testing.T) {
	n := cache.NewNear[int, int](cache.NearOptions[int, int]{Entries: 100})
	now := time.Now()
	for i := range 100 {
		keep(t, n, i, i, now)
	}
	for i := 0; i < 100; i += 2 {
		n.Get(i, now)
	}
	for i := 100; i < 150; i++ {
		keep(t, n, i, i, now)
	}
	for i := range 150 {
		if _, ok := n.Get(i, now); ok != (i >= 100 || i%2 == 0) {
			t.Errorf("%d kept: %t", i, ok)
		}
	}
}

// TestScan: a stream of keys that come once does not wash out those in use.
func TestScan(t *testing.T) {
	n := cache.NewNear[int, int](cache.NearOptions[int, int]{Entries: 100})
	now := time.Now()
	for i := range 50 {
		keep(t, n, i, i, now)
	}
	for scan := 1000; scan < 11000; scan++ {
		for i := range 50 {
			if _, ok := n.Get(i, now); !ok {
				t.Fatalf("%d was evicted by the scan at %d", i, scan)
			}
		}
		keep(t, n, scan, scan, now)
	}
}

// TestExpiredGetsNoSecondChance: use does not protect what has expired.
func TestExpiredGetsNoSecondChance(t *testing.T) {
	n := cache.NewNear[int, int](cache.NearOptions[int, int]{Entries: 2, TTL: time.Minute})
	now := time.Now()
	keep(t, n, 1, 1, now)
	n.Get(1, now)
	now = now.Add(time.Minute)
	keep(t, n, 2, 2, now)
	keep(t, n, 3, 3, now) // 1 goes, though used; not 2, though unused
	if _, ok := n.Get(2, now); !ok {
		t.Error("an expired entry outlived a fresh one")
	}
}

func TestByteBound(t *testing.T) {
	n := cache.NewNear[string, string](cache.NearOptions[string, string]{
		Bytes: 100,
		Weigh: func(k, v string) int {
			if v == "negative" {
				return -1000
			}
			return len(k) + len(v)
		},
	})
	now := time.Now()
	steps := []struct {
		key   string
		value string
		bytes int64
		has   string // which keys, in order of their names
	}{
		{"a", string(make([]byte, 39)), 40, "a"},
		{"b", string(make([]byte, 39)), 80, "ab"},
		{"c", string(make([]byte, 19)), 100, "abc"}, // to the brim
		{"d", "", 61, "bcd"},                        // one more: a goes
		{"e", string(make([]byte, 99)), 100, "e"},   // all go for one
		{"f", string(make([]byte, 100)), 100, "e"},  // too large alone: nothing goes
		{"g", "negative", 100, "eg"},
		{"h", "", 2 - 1, "gh"},
	}
	for _, s := range steps {
		v, err := n.Load(t.Context(), s.key, now, answer(s.value, 0))
		if v != s.value || err != nil {
			t.Fatalf("%s: not handed out: %v", s.key, err)
		}
		has := ""
		n.DeleteFunc(func(k, _ string) bool { has += k; return false })
		r := []rune(has)
		slices.Sort(r)
		if n.Bytes() != s.bytes || string(r) != s.has || n.Len() != len(r) {
			t.Errorf("after %s: %d bytes, Len %d, keys %q, want %d, %q", s.key, n.Bytes(), n.Len(), string(r), s.bytes, s.has)
		}
	}
	// A new answer that is too large takes the old one with it.
	later := now.Add(time.Hour)
	n.Load(t.Context(), "h", later, answer(string(make([]byte, 500)), 0))
	if _, ok := n.Get("h", now); ok || n.Bytes() != 0 {
		t.Errorf("the old answer stayed: %d bytes", n.Bytes())
	}
	n.Clear()
	if n.Bytes() != 0 || n.Len() != 0 {
		t.Errorf("after Clear: %d bytes, Len %d", n.Bytes(), n.Len())
	}
}

// TestBoundsUnderLoad: a million inserts from many writers, with readers and
// deletions, never exceed the bounds.
func TestBoundsUnderLoad(t *testing.T) {
	const writers, entries, bytes = 8, 1000, 5000
	inserts := 1_000_000
	if testing.Short() {
		inserts /= 10
	}
	n := cache.NewNear[int, int](cache.NearOptions[int, int]{
		Entries: entries,
		Bytes:   bytes,
		Weigh:   func(k, _ int) int { return k % 17 },
	})
	now := time.Now()
	stop := make(chan struct{})
	var watch, wg sync.WaitGroup
	watch.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Microsecond):
			}
			if l, b := n.Len(), n.Bytes(); l > entries || b > bytes || b < 0 {
				t.Errorf("Len %d, Bytes %d", l, b)
				return
			}
			n.Get(i, now)
			n.Delete(i * 3)
		}
	})
	for w := range writers {
		wg.Go(func() {
			for i := range inserts / writers {
				k := w*inserts + i
				keep(t, n, k, k, now)
				if v, ok := n.Get(k-i%50, now); ok && v != k-i%50 {
					t.Errorf("%d has the value of %d", k-i%50, v)
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	watch.Wait()
	// What is counted is what is there.
	var l int
	var b int64
	n.DeleteFunc(func(k, _ int) bool { l++; b += int64(k % 17); return false })
	if l != n.Len() || b != n.Bytes() || l == 0 || l > entries || b > bytes {
		t.Errorf("there are %d of %d bytes, counted %d of %d", l, b, n.Len(), n.Bytes())
	}
	if got := n.DeleteFunc(func(int, int) bool { return true }); got != l || n.Len() != 0 || n.Bytes() != 0 {
		t.Errorf("deleted %d of %d, left %d of %d bytes", got, l, n.Len(), n.Bytes())
	}
}

// TestClockModel compares eviction with CLOCK on a plain slice whose first
// element is where the hand points.
func TestClockModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		entries := rapid.IntRange(1, 6).Draw(rt, "entries")
		bytes := rapid.IntRange(1, 30).Draw(rt, "bytes")
		weigh := func(k string, _ int) int { return len(k) }
		n := cache.NewNear[string, int](cache.NearOptions[string, int]{Entries: entries, Bytes: int64(bytes), Weigh: weigh})
		now := time.Now()

		type entry struct {
			key  string
			used bool
		}
		var ring []entry
		sum := func() (b int) {
			for _, e := range ring {
				b += len(e.key)
			}
			return b
		}
		place := func(k string) int { return slices.IndexFunc(ring, func(e entry) bool { return e.key == k }) }
		// Keys of different weights: 1, 2, …, 10 digits.
		key := rapid.Custom(func(t *rapid.T) string {
			k := strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "k"))
			return k + "00000000000000000000"[:2*rapid.IntRange(0, 5).Draw(t, "pad")]
		})
		rt.Repeat(map[string]func(*rapid.T){
			"get": func(rt *rapid.T) {
				k := key.Draw(rt, "key")
				i := place(k)
				if _, ok := n.Get(k, now); ok != (i >= 0) {
					rt.Fatalf("Get(%s) = %t, model %v", k, ok, ring)
				}
				if i >= 0 {
					ring[i].used = true
				}
			},
			"load": func(rt *rapid.T) {
				k := key.Draw(rt, "key")
				if v, err := n.Load(t.Context(), k, now, answer(len(k), 0)); v != len(k) || err != nil {
					rt.Fatal(v, err)
				}
				if i := place(k); i >= 0 {
					ring[i].used = true
					return
				}
				if len(k) > bytes {
					return
				}
				for len(ring) >= entries || sum()+len(k) > bytes {
					for ring[0].used {
						ring = append(ring[1:], entry{key: ring[0].key})
					}
					ring = ring[1:]
				}
				ring = append(ring, entry{key: k})
			},
			"delete": func(rt *rapid.T) {
				k := key.Draw(rt, "key")
				i := place(k)
				if n.Delete(k) != (i >= 0) {
					rt.Fatalf("Delete(%s), model %v", k, ring)
				}
				if i >= 0 {
					ring = slices.Delete(ring, i, i+1)
				}
			},
			"": func(rt *rapid.T) {
				if n.Len() != len(ring) || n.Bytes() != int64(sum()) {
					rt.Fatalf("Len %d, Bytes %d, model %v", n.Len(), n.Bytes(), ring)
				}
			},
		})
	})
}

// TestHeld: what is held is good until it leaves, whichever way, and counts as used
// when it is asked for.
func TestHeld(t *testing.T) {
	now := time.Now()
	for name, leave := range map[string]func(n *cache.Near[int, int]){
		"deleted":  func(n *cache.Near[int, int]) { n.Delete(0) },
		"chosen":   func(n *cache.Near[int, int]) { n.DeleteFunc(func(k, _ int) bool { return k == 0 }) },
		"cleared":  func(n *cache.Near[int, int]) { n.Clear() },
		"replaced": func(n *cache.Near[int, int]) { n.Refresh(t.Context(), 0, now, answer(0, 0)) },
		"evicted":  func(n *cache.Near[int, int]) { keep(t, n, 1, 1, now); keep(t, n, 2, 2, now); keep(t, n, 3, 3, now) },
	} {
		t.Run(name, func(t *testing.T) {
			n := cache.NewNear[int, int](cache.NearOptions[int, int]{Entries: 2, TTL: time.Minute})
			if _, ok := n.Hold(0, now); ok {
				t.Error("what is not kept is held")
			}
			keep(t, n, 0, 7, now)
			h, ok := n.Hold(0, now)
			if !ok {
				t.Fatal("what is kept is not held")
			}
			if v, ok := h.Get(now.Add(time.Minute - 1)); v != 7 || !ok {
				t.Errorf("%d, %t", v, ok)
			}
			if v, ok := h.Get(now.Add(time.Minute)); v != 0 || ok {
				t.Errorf("expired: %d, %t", v, ok)
			}
			if _, ok := n.Hold(0, now.Add(time.Minute)); ok {
				t.Error("what has expired is held")
			}
			leave(n)
			if v, ok := h.Get(now); v != 0 || ok {
				t.Errorf("gone: %d, %t", v, ok)
			}
			keep(t, n, 0, 8, now)
			if v, ok := h.Get(now); v != 0 || ok {
				t.Errorf("another answer for the key: %d, %t", v, ok)
			}
		})
	}
	if _, ok := (cache.Held[int, int]{}).Get(now); ok {
		t.Error("nothing is held")
	}

	n := cache.NewNear[int, int](cache.NearOptions[int, int]{Entries: 100})
	var held []cache.Held[int, int]
	for i := range 100 {
		keep(t, n, i, i, now)
		h, _ := n.Hold(i, now)
		held = append(held, h)
	}
	for i := 100; i < 200; i++ {
		keep(t, n, i, i, now)
		for _, h := range held[:50] {
			h.Get(now)
		}
	}
	for i, h := range held {
		// When the first had to leave, all had been asked for.
		if _, ok := h.Get(now); ok != (0 < i && i < 50) {
			t.Errorf("%d is kept: %t", i, ok)
		}
	}
}
