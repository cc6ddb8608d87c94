package token_test

import (
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/fastsimpleauth/fsa/token"
)

// S86: a failing source of randomness stops, never weakens. It ends the program,
// so that the test runs itself in another one.
func TestNoRandomness(t *testing.T) {
	const child, made = "TEST_FSA_NO_RANDOMNESS", "a token was made: "
	if os.Getenv(child) != "" {
		j := newJWT(t, token.Options{})
		rand.Reader = iotest.ErrReader(errors.New("no randomness"))
		raw, err := j.Make(token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)})
		t.Fatal(made, raw, err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNoRandomness$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || strings.Contains(string(out), made) || !strings.Contains(string(out), "failed to read random data") {
		t.Errorf("%v: %s", err, out)
	}
}
