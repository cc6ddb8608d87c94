package cache

import (
	"sync/atomic"
	"time"
)

// clock is a bounded table with CLOCK (second chance) eviction.
//
// Reading takes no lock and changes nothing but one bit: an exact LRU would
// move an entry on each hit, so that all requests would queue up for one list.
// Writing (put, remove, clear and the counts) is serialised by a mutex of the
// owner. One writer at a time makes the bounds exact rather than approximate,
// and costs little, since each write follows a load that took far longer.
//
// Different keys never share an entry: they are compared with ==.
type clock[K comparable, V any] struct {
	items table[K, V]
	hand  *slot[K, V] // the next candidate for eviction in the ring; nil if empty

	entries  int   // bound on len, > 0
	maxBytes int64 // bound on bytes, 0 = none
	len      int
	bytes    int64

	era atomic.Uint32 // how often it has been cleared: what is held of an earlier one is gone
}

// slot is one entry of a clock. All but used, gone and the links stay as they were
// made, which is what allows reading them without a lock.
type slot[K comparable, V any] struct {
	value   V
	expires time.Time
	key     K
	weight  int64
	used    atomic.Bool // since the hand last came by
	gone    atomic.Bool // it has been dropped; set once it can't be found any more

	next, prev *slot[K, V] // in the ring; under the owner's lock
}

// maxSweep bounds how many entries the hand passes to find a victim, and so
// how long a writer holds the lock: about 20 µs. When that many entries in a
// row are in use, the next one goes, used or not; without the bound, one
// unlucky insert into a large warm cache would clear the bits of all of it.
const maxSweep = 1024

func (c *clock[K, V]) init(entries int, maxBytes int64) {
	c.entries, c.maxBytes = entries, maxBytes
	c.items.init()
}

// get returns the value of key if it has not expired by now. It needs no lock.
func (c *clock[K, V]) get(key K, now time.Time) (value V, ok bool) {
	s := c.items.load(key)
	if s == nil || !now.Before(s.expires) {
		return value, false
	}
	s.use()
	return s.value, true
}

// use notes that the entry has been asked for.
func (s *slot[K, V]) use() {
	if !s.used.Load() { // a plain Store would fight for the cache line on each hit
		s.used.Store(true)
	}
}

// put keeps s in place of what its key had, evicting others until it fits.
// What is heavier than the whole bound is not kept. What has expired by now
// gets no second chance.
//
// Readers find what the key had until they find s: there is no moment between
// the two at which they would find nothing.
//
// A new entry starts as not used, and as the last that the hand will come to:
// what nobody asks for again leaves before what somebody did.
func (c *clock[K, V]) put(s *slot[K, V], now time.Time) {
	if c.maxBytes > 0 && s.weight > c.maxBytes {
		c.remove(s.key)
		return
	}
	old := c.items.load(s.key)
	if old != nil {
		c.unlink(old) // its room is free for s, and it is not one to evict
	}
	for c.len >= c.entries || c.maxBytes > 0 && c.bytes+s.weight > c.maxBytes {
		c.evict(now)
	}
	if c.hand == nil {
		s.next, s.prev = s, s
		c.hand = s
	} else {
		s.next, s.prev = c.hand, c.hand.prev
		s.prev.next, s.next.prev = s, s
	}
	c.len++
	c.bytes += s.weight
	if old == nil {
		c.items.store(s)
		return
	}
	c.items.replace(old, s)
	old.gone.Store(true)
}

// evict drops one entry, of which there is at least one.
func (c *clock[K, V]) evict(now time.Time) {
	for range maxSweep {
		if !c.hand.used.Load() || !now.Before(c.hand.expires) {
			break
		}
		c.hand.used.Store(false)
		c.hand = c.hand.next
	}
	c.drop(c.hand)
}

// remove drops the entry of key and reports whether there was one.
func (c *clock[K, V]) remove(key K) bool {
	s := c.items.load(key)
	if s != nil {
		c.drop(s)
	}
	return s != nil
}

// drop takes out s, which is in the table.
func (c *clock[K, V]) drop(s *slot[K, V]) {
	c.items.delete(s)
	s.gone.Store(true)
	c.unlink(s)
}

// unlink takes s out of the ring and the counts. Its links are cut, so that a reader
// who still holds it does not keep its neighbours alive.
func (c *clock[K, V]) unlink(s *slot[K, V]) {
	if s.next == s {
		c.hand = nil
	} else {
		s.prev.next, s.next.prev = s.next, s.prev
		if c.hand == s {
			c.hand = s.next
		}
	}
	s.next, s.prev = nil, nil
	c.len--
	c.bytes -= s.weight
}

// clear drops everything.
func (c *clock[K, V]) clear() {
	c.items.clear()
	c.era.Add(1)
	c.hand, c.len, c.bytes = nil, 0, 0
}

// snapshot lists the entries, expired ones too.
func (c *clock[K, V]) snapshot() []*slot[K, V] {
	all := make([]*slot[K, V], 0, c.len)
	for s := c.hand; len(all) < c.len; s = s.next {
		all = append(all, s)
	}
	return all
}
