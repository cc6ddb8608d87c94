package fsa_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// heavy are modules that nobody gets who does not ask for them.
var heavy = []string{"redis", "gomemcache", "sqlite", "pgx", "mysql", "ldap", "webauthn", "opentelemetry", "prometheus", "chromedp", "rapid", "go-cmp"}

// TestReadmeProgram builds the README's program as a user would, in a module of
// its own, and looks at what is linked.
func TestReadmeProgram(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program := regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindSubmatch(readme)
	if program == nil {
		t.Fatal("the README has no program")
	}
	if lines := strings.Count(string(readme), "\n"); lines > 150 {
		t.Errorf("the README has %d lines", lines)
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	// The requirements of this module, so that nothing has to be fetched.
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	own := strings.Replace(string(mod), "module "+module, "module example.org/readme", 1) +
		"\nrequire " + module + " v0.0.0\nreplace " + module + " => " + root + "\n"
	for name, text := range map[string]string{"main.go": string(program[1]), "go.mod": own, "go.sum": string(sum)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(tool, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run("vet", ".")
	binary := filepath.Join(dir, "readme")
	run("build", "-o", binary, ".")
	linked := run("version", "-m", binary)
	if !strings.Contains(linked, module) {
		t.Errorf("the program does not link the module:\n%s", linked)
	}
	for _, m := range heavy {
		if strings.Contains(linked, m) {
			t.Errorf("the program links %s:\n%s", m, linked)
		}
	}
}
