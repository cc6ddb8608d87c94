package fsa

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// APIKey is what a store knows of an API key.
type APIKey struct {
	Login   string    // whose key it is
	Hash    string    // of the key, as NewAPIKey gives it
	Scopes  []string  // what may be done with it
	Expires time.Time // zero: never
}

// ErrNoSuchKey is what the hook of [App.APIKey] returns for an id that no key has,
// or whose key is revoked.
var ErrNoSuchKey = errors.New("no such API key")

// NewAPIKey makes an API key, fsak_ID_SECRET, of 74 characters. The key is shown to
// its user once; the store keeps its id, by which [App.APIKey] is asked for it, and
// its hash, from which nobody gets the key back.
func NewAPIKey() (key Secret, id, hash string) {
	k, id, hash := authn.NewAPIKey()
	return Secret(k), id, hash
}

// APIKey sets the hook of the scheme apikey: it gives what the store knows of the
// key with an id, or [ErrNoSuchKey]. The key itself is compared here. Answers are
// cached; [App.APIKeyUncache] forgets one, so that a key which has been revoked in
// the store ends at once.
func (a *App) APIKey(find func(ctx context.Context, id string) (APIKey, error)) {
	if a.hook("app.APIKey", find == nil, a.findKey != nil, 1) {
		a.findKey = find
	}
}

// keyKey is what an identity by API key depends on.
type keyKey struct{ id, realm string }

type keyEntry struct {
	hash     string
	expires  time.Time
	user     interned
	identity *identity.Identity
}

func newKeyCache(s *settings) *hookCache[keyKey, *keyEntry] {
	return newHookCache(s, cache.NearOptions[keyKey, *keyEntry]{})
}

// apiKeys checks the options of the scheme apikey.
func (c *checker) apiKeys() {
	if c.APIKeyHeader != "" && !c.enabled("apikey") {
		c.fault("FSA_APIKEY_HEADER", `is for the scheme "apikey", which FSA_AUTH does not enable`, "remove it, or enable apikey")
	}
	orDefault(&c.APIKeyHeader, "X-API-Key")
	if !grammar.IsToken(c.APIKeyHeader) || strings.Contains(c.APIKeyHeader, "_") || fieldTaken(c.APIKeyHeader) {
		c.fault("FSA_APIKEY_HEADER", fmt.Sprintf("%q is no header field for keys", c.APIKeyHeader), "use letters, digits and dashes, as in X-API-Key, and none that has a meaning of its own")
	}
	c.APIKeyHeader = http.CanonicalHeaderKey(c.APIKeyHeader)
}

// apiKeyScheme makes the scheme.
func (c *compiler) apiKeyScheme() authn.Scheme {
	a, s := c.app, c.app.settings
	if slices.Contains(s.schemes, "apikey") && a.findKey == nil {
		c.faults = append(c.faults, &ConfigError{Directive: "FSA_AUTH", Source: s.source("FSA_AUTH"),
			Problem: `the scheme "apikey" is enabled, and nothing knows keys`, Remedy: "give what the store knows of them by app.APIKey"})
	}
	return &authn.APIKey{Field: s.APIKeyHeader, Check: a.checkAPIKey}
}

// noKey is compared with where there is no key, so that this takes as long.
var noKey = &keyEntry{hash: strings.Repeat("0", len(authn.HashAPIKey("")))}

// checkAPIKey is what the scheme apikey asks. That a key has expired is told only
// to who has it.
func (a *App) checkAPIKey(q *authn.Request, id, key string) (*identity.Identity, error) {
	e, ok := a.keys.hit(keyKey{id, q.Realm}, q.Now)
	if !ok {
		var err error
		if e, err = a.askKey(q, strings.Clone(id)); err != nil {
			return nil, err
		}
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(authn.HashAPIKey(key)), []byte(e.hash)) != 1 || e == noKey:
		return nil, authn.Refuse("invalid API key")
	case !e.expires.IsZero() && !q.Now.Before(e.expires):
		return nil, authn.Refuse("expired API key")
	}
	q.User = e.user
	return e.identity, nil
}

// askKey asks the hook of [App.APIKey].
func (a *App) askKey(q *authn.Request, id string) (*keyEntry, error) {
	e, err := a.keys.ask(q.HTTP.Context(), keyKey{id, q.Realm}, q.Now, func(ctx context.Context) (*keyEntry, time.Duration, error) {
		k, err := a.findKey(ctx, id)
		switch {
		case err != nil:
			return nil, 0, err
		case k.Login == "" || len(k.Login) > maxCredential:
			return nil, 0, errors.New("it gave a key with no login, or one that is too long")
		case len(k.Hash) != len(noKey.hash):
			return nil, 0, errors.New("it gave a key with another hash than fsa.NewAPIKey gives")
		}
		return &keyEntry{strings.ToLower(k.Hash), k.Expires, unique.Make(k.Login),
			&identity.Identity{Login: k.Login, Scheme: "apikey", Realm: q.Realm, Scopes: slices.Clone(k.Scopes)}}, 0, nil
	})
	if err == nil {
		return e, nil
	}
	if e := httperr.From(err, a.settings.ServerError, "internal error in app.APIKey"); !errors.Is(err, ErrNoSuchKey) && e.Status >= 500 {
		return nil, e
	}
	return noKey, nil
}

// APIKeyUncache forgets what the hook of [App.APIKey] said of the key with an id:
// call it when the key is revoked or its scopes change.
func (a *App) APIKeyUncache(ctx context.Context, id string) error {
	a.keys.forgetIf(func(k keyKey, _ *keyEntry) bool { return k.id == id })
	return nil
}
