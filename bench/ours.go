package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/token"
)

type storeIn struct {
	SID   int
	Limit int `default:"10"`
	User  fsa.CurrentUser
}

type productIn struct {
	SID      int
	Product  string
	Quantity int
	Price    float64
	User     fsa.CurrentUser
}

// newFSA is FSA with its default configuration, for tokens of the given type.
func newFSA(tokenType string) (http.Handler, error) {
	app := fsa.New(realm, fsa.Config{
		Auth: []string{"token"}, TokenType: tokenType, TokenSecret: []fsa.Secret{secret}, TokenDelay: lifetime,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	app.GroupCheck(group, isEmployee)
	fsa.ObjectPerms(app, "store", func(ctx context.Context, login string, sid int, mode string) (bool, error) {
		ok, err := manages(ctx, login, sid, mode)
		if errors.Is(err, errNoSuchStore) {
			return false, fsa.ErrNoSuchObject
		}
		return ok, err
	})
	manager := authz.All(authz.Group(group), authz.Object("store", "sid", mode))
	fsa.Get(app, "/store/{sid}", manager, func(ctx context.Context, in storeIn) (Answer, error) {
		return Answer{in.SID, in.Limit, string(in.User)}, nil
	})
	fsa.Post(app, "/store/{sid}", manager, func(ctx context.Context, in productIn) (Added, error) {
		return Added{in.SID, in.Product, in.Quantity, in.Price, string(in.User)}, nil
	}, fsa.Status(http.StatusCreated))
	return app.Handler()
}

// makeToken makes a token of FSA's own kind, as app.CreateToken does, which makes
// none that has expired.
func makeToken(login string, valid time.Duration) (string, error) {
	f, err := token.NewFSA(token.Options{Secrets: [][]byte{[]byte(secret)}})
	if err != nil {
		return "", err
	}
	return f.Make(token.Claims{Login: login, Realm: realm, Expires: time.Now().Add(valid)})
}
