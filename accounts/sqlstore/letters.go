package sqlstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

// maxClaim is how many letters are claimed at once at most.
const maxClaim = 500

func scanLetter(row row, l *accounts.Letter) error {
	return row.Scan(&l.ID, &l.UserID, &l.Kind, &l.Sealed, clock{&l.CreatedAt}, clock{&l.NextAt}, &l.Attempts, &l.Problem)
}

// AddLetter implements [accounts.Tx].
func (tx *transaction) AddLetter(ctx context.Context, l *accounts.Letter) error {
	if !findable(l.ID, l.UserID, l.Kind) {
		return doing("add a letter", errText)
	}
	const columns = `INSERT INTO letters (id, kind, sealed, created_at, next_at, attempts, lease, lease_until, sent_at, failed_at, problem, user_id) `
	args := []any{l.ID, l.Kind, l.Sealed, micros(l.CreatedAt), micros(l.NextAt), l.Attempts, ``, 0, 0, 0, free(l.Problem)}
	if l.UserID == "" {
		return doing("add a letter", tx.change(ctx, columns+`VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)`, args...))
	}
	return doing("add a letter", tx.change(ctx, columns+`SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, id FROM users WHERE id = ?`+tx.dialect.share, append(args, l.UserID)...))
}

// Claim implements [accounts.Store]. n is at most 500.
func (s *Store) Claim(ctx context.Context, n int, lease string, now, until time.Time) ([]accounts.Letter, error) {
	switch {
	case lease == "" || !findable(lease):
		return nil, doing("claim letters", errors.New("a lease needs a name"))
	case !until.After(now):
		return nil, doing("claim letters", errors.New("a lease that ends as it begins holds nothing"))
	case n <= 0:
		return nil, nil
	}
	var letters []accounts.Letter
	err := s.write(ctx, func(tx *transaction) (err error) {
		letters, err = tx.claim(ctx, min(n, maxClaim), lease, now, until)
		return err
	})
	if err != nil {
		return nil, doing("claim letters", err)
	}
	return letters, nil
}

func (tx *transaction) claim(ctx context.Context, n int, lease string, now, until time.Time) ([]accounts.Letter, error) {
	letters, err := all(ctx, tx.reader, scanLetter, `SELECT id, COALESCE(user_id, ''), kind, sealed, created_at, next_at, attempts, problem FROM letters WHERE next_at <= ? AND lease_until <= ? ORDER BY next_at, id LIMIT ?`+tx.dialect.skip,
		micros(now), micros(now), n)
	if err != nil || len(letters) == 0 {
		return nil, err
	}
	args := []any{lease, micros(until)}
	for i := range letters {
		l := &letters[i]
		l.Attempts, l.Lease, l.LeaseUntil = l.Attempts+1, lease, time.UnixMicro(micros(until)).UTC()
		args = append(args, l.ID)
	}
	_, err = tx.exec(ctx, `UPDATE letters SET lease = ?, lease_until = ?, attempts = attempts + 1 WHERE id IN (?`+strings.Repeat(`, ?`, len(letters)-1)+`)`, args...)
	return letters, err
}

// Settle implements [accounts.Store].
func (s *Store) Settle(ctx context.Context, id, lease string, what accounts.Settlement) error {
	if lease == "" || !findable(id, lease) {
		return accounts.ErrNotFound
	}
	var q string
	var args []any
	switch set := [3]bool{!what.SentAt.IsZero(), !what.RetryAt.IsZero(), !what.FailedAt.IsZero()}; set {
	case [3]bool{true, false, false}:
		q, args = `sent_at = ?, next_at = NULL, sealed = NULL`, []any{micros(what.SentAt)}
	case [3]bool{false, true, false}:
		q, args = `next_at = ?`, []any{micros(what.RetryAt)}
	case [3]bool{false, false, true}:
		q, args = `failed_at = ?, next_at = NULL, sealed = NULL`, []any{micros(what.FailedAt)}
	default:
		return doing("settle a letter", errors.New("exactly one of SentAt, RetryAt and FailedAt is to be set"))
	}
	args = append(args, free(what.Problem), id, lease)
	return doing("settle a letter", s.write(ctx, func(tx *transaction) error {
		return tx.change(ctx, `UPDATE letters SET `+q+`, problem = ?, lease = '', lease_until = 0 WHERE id = ? AND lease = ?`, args...)
	}))
}
