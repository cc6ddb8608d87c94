package authn

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"github.com/fastsimpleauth/fsa/identity"
)

// APIKey takes a key of the form
//
//	fsak_ID_SECRET
//
// from Authorization, as a Bearer (RFC 6750, 2.1), or from a header field of its
// own; never from a query. The ID finds the key in a store, which holds a hash of
// it only; the secret has 256 random bits, so that a fast hash is right for it.
//
// A script puts it there, no browser does, so it is not ambient.
type APIKey struct {
	Field string // as [net/http.CanonicalHeaderKey] spells it; "" for none

	// Check gives whom the key belongs to. key is well formed, as
	// [ParseAPIKey] has it. The error of one that is not accepted is made by
	// [Refuse].
	Check func(q *Request, id, key string) (*identity.Identity, error)
}

// Name is "apikey".
func (*APIKey) Name() string { return "apikey" }

// Ambient is false.
func (*APIKey) Ambient() bool { return false }

// Challenge asks for a Bearer; refused says that the one that came is not good
// (RFC 6750, 3.1).
func (*APIKey) Challenge(realm string, refused bool) string {
	c := "Bearer realm=" + quoted(realm)
	if refused {
		c += `, error="invalid_token"`
	}
	return c
}

// Authenticate checks the key of the request, if there is one. A Bearer that does
// not begin as a key does is another scheme's; two keys are refused.
func (k *APIKey) Authenticate(q *Request) (*identity.Identity, error) {
	bearer, found, err := authorization(q.HTTP, "Bearer")
	if found && err == nil && !strings.HasPrefix(bearer, keyPrefix) {
		found = false
	}
	if found && err != nil {
		return nil, err
	}
	key, n := bearer, 0
	if found {
		n++
	}
	if k.Field != "" {
		if values := q.HTTP.Header[k.Field]; len(values) > 0 && values[0] != "" {
			key, n = values[0], n+len(values)
		}
	}
	switch {
	case n == 0:
		return nil, nil
	case n > 1:
		return nil, Refuse("several API keys")
	}
	id, ok := ParseAPIKey(key)
	if !ok {
		return nil, Refuse("malformed API key")
	}
	return k.Check(q, id, key)
}

// The parts of a key. An id has 80 bits, so that ids that are made anywhere do not
// meet; a secret has 256. Both are lower-case base32 (RFC 4648), which a double
// click selects as a whole and no mail breaks.
const (
	keyPrefix = "fsak_"
	keyIDSize = 10 // bytes
)

var keyEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewAPIKey makes an API key. The key is for its user, who is shown it once; id
// and hash are for the store. It does not fail: without randomness, the program
// ends (crypto/rand).
func NewAPIKey() (key, id, hash string) {
	b := make([]byte, keyIDSize+sha256.Size)
	rand.Read(b)
	id = keyEncoding.EncodeToString(b[:keyIDSize])
	key = keyPrefix + id + "_" + keyEncoding.EncodeToString(b[keyIDSize:])
	return key, id, HashAPIKey(key)
}

// HashAPIKey gives what a store keeps of a key: the SHA-256 of all of it, in
// hexadecimal digits.
func HashAPIKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// ParseAPIKey gives the id of a key. ok is false if the key is not of the form in
// which [NewAPIKey] makes them, to the letter.
func ParseAPIKey(key string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	id, secret, _ := strings.Cut(rest, "_")
	if !ok || !canonical(id, keyIDSize) || !canonical(secret, sha256.Size) {
		return "", false
	}
	return id, true
}

// canonical reports whether s is the one encoding of some bytes, that many.
func canonical(s string, size int) bool {
	if len(s) != keyEncoding.EncodedLen(size) {
		return false
	}
	b, err := keyEncoding.DecodeString(s)
	return err == nil && keyEncoding.EncodeToString(b) == s
}
