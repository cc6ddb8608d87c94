package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
)

// entry is what somebody has written.
type entry struct {
	ID      int64
	Content string
	At      time.Time
	UserID  string
	Author  string // the address of who has written it
}

// entries keeps entries, in a table that refers to that of the accounts.
type entries struct{ db *sql.DB }

func newEntries(ctx context.Context, db *sql.DB, dialect sqlstore.Dialect) (*entries, error) {
	id := "INTEGER PRIMARY KEY AUTOINCREMENT"
	if dialect == sqlstore.PostgreSQL {
		id = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
	}
	for _, statement := range []string{
		`CREATE TABLE IF NOT EXISTS entries (
			id      ` + id + `,
			content TEXT NOT NULL CHECK (length(content) <= 280),
			at      BIGINT NOT NULL,
			user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE)`,
		`CREATE INDEX IF NOT EXISTS entries_of_user ON entries (user_id, id)`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	return &entries{db}, nil
}

const selectEntries = `SELECT e.id, e.content, e.at, e.user_id, u.email FROM entries e JOIN users u ON u.id = e.user_id `

func scanEntry(row interface{ Scan(...any) error }) (*entry, error) {
	var e entry
	var at int64
	err := row.Scan(&e.ID, &e.Content, &at, &e.UserID, &e.Author)
	e.At = time.UnixMilli(at)
	return &e, err
}

// onPage is how many entries a page lists.
const onPage = 50

// of lists the entries of a user, of everybody if that is "": the newest of those
// before an entry, of all if that is 0. next is where the next page begins, 0 if there
// is none.
func (s *entries) of(ctx context.Context, userID string, before int64) (list []entry, next int64, err error) {
	list, err = s.find(ctx, selectEntries+`WHERE ($1 = '' OR e.user_id = $1) AND ($2 = 0 OR e.id < $2) ORDER BY e.id DESC LIMIT $3`, userID, before, onPage+1)
	if len(list) > onPage {
		list = list[:onPage]
		next = list[onPage-1].ID
	}
	return list, next, err
}

func (s *entries) find(ctx context.Context, query string, args ...any) (list []entry, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, *e)
	}
	return list, rows.Err()
}

// get gives an entry, [fsa.ErrNoSuchObject] if there is none.
func (s *entries) get(ctx context.Context, id int64) (*entry, error) {
	e, err := scanEntry(s.db.QueryRowContext(ctx, selectEntries+`WHERE e.id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fsa.ErrNoSuchObject
	}
	return e, err
}

// add stores what a user has written.
func (s *entries) add(ctx context.Context, userID, content string) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO entries (content, at, user_id) VALUES ($1, $2, $3)`, content, time.Now().UnixMilli(), userID)
	return err
}

// edit replaces what an entry says, and remove removes it. [fsa.ErrNoSuchObject] if
// there is none.
func (s *entries) edit(ctx context.Context, id int64, content string) error {
	return s.change(ctx, `UPDATE entries SET content = $2 WHERE id = $1`, id, content)
}

func (s *entries) remove(ctx context.Context, id int64) error {
	return s.change(ctx, `DELETE FROM entries WHERE id = $1`, id)
}

func (s *entries) change(ctx context.Context, statement string, args ...any) error {
	result, err := s.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return fsa.ErrNoSuchObject
}
