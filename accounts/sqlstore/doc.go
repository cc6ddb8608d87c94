// Package sqlstore keeps accounts in a SQL database: SQLite, PostgreSQL or MariaDB.
//
// The database comes from the caller, as a *sql.DB of whatever driver; the package
// links none. [Migrate] makes or renews the tables, [New] gives the store:
//
//	db, err := sql.Open("pgx", "postgres://…")
//	…
//	if err := sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL); err != nil { … }
//	store, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL)
//
// # Tables
//
// They are users, roles, role_permissions, user_roles, sessions, tickets, devices,
// events, letters, and accounts_versions, which says which migrations have been
// done. The names are plain and fixed, so that an application's own tables can
// refer to users (id), and queries can be read as they are. An application that has a
// table of such a name already gives accounts a schema or a database of their own:
// search_path in PostgreSQL, another file in SQLite. Migrate refuses to touch a
// table that it has not made.
//
// Times are whole numbers: microseconds since 1970, 0 for none. So they are the same
// whatever a driver's settings are about time zones. In PostgreSQL,
// to_timestamp(created_at / 1e6) reads them.
//
// The migrations in migrations/ have the form of goose and go forward only. They run
// under a lock of the database, so that instances of an application may start at the
// same time.
//
// # SQLite
//
// Foreign keys are off by default in SQLite, for each connection anew. The store
// does nothing without them, so the address has to switch them on:
//
//	file:app.db?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)   (modernc.org/sqlite)
//	file:app.db?_foreign_keys=1&_journal_mode=WAL&_busy_timeout=5000                           (github.com/mattn/go-sqlite3)
//
// With the journal mode WAL, which a file keeps once it is set, nobody who reads waits
// for somebody who writes. A busy timeout is for the application's own statements and
// for readers; those of the store that write take turns, and wait for other
// processes until the context ends, at most ten seconds. Their transactions begin with
// BEGIN IMMEDIATE, whatever the address says.
//
// Tests can use file:NAME?mode=memory&cache=shared: it lasts as long as one connection
// is open, so db.SetConnMaxLifetime and db.SetMaxIdleConns must leave one. A plain
// :memory: is a database for each connection, and needs db.SetMaxOpenConns(1).
//
// # PostgreSQL
//
// Version 12 or later. Transactions are READ COMMITTED, whatever the default is.
//
// # MariaDB
//
// Version 10.6 or later, with clientFoundRows=true in the address for
// github.com/go-sql-driver/mysql: a statement that changes nothing because all is so
// already must be told from one that has found nothing. New checks it. Columns of
// the application that refer to users (id) are VARCHAR(64) COLLATE utf8mb4_nopad_bin.
// MariaDB defines tables outside of transactions: a migration that is broken off is
// done to its end by the next.
//
// # What is written
//
// Each [accounts.Store.Write] is a transaction of the database on one connection. A
// program that is killed leaves whole ones only. Deadlocks, failed serializations, a
// locked SQLite file, and connections that the server or the driver calls broken before
// the commit, are tried again, with pauses at random that grow, at most 25 times.
// Nothing is tried again after the commit has been sent: if its answer is lost, the
// error says that it is not known whether the change has been made.
//
// A statement that fails, other than with an error that package accounts names, fails
// its transaction, even if the function that has called it says otherwise.
package sqlstore
