package password

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestPoolObserved: of each hash it is told how long it waited and worked, and how
// busy the pool is can be seen.
func TestPoolObserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type told struct {
			waited, took time.Duration
			err          error
		}
		var mu sync.Mutex
		var all []told
		h, err := New(Options{Workers: 1, Queue: 1, Observe: func(_ context.Context, waited, took time.Duration, err error) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, told{waited, took, err})
		}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			go func() {
				release, err := h.pool.acquire(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Second)
				release()
			}()
		}
		synctest.Wait()
		if l, want := h.Load(), (Load{Running: 1, Waiting: 1, Workers: 1, Queue: 1}); l != want {
			t.Errorf("%+v", l)
		}
		if _, err := h.pool.acquire(t.Context()); !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		ended, end := context.WithCancel(t.Context())
		end()
		h.pool.acquire(ended)
		want := []told{{0, 0, ErrBusy}, {0, time.Second, nil}, {time.Second, time.Second, nil}}
		if len(all) != 4 || !slices.Equal(all[:3], want) || !errors.Is(all[3].err, context.Canceled) {
			t.Errorf("%+v", all)
		}
		if l, want := h.Load(), (Load{Workers: 1, Queue: 1}); l != want {
			t.Errorf("%+v", l)
		}
	})
}
