package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets tests run the program as another process.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_DIARY_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the program that serves.
type process struct {
	cmd  *exec.Cmd
	url  string
	log  *bytes.Buffer // to be read once it has ended
	done chan struct{}
}

var servingRE = regexp.MustCompile(`msg=serving .*url=http://127\.0\.0\.1:(\d+)`)

// serve starts the program in dir, on a free port, and waits until it serves. It is
// ended with the test.
func serve(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"TEST_DIARY_MAIN=1", "HOME=" + dir} // no setting of whoever runs the test
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, log: new(bytes.Buffer), done: make(chan struct{})}
	t.Cleanup(func() { p.stop(t) })
	port := make(chan string, 1)
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.log.WriteString(lines.Text() + "\n")
			if m := servingRE.FindStringSubmatch(lines.Text()); m != nil {
				port <- m[1]
			}
		}
	}()
	select {
	case n := <-port:
		p.url = "http://localhost:" + n
	case <-p.done:
		t.Fatalf("the program ended at once:\n%s", p.log)
	case <-time.After(time.Minute):
		t.Fatal("the program does not serve")
	}
	return p
}

// stop ends the program, which must end in order. It may be called again.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		t.Error("the program did not end on SIGTERM")
		p.cmd.Process.Kill()
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the program ended by %v:\n%s", err, p.log)
	}
}

// TestServe: the program serves from a file, with nothing configured, and keeps what
// was written.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []string{"Nothing yet", "kept"} {
		p := serve(t, dir)
		jar := &oneJar{}
		client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		post := func(path string, form url.Values) {
			t.Helper()
			r, err := client.PostForm(p.url+path, form)
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			if r.StatusCode != 303 {
				t.Errorf("%s: %s", path, r.Status)
			}
		}
		post("/login", url.Values{"identity": {"writer@example.com"}, "password": {"writerpass"}})
		r, err := client.Get(p.url)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if !strings.Contains(string(body), want) {
			t.Errorf("%q is not in %s", want, body)
		}
		post("/new_entry", url.Values{"content": {"kept"}})
		p.stop(t)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 || filepath.Base(files[0]) != "diary.db" {
		t.Errorf("it has left %v, %v", files, err)
	}
}

// oneJar keeps the cookies of one host.
type oneJar struct{ cookies []*http.Cookie }

func (j *oneJar) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	j.cookies = append(j.cookies, cookies...)
}
func (j *oneJar) Cookies(*url.URL) []*http.Cookie { return j.cookies }

// command runs a command of the program, in this process.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code = program().Run(ctx, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestLooking: commands that only look at the application leave no file, and need no
// database; others make it.
func TestLooking(t *testing.T) {
	for _, c := range []struct {
		args  string
		want  string
		files int // that the database is in
	}{
		{"check", "ok\n", 0},
		{"routes", "/new_entry", 0},
		{"config --changed", "FSA_MODE", 0},
		{"config --json", "FSA_ACCOUNTS_MAIL_FROM", 0},
		{"users list", "writer@example.com", 1},
	} {
		dir := t.TempDir()
		code, out, errs := command(t, append([]string{"-db", filepath.Join(dir, "diary.db")}, strings.Fields(c.args)...)...)
		if code != 0 || !strings.Contains(out, c.want) {
			t.Errorf("%s: %d %s%s", c.args, code, out, errs)
		}
		if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(files) != c.files {
			t.Errorf("%s: %v, %v", c.args, files, err)
		}
	}
	code, out, errs := command(t, "-db", "postgres://nobody@127.0.0.1:1/none", "check")
	if code != 0 || out != "ok\n" {
		t.Errorf("%d %s%s", code, out, errs)
	}
}

// TestProd: in mode prod the configuration says all that is needed, and what is missing
// stops the program.
func TestProd(t *testing.T) {
	lines := []string{`FSA_MODE = "prod"`, `FSA_BASE_URL = "https://diary.example.com"`, `FSA_ACCOUNTS_SECRET_FILE = "secret"`,
		`FSA_ACCOUNTS_MAIL_FROM = "Diary <diary@example.com>"`, `FSA_ACCOUNTS_SMTP = "smtp.example.com:587"`, `FSA_ACCOUNTS_SMTP_USER = "diary"`,
		`FSA_ACCOUNTS_SMTP_PASSWORD_FILE = "password"`}
	for without, want := range []string{"", "FSA_BASE_URL", "FSA_ACCOUNTS_SECRET", "FSA_ACCOUNTS_MAIL_FROM", "FSA_ACCOUNTS_SMTP", "User and Password go together", "User and Password go together"} {
		dir := t.TempDir()
		all := slices.Clone(lines)
		if without > 0 {
			all = slices.Delete(all, without, without+1)
		}
		for name, text := range map[string]string{"secret": "o8cQ0BTyU7Xl2gkQbSJzX5lyhs3qE1mN\n", "password": "smtp-test-secret\n", "diary.toml": strings.Join(all, "\n")} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"check", "users list"} {
			code, out, errs := command(t, append([]string{"-config", filepath.Join(dir, "diary.toml"), "-db", filepath.Join(dir, "diary.db")}, strings.Fields(name)...)...)
			if (code == 0) != (want == "") || !strings.Contains(errs, want) || strings.Contains(out+errs, "smtp-test-secret") {
				t.Errorf("without line %d, %s: %d %s%s\nwant %q", without, name, code, out, errs, want)
			}
		}
	}
}

// TestProgram: the flags and the commands of the program, one after the other on one
// database.
func TestProgram(t *testing.T) {
	onAddresses(t, func(t *testing.T, address string) {
		closed := filepath.Join(t.TempDir(), "there is no such directory", "diary.db")
		for _, c := range []struct {
			args string
			code int
			want string // in what is printed, or in the error
		}{
			{"--help", 0, "users create"},
			{"-db DB check", 0, "ok\n"},
			{"-db DB routes", 0, `Any(Group("Admin"), Object("entry", "entry_id", "read"))`},
			{"-db DB config --changed", 0, "FSA_MODE"},
			{"-db DB users list", 0, "writer@example.com"},
			{"-db DB users create calvin@example.com --role Writer", 0, "/reset/"},
			{"-db DB users create calvin@example.com", 1, "error: there is a user with this address already"},
			{"-db DB users lock calvin@example.com --reason stolen", 0, "calvin@example.com is locked"},
			{"-db DB users unlock calvin@example.com", 0, "is unlocked"},
			{"-db DB roles list", 0, "entry:create, entry:delete, entry:edit"},
			{"-db DB roles grant calvin@example.com Admin", 0, "calvin@example.com is Admin"},
			{"-db DB roles revoke calvin@example.com Admin", 0, "is no longer Admin"},
			{"-db DB roles revoke admin@example.com Admin", 1, "error: nobody would be left to administer the application"},
			{"-db DB sessions list writer@example.com", 0, "AGENT"},
			{"-db DB sessions revoke writer@example.com", 0, "0 sessions"},
			{"-db DB audit tail --kind locked", 0, "stolen"},
			{"-db DB users delete calvin@example.com --yes", 0, "is removed"},
			{"-db DB nonsense", 2, "error: unexpected argument nonsense"},
			{"-db CLOSED users list", 1, "diary.db can't be opened"},
			{"-db postgres://susie:secret@127.0.0.1:1/diary users list", 1, "postgres://susie:xxxxx@127.0.0.1:1/diary can't be opened"},
			{"-db postgres://%zz users list", 1, "error: -db is not an address"},
			{"-config none.toml -db DB users list", 1, "error: none.toml"},
		} {
			args := strings.Fields(c.args)
			for i := range args {
				args[i] = strings.NewReplacer("DB", address, "CLOSED", closed).Replace(args[i])
			}
			code, out, errs := command(t, args...)
			if all := out + errs; code != c.code || !strings.Contains(all, c.want) || strings.Contains(all, "secret@") {
				t.Errorf("%s: exit code %d, want %d with %q: %s", c.args, code, c.code, c.want, all)
			}
		}
		var users []struct{ Email, State string }
		_, out, _ := command(t, "-db", address, "users", "list", "--json")
		if err := json.Unmarshal([]byte(out), &users); err != nil || len(users) != 2 || users[0].Email != "admin@example.com" || users[0].State != "active" {
			t.Errorf("%v: %s", err, out)
		}
	})
}
