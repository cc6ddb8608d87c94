package fsa

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
)

// HTTPAuthOpts are the options of HTTP authentication schemes: those of digest.
type HTTPAuthOpts struct {
	// Algorithms are those that a challenge offers, the preferred one first:
	// SHA-256, SHA-512-256, and insecure-md5 for clients that know nothing
	// better. Default SHA-256.
	Algorithms []string

	// NonceLife is for how long a nonce is good. Default 2 minutes.
	NonceLife time.Duration
}

const (
	defaultNonceLife = 2 * time.Minute
	leastNonceLife   = 10 * time.Second
	mostNonceLife    = time.Hour
)

// digest checks the options of the scheme digest.
func (c *checker) digest() {
	const directive = "FSA_HTTP_AUTH_OPTS"
	o := &c.HTTPAuthOpts
	if !c.enabled("digest") {
		if len(o.Algorithms) > 0 || o.NonceLife != 0 {
			c.fault(directive, `is for the scheme "digest", which FSA_AUTH does not enable`, "remove it, or enable digest")
		}
		return
	}
	if len(o.Algorithms) == 0 {
		o.Algorithms = []string{"SHA-256"}
	}
	o.Algorithms = slices.Clone(o.Algorithms)
	for i, a := range o.Algorithms {
		switch name := strings.ToUpper(a); {
		case name == "SHA-256", name == "SHA-512-256":
			o.Algorithms[i] = name
		case a == "insecure-md5":
			o.Algorithms[i] = "MD5"
		case name == "MD5":
			c.fault(directive, "algorithms in it has MD5, which is broken", "remove it, or spell it insecure-md5")
		default:
			c.fault(directive, fmt.Sprintf("algorithms in it has %q, which is not known", a), "it is SHA-256, SHA-512-256 or insecure-md5")
		}
		if slices.Contains(o.Algorithms[:i], o.Algorithms[i]) {
			c.fault(directive, fmt.Sprintf("algorithms in it has %s twice", o.Algorithms[i]), "remove one")
		}
	}
	orDefault(&o.NonceLife, defaultNonceLife)
	if o.NonceLife < leastNonceLife || o.NonceLife > mostNonceLife {
		c.fault(directive, fmt.Sprintf("nonce_life in it is %v", o.NonceLife), fmt.Sprintf("use %v to %v", leastNonceLife, mostNonceLife))
	}
}

func setHTTPAuthOpts(c *Config, v any) error {
	t, ok := v.(map[string]any)
	if !ok {
		return errors.New(`must be a table, as in {algorithms = ["SHA-256"], nonce_life = "2m"}`)
	}
	var o HTTPAuthOpts
	for _, name := range slices.Sorted(maps.Keys(t)) {
		var err error
		switch v := t[name]; name {
		case "algorithms":
			into := Config{}
			err = names(func(c *Config) *[]string { return &c.HTTPAuthOpts.Algorithms }).set(&into, v)
			o.Algorithms = into.HTTPAuthOpts.Algorithms
		case "nonce_life":
			o.NonceLife, err = positiveDuration(v)
		default:
			return fmt.Errorf("%q in it is not known; it has algorithms, nonce_life", name)
		}
		if err != nil {
			return fmt.Errorf("%s in it %w", name, err)
		}
	}
	c.HTTPAuthOpts = o
	return nil
}

// HA1 gives the hash of a login, a realm and a password that a store keeps for the
// scheme digest, in hexadecimal digits (RFC 7616, 3.4.2). The algorithm is SHA-256,
// SHA-512-256 or MD5, as the hook of [App.UserHA1] is told; "" is the answer for
// any other.
//
// It is no password hash: whoever has it can log in with it, in that realm, and
// guesses at the password cost next to nothing.
func HA1(algorithm, login, realm, password string) string {
	return authn.HA1(algorithm, login, realm, password)
}

// UserHA1 sets the hook that gives what the scheme digest compares with: the [HA1]
// of a user in a realm, by an algorithm, or [ErrNoSuchUser]. A store that has the
// password itself computes it by HA1. Answers are cached; [App.PasswordUncache]
// forgets them.
func (a *App) UserHA1(get func(ctx context.Context, login, realm, algorithm string) (ha1 string, err error)) {
	if a.hook("app.UserHA1", get == nil, a.userHA1 != nil, 1) {
		a.userHA1 = get
	}
}

// UserByHash sets the hook by which clients of the scheme digest need not show
// their login (RFC 7616, 3.4.4): it gives the login whose [UserHash] they have
// sent, or [ErrNoSuchUser]. Its answers are not cached.
func (a *App) UserByHash(find func(ctx context.Context, userhash, realm, algorithm string) (login string, err error)) {
	if a.hook("app.UserByHash", find == nil, a.userByHash != nil, 1) {
		a.userByHash = find
	}
}

// UserHash gives what stands for a login in a request that hides it; see
// [App.UserByHash].
func UserHash(algorithm, login, realm string) string { return authn.UserHash(algorithm, login, realm) }

// ha1Key is what an HA1 depends on.
type ha1Key struct{ login, realm, algorithm string }

// digestTry is what became of a try of one of the requests that came together.
type digestTry struct {
	whose *int // the request's own
	err   error
}

// digestState is what the scheme digest keeps.
type digestState struct {
	ha1s   *hookCache[ha1Key, string]
	proofs *hookCache[proofKey, string] // the HA1 that was proved
	tries  *hookCache[proofKey, digestTry]
	dummy  string // an HA1 that nobody has

	realms, algorithms []string // that have been asked for
}

func newDigestState(s *settings) *digestState {
	d := &digestState{
		ha1s: newHookCache(s, cache.NearOptions[ha1Key, string]{
			Bytes: hookCacheBytes(s),
			Weigh: func(k ha1Key, ha1 string) int { return len(k.login) + len(k.realm) + len(ha1) + 256 },
		}),
		proofs: newHookCache(s, cache.NearOptions[proofKey, string]{
			Bytes: hookCacheBytes(s),
			Weigh: func(k proofKey, ha1 string) int { return len(k.login) + len(k.client) + len(ha1) + 256 },
		}),
		tries: &hookCache[proofKey, digestTry]{near: cache.NewNear(cache.NearOptions[proofKey, digestTry]{})},
	}
	d.dummy = strings.Repeat("0", 2*sha256.Size)
	return d
}

// digestScheme makes the scheme.
func (c *compiler) digestScheme() authn.Scheme {
	a, s := c.app, c.app.settings
	if !slices.Contains(s.schemes, "digest") {
		return nil
	}
	if a.userHA1 == nil {
		c.faults = append(c.faults, &ConfigError{Directive: "FSA_AUTH", Source: s.source("FSA_AUTH"),
			Problem: `the scheme "digest" is enabled, and nothing knows what it compares with`,
			Remedy:  "give it by app.UserHA1, or use basic, over TLS"})
		return nil
	}
	o := authn.DigestOptions{
		Algorithms: s.HTTPAuthOpts.Algorithms, NonceLife: s.HTTPAuthOpts.NonceLife,
		Used: cache.NewMemoryOnce(s.CacheSize), Check: a.checkDigest,
	}
	if a.userByHash != nil {
		o.User = a.findByHash
	}
	d, err := authn.NewDigest(o)
	if err != nil {
		return nil // said by the settings
	}
	a.digest.algorithms = o.Algorithms
	return d
}

// findByHash asks the hook of [App.UserByHash].
func (a *App) findByHash(q *authn.Request, userhash, algorithm string) (string, error) {
	login, err := guarded(q.HTTP.Context(), func(ctx context.Context) (string, time.Duration, error) {
		login, err := a.userByHash(withoutValues{ctx}, userhash, q.Realm, algorithm)
		return login, 0, err
	})
	switch e := httperr.From(err, a.settings.ServerError, "internal error in app.UserByHash"); {
	case err == nil:
		return login, nil
	case errors.Is(err, ErrNoSuchUser), e.Status < 500:
		return "", authn.Refuse("no such user by that hash")
	default:
		return "", e
	}
}

// checkDigest is what the scheme digest asks. A response is a try of a password:
// it is counted, and refused if it comes too early. Once a client has proved to
// know the password, its right responses cost no count, and a wrong one ends that.
//
// Requests that come together make their tries one after the other, so that a
// page which begins with many is not taken for an attack.
func (a *App) checkDigest(q *authn.Request, login, algorithm string, right func(ha1 string) bool) error {
	ctx := q.HTTP.Context()
	client := a.settings.clientAddress(q.HTTP)
	key := proofKey{login, client}
	if ha1, ok := a.digest.ha1s.hit(ha1Key{login, q.Realm, algorithm}, q.Now); ok && a.provedDigest(key, ha1, right, q.Now) {
		return nil
	}
	attempt := a.throttle.attempt(ctx, client, loginName{login: login})
	if err := attempt.delayed(ctx); err != nil {
		return err
	}
	ha1, known, err := a.storedHA1(ctx, login, q.Realm, algorithm, q.Now)
	if err != nil {
		return err
	}
	me := new(int)
	for range maxTogether {
		if a.provedDigest(key, ha1, right, q.Now) {
			return nil
		}
		try, err := a.digest.tries.ask(ctx, key, q.Now, func(ctx context.Context) (digestTry, time.Duration, error) {
			return digestTry{me, a.tryDigest(ctx, attempt, key, ha1, known, right, q.Now)}, -1, nil
		})
		if err != nil {
			return err
		}
		if try.whose == me {
			return a.failedLogin(q, "digest", try.err)
		}
	}
	return httperr.Errorf(503, "too many log-ins at once, try again").WithHeader("Retry-After", "1")
}

// maxTogether is how many tries of others a request waits for.
const maxTogether = 100

// provedDigest reports whether the client is known to know the password, and this
// response is right too.
func (a *App) provedDigest(key proofKey, ha1 string, right func(string) bool, now time.Time) bool {
	proved, ok := a.digest.proofs.hit(key, now)
	if !ok {
		return false
	}
	if proved == ha1 && right(ha1) {
		return true
	}
	a.digest.proofs.forget(key)
	return false
}

// tryDigest makes a try: it takes a place, looks, and settles.
func (a *App) tryDigest(ctx context.Context, attempt *attempt, key proofKey, ha1 string, known bool, right func(string) bool, now time.Time) error {
	place, err := attempt.take(ctx)
	if err != nil {
		return err
	}
	if ok := right(ha1); !ok || !known {
		place.failed(ctx)
		if !known {
			return &wrongPassword{error: authn.Refuse("no such user: %s", key.login)}
		}
		return &wrongPassword{authn.Refuse("invalid password for %s", key.login), key.login}
	}
	place.succeeded(ctx)
	key = proofKey{strings.Clone(key.login), strings.Clone(key.client)}
	a.digest.proofs.ask(ctx, key, now, func(context.Context) (string, time.Duration, error) { return ha1, 0, nil })
	return nil
}

// storedHA1 asks the hook of [App.UserHA1], for a try. It asks even if the HA1 is
// kept, as [App.storedHash] does: nothing is kept of those who are not known, so that
// the time of the hook would tell who is. For them it gives what takes as long to
// compare with.
func (a *App) storedHA1(ctx context.Context, login, realm, algorithm string, now time.Time) (ha1 string, known bool, err error) {
	key := ha1Key{strings.Clone(login), realm, algorithm}
	ha1, err = a.digest.ha1s.refresh(ctx, key, now, func(ctx context.Context) (string, time.Duration, error) {
		ha1, err := a.userHA1(ctx, key.login, realm, algorithm)
		if err != nil {
			return "", 0, err
		}
		ha1 = strings.ToLower(ha1)
		if len(ha1) != len(authn.HA1(algorithm, "", "", "")) || strings.Trim(ha1, "0123456789abcdef") != "" {
			a.settings.logger.Error("a stored HA1 is not the hexadecimal form of a hash by its algorithm", "login", oneLine(login, maxLoggedLogin), "algorithm", algorithm)
			return "", 0, ErrNoSuchUser
		}
		return ha1, 0, nil
	})
	if err == nil {
		return ha1, true, nil
	}
	if e := httperr.From(err, a.settings.ServerError, "internal error in app.UserHA1"); !errors.Is(err, ErrNoSuchUser) && e.Status >= 500 {
		return "", false, e
	}
	if errors.Is(err, ErrNoSuchUser) {
		a.digest.ha1s.forget(key) // the user has gone
	}
	return a.digest.dummy, false, nil
}

// forget forgets what is kept about a user's password.
func (d *digestState) forget(login string) {
	for _, realm := range d.realms {
		for _, algorithm := range d.algorithms {
			d.ha1s.forget(ha1Key{login, realm, algorithm})
		}
	}
}

// forgetUser forgets that, and who has proved it.
func (d *digestState) forgetUser(login string) {
	d.forget(login)
	d.proofs.forgetIf(func(k proofKey, _ string) bool { return k.login == login })
}

func (d *digestState) clear() {
	d.ha1s.clear()
	d.proofs.clear()
}
