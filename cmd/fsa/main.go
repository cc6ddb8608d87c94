package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/internal/console"
)

// commands are what there is.
type commands struct {
	New     newCommand       `cmd:"" help:"Begin an application: a project that builds, runs and is tested."`
	Hash    hashCommand      `cmd:"" help:"Hash a password."`
	Token   tokenCommands    `cmd:"" help:"Make, check or show tokens."`
	Convert convertCommand   `cmd:"" help:"Convert a configuration of FlaskSimpleAuth to TOML."`
	Version kong.VersionFlag `help:"Show the version."`
}

const description = `What goes with applications of FSA, Fast Simple Auth for Go.

"fsa COMMAND --help" has examples of a command.`

func main() { os.Exit(run(os.Args[1:])) }

// run runs a command, and returns its exit status.
func run(args []string) int {
	parser, err := kong.New(&commands{},
		kong.Name("fsa"), kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 90}),
		kong.Vars{"version": "fsa " + fsa.Version()})
	if err != nil {
		panic(err) // the declarations above are wrong
	}
	command, err := parser.Parse(args)
	if err != nil {
		return report(misuse(err))
	}
	return report(command.Run())
}

// failure is an error with what to do about it.
type failure struct {
	problem string
	hint    string
	usage   bool // the command was called in a wrong way
}

func (f *failure) Error() string { return f.problem }

// Hint is for package console, which writes it below.
func (f *failure) Hint() string { return f.hint }

func failed(hint, format string, args ...any) *failure {
	return &failure{problem: fmt.Sprintf(format, args...), hint: hint}
}

// misuse is a failure to understand the command line. What is too much on it, or in the
// wrong place, is not repeated: it may be a password that somebody took for an argument.
func misuse(err error) *failure {
	f := &failure{problem: err.Error(), usage: true}
	path := "fsa"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if n := parse.Context.Selected(); n != nil {
			path = n.FullPath()
		}
		if n := parse.Context.Command(); n != "" && path == "fsa" {
			path = "fsa " + n // of a command that needs another word
		}
	}
	if path != "fsa" && strings.HasPrefix(f.problem, "unexpected argument") {
		f.problem = "there is an argument that is not expected"
	}
	f.hint = path + " --help tells how to use it"
	if strings.HasPrefix(path, "fsa hash") || strings.HasPrefix(path, "fsa token") {
		f.problem, _, _ = strings.Cut(f.problem, " but got ")
		f.hint += "; passwords, tokens and secrets are never arguments"
	}
	return f
}

// report tells of an error, of each one if it joins several, and returns the exit status.
func report(err error) int {
	if err == nil {
		return 0
	}
	console.Errors(os.Stderr, err)
	var f *failure
	if errors.As(err, &f) && f.usage {
		return 2
	}
	return 1
}

// parts takes an error that joins others apart.
func parts(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, parts(e)...)
	}
	return all
}
