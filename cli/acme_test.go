package cli_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cli"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run the programs below, as other processes.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"acme":  func() { acme().Main() },
		"plain": func() { cli.Main(plain()) },
		"code":  code,
	})
}

// TestScripts runs the scripts of testdata.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireUniqueNames: true, RequireExplicitExec: true})
}

// acme is a program with flags and commands of its own, and with what has to be
// opened and closed: as one with a database.
func acme() cli.Program {
	s := &store{}
	return cli.Program{
		Name: "acme", Help: "Things and who owns them.", Addr: "127.0.0.1:0",
		Flags:    &s.flags,
		New:      s.open,
		Close:    s.close,
		Commands: []cli.Command{{Name: "users", Help: "Who may log in.", Struct: &users{List: listUsers{store: s}, Create: createUser{store: s}}}},
	}
}

// store stands for a database.
type store struct {
	flags struct {
		DB string `placeholder:"FILE" default:"acme.db" help:"The database."`
	}
	opened bool
	users  []user
}

type user struct {
	Login string `json:"login"`
	Name  string `json:"name"`
}

func (s *store) open(ctx context.Context) (*fsa.App, error) {
	s.opened = true
	s.users = []user{{"calvin", "Calvin"}, {"susie", "Susie \x1b[31mDerkins\u202e\u009b"}}
	fmt.Fprintln(os.Stderr, "opened", s.flags.DB)
	if s.flags.DB == "broken" {
		return nil, errors.New("the database is broken")
	}
	cfg, err := fsa.Load("acme.toml")
	if err != nil {
		return nil, err
	}
	return newApp(cfg), ctx.Err()
}

func (s *store) close() error {
	fmt.Fprintln(os.Stderr, "closed")
	if !s.opened {
		return errors.New("closed without having been opened")
	}
	if s.flags.DB == "unclosable" {
		return errors.New("the database cannot be closed")
	}
	return nil
}

// newApp is the application. ACME_FAULTS makes it one with faults.
func newApp(cfg fsa.Config) *fsa.App {
	app := fsa.New("acme", cfg)
	app.UserPass(func(ctx context.Context, login string) (string, error) { return "", fsa.ErrNoSuchUser })
	app.GroupCheck("admin", func(context.Context, string) (bool, error) { return true, nil })
	fsa.ObjectPerms(app, "store", func(ctx context.Context, login string, sid int, mode string) (bool, error) { return true, nil })
	db := "sqlite:acme.db"
	app.Directive("ACME_DB", &db)
	secret := fsa.Secret("")
	app.Directive("ACME_LICENCE", &secret)
	type storeIn struct {
		SID   int
		From  *fsa.Date
		Items []struct{ Name string } `param:",optional"`
		Limit int                     `default:"20" doc:"how many"`
		By    fsa.CurrentUser
	}
	fsa.Get(app, "/hello", authz.Open(), func(context.Context, fsa.None) (string, error) { return "hello", nil }, fsa.Doc("Says hello."))
	fsa.Get(app, "/store/{sid}", authz.Any(authz.Group("admin"), authz.Object("store", "sid", "read")), func(context.Context, storeIn) (string, error) { return "", nil }, fsa.Authn("token", "basic"))
	fsa.Post(app, "/upload", authz.Open(), func(context.Context, struct {
		Text string `in:"body"`
	}) (string, error) {
		return "stored", nil
	})
	fsa.Get(app, "/watch", authz.Open(), func(ctx context.Context, _ fsa.None) (iter.Seq[fsa.Event], error) {
		return func(yield func(fsa.Event) bool) {
			yield(fsa.Event{Data: "one"})
			<-ctx.Done()
		}, nil
	})
	if os.Getenv("ACME_FAULTS") != "" {
		fsa.Get(app, "/gone", authz.Group("gone"), func(context.Context, fsa.None) (string, error) { return "", nil })
		fsa.Get(app, "gone", authz.Auth(), func(context.Context, fsa.None) (string, error) { return "", nil })
	}
	return app
}

// plain is the shortest program.
func plain() *fsa.App {
	cfg, err := fsa.Load("")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return newApp(cfg)
}

// users is a group of commands, as a package has them.
type users struct {
	List   listUsers  `cmd:"" help:"List the users."`
	Create createUser `cmd:"" help:"Add a user."`
}

type listUsers struct {
	cli.Output
	One   bool `help:"Only the first, by itself."`
	store *store
}

func (l *listUsers) Run(ctx context.Context, c *cli.Call) error {
	login := cli.Column[user]{Title: "LOGIN", Text: func(u user) string { return u.Login }}
	name := cli.Column[user]{Title: "NAME", Text: func(u user) string { return u.Name }}
	if l.One {
		return cli.PrintOne(c.Stdout, l.Output, l.store.users[1], login, name)
	}
	return cli.Print(c.Stdout, l.Output, l.store.users, login, name)
}

type createUser struct {
	Login string   `arg:"" help:"What they log in by."`
	Role  []string `help:"What they may do."`
	store *store
}

func (u *createUser) Run(ctx context.Context, c *cli.Call) error {
	switch {
	case strings.Contains(u.Login, " "):
		return cli.Usagef("a login has no space, as %q has", u.Login)
	case u.Login == "calvin":
		return cli.Hint(errors.New("there is a user calvin already"), "choose another login, or see %s", "acme users list")
	case u.Login == "nobody":
		return errors.Join(errors.New("first"), fmt.Errorf("second \x1b[1m"))
	case u.Login == "slow":
		fmt.Fprintln(c.Stderr, "waiting")
		<-ctx.Done()
		return fmt.Errorf("while a user was added: %w", ctx.Err())
	case u.Login == "stuck":
		fmt.Fprintln(c.Stderr, "waiting")
		<-ctx.Done()
		fmt.Fprintln(c.Stderr, "told")
		time.Sleep(time.Hour)
	}
	_, err := fmt.Fprintln(c.Stdout, "added", u.Login, "with", u.Role, "to", u.store.flags.DB)
	return err
}

// code runs a command and succeeds if it ends with the given exit code.
func code() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if got := cmd.ProcessState.ExitCode(); fmt.Sprint(got) != os.Args[1] {
		fmt.Fprintf(os.Stderr, "the exit code is %d, not %s (%v)\n", got, os.Args[1], err)
		os.Exit(1)
	}
}
