package legacyhash

import (
	"strings"

	"github.com/fastsimpleauth/fsa/password"
	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/sha1crypt"
	"github.com/go-crypt/crypt/algorithm/shacrypt"
)

// Bounds of sha-crypt (https://www.akkadia.org/drepper/SHA-crypt.txt) and of
// NetBSD's sha1-crypt.
const (
	shaCryptLeastRounds = 1000
	maxCryptRounds      = 1_000_000 // a second or two
	maxCryptSalt        = 16        // characters; of sha1-crypt 64
	maxCryptPassword    = 256       // bytes: each round goes through the password
	cryptMostText       = "1,000,000 rounds"
)

var (
	sha256Crypt = shaCrypt("sha256-crypt", "$5$", 43)
	sha512Crypt = shaCrypt("sha512-crypt", "$6$", 86)
	sha1Crypt   = password.Scheme{Name: "sha1-crypt", Prefixes: []string{"$sha1$"}, Parse: parseSHA1Crypt}
)

// cryptDigest is a hash of one of the schemes of crypt(3).
type cryptDigest struct {
	cryptKind
	matches func(pass []byte) bool // in constant time
}

type cryptKind struct {
	prefix string
	rounds int
}

func (d cryptDigest) Kind() any { return d.cryptKind }

func (d cryptDigest) Matches(pass string) bool {
	usable := len(pass) <= maxCryptPassword
	if !usable {
		pass = standIn
	}
	return d.matches([]byte(pass)) && usable
}

func shaCrypt(name, prefix string, size int) password.Scheme {
	return password.Scheme{Name: name, Prefixes: []string{prefix}, Parse: func(hash string) (password.Digest, error) {
		return parseSHACrypt(name, prefix, size, hash)
	}}
}

// parseSHACrypt reads the prefix, then salt$digest or rounds=N$salt$digest. The
// library that computes the hash reads more forms than there are.
func parseSHACrypt(name, prefix string, size int, hash string) (password.Digest, error) {
	fields := strings.Split(strings.TrimPrefix(hash, prefix), "$")
	rounds := shacrypt.IterationsDefaultOmitted
	if text, ok := strings.CutPrefix(fields[0], "rounds="); ok {
		if rounds, ok = number(text); !ok || rounds < shaCryptLeastRounds {
			return nil, malformed(name, "its rounds must be a plain number from 1000")
		}
		if rounds > maxCryptRounds {
			return nil, tooCostly(name, cryptMostText)
		}
		fields = fields[1:]
	}
	if len(fields) != 2 {
		return nil, malformed(name, "it must have a salt and a digest")
	}
	if err := checkCrypt(name, fields[0], maxCryptSalt, fields[1], size); err != nil {
		return nil, err
	}
	d, err := shacrypt.Decode(hash)
	return newCrypt(name, prefix, rounds, d, err)
}

// parseSHA1Crypt reads $sha1$rounds$salt$digest.
func parseSHA1Crypt(hash string) (password.Digest, error) {
	const name, prefix = "sha1-crypt", "$sha1$"
	fields := strings.Split(strings.TrimPrefix(hash, prefix), "$")
	if len(fields) != 3 {
		return nil, malformed(name, "it must have rounds, a salt and a digest")
	}
	rounds, ok := number(fields[0])
	if !ok || rounds < 1 {
		return nil, malformed(name, "its rounds must be a plain number from 1")
	}
	if rounds > maxCryptRounds {
		return nil, tooCostly(name, cryptMostText)
	}
	if err := checkCrypt(name, fields[1], mostSalt, fields[2], 28); err != nil {
		return nil, err
	}
	d, err := sha1crypt.Decode(hash)
	digest, err := newCrypt(name, prefix, rounds, d, err)
	if c, ok := digest.(cryptDigest); ok {
		hmac := c.matches
		c.matches = func(pass []byte) bool { // it is HMAC's key
			usable := !hasTwin(string(pass), 20)
			if !usable {
				pass = []byte(standIn)
			}
			return hmac(pass) && usable
		}
		return c, nil
	}
	return nil, err
}

// checkCrypt checks a salt and a digest in crypt's own base64. A salt may be of any
// characters that can stand in a file of passwords.
func checkCrypt(name, salt string, mostSalt int, digest string, size int) error {
	switch {
	case salt == "" || len(salt) > mostSalt || !printable(salt) || strings.Contains(salt, ":"):
		return malformed(name, "its salt must be printable characters, 16 at most, of sha1-crypt 64, of md5-crypt 8")
	case len(digest) != size || strings.Trim(digest, cryptAlphabet) != "":
		return malformed(name, "its digest is not of the characters and the length that it has")
	}
	return nil
}

// cryptAlphabet is that of crypt's base64.
const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func newCrypt(name, prefix string, rounds int, d algorithm.Digest, err error) (password.Digest, error) {
	if err != nil {
		return nil, malformed(name, "it cannot be read") // the library's error quotes the hash
	}
	return cryptDigest{cryptKind{prefix, rounds}, d.MatchBytes}, nil
}
