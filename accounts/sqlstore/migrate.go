package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations
var files embed.FS

// tables are what the first migration makes.
var tables = []string{"users", "roles", "role_permissions", "user_roles", "sessions", "tickets", "devices", "events", "letters"}

// Migrate makes the tables of accounts, or renews those of an older version. It does
// nothing if they are those that the program needs. Instances that start at the same
// time wait for each other. Tables that it has not made are left alone: then, and if
// the tables are newer than the program, the error says what can be done.
func Migrate(ctx context.Context, db *sql.DB, d Dialect) error {
	how, err := d.how()
	if err != nil {
		return err
	}
	if err := how.migrate(ctx, db); err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	return nil
}

func (d *dialect) migrate(ctx context.Context, db *sql.DB) error {
	steps, err := d.migrations()
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	tx := &transaction{conn: conn, dialect: d}
	defer tx.end(ctx)
	if err := d.probed(ctx, conn); err != nil {
		return err
	}
	if d.unlock != "" {
		return d.migrateUnderLock(ctx, conn, steps)
	}
	if err := tx.start(ctx); err != nil {
		return err
	}
	if d.lock != "" {
		if err := d.locked(ctx, conn); err != nil {
			return err
		}
	}
	if err := d.renew(ctx, conn, steps); err != nil {
		return err
	}
	return tx.commit(ctx)
}

// migrateUnderLock is for a database that defines tables outside of transactions. The
// lock is the connection's: it ends with that, whatever happens.
func (d *dialect) migrateUnderLock(ctx context.Context, conn *sql.Conn, steps []migration) error {
	if err := d.locked(ctx, conn); err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWait/2)
		defer cancel()
		if _, err := conn.ExecContext(ctx, d.unlock); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
	}()
	return d.renew(ctx, conn, steps)
}

// locked takes the lock of migrations.
func (d *dialect) locked(ctx context.Context, conn *sql.Conn) error {
	var taken sql.NullString
	if err := conn.QueryRowContext(ctx, d.lock).Scan(&taken); err != nil {
		return fmt.Errorf("wait for other instances that migrate: %w", err)
	}
	if d.unlock != "" && taken.String != "1" {
		return fmt.Errorf("another instance has been migrating for an hour: look what it does")
	}
	return nil
}

// renew does the migrations that have not been done.
func (d *dialect) renew(ctx context.Context, conn *sql.Conn, steps []migration) error {
	if err := d.owned(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS accounts_versions (version BIGINT NOT NULL PRIMARY KEY, begun_at BIGINT NOT NULL, done_at BIGINT NOT NULL)`); err != nil {
		return err
	}
	have, err := d.version(ctx, conn)
	if err != nil {
		return err
	}
	if newest := steps[len(steps)-1].version; have > newest {
		return fmt.Errorf("the tables of accounts have version %d, and the program knows %d at most: run the newer program that has renewed them, or restore the database from before", have, newest)
	}
	for _, step := range steps {
		if step.version <= have {
			continue
		}
		if err := d.step(ctx, conn, step); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// step does one migration, or the rest of one that was broken off.
func (d *dialect) step(ctx context.Context, conn *sql.Conn, m migration) error {
	now := time.Now().UnixMicro()
	if _, err := conn.ExecContext(ctx, d.sql(`DELETE FROM accounts_versions WHERE version = ?`), m.version); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, d.sql(`INSERT INTO accounts_versions (version, begun_at, done_at) VALUES (?, ?, 0)`), m.version, now); err != nil {
		return err
	}
	for _, statement := range m.statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, d.sql(`UPDATE accounts_versions SET done_at = ? WHERE version = ?`), time.Now().UnixMicro(), m.version)
	return err
}

// owned checks that tables of our names, if there are any, are ours.
func (d *dialect) owned(ctx context.Context, conn *sql.Conn) error {
	there, err := d.listed(ctx, conn)
	if err != nil || slices.Contains(there, "accounts_versions") {
		return err
	}
	for _, name := range tables {
		if slices.Contains(there, name) {
			return fmt.Errorf("there is a table %q that accounts has not made: give accounts a database or a schema of its own (in PostgreSQL: CREATE SCHEMA accounts, and search_path=accounts in its address)", name)
		}
	}
	return nil
}

// version is that of the newest migration that has been done, 0 for none.
func (d *dialect) version(ctx context.Context, conn *sql.Conn) (int64, error) {
	there, err := d.listed(ctx, conn)
	if err != nil || !slices.Contains(there, "accounts_versions") {
		return 0, err
	}
	var version int64
	err = conn.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM accounts_versions WHERE done_at > 0`).Scan(&version)
	return version, err
}

// listed gives the names of the tables that there are.
func (d *dialect) listed(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var names []string
	rows, err := conn.QueryContext(ctx, d.tables)
	err = taken(rows, err, func(rows *sql.Rows) error {
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// migration is a file of migrations/.
type migration struct {
	version    int64
	name       string
	statements []string
}

// migrations reads those of the dialect, in their order.
func (d *dialect) migrations() ([]migration, error) {
	dir := "migrations/" + d.dir
	entries, err := files.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var steps []migration
	for _, entry := range entries {
		text, err := files.ReadFile(dir + "/" + entry.Name())
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(entry.Name(), "_")
		m := migration{name: entry.Name()}
		if m.version, err = strconv.ParseInt(number, 10, 64); err != nil {
			return nil, fmt.Errorf("%s: the name does not begin with a version: %w", m.name, err)
		}
		if m.statements, err = up(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		steps = append(steps, m)
	}
	slices.SortFunc(steps, func(a, b migration) int { return int(a.version - b.version) })
	return steps, nil
}

// up gives the statements of a migration in goose's format: those that follow
// "-- +goose Up", each to the line that ends in a semicolon, or from
// "-- +goose StatementBegin" to "-- +goose StatementEnd".
func up(text string) ([]string, error) {
	var statements []string
	var current strings.Builder
	begun, whole := false, false
	finish := func() {
		if s := strings.TrimSpace(current.String()); s != "" {
			statements = append(statements, strings.TrimSuffix(s, ";"))
		}
		current.Reset()
	}
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		word, annotated := strings.CutPrefix(trimmed, "-- +goose ")
		switch {
		case annotated && word == "Up" && !begun:
			begun = true
		case annotated && word == "StatementBegin" && begun && !whole:
			finish()
			whole = true
		case annotated && word == "StatementEnd" && whole:
			finish()
			whole = false
		case annotated:
			return nil, fmt.Errorf("%q is not understood here", trimmed)
		case whole:
			current.WriteString(line)
		case trimmed == "" || strings.HasPrefix(trimmed, "--"):
		case !begun:
			return nil, fmt.Errorf("there is a statement before \"-- +goose Up\"")
		default:
			current.WriteString(line)
			if strings.HasSuffix(trimmed, ";") {
				finish()
			}
		}
	}
	if whole || strings.TrimSpace(current.String()) != "" || len(statements) == 0 {
		return nil, fmt.Errorf("the last statement has no end")
	}
	return statements, nil
}
