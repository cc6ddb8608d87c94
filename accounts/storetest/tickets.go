package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

func tickets(b *bench) {
	ctx := b.Context()
	u, other := b.user(), b.user()
	ticket := b.newTicket(u, accounts.PurposeReset)
	absentAt := func(what string, h []byte, purpose accounts.Purpose, now time.Time) {
		b.Helper()
		got, err := b.store.TicketByHash(ctx, h, purpose, now)
		absent(b, "TicketByHash: "+what, got, err)
		b.refused("UseTicket: "+what, accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
			_, err := tx.UseTicket(ctx, h, purpose, now)
			return err
		})
	}
	absentAt("none", ticket.Hash, ticket.Purpose, t0)
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateTicket(ctx, ticket) })
	absentAt("another purpose", ticket.Hash, accounts.PurposeConfirm, t0)
	absentAt("no purpose", ticket.Hash, "", t0)
	absentAt("another purpose in another case", ticket.Hash, "Reset", t0)
	absentAt("another", hash("another"), ticket.Purpose, t0)
	absentAt("no hash", nil, ticket.Purpose, t0)
	absentAt("expired", ticket.Hash, ticket.Purpose, ticket.ExpiresAt)
	absentAt("long expired", ticket.Hash, ticket.Purpose, ticket.ExpiresAt.Add(time.Hour))
	last := ticket.ExpiresAt.Add(-time.Millisecond)
	for range 2 { // to look uses nothing
		got, err := b.store.TicketByHash(ctx, ticket.Hash, ticket.Purpose, last)
		is(b, "TicketByHash", ticket, got, err)
	}
	undo := errors.New("undone")
	b.refused("UseTicket that is undone", undo, func(ctx context.Context, tx accounts.Tx) error {
		if _, err := tx.UseTicket(ctx, ticket.Hash, ticket.Purpose, last); err != nil {
			return err
		}
		return undo
	})
	var got *accounts.Ticket
	b.write(func(ctx context.Context, tx accounts.Tx) (err error) {
		got, err = tx.UseTicket(ctx, ticket.Hash, ticket.Purpose, last)
		if err != nil {
			return err
		}
		if _, err := tx.UseTicket(ctx, ticket.Hash, ticket.Purpose, last); !errors.Is(err, accounts.ErrNotFound) {
			return fmt.Errorf("used twice in a transaction: %v", err)
		}
		return nil
	})
	ticket.UsedAt = last
	b.same("UseTicket", got, ticket)
	absentAt("used", ticket.Hash, ticket.Purpose, t0)

	b.refused("a ticket of nobody", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
		return tx.CreateTicket(ctx, b.newTicket(&accounts.User{ID: "nobody"}, accounts.PurposeReset))
	})
	if b.try(func(ctx context.Context, tx accounts.Tx) error {
		again := b.newTicket(other, accounts.PurposeReset)
		again.Hash = ticket.Hash
		return tx.CreateTicket(ctx, again)
	}) == nil {
		b.Error("two tickets can have the same hash: the used one is back")
	}
	absentAt("used, and added again", ticket.Hash, ticket.Purpose, t0)

	// Void: those of the user and the purpose that could be used.
	one, two := b.ticket(u, accounts.PurposeReset), b.ticket(u, accounts.PurposeReset)
	confirm, others := b.ticket(u, accounts.PurposeConfirm), b.ticket(other, accounts.PurposeReset)
	for i, want := range []int{2, 0} {
		var n int
		b.write(func(ctx context.Context, tx accounts.Tx) (err error) {
			n, err = tx.VoidTickets(ctx, u.ID, accounts.PurposeReset, t0.Add(time.Duration(i)))
			return err
		})
		if n != want {
			b.Errorf("VoidTickets the %d. time: %d, not %d", i+1, n, want)
		}
	}
	absentAt("void", one.Hash, one.Purpose, t0)
	absentAt("void", two.Hash, two.Purpose, t0)
	for _, ticket := range []*accounts.Ticket{confirm, others} {
		got, err := b.store.TicketByHash(ctx, ticket.Hash, ticket.Purpose, t0)
		is(b, "one that is not void", ticket, got, err)
	}
}

func devices(b *bench) {
	ctx := b.Context()
	u, other := b.user(), b.user()
	known := func(what string, want bool, u *accounts.User, h []byte, now time.Time) {
		b.Helper()
		got, err := b.store.KnownDevice(ctx, u.ID, h, now)
		is(b, what, want, got, err)
	}
	add := func(u *accounts.User, h []byte, expires time.Time) {
		b.Helper()
		b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.AddDevice(ctx, u.ID, h, t0, expires) })
	}
	known("at first", false, u, hash(1), t0)
	known("of nobody", false, &accounts.User{ID: "nobody"}, hash(1), t0)
	add(u, hash(1), t0.Add(time.Hour))
	add(u, hash(2), t0.Add(time.Hour))
	add(other, hash(1), t0.Add(time.Hour)) // a device can be of two users
	known("known", true, u, hash(1), t0.Add(time.Hour-time.Millisecond))
	known("expired", false, u, hash(1), t0.Add(time.Hour))
	known("another", false, u, hash(3), t0)
	known("none", false, u, nil, t0)
	add(u, hash(1), t0.Add(2*time.Hour))
	known("prolonged", true, u, hash(1), t0.Add(time.Hour))
	known("not prolonged", false, u, hash(2), t0.Add(time.Hour))
	known("not prolonged for the other", false, other, hash(1), t0.Add(time.Hour))
	b.refused("AddDevice of nobody", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
		return tx.AddDevice(ctx, "nobody", hash(1), t0, t0.Add(time.Hour))
	})
	for range 2 {
		b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.ForgetDevices(ctx, u.ID) })
		known("forgotten", false, u, hash(1), t0)
		known("forgotten", false, u, hash(2), t0)
		known("not forgotten", true, other, hash(1), t0)
	}
}

func events(b *bench) {
	ctx := b.Context()
	got, err := b.store.Events(ctx, accounts.EventQuery{})
	is(b, "at first", nil, got, err)
	var want []accounts.Event
	for i := range 70 {
		e := accounts.Event{At: t0.Add(-time.Duration(i) * time.Millisecond), Kind: []string{"login", "login-failed"}[i%2], UserID: []string{"calvin", "", "hobbes"}[i%3], ActorID: "a", Way: "password", Address: "2001:db8::1", Detail: fmt.Sprint("é ", i)}
		b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.AddEvent(ctx, &e) })
		want = append(want, e)
	}
	all, err := b.store.Events(ctx, accounts.EventQuery{Limit: 100})
	if err != nil || len(all) != len(want) {
		b.Fatalf("Events: %d, %v", len(all), err)
	}
	for i, e := range all { // the newest first, by when they came
		w := want[len(want)-1-i]
		w.ID = e.ID
		b.same("an event", e, w)
		if i > 0 && e.ID >= all[i-1].ID {
			b.Errorf("event %d has ID %d, and the next %d", i, all[i-1].ID, e.ID)
		}
	}
	choose := func(keep func(accounts.Event) bool, limit int) (chosen []accounts.Event) {
		for _, e := range all {
			if keep(e) && len(chosen) < limit {
				chosen = append(chosen, e)
			}
		}
		return chosen
	}
	middle := all[30].ID
	for _, c := range []struct {
		q    accounts.EventQuery
		want []accounts.Event
	}{
		{accounts.EventQuery{}, all[:50]},
		{accounts.EventQuery{Limit: 3}, all[:3]},
		{accounts.EventQuery{UserID: "calvin"}, choose(func(e accounts.Event) bool { return e.UserID == "calvin" }, 50)},
		{accounts.EventQuery{UserID: "Calvin"}, nil},
		{accounts.EventQuery{UserID: "calvi_"}, nil},
		{accounts.EventQuery{Kind: "login"}, choose(func(e accounts.Event) bool { return e.Kind == "login" }, 50)},
		{accounts.EventQuery{Before: middle, Limit: 5}, all[31:36]},
		{accounts.EventQuery{Before: all[69].ID}, nil},
		{accounts.EventQuery{UserID: "hobbes", Kind: "login-failed", Before: middle, Limit: 4}, choose(func(e accounts.Event) bool {
			return e.UserID == "hobbes" && e.Kind == "login-failed" && e.ID < middle
		}, 4)},
	} {
		got, err := b.store.Events(ctx, c.q)
		is(b, fmt.Sprintf("%+v", c.q), c.want, got, err)
	}
}
