package cache_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// TestDisown: what a deletion took away does not come back with a load that
// was on its way.
func TestDisown(t *testing.T) {
	tests := []struct {
		name   string
		delete func(n *cache.Near[string, int])
		other  bool // another key's load is disowned too
	}{
		{"Delete", func(n *cache.Near[string, int]) { n.Delete("k") }, false},
		{"DeleteFunc", func(n *cache.Near[string, int]) { n.DeleteFunc(func(string, int) bool { return false }) }, true},
		{"Clear", func(n *cache.Near[string, int]) { n.Clear() }, true},
	}
	for _, tt := range tests {
		for _, newEndsFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, newer load ends first %t", tt.name, newEndsFirst), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					n := newNear(0)
					var wg sync.WaitGroup
					load := func(key string, v int, end <-chan struct{}, want int) {
						wg.Go(func() {
							got, err := n.Load(t.Context(), key, time.Now(), func(context.Context) (int, time.Duration, error) {
								<-end
								return v, 0, nil
							})
							if got != want || err != nil {
								t.Errorf("%s: got %d, %v, want %d", key, got, err, want)
							}
						})
						synctest.Wait()
					}
					oldEnd, newEnd := make(chan struct{}), make(chan struct{})
					load("k", 1, oldEnd, 1)
					load("k", 99, oldEnd, 1) // joins
					load("other", 1, oldEnd, 1)
					tt.delete(n)
					load("k", 2, newEnd, 2)  // must not join the old one
					load("k", 99, newEnd, 2) // joins the new one
					ends := []chan struct{}{oldEnd, newEnd}
					if newEndsFirst {
						ends[0], ends[1] = newEnd, oldEnd
					}
					close(ends[0])
					synctest.Wait()
					if v, ok := n.Get("k", time.Now()); ok != newEndsFirst || ok && v != 2 {
						t.Errorf("after the first end: %d, %t", v, ok)
					}
					close(ends[1])
					wg.Wait()
					if v, ok := n.Get("k", time.Now()); v != 2 || !ok {
						t.Errorf("in the end: %d, %t", v, ok)
					}
					if _, ok := n.Get("other", time.Now()); ok == tt.other {
						t.Errorf("other key kept: %t", ok)
					}
				})
			})
		}
	}
}

// TestRevocationRace: once the source has revoked and Delete has returned,
// nobody sees the old answer any more, whatever loads were running.
func TestRevocationRace(t *testing.T) {
	n := newNear(0)
	now := time.Now()
	var version atomic.Int64
	read := func(context.Context) (int, time.Duration, error) {
		v := int(version.Load())
		if v%2 == 0 {
			for range 20 { // read early, land late
				runtime.Gosched()
			}
		}
		return v, 0, nil
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				n.Load(t.Context(), "k", now, read)
			}
		})
	}
	for i := range 200 {
		want := int(version.Add(1))
		switch i % 3 {
		case 0:
			n.Delete("k")
		case 1:
			n.DeleteFunc(func(k string, _ int) bool { return k == "k" })
		default:
			n.Clear()
		}
		if got, err := n.Load(t.Context(), "k", now, read); got != want || err != nil {
			t.Errorf("after revocation %d: answer %d, %v", want, got, err)
			break
		}
	}
	close(stop)
	wg.Wait()
}

func TestDelete(t *testing.T) {
	n := newNear(0)
	now := time.Now()
	for i, k := range []string{"a", "b", "c", "d"} {
		keep(t, n, k, i, now)
	}
	if !n.Delete("a") || n.Delete("a") || n.Delete("nope") {
		t.Error("Delete does not say whether there was something")
	}
	// The callback may use the Near; what it replaces stays and is not counted.
	got := n.DeleteFunc(func(k string, v int) bool {
		if k == "b" {
			n.Delete("b")
			n.Load(t.Context(), "b", now, answer(9, 0))
		}
		return v < 3
	})
	if got != 1 { // c
		t.Errorf("DeleteFunc = %d", got)
	}
	for k, want := range map[string]bool{"a": false, "b": true, "c": false, "d": true} {
		if _, ok := n.Get(k, now); ok != want {
			t.Errorf("%s: %t", k, ok)
		}
	}
	n.Clear()
	if _, ok := n.Get("d", now); ok || n.Len() != 0 {
		t.Error("Clear left something")
	}
	keep(t, n, "d", 1, now)
	if n.Len() != 1 {
		t.Error("cannot be used after Clear")
	}
}
