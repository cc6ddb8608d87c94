package sqlstore

import (
	"context"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

const ticketByHash = `SELECT hash, user_id, purpose, binding, created_at, expires_at, used_at FROM tickets WHERE hash = ?`

func scanTicket(row row, t *accounts.Ticket) error {
	return row.Scan(&t.Hash, &t.UserID, &t.Purpose, &t.Binding, clock{&t.CreatedAt}, clock{&t.ExpiresAt}, clock{&t.UsedAt})
}

// TicketByHash implements [accounts.Reader].
func (r reader) TicketByHash(ctx context.Context, hash []byte, purpose accounts.Purpose, now time.Time) (*accounts.Ticket, error) {
	if !findable(string(purpose)) {
		return nil, accounts.ErrNotFound
	}
	t, err := first(ctx, r, scanTicket, ticketByHash+` AND purpose = ? AND used_at = 0 AND expires_at > ?`, hash, string(purpose), micros(now))
	return t, doing("find a ticket", err)
}

// CreateTicket implements [accounts.Tx].
func (tx *transaction) CreateTicket(ctx context.Context, t *accounts.Ticket) error {
	if !findable(t.UserID, string(t.Purpose), t.Binding) {
		return doing("add a ticket", errText)
	}
	return doing("add a ticket", tx.change(ctx, `INSERT INTO tickets (hash, user_id, purpose, binding, created_at, expires_at, used_at) SELECT ?, id, ?, ?, ?, ?, ? FROM users WHERE id = ?`+tx.dialect.share,
		t.Hash, string(t.Purpose), t.Binding, micros(t.CreatedAt), micros(t.ExpiresAt), micros(t.UsedAt), t.UserID))
}

// UseTicket implements [accounts.Tx]. The update is what uses it; the query that
// follows only reads what is the transaction's by then.
func (tx *transaction) UseTicket(ctx context.Context, hash []byte, purpose accounts.Purpose, now time.Time) (*accounts.Ticket, error) {
	if !findable(string(purpose)) {
		return nil, accounts.ErrNotFound
	}
	if err := tx.change(ctx, `UPDATE tickets SET used_at = ? WHERE hash = ? AND purpose = ? AND used_at = 0 AND expires_at > ?`, micros(now), hash, string(purpose), micros(now)); err != nil {
		return nil, doing("use a ticket", err)
	}
	t, err := first(ctx, tx.reader, scanTicket, ticketByHash, hash)
	return t, doing("use a ticket", err)
}

// VoidTickets implements [accounts.Tx].
func (tx *transaction) VoidTickets(ctx context.Context, userID string, purpose accounts.Purpose, now time.Time) (int, error) {
	if !findable(userID, string(purpose)) {
		return 0, nil
	}
	n, err := tx.exec(ctx, `UPDATE tickets SET used_at = ? WHERE user_id = ? AND purpose = ? AND used_at = 0 AND expires_at > ?`, micros(now), userID, string(purpose), micros(now))
	return int(n), doing("void a user's tickets", err)
}

// KnownDevice implements [accounts.Reader].
func (r reader) KnownDevice(ctx context.Context, userID string, hash []byte, now time.Time) (bool, error) {
	if !findable(userID) {
		return false, nil
	}
	known, err := r.exists(ctx, `SELECT 1 FROM devices WHERE user_id = ? AND hash = ? AND expires_at > ?`, userID, hash, micros(now))
	return known, doing("find a device", err)
}

// AddDevice implements [accounts.Tx].
func (tx *transaction) AddDevice(ctx context.Context, userID string, hash []byte, now, expires time.Time) error {
	if !findable(userID) {
		return accounts.ErrNotFound
	}
	return doing("add a device", tx.change(ctx, `INSERT INTO devices (user_id, hash, created_at, expires_at) SELECT id, ?, ?, ? FROM users WHERE id = ?`+tx.dialect.share+tx.dialect.prolong,
		hash, micros(now), micros(expires), userID))
}

// ForgetDevices implements [accounts.Tx].
func (tx *transaction) ForgetDevices(ctx context.Context, userID string) error {
	if !findable(userID) {
		return nil
	}
	_, err := tx.exec(ctx, `DELETE FROM devices WHERE user_id = ?`, userID)
	return doing("forget a user's devices", err)
}
