package cache

import "time"

// Held is an answer that a [Near] keeps, in the hands of somebody who will want it
// again: [Held.Get] finds it without a look-up. It is for what follows from several
// answers, of one Near or of several, and is good for as long as all of them are.
//
// Its zero value holds nothing. It may be copied, and used by several goroutines at
// the same time.
type Held[K comparable, V any] struct {
	table *clock[K, V]
	slot  *slot[K, V]
	era   uint32 // of the table, before the slot was looked for
}

// Hold gives the kept answer for key, to be held, if there is one at the time now. As
// with [Near.Get], it takes no lock, allocates nothing and reads no clock.
func (n *Near[K, V]) Hold(key K, now time.Time) (h Held[K, V], ok bool) {
	era := n.table.era.Load()
	s := n.table.items.load(key)
	if s == nil || !now.Before(s.expires) {
		return h, false
	}
	s.use()
	return Held[K, V]{&n.table, s, era}, true
}

// Get returns the answer for as long as it is the one that the Near keeps: until it
// expires, or has been deleted, evicted, or replaced by a newer one, be that equal.
// So it gives what [Near.Get] would give for the key, or nothing.
func (h Held[K, V]) Get(now time.Time) (value V, ok bool) {
	if h.slot == nil || h.slot.gone.Load() || h.table.era.Load() != h.era || !now.Before(h.slot.expires) {
		return value, false
	}
	h.slot.use()
	return h.slot.value, true
}
