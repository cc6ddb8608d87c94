// Package redirect tells which targets of a redirect stay on this host, whatever
// browser follows them.
package redirect

import (
	"net/url"
	"strings"
)

// maxTarget is the size in bytes over which a target is refused. Browsers and
// proxies cut or refuse what is much longer.
const maxTarget = 4096

// Local checks a target that a client may have written, and gives it as it may
// stand in a Location field. A target is a path, which begins with one slash,
// and perhaps a query; ok is false for all else.
//
// A browser does not read a target as [net/url] does (URL Standard, 4.4): it
// drops tabs and line breaks wherever they stand, trims spaces and control
// characters, and takes a backslash for a slash. So "/\e", "/<tab>/e" and "\\e"
// lead to the host e. Whoever stands between may decode the path once more, or
// clean it. So none of these is let through, as it is or percent-encoded, nor are
// empty segments and dot segments, which such cleaning would take away.
func Local(target string) (location string, ok bool) {
	if len(target) > maxTarget || strings.ContainsFunc(target, unfit) {
		return "", false
	}
	escaped, query, queried := strings.Cut(target, "?")
	path, err := url.PathUnescape(escaped)
	if err != nil || !plainPath(path) {
		return "", false
	}
	// Another spelling of an escape, or a byte that should have been escaped
	// (a space, a letter that is not ASCII), is written as URLs have it.
	location = (&url.URL{Path: path, RawPath: escaped}).EscapedPath()
	if queried {
		location += "?" + escapeQuery(query)
	}
	if len(location) > maxTarget { // what has been escaped is longer
		return "", false
	}
	return location, true
}

// unfit reports whether a target can't have a character anywhere: a control
// character, a backslash, or what begins a fragment, which no request has.
func unfit(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == '#' }

// plainPath reports whether a path, decoded, is absolute and means the same to
// everybody.
func plainPath(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return false
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return false
		}
	}
	// Once more decoded, it still has to begin with one slash only: some decode
	// twice.
	twice, err := url.PathUnescape(path)
	return err != nil || len(twice) < 2 || twice[1] != '/' && twice[1] != '\\' && twice[1] > ' '
}

// escapeQuery escapes what a header field should not have, and leaves the rest,
// which the client may have escaped as it liked.
func escapeQuery(query string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(query) {
		switch c := query[i]; {
		case c <= ' ', c >= 0x7f, c == '"', c == '<', c == '>':
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
