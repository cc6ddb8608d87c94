package main

import (
	"context"
	"fmt"

	"github.com/fastsimpleauth/fsa"
)

// addHooks tells the framework what it must know of users and their stuff.
func addHooks(app *fsa.App, db *database) {
	app.UserPass(db.passwordHash)
	app.GroupCheck("admin", db.isAdmin)
	fsa.ObjectPerms(app, "stuff", db.stuffPermission)
}

func (db *database) passwordHash(_ context.Context, login string) (string, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	u, known := db.users[login]
	if !known {
		return "", fsa.ErrNoSuchUser
	}
	return u.hash, nil
}

func (db *database) isAdmin(_ context.Context, login string) (bool, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.users[login].admin, nil
}

func (db *database) stuffPermission(_ context.Context, login, stuff, mode string) (bool, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	t, known := db.stuff[stuff]
	switch {
	case !known:
		return false, fsa.ErrNoSuchObject
	case mode == "owner":
		return t.owner == login, nil
	}
	return false, fmt.Errorf("unexpected mode %q of stuff", mode)
}
