package fsa

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding"
	"encoding/binary"
	"hash"
	"strings"
	"sync"
	"time"
	"unique"
)

// proofKey is who has proved to know a password, and from which address.
//
// The address matters: to somebody elsewhere, what has been proved would be a way
// to tell a right guess from a wrong one that no throttle is before.
type proofKey struct{ login, client string }

// proof tells that a password was found to match a stored hash, without telling
// the password.
type proof struct {
	digest digest // of the login and the password
	hash   string // as it is stored: with another one, the proof is void
	user   interned
}

// proved reports whether it is known that a password matches a stored hash: so
// Basic authentication costs one slow hash for each user and time to live, not
// one for each request. A changed password has another stored hash, and misses.
// Mismatches are never kept; a password that is not the proved one ends the proof,
// or else wrong guesses from the same address could be told from the right one
// without being counted.
func (a *App) proved(key proofKey, hash, pass string, now time.Time) (interned, bool) {
	p, ok := a.proofs.hit(key, now)
	if !ok {
		return interned{}, false
	}
	d := a.prover.digest(key.login, pass)
	if subtle.ConstantTimeCompare(d[:], p.digest[:]) == 1 && p.hash == hash {
		return p.user, true
	}
	a.proofs.forget(key)
	return interned{}, false
}

// prove keeps that a password matches a stored hash, unless what matches is a code
// that is good for once.
func (a *App) prove(ctx context.Context, key proofKey, hash, pass string, now time.Time) {
	if _, ok := a.proved(key, hash, pass, now); ok || a.proofs.near == nil || a.settings.hasher.OneTime(hash) {
		return
	}
	p := proof{a.prover.digest(key.login, pass), hash, unique.Make(key.login)}
	// What is kept must not hold on to the request it came with.
	key = proofKey{p.user.Value(), strings.Clone(key.client)}
	a.proofs.ask(ctx, key, now, func(context.Context) (proof, time.Duration, error) { return p, 0, nil })
}

// digest stands for a login and a password. It is keyed by the process, which
// makes the key for itself and keeps it nowhere else: whoever sees digests alone
// can guess nothing.
type digest [sha256.Size]byte

// prover makes digests: SHA-256 of a block that is the key, and then of the text, which
// begins with the lengths of its parts.
//
// By these, no text is the beginning of another, and for such texts this is a
// pseudorandom function as it is (Bellare, Canetti, Krawczyk: Pseudorandom Functions
// Revisited, 1996). HMAC hashes a second time for texts that may continue each other,
// and takes twice as long. Where processors have instructions for SHA-256, as nearly
// all that serve have, keyed BLAKE2b takes longer still.
type prover struct {
	start []byte    // of a hash, once it has the key
	macs  sync.Pool // of *mac
}

type mac struct {
	hash restorable
	text []byte
	sum  []byte
}

// restorable is what the hashes of crypto/sha256 are.
type restorable interface {
	hash.Hash
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

func newProver() *prover {
	key := make([]byte, sha256.BlockSize)
	rand.Read(key)
	h := sha256.New().(restorable)
	h.Write(key)
	start, err := h.MarshalBinary()
	if err != nil {
		panic(err) // package crypto/sha256 promises that it can
	}
	return &prover{start, sync.Pool{New: func() any { return &mac{hash: sha256.New().(restorable)} }}}
}

// digest makes the digest of a login and a password, or of any other two texts.
func (p *prover) digest(login, password string) (d digest) {
	m := p.macs.Get().(*mac)
	if err := m.hash.UnmarshalBinary(p.start); err != nil {
		panic(err)
	}
	m.text = binary.LittleEndian.AppendUint64(m.text[:0], uint64(len(login)))
	m.text = binary.LittleEndian.AppendUint64(m.text, uint64(len(password)))
	m.text = append(m.text, login...)
	m.text = append(m.text, password...)
	m.hash.Write(m.text)
	clear(m.text)
	m.sum = m.hash.Sum(m.sum[:0])
	copy(d[:], m.sum)
	p.macs.Put(m)
	return d
}
