package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fastsimpleauth/fsa/internal/convert"
)

type convertCommand struct {
	File        string `arg:"" help:"The configuration to convert; - is standard input."`
	Output      string `short:"o" placeholder:"FILE" type:"path" help:"Where to write, in the place of standard output. It must not be there yet."`
	Force       bool   `short:"f" help:"Write over a file that is there."`
	KeepSecrets bool   `help:"Write the secrets that the file holds. Those of the environment are left out in any case."`
}

func (*convertCommand) Help() string {
	return `The configuration of a FlaskSimpleAuth application is a Python file. Nothing of it is
run: what is read are literals, operators on them, os.environ and os.getenv. All else is
left to you, and so is what differs, is gone or needs code here: a comment that begins
with #! says so, with its line. "fsa.Load" reads the result.

The values of os.environ are those of this moment, and each is told of in a comment.

Examples:

  fsa convert acme.conf
  fsa convert acme.conf --output acme.toml
  env -i fsa convert acme.conf    # as if nothing was set in the environment`
}

func (c *convertCommand) Run() error {
	source, err := c.read()
	if err != nil {
		return err
	}
	environment := takeDirectives()
	name := filepath.Base(c.File)
	if c.File == "-" {
		name = "standard input"
	}
	result, err := convert.Convert(source, convert.Options{
		Name: name, Lookup: environment, KeepSecrets: c.KeepSecrets,
	})
	var syntax *convert.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return failed("", "%s:%d: %s", name, syntax.Line, syntax.Problem)
	case err != nil:
		return failed("give the path of a configuration in Python", "%s: %v", name, err)
	}
	if err := c.write(result.Text); err != nil {
		return err
	}
	if n := len(result.Attention); n > 0 {
		fmt.Fprintf(os.Stderr, "note: %d set, %d to look at (see the comments with #!): %s\n", len(result.Set), n, strings.Join(result.Attention, ", "))
	}
	return nil
}

func (c *convertCommand) read() (string, error) {
	f := os.Stdin
	if c.File != "-" {
		var err error
		if f, err = os.Open(c.File); err != nil {
			return "", failed("give the path of a configuration in Python", "%v", err)
		}
		defer f.Close()
	}
	text, err := io.ReadAll(io.LimitReader(f, convert.MaxSize+1))
	if err != nil {
		return "", failed("give the path of a configuration in Python", "%v", err)
	}
	return string(text), nil
}

// takeDirectives takes the variables of the environment away that package fsa would read
// beside the result, and gives all variables to those who look them up.
func takeDirectives() func(name string) (string, bool) {
	all := map[string]string{}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		all[name] = value
		if strings.HasPrefix(name, "FSA_") {
			os.Unsetenv(name)
		}
	}
	return func(name string) (string, bool) {
		value, ok := all[name]
		return value, ok
	}
}

// write writes the result, for its owner only: it may hold secrets.
func (c *convertCommand) write(text string) error {
	if c.Output == "" {
		_, err := fmt.Print(text)
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.Force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(c.Output, flags, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return failed("choose another name, or add --force to write over it", "%s is there already", c.Output)
	case err != nil:
		return failed("", "%v", err)
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
