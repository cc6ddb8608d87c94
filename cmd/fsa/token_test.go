package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
)

// TestTokensOfOthers: what is made by package token, as an application does, is judged
// by the command as that does.
func TestTokensOfOthers(t *testing.T) {
	const secret = "u4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7i"
	o := token.Options{Secrets: [][]byte{[]byte(secret)}}
	fsaFormat, err := token.NewFSA(o)
	if err != nil {
		t.Fatal(err)
	}
	jwtFormat, err := token.NewJWT(o)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, c := range []struct {
		name, kind string
		format     token.Format
		expires    time.Duration
		env        string
		want       string
	}{
		{"fsa", "fsa", fsaFormat, time.Hour, "", "login:   calvin"},
		{"JWT", "jwt", jwtFormat, time.Hour, "", "login:   calvin"},
		{"another kind", "jwt", fsaFormat, time.Hour, "", "error: malformed token"},
		{"expired", "fsa", fsaFormat, -time.Hour, "", "error: expired token"},
		{"expired JWT", "jwt", jwtFormat, -time.Hour, "", "error: expired token"},
		{"within the grace", "jwt", jwtFormat, -time.Hour, "FSA_TOKEN_GRACE=2h", "expires: "},
	} {
		raw, err := c.format.Make(token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(c.expires)})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("fsa", "token", "check", "--type", c.kind, "--realm", "acme")
		cmd.Env = clean("FSA_TOKEN_SECRET="+secret, c.env)
		cmd.Stdin = strings.NewReader(raw + "\n")
		out, err := cmd.CombinedOutput()
		if refused := strings.HasPrefix(c.want, "error: "); !strings.Contains(string(out), c.want) || (err != nil) != refused {
			t.Errorf("%s: %v, want %q in\n%s", c.name, err, c.want, out)
		}
		if strings.Contains(string(out), secret) || strings.Contains(string(out), raw) {
			t.Errorf("%s: a secret comes out:\n%s", c.name, out)
		}
	}
}
