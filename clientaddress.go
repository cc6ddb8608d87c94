package fsa

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddress gives the address, without its port, of the client that has sent
// a request. It is the socket's peer, or, if that is a proxy of
// FSA_TRUSTED_PROXIES, whom the proxy names. "" means that there is nobody to be
// told apart from others: in development all comes from this machine, and a proxy
// that names nobody hides everybody.
func (s *settings) clientAddress(r *http.Request) string {
	if s.verbose && loopback(r.RemoteAddr) && !s.forwarded(r.Header) {
		return ""
	}
	peer := hostOf(r.RemoteAddr)
	if len(s.now().proxies) == 0 || !s.trusts(r.RemoteAddr) {
		return peer
	}
	named := ""
	for _, values := range [][]string{r.Header["X-Forwarded-For"], forParameters(r.Header["Forwarded"])} {
		if len(values) == 0 {
			continue
		}
		a := s.client(values)
		if a == "" || named != "" && a != named {
			// One of the fields is the proxy's, the other what the client has
			// made up. All who do so are taken for one, who is nobody else:
			// neither the proxy nor whoever stands beside it.
			return behind + peer
		}
		named = a
	}
	return named
}

// behind begins the address of a client that its proxy's fields leave in doubt.
const behind = "behind "

// client gives the address of the client from the field values in which each
// proxy has added, at the right, whom it was asked by: the rightmost that is not
// one of our proxies. What stands left of it is what that client says. "" if there
// is none.
func (s *settings) client(values []string) string {
	found := ""
	for _, value := range slices.Backward(values) {
		hops := strings.Split(value, ",")
		for _, hop := range slices.Backward(hops) {
			a, ok := parseHop(hop)
			if !ok {
				return found
			}
			found = a.String()
			if !s.isProxy(a) {
				return found
			}
		}
	}
	return found
}

// forParameters gives whom the elements of Forwarded (RFC 7239) name, in the form
// of X-Forwarded-For; nobody, "", for what can't be read.
func forParameters(fields []string) []string {
	var all []string
	for _, f := range fields {
		elements, ok := readForwarded(f)
		if !ok {
			all = append(all, "") // nobody can tell who is named where
			continue
		}
		for _, e := range elements {
			all = append(all, e["for"])
		}
	}
	return all
}

// parseHop reads an address that may have a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		var withPort netip.AddrPort
		if withPort, err = netip.ParseAddrPort(text); err != nil {
			return a, false
		}
		a = withPort.Addr()
	}
	return a.Unmap().WithZone(""), true
}

// hostOf cuts the port from an address.
func hostOf(addr string) string {
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		addr = addr[:i]
	}
	return strings.TrimSuffix(strings.TrimPrefix(addr, "["), "]")
}

// networkOf gives the network that an address is counted by: the /24 of IPv4, also
// when it is written as IPv6, and the /64 of IPv6, which is the least that one
// client is given. "" if there is no address, as of a Unix socket.
func networkOf(address string) string {
	if strings.HasPrefix(address, behind) {
		return address
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits) // no address has fewer bits
	return p.String()
}
