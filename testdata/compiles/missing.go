//go:build ignore

// A route without a rule does not compile.
package main

import (
	"context"

	"github.com/fastsimpleauth/fsa"
)

func main() {
	app := fsa.New("acme", fsa.Config{})
	fsa.Get(app, "/", func(context.Context, fsa.None) (string, error) { return "", nil })
}
