package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fastsimpleauth/fsa/accounts"
)

// reader is what can be asked, inside of a transaction and outside.
type reader struct {
	dialect *dialect
	asker   asker
}

// asker runs a query, and hands its rows to take, which goes through them all. It
// may do both again, so take begins anew.
type asker interface {
	ask(ctx context.Context, q string, args []any, take func(*sql.Rows) error) error
}

// row is what can be scanned.
type row interface{ Scan(into ...any) error }

// all gives what a query finds.
func all[T any](ctx context.Context, r reader, scan func(row, *T) error, q string, args ...any) ([]T, error) {
	var found []T
	err := r.asker.ask(ctx, q, args, func(rows *sql.Rows) error {
		found = nil
		for rows.Next() {
			var v T
			if err := scan(rows, &v); err != nil {
				return err
			}
			found = append(found, v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// first gives the first that a query finds. ErrNotFound if it finds nothing.
func first[T any](ctx context.Context, r reader, scan func(row, *T) error, q string, args ...any) (*T, error) {
	found, err := all(ctx, r, scan, q, args...)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, accounts.ErrNotFound
	}
	return &found[0], nil
}

// exists reports whether a query finds anything.
func (r reader) exists(ctx context.Context, q string, args ...any) (bool, error) {
	found, err := all(ctx, r, func(row row, n *int) error { return row.Scan(n) }, q, args...)
	return len(found) > 0, err
}

func text(row row, s *string) error { return row.Scan(s) }

// doing says what was being done when it failed. What package accounts names stays
// as it is, and so does the end of a context, for those who compare.
func doing(what string, err error) error {
	switch err {
	case nil, accounts.ErrNotFound, accounts.ErrEmailTaken, accounts.ErrUsernameTaken, accounts.ErrRoleTaken, accounts.ErrLastMember,
		context.Canceled, context.DeadlineExceeded:
		return err
	}
	return fmt.Errorf("sqlstore: %s: %w", what, err)
}

// limited is how many of a list are wanted: 50 if it is not said.
func limited(n int) int {
	if n <= 0 {
		return 50
	}
	return n
}
