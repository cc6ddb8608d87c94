package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// Typed writes a prompt to w, and reads the line that is typed at a terminal, which does not
// show it. If ctx ends before, the terminal shows again what is typed, and the error is
// that of ctx.
func Typed(ctx context.Context, terminal *os.File, w io.Writer, prompt string) ([]byte, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	type answer struct {
		text []byte
		err  error
	}
	fmt.Fprint(w, prompt)
	defer fmt.Fprintln(w)
	answers := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}
