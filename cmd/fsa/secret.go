package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/fastsimpleauth/fsa/internal/console"
	"golang.org/x/term"
)

// maxSecret bounds what is read of a password, a token or a secret, in bytes. All have
// smaller bounds of their own.
const maxSecret = 64 << 10

// readSecret reads a password or a token: from the terminal, where what is typed is not
// shown, or the one line of standard input. With again, who types is asked twice.
func readSecret(what string, again bool) (string, error) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, maxSecret+1))
		if err != nil {
			return "", failed("", "standard input can't be read: %v", err)
		}
		return oneLine(text, what, "on standard input")
	}
	first, err := typed(what + ": ")
	if err != nil || !again {
		return first, err
	}
	second, err := typed(what + ", again: ")
	if err == nil && first != second {
		err = failed("try again", "what was typed the second time is not what it was the first time")
	}
	return first, err
}

// typed reads a line from the terminal, which does not show it. Whoever ends the program
// here has a terminal that shows what is typed again.
func typed(prompt string) (string, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	text, err := console.Typed(ctx, os.Stdin, os.Stderr, prompt)
	if ctx.Err() != nil {
		os.Exit(130)
	}
	if err != nil {
		return "", failed("", "nothing was typed: %v", err)
	}
	return oneLine(text, strings.ToLower(prompt[:strings.IndexAny(prompt, ":,")]), "")
}

// secretFile reads the one secret of a file.
func secretFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", failed("give the path of a file that holds the secret and nothing else", "%v", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", failed("give the path of a file that holds the secret and nothing else", "%v", err)
	}
	return oneLine(text, "secret", "in "+path)
}

// oneLine gives a text without the line break at its end.
func oneLine(text []byte, what, where string) (string, error) {
	what = strings.ToLower(what)
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case len(text) == 0:
		return "", failed("", "%s", strings.TrimSpace(fmt.Sprintf("there is no %s %s", what, where)))
	case len(text) > maxSecret:
		return "", failed("", "the %s %s has over %d bytes", what, where, maxSecret)
	case bytes.ContainsAny(text, "\r\n"):
		return "", failed("give one line, which is the "+what, "there are several lines %s", where)
	}
	return string(text), nil
}
