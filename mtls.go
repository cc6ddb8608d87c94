package fsa

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/fastsimpleauth/fsa/authn"
)

// mtls checks the options of the scheme mtls, and reads the authorities.
func (c *checker) mtls() {
	enabled := c.enabled("mtls")
	if c.MTLSUser != "" && !enabled {
		c.fault("FSA_MTLS_USER", `is for the scheme "mtls", which FSA_AUTH does not enable`, "remove it, or enable mtls")
	}
	orDefault(&c.MTLSUser, "cn")
	if !slices.Contains([]string{"cn", "email", "uri"}, c.MTLSUser) {
		c.fault("FSA_MTLS_USER", fmt.Sprintf("%q is no part of a certificate that names a user", c.MTLSUser), "it is cn, email or uri")
	}
	switch {
	case !enabled && c.TLSClientCA != "":
		c.fault("FSA_TLS_CLIENT_CA", `is for the scheme "mtls", which FSA_AUTH does not enable`, "remove it, or enable mtls")
	case enabled && c.TLSClientCA == "":
		c.fault("FSA_TLS_CLIENT_CA", `is missing, and the scheme "mtls" believes certificates of its authorities only`, "name the PEM file with the certificates of the authorities that issue those of your clients")
	case enabled:
		var err error
		if c.authorities, err = readAuthorities(c.TLSClientCA); err != nil {
			c.fault("FSA_TLS_CLIENT_CA", err.Error(), "name a PEM file with certificates of authorities, and nothing else")
		}
	}
}

// readAuthorities reads a PEM file of certificates.
func readAuthorities(path string) ([]*x509.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("holds a %q in PEM", block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			return nil, fmt.Errorf("holds what is no certificate: %w", err)
		case !cert.IsCA || !cert.BasicConstraintsValid:
			return nil, fmt.Errorf("holds the certificate of %q, which is no authority", cert.Subject)
		}
		all = append(all, cert)
	}
	if len(all) == 0 {
		return nil, errors.New("holds no certificate in PEM")
	}
	return all, nil
}

// mtlsScheme makes the scheme.
func (s *settings) mtlsScheme() authn.Scheme {
	return &authn.MTLS{User: s.MTLSUser, Authorities: s.authorities}
}

// tlsConfig is how [App.Run] serves TLS: nil if it does not. The certificate is the
// latest that has been read. Clients are asked for one where the scheme mtls is
// enabled, and need not have one, since other schemes may do.
func (s *settings) tlsConfig() *tls.Config {
	if s.TLSCert == "" && len(s.authorities) == 0 {
		return nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.TLSCert != "" {
		config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.now().cert, nil }
	}
	if len(s.authorities) == 0 {
		return config
	}
	pool := x509.NewCertPool()
	for _, ca := range s.authorities {
		pool.AddCert(ca)
	}
	config.ClientAuth, config.ClientCAs = tls.VerifyClientCertIfGiven, pool
	return config
}
