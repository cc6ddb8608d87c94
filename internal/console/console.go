// Package console says to people at a terminal what is wrong: error, and a hint what
// to do about it.
package console

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/fastsimpleauth/fsa"
)

// Errors writes an error, one that joins others as several:
//
//	error: FSA_AUHT (acme.toml:1): unknown directive
//	hint: did you mean FSA_AUTH?
//
// The hint is the remedy of a [fsa.ConfigError], or what a method Hint() string of
// the error gives.
func Errors(w io.Writer, err error) { write(w, "error", err) }

// Warnings is [Errors] for what is no error.
func Warnings[E error](w io.Writer, warnings []E) {
	for _, e := range warnings {
		write(w, "warning", e)
	}
}

func write(w io.Writer, kind string, err error) {
	for _, e := range apart(err) {
		text, hint := e.Error(), ""
		switch e := e.(type) {
		case *fsa.ConfigError:
			alone := *e
			alone.Remedy = ""
			text, hint = alone.Error(), e.Remedy
		case *fsa.Error: // nobody at a terminal wants its status
			text = e.Public
			if e.Cause != nil {
				text += ": " + e.Cause.Error()
			}
		}
		if h := (interface{ Hint() string })(nil); errors.As(e, &h) {
			hint = h.Hint()
		}
		fmt.Fprintf(w, "%s: %s\n", kind, Clean(text))
		if hint != "" {
			fmt.Fprintf(w, "hint: %s\n", Clean(hint))
		}
	}
}

// apart takes an error that joins others apart.
func apart(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	if _, hinted := err.(interface{ Hint() string }); hinted {
		return []error{err}
	}
	// One made by fmt.Errorf says more than its parts.
	if fmt.Sprintf("%T", err) == "*fmt.wrapErrors" {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, apart(e)...)
	}
	return all
}

// Clean makes a text safe to print on a line of a terminal: what could move the
// cursor, colour what follows, or turn the direction of writing is written as its
// number.
func Clean(text string) string {
	if !strings.ContainsFunc(text, unsafe) && strings.ToValidUTF8(text, "") == text {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !unsafe(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// unsafe reports whether a terminal could take a character for a command: those of
// control (Cc) and of format (Cf), and those that break lines.
func unsafe(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
