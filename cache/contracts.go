package cache

import (
	"context"
	"errors"
	"time"
)

// Cache keeps values that can be had again at a price. It may forget at any
// time: a value that is gone is a miss, never an error.
//
// Everything that a value depends on belongs into its key ([Key]).
// Implementations are safe for concurrent use, and copy: a value handed to Set
// or out by Get may be changed by the caller afterwards.
type Cache interface {
	// Get returns the value of key; ok is false if there is none, if it has
	// expired or has been forgotten. An error means that the store could not
	// be asked: the caller goes to the source, as for a miss.
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)

	// Set keeps value under key for at most ttl, in place of what was there.
	// A ttl that is not positive keeps nothing and removes what was there:
	// some stores read 0 as "for ever", and a lifetime that was computed and
	// has run out must not become an endless one.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error

	// Delete removes key; that it was not there is no error. After an error
	// the value may still be there: a caller who revokes something must not
	// take it as done.
	Delete(ctx context.Context, key string) error

	// Clear removes everything that this cache holds (of a shared store: what
	// stands under its prefix), as Delete does.
	Clear(ctx context.Context) error
}

// Once remembers that something has been used: a code, a nonce, the identifier
// of a revoked token. It may not forget before its time. Whoever gets an error
// refuses, since "not known to be used" is not "unused".
//
// Implementations are safe for concurrent use.
type Once interface {
	// Use reports whether this is the first use of key, and marks it as used
	// until the given time, in one atomic step: of any number of concurrent
	// calls exactly one is the first.
	//
	// While a mark lives, a further Use is not the first; the later of both
	// times then holds, so that a revocation can be prolonged but not cut
	// short. An until that is not in the future marks nothing and is never a
	// first use: what has run out cannot be used any more, and two late
	// callers must not both be told that they are the first.
	//
	// until is a wall-clock time, as the expiry of a token is. An
	// implementation whose clock is coarser keeps longer, never shorter.
	Use(ctx context.Context, key string, until time.Time) (first bool, err error)

	// Used reports whether key is marked, without marking it. To decide on it
	// and mark later is a race; that is what Use is for.
	Used(ctx context.Context, key string) (bool, error)
}

// Counter counts events in a window: failed log-ins of an account, mails sent
// to an address. It may not forget before its time. Whoever gets an error
// refuses, since an unknown count may be beyond every limit.
//
// The window of a key is fixed, not sliding. It starts with the first event
// that is counted, and ends for all its events together when that call's
// window has passed; the next event then starts a new one. Later calls neither
// prolong nor shorten it, whatever window they give: else a steady trickle
// would lock an account for ever.
//
// A client can hang up on purpose to have its failure not counted. Callers
// pass a context that the client cannot end ([context.WithoutCancel]).
//
// Implementations are safe for concurrent use.
type Counter interface {
	// Add adds n to the count of key and returns the new count, in one atomic
	// step: concurrent calls with n = 1 get different counts. A negative n
	// takes events back, down to 0; where nothing is counted, n ≤ 0 starts no
	// window and the answer is 0, so that taking back too late is no credit.
	// The count stops at [math.MaxInt64] and does not wrap. A window that is
	// not positive is an error, and nothing is counted.
	Add(ctx context.Context, key string, n int64, window time.Duration) (int64, error)

	// Get returns the count of key, 0 if its window has ended.
	Get(ctx context.Context, key string) (int64, error)

	// Reset ends the window of key now.
	Reset(ctx context.Context, key string) error
}

// ErrFull is what [MemoryOnce] and [MemoryCounter] answer when all that they
// hold is still needed: they refuse the new rather than forget the old.
// Otherwise whoever sends enough would make them forget.
var ErrFull = errors.New("cache: full of live entries")

// defaultEntries bounds what is made without a bound of its own.
const defaultEntries = 262144
