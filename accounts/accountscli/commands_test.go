package accountscli_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/accountscli"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
	"github.com/fastsimpleauth/fsa/cli"
	"github.com/google/go-cmp/cmp"

	_ "modernc.org/sqlite"
)

// program is an application with accounts, as a command.
func program(t *testing.T) (run func(args ...string) (code int, stdout, stderr string), accounts func() *accounts.Accounts) {
	t.Helper()
	return programAt(t, "https://www.example.com")
}

// programAt is program, with a FSA_BASE_URL.
func programAt(t *testing.T, base string) (run func(args ...string) (code int, stdout, stderr string), of func() *accounts.Accounts) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+t.TempDir()+"/accounts.db?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite); err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.New(t.Context(), db, sqlstore.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	var acc *accounts.Accounts
	of = func() *accounts.Accounts { return acc }
	return func(args ...string) (int, string, string) {
		p := cli.Program{
			New: func(ctx context.Context) (*fsa.App, error) {
				app := fsa.New("acme", accounts.Defaults(fsa.Config{Mode: "dev", BaseURL: base, Logger: slog.New(slog.DiscardHandler)}))
				acc = accounts.New(app, store, accounts.Options{Roles: []accounts.Role{{Name: "admin"}, {Name: "Writer", Permissions: []string{"entry:create"}}}})
				return app, acc.Seed(ctx)
			},
			Commands: accountscli.Commands(of),
		}
		var out, errs bytes.Buffer
		code := p.Run(t.Context(), args, strings.NewReader(""), &out, &errs)
		return code, out.String(), errs.String()
	}, of
}

// TestCommands: what each command does, prints and refuses, one after the other on one
// database. S54, S73.
func TestCommands(t *testing.T) {
	run, _ := program(t)
	for _, c := range []struct {
		args string
		code int
		want string // in what is printed, or in the error
	}{
		{"users list", 0, "ID"},
		{"users create calvin@example.com --role Writer --name Calvin", 0, "https://www.example.com/reset/"},
		{"users create Calvin@EXAMPLE.com", 1, "error: there is a user with this address already\nhint: "},
		{"users create nonsense", 1, "error: "},
		{"users create hobbes@example.com --role Tiger", 1, `error: there is no role "Tiger"`},
		{"users create admin@example.com --role admin", 0, "The link is a secret"},
		{"users list --search calvin", 0, "calvin@example.com"},
		{"users list --role admin", 0, "admin@example.com"},
		{"users list --limit 0", 2, "error: --limit is 0"},
		{"users show calvin@example.com", 0, "unconfirmed"},
		{"users show nobody@example.com", 1, "error: there is no user \"nobody@example.com\"\nhint: users are named by"},
		{"users lock calvin@example.com --reason stolen", 0, "calvin@example.com is locked"},
		{"users lock calvin@example.com", 2, "reason"},
		{"users show calvin@example.com", 0, "locked (stolen)"},
		{"users unlock calvin@example.com", 0, "is unlocked"},
		{"users deactivate calvin@example.com --reason left", 0, "is out"},
		{"users show calvin@example.com", 0, "inactive (left)"},
		{"users activate calvin@example.com", 0, "can log in again"},
		{"users reset-access calvin@example.com", 0, "https://www.example.com/reset/"},
		{"users deactivate admin@example.com --reason left", 1, "error: nobody would be left to administer the application\nhint: "},
		{"users delete admin@example.com --yes", 1, "error: nobody would be left"},
		{"users delete calvin@example.com", 2, "--yes"},
		{"roles list", 0, "entry:create"},
		{"roles create Editor --permission entry:edit", 0, "the role Editor is there"},
		{"roles create Editor", 1, `error: there is a role "Editor" already`},
		{"roles permit Editor entry:delete entry:create", 0, "Editor permits: entry:create, entry:delete, entry:edit"},
		{"roles forbid Editor entry:delete", 0, "Editor permits: entry:create, entry:edit"},
		{"roles permit Nothing x", 1, `error: there is no role "Nothing"`},
		{"roles grant calvin@example.com Editor", 0, "calvin@example.com is Editor"},
		{"roles grant calvin@example.com Nothing", 1, `error: there is no role "Nothing"`},
		{"roles revoke calvin@example.com Editor", 0, "is no longer Editor"},
		{"roles revoke calvin@example.com Editor", 1, `error: there is no role "Editor", or the user does not have it`},
		{"roles revoke admin@example.com admin", 1, "error: nobody would be left"},
		{"sessions list calvin@example.com", 0, "ADDRESS"},
		{"sessions revoke calvin@example.com", 0, "0 sessions of calvin@example.com have ended"},
		{"users delete calvin@example.com --yes", 0, "is removed"},
		{"audit tail -n 3", 0, "deleted"},
		{"audit tail --kind locked", 0, "stolen"},
		{"audit tail -n 0", 2, "error: -n is 0"},
		{"audit tail --user nobody@example.com", 1, "error: there is no user"},
		{"users", 2, ""},
		{"nonsense", 2, "error: "},
	} {
		code, out, errs := run(strings.Fields(c.args)...)
		if all := out + errs; code != c.code || !strings.Contains(all, c.want) {
			t.Errorf("%s: exit code %d, want %d with %q: %s", c.args, code, c.code, c.want, all)
		}
	}
}

var update = flag.Bool("update", false, "write the golden files of testdata")

// changing is what is another each time, in the order in which it is looked for.
var changing = []struct {
	re *regexp.Regexp
	by string
}{
	{regexp.MustCompile(`/reset/[A-Za-z0-9_-]{43}`), "/reset/SECRET"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)`), "TIME"},
}

// TestJSON: what each command that prints something prints with --json.
func TestJSON(t *testing.T) {
	run, acc := program(t)
	for _, args := range []string{"users create calvin@example.com --role Writer --name Calvin", "users lock calvin@example.com --reason stolen", "users create hobbes@example.com"} {
		if code, _, errs := run(strings.Fields(args)...); code != 0 {
			t.Fatal(errs)
		}
	}
	hobbes, err := acc().FindUser(t.Context(), "hobbes@example.com")
	if err != nil {
		t.Fatal(err)
	}
	err = acc().Store().Write(t.Context(), func(tx accounts.Tx) error {
		return tx.CreateSession(t.Context(), &accounts.SessionRow{ID: "session-1", Hash: []byte("hash of a secret of this session"), UserID: hobbes.ID, Stamp: hobbes.Stamp,
			Agent: "Firefox \x1b[31m", Address: "192.0.2.7", CreatedAt: time.Now(), SeenAt: time.Now(), AuthenticatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour), Factors: []string{"password"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, args := range []string{"users list", "users list --role admin", "users show calvin@example.com", "users create susie@example.com", "users reset-access hobbes@example.com",
		"roles list", "sessions list hobbes@example.com", "sessions list calvin@example.com", "audit tail --user calvin@example.com"} {
		code, out, errs := run(append(strings.Fields(args), "--json")...)
		if code != 0 || !json.Valid([]byte(out)) {
			t.Errorf("%s: exit code %d: %s %s", args, code, out, errs)
		}
		for _, c := range changing {
			out = c.re.ReplaceAllString(out, c.by)
		}
		b.WriteString("$ acme " + args + " --json\n" + out)
	}
	const file = "testdata/json.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s, in which what is there now is -:\n%s", file, diff)
	}
}

// TestGuessedLink: who does not say where the application is, is told that its links are
// guessed.
func TestGuessedLink(t *testing.T) {
	for _, c := range []struct {
		base string
		want bool
	}{{"", true}, {"https://www.example.com", false}} {
		run, _ := programAt(t, c.base)
		if _, _, errs := run("users", "create", "calvin@example.com"); strings.Contains(errs, "FSA_BASE_URL") != c.want {
			t.Errorf("%q: %s", c.base, errs)
		}
	}
}

// TestFaults: a command does nothing with an application that has faults, and tells
// them.
func TestFaults(t *testing.T) {
	run, acc := programAt(t, "nonsense")
	for _, args := range []string{"users list", "users create calvin@example.com", "roles list", "sessions list calvin@example.com", "audit tail"} {
		if code, out, errs := run(strings.Fields(args)...); code != 1 || out != "" || !strings.Contains(errs, "FSA_BASE_URL") {
			t.Errorf("%s: exit code %d: %s %s", args, code, out, errs)
		}
	}
	if users, err := acc().Store().Users(t.Context(), accounts.UserQuery{}); err != nil || len(users) != 0 {
		t.Errorf("%v, %v", users, err)
	}
}
