package fsa_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	path string // its certificate in PEM
}

func newAuthority(t *testing.T, name string, above *authority) *authority {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	a := &authority{path: filepath.Join(t.TempDir(), "ca.pem")}
	c := a.sign(t, template, above)
	a.cert, a.key = c.Leaf, c.PrivateKey.(*ecdsa.PrivateKey)
	if err := os.WriteFile(a.path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// sign makes a certificate that above has signed, itself if that is nil.
func (a *authority) sign(t *testing.T, template *x509.Certificate, above *authority) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := template, key
	if above != nil {
		parent, signer = above.cert, above.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// issue makes a client's certificate.
func (a *authority) issue(t *testing.T, change func(*x509.Certificate)) *tls.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "calvin"},
		EmailAddresses: []string{"calvin@example.org"}, URIs: []*url.URL{{Scheme: "spiffe", Host: "example.org", Path: "/calvin"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	if change != nil {
		change(template)
	}
	c := a.sign(t, template, a)
	return &c
}

// TestMTLS: over real TLS, who shows which certificate is who.
func TestMTLS(t *testing.T) {
	ours, theirs := newAuthority(t, "ours", nil), newAuthority(t, "theirs", nil)
	between := newAuthority(t, "between", ours)
	chained := between.issue(t, nil)
	chained.Certificate = append(chained.Certificate, between.cert.Raw)
	cert, key, pool := selfSigned(t)
	for _, test := range []struct {
		name   string
		user   string
		show   *tls.Certificate
		status int // 0: there is no connection
		text   string
	}{
		{"common name", "cn", ours.issue(t, nil), 200, "calvin"},
		{"e-mail", "email", ours.issue(t, nil), 200, "calvin@example.org"},
		{"URI", "uri", ours.issue(t, nil), 200, "spiffe://example.org/calvin"},
		{"through another", "cn", chained, 200, "calvin"},
		{"none", "cn", nil, 401, "authentication required"},
		{"of another authority", "cn", theirs.issue(t, nil), 0, ""},
		{"expired", "cn", ours.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), 0, ""},
		{"for servers", "cn", ours.issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), 0, ""},
		{"nameless", "cn", ours.issue(t, func(c *x509.Certificate) { c.Subject.CommonName = "" }), 401, "the client's certificate has not one cn that can be a login"},
		{"two names", "cn", ours.issue(t, func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "hobbes"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "calvin"}}
		}), 401, "the client's certificate has not one cn that can be a login"},
		{"two e-mails", "email", ours.issue(t, func(c *x509.Certificate) { c.EmailAddresses = append(c.EmailAddresses, "hobbes@example.org") }), 401, "the client's certificate has not one email that can be a login"},
		{"no URI", "uri", ours.issue(t, func(c *x509.Certificate) { c.URIs = nil }), 401, "the client's certificate has not one uri that can be a login"},
		{"control characters", "cn", ours.issue(t, func(c *x509.Certificate) { c.Subject.CommonName = "cal\nvin" }), 401, "the client's certificate has not one cn that can be a login"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := base()
			cfg.Mode = "dev"
			cfg.Auth, cfg.TokenSecret = []string{"mtls"}, nil
			cfg.TLSCert, cfg.TLSKey, cfg.TLSClientCA, cfg.MTLSUser = cert, key, ours.path, test.user
			w := newWorld(t, cfg)
			fsa.Get(w, "/x", authz.Auth(), who)
			fsa.Post(w, "/x", authz.Auth(), who)
			base, stop := start(t, w)
			defer stop()
			config := &tls.Config{RootCAs: pool}
			if test.show != nil {
				// Whatever authorities the server names: an attacker does not care.
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return test.show, nil }
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
			defer client.CloseIdleConnections()
			res, err := client.Get(base + "/x")
			if err != nil {
				if test.status != 0 {
					t.Fatal(err)
				}
				return
			}
			text, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != test.status || string(text) != test.text {
				t.Errorf("%d %q, want %d %q", res.StatusCode, text, test.status, test.text)
			}
			if test.status != 200 {
				return
			}
			r, _ := http.NewRequest("POST", base+"/x", nil) // a browser shows it to every page's requests. S58
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			if res, err = client.Do(r); err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != 403 {
				t.Errorf("cross-site: %d", res.StatusCode)
			}
		})
	}
}

// TestMTLSElsewhere: on a server that is not ours, a certificate counts if it was
// verified, if it is of our authorities, and as long as it is valid.
func TestMTLSElsewhere(t *testing.T) {
	ours, theirs := newAuthority(t, "ours", nil), newAuthority(t, "theirs", nil)
	cfg := base()
	cfg.Mode = "dev"
	cfg.Auth, cfg.TokenSecret = []string{"mtls"}, nil
	cfg.TLSClientCA = ours.path
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	h := handlerOf(t, w)
	good, foreign := ours.issue(t, nil).Leaf, theirs.issue(t, nil).Leaf
	old := ours.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Second) }).Leaf
	soon := ours.issue(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }).Leaf
	for name, test := range map[string]struct {
		state  *tls.ConnectionState
		status int
	}{
		"verified":             {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{good}, VerifiedChains: [][]*x509.Certificate{{good, ours.cert}}}, 200},
		"by two":               {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{good}, VerifiedChains: [][]*x509.Certificate{{good, theirs.cert}, {good, ours.cert}}}, 200},
		"not verified":         {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{good}}, 401},
		"of another authority": {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{foreign}, VerifiedChains: [][]*x509.Certificate{{foreign, theirs.cert}}}, 401},
		"an authority itself":  {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{ours.cert}, VerifiedChains: [][]*x509.Certificate{{ours.cert}}}, 401},
		"has ended since":      {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{old}, VerifiedChains: [][]*x509.Certificate{{old, ours.cert}}}, 401},
		"has not begun":        {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{soon}, VerifiedChains: [][]*x509.Certificate{{soon, ours.cert}}}, 401},
		"none":                 {&tls.ConnectionState{}, 401},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.TLS = test.state
		if rec := serve(h, r); rec.Code != test.status {
			t.Errorf("%s: %d %s, want %d", name, rec.Code, rec.Body, test.status)
		}
	}
}

// TestServerTLS: what a server of ours asks of TLS and of its clients.
func TestServerTLS(t *testing.T) {
	ours := newAuthority(t, "ours", nil)
	cert, key, _ := selfSigned(t)
	for _, tt := range []struct {
		name   string
		serves bool
		asks   bool
	}{{"neither", false, false}, {"serves", true, false}, {"asks", false, true}, {"both", true, true}} {
		cfg := base()
		if tt.serves {
			cfg.TLSCert, cfg.TLSKey = cert, key
		}
		if tt.asks {
			cfg.Auth, cfg.TLSClientCA = append(cfg.Auth, "mtls"), ours.path
		}
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		s, err := w.Server("127.0.0.1:0")
		if err != nil {
			t.Fatal(tt.name, err)
		}
		c := s.TLSConfig
		if (c != nil) != (tt.serves || tt.asks) {
			t.Errorf("%s: the configuration is %v", tt.name, c)
		}
		if c == nil {
			continue
		}
		if c.MinVersion != tls.VersionTLS12 || (c.GetCertificate != nil) != tt.serves || (c.ClientCAs != nil) != tt.asks || (c.ClientAuth == tls.VerifyClientCertIfGiven) != tt.asks {
			t.Errorf("%s: the configuration is %+v", tt.name, c)
		}
	}
}

// TestMTLSFaults: what is wrong with its configuration stops the start.
func TestMTLSFaults(t *testing.T) {
	ours := newAuthority(t, "ours", nil)
	cert, key, _ := selfSigned(t)
	leaf := filepath.Join(t.TempDir(), "leaf.pem")
	if err := os.WriteFile(leaf, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ours.issue(t, nil).Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("-----BEGIN"), 0o600); err != nil {
		t.Fatal(err)
	}
	constrained := filepath.Join(t.TempDir(), "constrained.pem")
	der := ours.issue(t, func(c *x509.Certificate) { c.BasicConstraintsValid = true }).Certificate[0]
	if err := os.WriteFile(constrained, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.pem")
	if err := os.WriteFile(cut, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der[:len(der)-1]}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		auth, ca, user string
		want           string
	}{
		{"mtls", "", "", "FSA_TLS_CLIENT_CA: is missing"},
		{"mtls", filepath.Join(t.TempDir(), "gone.pem"), "", "FSA_TLS_CLIENT_CA: cannot be read"},
		{"mtls", empty, "", "FSA_TLS_CLIENT_CA: holds no certificate in PEM"},
		{"mtls", leaf, "", `FSA_TLS_CLIENT_CA: holds the certificate of "CN=calvin", which is no authority`},
		{"mtls", constrained, "", `FSA_TLS_CLIENT_CA: holds the certificate of "CN=calvin", which is no authority`},
		{"mtls", cut, "", "FSA_TLS_CLIENT_CA: holds what is no certificate"},
		{"mtls", key, "", `FSA_TLS_CLIENT_CA: holds a "PRIVATE KEY" in PEM`},
		{"mtls", cert, "dn", `FSA_MTLS_USER: "dn" is no part of a certificate that names a user; it is cn, email or uri`},
		{"basic", cert, "", `FSA_TLS_CLIENT_CA: is for the scheme "mtls", which FSA_AUTH does not enable`},
		{"basic", "", "cn", `FSA_MTLS_USER: is for the scheme "mtls", which FSA_AUTH does not enable`},
	} {
		cfg := base()
		cfg.Auth, cfg.TokenSecret = []string{test.auth}, nil
		cfg.TLSClientCA, cfg.MTLSUser = test.ca, test.user
		if got := faultsOf(t, newWorld(t, cfg).App); len(got) != 1 || !contains(got[0], test.want) {
			t.Errorf("%v: %q", test, got)
		}
	}
}
