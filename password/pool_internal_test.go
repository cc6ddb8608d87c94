package password

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
)

func TestPoolBounds(t *testing.T) { // S10
	for _, size := range []struct{ workers, queue, callers int }{{1, 1, 5}, {1, 4, 4}, {2, 3, 10}, {4, 1, 100}} {
		synctest.Test(t, func(t *testing.T) {
			p := newPool(size.workers, size.queue)
			var running, done, busy atomic.Int64
			for range size.callers {
				go func() {
					release, err := p.acquire(t.Context())
					if err != nil {
						if !errors.Is(err, ErrBusy) {
							t.Errorf("acquire: %v", err)
						}
						busy.Add(1)
						return
					}
					defer release()
					if n := int(running.Add(1)); n > size.workers {
						t.Errorf("%+v: %d run at once", size, n)
					}
					time.Sleep(time.Second)
					running.Add(-1)
					done.Add(1)
				}()
			}
			synctest.Wait()
			if got, want := int(running.Load()), min(size.workers, size.callers); got != want {
				t.Errorf("%+v: %d run, want %d", size, got, want)
			}
			fit := min(size.callers, size.workers+size.queue)
			if got, want := int(busy.Load()), size.callers-fit; got != want {
				t.Errorf("%+v: %d were refused at once, want %d", size, got, want)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if got := int(done.Load()); got != fit {
				t.Errorf("%+v: %d have worked, want %d", size, got, fit)
			}
			if len(p.places) != 0 || len(p.slots) != 0 {
				t.Errorf("%+v: %d places and %d slots are still held", size, len(p.places), len(p.slots))
			}
		})
	}
}

func TestPoolWaitEndsWithContext(t *testing.T) { // S10
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, 1)
		release, err := p.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if _, err := p.acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("acquire: %v", err)
		}
		if waited := time.Since(start); waited != time.Minute {
			t.Errorf("waited %v, want one minute", waited)
		}
		// Who left has left no trace: the place can be taken again.
		got := make(chan error)
		go func() {
			release, err := p.acquire(t.Context())
			if err == nil {
				release()
			}
			got <- err
		}()
		synctest.Wait()
		release()
		if err := <-got; err != nil {
			t.Errorf("acquire after a cancelled one: %v", err)
		}
		if len(p.places) != 0 || len(p.slots) != 0 {
			t.Errorf("%d places and %d slots are still held", len(p.places), len(p.slots))
		}
	})
}

func TestPoolEndedContextGetsNoSlot(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := newPool(1, 1)
	for range 100 { // a select would pick one at random
		if _, err := p.acquire(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("acquire: %v", err)
		}
	}
}

// TestBusyHasher fills a hasher and asks everything of it.
func TestBusyHasher(t *testing.T) { // S10
	h, err := New(Options{Params: map[string]int{"memory": 64, "time": 1}, InsecureLowCost: true, Workers: 1, Queue: 1})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := h.Hash(t.Context(), "hobbes")
	if err != nil {
		t.Fatal(err)
	}
	h.pool.places <- struct{}{}
	h.pool.places <- struct{}{}

	_, errVerify := h.Verify(t.Context(), "hobbes", hash)
	_, errEmpty := h.Verify(t.Context(), "hobbes", "")
	_, errHash := h.Hash(t.Context(), "hobbes")
	for name, err := range map[string]error{
		"Verify": errVerify, "Verify of no hash": errEmpty, "Hash": errHash, "Dummy": h.Dummy(t.Context(), "hobbes"),
	} {
		var e *httperr.Error
		if !errors.Is(err, ErrBusy) || !errors.As(err, &e) {
			t.Errorf("%s: got %v, want ErrBusy", name, err)
			continue
		}
		if e.Status != 503 || e.Header.Get("Retry-After") != "1" || e.Public == "" {
			t.Errorf("%s: the client gets %+v", name, e)
		}
	}

	// What needs no worker does not wait for one: caps come before the work.
	if _, err := h.Verify(t.Context(), "hobbes", "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"); !errors.Is(err, ErrTooCostly) {
		t.Errorf("a costly hash: %v", err)
	}
	if _, err := h.Hash(t.Context(), ""); errors.Is(err, ErrBusy) {
		t.Errorf("an empty password waits: %v", err)
	}
	if h.NeedsRehash(hash) {
		t.Error("NeedsRehash of an own hash")
	}

	<-h.pool.places
	<-h.pool.places
	if ok, err := h.Verify(t.Context(), "hobbes", hash); !ok || err != nil {
		t.Errorf("Verify after the flood: %v, %v", ok, err)
	}
}

func TestDefaultsOfThePool(t *testing.T) {
	h, err := New(Options{Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	if cap(h.pool.slots) != 3 || cap(h.pool.places) != 3+3*queuePerWorker {
		t.Errorf("%d slots, %d places", cap(h.pool.slots), cap(h.pool.places))
	}
	h, err = New(Options{Workers: 3, Queue: 1})
	if err != nil {
		t.Fatal(err)
	}
	if cap(h.pool.places) != 4 {
		t.Errorf("%d places", cap(h.pool.places))
	}
}
