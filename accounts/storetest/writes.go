package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

// everything is a transaction that uses each method which writes.
func everything(b *bench, u *accounts.User, s *accounts.SessionRow, ticket *accounts.Ticket) func(ctx context.Context, tx accounts.Tx) error {
	created := b.newUser()
	session, another, letter := b.newSession(u), b.newTicket(u, accounts.PurposeConfirm), b.newLetter(t0)
	rotated := *s
	rotated.Hash = hash("rotated")
	now := t0.Add(time.Second)
	return func(ctx context.Context, tx accounts.Tx) error {
		for i, step := range []func() error{
			func() error { return tx.CreateUser(ctx, created) },
			func() error { return tx.SetPassword(ctx, u.ID, u.PasswordHash, "new", "new", now) },
			func() error { return tx.SetConfirmed(ctx, u.ID, u.EmailKey, now) },
			func() error { return tx.SetActive(ctx, u.ID, false, "why", now) },
			func() error { return tx.SetLock(ctx, u.ID, now, "why", now) },
			func() error { return tx.SetDelay(ctx, u.ID, now, now) },
			func() error { return tx.SetProfile(ctx, u.ID, "name", raw(`{}`), now) },
			func() error { return tx.SetLogin(ctx, u.ID, now) },
			func() error { return tx.CreateRole(ctx, &accounts.Role{Name: "New", Permissions: []string{"a", "b"}}) },
			func() error { return tx.SetRole(ctx, &accounts.Role{Name: "Writer", Permissions: []string{"c"}}) },
			func() error { return tx.GrantRole(ctx, created.ID, "Writer") },
			func() error { return tx.RequireMember(ctx, "Writer") },
			func() error { return tx.RevokeRole(ctx, u.ID, "Writer") },
			func() error { return tx.DeleteRole(ctx, "Reader") },
			func() error { return tx.CreateSession(ctx, session) },
			func() error { return tx.TouchSession(ctx, s.Hash, now, "", "") },
			func() error { return tx.SetBag(ctx, s.Hash, 0, raw(`{"a":1}`)) },
			func() error { return tx.RotateSession(ctx, s.Hash, &rotated) },
			func() error { return tx.EndSession(ctx, u.ID, session.ID) },
			func() error { _, err := tx.EndSessions(ctx, u.ID, ""); return err },
			func() error { return tx.CreateTicket(ctx, another) },
			func() error { _, err := tx.UseTicket(ctx, ticket.Hash, ticket.Purpose, now); return err },
			func() error { _, err := tx.VoidTickets(ctx, u.ID, accounts.PurposeConfirm, now); return err },
			func() error { return tx.AddDevice(ctx, u.ID, hash("device"), now, now.Add(time.Hour)) },
			func() error { return tx.AddDevice(ctx, created.ID, hash("device"), now, now.Add(time.Hour)) },
			func() error { return tx.ForgetDevices(ctx, created.ID) },
			func() error { return tx.AddEvent(ctx, &accounts.Event{At: now, Kind: "login", UserID: u.ID}) },
			func() error { return tx.AddLetter(ctx, letter) },
			func() error { return tx.DeleteUser(ctx, created.ID) },
		} {
			if err := step(); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		return nil
	}
}

// atomic: what a function of Write does lasts if it returns nil, and otherwise has
// not happened.
func atomic(b *bench) {
	ctx := b.Context()
	b.role("Writer", "a")
	b.role("Reader", "b")
	u := b.user()
	b.grant(u, "Writer")
	s, ticket := b.session(u), b.ticket(u, accounts.PurposeReset)
	do := everything(b, u, s, ticket)
	before := b.image()
	unchanged := func(what string) {
		b.Helper()
		b.same(what, b.image(), before)
		got, err := b.store.TicketByHash(ctx, ticket.Hash, ticket.Purpose, t0)
		is(b, what+": the ticket", ticket, got, err)
		known, err := b.store.KnownDevice(ctx, u.ID, hash("device"), t0)
		is(b, what+": the device", false, known, err)
		b.same(what+": letters", b.claim(5, "a", t0, t0.Add(lease)), []accounts.Letter(nil))
	}

	undo := errors.New("undone")
	if err := b.try(func(ctx context.Context, tx accounts.Tx) error { return errors.Join(do(ctx, tx), undo) }); !errors.Is(err, undo) || errors.Unwrap(err) != nil && err.Error() != "undone" {
		b.Errorf("an error: %v", err)
	}
	unchanged("an error")
	if err := b.try(func(ctx context.Context, tx accounts.Tx) error { return undo }); err != undo {
		b.Errorf("the error of f comes back as %v", err)
	}

	value := func() (p any) {
		defer func() { p = recover() }()
		_ = b.try(func(ctx context.Context, tx accounts.Tx) error {
			if err := do(ctx, tx); err != nil {
				b.Error(err)
			}
			panic("at the disco")
		})
		return nil
	}()
	if value != "at the disco" {
		b.Errorf("a panic: %v", value)
	}
	unchanged("a panic")

	var wg sync.WaitGroup
	wg.Go(func() {
		_ = b.try(func(ctx context.Context, tx accounts.Tx) error {
			if err := do(ctx, tx); err != nil {
				b.Error(err)
			}
			runtime.Goexit()
			return nil
		})
	})
	wg.Wait()
	unchanged("the end of the goroutine")

	var kept accounts.Tx
	b.write(func(ctx context.Context, tx accounts.Tx) error { kept = tx; return nil })
	if kept.SetLogin(ctx, u.ID, t0) == nil {
		b.Error("a transaction can be used after its end")
	}
	if _, err := kept.UserByID(ctx, u.ID); err == nil {
		b.Error("a transaction can be read from after its end")
	}
	unchanged("a transaction after its end")

	// Many that fail leave no connection behind.
	for range 100 {
		_ = b.try(func(ctx context.Context, tx accounts.Tx) error { _ = tx.SetLogin(ctx, u.ID, t0); return undo })
	}
	unchanged("many errors")

	b.write(do)
	if got := b.claim(5, "a", t0, t0.Add(lease)); len(got) != 1 {
		b.Errorf("letters of what has happened: %v", got)
	}
	got, err := b.store.UserByID(ctx, u.ID)
	if err != nil || got.PasswordHash != "new" || got.Name != "name" || !got.Inactive {
		b.Errorf("the user of what has happened: %+v, %v", got, err)
	}
	gone, err := b.store.TicketByHash(ctx, ticket.Hash, ticket.Purpose, t0)
	absent(b, "the ticket of what has happened", gone, err)
}

// inside: a transaction reads what it has written, and others don't.
func inside(b *bench) {
	u := b.newUser()
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		if err := tx.CreateUser(ctx, u); err != nil {
			return err
		}
		s, ticket := b.newSession(u), b.newTicket(u, accounts.PurposeConfirm)
		if err := errors.Join(tx.CreateRole(ctx, &accounts.Role{Name: "Writer", Permissions: []string{"a"}}), tx.GrantRole(ctx, u.ID, "Writer"), tx.CreateSession(ctx, s), tx.CreateTicket(ctx, ticket),
			tx.AddDevice(ctx, u.ID, hash(1), t0, t0.Add(time.Hour)), tx.AddEvent(ctx, &accounts.Event{At: t0, Kind: "login"})); err != nil {
			return err
		}
		got, err := tx.UserByID(ctx, u.ID)
		is(b, "UserByID", u, got, err)
		got, err = tx.UserByEmail(ctx, u.EmailKey)
		is(b, "UserByEmail", u, got, err)
		none, err := tx.UserByUsername(ctx, "nobody")
		absent(b, "UserByUsername", none, err)
		list, err := tx.Users(ctx, accounts.UserQuery{Search: "user", Role: "Writer"})
		is(b, "Users", []accounts.User{*u}, list, err)
		r, err := tx.RoleByName(ctx, "Writer")
		is(b, "RoleByName", &accounts.Role{Name: "Writer", Permissions: []string{"a"}}, r, err)
		rs, err := tx.Roles(ctx)
		is(b, "Roles", []accounts.Role{*r}, rs, err)
		names, err := tx.RolesOf(ctx, u.ID)
		is(b, "RolesOf", []string{"Writer"}, names, err)
		yes, err := tx.HasRole(ctx, u.ID, "Writer")
		is(b, "HasRole", true, yes, err)
		yes, err = tx.HasPermission(ctx, u.ID, "a")
		is(b, "HasPermission", true, yes, err)
		row, err := tx.SessionByHash(ctx, s.Hash)
		is(b, "SessionByHash", s, row, err)
		rows, err := tx.SessionsOf(ctx, u.ID, t0)
		is(b, "SessionsOf", []accounts.SessionRow{*s}, rows, err)
		tk, err := tx.TicketByHash(ctx, ticket.Hash, ticket.Purpose, t0)
		is(b, "TicketByHash", ticket, tk, err)
		yes, err = tx.KnownDevice(ctx, u.ID, hash(1), t0)
		is(b, "KnownDevice", true, yes, err)
		es, err := tx.Events(ctx, accounts.EventQuery{})
		if err != nil || len(es) != 1 {
			b.Errorf("Events: %v, %v", es, err)
		}
		return nil
	})
}

// cancelled: a context that has ended, or ends in a transaction, leaves nothing, and
// what it has ended does not trouble others.
func cancelled(b *bench) {
	b.role("Writer", "a")
	b.role("Reader")
	u := b.user()
	b.grant(u, "Writer")
	s, ticket := b.session(u), b.ticket(u, accounts.PurposeReset)
	do := everything(b, u, s, ticket)
	b.letter(t0)
	before := b.image()

	ended, cancel := context.WithCancel(b.Context())
	cancel()
	for what, f := range map[string]func(ctx context.Context, r accounts.Reader) error{
		"UserByID": func(ctx context.Context, r accounts.Reader) error { _, err := r.UserByID(ctx, u.ID); return err },
		"UserByEmail": func(ctx context.Context, r accounts.Reader) error {
			_, err := r.UserByEmail(ctx, u.EmailKey)
			return err
		},
		"UserByUsername": func(ctx context.Context, r accounts.Reader) error { _, err := r.UserByUsername(ctx, "a"); return err },
		"Users": func(ctx context.Context, r accounts.Reader) error {
			_, err := r.Users(ctx, accounts.UserQuery{})
			return err
		},
		"RoleByName": func(ctx context.Context, r accounts.Reader) error { _, err := r.RoleByName(ctx, "Writer"); return err },
		"Roles":      func(ctx context.Context, r accounts.Reader) error { _, err := r.Roles(ctx); return err },
		"RolesOf":    func(ctx context.Context, r accounts.Reader) error { _, err := r.RolesOf(ctx, u.ID); return err },
		"HasRole": func(ctx context.Context, r accounts.Reader) error {
			_, err := r.HasRole(ctx, u.ID, "Writer")
			return err
		},
		"HasPermission": func(ctx context.Context, r accounts.Reader) error {
			_, err := r.HasPermission(ctx, u.ID, "a")
			return err
		},
		"SessionByHash": func(ctx context.Context, r accounts.Reader) error { _, err := r.SessionByHash(ctx, s.Hash); return err },
		"SessionsOf":    func(ctx context.Context, r accounts.Reader) error { _, err := r.SessionsOf(ctx, u.ID, t0); return err },
		"TicketByHash": func(ctx context.Context, r accounts.Reader) error {
			_, err := r.TicketByHash(ctx, ticket.Hash, ticket.Purpose, t0)
			return err
		},
		"KnownDevice": func(ctx context.Context, r accounts.Reader) error {
			_, err := r.KnownDevice(ctx, u.ID, hash(1), t0)
			return err
		},
		"Events": func(ctx context.Context, r accounts.Reader) error {
			_, err := r.Events(ctx, accounts.EventQuery{})
			return err
		},
	} {
		if err := f(ended, b.store); !errors.Is(err, context.Canceled) {
			b.Errorf("%s with a context that has ended: %v", what, err)
		}
		// In a transaction too: and it ends the transaction.
		if err := b.store.Write(b.Context(), func(tx accounts.Tx) error {
			if err := tx.SetLogin(b.Context(), u.ID, t0); err != nil {
				return err
			}
			return f(ended, tx)
		}); !errors.Is(err, context.Canceled) {
			b.Errorf("%s in a transaction with a context that has ended: %v", what, err)
		}
	}
	for what, f := range map[string]func() error{
		"Write": func() error {
			return b.store.Write(ended, func(accounts.Tx) error { b.Error("Write runs f when all is over"); return nil })
		},
		"Claim":  func() error { _, err := b.store.Claim(ended, 5, "a", t0, t0.Add(lease)); return err },
		"Settle": func() error { return b.store.Settle(ended, "a", "a", accounts.Settlement{SentAt: t0}) },
		"Purge":  func() error { _, err := b.store.Purge(ended, t0.Add(9*time.Hour), t0.Add(9*time.Hour)); return err },
	} {
		if err := f(); !errors.Is(err, context.Canceled) {
			b.Errorf("%s with a context that has ended: %v", what, err)
		}
	}
	b.same("contexts that had ended", b.image(), before)

	undo := errors.New("undone")
	for what, c := range map[string]struct {
		f    func(ctx context.Context, cancel func(), tx accounts.Tx) error
		want error
	}{
		"before the first": {func(ctx context.Context, cancel func(), tx accounts.Tx) error { cancel(); return do(ctx, tx) }, context.Canceled},
		"after the last": {func(ctx context.Context, cancel func(), tx accounts.Tx) error {
			err := do(ctx, tx)
			cancel()
			return err
		}, context.Canceled},
		"not told": {func(ctx context.Context, cancel func(), tx accounts.Tx) error {
			err := do(ctx, tx)
			cancel()
			_ = tx.SetLogin(ctx, u.ID, t0)
			return err
		}, context.Canceled},
		"another error": {func(ctx context.Context, cancel func(), tx accounts.Tx) error { _ = do(ctx, tx); cancel(); return undo }, undo},
	} {
		ctx, cancel := context.WithCancel(b.Context())
		if err := b.store.Write(ctx, func(tx accounts.Tx) error { return c.f(ctx, cancel, tx) }); !errors.Is(err, c.want) {
			b.Errorf("a context that ends %s: %v, not %v", what, err, c.want)
		}
		cancel()
		b.same("a context that ends "+what, b.image(), before)
	}
	// At any moment: all of it, or nothing.
	for i := range 40 {
		ctx, cancel := context.WithCancel(b.Context())
		stop := time.AfterFunc(time.Duration(i*i)*4*time.Microsecond, cancel)
		name := fmt.Sprint("at moment ", i)
		err := b.store.Write(ctx, func(tx accounts.Tx) error {
			return errors.Join(tx.SetProfile(ctx, u.ID, name, nil, t0), tx.CreateRole(ctx, &accounts.Role{Name: name}), tx.GrantRole(ctx, u.ID, name))
		})
		stop.Stop()
		cancel()
		got, e := b.store.UserByID(b.Context(), u.ID)
		_, e2 := b.store.RoleByName(b.Context(), name)
		has, e3 := b.store.HasRole(b.Context(), u.ID, name)
		if e != nil || e2 != nil && !errors.Is(e2, accounts.ErrNotFound) || e3 != nil {
			b.Fatal(e, e2, e3)
		}
		done := err == nil
		if (got.Name == name) != done || (e2 == nil) != done || has != done {
			b.Errorf("a context that ends %s: %v, and the name is %q, the role %v, the membership %v", name, err, got.Name, e2, has)
		}
		if !done && !errors.Is(err, context.Canceled) {
			b.Errorf("a context that ends %s: %v", name, err)
		}
	}
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		return errors.Join(tx.SetProfile(ctx, u.ID, "", nil, t0), do(ctx, tx))
	})
}

// cancelledWaiting: who waits for another's transaction is let go by the context,
// while the other is still at it.
func cancelledWaiting(b *bench) {
	u := b.user()
	for i := range 5 {
		b.Run(fmt.Sprint(i), func(t *testing.T) {
			b := &bench{T: t, store: b.store}
			b.write(func(ctx context.Context, tx accounts.Tx) error {
				if err := tx.SetLogin(ctx, u.ID, t0); err != nil {
					return err
				}
				waiting, cancel := context.WithCancel(ctx)
				begun, ended := make(chan struct{}), make(chan error)
				go func() {
					close(begun)
					ended <- b.store.Write(waiting, func(tx accounts.Tx) error { return tx.SetLogin(waiting, u.ID, t0.Add(time.Hour)) })
				}()
				<-begun
				time.Sleep(time.Duration(i) * 5 * time.Millisecond) // so that some do wait
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					b.Errorf("who waited: %v", err)
				}
				return nil
			})
			got, err := b.store.UserByID(b.Context(), u.ID)
			if err != nil || !got.LastLoginAt.Equal(t0) {
				b.Errorf("the last log-in: %v, %v", got, err)
			}
		})
	}
}
