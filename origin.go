package fsa

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// origin is one that the configuration names: scheme, host and port, as browsers
// write it, or all subdomains of a domain.
type origin struct {
	scheme     string
	host       string // in lower case; an IPv6 address has its brackets
	port       string // with its colon, "" for that of the scheme
	subdomains bool   // of the host, but not the host itself
}

func (o origin) String() string {
	star := ""
	if o.subdomains {
		star = "*."
	}
	return o.scheme + "://" + star + o.host + o.port
}

// matches reports whether the text of an Origin field is the origin, or one of
// its subdomains. It is compared as it is: browsers write an origin in one way
// (RFC 6454, 6.2).
func (o origin) matches(text string) bool {
	if !o.subdomains {
		return text == o.String()
	}
	rest, ok := strings.CutPrefix(text, o.scheme+"://")
	if !ok {
		return false
	}
	sub, ok := strings.CutSuffix(rest, "."+o.host+o.port)
	return ok && isDomain(sub)
}

// parseOrigin reads an origin of the configuration. If it is none, it tells the
// problem and a remedy.
func parseOrigin(text string) (o origin, problem, remedy string) {
	scheme, rest, ok := strings.Cut(text, "://")
	switch {
	case strings.EqualFold(text, "null"):
		return o, "sandboxed frames and local files have it, and so any page can", "remove it"
	case looksLikeRegexp(rest) || !ok && looksLikeRegexp(text):
		return o, "it is a regular expression, and those let in more than was meant", `list the origins, or write "https://*.example.com" for all subdomains`
	case !ok:
		return o, "it has no scheme", `write it as "https://www.example.com"`
	case !isScheme(scheme):
		return o, fmt.Sprintf("pages of the scheme %s have no origin of their own", brief(scheme)), "use https"
	case strings.ContainsAny(rest, "/?#@"):
		return o, "an origin has no user, path or query", "write scheme, host and port alone" + example(text)
	}
	o = origin{scheme: strings.ToLower(scheme), host: strings.ToLower(rest)}
	if host, port, err := net.SplitHostPort(o.host); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return o, brief(port) + " is not a port", "write a number up to 65535, or leave it out"
		}
		if n == 443 && o.scheme == "https" || n == 80 && o.scheme == "http" {
			return o, "browsers leave the usual port of the scheme out", "leave it out"
		}
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		o.host, o.port = host, ":"+port
	}
	o.host, o.subdomains = strings.CutPrefix(o.host, "*.")
	problem, remedy = o.checkHost()
	return o, problem, remedy
}

func (o origin) checkHost() (problem, remedy string) {
	bare, bracketed := strings.CutPrefix(o.host, "[")
	addr, err := netip.ParseAddr(strings.TrimSuffix(bare, "]"))
	isAddr := err == nil && addr.Zone() == "" && bracketed == addr.Is6()
	written := addr.String()
	if bracketed {
		written = "[" + written + "]"
	}
	switch {
	case strings.Contains(o.host, "*"):
		return "a * stands for all subdomains, in front of a domain", `write it as "https://*.example.com"`
	case o.subdomains && isAddr:
		return "an address has no subdomains", "list the addresses"
	case isAddr && o.host != written:
		return "browsers write the address in another way", "write " + written
	case isAddr:
		return "", ""
	case !isDomain(o.host):
		return brief(o.host) + " is not a host", "write its name in ASCII, with xn-- if it has other letters"
	case o.subdomains && !strings.Contains(o.host, "."):
		return fmt.Sprintf("what is below .%s belongs to many", o.host), `name a domain of yours, as in "https://*.example.com"`
	}
	return "", ""
}

// loopback reports whether the host is this machine, whatever a name server says.
func (o origin) loopback() bool {
	if o.host == "localhost" || strings.HasSuffix(o.host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(o.host, "[]"))
	return err == nil && addr.IsLoopback()
}

// clear reports whether pages of the origin come over a network in the clear, so
// that anybody on the way can write them.
func (o origin) clear() bool { return o.scheme == "http" && !o.loopback() }

// isDomain reports whether s is a host's name in lower-case ASCII. An underscore
// is in some.
func isDomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
		}) {
			return false
		}
	}
	return true
}

// isScheme reports whether pages can come from URLs of the scheme (RFC 3986, 3.1)
// and have an origin of their own: those of files and data have none.
func isScheme(s string) bool {
	switch strings.ToLower(s) {
	case "file", "data", "blob", "javascript", "about":
		return false
	}
	first := s != "" && (s[0]|0x20) >= 'a' && (s[0]|0x20) <= 'z'
	return first && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '-' || r == '.')
	})
}

// looksLikeRegexp reports whether a text is rather a regular expression than a
// host: in Flask-CORS, origins may be.
func looksLikeRegexp(text string) bool {
	return strings.Contains(text, ".*") || strings.ContainsAny(text, `\^$()|+`) || strings.Contains(text, "[a-")
}

// example gives the origin of a URL, for a remedy.
func example(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return ""
	}
	return ", as in " + brief(u.Scheme+"://"+u.Host)
}

// brief quotes a text of the configuration, shortened if it is long, so that the
// remedy after it is read.
func brief(text string) string {
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return strconv.Quote(text)
}
