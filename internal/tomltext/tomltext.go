// Package tomltext writes single values as TOML has them (TOML 1.0): for messages, lists
// of settings and converted files. Whole files are package toml's.
package tomltext

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Float writes a number so that it is read as a float again.
func Float(v float64) string {
	text := strings.ToLower(strconv.FormatFloat(v, 'g', -1, 64)) // inf, as TOML has it
	if !strings.ContainsAny(text, ".en") {
		text += ".0"
	}
	return text
}

var bareKeyRE = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Key writes the name of a value, quoted if it has to be.
func Key(name string) string {
	if bareKeyRE.MatchString(name) {
		return name
	}
	return String(name)
}

// String quotes a text as a basic string. What a terminal could take for a command, or
// shows as nothing, is escaped.
func String(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
