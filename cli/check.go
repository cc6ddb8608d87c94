package cli

import (
	"context"
	"fmt"

	"github.com/fastsimpleauth/fsa/internal/console"
)

type check struct{}

// Run tells all that is wrong.
func (*check) Run(ctx context.Context, c *Call) error {
	warnings, err := c.App.Check()
	console.Warnings(c.Stderr, warnings)
	if err != nil {
		return err
	}
	if _, err := c.App.Server(""); err != nil { // which reads the certificate
		return err
	}
	_, err = fmt.Fprintln(c.Stdout, "ok")
	return err
}
