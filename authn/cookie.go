package authn

import (
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa/identity"
)

// TokenCookie takes a token from a [HostCookie]. Browsers send it by themselves, so it
// is ambient. No challenge is registered for it.
type TokenCookie struct {
	HostCookie
	Check TokenCheck
}

// Name is "token".
func (*TokenCookie) Name() string { return "token" }

// Ambient is true.
func (*TokenCookie) Ambient() bool { return true }

// Challenge is empty.
func (*TokenCookie) Challenge(string, bool) string { return "" }

// Authenticate checks the token of the cookie.
func (t *TokenCookie) Authenticate(q *Request) (*identity.Identity, error) {
	raw, err := t.Read(q.HTTP)
	if raw == "" || err != nil {
		return nil, err
	}
	return t.Check(q, raw)
}

// Cookie makes the cookie that carries a token in the answer to a request, for as
// long as life, 1 s at least. With an empty token it makes the browser forget the
// cookie.
func (t *TokenCookie) Cookie(r *http.Request, raw string, life time.Duration) (*http.Cookie, error) {
	return t.HostCookie.Cookie(r, raw, max(life, time.Second))
}
