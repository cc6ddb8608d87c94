package convert

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"
)

// quoted takes a string whose prefix (r, b, f …) has n bytes. What Python's escapes mean
// is written as Starlark does, which has fewer of them.
func (s *scanner) quoted(prefix string, n int) error {
	start := s.line
	text := s.rest[n:]
	quote := text[:1]
	if strings.HasPrefix(text, strings.Repeat(quote, 3)) {
		quote = text[:3]
	}
	text = text[len(quote):]
	end := 0
	for !strings.HasPrefix(text[end:], quote) {
		switch {
		case end == len(text), text[end] == '\n' && len(quote) == 1:
			return &SyntaxError{start, "a string is not closed"}
		case text[end] == '\\' && end+1 < len(text):
			if text[end+1] == '\n' {
				s.line++
			}
			end += 2
			continue
		case text[end] == '\n':
			s.line++
		}
		end++
	}
	value, problem := text[:end], ""
	if strings.ContainsAny(prefix, "ft") {
		value, problem = "", "has a string that is put together at run time (f\"…\")"
	} else if !strings.Contains(prefix, "r") {
		value, problem = unescape(value, strings.Contains(prefix, "b"))
	}
	if problem != "" && s.current.problem == "" {
		s.current.problem = problem
	}
	s.take('s', syntax.Quote(value, strings.Contains(prefix, "b")), n+len(quote)+end+len(quote))
	return nil
}

// plainEscapes are those of one letter.
var plainEscapes = map[byte]byte{'\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// unescape gives what a string literal means. In bytes, \u is no escape. An escape that
// Python does not know is what it looks like there.
func unescape(s string, bytes bool) (value, problem string) {
	var b strings.Builder
	for {
		plain, rest, more := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !more {
			return b.String(), ""
		}
		if rest == "" {
			return "", "has a string that ends in the middle of an escape"
		}
		c := rest[0]
		digits, base := 0, 16
		switch {
		case c == '\n':
			s = rest[1:]
			continue
		case plainEscapes[c] != 0:
			b.WriteByte(plainEscapes[c])
			s = rest[1:]
			continue
		case c >= '0' && c <= '7':
			digits, base = 1, 8
			for digits < 3 && digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '7' {
				digits++
			}
			rest = "0" + rest
		case c == 'x':
			digits = 2
		case c == 'u' && !bytes:
			digits = 4
		case c == 'U' && !bytes:
			digits = 8
		case c == 'N' && !bytes:
			return "", `has a string with a character by its name (\N{…})`
		default:
			b.WriteByte('\\')
			s = rest
			continue
		}
		if len(rest) < 1+digits {
			return "", "has a string that ends in the middle of an escape"
		}
		n, err := strconv.ParseUint(rest[1:1+digits], base, 32)
		switch {
		case err != nil || n > utf8.MaxRune || !utf8.ValidRune(rune(n)):
			return "", "has a string with an escape that is no character"
		case bytes:
			b.WriteByte(byte(n))
		default:
			b.WriteRune(rune(n))
		}
		s = rest[1+digits:]
	}
}
