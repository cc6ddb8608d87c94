package main

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/tutorial"
)

func document(t *testing.T) []tutorial.Block {
	t.Helper()
	text, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	return tutorial.Blocks(string(text))
}

// TestTutorialCommands runs each curl command of the tutorial, in order, against
// this program, with the settings that stand before the blocks.
func TestTutorialCommands(t *testing.T) {
	tutorial.NeedCurl(t)
	file := tutorial.Build(t, ".")
	tutorial.Run(t, document(t), func(settings []string) *tutorial.Program {
		return start(t, file, t.TempDir(), settings...)
	})
}

// start starts a program in dir, and waits until it serves.
func start(t *testing.T, file, dir string, env ...string) *tutorial.Program {
	t.Helper()
	p := tutorial.Start(t, file, dir, append([]string{"ACME_PASS=" + acmePass, "ACME_ADDR=127.0.0.1:0"}, env...))
	p.Vars = append(p.Vars, "ACME_PASS="+acmePass, "ACME_ADMIN_PASS="+acmePass)
	return p
}

const acmePass = "Adm1n-of-Acme!"

// TestTutorialSteps does what the tutorial's reader does: it puts the pieces of
// code and configuration together in an empty directory, and at each restart
// builds that program and runs the commands that follow. In the end the tutorial's
// tests must pass, and its code must be the one of this directory.
func TestTutorialSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each section of the tutorial")
	}
	tutorial.NeedCurl(t)
	s := tutorial.NewSteps(t, "acme", "acme.toml")
	document := document(t)
	done := 0
	tutorial.Run(t, document, func([]string) *tutorial.Program {
		next := slices.IndexFunc(document[done:], func(b tutorial.Block) bool { return b.Restart }) + done
		for _, b := range document[done:next] {
			if err := s.Add(b); err != nil {
				t.Fatalf("line %d: %v", b.Line, err)
			}
		}
		done = next + 1
		s.Write(t)
		return start(t, tutorial.Build(t, s.Dir), s.Dir)
	})
	for _, b := range document[done:] {
		if err := s.Add(b); err != nil {
			t.Fatalf("line %d: %v", b.Line, err)
		}
	}
	s.Write(t)
	test := exec.Command("go", "test", ".")
	test.Dir = s.Dir
	if out, err := test.CombinedOutput(); err != nil {
		t.Errorf("the tutorial's tests: %v\n%s", err, out)
	}
	s.Compare(t, "auth.go", "data.go", "routes.go")
}
