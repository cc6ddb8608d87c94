package main

import (
	"context"
	"errors"

	"github.com/fastsimpleauth/fsa"
)

// addHooks tells the framework what it must know of users.
func (d *demo) addHooks() {
	d.UserPass(d.db.passwordHash)
	d.GroupCheck("ADMIN", d.db.isAdmin)
	fsa.ObjectPerms(d.App, "users", d.db.mayUser)
	d.Admit(d.db.admit)
}

func (db *database) passwordHash(ctx context.Context, login string) (string, error) {
	a, err := db.account(ctx, login)
	if errors.Is(err, errNoAccount) {
		return "", fsa.ErrNoSuchUser
	}
	return a.UPass, err
}

func (db *database) isAdmin(ctx context.Context, login string) (bool, error) {
	a, err := db.account(ctx, login)
	if errors.Is(err, errNoAccount) {
		return false, nil
	}
	return a.Admin, err
}

// mayUser lets administrators at all users, and each user at themselves. That
// there is no such user only administrators are told, by the handler.
func (db *database) mayUser(ctx context.Context, login, id, mode string) (bool, error) {
	a, err := db.account(ctx, login)
	if errors.Is(err, errNoAccount) {
		return false, nil
	}
	return a.Admin || id == a.Login || id == a.Email, err
}

// admit refuses tokens of users who are gone: a token outlives what it was given
// for. Those for oauth are about users whom the issuer vouches for.
func (db *database) admit(ctx context.Context, id fsa.Identity) error {
	if id.Scheme != "token" {
		return nil
	}
	_, err := db.account(ctx, id.Login)
	if errors.Is(err, errNoAccount) {
		return fsa.Errorf(401, "invalid credentials")
	}
	return err
}

// forget lets the next request see what has become of accounts: whatever is
// remembered of their logins and e-mails, before and after, is dropped.
func (d *demo) forget(ctx context.Context, accounts ...account) error {
	var faults []error
	for _, a := range accounts {
		faults = append(faults, d.AuthUncache(ctx, a.Login), d.AuthUncache(ctx, a.Email))
	}
	return errors.Join(faults...)
}

// orMissing makes the answer about an account that is not there.
func orMissing(err error, login string) error {
	if errors.Is(err, errNoAccount) {
		return fsa.Errorf(404, "no such login: %s", login)
	}
	return err
}
