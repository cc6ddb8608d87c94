package cache

import (
	"hash/maphash"
	"sync/atomic"
)

// table is a hash table that is read without a lock while one writer at a time
// changes it: the owner's mutex sees to that. General concurrent maps pay for
// many writers; with one, a read is a hash, an index and a comparison.
//
// Chains are made of cells of their own, and a cell is never changed but for
// its link. A reader who has come to a cell that is being taken out goes on
// along its old link; one who still reads the cells of a table that has just
// grown finds what was in it then. Either may miss what was put in meanwhile,
// which is what a cache may always do, and neither sees a wrong entry, or misses
// one that was there when it came and still is, or has been replaced.
//
// Keys are hashed by Go's own hash of their type, with a random seed: nobody can
// prepare keys that collide.
type table[K comparable, V any] struct {
	seed    maphash.Seed
	hash    func(maphash.Seed, K) uint64   // nil: of the whole key
	buckets atomic.Pointer[[]bucket[K, V]] // a power of two of them
	len     int                            // of the writer
}

type bucket[K comparable, V any] = atomic.Pointer[cell[K, V]]

type cell[K comparable, V any] struct {
	hash uint64
	slot *slot[K, V]
	next atomic.Pointer[cell[K, V]]
}

const fewBuckets = 16

func (t *table[K, V]) init() {
	t.seed = maphash.MakeSeed()
	t.reset(fewBuckets)
}

func (t *table[K, V]) reset(buckets int) {
	b := make([]bucket[K, V], buckets)
	t.buckets.Store(&b)
}

func (t *table[K, V]) hashOf(key K) uint64 {
	if t.hash != nil {
		return t.hash(t.seed, key)
	}
	return maphash.Comparable(t.seed, key)
}

// load finds the entry of key. It takes no lock.
func (t *table[K, V]) load(key K) *slot[K, V] {
	hash := t.hashOf(key)
	b := *t.buckets.Load()
	for c := b[hash&uint64(len(b)-1)].Load(); c != nil; c = c.next.Load() {
		if c.hash == hash && c.slot.key == key {
			return c.slot
		}
	}
	return nil
}

// store puts in s, whose key is not in the table. Writers only.
func (t *table[K, V]) store(s *slot[K, V]) {
	if t.len++; t.len > len(*t.buckets.Load()) {
		t.grow()
	}
	t.link(*t.buckets.Load(), t.hashOf(s.key), s)
}

func (t *table[K, V]) link(b []bucket[K, V], hash uint64, s *slot[K, V]) {
	head := &b[hash&uint64(len(b)-1)]
	c := &cell[K, V]{hash: hash, slot: s}
	c.next.Store(head.Load())
	head.Store(c)
}

// grow doubles the buckets, with new cells: readers may still be among the old.
func (t *table[K, V]) grow() {
	old := *t.buckets.Load()
	b := make([]bucket[K, V], 2*len(old))
	for i := range old {
		for c := old[i].Load(); c != nil; c = c.next.Load() {
			t.link(b, c.hash, c.slot)
		}
	}
	t.buckets.Store(&b)
}

// replace puts in s in place of old, which is in the table and has the same key: a
// reader finds the one or the other. Writers only.
func (t *table[K, V]) replace(old, s *slot[K, V]) {
	at, c := t.find(old)
	fresh := &cell[K, V]{hash: c.hash, slot: s}
	fresh.next.Store(c.next.Load())
	at.Store(fresh)
}

// delete takes out s, which is in the table. Writers only.
func (t *table[K, V]) delete(s *slot[K, V]) {
	at, c := t.find(s)
	at.Store(c.next.Load())
	t.len--
}

// find gives the cell of s, which is in the table, and the link that leads to it.
// Writers only.
func (t *table[K, V]) find(s *slot[K, V]) (at *bucket[K, V], c *cell[K, V]) {
	b := *t.buckets.Load()
	at = &b[t.hashOf(s.key)&uint64(len(b)-1)]
	for c = at.Load(); c.slot != s; c = at.Load() {
		at = &c.next
	}
	return at, c
}

// clear takes out everything. Writers only.
func (t *table[K, V]) clear() {
	t.reset(fewBuckets)
	t.len = 0
}
