package fsa

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
)

// RequestID gives the id of the request that ctx belongs to: the one of its
// answer's header field X-Request-Id and of its line in the log. If nothing has
// needed one yet, it is made. Outside of a request it is "".
//
// A request keeps the id that it came with in X-Request-Id only if a proxy of
// FSA_TRUSTED_PROXIES brought it: one field, of 8 to 64 letters, digits, dots,
// dashes and underscores. Any other client could choose the id of somebody
// else's request, or write into logs what it likes.
func RequestID(ctx context.Context) string {
	c := callOf(ctx)
	if c == nil {
		return ""
	}
	return c.needRequestID()
}

// needRequestID makes the id by which the log and the answer can be brought
// together.
func (c *call) needRequestID() string {
	x := c.more()
	if x.requestID.Load() == nil {
		id := c.settings().requestID(c.req.HTTP)
		x.requestID.CompareAndSwap(nil, &id)
	}
	return *x.requestID.Load()
}

// requestID gives the id that a request came with, or the one of its trace, or a
// new one.
func (s *settings) requestID(r *http.Request) string {
	if id := s.broughtID(r); id != "" {
		return id
	}
	if id, ok := r.Context().Value(requestIDKey{}).(string); ok {
		return id
	}
	if t := traceOf(r.Context()); t != nil {
		return t.id
	}
	var b [12]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// broughtID gives the id that a request came with, "" if it has none that
// counts.
func (s *settings) broughtID(r *http.Request) string {
	if len(s.now().proxies) == 0 {
		return ""
	}
	ids := r.Header["X-Request-Id"]
	if len(ids) != 1 || !wellFormedID(ids[0]) || !s.trusts(r.RemoteAddr) {
		return ""
	}
	return ids[0]
}

// wellFormedID reports whether an id of somebody else's making is fit for headers
// and logs. UUIDs are, and hexadecimal numbers.
func wellFormedID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
