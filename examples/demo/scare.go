package main

import (
	"context"
	"errors"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// addScare declares how users care for themselves.
func (d *demo) addScare() {
	basic := fsa.Authn("basic")
	fsa.Get(d, "/scare", authz.Auth(), d.getScare)
	fsa.Get(d, "/scare/token", authz.Auth(), d.getScareToken, basic)
	fsa.Get(d, "/scare/token2", authz.Auth(), d.getScareToken2, basic)
	fsa.Post(d, "/scare", authz.Open(), d.postScare, fsa.Status(201))
	fsa.Patch(d, "/scare", authz.Auth(), d.patchScare)
	fsa.Delete(d, "/scare", authz.Auth(), d.deleteScare)
}

type me struct{ Me fsa.CurrentUser }

func (d *demo) getScare(ctx context.Context, in me) (user, error) {
	a, err := d.db.account(ctx, string(in.Me))
	return user(a), orMissing(err, string(in.Me))
}

func (d *demo) getScareToken(ctx context.Context, in me) (text, error) {
	token, err := d.CreateToken(ctx, string(in.Me), fsa.TokenOptions{})
	return text(token), err
}

type meWithCode struct {
	Me   fsa.CurrentUser
	Code string `format:"password"`
}

// getScareToken2 is a toy of a second factor; /mfa has real ones.
func (d *demo) getScareToken2(ctx context.Context, in meWithCode) (text, error) {
	if in.Code != string(in.Me)+":42" {
		return "", fsa.Errorf(400, "invalid validation code for %s", in.Me)
	}
	return d.getScareToken(ctx, me{in.Me})
}

// newUser are the parameters of registrations.
type newUser struct {
	Login  string `pattern:"^[^@:/\\\\[:cntrl:]]+$" maxLength:"100"`
	Email  string `pattern:"@" maxLength:"200"`
	Pass   string `format:"password"`
	Secret string `format:"password"`
}

// register adds an account and gives its number.
func (d *demo) register(ctx context.Context, in newUser, admin bool) (aid int64, err error) {
	hash, err := d.HashPassword(ctx, in.Pass)
	if err != nil {
		return 0, err
	}
	a := account{Login: in.Login, Email: in.Email, UPass: hash, Admin: admin, Secret: in.Secret}
	if aid, err = addAccount(ctx, d.db, a); err != nil {
		return 0, err
	}
	return aid, d.forget(ctx, a)
}

func (d *demo) postScare(ctx context.Context, in newUser) (int64, error) {
	return d.register(ctx, in, false)
}

type newPass struct {
	Me    fsa.CurrentUser
	OPass string `param:"opass" format:"password"`
	NPass string `param:"npass" format:"password"`
}

func (d *demo) patchScare(ctx context.Context, in newPass) (fsa.None, error) {
	err := d.CheckUserPassword(ctx, string(in.Me), in.OPass)
	if errors.Is(err, fsa.ErrUnauthenticated) {
		err = fsa.Errorf(403, "invalid password provided")
	}
	if err != nil {
		return fsa.None{}, err
	}
	hash, err := d.HashPassword(ctx, in.NPass)
	if err != nil {
		return fsa.None{}, err
	}
	return d.edit(ctx, string(in.Me), func(a *account) { a.UPass = hash })
}

func (d *demo) deleteScare(ctx context.Context, in me) (fsa.None, error) {
	return d.drop(ctx, string(in.Me))
}
