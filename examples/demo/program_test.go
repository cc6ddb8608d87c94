package main

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// build builds the program.
func build(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "demo")
	if out, err := exec.Command("go", "build", "-o", file, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

var servingRE = regexp.MustCompile(`msg=serving .*url=(http://127\.0\.0\.1:[0-9]+)`)

// start starts the program in dir on a free port, and gives its address when it
// serves. It is ended by stop.
func start(t *testing.T, file, dir string, args ...string) (address string, stop func()) {
	t.Helper()
	cmd := exec.Command(file, append(args, "-addr", "127.0.0.1:0")...)
	cmd.Dir = dir
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) // if the test ends before
	lines, log := bufio.NewScanner(stderr), ""
	for lines.Scan() {
		log += lines.Text() + "\n"
		if m := servingRE.FindStringSubmatch(lines.Text()); m != nil {
			return m[1], func() {
				t.Helper()
				go func() {
					for lines.Scan() { // so that it can write
					}
				}()
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Error(err)
				}
				if err := cmd.Wait(); err != nil {
					t.Errorf("it ends with %v", err)
				}
			}
		}
	}
	t.Fatalf("it does not serve:\n%s", log)
	return "", nil
}

// TestProgram: it starts as its documents say, and what is in a database stays there.
func TestProgram(t *testing.T) {
	file := build(t)
	configs, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	status := func(method, address, login, pass string, form url.Values) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if login != "" {
			r.SetBasicAuth(login, pass)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	for _, c := range []struct {
		args  []string
		login int // of GET /mfa/login, which demo-fsa.toml alone has
		stays bool
	}{
		{nil, 404, false},
		{[]string{"-config", filepath.Join(configs, "demo-jwt.toml"), "-db", "jwt.db"}, 404, true},
		{[]string{"-config", filepath.Join(configs, "demo-fsa.toml"), "-db", "fsa.db"}, 200, true},
		{[]string{"-config", filepath.Join(configs, "demo-fsa.toml"), "-db", postgres(t)}, 200, true},
	} {
		address, stop := start(t, file, dir, c.args...)
		if got := status("GET", address+"/mfa/login", "foo", "bla", nil); got != c.login {
			t.Errorf("%q: GET /mfa/login is %d", c.args, got)
		}
		form := url.Values{"login": {"tmp"}, "email": {"tmp@school.org"}, "pass": {"tmp"}, "secret": {tmpSecret}}
		if got := status("POST", address+"/scare", "", "", form); got != 201 {
			t.Errorf("%q: POST /scare is %d", c.args, got)
		}
		stop()
		address, stop = start(t, file, dir, c.args...)
		if got := status("GET", address+"/scare", "tmp", "tmp", nil); (got == 200) != c.stays {
			t.Errorf("%q: after a restart, GET /scare is %d", c.args, got)
		}
		stop()
	}
	if code, err := os.ReadFile(filepath.Join(dir, "foo_code.txt")); err != nil || len(code) != 6 {
		t.Errorf("the code is %q (%v)", code, err)
	}
	for _, c := range []struct{ args, want string }{
		{"stuff.db", `demo: unexpected argument "stuff.db"; the settings are flags, see -help`},
		{"-config none.toml", "none.toml"},
		{"-db mysql://x", `the URL scheme "mysql"`},
		{"-db no/such/stuff.db", "no/such/stuff.db"},
		{"-addr nowhere:http:1", "too many colons"},
	} {
		cmd := exec.Command(file, strings.Fields(c.args)...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err == nil || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: %v, %s, want %s", c.args, err, &stderr, c.want)
		}
	}
}
