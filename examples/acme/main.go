// Command acme is the application of the tutorial: users own stuff at a price.
// docs/tutorial.md builds it step by step.
//
// It needs no setting: it then runs in mode dev on 127.0.0.1:5000, and prints
// the password of its administrator. ACME_CONFIG names a configuration file
// (acme.toml is built in), ACME_ADDR the address, ACME_PASS the administrator's
// password. It has the commands of package cli, such as acme routes.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"os"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/cli"
)

//go:embed acme.toml
var defaults embed.FS

func main() {
	var a *acme
	cli.Program{
		Help: "Users own stuff at a price.",
		Addr: cmp.Or(os.Getenv("ACME_ADDR"), "127.0.0.1:5000"),
		New: func(context.Context) (*fsa.App, error) {
			cfg, err := config()
			if err != nil {
				return nil, err
			}
			a = assemble(cfg)
			return a.app, nil
		},
		Serve: func(ctx context.Context, app *fsa.App, addr string) error {
			if err := a.addAdministrator(ctx, os.Getenv("ACME_PASS")); err != nil {
				return err
			}
			return app.Run(ctx, addr)
		},
	}.Main()
}

func config() (fsa.Config, error) {
	if path := os.Getenv("ACME_CONFIG"); path != "" {
		return fsa.Load(path)
	}
	return fsa.LoadFS(defaults, "acme.toml")
}

// newApp makes the application, with its administrator.
func newApp(ctx context.Context, cfg fsa.Config, pass string) (*fsa.App, error) {
	a := assemble(cfg)
	return a.app, a.addAdministrator(ctx, pass)
}

// acme is the application and what it needs.
type acme struct {
	mode string
	app  *fsa.App
	db   *database
}

// assemble puts the application together: database, hooks, routes.
func assemble(cfg fsa.Config) *acme {
	a := &acme{cfg.Mode, fsa.New("acme", cfg), newDatabase()}
	addHooks(a.app, a.db)
	addRoutes(a.app, a.db)
	return a
}

// addAdministrator adds the first user, if nothing is wrong with the application.
func (a *acme) addAdministrator(ctx context.Context, pass string) error {
	if _, err := a.app.Handler(); err != nil {
		return err // all that is wrong, before anything is done
	}
	if pass == "" {
		if a.mode == "" || a.mode == "prod" {
			return fmt.Errorf("ACME_PASS is not set, and mode prod has no default for it: set it to the password of the administrator, acme")
		}
		pass = rand.Text()
		fmt.Printf("The administrator is acme, with the password %s (set ACME_PASS to choose another).\n", pass)
	}
	// Whoever runs the application chose this password: the rules for those
	// of users do not apply.
	hash, err := a.app.HashPasswordUnchecked(ctx, pass)
	if err != nil {
		return err
	}
	return a.db.addUser("acme", hash, "acme@acme.org", true)
}
