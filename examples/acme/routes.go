package main

import (
	"context"
	"math/big"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// addRoutes declares what there is, and who may have it.
func addRoutes(app *fsa.App, data *data) {
	r := routes{app, data}
	open := fsa.Authn("none")
	fsa.Get(app, "/hello", authz.Open(), r.hello, open)
	fsa.Get(app, "/hello-me", authz.Auth(), r.helloMe)
	fsa.Get(app, "/stuff", authz.Auth(), r.getStuff)
	fsa.Post(app, "/stuff", authz.Auth(), r.postStuff, fsa.Status(201))
	fsa.Patch(app, "/stuff/{sid}", authz.Object("stuff", "sid", "owner"), r.patchStuff)
	fsa.Get(app, "/token", authz.Auth(), r.token, fsa.Authn("token", "basic", "param"))
	fsa.Post(app, "/token", authz.Auth(), r.token, fsa.Authn("param"), fsa.Status(201))
	fsa.Post(app, "/user", authz.Group("admin"), r.postUser, fsa.Status(201))
	fsa.Get(app, "/days", authz.Open(), r.days, open)
	fsa.Get(app, "/primes", authz.Open(), r.primes, open)
	fsa.Get(app, "/len", authz.Open(), r.len, open)
	fsa.Post(app, "/len", authz.Open(), r.len, open)
}

type routes struct {
	app  *fsa.App
	data *data
}

type Hello struct {
	Msg     string `json:"msg"`
	Version string `json:"version,omitzero"`
	User    string `json:"user,omitzero"`
}

func (r routes) hello(ctx context.Context, _ fsa.None) (Hello, error) {
	return Hello{Msg: "hello", Version: fsa.Version()}, nil
}

type Me struct{ User fsa.CurrentUser }

func (r routes) helloMe(ctx context.Context, in Me) (Hello, error) {
	return Hello{Msg: "hello", User: string(in.User)}, nil
}

func (r routes) getStuff(ctx context.Context, in Me) ([]Stuff, error) {
	return r.data.stuffOf(string(in.User)), nil
}

type NewStuff struct {
	Stuff string
	Price float64
	User  fsa.CurrentUser
}

func (r routes) postStuff(ctx context.Context, in NewStuff) (string, error) {
	return "stuff added: " + in.Stuff, r.data.addStuff(in.Stuff, string(in.User), in.Price)
}

type NewPrice struct {
	SID   string
	Price float64
}

func (r routes) patchStuff(ctx context.Context, in NewPrice) (string, error) {
	return "stuff changed: " + in.SID, r.data.changeStuff(in.SID, in.Price)
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
	Password string `format:"password"`
	Email    string
}

func (r routes) postUser(ctx context.Context, in NewUser) (string, error) {
	hash, err := r.app.HashPassword(ctx, in.Password)
	if err != nil {
		return "", err
	}
	return "user added: " + in.Login, r.data.addUser(in.Login, hash, in.Email, false)
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

func (r routes) days(ctx context.Context, in Someone) (Days, error) {
	return Days{in.Who.Name, fsa.DateOf(time.Now()).Sub(in.Who.Born)}, nil
}

type List struct{ LI []int64 }

func (r routes) primes(ctx context.Context, in List) ([]int64, error) {
	var primes []int64
	for _, n := range in.LI {
		if big.NewInt(n).ProbablyPrime(0) { // exact below 2⁶⁴
			primes = append(primes, n)
		}
	}
	return primes, nil
}

type Any struct{ P fsa.JSON }

func (r routes) len(ctx context.Context, in Any) (map[string]any, error) {
	switch p := in.P.Value.(type) {
	case string:
		return map[string]any{"len": len([]rune(p))}, nil
	case []any:
		return map[string]any{"len": len(p)}, nil
	case map[string]any:
		return map[string]any{"len": len(p)}, nil
	}
	return map[string]any{"len": "not available"}, nil
}
