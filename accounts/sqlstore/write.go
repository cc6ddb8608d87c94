package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

const (
	maxTries   = 25                     // of a transaction
	maxPause   = 100 * time.Millisecond // between them
	lockWait   = 10 * time.Second       // for others that write to a SQLite file
	commitWait = 30 * time.Second       // for the answer to a commit, and half of it for a rollback
)

// Write implements [accounts.Store]. f must not write to the store but through tx, nor
// read from it: it would wait for itself.
func (s *Store) Write(ctx context.Context, f func(tx accounts.Tx) error) error {
	return s.write(ctx, func(tx *transaction) error { return f(tx) })
}

func (s *Store) write(ctx context.Context, f func(*transaction) error) error {
	for tries := 1; ; tries++ {
		err, again := s.try(ctx, f)
		switch {
		case !again:
			return err
		case tries == maxTries:
			return fmt.Errorf("sqlstore: given up after %d tries: %w", tries, err)
		}
		if err := pause(ctx, tries); err != nil {
			return err
		}
	}
}

// pause waits before another try, longer each time, and not all equally long.
func pause(ctx context.Context, tries int) error {
	timer := time.NewTimer(rand.N(min(time.Millisecond<<min(tries, 10), maxPause)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// try runs f in a transaction once. again says that the transaction has not happened,
// and should be tried again.
func (s *Store) try(ctx context.Context, f func(*transaction) error) (err error, again bool) {
	if err := ctx.Err(); err != nil {
		return err, false
	}
	if s.dialect.turns {
		// Whoever waits for a turn holds no connection, which readers can use.
		select {
		case <-ctx.Done():
			return ctx.Err(), false
		case s.turn <- struct{}{}:
			defer func() { <-s.turn }()
		}
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return doing("connect", err), false
	}
	tx := &transaction{conn: conn, dialect: s.dialect}
	tx.reader = reader{s.dialect, tx}
	defer tx.end(ctx) // also if f panics
	if err := tx.start(ctx); err != nil {
		return ended(ctx, err), ctx.Err() == nil && s.dialect.lost(err)
	}
	err = f(tx)
	if failed := tx.stop(); failed != nil {
		if err == nil {
			err = failed
		}
		return err, ctx.Err() == nil && (s.dialect.lost(failed) || s.dialect.asks(failed))
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err, false
	}
	err = tx.commit(ctx)
	return err, err != nil && s.dialect.asks(err)
}

// transaction is one of the database, on a connection of its own. It is begun and
// ended by statements, as database/sql has no word for how SQLite is to begin one, and
// as its own transactions let a context that ends during the commit hide whether it has
// been done.
type transaction struct {
	reader
	conn    *sql.Conn
	dialect *dialect

	mu      sync.Mutex // held while a statement runs
	open    bool       // the database is in a transaction
	broken  bool       // the connection is not to be used again
	stopped bool       // f has returned
	failed  error      // of the first statement that has failed
}

var _ accounts.Tx = (*transaction)(nil)

// start begins the transaction.
func (tx *transaction) start(ctx context.Context) error {
	if err := tx.dialect.settings(ctx, tx.conn); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	if tx.dialect.turns {
		return tx.startLocked(ctx)
	}
	tx.open = true // also if it fails: then the connection has to go
	for _, q := range tx.dialect.begin {
		if _, err := tx.conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("sqlstore: begin a transaction: %w", err)
		}
	}
	return nil
}

// startLocked begins a transaction that locks the whole database, as soon as nobody
// else has. SQLite would wait itself (busy_timeout), but deaf to the context.
func (tx *transaction) startLocked(ctx context.Context) error {
	var patience int64
	if err := tx.conn.QueryRowContext(ctx, `PRAGMA busy_timeout`).Scan(&patience); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	setPatience := func(ctx context.Context, ms int64) error {
		_, err := tx.conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout = %d`, ms))
		return err
	}
	tx.open = true
	if err := setPatience(ctx, 0); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	err := tx.locked(ctx)
	if restored := setPatience(context.WithoutCancel(ctx), patience); restored != nil {
		tx.broken = true
		err = errors.Join(err, fmt.Errorf("sqlstore: %w", restored))
	}
	return err
}

func (tx *transaction) locked(ctx context.Context) error {
	limit := time.Now().Add(lockWait)
	for tries := 1; ; tries++ {
		_, err := tx.conn.ExecContext(ctx, tx.dialect.begin[0])
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !tx.dialect.asks(err):
			return fmt.Errorf("sqlstore: begin a transaction: %w", err)
		case time.Now().After(limit):
			return fmt.Errorf("sqlstore: somebody else has been writing to the SQLite database for %v: %w", lockWait, err)
		}
		if err := pause(ctx, min(tries, 5)); err != nil {
			return err
		}
	}
}

// stop ends what f can do, and gives the error of the first statement that has failed.
func (tx *transaction) stop() error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.stopped = true
	return tx.failed
}

// commit makes all of it last. From here on the context ends nothing: otherwise
// nobody would know whether it has been done.
func (tx *transaction) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWait)
	defer cancel()
	_, err := tx.conn.ExecContext(ctx, `COMMIT`)
	switch {
	case err == nil:
		tx.open = false
		return nil
	case tx.dialect.refused(err):
		return fmt.Errorf("sqlstore: commit: %w", err)
	}
	return fmt.Errorf("sqlstore: the connection broke during the commit, so it is not known whether the change has been made: %w", err)
}

// end gives the connection back, after a rollback if there has been no commit. A
// connection of which it is not sure that it is in no transaction is closed.
func (tx *transaction) end(ctx context.Context) {
	tx.stop()
	if tx.open {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWait/2)
		defer cancel()
		if _, err := tx.conn.ExecContext(ctx, `ROLLBACK`); err != nil && !tx.isOut(ctx) {
			tx.broken = true
		}
	}
	if tx.broken {
		_ = tx.conn.Raw(func(any) error { return driver.ErrBadConn }) // which closes it
	}
	_ = tx.conn.Close()
}

// isOut reports whether a connection that can't roll back is in no transaction, because
// the failure of a statement, or of the beginning, has ended it. SQLite does so; and
// to close a connection to a database in memory may be to lose the database.
func (tx *transaction) isOut(ctx context.Context) bool {
	if !tx.dialect.turns {
		return false
	}
	if _, err := tx.conn.ExecContext(ctx, `BEGIN`); err != nil {
		return false
	}
	_, err := tx.conn.ExecContext(ctx, `ROLLBACK`)
	return err == nil
}

// during runs a statement of the transaction, and keeps its failure.
func (tx *transaction) during(ctx context.Context, run func() error) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.stopped {
		return errors.New("sqlstore: the transaction has ended: what Write passes to its function is of no use after it")
	}
	err := ended(ctx, run())
	if err != nil && tx.failed == nil {
		tx.failed = err
	}
	return err
}

// ended makes sure that an error tells the end of the context that it comes from. Drivers
// don't always.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// ask implements asker.
func (tx *transaction) ask(ctx context.Context, q string, args []any, take func(*sql.Rows) error) error {
	return tx.during(ctx, func() error {
		rows, err := tx.conn.QueryContext(ctx, tx.dialect.sql(q), args...)
		return taken(rows, err, take)
	})
}

// exec runs a statement that changes something, and gives how many rows it has found.
func (tx *transaction) exec(ctx context.Context, q string, args ...any) (n int64, err error) {
	err = tx.during(ctx, func() error {
		n, err = tx.run(ctx, q, args)
		return err
	})
	return n, err
}

func (tx *transaction) run(ctx context.Context, q string, args []any) (int64, error) {
	r, err := tx.conn.ExecContext(ctx, tx.dialect.sql(q), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// change runs a statement that must find one row. ErrNotFound if it finds none.
func (tx *transaction) change(ctx context.Context, q string, args ...any) error {
	n, err := tx.exec(ctx, q, args...)
	if err == nil && n == 0 {
		err = accounts.ErrNotFound
	}
	return err
}

// insert runs an INSERT and reports whether it has added a row: false if a unique one
// is there already.
func (tx *transaction) insert(ctx context.Context, q string, args ...any) (added bool, err error) {
	err = tx.during(ctx, func() error {
		n, err := tx.run(ctx, q+tx.dialect.ignore, args)
		if tx.dialect.twice != "" && tx.dialect.code(err) == tx.dialect.twice {
			return nil // the statement has had no effect, the transaction goes on
		}
		added = n > 0
		return err
	})
	return added, err
}
