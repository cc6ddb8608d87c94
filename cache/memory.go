package cache

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a [Cache] in this process. It evicts by CLOCK, which approximates
// "least recently used": what has been read since the hand last came by gets a
// second chance. It bounds the number of entries, not the size of values. None
// of its methods fails or looks at its context.
//
// Reading takes no lock. A Memory is made by [NewMemory].
type Memory struct {
	table clock[string, []byte] // reading is lock-free, the rest under mu
	mu    sync.Mutex
}

var _ Cache = (*Memory)(nil)

// NewMemory makes a Memory that holds at most the given number of entries, or
// 262144 if that is not positive.
func NewMemory(entries int) *Memory {
	m := new(Memory)
	m.table.init(entriesOr(entries), 0)
	return m
}

// entriesOr is for the in-memory stores, where a bound that is not positive
// means the default one: "no bound" is not to be had.
func entriesOr(entries int) int {
	if entries <= 0 {
		return defaultEntries
	}
	return entries
}

// Get implements [Cache].
func (m *Memory) Get(_ context.Context, key string) ([]byte, bool, error) {
	value, ok := m.table.get(shortKey(key), time.Now())
	return slices.Clone(value), ok, nil
}

// Set implements [Cache].
func (m *Memory) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl <= 0 {
		return m.Delete(ctx, key)
	}
	now := time.Now()
	s := &slot[string, []byte]{
		key:     strings.Clone(shortKey(key)), // it may be cut from something larger
		value:   slices.Clone(value),
		expires: now.Add(ttl),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.table.put(s, now)
	return nil
}

// Delete implements [Cache].
func (m *Memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.table.remove(shortKey(key))
	return nil
}

// Clear implements [Cache].
func (m *Memory) Clear(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.table.clear()
	return nil
}
