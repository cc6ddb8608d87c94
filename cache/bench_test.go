package cache_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// objectKey is the key of an object permission, as the framework makes it.
type objectKey struct {
	login, mode string
	id          int
}

const benchKeys = 1024

func benchKey(i int) objectKey {
	return objectKey{"user" + strconv.Itoa(i%64), "manager", i}
}

func keyList() []objectKey {
	keys := make([]objectKey, benchKeys)
	for i := range keys {
		keys[i] = benchKey(i)
	}
	return keys
}

// BenchmarkHit compares a hit of Near with what one would write by hand: a map
// under a RWMutex and a sync.Map, both with the same check of the expiry.
func BenchmarkHit(b *testing.B) {
	type kept struct {
		ok      bool
		expires time.Time
	}
	now := time.Now()
	expires := now.Add(time.Hour)
	keys := keyList()

	n := cache.NewNear[objectKey, bool](cache.NearOptions[objectKey, bool]{})
	var mu sync.RWMutex
	plain := make(map[objectKey]kept)
	var synced sync.Map
	for _, k := range keys {
		keep(b, n, k, true, now)
		plain[k] = kept{true, expires}
		synced.Store(k, &kept{true, expires})
	}
	byNear := func(i int) bool {
		ok, found := n.Get(keys[i%benchKeys], now)
		return ok && found
	}
	byMutex := func(i int) bool {
		mu.RLock()
		e, found := plain[keys[i%benchKeys]]
		mu.RUnlock()
		return found && e.ok && now.Before(e.expires)
	}
	bySyncMap := func(i int) bool {
		v, found := synced.Load(keys[i%benchKeys])
		if !found {
			return false
		}
		e := v.(*kept)
		return e.ok && now.Before(e.expires)
	}
	// One loop each: a call through a variable would cost what is measured.
	b.Run("near", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if !byNear(i) {
				b.Fatal("miss")
			}
		}
	})
	b.Run("rwmutex", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if !byMutex(i) {
				b.Fatal("miss")
			}
		}
	})
	b.Run("syncmap", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if !bySyncMap(i) {
				b.Fatal("miss")
			}
		}
	})
	for _, way := range []struct {
		name string
		hit  func(int) bool
	}{{"near", byNear}, {"rwmutex", byMutex}, {"syncmap", bySyncMap}} {
		b.Run(way.name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				for i := 0; p.Next(); i++ {
					if !way.hit(i) {
						b.Error("miss")
						return
					}
				}
			})
		})
	}
}

// BenchmarkMiss is a load whose hook costs nothing, into a full cache.
func BenchmarkMiss(b *testing.B) {
	n := cache.NewNear[objectKey, bool](cache.NearOptions[objectKey, bool]{Entries: benchKeys})
	now := time.Now()
	load := func(context.Context) (bool, time.Duration, error) { return true, 0, nil }
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n.Load(b.Context(), objectKey{"calvin", "manager", i}, now, load)
	}
}

func BenchmarkOnce(b *testing.B) {
	o := cache.NewMemoryOnce(1 << 20)
	until := time.Now().Add(100 * time.Millisecond)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%1024 == 0 {
			until = time.Now().Add(100 * time.Millisecond)
		}
		if _, err := o.Use(b.Context(), strconv.Itoa(i), until); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCounter(b *testing.B) {
	c := cache.NewMemoryCounter(0)
	b.ReportAllocs()
	for b.Loop() {
		c.Add(b.Context(), "calvin", 1, time.Minute)
	}
}

func BenchmarkKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		cache.Key("acme", "calvin", "store", "42", "manager")
	}
}
