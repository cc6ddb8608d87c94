package authn

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/identity"
)

// Basic is HTTP Basic authentication (RFC 7617), with UTF-8. Its credentials
// are ambient: once a browser has been given them, it sends them along.
type Basic struct{ Check PasswordCheck }

// Name is "basic".
func (*Basic) Name() string { return "basic" }

// Ambient is true.
func (*Basic) Ambient() bool { return true }

// Challenge asks for Basic credentials in UTF-8.
func (*Basic) Challenge(realm string, _ bool) string {
	return "Basic realm=" + quoted(realm) + `, charset="UTF-8"`
}

// Authenticate checks the login and the password of the Authorization field.
func (b *Basic) Authenticate(q *Request) (*identity.Identity, error) {
	credentials, ok, err := authorization(q.HTTP, "Basic")
	if !ok || err != nil {
		return nil, err
	}
	login, password, err := parseBasic(credentials)
	if err != nil {
		return nil, err
	}
	if err := b.Check(q.HTTP.Context(), login, password); err != nil {
		return nil, err
	}
	return passwordIdentity(q, "basic", login), nil
}

// parseBasic reads base64(login ":" password). A login can't hold a colon; a
// password may.
func parseBasic(credentials string) (login, password string, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(credentials)
	if err != nil || strings.ContainsAny(credentials, "\r\n") {
		return "", "", Refuse("malformed Basic credentials: not base64")
	}
	login, password, ok := strings.Cut(string(raw), ":")
	switch {
	case !ok:
		return "", "", Refuse("malformed Basic credentials: no colon")
	case login == "":
		return "", "", Refuse("malformed Basic credentials: no user")
	case !utf8.Valid(raw) || controls(string(raw)):
		return "", "", Refuse("malformed Basic credentials: not UTF-8, or control characters")
	}
	return login, password, nil
}
