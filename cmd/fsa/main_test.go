package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes fsa a program that scripts and tests can run.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"fsa": main})
}

// TestScripts runs the commands as users do: each script of testdata/script is a session.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, "ROOT="+root(t))
			e.Vars = append(e.Vars, offline(t)...)
			return nil
		},
	})
}

// root is the directory of the module.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// download fetches all that this module's go.mod names, once: a new project asks for
// more of it than our own tests do.
var download = sync.OnceValue(func() error {
	cmd := exec.Command("go", "mod", "download")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod download: %w: %s", err, out)
	}
	return nil
})

// offline are variables by which the go command finds what it needs in the caches of
// whoever runs the test, and asks nobody.
func offline(t testing.TB) []string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOCACHE").Output()
	if err != nil {
		t.Skip("there is no go command")
	}
	if err := download(); err != nil {
		t.Fatal(err)
	}
	caches := strings.Split(strings.TrimSpace(string(out)), "\n")
	return []string{"GOMODCACHE=" + caches[0], "GOCACHE=" + caches[1],
		"GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off", "GOTOOLCHAIN=local", "GO111MODULE=on"}
}

// clean is the environment without variables that are settings.
func clean(more ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "FSA_") && !strings.HasPrefix(v, "ACME_") {
			env = append(env, v)
		}
	}
	return append(env, more...)
}
