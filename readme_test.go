package fsa_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
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
	port := freePort(t)
	source := strings.ReplaceAll(string(program[1]), "localhost:5000", "127.0.0.1:"+port)
	own := strings.Replace(string(mod), "module "+module, "module example.org/readme", 1) +
		"\nrequire " + module + " v0.0.0\nreplace " + module + " => " + root + "\n"
	for name, text := range map[string]string{"main.go": source, "go.mod": own, "go.sum": string(sum)} {
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
	runCommands(t, binary, port, string(readme[bytes.Index(readme, program[1])+len(program[1]):]))
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// runCommands starts a program and runs the curl commands that follow it in the
// README, which say what status they get.
func runCommands(t *testing.T, binary, port, text string) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	cmd := exec.Command(binary)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	for i := 0; ; i++ {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			break
		}
		if i == 500 {
			t.Fatal("the program does not come up")
		}
		time.Sleep(10 * time.Millisecond)
	}
	commands := regexp.MustCompile(`(?m)^(curl .*?) +# (\d{3})`).FindAllStringSubmatch(text, -1)
	if len(commands) < 3 {
		t.Fatalf("the README has %d commands after its program", len(commands))
	}
	for _, c := range commands {
		line := strings.ReplaceAll(c[1], "localhost:5000", "127.0.0.1:"+port)
		out, err := exec.Command("sh", "-c", line+" -s -o "+os.DevNull+" -w '%{http_code}'").CombinedOutput()
		if err != nil || string(out) != c[2] {
			t.Errorf("%s: status %s, want %s (%v)", line, out, c[2], err)
		}
	}
}
