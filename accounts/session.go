package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// touchEvery is how exactly the store knows when a session was last used, unless
// sessions end after less than four times as long without use.
const touchEvery = time.Minute

// findSession is the authentication scheme "session".
func (a *Accounts) findSession(r *http.Request) (fsa.Identity, error) {
	s, err := a.sessionOf(r)
	if s == nil || err != nil {
		return fsa.Identity{}, err
	}
	return fsa.Identity{Login: s.UserID, AuthTime: s.AuthenticatedAt, Factors: s.Factors, Stage: s.Stage}, nil
}

// sessionOf gives the session of a request, nil if it bears none.
// [fsa.ErrUnauthenticated] says that it bears one that is over, or was never one.
func (a *Accounts) sessionOf(r *http.Request) (*SessionRow, error) {
	secret, ok, err := a.cookie.Read(r)
	if !ok || err != nil {
		return nil, err
	}
	hash, ok := hashOf(secret)
	if !ok {
		return nil, errUnauthenticated
	}
	ctx, now := r.Context(), time.Now()
	s, err := a.memory.session(ctx, hash, now)
	switch {
	case err != nil:
		return nil, err
	case s == nil || a.over(s, now):
		return nil, errUnauthenticated
	}
	u, err := a.memory.user(ctx, s.UserID, now)
	switch {
	case err != nil:
		return nil, err
	case u != nil && u.Stamp != s.Stamp:
		// What is kept of the user may be older than the session, if another process
		// has changed the password.
		if u, err = a.memory.reload(ctx, s.UserID, now); err != nil {
			return nil, err
		}
	}
	if u == nil || u.Stamp != s.Stamp {
		return nil, errUnauthenticated
	}
	if now.Sub(s.SeenAt) >= min(touchEvery, a.idle(s)/4) {
		a.touch(ctx, s, r, now)
	}
	return s, nil
}

// ownSession is [Accounts.sessionOf] for who must have one.
func (a *Accounts) ownSession(r *http.Request) (*SessionRow, error) {
	s, err := a.sessionOf(r)
	if s == nil && err == nil {
		err = errUnauthenticated
	}
	return s, err
}

// over reports whether a session has had its time.
func (a *Accounts) over(s *SessionRow, now time.Time) bool {
	return !now.Before(s.ExpiresAt) || !now.Before(s.SeenAt.Add(a.idle(s)))
}

// idle is for how long a session lives without being used.
func (a *Accounts) idle(s *SessionRow) time.Duration {
	if s.Remember {
		return a.opts.SessionLife
	}
	return a.opts.SessionIdle
}

// touch notes that a session is in use. If that can't be noted, the request goes on:
// the session ends a little early at worst.
func (a *Accounts) touch(ctx context.Context, s *SessionRow, r *http.Request, now time.Time) {
	err := a.store.Write(ctx, func(tx Tx) error {
		return tx.TouchSession(ctx, s.Hash, now, agentOf(r), fsa.ClientAddress(ctx))
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		a.logger.Warn("it could not be noted that a session is used", "error", err)
	}
	a.memory.forgetSession(s.Hash)
}

// newSession makes a session for a user who has just proved who they are.
func (a *Accounts) newSession(ctx context.Context, r *http.Request, u *User, factors []string, remember bool, now time.Time) (secret string, s *SessionRow) {
	secret, hash := newSecret()
	s = &SessionRow{
		ID: newID(), Hash: hash, UserID: u.ID, Factors: factors, AuthenticatedAt: now, Stamp: u.Stamp,
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(a.opts.SessionLife), Remember: remember,
		Agent: agentOf(r), Address: fsa.ClientAddress(ctx),
	}
	return secret, s
}

// setCookie gives a browser a session: until it is closed, or for as long as the
// session lives if it is to be remembered.
func (a *Accounts) setCookie(ctx context.Context, h http.Header, secret string, s *SessionRow, now time.Time) error {
	age := time.Duration(0)
	if s.Remember {
		age = s.ExpiresAt.Sub(now)
	}
	return a.cookie.Set(ctx, h, secret, age)
}

// renew gives a session another secret, and what has been proved anew (S50).
func (a *Accounts) renew(ctx context.Context, tx Tx, s *SessionRow, u *User, factors []string, now time.Time) (secret string, renewed *SessionRow, err error) {
	c := *s
	secret, c.Hash = newSecret()
	c.Stamp, c.SeenAt, c.Address = u.Stamp, now, fsa.ClientAddress(ctx)
	if factors != nil {
		c.Factors, c.AuthenticatedAt = factors, now
	}
	return secret, &c, tx.RotateSession(ctx, s.Hash, &c)
}

// maxKeptAgent is how much of a User-Agent is kept.
const maxKeptAgent = 256

// agentOf gives what a browser calls itself, as far as it can be shown.
func agentOf(r *http.Request) string {
	agent := []byte(r.UserAgent())
	if len(agent) > maxKeptAgent {
		agent = agent[:maxKeptAgent]
	}
	for i, c := range agent {
		if c < ' ' || c >= 0x7f {
			agent[i] = '?'
		}
	}
	return string(agent)
}

// bag gives a handler the *[fsa.Session] that it asks for, and keeps what the handler
// has put there, if it succeeds.
func (a *Accounts) bag(ctx context.Context, _ string) (*fsa.Session, func(error) error, error) {
	r, err := fsa.SpecialOf[*http.Request](ctx, "")
	if err != nil {
		return nil, nil, err
	}
	s, err := a.sessionOf(r)
	if err != nil && !errors.Is(err, fsa.ErrUnauthenticated) {
		return nil, nil, err
	}
	// Whoever calls by a token, say, may bear the cookie of somebody else.
	if login := fsa.User(ctx); s == nil || s.Stage != "" || login != "" && login != s.UserID {
		return nil, nil, fsa.Errorf(http.StatusForbidden, "this needs a log-in session, and the caller has none")
	}
	// What is kept may be a moment old.
	switch s, err = a.store.SessionByHash(ctx, s.Hash); {
	case errors.Is(err, ErrNotFound):
		return nil, nil, errUnauthenticated
	case err != nil:
		return nil, nil, err
	}
	values := map[string]json.RawMessage{}
	if len(s.Bag) > 0 {
		if err := json.Unmarshal(s.Bag, &values); err != nil {
			return nil, nil, err
		}
	}
	bag := fsa.NewSession(values)
	return bag, func(failed error) error {
		if failed != nil || !bag.Changed() {
			return nil
		}
		text, err := json.Marshal(bag.Values())
		if err != nil {
			return err
		}
		err = a.store.Write(ctx, func(tx Tx) error { return tx.SetBag(ctx, s.Hash, s.BagVersion, text) })
		if errors.Is(err, ErrNotFound) {
			return fsa.Errorf(http.StatusConflict, "another request has changed the session")
		}
		a.memory.forgetSession(s.Hash)
		return err
	}, nil
}

// endTime is how long it may take to end what a user had.
const endTime = 5 * time.Second

// ended makes sure that nothing of what a user had is accepted any more, once it has
// been stored that it has ended: kept answers, and tokens. It does so also if whoever has
// asked for it does not wait for the answer.
func (a *Accounts) ended(ctx context.Context, userID string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	a.memory.forgetUser(userID)
	return errors.Join(a.app.AuthUncache(ctx, userID), a.app.RevokeUser(ctx, userID))
}
