package fsa_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestTransactions: a transaction of a real database is committed if and only if the
// answer is a success. There is one connection, which the hook of the object's
// permission needs too.
func TestTransactions(t *testing.T) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		`PRAGMA foreign_keys = ON`,
		`CREATE TABLE store (sid INTEGER PRIMARY KEY, manager TEXT)`,
		`CREATE TABLE product (name TEXT, sid INTEGER REFERENCES store DEFERRABLE INITIALLY DEFERRED)`,
		`INSERT INTO store VALUES (1, 'calvin'), (2, 'hobbes')`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, base())
	ended := make(chan error, 1)
	fsa.SpecialWithRelease(w.App, func(ctx context.Context, name string) (*sql.Tx, func(error) error, error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return nil, nil, err
		}
		return tx, func(err error) error {
			if err != nil {
				err = tx.Rollback()
			} else {
				err = tx.Commit()
			}
			ended <- err
			return err
		}, nil
	})
	fsa.ObjectPerms(w.App, "store", func(ctx context.Context, login string, sid int, mode string) (bool, error) {
		var manager string
		err := db.QueryRowContext(ctx, `SELECT manager FROM store WHERE sid = ?`, sid).Scan(&manager)
		if errors.Is(err, sql.ErrNoRows) {
			return false, fsa.ErrNoSuchObject
		}
		return manager == login, err
	})
	var hangUp context.CancelFunc
	fsa.Post(w, "/store/{sid}/product", authz.Object("store", "sid", "manager"), func(ctx context.Context, in struct {
		SID  int
		Name string
		Tx   *sql.Tx
	}) (any, error) {
		sid := in.SID
		if in.Name == "orphan" {
			sid = 7 // which only the commit finds out
		}
		if _, err := in.Tx.ExecContext(ctx, `INSERT INTO product VALUES (?, ?)`, in.Name, sid); err != nil {
			return nil, err
		}
		switch in.Name {
		case "refused":
			return nil, fsa.Errorf(409, "no")
		case "failing":
			return nil, errors.New("no")
		case "panicking":
			panic("no")
		case "exiting":
			runtime.Goexit()
		case "unencodable":
			return noText{}, nil
		case "gone":
			hangUp()
		}
		return "added", nil
	}, fsa.Status(201))
	h := handlerOf(t, w)
	for _, c := range []struct {
		path, name string
		status     int
		kept       bool
	}{
		{"/store/1/product", "good", 201, true},
		{"/store/1/product", "refused", 409, false},
		{"/store/1/product", "failing", 500, false},
		{"/store/1/product", "panicking", 500, false},
		{"/store/1/product", "exiting", 0, false},
		{"/store/1/product", "unencodable", 500, false},
		{"/store/1/product", "orphan", 500, false},
		{"/store/1/product", "gone", 0, false},
		{"/store/2/product", "foreign", 403, false},
		{"/store/3/product", "nowhere", 404, false},
		{"/store/1/product", "again", 201, true},
	} {
		var ctx context.Context
		ctx, hangUp = context.WithCancel(t.Context())
		r := httptest.NewRequestWithContext(ctx, "POST", c.path+"?name="+c.name, nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.SetBasicAuth("calvin", calvinPass)
		rec := httptest.NewRecorder()
		done := make(chan bool)
		go func() {
			defer close(done)
			h.ServeHTTP(rec, r)
		}()
		<-done
		hangUp()
		if c.status != 0 && rec.Code != c.status || c.status == 0 && strings.Contains(rec.Body.String(), "added") {
			t.Errorf("%s: %d %q", c.name, rec.Code, rec.Body)
		}
		if c.status != 403 && c.status != 404 {
			select {
			case <-ended:
			default:
				t.Errorf("%s: the transaction has not ended with the request", c.name)
			}
		}
		n := 0
		if err := db.QueryRow(`SELECT count(*) FROM product WHERE name = ?`, c.name).Scan(&n); err != nil || (n == 1) != c.kept {
			t.Errorf("%s: %d rows, %v", c.name, n, err)
		}
	}
}
