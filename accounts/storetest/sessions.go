package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

func sessions(b *bench) {
	ctx := b.Context()
	u, other := b.user(), b.user()
	full, bare := b.newSession(u), b.newSession(u)
	full.Stage, full.Factors = "otp", []string{"pwd", "otp", "hwk"}
	full.AuthenticatedAt, full.CreatedAt, full.SeenAt = t0.Add(time.Millisecond), t0.Add(2*time.Millisecond), t0.Add(3*time.Millisecond)
	full.Bag, full.BagVersion = raw(`{"cart": [1, 2] }`), 7
	bare.Remember = false
	bare.Factors, bare.AuthenticatedAt, bare.Agent, bare.Address, bare.Stamp = nil, time.Time{}, "", "", ""
	for _, s := range []*accounts.SessionRow{full, bare} {
		got, err := b.store.SessionByHash(ctx, s.Hash)
		absent(b, "before it is there", got, err)
		b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateSession(ctx, s) })
		got, err = b.store.SessionByHash(ctx, s.Hash)
		is(b, "SessionByHash", s, got, err)
	}
	for _, h := range [][]byte{nil, {}, full.Hash[:31], append(full.Hash[:32:32], 0), hash("other")} {
		got, err := b.store.SessionByHash(ctx, h)
		absent(b, fmt.Sprintf("%x", h), got, err)
	}
	b.refused("a session of nobody", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
		return tx.CreateSession(ctx, b.newSession(&accounts.User{ID: "nobody"}))
	})
	for what, change := range map[string]func(*accounts.SessionRow){
		"hash": func(s *accounts.SessionRow) { s.Hash = full.Hash },
		"ID":   func(s *accounts.SessionRow) { s.ID = full.ID },
		"bag":  func(s *accounts.SessionRow) { s.Bag = raw(`[]`) },
	} {
		s := b.newSession(other)
		change(s)
		if b.try(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateSession(ctx, s) }) == nil {
			b.Errorf("a session can be added with a wrong %s", what)
		}
	}

	// The list: those that have not expired and are complete, the latest first.
	var list []*accounts.SessionRow
	for i := range 4 {
		s := b.newSession(other)
		s.SeenAt = t0.Add(time.Duration(i*i-3*i) * time.Second) // 0, -2, -2, 0
		s.ExpiresAt = t0.Add(time.Duration(i) * time.Minute)
		b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateSession(ctx, s) })
		list = append(list, s)
	}
	for _, c := range []struct {
		now  time.Time
		want []int
	}{
		{t0.Add(-time.Millisecond), []int{3, 0, 2, 1}},
		{t0, []int{3, 2, 1}}, // it ends when its time has come
		{t0.Add(time.Minute), []int{3, 2}},
		{t0.Add(time.Hour), nil},
	} {
		got, err := b.store.SessionsOf(ctx, other.ID, c.now)
		var want []accounts.SessionRow
		for _, i := range c.want {
			want = append(want, *list[i])
		}
		is(b, "SessionsOf at "+c.now.String(), want, got, err)
	}
	got, err := b.store.SessionsOf(ctx, u.ID, t0)
	is(b, "SessionsOf without the one that wants a step", []accounts.SessionRow{*bare}, got, err)
	expired, err := b.store.SessionByHash(ctx, list[0].Hash)
	is(b, "SessionByHash of an expired one", list[0], expired, err)

	now := t0.Add(time.Second)
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		return tx.TouchSession(ctx, full.Hash, now, "curl", "2001:db8::1")
	})
	full.SeenAt, full.Agent, full.Address = now, "curl", "2001:db8::1"
	one, err := b.store.SessionByHash(ctx, full.Hash)
	is(b, "TouchSession", full, one, err)
	b.refused("TouchSession of none", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
		return tx.TouchSession(ctx, hash("other"), now, "", "")
	})
}

func sessionsChanged(b *bench) {
	ctx := b.Context()
	u, other := b.user(), b.user()
	s := b.newSession(u)
	s.Stage, s.Bag, s.BagVersion = "otp", raw(`{"a":1}`), 3
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateSession(ctx, s) })
	foreign := b.session(other)

	rotated := *s
	rotated.Hash, rotated.Stage, rotated.Factors, rotated.Stamp = hash("rotated"), "", []string{"pwd", "otp"}, "another"
	rotated.AuthenticatedAt, rotated.SeenAt, rotated.ExpiresAt = t0.Add(time.Second), t0.Add(2*time.Second), t0.Add(3*time.Hour)
	rotated.Remember, rotated.Agent, rotated.Address = false, "curl", "192.0.2.2"
	asked := rotated
	asked.CreatedAt, asked.Bag, asked.BagVersion = t0.Add(time.Hour), raw(`{"a":2}`), 99 // stay as they are
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.RotateSession(ctx, s.Hash, &asked) })
	got, err := b.store.SessionByHash(ctx, s.Hash)
	absent(b, "the old secret", got, err)
	got, err = b.store.SessionByHash(ctx, rotated.Hash)
	is(b, "RotateSession", &rotated, got, err)
	next := rotated
	next.Hash = hash("next")
	for what, c := range map[string]struct {
		old    []byte
		change func(*accounts.SessionRow)
	}{
		"the old secret":  {s.Hash, func(*accounts.SessionRow) {}},
		"no secret":       {nil, func(*accounts.SessionRow) {}},
		"another's":       {foreign.Hash, func(*accounts.SessionRow) {}},
		"another ID":      {rotated.Hash, func(s *accounts.SessionRow) { s.ID = foreign.ID }},
		"for another one": {rotated.Hash, func(s *accounts.SessionRow) { s.UserID = other.ID }},
	} {
		row := next
		c.change(&row)
		b.refused("RotateSession: "+what, accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error { return tx.RotateSession(ctx, c.old, &row) })
	}
	if b.try(func(ctx context.Context, tx accounts.Tx) error {
		row := rotated
		row.Hash = foreign.Hash
		return tx.RotateSession(ctx, rotated.Hash, &row)
	}) == nil {
		b.Error("a session can be given the secret of another")
	}
	got, err = b.store.SessionByHash(ctx, rotated.Hash)
	is(b, "after all that", &rotated, got, err)

	for what, c := range map[string][2]string{"another's": {other.ID, s.ID}, "none": {u.ID, "nothing"}, "of nobody": {"nobody", s.ID}} {
		b.refused("EndSession: "+what, accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error { return tx.EndSession(ctx, c[0], c[1]) })
	}
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.EndSession(ctx, u.ID, s.ID) })
	got, err = b.store.SessionByHash(ctx, rotated.Hash)
	absent(b, "EndSession", got, err)
	b.refused("EndSession twice", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error { return tx.EndSession(ctx, u.ID, s.ID) })

	one, two, three := b.session(u), b.session(u), b.session(u)
	for _, c := range []struct {
		user, but string
		want      int
		left      []*accounts.SessionRow
	}{
		{"nobody", "", 0, []*accounts.SessionRow{one, two, three, foreign}},
		{u.ID, two.ID, 2, []*accounts.SessionRow{two, foreign}},
		{u.ID, two.ID, 0, []*accounts.SessionRow{two, foreign}},
		{u.ID, foreign.ID, 1, []*accounts.SessionRow{foreign}},
		{other.ID, "", 1, nil},
	} {
		var n int
		b.write(func(ctx context.Context, tx accounts.Tx) (err error) {
			n, err = tx.EndSessions(ctx, c.user, c.but)
			return err
		})
		if n != c.want {
			b.Errorf("EndSessions of %s but %s: %d, not %d", c.user, c.but, n, c.want)
		}
		left := map[string]bool{}
		for _, s := range c.left {
			left[s.ID] = true
		}
		for _, s := range []*accounts.SessionRow{one, two, three, foreign} {
			if _, err := b.store.SessionByHash(ctx, s.Hash); (err == nil) != left[s.ID] {
				b.Errorf("EndSessions of %s but %s: %s: %v", c.user, c.but, s.ID, err)
			}
		}
	}
}

func bags(b *bench) {
	ctx := b.Context()
	u := b.user()
	s, other := b.session(u), b.session(u)
	set := func(version int64, bag string) error {
		return b.try(func(ctx context.Context, tx accounts.Tx) error { return tx.SetBag(ctx, s.Hash, version, raw(bag)) })
	}
	for i, bag := range []string{`{"a":1}`, `{"a":1}`, `{}`, ``, `{"é":"\u0000"}`} {
		if err := set(int64(i), bag); err != nil {
			b.Fatal(err)
		}
		s.Bag, s.BagVersion = raw(bag), int64(i)+1
		got, err := b.store.SessionByHash(ctx, s.Hash)
		is(b, "SetBag "+bag, s, got, err)
	}
	for _, version := range []int64{-1, 0, 4, 6} {
		b.refused(fmt.Sprint("SetBag of version ", version), accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
			return tx.SetBag(ctx, s.Hash, version, raw(`{"lost":true}`))
		})
	}
	b.refused("SetBag of none", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error { return tx.SetBag(ctx, hash("none"), 0, nil) })
	for _, bag := range []string{`[]`, `1`, `{"a":1`} {
		if set(5, bag) == nil {
			b.Errorf("SetBag takes %s", bag)
		}
	}
	for _, s := range []*accounts.SessionRow{s, other} {
		got, err := b.store.SessionByHash(ctx, s.Hash)
		is(b, "in the end", s, got, err)
	}
}
