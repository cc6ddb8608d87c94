package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
)

// database is one that the tests run on.
type database struct {
	name    string
	dialect sqlstore.Dialect
	env     string                              // variable with the address of the server, "" if none is needed
	empty   func(t testing.TB, at string) place // a database that nobody else has
}

// place is where a database is.
type place struct{ driver, dsn string }

// open opens it, for the time of the test.
func (p place) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(p.driver, p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	return db
}

var counted atomic.Int64

// unique names something of this run of the tests.
func unique() string {
	return fmt.Sprintf("fsa_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), counted.Add(1))
}

const pragmas = "_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"

var databases = []database{
	{"SQLite in a file", sqlstore.SQLite, "", func(t testing.TB, _ string) place {
		return place{"sqlite", "file:" + filepath.ToSlash(t.TempDir()) + "/a.db?" + pragmas}
	}},
	{"SQLite in memory", sqlstore.SQLite, "", func(t testing.TB, _ string) place {
		p := place{"sqlite", "file:" + unique() + "?mode=memory&cache=shared&_pragma=foreign_keys(1)"}
		keep, err := sql.Open(p.driver, p.dsn) // it lasts as long as somebody has it open
		if err == nil {
			err = keep.Ping()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { keep.Close() })
		return p
	}},
	{"PostgreSQL", sqlstore.PostgreSQL, "TEST_FSA_POSTGRES", func(t testing.TB, at string) place {
		schema := unique()
		administer(t, "pgx", at, `CREATE SCHEMA `+schema, `DROP SCHEMA `+schema+` CASCADE`)
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("search_path", schema)
		u.RawQuery = q.Encode()
		return place{"pgx", u.String()}
	}},
	{"MariaDB", sqlstore.MariaDB, "TEST_FSA_MARIADB", func(t testing.TB, at string) place {
		name := unique()
		administer(t, "mysql", at, `CREATE DATABASE `+name, `DROP DATABASE `+name)
		c, err := mysql.ParseDSN(at)
		if err != nil {
			t.Fatal(err)
		}
		c.DBName, c.ClientFoundRows = name, true
		return place{"mysql", c.FormatDSN()}
	}},
}

// administer does something now, and something else after the test.
func administer(t testing.TB, driver, dsn, before, after string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(before); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec(after); err != nil {
			t.Error(err)
		}
		db.Close()
	})
}

// onEach runs a test on each database. Those with a server are skipped if it is not
// in the environment.
func onEach(t *testing.T, test func(t *testing.T, d database, empty func(t *testing.T) place)) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			at := os.Getenv(d.env)
			if d.env != "" && at == "" {
				t.Skipf("there is no %s: set %s to the address of a server", d.name, d.env)
			}
			test(t, d, func(t *testing.T) place { t.Helper(); return d.empty(t, at) })
		})
	}
}

// stored makes the tables and the store.
func stored(t testing.TB, db *sql.DB, d sqlstore.Dialect) *sqlstore.Store {
	t.Helper()
	ctx := context.Background()
	if err := sqlstore.Migrate(ctx, db, d); err != nil {
		t.Fatal(err)
	}
	s, err := sqlstore.New(ctx, db, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
