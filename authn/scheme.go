package authn

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unique"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/param"
)

// Request is what a scheme may look at.
type Request struct {
	HTTP   *http.Request
	Params *param.Source // query and body, for credentials that are parameters
	Realm  string        // the realm of the route
	Now    time.Time     // when the request began

	// Login may be set by a [PasswordCheck] that has found the user by another name
	// than the application knows them by: it is the login of the identity then.
	Login string

	// User may be set by a check that has the interned login of the identity
	// at hand, to save the framework from interning it again.
	User unique.Handle[string]
}

// Scheme is a way to prove who one is.
type Scheme interface {
	// Name is the name of the scheme in configuration.
	Name() string

	// Authenticate gives the identity that the request proves, nil if the
	// request holds nothing for this scheme. The error of a credential that
	// is not accepted is made by [Refuse]; any other error is a failure. The
	// identity is shared and must not be changed.
	Authenticate(q *Request) (*identity.Identity, error)

	// Challenge is the scheme's WWW-Authenticate value for a realm, "" if it
	// has none. refused says that a credential of the scheme came and was
	// refused.
	Challenge(realm string, refused bool) string

	// Ambient reports whether a browser sends the credential by itself, also
	// with requests that a page of another origin makes.
	Ambient() bool
}

// refusal is why a credential is not accepted.
type refusal struct{ reason string }

func (e *refusal) Error() string { return e.reason }

// Refuse makes the error of a credential that is not accepted. The reason is
// for logs and for development; it must hold no secret.
func Refuse(format string, args ...any) error {
	return &refusal{fmt.Sprintf(format, args...)}
}

// PasswordCheck tells whether password is that of the user login: nil if so,
// an error made by [Refuse] if not, any other error if it can't be told. The
// request is for what depends on where it came from, such as a limit on wrong
// passwords.
type PasswordCheck func(q *Request, login, password string) error

// None is the scheme of routes that may be open. It never yields an identity.
type None struct{}

// Name is "none".
func (None) Name() string { return "none" }

// Authenticate finds nothing.
func (None) Authenticate(*Request) (*identity.Identity, error) { return nil, nil }

// Challenge is empty.
func (None) Challenge(string, bool) string { return "" }

// Ambient is false.
func (None) Ambient() bool { return false }

// authorization gives the scheme and the credentials of the Authorization
// header field (RFC 9110, 11.6.2): one field, one space. The scheme compares
// without case; ok is false if the field is absent or of another scheme.
func authorization(r *http.Request, scheme string) (credentials string, ok bool, err error) {
	values := r.Header["Authorization"]
	if len(values) == 0 {
		return "", false, nil
	}
	v := values[0]
	if len(v) < len(scheme) || v[:len(scheme)] != scheme && !strings.EqualFold(v[:len(scheme)], scheme) {
		return "", false, nil
	}
	rest := v[len(scheme):]
	switch {
	case rest != "" && rest[0] != ' ':
		return "", false, nil // another scheme, whose name begins like ours
	case len(values) > 1:
		return "", true, Refuse("several Authorization fields")
	case len(rest) < 2 || rest[1] == ' ':
		return "", true, Refuse("malformed Authorization field: one space, then the credentials")
	}
	return rest[1:], true, nil
}

// quoted gives s as a quoted-string (RFC 9110, 5.6.4). What such a string can't
// hold becomes a space.
func quoted(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// passwordIdentity is who has proved to know a password.
func passwordIdentity(q *Request, scheme, login string) *identity.Identity {
	if q.Login != "" {
		login, q.Login = q.Login, ""
	}
	return &identity.Identity{Login: login, Scheme: scheme, Realm: q.Realm, AuthTime: q.Now, Factors: passwordFactor[:1:1]}
}

// passwordFactor is never changed: whoever is given an identity gets a clone.
var passwordFactor = [1]string{"pwd"}

// controls reports whether s holds a control character, which no login and no
// password of a header has.
func controls(s string) bool {
	plain := true
	for i := range len(s) {
		plain = plain && 0x20 <= s[i] && s[i] < 0x7f
	}
	return !plain && strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || 0x80 <= r && r < 0xa0 }) >= 0
}

// asRefusal makes a refusal of an error that is the client's fault.
func asRefusal(err error) error {
	if e := httperr.From(err, http.StatusInternalServerError, ""); e.Status < 500 {
		return &refusal{e.Public}
	}
	return err
}

// Refused reports whether err says that a credential is not accepted.
func Refused(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}
