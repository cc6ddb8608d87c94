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

// note writes an event that belongs to no other change.
func (a *Accounts) note(ctx context.Context, e *Event) error {
	a.tell(ctx, e)
	return a.store.Write(ctx, func(tx Tx) error { return tx.AddEvent(ctx, e) })
}

// tell puts an event into the log, too.
func (a *Accounts) tell(ctx context.Context, e *Event) {
	a.logger.InfoContext(ctx, "account event", "kind", e.Kind, "user", e.UserID, "actor", e.ActorID, "way", e.Way, "address", e.Address, "detail", e.Detail)
}
