package fsa

import (
	"net/http"
	"strings"

	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// saysHTTPS reports whether the header fields of a proxy say that the client
// came over TLS (X-Forwarded-Proto; Forwarded, RFC 7239). When there were several
// proxies, each of them must say so, and where both fields are used, both must. A
// field that comes twice says nothing: one of them may be the client's.
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
		said, ok := readForwarded(f)
		for _, e := range said {
			ok = ok && strings.EqualFold(e["proto"], "https")
		}
		if !ok {
			return false
		}
	}
	return true
}

// readForwarded reads a Forwarded field (RFC 7239, 4) as its grammar has it: in a
// quoted string, which the client may have a part in, nothing separates. It gives
// the parameters of each element; ok is false if the field does not follow the
// grammar, or has a parameter twice, and then it says nothing.
func readForwarded(field string) (elements []map[string]string, ok bool) {
	element := map[string]string{}
	for {
		name, value, rest, ok := forwardedPair(field)
		name = strings.ToLower(name)
		if _, twice := element[name]; !ok || twice {
			return nil, false
		}
		element[name] = value
		switch {
		case rest == "":
			return append(elements, element), true
		case rest[0] == ',':
			elements = append(elements, element)
			element = map[string]string{}
		case rest[0] != ';':
			return nil, false
		}
		field = rest[1:]
	}
}

// forwardedPair reads a parameter and its value at the beginning of s, with the
// white space around them.
func forwardedPair(s string) (name, value, rest string, ok bool) {
	// Without a = there is no value, and that is no token.
	name, s, _ = strings.Cut(strings.TrimLeft(s, " \t"), "=")
	if !grammar.IsToken(name) {
		return "", "", "", false
	}
	value, s, quoted, ok := grammar.Value(s, ";, \t")
	if !quoted {
		// Addresses ought to be quoted, for their colons. Not all proxies do.
		ok = grammar.IsToken(strings.NewReplacer(":", "", "[", "", "]", "").Replace(value))
	}
	return name, value, strings.TrimLeft(s, " \t"), ok
}
