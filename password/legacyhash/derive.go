package legacyhash

import (
	"crypto"
	"crypto/pbkdf2"
	_ "crypto/sha1"   // for crypto.SHA1
	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA512
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/fastsimpleauth/fsa/password"
	"golang.org/x/crypto/scrypt"
)

// The caps of what is spent on one comparison, which are those of package password,
// and the sizes of digests and salts in bytes. Salts may be empty: Django's tests
// have such.
const (
	maxPBKDF2Rounds  = 5_000_000
	maxScryptN       = 1 << 18
	maxScryptR       = 32
	maxScryptP       = 16
	maxScryptBlocks  = 1 << 21 // N·r, of 128 bytes each: 256 MiB
	maxScryptWork    = 1 << 23 // N·r·p
	leastDigest      = 16
	mostDigest       = 64
	mostSalt         = 64
	scryptMostText   = "N=2^18, r=32, p=16 and 256 MiB, four times over,"
	pbkdf2MostText   = "5,000,000 rounds in all blocks of its digest"
	digestOfSizeText = "its digest must be 16 to 64 bytes"
)

// pbkdf2Digest is a hash by PBKDF2 (RFC 8018).
type pbkdf2Digest struct {
	pbkdf2Kind
	salt, sum []byte
}

type pbkdf2Kind struct {
	algorithm crypto.Hash
	rounds    int
	size      int
}

func newPBKDF2(scheme string, algorithm crypto.Hash, rounds int, salt, sum []byte) (password.Digest, error) {
	switch {
	case rounds < 1:
		return nil, malformed(scheme, "its rounds are below what the algorithm needs")
	case len(salt) > mostSalt:
		return nil, malformed(scheme, "its salt must be of at most 64 bytes")
	case len(sum) < leastDigest || len(sum) > mostDigest:
		return nil, malformed(scheme, digestOfSizeText)
	}
	blocks := (len(sum) + algorithm.Size() - 1) / algorithm.Size()
	if rounds > maxPBKDF2Rounds/blocks {
		return nil, tooCostly(scheme, pbkdf2MostText)
	}
	return pbkdf2Digest{pbkdf2Kind{algorithm, rounds, len(sum)}, salt, sum}, nil
}

func (d pbkdf2Digest) Kind() any { return d.pbkdf2Kind }

func (d pbkdf2Digest) Matches(pass string) bool {
	usable := !hasTwin(pass, d.algorithm.Size())
	if !usable {
		pass = standIn
	}
	sum, err := pbkdf2.Key(d.algorithm.New, pass, d.salt, d.rounds, d.size)
	return err == nil && subtle.ConstantTimeCompare(sum, d.sum) == 1 && usable
}

// scryptDigest is a hash by scrypt (RFC 7914), or what such a key proves.
type scryptDigest struct {
	scryptKind
	salt []byte
	same func(key []byte) bool // in constant time
}

type scryptKind struct{ n, r, p, size int }

// newScrypt takes the numbers as they are stored: none has been checked.
func newScrypt(scheme string, n, r, p, size int, salt []byte, same func(key []byte) bool) (password.Digest, error) {
	switch {
	case n < 2 || n&(n-1) != 0 || r < 1 || p < 1:
		return nil, malformed(scheme, "N must be a power of two, and r and p at least 1")
	case n > maxScryptN || r > maxScryptR || p > maxScryptP,
		n*r > maxScryptBlocks, n*r*p > maxScryptWork:
		return nil, tooCostly(scheme, scryptMostText)
	case r == 1 && n >= 1<<16:
		return nil, malformed(scheme, "its N is more than the algorithm allows with its r")
	case len(salt) > mostSalt:
		return nil, malformed(scheme, "its salt must be of at most 64 bytes")
	}
	return scryptDigest{scryptKind{n, r, p, size}, salt, same}, nil
}

func (d scryptDigest) Kind() any { return d.scryptKind }

// Matches: scrypt begins and ends with PBKDF2-HMAC-SHA-256, and has its twins.
func (d scryptDigest) Matches(pass string) bool {
	usable := !hasTwin(pass, 32)
	if !usable {
		pass = standIn
	}
	key, err := scrypt.Key([]byte(pass), d.salt, d.n, d.r, d.p, d.size)
	return err == nil && d.same(key) && usable
}

// equals is for hashes that are the key itself.
func equals(sum []byte) func([]byte) bool {
	return func(key []byte) bool { return subtle.ConstantTimeCompare(key, sum) == 1 }
}

// unbase64 decodes base64 in its one canonical form. The decoder of the standard
// library skips line breaks, even a strict one.
func unbase64(encoding *base64.Encoding, s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := encoding.Strict().DecodeString(s)
	return b, err == nil
}

// unhex decodes hexadecimal digits in lower case.
func unhex(s string) ([]byte, bool) {
	b, err := hex.DecodeString(s)
	return b, err == nil && strings.ToLower(s) == s
}
