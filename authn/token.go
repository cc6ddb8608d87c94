package authn

import (
	"strings"

	"github.com/fastsimpleauth/fsa/identity"
)

// TokenCheck gives the identity that a token proves, or an error made by
// [Refuse].
type TokenCheck func(q *Request, raw string) (*identity.Identity, error)

// Token takes a token from the Authorization field (RFC 6750, 2.1). Scripts
// put it there, browsers do not, so it is not ambient.
type Token struct {
	Bearer string // the scheme's name in the field, usually Bearer
	Check  TokenCheck
}

// Name is "token".
func (*Token) Name() string { return "token" }

// Ambient is false.
func (*Token) Ambient() bool { return false }

// Challenge asks for a token; if one came and was refused, it says so
// (RFC 6750, 3.1).
func (t *Token) Challenge(realm string, refused bool) string {
	c := t.Bearer + " realm=" + quoted(realm)
	if refused {
		c += `, error="invalid_token"`
	}
	return c
}

// InsufficientScope is the challenge that goes with a 403, when a token that is good
// has not the scope (RFC 6750, 3.1). Both are printable ASCII; a scope has neither
// quotes nor backslashes.
func (t *Token) InsufficientScope(realm, scope string) string {
	return t.Bearer + " realm=" + quoted(realm) + `, error="insufficient_scope", scope=` + quoted(scope)
}

// InsufficientAuthentication is the challenge that goes with a 401, when a token that is
// good comes of a log-in that is too old or had too few factors (RFC 9470, 3). parameter
// says what would do, as in max_age="60"; "" if nothing says.
func (t *Token) InsufficientAuthentication(realm, parameter string) string {
	c := t.Bearer + " realm=" + quoted(realm) + `, error="insufficient_user_authentication"`
	if parameter != "" {
		c += ", " + parameter
	}
	return c
}

// Authenticate checks the token of the Authorization field.
func (t *Token) Authenticate(q *Request) (*identity.Identity, error) {
	raw, ok, err := authorization(q.HTTP, t.Bearer)
	if !ok || err != nil {
		return nil, err
	}
	if strings.IndexByte(raw, ' ') >= 0 {
		return nil, Refuse("malformed token: it holds a space")
	}
	return t.Check(q, raw)
}
