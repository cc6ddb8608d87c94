package fsa

import (
	"errors"
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
	return r.TLS != nil || len(s.proxies) > 0 && s.trusts(r.RemoteAddr) && saysHTTPS(r.Header)
}

// secured reports whether nobody can have read the request on its way: it came
// over TLS, or from this machine and from nowhere before. A request that bears
// the traces of a proxy came from elsewhere, whatever the socket says.
func (s *settings) secured(r *http.Request) bool {
	return s.overTLS(r) || loopback(r.RemoteAddr) && !forwarded(r.Header)
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
	ip := a.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// forwarded reports whether a proxy has left its mark.
func forwarded(h http.Header) bool {
	for name := range h {
		switch {
		case len(name) < 3 || name[0] != 'F' && name[0] != 'V' && name[0] != 'X' && name[0] != 'C' && name[0] != 'T':
		case name == "Forwarded", name == "Via", strings.HasPrefix(name, "X-Forwarded-"),
			name == "X-Real-Ip", name == "X-Client-Ip", name == "Cf-Connecting-Ip", name == "True-Client-Ip":
			return true
		}
	}
	return false
}

// saysHTTPS reports whether the header fields of a proxy say that the client
// came over TLS (X-Forwarded-Proto; Forwarded, RFC 7239). When there were several
// proxies, each of them must say so, and where both fields are used, both must.
func saysHTTPS(h http.Header) bool {
	protos := h["X-Forwarded-Proto"]
	elements := h["Forwarded"]
	if len(protos) > 1 || len(elements) > 1 || len(protos)+len(elements) == 0 {
		return false
	}
	for _, p := range protos {
		for v := range strings.SplitSeq(p, ",") {
			if !strings.EqualFold(strings.TrimSpace(v), "https") {
				return false
			}
		}
	}
	for _, f := range elements {
		// A quoted string may hold what separates elements. Those are of no
		// use here, and guessing would be of use to somebody else.
		for element := range strings.SplitSeq(f, ",") {
			if proto(element) != "https" {
				return false
			}
		}
	}
	return true
}

// proto gives the proto parameter of an element of Forwarded, in lower case; ""
// if it has none or several.
func proto(element string) string {
	found := ""
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if !strings.EqualFold(name, "proto") {
			continue
		}
		if found != "" {
			return ""
		}
		found = strings.ToLower(strings.Trim(value, `"`))
	}
	return found
}
