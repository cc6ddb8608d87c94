package accounts_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/authz"

	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
)

// BenchmarkSession compares a route that asks for a log-in session with an open one,
// when all that is kept is warm; and one that asks for a role and a permission too.
func BenchmarkSession(b *testing.B) {
	cfg := quick()
	cfg.Mode, cfg.LoggingLevel = "prod", slog.LevelInfo
	w := newWorld(b, database{driver: "sqlite", dialect: sqlstore.SQLite, address: sqliteAddress(b)}, cfg, accounts.Options{
		Roles:  []accounts.Role{{Name: "Writer", Permissions: []string{"entry:create"}}},
		Secret: []fsa.Secret{"a secret of this benchmark, which is long enough"},
	})
	answer := func(context.Context, fsa.None) (string, error) { return "hello", nil }
	fsa.Get(w.app, "/open", authz.Open(), answer, fsa.Authn("none"))
	fsa.Get(w.app, "/session", authz.Auth(), answer, fsa.Authn("session"))
	fsa.Get(w.app, "/role", authz.All(authz.Group("Writer"), authz.Permission("entry:create")), answer, fsa.Authn("session"))
	w.start()
	w.user("calvin@example.com", "Writer")
	br := w.browser()
	br.form("/login", "identity", "calvin@example.com", "password", goodPassword).expect(303)
	for _, path := range []string{"/open", "/session", "/role"} {
		b.Run(path[1:], func(b *testing.B) {
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr = "127.0.0.1:4000"
			for name, value := range br.cookies {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
			out := &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(out.header)
				out.status = 0
				w.h.ServeHTTP(out, r)
				if out.status != 200 {
					b.Fatal(out.status)
				}
			}
		})
	}
}

// discard is a writer that keeps nothing but the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) Write(p []byte) (int, error) {
	if d.status == 0 {
		d.status = http.StatusOK
	}
	return len(p), nil
}

func (d *discard) WriteHeader(status int) { d.status = status }
