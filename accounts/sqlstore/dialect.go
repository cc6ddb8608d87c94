package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Dialect is the SQL that a database speaks. The zero value is none.
type Dialect int

// The dialects that there are.
const (
	SQLite     Dialect = iota + 1 // 3.37 or later
	PostgreSQL                    // 12 or later
	MariaDB                       // 10.6 or later
)

// String gives the name of the database.
func (d Dialect) String() string {
	if how, ok := dialects[d]; ok {
		return how.name
	}
	return "Dialect(" + strconv.Itoa(int(d)) + ")"
}

// dialect is how a database says what SQL has no common words for. Its strings are
// appended to statements.
type dialect struct {
	name     string
	dir      string   // of its migrations
	numbered bool     // parameters are $1, $2… instead of ?
	turns    bool     // one writes at a time: the whole database is locked
	prepare  bool     // statements are worth being prepared here, as the driver does not
	begin    []string // begins a transaction; the first statement may wait for a lock

	ignore   string // INSERT: what is there already is left as it is, without an error
	prolong  string // INSERT INTO devices: a device that is there gets the new expiry
	share    string // SELECT: the rows stay until the transaction ends
	update   string // SELECT: nobody else passes here until the transaction ends
	skip     string // SELECT: rows that nobody else has taken
	position string // function of (text, part), 0 if the part isn't in it

	probe  string // a query that only this database answers
	tables string // lists the tables of the schema
	lock   string // SELECT that takes the lock of migrations, until the transaction ends; "" if begin does
	unlock string // SELECT that gives it back, where tables are not defined in transactions
	code   func(error) string
	again  []string // codes: nothing has happened, try again
	gone   []string // codes: the connection is at its end
	twice  string   // code: there is one already
}

var dialects = map[Dialect]*dialect{
	SQLite: {
		name: "SQLite", dir: "sqlite", turns: true, prepare: true,
		begin:    []string{`BEGIN IMMEDIATE`},
		ignore:   ` ON CONFLICT DO NOTHING`,
		prolong:  ` ON CONFLICT (user_id, hash) DO UPDATE SET expires_at = excluded.expires_at`,
		position: `instr`,
		probe:    `SELECT sqlite_version()`,
		tables:   `SELECT name FROM sqlite_master WHERE type = 'table'`,
		code:     sqliteCode,
		again:    []string{"5", "6"}, // SQLITE_BUSY, SQLITE_LOCKED
	},
	PostgreSQL: {
		name: "PostgreSQL", dir: "postgres", numbered: true,
		begin:    []string{`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`},
		ignore:   ` ON CONFLICT DO NOTHING`,
		prolong:  ` ON CONFLICT (user_id, hash) DO UPDATE SET expires_at = excluded.expires_at`,
		share:    ` FOR KEY SHARE`,
		update:   ` FOR NO KEY UPDATE`,
		skip:     ` FOR UPDATE SKIP LOCKED`,
		position: `strpos`,
		probe:    `SELECT current_setting('server_version_num')`,
		tables:   `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`,
		lock:     `SELECT pg_advisory_xact_lock(7173452980111627)::text`,
		code:     sqlState,
		again:    []string{"40001", "40P01"},          // serialization_failure, deadlock_detected
		gone:     []string{"57P01", "57P02", "57P03"}, // admin_shutdown, crash_shutdown, cannot_connect_now
	},
	MariaDB: {
		name: "MariaDB", dir: "mariadb", prepare: true,
		begin:    []string{`SET TRANSACTION ISOLATION LEVEL READ COMMITTED`, `START TRANSACTION`},
		prolong:  ` ON DUPLICATE KEY UPDATE expires_at = VALUES(expires_at)`,
		share:    ` FOR UPDATE`, // of two that share a row and then change it, one would have to give up
		update:   ` FOR UPDATE`,
		skip:     ` FOR UPDATE SKIP LOCKED`,
		position: `instr`,
		probe:    `SELECT JSON_DETAILED('1')`,
		tables:   `SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()`,
		lock:     `SELECT GET_LOCK(MD5(CONCAT('accounts.', DATABASE())), 3600)`,
		unlock:   `SELECT RELEASE_LOCK(MD5(CONCAT('accounts.', DATABASE())))`,
		code:     mysqlNumber,
		again:    []string{"1213", "1020"}, // ER_LOCK_DEADLOCK, ER_CHECKREAD
		gone:     []string{"1053", "1927"}, // ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED
		twice:    "1062",                   // ER_DUP_ENTRY
	},
}

func (d Dialect) how() (*dialect, error) {
	if how, ok := dialects[d]; ok {
		return how, nil
	}
	return nil, fmt.Errorf("sqlstore: there is no dialect %d: use sqlstore.SQLite, sqlstore.PostgreSQL or sqlstore.MariaDB", int(d))
}

// sql gives a statement the parameters of the dialect. No statement of the package
// has a question mark that is not one.
func (d *dialect) sql(q string) string {
	if !d.numbered {
		return q
	}
	var b strings.Builder
	b.Grow(len(q) + 16)
	for n := 1; ; n++ {
		before, after, found := strings.Cut(q, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		q = after
	}
}

// lost reports whether the connection is at its end, other than by the end of a context.
func (d *dialect) lost(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return errors.Is(err, driver.ErrBadConn) || slices.Contains(d.gone, d.code(err))
}

// asks reports whether the database itself asks to do it again.
func (d *dialect) asks(err error) bool { return slices.Contains(d.again, d.code(err)) }

// refused reports whether the error is the database's answer, a no, and not that the
// connection has broken before there was one.
func (d *dialect) refused(err error) bool {
	code := d.code(err)
	return code != "" && !slices.Contains(d.gone, code)
}

// sqliteCode is the primary result code (https://www.sqlite.org/rescode.html), of
// errors that have a method or a field for it.
func sqliteCode(err error) string {
	var coded interface {
		error
		Code() int
	}
	if errors.As(err, &coded) {
		return strconv.Itoa(coded.Code() & 0xff)
	}
	return field(err, "Code")
}

// sqlState is the code of the SQL standard, which drivers of PostgreSQL give by a
// method.
func sqlState(err error) string {
	var stated interface {
		error
		SQLState() string
	}
	if errors.As(err, &stated) {
		return stated.SQLState()
	}
	return ""
}

// mysqlNumber is the server's error number.
func mysqlNumber(err error) string { return field(err, "Number") }

// field finds a code in drivers' errors that have it in a field, and no method: to name
// their types would be to link them.
func field(err error, name string) string {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct {
			continue
		}
		switch f := v.FieldByName(name); {
		case !f.IsValid():
		case f.CanInt():
			return strconv.FormatInt(f.Int(), 10)
		case f.CanUint():
			return strconv.FormatUint(f.Uint(), 10)
		}
	}
	return ""
}
