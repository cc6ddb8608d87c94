package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// NewUser is an account that the application or an administrator makes.
type NewUser struct {
	Email    string
	Username string // may be empty
	Name     string // may be empty

	// Password may be empty: then the user sets one through a link that is
	// mailed, see [Accounts.ResetAccess].
	Password fsa.Secret

	// InsecurePassword lets Password be one that users could not choose: for the
	// seeds of an application in mode dev. It is an error in mode prod.
	InsecurePassword bool

	Roles     []string
	Confirmed bool            // the address is known to be the user's
	Own       json.RawMessage // of the application
}

// Actor is who acts on an account, for the audit trail: an administrator's ID, and by
// which way: "cli", "admin". The zero Actor is the application itself.
type Actor struct{ ID, Way string }

// CreateUser makes an account. The error is [ErrEmailTaken] or [ErrUsernameTaken] if
// somebody has the address or the name, [ErrNotFound] if a role is not there, and a 400
// of package httperr if something can't be as it is.
func (a *Accounts) CreateUser(ctx context.Context, n NewUser, by Actor) (*User, error) {
	now := time.Now()
	u := &User{ID: newID(), Email: written(n.Email), Username: written(n.Username), Name: n.Name, Stamp: newStamp(), Own: n.Own, CreatedAt: now, UpdatedAt: now}
	if n.Confirmed {
		u.ConfirmedAt = now
	}
	var err error
	if u.EmailKey, err = CanonicalEmail(n.Email); err != nil {
		return nil, fsa.Errorf(400, "%s", err)
	}
	if n.Username != "" {
		if u.UsernameKey, err = CanonicalUsername(n.Username); err != nil {
			return nil, fsa.Errorf(400, "%s", err)
		}
		if isID(u.UsernameKey) {
			return nil, fsa.Errorf(400, "a user name can't look like an ID")
		}
	}
	if len(n.Own) > 0 && !json.Valid(n.Own) {
		return nil, fsa.Errorf(400, "the application's own fields are not JSON")
	}
	if n.Password != "" {
		if u.PasswordHash, err = a.hashFor(ctx, n); err != nil {
			return nil, err
		}
	}
	ev := &Event{At: now, Kind: EventCreated, UserID: u.ID, ActorID: by.ID, Way: by.Way, Address: fsa.ClientAddress(ctx), Detail: strings.Join(n.Roles, ", ")}
	err = a.store.Write(ctx, func(tx Tx) error {
		if err := tx.CreateUser(ctx, u); err != nil {
			return err
		}
		for _, role := range n.Roles {
			if err := tx.GrantRole(ctx, u.ID, role); err != nil {
				return fmt.Errorf("role %q: %w", role, err)
			}
		}
		return tx.AddEvent(ctx, ev)
	})
	if err != nil {
		return nil, err
	}
	a.tell(ctx, ev)
	return bare(u), nil
}

// hashFor hashes the password of a new user.
func (a *Accounts) hashFor(ctx context.Context, n NewUser) (string, error) {
	if n.InsecurePassword {
		if !a.dev() {
			return "", errors.New("accounts: NewUser.InsecurePassword is for mode dev")
		}
		return a.app.HashPasswordUnchecked(ctx, string(n.Password))
	}
	if w := a.weak(string(n.Password), ownWords(n.Email, n.Username, n.Name)); len(w) > 0 {
		return "", fsa.Errorf(400, "%s", a.pages.text("en", w[0]))
	}
	return a.app.HashPassword(ctx, string(n.Password))
}

// act changes an account, with an event, and makes sure that the change is seen by the
// next request.
func (a *Accounts) act(ctx context.Context, id string, by Actor, kind, detail string, change func(tx Tx, u *User, now time.Time) error) error {
	now := time.Now()
	ev := &Event{At: now, Kind: kind, UserID: id, ActorID: by.ID, Way: by.Way, Address: fsa.ClientAddress(ctx), Detail: detail}
	err := a.store.Write(ctx, func(tx Tx) error {
		u, err := tx.UserByID(ctx, id)
		if err != nil {
			return err
		}
		if err := change(tx, u, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, ev)
	})
	if err != nil {
		return err
	}
	a.tell(ctx, ev)
	a.memory.forgetUser(id)
	return a.app.AuthUncache(ctx, id)
}

// Deactivate keeps a user out, whatever they prove, and ends all that they have: sessions,
// links, tokens (S52). The last active administrator can't be kept out:
// [ErrLastMember]. The reason is for the audit trail and for other administrators.
func (a *Accounts) Deactivate(ctx context.Context, id, reason string, by Actor) error {
	err := a.act(ctx, id, by, EventDeactivated, reason, func(tx Tx, u *User, now time.Time) error {
		return firstOf(
			func() error {
				return a.leave(ctx, tx, u, func() error { return tx.SetActive(ctx, id, false, reason, now) })
			},
			func() error { return a.endAll(ctx, tx, u, now) })
	})
	if err != nil {
		return err
	}
	return a.ended(ctx, id)
}

// leave does what may take a user out of the administrators, unless nobody would be
// left: [ErrLastMember]. Where there are none yet, others can go all the same.
func (a *Accounts) leave(ctx context.Context, tx Tx, u *User, do func() error) error {
	member, err := tx.HasRole(ctx, u.ID, a.opts.AdminRole)
	if err != nil {
		return err
	}
	if err := do(); err != nil || !member || u.Inactive || !u.LockedAt.IsZero() {
		return err
	}
	return tx.RequireMember(ctx, a.opts.AdminRole)
}

// Activate lets a user in again whom [Accounts.Deactivate] has kept out.
func (a *Accounts) Activate(ctx context.Context, id string, by Actor) error {
	return a.act(ctx, id, by, EventActivated, "", func(tx Tx, _ *User, now time.Time) error {
		return tx.SetActive(ctx, id, true, "", now)
	})
}

// Lock keeps a user out until an administrator opens the account, or its owner does by
// a recovery through their mail: for an account that somebody else may have got into.
// All that was given out ends. [ErrLastMember] as for [Accounts.Deactivate].
func (a *Accounts) Lock(ctx context.Context, id, reason string, by Actor) error {
	err := a.act(ctx, id, by, EventLocked, reason, func(tx Tx, u *User, now time.Time) error {
		return firstOf(
			func() error {
				return a.leave(ctx, tx, u, func() error { return tx.SetLock(ctx, id, now, reason, now) })
			},
			func() error { return a.endAll(ctx, tx, u, now) })
	})
	if err != nil {
		return err
	}
	return a.ended(ctx, id)
}

// Unlock opens an account that [Accounts.Lock] has locked, and takes off what keeps its
// user waiting.
func (a *Accounts) Unlock(ctx context.Context, id string, by Actor) error {
	return a.act(ctx, id, by, EventUnlocked, "", func(tx Tx, _ *User, now time.Time) error {
		return firstOf(
			func() error { return tx.SetLock(ctx, id, time.Time{}, "", now) },
			func() error { return tx.SetDelay(ctx, id, time.Time{}, now) })
	})
}

// DelayUntil keeps a user out until a time.
func (a *Accounts) DelayUntil(ctx context.Context, id string, until time.Time, by Actor) error {
	return a.act(ctx, id, by, EventLocked, "until "+until.UTC().Format(time.RFC3339), func(tx Tx, _ *User, now time.Time) error {
		return tx.SetDelay(ctx, id, until, now)
	})
}

// Confirm notes that a user's address is theirs, as an administrator knows.
func (a *Accounts) Confirm(ctx context.Context, id string, by Actor) error {
	return a.act(ctx, id, by, EventConfirmed, "", func(tx Tx, u *User, now time.Time) error {
		return tx.SetConfirmed(ctx, id, u.EmailKey, now)
	})
}

// endAll ends what a user has been given: sessions and links.
func (a *Accounts) endAll(ctx context.Context, tx Tx, u *User, now time.Time) error {
	return firstOf(
		func() error { _, err := tx.EndSessions(ctx, u.ID, ""); return err },
		func() error { _, err := tx.VoidTickets(ctx, u.ID, PurposeReset, now); return err },
		func() error { _, err := tx.VoidTickets(ctx, u.ID, PurposeConfirm, now); return err })
}

// ResetAccess gives the path of a link by which a user sets a new password, once: an
// administrator starts a recovery, and never picks a password (S73). The link is a
// secret: whoever has it gets in. It is good for [Options.ResetWithin].
func (a *Accounts) ResetAccess(ctx context.Context, id string, by Actor) (link string, err error) {
	if a.opts.NoRecover {
		return "", errors.New("accounts: recovery is switched off (FSA_ACCOUNTS_RECOVERABLE)")
	}
	secret, hash := newSecret()
	err = a.act(ctx, id, by, EventAccessReset, "", func(tx Tx, u *User, now time.Time) error {
		return tx.CreateTicket(ctx, &Ticket{Hash: hash, UserID: id, Purpose: PurposeReset, Binding: binding(u), CreatedAt: now, ExpiresAt: now.Add(a.opts.ResetWithin)})
	})
	if err != nil {
		return "", err
	}
	return a.link(a.opts.Paths.Reset + "/" + secret), nil
}

// DeleteUser removes an account, with all that belongs to it here; the audit trail
// stays. [ErrLastMember] as for [Accounts.Deactivate].
func (a *Accounts) DeleteUser(ctx context.Context, id string, by Actor) error {
	err := a.act(ctx, id, by, EventDeleted, "", func(tx Tx, u *User, _ time.Time) error {
		return a.leave(ctx, tx, u, func() error { return tx.DeleteUser(ctx, id) })
	})
	if err != nil {
		return err
	}
	return a.ended(ctx, id)
}

// Grant and Revoke change the roles of a user, from the next request on. Their sessions
// end, so that no id from before can do what they may from now on (S50): they log in
// again. To grant what somebody has ends nothing. The last active administrator remains
// one: [ErrLastMember].
func (a *Accounts) Grant(ctx context.Context, id, role string, by Actor) error {
	return a.act(ctx, id, by, EventRoleGranted, role, func(tx Tx, _ *User, _ time.Time) error {
		if has, err := tx.HasRole(ctx, id, role); err != nil || has {
			return err
		}
		return firstOf(
			func() error { return tx.GrantRole(ctx, id, role) },
			func() error { _, err := tx.EndSessions(ctx, id, ""); return err })
	})
}

// Revoke takes a role from a user; see [Accounts.Grant].
func (a *Accounts) Revoke(ctx context.Context, id, role string, by Actor) error {
	return a.act(ctx, id, by, EventRoleRevoked, role, func(tx Tx, u *User, _ time.Time) error {
		return firstOf(
			func() error { return a.leave(ctx, tx, u, func() error { return tx.RevokeRole(ctx, id, role) }) },
			func() error { _, err := tx.EndSessions(ctx, id, ""); return err })
	})
}

// EndSessions ends all sessions and tokens of a user, and gives the number of sessions.
func (a *Accounts) EndSessions(ctx context.Context, id string, by Actor) (n int, err error) {
	err = a.act(ctx, id, by, EventSessionsEnded, "all", func(tx Tx, _ *User, _ time.Time) (err error) {
		n, err = tx.EndSessions(ctx, id, "")
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, a.ended(ctx, id)
}

// SaveRole makes a role, or replaces its description and its permissions.
func (a *Accounts) SaveRole(ctx context.Context, r Role, by Actor) error {
	if r.Name == "" {
		return fsa.Errorf(400, "a role needs a name")
	}
	ev := &Event{At: time.Now(), Kind: EventRoleChanged, ActorID: by.ID, Way: by.Way, Address: fsa.ClientAddress(ctx), Detail: r.Name}
	err := a.store.Write(ctx, func(tx Tx) error {
		err := tx.SetRole(ctx, &r)
		if errors.Is(err, ErrNotFound) {
			err = tx.CreateRole(ctx, &r)
		}
		if err != nil {
			return err
		}
		return tx.AddEvent(ctx, ev)
	})
	if err != nil {
		return err
	}
	a.tell(ctx, ev)
	return a.app.ClearCaches(ctx) // of whoever has the role
}

// Store is where the accounts are: for reading, and for what there is no method for.
func (a *Accounts) Store() Store { return a.store }

// Seed makes the roles of [Options.Roles] that are not there, and makes sure that those
// of [Options.DefaultRoles] are. [fsa.App.Run] does it
// before the first request; who serves app.Handler by other means calls it.
func (a *Accounts) Seed(ctx context.Context) error {
	for _, r := range a.opts.Roles {
		err := a.store.Write(ctx, func(tx Tx) error { return ignore(ErrRoleTaken, tx.CreateRole(ctx, &r)) })
		if err != nil {
			return fmt.Errorf("accounts: role %q: %w", r.Name, err)
		}
	}
	for _, name := range a.opts.DefaultRoles {
		if _, err := a.store.RoleByName(ctx, name); err != nil {
			return fmt.Errorf("accounts: Options.DefaultRoles has role %q, so that nobody can register without it: add it to Options.Roles: %w", name, err)
		}
	}
	return nil
}
