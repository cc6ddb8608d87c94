package accounts

import "time"

// Letter is a mail in the outbox. It is put there in the transaction of what it
// tells, and sent after the answer, so that neither a mail server that is slow nor
// the time of the answer tells anything (S13).
type Letter struct {
	ID        string // a UUID of version 7
	UserID    string // whom it is for, "" for somebody without an account
	Kind      string // of the mail: "confirm", "reset", "password-changed"…
	Sealed    []byte // the message, encrypted: it may hold a link that works; gone once it is sent or given up
	CreatedAt time.Time

	// NextAt is when it is to be sent, or sent again; Lease names who is at it
	// until LeaseUntil. Attempts counts the tries.
	NextAt     time.Time
	Attempts   int
	Lease      string
	LeaseUntil time.Time

	SentAt   time.Time // zero until then
	FailedAt time.Time // zero unless it has been given up
	Problem  string    // why the latest try failed, without addresses and secrets
}
