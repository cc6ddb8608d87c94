// Package grammar reads what the values of header fields are made of: the tokens and
// quoted strings of RFC 9110, 5.6.
package grammar

import "strings"

// IsToken reports whether s is a token (RFC 9110, 5.6.2): the name of a header
// field, of a method, of an authentication scheme, of a cookie.
func IsToken(s string) bool {
	for i := range len(s) {
		if !tchar[s[i]] {
			return false
		}
	}
	return s != ""
}

// tchar are the characters of a token. The single quote and the percent sign of an
// extended value (RFC 8187) are among them.
var tchar = func() (t [256]bool) {
	const others = "!#$%&'*+-.^_`|~"
	for c := range t {
		b := byte(c)
		t[c] = b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || strings.IndexByte(others, b) >= 0
	}
	return t
}()

// Value reads the token or the quoted string at the beginning of s (RFC 9110, 5.6.4),
// and gives what follows it. A value that is not quoted ends before the first of the
// characters of ends; whether it is a token is left to the caller, since not all
// senders quote what is none.
func Value(s, ends string) (value, rest string, quoted, ok bool) {
	if after, quoted := strings.CutPrefix(s, `"`); quoted {
		value, rest, ok = unquote(after)
		return value, rest, true, ok
	}
	end := strings.IndexAny(s, ends)
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:], false, true
}

// unquote reads the rest of a quoted string, after its first quote.
func unquote(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
