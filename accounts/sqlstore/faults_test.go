package sqlstore_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/accounts/sqlstore"
)

var moment = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func userOf(name string) *accounts.User {
	return &accounts.User{ID: "id-" + name, Email: name + "@example.com", EmailKey: name + "@example.com", PasswordHash: "hash", Stamp: "stamp", CreatedAt: moment, UpdatedAt: moment}
}

func sessionOf(name, secret string) *accounts.SessionRow {
	return &accounts.SessionRow{ID: "session-" + secret, Hash: hash(secret), UserID: "id-" + name, Stamp: "stamp", Factors: []string{"pwd"}, CreatedAt: moment, SeenAt: moment, ExpiresAt: moment.Add(time.Hour)}
}

func ticketOf(name, secret string, purpose accounts.Purpose) *accounts.Ticket {
	return &accounts.Ticket{Hash: hash(secret), UserID: "id-" + name, Purpose: purpose, Binding: "b", CreatedAt: moment, ExpiresAt: moment.Add(time.Hour)}
}

func letterOf(name, id string) *accounts.Letter {
	return &accounts.Letter{ID: id, UserID: "id-" + name, Kind: "notice", Sealed: []byte("sealed"), CreatedAt: moment, NextAt: moment}
}

// firstOf does one after the other, to the first error.
func firstOf(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// furnish puts into an empty store what the changes need.
func furnish(ctx context.Context, s accounts.Store) error {
	return s.Write(ctx, func(tx accounts.Tx) error {
		return firstOf(
			func() error { return tx.CreateRole(ctx, &accounts.Role{Name: "Admin", Permissions: []string{"all"}}) },
			func() error { return tx.CreateRole(ctx, &accounts.Role{Name: "Reader", Permissions: []string{"read"}}) },
			func() error { return tx.CreateUser(ctx, userOf("calvin")) },
			func() error { return tx.CreateUser(ctx, userOf("susie")) },
			func() error { return tx.GrantRole(ctx, "id-calvin", "Admin") },
			func() error { return tx.GrantRole(ctx, "id-susie", "Admin") },
			func() error { return tx.CreateSession(ctx, sessionOf("calvin", "one")) },
			func() error { return tx.CreateSession(ctx, sessionOf("calvin", "two")) },
			func() error { return tx.CreateTicket(ctx, ticketOf("calvin", "reset", accounts.PurposeReset)) },
			func() error { return tx.CreateTicket(ctx, ticketOf("calvin", "again", accounts.PurposeReset)) },
			func() error { return tx.CreateTicket(ctx, ticketOf("calvin", "confirm", accounts.PurposeConfirm)) },
			func() error { return tx.AddDevice(ctx, "id-calvin", hash("device"), moment, moment.Add(time.Hour)) },
			func() error { return tx.AddLetter(ctx, letterOf("calvin", "due")) },
			func() error {
				return tx.AddEvent(ctx, &accounts.Event{At: moment, Kind: "registered", UserID: "id-calvin"})
			},
		)
	})
}

func event(ctx context.Context, tx accounts.Tx, kind string) func() error {
	return func() error { return tx.AddEvent(ctx, &accounts.Event{At: moment, Kind: kind, UserID: "id-calvin"}) }
}

// changes are what flows do: each has to happen as a whole.
var changes = []struct {
	name string
	do   func(ctx context.Context, s accounts.Store) error
}{
	{"register", writing(func(ctx context.Context, tx accounts.Tx) error {
		return firstOf(
			func() error { return tx.CreateUser(ctx, userOf("moe")) },
			func() error { return tx.GrantRole(ctx, "id-moe", "Reader") },
			func() error { return tx.CreateTicket(ctx, ticketOf("moe", "moe", accounts.PurposeConfirm)) },
			func() error { return tx.AddLetter(ctx, letterOf("moe", "moe")) },
			event(ctx, tx, "registered"),
		)
	})},
	{"confirm", writing(func(ctx context.Context, tx accounts.Tx) error {
		return firstOf(
			func() error {
				_, err := tx.UseTicket(ctx, hash("confirm"), accounts.PurposeConfirm, moment)
				return err
			},
			func() error { return tx.SetConfirmed(ctx, "id-calvin", "calvin@example.com", moment) },
			event(ctx, tx, "confirmed"),
		)
	})},
	{"log in", writing(func(ctx context.Context, tx accounts.Tx) error {
		return firstOf(
			func() error { return tx.SetPassword(ctx, "id-calvin", "hash", "rehashed", "", moment) },
			func() error { return tx.SetLogin(ctx, "id-calvin", moment) },
			func() error { return tx.CreateSession(ctx, sessionOf("calvin", "three")) },
			func() error { return tx.AddDevice(ctx, "id-calvin", hash("device"), moment, moment.Add(2*time.Hour)) },
			event(ctx, tx, "login"),
		)
	})},
	{"recover", writing(func(ctx context.Context, tx accounts.Tx) error {
		return firstOf(
			func() error {
				_, err := tx.UseTicket(ctx, hash("reset"), accounts.PurposeReset, moment)
				return err
			},
			func() error { _, err := tx.UserByID(ctx, "id-calvin"); return err },
			func() error { return tx.SetPassword(ctx, "id-calvin", "hash", "new", "new", moment) },
			func() error { return tx.SetLock(ctx, "id-calvin", time.Time{}, "", moment) },
			func() error { _, err := tx.EndSessions(ctx, "id-calvin", ""); return err },
			func() error { _, err := tx.VoidTickets(ctx, "id-calvin", accounts.PurposeReset, moment); return err },
			func() error { return tx.ForgetDevices(ctx, "id-calvin") },
			func() error { return tx.AddLetter(ctx, letterOf("calvin", "notice")) },
			event(ctx, tx, "password-changed"),
		)
	})},
	{"change the password", writing(func(ctx context.Context, tx accounts.Tx) error {
		next := sessionOf("calvin", "one")
		next.Hash, next.Stamp = hash("next"), "new"
		return firstOf(
			func() error { return tx.SetPassword(ctx, "id-calvin", "hash", "new", "new", moment) },
			func() error { return tx.RotateSession(ctx, hash("one"), next) },
			func() error { _, err := tx.EndSessions(ctx, "id-calvin", next.ID); return err },
			func() error { return tx.AddLetter(ctx, letterOf("calvin", "notice")) },
			event(ctx, tx, "password-changed"),
		)
	})},
	{"use a session", writing(func(ctx context.Context, tx accounts.Tx) error {
		return firstOf(
			func() error { return tx.TouchSession(ctx, hash("one"), moment.Add(time.Minute), "curl", "192.0.2.1") },
			func() error { return tx.SetBag(ctx, hash("one"), 0, []byte(`{"a":1}`)) },
			func() error { return tx.SetProfile(ctx, "id-calvin", "Calvin", []byte(`{"b":2}`), moment) },
			func() error { return tx.EndSession(ctx, "id-calvin", "session-two") },
		)
	})},
	{"administer", writing(func(ctx context.Context, tx accounts.Tx) error {
		return firstOf(
			func() error {
				return tx.CreateRole(ctx, &accounts.Role{Name: "Writer", Permissions: []string{"a", "b"}})
			},
			func() error { return tx.SetRole(ctx, &accounts.Role{Name: "Admin", Permissions: []string{"c", "d"}}) },
			func() error { return tx.GrantRole(ctx, "id-calvin", "Writer") },
			func() error { return tx.RevokeRole(ctx, "id-susie", "Admin") },
			func() error { return tx.RequireMember(ctx, "Admin") },
			func() error { return tx.DeleteRole(ctx, "Reader") },
			func() error { return tx.SetActive(ctx, "id-susie", false, "why", moment) },
			func() error { return tx.SetDelay(ctx, "id-susie", moment, moment) },
			event(ctx, tx, "administered"),
		)
	})},
	{"delete", writing(func(ctx context.Context, tx accounts.Tx) error {
		return firstOf(
			func() error { return tx.DeleteUser(ctx, "id-calvin") },
			func() error { return tx.RequireMember(ctx, "Admin") },
			event(ctx, tx, "deleted"),
		)
	})},
	{"claim", func(ctx context.Context, s accounts.Store) error {
		_, err := s.Claim(ctx, 5, "worker", moment, moment.Add(time.Minute))
		return err
	}},
}

func writing(f func(ctx context.Context, tx accounts.Tx) error) func(context.Context, accounts.Store) error {
	return func(ctx context.Context, s accounts.Store) error {
		return s.Write(ctx, func(tx accounts.Tx) error { return f(ctx, tx) })
	}
}

var tableNames = []string{"users", "roles", "role_permissions", "user_roles", "sessions", "tickets", "devices", "events", "letters"}

// contents is all that the tables have, but the IDs of events.
func contents(t *testing.T, db *sql.DB) string {
	t.Helper()
	var all strings.Builder
	for _, table := range tableNames {
		rows, err := db.Query(`SELECT * FROM ` + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for rows.Next() {
			values := make([]sql.RawBytes, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			line := table
			for i, column := range columns {
				if table != "events" || column != "id" {
					line += fmt.Sprintf(" %s=%q", column, values[i])
				}
			}
			lines = append(lines, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(lines)
		all.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return all.String()
}

// clear empties the tables.
func clear(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, table := range []string{"letters", "events", "users", "roles"} {
		if _, err := db.Exec(`DELETE FROM ` + table); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFaults: whatever becomes of whichever statement, a change has happened as a
// whole or not at all, and what Write says is so. S24, S25: no ticket is used without
// what it is for, and none can be used twice.
func TestFaults(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		p := empty(t)
		if p.driver == "mysql" {
			p.dsn += "&interpolateParams=true" // one statement is one message
		}
		db := p.open(t)
		clean := stored(t, db, d.dialect)
		w, faultyDB := p.wired(t)
		faulty, err := sqlstore.New(t.Context(), faultyDB, d.dialect)
		if err != nil {
			t.Fatal(err)
		}
		if err := furnish(t.Context(), clean); err != nil {
			t.Fatal(err)
		}
		before := contents(t, db)
		restore := func() {
			if contents(t, db) != before {
				clear(t, db)
				if err := furnish(t.Context(), clean); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, change := range changes {
			t.Run(change.name, func(t *testing.T) {
				if err := change.do(t.Context(), clean); err != nil {
					t.Fatal(err)
				}
				after := contents(t, db)
				restore()
				if after == before {
					t.Fatal("the change changes nothing")
				}
				for _, f := range []struct {
					name string
					kind fault
					more int // how many statements more meet it
				}{
					{"refused", refuse, 0}, {"refused, and the next too", refuse, 1}, {"cut off", cut, 0}, {"cut off after it", cutLate, 0}, {"on a broken connection", bad, 0},
				} {
					for n := 1; ; n++ {
						var met string
						w.from(func(i int, q string) fault {
							if i < n || i > n+f.more {
								return none
							}
							if i == n {
								met = q
							}
							return f.kind
						})
						// A server may still be at the end of the connection that was cut
						// before; Claim would pass by what it holds.
						if _, err := db.Exec(`UPDATE letters SET kind = kind`); err != nil {
							t.Fatal(err)
						}
						err := change.do(t.Context(), faulty)
						w.from(nil)
						got := contents(t, db)
						if met == "" { // there is no n-th statement
							if err != nil || got != after {
								t.Fatalf("without a fault: %v", err)
							}
							restore()
							break
						}
						what := fmt.Sprintf("%s: statement %d (%s): %v", f.name, n, met, err)
						switch {
						case got != before && got != after:
							t.Fatalf("%s: half of it has happened:\n%s", what, got)
						case err == nil && got != after:
							t.Errorf("%s: it has not happened", what)
						case err != nil && got != before && !(met == "COMMIT" && f.kind == cutLate):
							t.Errorf("%s: it has happened", what)
						case f.kind == bad && met != "COMMIT" && err != nil:
							t.Errorf("%s: it was not tried again", what)
						case f.kind == bad && met == "COMMIT" && err == nil:
							t.Errorf("%s: it was tried again after the commit", what)
						case f.kind == refuse && !errors.Is(err, errRefused):
							t.Errorf("%s: not the cause", what)
						}
						restore()
					}
				}
			})
		}
		if open := faultyDB.Stats().InUse; open != 0 {
			t.Errorf("%d connections have not been given back", open)
		}
	})
}

// TestCareless: a transaction in which a statement has failed does not happen, even if
// the function says that all is well.
func TestCareless(t *testing.T) {
	onEach(t, func(t *testing.T, d database, empty func(t *testing.T) place) {
		p := empty(t)
		stored(t, p.open(t), d.dialect)
		w, db := p.wired(t)
		s, err := sqlstore.New(t.Context(), db, d.dialect)
		if err != nil {
			t.Fatal(err)
		}
		w.from(func(_ int, q string) fault {
			if strings.Contains(q, "INSERT INTO events") {
				return refuse
			}
			return none
		})
		ctx := t.Context()
		err = s.Write(ctx, func(tx accounts.Tx) error {
			if err := tx.CreateUser(ctx, userOf("calvin")); err != nil {
				return err
			}
			_ = tx.AddEvent(ctx, &accounts.Event{At: moment, Kind: "registered"})
			return tx.CreateUser(ctx, userOf("susie"))
		})
		if !errors.Is(err, errRefused) {
			t.Error(err)
		}
		var kept accounts.Tx
		if err := s.Write(ctx, func(tx accounts.Tx) error { kept = tx; return nil }); err != nil {
			t.Error(err)
		}
		says(t, kept.CreateUser(ctx, userOf("calvin")), "the transaction has ended")
		if users, err := s.Users(ctx, accounts.UserQuery{}); len(users) != 0 || err != nil {
			t.Errorf("%v, %v", users, err)
		}
	})
}

// TestTries: what can be tried again is, a bounded number of times, and not when the
// context has ended.
func TestTries(t *testing.T) {
	p := databases[0].empty(t, "")
	stored(t, p.open(t), sqlstore.SQLite)
	w, db := p.wired(t)
	s, err := sqlstore.New(t.Context(), db, sqlstore.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	w.from(func(_ int, q string) fault {
		if strings.Contains(q, "INSERT") {
			return bad
		}
		return none
	})
	tries := 0
	err = s.Write(t.Context(), func(tx accounts.Tx) error {
		tries++
		return tx.CreateUser(t.Context(), userOf("calvin"))
	})
	if err == nil || tries != 25 {
		t.Errorf("%d tries: %v", tries, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tries = 0
	err = s.Write(ctx, func(tx accounts.Tx) error {
		if tries++; tries == 3 {
			cancel()
		}
		return tx.CreateUser(t.Context(), userOf("calvin"))
	})
	if err == nil || tries != 3 {
		t.Errorf("%d tries with a context that ends at the third: %v", tries, err)
	}
	w.from(nil)
	if err := s.Write(t.Context(), func(tx accounts.Tx) error { return tx.CreateUser(t.Context(), userOf("calvin")) }); err != nil {
		t.Error(err)
	}
}
