package authn

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// CrossOrigin refuses requests that a page of another origin made a browser send
// with what the browser has of the user: a cookie, a password of Basic, a client
// certificate. It is [http.CrossOriginProtection], and more strict:
//
//   - A handshake of a WebSocket (any GET with Upgrade) counts as unsafe. The
//     browser lets every page send it, and lets it read what comes (cross-site
//     WebSocket hijacking).
//   - Over TLS, http:// and our own host is another origin: whoever is on the way
//     may have written that page.
//   - Origin or Sec-Fetch-Site twice, or an Origin that no browser writes, is
//     refused.
//
// So Sec-Fetch-Site says which requests are of the same origin; browsers since
// 2023 send it, and no page can set it. Without it, Origin must be that of the
// host. A request with neither does not come from a browser, and passes. GET, HEAD
// and OPTIONS pass too: they must change nothing.
//
// The zero value trusts no other origin. It may be used by several goroutines
// once no more origins are added.
type CrossOrigin struct {
	// OverTLS reports whether a request came over TLS. Nil means that the
	// request's own connection says so.
	OverTLS func(*http.Request) bool

	protection http.CrossOriginProtection
}

// Trust lets pages of an origin (scheme://host, and :port if it is not the
// scheme's own) use the credentials that their browsers have of us.
func (c *CrossOrigin) Trust(origin string) error {
	if !wellFormedOrigin(origin) {
		return fmt.Errorf("%q is not an origin", origin)
	}
	return c.protection.AddTrustedOrigin(origin)
}

// Check gives the reason why a request is refused, nil if it is not. It is for
// logs.
func (c *CrossOrigin) Check(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		if r.Header["Upgrade"] == nil {
			return nil
		}
	}
	return c.CheckAny(r)
}

// CheckAny is [CrossOrigin.Check] for a request that changes something whatever
// its method is, such as a log-in.
func (c *CrossOrigin) CheckAny(r *http.Request) error {
	err := c.check(r)
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: Sec-Fetch-Site %q, Origin %q, Host %q; if the page is to be trusted, name its origin in FSA_CORS_OPTS, and if a proxy has changed Host, set FSA_BASE_URL",
		err, r.Header["Sec-Fetch-Site"], r.Header["Origin"], r.Host)
}

func (c *CrossOrigin) check(r *http.Request) error {
	if len(r.Header["Sec-Fetch-Site"]) > 1 || len(r.Header["Origin"]) > 1 {
		return errors.New("a field that browsers send once comes twice")
	}
	post := http.Request{Method: http.MethodPost, URL: r.URL, Host: r.Host, Header: r.Header}
	if origin := r.Header.Get("Origin"); origin != "" && r.Header.Get("Sec-Fetch-Site") == "" {
		if !wellFormedOrigin(origin) {
			return errors.New("the origin is nobody's")
		}
		if strings.HasPrefix(origin, "http://") && c.overTLS(r) {
			post.Host = "" // no origin is that of this host
		}
	}
	return c.protection.Check(&post)
}

func (c *CrossOrigin) overTLS(r *http.Request) bool {
	if c.OverTLS != nil {
		return c.OverTLS(r)
	}
	return r.TLS != nil
}

// wellFormedOrigin reports whether a text is an origin as browsers write it
// (RFC 6454, 6.2): a scheme and a host, perhaps a port, and nothing else. "null",
// which any page can have, is none.
func wellFormedOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Hostname() != "" && u.Scheme+"://"+u.Host == origin
}
