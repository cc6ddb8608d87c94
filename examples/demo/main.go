// Command demo is the demonstration application of FlaskSimpleAuth with the same
// contract: users, their passwords and tokens, and stuff, in SQLite or PostgreSQL.
// docs/migration-flasksimpleauth.md compares the two.
//
//	go run ./examples/demo                                  # JWTs, a database in memory
//	go run ./examples/demo -config examples/demo/demo-fsa.toml -db stuff.db
//	go run ./examples/demo -db postgres://user@localhost/stuff -addr 127.0.0.1:8080
//
// A new database has the administrators foo (password bla) and bla (password foo),
// whom everybody knows: it is for this machine alone.
//
// Uploaded files, and the codes of the second factor that one would otherwise send
// by mail, are written to the working directory.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fastsimpleauth/fsa"
)

//go:embed demo-jwt.toml
var defaults embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	config := flag.String("config", "", "configuration `file` (demo-jwt.toml is built in)")
	addr := flag.String("addr", "127.0.0.1:5000", "`address` to serve on")
	where := flag.String("db", memory, "database: a `file` for SQLite, "+memory+", or a postgres:// URL")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; the settings are flags, see -help", flag.Arg(0))
	}
	cfg, err := load(*config)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, *where)
	if err != nil {
		return err
	}
	defer db.Close()
	dir, err := os.OpenRoot(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	app, err := newApp(ctx, cfg, db, dir)
	if err != nil {
		return err
	}
	return app.Run(ctx, *addr)
}

func load(path string) (fsa.Config, error) {
	if path == "" {
		return fsa.LoadFS(defaults, "demo-jwt.toml")
	}
	return fsa.Load(path)
}

// demo is what the handlers share.
type demo struct {
	*fsa.App
	db  *database
	dir *os.Root // where files are written
}

// newApp puts the application together: hooks, routes, database.
func newApp(ctx context.Context, cfg fsa.Config, db *database, dir *os.Root) (*fsa.App, error) {
	d := &demo{App: fsa.New("demo", cfg), db: db, dir: dir}
	d.Use(literalPercent)
	d.addHooks()
	d.addOpen()
	d.addStuff()
	d.addScare()
	d.addUsers()
	d.addAuth()
	d.addTypes()
	if cfg.TokenType == "jwt" {
		d.addOAuth()
	} else {
		d.addMFA()
	}
	if _, err := d.Handler(); err != nil {
		return nil, err // all that is wrong, before anything is done
	}
	return d.App, db.create(ctx, d.HashPasswordUnchecked)
}
