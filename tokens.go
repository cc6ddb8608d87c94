package fsa

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/token"
)

// TokenOptions say more about a token that [App.CreateToken] makes.
type TokenOptions struct {
	Realm  string        // where the token is valid; default FSA_REALM, also on a route with fsa.Realm
	Issuer string        // default FSA_TOKEN_ISSUER
	Delay  time.Duration // until its limit, at most FSA_TOKEN_MAX_DELAY; default FSA_TOKEN_DELAY, none in the validity model
	Scopes []string      // what may be done with it; only of a JWT (FSA_TOKEN_TYPE = "jwt"), else an error

	// AuthTime and Factors say when and by what the user has logged in, for
	// authz.Fresh and authz.Factors; only of a JWT, else an error. Default: as the
	// caller has, if ctx is that of their request and they are the user.
	AuthTime time.Time
	Factors  []string
}

// CreateToken makes a token for the user login, or, if that is empty, for the
// user who is authenticated in ctx. It has the type, algorithm and secret of
// the FSA_TOKEN directives. In the second in which [App.RevokeUser] has ended the
// user's tokens it waits for the next, so that the new one is good: whether what has
// authenticated the caller still is, after that, the handler has to know.
func (a *App) CreateToken(ctx context.Context, login string, o TokenOptions) (string, error) {
	tokens := a.settings.now().tokens
	if tokens == nil {
		return "", errors.New(`tokens are not enabled: FSA_AUTH must have "token", and FSA_TOKEN_TYPE must not be none`)
	}
	if login == "" {
		if login = User(ctx); login == "" {
			return "", fmt.Errorf("a token without a user: %w", ErrUnauthenticated)
		}
	}
	switch {
	case o.Delay < 0:
		return "", fmt.Errorf("a token with the negative delay %v", o.Delay)
	case o.Delay > a.settings.TokenMaxDelay:
		return "", fmt.Errorf("a token with the delay %v, over the %v of FSA_TOKEN_MAX_DELAY", o.Delay, a.settings.TokenMaxDelay)
	}
	revoked, err := a.revocations.after(ctx, login)
	if err != nil {
		return "", fmt.Errorf("it is not known whether the user's tokens have been revoked: %w", err)
	}
	orDefault(&o.Delay, a.settings.TokenDelay)
	orDefault(&o.Realm, a.settings.Realm)
	orDefault(&o.Issuer, a.settings.TokenIssuer)
	now := time.Now()
	c := token.Claims{Login: login, Realm: o.Realm, Issuer: o.Issuer, Scopes: o.Scopes, AuthTime: o.AuthTime, Factors: o.Factors, Expires: now.Add(o.Delay)}
	if a.settings.TokenType == "jwt" {
		c.IssuedAt = now
		a.carryLogin(ctx, &c)
	}
	raw, err := tokens.Make(c)
	if err == nil && revoked != 0 {
		err = a.madeAfter(ctx, tokens, raw, o.Realm, revoked)
	}
	if err != nil {
		return "", err
	}
	return raw, nil
}

// carryLogin lets a token say when and by what its user has logged in, if that is the
// caller of ctx and nothing else has been said.
func (a *App) carryLogin(ctx context.Context, claims *token.Claims) {
	c := callOf(ctx)
	if c == nil || c.route.h.app != a || !claims.AuthTime.IsZero() || len(claims.Factors) > 0 {
		return
	}
	if id, _ := c.caller(); id != nil && id.Login == claims.Login {
		claims.AuthTime, claims.Factors = id.AuthTime, id.Factors
	}
}

// madeAfter notes that a token was made after a revocation.
func (a *App) madeAfter(ctx context.Context, tokens token.Format, raw, realm string, revoked int64) error {
	c, err := tokens.Check(raw, realm, time.Now())
	if err != nil {
		return nil // it is for others, of another issuer
	}
	return a.revocations.exempt(ctx, c, revoked)
}

// tokenKey is what the validity of a token depends on, for one configuration.
type tokenKey struct{ raw, realm string }

// hashToken hashes the end of a token, which is a part of its signature. Only
// tokens that have been checked are kept, so that nobody can choose their ends.
func hashToken(seed maphash.Seed, k tokenKey) uint64 {
	return maphash.String(seed, k.raw[max(0, len(k.raw)-32):])
}

type tokenEntry struct {
	identity *identity.Identity
	user     interned  // the login
	until    time.Time // when the token has certainly expired
	grounds  grounds   // of its revocation

	format token.Format // that has found it good: with other secrets, it might not be
}

// checkToken is what the scheme token asks.
func (a *App) checkToken(q *authn.Request, raw string) (*identity.Identity, error) {
	// Expiry is looked at on hits too: the cache keeps answers for its own
	// time, not for the token's.
	if e, ok := a.identities.hit(tokenKey{raw, q.Realm}, q.Now); ok && q.Now.Before(e.until) && e.format == a.settings.now().tokens {
		if err := a.revocations.check(q.HTTP.Context(), &e.grounds); err != nil {
			return nil, err
		}
		q.User = e.user
		return e.identity, nil
	}
	return a.checkNewToken(q, raw)
}

// checkNewToken checks a token that is not known, and keeps it if it is good.
func (a *App) checkNewToken(q *authn.Request, raw string) (*identity.Identity, error) {
	tokens := a.settings.now().tokens
	c, err := tokens.Check(raw, q.Realm, q.Now)
	if err != nil {
		return nil, refusedToken(err)
	}
	e := &tokenEntry{
		// What is kept must not hold on to the request it came with.
		identity: &identity.Identity{Login: strings.Clone(c.Login), Scheme: "token", Realm: q.Realm, Scopes: slices.Clone(c.Scopes), AuthTime: c.AuthTime, Factors: slices.Clone(c.Factors)},
		user:     unique.Make(c.Login),
		until:    c.Expires.Add(a.settings.TokenGrace),
		grounds:  a.revocations.grounds(c),
		format:   tokens,
	}
	if err := a.revocations.check(q.HTTP.Context(), &e.grounds); err != nil {
		return nil, err
	}
	keep := e.until.Sub(q.Now)
	if keep <= 0 {
		return e.identity, nil // valid to the second, not longer
	}
	// The header's string is cut from a larger one, which must not be kept.
	key := tokenKey{strings.Clone(raw), q.Realm}
	a.identities.forget(key) // what is there was checked with other secrets, or has ended
	if _, err := a.identities.ask(q.HTTP.Context(), key, q.Now, func(context.Context) (*tokenEntry, time.Duration, error) {
		return e, keep, nil
	}); err != nil {
		return nil, err
	}
	return e.identity, nil
}
