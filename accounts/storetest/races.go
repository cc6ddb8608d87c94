package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

// raceEmail: of many that register the same address, one gets it (S76), with all that
// belongs to it, and nobody else leaves anything.
func raceEmail(b *bench) {
	users, letters := make([]*accounts.User, b.parallel), make([]*accounts.Letter, b.parallel)
	for i := range users {
		users[i], letters[i] = b.newUser(), b.newLetter(t0)
		users[i].EmailKey, letters[i].UserID = "calvin@example.com", users[i].ID
	}
	b.oneWins(b.race(func(ctx context.Context, i int) error {
		return b.store.Write(ctx, func(tx accounts.Tx) error {
			if err := tx.AddEvent(ctx, &accounts.Event{At: t0, Kind: "registered", UserID: users[i].ID}); err != nil {
				return err
			}
			if err := tx.CreateUser(ctx, users[i]); err != nil {
				return err
			}
			return tx.AddLetter(ctx, letters[i])
		})
	}, accounts.ErrEmailTaken), accounts.ErrEmailTaken)
	all := b.image()
	sent := b.claim(b.parallel, "a", t0, t0.Add(lease))
	if len(all.Users) != 1 || len(all.Events) != 1 || len(sent) != 1 || all.Events[0].UserID != all.Users[0].ID || sent[0].UserID != all.Users[0].ID {
		b.Errorf("there are %d users, %d events, %d letters", len(all.Users), len(all.Events), len(sent))
	}
}

func raceUsername(b *bench) {
	users := make([]*accounts.User, b.parallel)
	for i := range users {
		users[i] = b.newUser()
		users[i].Username, users[i].UsernameKey = "Calvin", "calvin"
	}
	b.oneWins(b.race(func(ctx context.Context, i int) error {
		return b.store.Write(ctx, func(tx accounts.Tx) error { return tx.CreateUser(ctx, users[i]) })
	}, accounts.ErrUsernameTaken), accounts.ErrUsernameTaken)
	if all := b.image(); len(all.Users) != 1 {
		b.Errorf("there are %d users", len(all.Users))
	}
}

func raceRole(b *bench) {
	b.oneWins(b.race(func(ctx context.Context, i int) error {
		return b.store.Write(ctx, func(tx accounts.Tx) error {
			return tx.CreateRole(ctx, &accounts.Role{Name: "Writer", Permissions: []string{strconv.Itoa(i)}})
		})
	}, accounts.ErrRoleTaken), accounts.ErrRoleTaken)
	// Set at once, it has the permissions of one of them.
	b.race(func(ctx context.Context, i int) error {
		return b.store.Write(ctx, func(tx accounts.Tx) error {
			return tx.SetRole(ctx, &accounts.Role{Name: "Writer", Description: strconv.Itoa(i), Permissions: []string{"a" + strconv.Itoa(i), "b" + strconv.Itoa(i)}})
		})
	})
	r, err := b.store.RoleByName(b.Context(), "Writer")
	if err != nil {
		b.Fatal(err)
	}
	b.same("the permissions", r.Permissions, []string{"a" + r.Description, "b" + r.Description})
}

// raceTicket: of many that use a ticket, one gets it (S25), and sets its password.
func raceTicket(b *bench) {
	u := b.user()
	ticket := b.ticket(u, accounts.PurposeReset)
	b.oneWins(b.race(func(ctx context.Context, i int) error {
		return b.store.Write(ctx, func(tx accounts.Tx) error {
			got, err := tx.UseTicket(ctx, ticket.Hash, ticket.Purpose, t0)
			if err != nil {
				return err
			}
			now, err := tx.UserByID(ctx, got.UserID)
			if err != nil {
				return err
			}
			if err := tx.SetPassword(ctx, got.UserID, now.PasswordHash, strconv.Itoa(i), strconv.Itoa(i), t0); err != nil {
				return err
			}
			return tx.AddEvent(ctx, &accounts.Event{At: t0, Kind: "password-changed", UserID: u.ID, Detail: strconv.Itoa(i)})
		})
	}, accounts.ErrNotFound), accounts.ErrNotFound)
	all := b.image()
	if len(all.Events) != 1 || all.Events[0].Detail != all.Users[0].PasswordHash || all.Users[0].Stamp != all.Users[0].PasswordHash {
		b.Errorf("events: %v, and the password: %s", all.Events, all.Users[0].PasswordHash)
	}
}

func raceSession(b *bench) {
	u := b.user()
	s := b.session(u)
	b.oneWins(b.race(func(ctx context.Context, i int) error {
		row := *s
		row.Hash = hash(fmt.Sprint("rotated", i))
		return b.store.Write(ctx, func(tx accounts.Tx) error { return tx.RotateSession(ctx, s.Hash, &row) })
	}, accounts.ErrNotFound), accounts.ErrNotFound)
	if all := b.image(); len(all.Sessions[u.ID]) != 1 || string(all.Sessions[u.ID][0].Hash) == string(s.Hash) {
		b.Errorf("sessions: %v", all.Sessions)
	}
}

func racePassword(b *bench) {
	u := b.user()
	b.oneWins(b.race(func(ctx context.Context, i int) error {
		return b.store.Write(ctx, func(tx accounts.Tx) error {
			return tx.SetPassword(ctx, u.ID, u.PasswordHash, "new"+strconv.Itoa(i), strconv.Itoa(i), t0)
		})
	}, accounts.ErrNotFound), accounts.ErrNotFound)
	got, err := b.store.UserByID(b.Context(), u.ID)
	if err != nil || got.PasswordHash != "new"+got.Stamp {
		b.Errorf("the password: %v, %v", got, err)
	}
}

// raceRead: a user whom a transaction has read is not changed by others before it ends.
func raceRead(b *bench) {
	u := b.user()
	read, others := make(chan struct{}), make(chan error, 1)
	hasRead := sync.OnceFunc(func() { close(read) }) // a transaction can be tried again
	go func() {
		<-read
		others <- b.store.Write(b.Context(), func(tx accounts.Tx) error { return tx.SetActive(b.Context(), u.ID, false, "left", t0) })
	}()
	err := b.store.Write(b.Context(), func(tx accounts.Tx) error {
		first, err := tx.UserByID(b.Context(), u.ID)
		hasRead()
		// Long enough for the other one to come; if it is slower, nothing is proved.
		for i := 0; i < 50 && err == nil; i++ {
			var now *accounts.User
			if now, err = tx.UserByID(b.Context(), u.ID); err == nil && now.Inactive != first.Inactive {
				b.Errorf("somebody else has changed the user")
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
		return err
	})
	if err := errors.Join(err, <-others); err != nil {
		b.Fatal(err)
	}
	if got, err := b.store.UserByID(b.Context(), u.ID); err != nil || !got.Inactive {
		b.Errorf("in the end: %v, %v", got, err)
	}
}

// raceBag: nothing that is put into a bag is lost.
func raceBag(b *bench) {
	s := b.session(b.user())
	b.race(func(ctx context.Context, _ int) error {
		for {
			now, err := b.store.SessionByHash(ctx, s.Hash)
			if err != nil {
				return err
			}
			n := 0
			if len(now.Bag) > 0 {
				if _, err := fmt.Sscanf(string(now.Bag), `{"n":%d}`, &n); err != nil {
					return err
				}
			}
			err = b.store.Write(ctx, func(tx accounts.Tx) error {
				return tx.SetBag(ctx, s.Hash, now.BagVersion, raw(fmt.Sprintf(`{"n":%d}`, n+1)))
			})
			if !errors.Is(err, accounts.ErrNotFound) {
				return err
			}
		}
	})
	got, err := b.store.SessionByHash(b.Context(), s.Hash)
	if want := fmt.Sprintf(`{"n":%d}`, b.parallel); err != nil || string(got.Bag) != want || got.BagVersion != int64(b.parallel) {
		b.Errorf("the bag: %s, not %s, %v", got.Bag, want, err)
	}
}

// raceLastMember: all administrators go at once, in all the ways that there are. One
// has to stay.
func raceLastMember(b *bench) {
	b.role("Admin")
	users := make([]*accounts.User, b.parallel)
	for i := range users {
		users[i] = b.user()
		b.grant(users[i], "Admin")
	}
	counts := b.race(func(ctx context.Context, i int) error {
		return b.store.Write(ctx, func(tx accounts.Tx) error {
			var err error
			switch i % 4 {
			case 0:
				err = tx.RevokeRole(ctx, users[i].ID, "Admin")
			case 1:
				err = tx.SetActive(ctx, users[i].ID, false, "", t0)
			case 2:
				err = tx.SetLock(ctx, users[i].ID, t0, "", t0)
			case 3:
				err = tx.DeleteUser(ctx, users[i].ID)
			}
			if err != nil {
				return err
			}
			return tx.RequireMember(ctx, "Admin")
		})
	}, accounts.ErrLastMember)
	if counts[nil] != b.parallel-1 || counts[accounts.ErrLastMember] != 1 {
		b.Errorf("%d have gone, %d could not", counts[nil], counts[accounts.ErrLastMember])
	}
	left, err := b.store.Users(b.Context(), accounts.UserQuery{Role: "Admin", Limit: 1000})
	active := 0
	for _, u := range left {
		if !u.Inactive && u.LockedAt.IsZero() {
			active++
		}
	}
	if err != nil || active != 1 {
		b.Errorf("%d are left, %v", active, err)
	}
}

// raceLetters: workers share the letters: each is claimed once for a lease.
func raceLetters(b *bench) {
	const each = 3
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		for range each * b.parallel {
			if err := tx.AddLetter(ctx, b.newLetter(t0)); err != nil {
				return err
			}
		}
		return nil
	})
	for round := range 2 { // the second when the leases of the first are over
		now := t0.Add(time.Duration(round) * lease)
		var mu sync.Mutex
		holder := map[string]string{}
		b.race(func(ctx context.Context, i int) error {
			name := fmt.Sprintf("worker %d of round %d", i, round)
			for {
				letters, err := b.store.Claim(ctx, 2, name, now, now.Add(lease))
				if err != nil {
					return err
				}
				if len(letters) == 0 {
					return nil
				}
				mu.Lock()
				for _, l := range letters {
					if holder[l.ID] != "" {
						b.Errorf("%s and %s both have a letter", holder[l.ID], name)
					}
					holder[l.ID] = name
					if l.Attempts != round+1 {
						b.Errorf("the %d. attempt is counted as %d", round+1, l.Attempts)
					}
				}
				mu.Unlock()
			}
		})
		// Who sees no letter can see so because others are being claimed: what is left
		// is claimed now.
		rest := b.claim(each*b.parallel, "rest", now, now.Add(lease))
		if len(holder)+len(rest) != each*b.parallel {
			b.Errorf("%d letters have been claimed, %d are left", len(holder), len(rest))
		}
	}
}

func raceSettle(b *bench) {
	l := b.letter(t0)
	b.claim(1, "a", t0, t0.Add(lease))
	b.oneWins(b.race(func(ctx context.Context, _ int) error {
		return b.store.Settle(ctx, l.ID, "a", accounts.Settlement{SentAt: t0})
	}, accounts.ErrNotFound), accounts.ErrNotFound)
}

// raceSame: what may be done again may be done at once.
func raceSame(b *bench) {
	u := b.user()
	b.role("Writer")
	counts := b.race(func(ctx context.Context, _ int) error {
		return b.store.Write(ctx, func(tx accounts.Tx) error {
			return errors.Join(tx.GrantRole(ctx, u.ID, "Writer"), tx.AddDevice(ctx, u.ID, hash(1), t0, t0.Add(time.Hour)), tx.SetConfirmed(ctx, u.ID, u.EmailKey, t0))
		})
	})
	if counts[nil] != b.parallel {
		b.Errorf("%d of %d have succeeded", counts[nil], b.parallel)
	}
	names, err := b.store.RolesOf(b.Context(), u.ID)
	is(b, "the roles", []string{"Writer"}, names, err)
}

// raceDelete: what is given to a user who is being deleted goes with the user, or is
// refused because there is no such user.
func raceDelete(b *bench) {
	ctx := b.Context()
	b.role("Writer")
	u := b.user()
	sessions, tickets, letters := make([]*accounts.SessionRow, b.parallel), make([]*accounts.Ticket, b.parallel), make([]*accounts.Letter, b.parallel)
	for i := range sessions {
		sessions[i], tickets[i], letters[i] = b.newSession(u), b.newTicket(u, accounts.PurposeReset), b.newLetter(t0)
		letters[i].UserID = u.ID
	}
	b.race(func(ctx context.Context, i int) error {
		return b.store.Write(ctx, func(tx accounts.Tx) error {
			switch i % 6 {
			case 0:
				return tx.CreateSession(ctx, sessions[i])
			case 1:
				return tx.CreateTicket(ctx, tickets[i])
			case 2:
				return tx.AddLetter(ctx, letters[i])
			case 3:
				return tx.GrantRole(ctx, u.ID, "Writer")
			case 4:
				return tx.AddDevice(ctx, u.ID, hash(i), t0, t0.Add(time.Hour))
			}
			return tx.DeleteUser(ctx, u.ID)
		})
	}, accounts.ErrNotFound)
	for i := range sessions {
		s, err := b.store.SessionByHash(ctx, sessions[i].Hash)
		absent(b, "a session", s, err)
		ticket, err := b.store.TicketByHash(ctx, tickets[i].Hash, accounts.PurposeReset, t0)
		absent(b, "a ticket", ticket, err)
	}
	names, err := b.store.RolesOf(ctx, u.ID)
	is(b, "the roles", nil, names, err)
	if got := b.claim(500, "a", t0, t0.Add(lease)); len(got) != 0 {
		b.Errorf("%d letters", len(got))
	}
}
