package accounts

import (
	"encoding/json"
	"time"
)

// User is an account. Its ID is the login that the rest of the application sees:
// in fsa.CurrentUser, in hooks, in tokens. An e-mail address or a user name only
// identifies somebody who logs in, so that an address that passes to somebody else
// carries nothing along.
type User struct {
	ID       string // a UUID of version 7 (RFC 9562), in its usual text
	Email    string // as the user has written it, in NFC
	Username string // as the user has written it, "" if there is none
	Name     string // what pages and mails call the user, "" if it is not known

	// EmailKey and UsernameKey are the canonical forms, by [CanonicalEmail] and
	// [CanonicalUsername]: what must be unique, and what is looked up.
	EmailKey    string
	UsernameKey string // "" if there is no user name

	// PasswordHash is empty for a user without a password: nothing matches it.
	PasswordHash string

	// Stamp changes with whatever ends what was given out before: the password,
	// a factor. What bears an older one is void. It is 128 random bits in
	// base64url.
	Stamp string

	// Inactive is set by an administrator: nobody gets in, and all sessions
	// have ended. InactiveReason is for other administrators.
	Inactive       bool
	InactiveReason string

	// LockedAt is when an administrator has locked the account, zero if it
	// isn't. A lock ends with a password reset through the user's own mail, or
	// when an administrator takes it off; an inactive account ends only so.
	LockedAt   time.Time
	LockReason string

	// DelayedUntil is when the account may be used again, if something has
	// asked its user to wait; zero or past if not.
	DelayedUntil time.Time

	ConfirmedAt time.Time // when the user has proved to read Email, zero if not yet
	CreatedAt   time.Time
	UpdatedAt   time.Time
	LastLoginAt time.Time // zero before the first

	// Own is what the application keeps with its users: a JSON object, or
	// empty. It has no meaning here.
	Own json.RawMessage
}

// Called is how pages and mails call the user.
func (u *User) Called() string {
	switch {
	case u.Name != "":
		return u.Name
	case u.Username != "":
		return u.Username
	}
	return u.Email
}

// Confirmed reports whether the user has proved to read their address.
func (u *User) Confirmed() bool { return !u.ConfirmedAt.IsZero() }
