package cache

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"
)

// MemoryCounter is a [Counter] in this process. It never evicts a live count:
// when it is full of them, Add fails with [ErrFull] for a new key until one
// has ended; keys that are being counted go on. Counts end with the process.
// Windows are measured by the monotonic clock: setting the wall clock neither
// ends nor prolongs them. Its methods do not look at their context.
//
// A MemoryCounter is made by [NewMemoryCounter].
type MemoryCounter struct {
	mu     sync.Mutex
	counts ledger
}

var _ Counter = (*MemoryCounter)(nil)

// errWindow: a count that ends at once would be a throttle that never closes.
var errWindow = errors.New("cache: the window of a count must be positive")

// NewMemoryCounter makes a MemoryCounter that holds at most the given number
// of counts, or 262144 if that is not positive.
func NewMemoryCounter(entries int) *MemoryCounter {
	return &MemoryCounter{counts: newLedger(entries)}
}

// Add implements [Counter]. It fails with [ErrFull], and if window is not
// positive.
func (c *MemoryCounter) Add(_ context.Context, key string, n int64, window time.Duration) (int64, error) {
	if window <= 0 {
		return 0, errWindow
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	r := c.counts.find(key, now)
	if r == nil {
		if n <= 0 {
			return 0, nil
		}
		var err error
		if r, err = c.counts.add(key, now.Add(window), now); err != nil {
			return 0, err
		}
	}
	if n > math.MaxInt64-r.count {
		r.count = math.MaxInt64
	} else {
		r.count = max(0, r.count+n)
	}
	return r.count, nil
}

// Get implements [Counter]. It does not fail.
func (c *MemoryCounter) Get(_ context.Context, key string) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.counts.find(key, time.Now()); r != nil {
		return r.count, nil
	}
	return 0, nil
}

// Reset implements [Counter]. It does not fail.
func (c *MemoryCounter) Reset(_ context.Context, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.counts.find(key, time.Now()); r != nil {
		c.counts.remove(r)
	}
	return nil
}
