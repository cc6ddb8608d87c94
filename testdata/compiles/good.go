//go:build ignore

// A route with a rule compiles.
package main

import (
	"context"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

func main() {
	app := fsa.New("acme", fsa.Config{})
	fsa.Get(app, "/", authz.Auth(), func(context.Context, fsa.None) (string, error) { return "", nil })
}
