package main

import (
	"bufio"
	"io"
	"mime"
	"net/http"
	"strings"
)

// literalPercent is middleware that takes a % in a query or a form for itself
// where no two hexadecimal digits follow. The framework refuses it, since one
// program may read it otherwise than the next; but clients of the original send
// patterns as in
//
//	curl -X GET -u foo:bla -d pattern=H% http://localhost:5000/stuff
//
// All that comes after it, security included, sees the text as mended.
func literalPercent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if query := mendPercents(r.URL.RawQuery); query != r.URL.RawQuery {
			u := *r.URL
			u.RawQuery = query
			r = r.WithContext(r.Context()) // a copy
			r.URL = &u
		}
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if kind == "application/x-www-form-urlencoded" && r.Header.Get("Content-Encoding") == "" {
			r = r.WithContext(r.Context())
			r.Body = struct {
				io.Reader
				io.Closer
			}{&percentMender{from: bufio.NewReader(r.Body)}, r.Body}
			r.ContentLength = -1 // not known
		}
		next.ServeHTTP(w, r)
	})
}

// mendPercents writes %25 for a % that begins no escape.
func mendPercents(query string) string {
	if !strings.Contains(query, "%") {
		return query
	}
	b, _ := io.ReadAll(&percentMender{from: bufio.NewReader(strings.NewReader(query))}) // a string can be read
	return string(b)
}

// percentMender reads a form with each % that begins no escape as %25.
type percentMender struct {
	from *bufio.Reader
	rest string // of an escape that did not fit
}

func (p *percentMender) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if p.rest != "" {
			b[n] = p.rest[0]
			p.rest = p.rest[1:]
			n++
			continue
		}
		c, err := p.from.ReadByte()
		if err != nil {
			return n, err
		}
		if c == '%' {
			digits, _ := p.from.Peek(2)
			if len(digits) < 2 || !hexadecimal(digits[0]) || !hexadecimal(digits[1]) {
				p.rest = "25"
			}
		}
		b[n] = c
		n++
	}
	return n, nil
}

func hexadecimal(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
