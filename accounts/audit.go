package accounts

import (
	"context"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// The kinds of [Event].
const (
	EventLogin           = "login"            // somebody got in by a log-in
	EventLoginFailed     = "login-failed"     // the credential was wrong
	EventLoginRefused    = "login-refused"    // it was right, and the user is kept out: Detail says why
	EventLogout          = "logout"           //
	EventRegistered      = "registered"       //
	EventConfirmed       = "confirmed"        // the address
	EventConfirmAsked    = "confirm-asked"    // a link was asked for
	EventResetAsked      = "reset-asked"      //
	EventReset           = "reset"            // a forgotten password was replaced
	EventPasswordChanged = "password-changed" //
	EventVerified        = "verified"         // the user proved anew who they are
	EventSessionsEnded   = "sessions-ended"   // Detail is their number, or the ID of one
	EventActivated       = "activated"        //
	EventDeactivated     = "deactivated"      //
	EventLocked          = "locked"           //
	EventUnlocked        = "unlocked"         //
	EventAccessReset     = "access-reset"     // an administrator started a recovery
	EventCreated         = "created"          // by an administrator or the application
	EventDeleted         = "deleted"          //
	EventRoleGranted     = "role-granted"     // Detail is the role
	EventRoleRevoked     = "role-revoked"     //
	EventRoleChanged     = "role-changed"     // the role itself
)

// event makes an event of a request.
func event(ctx context.Context, kind, userID, way, detail string) *Event {
	actor := userID
	if login := fsa.User(ctx); login != "" {
		actor = login
	}
	if kind == EventLoginFailed {
		actor = "" // whoever it was
	}
	return &Event{At: time.Now(), Kind: kind, UserID: userID, ActorID: actor, Way: way, Address: fsa.ClientAddress(ctx), Detail: detail}
}

// loginFailed notes a wrong password that came by a scheme, as the log-in form does. The
// application's throttle bounds how many there are.
func (a *Accounts) loginFailed(ctx context.Context, e fsa.FailedLogin) error {
	return a.note(ctx, &Event{At: time.Now(), Kind: EventLoginFailed, UserID: e.Login, Way: e.Scheme, Address: e.Address})
}

// noteRefused notes that a user is kept out whose password is right, by a scheme that
// sends it with each request: once in a while, not each time. The client's address is not
// known there.
func (a *Accounts) noteRefused(ctx context.Context, u *User, way string, d Decision, now time.Time) error {
	ev := &Event{At: now, Kind: EventLoginRefused, UserID: u.ID, ActorID: u.ID, Way: way, Detail: d.detail()}
	return a.memory.once(ctx, refusal{u.ID, way, d.Verdict}, now, func(ctx context.Context) error { return a.note(ctx, ev) })
}

// note writes an event that belongs to no other change.
func (a *Accounts) note(ctx context.Context, e *Event) error {
	a.tell(ctx, e)
	return a.store.Write(ctx, func(tx Tx) error { return tx.AddEvent(ctx, e) })
}

// tell puts an event into the log, too.
func (a *Accounts) tell(ctx context.Context, e *Event) {
	a.logger.InfoContext(ctx, "account event", "kind", e.Kind, "user", e.UserID, "actor", e.ActorID, "way", e.Way, "address", e.Address, "detail", e.Detail)
}
