package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const acmePass = "Adm1n-of-Acme!"

// needCurl skips the test where there is no curl.
func needCurl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl: the commands of the tutorials are not run")
	}
}

// build builds the program in dir.
func build(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "acme")
	cmd := exec.Command("go", "build", "-o", file, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

// program is a program that serves on a free port of this machine.
type program struct {
	cmd  *exec.Cmd
	vars []string // environment of the commands, variables that they set included
	port string
	log  *safeLog
	done chan struct{}
}

var servingRE = regexp.MustCompile(`msg=serving .*url=http://127\.0\.0\.1:([0-9]+)`)

// start starts a program in dir, and waits until it serves.
func start(t *testing.T, file, dir string, env ...string) *program {
	t.Helper()
	// Settings of whoever runs the test must not get into it, a .curlrc neither.
	base := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "ACME_PASS=" + acmePass}
	p := &program{
		cmd:  exec.Command(file),
		vars: append(base, "ACME_ADMIN_PASS="+acmePass, "NO_PROXY=*"),
		log:  new(safeLog),
		done: make(chan struct{}),
	}
	p.cmd.Dir = dir
	p.cmd.Env = append(append(base, "ACME_ADDR=127.0.0.1:0"), env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() }) // if the test ends before stop
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

// stop asks the program to end, and demands that it does so in order.
func (p *program) stop(t *testing.T) {
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

// run runs a command of a document, which is written for port 5000, and compares
// the status that curl -i has printed.
func (p *program) run(t *testing.T, c command) {
	t.Helper()
	text := strings.ReplaceAll(c.text, "localhost:5000", "127.0.0.1:"+p.port)
	if c.sets != "" {
		text += "\n" + `printf %s "$` + c.sets + `"`
	}
	sh := exec.Command("sh", "-c", text)
	sh.Env = p.vars
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Errorf("line %d: %s: %v\n%s", c.line, c.text, err, out)
		return
	}
	if c.sets != "" {
		if len(out) == 0 {
			t.Errorf("line %d: %s: captures nothing", c.line, c.text)
		}
		p.vars = append(p.vars, c.sets+"="+string(out))
		return
	}
	m := answerRE.FindSubmatch(out)
	if m == nil {
		t.Errorf("line %d: %s: no status in the output, is -i missing?\n%s", c.line, c.text, out)
	} else if string(m[1]) != c.status {
		t.Errorf("line %d: %s: status %s, want %s\n%s", c.line, c.text, m[1], c.status, out)
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
