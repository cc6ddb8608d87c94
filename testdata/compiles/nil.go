//go:build ignore

// nil is not a rule.
package main

import (
	"context"

	"github.com/fastsimpleauth/fsa"
)

func main() {
	app := fsa.New("acme", fsa.Config{})
	fsa.Get(app, "/", nil, func(context.Context, fsa.None) (string, error) { return "", nil })
}
