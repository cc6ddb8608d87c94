package cache

import (
	"container/heap"
	"strings"
	"time"
)

// ledger holds records that may not be forgotten before their time, within a
// bound: what [MemoryOnce] and [MemoryCounter] have in common. It is used
// under a lock of its owner.
//
// Expired records leave as new ones come, soonest first (a heap), so no timer
// is needed, a call has little to do, and it is full only if it is full of
// live ones.
type ledger struct {
	records map[string]*record
	ending  endings
	entries int // bound, > 0
}

// record is one key of a ledger.
type record struct {
	key   string
	count int64
	until time.Time
	place int // in the heap
}

func newLedger(entries int) ledger {
	return ledger{records: make(map[string]*record), entries: entriesOr(entries)}
}

// find returns the record of key if it is live: until is after now.
func (l *ledger) find(key string, now time.Time) *record {
	if r := l.records[shortKey(key)]; r != nil && now.Before(r.until) {
		return r
	}
	return nil
}

// add makes a record for key, which has no live one, or fails with ErrFull.
func (l *ledger) add(key string, until, now time.Time) (*record, error) {
	key = shortKey(key)
	if r := l.records[key]; r != nil {
		r.count = 0
		l.move(r, until)
		return r, nil
	}
	for range 2 { // two out for one in: the expired ones grow fewer
		if len(l.ending) > 0 && !now.Before(l.ending[0].until) {
			l.remove(l.ending[0])
		}
	}
	if len(l.ending) >= l.entries {
		return nil, ErrFull
	}
	r := &record{key: strings.Clone(key), until: until} // key may be cut from something larger
	l.records[r.key] = r
	heap.Push(&l.ending, r)
	return r, nil
}

// move gives a record another end.
func (l *ledger) move(r *record, until time.Time) {
	r.until = until
	heap.Fix(&l.ending, r.place)
}

func (l *ledger) remove(r *record) {
	heap.Remove(&l.ending, r.place)
	delete(l.records, r.key)
}

// endings is a heap of records, the one that ends soonest at 0.
type endings []*record

func (e endings) Len() int           { return len(e) }
func (e endings) Less(i, j int) bool { return e[i].until.Before(e[j].until) }

func (e endings) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].place, e[j].place = i, j
}

func (e *endings) Push(r any) {
	r.(*record).place = len(*e)
	*e = append(*e, r.(*record))
}

func (e *endings) Pop() any {
	last := len(*e) - 1
	r := (*e)[last]
	(*e)[last] = nil
	*e = (*e)[:last]
	return r
}
