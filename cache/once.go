package cache

import (
	"context"
	"sync"
	"time"
)

// MemoryOnce is a [Once] in this process. It never evicts a live mark: when it
// is full of them, Use fails with [ErrFull] until one has ended. Its marks end
// with the process, so a token revoked before a restart is valid after it:
// where that matters, or where several instances serve, a shared store is
// needed. Its methods do not look at their context.
//
// A MemoryOnce is made by [NewMemoryOnce].
type MemoryOnce struct {
	mu    sync.Mutex
	marks ledger
}

var _ Once = (*MemoryOnce)(nil)

// NewMemoryOnce makes a MemoryOnce that holds at most the given number of
// marks, or 262144 if that is not positive.
func NewMemoryOnce(entries int) *MemoryOnce {
	return &MemoryOnce{marks: newLedger(entries)}
}

// Use implements [Once]. Its only error is [ErrFull].
func (o *MemoryOnce) Use(_ context.Context, key string, until time.Time) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	// The clock is read under the lock: read before it, a caller who had to
	// wait would find a mark alive that has ended, or come too late and mark
	// what has run out.
	now := wallClock()
	until = until.Round(0)
	if !now.Before(until) {
		return false, nil
	}
	if mark := o.marks.find(key, now); mark != nil {
		if until.After(mark.until) {
			o.marks.move(mark, until)
		}
		return false, nil
	}
	if _, err := o.marks.add(key, until, now); err != nil {
		return false, err
	}
	return true, nil
}

// Used implements [Once]. It does not fail.
func (o *MemoryOnce) Used(_ context.Context, key string) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.marks.find(key, wallClock()) != nil, nil
}

// wallClock is the time without its monotonic reading: until is compared with
// the wall clock, as the expiry of a token is, and one kind of time only keeps
// the marks in one order when that clock is set.
func wallClock() time.Time { return time.Now().Round(0) }
