package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

func users(b *bench) {
	ctx := b.Context()
	for _, key := range []string{"", "nobody", "nobody@example.com"} {
		u, err := b.store.UserByID(ctx, key)
		absent(b, "UserByID "+key, u, err)
		u, err = b.store.UserByEmail(ctx, key)
		absent(b, "UserByEmail "+key, u, err)
		u, err = b.store.UserByUsername(ctx, key)
		absent(b, "UserByUsername "+key, u, err)
	}

	// Everything that a user can have comes back as it was.
	full := b.newUser()
	full.Username, full.UsernameKey, full.Name = "Calvin", "calvin", "Calvin & Hobbes"
	full.Inactive, full.InactiveReason = true, "away"
	full.LockedAt, full.LockReason = t0.Add(time.Millisecond), "for now"
	full.DelayedUntil, full.ConfirmedAt, full.LastLoginAt = t0.Add(2*time.Millisecond), t0.Add(3*time.Millisecond), t0.Add(4*time.Millisecond)
	full.CreatedAt, full.UpdatedAt = t0.Add(5*time.Millisecond), t0.Add(6*time.Millisecond)
	full.Own = raw(`{"b": 1.0, "a": [null, "é"] }`)
	// And so does nothing.
	bare := b.newUser()
	bare.PasswordHash = ""
	second := b.newUser() // no more than one user name is taken by having none
	for _, u := range []*accounts.User{full, bare, second} {
		b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateUser(ctx, u) })
		got, err := b.store.UserByID(ctx, u.ID)
		is(b, "UserByID", u, got, err)
		got, err = b.store.UserByEmail(ctx, u.EmailKey)
		is(b, "UserByEmail", u, got, err)
	}
	got, err := b.store.UserByUsername(ctx, "calvin")
	is(b, "UserByUsername", full, got, err)
	if got, err := b.store.UserByID(ctx, full.ID); err == nil && got.CreatedAt.Location() != time.UTC {
		b.Errorf("times come back in %v, not in UTC", got.CreatedAt.Location())
	}

	// Times are moments, whatever the zone.
	zoned := b.newUser()
	zoned.CreatedAt = t0.In(time.FixedZone("", -5*3600))
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateUser(ctx, zoned) })
	if got, err := b.store.UserByID(ctx, zoned.ID); err != nil || !got.CreatedAt.Equal(t0) || got.CreatedAt.Location() != time.UTC {
		b.Errorf("a time of another zone: %v, %v", got, err)
	}

	// Lookups are by the whole key, as it is.
	for _, key := range []string{"CALVIN", "calvi", "calvin ", "calvi_", "calvin%", "Calvin"} {
		u, err := b.store.UserByUsername(ctx, key)
		absent(b, "UserByUsername "+key, u, err)
	}

	for _, c := range []struct {
		what   string
		change func(*accounts.User)
		want   error
	}{
		{"the same address", func(u *accounts.User) { u.EmailKey = full.EmailKey }, accounts.ErrEmailTaken},
		{"the same user name", func(u *accounts.User) { u.Username, u.UsernameKey = "CALVIN", "calvin" }, accounts.ErrUsernameTaken},
		{"both the same", func(u *accounts.User) { u.EmailKey, u.UsernameKey = full.EmailKey, "calvin" }, accounts.ErrEmailTaken},
	} {
		u := b.newUser()
		c.change(u)
		b.refused(c.what, c.want, func(ctx context.Context, tx accounts.Tx) error { return tx.CreateUser(ctx, u) })
		got, err := b.store.UserByID(ctx, u.ID)
		absent(b, c.what, got, err)
	}
	again := b.newUser()
	again.ID = full.ID
	if err := b.try(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateUser(ctx, again) }); err == nil || errors.Is(err, accounts.ErrEmailTaken) || errors.Is(err, accounts.ErrUsernameTaken) {
		b.Errorf("a second user of an ID: %v", err)
	}
	for _, own := range []string{`[1]`, `"a"`, `{`, `null`} {
		u := b.newUser()
		u.Own = raw(own)
		if b.try(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateUser(ctx, u) }) == nil {
			b.Errorf("Own is %s, which is no JSON object", own)
		}
	}

	// A name that is taken can be told in the transaction, which goes on.
	u := b.newUser()
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		if err := tx.CreateUser(ctx, full); !errors.Is(err, accounts.ErrEmailTaken) {
			return fmt.Errorf("to create the same again: %v", err)
		}
		return tx.CreateUser(ctx, u)
	})
	got, err = b.store.UserByID(ctx, u.ID)
	is(b, "the user that is created after one that can't be", u, got, err)
}

func usersSet(b *bench) {
	now := t0.Add(time.Minute)
	// Each changes what it says, of the user it says, and nothing else.
	for _, c := range []struct {
		what string
		set  func(ctx context.Context, tx accounts.Tx, u *accounts.User) error
		want func(u *accounts.User)
	}{
		{"SetPassword", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetPassword(ctx, u.ID, u.PasswordHash, "new", "new stamp", now)
		}, func(u *accounts.User) { u.PasswordHash, u.Stamp, u.UpdatedAt = "new", "new stamp", now }},
		{"SetPassword, to rehash", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetPassword(ctx, u.ID, u.PasswordHash, "new", "", now)
		}, func(u *accounts.User) { u.PasswordHash, u.UpdatedAt = "new", now }},
		{"SetPassword, the same", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetPassword(ctx, u.ID, u.PasswordHash, u.PasswordHash, "", u.UpdatedAt)
		}, func(*accounts.User) {}},
		{"SetPassword, to none", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetPassword(ctx, u.ID, u.PasswordHash, "", "new stamp", now)
		}, func(u *accounts.User) { u.PasswordHash, u.Stamp, u.UpdatedAt = "", "new stamp", now }},
		{"SetConfirmed", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetConfirmed(ctx, u.ID, u.EmailKey, now)
		}, func(u *accounts.User) { u.ConfirmedAt, u.UpdatedAt = now, now }},
		{"SetConfirmed, twice", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			if err := tx.SetConfirmed(ctx, u.ID, u.EmailKey, now); err != nil {
				return err
			}
			return tx.SetConfirmed(ctx, u.ID, u.EmailKey, now.Add(time.Minute))
		}, func(u *accounts.User) { u.ConfirmedAt, u.UpdatedAt = now, now }},
		{"SetActive, not", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetActive(ctx, u.ID, false, "left", now)
		}, func(u *accounts.User) { u.Inactive, u.InactiveReason, u.UpdatedAt = true, "left", now }},
		{"SetActive, again", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			if err := tx.SetActive(ctx, u.ID, false, "left", t0); err != nil {
				return err
			}
			return tx.SetActive(ctx, u.ID, true, "came back", now)
		}, func(u *accounts.User) { u.UpdatedAt = now }},
		{"SetLock", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetLock(ctx, u.ID, now.Add(-time.Second), "odd", now)
		}, func(u *accounts.User) { u.LockedAt, u.LockReason, u.UpdatedAt = now.Add(-time.Second), "odd", now }},
		{"SetLock, off", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			if err := tx.SetLock(ctx, u.ID, t0, "odd", t0); err != nil {
				return err
			}
			return tx.SetLock(ctx, u.ID, time.Time{}, "not odd", now)
		}, func(u *accounts.User) { u.UpdatedAt = now }},
		{"SetDelay", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetDelay(ctx, u.ID, now.Add(time.Hour), now)
		}, func(u *accounts.User) { u.DelayedUntil, u.UpdatedAt = now.Add(time.Hour), now }},
		{"SetProfile", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetProfile(ctx, u.ID, "Susie", raw(`{"a":1}`), now)
		}, func(u *accounts.User) { u.Name, u.Own, u.UpdatedAt = "Susie", raw(`{"a":1}`), now }},
		{"SetProfile, to nothing", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			if err := tx.SetProfile(ctx, u.ID, "Susie", raw(`{"a":1}`), now); err != nil {
				return err
			}
			return tx.SetProfile(ctx, u.ID, "", nil, now)
		}, func(u *accounts.User) { u.UpdatedAt = now }},
		{"SetLogin", func(ctx context.Context, tx accounts.Tx, u *accounts.User) error {
			return tx.SetLogin(ctx, u.ID, now)
		}, func(u *accounts.User) { u.LastLoginAt = now }},
	} {
		b.Run(c.what, func(t *testing.T) {
			b := &bench{T: t, store: b.store, made: b.made}
			u := b.user()
			before := b.image()
			b.write(func(ctx context.Context, tx accounts.Tx) error { return c.set(ctx, tx, u) })
			after := before
			after.Users = nil
			for _, other := range before.Users {
				if other.ID == u.ID {
					c.want(&other)
				}
				after.Users = append(after.Users, other)
			}
			b.same("the store", b.image(), after)
		})
		b.made++
	}

	// Who is not there, or not as expected, is ErrNotFound, and nothing is changed.
	u := b.user()
	before := b.image()
	for _, id := range []string{"nobody", ""} {
		for what, set := range map[string]func(ctx context.Context, tx accounts.Tx) error{
			"SetPassword": func(ctx context.Context, tx accounts.Tx) error {
				return tx.SetPassword(ctx, id, u.PasswordHash, "new", "new", now)
			},
			"SetConfirmed": func(ctx context.Context, tx accounts.Tx) error {
				return tx.SetConfirmed(ctx, id, u.EmailKey, now)
			},
			"SetActive":  func(ctx context.Context, tx accounts.Tx) error { return tx.SetActive(ctx, id, false, "", now) },
			"SetLock":    func(ctx context.Context, tx accounts.Tx) error { return tx.SetLock(ctx, id, now, "", now) },
			"SetDelay":   func(ctx context.Context, tx accounts.Tx) error { return tx.SetDelay(ctx, id, now, now) },
			"SetProfile": func(ctx context.Context, tx accounts.Tx) error { return tx.SetProfile(ctx, id, "", nil, now) },
			"SetLogin":   func(ctx context.Context, tx accounts.Tx) error { return tx.SetLogin(ctx, id, now) },
			"DeleteUser": func(ctx context.Context, tx accounts.Tx) error { return tx.DeleteUser(ctx, id) },
		} {
			b.refused(what+" of "+id, accounts.ErrNotFound, set)
		}
	}
	for _, old := range []string{"", "$hash$", u.PasswordHash + " ", "%"} {
		b.refused("SetPassword with another hash", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
			return tx.SetPassword(ctx, u.ID, old, "new", "new", now)
		})
	}
	b.refused("SetConfirmed of another address", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
		return tx.SetConfirmed(ctx, u.ID, "user1@example.com", now)
	})
	if b.try(func(ctx context.Context, tx accounts.Tx) error { return tx.SetProfile(ctx, u.ID, "", raw(`[]`), now) }) == nil {
		b.Error("SetProfile takes what is no JSON object")
	}
	b.same("the store", b.image(), before)
}

func usersListed(b *bench) {
	ctx := b.Context()
	b.role("Writer")
	b.role("writer")
	var ids []string
	for i, c := range []struct{ username, name string }{
		{"calvin", "Calvin"}, {"", "Hobbes 100% tiger_"}, {"Ünsal", "ÉMILIE Straße"}, {"moe", `back\slash`}, {"", ""}, {"rosalyn", "Σίσυφος"},
	} {
		u := b.newUser()
		u.Username, u.UsernameKey, u.Name = c.username, c.username, c.name
		b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateUser(ctx, u) })
		if i%2 == 0 {
			b.grant(u, "Writer")
		}
		ids = append(ids, u.ID)
	}
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		return tx.SetProfile(ctx, ids[4], "renamed", nil, t0)
	})
	for _, c := range []struct {
		q    accounts.UserQuery
		want []int
	}{
		{accounts.UserQuery{}, []int{0, 1, 2, 3, 4, 5}},
		{accounts.UserQuery{Limit: 2}, []int{0, 1}},
		{accounts.UserQuery{Limit: 2, After: ids[1]}, []int{2, 3}},
		{accounts.UserQuery{After: ids[4]}, []int{5}},
		{accounts.UserQuery{After: ids[5]}, nil},
		{accounts.UserQuery{Limit: -1}, []int{0, 1, 2, 3, 4, 5}},
		{accounts.UserQuery{Search: "CALVIN"}, []int{0}},
		{accounts.UserQuery{Search: "alvi"}, []int{0}},
		{accounts.UserQuery{Search: "@example.COM"}, []int{0, 1, 2, 3, 4, 5}},
		{accounts.UserQuery{Search: "user3@"}, []int{2}},
		{accounts.UserQuery{Search: "%"}, []int{1}},
		{accounts.UserQuery{Search: "_"}, []int{1}},
		{accounts.UserQuery{Search: "100%"}, []int{1}},
		{accounts.UserQuery{Search: "c%n"}, nil},
		{accounts.UserQuery{Search: "calvi_"}, nil},
		{accounts.UserQuery{Search: `\`}, []int{3}},
		{accounts.UserQuery{Search: `'`}, nil},
		{accounts.UserQuery{Search: "ünsal"}, []int{2}},
		{accounts.UserQuery{Search: "u\u0308NSAL"}, []int{2}},
		{accounts.UserQuery{Search: "émilie"}, []int{2}},
		{accounts.UserQuery{Search: "STRASSE"}, []int{2}},
		{accounts.UserQuery{Search: "ΣΊΣΥΦΟΣ"}, []int{5}},
		{accounts.UserQuery{Search: "Renamed"}, []int{4}},
		{accounts.UserQuery{Search: "\x00"}, nil},
		{accounts.UserQuery{Search: "\xff"}, nil},
		{accounts.UserQuery{Role: "Writer"}, []int{0, 2, 4}},
		{accounts.UserQuery{Role: "writer"}, nil},
		{accounts.UserQuery{Role: "nobody"}, nil},
		{accounts.UserQuery{Role: "Writer", Search: "example", After: ids[0], Limit: 1}, []int{2}},
	} {
		users, err := b.store.Users(ctx, c.q)
		var got []int
		for _, u := range users {
			for i, id := range ids {
				if u.ID == id {
					got = append(got, i)
				}
			}
		}
		is(b, fmt.Sprintf("%+v", c.q), c.want, got, err)
	}
	for range 60 {
		b.user()
	}
	if users, err := b.store.Users(ctx, accounts.UserQuery{}); err != nil || len(users) != 50 {
		b.Errorf("Users without a limit: %d, %v", len(users), err)
	}
	// All, page by page.
	n := 0
	for q := (accounts.UserQuery{Limit: 7}); ; {
		users, err := b.store.Users(ctx, q)
		if err != nil {
			b.Fatal(err)
		}
		if len(users) == 0 {
			break
		}
		n += len(users)
		q.After = users[len(users)-1].ID
	}
	if n != 66 {
		b.Errorf("page by page there are %d users", n)
	}
}

func usersDeleted(b *bench) {
	ctx := b.Context()
	b.role("Writer", "entry:edit")
	u, other := b.user(), b.user()
	var hashes [][]byte
	for _, u := range []*accounts.User{u, other} {
		b.grant(u, "Writer")
		s, ticket, l := b.newSession(u), b.newTicket(u, accounts.PurposeReset), b.newLetter(t0)
		l.UserID = u.ID
		hashes = append(hashes, s.Hash, ticket.Hash)
		b.write(func(ctx context.Context, tx accounts.Tx) error {
			return errors.Join(tx.CreateSession(ctx, s), tx.CreateTicket(ctx, ticket), tx.AddLetter(ctx, l),
				tx.AddDevice(ctx, u.ID, hash("device"), t0, t0.Add(time.Hour)), tx.AddEvent(ctx, &accounts.Event{At: t0, Kind: "login", UserID: u.ID}))
		})
	}
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.DeleteUser(ctx, u.ID) })

	s, err := b.store.SessionByHash(ctx, hashes[0])
	absent(b, "the session", s, err)
	ticket, err := b.store.TicketByHash(ctx, hashes[1], accounts.PurposeReset, t0)
	absent(b, "the ticket", ticket, err)
	known, err := b.store.KnownDevice(ctx, u.ID, hash("device"), t0)
	is(b, "the device", false, known, err)
	has, err := b.store.HasPermission(ctx, u.ID, "entry:edit")
	is(b, "the permission", false, has, err)
	list, err := b.store.RolesOf(ctx, u.ID)
	is(b, "the roles", nil, list, err)
	events, err := b.store.Events(ctx, accounts.EventQuery{UserID: u.ID})
	if err != nil || len(events) != 1 {
		b.Errorf("events stay: %v, %v", events, err)
	}
	letters := b.claim(10, "a", t0, t0.Add(time.Minute))
	if len(letters) != 1 || letters[0].UserID != other.ID {
		b.Errorf("letters of the other: %v", letters)
	}

	// The other has all that there was.
	if _, err := b.store.SessionByHash(ctx, hashes[2]); err != nil {
		b.Error(err)
	}
	if _, err := b.store.TicketByHash(ctx, hashes[3], accounts.PurposeReset, t0); err != nil {
		b.Error(err)
	}
	has, err = b.store.HasPermission(ctx, other.ID, "entry:edit")
	is(b, "the other's permission", true, has, err)

	// The address and the name are free again, and carry nothing along.
	next := b.newUser()
	next.Email, next.EmailKey = u.Email, u.EmailKey
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateUser(ctx, next) })
	list, err = b.store.RolesOf(ctx, next.ID)
	is(b, "the roles of the next", nil, list, err)
}
