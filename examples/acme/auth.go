package main

import (
	"context"

	"github.com/fastsimpleauth/fsa"
)

// addHooks tells the framework what it must know of users and their things.
func addHooks(app *fsa.App, data *data) {
	app.UserPass(func(ctx context.Context, login string) (string, error) {
		return data.passwordHash(login)
	})
	app.GroupCheck("admin", func(ctx context.Context, login string) (bool, error) {
		return data.isAdmin(login), nil
	})
	fsa.ObjectPerms(app, "stuff", func(ctx context.Context, login, stuff, mode string) (bool, error) {
		owner, known := data.owner(stuff)
		switch {
		case !known:
			return false, fsa.ErrNoSuchObject
		case mode == "owner":
			return owner == login, nil
		}
		return false, fsa.Errorf(500, "unexpected mode %q of stuff", mode)
	})
}
