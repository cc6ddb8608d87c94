package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fastsimpleauth/fsa/internal/console"
	"golang.org/x/term"
)

type hash struct {
	readsSecret
	Unchecked bool `help:"Take a password that the rules for new ones refuse."`
}

// Run prints the hash of a password.
func (h *hash) Run(ctx context.Context, c *Call) error {
	password, err := c.secret(ctx, "Password: ", "Password, again: ")
	if err != nil {
		return err
	}
	make := c.App.HashPassword
	if h.Unchecked {
		make = c.App.HashPasswordUnchecked
	}
	text, err := make(ctx, password)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Stdout, text)
	return err
}

// readsSecret is embedded in commands that read a secret. One that is given as an
// argument is refused, and not repeated: it is no argument, since other users of the
// machine can see these, and shells keep them.
type readsSecret struct{}

func (readsSecret) secretive() {}

// maxSecret is more than any password or token has, in bytes.
const maxSecret = 64 << 10

// secret reads a secret: the one line of standard input or, from a terminal, what is
// typed, without showing it. With several prompts, the same is to be typed each time.
func (c *Call) secret(ctx context.Context, prompts ...string) (string, error) {
	var text []byte
	var err error
	if f, ok := c.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		for i, prompt := range prompts {
			first := text
			if text, err = console.Typed(ctx, f, c.Stderr, prompt); err != nil {
				break
			}
			if i > 0 && !bytes.Equal(text, first) {
				return "", withHint(errors.New("what was typed the second time is not what it was the first time"), "try again")
			}
		}
	} else {
		text, err = io.ReadAll(io.LimitReader(c.Stdin, maxSecret+1))
	}
	if err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case len(text) == 0:
		return "", withHint(errors.New("standard input is empty"), "type it, or pipe in one line")
	case len(text) > maxSecret:
		return "", fmt.Errorf("standard input has more than %d bytes", maxSecret)
	case bytes.ContainsAny(text, "\r\n"):
		return "", withHint(errors.New("standard input has several lines"), "pipe in one line")
	}
	return string(text), nil
}
