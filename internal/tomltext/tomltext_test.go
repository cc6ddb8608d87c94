package tomltext_test

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/fastsimpleauth/fsa/internal/tomltext"
)

// TestValues: what is written is read as what it was, and nothing of it moves a terminal's
// cursor.
func TestValues(t *testing.T) {
	for _, s := range []string{"", "plain", `"\`, "a\nb\tc\r\x00\x1b[31m\x7f", "é\u202e\u200d\U0001f600"} {
		text := tomltext.String(s)
		var v map[string]string
		if _, err := toml.Decode(tomltext.Key(s)+" = "+text, &v); err != nil || v[s] != s {
			t.Errorf("%q: %s, %v, %q", s, text, err, v)
		}
		if strings.ContainsAny(text, "\n\x1b\u202e") {
			t.Errorf("%q: %q", s, text)
		}
	}
	for _, f := range []float64{0, 1, -2.5, 1e300, math.Inf(1)} {
		var v struct{ X any }
		if _, err := toml.Decode("X = "+tomltext.Float(f), &v); err != nil || v.X != f {
			t.Errorf("%v: %v, %v", f, err, v)
		}
	}
}

// FuzzString: whatever the text, it is read as what it was.
func FuzzString(f *testing.F) {
	f.Add("a\"\\\n\x7f\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		var v map[string]string
		if _, err := toml.Decode(tomltext.Key(s)+" = "+tomltext.String(s), &v); err != nil || v[s] != s {
			t.Errorf("%q: %s, %v", s, tomltext.String(s), err)
		}
	})
}
