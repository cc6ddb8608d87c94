package accounts

import "time"

// Event is a line of the audit trail: who did what to whom, when and from where,
// and by which factor. It holds no secret. S79.
type Event struct {
	ID      int64 // by the store, growing
	At      time.Time
	Kind    string // of the table in docs/accounts.md: "login", "login-failed", "password-changed"…
	UserID  string // whose account it is about, "" if there is none
	ActorID string // who did it, "" for somebody who is not known, or the application itself
	Way     string // by which way in, or which command: "password", "basic", "token", "cli"
	Address string // of the client, "" if there was none
	Detail  string // short, without secrets: a reason, the name of a role, the roles of who is created
}

// EventQuery chooses events, the newest first.
type EventQuery struct {
	UserID string // "" for all
	Kind   string // "" for all
	Before int64  // events with a smaller ID; 0 for the newest
	Limit  int    // at most; 0 means 50
}
