package authn

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"github.com/fastsimpleauth/fsa/identity"
)

// MTLS takes the user from the certificate that a client has shown on the TLS
// connection itself, and that the server has verified (RFC 8446, 4.4.2).
//
// It is ambient: a browser that has a certificate shows it to every page's
// requests.
type MTLS struct {
	// User is the part of the certificate that is the login: the common name
	// of the subject ("cn"), or the only e-mail address ("email") or URI
	// ("uri") of the subject's alternative names (RFC 5280, 4.2.1.6).
	User string

	// Authorities are those of which one must have issued the certificate,
	// through others or by itself. Others, whom the server trusts for other
	// purposes, prove nothing here.
	Authorities []*x509.Certificate
}

// Name is "mtls".
func (*MTLS) Name() string { return "mtls" }

// Ambient is true.
func (*MTLS) Ambient() bool { return true }

// Challenge is empty: certificates are asked for when the connection begins.
func (*MTLS) Challenge(string, bool) string { return "" }

// Authenticate gives whom the certificate of the connection names. The
// certificate must be valid now: connections may live longer than certificates.
// When the user was there is not known; that somebody has the key, is (RFC 8176,
// pop).
func (m *MTLS) Authenticate(q *Request) (*identity.Identity, error) {
	if q.HTTP.TLS == nil || len(q.HTTP.TLS.PeerCertificates) == 0 {
		return nil, nil
	}
	leaf := m.verified(q.HTTP.TLS.VerifiedChains)
	switch {
	case leaf == nil:
		return nil, Refuse("the client's certificate is of none of the authorities")
	case q.Now.Before(leaf.NotBefore) || q.Now.After(leaf.NotAfter):
		return nil, Refuse("the client's certificate has expired")
	}
	login, ok := m.login(leaf)
	if !ok || !isLogin(login) {
		return nil, Refuse("the client's certificate has not one %s that can be a login", m.User)
	}
	return &identity.Identity{Login: login, Scheme: "mtls", Realm: q.Realm, Factors: []string{"pop"}}, nil
}

// verified gives the client's certificate if one of its chains ends in one of the
// authorities.
func (m *MTLS) verified(chains [][]*x509.Certificate) *x509.Certificate {
	for _, chain := range chains {
		if len(chain) > 1 && slices.ContainsFunc(m.Authorities, chain[len(chain)-1].Equal) {
			return chain[0]
		}
	}
	return nil
}

var commonName = asn1.ObjectIdentifier{2, 5, 4, 3}

// login gives the part of a certificate that names the user, if there is but one.
func (m *MTLS) login(c *x509.Certificate) (string, bool) {
	switch {
	case m.User == "cn":
		n := 0
		for _, a := range c.Subject.Names {
			if a.Type.Equal(commonName) {
				n++
			}
		}
		return c.Subject.CommonName, n == 1
	case m.User == "email" && len(c.EmailAddresses) == 1:
		return c.EmailAddresses[0], true
	case m.User == "uri" && len(c.URIs) == 1:
		return c.URIs[0].String(), true
	}
	return "", false
}
