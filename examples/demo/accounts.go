package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// account is a row of the table auth, an object in JSON.
type account struct {
	AID    int64  `json:"aid"`
	Login  string `json:"login"`
	Email  string `json:"email"`
	UPass  string `json:"upass"` // hashed
	Admin  bool   `json:"admin"`
	Secret string `json:"secret"`
}

// user is an account as an array in JSON: [login, email, upass, admin].
type user account

func (u user) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{u.Login, u.Email, u.UPass, u.Admin})
}

// errNoAccount says that there is no account of that login or e-mail.
var errNoAccount = errors.New("no such account")

const accountColumns = "SELECT aid, login, email, upass, admin, secret FROM auth "

// account finds the account whose login or e-mail it is. It is one at most, since
// an e-mail has an @ and a login has none.
func (db *database) account(ctx context.Context, login string) (account, error) {
	return findAccount(ctx, db, "WHERE $1 IN (login, email)", login)
}

func findAccount(ctx context.Context, q querier, where string, args ...any) (a account, err error) {
	err = q.QueryRowContext(ctx, accountColumns+where, args...).Scan(&a.AID, &a.Login, &a.Email, &a.UPass, &a.Admin, &a.Secret)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoAccount
	}
	return a, err
}

// lockedAccount finds an account in a transaction that is about to change it.
func (db *database) lockedAccount(ctx context.Context, tx *sql.Tx, where string, args ...any) (account, error) {
	if db.postgres {
		where += " FOR UPDATE" // SQLite has locked all there is
	}
	return findAccount(ctx, tx, where, args...)
}

// accounts gives all, by login. Databases order texts differently, so it is done here.
func (db *database) accounts(ctx context.Context) ([]account, error) {
	rows, err := db.QueryContext(ctx, accountColumns)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []account
	for rows.Next() {
		var a account
		if err := rows.Scan(&a.AID, &a.Login, &a.Email, &a.UPass, &a.Admin, &a.Secret); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b account) int { return strings.Compare(a.Login, b.Login) })
	return all, rows.Err()
}

func addAccount(ctx context.Context, q querier, a account) (aid int64, err error) {
	err = q.QueryRowContext(ctx, "INSERT INTO auth(login, email, upass, admin, secret) VALUES ($1, $2, $3, $4, $5) RETURNING aid",
		a.Login, a.Email, a.UPass, a.Admin, a.Secret).Scan(&aid)
	return aid, conflict(err)
}

// change stores an account, and tells what it was before.
func (db *database) change(ctx context.Context, where string, arg any, edit func(*account)) (before, after account, err error) {
	err = db.transact(ctx, func(tx *sql.Tx) error {
		if before, err = db.lockedAccount(ctx, tx, where, arg); err != nil {
			return err
		}
		after = before
		edit(&after)
		_, err := changed(ctx, tx, "UPDATE auth SET login = $1, email = $2, upass = $3, admin = $4, secret = $5 WHERE aid = $6",
			after.Login, after.Email, after.UPass, after.Admin, after.Secret, before.AID)
		return conflict(err)
	})
	return before, after, err
}

// remove deletes an account, and tells what it was.
func (db *database) remove(ctx context.Context, login string) (before account, err error) {
	err = db.transact(ctx, func(tx *sql.Tx) error {
		if before, err = db.lockedAccount(ctx, tx, "WHERE $1 IN (login, email)", login); err != nil {
			return err
		}
		_, err := changed(ctx, tx, "DELETE FROM auth WHERE aid = $1", before.AID)
		return err
	})
	return before, err
}
