package main

import (
	"context"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// addAuth declares the same for administrators, with accounts as objects.
func (d *demo) addAuth() {
	admin := authz.Group("ADMIN")
	fsa.Get(d, "/auth", admin, d.getAuth)
	fsa.Post(d, "/auth", admin, d.postAuth, fsa.Status(201))
	fsa.Get(d, "/auth/{login}", admin, d.getAuthLogin)
	fsa.Put(d, "/auth/{aid}", admin, d.putAuthAID)
	fsa.Delete(d, "/auth/{login}", admin, d.deleteLogin)
}

func (d *demo) getAuth(ctx context.Context, _ fsa.None) ([]account, error) {
	return d.db.accounts(ctx)
}

func (d *demo) getAuthLogin(ctx context.Context, in oneLogin) (account, error) {
	a, err := d.db.account(ctx, in.Login)
	return a, orMissing(err, in.Login)
}

// submitted is an account as clients send it, with a clear password. One that is
// new has no number yet.
type submitted struct {
	AID    *int64 `json:"aid"`
	Login  string `json:"login" pattern:"^[^@:/\\\\[:cntrl:]]+$" maxLength:"100"`
	Email  string `json:"email" pattern:"@" maxLength:"200"`
	UPass  string `json:"upass" format:"password"`
	Admin  bool   `json:"admin"`
	Secret string `json:"secret" format:"password"`
}

// hashed gives the account as it is stored.
func (s submitted) hashed(ctx context.Context, d *demo) (account, error) {
	hash, err := d.HashPassword(ctx, s.UPass)
	return account{Login: s.Login, Email: s.Email, UPass: hash, Admin: s.Admin, Secret: s.Secret}, err
}

type newAccount struct{ User submitted }

type number struct {
	AID int64 `json:"aid"`
}

func (d *demo) postAuth(ctx context.Context, in newAccount) (number, error) {
	a, err := in.User.hashed(ctx, d)
	if err != nil {
		return number{}, err
	}
	aid, err := addAccount(ctx, d.db, a)
	if err != nil {
		return number{}, err
	}
	return number{aid}, d.forget(ctx, a)
}

type changedAccount struct {
	AID  int64
	User submitted
}

func (d *demo) putAuthAID(ctx context.Context, in changedAccount) (fsa.None, error) {
	if in.User.AID == nil || *in.User.AID != in.AID {
		return fsa.None{}, fsa.Errorf(400, "inconsistent aid: %d in the path, another in the user", in.AID)
	}
	a, err := in.User.hashed(ctx, d)
	if err != nil {
		return fsa.None{}, err
	}
	before, after, err := d.db.change(ctx, "WHERE aid = $1", in.AID, func(was *account) { *was = a })
	if err == errNoAccount {
		return fsa.None{}, fsa.Errorf(404, "no such aid: %d", in.AID)
	}
	if err != nil {
		return fsa.None{}, err
	}
	return fsa.None{}, d.forget(ctx, before, after)
}
