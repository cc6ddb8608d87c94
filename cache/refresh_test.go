package cache_test

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// TestRefresh: it loads whatever is kept, which stays until the new answer is there,
// and stays if there is none; it shares the load that is under way; and what is deleted
// meanwhile does not come back.
func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := cache.NewNear(cache.NearOptions[string, int]{})
		loads := 0
		answer := func(v int, err error) func(context.Context) (int, time.Duration, error) {
			return func(context.Context) (int, time.Duration, error) {
				loads++
				time.Sleep(time.Second)
				return v, 0, err
			}
		}
		want := func(what string, v int, ok bool) {
			t.Helper()
			if got, found := n.Get("k", time.Now()); got != v || found != ok {
				t.Errorf("%s: %d, %v", what, got, found)
			}
		}
		refresh := func(v int, err error) int {
			t.Helper()
			got, got2 := n.Refresh(t.Context(), "k", time.Now(), answer(v, err))
			if !errors.Is(got2, err) {
				t.Errorf("the error is %v", got2)
			}
			return got
		}
		if got := refresh(1, nil); got != 1 {
			t.Errorf("the first is %d", got)
		}
		done := make(chan int)
		for range 3 {
			go func() { done <- refresh(2, nil) }()
		}
		synctest.Wait()
		want("under way", 1, true)
		for range 3 {
			if got := <-done; got != 2 {
				t.Errorf("the next is %d", got)
			}
		}
		want("landed", 2, true)
		if loads != 2 {
			t.Errorf("%d loads", loads)
		}
		refresh(0, errors.ErrUnsupported)
		want("failed", 2, true)
		go func() { done <- refresh(3, nil) }()
		synctest.Wait()
		n.Delete("k")
		if got := <-done; got != 3 {
			t.Errorf("those who waited get %d", got)
		}
		want("deleted meanwhile", 0, false)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := n.Refresh(ended, "k", time.Now(), answer(4, nil)); !errors.Is(err, context.Canceled) || loads != 4 {
			t.Errorf("after the end: %v, %d loads", err, loads)
		}
	})
}

// TestRefreshLeavesNoGap: who asks while the answer is being replaced gets the older one or
// the newer one, and never none, also if the keys share a place of the table, and it is full.
func TestRefreshLeavesNoGap(t *testing.T) {
	n := cache.NewNear(cache.NearOptions[int, int]{
		Entries: 3, Bytes: 3 << 10,
		Weigh: func(_, v int) int { return 1 << 10 >> (v & 1) },
		Hash:  func(maphash.Seed, int) uint64 { return 7 },
	})
	now := time.Now()
	refresh := func(k, v int) {
		if _, err := n.Refresh(t.Context(), k, now, func(context.Context) (int, time.Duration, error) { return v, 0, nil }); err != nil {
			t.Error(err)
		}
	}
	for k := range 3 {
		refresh(k, 0)
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for k := range 3 {
		readers.Go(func() {
			for latest := 0; ; {
				select {
				case <-stop:
					return
				default:
				}
				v, ok := n.Get(k, now)
				if !ok || v < latest {
					t.Errorf("key %d: %d, %v after %d", k, v, ok, latest)
					return
				}
				latest = v
			}
		})
	}
	for v := range 20_000 {
		refresh(v%3, v)
	}
	close(stop)
	readers.Wait()
	if n.Len() != 3 || n.Bytes() > 3<<10 {
		t.Errorf("%d entries of %d bytes", n.Len(), n.Bytes())
	}
}
