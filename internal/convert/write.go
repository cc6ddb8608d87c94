package convert

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// secretLineRE is a comment that may hold a secret.
var secretLineRE = regexp.MustCompile(`(?i)(secret|pass|key|sign)\w*["']?\s*[:=]\s*\S`)

// result writes it all.
func (c *converter) result() Result {
	var r Result
	var b strings.Builder
	fmt.Fprintf(&b, "# Converted from %s by fsa convert. A comment with #! says what is not as it was there.\n\n", comment(c.options.Name))
	blank := true
	line := func(s string) {
		if s == "" && blank {
			return
		}
		b.WriteString(s)
		b.WriteByte('\n')
		blank = s == ""
	}
	for _, it := range c.items {
		if len(it.settings) == 0 && it.trailing != "" {
			it.comments = append(it.comments, "# "+it.trailing)
		}
		for _, l := range it.comments {
			if !secretLineRE.MatchString(l) {
				line(comment(l))
			}
		}
		for _, n := range it.notes {
			if it.line > 0 {
				n = fmt.Sprintf("line %d: %s", it.line, n)
			}
			line("#! " + comment(n))
		}
		if len(it.notes) > 0 && it.name != "" {
			r.Attention = appendNew(r.Attention, it.name)
		}
		for i, s := range it.settings {
			l := s.name + " = "
			switch {
			case s.secret && s.off:
				continue
			case s.off:
				l = "# " + l
			default:
				r.Set = appendNew(r.Set, s.name)
			}
			l += encode(s.value)
			if i == 0 && it.trailing != "" && !secretLineRE.MatchString(it.trailing) {
				l += "  # " + comment(it.trailing)
			}
			line(l)
		}
	}
	r.Text = strings.TrimRight(b.String(), "\n") + "\n"
	return r
}

func appendNew(all []string, s string) []string {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}

// comment makes a text fit into a comment of TOML, on one line.
func comment(s string) string {
	return strings.TrimRight(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r == utf8.RuneError || r == '\u2028' || r == '\u2029':
			return -1
		}
		return r
	}, s), " ")
}
