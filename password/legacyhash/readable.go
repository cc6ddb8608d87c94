package legacyhash

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"github.com/fastsimpleauth/fsa/password"
)

// What is stored is the password, or can be turned into it by anybody.
var (
	plaintext = readable("plaintext", func(stored string) ([]byte, bool) { return []byte(stored), true })
	a85       = readable("a85", unascii85)
	b64       = readable("b64", func(stored string) ([]byte, bool) { return unbase64(base64.StdEncoding, stored) })
)

func readable(name string, decode func(stored string) ([]byte, bool)) password.Scheme {
	name = password.Insecure + name
	return password.Scheme{Name: name, Parse: func(stored string) (password.Digest, error) {
		if looksHashed(stored) {
			return nil, malformed(name, "it looks like a hash, and is not taken for a password")
		}
		pass, ok := decode(stored)
		if !ok || len(pass) == 0 {
			return nil, malformed(name, "it cannot be decoded")
		}
		if looksHashed(string(pass)) {
			return nil, malformed(name, "what it encodes looks like a hash, and is not taken for a password")
		}
		return readableDigest{name, sha256.Sum256(pass)}, nil
	}}
}

// looksHashed reports whether a stored value is marked as a hash of any kind, or as
// one that is to match nothing, or is as long as a hash in hexadecimal digits.
func looksHashed(stored string) bool {
	if stored == "" || strings.ContainsRune("${*!_", rune(stored[0])) {
		return true
	}
	for _, prefix := range []string{"sha1$", "md5$", "crypt$", "unsalted_md5$", "unsalted_sha1$", "pbkdf2_", "bcrypt", "argon2", "scrypt", "pbkdf2:", "sha256:", "sha512:", scryptFileBase64, scryptFileAscii85, scryptFileHex} {
		if strings.HasPrefix(stored, prefix) && len(stored) >= 32 {
			return true
		}
	}
	switch len(stored) {
	case 32, 40, 56, 64, 96, 128:
		return strings.Trim(strings.ToLower(stored), "0123456789abcdef") == ""
	}
	return false
}

// readableDigest holds a hash of the password, so that comparing takes the same time
// whatever its length.
type readableDigest struct {
	name string
	sum  [sha256.Size]byte
}

func (d readableDigest) Kind() any { return d.name }

func (d readableDigest) Matches(pass string) bool {
	sum := sha256.Sum256([]byte(pass))
	return subtle.ConstantTimeCompare(sum[:], d.sum[:]) == 1
}
