package main

import (
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

// TestMain fails the package if a secret comes out. S70.
func TestMain(m *testing.M) {
	leaktest.Secret(acmePass)
	os.Exit(leaktest.Main(m))
}

// newTestApp makes the application with one of its configurations.
func newTestApp(t testing.TB, file string) *fsa.App {
	t.Helper()
	cfg, err := fsa.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	cfg.PasswordOpts = map[string]int{"memory": 64, "time": 1} // tests need no slow hash
	cfg.InsecurePasswordCost = true
	// What is logged, all of it, is looked through for secrets.
	cfg.Logger = slog.New(slog.NewTextHandler(leaktest.Log(io.Discard), &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg.Mode = "debug4" // as the file's dev, and with traces
	app, err := newApp(t.Context(), cfg, acmePass)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// client calls the application as its users do: by password, or, where that is
// for getting tokens only, by token.
type client struct {
	*fsatest.Client
	t      *testing.T
	strict bool
}

// as lets the request be a user's.
func (c *client) as(r *fsatest.Request, login, pass string) *fsatest.Request {
	c.t.Helper()
	if !c.strict {
		return r.Basic(login, pass)
	}
	var token Token
	c.Get("/token").Basic(login, pass).Expect(200).JSON(&token)
	return r.Bearer(token.Token)
}

func (c *client) admin(r *fsatest.Request) *fsatest.Request {
	c.t.Helper()
	return c.as(r, "acme", acmePass)
}

// under runs a test under both configurations.
func under(t *testing.T, test func(t *testing.T, c *client)) {
	for _, file := range []string{"acme.toml", "acme-strict.toml"} {
		t.Run(file, func(t *testing.T) {
			test(t, &client{fsatest.New(t, newTestApp(t, file)), t, file == "acme-strict.toml"})
		})
	}
}

// body demands the very text of an answer.
func body(t *testing.T, res *fsatest.Response, want string) {
	t.Helper()
	if res.Text() != want {
		t.Errorf("the answer is %q, want %q", res.Text(), want)
	}
}

type object = map[string]any

// The tests from here to TestWeakPassword are those of the originals' test.py.

func TestHello(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		body(t, c.Get("/hello").Expect(200), `{"msg":"hello","version":"`+fsa.Version()+`"}`+"\n")
		// An open route asks nobody who they are, not even those who say it wrongly.
		c.Get("/hello").Basic("acme", "wrong").Expect(200)
	})
}

func TestDatabase(t *testing.T) {
	ctx := t.Context()
	db := newDatabase()
	for _, err := range []error{
		db.addUser("susie", "susie-hash", "susie@acme.org", true),
		db.addUser("calvin", "calvin-hash", "calvin@acme.org", false),
		db.addStuff("pencil", "susie", 3.12),
		db.addStuff("toy", "calvin", 2.72),
		db.changeStuff("pencil", 3.14),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"user twice", db.addUser("susie", "x", "x", false), "cannot overwrite existing user: susie"},
		{"bad login", db.addUser("Susie", "x", "x", false), "invalid login name: Susie"},
		{"stuff twice", db.addStuff("toy", "susie", 1), "cannot overwrite existing stuff: toy"},
		{"no such stuff", db.changeStuff("car", 1), "no such stuff: car"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, c.err, c.want)
		}
	}
	for _, c := range []struct {
		login, hash string
		admin       bool
		stuff       Stuff
	}{
		{"susie", "susie-hash", true, Stuff{"pencil", 3.14}},
		{"calvin", "calvin-hash", false, Stuff{"toy", 2.72}},
	} {
		hash, err := db.passwordHash(ctx, c.login)
		admin, err2 := db.isAdmin(ctx, c.login)
		if hash != c.hash || admin != c.admin || err != nil || err2 != nil {
			t.Errorf("%s has hash %q and admin %v (%v, %v), want %+v", c.login, hash, admin, err, err2, c)
		}
		if stuff := db.stuffOf(c.login); len(stuff) != 1 || stuff[0] != c.stuff {
			t.Errorf("%s has %v, want %v", c.login, stuff, c.stuff)
		}
	}
	if _, err := db.passwordHash(ctx, "hobbes"); err != fsa.ErrNoSuchUser {
		t.Errorf("the password of nobody: %v", err)
	}
	if ok, err := db.stuffPermission(ctx, "calvin", "toy", "burn"); ok || err == nil {
		t.Errorf("a mode that there is not: %v, %v", ok, err)
	}
}

func TestBasicAuthn(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		c.Get("/hello-me").Expect(401)
		c.Get("/hello-me").Basic("meca", "Mec0!").Expect(401)
		if c.strict {
			c.Get("/hello-me").Basic("acme", acmePass).Expect(401)
		}
		body(t, c.admin(c.Get("/hello-me")).Expect(200), `{"msg":"hello","user":"acme"}`+"\n")
		body(t, c.admin(c.Get("/stuff")).Expect(200), "[]\n")
		pinte := object{"stuff": "pinte", "price": 6.5}
		body(t, c.admin(c.Post("/stuff")).JSON(pinte).Expect(201), "stuff added: pinte")
		body(t, c.admin(c.Post("/stuff")).JSON(pinte).Expect(409), `{"error":"cannot overwrite existing stuff: pinte"}`+"\n")
		c.admin(c.Post("/stuff")).Form("stuff", "<demi>", "price", "3").Expect(201)
		body(t, c.admin(c.Get("/stuff")).Expect(200), `[["<demi>",3],["pinte",6.5]]`+"\n")
	})
}

func TestParamAuthn(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		want := 200
		if c.strict {
			want = 401
		}
		who := []string{"username", "acme", "password", acmePass}
		for _, r := range []*fsatest.Request{
			c.Get("/hello-me").Form(who...),
			c.Get("/hello-me").JSON(object{"username": "acme", "password": acmePass}),
		} {
			if res := r.Expect(want); !c.strict {
				body(t, res, `{"msg":"hello","user":"acme"}`+"\n")
			}
		}
		c.Get("/hello-me").Form("username", "acme", "password", "wrong").Expect(401)
	})
}

func TestTokenAuthn(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		login := object{"username": "acme", "password": acmePass}
		for _, r := range []struct {
			request *fsatest.Request
			status  int
		}{
			{c.Get("/token").Basic("acme", acmePass), 200},
			{c.Get("/token").Form("username", "acme", "password", acmePass), 200},
			{c.Get("/token").JSON(login), 200},
			{c.Post("/token").Form("username", "acme", "password", acmePass), 201},
			{c.Post("/token").JSON(login), 201},
		} {
			var token Token
			r.request.Expect(r.status).JSON(&token)
			c.Get("/hello-me").Bearer(token.Token).Expect(200).Contains(`"user":"acme"`)
			c.Get("/token").Bearer(token.Token).Expect(200)
			c.Post("/token").Bearer(token.Token).Expect(401)
			c.Get("/hello-me").Bearer(token.Token + "x").Expect(401)
		}
		c.Post("/token").Basic("acme", acmePass).Expect(401)
	})
}

func newUser(login, pass string) object {
	return object{"login": login, "email": login + "@acme.org", "password": pass}
}

func TestGroupAuthz(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		c.admin(c.Post("/user")).Expect(400)
		c.admin(c.Post("/user")).JSON(newUser("acme", "P0ss!")).Expect(409)
		c.admin(c.Post("/user")).JSON(newUser("123", "P1ss!")).Expect(400)
		body(t, c.admin(c.Post("/user")).JSON(newUser("meca", "Mec0!")).Expect(201), "user added: meca")
		body(t, c.as(c.Get("/hello-me"), "meca", "Mec0!").Expect(200), `{"msg":"hello","user":"meca"}`+"\n")
		c.as(c.Post("/user"), "meca", "Mec0!").JSON(newUser("mace", "M@c1!")).Expect(403).Contains(`not in group \"admin\"`)
	})
}

func TestObjPermAuthz(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		const pass = "M@c1!"
		c.admin(c.Post("/user")).JSON(newUser("mace", pass)).Expect(201)
		c.as(c.Post("/stuff"), "mace", pass).JSON(object{"stuff": "bear", "price": 2.0}).Expect(201)
		c.admin(c.Patch("/stuff/bear")).JSON(object{"price": 3.0}).Expect(403).Contains("permission denied on stuff")
		body(t, c.as(c.Patch("/stuff/bear"), "mace", pass).JSON(object{"price": 3.0}).Expect(200), "stuff changed: bear")
		c.as(c.Patch("/stuff/beer"), "mace", pass).JSON(object{"price": 3.0}).Expect(404)
		body(t, c.as(c.Get("/stuff"), "mace", pass).Expect(200), `[["bear",3]]`+"\n")
	})
}

func TestDays(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		for name, r := range map[string]*fsatest.Request{
			"Calvin": c.Get("/days").Form("who", `{"name":"Calvin","born":"1970-03-20"}`),
			"Susie":  c.Get("/days").JSON(object{"who": object{"name": "Susie", "born": "1970-10-14"}}),
		} {
			var d Days
			r.Expect(200).JSON(&d)
			if d.Name != name || d.Days < 20_000 || d.Days > 40_000 {
				t.Errorf("%s is %+v", name, d)
			}
		}
		c.Get("/days").JSON(object{"who": object{"name": "Hobbes", "born": "not yesterday"}}).Expect(400)
	})
}

func TestPrimes(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		body(t, c.Get("/primes?li=7&li=8").Expect(200), "[7]\n")
		body(t, c.Get("/primes").JSON(object{"li": []int{1, 2, 3, 4, 5, 6, 7, 8, 9}}).Expect(200), "[2,3,5,7]\n")
		body(t, c.Get("/primes").JSON(object{"li": []int{-7, 0, 1, 9_223_372_036_854_775_783}}).Expect(200), "[9223372036854775783]\n")
		body(t, c.Get("/primes").JSON(object{"li": []int{8}}).Expect(200), "[]\n")
		c.Get("/primes").JSON(object{"li": []string{"odd", "even"}}).Expect(400)
	})
}

func TestLen(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		for _, p := range []struct {
			json, want string
			status     int
		}{
			{`{"hi":"w!"}`, `{"len":1}`, 200},
			{`["foo","bla"]`, `{"len":2}`, 200},
			{`"hi!"`, `{"len":3}`, 200},
			{`"été"`, `{"len":3}`, 200},
			{`null`, `{"len":"not available"}`, 200},
			{`3.14`, `{"len":"not available"}`, 200},
			{`bad-json`, "", 400},
		} {
			for _, r := range []*fsatest.Request{
				c.Get("/len").Query("p", p.json),
				c.Get("/len").Form("p", p.json),
				c.Post("/len").Form("p", p.json),
				c.Post("/len").Body("application/json", `{"p":`+p.json+`}`),
			} {
				if res := r.Expect(p.status); p.status == 200 {
					body(t, res, p.want+"\n")
				}
			}
		}
		c.Get("/len").Expect(400)
	})
}

func TestWeakPassword(t *testing.T) {
	under(t, func(t *testing.T, c *client) {
		for pass, want := range map[string]string{
			"C@me":     `{"error":"password is too short, must be at least 5"}`,
			"Cameleon": `{"error":"password must match [0-9]"}`,
		} {
			body(t, c.admin(c.Post("/user")).Form("login", "came", "password", pass, "email", "came@acme.org").Expect(400), want+"\n")
		}
	})
}

// TestMatrix says who may call what.
func TestMatrix(t *testing.T) {
	for _, file := range []string{"acme.toml", "acme-strict.toml"} {
		t.Run(file, func(t *testing.T) {
			fsatest.Matrix{
				App: func(t testing.TB) *fsa.App {
					app := newTestApp(t, file)
					c := fsatest.New(t, app)
					c.Post("/user").As("acme").JSON(newUser("meca", "Mec0!")).Expect(201)
					c.Post("/user").As("acme").JSON(newUser("mace", "M@c1!")).Expect(201)
					c.Post("/stuff").As("mace").JSON(object{"stuff": "bear", "price": 2.0}).Expect(201)
					return app
				},
				// nobody, an ordinary user, the administrator, the owner of the bear
				Identities: []string{"", "meca", "acme", "mace"},
				Rows: []fsatest.Row{
					{Route: "GET /hello", Status: []int{200, 200, 200, 200}},
					{Route: "GET /hello-me", Status: []int{401, 200, 200, 200}},
					{Route: "POST /stuff", Status: []int{401, 201, 201, 201}, Prepare: form("stuff", "pinte", "price", "6.5")},
					{Route: "GET /stuff", Status: []int{401, 200, 200, 200}},
					{Route: "GET /token", Status: []int{401, 200, 200, 200}},
					{Route: "POST /token", Status: []int{401, 201, 201, 201}},
					{Route: "POST /user", Status: []int{401, 403, 201, 403}, Prepare: form("login", "came", "password", "C0mel", "email", "came@acme.org")},
					{Route: "PATCH /stuff/{sid}", Status: []int{401, 403, 403, 200}, Path: "/stuff/bear", Prepare: form("price", "3")},
					{Route: "PATCH /stuff/{sid}", Status: []int{401, 404, 404, 404}, Path: "/stuff/beer", Prepare: form("price", "3")},
					{Route: "GET /days", Status: []int{200, 200, 200, 200}, Path: `/days?who={"name":"Calvin","born":"1970-03-20"}`},
					{Route: "GET /primes", Status: []int{200, 200, 200, 200}, Path: "/primes?li=7"},
					{Route: "GET /len", Status: []int{200, 200, 200, 200}, Path: "/len?p=[]"},
					{Route: "POST /len", Status: []int{200, 200, 200, 200}, Prepare: form("p", "[]")},
				},
			}.Run(t)
		})
	}
}

func form(pairs ...string) func(*fsatest.Request) {
	return func(r *fsatest.Request) { r.Form(pairs...) }
}

// TestStart is about what is said when the application cannot start.
func TestStart(t *testing.T) {
	secret := []fsa.Secret{"0123456789abcdef0123456789abcdef"}
	for _, c := range []struct {
		name   string
		change func(*fsa.Config)
		pass   string
		want   []string // parts of the error; none if it starts
	}{
		{"dev without password", func(c *fsa.Config) {}, "", nil},
		{"prod", func(c *fsa.Config) { c.Mode, c.TokenSecret = "prod", secret }, acmePass, nil},
		{"prod without password", func(c *fsa.Config) { c.Mode, c.TokenSecret = "prod", secret }, "", []string{"ACME_PASS is not set", "set it to the password of the administrator"}},
		{"default mode without password", func(c *fsa.Config) { c.Mode, c.TokenSecret = "", secret }, "", []string{"ACME_PASS is not set"}},
		{"prod without secret", func(c *fsa.Config) { c.Mode = "prod" }, acmePass, []string{"FSA_TOKEN_SECRET", "/dev/urandom"}},
		{"bad mode", func(c *fsa.Config) { c.Mode, c.TokenSecret = "develop", secret }, acmePass, []string{`unknown mode "develop"`, "prod, dev, debug"}},
		{"no schemes for the open routes", func(c *fsa.Config) { c.Auth = []string{"token", "basic", "param"} }, acmePass, []string{"GET /hello (", `scheme "none" is not enabled`, "add \"none\" to FSA_AUTH"}},
	} {
		cfg, err := fsa.Load("acme.toml")
		if err != nil {
			t.Fatal(err)
		}
		cfg.LoggingLevel = 12
		c.change(&cfg)
		_, err = newApp(t.Context(), cfg, c.pass)
		if len(c.want) == 0 && err != nil || len(c.want) > 0 && err == nil {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		for _, part := range c.want {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v, want %q in it", c.name, err, part)
			}
		}
	}
}
