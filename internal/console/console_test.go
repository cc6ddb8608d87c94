package console_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/internal/console"
)

type hinted struct{ error }

func (hinted) Hint() string { return "look\nthere" }

func TestErrors(t *testing.T) {
	fault := &fsa.ConfigError{Directive: "FSA_X", Source: "acme.toml:1", Problem: "is wrong", Remedy: "mend it"}
	plain := errors.New("plain")
	for _, c := range []struct {
		err  error
		want string
	}{
		{plain, "error: plain\n"},
		{errors.New("two\nlines \x1b[2J"), "error: two\\u000alines \\u001b[2J\n"},
		{fault, "error: FSA_X (acme.toml:1): is wrong\nhint: mend it\n"},
		{&fsa.ConfigError{Problem: "is wrong"}, "error: is wrong\n"},
		{errors.Join(fault, errors.Join(plain, plain)), "error: FSA_X (acme.toml:1): is wrong\nhint: mend it\nerror: plain\nerror: plain\n"},
		{fmt.Errorf("both %w and %w", plain, plain), "error: both plain and plain\n"},
		{hinted{plain}, "error: plain\nhint: look\\u000athere\n"},
		{fmt.Errorf("while: %w", hinted{plain}), "error: while: plain\nhint: look\\u000athere\n"},
		{fsa.Errorf(409, "taken"), "error: taken\n"},
		{httperr.Wrap(500, "failed", plain), "error: failed: plain\n"},
	} {
		var b strings.Builder
		console.Errors(&b, c.err)
		if b.String() != c.want {
			t.Errorf("%q, want %q", b.String(), c.want)
		}
	}
	var b strings.Builder
	console.Warnings(&b, []*fsa.ConfigError{fault})
	if b.String() != "warning: FSA_X (acme.toml:1): is wrong\nhint: mend it\n" {
		t.Error(b.String())
	}
}

// FuzzClean: nothing is left that a terminal could take for a command, and harmless
// texts are as they were.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "plain é 漢", "\x1b[31m", "\u009b31m", "\u202eabc", "a\tb\nc\r", "\xff", "\u2028", "\U000e0041", "\\u001b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := console.Clean(text)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) }) {
			t.Errorf("%q is %q", text, got)
		}
		printable := utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) })
		if printable && got != text {
			t.Errorf("%q is %q", text, got)
		}
	})
}
