package legacyhash

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/fastsimpleauth/fsa/password"
)

const djangoName = "django"

// django has what django.contrib.auth.hashers makes, and made by default since
// version 1.4. Its older hashes, of one round of SHA-1 or MD5, are not here.
var django = password.Scheme{
	Name:     djangoName,
	Prefixes: []string{"pbkdf2_sha256$", "pbkdf2_sha1$", "bcrypt$", "bcrypt_sha256$", "argon2$", "scrypt$"},
	Parse:    parseDjango,
}

func parseDjango(hash string) (password.Digest, error) {
	algorithm, rest, _ := strings.Cut(hash, "$")
	switch algorithm {
	case "pbkdf2_sha256":
		return parseDjangoPBKDF2(crypto.SHA256, rest)
	case "pbkdf2_sha1":
		return parseDjangoPBKDF2(crypto.SHA1, rest)
	case "scrypt":
		return parseDjangoScrypt(rest)
	case "bcrypt":
		return parseOwn(djangoName, rest, "$2")
	case "bcrypt_sha256":
		d, err := parseOwn(djangoName, rest, "$2")
		if err != nil {
			return nil, err
		}
		return wrapped{d, func(pass string) string {
			sum := sha256.Sum256([]byte(pass))
			return hex.EncodeToString(sum[:])
		}}, nil
	case "argon2":
		return parseOwn(djangoName, "$"+rest, "$argon2id$")
	}
	return nil, malformed(djangoName, "it is of another algorithm")
}

// parseOwn reads a hash of package password with that prefix.
func parseOwn(scheme, hash, prefix string) (password.Digest, error) {
	if !strings.HasPrefix(hash, prefix) {
		return nil, malformed(scheme, "what it wraps is of another algorithm than "+strings.Trim(prefix, "$"))
	}
	return password.Parse(hash)
}

// parseDjangoPBKDF2 reads rounds$salt$digest.
func parseDjangoPBKDF2(algorithm crypto.Hash, rest string) (password.Digest, error) {
	fields := strings.Split(rest, "$")
	if len(fields) != 3 {
		return nil, malformed(djangoName, "it must have rounds, a salt and a digest")
	}
	rounds, ok := number(fields[0])
	if !ok {
		return nil, malformed(djangoName, "its rounds must be a plain number")
	}
	sum, ok := unbase64(base64.StdEncoding, fields[2])
	if !ok || len(sum) != algorithm.Size() {
		return nil, malformed(djangoName, "its digest must be base64 of the size of the hash")
	}
	return newPBKDF2(djangoName, algorithm, rounds, []byte(fields[1]), sum)
}

// parseDjangoScrypt reads N$salt$r$p$digest.
func parseDjangoScrypt(rest string) (password.Digest, error) {
	fields := strings.Split(rest, "$")
	if len(fields) != 5 {
		return nil, malformed(djangoName, "it must have N, a salt, r, p and a digest")
	}
	n, okN := number(fields[0])
	r, okR := number(fields[2])
	p, okP := number(fields[3])
	if !okN || !okR || !okP {
		return nil, malformed(djangoName, "its N, r and p must be plain numbers")
	}
	sum, ok := unbase64(base64.StdEncoding, fields[4])
	if !ok || len(sum) != 64 {
		return nil, malformed(djangoName, "its digest must be 64 bytes in base64")
	}
	return newScrypt(djangoName, n, r, p, len(sum), []byte(fields[1]), equals(sum))
}
