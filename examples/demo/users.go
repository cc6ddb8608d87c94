package main

import (
	"context"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// addUsers declares how administrators care for users. GET and DELETE of one are
// for that user, too.
func (d *demo) addUsers() {
	admin, self := authz.Group("ADMIN"), authz.Object("users", "login", "")
	fsa.Get(d, "/users", admin, d.getUsers)
	fsa.Post(d, "/users", admin, d.postUsers, fsa.Status(201))
	fsa.Get(d, "/users/{login}", self, d.getUsersLogin)
	fsa.Patch(d, "/users/{login}", admin, d.patchUsersLogin)
	fsa.Delete(d, "/users/{login}", self, d.deleteLogin)
}

func (d *demo) getUsers(ctx context.Context, _ fsa.None) ([]user, error) {
	all, err := d.db.accounts(ctx)
	if err != nil {
		return nil, err
	}
	users := make([]user, len(all))
	for i, a := range all {
		users[i] = user(a)
	}
	return users, nil
}

type newUserBy struct {
	newUser
	Admin bool `default:"false"`
}

func (d *demo) postUsers(ctx context.Context, in newUserBy) (int64, error) {
	return d.register(ctx, in.newUser, in.Admin)
}

type oneLogin struct{ Login string }

func (d *demo) getUsersLogin(ctx context.Context, in oneLogin) (user, error) {
	a, err := d.db.account(ctx, in.Login)
	return user(a), orMissing(err, in.Login)
}

type changedUser struct {
	Login  string
	Email  *string `pattern:"@" maxLength:"200"`
	Pass   *string `format:"password"`
	Admin  *bool
	Secret *string `format:"password"`
}

func (d *demo) patchUsersLogin(ctx context.Context, in changedUser) (fsa.None, error) {
	var hash string
	if in.Pass != nil {
		var err error
		if hash, err = d.HashPassword(ctx, *in.Pass); err != nil {
			return fsa.None{}, err
		}
	}
	return d.edit(ctx, in.Login, func(a *account) {
		if in.Pass != nil {
			a.UPass = hash
		}
		if in.Email != nil {
			a.Email = *in.Email
		}
		if in.Admin != nil {
			a.Admin = *in.Admin
		}
		if in.Secret != nil {
			a.Secret = *in.Secret
		}
	})
}

func (d *demo) deleteLogin(ctx context.Context, in oneLogin) (fsa.None, error) {
	return d.drop(ctx, in.Login)
}

// edit changes an account, of which nothing old is remembered then.
func (d *demo) edit(ctx context.Context, login string, edit func(*account)) (fsa.None, error) {
	before, after, err := d.db.change(ctx, "WHERE $1 IN (login, email)", login, edit)
	if err != nil {
		return fsa.None{}, orMissing(err, login)
	}
	return fsa.None{}, d.forget(ctx, before, after)
}

// drop deletes an account.
func (d *demo) drop(ctx context.Context, login string) (fsa.None, error) {
	before, err := d.db.remove(ctx, login)
	if err != nil {
		return fsa.None{}, orMissing(err, login)
	}
	return fsa.None{}, d.forget(ctx, before)
}
