package authn

import (
	"net/http"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/identity"
)

// Fake believes a parameter of the request that says who is calling. It is for
// development, on the developer's own machine.
//
// It counts as ambient though no browser sends the parameter by itself: since it
// takes no secret to make up, any page could send it from the developer's browser.
type Fake struct {
	Param string                   // the parameter's name
	Local func(*http.Request) bool // whether the request comes from this machine
}

// Name is "fake".
func (*Fake) Name() string { return "fake" }

// Ambient is true.
func (*Fake) Ambient() bool { return true }

// Challenge is empty: no challenge is registered for parameters.
func (*Fake) Challenge(string, bool) string { return "" }

// Authenticate gives whom the parameter names, if the request comes from this
// machine. An empty parameter is a missing one.
func (f *Fake) Authenticate(q *Request) (*identity.Identity, error) {
	login, err := credential(q, f.Param)
	switch {
	case login == "" || err != nil:
		return nil, err
	case !f.Local(q.HTTP):
		return nil, Refuse("scheme fake believes requests from this machine only, to localhost")
	case !isLogin(login):
		return nil, Refuse("malformed %s: too long, not UTF-8, or control characters", f.Param)
	}
	return &identity.Identity{Login: login, Scheme: "fake", Realm: q.Realm, AuthTime: q.Now}, nil
}

// maxLogin is the size in bytes over which a login is none: it is kept as a key
// and written into logs.
const maxLogin = 1024

// isLogin reports whether s may be a login that nobody has looked up.
func isLogin(s string) bool {
	return s != "" && len(s) <= maxLogin && utf8.ValidString(s) && !controls(s)
}
