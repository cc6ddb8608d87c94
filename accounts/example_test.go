package accounts_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
	"github.com/fastsimpleauth/fsa/authz"

	_ "modernc.org/sqlite"
)

// newStore makes a store in a database that is gone with the example.
func newStore(ctx context.Context, name string) (accounts.Store, *sql.DB) {
	db, err := sql.Open("sqlite", "file:"+name+"?mode=memory&cache=shared&_pragma=foreign_keys(1)")
	if err != nil {
		log.Fatal(err)
	}
	if err := sqlstore.Migrate(ctx, db, sqlstore.SQLite); err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(ctx, db, sqlstore.SQLite)
	if err != nil {
		log.Fatal(err)
	}
	return store, db
}

// quiet is the configuration of the examples: without the log.
func quiet() fsa.Config {
	return accounts.Defaults(fsa.Config{Mode: "dev", Logger: slog.New(slog.DiscardHandler)})
}

// serve serves an application as long as the example runs.
func serve(app *fsa.App) *httptest.Server {
	h, err := app.Handler()
	if err != nil {
		log.Fatal(err)
	}
	return httptest.NewServer(h)
}

// visitor is somebody with a browser, which is asked for HTML and keeps cookies.
type visitor struct {
	client *http.Client
	url    string
}

func newVisitor(s *httptest.Server) *visitor {
	jar, _ := cookiejar.New(nil)
	return &visitor{&http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, s.URL}
}

// get asks for a page, and post sends a form: names and values in turn. What comes back is
// printed.
func (v *visitor) get(path string) { v.send("GET", path, nil) }

func (v *visitor) post(path string, fields ...string) {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	v.send("POST", path, form)
}

func (v *visitor) send(method, path string, form url.Values) {
	r, err := http.NewRequest(method, v.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		log.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := v.client.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	said := string(body)
	if to := answer.Header.Get("Location"); to != "" {
		said = "to " + to
	}
	fmt.Println(method, path, answer.StatusCode, said)
}

// Who is not logged in is sent to the log-in page, and back after that. There is a
// user for trying it, with a password that nobody could choose.
func Example_logIn() {
	ctx := context.Background()
	store, db := newStore(ctx, "login")
	defer db.Close()

	app := fsa.New("basics", quiet())
	acc := accounts.New(app, store, accounts.Options{})
	fsa.Get(app, "/", authz.Auth(), func(ctx context.Context, in struct{ User *accounts.User }) (string, error) {
		return fmt.Sprintf("Hello %s (%s)", in.User.Name, in.User.Email), nil
	})
	_, err := acc.CreateUser(ctx, accounts.NewUser{
		Email: "test@me.com", Name: "Test User", Password: "password", InsecurePassword: true, Confirmed: true,
	}, accounts.Actor{})
	if err != nil {
		log.Fatal(err)
	}

	s := serve(app)
	defer s.Close()
	v := newVisitor(s)
	v.get("/")
	v.post("/login", "identity", "test@me.com", "password", "password", "next", "/")
	v.get("/")
	v.post("/logout")
	v.get("/")
	// Output:
	// GET / 303 to /login?next=%2F
	// POST /login 303 to /
	// GET / 200 Hello Test User (test@me.com)
	// POST /logout 303 to /login?done=logout
	// GET / 303 to /login?next=%2F
}

// People register, and see their dashboard at once: no mail is sent to their address, to
// confirm that it is theirs.
func Example_register() {
	ctx := context.Background()
	store, db := newStore(ctx, "register")
	defer db.Close()

	app := fsa.New("registration", quiet())
	accounts.New(app, store, accounts.Options{Registerable: true, NoConfirm: true})
	fsa.Get(app, "/", authz.Auth(), func(ctx context.Context, in struct{ User *accounts.User }) (string, error) {
		return "Dashboard of " + in.User.Called(), nil
	})

	s := serve(app)
	defer s.Close()
	v := newVisitor(s)
	v.get("/")
	v.post("/register", "email", "calvin@example.com", "password", "correct horse battery staple", "password_confirm", "correct horse battery staple")
	v.get("/")
	// Output:
	// GET / 303 to /login?next=%2F
	// POST /register 303 to /
	// GET / 200 Dashboard of calvin@example.com
}

// note is an entry of a diary.
type note struct{ content, owner string }

// notes is a diary: the number of an entry is its place, from 1.
type notes struct{ all []note }

// get gives an entry, [fsa.ErrNoSuchObject] if there is none.
func (n *notes) get(id int) (note, error) {
	if id < 1 || id > len(n.all) {
		return note{}, fsa.ErrNoSuchObject
	}
	return n.all[id-1], nil
}

// Users write entries, and see their own only: another's is refused, by the rule of
// the route.
func Example_ownEntries() {
	ctx := context.Background()
	store, db := newStore(ctx, "entries")
	defer db.Close()
	diary := &notes{} // of one visitor at a time; a real one is in the database

	app := fsa.New("diary", quiet())
	acc := accounts.New(app, store, accounts.Options{})
	fsa.ObjectPerms(app, "entry", func(ctx context.Context, login string, id int, mode string) (bool, error) {
		e, err := diary.get(id)
		return err == nil && e.owner == login, err
	})
	fsa.Get(app, "/", authz.Auth(), func(ctx context.Context, in struct{ By fsa.CurrentUser }) (string, error) {
		var mine []string
		for _, e := range diary.all {
			if e.owner == string(in.By) {
				mine = append([]string{e.content}, mine...)
			}
		}
		return fmt.Sprintf("%q", mine), nil
	})
	fsa.Post(app, "/new_entry", authz.Auth(), func(ctx context.Context, in struct {
		Content string `minLength:"1" maxLength:"280"`
		By      fsa.CurrentUser
	}) (fsa.Response, error) {
		diary.all = append(diary.all, note{in.Content, string(in.By)})
		return fsa.Redirect("/")
	})
	fsa.Get(app, "/entry/{entry_id}", authz.Object("entry", "entry_id", "read"), func(ctx context.Context, in struct{ EntryID int }) (string, error) {
		e, err := diary.get(in.EntryID)
		return e.content, err
	})
	for _, email := range []string{"calvin@example.com", "susie@example.com"} {
		n := accounts.NewUser{Email: email, Password: "correct horse battery staple", Confirmed: true}
		if _, err := acc.CreateUser(ctx, n, accounts.Actor{}); err != nil {
			log.Fatal(err)
		}
	}

	s := serve(app)
	defer s.Close()
	calvin, susie := newVisitor(s), newVisitor(s)
	calvin.post("/login", "identity", "calvin@example.com", "password", "correct horse battery staple")
	susie.post("/login", "identity", "susie@example.com", "password", "correct horse battery staple")
	calvin.post("/new_entry", "content", "It snows")
	calvin.post("/new_entry", "content", "It still snows")
	calvin.get("/")
	calvin.get("/entry/1")
	susie.get("/")
	susie.get("/entry/1")
	susie.get("/entry/3")
	calvin.post("/new_entry", "content", strings.Repeat("ha", 141))
	// Output:
	// POST /login 303 to /
	// POST /login 303 to /
	// POST /new_entry 303 to /
	// POST /new_entry 303 to /
	// GET / 200 ["It still snows" "It snows"]
	// GET /entry/1 200 It snows
	// GET / 200 []
	// GET /entry/1 403 permission denied on entry
	// GET /entry/3 404 object not found
	// POST /new_entry 400 parameter "content" must have at most 280 characters
}

// Roles are groups, and have permissions. Writers create entries and see their own;
// administrators see and edit all.
func Example_roles() {
	ctx := context.Background()
	store, db := newStore(ctx, "roles")
	defer db.Close()
	diary := &notes{}

	app := fsa.New("diary", quiet())
	acc := accounts.New(app, store, accounts.Options{
		Roles: []accounts.Role{
			{Name: "Writer", Permissions: []string{"entry:create"}},
			{Name: "Admin", Permissions: []string{"entry:edit"}},
		},
		AdminRole: "Admin", // its last member can't be removed
	})
	fsa.ObjectPerms(app, "entry", func(ctx context.Context, login string, id int, mode string) (bool, error) {
		e, err := diary.get(id)
		return err == nil && e.owner == login, err
	})
	own := authz.Object("entry", "entry_id", "read")
	fsa.Get(app, "/entry/{entry_id}", authz.Any(authz.Group("Admin"), own), func(ctx context.Context, in struct{ EntryID int }) (string, error) {
		e, err := diary.get(in.EntryID)
		if errors.Is(err, fsa.ErrNoSuchObject) {
			err = fsa.Errorf(404, "there is no such entry")
		}
		return e.content, err
	})
	type written struct {
		Content string `minLength:"1" maxLength:"280"`
		By      fsa.CurrentUser
	}
	fsa.Post(app, "/new_entry", authz.Permission("entry:create"), func(ctx context.Context, in written) (fsa.Response, error) {
		diary.all = append(diary.all, note{in.Content, string(in.By)})
		return fsa.Redirect("/entry/1")
	})
	fsa.Post(app, "/edit_entry/{entry_id}", authz.Permission("entry:edit"), func(ctx context.Context, in struct {
		written
		EntryID int
	}) (fsa.Response, error) {
		if _, err := diary.get(in.EntryID); err != nil {
			return fsa.Response{}, fsa.Errorf(404, "there is no such entry")
		}
		diary.all[in.EntryID-1].content = in.Content
		return fsa.Redirect("/entry/1")
	})
	if err := acc.Seed(ctx); err != nil { // App.Run does it by itself
		log.Fatal(err)
	}
	for _, n := range []accounts.NewUser{
		{Email: "admin@example.com", Password: "adminpass", Roles: []string{"Admin"}},
		{Email: "writer@example.com", Password: "writerpass", Roles: []string{"Writer"}},
	} {
		n.InsecurePassword, n.Confirmed = true, true
		if _, err := acc.CreateUser(ctx, n, accounts.Actor{}); err != nil {
			log.Fatal(err)
		}
	}

	s := serve(app)
	defer s.Close()
	writer, admin := newVisitor(s), newVisitor(s)
	writer.post("/login", "identity", "writer@example.com", "password", "writerpass")
	admin.post("/login", "identity", "admin@example.com", "password", "adminpass")
	writer.post("/new_entry", "content", "It snows")
	writer.post("/edit_entry/1", "content", "It rains")
	admin.post("/new_entry", "content", "It rains")
	admin.post("/edit_entry/1", "content", "It rains")
	writer.get("/entry/1")
	admin.get("/entry/1")
	admin.get("/entry/2")
	// Output:
	// POST /login 303 to /
	// POST /login 303 to /
	// POST /new_entry 303 to /entry/1
	// POST /edit_entry/1 403 missing permission "entry:edit"
	// POST /new_entry 403 missing permission "entry:create"
	// POST /edit_entry/1 303 to /entry/1
	// GET /entry/1 200 It rains
	// GET /entry/1 200 It rains
	// GET /entry/2 404 there is no such entry
}
