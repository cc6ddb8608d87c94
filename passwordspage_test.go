package fsa_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestPasswordsPage: the settings of docs/passwords.md are accepted, and the bounds
// in its tables are those that hold.
func TestPasswordsPage(t *testing.T) {
	page, err := os.ReadFile("docs/passwords.md")
	if err != nil {
		t.Fatal(err)
	}
	faults := func(text string) []string {
		cfg, err := loadText(text)
		if err != nil {
			return texts(t, err)
		}
		app := fsa.New("acme", cfg)
		app.UserPass(func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser })
		fsa.Get(app, "/x", authz.Auth(), nothing)
		return faultsOf(t, app)
	}
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 2 {
		t.Errorf("there are %d blocks of settings", len(blocks))
	}
	for _, b := range blocks {
		if got := faults(b[1]); got != nil {
			t.Errorf("%s%q", b[1], got)
		}
	}
	rows := regexp.MustCompile("(?m)^\\| (?:`([\\w-]+)` )?\\| `(\\w+)`[^|]*\\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$|^\\| `(\\w+)` \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|").FindAllStringSubmatch(string(page), -1)
	checked, scheme := 0, ""
	for _, r := range rows {
		if r[1] != "" {
			scheme = r[1]
		}
		format, least, most := fmt.Sprintf("FSA_PASSWORD_SCHEME = %q\nFSA_PASSWORD_OPTS = {%s = %%d}\n", scheme, r[2]), r[4], r[5]
		if r[2] == "" {
			format, least, most = "FSA_LOGIN_THROTTLE = {"+r[6]+" = %d}\n", r[8], r[9]
		}
		for _, bound := range []struct {
			n  string
			by int
			ok bool
		}{{least, 0, true}, {most, 0, true}, {least, -1, false}, {most, 1, false}} {
			var n int
			fmt.Sscan(bound.n, &n)
			text := strings.ReplaceAll(format, "%d", fmt.Sprint(n+bound.by)) + "FSA_AUTH = [\"basic\"]"
			if got := faults(text); (got == nil) != bound.ok {
				t.Errorf("%s: %q", text, got)
			}
			checked++
		}
	}
	if checked < 8*4 {
		t.Errorf("%d bounds were checked", checked)
	}
}
