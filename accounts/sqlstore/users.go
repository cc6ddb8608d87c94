package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

const (
	userColumns = `id, email, COALESCE(email_key, ''), username, COALESCE(username_key, ''), name, password_hash, stamp, inactive, inactive_reason, locked_at, lock_reason, delayed_until, confirmed_at, created_at, updated_at, last_login_at, own`

	userByID       = `SELECT ` + userColumns + ` FROM users WHERE id = ?`
	userByEmail    = `SELECT ` + userColumns + ` FROM users WHERE email_key = ?`
	userByUsername = `SELECT ` + userColumns + ` FROM users WHERE username_key = ?`
)

func scanUser(row row, u *accounts.User) error {
	return row.Scan(&u.ID, &u.Email, &u.EmailKey, &u.Username, &u.UsernameKey, &u.Name, &u.PasswordHash, &u.Stamp,
		&u.Inactive, &u.InactiveReason, clock{&u.LockedAt}, &u.LockReason, clock{&u.DelayedUntil}, clock{&u.ConfirmedAt},
		clock{&u.CreatedAt}, clock{&u.UpdatedAt}, clock{&u.LastLoginAt}, object{&u.Own})
}

func (r reader) user(ctx context.Context, q, key string) (*accounts.User, error) {
	if key == "" || !findable(key) {
		return nil, accounts.ErrNotFound
	}
	u, err := first(ctx, r, scanUser, q, key)
	return u, doing("find a user", err)
}

// UserByID implements [accounts.Reader].
func (r reader) UserByID(ctx context.Context, id string) (*accounts.User, error) {
	return r.user(ctx, userByID, id)
}

// UserByID implements [accounts.Tx].
func (tx *transaction) UserByID(ctx context.Context, id string) (*accounts.User, error) {
	return tx.user(ctx, userByID+tx.dialect.update, id)
}

// UserByEmail implements [accounts.Reader].
func (r reader) UserByEmail(ctx context.Context, key string) (*accounts.User, error) {
	return r.user(ctx, userByEmail, key)
}

// UserByUsername implements [accounts.Reader].
func (r reader) UserByUsername(ctx context.Context, key string) (*accounts.User, error) {
	return r.user(ctx, userByUsername, key)
}

// Users implements [accounts.Reader].
func (r reader) Users(ctx context.Context, q accounts.UserQuery) ([]accounts.User, error) {
	if !findable(q.Search, q.Role, q.After) {
		return nil, nil
	}
	var b strings.Builder
	b.WriteString(`SELECT ` + userColumns + ` FROM users WHERE id > ?`)
	args := []any{q.After}
	if q.Role != "" {
		b.WriteString(` AND id IN (SELECT user_id FROM user_roles WHERE role = ?)`)
		args = append(args, q.Role)
	}
	if part := folded(q.Search); part != "" {
		b.WriteString(` AND (` + r.dialect.position + `(search_login, ?) > 0 OR ` + r.dialect.position + `(search_name, ?) > 0)`)
		args = append(args, part, part)
	}
	b.WriteString(` ORDER BY id LIMIT ?`)
	users, err := all(ctx, r, scanUser, b.String(), append(args, limited(q.Limit))...)
	return users, doing("list users", err)
}

// CreateUser implements [accounts.Tx].
func (tx *transaction) CreateUser(ctx context.Context, u *accounts.User) error {
	own, err := objectText(u.Own)
	if err != nil {
		return doing("add a user", err)
	}
	if !findable(u.ID, u.Email, u.EmailKey, u.Username, u.UsernameKey, u.PasswordHash, u.Stamp) {
		return doing("add a user", errText)
	}
	name := free(u.Name)
	added, err := tx.insert(ctx, `INSERT INTO users (id, email, email_key, username, username_key, name, password_hash, stamp, inactive, inactive_reason, locked_at, lock_reason, delayed_until, confirmed_at, created_at, updated_at, last_login_at, own, search_login, search_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		u.ID, u.Email, nullable(u.EmailKey), u.Username, nullable(u.UsernameKey), name, u.PasswordHash, u.Stamp,
		u.Inactive, free(u.InactiveReason), micros(u.LockedAt), free(u.LockReason), micros(u.DelayedUntil), micros(u.ConfirmedAt),
		micros(u.CreatedAt), micros(u.UpdatedAt), micros(u.LastLoginAt), own, folded(u.Email+"\n"+u.Username), folded(name))
	if err == nil && !added {
		err = tx.whatIsTaken(ctx, u)
	}
	return doing("add a user", err)
}

// whatIsTaken says why a user could not be added.
func (tx *transaction) whatIsTaken(ctx context.Context, u *accounts.User) error {
	for _, unique := range []struct {
		q, key string
		taken  error
	}{
		{`SELECT 1 FROM users WHERE email_key = ?`, u.EmailKey, accounts.ErrEmailTaken},
		{`SELECT 1 FROM users WHERE username_key = ?`, u.UsernameKey, accounts.ErrUsernameTaken},
	} {
		taken, err := tx.exists(ctx, unique.q, unique.key)
		if err != nil {
			return err
		}
		if taken {
			return unique.taken
		}
	}
	return errors.New("there is a user of that ID")
}

// SetPassword implements [accounts.Tx].
func (tx *transaction) SetPassword(ctx context.Context, id, old, hash, stamp string, now time.Time) error {
	if !findable(hash, stamp) {
		return doing("set a password", errText)
	}
	return tx.setUser(ctx, "set a password", `UPDATE users SET password_hash = ?, stamp = COALESCE(NULLIF(?, ''), stamp), updated_at = ? WHERE id = ? AND password_hash = ?`,
		[]string{id, old}, hash, stamp, micros(now), id, old)
}

// SetConfirmed implements [accounts.Tx].
func (tx *transaction) SetConfirmed(ctx context.Context, id, emailKey string, now time.Time) error {
	// updated_at comes first, as MariaDB sets from the left to the right.
	return tx.setUser(ctx, "confirm an address", `UPDATE users SET updated_at = CASE WHEN confirmed_at = 0 THEN ? ELSE updated_at END, confirmed_at = CASE WHEN confirmed_at = 0 THEN ? ELSE confirmed_at END WHERE id = ? AND email_key = ?`,
		[]string{id, emailKey}, micros(now), micros(now), id, emailKey)
}

// SetActive implements [accounts.Tx].
func (tx *transaction) SetActive(ctx context.Context, id string, active bool, reason string, now time.Time) error {
	if active {
		reason = ""
	}
	return tx.setUser(ctx, "set a user active", `UPDATE users SET inactive = ?, inactive_reason = ?, updated_at = ? WHERE id = ?`,
		[]string{id}, !active, free(reason), micros(now), id)
}

// SetLock implements [accounts.Tx].
func (tx *transaction) SetLock(ctx context.Context, id string, at time.Time, reason string, now time.Time) error {
	if at.IsZero() {
		reason = ""
	}
	return tx.setUser(ctx, "lock a user", `UPDATE users SET locked_at = ?, lock_reason = ?, updated_at = ? WHERE id = ?`,
		[]string{id}, micros(at), free(reason), micros(now), id)
}

// SetDelay implements [accounts.Tx].
func (tx *transaction) SetDelay(ctx context.Context, id string, until, now time.Time) error {
	return tx.setUser(ctx, "delay a user", `UPDATE users SET delayed_until = ?, updated_at = ? WHERE id = ?`,
		[]string{id}, micros(until), micros(now), id)
}

// SetProfile implements [accounts.Tx].
func (tx *transaction) SetProfile(ctx context.Context, id, name string, own json.RawMessage, now time.Time) error {
	kept, err := objectText(own)
	if err != nil {
		return doing("set a profile", err)
	}
	name = free(name)
	return tx.setUser(ctx, "set a profile", `UPDATE users SET name = ?, search_name = ?, own = ?, updated_at = ? WHERE id = ?`,
		[]string{id}, name, folded(name), kept, micros(now), id)
}

// SetLogin implements [accounts.Tx].
func (tx *transaction) SetLogin(ctx context.Context, id string, now time.Time) error {
	return tx.setUser(ctx, "note a log-in", `UPDATE users SET last_login_at = ? WHERE id = ?`, []string{id}, micros(now), id)
}

// DeleteUser implements [accounts.Tx]. Foreign keys take what belongs to the user.
func (tx *transaction) DeleteUser(ctx context.Context, id string) error {
	return tx.setUser(ctx, "delete a user", `DELETE FROM users WHERE id = ?`, []string{id}, id)
}

// setUser changes one user. The keys are what the statement looks for.
func (tx *transaction) setUser(ctx context.Context, what, q string, keys []string, args ...any) error {
	if !findable(keys...) {
		return accounts.ErrNotFound
	}
	return doing(what, tx.change(ctx, q, args...))
}
