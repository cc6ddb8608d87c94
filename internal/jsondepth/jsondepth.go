// Package jsondepth measures how deep JSON text is nested, before anything else
// looks at it: nesting is what costs decoders most, and headers of tokens are
// read before signatures.
package jsondepth

// Exceeds reports whether JSON text has an object or a list inside more than max
// others. What it reports of text that is not JSON does not matter, as a decoder
// refuses that afterwards.
func Exceeds(text []byte, max int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > max {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
