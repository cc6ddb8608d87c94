package jsondepth_test

import (
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/jsondepth"
)

func TestExceeds(t *testing.T) {
	for _, c := range []struct {
		text string
		max  int
		want bool
	}{
		{``, 0, false},
		{`1`, 0, false},
		{`{}`, 1, false},
		{`{}`, 0, true},
		{`[{"a":[]}]`, 3, false},
		{`[{"a":[]}]`, 2, true},
		{`[[],[],[]]`, 2, false},
		{`["[[[[","\"[[[[","\\"]`, 1, false},
		{`["\\",[[]]]`, 2, true},
		{strings.Repeat("[", 64) + strings.Repeat("]", 64), 64, false},
		{strings.Repeat("[", 65), 64, true},
	} {
		if got := jsondepth.Exceeds([]byte(c.text), c.max); got != c.want {
			t.Errorf("%s, %d: %v", c.text, c.max, got)
		}
	}
}
