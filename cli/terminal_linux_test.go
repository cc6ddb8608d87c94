package cli_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal is a pseudo-terminal: what is written to keyboard is typed, and what it
// shows can be read there.
type terminal struct{ keyboard, program *os.File }

func openTerminal(t *testing.T) terminal {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	var number, unlocked int32
	control(t, keyboard, syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	control(t, keyboard, syscall.TIOCGPTN, unsafe.Pointer(&number))
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return terminal{keyboard, program}
}

func control(t *testing.T, f *os.File, request uintptr, at unsafe.Pointer) {
	t.Helper()
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(at)); e != 0 {
		t.Fatal(e)
	}
}

// shows reports whether the terminal shows what is typed.
func (p terminal) shows(t *testing.T) bool {
	t.Helper()
	var state syscall.Termios
	control(t, p.program, syscall.TCGETS, unsafe.Pointer(&state))
	return state.Lflag&syscall.ECHO != 0
}

// await waits until the terminal shows what is typed, or no more.
func (p terminal) await(t *testing.T, shown bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); p.shows(t) != shown; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("what is typed is shown: %t", !shown)
		}
	}
}

// output is what a program has written.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the program has written a text.
func (o *output) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(o.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it has not written %q but %q", text, o)
		}
	}
}

// hashing starts acme hash at a terminal.
func hashing(t *testing.T, p terminal) (cmd *exec.Cmd, out *output) {
	t.Helper()
	dir := t.TempDir()
	text := "FSA_AUTH = \"basic\"\nFSA_TOKEN_SECRET = \"" + testSecret + "\"\nFSA_PASSWORD_SCHEME = \"bcrypt\"\nFSA_PASSWORD_OPTS = {rounds = 4}\nFSA_INSECURE_PASSWORD_COST = true\n"
	if err := os.WriteFile(dir+"/acme.toml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out = new(output)
	cmd = program(t, dir, "acme", "hash")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.program, out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return cmd, out
}

// TestTypedPassword: a password that is typed is asked for twice, and not shown. S70.
func TestTypedPassword(t *testing.T) {
	for second, want := range map[string]string{
		"correct horse": `^opened acme.db\nPassword: \nPassword, again: \n\$2b\$04\$\S{53}\nclosed\n$`,
		"correct house": `\nclosed\nerror: what was typed the second time is not what it was the first time\nhint: try again\n$`,
	} {
		p := openTerminal(t)
		cmd, out := hashing(t, p)
		p.await(t, false)
		// The second one may come before it is asked for; then the terminal would
		// show it, since it does until then.
		if _, err := io.WriteString(p.keyboard, "correct horse\n"); err != nil {
			t.Fatal(err)
		}
		out.await(t, "again: ")
		p.await(t, false)
		if _, err := io.WriteString(p.keyboard, second+"\n"); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); (err == nil) != (second == "correct horse") || !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("%v: %s", err, out)
		}
		if !p.shows(t) {
			t.Error("the terminal shows nothing any more")
		}
		io.WriteString(p.program, "end")
		shown := make([]byte, 1000)
		n, err := p.keyboard.Read(shown)
		if err != nil || strings.Contains(string(shown[:n]), "correct") {
			t.Errorf("the terminal has shown %q (%v)", shown[:n], err)
		}
	}
}

// TestTypedInterrupt: whoever gives up has a terminal that shows what they type.
func TestTypedInterrupt(t *testing.T) {
	p := openTerminal(t)
	cmd, out := hashing(t, p)
	p.await(t, false)
	cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 || !strings.HasSuffix(out.String(), "error: interrupted\n") {
		t.Errorf("%v: %s", err, out)
	}
	if !p.shows(t) {
		t.Error("the terminal does not show what is typed")
	}
}
