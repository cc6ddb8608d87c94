// Package storetest is what each [accounts.Store] must pass.
package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fastsimpleauth/fsa/accounts"
)

// Options are how much the suite asks for.
type Options struct {
	// Parallel is how many do the same at once in the races, 100 if it is 0. Less than
	// 8 are no race.
	Parallel int
}

// Run runs the suite. Each of its parts asks open for a store that is empty and that
// nobody else uses; open fails the test if there is none, and cleans up with
// t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) accounts.Store, o Options) {
	if o.Parallel == 0 {
		o.Parallel = 100
	}
	o.Parallel = max(o.Parallel, 8)
	for _, part := range []struct {
		name string
		test func(*bench)
	}{
		{"users", users},
		{"users that are set", usersSet},
		{"users that are listed", usersListed},
		{"users that are deleted", usersDeleted},
		{"roles", roles},
		{"members of roles", members},
		{"the last member", lastMember},
		{"sessions", sessions},
		{"sessions that are rotated and ended", sessionsChanged},
		{"bags", bags},
		{"tickets", tickets},
		{"devices", devices},
		{"events", events},
		{"letters", letters},
		{"letters that are settled", lettersSettled},
		{"purge", purge},
		{"texts", texts},
		{"atomic", atomic},
		{"inside", inside},
		{"cancelled", cancelled},
		{"cancelled while waiting", cancelledWaiting},
		{"race for an address", raceEmail},
		{"race for a user name", raceUsername},
		{"race for a role's name", raceRole},
		{"race for a ticket", raceTicket},
		{"race for a session", raceSession},
		{"race for a password", racePassword},
		{"race for a bag", raceBag},
		{"race of the last members", raceLastMember},
		{"race for letters", raceLetters},
		{"race for a letter's end", raceSettle},
		{"race of the same", raceSame},
		{"race with who reads", raceRead},
		{"race with the end of a user", raceDelete},
	} {
		t.Run(part.name, func(t *testing.T) {
			part.test(&bench{T: t, store: open(t), parallel: o.Parallel})
		})
	}
}

// t0 is the moment at which the suite begins. It has no more than milliseconds, as a
// store needs no more.
var t0 = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

// bench is a part of the suite at work.
type bench struct {
	*testing.T
	store    accounts.Store
	parallel int
	made     int
}

// write does something in a transaction that must work.
func (b *bench) write(f func(ctx context.Context, tx accounts.Tx) error) {
	b.Helper()
	if err := b.try(f); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) try(f func(ctx context.Context, tx accounts.Tx) error) error {
	ctx := b.Context()
	return b.store.Write(ctx, func(tx accounts.Tx) error { return f(ctx, tx) })
}

// refused does something in a transaction that must end with the error.
func (b *bench) refused(what string, want error, f func(ctx context.Context, tx accounts.Tx) error) {
	b.Helper()
	if err := b.try(f); !errors.Is(err, want) {
		b.Errorf("%s: %v, not %v", what, err, want)
	}
}

// newUser is one that is not in the store yet. IDs grow.
func (b *bench) newUser() *accounts.User {
	b.made++
	name := fmt.Sprintf("user%d", b.made)
	return &accounts.User{
		ID:           fmt.Sprintf("01234567-89ab-7cde-8f01-%012x", b.made),
		Email:        name + "@Example.com",
		EmailKey:     name + "@example.com",
		PasswordHash: "$hash$" + name,
		Stamp:        "stamp-" + name,
		CreatedAt:    t0,
		UpdatedAt:    t0,
	}
}

// user is one that is in the store.
func (b *bench) user() *accounts.User {
	b.Helper()
	u := b.newUser()
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateUser(ctx, u) })
	return u
}

// role adds one.
func (b *bench) role(name string, permissions ...string) {
	b.Helper()
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		return tx.CreateRole(ctx, &accounts.Role{Name: name, Permissions: permissions})
	})
}

// grant puts somebody into a role.
func (b *bench) grant(u *accounts.User, role string) {
	b.Helper()
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.GrantRole(ctx, u.ID, role) })
}

// newSession is one that is not in the store yet.
func (b *bench) newSession(u *accounts.User) *accounts.SessionRow {
	b.made++
	return &accounts.SessionRow{
		ID:              fmt.Sprintf("11234567-89ab-7cde-8f01-%012x", b.made),
		Hash:            hash(b.made),
		UserID:          u.ID,
		Factors:         []string{"pwd"},
		AuthenticatedAt: t0,
		Stamp:           u.Stamp,
		CreatedAt:       t0,
		SeenAt:          t0,
		ExpiresAt:       t0.Add(time.Hour),
		Remember:        true,
		Agent:           "Mozilla/5.0",
		Address:         "192.0.2.1",
	}
}

func (b *bench) session(u *accounts.User) *accounts.SessionRow {
	b.Helper()
	s := b.newSession(u)
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateSession(ctx, s) })
	return s
}

// newTicket is one that is not in the store yet.
func (b *bench) newTicket(u *accounts.User, purpose accounts.Purpose) *accounts.Ticket {
	b.made++
	return &accounts.Ticket{Hash: hash(b.made), UserID: u.ID, Purpose: purpose, Binding: "binding", CreatedAt: t0, ExpiresAt: t0.Add(time.Hour)}
}

func (b *bench) ticket(u *accounts.User, purpose accounts.Purpose) *accounts.Ticket {
	b.Helper()
	ticket := b.newTicket(u, purpose)
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateTicket(ctx, ticket) })
	return ticket
}

// newLetter is one that is not in the store yet, for nobody in particular.
func (b *bench) newLetter(next time.Time) *accounts.Letter {
	b.made++
	return &accounts.Letter{
		ID:     fmt.Sprintf("21234567-89ab-7cde-8f01-%012x", b.made),
		Kind:   "confirm",
		Sealed: []byte{0, 1, 0xff, byte(b.made)}, CreatedAt: t0, NextAt: next,
	}
}

func (b *bench) letter(next time.Time) *accounts.Letter {
	b.Helper()
	l := b.newLetter(next)
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.AddLetter(ctx, l) })
	return l
}

// claim claims letters, which must work.
func (b *bench) claim(n int, lease string, now, until time.Time) []accounts.Letter {
	b.Helper()
	letters, err := b.store.Claim(b.Context(), n, lease, now, until)
	if err != nil {
		b.Fatal(err)
	}
	return letters
}

// hash is that of a secret.
func hash(secret any) []byte {
	sum := sha256.Sum256(fmt.Append(nil, secret))
	return sum[:]
}

// asText compares JSON as texts, byte by byte.
var asText = cmp.FilterValues(func(a, b json.RawMessage) bool { return len(a) > 0 && len(b) > 0 },
	cmp.Comparer(func(a, b json.RawMessage) bool { return string(a) == string(b) }))

// same compares, without telling nothing from empty.
func (b *bench) same(what string, got, want any) {
	b.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), asText); d != "" {
		b.Errorf("%s (- wanted, + got):\n%s", what, d)
	}
}

// is reads something and compares.
func is[T any](b *bench, what string, want T, got T, err error) {
	b.Helper()
	if err != nil {
		b.Errorf("%s: %v", what, err)
		return
	}
	b.same(what, got, want)
}

// absent says that reading something must be ErrNotFound.
func absent[T any](b *bench, what string, got T, err error) {
	b.Helper()
	if !errors.Is(err, accounts.ErrNotFound) {
		b.Errorf("%s: %v, %v: not ErrNotFound", what, got, err)
	}
}

// image is all of a store that can be read.
type image struct {
	Users    []accounts.User
	Roles    []accounts.Role
	RolesOf  map[string][]string
	Sessions map[string][]accounts.SessionRow
	Events   []accounts.Event
}

// image reads the store.
func (b *bench) image() image {
	b.Helper()
	ctx := b.Context()
	var i image
	var err error
	keep := func(e error) { err = errors.Join(err, e) }
	var e error
	i.Users, e = b.store.Users(ctx, accounts.UserQuery{Limit: 1000})
	keep(e)
	i.Roles, e = b.store.Roles(ctx)
	keep(e)
	i.RolesOf, i.Sessions = map[string][]string{}, map[string][]accounts.SessionRow{}
	for _, u := range i.Users {
		i.RolesOf[u.ID], e = b.store.RolesOf(ctx, u.ID)
		keep(e)
		i.Sessions[u.ID], e = b.store.SessionsOf(ctx, u.ID, t0)
		keep(e)
	}
	i.Events, e = b.store.Events(ctx, accounts.EventQuery{Limit: 1000})
	keep(e)
	if err != nil {
		b.Fatal(err)
	}
	return i
}

// race lets many do something at the same time, and counts how often it ended how.
// Errors that are not among those that are expected fail the test.
func (b *bench) race(do func(ctx context.Context, i int) error, expected ...error) map[error]int {
	b.Helper()
	ends := make([]error, b.parallel)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range ends {
		wg.Go(func() {
			<-start
			ends[i] = do(b.Context(), i)
		})
	}
	close(start)
	wg.Wait()
	counts := map[error]int{}
	for _, err := range ends {
		n := slices.IndexFunc(expected, func(e error) bool { return errors.Is(err, e) })
		switch {
		case err == nil:
			counts[nil]++
		case n >= 0:
			counts[expected[n]]++
		default:
			b.Errorf("in the race: %v", err)
		}
	}
	return counts
}

// oneWins says that of all in a race one must have succeeded, the others with the
// error.
func (b *bench) oneWins(counts map[error]int, others error) {
	b.Helper()
	if counts[nil] != 1 || counts[others] != b.parallel-1 {
		b.Errorf("of %d, %d have succeeded, and %d got: %v", b.parallel, counts[nil], counts[others], others)
	}
}

func raw(s string) json.RawMessage { return json.RawMessage(s) }
