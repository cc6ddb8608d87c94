package cache

import (
	"fmt"
	"hash/maphash"
	"reflect"
	"sync"
	"time"
)

// NearOptions configures a [Near]. The zero value of each field is its default.
type NearOptions[K comparable, V any] struct {
	// Entries bounds how many answers are kept; 0 = 262144.
	Entries int

	// Bytes bounds the sum of what Weigh says of the kept answers; 0 = no
	// bound. An answer that is heavier than the bound is handed out, not kept.
	Bytes int64

	// Weigh gives the size of an entry in bytes, or in whatever unit Bytes is
	// meant; below 0 counts as 0. Required if Bytes is set, else not called.
	Weigh func(K, V) int

	// Hash gives the hash of a key, for keys of which a part is as good as the
	// whole: a signed token's last bytes, say. Keys that nobody could have
	// chosen so that their hashes collide are the only ones for which that is
	// safe. nil = a hash of the whole key.
	Hash func(maphash.Seed, K) uint64

	// TTL is for how long an answer is kept, from the beginning of its load;
	// 0 = 10 minutes. It is the bound on staleness to be published.
	TTL time.Duration

	// Timeout is how long a load may take, since nothing else ends it once its
	// callers have left; 0 = 30 s.
	Timeout time.Duration
}

// Near keeps the answers of hooks in this process: the level that every
// request asks, so a hit must cost next to nothing.
//
// A struct with a field for each thing that the answer depends on is the right
// key K: it is compared field by field, and looking it up allocates nothing.
// Strings in it that are cut from something larger (a header, a body) are to
// be cloned before a Load, else the kept key holds on to all of it. Values are
// handed out as they are: a V that holds slices, maps or pointers is not to be
// changed by anybody.
//
// Time comes from the caller, who reads the clock once per request. Callers
// pass what [time.Now] gave: its monotonic reading keeps an answer from living
// longer when the wall clock is set back. The bound on staleness is: a call
// gets an answer only if its load began less than TTL before the call's now.
//
// Concurrency. Hits read a lock-free map. All changes (loads that begin or
// land, deletions) are made under one mutex, never while a hook or another
// function of the caller runs. So "has the answer of this load been deleted in
// the meantime?" is decided in one place: a load in flight is registered, a
// deletion strikes it from the register, and an answer that is no longer
// registered when it lands is not kept. Without this, a load that has read the
// old permission could land just after the deletion that a revocation made,
// and the revoked permission would live on for a whole TTL.
//
// A Near is made by [NewNear].
type Near[K comparable, V any] struct {
	ttl     time.Duration
	timeout time.Duration
	weigh   func(K, V) int // nil: nothing is weighed

	table clock[K, V] // reading is lock-free, the rest under mu

	mu      sync.Mutex
	flights map[K]*flight[V] // loads whose answers are still wanted
}

// NewNear makes a Near. It panics on options that cannot be meant: negative
// ones, Bytes without Weigh, or a key type that holds a float, a complex
// number or an interface. Not a number differs from itself, so it could never
// be found or evicted again, and an interface may hold what cannot be hashed,
// which would panic in a request instead of here.
func NewNear[K comparable, V any](o NearOptions[K, V]) *Near[K, V] {
	switch {
	case o.Entries < 0, o.Bytes < 0, o.TTL < 0, o.Timeout < 0:
		panic(fmt.Sprintf("cache: NearOptions: negative bound: Entries %d, Bytes %d, TTL %v, Timeout %v",
			o.Entries, o.Bytes, o.TTL, o.Timeout))
	case o.Bytes > 0 && o.Weigh == nil:
		panic("cache: NearOptions: Bytes needs Weigh")
	case !plainKey(reflect.TypeFor[K]()):
		panic(fmt.Sprintf("cache: NewNear: key type %v holds a float, a complex number or an interface",
			reflect.TypeFor[K]()))
	}
	n := &Near[K, V]{
		ttl:     or(o.TTL, 10*time.Minute),
		timeout: or(o.Timeout, 30*time.Second),
		flights: make(map[K]*flight[V]),
	}
	n.table.init(or(o.Entries, defaultEntries), o.Bytes)
	n.table.items.hash = o.Hash
	if o.Bytes > 0 {
		n.weigh = o.Weigh
	}
	return n
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// plainKey reports whether every value of t equals itself and can be hashed.
func plainKey(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.Interface:
		return false
	case reflect.Array:
		return plainKey(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !plainKey(f.Type) {
				return false
			}
		}
	}
	return true
}

// Get returns the kept answer for key if there is one at the time now. It
// takes no lock, allocates nothing and reads no clock.
func (n *Near[K, V]) Get(key K, now time.Time) (V, bool) {
	return n.table.get(key, now)
}

// Delete removes the answer for key and disowns the load of key that is in
// flight: its answer goes to those who were already waiting for it, but is
// neither kept nor given to a call that begins after Delete has returned. It
// reports whether an answer was kept (it may have expired).
//
// Revoke at the source first, then Delete. The other way round, a load can
// begin in between and keep the old answer.
func (n *Near[K, V]) Delete(key K) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.flights, key)
	return n.table.remove(key)
}

// DeleteFunc removes the answers for which del is true and returns how many.
// Expired ones that have not been evicted yet are asked about and counted too.
// What the loads in flight will answer is unknown, so all of them are disowned
// as by [Near.Delete]: some are made again for nothing, but none escapes.
//
// del is called without a lock and may use the Near. An answer whose load
// began after the call of DeleteFunc may be missed.
func (n *Near[K, V]) DeleteFunc(del func(K, V) bool) int {
	n.mu.Lock()
	clear(n.flights)
	all := n.table.snapshot()
	n.mu.Unlock()

	chosen := all[:0]
	for _, s := range all {
		if del(s.key, s.value) {
			chosen = append(chosen, s)
		}
	}

	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for _, s := range chosen {
		// It may have been deleted or replaced by a newer answer meanwhile.
		if n.table.items.load(s.key) == s {
			n.table.drop(s)
			count++
		}
	}
	return count
}

// Clear removes all answers and disowns all loads in flight, as by [Near.Delete].
func (n *Near[K, V]) Clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.flights)
	n.table.clear()
}

// Len returns how many answers are kept, with those that have expired and have
// not been evicted or replaced yet. It never exceeds NearOptions.Entries.
func (n *Near[K, V]) Len() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.table.len
}

// Bytes returns the weight of what [Near.Len] counts; 0 if there is no bound
// on it. It never exceeds NearOptions.Bytes.
func (n *Near[K, V]) Bytes() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.table.bytes
}
