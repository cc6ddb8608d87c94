package sqlstore_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
)

// says checks that an error has the words.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("there is no error that says %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

func newStore(db *sql.DB, d sqlstore.Dialect) error {
	_, err := sqlstore.New(context.Background(), db, d)
	return err
}

// TestVersions: a program finds out at its start that the tables are not those that it
// needs, and says what to do.
func TestVersions(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		ctx := t.Context()
		db := empty(t).open(t)
		exec := func(q string) {
			t.Helper()
			if _, err := db.ExecContext(ctx, q); err != nil {
				t.Fatal(err)
			}
		}
		says(t, newStore(db, d.dialect), "not in the database", "call sqlstore.Migrate")
		for range 2 { // the second time there is nothing to do
			if err := sqlstore.Migrate(ctx, db, d.dialect); err != nil {
				t.Fatal(err)
			}
		}
		if err := newStore(db, d.dialect); err != nil {
			t.Fatal(err)
		}
		exec(`INSERT INTO accounts_versions (version, begun_at, done_at) VALUES (99, 1, 0)`)
		if err := newStore(db, d.dialect); err != nil { // begun by a newer program, not done
			t.Error(err)
		}
		exec(`UPDATE accounts_versions SET done_at = 1 WHERE version = 99`)
		says(t, newStore(db, d.dialect), "version 99", "knows 1", "newer program")
		says(t, sqlstore.Migrate(ctx, db, d.dialect), "version 99", "knows 1", "newer program")
		exec(`UPDATE accounts_versions SET version = 0 WHERE version = 1`)
		exec(`DELETE FROM accounts_versions WHERE version = 99`)
		says(t, newStore(db, d.dialect), "call sqlstore.Migrate")
	})
}

// TestForeignTables: tables that are somebody else's are left alone.
func TestForeignTables(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		ctx := t.Context()
		db := empty(t).open(t)
		if _, err := db.ExecContext(ctx, `CREATE TABLE sessions (mine INTEGER)`); err != nil {
			t.Fatal(err)
		}
		says(t, sqlstore.Migrate(ctx, db, d.dialect), `"sessions"`, "database or a schema of its own")
		if _, err := db.ExecContext(ctx, `INSERT INTO sessions (mine) VALUES (1)`); err != nil {
			t.Error(err)
		}
		says(t, newStore(db, d.dialect), "call sqlstore.Migrate")
		if _, err := db.ExecContext(ctx, `SELECT id FROM users`); err == nil {
			t.Error("some tables have been made")
		}
	})
}

// TestMigrationBrokenOff: a migration that ends at any of its statements is done to
// its end by the next.
func TestMigrationBrokenOff(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		ctx := t.Context()
		step := 1
		if d.env != "" {
			step = 7 // defining tables is slow there
		}
		for n := 1; ; n += step {
			p := empty(t)
			w, db := p.wired(t)
			w.from(func(i int, q string) fault {
				if i == n {
					return cut
				}
				return none
			})
			err := sqlstore.Migrate(ctx, db, d.dialect)
			whole := len(w.statements()) < n
			if (err == nil) != whole {
				t.Fatalf("a migration that is broken off at statement %d: %v", n, err)
			}
			if whole {
				return
			}
			w.from(nil)
			s := stored(t, p.open(t), d.dialect)
			if err := furnish(ctx, s); err != nil {
				t.Fatalf("after a migration that was broken off at statement %d: %v", n, err)
			}
		}
	})
}

// TestReferences: an application's tables can refer to users.
func TestReferences(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		ctx := t.Context()
		db := empty(t).open(t)
		s := stored(t, db, d.dialect)
		if err := furnish(ctx, s); err != nil {
			t.Fatal(err)
		}
		owner := map[sqlstore.Dialect]string{
			sqlstore.SQLite:     `TEXT`,
			sqlstore.PostgreSQL: `TEXT COLLATE "C"`,
			sqlstore.MariaDB:    `VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin`,
		}[d.dialect]
		for _, q := range []string{
			`CREATE TABLE entries (id INTEGER PRIMARY KEY, owner ` + owner + ` NOT NULL, FOREIGN KEY (owner) REFERENCES users (id) ON DELETE CASCADE)`,
			`INSERT INTO entries VALUES (1, 'id-calvin'), (2, 'id-susie')`,
		} {
			if _, err := db.ExecContext(ctx, q); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.ExecContext(ctx, `INSERT INTO entries VALUES (3, 'nobody')`); err == nil {
			t.Error("an entry can be nobody's")
		}
		if err := s.Write(ctx, func(tx accounts.Tx) error { return tx.DeleteUser(ctx, "id-calvin") }); err != nil {
			t.Fatal(err)
		}
		var n, id int
		if err := db.QueryRowContext(ctx, `SELECT COUNT(*), MAX(id) FROM entries`).Scan(&n, &id); err != nil || n != 1 || id != 2 {
			t.Errorf("%d entries, the last %d, %v", n, id, err)
		}
	})
}

// TestWrongDialect: a database that is not what it is said to be is noticed at once.
func TestWrongDialect(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		db := empty(t).open(t)
		for _, other := range []sqlstore.Dialect{sqlstore.SQLite, sqlstore.PostgreSQL, sqlstore.MariaDB} {
			if other == d.dialect {
				continue
			}
			says(t, newStore(db, other), "does not answer as "+other.String()+" does")
			says(t, sqlstore.Migrate(t.Context(), db, other), "does not answer as "+other.String()+" does")
		}
		says(t, newStore(db, 0), "sqlstore.SQLite")
		says(t, sqlstore.Migrate(t.Context(), db, 9), "sqlstore.SQLite")
	})
}

// TestSettings: without settings that it needs, the store does nothing, and says which
// they are.
func TestSettings(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		p := empty(t)
		ctx := t.Context()
		switch d.dialect {
		case sqlstore.SQLite:
			p.dsn = strings.ReplaceAll(p.dsn, "foreign_keys(1)", "foreign_keys(0)")
			db := p.open(t)
			db.SetMaxOpenConns(1)
			says(t, sqlstore.Migrate(ctx, db, d.dialect), "_pragma=foreign_keys(1)")
			// Set by hand it holds for one connection only: each is looked at.
			if _, err := db.Exec(`PRAGMA foreign_keys = ON`); err != nil {
				t.Fatal(err)
			}
			s := stored(t, db, d.dialect)
			if _, err := db.Exec(`PRAGMA foreign_keys = OFF`); err != nil {
				t.Fatal(err)
			}
			says(t, s.Write(ctx, func(tx accounts.Tx) error { t.Error("it writes"); return nil }), "_pragma=foreign_keys(1)")
			says(t, newStore(db, d.dialect), "_pragma=foreign_keys(1)")
		case sqlstore.MariaDB:
			p.dsn = strings.ReplaceAll(p.dsn, "clientFoundRows=true", "clientFoundRows=false")
			db := p.open(t)
			if err := sqlstore.Migrate(ctx, db, d.dialect); err != nil {
				t.Fatal(err)
			}
			says(t, newStore(db, d.dialect), "clientFoundRows=true")
		case sqlstore.PostgreSQL:
			// Whatever the default isolation is: the store sets its own.
			p.dsn += "&default_transaction_isolation=serializable&default_transaction_read_only=on"
			db := p.open(t)
			if err := sqlstore.Migrate(ctx, db, d.dialect); err != nil {
				t.Fatal(err)
			}
			s := stored(t, db, d.dialect)
			if err := furnish(ctx, s); err != nil {
				t.Error(err)
			}
		}
	})
}
