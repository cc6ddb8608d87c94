package main

import (
	"io"
	"log/slog"
	"os"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Main(m)) }

func newTestApp(t testing.TB) *fsa.App {
	t.Helper()
	cfg, err := fsa.Load("fastapi.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.PasswordOpts = map[string]int{"memory": 64, "time": 1} // tests need no slow hash
	cfg.InsecurePasswordCost = true
	cfg.Logger = slog.New(slog.NewTextHandler(leaktest.Log(io.Discard), nil))
	app, err := newApp(t.Context(), cfg,
		User{Username: "johndoe", FullName: "John Doe", Email: "johndoe@example.com"},
		User{Username: "alice", FullName: "Alice Wonderson", Email: "alice@example.com", Disabled: true})
	if err != nil {
		t.Fatal(err)
	}
	app.Use(leaktest.Watch)
	return app
}

func TestTutorial(t *testing.T) {
	c := fsatest.New(t, newTestApp(t))
	const john = `{"username":"johndoe","email":"johndoe@example.com","full_name":"John Doe","disabled":false}` + "\n"
	const items = `[{"item_id":"Foo","owner":"johndoe"}]` + "\n"
	login := []string{"username", "johndoe", "password", "secret"}
	for _, r := range []*fsatest.Request{
		c.Post("/token").Form(login...),
		c.Post("/token").Form(login...).Form("grant_type", "password", "scope", "", "client_id", "x", "client_secret", "y"),
		c.Post("/token").JSON(map[string]string{"username": "johndoe", "password": "secret"}),
	} {
		var token Token
		r.Expect(200).JSON(&token)
		if token.TokenType != "bearer" {
			t.Errorf("the token is %+v", token)
		}
		for path, want := range map[string]string{"/users/me": john, "/users/me/": john, "/users/me/items": items, "/users/me/items/": items} {
			if got := c.Get(path).Bearer(token.AccessToken).Expect(200).Text(); got != want {
				t.Errorf("%s: %s", path, got)
			}
		}
		c.Get("/users/me").Bearer(token.AccessToken + "x").Expect(401)
		c.Post("/token").Bearer(token.AccessToken).Expect(401)
	}
	if got := c.Get("/users/me").Expect(401).Header.Get("WWW-Authenticate"); got != `Bearer realm="demo"` {
		t.Errorf("the challenge is %q", got)
	}
	c.Get("/users/me").Query(login...).Expect(200) // by password, too
	c.Post("/token").Form("username", "johndoe", "password", "wrong").Expect(401).Contains(`{"detail":`)
	c.Post("/token").Form("username", "nobody", "password", "secret").Expect(401)
	c.Post("/token").Expect(401)
	c.Post("/token").Form(login...).Form("grant_type", "authorization_code").Expect(400)
	c.Post("/token").Form(login...).Form("scope", "admin").Expect(400)

	// Who is disabled gets a token, which is of no use.
	var token Token
	c.Post("/token").Form("username", "alice", "password", "secret").Expect(200).JSON(&token)
	c.Get("/users/me").Bearer(token.AccessToken).Expect(403)
	c.Get("/users/me/items").Bearer(token.AccessToken).Expect(403)
}

func TestMatrix(t *testing.T) {
	fsatest.Matrix{
		App:        newTestApp,
		Identities: []string{"", "johndoe", "alice"},
		Rows: []fsatest.Row{
			{Route: "POST /token", Status: []int{401, 200, 200}},
			{Route: "GET /users/me", Status: []int{401, 200, 403}},
			{Route: "GET /users/me/", Status: []int{401, 200, 403}},
			{Route: "GET /users/me/items", Status: []int{401, 200, 403}},
			{Route: "GET /users/me/items/", Status: []int{401, 200, 403}},
		},
	}.Run(t)
}
