package accounts

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// memory keeps for a moment what each request asks: who a session belongs to, and
// what has been decided about its user. What this process changes is forgotten at
// once; what another one changes, within [Options.Staleness] (S85).
type memory struct {
	store    Store
	uncache  func(ctx context.Context, id string) error // what the application keeps about a user
	handing  sync.Mutex                                 // of what is put into stamps
	stamps   *cache.Near[string, stamped]               // of users, when the application was last given their password hash
	users    *cache.Near[string, *User]
	sessions *cache.Near[[sha256.Size]byte, *SessionRow]
	refusals *cache.Near[refusal, struct{}] // that have been noted
}

// refusal is that a user is kept out, with a right credential that comes with each request.
type refusal struct {
	userID, way string
	verdict     Verdict
}

// refusalsKept is for how long a refusal is not noted again.
const refusalsKept = time.Hour

// kept bounds how many users and sessions are kept. stampsKept is for how long it is
// known whose password hash the application has been given, and stampsOf of how many
// users: as many as it keeps hashes (the default of FSA_CACHE_SIZE). Of whom that is not
// known, a password that comes with each request is asked for once more.
const (
	kept       = 1 << 16
	stampsOf   = 1 << 18
	stampsKept = 24 * time.Hour
)

func newMemory(a *Accounts) *memory {
	ttl := max(0, a.opts.Staleness) // a negative one is a fault, which is reported
	return &memory{
		store:    a.store,
		uncache:  a.app.AuthUncache,
		stamps:   cache.NewNear(cache.NearOptions[string, stamped]{Entries: stampsOf, TTL: stampsKept}),
		users:    cache.NewNear(cache.NearOptions[string, *User]{Entries: kept, TTL: ttl}),
		sessions: cache.NewNear(cache.NearOptions[[sha256.Size]byte, *SessionRow]{Entries: kept, TTL: ttl}),
		refusals: cache.NewNear(cache.NearOptions[refusal, struct{}]{Entries: kept, TTL: refusalsKept}),
	}
}

// once notes a refusal, unless it has been noted.
func (m *memory) once(ctx context.Context, r refusal, now time.Time, note func(context.Context) error) error {
	if _, ok := m.refusals.Get(r, now); ok {
		return nil
	}
	_, err := m.refusals.Load(ctx, r, now, func(ctx context.Context) (struct{}, time.Duration, error) {
		return struct{}{}, 0, note(ctx)
	})
	return err
}

// user gives a user, nil if there is none. It is not to be changed.
func (m *memory) user(ctx context.Context, id string, now time.Time) (*User, error) {
	if u, ok := m.users.Get(id, now); ok {
		return u, nil
	}
	u, err := m.users.Load(ctx, id, now, m.load(id))
	return found(u, err)
}

// reload is [memory.user] for who must not get what is kept.
func (m *memory) reload(ctx context.Context, id string, now time.Time) (*User, error) {
	u, err := m.users.Refresh(ctx, id, now, m.load(id))
	return found(u, err)
}

func (m *memory) load(id string) func(context.Context) (*User, time.Duration, error) {
	return func(ctx context.Context) (*User, time.Duration, error) {
		u, err := m.store.UserByID(ctx, id)
		return u, 0, err
	}
}

// stamped is a user's stamp, and when the user began to be read.
type stamped struct {
	stamp string
	began time.Time
}

// handed notes whose password hash the application is given, which it keeps for longer
// than we keep users. began is when the user began to be read: who was read before the
// one that is noted is late. The application does not keep that hash, and what asked for
// it must not get it either.
func (m *memory) handed(ctx context.Context, u *User, began time.Time) (late bool, err error) {
	m.handing.Lock()
	defer m.handing.Unlock()
	if last, ok := m.stamps.Get(u.ID, began); ok && last.began.After(began) {
		return true, nil
	}
	_, err = m.stamps.Refresh(ctx, u.ID, time.Now(), func(context.Context) (stamped, time.Duration, error) {
		return stamped{u.Stamp, began}, 0, nil
	})
	return false, err
}

// replaced reports whether the password of a user is no longer the one whose hash the
// application was given last, so that another process has changed it. What the
// application keeps about the user is forgotten then.
func (m *memory) replaced(ctx context.Context, u *User, now time.Time) (bool, error) {
	given, ok := m.stamps.Get(u.ID, now)
	if ok && given.stamp == u.Stamp {
		return false, nil
	}
	// What is kept of the user may be older than the hash.
	u, err := m.reload(ctx, u.ID, now)
	if err != nil || u != nil && ok && given.stamp == u.Stamp {
		return false, err
	}
	if u == nil {
		return true, nil
	}
	// The stamp stays: somebody may have been given the new hash meanwhile.
	return true, m.uncache(ctx, u.ID)
}

func found[T any](v *T, err error) (*T, error) {
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return v, err
}

// session gives a session, nil if there is none. It is not to be changed.
func (m *memory) session(ctx context.Context, hash [sha256.Size]byte, now time.Time) (*SessionRow, error) {
	if s, ok := m.sessions.Get(hash, now); ok {
		return s, nil
	}
	s, err := m.sessions.Load(ctx, hash, now, func(ctx context.Context) (*SessionRow, time.Duration, error) {
		s, err := m.store.SessionByHash(ctx, hash[:])
		return s, 0, err
	})
	return found(s, err)
}

// forgetSession forgets a session that has ended or changed.
func (m *memory) forgetSession(hash []byte) {
	if len(hash) == sha256.Size {
		m.sessions.Delete([sha256.Size]byte(hash))
	}
}

// forgetEnded forgets a session that has ended, also if it has got another secret
// meanwhile.
func (m *memory) forgetEnded(id string) {
	m.sessions.DeleteFunc(func(_ [sha256.Size]byte, s *SessionRow) bool { return s.ID == id })
}

// forgetUser forgets a user and all of their sessions.
func (m *memory) forgetUser(id string) {
	m.users.Delete(id)
	m.sessions.DeleteFunc(func(_ [sha256.Size]byte, s *SessionRow) bool { return s.UserID == id })
	m.refusals.DeleteFunc(func(r refusal, _ struct{}) bool { return r.userID == id })
}
