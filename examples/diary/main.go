// Diary is an application with accounts: users register, log in, and write entries of
// up to 280 characters, which they alone see. Who is Writer writes and sees their own;
// who is Admin sees, edits and deletes all.
//
//	go run ./examples/diary                            # SQLite, mode dev, http://localhost:5000
//	go run ./examples/diary -db postgres://…           # PostgreSQL
//	go run ./examples/diary users list                 # and other commands: --help
//
// In mode dev there are two users, admin@example.com with password adminpass and
// writer@example.com with writerpass, and mails are shown at /dev/mailbox.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/accountscli"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
	"github.com/fastsimpleauth/fsa/cli"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// The roles of the diary.
var diaryRoles = []accounts.Role{
	{Name: "Writer", Description: "writes, and sees their own entries", Permissions: []string{"entry:create"}},
	{Name: "Admin", Description: "sees, edits and deletes all entries", Permissions: []string{"entry:create", "entry:delete", "entry:edit"}},
}

func main() { program().Main() }

// program is the diary as a command.
func program() cli.Program {
	var flags struct {
		DB     string `name:"db" default:"diary.db" placeholder:"FILE-OR-URL" help:"Where the diary is kept: a file of SQLite, or a postgres:// address."`
		Config string `name:"config" placeholder:"FILE" help:"The configuration, in TOML. Without it: mode dev, and the FSA_* environment."`
	}
	var db *sql.DB
	var acc *accounts.Accounts
	application := func(ctx context.Context, address string) (*fsa.App, error) {
		cfg, err := fsa.Load(flags.Config)
		if err != nil {
			return nil, err
		}
		if flags.Config == "" && cfg.Mode == "" {
			cfg.Mode = "dev"
		}
		var dialect sqlstore.Dialect
		if db, dialect, err = open(ctx, address); err != nil {
			return nil, err
		}
		d, err := newDiary(ctx, cfg, db, dialect)
		if err != nil {
			return nil, err
		}
		acc = d.acc
		return d.app, nil
	}
	return cli.Program{
		Name: "diary", Help: "A diary with accounts.", Addr: "127.0.0.1:5000", Flags: &flags,
		New:  func(ctx context.Context) (*fsa.App, error) { return application(ctx, flags.DB) },
		Look: func(ctx context.Context) (*fsa.App, error) { return application(ctx, inMemory) }, // so that no file is made
		Close: func() error {
			if db == nil {
				return nil
			}
			return db.Close()
		},
		Commands: accountscli.Commands(func() *accounts.Accounts { return acc }),
	}
}

// inMemory is the address of an empty database that is gone with the program.
const inMemory = ":memory:"

// open opens the database at an address, and sees that it is there.
func open(ctx context.Context, address string) (db *sql.DB, dialect sqlstore.Dialect, err error) {
	shown := address
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		u, bad := url.Parse(address)
		if bad != nil {
			return nil, dialect, errors.New("-db is not an address of PostgreSQL, as postgres://user@host/database")
		}
		shown, dialect = u.Redacted(), sqlstore.PostgreSQL
		db, err = sql.Open("pgx", address)
	} else {
		path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(address)
		db, err = sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
		dialect = sqlstore.SQLite
		if err == nil && address == inMemory {
			db.SetMaxOpenConns(1) // each would have its own
		}
	}
	if err == nil {
		err = db.PingContext(ctx)
	}
	if err != nil {
		return db, dialect, cli.Hint(fmt.Errorf("the database %s can't be opened: %w", shown, err), "give -db a file in a directory that is there, or the address of a PostgreSQL that runs")
	}
	return db, dialect, nil
}

// diary is the application with what it needs.
type diary struct {
	app     *fsa.App
	acc     *accounts.Accounts
	entries *entries
}

// newDiary makes the application on a database, whose tables it makes too.
func newDiary(ctx context.Context, cfg fsa.Config, db *sql.DB, dialect sqlstore.Dialect) (*diary, error) {
	if err := sqlstore.Migrate(ctx, db, dialect); err != nil {
		return nil, err
	}
	store, err := sqlstore.New(ctx, db, dialect)
	if err != nil {
		return nil, err
	}
	d := &diary{app: fsa.New("diary", accounts.Defaults(cfg))}
	d.acc = accounts.New(d.app, store, accounts.Options{
		Registerable: true,
		Roles:        diaryRoles,
		DefaultRoles: []string{"Writer"},
		AdminRole:    "Admin",
		Look:         accounts.Look{Name: "Diary"},
	})
	if d.entries, err = newEntries(ctx, db, dialect); err != nil {
		return nil, err
	}
	d.routes()
	if err := d.acc.Seed(ctx); err != nil {
		return nil, err
	}
	return d, d.seed(ctx)
}

// seed makes the users that mode dev has. In mode prod their passwords, which everybody
// knows, must not be good for anything: it does not start with a database that has
// them.
func (d *diary) seed(ctx context.Context) error {
	for _, u := range []accounts.NewUser{
		{Email: "admin@example.com", Password: "adminpass", Roles: []string{"Admin"}},
		{Email: "writer@example.com", Password: "writerpass", Roles: []string{"Writer"}},
	} {
		_, err := d.acc.FindUser(ctx, u.Email)
		there := err == nil
		switch {
		case err != nil && !errors.Is(err, fsa.ErrNoSuchUser):
			return err
		case d.app.Mode() == "prod" && there:
			return cli.Hint(fmt.Errorf("the database has %s, a user of mode dev whose password everybody knows", u.Email), "give -db another database, or FSA_MODE = \"dev\"")
		case d.app.Mode() == "prod" || there:
			continue
		}
		u.InsecurePassword, u.Confirmed = true, true
		if _, err := d.acc.CreateUser(ctx, u, accounts.Actor{}); err != nil && !errors.Is(err, accounts.ErrEmailTaken) {
			return fmt.Errorf("user %s: %w", u.Email, err)
		}
	}
	return nil
}
