package main

import (
	"context"
	"math/big"
	"time"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// addRoutes declares what there is, and who may have it.
func addRoutes(app *fsa.App, db *database) {
	r := routes{app, db}
	open := fsa.Authn("none")
	fsa.Get(app, "/hello", authz.Open(), hello, open)
	fsa.Get(app, "/hello-me", authz.Auth(), helloMe)
	fsa.Post(app, "/stuff", authz.Auth(), r.postStuff, fsa.Status(201))
	fsa.Get(app, "/stuff", authz.Auth(), r.getStuff)
	fsa.Get(app, "/token", authz.Auth(), r.token, fsa.Authn("token", "basic", "param"))
	fsa.Post(app, "/token", authz.Auth(), r.token, fsa.Authn("param"), fsa.Status(201))
	fsa.Post(app, "/user", authz.Group("admin"), r.postUser, fsa.Status(201))
	fsa.Patch(app, "/stuff/{sid}", authz.Object("stuff", "sid", "owner"), r.patchStuff)
	fsa.Get(app, "/days", authz.Open(), days, open)
	fsa.Get(app, "/primes", authz.Open(), primes, open)
	fsa.Get(app, "/len", authz.Open(), length, open)
	fsa.Post(app, "/len", authz.Open(), length, open)
}

type Hello struct {
	Msg     string `json:"msg"`
	Version string `json:"version"`
}

func hello(ctx context.Context, _ fsa.None) (Hello, error) {
	return Hello{"hello", fsa.Version()}, nil
}

type Me struct{ User fsa.CurrentUser }

type HelloMe struct {
	Msg  string `json:"msg"`
	User string `json:"user"`
}

func helloMe(ctx context.Context, in Me) (HelloMe, error) {
	return HelloMe{"hello", string(in.User)}, nil
}

// routes are the handlers that need more than their parameters.
type routes struct {
	app *fsa.App
	db  *database
}

type NewStuff struct {
	Stuff string
	Price float64
	User  fsa.CurrentUser
}

func (r routes) postStuff(ctx context.Context, in NewStuff) (string, error) {
	return "stuff added: " + in.Stuff, r.db.addStuff(in.Stuff, string(in.User), in.Price)
}

func (r routes) getStuff(ctx context.Context, in Me) ([]Stuff, error) {
	return r.db.stuffOf(string(in.User)), nil
}

type Token struct {
	Token string `json:"token"`
}

func (r routes) token(ctx context.Context, in Me) (Token, error) {
	token, err := r.app.CreateToken(ctx, string(in.User), fsa.TokenOptions{})
	return Token{token}, err
}

type NewUser struct {
	Login    string
	Password string `format:"password"` // never shown in an error or a log
	Email    string
}

func (r routes) postUser(ctx context.Context, in NewUser) (string, error) {
	hash, err := r.app.HashPassword(ctx, in.Password)
	if err != nil {
		return "", err
	}
	return "user added: " + in.Login, r.db.addUser(in.Login, hash, in.Email, false)
}

type NewPrice struct {
	SID   string
	Price float64
}

func (r routes) patchStuff(ctx context.Context, in NewPrice) (string, error) {
	return "stuff changed: " + in.SID, r.db.changeStuff(in.SID, in.Price)
}

type Someone struct {
	Who struct {
		Name string   `json:"name"`
		Born fsa.Date `json:"born"`
	}
}

type Days struct {
	Name string `json:"name"`
	Days int    `json:"days"`
}

func days(ctx context.Context, in Someone) (Days, error) {
	return Days{in.Who.Name, fsa.DateOf(time.Now()).Sub(in.Who.Born)}, nil
}

type List struct{ LI []int64 }

func primes(ctx context.Context, in List) ([]int64, error) {
	var primes []int64
	for _, n := range in.LI {
		if big.NewInt(n).ProbablyPrime(0) { // exact below 2⁶⁴
			primes = append(primes, n)
		}
	}
	return primes, nil
}

type Any struct{ P fsa.JSON }

func length(ctx context.Context, in Any) (map[string]any, error) {
	n := any("not available")
	switch p := in.P.Value.(type) {
	case string:
		n = utf8.RuneCountInString(p)
	case []any:
		n = len(p)
	case map[string]any:
		n = len(p)
	}
	return map[string]any{"len": n}, nil
}
