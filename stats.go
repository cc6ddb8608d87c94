package fsa

import (
	"slices"
	"strings"
	"sync/atomic"
)

// Stats are counts and levels of an application, for metrics.
type Stats struct {
	Caches    []CacheStats
	Passwords PasswordStats
}

// CacheStats are about the kept answers of one kind.
type CacheStats struct {
	// Kind is "login" (who is meant by what is typed), "password_hash",
	// "password_proof" (passwords that were found to be right), "digest_hash",
	// "digest_proof", "group", "permission", "object", "token", "access_token" (of
	// other issuers) or "api_key".
	Kind   string
	Domain string // of objects, else ""

	// Hits is how many look-ups have found an answer, and Misses how many times
	// there was none and somebody had to be asked: a hook, or for proofs and tokens
	// the slow way of verifying, when it has found them right. A log-in
	// looks for a password hash more than once. They are counted since [App.Observe]
	// was called; without an observer they are 0.
	Hits, Misses uint64

	Entries int // that are kept, with those that have expired and not been evicted yet
}

// PasswordStats are about slow hashes. Where FSA_PASSWORD_SCHEME is none, all are 0.
type PasswordStats struct {
	Running int // of Workers
	Waiting int // of Queue; who comes when it is full is refused by 503
	Workers int
	Queue   int
}

// Stats gives the counts of this moment. It may be called at any time.
func (a *App) Stats() Stats {
	s := Stats{Caches: []CacheStats{
		a.logins.stats("login"),
		a.passwordHashes.stats("password_hash"),
		a.proofs.stats("password_proof"),
		a.memberships.stats("group"),
		a.granted.stats("permission"),
		a.identities.stats("token"),
		a.access.stats("access_token"),
		a.keys.stats("api_key"),
		a.digest.ha1s.stats("digest_hash"),
		a.digest.proofs.stats("digest_proof"),
	}}
	for name, d := range a.domains {
		c := d.stats("object")
		c.Domain = name
		s.Caches = append(s.Caches, c)
	}
	slices.SortFunc(s.Caches, func(a, b CacheStats) int { return strings.Compare(a.Kind+"\x00"+a.Domain, b.Kind+"\x00"+b.Domain) })
	if h := a.settings.hasher; h != nil {
		load := h.Load()
		s.Passwords = PasswordStats{Running: load.Running, Waiting: load.Waiting, Workers: load.Workers, Queue: load.Queue}
	}
	return s
}

// lookups counts what became of look-ups in a cache.
type lookups struct{ hits, misses atomic.Uint64 }

// count lets the caches count, those of domains to come too.
func (a *App) count() {
	a.logins.lookups = new(lookups)
	a.passwordHashes.lookups = new(lookups)
	a.proofs.lookups = new(lookups)
	a.memberships.lookups = new(lookups)
	a.granted.lookups = new(lookups)
	a.identities.lookups = new(lookups)
	a.access.lookups = new(lookups)
	a.keys.lookups = new(lookups)
	a.digest.ha1s.lookups = new(lookups)
	a.digest.proofs.lookups = new(lookups)
	for _, d := range a.domains {
		d.count()
	}
}

func (a *hookCache[K, V]) stats(kind string) CacheStats {
	s := CacheStats{Kind: kind}
	if a.lookups != nil {
		s.Hits, s.Misses = a.lookups.hits.Load(), a.lookups.misses.Load()
	}
	if a.near != nil {
		s.Entries = a.near.Len()
	}
	return s
}
