package cache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/fastsimpleauth/fsa/cache"
)

// outcome is how a load of the model ends.
type outcome struct {
	value int
	keep  time.Duration
	err   error
}

// modelFlight is a load that has begun and not ended: of what key, when it
// began, whether its answer is still wanted, and who waits for it.
type modelFlight struct {
	key     int
	began   time.Time
	current bool
	end     chan outcome
	waiters []chan outcome
}

type modelEntry struct {
	value   int
	expires time.Time
}

// nearModel is what Near is meant to be, without concurrency: a plain map, and
// a list of the loads in flight, whose ends the test decides.
type nearModel struct {
	ttl     time.Duration
	near    *cache.Near[int, int]
	kept    map[int]modelEntry
	flights []*modelFlight
	held    []modelHeld
}

// modelHeld is an answer that is held, and what the model has of it: values are
// never the same twice.
type modelHeld struct {
	held  cache.Held[int, int]
	key   int
	value int
}

func (m *nearModel) get(key int) (int, bool) {
	e, ok := m.kept[key]
	return e.value, ok && time.Now().Before(e.expires)
}

// joinable is the flight that a call for key joins now.
func (m *nearModel) joinable(key int) *modelFlight {
	for _, f := range m.flights {
		if f.key == key && f.current && time.Now().Before(f.began.Add(m.ttl)) {
			return f
		}
	}
	return nil
}

func (m *nearModel) disown(of func(key int) bool) {
	for _, f := range m.flights {
		if of(f.key) {
			f.current = false
		}
	}
}

// TestNearModel compares Near with the model over random histories of calls,
// ends of loads, deletions and passing time.
func TestNearModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(rt *rapid.T) { checkNear(t, rt) })
	})
}

// inBubble hides T.Deadline, which rapid calls and a bubble does not allow.
type inBubble struct{ testing.TB }

func checkNear(t *testing.T, rt *rapid.T) {
	const ttl = 10 * time.Second
	m := &nearModel{
		ttl:  ttl,
		near: cache.NewNear[int, int](cache.NearOptions[int, int]{TTL: ttl, Timeout: 1000 * time.Hour}),
		kept: make(map[int]modelEntry),
	}
	serial := 0
	broken := errors.New("broken")
	key := rapid.IntRange(0, 3)

	// Rapid ends a history early by a panic: no load may be left behind then.
	quit := make(chan struct{})
	defer synctest.Wait()
	defer close(quit)

	end := func(rt *rapid.T, i int, o outcome) {
		f := m.flights[i]
		m.flights = append(m.flights[:i], m.flights[i+1:]...)
		f.end <- o
		synctest.Wait()
		for _, w := range f.waiters {
			select {
			case got := <-w:
				if !errors.Is(got.err, o.err) || o.err == nil && (got.err != nil || got.value != o.value) {
					rt.Fatalf("key %d: got %v, want %v", f.key, got, o)
				}
			default:
				rt.Fatalf("key %d: a waiter did not get %v", f.key, o)
			}
		}
		if f.current && o.err == nil {
			delete(m.kept, f.key)
			if o.keep >= 0 {
				if o.keep == 0 || o.keep > ttl {
					o.keep = ttl
				}
				m.kept[f.key] = modelEntry{o.value, f.began.Add(o.keep)}
			}
		}
	}

	rt.Repeat(map[string]func(*rapid.T){
		"load": func(rt *rapid.T) {
			k := key.Draw(rt, "key")
			f := m.joinable(k)
			want, hit := m.get(k)
			ends := make(chan outcome)
			waiter := make(chan outcome, 1)
			began := false
			go func() {
				v, err := m.near.Load(t.Context(), k, time.Now(), func(context.Context) (int, time.Duration, error) {
					began = true
					select {
					case o := <-ends:
						return o.value, o.keep, o.err
					case <-quit:
						return 0, 0, broken
					}
				})
				waiter <- outcome{value: v, err: err}
			}()
			synctest.Wait()
			if began != (!hit && f == nil) {
				rt.Fatalf("key %d: began %t, hit %t, joinable %v", k, began, hit, f)
			}
			switch {
			case hit:
				if got := <-waiter; got.value != want || got.err != nil {
					rt.Fatalf("key %d: hit %v, want %d", k, got, want)
				}
			case f != nil:
				f.waiters = append(f.waiters, waiter)
			default:
				for _, old := range m.flights {
					if old.key == k {
						old.current = false
					}
				}
				m.flights = append(m.flights, &modelFlight{k, time.Now(), true, ends, []chan outcome{waiter}})
			}
		},
		"end": func(rt *rapid.T) {
			if len(m.flights) == 0 {
				rt.Skip()
			}
			serial++
			o := outcome{
				value: serial,
				keep:  time.Duration(rapid.IntRange(-1, 12).Draw(rt, "keep")) * time.Second,
			}
			if rapid.IntRange(0, 4).Draw(rt, "fail") == 0 {
				o.err = broken
			}
			end(rt, rapid.IntRange(0, len(m.flights)-1).Draw(rt, "flight"), o)
		},
		"leave": func(rt *rapid.T) {
			k := key.Draw(rt, "key")
			if _, hit := m.get(k); hit || m.joinable(k) == nil {
				rt.Skip()
			}
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan error, 1)
			go func() {
				_, err := m.near.Load(ctx, k, time.Now(), nil)
				left <- err
			}()
			synctest.Wait()
			cancel()
			if err := <-left; !errors.Is(err, context.Canceled) {
				rt.Fatalf("key %d: left with %v", k, err)
			}
		},
		"hold": func(rt *rapid.T) {
			k := key.Draw(rt, "key")
			want, hit := m.get(k)
			h, ok := m.near.Hold(k, time.Now())
			if ok != hit {
				rt.Fatalf("Hold(%d) = %t, want %t", k, ok, hit)
			}
			if ok {
				m.held = append(m.held, modelHeld{h, k, want})
			}
		},
		"delete": func(rt *rapid.T) {
			k := key.Draw(rt, "key")
			_, had := m.kept[k]
			if m.near.Delete(k) != had {
				rt.Fatalf("Delete(%d), had %t", k, had)
			}
			delete(m.kept, k)
			m.disown(func(key int) bool { return key == k })
		},
		"deleteFunc": func(rt *rapid.T) {
			odd := rapid.IntRange(0, 1).Draw(rt, "odd")
			want := 0
			for k, e := range m.kept {
				if e.value%2 == odd {
					delete(m.kept, k)
					want++
				}
			}
			if got := m.near.DeleteFunc(func(_, v int) bool { return v%2 == odd }); got != want {
				rt.Fatalf("DeleteFunc = %d, want %d", got, want)
			}
			m.disown(func(int) bool { return true })
		},
		"clear": func(rt *rapid.T) {
			m.near.Clear()
			clear(m.kept)
			m.disown(func(int) bool { return true })
		},
		"advance": func(rt *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 8).Draw(rt, "seconds")) * time.Second)
		},
		"": func(rt *rapid.T) {
			if m.near.Len() != len(m.kept) {
				rt.Fatalf("Len = %d, model %v", m.near.Len(), m.kept)
			}
			for _, h := range m.held {
				v, kept := m.get(h.key)
				kept = kept && v == h.value
				if got, ok := h.held.Get(time.Now()); ok != kept || ok && got != h.value {
					rt.Fatalf("held of %d: %d, %t, want %d, %t", h.key, got, ok, h.value, kept)
				}
			}
			for k := range 4 {
				want, wantOK := m.get(k)
				if got, ok := m.near.Get(k, time.Now()); ok != wantOK || ok && got != want {
					rt.Fatalf("Get(%d) = %d, %t, want %d, %t", k, got, ok, want, wantOK)
				}
			}
		},
	})
	for len(m.flights) > 0 {
		end(rt, 0, outcome{err: broken})
	}
}
