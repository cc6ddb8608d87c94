package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// pageRowRE is a row with a file of ours and its lines.
var pageRowRE = regexp.MustCompile("(?m)\\| `(examples/[a-z]+|[a-z-]+\\.(?:go|toml))` \\| (\\d+) \\|$")

// TestPage: the lines that the page about the original says our files have.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/migration-flasksimpleauth.md")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, m := range pageRowRE.FindAllStringSubmatch(string(page), -1) {
		name, files := m[1], []string{m[1]}
		if dir, ok := strings.CutPrefix(name, "examples/"); ok {
			files = []string{"../" + dir + "/main.go", "../" + dir + "/" + dir + ".toml"}
		}
		n := 0
		for _, f := range files {
			n += codeLines(t, f)
		}
		if said[name] = true; strconv.Itoa(n) != m[2] {
			t.Errorf("%s has %d lines, not %s", name, n, m[2])
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !said[name] {
			t.Errorf("the page does not say how many lines %s has", name)
		}
	}
	if len(said) < 15 {
		t.Errorf("the page has %d files", len(said))
	}
}

// codeLines counts lines that are neither blank nor comments.
func codeLines(t *testing.T, file string) (n int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "#") {
			n++
		}
	}
	return n
}
