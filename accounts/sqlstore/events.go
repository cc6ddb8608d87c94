package sqlstore

import (
	"context"
	"strings"

	"github.com/fastsimpleauth/fsa/accounts"
)

func scanEvent(row row, e *accounts.Event) error {
	return row.Scan(&e.ID, clock{&e.At}, &e.Kind, &e.UserID, &e.ActorID, &e.Way, &e.Address, &e.Detail)
}

// Events implements [accounts.Reader].
func (r reader) Events(ctx context.Context, q accounts.EventQuery) ([]accounts.Event, error) {
	if !findable(q.UserID, q.Kind) {
		return nil, nil
	}
	var where []string
	var args []any
	add := func(condition string, value any) {
		where = append(where, condition)
		args = append(args, value)
	}
	if q.UserID != "" {
		add(`user_id = ?`, q.UserID)
	}
	if q.Kind != "" {
		add(`kind = ?`, q.Kind)
	}
	if q.Before != 0 {
		add(`id < ?`, q.Before)
	}
	s := `SELECT id, happened_at, kind, user_id, actor_id, way, address, detail FROM events`
	if len(where) > 0 {
		s += ` WHERE ` + strings.Join(where, ` AND `)
	}
	events, err := all(ctx, r, scanEvent, s+` ORDER BY id DESC LIMIT ?`, append(args, limited(q.Limit))...)
	return events, doing("list events", err)
}

// AddEvent implements [accounts.Tx].
func (tx *transaction) AddEvent(ctx context.Context, e *accounts.Event) error {
	_, err := tx.exec(ctx, `INSERT INTO events (happened_at, kind, user_id, actor_id, way, address, detail) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		micros(e.At), free(e.Kind), free(e.UserID), free(e.ActorID), free(e.Way), free(e.Address), free(e.Detail))
	return doing("add an event", err)
}
