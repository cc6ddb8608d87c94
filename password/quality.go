package password

import (
	"context"
	"net/http"
	"regexp"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/httperr"
)

// Quality are the rules that a new password must follow. The zero value has
// none but the cap of 1,024 bytes, which every [Hasher] has too.
//
// NIST SP 800-63B-4 asks for length (15 characters, 8 with a second factor) and
// a list of known passwords, which is a matter for Check, and advises against
// rules about kinds of characters, which is what Patterns are for.
type Quality struct {
	// MinLength is the least number of characters, counted as Unicode code
	// points.
	MinLength int

	// Patterns must all match, each anywhere in the password unless anchored.
	Patterns []*regexp.Regexp

	// Check is asked last, if it is not nil. An [*httperr.Error] is shown to
	// the client as it is; the text of any other error is for the log and
	// must not hold the password.
	Check func(ctx context.Context, password string) error
}

// Verify tells the first rule that a new password breaks: its length, then the
// patterns in order, then Check. The error is an [*httperr.Error], of status 400
// unless Check asked for another one.
//
// The rules see the normal form of the password, which is what will be hashed;
// one that has none is seen as it is, and refused by [Hasher.Hash].
func (q *Quality) Verify(ctx context.Context, password string) error {
	// Patterns and checks may cost much more than linear time.
	if len(password) > maxPassword {
		return errTooLong()
	}
	if normal, err := opaque(password); err == nil {
		password = normal
	}
	if utf8.RuneCountInString(password) < q.MinLength {
		return httperr.Errorf(http.StatusBadRequest, "password is too short, must be at least %d", q.MinLength)
	}
	for _, re := range q.Patterns {
		if !re.MatchString(password) {
			return httperr.Errorf(http.StatusBadRequest, "password must match %s", re)
		}
	}
	if q.Check == nil {
		return nil
	}
	if err := q.Check(ctx, password); err != nil {
		return httperr.From(err, http.StatusBadRequest, "password quality too low")
	}
	return nil
}
