package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// flight is one load that any number of callers wait for. value and err are
// written before done is closed, and read after it.
type flight[V any] struct {
	began time.Time       // the now of the call that began it
	ctx   context.Context // the load's own: ends with its time-out, not with a caller
	done  chan struct{}
	value V
	err   error
}

// PanicError is what [Near.Load] returns when the load has panicked. It does
// not unwrap to Value even if that is an error: a panic is a fault, not the
// answer that a sentinel would stand for.
type PanicError struct {
	Value any    // what it panicked with
	Stack []byte // where, as by [debug.Stack]
}

// Error gives the value without the stack. It is for logs.
func (e *PanicError) Error() string {
	return fmt.Sprintf("panic: %v", e.Value)
}

var (
	errGoexit  = errors.New("cache: load ended by runtime.Goexit")
	errTimeout = fmt.Errorf("cache: load took too long: %w", context.DeadlineExceeded)
)

// Load returns the kept answer for key as [Near.Get] does, or else the answer
// of load. Concurrent calls for one key share one load, whose context has the
// values of the first caller's: the answer must depend on nothing but key.
//
// load also says for how long its answer may be kept: 0 for the TTL, more for
// that time but at most the TTL, less than 0 for not at all (it is handed to
// those who wait for it). The time runs from the now of the call that began
// the load, not from its end: what was read at the beginning of a slow load is
// old when the load ends. A newer answer always replaces an older one, if only
// by nothing. Errors are never kept; they go to all who wait, without a value.
//
// The load runs in a goroutine of its own, detached from its callers: it has
// the values of the context, not its end, and NearOptions.Timeout instead. A
// caller whose ctx ends gets an error that wraps both ctx.Err() and
// [context.Cause], and the load goes on for the others; if it were to end with
// the first caller, one client that hangs up would fail all the rest. When the
// time is over, those who wait get an error that wraps
// [context.DeadlineExceeded], even if load ignores its context, and the next
// call begins a new load. So does a call that comes when a load has been
// running for the whole TTL, since its answer would be too old for that call.
//
// A panic in load, or in NearOptions.Weigh, goes to all who wait as a
// [*PanicError]; [runtime.Goexit] gives them an error too. A load that calls
// Load of the same Near and key waits for itself until the time is over.
//
// A function literal that captures variables costs an allocation even when
// nothing is loaded: where that counts, call Get first.
func (n *Near[K, V]) Load(ctx context.Context, key K, now time.Time, load func(context.Context) (v V, keep time.Duration, err error)) (V, error) {
	if v, ok := n.Get(key, now); ok {
		return v, nil
	}
	return n.load(ctx, key, now, false, load)
}

// Refresh is [Near.Load] for a caller to whom a kept answer is not good enough, or
// who must not be answered sooner for there being one: it always loads, or waits for
// the load that is under way. What it gets is kept in the place of the older answer,
// which is handed out by Get until then, and stays if the load fails.
func (n *Near[K, V]) Refresh(ctx context.Context, key K, now time.Time, load func(context.Context) (v V, keep time.Duration, err error)) (V, error) {
	return n.load(ctx, key, now, true, load)
}

func (n *Near[K, V]) load(ctx context.Context, key K, now time.Time, fresh bool, load func(context.Context) (v V, keep time.Duration, err error)) (V, error) {
	var none V
	if ctx.Err() != nil {
		return none, endOf(ctx)
	}
	f, v, kept := n.join(ctx, key, now, fresh, load)
	if kept {
		return v, nil
	}
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		return none, endOf(ctx)
	case <-f.ctx.Done():
	}
	// The load's context ends when it has landed, too: that comes first.
	select {
	case <-f.done:
		return f.value, f.err
	default:
		return none, errTimeout
	}
}

// endOf says why ctx has ended.
func endOf(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// join returns the flight to wait for, begun here if there is none, unless the
// answer has landed since the caller looked and does for that caller.
func (n *Near[K, V]) join(ctx context.Context, key K, now time.Time, fresh bool, load func(context.Context) (V, time.Duration, error)) (f *flight[V], v V, kept bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if v, kept = n.Get(key, now); kept && !fresh {
		return nil, v, true
	}
	kept = false
	f = n.flights[key]
	if f != nil && f.ctx.Err() == nil && now.Before(f.began.Add(n.ttl)) {
		return f, v, false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), n.timeout)
	f = &flight[V]{began: now, ctx: ctx, done: make(chan struct{})}
	n.flights[key] = f // before the load begins, so that no deletion can miss it
	go n.fly(f, cancel, key, load)
	return f, v, false
}

// fly runs load and lands its answer, whichever way load ends.
func (n *Near[K, V]) fly(f *flight[V], cancel context.CancelFunc, key K, load func(context.Context) (V, time.Duration, error)) {
	defer cancel()
	s := &slot[K, V]{key: key}
	keep := time.Duration(-1)
	returned := false
	defer func() {
		if !returned {
			f.err = errGoexit
			if p := recover(); p != nil {
				f.err = &PanicError{Value: p, Stack: debug.Stack()}
			}
		}
		n.land(f, s, keep)
		close(f.done)
	}()
	s.value, keep, f.err = load(f.ctx)
	if f.err == nil && n.weigh != nil {
		s.weight = int64(max(0, n.weigh(key, s.value)))
	}
	returned = true
}

// land hands the answer in s to the flight, and keeps it if it may be kept and
// the flight has not been disowned or overtaken.
func (n *Near[K, V]) land(f *flight[V], s *slot[K, V], keep time.Duration) {
	if f.err == nil {
		f.value = s.value
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.flights[s.key] != f {
		return
	}
	delete(n.flights, s.key)
	switch {
	case f.err != nil:
	case keep < 0:
		n.table.remove(s.key)
	default:
		s.expires = f.began.Add(min(or(keep, n.ttl), n.ttl))
		n.table.put(s, f.began)
	}
}
