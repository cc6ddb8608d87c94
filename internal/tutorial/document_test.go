package tutorial_test

import (
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/tutorial"
)

func TestCommands(t *testing.T) {
	for _, c := range []struct{ name, lang, text, want string }{
		{"one", "shell", "curl -si u # 200\n", "200:"},
		{"continued, explained", "shell", "# why\ncurl -si \\\n  u # 400 (missing)\n\ncurl u  # 404\n", "400: 404:"},
		{"captured", "shell", "TOKEN=$(curl -s u | sed s/a/b/)\ncurl u # 201\n", ":TOKEN 201:"},
		{"of the program", "shell", "go run . users list  # calvin@example.com\n", ":calvin@example.com"},
		{"of the program, without what it prints", "shell", "go run . users list\n", "error"},
		{"no curl", "shell", "go run .\n", ""},
		{"another language", "go", "// curl\n", ""},
		{"no status", "shell", "curl -si u\n", "error"},
		{"no status after one with", "shell", "curl -si u # 200\ncurl -si v\n", "error"},
		{"something that is not a status", "shell", "curl -si u # 2000\n", "error"},
		{"not curl", "shell", "curl u # 200\nwget u # 200\n", "error"},
	} {
		all, err := tutorial.Commands(tutorial.Block{Line: 1, Lang: c.lang, Text: c.text})
		var got []string
		for _, c := range all {
			got = append(got, c.Status+":"+c.Sets+c.Prints)
		}
		if err != nil {
			got = []string{"error"}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.name, s, c.want, err)
		}
	}
}
