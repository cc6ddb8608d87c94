package fsa_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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
	dir, port := t.TempDir(), freePort(t)
	run := inModule(t, tool, dir, port, string(program[1]))
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

// inModule puts a program into a module of its own, in dir, and gives what runs the
// go command there.
func inModule(t *testing.T, tool, dir, port, program string) (run func(args ...string) string) {
	t.Helper()
	source := strings.ReplaceAll(program, "localhost:5000", "127.0.0.1:"+port)
	command := moduleIn(t, tool, dir, "example.org/readme", map[string]string{"main.go": source})
	return func(args ...string) string {
		t.Helper()
		out, err := command(args...)
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return out
	}
}

// moduleIn makes a module of files that requires this one, in dir, and gives what
// runs the go command there. Nothing has to be fetched: its requirements are ours.
func moduleIn(t testing.TB, tool, dir, name string, files map[string]string) (run func(args ...string) (string, error)) {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"go.mod": strings.Replace(string(mod), "module "+module, "module "+name, 1) +
			"\nrequire " + module + " v0.0.0\nreplace " + module + " => " + root + "\n",
		"go.sum": string(sum),
	}
	maps.Copy(all, files)
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(args ...string) (string, error) {
		cmd := exec.Command(tool, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// freePort gives a port that nothing listens at. It is below those that systems hand
// out, so that no connection and no other test gets it before it is used.
func freePort(t *testing.T) string {
	t.Helper()
	var err error
	for range 100 {
		var l net.Listener
		port := strconv.Itoa(15000 + rand.IntN(17000))
		if l, err = net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal(err)
	return ""
}

// runCommands starts a program and runs the curl commands that follow it in the
// README, which say what status they get.
func runCommands(t *testing.T, binary, port, text string) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	startAt(t, exec.Command(binary), port)
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

// startAt starts a program and waits until it serves. It ends with the test.
func startAt(t *testing.T, cmd *exec.Cmd, port string) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the program does not come up")
		}
	}
}
