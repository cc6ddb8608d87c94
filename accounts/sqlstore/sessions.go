package sqlstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

const (
	sessionColumns = `id, hash, user_id, stage, factors, authenticated_at, stamp, created_at, seen_at, expires_at, remember, agent, address, bag, bag_version`
	sessionByHash  = `SELECT ` + sessionColumns + ` FROM sessions WHERE hash = ?`
)

func scanSession(row row, s *accounts.SessionRow) error {
	return row.Scan(&s.ID, &s.Hash, &s.UserID, &s.Stage, list{&s.Factors}, clock{&s.AuthenticatedAt}, &s.Stamp, clock{&s.CreatedAt},
		clock{&s.SeenAt}, clock{&s.ExpiresAt}, &s.Remember, &s.Agent, &s.Address, object{&s.Bag}, &s.BagVersion)
}

// SessionByHash implements [accounts.Reader].
func (r reader) SessionByHash(ctx context.Context, hash []byte) (*accounts.SessionRow, error) {
	s, err := first(ctx, r, scanSession, sessionByHash, hash)
	return s, doing("find a session", err)
}

// SessionsOf implements [accounts.Reader].
func (r reader) SessionsOf(ctx context.Context, userID string, now time.Time) ([]accounts.SessionRow, error) {
	if !findable(userID) {
		return nil, nil
	}
	sessions, err := all(ctx, r, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE user_id = ? AND expires_at > ? AND stage = '' ORDER BY seen_at DESC, id DESC`, userID, micros(now))
	return sessions, doing("list a user's sessions", err)
}

// CreateSession implements [accounts.Tx].
func (tx *transaction) CreateSession(ctx context.Context, s *accounts.SessionRow) error {
	bag, err := objectText(s.Bag)
	if err != nil {
		return doing("add a session", err)
	}
	if !findable(s.ID, s.UserID, s.Stage, s.Stamp) || !findable(s.Factors...) {
		return doing("add a session", errText)
	}
	return doing("add a session", tx.change(ctx, `INSERT INTO sessions (`+sessionColumns+`) SELECT ?, ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM users WHERE id = ?`+tx.dialect.share,
		s.ID, s.Hash, s.Stage, listText(s.Factors), micros(s.AuthenticatedAt), s.Stamp, micros(s.CreatedAt),
		micros(s.SeenAt), micros(s.ExpiresAt), s.Remember, free(s.Agent), free(s.Address), bag, s.BagVersion, s.UserID))
}

// RotateSession implements [accounts.Tx].
func (tx *transaction) RotateSession(ctx context.Context, old []byte, s *accounts.SessionRow) error {
	if !findable(s.ID, s.UserID, s.Stage, s.Stamp) || !findable(s.Factors...) {
		return doing("rotate a session", errText)
	}
	return doing("rotate a session", tx.change(ctx, `UPDATE sessions SET hash = ?, stage = ?, factors = ?, authenticated_at = ?, stamp = ?, seen_at = ?, expires_at = ?, remember = ?, agent = ?, address = ? WHERE hash = ? AND id = ? AND user_id = ?`,
		s.Hash, s.Stage, listText(s.Factors), micros(s.AuthenticatedAt), s.Stamp, micros(s.SeenAt), micros(s.ExpiresAt), s.Remember, free(s.Agent), free(s.Address), old, s.ID, s.UserID))
}

// TouchSession implements [accounts.Tx].
func (tx *transaction) TouchSession(ctx context.Context, hash []byte, seen time.Time, agent, address string) error {
	return doing("note the use of a session", tx.change(ctx, `UPDATE sessions SET seen_at = ?, agent = ?, address = ? WHERE hash = ?`, micros(seen), free(agent), free(address), hash))
}

// SetBag implements [accounts.Tx].
func (tx *transaction) SetBag(ctx context.Context, hash []byte, version int64, bag json.RawMessage) error {
	kept, err := objectText(bag)
	if err != nil {
		return doing("keep with a session", err)
	}
	return doing("keep with a session", tx.change(ctx, `UPDATE sessions SET bag = ?, bag_version = bag_version + 1 WHERE hash = ? AND bag_version = ?`, kept, hash, version))
}

// EndSession implements [accounts.Tx].
func (tx *transaction) EndSession(ctx context.Context, userID, id string) error {
	if !findable(userID, id) {
		return accounts.ErrNotFound
	}
	return doing("end a session", tx.change(ctx, `DELETE FROM sessions WHERE id = ? AND user_id = ?`, id, userID))
}

// EndSessions implements [accounts.Tx].
func (tx *transaction) EndSessions(ctx context.Context, userID, but string) (int, error) {
	if !findable(userID, but) {
		return 0, nil
	}
	n, err := tx.exec(ctx, `DELETE FROM sessions WHERE user_id = ? AND id <> ?`, userID, but)
	return int(n), doing("end a user's sessions", err)
}
