package cli_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const testSecret = "u4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7i"

// program makes one of the programs of TestMain a command in dir, where nothing of the
// environment of the tests is seen.
func program(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: self, Args: append([]string{name}, args...), Dir: dir, Env: []string{"HOME=" + dir}}
	return cmd
}

// served is a program that serves.
type served struct {
	cmd  *exec.Cmd
	dir  string
	url  string
	mu   sync.Mutex
	log  strings.Builder
	more chan bool // there is more in the log, or it has ended
	done chan bool
}

// serveAcme starts acme with a configuration.
func serveAcme(t *testing.T, config string, args ...string) *served {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals")
	}
	s := &served{dir: t.TempDir(), more: make(chan bool, 1), done: make(chan bool)}
	s.configure(t, config)
	s.cmd = program(t, s.dir, "acme", args...)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill() })
	go func() {
		defer close(s.done)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.mu.Lock()
			s.log.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			select {
			case s.more <- true:
			default:
			}
		}
	}()
	s.url = s.await(t, `msg=serving .*url=(\S+)`)[1]
	return s
}

func (s *served) configure(t *testing.T, config string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "acme.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// await waits until the log has what matches.
func (s *served) await(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for {
		s.mu.Lock()
		text := s.log.String()
		s.mu.Unlock()
		if m := re.FindStringSubmatch(text); m != nil {
			return m
		}
		select {
		case <-s.more:
		case <-s.done:
			t.Fatalf("the program has ended without %s:\n%s", pattern, text)
		case <-time.After(30 * time.Second):
			t.Fatalf("the program does not say %s:\n%s", pattern, text)
		}
	}
}

// ends waits for the end of the program.
func (s *served) ends(t *testing.T) (code int, log string) {
	t.Helper()
	select {
	case <-s.done:
	case <-time.After(25 * time.Second): // less than streams would hold it up
		t.Fatalf("the program does not end:\n%s", s.log.String())
	}
	s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode(), s.log.String()
}

const acmeConfig = "FSA_AUTH = \"basic\"\nFSA_TOKEN_SECRET = \"" + testSecret + "\"\n"

// TestServe: it serves by default, and each of the two signals ends it in order: an
// open stream of events ends with it, as one that is over.
func TestServe(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		signal os.Signal
	}{
		"by default": {nil, syscall.SIGTERM}, "by name": {[]string{"serve"}, os.Interrupt},
		"at an address":  {[]string{"-addr", "localhost:0"}, syscall.SIGTERM},
		"at an address=": {[]string{"serve", "--addr=[::1]:0"}, syscall.SIGTERM},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveAcme(t, acmeConfig, c.args...)
			res, err := http.Get(s.url + "/watch")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			stream := bufio.NewReader(res.Body)
			if line, err := stream.ReadString('\n'); err != nil || line != "data: one\n" {
				t.Fatalf("%q, %v", line, err)
			}
			s.cmd.Process.Signal(c.signal)
			if rest, err := io.ReadAll(stream); err != nil || strings.Trim(string(rest), ":\n") != "" {
				t.Errorf("the stream ends by %q, %v", rest, err)
			}
			code, log := s.ends(t)
			if code != 0 || !strings.Contains(log, "msg=stopped") || !strings.HasSuffix(log, "\nclosed\n") || strings.Contains(log, "error") {
				t.Errorf("exit code %d:\n%s", code, log)
			}
		})
	}
}

// TestHangup: SIGHUP reads the configuration anew. If it is wrong, all stays as it was.
func TestHangup(t *testing.T) {
	s := serveAcme(t, acmeConfig)
	upload := func() int {
		res, err := http.Post(s.url+"/upload", "application/json", strings.NewReader(`"`+strings.Repeat("x", 2000)+`"`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if status := upload(); status != 200 {
		t.Errorf("the status is %d", status)
	}
	s.configure(t, acmeConfig+"FSA_MAX_BODY = 1000\n")
	s.cmd.Process.Signal(syscall.SIGHUP)
	s.await(t, `msg=reloaded`)
	if status := upload(); status != 413 {
		t.Errorf("after FSA_MAX_BODY was lowered, the status is %d", status)
	}
	s.configure(t, acmeConfig+"FSA_MAX_BODY = \"much\"\n")
	s.cmd.Process.Signal(syscall.SIGHUP)
	s.await(t, `level=ERROR msg="not reloaded: the configuration is as it was" error="FSA_MAX_BODY \(acme.toml:3\)`)
	if status := upload(); status != 413 {
		t.Errorf("after a reload that has failed, the status is %d", status)
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	if code, log := s.ends(t); code != 0 {
		t.Errorf("exit code %d:\n%s", code, log)
	}
}

// TestAddressInUse: it is said what to do.
func TestAddressInUse(t *testing.T) {
	s := serveAcme(t, acmeConfig)
	addr := strings.TrimPrefix(s.url, "http://")
	out, err := program(t, s.dir, "acme", "-addr", addr).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "error: fsa: listen tcp "+addr) || !strings.Contains(string(out), "hint: something listens there already") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestInterrupt: a signal ends the context of any command, and what is open is closed.
func TestInterrupt(t *testing.T) {
	cmd, text := waiting(t, "slow")
	cmd.Process.Signal(os.Interrupt)
	rest, _ := io.ReadAll(text)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 || string(rest) != "closed\nerror: interrupted\n" {
		t.Errorf("exit code %d: %s", code, rest)
	}
}

// TestSecondInterrupt: a command that does not heed the first signal ends by the
// second.
func TestSecondInterrupt(t *testing.T) {
	cmd, text := waiting(t, "stuck")
	cmd.Process.Signal(os.Interrupt)
	if line, err := text.ReadString('\n'); err != nil || line != "told\n" {
		t.Fatalf("%q, %v", line, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for tries := 0; ; tries++ {
		cmd.Process.Signal(os.Interrupt)
		select {
		case err := <-ended:
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() {
				t.Errorf("it has ended by %v", err)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
		if tries == 3000 {
			t.Fatal("it does not end")
		}
	}
}

// waiting starts the command that adds a user, one that waits, and gives what it tells
// from then on.
func waiting(t *testing.T, login string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "acme.toml"), []byte(acmeConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := program(t, dir, "acme", "users", "create", login)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	text := bufio.NewReader(stderr)
	for line := ""; line != "waiting\n"; {
		if line, err = text.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return cmd, text
}
