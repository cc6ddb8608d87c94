package authn

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// hostPrefix begins the name of a cookie that browsers take from the very host
// alone, over TLS, for all of its paths (RFC 6265bis, 4.1.3.2): no other host of
// the domain, and nobody on the way, can set it.
const hostPrefix = "__Host-"

// maxCookie is the size in bytes over which browsers drop a cookie's name and
// value (RFC 6265bis, 5.6).
const maxCookie = 4096

// HostCookie is a cookie that only the very host gets and sets: with the prefix
// __Host-, for all of its paths, over TLS alone, shown to no script (HttpOnly), and not
// sent along when a page of another site posts to us (SameSite=Lax). That is what a
// cookie must be that decides who somebody is (RFC 6265bis, 4.1.3.2 and 8.8).
//
// The cookie has the prefix and is Secure, unless Plain says of the request that it
// came where such a cookie can't be set. A request has one name that counts; the other
// one is never looked at.
type HostCookie struct {
	Bare  string                   // the cookie's name, without the prefix
	Plain func(*http.Request) bool // whether the request is plain HTTP in development; nil: none is
}

// CookieName gives the name of the cookie for a request.
func (c *HostCookie) CookieName(r *http.Request) string {
	if c.plain(r) {
		return c.Bare
	}
	return hostPrefix + c.Bare
}

func (c *HostCookie) plain(r *http.Request) bool { return c.Plain != nil && c.Plain(r) }

// Read gives the value of the request's cookie, "" if it has none. The cookie twice is
// refused, since which of them is whose can't be told; so is a value that
// [HostCookie.Cookie] does not make.
func (c *HostCookie) Read(r *http.Request) (value string, err error) {
	fields := r.Header["Cookie"]
	if len(fields) == 0 {
		return "", nil
	}
	name := c.CookieName(r)
	n := 0
	for _, field := range fields {
		for pair := range strings.SplitSeq(field, ";") {
			// Browsers put one space before a pair; names have a case.
			if k, v, ok := strings.Cut(strings.Trim(pair, " \t"), "="); ok && k == name {
				value = v
				n++
			}
		}
	}
	if n > 1 {
		return "", Refuse("several cookies %s", name)
	}
	value, ok := unescape(value)
	if !ok {
		return "", Refuse("malformed cookie %s", name)
	}
	return value, nil
}

// Cookie makes the cookie for the answer to a request. It lasts for life, to the
// second and 1 s at least; until the browser is closed if life is 0. With an empty
// value it makes the browser forget the cookie. One that browsers would drop for its
// size is an error.
func (c *HostCookie) Cookie(r *http.Request, value string, life time.Duration) (*http.Cookie, error) {
	plain := c.plain(r)
	cookie := &http.Cookie{
		Name: c.CookieName(r), Value: escape(value),
		Path: "/", Secure: !plain, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	switch {
	case value == "":
		cookie.MaxAge = -1
	case life != 0:
		cookie.MaxAge = max(1, int(life/time.Second))
	}
	if n := len(cookie.Name) + len(cookie.Value); n > maxCookie {
		return nil, fmt.Errorf("the value makes a cookie of %d bytes, and browsers keep %d", n, maxCookie)
	}
	return cookie, nil
}

// A cookie can't hold each character that a login may have. Those that it can't,
// and the percent sign, are escaped as in a URL; in one way only, so that there is
// one spelling of a valid token.

const hexDigits = "0123456789ABCDEF"

// octet reports whether c stands for itself in a cookie's value (RFC 6265,
// 4.1.1).
func octet(c byte) bool {
	return c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\' && c != '%'
}

func escape(s string) string {
	i := 0
	for i < len(s) && octet(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; octet(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

// unescape undoes escape. It takes nothing that escape does not make.
func unescape(s string) (string, bool) {
	i := 0
	for i < len(s) && octet(s[i]) {
		i++
	}
	if i == len(s) {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case octet(c):
		case c != '%' || i+2 >= len(s):
			return "", false
		default:
			high, low := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			if c = byte(high<<4 | low); octet(c) {
				return "", false
			}
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String(), true
}
