package fsa

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"hash/maphash"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/cache"
)

// credentials are those of Basic authentication whose password is known to match the
// stored hash: the hash and the proof that were found for them. They are kept under a
// keyed digest of what the client sends, so that one look-up finds all that is known,
// and nothing of it is decoded.
//
// They decide nothing by themselves. They are good for exactly as long as the cache of
// who is meant by what was typed, that of stored hashes and that of proofs would give
// what they gave, so that whatever ends one of these (a changed password, a wrong one,
// time, an Uncache, a full cache) ends them at the same moment.
type credentials struct {
	typed bool // the login was typed as something else, which login tells
	login cache.Held[string, string]
	hash  cache.Held[string, string]
	proof cache.Held[proofKey, proof]
}

// newCredentials gives nil if nothing is to be kept.
func newCredentials(s *settings) *cache.Near[digest, credentials] {
	return newNear(s, cache.NearOptions[digest, credentials]{
		// A digest is as good as random, and nobody knows or chooses it.
		Hash:  func(_ maphash.Seed, d digest) uint64 { return binary.LittleEndian.Uint64(d[:]) },
		Bytes: hookCacheBytes(s),
		// Those that are void hold on to what they were found by, until they leave.
		Weigh: func(_ digest, c credentials) int {
			p, _ := c.proof.Get(time.Time{})
			return len(p.user.Value()) + 2*len(p.hash) + 512
		},
	})
}

// maxBasic is the size in bytes over which credentials are not looked up: no login
// and password of maxCredential each have as much.
const maxBasic = 4 * maxCredential

// knownBasic is what the scheme basic asks first. That the digests are compared as
// keys of a map are is of no use to anybody who measures it: it tells of digests, and
// what they are made of can't be told without their key.
func (a *App) knownBasic(q *authn.Request, sent string) (login string, known bool) {
	if a.credentials == nil || len(sent) > maxBasic {
		return "", false
	}
	c, ok := a.credentials.Get(a.prover.digest(a.settings.clientAddress(q.HTTP), sent), q.Now)
	if !ok {
		return "", false
	}
	if c.typed {
		if _, ok = c.login.Get(q.Now); !ok {
			return "", false
		}
	}
	if _, ok = c.hash.Get(q.Now); !ok {
		return "", false
	}
	p, ok := c.proof.Get(q.Now)
	if !ok {
		return "", false
	}
	if c.typed {
		a.logins.found()
	}
	a.passwordHashes.found()
	a.proofs.found()
	q.User = p.user
	return p.user.Value(), true
}

// checkBasic is what the scheme basic asks about credentials that are not known.
func (a *App) checkBasic(q *authn.Request, login, pass string) error {
	client := a.settings.clientAddress(q.HTTP)
	if err := a.logIn(q.HTTP.Context(), q, client, login, pass); err != nil {
		return a.failedLogin(q, "basic", err)
	}
	a.keepCredentials(q.HTTP.Context(), login, proofKey{q.Login, client}, pass, q.Now)
	return nil
}

// keepCredentials keeps the credentials of a login as it was typed and a password, if it
// is known that they match.
func (a *App) keepCredentials(ctx context.Context, typed string, key proofKey, pass string, now time.Time) {
	if a.credentials == nil {
		return
	}
	var c credentials
	var ok, proved bool
	if a.canonicalLogin != nil {
		if c.login, c.typed = a.logins.near.Hold(typed, now); !c.typed {
			return
		}
		if login, ok := c.login.Get(now); !ok || login != key.login {
			return // somebody else is meant by now
		}
	}
	if c.hash, ok = a.passwordHashes.near.Hold(key.login, now); !ok {
		return
	}
	if c.proof, proved = a.proofs.near.Hold(key, now); !proved {
		return // it is good for once, say, or somebody else's business
	}
	hash, ok := c.hash.Get(now)
	p, proved := c.proof.Get(now)
	d := a.prover.digest(key.login, pass)
	// Other requests may have changed either since the log-in.
	if !ok || !proved || p.hash != hash || subtle.ConstantTimeCompare(d[:], p.digest[:]) != 1 {
		return
	}
	sent := a.prover.digest(key.client, base64.StdEncoding.EncodeToString([]byte(typed+":"+pass)))
	a.credentials.Delete(sent) // what is there is void
	a.credentials.Load(ctx, sent, now, func(context.Context) (credentials, time.Duration, error) { return c, 0, nil })
}
