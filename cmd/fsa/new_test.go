package main

import (
	"bufio"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestNewProject: what fsa new makes is built, vetted, tested and run, and the commands
// of its README do what they should.
func TestNewProject(t *testing.T) {
	for _, c := range []struct {
		name, variable string
		test           bool // the project's own tests, of which the name changes nothing
	}{{"acme", "ACME", true}, {"shop-floor-2", "SHOP_FLOOR_2", false}} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "project")
			env := clean(offline(t)...)
			command := func(name string, args ...string) string {
				t.Helper()
				cmd := exec.Command(name, args...)
				cmd.Env = env
				if name != "fsa" {
					cmd.Dir = dir
				}
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
				}
				return string(out)
			}
			command("fsa", "new", c.name, "--dir", dir, "--replace", root(t))
			formatted(t, dir)
			command("go", "vet", "./...")
			if c.test {
				out := command("go", "test", "-v", "./...")
				if strings.Count(out, "--- PASS: TestMatrix/") < 30 || strings.Contains(out, "SKIP") {
					t.Errorf("the tests are\n%s", out)
				}
			}
			command("go", "build", "-o", c.name, ".")
			ignored(t, dir, command, c.name, ".env", "token.secret", "key.pem", "secrets/token")

			// In mode prod nothing starts that an attacker could know.
			for _, settings := range []struct{ env, want string }{
				{"", "FSA_TOKEN_SECRET: is missing"},
				{"FSA_TOKEN_SECRET=u4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7i", c.variable + "_ADMIN_PASS is not set"},
			} {
				cmd := exec.Command("./" + c.name)
				cmd.Dir, cmd.Env = dir, append(env, settings.env)
				if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), settings.want) {
					t.Errorf("it starts with %q: %v\n%s", settings.env, err, out)
				}
			}
			runProject(t, dir, c.name, append(env, "FSA_MODE=dev", c.variable+"_ADDR=127.0.0.1:0"))
		})
	}
}

// ignored demands that git takes some files for none of the project's, and takes the
// others.
func ignored(t *testing.T, dir string, command func(string, ...string) string, names ...string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range names[1:] { // the program is there
		if err := os.WriteFile(filepath.Join(dir, name), []byte("hobbes"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command("git", "-c", "init.defaultBranch=main", "init", "-q")
	found := strings.Fields(command("git", "ls-files", "--others", "--exclude-standard"))
	if !slices.Contains(found, "main.go") || !slices.Contains(found, "go.sum") {
		t.Errorf("git sees %q", found)
	}
	for _, name := range names {
		if slices.Contains(found, name) {
			t.Errorf("git would take %s", name)
		}
	}
}

// formatted demands that the Go files are as gofmt writes them, and that no file has
// what a template has.
func formatted(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 9 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(string(text), "«»") {
			t.Errorf("%s has what is of a template", f.Name())
		}
		if !strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		if source, err := format.Source(text); err != nil || string(source) != string(text) {
			t.Errorf("%s is not formatted: %v", f.Name(), err)
		}
	}
}

var (
	servingRE  = regexp.MustCompile(`msg=serving .*url=(http://[0-9.:]+)`)
	passwordRE = regexp.MustCompile(`The password of user admin is (\w+)`)
)

// runProject runs the program, and the commands of its README.
func runProject(t *testing.T, dir, name string, env []string) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	cmd := exec.Command("./" + name)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			select {
			case said <- lines.Text():
			default:
			}
		}
	}()
	defer func() {
		cmd.Process.Signal(os.Interrupt)
		<-done
		if err := cmd.Wait(); err != nil {
			t.Errorf("it ends with %v", err)
		}
	}()
	address, password := "", ""
	for address == "" || password == "" {
		select {
		case line := <-said:
			if m := servingRE.FindStringSubmatch(line); m != nil {
				address = m[1]
			}
			if m := passwordRE.FindStringSubmatch(line); m != nil {
				password = m[1]
			}
		case <-time.After(time.Minute):
			t.Fatal("it does not come up")
		}
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 2 || !strings.HasPrefix(blocks[0][1], "FSA_MODE=dev go run .") || !strings.Contains(blocks[0][1], "\ngo test ./...") {
		t.Fatalf("the README begins with %q", blocks)
	}
	script := strings.NewReplacer("http://localhost:5000", address, "PASSWORD", password, "curl ", "curl -sf ").Replace(blocks[1][1])
	curl := exec.Command("sh", "-ec", script)
	curl.Env = append(env, "NO_PROXY=*", "HOME="+dir)
	answers, err := curl.CombinedOutput()
	want := `{"hello":"world"}
{"id":1,"owner":"admin","text":"milk"}
[{"id":1,"owner":"admin","text":"milk"}]
`
	if err != nil || string(answers) != want {
		t.Errorf("the README's commands: %v, want\n%s\ngot\n%s", err, want, answers)
	}
}
