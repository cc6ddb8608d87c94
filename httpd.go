package fsa

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// httpd checks the options of the scheme httpd.
func (c *checker) httpd() {
	if !c.enabled("httpd") {
		if c.HTTPDUserHeader != "" {
			c.fault("FSA_HTTPD_USER_HEADER", `is for the scheme "httpd", which FSA_AUTH does not enable`, "remove it, or enable httpd")
		}
		return
	}
	orDefault(&c.HTTPDUserHeader, "X-Remote-User")
	if !grammar.IsToken(c.HTTPDUserHeader) || strings.Contains(c.HTTPDUserHeader, "_") || fieldTaken(c.HTTPDUserHeader) {
		c.fault("FSA_HTTPD_USER_HEADER", fmt.Sprintf("%q is no header field for a user", c.HTTPDUserHeader),
			"use letters, digits and dashes, as in X-Remote-User, and none that has a meaning of its own")
	}
	if len(c.TrustedProxies) == 0 {
		c.fault("FSA_TRUSTED_PROXIES", `is empty, and the scheme "httpd" believes what a trusted proxy says`, `list the addresses of the servers in front that set `+c.HTTPDUserHeader+`, as in ["10.1.2.3"]`)
	}
	c.userHeader = &authn.Httpd{Field: http.CanonicalHeaderKey(c.HTTPDUserHeader), Trusted: func(r *http.Request) bool { return c.trusts(r.RemoteAddr) }}
}

// forwarded reports whether a server in front has left its mark on a request, or
// somebody pretends to be one.
func (s *settings) forwarded(h http.Header) bool {
	if forwarded(h) {
		return true
	}
	if s.userHeader == nil {
		return false
	}
	values, spelt := s.userHeader.Values(h)
	return values != nil || !spelt
}
