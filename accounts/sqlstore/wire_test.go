package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
)

// wire is what lies between database/sql and a driver: it sees each statement, and
// does as a test wants.
type wire struct {
	driver.Connector

	mu    sync.Mutex
	seen  []string
	fault func(n int, q string) fault // of the n-th statement, from 1; nil for none
}

// fault is what becomes of a statement.
type fault int

const (
	none    fault = iota
	refuse        // it is not done, and the connection goes on
	cut           // the connection breaks before it
	cutLate       // the connection breaks after it
	bad           // the connection turns out to have been broken all along
)

var errRefused = errors.New("refused by the test")

// wired opens a place with a wire in between.
func (p place) wired(t *testing.T) (*wire, *sql.DB) {
	t.Helper()
	opened, err := sql.Open(p.driver, p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	d := opened.Driver()
	opened.Close()
	w := &wire{Connector: dsnConnector{p.dsn, d}}
	if c, ok := d.(driver.DriverContext); ok {
		if w.Connector, err = c.OpenConnector(p.dsn); err != nil {
			t.Fatal(err)
		}
	}
	db := sql.OpenDB(w)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(16)
	return w, db
}

type dsnConnector struct {
	dsn string
	d   driver.Driver
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.d.Open(c.dsn) }
func (c dsnConnector) Driver() driver.Driver                        { return c.d }

// from here on, statements are counted from 1 and meet the fault.
func (w *wire) from(f func(n int, q string) fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen, w.fault = nil, f
}

// statements gives those that have been seen.
func (w *wire) statements() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

func (w *wire) next(q string) fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, q)
	if w.fault == nil {
		return none
	}
	return w.fault(len(w.seen), q)
}

func (w *wire) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := w.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &wiredConn{conn: c.(conn), w: w}, nil
}

// conn is what the drivers of the tests can do.
type conn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnPrepareContext
	driver.SessionResetter
}

type wiredConn struct {
	conn
	w      *wire
	closed bool
	stmts  []*wiredStmt
}

func (c *wiredConn) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	for _, s := range c.stmts { // as long as one is open, SQLite keeps the connection
		s.Close()
	}
	return c.conn.Close()
}

func (c *wiredConn) ResetSession(ctx context.Context) error {
	if c.closed {
		return driver.ErrBadConn
	}
	return c.conn.ResetSession(ctx)
}

func (c *wiredConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *wiredConn) IsValid() bool {
	v, ok := c.conn.(driver.Validator)
	return !c.closed && (!ok || v.IsValid())
}

// meet does a statement, or what the fault makes of it.
func meet[T any](c *wiredConn, q string, do func() (T, error)) (T, error) {
	var nothing T
	if c.closed {
		return nothing, driver.ErrBadConn
	}
	switch c.w.next(q) {
	case refuse:
		return nothing, errRefused
	case bad:
		c.Close()
		return nothing, driver.ErrBadConn
	case cut:
		c.Close()
		return nothing, io.ErrUnexpectedEOF
	case cutLate:
		done, err := do()
		if rows, ok := any(done).(driver.Rows); ok && err == nil {
			rows.Close()
		}
		c.Close()
		return nothing, errors.Join(io.ErrUnexpectedEOF, err)
	}
	return do()
}

func (c *wiredConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	return meet(c, q, func() (driver.Result, error) { return c.conn.ExecContext(ctx, q, args) })
}

func (c *wiredConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	return meet(c, q, func() (driver.Rows, error) { return c.conn.QueryContext(ctx, q, args) })
}

func (c *wiredConn) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	s, err := c.conn.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	wired := &wiredStmt{stmt: s.(stmt), c: c, q: q}
	c.stmts = append(c.stmts, wired)
	return wired, nil
}

type stmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type wiredStmt struct {
	stmt
	c      *wiredConn
	q      string
	closed bool
}

func (s *wiredStmt) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	return s.stmt.Close()
}

func (s *wiredStmt) CheckNamedValue(v *driver.NamedValue) error { return s.c.CheckNamedValue(v) }

func (s *wiredStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return meet(s.c, s.q, func() (driver.Result, error) { return s.stmt.ExecContext(ctx, args) })
}

func (s *wiredStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return meet(s.c, s.q, func() (driver.Rows, error) { return s.stmt.QueryContext(ctx, args) })
}
