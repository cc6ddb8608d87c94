package fsa_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestRuleIsMandatory: a route without an authorization is a program that does
// not compile, not one that has to be reviewed.
func TestRuleIsMandatory(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	for _, c := range []struct {
		file string
		want string // in the compiler's message; "" if it compiles
	}{
		{"good.go", ""},
		{"missing.go", "not enough arguments in call to fsa.Get"},
		{"nil.go", "cannot use nil as authz.Rule value"},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			out, err := exec.Command(tool, "build", "-o", os.DevNull, "testdata/compiles/"+c.file).CombinedOutput()
			switch {
			case c.want == "" && err != nil:
				t.Errorf("it does not compile: %s", out)
			case c.want != "" && err == nil:
				t.Error("it compiles")
			case !strings.Contains(string(out), c.want) && !(c.want != "" && strings.Contains(string(out), "authz.Rule")):
				t.Errorf("the compiler says %s, not %q", out, c.want)
			}
		})
	}
}
