package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

// Store keeps accounts in a SQL database. It implements [accounts.Store] and is safe
// for concurrent use.
type Store struct {
	reader
	db       *sql.DB
	dialect  *dialect
	prepared map[string]*sql.Stmt // of the queries that each request may need
	turn     chan struct{}        // who has put one in may write, if the dialect takes turns
}

var _ accounts.Store = (*Store)(nil)

// New gives the store in a database whose tables [Migrate] has made. It is to be made
// once and kept, as it has prepared statements; they end with db, which stays the
// caller's. The error says what is to be done: if the tables are not there, older or
// newer than the program, if the database does not speak the dialect, or a connection
// lacks a setting that the package comment asks for.
func New(ctx context.Context, db *sql.DB, d Dialect) (*Store, error) {
	how, err := d.how()
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, dialect: how, turn: make(chan struct{}, 1)}
	s.reader = reader{how, s}
	if err := s.check(ctx); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	if how.prepare {
		s.prepared = map[string]*sql.Stmt{}
		for _, q := range []string{userByID, hasRole, hasPermission, sessionByHash} {
			if s.prepared[q], err = db.PrepareContext(ctx, how.sql(q)); err != nil {
				return nil, fmt.Errorf("sqlstore: %w", err)
			}
		}
	}
	return s, nil
}

// check looks whether the database is what the store needs.
func (s *Store) check(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := s.dialect.probed(ctx, conn); err != nil {
		return err
	}
	if err := s.dialect.settings(ctx, conn); err != nil {
		return err
	}
	have, err := s.dialect.version(ctx, conn)
	if err != nil {
		return err
	}
	want, err := s.dialect.migrations()
	if err != nil {
		return err
	}
	switch newest := want[len(want)-1].version; {
	case have == 0:
		return fmt.Errorf("the tables of accounts are not in the database: call sqlstore.Migrate before sqlstore.New")
	case have < newest:
		return fmt.Errorf("the tables of accounts have version %d, and the program needs %d: call sqlstore.Migrate before sqlstore.New", have, newest)
	case have > newest:
		return fmt.Errorf("the tables of accounts have version %d, and the program knows %d at most: run the newer program that has renewed them, or restore the database from before", have, newest)
	}
	return s.dialect.foundRows(ctx, conn)
}

// probed checks that the database speaks the dialect.
func (d *dialect) probed(ctx context.Context, conn *sql.Conn) error {
	var answer string
	if err := conn.QueryRowContext(ctx, d.probe).Scan(&answer); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("the database does not answer as %s does: give the dialect of the database, and look whether it can be reached: %w", d.name, err)
	}
	return nil
}

// settings checks what a connection must be set to. In SQLite each has its own.
func (d *dialect) settings(ctx context.Context, conn *sql.Conn) error {
	if !d.turns {
		return nil
	}
	var on bool
	if err := conn.QueryRowContext(ctx, `PRAGMA foreign_keys`).Scan(&on); err != nil {
		return err
	}
	if !on {
		return errors.New("foreign keys are off in SQLite, so that what belongs to a user would outlive them: add _pragma=foreign_keys(1) to the address for modernc.org/sqlite (file:app.db?_pragma=foreign_keys(1)), _foreign_keys=1 for github.com/mattn/go-sqlite3")
	}
	return nil
}

// foundRows checks that an update tells how many rows it has found, not how many it
// has made different.
func (d *dialect) foundRows(ctx context.Context, conn *sql.Conn) error {
	if d != dialects[MariaDB] {
		return nil
	}
	r, err := conn.ExecContext(ctx, `UPDATE accounts_versions SET version = version WHERE version = 1`)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errors.New("the connection counts the rows that are changed instead of those that are found: add clientFoundRows=true to the address of MariaDB (user:password@tcp(host:3306)/name?clientFoundRows=true)"), err)
	}
	return nil
}

// ask implements asker: outside of a transaction, on any connection.
func (s *Store) ask(ctx context.Context, q string, args []any, take func(*sql.Rows) error) error {
	for tries := 1; ; tries++ {
		err := s.once(ctx, q, args, take)
		if err == nil || ctx.Err() != nil || tries == maxTries || !s.dialect.asks(err) {
			return err
		}
		if err := pause(ctx, tries); err != nil {
			return err
		}
	}
}

func (s *Store) once(ctx context.Context, q string, args []any, take func(*sql.Rows) error) error {
	var rows *sql.Rows
	var err error
	if stmt := s.prepared[q]; stmt != nil {
		rows, err = stmt.QueryContext(ctx, args...)
	} else {
		rows, err = s.db.QueryContext(ctx, s.dialect.sql(q), args...)
	}
	return ended(ctx, taken(rows, err, take))
}

// taken hands the rows over, and closes them.
func taken(rows *sql.Rows, err error, take func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := take(rows); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}

// Purge implements [accounts.Store]. It removes at most a thousand rows in one
// transaction, so that nobody waits long for it.
func (s *Store) Purge(ctx context.Context, now, before time.Time) (int, error) {
	removed := 0
	for _, p := range []struct {
		q     string
		until time.Time
	}{
		{`DELETE FROM sessions WHERE id IN (SELECT id FROM (SELECT id FROM sessions WHERE expires_at <= ? LIMIT 1000) AS gone)`, now},
		{`DELETE FROM tickets WHERE hash IN (SELECT hash FROM (SELECT hash FROM tickets WHERE expires_at <= ? LIMIT 1000) AS gone)`, now},
		{`DELETE FROM devices WHERE (user_id, hash) IN (SELECT user_id, hash FROM (SELECT user_id, hash FROM devices WHERE expires_at <= ? LIMIT 1000) AS gone)`, now},
		{`DELETE FROM letters WHERE id IN (SELECT id FROM (SELECT id FROM letters WHERE created_at < ? LIMIT 1000) AS gone)`, before},
		{`DELETE FROM events WHERE id IN (SELECT id FROM (SELECT id FROM events WHERE happened_at < ? LIMIT 1000) AS gone)`, before},
	} {
		for {
			var n int64
			err := s.write(ctx, func(tx *transaction) (err error) {
				n, err = tx.exec(ctx, p.q, micros(p.until))
				return err
			})
			if err != nil {
				return removed, fmt.Errorf("sqlstore: remove what has had its time: %w", err)
			}
			removed += int(n)
			if n < 1000 {
				break
			}
		}
	}
	return removed, nil
}
