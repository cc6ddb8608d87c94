package authn

import (
	"net/http"
	"strings"

	"github.com/fastsimpleauth/fsa/identity"
)

// Httpd believes what a web server in front says about who is calling, in a header
// field that this server sets. Anybody could set it who reaches the application
// around that server, so it counts only from the peers that Trusted knows; from
// all others it is refused, not ignored, since somebody tries.
//
// A client could also have it set twice, or spell its name in a way that the
// server in front lets through and a gateway behind it takes for the same
// (X_Remote_User for X-Remote-User): such requests are refused, whoever sends them.
//
// The credential is ambient: the browser sends to the server in front whatever it
// has, a password or a certificate.
type Httpd struct {
	Field   string                   // as [net/http.CanonicalHeaderKey] spells it
	Trusted func(*http.Request) bool // whether the peer is a server that sets it
}

// Name is "httpd".
func (*Httpd) Name() string { return "httpd" }

// Ambient is true.
func (*Httpd) Ambient() bool { return true }

// Challenge is empty: to challenge is for the server in front.
func (*Httpd) Challenge(string, bool) string { return "" }

// Authenticate gives whom the header field names. When they proved it, and how, is
// not known.
func (h *Httpd) Authenticate(q *Request) (*identity.Identity, error) {
	values, spelt := h.Values(q.HTTP.Header)
	switch {
	case !spelt:
		return nil, Refuse("a field that some take for %s", h.Field)
	case len(values) == 0:
		return nil, nil
	case !h.Trusted(q.HTTP):
		return nil, Refuse("%s does not come from a trusted proxy", h.Field)
	case len(values) > 1 || strings.Contains(values[0], ","):
		return nil, Refuse("several %s fields", h.Field) // some proxies join them by a comma
	case values[0] == "":
		return nil, Refuse("%s is empty", h.Field)
	case !isLogin(values[0]) || strings.TrimSpace(values[0]) != values[0]:
		return nil, Refuse("malformed %s: too long, not UTF-8, spaces at its ends, or control characters", h.Field)
	}
	return &identity.Identity{Login: strings.Clone(values[0]), Scheme: "httpd", Realm: q.Realm}, nil
}

// Values gives the values of the field. spelt is false if a field comes whose name
// differs from it in underscores for dashes only.
func (h *Httpd) Values(header http.Header) (values []string, spelt bool) {
	spelt = true
	for name, v := range header {
		switch {
		case name == h.Field:
			values = v
		case len(name) == len(h.Field) && strings.EqualFold(strings.ReplaceAll(name, "_", "-"), h.Field):
			spelt = false
		}
	}
	return values, spelt
}
