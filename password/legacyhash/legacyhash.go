package legacyhash

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/password"
)

// All gives all schemes of this package but the one of [OTP], for
// fsa.Config.PasswordLegacy or password.Options.Legacy. Leave out with
// [slices.DeleteFunc] what is not to verify.
func All() []password.Scheme {
	return []password.Scheme{
		sha256Crypt, sha512Crypt, sha1Crypt, bcryptSHA256, django, werkzeug,
		ldapPBKDF2, ldapCrypt, scryptFile,
		md5Crypt, ssha, sha, plaintext, a85, b64,
	}
}

// malformed says what of a hash is wrong, without quoting any of it.
func malformed(scheme, what string) error {
	return fmt.Errorf("%w: %s: %s", password.ErrMalformed, scheme, what)
}

func tooCostly(scheme, most string) error {
	return fmt.Errorf("%w: %s within %s can be verified", password.ErrTooCostly, scheme, most)
}

// number reads a number of up to 32 bits. Only its shortest spelling is taken: no
// sign, no leading zero.
func number(digits string) (int, bool) {
	v, err := strconv.ParseUint(digits, 10, 31)
	return int(v), err == nil && strconv.FormatUint(v, 10) == digits
}

// printable reports whether s is printable ASCII without a space.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// standIn is compared in the place of a password that cannot match, so that the
// refusal takes its time.
const standIn = "stand-in"

// hasTwin reports whether another password may have the same hash where it is the
// key of an HMAC with blocks of more than size bytes, the size of the hash: those
// pad keys with NULs, and take the hash of a key that is larger than a block in its
// place. The bytes of a hash are as good as never UTF-8.
func hasTwin(pass string, size int) bool {
	return strings.HasSuffix(pass, "\x00") || len(pass) == size && !utf8.ValidString(pass)
}

// A wrapped digest is one of package password for what is made of the password.
type wrapped struct {
	password.Digest
	make func(pass string) string
}

func (w wrapped) Matches(pass string) bool { return w.Digest.Matches(w.make(pass)) }
