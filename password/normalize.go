package password

import (
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/httperr"
	"golang.org/x/text/secure/precis"
)

// maxPassword is the cap on a password as it was sent, in bytes. It bounds what
// normalising and quality rules can cost, and leaves room for 256 characters of
// any script (NIST SP 800-63B-4 asks for 64).
const maxPassword = 1024

// standIn is compared in the place of a password that cannot match, so that
// the refusal takes its time. What it compares to does not count.
const standIn = "stand-in"

// normalize gives the normal form of a new password: PRECIS OpaqueString of RFC
// 8265, that is NFC, with every space as U+0020. Its errors are for the client:
// a password that is empty, larger than the cap, or without a normal form
// because of control characters, code points that Unicode has not assigned, or
// invalid UTF-8.
func normalize(password string) (string, error) {
	switch {
	case password == "":
		return "", httperr.Errorf(http.StatusBadRequest, "password is empty")
	case len(password) > maxPassword:
		return "", errTooLong()
	}
	normal, err := opaque(password)
	if err != nil {
		return "", httperr.Wrap(http.StatusBadRequest,
			"password has characters that cannot be used, such as control characters", err)
	}
	return normal, nil
}

func errTooLong() error {
	return httperr.Errorf(http.StatusBadRequest, "password is too long, must be at most %d bytes", maxPassword)
}

var errNotUTF8 = errors.New("invalid UTF-8")

// opaque is PRECIS OpaqueString. The library replaces every byte that is not
// UTF-8 by U+FFFD, so that different passwords would become the same: they have
// no normal form here.
func opaque(password string) (string, error) {
	if !utf8.ValidString(password) {
		return "", errNotUTF8
	}
	return precis.OpaqueString.String(password)
}

// formsOf gives what to compare with a stored hash: the normal form, then the
// raw one if it differs, for hashes made elsewhere. How many there are depends
// on nothing but the password, so that their time tells nothing. If usable is
// false, no hash may match.
func formsOf(password string) (forms []string, usable bool) {
	if password == "" || len(password) > maxPassword {
		return []string{standIn}, false
	}
	normal, err := opaque(password)
	if err != nil || normal == password {
		return []string{password}, true
	}
	return []string{normal, password}, true
}
