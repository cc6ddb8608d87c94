package fsa

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/token"
)

// RevokeToken ends a token before its time: from the next request on it is refused,
// also where it is known to be good. realm is where it is valid, "" for FSA_REALM.
// The token must be a good one, of this application or of one of FSA_TOKEN_ISSUERS:
// one that has expired is no error, any other that is refused is one. If the error
// is of the store of revocations, the token may still be good.
//
// The revocation is of what the token says, not of its spelling, and is kept until
// the token ends, in [Config.Revocations].
func (a *App) RevokeToken(ctx context.Context, raw, realm string) error {
	orDefault(&realm, a.settings.Realm)
	c, err := a.claimsOf(ctx, raw, realm)
	switch {
	case errors.Is(err, token.ErrExpired), errors.Is(err, errExpired):
		return nil
	case err != nil:
		return fmt.Errorf("a token that is not good cannot be revoked: %w", err)
	}
	return a.revocations.revokeToken(ctx, c)
}

// RevokeUser ends all tokens of a user that have been made up to now, in all realms,
// by this application and by FSA_TOKEN_ISSUERS: from the next request on they are
// refused, also where they are known to be good. It is for a password that has
// changed, an account that is closed, a device that is lost. API keys and passwords
// are the application's own to end, by [App.APIKeyUncache] and [App.PasswordUncache].
//
// Tokens that [App.CreateToken] makes after it are good. Others have to say that they
// were made later (iat), by more than clocks may differ (FSA_TOKEN_GRACE, of which 5
// minutes at most count): a JWT that does not, and an fsa token of another program,
// is refused until whatever had been made before has ended.
func (a *App) RevokeUser(ctx context.Context, login string) error {
	if login == "" {
		return fmt.Errorf("the tokens of nobody: %w", ErrNoSuchUser)
	}
	return a.revocations.revokeUser(ctx, login)
}

// claimsOf gives what a token says, of this application or of another issuer.
func (a *App) claimsOf(ctx context.Context, raw, realm string) (token.Claims, error) {
	if len(raw) > token.MaxSize {
		return token.Claims{}, fmt.Errorf("it is larger than %d bytes", token.MaxSize)
	}
	s, now := a.settings, time.Now()
	if u, err := token.Parse(raw); err == nil {
		if i := s.issuers[u.Issuer()]; i != nil {
			c, _, err := i.check(&authn.Request{HTTP: new(http.Request).WithContext(ctx), Realm: realm, Now: now}, u)
			return c, err
		}
	}
	tokens := s.now().tokens
	if tokens == nil {
		return token.Claims{}, errors.New("no tokens are made here")
	}
	return tokens.Check(raw, realm, now)
}

// CheckToken gives what a token says, if it would be taken now where the realm is
// realm, "" for FSA_REALM: it is of this application or of one of FSA_TOKEN_ISSUERS,
// has not ended and has not been revoked. Otherwise the error says why not, for the
// log rather than for a client. The keys of an issuer may be fetched.
//
// A route takes the tokens of its schemes and of its realm only: this is for tools,
// and for connections that are no requests.
func (a *App) CheckToken(ctx context.Context, raw, realm string) (token.Claims, error) {
	orDefault(&realm, a.settings.Realm)
	c, err := a.claimsOf(ctx, raw, realm)
	if err == nil {
		g := a.revocations.grounds(c)
		err = a.revocations.check(ctx, &g)
	}
	if err != nil {
		return token.Claims{}, err
	}
	return c, nil
}

// revocations tell which tokens have been revoked.
//
// A token is revoked by a mark on what it says. All tokens of a user are revoked by
// the second in which that happened. A [cache.Once] holds marks, not times; so the
// second is marked, and the two, four, eight… seconds which it is a part of. To find
// the latest one, halves are looked at, the later one first.
type revocations struct {
	store  cache.Once
	shared bool        // others revoke, too: the store is asked each time
	any    atomic.Bool // something has been revoked here
	name   string      // of the application, of which a shared store may hold several
	delay  time.Duration
	keep   time.Duration // for how long a user's revocation is kept: no token lives longer
	slack  time.Duration // for how long a token is good after its end, by the slowest clock
	skew   time.Duration // how far ahead a clock may be that says when a token was made
	others map[string]*issuer
	levels int
}

// foreignLife is how long tokens of other issuers live at most. Their revocations are
// kept for it.
const foreignLife = 400 * day

// mostSkew bounds for how long the tokens of other issuers are refused after a
// revocation, where FSA_TOKEN_GRACE is longer than clocks are wrong.
const mostSkew = 5 * time.Minute

// instancesSkew is how much the clocks of instances of the application may differ in
// any case: that costs nothing but marks for what is made just after a revocation.
const instancesSkew = 5 * time.Second

func newRevocations(s *settings) *revocations {
	v := &revocations{store: s.Revocations, shared: s.Revocations != nil, name: s.name, delay: s.TokenMaxDelay, others: s.issuers}
	if !v.shared {
		v.store = cache.NewMemoryOnce(0)
	}
	v.keep = v.delay
	if len(s.issuers) > 0 {
		v.keep = max(v.keep, foreignLife)
	}
	v.slack = s.TokenGrace + time.Minute
	v.keep += v.slack
	if !s.NoTokenDelay {
		v.skew = min(s.TokenGrace, mostSkew)
	}
	v.levels = bits.Len64(uint64(v.keep / time.Second))
	return v
}

// grounds is what the revocation of a token depends on.
type grounds struct {
	token  string // the key of its own revocation
	login  string
	issued time.Time // it was not made before
}

// grounds finds out what the revocation of a token depends on.
func (v *revocations) grounds(c token.Claims) grounds {
	g := grounds{v.tokenKey(c), strings.Clone(c.Login), c.IssuedAt}
	switch {
	case !g.issued.IsZero():
	case v.others[c.Issuer] != nil:
		g.issued = c.Expires.Add(-foreignLife)
	default:
		g.issued = c.Expires.Add(-v.delay)
	}
	switch { // it may be what another clock than ours says
	case v.others[c.Issuer] != nil:
		g.issued = g.issued.Add(-v.skew)
	case v.shared:
		g.issued = g.issued.Add(-max(v.skew, instancesSkew))
	}
	return g
}

// since gives the first second of which a revocation may have come after a time.
func (v *revocations) since(t time.Time) int64 {
	if v.shared {
		t = t.Add(-instancesSkew)
	}
	return t.Unix()
}

// before reports whether a token may have been made before a revocation.
func (v *revocations) before(g *grounds, revoked int64) bool { return g.issued.Unix() <= revoked }

// tokenKey stands for what a token says: there may be several spellings of that. A
// token that has an identifier is the same one in each of its realms.
func (v *revocations) tokenKey(c token.Claims) string {
	at := func(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 36) }
	if c.ID != "" {
		c.Realm = ""
	}
	parts := append([]string{c.Issuer, c.Realm, c.Login, c.ID, at(c.IssuedAt), at(c.Expires)}, c.Scopes...)
	sum := sha256.Sum256([]byte(cache.Key(parts...)))
	return cache.Key(v.name, "revoked token", string(sum[:]))
}

func (v *revocations) userKey(login string) string {
	return cache.Key(v.name, "revoked user", login)
}

// spanKey stands for a span of 2^level seconds.
func (v *revocations) spanKey(login string, level int, n int64) string {
	return cache.Key(v.name, "revoked user", login, strconv.Itoa(level), strconv.FormatInt(n, 36))
}

// exemptKey stands for a token that was made after the user's latest revocation,
// though it does not say so.
func (v *revocations) exemptKey(tokenKey string, revoked int64) string {
	return cache.Key(v.name, "made after", tokenKey, strconv.FormatInt(revoked, 36))
}

func (v *revocations) revokeToken(ctx context.Context, c token.Claims) error {
	v.any.Store(true)
	if _, err := v.store.Use(ctx, v.tokenKey(c), c.Expires.Add(v.slack)); err != nil {
		return fmt.Errorf("a token cannot be revoked: %w", err)
	}
	return nil
}

func (v *revocations) revokeUser(ctx context.Context, login string) error {
	v.any.Store(true)
	now := time.Now()
	if err := v.markUser(ctx, login, now); err != nil {
		return err
	}
	// Whoever has made a token meanwhile may not have known: a store takes its time.
	if later := time.Now(); later.Unix() != now.Unix() {
		return v.markUser(ctx, login, later)
	}
	return nil
}

func (v *revocations) markUser(ctx context.Context, login string, now time.Time) error {
	until := now.Add(v.keep)
	// The smallest span comes first, so that whoever finds a larger one marked finds
	// the second, and the user last.
	for level := range v.levels + 1 {
		if _, err := v.store.Use(ctx, v.spanKey(login, level, now.Unix()>>level), until); err != nil {
			return fmt.Errorf("the tokens of a user cannot be revoked: %w", err)
		}
	}
	if _, err := v.store.Use(ctx, v.userKey(login), until); err != nil {
		return fmt.Errorf("the tokens of a user cannot be revoked: %w", err)
	}
	return nil
}

// quiet reports whether nothing has been revoked.
func (v *revocations) quiet() bool { return !v.shared && !v.any.Load() }

// check refuses a token that has been revoked. If that is not known, nothing is
// believed: 503.
func (v *revocations) check(ctx context.Context, g *grounds) error {
	if v.quiet() {
		return nil
	}
	revoked, err := v.revoked(ctx, g)
	switch {
	case err != nil:
		return httperr.Wrap(http.StatusServiceUnavailable, "tokens cannot be checked at the moment, try again later",
			fmt.Errorf("it is not known what has been revoked: %w", err)).WithHeader("Retry-After", "5")
	case revoked:
		return authn.Refuse("revoked token")
	}
	return nil
}

func (v *revocations) revoked(ctx context.Context, g *grounds) (bool, error) {
	if used, err := v.store.Used(ctx, g.token); used || err != nil {
		return used, err
	}
	at, err := v.latest(ctx, g.login)
	if err != nil || at == 0 || !v.before(g, at) {
		return false, err
	}
	exempt, err := v.store.Used(ctx, v.exemptKey(g.token, at))
	return !exempt, err
}

// latest gives the second of a user's latest revocation, 0 if there is none.
func (v *revocations) latest(ctx context.Context, login string) (int64, error) {
	if used, err := v.store.Used(ctx, v.userKey(login)); !used || err != nil {
		return 0, err
	}
	// It is in the largest span that now is in, or in the one before, or, by the
	// clock of another instance, in the one after.
	largest := time.Now().Unix() >> v.levels
	for n := largest + 1; n >= largest-1; n-- {
		used, err := v.store.Used(ctx, v.spanKey(login, v.levels, n))
		if err != nil {
			return 0, err
		}
		if used {
			return v.descend(ctx, login, n)
		}
	}
	return 0, nil
}

// descend finds the latest second that is marked in the largest span n.
func (v *revocations) descend(ctx context.Context, login string, n int64) (int64, error) {
	for level := v.levels - 1; level >= 0; level-- {
		n = 2*n + 1 // the later half
		used, err := v.store.Used(ctx, v.spanKey(login, level, n))
		if err != nil {
			return 0, err
		}
		if !used {
			n--
		}
	}
	return n, nil
}

// after waits until a token for the user is one that was made after their latest
// revocation: times in tokens are in seconds. It gives that revocation, 0 if there is
// none.
func (v *revocations) after(ctx context.Context, login string) (revoked int64, err error) {
	if v.quiet() {
		return 0, nil
	}
	if revoked, err = v.latest(ctx, login); err != nil || revoked == 0 {
		return 0, err
	}
	// By another instance's clock, it may be ahead of ours.
	if wait := time.Until(time.Unix(revoked+1, 0)); wait > 0 {
		select {
		case <-time.After(min(wait, time.Minute)):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return revoked, nil
}

// exempt notes that a token was made after a revocation, if it does not say so.
func (v *revocations) exempt(ctx context.Context, c token.Claims, revoked int64) error {
	if g := v.grounds(c); v.before(&g, revoked) {
		_, err := v.store.Use(ctx, v.exemptKey(g.token, revoked), c.Expires.Add(v.slack))
		return err
	}
	return nil
}
