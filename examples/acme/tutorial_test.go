package main

import (
	"os"
	"strings"
	"testing"
)

func tutorial(t *testing.T) []block {
	t.Helper()
	text, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	return blocks(string(text))
}

// TestTutorialCommands runs each curl command of the tutorial, in order, against
// this program, with the settings that stand before the blocks.
func TestTutorialCommands(t *testing.T) {
	needCurl(t)
	file := build(t, ".")
	runDocument(t, tutorial(t), func(settings []string) *program {
		return start(t, file, t.TempDir(), settings...)
	})
}

// runDocument runs the commands of a document. fresh starts a program.
func runDocument(t *testing.T, document []block, fresh func(settings []string) *program) {
	t.Helper()
	var p *program
	ran := 0
	for _, b := range document {
		all, err := commands(b)
		if err != nil {
			t.Error(err)
		}
		if b.restart {
			if p != nil {
				p.stop(t)
			}
			p = fresh(b.settings)
		}
		if len(all) > 0 && p == nil {
			t.Fatalf("line %d: no comment <!-- restart --> before the first command", b.line)
		}
		for _, c := range all {
			p.run(t, c)
			ran++
		}
	}
	if p != nil {
		p.stop(t)
	}
	if ran == 0 {
		t.Error("the document has no command")
	}
}

func TestCommands(t *testing.T) {
	for _, c := range []struct{ name, lang, text, want string }{
		{"one", "shell", "curl -si u # 200\n", "200:"},
		{"continued, explained", "shell", "# why\ncurl -si \\\n  u # 400 (missing)\n\ncurl u  # 404\n", "400: 404:"},
		{"captured", "shell", "TOKEN=$(curl -s u | sed s/a/b/)\ncurl u # 201\n", ":TOKEN 201:"},
		{"no curl", "shell", "go run .\n", ""},
		{"another language", "go", "// curl\n", ""},
		{"no status", "shell", "curl -si u\n", "error"},
		{"no status after one with", "shell", "curl -si u # 200\ncurl -si v\n", "error"},
		{"something that is not a status", "shell", "curl -si u # 2000\n", "error"},
		{"not curl", "shell", "curl u # 200\nwget u # 200\n", "error"},
	} {
		all, err := commands(block{line: 1, lang: c.lang, text: c.text})
		var got []string
		for _, c := range all {
			got = append(got, c.status+":"+c.sets)
		}
		if err != nil {
			got = []string{"error"}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.name, s, c.want, err)
		}
	}
}
