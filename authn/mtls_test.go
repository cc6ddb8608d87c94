package authn_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/http"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
)

// TestMTLS: whom a certificate names, and why another one names nobody.
func TestMTLS(t *testing.T) {
	authority, other := &x509.Certificate{Raw: []byte("authority")}, &x509.Certificate{Raw: []byte("other")}
	names := func(cn ...string) (all []pkix.AttributeTypeAndValue) {
		all = append(all, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "Acme"})
		for _, name := range cn {
			all = append(all, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: name})
		}
		return all
	}
	leaf := func(from, to time.Duration, cn ...string) *x509.Certificate {
		c := &x509.Certificate{Raw: []byte("leaf"), NotBefore: noon.Add(from), NotAfter: noon.Add(to), Subject: pkix.Name{Names: names(cn...)}}
		if len(cn) > 0 {
			c.Subject.CommonName = cn[len(cn)-1]
		}
		return c
	}
	good := leaf(-time.Hour, time.Hour, "calvin")
	const (
		stranger = "refused: the client's certificate is of none of the authorities"
		expired  = "refused: the client's certificate has expired"
		unnamed  = "refused: the client's certificate has not one cn that can be a login"
	)
	over := func(leaf *x509.Certificate, chains ...[]*x509.Certificate) *tls.ConnectionState {
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}, VerifiedChains: chains}
	}
	issued := func(leaf *x509.Certificate) *tls.ConnectionState {
		return over(leaf, []*x509.Certificate{leaf, authority})
	}
	for name, c := range map[string]struct {
		state *tls.ConnectionState
		want  string
	}{
		"no TLS":                        {nil, nothing},
		"no certificate":                {&tls.ConnectionState{}, nothing},
		"good":                          {issued(good), "calvin"},
		"through others":                {over(good, []*x509.Certificate{good, other, authority}), "calvin"},
		"one chain of two":              {over(good, []*x509.Certificate{good, other}, []*x509.Certificate{good, authority}), "calvin"},
		"not verified":                  {over(good), stranger},
		"of another authority":          {over(good, []*x509.Certificate{good, other}), stranger},
		"of another, below":             {over(good, []*x509.Certificate{good, authority, other}), stranger},
		"an authority itself":           {over(authority, []*x509.Certificate{authority}), stranger},
		"of tomorrow":                   {issued(leaf(time.Second, time.Hour, "calvin")), expired},
		"of yesterday":                  {issued(leaf(-time.Hour, -time.Second, "calvin")), expired},
		"without a name":                {issued(leaf(-time.Hour, time.Hour)), unnamed},
		"with two names":                {issued(leaf(-time.Hour, time.Hour, "hobbes", "calvin")), unnamed},
		"with a name that can't log in": {issued(leaf(-time.Hour, time.Hour, "cal\nvin")), unnamed},
	} {
		m := &authn.MTLS{User: "cn", Authorities: []*x509.Certificate{authority}}
		q := ask(&http.Request{Method: "GET", TLS: c.state})
		if got := outcome(m.Authenticate(q)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
