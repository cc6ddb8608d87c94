package authn

import (
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/identity"
)

// Param takes the login and the password from two parameters of the request:
// query, form, or properties of a JSON body. A browser does not send them by
// itself, so they are not ambient.
type Param struct {
	User, Pass string // names of the parameters
	Check      PasswordCheck
}

// Name is "param".
func (*Param) Name() string { return "param" }

// Ambient is false.
func (*Param) Ambient() bool { return false }

// Challenge is empty: no challenge is registered for parameters.
func (*Param) Challenge(string, bool) string { return "" }

// Authenticate checks the login and the password of the two parameters. An
// empty one is a missing one.
func (p *Param) Authenticate(q *Request) (*identity.Identity, error) {
	login, err := credential(q, p.User)
	if login == "" || err != nil {
		return nil, err
	}
	password, err := credential(q, p.Pass)
	if password == "" || err != nil {
		return nil, err
	}
	if !utf8.ValidString(login) || !utf8.ValidString(password) || controls(login) || controls(password) {
		return nil, Refuse("malformed %s or %s: not UTF-8, or control characters", p.User, p.Pass)
	}
	if err := p.Check(q, login, password); err != nil {
		return nil, err
	}
	return passwordIdentity(q, "param", login), nil
}
