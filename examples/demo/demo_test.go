package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

// TestMain fails the package if a secret is logged. Answers are not looked at: the
// contract has hashes in them, and secrets of one-time passwords. S70.
func TestMain(m *testing.M) {
	leaktest.Secret(tokenSecret, fooSecret, blaSecret, tmpSecret)
	os.Exit(leaktest.Main(m))
}

const (
	tokenSecret = "demo application secret for signing tokens"
	fooSecret   = "FOOSECRETFOOSECRET"
	blaSecret   = "BLASECRETBLASECRET"
	tmpSecret   = "TMPSECRETTMPSECRET"
)

// config reads one of the two configurations, with faster hashes.
func config(t testing.TB, file string) fsa.Config {
	t.Helper()
	cfg, err := fsa.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	cfg.PasswordOpts = map[string]int{"memory": 64, "time": 1}
	cfg.InsecurePasswordCost = true
	cfg.Logger = slog.New(slog.NewTextHandler(leaktest.Log(io.Discard), &slog.HandlerOptions{Level: slog.LevelDebug}))
	return cfg
}

// postgres makes a schema in the database for the tests, and gives its URL.
func postgres(t testing.TB) string {
	t.Helper()
	where := os.Getenv("TEST_FSA_POSTGRES")
	if where == "" {
		t.Skip("TEST_FSA_POSTGRES is not set: no tests with PostgreSQL")
	}
	db, err := sql.Open("pgx", where)
	if err != nil {
		t.Fatal(err)
	}
	schema := "demo_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

// databases are where the application runs in tests.
var databases = map[string]func(testing.TB) string{
	"memory":     func(testing.TB) string { return memory },
	"file":       func(t testing.TB) string { return filepath.Join(t.TempDir(), "stuff #1?.db") },
	"PostgreSQL": postgres,
}

// world is a running application.
type world struct {
	app *fsa.App
	db  *database
	dir *os.Root
	now time.Time // of the clock for codes
}

func newWorld(t testing.TB, file, where string) *world {
	t.Helper()
	w := &world{now: time.Now()}
	var err error
	if w.db, err = openDatabase(t.Context(), where); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	w.db.clock = func() time.Time { return w.now }
	if w.dir, err = os.OpenRoot(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.dir.Close() })
	if w.app, err = newApp(t.Context(), config(t, file), w.db, w.dir); err != nil {
		t.Fatal(err)
	}
	return w
}

// serve lets clients call the application over HTTP, and gives its address.
func (w *world) serve(t testing.TB) string {
	t.Helper()
	h, err := w.app.Handler()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// everywhere runs a test with both configurations, in each database.
func everywhere(t *testing.T, test func(t *testing.T, w *world, jwt bool)) {
	t.Helper()
	for _, file := range []string{"demo-jwt.toml", "demo-fsa.toml"} {
		for name, where := range databases {
			t.Run(strings.TrimSuffix(file, ".toml")+"/"+name, func(t *testing.T) {
				test(t, newWorld(t, file, where(t)), file == "demo-jwt.toml")
			})
		}
	}
}

// TestMatrix says who may call what.
func TestMatrix(t *testing.T) {
	common := []fsatest.Row{
		{Route: "GET /version", Status: []int{200, 200, 200}},
		{Route: "GET /now", Status: []int{200, 200, 200}},
		{Route: "GET /who", Status: []int{200, 200, 200}},
		{Route: "POST /upload", Status: []int{201, 201, 201}, Prepare: func(r *fsatest.Request) {
			r.Body(form("hello.txt", "text/plain", "Hello World!\n"))
		}},
		{Route: "GET /stuff", Status: []int{401, 200, 200}},
		{Route: "POST /stuff", Status: []int{401, 201, 201}, Prepare: with("sname", "Chair")},
		{Route: "GET /stuff/{sid}", Status: []int{401, 200, 200}, Path: "/stuff/1"},
		{Route: "PATCH /stuff/{sid}", Status: []int{401, 204, 204}, Path: "/stuff/1", Prepare: with("sname", "Table")},
		{Route: "DELETE /stuff/{sid}", Status: []int{401, 204, 204}, Path: "/stuff/1"},
		{Route: "GET /scare", Status: []int{401, 200, 200}},
		{Route: "GET /scare/token", Status: []int{401, 200, 200}},
		{Route: "GET /scare/token2", Status: []int{401, 200, 400}, Prepare: with("code", "tmp:42")},
		{Route: "POST /scare", Status: []int{201, 201, 201}, Prepare: with("login", "new", "email", "new@school.org", "pass", "new", "secret", tmpSecret)},
		{Route: "PATCH /scare", Status: []int{401, 204, 403}, Prepare: with("opass", "tmp", "npass", "new")},
		{Route: "DELETE /scare", Status: []int{401, 204, 204}},
		{Route: "GET /users", Status: []int{401, 403, 200}},
		{Route: "POST /users", Status: []int{401, 403, 201}, Prepare: with("login", "new", "email", "new@school.org", "pass", "new", "secret", tmpSecret)},
		{Route: "GET /users/{login}", Status: []int{401, 200, 200}, Path: "/users/tmp"},
		{Route: "GET /users/{login}", Status: []int{401, 200, 200}, Path: "/users/tmp@school.org"},
		{Route: "GET /users/{login}", Status: []int{401, 403, 200}, Path: "/users/foo"},
		{Route: "GET /users/{login}", Status: []int{401, 403, 404}, Path: "/users/nobody"},
		{Route: "PATCH /users/{login}", Status: []int{401, 403, 204}, Path: "/users/tmp", Prepare: with("admin", "true")},
		{Route: "DELETE /users/{login}", Status: []int{401, 204, 204}, Path: "/users/tmp"},
		{Route: "DELETE /users/{login}", Status: []int{401, 403, 204}, Path: "/users/bla"},
		{Route: "GET /auth", Status: []int{401, 403, 200}},
		{Route: "GET /auth/{login}", Status: []int{401, 403, 200}, Path: "/auth/tmp"},
		{Route: "POST /auth", Status: []int{401, 403, 201}, Prepare: with("user", `{"login":"new","email":"new@school.org","upass":"new","admin":false,"secret":"X"}`)},
		{Route: "PUT /auth/{aid}", Status: []int{401, 403, 204}, Path: "/auth/2", Prepare: with("user", `{"aid":2,"login":"new","email":"new@school.org","upass":"new","admin":false,"secret":"X"}`)},
		{Route: "DELETE /auth/{login}", Status: []int{401, 403, 204}, Path: "/auth/tmp"},
		{Route: "GET /types/scalars", Status: []int{200, 200, 200}},
		{Route: "GET /types/json", Status: []int{200, 200, 200}, Prepare: with("j", "1")},
		{Route: "GET /types/nat", Status: []int{200, 200, 200}, Prepare: with("i", "1", "j", "2")},
		{Route: "POST /types/char", Status: []int{201, 201, 201}, Prepare: with("char", `{"name":"Calvin","age":6}`)},
		{Route: "POST /types/pers", Status: []int{201, 201, 201}, Prepare: with("pers", `{"name":"Calvin","age":6}`)},
		{Route: "GET /types/ls", Status: []int{200, 200, 200}, Prepare: with("ls", "a", "ls", "b")},
	}
	for file, own := range map[string][]fsatest.Row{
		"demo-jwt.toml": {
			{Route: "GET /oauth", Status: []int{401, 403, 403}},
			{Route: "PATCH /oauth", Status: []int{401, 403, 403}, Prepare: with("email", "x@school.org")},
			{Route: "DELETE /oauth", Status: []int{401, 403, 403}},
		},
		"demo-fsa.toml": {
			{Route: "GET /mfa/login", Status: []int{401, 200, 200}},
			{Route: "POST /mfa/code", Status: []int{401, 401, 401}, Prepare: with("code", "no code")},
			{Route: "POST /mfa/totp", Status: []int{401, 401, 401}, Prepare: with("otp", "no code")},
			{Route: "GET /mfa/test", Status: []int{401, 200, 200}},
		},
	} {
		t.Run(file, func(t *testing.T) {
			fsatest.Matrix{
				App: func(t testing.TB) *fsa.App {
					app := newWorld(t, file, memory).app
					fsatest.New(t, app).Post("/scare").Form("login", "tmp", "email", "tmp@school.org", "pass", "tmp", "secret", tmpSecret).Expect(201)
					return app
				},
				Identities: []string{"", "tmp", "foo"}, // nobody, a user, an administrator
				Rows:       append(own, common...),
			}.Run(t)
		})
	}
}

func with(pairs ...string) func(*fsatest.Request) {
	return func(r *fsatest.Request) { r.Form(pairs...) }
}

// form makes a multipart form with one file.
func form(name, kind, content string) (contentType, body string) {
	return "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name +
		"\"\r\nContent-Type: " + kind + "\r\n\r\n" + content + "\r\n--x--\r\n"
}

// TestStart: what is wrong with a start is said.
func TestStart(t *testing.T) {
	for where, want := range map[string]string{
		"":                             "the database is missing; it is a file for SQLite, :memory:, or a postgres:// URL",
		"mysql://root@127.0.0.1/stuff": `the database has the URL scheme "mysql"; it is a file`,
		"/no/such/directory/stuff.db":  "/no/such/directory/stuff.db",
		"postgres://u:hunter2@127.0.0.1:1/stuff?connect_timeout=1": "connect",
	} {
		db, err := openDatabase(t.Context(), where)
		if err == nil {
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %q", where, err, want)
		}
	}
}

// TestTables: they are made once, with the original's rows, and stay; several may
// start at once.
func TestTables(t *testing.T) {
	for _, name := range []string{"file", "PostgreSQL"} {
		t.Run(name, func(t *testing.T) {
			where := databases[name](t)
			errs := make(chan error)
			for range 4 {
				go func() {
					db, err := openDatabase(t.Context(), where)
					if err == nil {
						err = db.create(t.Context(), func(_ context.Context, pass string) (string, error) { return "hash of " + pass, nil })
						db.Close()
					}
					errs <- err
				}()
			}
			for range 4 {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			w := newWorld(t, "demo-jwt.toml", where)
			all, err := w.db.accounts(t.Context())
			if err != nil || len(all) != 2 || all[0] != (account{2, "bla", "bla@school.org", "hash of foo", true, blaSecret}) ||
				all[1] != (account{1, "foo", "foo@school.org", "hash of bla", true, fooSecret}) {
				t.Errorf("the accounts are %v (%v)", all, err)
			}
			things, err := w.db.getStuff(t.Context(), pattern{})
			if err != nil || len(things) != 3 || things[0] != (thing{1, "Hello"}) || things[1] != (thing{2, "World"}) || things[2] != (thing{3, "!"}) {
				t.Errorf("the stuff is %v (%v)", things, err)
			}
			for _, a := range []account{{Login: "a@b", Email: "c@d"}, {Login: "a", Email: "b"}} {
				if _, err := addAccount(t.Context(), w.db, a); err == nil {
					t.Errorf("%+v is taken", a)
				}
			}
			// Whoever has no account left gets none back by a restart.
			if _, err := w.db.ExecContext(t.Context(), "DELETE FROM auth"); err != nil {
				t.Fatal(err)
			}
			if all, err := newWorld(t, "demo-jwt.toml", where).db.accounts(t.Context()); err != nil || len(all) != 0 {
				t.Errorf("the accounts after a restart are %v (%v)", all, err)
			}
		})
	}
}
