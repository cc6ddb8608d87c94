package accounts

import "time"

// Purpose is what a [Ticket] is for. A ticket of one purpose is nothing for any
// other.
type Purpose string

// The purposes that there are now.
const (
	PurposeConfirm Purpose = "confirm" // that the user reads their address
	PurposeReset   Purpose = "reset"   // of a forgotten password
)

// Ticket is a secret that is mailed to a user and can be used once. The store has
// only its hash (S24).
type Ticket struct {
	Hash      []byte // SHA-256 of the secret, unique
	UserID    string
	Purpose   Purpose
	Binding   string // what it is bound to: a digest of the user's address and password hash when it was made
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero until then
}
