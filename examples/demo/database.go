package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// memory is the name of the database that ends with the program.
const memory = ":memory:"

// database is SQLite or PostgreSQL. The statements are the same for both, with
// $1 for the first value.
type database struct {
	*sql.DB
	postgres bool
	clock    func() time.Time // for the ages of codes
}

// openDatabase opens the database of a postgres:// URL, of a file, or in memory.
func openDatabase(ctx context.Context, where string) (*database, error) {
	scheme, _, isURL := strings.Cut(where, "://")
	switch {
	case scheme == "postgres" || scheme == "postgresql":
		db, err := sql.Open("pgx", where)
		if err != nil {
			return nil, fmt.Errorf("the database: %w", err)
		}
		return checked(ctx, "PostgreSQL", &database{DB: db, postgres: true, clock: time.Now})
	case isURL:
		return nil, fmt.Errorf("the database has the URL scheme %q; it is a file for SQLite, %s, or a postgres:// URL", scheme, memory)
	case where == "":
		return nil, fmt.Errorf("the database is missing; it is a file for SQLite, %s, or a postgres:// URL", memory)
	}
	// Writers take turns from the beginning of a transaction, and wait for it.
	name := "file:" + (&url.URL{Path: where}).EscapedPath() + "?_txlock=immediate&_pragma=busy_timeout(5000)"
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("the database %s: %w", where, err)
	}
	if where == memory {
		db.SetMaxOpenConns(1) // another connection would be another database
	}
	return checked(ctx, where, &database{DB: db, clock: time.Now})
}

// checked tries whether the database is there.
func checked(ctx context.Context, name string, db *database) (*database, error) {
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("the database %s: %w", name, err)
	}
	return db, nil
}

// schema is that of the original. A database that it has made will do.
const schema = `
CREATE TABLE stuff(
  sid %[1]s,
  sname TEXT NOT NULL
);
CREATE TABLE auth(
  aid %[1]s,
  login TEXT UNIQUE NOT NULL CHECK (login NOT LIKE '%%@%%'), -- so that it is no other's e-mail
  email TEXT UNIQUE NOT NULL CHECK (email LIKE '%%@%%'),
  upass TEXT NOT NULL,
  admin BOOLEAN NOT NULL DEFAULT FALSE,
  secret TEXT NOT NULL, -- of one-time passwords
  last_otp TEXT,        -- the latest that was used
  code TEXT,            -- temporary, that was sent
  codets %[2]s,         -- and when
  CHECK ((code IS NULL) = (codets IS NULL))
);
`

// create makes the tables with what is in them at first, unless they are there.
func (db *database) create(ctx context.Context, hash func(context.Context, string) (string, error)) error {
	users := []account{
		{Login: "foo", Email: "foo@school.org", UPass: "bla", Admin: true, Secret: "FOOSECRETFOOSECRET"},
		{Login: "bla", Email: "bla@school.org", UPass: "foo", Admin: true, Secret: "BLASECRETBLASECRET"},
	}
	for i := range users {
		var err error
		if users[i].UPass, err = hash(ctx, users[i].UPass); err != nil {
			return err
		}
	}
	err := db.transact(ctx, func(tx *sql.Tx) error {
		key, timestamp, tables := "INTEGER PRIMARY KEY", "TEXT", "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND lower(name) = 'auth'"
		if db.postgres {
			key, timestamp, tables = "BIGSERIAL PRIMARY KEY", "TIMESTAMPTZ", "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'auth'"
			// Two that start at once must not both make them.
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(7266377)"); err != nil {
				return err
			}
		}
		var n int
		if err := tx.QueryRowContext(ctx, tables).Scan(&n); err != nil || n > 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(schema, key, timestamp)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO stuff(sname) VALUES ('Hello'), ('World'), ('!')"); err != nil {
			return err
		}
		for _, u := range users {
			if _, err := addAccount(ctx, tx, u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("the tables: %w", err)
	}
	return nil
}

// now is the database's time.
func (db *database) now(ctx context.Context) (t time.Time, err error) {
	if db.postgres {
		err = db.QueryRowContext(ctx, "SELECT CURRENT_TIMESTAMP").Scan(&t)
		return t.UTC(), err
	}
	var text string
	if err := db.QueryRowContext(ctx, "SELECT CURRENT_TIMESTAMP").Scan(&text); err != nil {
		return t, err
	}
	return time.Parse(time.DateTime, text)
}

// stamp gives a time as the database compares it: SQLite has none but as text.
func (db *database) stamp(t time.Time) any {
	if db.postgres {
		return t
	}
	return t.UTC().Format("2006-01-02 15:04:05.000")
}

// transact runs do in a transaction, which is undone if it fails.
func (db *database) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// querier is a database, or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// changed runs a statement and tells whether it has changed anything.
func changed(ctx context.Context, q querier, query string, args ...any) (bool, error) {
	res, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// conflict turns what the database says of a value that must be unique into an
// answer for the client.
func conflict(err error) error {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	if errors.As(err, &lite) && lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE ||
		errors.As(err, &pg) && pg.Code == "23505" {
		return fsa.Errorf(409, "the login or the e-mail is another user's")
	}
	return err
}
