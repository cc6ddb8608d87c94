package sqlstore

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// TestUp: files in goose's format are cut into statements.
func TestUp(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // nil: refused
	}{
		{"one", "-- +goose Up\nCREATE TABLE a (b TEXT);\n", []string{"CREATE TABLE a (b TEXT)"}},
		{"several lines", "-- a comment\n\n-- +goose Up\nCREATE TABLE a (\n\tb TEXT -- here; too\n);\n-- between\nDROP TABLE c;\n", []string{"CREATE TABLE a (\n\tb TEXT -- here; too\n)", "DROP TABLE c"}},
		{"a whole one", "-- +goose Up\n-- +goose StatementBegin\nCREATE TRIGGER t BEGIN\n\tDELETE FROM a;\n\n\tDELETE FROM b;\nEND;\n-- +goose StatementEnd\nDROP TABLE c;", []string{"CREATE TRIGGER t BEGIN\n\tDELETE FROM a;\n\n\tDELETE FROM b;\nEND", "DROP TABLE c"}},
		{"no Up", "CREATE TABLE a (b TEXT);\n", nil},
		{"nothing", "-- +goose Up\n", nil},
		{"no end", "-- +goose Up\nDROP TABLE a;\nDROP TABLE b\n", nil},
		{"no StatementEnd", "-- +goose Up\n-- +goose StatementBegin\nDROP TABLE a;\n", nil},
		{"Down", "-- +goose Up\nDROP TABLE a;\n-- +goose Down\nDROP TABLE b;\n", nil},
		{"NO TRANSACTION", "-- +goose NO TRANSACTION\n-- +goose Up\nDROP TABLE a;\n", nil},
	} {
		got, err := up(c.text)
		if (err == nil) != (c.want != nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
	for d := range dialects {
		how, _ := d.how()
		steps, err := how.migrations()
		if err != nil || len(steps) == 0 {
			t.Errorf("%v: %d migrations, %v", d, len(steps), err)
		}
		for i, step := range steps {
			if step.version != int64(i+1) {
				t.Errorf("%v: migration %d has version %d", d, i+1, step.version)
			}
		}
	}
}

// TestParameters: statements have the parameters of the dialect.
func TestParameters(t *testing.T) {
	const q = `UPDATE a SET b = ? WHERE c = ? AND d = ?`
	for d, want := range map[Dialect]string{SQLite: q, MariaDB: q, PostgreSQL: `UPDATE a SET b = $1 WHERE c = $2 AND d = $3`} {
		if got := dialects[d].sql(q); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}

type coded struct{ code int }

func (c coded) Error() string { return "" }
func (c coded) Code() int     { return c.code }

type stated struct{ state string }

func (s stated) Error() string    { return "" }
func (s stated) SQLState() string { return s.state }

type fielded struct{ Code int32 }

func (f fielded) Error() string { return "" }

type numbered struct{ Number uint16 }

func (n *numbered) Error() string { return "" }

// TestCodes: what the drivers say in their several ways is understood.
func TestCodes(t *testing.T) {
	for _, c := range []struct {
		d                   Dialect
		err                 error
		again, lost, refuse bool
	}{
		{SQLite, coded{5}, true, false, true},
		{SQLite, coded{5 | 2<<8}, true, false, true}, // SQLITE_BUSY_SNAPSHOT
		{SQLite, coded{6 | 1<<8}, true, false, true}, // SQLITE_LOCKED_SHAREDCACHE
		{SQLite, coded{19 | 6<<8}, false, false, true},
		{SQLite, fielded{5}, true, false, true},
		{SQLite, errors.New("database is locked"), false, false, false},
		{PostgreSQL, stated{"40001"}, true, false, true},
		{PostgreSQL, stated{"40P01"}, true, false, true},
		{PostgreSQL, stated{"23505"}, false, false, true},
		{PostgreSQL, stated{"57P01"}, false, true, false},
		{MariaDB, &numbered{1213}, true, false, true},
		{MariaDB, &numbered{1062}, false, false, true},
		{MariaDB, &numbered{1927}, false, true, false},
	} {
		how, wrapped := dialects[c.d], fmt.Errorf("wrapped: %w", c.err)
		if got := [3]bool{how.asks(wrapped), how.lost(wrapped), how.refused(wrapped)}; got != [3]bool{c.again, c.lost, c.refuse} {
			t.Errorf("%v, %+v: %v", c.d, c.err, got)
		}
	}
}
