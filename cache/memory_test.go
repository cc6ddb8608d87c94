package cache_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// look gets from a cache that cannot fail.
func look(t testing.TB, c cache.Cache, key string) (string, bool) {
	t.Helper()
	v, ok, err := c.Get(t.Context(), key)
	if err != nil || !ok && v != nil {
		t.Fatalf("Get(%q) = %q, %t, %v", key, v, ok, err)
	}
	return string(v), ok
}

func TestMemoryTTL(t *testing.T) {
	for _, tt := range []struct {
		ttl  time.Duration
		kept bool
	}{{time.Second, true}, {time.Hour, true}, {1, true}, {0, false}, {-time.Second, false}} {
		t.Run(tt.ttl.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := cache.NewMemory(10)
				m.Set(t.Context(), "k", []byte("old"), time.Hour)
				if err := m.Set(t.Context(), "k", []byte("new"), tt.ttl); err != nil {
					t.Fatal(err)
				}
				if v, ok := look(t, m, "k"); ok != tt.kept || ok && v != "new" {
					t.Fatalf("at once: %q, %t", v, ok)
				}
				if !tt.kept {
					return
				}
				time.Sleep(tt.ttl - 1)
				if _, ok := look(t, m, "k"); !ok {
					t.Error("expired too early")
				}
				time.Sleep(1 * time.Nanosecond)
				if v, ok := look(t, m, "k"); ok {
					t.Errorf("%q outlived its TTL", v)
				}
			})
		})
	}
}

func TestMemoryDelete(t *testing.T) {
	m := cache.NewMemory(0)
	for _, k := range []string{"a", "b", "", strings.Repeat("long", 100)} {
		if _, ok := look(t, m, k); ok {
			t.Errorf("%q is there", k)
		}
		m.Set(t.Context(), k, []byte(k), time.Hour)
		if v, ok := look(t, m, k); v != k || !ok {
			t.Errorf("%q: %q, %t", k, v, ok)
		}
	}
	for range 2 {
		if err := m.Delete(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	}
	if _, ok := look(t, m, "a"); ok {
		t.Error("a is still there")
	}
	if _, ok := look(t, m, "b"); !ok {
		t.Error("b has gone with a")
	}
	if err := m.Clear(t.Context()); err != nil {
		t.Error(err)
	}
	if _, ok := look(t, m, "b"); ok {
		t.Error("Clear left b")
	}
}

// TestMemoryCopies: nobody changes what is kept through a slice of theirs.
func TestMemoryCopies(t *testing.T) {
	m := cache.NewMemory(10)
	in := []byte("yes")
	m.Set(t.Context(), "k", in, time.Hour)
	copy(in, "no!")
	out, _, _ := m.Get(t.Context(), "k")
	copy(out, "no!")
	if v, _ := look(t, m, "k"); v != "yes" {
		t.Errorf("changed to %q", v)
	}
}

func TestMemoryBound(t *testing.T) {
	m := cache.NewMemory(50)
	for i := range 1000 {
		m.Set(t.Context(), fmt.Sprint(i), nil, time.Hour)
		look(t, m, "7") // in use, so it stays
	}
	n := 0
	for i := range 1000 {
		if _, ok := look(t, m, fmt.Sprint(i)); ok {
			n++
		}
	}
	if _, ok := look(t, m, "7"); n != 50 || !ok {
		t.Errorf("%d entries, 7 among them: %t", n, ok)
	}
}

// TestMemoryLongKeys: the stores digest long keys; none of them is mixed up
// with another, nor with a short key that looks like a digest. S81
func TestMemoryLongKeys(t *testing.T) {
	long := strings.Repeat("x", 5000)
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(long)))
	keys := []string{"x", long, long + "y", long[:63], long[:64], long[:65], digest, digest[:63]}
	m := cache.NewMemory(100)
	c := cache.NewMemoryCounter(100)
	for i, k := range keys {
		m.Set(t.Context(), k, []byte(k), time.Hour)
		c.Add(t.Context(), k, int64(i+1), time.Hour)
	}
	for i, k := range keys {
		if v, ok := look(t, m, k); v != k || !ok {
			t.Errorf("%.70q: got %.70q, %t", k, v, ok)
		}
		if got, _ := c.Get(t.Context(), k); got != int64(i+1) {
			t.Errorf("%.70q counts %d, want %d", k, got, i+1)
		}
	}
}

func TestMemoryRace(t *testing.T) {
	m := cache.NewMemory(20)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				k := fmt.Sprint((i * (w + 1)) % 40)
				switch i % 10 {
				case 0:
					m.Set(context.Background(), k, []byte(k), time.Hour)
				case 7:
					m.Delete(context.Background(), k)
				default:
					if v, ok := look(t, m, k); ok && v != k {
						t.Errorf("%s has %s", k, v)
					}
				}
				if i%500 == 0 {
					m.Clear(context.Background())
				}
			}
		})
	}
	wg.Wait()
}
