package grammar_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// TestIsToken compares with net/http, which takes exactly the tokens for names of
// cookies.
func TestIsToken(t *testing.T) {
	known := func(s string) bool { return (&http.Cookie{Name: s, Value: "x"}).Valid() == nil }
	for c := range 256 {
		for _, s := range []string{string([]byte{byte(c)}), "a" + string([]byte{byte(c)}), string([]byte{byte(c)}) + "a"} {
			if got, want := grammar.IsToken(s), known(s); got != want {
				t.Errorf("IsToken(%q) = %v", s, got)
			}
		}
	}
	if grammar.IsToken("") {
		t.Error("nothing is a token")
	}
	if !grammar.IsToken("X-Forwarded-For") || grammar.IsToken("X-Forwarded-Fòr") {
		t.Error("X-Forwarded-For")
	}
}

var values = []struct {
	in, value, rest string
	quoted, ok      bool
}{
	{``, ``, ``, false, true},
	{`abc`, `abc`, ``, false, true},
	{`abc, d`, `abc`, `, d`, false, true},
	{`abc d`, `abc`, ` d`, false, true},
	{`a"b,c`, `a"b`, `,c`, false, true}, // no token, which the caller sees
	{`UTF-8''a%20b,c`, `UTF-8''a%20b`, `,c`, false, true},
	{`"abc"`, `abc`, ``, true, true},
	{`""`, ``, ``, true, true},
	{`"a, b" , c`, `a, b`, ` , c`, true, true},
	{`"a\"b\\c\d" e`, `a"b\cd`, ` e`, true, true},
	{`"ä"`, `ä`, ``, true, true},
	{`"`, ``, ``, true, false},
	{`"abc`, ``, ``, true, false},
	{`"abc\`, ``, ``, true, false},
	{`"abc\"`, ``, ``, true, false},
	{`"abc\\"`, `abc\`, ``, true, true},
}

func TestValue(t *testing.T) {
	for _, v := range values {
		value, rest, quoted, ok := grammar.Value(v.in, ", \t")
		if value != v.value || rest != v.rest || quoted != v.quoted || ok != v.ok {
			t.Errorf("Value(%q) = %q, %q, %v, %v", v.in, value, rest, quoted, ok)
		}
	}
}

// FuzzValue looks that nothing is lost: what has been read, quoted again, is read as
// the same, with the same rest.
func FuzzValue(f *testing.F) {
	for _, v := range values {
		f.Add(v.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		value, rest, quoted, ok := grammar.Value(in, ", \t")
		if !ok {
			if value != "" || rest != "" {
				t.Errorf("%q is refused, and gives %q and %q", in, value, rest)
			}
			return
		}
		if !strings.HasSuffix(in, rest) || !quoted && value+rest != in {
			t.Errorf("%q gives %q and %q", in, value, rest)
		}
		again := `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(value) + `"` + rest
		if v, r, _, ok := grammar.Value(again, ", \t"); v != value || r != rest || !ok {
			t.Errorf("%q, which stands for %q, gives %q and %q", again, in, v, r)
		}
	})
}
