package token

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxSize is the size in bytes over which a token is neither made nor looked
// at: it bounds what an unauthenticated caller can make us decode.
const MaxSize = 8 << 10

// Dates that both formats can write: an fsa limit has four digits of year, and
// a NumericDate is kept where conversions are exact.
const (
	minDate = 0            // 1970-01-01T00:00:00Z, in Unix seconds
	maxDate = 253402300799 // 9999-12-31T23:59:59Z
)

// The refusals of [Format.Check], for [errors.Is]. Check returns the first that
// applies, in this order; only the claims of a JWT, which are not read before
// its signature is known to be good, can be malformed later.
var (
	// ErrMalformed is a token that cannot be read, or that is not written the
	// one way it may be written.
	ErrMalformed = errors.New("malformed token")

	// ErrAlgorithm is a JWT that names another algorithm than the configured
	// one, "none" for instance.
	ErrAlgorithm = errors.New("token algorithm not accepted")

	// ErrKey is a JWT of a key that is not known: it names another one, or
	// names none and too many could be meant.
	ErrKey = errors.New("token signed with an unknown key")

	// ErrSignature is a token that none of the secrets or keys has signed.
	ErrSignature = errors.New("invalid token signature")

	// ErrIssuer is a token of an issuer that is not the configured one.
	ErrIssuer = errors.New("token from another issuer")

	// ErrRealm is a token that is meant for another realm.
	ErrRealm = errors.New("token for another realm")

	// ErrNotYetValid is a token whose iat or nbf lies in the future.
	ErrNotYetValid = errors.New("token not valid yet")

	// ErrExpired is a token that has been valid and is so no more. Nothing
	// else is wrong with it.
	ErrExpired = errors.New("expired token")
)

// Claims is what a token says.
type Claims struct {
	Login    string    // who is calling; sub in a JWT
	Realm    string    // where the token is valid; aud in a JWT
	Issuer   string    // who made it, "" if it does not say
	Scopes   []string  // to what the token is limited, nil if it does not say
	ID       string    // jti, "" for fsa tokens
	IssuedAt time.Time // UTC; zero if the token does not say, as with fsa tokens
	AuthTime time.Time // when the user logged in, UTC; auth_time in a JWT, zero if the token does not say, as with fsa tokens
	Factors  []string  // by what the user logged in, as RFC 8176 names it; amr in a JWT, nil if the token does not say
	Expires  time.Time // UTC, to the second; a JWT from elsewhere may have a fraction
}

// Format makes and checks the tokens of one kind. [FSA] and [JWT] implement it.
type Format interface {
	// Make returns a signed token that says c. Login, Realm and Expires are
	// required; what the format cannot say is an error. Fractions of seconds
	// are cut off. An empty Issuer stands for [Options.Issuer], and an empty
	// ID is filled with 128 random bits by formats that have one; nothing
	// else is filled in.
	Make(c Claims) (string, error)

	// Check returns what raw says, if it is a token for realm that is
	// properly signed and valid at the time now. Otherwise the claims are
	// zero and the error is one of this package's refusals.
	Check(raw, realm string, now time.Time) (Claims, error)
}

// malformed says in which way a token is. The text is always one of our own
// constants: nothing of the token goes into an error.
func malformed(how string) error { return fmt.Errorf("%w: %s", ErrMalformed, how) }

// isText reports whether s may name something: invalid UTF-8 makes two names
// look alike, and control characters forge lines of a log.
func isText(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// checkMake finds what no format can put into a token.
func (c *Claims) checkMake() error {
	switch {
	case c.Login == "":
		return errors.New("token needs a login")
	case !isText(c.Login):
		return errors.New("token login has control characters or is not UTF-8")
	case c.Realm == "":
		return errors.New("token needs a realm")
	case c.Expires.IsZero():
		return errors.New("token needs an expiry")
	case !inRange(c.Expires):
		return errors.New("token expiry is not in the years 1970 to 9999")
	case !c.IssuedAt.IsZero() && !inRange(c.IssuedAt):
		return errors.New("token issue time is not in the years 1970 to 9999")
	case !c.AuthTime.IsZero() && !inRange(c.AuthTime):
		return errors.New("token log-in time is not in the years 1970 to 9999")
	case slices.ContainsFunc(c.Factors, func(f string) bool { return f == "" || !isText(f) }):
		return errors.New("a factor of a token is empty, has control characters or is not UTF-8")
	}
	return nil
}

func inRange(t time.Time) bool { return minDate <= t.Unix() && t.Unix() <= maxDate }

// sized refuses to hand out a token that Check would not look at.
func sized(raw string) (string, error) {
	if len(raw) > MaxSize {
		return "", fmt.Errorf("token would have over %d bytes", MaxSize)
	}
	return raw, nil
}
