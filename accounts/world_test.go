package accounts_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/mail"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// on runs a test on each database that there is.
func on(t *testing.T, test func(t *testing.T, db database)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, sqlite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		address := os.Getenv("TEST_FSA_POSTGRES")
		if address == "" {
			t.Skip("TEST_FSA_POSTGRES is not set")
		}
		test(t, database{"pgx", sqlstore.PostgreSQL, schema(t, address), new(atomic.Int64)})
	})
	t.Run("MariaDB", func(t *testing.T) {
		address := os.Getenv("TEST_FSA_MARIADB")
		if address == "" {
			t.Skip("TEST_FSA_MARIADB is not set")
		}
		test(t, database{"mysql", sqlstore.MariaDB, mariaDatabase(t, address), new(atomic.Int64)})
	})
}

// database is where to find a database that is the test's own.
type database struct {
	driver  string
	dialect sqlstore.Dialect
	address string

	statements *atomic.Int64 // that it has been sent
}

// exec does to the tables what no flow does.
func (d database) exec(t testing.TB, q string, args ...any) {
	t.Helper()
	db, err := sql.Open(d.driver, d.address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Exec(d.query(q), args...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s: %d rows, %v", q, n, err)
	}
}

// query writes the parameters of a query, each a question mark, as the database has them.
func (d database) query(q string) string {
	for i := 1; d.driver == "pgx" && strings.Contains(q, "?"); i++ {
		q = strings.Replace(q, "?", fmt.Sprintf("$%d", i), 1)
	}
	return q
}

// text gives all that the tables hold, as text.
func (d database) text(t testing.TB) string {
	t.Helper()
	db, err := sql.Open(d.driver, d.address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	for _, table := range []string{"users", "roles", "user_roles", "sessions", "tickets", "devices", "events", "letters"} {
		rows, err := db.Query("SELECT * FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			b.WriteString(table)
			for i, v := range values {
				if raw, ok := (*v.(*any)).([]byte); ok {
					*v.(*any) = string(raw)
				}
				fmt.Fprintf(&b, " %s=%v", columns[i], *v.(*any))
			}
			b.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// MarshalJSON and UnmarshalJSON hand a database to another process.
func (d database) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{d.driver, int(d.dialect), d.address})
}

func (d *database) UnmarshalJSON(text []byte) error {
	var dialect int
	all := []any{&d.driver, &dialect, &d.address}
	err := json.Unmarshal(text, &all)
	d.dialect, d.statements = sqlstore.Dialect(dialect), new(atomic.Int64)
	return err
}

func sqliteAddress(t testing.TB) string {
	return "file:" + (&url.URL{Path: t.TempDir()}).EscapedPath() + "/accounts.db?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)"
}

var schemas atomic.Int64

// schema makes a schema of the test's own, and gives the address that leads there.
func schema(t testing.TB, address string) string {
	t.Helper()
	name := own(t, "pgx", address, "CREATE SCHEMA %s", "DROP SCHEMA %s CASCADE")
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// mariaDatabase makes a database of the test's own, and gives the address that leads
// there.
func mariaDatabase(t testing.TB, address string) string {
	t.Helper()
	c, err := mysql.ParseDSN(address)
	if err != nil {
		t.Fatal(err)
	}
	c.DBName, c.ClientFoundRows = own(t, "mysql", address, "CREATE DATABASE %s", "DROP DATABASE %s"), true
	return c.FormatDSN()
}

// own makes something that is the test's own, ends it with the test, and gives its name.
func own(t testing.TB, driver, address, create, drop string) (name string) {
	t.Helper()
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	name = fmt.Sprintf("accounts_%d_%d", os.Getpid(), schemas.Add(1))
	if _, err := db.Exec(fmt.Sprintf(create, name)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Exec(fmt.Sprintf(drop, name))
		db.Close()
	})
	return name
}

// open opens the store of a database, with its tables.
func (d database) open(t testing.TB) accounts.Store {
	t.Helper()
	db, err := openCounting(d.driver, d.address, d.statements)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	if err := sqlstore.Migrate(t.Context(), db, d.dialect); err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.New(t.Context(), db, d.dialect)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// world is an application with accounts.
type world struct {
	t     testing.TB
	db    database
	app   *fsa.App
	acc   *accounts.Accounts
	store accounts.Store
	h     http.Handler
	log   *syncBuffer
	mails *mail.Mailbox

	hashes atomic.Int64 // slow hashes that were computed
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// quick makes hashing cheap, for tests that are not about it.
func quick() fsa.Config {
	return fsa.Config{
		Mode: "dev", Auth: []string{"session", "token", "basic", "param", "none"}, TokenSecret: []fsa.Secret{"a secret of these tests, which is long enough"},
		PasswordScheme: []string{"argon2id"}, PasswordOpts: map[string]int{"memory": 64, "time": 1, "parallelism": 1}, InsecurePasswordCost: true,
		LoginThrottle: fsa.LoginThrottle{Delay: 50 * time.Second}, // not over before a slow machine has tried again
		BaseURL:       "http://localhost:5000", LoggingLevel: slog.LevelDebug,
	}
}

// prod is as quick, in mode prod.
func prod() fsa.Config {
	cfg := quick()
	cfg.Mode, cfg.BaseURL = "prod", "https://www.example.com"
	return cfg
}

// secret is FSA_ACCOUNTS_SECRET of mode prod.
var secret = []fsa.Secret{"o8cQ0BTyU7Xl2gkQbSJzX5lyhs3qE1mN"}

const (
	goodPassword  = "correct horse battery staple"
	otherPassword = "quite another pass phrase"
)

// newWorld makes an application with accounts.
func newWorld(t testing.TB, db database, cfg fsa.Config, o accounts.Options) *world {
	t.Helper()
	w := &world{t: t, db: db, store: db.open(t), log: &syncBuffer{}, mails: mail.NewMailbox(mail.MailboxOptions{})}
	cfg.Logger = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: cfg.LoggingLevel}))
	w.app = fsa.New("acme", accounts.Defaults(cfg))
	if o.Mailer == nil {
		o.Mailer, o.From = w.mails, "Acme <acme@example.com>"
	}
	w.acc = accounts.New(w.app, w.store, o)
	w.app.Observe(fsa.Observer{PasswordHash: func(context.Context, fsa.PasswordHashEvent) { w.hashes.Add(1) }})
	fsa.Get(w.app, "/", authz.Auth(), func(_ context.Context, in struct{ User *accounts.User }) (string, error) {
		return "hello " + in.User.Email, nil
	})
	fsa.Get(w.app, "/ways", authz.Auth(), func(_ context.Context, in struct{ Me fsa.CurrentUser }) (string, error) { return string(in.Me), nil },
		fsa.Authn("basic", "param", "token", "session"))
	fsa.Get(w.app, "/me", authz.Auth(), func(_ context.Context, in struct{ Me fsa.Identity }) (fsa.Identity, error) { return in.Me, nil })
	return w
}

// compile compiles the application, and sends no mails.
func (w *world) compile() *world {
	w.t.Helper()
	var err error
	if w.h, err = w.app.Handler(); err != nil {
		w.t.Fatal(err)
	}
	if err := w.acc.Seed(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return w
}

// start compiles the application, and starts its outbox.
func (w *world) start() *world {
	w.t.Helper()
	w.compile()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.acc.Work(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		<-done
	})
	return w
}

// user makes a user whose address is confirmed.
func (w *world) user(email string, roles ...string) *accounts.User {
	w.t.Helper()
	u, err := w.acc.CreateUser(w.t.Context(), accounts.NewUser{Email: email, Password: goodPassword, Confirmed: true, Roles: roles}, accounts.Actor{})
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// browser is somebody with cookies.
type browser struct {
	w       *world
	cookies map[string]string
	from    string // address
	host    string
	header  http.Header
	tls     bool
	said    strings.Builder // all answers
}

func (w *world) browser() *browser {
	b := &browser{w: w, cookies: map[string]string{}, from: "127.0.0.1:4000", host: "localhost:5000", header: http.Header{}}
	if w.app.Mode() == "prod" {
		b.from, b.host, b.tls = "203.0.113.7:4000", "www.example.com", true
	}
	return b
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// send sends a request, of this origin, with the cookies.
func (b *browser) send(method, target, contentType, body string, header ...string) answer {
	b.w.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr, r.Host = b.from, b.host
	if b.tls {
		r.TLS = &tls.ConnectionState{}
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if method != "GET" {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	b.w.h.ServeHTTP(rec, r)
	fmt.Fprintln(&b.said, rec.Code, rec.Header().Get("Location"), rec.Body)
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return answer{rec, b.w.t}
}

// page asks for a page, form sends one, and ask sends JSON.
func (b *browser) page(target string) answer {
	b.w.t.Helper()
	return b.send("GET", target, "", "", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
}

func (b *browser) form(target string, fields ...string) answer {
	b.w.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	return b.send("POST", target, "application/x-www-form-urlencoded", v.Encode(), "Accept", "text/html,*/*;q=0.8")
}

func (b *browser) ask(method, target string, fields ...string) answer {
	b.w.t.Helper()
	v := map[string]string{}
	for i := 0; i+1 < len(fields); i += 2 {
		v[fields[i]] = fields[i+1]
	}
	body, _ := json.Marshal(v)
	if method == "GET" {
		return b.send(method, target, "", "", "Accept", "application/json")
	}
	return b.send(method, target, "application/json", string(body), "Accept", "application/json")
}

// login logs in by the form, and expects that it succeeds.
func (b *browser) login(email, password string) *browser {
	b.w.t.Helper()
	b.form("/login", "identity", email, "password", password).expect(303, "")
	return b
}

// expect fails the test unless the answer has the status and holds the texts.
func (a answer) expect(status int, texts ...string) answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("status %d instead of %d: %s %s", a.Code, status, a.Header().Get("Location"), a.Body)
	}
	for _, text := range texts {
		if !strings.Contains(a.Body.String(), text) {
			a.t.Errorf("%q is not in %s", text, a.Body)
		}
	}
	return a
}

// to gives where the answer leads.
func (a answer) to() string { return a.Header().Get("Location") }

// json reads the answer's response.
func (a answer) json() (code int, response map[string]any) {
	a.t.Helper()
	var e struct {
		Meta     struct{ Code int }
		Response map[string]any
	}
	if err := json.Unmarshal(a.Body.Bytes(), &e); err != nil {
		a.t.Fatalf("%v: %s", err, a.Body)
	}
	return e.Meta.Code, e.Response
}

// mailOf waits for the n-th mail to an address in which a text stands, and gives it. Mails
// are sent side by side, so that their order tells nothing.
func (w *world) mailOf(to, text string, n int) string {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		found := 0
		messages := w.mails.Messages()
		for i := len(messages) - 1; i >= 0; i-- { // the oldest first
			m := messages[i].Message
			if whole := m.Subject + "\n" + m.Text; strings.Contains(m.To, to) && strings.Contains(whole, text) {
				if found++; found == n {
					return whole
				}
			}
		}
	}
	w.t.Fatalf("mail %d to %s with %q has not come", n, to, text)
	return ""
}

var linkRE = regexp.MustCompile(`(?:http://localhost:5000|https://www.example.com)(/\S+/[A-Za-z0-9_-]{43})`)

// link gives the path of the link to a page in the n-th such mail to an address.
func (w *world) link(to, page string, n int) string {
	w.t.Helper()
	m := linkRE.FindStringSubmatch(w.mailOf(to, page+"/", n))
	if m == nil {
		w.t.Fatalf("no link to %s for %s", page, to)
	}
	return m[1]
}

// events lists the kinds of the events of a user, the oldest first; "" is for all.
func (w *world) events(userID string) (kinds []string) {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), accounts.EventQuery{UserID: userID, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range slices.Backward(events) {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// sqlite gives a database that is the test's own, for what has nothing to do with which
// it is.
func sqlite(t testing.TB) database {
	return database{"sqlite", sqlstore.SQLite, sqliteAddress(t), new(atomic.Int64)}
}
