package cli

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/fastsimpleauth/fsa"
)

// Command adds a command, or a group of them such as "users create" and "users list".
type Command struct {
	Name string // as it is typed
	Help string // what it does, in a few words

	// Struct points to a struct whose fields are the command's flags and arguments,
	// and which is a [Runner]; or, of a group, whose fields are such structs, with
	// the tag cmd. The tags are those of kong (github.com/alecthomas/kong):
	//
	//	type users struct {
	//		Create createUser `cmd:"" help:"Add a user."`
	//		List   listUsers  `cmd:"" help:"List the users."`
	//	}
	//
	//	type createUser struct {
	//		Email string   `arg:"" help:"Where to reach them."`
	//		Role  []string `help:"What they may do."`
	//		store *store   // no flag, since it is not exported
	//	}
	//
	//	func (c *createUser) Run(ctx context.Context, call *cli.Call) error
	Struct any
}

// Runner does what a command is for. The context ends when the program is told to
// stop. An error is told, and is a failure; [Hint] adds what to do about it, and that
// of [Usagef] says that the command line is wrong.
type Runner interface {
	Run(ctx context.Context, call *Call) error
}

// Call is what a command has to work with.
type Call struct {
	App    *fsa.App // as [Program].New has made it; it may have faults
	Stdin  io.Reader
	Stdout io.Writer // what was asked for
	Stderr io.Writer // all else

	program Program
}

// Hint adds to an error what to do about it.
func Hint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return withHint(err, format, args...)
}

func withHint(err error, format string, args ...any) error {
	return &hinted{err, fmt.Sprintf(format, args...)}
}

type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

func (h *hinted) Hint() string { return h.hint }

// Usagef makes an error of the command line: the exit code is 2.
func Usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

type usageError struct{ error }

func (u *usageError) Unwrap() error { return u.error }

// builtin are the commands of every application.
type builtin struct {
	Serve  serve  `cmd:"" default:"withargs" help:"Serve the application. This is the default."`
	Routes routes `cmd:"" help:"List the routes, with who may call them and their parameters."`
	Check  check  `cmd:"" help:"Check configuration and routes, and tell all that is wrong."`
	Config config `cmd:"" help:"Show all directives, with where they are set."`
	Hash   hash   `cmd:"" help:"Hash a password, from the terminal or standard input."`
	Token  tokens `cmd:"" help:"Make and check tokens."`
}

// These do nothing but look at the application.
func (*routes) looks() {}
func (*check) looks()  {}
func (*config) looks() {}
func (*hash) looks()   {}

func pointsToStruct(v any) bool {
	t := reflect.TypeOf(v)
	return t != nil && t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && !reflect.ValueOf(v).IsNil()
}

// runnerOf gives what runs a command, nil if nothing does.
func runnerOf(n *kong.Node) Runner {
	for ; n != nil; n = n.Parent {
		if n.Type == kong.CommandNode && n.Target.CanAddr() {
			r, _ := n.Target.Addr().Interface().(Runner)
			return r
		}
	}
	return nil
}

// wired checks that each command can be told from the others and run.
func wired(app *kong.Application) error {
	above := map[string]bool{}
	for _, f := range app.Flags {
		above[f.Name] = true
	}
	return eachCommand(app.Node, "", func(n *kong.Node, name string) error {
		seen := map[string]bool{}
		for _, c := range n.Children {
			if seen[c.Name] {
				return fmt.Errorf("there are two commands %q; give one another name", strings.TrimSpace(name+" "+c.Name))
			}
			seen[c.Name] = true
		}
		if n == app.Node {
			return nil
		}
		for _, f := range n.Flags {
			if above[f.Name] {
				return fmt.Errorf("the command %q has a flag --%s, and so has the program; give one another name", name, f.Name)
			}
		}
		if n.Leaf() && runnerOf(n) == nil {
			return fmt.Errorf("the command %q is a %s, which has no method Run(context.Context, *cli.Call) error", name, n.Target.Type())
		}
		return nil
	})
}

func eachCommand(n *kong.Node, name string, do func(n *kong.Node, name string) error) error {
	if err := do(n, name); err != nil {
		return err
	}
	for _, c := range n.Children {
		if err := eachCommand(c, strings.TrimSpace(name+" "+c.Name), do); err != nil {
			return err
		}
	}
	return nil
}

var oneDashRE = regexp.MustCompile(`^-([A-Za-z][\w-]+)(=|$)`)

// dashes writes flags with two dashes that came with one, as is usual with programs
// in Go. One that nobody knows is written so, too, unless it begins with the letter of
// a known one.
func dashes(args []string, app *kong.Application) []string {
	long, short := map[string]bool{}, map[byte]bool{}
	eachCommand(app.Node, "", func(n *kong.Node, _ string) error {
		for _, f := range n.Flags {
			long[f.Name], short[byte(f.Short)] = true, true
		}
		return nil
	})
	all := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(all[i:], args[i:])
			break
		}
		all[i] = arg
		if m := oneDashRE.FindStringSubmatch(arg); m != nil && (long[m[1]] || !short[arg[1]]) {
			all[i] = "-" + arg
		}
	}
	return all
}
