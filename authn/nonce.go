package authn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// nonces makes the nonces of Digest challenges, and knows its own again without
// keeping them: when it was made, something random, and a MAC of these and the
// realm. The key is the process's own. Another one's nonces are stale here, as they
// must be: which of their counts have been used is not known here.
type nonces struct {
	life time.Duration
	key  []byte
}

// The parts of a nonce, in bytes.
const (
	nonceTime   = 8
	nonceRandom = 12
	nonceMAC    = 16
)

func newNonces(life time.Duration) *nonces {
	key := make([]byte, 32)
	rand.Read(key)
	return &nonces{life, key}
}

// make makes a nonce: 48 characters.
func (n *nonces) make(realm string, now time.Time) string {
	b := make([]byte, nonceTime+nonceRandom, nonceTime+nonceRandom+nonceMAC)
	binary.BigEndian.PutUint64(b, uint64(now.UnixMilli()))
	rand.Read(b[nonceTime:])
	return base64.RawURLEncoding.EncodeToString(append(b, n.mac(b, realm)...))
}

func (n *nonces) mac(b []byte, realm string) []byte {
	m := hmac.New(sha256.New, n.key)
	m.Write(b)
	m.Write([]byte(realm))
	return m.Sum(nil)[:nonceMAC]
}

// check reports whether a nonce was made for the realm and is still good, and until
// when it is.
func (n *nonces) check(nonce, realm string, now time.Time) (until time.Time, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	const body = nonceTime + nonceRandom
	if err != nil || len(b) != body+nonceMAC || len(nonce) != base64.RawURLEncoding.EncodedLen(len(b)) {
		return time.Time{}, false
	}
	if !hmac.Equal(b[body:], n.mac(b[:body], realm)) {
		return time.Time{}, false
	}
	made := time.UnixMilli(int64(binary.BigEndian.Uint64(b)))
	until = made.Add(n.life)
	return until, now.Before(until) && !now.Add(time.Minute).Before(made)
}
