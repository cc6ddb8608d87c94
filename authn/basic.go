package authn

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/identity"
)

// Basic is HTTP Basic authentication (RFC 7617), with UTF-8. Its credentials
// are ambient: once a browser has been given them, it sends them along.
type Basic struct {
	Check PasswordCheck

	// Known, if it is set, is asked before the credentials are read: it gives
	// the login of those, exactly as they stand in the Authorization field,
	// that Check has found right and would find right again. Whatever it does
	// not know goes to Check.
	Known func(q *Request, credentials string) (login string, known bool)
}

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
	if b.Known != nil {
		if login, known := b.Known(q, credentials); known {
			return passwordIdentity(q, "basic", login), nil
		}
	}
	login, password, err := parseBasic(credentials)
	if err != nil {
		return nil, err
	}
	if err := b.Check(q, login, password); err != nil {
		return nil, err
	}
	return passwordIdentity(q, "basic", login), nil
}

// strictBase64 refuses what is not canonical: padding is required, and the bits
// that it leaves unused are zero.
var strictBase64 = base64.StdEncoding.Strict()

// parseBasic reads base64(login ":" password). A login can't hold a colon; a
// password may.
func parseBasic(credentials string) (login, password string, err error) {
	var few [128]byte // enough for nearly all, and not on the heap
	raw := few[:]
	if n := strictBase64.DecodedLen(len(credentials)); n > len(raw) {
		raw = make([]byte, n)
	}
	n, err := strictBase64.Decode(raw, []byte(credentials))
	if err != nil || strings.IndexByte(credentials, '\r') >= 0 || strings.IndexByte(credentials, '\n') >= 0 {
		return "", "", Refuse("malformed Basic credentials: not base64")
	}
	text := string(raw[:n])
	clear(raw)
	login, password, ok := strings.Cut(text, ":")
	switch {
	case !ok:
		return "", "", Refuse("malformed Basic credentials: no colon")
	case login == "":
		return "", "", Refuse("malformed Basic credentials: no user")
	case !utf8.ValidString(text) || controls(text):
		return "", "", Refuse("malformed Basic credentials: not UTF-8, or control characters")
	}
	return login, password, nil
}
