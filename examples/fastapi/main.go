// Command fastapi is the application of FastAPI's tutorial on OAuth2 with passwords
// and JWTs, as FlaskSimpleAuth has it: a password gets a token, a token gets the
// user. The user is johndoe, the password secret.
//
//	go run ./examples/fastapi
//	curl -d username=johndoe -d password=secret http://localhost:5000/token
//	curl -H "Authorization: Bearer TOKEN" http://localhost:5000/users/me
package main

import (
	"context"
	"embed"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

//go:embed fastapi.toml
var config embed.FS

func main() {
	addr := flag.String("addr", "127.0.0.1:5000", "`address` to serve on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := fsa.LoadFS(config, "fastapi.toml")
	if err != nil {
		log.Fatal(err)
	}
	app, err := newApp(ctx, cfg, User{Username: "johndoe", FullName: "John Doe", Email: "johndoe@example.com"})
	if err == nil {
		err = app.Run(ctx, *addr)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// User is what is told of a user.
type User struct {
	Username string `json:"username"`
	Email    string `json:"email"`
	FullName string `json:"full_name"`
	Disabled bool   `json:"disabled"`
}

// newApp makes the application for some users, whose password is secret.
func newApp(ctx context.Context, cfg fsa.Config, all ...User) (*fsa.App, error) {
	app := fsa.New("fastapi", cfg)
	users := map[string]User{}
	for _, u := range all {
		users[u.Username] = u
	}
	hash, err := app.HashPasswordUnchecked(ctx, "secret")
	if err != nil {
		return nil, err
	}
	app.UserPass(func(_ context.Context, login string) (string, error) {
		if _, known := users[login]; !known {
			return "", fsa.ErrNoSuchUser
		}
		return hash, nil
	})
	app.GroupCheck("ENABLED", func(_ context.Context, login string) (bool, error) {
		u, known := users[login]
		return known && !u.Disabled, nil
	})
	// A parameter of type User is the one who is calling.
	fsa.Special(app, func(ctx context.Context, _ string) (User, error) { return users[fsa.User(ctx)], nil })

	fsa.Post(app, "/token", authz.Auth(), func(ctx context.Context, in Login) (Token, error) {
		token, err := app.CreateToken(ctx, string(in.Me), fsa.TokenOptions{})
		return Token{token, "bearer"}, err
	}, fsa.Authn("param"))
	for _, slash := range []string{"", "/"} { // the tutorial has had both
		fsa.Get(app, "/users/me"+slash, authz.Group("ENABLED"), getMe)
		fsa.Get(app, "/users/me/items"+slash, authz.Group("ENABLED"), getItems)
	}
	return app, nil
}

// Login is a log-in, whose name and password the scheme param takes. Clients of
// OAuth2 send the rest, too, which is of no use here.
type Login struct {
	Me           fsa.CurrentUser
	GrantType    string  `default:"password" enum:"password"`
	Scope        *string `maxLength:"0"` // there is none to ask for
	ClientID     *string
	ClientSecret *string `format:"password"`
}

type Token struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
}

type Me struct{ User User }

func getMe(_ context.Context, in Me) (User, error) { return in.User, nil }

type Item struct {
	ItemID string `json:"item_id"`
	Owner  string `json:"owner"`
}

func getItems(_ context.Context, in Me) ([]Item, error) {
	return []Item{{"Foo", in.User.Username}}, nil
}
