package password

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"
)

// Options say how a [Hasher] works. The zero value is the safe default.
type Options struct {
	// Schemes are "argon2id", "bcrypt", "scrypt", "pbkdf2-sha256",
	// "pbkdf2-sha512", and "pbkdf2-sha1" and those of Legacy, which cannot be
	// the first. The first makes new hashes; hashes of any known scheme verify,
	// listed or not, but those of Legacy whose name begins with [Insecure]
	// verify only if they are listed. Empty means argon2id alone.
	Schemes []string

	// Legacy are schemes of hashes that were made elsewhere, as those of the
	// package password/legacyhash.
	Legacy []Scheme

	// Params are the parameters of the first scheme. Those that are absent
	// have their defaults.
	//
	//   - argon2id: "memory" in KiB (19456, which is 19 MiB; 7168 to 262144),
	//     "time" in passes (2; 1 to 10), "parallelism" (1; 1 to 16)
	//   - bcrypt: "rounds", the binary logarithm of their number (12; 10 to 16)
	//   - scrypt: "rounds", the binary logarithm of N (17; 13 to 18),
	//     "block_size", which is r (8; 8 to 32), "parallelism", which is p (1;
	//     to 16). Each hash holds 128·N·r bytes, 128 MiB by default, and 256
	//     at most. With under 17 rounds p must be 2, 3, 5, 10 or more.
	//   - pbkdf2-sha256: "rounds" (600,000, which is the floor, to 5,000,000)
	//   - pbkdf2-sha512: "rounds" (210,000, which is the floor, to 5,000,000)
	//
	// The floors, and the defaults but bcrypt's, come from the OWASP Password
	// Storage Cheat Sheet.
	Params map[string]int

	// Workers is how many slow hashes run at once. Each holds the memory that
	// its hash asks for. Zero means GOMAXPROCS.
	Workers int

	// Queue is how many callers more may wait for a worker. Zero means 16 for
	// each worker, about half a second of argon2id at its default cost.
	Queue int

	// Observe, if it is set, is told of each slow hash how long it waited for a
	// worker and how long it took. If it was not computed, err is [ErrBusy] or
	// wraps the error of the context that has ended. It is called by whoever
	// waits for the hash, after the worker is free again.
	Observe func(ctx context.Context, waited, took time.Duration, err error)

	// InsecureLowCost allows parameters below the floors given above. It is
	// for tests: such hashes are guessed in bulk once the table has leaked.
	InsecureLowCost bool
}

// queuePerWorker is the default of [Options.Queue] for each worker.
const queuePerWorker = 16

// A Hasher makes and verifies password hashes. Make it with [New]. All its
// methods can be called concurrently. It starts no goroutine of its own.
type Hasher struct {
	recipe recipe // of new hashes
	params map[string]int
	decoy  Digest // of nobody's password, as costly as a new hash
	legacy legacySchemes
	pool   *pool
	level  leveller
}

// OptionError is a mistake in one of the [Options].
type OptionError struct {
	Option string // the name of the field
	Err    error
}

func (e *OptionError) Error() string { return e.Err.Error() }
func (e *OptionError) Unwrap() error { return e.Err }

func wrong(option, format string, args ...any) error {
	return &OptionError{option, fmt.Errorf(format, args...)}
}

// New compiles the options. Its error joins all mistakes, each with its remedy.
func New(o Options) (*Hasher, error) {
	var errs []error
	var first *scheme
	names := o.Schemes
	if len(names) == 0 {
		names = []string{schemes[0].name}
	}
	old, mistakes := newLegacySchemes(slices.Clone(o.Legacy), names)
	errs = append(errs, mistakes...)
	seen := map[string]bool{}
	for i, name := range names {
		s := schemeNamed(name)
		switch {
		case s == nil && !old.named(name):
			errs = append(errs, unknownScheme(name))
		case seen[name]:
			errs = append(errs, wrong("Schemes", "password scheme %q is listed twice: drop one", name))
		case i == 0 && (s == nil || s.configure == nil):
			errs = append(errs, wrong("Schemes", "password scheme %q verifies old hashes and makes none: use another one first, %s", name, makers()))
		case i == 0:
			first = s
		}
		seen[name] = true
	}

	h := &Hasher{legacy: old}
	if first != nil {
		values, err := first.values(o.Params, o.InsecureLowCost)
		if err == nil {
			h.params = values
			h.recipe, err = first.configure(values)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if o.Workers < 0 {
		errs = append(errs, wrong("Workers", "password workers are %d: use a positive number, or 0 for one for each processor", o.Workers))
	}
	if o.Queue < 0 {
		errs = append(errs, wrong("Queue", "the password queue is %d: use a positive number, or 0 for %d for each worker", o.Queue, queuePerWorker))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}

	workers, queue := o.Workers, o.Queue
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if queue == 0 {
		queue = queuePerWorker * workers
	}
	h.decoy = h.recipe.decoy()
	h.pool = newPool(workers, queue)
	h.pool.observe = o.Observe
	return h, nil
}

// Params gives the parameters of new hashes, those included that [Options] has left
// to their defaults.
func (h *Hasher) Params() map[string]int { return maps.Clone(h.params) }

// Load is how busy a [Hasher] is.
type Load struct {
	Running int // slow hashes, at most Workers
	Waiting int // callers for a worker, at most Queue
	Workers int
	Queue   int
}

// Load tells how busy the hasher is at this moment.
func (h *Hasher) Load() Load {
	p := h.pool
	inside, running := len(p.places), len(p.slots)
	return Load{Running: running, Waiting: max(0, inside-running), Workers: cap(p.slots), Queue: cap(p.places) - cap(p.slots)}
}

// Hash makes a new hash of a password with the first scheme, at the configured
// cost and with a random salt of 16 bytes.
//
// A password that is empty, larger than 1,024 bytes (72 in its normal form for
// bcrypt) or has no normal form is refused with an *httperr.Error of status
// 400. [ErrBusy] says that too many wait already; when ctx ends in the queue,
// the error wraps its error. It does not ask any [Quality].
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	normal, err := normalize(password)
	if err != nil {
		return "", err
	}
	if err := h.recipe.admits(normal); err != nil {
		return "", err
	}
	release, err := h.pool.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return h.recipe.hash(normal)
}

// Verify tells whether hash is one of this password. A password that does not
// match is (false, nil).
//
// An empty hash matches nothing, and neither does an empty password or one
// that is larger than what [Hasher.Hash] takes: these spend the time of a wrong
// password. An error means that nothing is known: the hash is of an unknown
// scheme ([ErrUnknownScheme]), damaged ([ErrMalformed]) or beyond the caps
// ([ErrTooCostly]), too many wait already ([ErrBusy]), or ctx ended.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (bool, error) {
	if hash == "" {
		return false, h.Dummy(ctx, password)
	}
	d, err := h.parse(hash)
	if err != nil {
		return false, err
	}
	return h.try(ctx, password, d)
}

// Dummy spends what a Verify of a new hash spends when the password is wrong.
// Call it when there is no such user, so that the time of the answer does not
// tell. Its errors are those of a busy or ended Verify.
func (h *Hasher) Dummy(ctx context.Context, password string) error {
	_, err := h.try(ctx, password, h.decoy)
	return err
}

// NeedsRehash tells whether a hash is not what Hash would make today: another
// scheme, another cost, or nothing that Verify can use. Of bcrypt's prefixes
// any will do, and of PBKDF2's spellings: they stand for the same computation. What a
// scheme for one-time codes has stored is no hash of a password, and stays.
func (h *Hasher) NeedsRehash(hash string) bool {
	d, err := h.parse(hash)
	if l, ok := d.(legacy); ok {
		return !l.scheme.OneTime
	}
	return err != nil || d.Kind() != any(h.recipe)
}

// OneTime tells whether what matches hash is good for one log-in only, so that
// nobody may keep that it has matched. See [Scheme].
func (h *Hasher) OneTime(hash string) bool {
	d, _ := h.parse(hash)
	l, ok := d.(legacy)
	return ok && l.scheme.OneTime
}

// parse reads a stored hash of any scheme that this hasher knows.
func (h *Hasher) parse(hash string) (Digest, error) {
	d, err := Parse(hash)
	if err == ErrUnknownScheme {
		return h.legacy.parse(hash)
	}
	return d, err
}

// try compares every form of the password with the digest, in one worker's
// slot, and levels the time of a refusal.
func (h *Hasher) try(ctx context.Context, password string, d Digest) (bool, error) {
	forms, usable := formsOf(password)
	matched, spent, err := h.compare(ctx, forms, d)
	if err != nil {
		return false, err
	}
	if matched && usable {
		return true, nil
	}
	// The slot is free again: padding must not keep others from working.
	return false, h.level.pad(ctx, spent, len(forms))
}

// compare does the slow work of try, and tells how long it took without the
// time in the queue.
func (h *Hasher) compare(ctx context.Context, forms []string, d Digest) (matched bool, spent time.Duration, err error) {
	release, err := h.pool.acquire(ctx)
	if err != nil {
		return false, 0, err
	}
	defer release()
	for _, form := range forms {
		start := time.Now()
		matched = d.Matches(form)
		took := time.Since(start)
		h.level.record(d.Kind(), took)
		spent += took
		if matched {
			break
		}
	}
	return matched, spent, nil
}
