package tutorial

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// NeedCurl skips the test where there is no curl.
func NeedCurl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl: the commands of the tutorials are not run")
	}
}

// Build builds the program in dir, and gives its file.
func Build(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-o", file, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

// Program is a program that serves on a free port of this machine.
type Program struct {
	// Vars is the environment of the commands, with the variables that they set.
	Vars []string

	cmd  *exec.Cmd
	port string
	log  *safeLog
	done chan struct{}
}

var servingRE = regexp.MustCompile(`msg=serving .*url=http://127\.0\.0\.1:([0-9]+)`)

// Start starts a program in dir, and waits until it serves: its variables of the
// environment are to make it do so at 127.0.0.1:0, if its arguments don't.
func Start(t *testing.T, file, dir string, env []string, args ...string) *Program {
	t.Helper()
	// Settings of whoever runs the test must not get into it, a .curlrc neither.
	base := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	p := &Program{
		cmd:  exec.Command(file, args...),
		Vars: append(slices.Clone(base), "NO_PROXY=*"),
		log:  new(safeLog),
		done: make(chan struct{}),
	}
	p.cmd.Dir = dir
	p.cmd.Env = append(base, env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() }) // if the test ends before Stop
	port := make(chan string, 1)
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.log.add(lines.Text())
			if m := servingRE.FindStringSubmatch(lines.Text()); m != nil {
				port <- m[1]
			}
		}
	}()
	select {
	case p.port = <-port:
	case <-p.done:
		t.Fatalf("the program ended at once:\n%s", p.log)
	case <-time.After(30 * time.Second):
		t.Fatalf("the program does not serve:\n%s", p.log)
	}
	return p
}

// Stop asks the program to end, and demands that it does so in order.
func (p *Program) Stop(t *testing.T) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.cmd.Process.Kill()
		t.Errorf("the program did not stop on SIGTERM")
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the program ended by %v, want exit code 0:\n%s", err, p.log)
	}
}

var answerRE = regexp.MustCompile(`(?m)^HTTP/[0-9.]+ ([0-9]{3})`)

// Run runs a command of a document, which is written for port 5000, and compares
// the status that curl -i has printed, or what the program has.
func (p *Program) Run(t *testing.T, c Command) {
	t.Helper()
	text := strings.ReplaceAll(c.Text, "localhost:5000", "127.0.0.1:"+p.port)
	switch {
	case c.Sets != "":
		text += "\n" + `printf %s "$` + c.Sets + `"`
	case c.Args != "":
		text = "'" + p.cmd.Path + "' " + c.Args
	}
	sh := exec.Command("sh", "-c", text)
	sh.Dir, sh.Env = p.cmd.Dir, p.Vars
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Errorf("line %d: %s: %v\n%s", c.Line, c.Text, err, out)
		return
	}
	switch {
	case c.Sets != "":
		if len(out) == 0 {
			t.Errorf("line %d: %s: captures nothing", c.Line, c.Text)
		}
		p.Vars = append(p.Vars, c.Sets+"="+string(out))
		return
	case c.Args != "":
		if !strings.Contains(string(out), c.Prints) {
			t.Errorf("line %d: %s: prints\n%s", c.Line, c.Text, out)
		}
		return
	}
	m := answerRE.FindSubmatch(out)
	if m == nil {
		t.Errorf("line %d: %s: no status in the output, is -i missing?\n%s", c.Line, c.Text, out)
	} else if string(m[1]) != c.Status {
		t.Errorf("line %d: %s: status %s, want %s\n%s", c.Line, c.Text, m[1], c.Status, out)
	}
}

// safeLog is what a program has written.
type safeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *safeLog) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.WriteString(line + "\n")
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
