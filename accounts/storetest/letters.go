package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

const lease = time.Minute

func letters(b *bench) {
	ctx := b.Context()
	if got := b.claim(5, "a", t0, t0.Add(lease)); len(got) != 0 {
		b.Errorf("an empty outbox: %v", got)
	}
	u := b.user()
	late, early, future := b.newLetter(t0), b.newLetter(t0.Add(-time.Second)), b.newLetter(t0.Add(time.Millisecond))
	early.UserID, early.Kind = u.ID, "reset"
	for _, l := range []*accounts.Letter{late, early, future} {
		b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.AddLetter(ctx, l) })
	}
	claimed := func(l *accounts.Letter, holder string, until time.Time, attempts int) accounts.Letter {
		c := *l
		c.Lease, c.LeaseUntil, c.Attempts = holder, until, attempts
		return c
	}
	b.same("none is claimed", b.claim(0, "a", t0, t0.Add(lease)), []accounts.Letter(nil))
	b.same("nothing is due", b.claim(5, "a", t0.Add(-time.Hour), t0.Add(lease)), []accounts.Letter(nil))
	b.same("the oldest", b.claim(1, "a", t0, t0.Add(lease)), []accounts.Letter{claimed(early, "a", t0.Add(lease), 1)})
	b.same("the next", b.claim(5, "b", t0, t0.Add(lease)), []accounts.Letter{claimed(late, "b", t0.Add(lease), 1)})
	b.same("nobody else gets them, nor the same again", b.claim(5, "a", t0.Add(lease-time.Millisecond), t0.Add(2*lease)), []accounts.Letter{claimed(future, "a", t0.Add(2*lease), 1)})
	b.same("a lease that is over", b.claim(5, "c", t0.Add(lease), t0.Add(2*lease)), []accounts.Letter{claimed(early, "c", t0.Add(2*lease), 2), claimed(late, "c", t0.Add(2*lease), 2)})

	for what, c := range map[string]struct {
		lease string
		until time.Time
	}{"no lease": {"", t0.Add(9 * lease)}, "a lease that ends as it begins": {"a", t0.Add(8 * lease)}} {
		if got, err := b.store.Claim(ctx, 5, c.lease, t0.Add(8*lease), c.until); err == nil {
			b.Errorf("%s: %v", what, got)
		}
	}
	b.refused("a letter for a user who is not there", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
		l := b.newLetter(t0)
		l.UserID = "nobody"
		return tx.AddLetter(ctx, l)
	})
	if b.try(func(ctx context.Context, tx accounts.Tx) error { return tx.AddLetter(ctx, late) }) == nil {
		b.Error("two letters have the same ID")
	}
	undo := errors.New("undone")
	b.refused("a letter that is undone", undo, func(ctx context.Context, tx accounts.Tx) error {
		if err := tx.AddLetter(ctx, b.newLetter(t0)); err != nil {
			return err
		}
		return undo
	})
	if got := b.claim(50, "d", t0.Add(9*lease), t0.Add(10*lease)); len(got) != 3 {
		b.Errorf("there are %d letters", len(got))
	}
}

func lettersSettled(b *bench) {
	ctx := b.Context()
	l := b.letter(t0)
	settle := func(what string, want error, lease string, s accounts.Settlement) {
		b.Helper()
		if err := b.store.Settle(ctx, l.ID, lease, s); !errors.Is(err, want) || (err == nil) != (want == nil) {
			b.Errorf("%s: %v, not %v", what, err, want)
		}
	}
	now := t0
	next := func() { now = now.Add(10 * lease) }
	settle("one that is not claimed", accounts.ErrNotFound, "a", accounts.Settlement{SentAt: now})
	settle("one that is not claimed, without a lease", accounts.ErrNotFound, "", accounts.Settlement{SentAt: now})

	b.claim(1, "a", now, now.Add(lease))
	for what, s := range map[string]accounts.Settlement{"nothing": {}, "two": {SentAt: t0, RetryAt: t0}, "three": {SentAt: t0, RetryAt: t0, FailedAt: t0}} {
		if err := b.store.Settle(ctx, l.ID, "a", s); err == nil || errors.Is(err, accounts.ErrNotFound) {
			b.Errorf("settled by %s: %v", what, err)
		}
	}
	settle("another's", accounts.ErrNotFound, "b", accounts.Settlement{SentAt: now})
	settle("another's in another case", accounts.ErrNotFound, "A", accounts.Settlement{SentAt: now})

	// Lost: the lease is over, and another has it.
	next()
	b.claim(1, "b", now, now.Add(lease))
	settle("a lease that is lost", accounts.ErrNotFound, "a", accounts.Settlement{SentAt: now})
	// Over, but nobody else's: what has been sent has been sent.
	next()
	settle("to be tried again", nil, "b", accounts.Settlement{RetryAt: now.Add(lease), Problem: "the server is busy"})
	settle("twice", accounts.ErrNotFound, "b", accounts.Settlement{SentAt: now})
	b.same("too early", b.claim(1, "a", now.Add(lease-time.Millisecond), now.Add(5*lease)), []accounts.Letter(nil))
	again := *l
	again.NextAt, again.Attempts, again.Problem, again.Lease, again.LeaseUntil = now.Add(lease), 3, "the server is busy", "a", now.Add(5*lease)
	b.same("again", b.claim(1, "a", now.Add(lease), now.Add(5*lease)), []accounts.Letter{again})
	settle("sent", nil, "a", accounts.Settlement{SentAt: now})
	next()
	b.same("sent is sent", b.claim(1, "a", now, now.Add(lease)), []accounts.Letter(nil))
	settle("sent twice", accounts.ErrNotFound, "a", accounts.Settlement{SentAt: now})

	l = b.letter(now)
	b.claim(1, "a", now, now.Add(lease))
	settle("given up", nil, "a", accounts.Settlement{FailedAt: now, Problem: "no such mailbox"})
	next()
	b.same("given up is given up", b.claim(1, "a", now, now.Add(lease)), []accounts.Letter(nil))
	settle("given up twice", accounts.ErrNotFound, "a", accounts.Settlement{RetryAt: now})
	l = &accounts.Letter{ID: "none"}
	settle("none", accounts.ErrNotFound, "a", accounts.Settlement{SentAt: now})
}

func purge(b *bench) {
	ctx := b.Context()
	u := b.user()
	before := t0.Add(-24 * time.Hour)
	if n, err := b.store.Purge(ctx, t0, before); n != 0 || err != nil {
		b.Errorf("Purge of nothing: %d, %v", n, err)
	}
	var kept, gone [][]byte
	for i, expires := range []time.Time{t0.Add(-time.Hour), t0, t0.Add(time.Millisecond), t0.Add(time.Hour)} {
		s, ticket := b.newSession(u), b.newTicket(u, accounts.PurposeConfirm)
		s.ExpiresAt, ticket.ExpiresAt = expires, expires
		b.write(func(ctx context.Context, tx accounts.Tx) error {
			return errors.Join(tx.CreateSession(ctx, s), tx.CreateTicket(ctx, ticket), tx.AddDevice(ctx, u.ID, hash(i), t0, expires))
		})
		if expires.After(t0) {
			kept = append(kept, s.Hash, ticket.Hash)
		} else {
			gone = append(gone, s.Hash, ticket.Hash)
		}
	}
	for _, at := range []time.Time{before.Add(-time.Millisecond), before} {
		l := b.newLetter(t0)
		l.CreatedAt = at
		b.write(func(ctx context.Context, tx accounts.Tx) error {
			return errors.Join(tx.AddLetter(ctx, l), tx.AddEvent(ctx, &accounts.Event{At: at, Kind: "login", UserID: u.ID}))
		})
	}
	if n, err := b.store.Purge(ctx, t0, before); n != 8 || err != nil { // two of each that expires, one of the others
		b.Errorf("Purge: %d, not 8, %v", n, err)
	}
	there := func(h []byte) bool {
		_, err := b.store.SessionByHash(ctx, h)
		_, err2 := b.store.TicketByHash(ctx, h, accounts.PurposeConfirm, before)
		return err == nil || err2 == nil
	}
	for _, h := range kept {
		if !there(h) {
			b.Error("Purge has removed what has not expired")
		}
	}
	for _, h := range gone {
		if there(h) {
			b.Error("Purge has left what has expired")
		}
	}
	for i, want := range []bool{false, false, true, true} {
		got, err := b.store.KnownDevice(ctx, u.ID, hash(i), before)
		is(b, "a device", want, got, err)
	}
	got, err := b.store.Events(ctx, accounts.EventQuery{})
	if err != nil || len(got) != 1 || !got[0].At.Equal(before) {
		b.Errorf("events: %v, %v", got, err)
	}
	if got := b.claim(5, "a", t0, t0.Add(lease)); len(got) != 1 || !got[0].CreatedAt.Equal(before) {
		b.Errorf("letters: %v", got)
	}
	if _, err := b.store.UserByID(ctx, u.ID); err != nil {
		b.Error(err)
	}
	// Many at once.
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		for range 2300 {
			if err := tx.AddEvent(ctx, &accounts.Event{At: before.Add(-time.Hour), Kind: "login"}); err != nil {
				return err
			}
		}
		return nil
	})
	if n, err := b.store.Purge(ctx, t0, before); n != 2300 || err != nil {
		b.Errorf("Purge of many: %d, %v", n, err)
	}
}

// texts: what is odd in a text comes back as it was, or is refused; it is never
// something else in the statement.
func texts(b *bench) {
	ctx := b.Context()
	for i, s := range []string{
		"Zoë Ünal", "语言处理 🐯", "e\u0301", `'; DROP TABLE users; --`, `" OR ""="`, `%_\`, "$1 ? :a @b", "a\tb\r\nc", " spaces ", "\u202e", strings.Repeat("语", 300),
	} {
		u := b.newUser()
		u.Name, u.InactiveReason, u.LockReason = s, s, s
		u.Own = raw(fmt.Sprintf("{%q: %q}", "k", strings.Repeat("x", 100_000)))
		session := b.newSession(u)
		session.Agent = strings.Repeat(s, 10)
		session.Bag = raw(`{"k": "` + strings.Repeat("é", 100_000) + `"}`)
		event := accounts.Event{At: t0, Kind: "login", UserID: u.ID, Detail: s}
		role := accounts.Role{Name: fmt.Sprint(i) + s[:min(len(s), 200)], Description: s, Permissions: []string{"p" + s[:min(len(s), 200)]}}
		if len(s) > 200 {
			role.Name, role.Permissions = strings.Repeat("语", 66), []string{strings.Repeat("语", 66)}
		}
		b.write(func(ctx context.Context, tx accounts.Tx) error {
			return errors.Join(tx.CreateUser(ctx, u), tx.CreateSession(ctx, session), tx.AddEvent(ctx, &event), tx.CreateRole(ctx, &role), tx.GrantRole(ctx, u.ID, role.Name))
		})
		got, err := b.store.UserByID(ctx, u.ID)
		is(b, "a user with "+s, u, got, err)
		row, err := b.store.SessionByHash(ctx, session.Hash)
		is(b, "a session with "+s, session, row, err)
		r, err := b.store.RoleByName(ctx, role.Name)
		is(b, "a role with "+s, &role, r, err)
		has, err := b.store.HasPermission(ctx, u.ID, role.Permissions[0])
		is(b, "a permission with "+s, true, has, err)
		lines, err := b.store.Events(ctx, accounts.EventQuery{Limit: 1})
		if err != nil || len(lines) != 1 || lines[0].Detail != s {
			b.Errorf("an event with %q: %v, %v", s, lines, err)
		}
	}
	// Long ones: what an address and a user name may have at most.
	long := b.newUser()
	long.Email = strings.Repeat("a", 64) + "@" + strings.Repeat("b", 189)
	long.EmailKey, long.Username, long.UsernameKey = long.Email, strings.Repeat("ü", 127), strings.Repeat("ü", 127)
	long.PasswordHash, long.Name = "$argon2id$"+strings.Repeat("h", 500), strings.Repeat("名", 1000)
	big := b.newLetter(t0)
	big.Sealed = []byte(strings.Repeat("\x00\xff", 300_000))
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		return errors.Join(tx.CreateUser(ctx, long), tx.AddLetter(ctx, big))
	})
	got, err := b.store.UserByUsername(ctx, long.UsernameKey)
	is(b, "a long user", long, got, err)
	if claimed := b.claim(1, "a", t0, t0.Add(lease)); len(claimed) != 1 || string(claimed[0].Sealed) != string(big.Sealed) {
		b.Error("a long letter is not what it was")
	}

	// What is no text is found nowhere, and is no failure; told by others (User-Agent), it
	// is mended.
	for _, bad := range []string{"a\x00b", "\xff\xfe", "\xed\xa0\x80"} {
		for what, f := range map[string]func() error{
			"UserByID":       func() error { _, err := b.store.UserByID(ctx, bad); return err },
			"UserByEmail":    func() error { _, err := b.store.UserByEmail(ctx, bad); return err },
			"UserByUsername": func() error { _, err := b.store.UserByUsername(ctx, bad); return err },
			"RoleByName":     func() error { _, err := b.store.RoleByName(ctx, bad); return err },
			"TicketByHash": func() error {
				_, err := b.store.TicketByHash(ctx, hash(1), accounts.Purpose(bad), t0)
				return err
			},
			"Settle": func() error { return b.store.Settle(ctx, bad, "a", accounts.Settlement{SentAt: t0}) },
		} {
			if err := f(); !errors.Is(err, accounts.ErrNotFound) {
				b.Errorf("%s(%q): %v", what, bad, err)
			}
		}
		for what, f := range map[string]func() (bool, error){
			"HasRole":       func() (bool, error) { return b.store.HasRole(ctx, long.ID, bad) },
			"HasPermission": func() (bool, error) { return b.store.HasPermission(ctx, long.ID, bad) },
			"KnownDevice":   func() (bool, error) { return b.store.KnownDevice(ctx, bad, hash(1), t0) },
			"RolesOf":       func() (bool, error) { r, err := b.store.RolesOf(ctx, bad); return len(r) > 0, err },
			"SessionsOf":    func() (bool, error) { s, err := b.store.SessionsOf(ctx, bad, t0); return len(s) > 0, err },
			"Events": func() (bool, error) {
				e, err := b.store.Events(ctx, accounts.EventQuery{UserID: bad})
				return len(e) > 0, err
			},
		} {
			if yes, err := f(); yes || err != nil {
				b.Errorf("%s(%q): %v, %v", what, bad, yes, err)
			}
		}
		u := b.newUser()
		u.EmailKey = bad
		if b.try(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateUser(ctx, u) }) == nil {
			b.Errorf("a user can have the address %q", bad)
		}
		s := b.newSession(long)
		s.Agent = bad
		b.write(func(ctx context.Context, tx accounts.Tx) error {
			return errors.Join(tx.CreateSession(ctx, s), tx.AddEvent(ctx, &accounts.Event{At: t0, Kind: "login", Detail: bad}))
		})
		if row, err := b.store.SessionByHash(ctx, s.Hash); err != nil || !strings.Contains(row.Agent, "\uFFFD") {
			b.Errorf("a session of %q: %v, %v", bad, row, err)
		}
	}
}
