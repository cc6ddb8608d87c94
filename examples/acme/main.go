// Command acme is the application of the tutorial: users own stuff at a price.
// docs/tutorial.md builds it step by step.
//
// It needs no setting: it then runs in mode dev on 127.0.0.1:5000, and prints
// the password of its administrator. ACME_CONFIG names a configuration file
// (acme.toml is built in), ACME_ADDR the address, ACME_PASS the administrator's
// password.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fastsimpleauth/fsa"
)

//go:embed acme.toml
var defaults embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "acme:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg, err := config()
	if err != nil {
		return err
	}
	app, err := newApp(ctx, cfg, os.Getenv("ACME_PASS"))
	if err != nil {
		return err
	}
	return app.Run(ctx, cmp.Or(os.Getenv("ACME_ADDR"), "127.0.0.1:5000"))
}

func config() (fsa.Config, error) {
	if path := os.Getenv("ACME_CONFIG"); path != "" {
		return fsa.Load(path)
	}
	return fsa.LoadFS(defaults, "acme.toml")
}

// newApp puts the application together: database, hooks, routes.
func newApp(ctx context.Context, cfg fsa.Config, pass string) (*fsa.App, error) {
	app := fsa.New("acme", cfg)
	db := newDatabase()
	addHooks(app, db)
	addRoutes(app, db)
	if _, err := app.Handler(); err != nil {
		return nil, err // all that is wrong, before anything is done
	}
	if pass == "" {
		if cfg.Mode == "" || cfg.Mode == "prod" {
			return nil, fmt.Errorf("ACME_PASS is not set, and mode prod has no default for it: set it to the password of the administrator, acme")
		}
		pass = rand.Text()
		fmt.Printf("The administrator is acme, with the password %s (set ACME_PASS to choose another).\n", pass)
	}
	// Whoever runs the application chose this password: the rules for those
	// of users do not apply.
	hash, err := app.HashPasswordUnchecked(ctx, pass)
	if err != nil {
		return nil, err
	}
	return app, db.addUser("acme", hash, "acme@acme.org", true)
}
