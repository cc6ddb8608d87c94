package fsa

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/token"
)

// accessEntry is an access token that has been checked. It stands as long as the
// issuer has the keys with which it was.
type accessEntry struct {
	tokenEntry
	issuer *issuer // nil of a token of our own
	keys   *token.KeySet
}

// stands reports whether the keys are still those of the issuer, or our own. It also
// has an issuer's fetched anew when it is time.
func (e *accessEntry) stands(s *settings, now time.Time) bool {
	if e.issuer == nil {
		return e.format == s.now().tokens
	}
	return e.issuer.keys.Current(now) == e.keys
}

// newAccessCache keeps the access tokens that have been checked. The key need not
// have the issuer: the token says who that is, and there is one configuration.
func newAccessCache(s *settings) *hookCache[tokenKey, *accessEntry] {
	if !slices.Contains(s.schemes, "oauth") {
		return &hookCache[tokenKey, *accessEntry]{}
	}
	return newHookCache(s, cache.NearOptions[tokenKey, *accessEntry]{
		Hash:  hashToken,
		Bytes: hookCacheBytes(s),
		Weigh: func(k tokenKey, e *accessEntry) int { return len(k.raw) + len(k.realm) + 256 },
	})
}

// checkAccess is what the scheme oauth asks.
func (a *App) checkAccess(q *authn.Request, raw string) (*identity.Identity, error) {
	if len(raw) > token.MaxSize {
		return nil, authn.Refuse("invalid token: larger than %d bytes", token.MaxSize)
	}
	if e, ok := a.access.hit(tokenKey{raw, q.Realm}, q.Now); ok && q.Now.Before(e.until) && e.stands(a.settings, q.Now) {
		if err := a.revocations.check(q.HTTP.Context(), &e.grounds); err != nil {
			return nil, err
		}
		q.User = e.user
		return e.identity, nil
	}
	return a.checkNewAccess(q, raw)
}

// checkNewAccess checks an access token that is not known, and keeps it if it is
// good.
func (a *App) checkNewAccess(q *authn.Request, raw string) (*identity.Identity, error) {
	s := a.settings
	u, err := token.Parse(raw)
	if err != nil {
		return nil, authn.Refuse("invalid token: %v", err)
	}
	e := &accessEntry{issuer: s.issuers[u.Issuer()]}
	var c token.Claims
	grace := s.TokenGrace
	switch {
	case e.issuer != nil:
		if s.NoTokenDelay {
			grace = 0
		}
		c, e.keys, err = e.issuer.check(q, u)
	case s.ownAccess && u.Issuer() == s.TokenIssuer:
		e.format = s.now().tokens
		c, err = e.format.Check(raw, q.Realm, q.Now)
		err = refusedToken(err)
	default:
		err = refusedToken(token.ErrIssuer)
	}
	if err != nil {
		return nil, err
	}
	e.identity = &identity.Identity{Login: strings.Clone(c.Login), Scheme: "oauth", Realm: q.Realm, Scopes: slices.Clone(c.Scopes), AuthTime: c.AuthTime, Factors: slices.Clone(c.Factors)}
	e.user, e.until, e.grounds = unique.Make(c.Login), c.Expires.Add(grace), a.revocations.grounds(c)
	if err := a.revocations.check(q.HTTP.Context(), &e.grounds); err != nil {
		return nil, err
	}
	keep := e.until.Sub(q.Now)
	if keep <= 0 || a.access.near == nil {
		return e.identity, nil
	}
	key := tokenKey{strings.Clone(raw), q.Realm}
	if !e.stands(a.settings, q.Now) {
		return e.identity, nil // newer keys have come just now; the next time is theirs
	}
	a.access.forget(key) // what is there was checked with older keys, or has ended
	if _, err := a.access.ask(q.HTTP.Context(), key, q.Now, func(context.Context) (*accessEntry, time.Duration, error) {
		return e, keep, nil
	}); err != nil {
		return nil, err
	}
	return e.identity, nil
}

// check checks a token of another issuer. A token that cannot be judged, since its
// issuer does not answer, is a failure and not a refusal: it may be a good one.
func (i *issuer) check(q *authn.Request, u *token.Unverified) (token.Claims, *token.KeySet, error) {
	if q.Realm != i.realm {
		return token.Claims{}, nil, refusedToken(token.ErrRealm)
	}
	ctx := q.HTTP.Context()
	keys, err := i.keys.Keys(ctx)
	if err != nil {
		return token.Claims{}, nil, err
	}
	c, err := i.Check(u, keys, q.Now)
	if errors.Is(err, token.ErrKey) {
		// The issuer may have a new key, of which it has not told us yet.
		newer, failure := i.keys.Newer(ctx, keys)
		if failure != nil {
			return token.Claims{}, nil, failure
		}
		if newer != nil {
			keys = newer
			c, err = i.Check(u, keys, q.Now)
		}
	}
	return c, keys, refusedToken(err)
}

// errExpired refuses a token that has been good.
var errExpired = authn.Refuse("expired token")

// refusedToken makes a refusal of what package token says; nil stays nil.
func refusedToken(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, token.ErrExpired):
		return errExpired
	}
	return authn.Refuse("invalid token: %v", err)
}

// warm fetches the keys of issuers, so that the first requests need not wait for
// them. If that fails, it is in the log, and tried again when they are needed.
func (s *settings) warm(ctx context.Context) {
	for _, i := range s.issuers {
		go i.keys.Keys(ctx)
	}
}
