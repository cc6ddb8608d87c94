package fsa

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/fastsimpleauth/fsa/authn"
)

// base checks FSA_BASE_URL.
func (c *checker) base() {
	if c.BaseURL == "" {
		return
	}
	text := c.BaseURL
	if !strings.HasSuffix(text, "//") {
		text = strings.TrimSuffix(text, "/")
	}
	o, problem, remedy := parseOrigin(text)
	switch {
	case problem != "":
		c.fault("FSA_BASE_URL", fmt.Sprintf("%s is not an address of an application: %s", brief(c.BaseURL), problem), remedy)
	case o.subdomains || o.scheme != "https" && o.scheme != "http":
		c.fault("FSA_BASE_URL", fmt.Sprintf("%s is not an address of an application", brief(c.BaseURL)), `write it as "https://www.example.com"`)
	case o.clear() && !c.InsecureTransport:
		c.fault("FSA_BASE_URL", fmt.Sprintf("%s is not over TLS, so that what is sent there can be read on the way", brief(c.BaseURL)), "write it with https, and serve it so")
	default:
		c.BaseURL = o.String()
		c.baseURL = &url.URL{Scheme: o.scheme, Host: o.host + o.port}
	}
}

// crossOrigin makes the check of requests that a browser's own credentials come
// with. It trusts the application's own address, and the origins that FSA_CORS_OPTS
// names one by one: a * may be anybody, and a subdomain somebody's to whom it has
// been lent.
func (s *settings) crossOrigin() *authn.CrossOrigin {
	x := &authn.CrossOrigin{OverTLS: s.overTLS}
	trusted := []string{}
	if s.baseURL != nil {
		trusted = append(trusted, s.BaseURL)
	}
	for _, o := range s.origins {
		if s.CORS && !o.subdomains {
			trusted = append(trusted, o.String())
		}
	}
	for _, o := range trusted {
		if err := x.Trust(o); err != nil {
			panic(err) // parseOrigin takes no such thing
		}
	}
	return x
}
