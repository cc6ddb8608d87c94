package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// What a [Store] says when it can't do what it is asked. Anything else is a
// failure.
var (
	// ErrNotFound says that there is no such user, role, session, ticket, or that
	// it is no longer what it was expected to be: expired, used, changed by
	// somebody else in the meantime.
	ErrNotFound = errors.New("accounts: not found")

	// ErrEmailTaken and ErrUsernameTaken say that somebody else has it.
	ErrEmailTaken    = errors.New("accounts: the e-mail address is taken")
	ErrUsernameTaken = errors.New("accounts: the user name is taken")

	// ErrRoleTaken says that there is a role of that name.
	ErrRoleTaken = errors.New("accounts: the role is there already")

	// ErrLastMember says that nobody would be left in a role that must have
	// somebody: the last administrator can't go.
	ErrLastMember = errors.New("accounts: the last active member of the role can't go")
)

// Store keeps accounts. Package sqlstore has one for SQL databases; package
// storetest is the suite that each must pass.
//
// Its own methods read what has been committed. All writing is done in
// transactions, so that no crash and no error leaves half of a change.
//
// Times have at least the resolution of a millisecond and come back in UTC. What
// expires at a time has expired when that has come. Texts and JSON come back as they
// were; names and keys are compared byte by byte. Names and keys that are not UTF-8, or
// have a NUL in them, are found nowhere, and refused if they are to be kept; what
// only tells something (Agent, Detail, a reason) is mended instead.
//
// Implementations are safe for concurrent use, and end when the context does.
type Store interface {
	Reader

	// Write runs f in a transaction. If f returns an error, or panics, or the
	// context ends before f does, nothing of it has happened, and the error is that
	// of f, or of the context if f has none. If Write returns nil, all has, and
	// lasts. Where f has returned nil and Write returns an error, all or nothing of it
	// has happened: a connection can break after the commit has been sent.
	//
	// After one of the errors that are named here the transaction goes on, if f
	// wants; any other failure of a statement fails it, whatever f returns.
	//
	// Where the database asks for it (a deadlock, a failed serialization), f is run
	// again, so it must have no other effects than those through tx, which is not to
	// be used after it. In f, the store itself is not to be used: it could wait for f.
	Write(ctx context.Context, f func(tx Tx) error) error

	// Claim takes up to n letters that are due at now, those first that have been so
	// for longest, for the holder of lease, which is not empty, until the given time.
	// Nobody gets them before. That counts as a try: Attempts includes it.
	Claim(ctx context.Context, n int, lease string, now, until time.Time) ([]Letter, error)

	// Settle tells what has become of a letter that was claimed: sent or given up
	// (the sealed message is removed), or to be tried again at a time. It is ErrNotFound
	// if the lease is no longer the letter's: somebody else has claimed it, or it has
	// been settled. A lease that is over stays the letter's until then.
	Settle(ctx context.Context, id, lease string, s Settlement) error

	// Purge removes what has had its time: expired sessions, tickets and devices, and
	// letters (sent or not) and events from before the given time. It gives their
	// number. It need not be one transaction.
	Purge(ctx context.Context, now, before time.Time) (int, error)
}

// Settlement is what has become of a claimed [Letter]: exactly one of the times
// is set.
type Settlement struct {
	SentAt   time.Time
	RetryAt  time.Time
	FailedAt time.Time
	Problem  string // of a failure, without addresses and secrets
}

// Reader is what can be asked of a [Store].
type Reader interface {
	// UserByID, UserByEmail and UserByUsername find a user, the latter two by
	// their canonical forms. ErrNotFound if there is none.
	UserByID(ctx context.Context, id string) (*User, error)
	UserByEmail(ctx context.Context, key string) (*User, error)
	UserByUsername(ctx context.Context, key string) (*User, error)

	// Users lists users in the order of their IDs, which is that of their
	// creation.
	Users(ctx context.Context, q UserQuery) ([]User, error)

	// RoleByName finds a role, ErrNotFound if there is none; Roles lists all, sorted by
	// name, by bytes.
	RoleByName(ctx context.Context, name string) (*Role, error)
	Roles(ctx context.Context) ([]Role, error)

	// RolesOf lists the names of the user's roles, sorted by bytes. HasRole and
	// HasPermission ask for one; an unknown user, role or permission is false.
	RolesOf(ctx context.Context, userID string) ([]string, error)
	HasRole(ctx context.Context, userID, role string) (bool, error)
	HasPermission(ctx context.Context, userID, permission string) (bool, error)

	// SessionByHash finds a session, expired or not; ErrNotFound if there is
	// none. SessionsOf lists those of a user that have not expired at now, the
	// one seen last first, without those that still want a step (Stage).
	SessionByHash(ctx context.Context, hash []byte) (*SessionRow, error)
	SessionsOf(ctx context.Context, userID string, now time.Time) ([]SessionRow, error)

	// TicketByHash finds a ticket that could be used at now, and uses nothing:
	// pages of GET requests ask it (S26).
	TicketByHash(ctx context.Context, hash []byte, purpose Purpose, now time.Time) (*Ticket, error)

	// KnownDevice reports whether the user has logged in from the device whose
	// secret has the hash.
	KnownDevice(ctx context.Context, userID string, hash []byte, now time.Time) (bool, error)

	// Events lists the audit trail, the newest first.
	Events(ctx context.Context, q EventQuery) ([]Event, error)
}

// UserQuery chooses users.
type UserQuery struct {
	Search string // part of the e-mail address, the user name or the name, in any case, as it is (% and _ are nothing special); "" for all
	Role   string // of this role; "" for all
	After  string // users with a greater ID; "" from the beginning
	Limit  int    // at most; 0 means 50
}

// Tx is a transaction of a [Store]. What it reads includes what it has written.
// Each write is one statement that says itself under which condition it is done:
// of two that can't both be, one gets ErrNotFound (or the error that is named), also
// when they come at the same moment.
//
// Who has been read by UserByID is changed by nobody else before the transaction ends: what
// it decides by what it has read still holds when it writes.
type Tx interface {
	Reader

	// CreateUser adds a user: ErrEmailTaken (also if both are), ErrUsernameTaken.
	CreateUser(ctx context.Context, u *User) error

	// SetPassword replaces the password hash and the stamp of a user whose
	// hash is still old. Rehashing a password leaves the stamp as it is: then
	// stamp is empty.
	SetPassword(ctx context.Context, id, old, hash, stamp string, now time.Time) error

	// SetConfirmed notes that the user reads the address, if it is still theirs.
	// To confirm again changes nothing.
	SetConfirmed(ctx context.Context, id, emailKey string, now time.Time) error

	// SetActive, SetLock and SetDelay change who may get in. SetLock with a
	// zero time takes the lock off. A reason is kept as long as what it is for.
	SetActive(ctx context.Context, id string, active bool, reason string, now time.Time) error
	SetLock(ctx context.Context, id string, at time.Time, reason string, now time.Time) error
	SetDelay(ctx context.Context, id string, until, now time.Time) error

	// SetProfile replaces the name and the application's own fields.
	SetProfile(ctx context.Context, id, name string, own json.RawMessage, now time.Time) error

	// SetLogin notes a log-in. It is no change of the user: UpdatedAt stays.
	SetLogin(ctx context.Context, id string, now time.Time) error

	// DeleteUser removes a user with sessions, tickets, devices, letters and
	// roles. Events stay.
	DeleteUser(ctx context.Context, id string) error

	// CreateRole adds a role (ErrRoleTaken), SetRole replaces its description
	// and its permissions, DeleteRole removes it from all users.
	CreateRole(ctx context.Context, r *Role) error
	SetRole(ctx context.Context, r *Role) error
	DeleteRole(ctx context.Context, name string) error

	// GrantRole and RevokeRole change who is in a role. To grant what somebody has
	// changes nothing; ErrNotFound if there is no such user or role, or the user
	// does not have the role that is revoked.
	GrantRole(ctx context.Context, userID, role string) error
	RevokeRole(ctx context.Context, userID, role string) error

	// RequireMember is ErrLastMember unless the role has a member who can get in,
	// neither inactive nor locked, after what the transaction has done so far. From then to the end of the
	// transaction nobody else can make it so: others that ask the same wait. A role that
	// does not exist needs nobody.
	RequireMember(ctx context.Context, role string) error

	// CreateSession adds a session, ErrNotFound if there is no such user.
	// RotateSession gives one another secret, if the hash is still the old one and ID
	// and user are those of s, with all else that s says; but when it was created and
	// its bag stay as they are.
	CreateSession(ctx context.Context, s *SessionRow) error
	RotateSession(ctx context.Context, old []byte, s *SessionRow) error

	// TouchSession notes that a session has been used, expired or not.
	TouchSession(ctx context.Context, hash []byte, seen time.Time, agent, address string) error

	// SetBag replaces the bag of a session whose bag has still the version.
	SetBag(ctx context.Context, hash []byte, version int64, bag json.RawMessage) error

	// EndSession ends the session of a user by its ID. EndSessions ends all of a
	// user but the one whose ID is given, "" for none, and gives their number.
	EndSession(ctx context.Context, userID, id string) error
	EndSessions(ctx context.Context, userID, but string) (int, error)

	// CreateTicket adds a ticket, ErrNotFound if there is no such user. UseTicket uses one that is of the purpose, has
	// not been used and has not expired at now, and gives it: of a hundred at
	// once, one gets it and the others ErrNotFound (S25). VoidTickets makes all
	// others of a user and a purpose useless, and gives their number.
	CreateTicket(ctx context.Context, t *Ticket) error
	UseTicket(ctx context.Context, hash []byte, purpose Purpose, now time.Time) (*Ticket, error)
	VoidTickets(ctx context.Context, userID string, purpose Purpose, now time.Time) (int, error)

	// AddDevice notes from where a user has logged in, until expires; to add
	// the same again prolongs it. ErrNotFound if there is no such user. ForgetDevices removes all of a user.
	AddDevice(ctx context.Context, userID string, hash []byte, now, expires time.Time) error
	ForgetDevices(ctx context.Context, userID string) error

	// AddEvent adds a line to the audit trail; its ID is given by the store.
	AddEvent(ctx context.Context, e *Event) error

	// AddLetter puts a mail into the outbox, ErrNotFound if it is for a user who is
	// not there.
	AddLetter(ctx context.Context, l *Letter) error
}
