package param

import (
	"errors"
	"fmt"
	"strings"
)

// maxPairs bounds the parameters of a query or a body, and so the work that a
// request can ask for.
const maxPairs = 1000

var (
	errTooMany   = fmt.Errorf("more than %d parameters", maxPairs)
	errSemicolon = errors.New("semicolon; separate parameters by &")
	errEscape    = errors.New("invalid %-escape")
)

// scan cuts a query or a form (application/x-www-form-urlencoded) into its
// parameters, in order, and appends them to dst. It reads what [net/url] reads
// and refuses what it refuses; but it makes no map, and copies only what is
// escaped.
func scan(dst []pair, in Place, text string) ([]pair, error) {
	n, begin, equals, escaped := 0, 0, -1, false
	for i := 0; i <= len(text); i++ {
		if i < len(text) {
			switch text[i] {
			case '&':
			case '=':
				if equals < 0 {
					equals = i
				}
				continue
			case '%', '+':
				escaped = true
				continue
			case ';':
				return dst, errSemicolon
			default:
				continue
			}
		}
		if i > begin {
			if n++; n > maxPairs {
				return dst, errTooMany
			}
			name, value := text[begin:i], ""
			if equals >= 0 {
				name, value = text[begin:equals], text[equals+1:i]
			}
			if escaped {
				var err error
				if name, err = unescape(name); err != nil {
					return dst, err
				}
				if value, err = unescape(value); err != nil {
					return dst, err
				}
			}
			dst = append(dst, pair{name: name, text: value, in: in})
		}
		begin, equals, escaped = i+1, -1, false
	}
	return dst, nil
}

func unescape(s string) (string, error) {
	i := strings.IndexAny(s, "%+")
	if i < 0 {
		return s, nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; i >= 0; i = strings.IndexAny(s, "%+") {
		b.WriteString(s[:i])
		if s[i] == '+' {
			b.WriteByte(' ')
			s = s[i+1:]
			continue
		}
		if len(s) < i+3 {
			return "", errEscape
		}
		hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2])
		if hi > 15 || lo > 15 {
			return "", errEscape
		}
		b.WriteByte(hi<<4 | lo)
		s = s[i+3:]
	}
	b.WriteString(s)
	return b.String(), nil
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
