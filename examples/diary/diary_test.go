package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/fsatest"
)

// on runs a test with a diary on each database that there is.
func on(t *testing.T, cfg fsa.Config, test func(t *testing.T, d *diary, h http.Handler)) {
	t.Helper()
	cfg.Logger, cfg.InsecurePasswordCost, cfg.PasswordOpts = slog.New(slog.DiscardHandler), true, map[string]int{"memory": 64, "time": 1, "parallelism": 1}
	onAddresses(t, func(t *testing.T, address string) {
		db, dialect, err := open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		d, err := newDiary(t.Context(), cfg, db, dialect)
		if err != nil {
			t.Fatal(err)
		}
		h, err := d.app.Handler()
		if err != nil {
			t.Fatal(err)
		}
		test(t, d, h)
	})
}

var schemas atomic.Int64

// onAddresses runs a test with the address of a new database of each kind that there
// is, as -db has it.
func onAddresses(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "a diary?.db")) })
	t.Run("PostgreSQL", func(t *testing.T) {
		address := os.Getenv("TEST_FSA_POSTGRES")
		if address == "" {
			t.Skip("TEST_FSA_POSTGRES is not set")
		}
		admin, _, err := open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("diary_%d_%d", os.Getpid(), schemas.Add(1))
		if _, err := admin.Exec("CREATE SCHEMA " + name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			admin.Exec("DROP SCHEMA " + name + " CASCADE")
			admin.Close()
		})
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("search_path", name)
		u.RawQuery = q.Encode()
		test(t, u.String())
	})
}

// reader is somebody with a browser.
type reader struct {
	t       *testing.T
	h       http.Handler
	cookies map[string]string
}

func (b *reader) send(method, target string, form url.Values) (status int, to, body string) {
	b.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.RemoteAddr, r.Host = "127.0.0.1:4000", "localhost:5000"
	r.Header.Set("Accept", "text/html")
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
	text, _ := io.ReadAll(w.Body)
	return w.Code, w.Header().Get("Location"), string(text)
}

func login(t *testing.T, h http.Handler, email, password string) *reader {
	t.Helper()
	b := &reader{t, h, map[string]string{}}
	if status, _, body := b.send("POST", "/login", url.Values{"identity": {email}, "password": {password}}); status != 303 {
		t.Fatalf("%s can't log in: %d %s", email, status, body)
	}
	return b
}

var entryRE = regexp.MustCompile(`/entry/(\d+)`)

// TestDiary: who may write, see, edit and delete what. S78.
func TestDiary(t *testing.T) {
	on(t, fsa.Config{Mode: "dev"}, func(t *testing.T, d *diary, h http.Handler) {
		if _, err := d.acc.CreateUser(t.Context(), accounts.NewUser{Email: "reader@example.com", Password: "readerpass", InsecurePassword: true, Confirmed: true}, accounts.Actor{}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.acc.CreateUser(t.Context(), accounts.NewUser{Email: "other@example.com", Password: "otherpass", InsecurePassword: true, Confirmed: true, Roles: []string{"Writer"}}, accounts.Actor{}); err != nil {
			t.Fatal(err)
		}
		anybody := &reader{t, h, map[string]string{}}
		writer, other := login(t, h, "writer@example.com", "writerpass"), login(t, h, "other@example.com", "otherpass")
		plain, admin := login(t, h, "reader@example.com", "readerpass"), login(t, h, "admin@example.com", "adminpass")

		write := func(b *reader, content string) (int, string) {
			status, _, body := b.send("POST", "/new_entry", url.Values{"content": {content}})
			return status, body
		}
		for _, c := range []struct {
			content string
			status  int
			want    string
		}{
			{"first <b>entry</b>", 303, ""}, {strings.Repeat("ü", 280), 303, ""}, {strings.Repeat("ü", 281), 422, "at most 280 characters"}, {"  \r\n ", 422, "write something"}, {"the newest", 303, ""},
		} {
			if status, body := write(writer, c.content); status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%q: %d %s", c.content, status, body)
			}
		}
		_, _, list := writer.send("GET", "/", nil)
		ids := entryRE.FindAllStringSubmatch(list, -1)
		if len(ids) != 3 || strings.Index(list, "the newest") > strings.Index(list, "üüü") || !strings.Contains(list, "first &lt;b&gt;entry") {
			t.Fatal(list)
		}
		entry := ids[0][1]
		for _, c := range []struct {
			who          *reader
			method, path string
			form         url.Values
			status       int
			want         string
		}{
			{anybody, "GET", "/", nil, 303, ""},
			{anybody, "GET", "/entry/" + entry, nil, 303, ""},
			{writer, "GET", "/entry/" + entry, nil, 200, "the newest"},
			{other, "GET", "/", nil, 200, "Nothing yet"},
			{other, "GET", "/entry/" + entry, nil, 403, "This is not yours"},
			{writer, "GET", "/entry/999", nil, 404, "Nothing here"},
			{writer, "GET", "/entry/x", nil, 404, ""},
			{writer, "GET", "/edit_entry/" + entry, nil, 403, ""},
			{writer, "POST", "/edit_entry/" + entry, url.Values{"content": {"x"}}, 403, ""},
			{writer, "POST", "/delete_entry/" + entry, nil, 403, ""},
			{writer, "GET", "/", nil, 200, `href="/new_entry"`},
			{plain, "GET", "/", nil, 200, `Your diary</h1></div>`},
			{plain, "GET", "/new_entry", nil, 403, ""},
			{plain, "POST", "/new_entry", url.Values{"content": {"x"}}, 403, ""},
			{admin, "GET", "/", nil, 200, "writer@example.com"},
			{admin, "GET", "/entry/" + entry, nil, 200, "the newest"},
			{admin, "GET", "/entry/999", nil, 404, ""},
			{admin, "GET", "/edit_entry/" + entry, nil, 200, "the newest"},
			{admin, "POST", "/edit_entry/" + entry, url.Values{"content": {strings.Repeat("x", 281)}}, 422, "at most 280"},
			{admin, "POST", "/edit_entry/" + entry, url.Values{"content": {"edited"}}, 303, ""},
			{admin, "POST", "/edit_entry/999", url.Values{"content": {"edited"}}, 404, ""},
			{writer, "GET", "/entry/" + entry, nil, 200, "edited"},
			{admin, "GET", "/delete_entry/" + entry, nil, 200, "Delete this entry?"},
			{admin, "POST", "/delete_entry/" + entry, nil, 303, ""},
			{admin, "POST", "/delete_entry/" + entry, nil, 404, ""},
			{writer, "GET", "/entry/" + entry, nil, 404, ""},
			{anybody, "GET", "/diary.css", nil, 200, "textarea"},
			{writer, "GET", "/account", nil, 200, "Writer"},
		} {
			if status, _, body := c.who.send(c.method, c.path, c.form); status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s %s: %d, want %d with %q: %s", c.method, c.path, status, c.status, c.want, body)
			}
		}
	})
}

// TestPages: entries come in pages, the newest first; who is Admin has those of all.
func TestPages(t *testing.T) {
	on(t, fsa.Config{Mode: "dev"}, func(t *testing.T, d *diary, h http.Handler) {
		u, err := d.acc.FindUser(t.Context(), "writer@example.com")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2*onPage + 1 {
			if err := d.entries.add(t.Context(), u.ID, fmt.Sprintf("number %d.", i)); err != nil {
				t.Fatal(err)
			}
		}
		olderRE := regexp.MustCompile(`href="(/\?before=\d+)"`)
		for _, b := range []*reader{login(t, h, "writer@example.com", "writerpass"), login(t, h, "admin@example.com", "adminpass")} {
			next, want := "/", 2*onPage
			for range 3 {
				_, _, body := b.send("GET", next, nil)
				for range onPage {
					if want < 0 {
						break
					}
					i := strings.Index(body, fmt.Sprintf(">number %d.<", want))
					if i < 0 {
						t.Fatalf("%s: number %d is not there, or not in order: %s", next, want, body)
					}
					body = body[i:]
					want--
				}
				if next = ""; olderRE.MatchString(body) {
					next = olderRE.FindStringSubmatch(body)[1]
				}
			}
			if want != -1 || next != "" {
				t.Errorf("after three pages: number %d, and %q is next", want, next)
			}
		}
		if status, _, _ := login(t, h, "writer@example.com", "writerpass").send("GET", "/?before=x", nil); status != 400 {
			t.Errorf("before=x: %d", status)
		}
	})
}

// TestMatrix: who may call what, for each route. The seeded administrator comes last,
// since what they delete is gone.
func TestMatrix(t *testing.T) {
	on(t, fsa.Config{Mode: "dev"}, func(t *testing.T, d *diary, _ http.Handler) {
		ids := []string{""}
		for _, email := range []string{"reader@example.com", "other@example.com", "writer@example.com", "admin@example.com"} {
			u, err := d.acc.FindUser(t.Context(), email)
			if err != nil {
				n := accounts.NewUser{Email: email, Confirmed: true}
				if email == "other@example.com" {
					n.Roles = []string{"Writer"}
				}
				u, err = d.acc.CreateUser(t.Context(), n, accounts.Actor{})
			}
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, u.ID)
		}
		if err := d.entries.add(t.Context(), ids[3], "the writer's"); err != nil { // entry 1
			t.Fatal(err)
		}
		content := func(r *fsatest.Request) { r.Form("content", "something") }
		same := func(status int) []int { return []int{status, status, status, status, status} }
		m := fsatest.Matrix{
			App:        func(testing.TB) *fsa.App { return d.app },
			Identities: ids,
			//                                                     nobody, no role, another writer, the writer, Admin
			Rows: []fsatest.Row{
				{Route: "GET /", Status: []int{401, 200, 200, 200, 200}},
				{Route: "GET /entry/{entry_id}", Path: "/entry/1", Status: []int{401, 403, 403, 200, 200}},
				{Route: "GET /entry/{entry_id}", Path: "/entry/2", Status: []int{401, 404, 404, 404, 404}},
				{Route: "GET /new_entry", Status: []int{401, 403, 200, 200, 200}},
				{Route: "POST /new_entry", Prepare: content, Status: []int{401, 403, 303, 303, 303}},
				{Route: "GET /edit_entry/{entry_id}", Path: "/edit_entry/1", Status: []int{401, 403, 403, 403, 200}},
				{Route: "GET /edit_entry/{entry_id}", Path: "/edit_entry/99", Status: []int{401, 403, 403, 403, 404}},
				{Route: "POST /edit_entry/{entry_id}", Path: "/edit_entry/1", Prepare: content, Status: []int{401, 403, 403, 403, 303}},
				{Route: "POST /edit_entry/{entry_id}", Path: "/edit_entry/99", Prepare: content, Status: []int{401, 403, 403, 403, 404}},
				{Route: "GET /delete_entry/{entry_id}", Path: "/delete_entry/1", Status: []int{401, 403, 403, 403, 200}},
				{Route: "POST /delete_entry/{entry_id}", Path: "/delete_entry/1", Status: []int{401, 403, 403, 403, 303}},
				{Route: "POST /delete_entry/{entry_id}", Path: "/delete_entry/1", Status: []int{401, 403, 403, 403, 404}},
				{Route: "GET /diary.css", Status: same(200)},
				{Route: "GET /favicon.ico", Status: same(200)},
			},
		}
		// Package accounts has tests of its own; here is who gets to its pages at all.
		routes, err := d.app.Routes()
		if err != nil {
			t.Fatal(err)
		}
		anybody, users := same, func(status int) []int { return []int{401, status, status, status, status} }
		paths := map[string]string{"/confirm/{token}": "/confirm/x", "/reset/{token}": "/reset/x", "/dev/mailbox/{rest...}": "/dev/mailbox/99",
			"/sessions/{id}": "/sessions/x", "/sessions/{id}/end": "/sessions/x/end"}
		for _, c := range []struct {
			path              string
			who               func(int) []int
			get, post, delete int
		}{
			{"/login", anybody, 200, 422, 0}, {"/logout", anybody, 200, 303, 0}, {"/register", anybody, 200, 422, 0},
			{"/confirm", anybody, 200, 422, 0}, {"/confirm/{token}", anybody, 422, 422, 0},
			{"/reset", anybody, 200, 422, 0}, {"/reset/{token}", anybody, 422, 422, 0},
			{"/dev/mailbox", anybody, 403, 0, 0}, {"/dev/mailbox/{rest...}", anybody, 403, 0, 0}, // from localhost only, and this is example.com
			{"/account", users, 200, 0, 0}, {"/change", users, 200, 422, 0}, {"/verify", users, 200, 422, 0},
			{"/sessions", users, 200, 0, 303}, {"/sessions/others/end", users, 200, 303, 0},
			{"/sessions/{id}", users, 0, 0, 404}, {"/sessions/{id}/end", users, 404, 404, 0},
		} {
			for method, status := range map[string]int{"GET": c.get, "POST": c.post, "DELETE": c.delete} {
				if status != 0 {
					m.Rows = append(m.Rows, fsatest.Row{Route: method + " " + c.path, Path: paths[c.path], Status: c.who(status)})
				}
			}
		}
		for _, r := range routes {
			if strings.HasPrefix(r.Path, "/accounts/static/") {
				m.Rows = append(m.Rows, fsatest.Row{Route: "GET " + r.Path, Status: anybody(200)})
			}
		}
		m.Run(t)
	})
}

// TestSeeds: the users with known passwords are there in mode dev only. S74.
func TestSeeds(t *testing.T) {
	cfg := fsa.Config{Mode: "prod", BaseURL: "https://diary.example.com"}
	db, dialect, err := open(t.Context(), filepath.Join(t.TempDir(), "diary.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cfg.Logger = slog.New(slog.DiscardHandler)
	d, err := newDiary(context.Background(), cfg, db, dialect)
	if err != nil {
		t.Fatal(err)
	}
	users, err := d.acc.Store().Users(t.Context(), accounts.UserQuery{})
	if err != nil || len(users) != 0 {
		t.Errorf("%v, %v", users, err)
	}
	if _, err := d.app.Handler(); err == nil || !strings.Contains(err.Error(), "FSA_ACCOUNTS_SECRET") {
		t.Errorf("prod starts without a secret: %v", err)
	}
	cfg.Mode = "dev"
	for range 2 { // the second time they are there
		if d, err = newDiary(context.Background(), cfg, db, dialect); err != nil {
			t.Fatal(err)
		}
	}
	if users, err = d.acc.Store().Users(t.Context(), accounts.UserQuery{}); err != nil || len(users) != 2 {
		t.Errorf("%v, %v", users, err)
	}
	cfg.Mode = "prod"
	if _, err := newDiary(context.Background(), cfg, db, dialect); err == nil || !strings.Contains(err.Error(), "admin@example.com") {
		t.Errorf("prod starts with the users of dev: %v", err)
	}
}
