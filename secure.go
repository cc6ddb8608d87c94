package fsa

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
)

// errInsecure tells the client what, and the log what to do.
var errInsecure = httperr.Wrap(http.StatusForbidden, "insecure HTTP request denied", errors.New(
	"it came neither over TLS nor from this machine: serve TLS (FSA_TLS_CERT), list the proxy that does (FSA_TRUSTED_PROXIES), or let everything pass (FSA_SECURE = false)"))

// overTLS reports whether the request came from its client over TLS: to this
// server, or to a trusted proxy that says so. What others say counts for nothing.
func (s *settings) overTLS(r *http.Request) bool {
	return r.TLS != nil || len(s.now().proxies) > 0 && s.trusts(r.RemoteAddr) && saysHTTPS(r.Header)
}

// secured reports whether nobody can have read the request on its way: it came
// over TLS, or from this machine and from nowhere before. A request that bears
// the traces of a proxy came from elsewhere, whatever the socket says.
func (s *settings) secured(r *http.Request) bool {
	return s.overTLS(r) || loopback(r.RemoteAddr) && !s.forwarded(r.Header)
}

// plainHere reports whether a request is plain HTTP from this machine in
// development, where cookies can't be Secure. Whatever bears the traces of a proxy
// is not: the client may have come over TLS to the proxy.
func (s *settings) plainHere(r *http.Request) bool {
	return s.verbose && r.TLS == nil && loopback(r.RemoteAddr) && !s.forwarded(r.Header)
}

// beside reports whether a request comes from this machine, and was meant for it.
// A page of somebody else's site can have its own name lead here, and is then of
// the same origin for the browser (DNS rebinding); so that the name must be one
// that nobody can have.
func (s *settings) beside(r *http.Request) bool {
	return loopback(r.RemoteAddr) && !s.forwarded(r.Header) && reservedHost(r.Host)
}

// reservedHost reports whether a host is localhost, an address, or has a name
// that is reserved for tests and examples (RFC 2606, RFC 6761).
func reservedHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(host)
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	for _, name := range []string{"localhost", "test", "example", "example.com", "example.net", "example.org"} {
		if host == name || strings.HasSuffix(host, "."+name) {
			return true
		}
	}
	return false
}

func loopback(addr string) bool {
	if strings.HasPrefix(addr, "127.0.0.1:") || strings.HasPrefix(addr, "[::1]:") {
		return true
	}
	a, err := netip.ParseAddrPort(addr)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// trusts reports whether an address is that of a proxy of FSA_TRUSTED_PROXIES.
func (s *settings) trusts(addr string) bool {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return false
	}
	return s.isProxy(a.Addr())
}

func (s *settings) isProxy(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(s.now().proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// forwarded reports whether a proxy has left its mark. A name with underscores
// counts as the one with dashes: some servers take one for the other.
func forwarded(h http.Header) bool {
	for name := range h {
		switch {
		case len(name) < 3 || name[0] != 'F' && name[0] != 'V' && name[0] != 'X' && name[0] != 'C' && name[0] != 'T':
		case strings.HasPrefix(name, "X-Forwarded"), strings.HasPrefix(name, "X_forwarded"), name == "Forwarded", name == "Via",
			name == "X-Real-Ip", name == "X_real_ip", name == "X-Client-Ip", name == "X-Cluster-Client-Ip", name == "X-Original-Forwarded-For",
			name == "Cf-Connecting-Ip", name == "True-Client-Ip", name == "Fastly-Client-Ip":
			return true
		}
	}
	return false
}
