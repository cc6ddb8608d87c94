package fsa

import (
	"context"
	"errors"
	"fmt"
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
	Delay  time.Duration // how long it is valid; default FSA_TOKEN_DELAY
	Scopes []string      // for JWTs: what may be done with it
}

// CreateToken makes a token for the user login, or, if that is empty, for the
// user who is authenticated in ctx. It has the type, algorithm and secret of
// the FSA_TOKEN directives.
func (a *App) CreateToken(ctx context.Context, login string, o TokenOptions) (string, error) {
	if a.settings.tokens == nil {
		return "", errors.New(`tokens are not enabled: FSA_AUTH must have "token", and FSA_TOKEN_TYPE must not be none`)
	}
	if login == "" {
		if login = User(ctx); login == "" {
			return "", fmt.Errorf("a token without a user: %w", ErrUnauthenticated)
		}
	}
	if o.Delay < 0 {
		return "", fmt.Errorf("a token with the negative delay %v", o.Delay)
	}
	orDefault(&o.Delay, a.settings.TokenDelay)
	orDefault(&o.Realm, a.settings.Realm)
	orDefault(&o.Issuer, a.settings.TokenIssuer)
	now := time.Now()
	c := token.Claims{Login: login, Realm: o.Realm, Issuer: o.Issuer, Scopes: o.Scopes, Expires: now.Add(o.Delay)}
	if a.settings.TokenType == "jwt" {
		c.IssuedAt = now
	}
	return a.settings.tokens.Make(c)
}

// tokenKey is what the validity of a token depends on, for one configuration.
type tokenKey struct{ raw, realm string }

type tokenEntry struct {
	identity *identity.Identity
	user     interned  // the login
	until    time.Time // when the token has certainly expired
}

// checkToken is what the scheme token asks.
func (a *App) checkToken(q *authn.Request, raw string) (*identity.Identity, error) {
	if len(raw) > token.MaxSize {
		return nil, authn.Refuse("invalid token: larger than %d bytes", token.MaxSize)
	}
	// Expiry is looked at on hits too: the cache keeps answers for its own
	// time, not for the token's.
	if e, ok := a.identities.hit(tokenKey{raw, q.Realm}, q.Now); ok && q.Now.Before(e.until) {
		q.User = e.user
		return e.identity, nil
	}
	return a.checkNewToken(q, raw)
}

// checkNewToken checks a token that is not known, and keeps it if it is good.
func (a *App) checkNewToken(q *authn.Request, raw string) (*identity.Identity, error) {
	c, err := a.settings.tokens.Check(raw, q.Realm, q.Now)
	switch {
	case errors.Is(err, token.ErrExpired):
		return nil, authn.Refuse("expired token")
	case err != nil:
		return nil, authn.Refuse("invalid token: %v", err)
	}
	e := &tokenEntry{
		// What is kept must not hold on to the request it came with.
		identity: &identity.Identity{Login: strings.Clone(c.Login), Scheme: "token", Realm: q.Realm, Scopes: slices.Clone(c.Scopes)},
		user:     unique.Make(c.Login),
		until:    c.Expires.Add(a.settings.TokenGrace),
	}
	keep := e.until.Sub(q.Now)
	if keep <= 0 || a.identities.near == nil {
		return e.identity, nil // valid to the second, not longer
	}
	// The header's string is cut from a larger one, which must not be kept.
	key := tokenKey{strings.Clone(raw), q.Realm}
	if _, err := a.identities.ask(q.HTTP.Context(), key, q.Now, func(context.Context) (*tokenEntry, time.Duration, error) {
		return e, keep, nil
	}); err != nil {
		return nil, err
	}
	return e.identity, nil
}
