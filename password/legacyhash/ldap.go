package legacyhash

import (
	"crypto"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"github.com/fastsimpleauth/fsa/password"
)

const (
	sshaName       = password.Insecure + "ssha"
	shaName        = password.Insecure + "sha"
	ldapPBKDF2Name = "ldap-pbkdf2"
	ldapCryptName  = "ldap-crypt"
	ldapCryptMark  = "{CRYPT}"
)

// What a directory stores in userPassword (RFC 2307, and OpenLDAP beyond it).
var (
	ssha = password.Scheme{Name: sshaName, Prefixes: []string{"{SSHA}", "{SSHA256}", "{SSHA512}"}, Parse: parseSSHA}
	sha  = password.Scheme{Name: shaName, Prefixes: []string{"{SHA}"}, Parse: parseSHA}

	ldapPBKDF2 = password.Scheme{Name: ldapPBKDF2Name, Prefixes: []string{"{PBKDF2}", "{PBKDF2-SHA256}", "{PBKDF2-SHA512}"}, Parse: parseLDAPPBKDF2}
	ldapCrypt  = password.Scheme{Name: ldapCryptName, Prefixes: []string{ldapCryptMark}, Parse: parseLDAPCrypt}
)

var ldapHashes = map[string]crypto.Hash{
	"{SSHA}": crypto.SHA1, "{SSHA256}": crypto.SHA256, "{SSHA512}": crypto.SHA512, "{SHA}": crypto.SHA1,
	"{PBKDF2}": crypto.SHA1, "{PBKDF2-SHA256}": crypto.SHA256, "{PBKDF2-SHA512}": crypto.SHA512,
}

// mark splits a hash behind its closing brace.
func mark(hash string) (algorithm crypto.Hash, rest string) {
	prefix, rest, _ := strings.Cut(hash, "}")
	return ldapHashes[prefix+"}"], rest
}

// onceDigest is a hash of one round: it is quick to verify, and to guess.
type onceDigest struct {
	algorithm crypto.Hash
	salt, sum []byte
}

func (d onceDigest) Kind() any { return d.algorithm }

func (d onceDigest) Matches(pass string) bool {
	h := d.algorithm.New()
	h.Write([]byte(pass))
	h.Write(d.salt)
	return subtle.ConstantTimeCompare(h.Sum(nil), d.sum) == 1
}

// parseSSHA reads base64 of the digest and the salt behind it.
func parseSSHA(hash string) (password.Digest, error) {
	algorithm, rest := mark(hash)
	b, ok := unbase64(base64.StdEncoding, rest)
	if n := len(b) - algorithm.Size(); !ok || n < 1 || n > mostSalt {
		return nil, malformed(sshaName, "it must be base64 of a digest and a salt of 1 to 64 bytes")
	}
	return onceDigest{algorithm, b[algorithm.Size():], b[:algorithm.Size()]}, nil
}

func parseSHA(hash string) (password.Digest, error) {
	algorithm, rest := mark(hash)
	b, ok := unbase64(base64.StdEncoding, rest)
	if !ok || len(b) != algorithm.Size() {
		return nil, malformed(shaName, "it must be base64 of a digest")
	}
	return onceDigest{algorithm, nil, b}, nil
}

// passlibBase64 is what passlib calls ab64.
var passlibBase64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").
	WithPadding(base64.NoPadding)

// parseLDAPPBKDF2 reads rounds$salt$digest.
func parseLDAPPBKDF2(hash string) (password.Digest, error) {
	algorithm, rest := mark(hash)
	fields := strings.Split(rest, "$")
	if len(fields) != 3 {
		return nil, malformed(ldapPBKDF2Name, "it must have rounds, a salt and a digest")
	}
	rounds, okRounds := number(fields[0])
	salt, okSalt := unbase64(passlibBase64, fields[1])
	sum, okSum := unbase64(passlibBase64, fields[2])
	if !okRounds || !okSalt || !okSum {
		return nil, malformed(ldapPBKDF2Name, "its rounds must be a plain number, salt and digest base64 with a dot for the plus")
	}
	return newPBKDF2(ldapPBKDF2Name, algorithm, rounds, salt, sum)
}

// parseLDAPCrypt reads what crypt(3) makes, but for what is insecure.
func parseLDAPCrypt(hash string) (password.Digest, error) {
	rest := strings.TrimPrefix(hash, ldapCryptMark)
	for _, s := range []password.Scheme{sha256Crypt, sha512Crypt} {
		if strings.HasPrefix(rest, s.Prefixes[0]) {
			return s.Parse(rest)
		}
	}
	return parseOwn(ldapCryptName, rest, "$2")
}
