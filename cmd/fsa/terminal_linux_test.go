package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal is a pseudo-terminal: what is typed, and what it shows.
type terminal struct {
	master, slave *os.File

	mu    sync.Mutex
	shown bytes.Buffer
}

func openTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	var unlock, number int32
	control(t, master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	control(t, master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	tty := &terminal{master: master, slave: slave}
	go io.Copy(tty, master)
	return tty
}

func control(t *testing.T, f *os.File, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	conn, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	conn.Control(func(fd uintptr) {
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg)); e != 0 {
			t.Fatal(e)
		}
	})
}

// Write takes what the terminal shows.
func (tty *terminal) Write(b []byte) (int, error) {
	tty.mu.Lock()
	defer tty.mu.Unlock()
	return tty.shown.Write(b)
}

// shows gives what has been shown.
func (tty *terminal) shows() string {
	tty.mu.Lock()
	defer tty.mu.Unlock()
	return tty.shown.String()
}

// echoes reports whether the terminal shows what is typed.
func (tty *terminal) echoes(t *testing.T) bool {
	var state syscall.Termios
	control(t, tty.slave, syscall.TCGETS, unsafe.Pointer(&state))
	return state.Lflag&syscall.ECHO != 0
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come: " + what)
		}
	}
}

// TestTerminal: on a terminal a password is asked for twice, and what is typed is not
// shown. S70
func TestTerminal(t *testing.T) {
	for _, c := range []struct {
		name  string
		typed []string
		want  string // on standard output or error
		ok    bool
	}{
		{"the same", []string{"six yellow bears", "six yellow bears"}, "$argon2id$", true},
		{"another", []string{"six yellow bears", "six yellow beers"}, "error: what was typed the second time is not what it was the first time", false},
		{"nothing", []string{""}, "error: there is no password\n", false},
	} {
		tty := openTerminal(t)
		cmd := exec.Command("fsa", "hash")
		cmd.Env, cmd.Stdin = clean(), tty.slave
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, tty.slave
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for i, line := range c.typed {
			await(t, "a question", func() bool { return strings.Count(tty.shows(), "Password") == i+1 && !tty.echoes(t) })
			if _, err := tty.master.WriteString(line + "\n"); err != nil {
				t.Fatal(err)
			}
		}
		err := cmd.Wait()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if !c.ok {
			await(t, c.want, func() bool {
				return strings.Contains(strings.ReplaceAll(tty.shows(), "\r", ""), c.want)
			})
		} else if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %q, want %q", c.name, out.String(), c.want)
		}
		if strings.Contains(tty.shows(), "yellow") {
			t.Errorf("%s: the terminal shows %q", c.name, tty.shows())
		}
		if !tty.echoes(t) {
			t.Errorf("%s: the terminal does not show what is typed afterwards", c.name)
		}
	}
}

// TestTerminalInterrupted: whoever gives up has a terminal that works.
func TestTerminalInterrupted(t *testing.T) {
	tty := openTerminal(t)
	cmd := exec.Command("fsa", "hash")
	cmd.Env, cmd.Stdin, cmd.Stderr = clean(), tty.slave, tty.slave
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "a question", func() bool { return strings.Contains(tty.shows(), "Password") && !tty.echoes(t) })
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != 130 {
		t.Errorf("the status is %d", status)
	}
	if !tty.echoes(t) {
		t.Error("the terminal does not show what is typed afterwards")
	}
}
