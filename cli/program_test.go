package cli_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cli"
)

// small makes an application that logs nothing.
func small(cfg fsa.Config) func(context.Context) (*fsa.App, error) {
	return func(context.Context) (*fsa.App, error) {
		cfg.Logger = slog.New(slog.DiscardHandler)
		app := fsa.New("small", cfg)
		fsa.Handle(app, "/files/{rest...}", authz.Open(), nil)
		return app, nil
	}
}

func run(p cli.Program, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = p.Run(context.Background(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// command is one that does nothing.
type command struct {
	Value string `help:"A value."`
}

func (command) Run(context.Context, *cli.Call) error { return nil }

// TestWiring: what a program says wrongly of itself is told, whatever is called.
func TestWiring(t *testing.T) {
	type inert struct{ A string }
	type group struct {
		Inner inert `cmd:""`
	}
	type flags struct{ Value string }
	good := cli.Command{Name: "good", Struct: &command{}}
	app := small(fsa.Config{Auth: []string{"none"}})
	for _, c := range []struct {
		program cli.Program
		want    string
	}{
		{cli.Program{}, "error: cli.Program has no function New"},
		{cli.Program{New: func(context.Context) (*fsa.App, error) { return nil, nil }}, "error: cli.Program: New has made no application"},
		{cli.Program{New: app, Commands: []cli.Command{{Name: "x"}}}, `error: cli.Command "x": Struct is a <nil>, not a pointer`},
		{cli.Program{New: app, Commands: []cli.Command{{Name: "x", Struct: command{}}}}, `error: cli.Command "x": Struct is a cli_test.command, not a pointer`},
		{cli.Program{New: app, Commands: []cli.Command{{Name: "x", Struct: (*command)(nil)}}}, `not a pointer`},
		{cli.Program{New: app, Commands: []cli.Command{{Name: "x", Struct: &inert{}}}}, `error: the command "x" is a cli_test.inert, which has no method Run`},
		{cli.Program{New: app, Commands: []cli.Command{{Name: "x", Struct: &group{}}}}, `error: the command "x inner" is a cli_test.inert, which has no method Run`},
		{cli.Program{New: app, Commands: []cli.Command{good, good}}, `error: there are two commands "good"`},
		{cli.Program{New: app, Commands: []cli.Command{{Name: "routes", Struct: &command{}}}}, `error: there are two commands "routes"`},
		{cli.Program{New: app, Flags: flags{}}, `error: cli.Program: Flags is a cli_test.flags, not a pointer`},
		{cli.Program{New: app, Flags: &flags{}, Commands: []cli.Command{good}}, `error: the command "good" has a flag --value, and so has the program`},
		{cli.Program{New: app, Flags: &struct{ Addr string }{}}, `error: the command "serve" has a flag --addr, and so has the program`},
		{cli.Program{New: app, Flags: &struct {
			X chan int
		}{}}, `error: the commands of the program: `},
	} {
		code, out, errs := run(c.program, "", "check")
		if code != 1 || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("exit code %d, %q, want %q", code, errs, c.want)
		}
	}
	if code, _, errs := run(cli.Program{New: app, Commands: []cli.Command{good}}, "", "good", "--value=x"); code != 0 {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

// TestServeHook: an application may serve in its own way, at the address that is asked
// for, and what goes wrong is told.
func TestServeHook(t *testing.T) {
	got := ""
	p := cli.Program{Addr: "here:1", New: small(fsa.Config{Auth: []string{"none"}}),
		Serve: func(ctx context.Context, app *fsa.App, addr string) error {
			got = addr
			return errors.New("no more")
		}}
	if code, _, errs := run(p, ""); code != 1 || errs != "error: no more\n" || got != "here:1" {
		t.Errorf("%d, %q at %q", code, errs, got)
	}
	if run(p, "", "-addr=there:2"); got != "there:2" {
		t.Error(got)
	}
	// A second run has the defaults again.
	if run(p, ""); got != "here:1" {
		t.Error(got)
	}
}

// TestFaultsOfServe: each fault is a line, with its hint.
func TestFaultsOfServe(t *testing.T) {
	code, _, errs := run(cli.Program{New: small(fsa.Config{Mode: "prod?"})}, "", "serve")
	for _, want := range []string{
		"error: FSA_MODE: unknown mode \"prod?\"\nhint: it is prod, dev, debug, or debug1 to debug4\n",
		"error: FSA_AUTH: is missing: nothing says how callers prove who they are\nhint: add a line such as ",
		"error: /files/{rest...} (", "the handler is nil\n",
	} {
		if code != 1 || !strings.Contains(errs, want) {
			t.Errorf("exit code %d: %s\nwant %s", code, errs, want)
		}
	}
}

// TestNoTokens: without tokens, none is made or checked.
func TestNoTokens(t *testing.T) {
	p := cli.Program{New: func(context.Context) (*fsa.App, error) {
		app := fsa.New("small", fsa.Config{Auth: []string{"none"}, TokenType: "none", Logger: slog.New(slog.DiscardHandler)})
		fsa.Handle(app, "/files/{rest...}", authz.Open(), nothing{}, fsa.Doc("Files."))
		return app, nil
	}}
	if code, out, errs := run(p, "", "token", "create", "calvin"); code != 1 || out != "" || !strings.HasPrefix(errs, "error: tokens are not enabled") {
		t.Errorf("%d, %q, %q", code, out, errs)
	}
	if code, out, errs := run(p, "x", "token", "check"); code != 1 || out != "" || errs != "error: the token is not good: no tokens are made here\n" {
		t.Errorf("%d, %q, %q", code, out, errs)
	}
	if code, out, errs := run(p, "", "routes"); code != 0 || !strings.Contains(out, "*       /files/{rest...}  Open()  none") {
		t.Errorf("%d, %q, %q", code, out, errs)
	}
}

// TestUnwritable: what cannot be printed is a failure.
func TestUnwritable(t *testing.T) {
	p := cli.Program{New: func(context.Context) (*fsa.App, error) {
		app := fsa.New("small", fsa.Config{Auth: []string{"token"}, TokenSecret: []fsa.Secret{testSecret}, Logger: slog.New(slog.DiscardHandler)})
		fsa.Handle(app, "GET /x", authz.Auth(), nothing{})
		return app, nil
	}}
	for _, args := range [][]string{{"routes"}, {"routes", "--json"}, {"check"}, {"config"}, {"config", "--json"}, {"hash"}, {"token", "create", "calvin"}} {
		var errs bytes.Buffer
		if code := p.Run(context.Background(), args, strings.NewReader("correct horse"), full{}, &errs); code != 1 || errs.String() != "error: the disk is full\n" {
			t.Errorf("%q: %d, %s", args, code, &errs)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

type nothing struct{}

func (nothing) ServeHTTP(http.ResponseWriter, *http.Request) {}

// TestLook: commands that only look at the application get that of Look, others that of
// New; and without Look, all do.
func TestLook(t *testing.T) {
	for _, c := range []struct {
		args string
		look bool
	}{
		{"check", true}, {"routes", true}, {"config", true}, {"hash", true}, {"token check", false}, {"x", false}, {"serve", false},
	} {
		for _, without := range []bool{false, true} {
			made := ""
			maker := func(name string) func(context.Context) (*fsa.App, error) {
				return func(context.Context) (*fsa.App, error) {
					made = name
					return nil, errors.New("that is enough")
				}
			}
			p := cli.Program{New: maker("New"), Look: maker("Look"), Commands: []cli.Command{{Name: "x", Struct: &command{}}}}
			want := map[bool]string{false: "New", true: "Look"}[c.look && !without]
			if without {
				p.Look = nil
			}
			if code, _, errs := run(p, "", strings.Fields(c.args)...); code != 1 || made != want || !strings.Contains(errs, "that is enough") {
				t.Errorf("%s: made by %q instead of %q: %d %s", c.args, made, want, code, errs)
			}
		}
	}
	nothing := func(context.Context) (*fsa.App, error) { return nil, nil }
	if code, _, errs := run(cli.Program{New: nothing, Look: nothing}, "", "check"); code != 1 || !strings.Contains(errs, "cli.Program: Look has made no application") {
		t.Error(code, errs)
	}
}
