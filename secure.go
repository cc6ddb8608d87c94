package fsa

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
)

var errInsecure = httperr.Errorf(http.StatusForbidden, "insecure HTTP request denied")

// secured reports whether nobody can have read the request on its way: it came
// over TLS, or from this machine and from nowhere before. A request that bears
// the traces of a proxy came from elsewhere, whatever the socket says.
func secured(r *http.Request) bool {
	return r.TLS != nil || loopback(r.RemoteAddr) && !forwarded(r.Header)
}

func loopback(addr string) bool {
	if strings.HasPrefix(addr, "127.0.0.1:") || strings.HasPrefix(addr, "[::1]:") {
		return true
	}
	a, err := netip.ParseAddrPort(addr)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// forwarded reports whether a proxy has left its mark.
func forwarded(h http.Header) bool {
	for name := range h {
		switch {
		case len(name) < 3 || name[0] != 'F' && name[0] != 'V' && name[0] != 'X':
		case name == "Forwarded", name == "Via", strings.HasPrefix(name, "X-Forwarded-"):
			return true
		}
	}
	return false
}
