package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
)

// TestDeadlock: of two transactions that wait for each other the database ends one,
// which is done again. (In SQLite one can't begin before the other has ended.)
func TestDeadlock(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		if d.dialect == sqlstore.SQLite {
			return
		}
		s := stored(t, empty(t).open(t), d.dialect)
		ctx := t.Context()
		if err := furnish(ctx, s); err != nil {
			t.Fatal(err)
		}
		var runs atomic.Int64
		var wg sync.WaitGroup
		ready := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
		ids := [2]string{"id-calvin", "id-susie"}
		for i := range ids {
			wg.Go(func() {
				first := true
				err := s.Write(ctx, func(tx accounts.Tx) error {
					runs.Add(1)
					if err := tx.SetLogin(ctx, ids[i], moment); err != nil {
						return err
					}
					if first {
						first = false
						close(ready[i])
						<-ready[1-i]
					}
					return tx.SetProfile(ctx, ids[1-i], "by "+ids[i], nil, moment)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := runs.Load(); n < 3 {
			t.Errorf("there was no deadlock: %d runs", n)
		}
		for i, id := range ids {
			u, err := s.UserByID(ctx, id)
			if err != nil || !u.LastLoginAt.Equal(moment) || u.Name != "by "+ids[1-i] {
				t.Errorf("%+v, %v", u, err)
			}
		}
	})
}

// TestServerEndsConnection: a connection that the server ends in a transaction is
// replaced, and the transaction done again.
func TestServerEndsConnection(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		kill := map[sqlstore.Dialect]string{
			sqlstore.PostgreSQL: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'idle in transaction'`,
		}[d.dialect]
		if kill == "" {
			return // MariaDB's driver tells only in its log that it was killed
		}
		p := empty(t)
		admin := p.open(t)
		stored(t, admin, d.dialect)
		p.dsn += "&application_name=victim"
		s, err := sqlstore.New(t.Context(), p.open(t), d.dialect)
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		runs := 0
		err = s.Write(ctx, func(tx accounts.Tx) error {
			runs++
			if err := tx.CreateUser(ctx, userOf("calvin")); err != nil {
				return err
			}
			if runs == 1 {
				if _, err := admin.Exec(kill); err != nil {
					t.Error(err)
				}
			}
			return tx.CreateUser(ctx, userOf("susie"))
		})
		users, listed := s.Users(ctx, accounts.UserQuery{})
		if err != nil || runs != 2 || len(users) != 2 || listed != nil {
			t.Errorf("%d runs: %v; %d users, %v", runs, err, len(users), listed)
		}
	})
}

// TestLockedSQLite: who waits for another process to write is let go by the context,
// and goes on when the other has done; the connection keeps its own busy timeout.
func TestLockedSQLite(t *testing.T) {
	p := databases[0].empty(t, "")
	db := p.open(t)
	db.SetMaxOpenConns(1)
	s := stored(t, db, sqlstore.SQLite)
	ctx := t.Context()
	other, err := p.open(t).Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	exec := func(q string) {
		t.Helper()
		if _, err := other.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	exec(`BEGIN IMMEDIATE`)
	waiting, cancel := context.WithCancel(ctx)
	stop := time.AfterFunc(30*time.Millisecond, cancel)
	defer stop.Stop()
	if err := s.Write(waiting, func(tx accounts.Tx) error { t.Error("it writes, though another does"); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var patience int
	if err := db.QueryRow(`PRAGMA busy_timeout`).Scan(&patience); err != nil || patience != 5000 {
		t.Errorf("the busy timeout is %d, %v", patience, err)
	}
	if _, err := s.Users(ctx, accounts.UserQuery{}); err != nil {
		t.Errorf("who reads has to wait: %v", err)
	}
	done := make(chan error)
	go func() {
		done <- s.Write(ctx, func(tx accounts.Tx) error { return tx.CreateUser(ctx, userOf("calvin")) })
	}()
	time.Sleep(10 * time.Millisecond)
	exec(`ROLLBACK`)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestInstances: several instances of an application start at the same time, each
// with its own connections, and all find the tables made once.
func TestInstances(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		p := empty(t)
		dbs := make([]*sql.DB, 8)
		for i := range dbs {
			dbs[i] = p.open(t)
		}
		var wg sync.WaitGroup
		for i, db := range dbs {
			wg.Go(func() {
				ctx := t.Context()
				if err := sqlstore.Migrate(ctx, db, d.dialect); err != nil {
					t.Error(err)
					return
				}
				s, err := sqlstore.New(ctx, db, d.dialect)
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Write(ctx, func(tx accounts.Tx) error { return tx.CreateUser(ctx, userOf(fmt.Sprint(i))) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var versions, users int
		if err := dbs[0].QueryRow(`SELECT (SELECT COUNT(*) FROM accounts_versions), (SELECT COUNT(*) FROM users)`).Scan(&versions, &users); err != nil || versions != 1 || users != len(dbs) {
			t.Errorf("%d migrations, %d users, %v", versions, users, err)
		}
	})
}
