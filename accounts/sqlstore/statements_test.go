package sqlstore_test

import (
	"context"
	"database/sql"
	"regexp"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
	"github.com/fastsimpleauth/fsa/accounts/storetest"
)

// scanned are the statements that may look at all rows of a table.
var scanned = regexp.MustCompile(`^SELECT sqlite_version|sqlite_master|search_login|^SELECT r.name, .* ORDER BY r.name|^PRAGMA|^(DELETE FROM|INSERT INTO|UPDATE) accounts_versions|accounts_versions WHERE done_at`)

// TestIndexes: no statement that the conformance suite makes SQLite run goes through
// a table from its beginning to its end, but those that must.
func TestIndexes(t *testing.T) {
	var db *sql.DB
	seen := map[string]bool{}
	storetest.Run(t, func(t *testing.T) accounts.Store {
		w, wired := databases[1].empty(t, "").wired(t)
		t.Cleanup(func() {
			for _, q := range w.statements() {
				seen[q] = true
			}
		})
		return stored(t, wired, sqlstore.SQLite)
	}, storetest.Options{Parallel: 8})
	db = databases[0].empty(t, "").open(t)
	stored(t, db, sqlstore.SQLite)
	explained := 0
	for q := range seen {
		if verb, _, _ := strings.Cut(q, " "); scanned.MatchString(q) || !strings.Contains("SELECT INSERT UPDATE DELETE", verb) {
			continue
		}
		args := make([]any, strings.Count(q, "?"))
		for i := range args {
			args[i] = 1
		}
		rows, err := db.Query(`EXPLAIN QUERY PLAN `+q, args...)
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(detail, "SCAN ") && !strings.HasPrefix(detail, "SCAN gone") && !strings.HasPrefix(detail, "SCAN CONSTANT") && detail != "SCAN events" {
				t.Errorf("%s: %s", q, detail)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		explained++
	}
	if explained < 40 {
		t.Errorf("only %d statements have been explained", explained)
	}
}

// TestOneStatement: what each request may need is one statement, on each database.
func TestOneStatement(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		p := empty(t)
		stored(t, p.open(t), d.dialect)
		w, db := p.wired(t)
		s, err := sqlstore.New(t.Context(), db, d.dialect)
		if err != nil {
			t.Fatal(err)
		}
		if err := furnish(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		for what, f := range map[string]func(ctx context.Context) error{
			"UserByID": func(ctx context.Context) error { _, err := s.UserByID(ctx, "id-calvin"); return err },
			"HasRole": func(ctx context.Context) error {
				yes, err := s.HasRole(ctx, "id-calvin", "Admin")
				if !yes {
					t.Error("HasRole says no")
				}
				return err
			},
			"HasPermission": func(ctx context.Context) error {
				yes, err := s.HasPermission(ctx, "id-calvin", "all")
				if !yes {
					t.Error("HasPermission says no")
				}
				return err
			},
			"SessionByHash": func(ctx context.Context) error { _, err := s.SessionByHash(ctx, hash("one")); return err },
		} {
			w.from(nil)
			if err := f(t.Context()); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if n := len(w.statements()); n != 1 {
				t.Errorf("%s is %d statements: %q", what, n, w.statements())
			}
		}
	})
}

// TestSealed: the message of a letter, which may hold a link that works, is gone once
// there is nothing left to do with it.
func TestSealed(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		ctx := t.Context()
		db := empty(t).open(t)
		s := stored(t, db, d.dialect)
		if err := furnish(ctx, s); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			id   string
			end  accounts.Settlement
			gone bool
		}{{"sent", accounts.Settlement{SentAt: moment}, true}, {"failed", accounts.Settlement{FailedAt: moment}, true}, {"again", accounts.Settlement{RetryAt: moment}, false}} {
			if err := s.Write(ctx, func(tx accounts.Tx) error { return tx.AddLetter(ctx, letterOf("calvin", c.id)) }); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Claim(ctx, 5, "a", moment, moment.AddDate(0, 0, 1)); err != nil {
				t.Fatal(err)
			}
			if err := s.Settle(ctx, c.id, "a", c.end); err != nil {
				t.Fatal(err)
			}
			var sealed []byte
			if err := db.QueryRow(`SELECT sealed FROM letters WHERE id = '` + c.id + `'`).Scan(&sealed); err != nil || (sealed == nil) != c.gone {
				t.Errorf("%s: %q, %v", c.id, sealed, err)
			}
		}
	})
}
