package accounts_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"
)

// counting opens databases of a driver, and counts the statements that they get.
type counting struct {
	driver     driver.Driver
	address    string
	statements *atomic.Int64
}

// openCounting opens a database whose statements are counted.
func openCounting(name, address string, statements *atomic.Int64) (*sql.DB, error) {
	db, err := sql.Open(name, address)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return sql.OpenDB(counting{db.Driver(), address, statements}), nil
}

func (c counting) Driver() driver.Driver { return c.driver }

func (c counting) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.address)
	if err != nil {
		return nil, err
	}
	return countingConn{conn, c.statements}, nil
}

type countingConn struct {
	driver.Conn
	statements *atomic.Int64
}

func (c countingConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	r, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
	c.count(err)
	return r, err
}

func (c countingConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
	c.count(err)
	return rows, err
}

// count counts a statement, unless the driver wants it to be prepared first: it comes
// again then.
func (c countingConn) count(err error) {
	if !errors.Is(err, driver.ErrSkip) {
		c.statements.Add(1)
	}
}

func (c countingConn) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	return countingStmt{s, c.statements}, nil
}

func (c countingConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type countingStmt struct {
	driver.Stmt
	statements *atomic.Int64
}

func (s countingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.statements.Add(1)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s countingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.statements.Add(1)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}
