package main

import (
	"context"
	"errors"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// addOAuth declares what the bearer of a token may do with the token's user, by the
// scopes that its issuer has given it. Of a user who is not there, the answers are
// the original's: null, and 204 for what there is nothing to do for.
func (d *demo) addOAuth() {
	d.AddScope("read", "write", "delete")
	oauth := fsa.Authn("oauth")
	fsa.Get(d, "/oauth", authz.Scope("read"), d.getOAuth, oauth)
	fsa.Patch(d, "/oauth", authz.Scope("write"), d.patchOAuth, oauth)
	fsa.Delete(d, "/oauth", authz.Scope("delete"), d.deleteOAuth, oauth)
}

func (d *demo) getOAuth(ctx context.Context, in me) (*user, error) {
	a, err := d.db.account(ctx, string(in.Me))
	if errors.Is(err, errNoAccount) {
		return nil, nil
	}
	return (*user)(&a), err
}

type newEmail struct {
	Me    fsa.CurrentUser
	Email string `pattern:"@" maxLength:"200"`
}

func (d *demo) patchOAuth(ctx context.Context, in newEmail) (fsa.None, error) {
	before, after, err := d.db.change(ctx, "WHERE $1 IN (login, email)", string(in.Me), func(a *account) { a.Email = in.Email })
	return d.done(ctx, err, before, after)
}

func (d *demo) deleteOAuth(ctx context.Context, in me) (fsa.None, error) {
	before, err := d.db.remove(ctx, string(in.Me))
	return d.done(ctx, err, before)
}

// done drops what is remembered of accounts that have changed, if they have.
func (d *demo) done(ctx context.Context, err error, accounts ...account) (fsa.None, error) {
	switch {
	case errors.Is(err, errNoAccount):
		return fsa.None{}, nil
	case err != nil:
		return fsa.None{}, err
	}
	return fsa.None{}, d.forget(ctx, accounts...)
}
