package legacyhash

import (
	"crypto"
	"strings"

	"github.com/fastsimpleauth/fsa/password"
)

const werkzeugName = "werkzeug"

// werkzeug has what generate_password_hash of werkzeug.security makes, which Flask
// applications use: method$salt$digest, the digest in hexadecimal.
var werkzeug = password.Scheme{Name: werkzeugName, Prefixes: []string{"pbkdf2:", "scrypt:"}, Parse: parseWerkzeug}

var werkzeugHashes = map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha512": crypto.SHA512}

func parseWerkzeug(hash string) (password.Digest, error) {
	fields := strings.Split(hash, "$")
	if len(fields) != 3 {
		return nil, malformed(werkzeugName, "it must have a method, a salt and a digest")
	}
	method, salt := strings.Split(fields[0], ":"), []byte(fields[1])
	sum, ok := unhex(fields[2])
	if !ok {
		return nil, malformed(werkzeugName, "its digest must be hexadecimal digits in lower case")
	}
	switch {
	case method[0] == "pbkdf2" && len(method) == 3:
		algorithm, known := werkzeugHashes[method[1]]
		rounds, ok := number(method[2])
		if !known || !ok || len(sum) != algorithm.Size() {
			return nil, malformed(werkzeugName, "its method must be pbkdf2 with sha1, sha256 or sha512 and rounds, and the digest of that size")
		}
		return newPBKDF2(werkzeugName, algorithm, rounds, salt, sum)
	case method[0] == "scrypt" && len(method) == 4:
		n, okN := number(method[1])
		r, okR := number(method[2])
		p, okP := number(method[3])
		if !okN || !okR || !okP || len(sum) != 64 {
			return nil, malformed(werkzeugName, "its method must be scrypt with N, r and p, and the digest of 64 bytes")
		}
		return newScrypt(werkzeugName, n, r, p, len(sum), salt, equals(sum))
	}
	return nil, malformed(werkzeugName, "its method must have all its numbers")
}
