package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/internal/console"
)

// Main does what the command line asks of the application, and ends the program.
func Main(app *fsa.App, commands ...Command) {
	Program{
		New:      func(context.Context) (*fsa.App, error) { return app, nil },
		Commands: commands,
	}.Main()
}

// Program is an application as a command.
type Program struct {
	// New makes the application, with what it needs. It is called once the command
	// line is understood, so that a typing error and --help need no database and no
	// configuration. The flags of Flags have their values by then. Its error is told
	// as others are: those of [fsa.Load] fault by fault.
	New func(ctx context.Context) (*fsa.App, error)

	// Look makes the application for commands that do nothing but look at it: routes,
	// check, config and hash. It may do without a database, or take an empty one in
	// memory, so that they leave no trace. Default: New.
	Look func(ctx context.Context) (*fsa.App, error)

	// Close closes what New or Look has opened, such as a database, when the command
	// is done or they have failed. May be nil.
	Close func() error

	// Name is what the program is called in its help. Default: as it was called.
	Name string

	// Help says in a sentence what the program is.
	Help string

	// Addr is where serve listens without its flag -addr. Default localhost:5000.
	Addr string

	// Serve serves, until ctx ends: by [fsa.App.Run], if it is nil. It is for
	// applications that do something else beside it.
	Serve func(ctx context.Context, app *fsa.App, addr string) error

	// Flags points to a struct whose fields are flags of all commands, by the tags
	// of kong as in [Command]. May be nil.
	Flags any

	// Commands are those of other packages and of the application's own.
	Commands []Command
}

// Main does what the command line of the process asks for, and ends the process.
func (p Program) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal does not wait
	os.Exit(p.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Run does what the arguments ask for, without the name of the program, and gives the
// exit code: 0, 1 after a failure, which stderr has, 2 if the arguments can't be
// understood. The end of ctx ends it.
func (p Program) Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	runner, code, err := p.parse(args, stdout)
	if err != nil {
		console.Errors(stderr, err)
	}
	if runner == nil {
		return code
	}
	if err := p.run(ctx, runner, &Call{Stdin: stdin, Stdout: stdout, Stderr: stderr, program: p}); err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = errors.New("interrupted")
		}
		console.Errors(stderr, err)
		if u := (*usageError)(nil); errors.As(err, &u) {
			return usage
		}
		return failure
	}
	return 0
}

const (
	failure = 1
	usage   = 2
)

// run runs a command with its application.
func (p Program) run(ctx context.Context, r Runner, c *Call) (err error) {
	if p.New == nil {
		return errors.New("cli.Program has no function New, which makes the application")
	}
	if p.Close != nil {
		defer func() { err = errors.Join(err, p.Close()) }()
	}
	name, make := "New", p.New
	if _, looks := r.(interface{ looks() }); looks && p.Look != nil {
		name, make = "Look", p.Look
	}
	if c.App, err = make(ctx); err != nil {
		return err
	}
	if c.App == nil {
		return fmt.Errorf("cli.Program: %s has made no application", name)
	}
	return r.Run(ctx, c)
}

// parse finds the command that the arguments ask for. If there is none to run, code is
// the exit code.
func (p Program) parse(args []string, stdout io.Writer) (r Runner, code int, err error) {
	name := cmp.Or(p.Name, filepath.Base(os.Args[0]))
	helped := false
	options := []kong.Option{
		kong.Name(name), kong.Description(p.Help), kong.Writers(stdout, io.Discard),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"addr": cmp.Or(p.Addr, "localhost:5000")},
	}
	if p.Flags != nil {
		if !pointsToStruct(p.Flags) {
			return nil, failure, fmt.Errorf("cli.Program: Flags is a %T, not a pointer to a struct", p.Flags)
		}
		options = append(options, kong.Embed(p.Flags))
	}
	for _, c := range p.Commands {
		if !pointsToStruct(c.Struct) {
			return nil, failure, fmt.Errorf("cli.Command %q: Struct is a %T, not a pointer to a struct", c.Name, c.Struct)
		}
		options = append(options, kong.DynamicCommand(c.Name, c.Help, "", c.Struct))
	}
	k, err := kong.New(new(builtin), options...)
	if err != nil {
		return nil, failure, fmt.Errorf("the commands of the program: %w", err)
	}
	if err := wired(k.Model); err != nil {
		return nil, failure, err
	}
	parsed, err := k.Parse(dashes(args, k.Model))
	switch {
	case helped:
		return nil, 0, nil
	case err != nil:
		return nil, usage, mistyped(name, err)
	}
	return runnerOf(parsed.Selected()), 0, nil
}

// mistyped tells what can't be understood, and which command's help tells more.
func mistyped(name string, err error) error {
	var at *kong.Node
	if e := (*kong.ParseError)(nil); errors.As(err, &e) && e.Context != nil {
		at = e.Context.Selected()
		if at != nil && at.Tag.Default != "" && !slices.Contains(e.Context.Args, at.Name) {
			at = nil // nobody has asked for it
		}
	}
	if at == nil {
		return withHint(err, "see %s --help", name)
	}
	if _, ok := runnerOf(at).(interface{ secretive() }); ok && strings.HasPrefix(err.Error(), "unexpected argument") {
		err = errors.New("there is an argument that is not expected: what is secret is typed, or piped in")
	}
	return withHint(err, "see %s --help", at.FullPath())
}
