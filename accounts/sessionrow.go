package accounts

import (
	"encoding/json"
	"time"
)

// SessionRow is a log-in session as the store has it. What the browser holds is a
// secret of 256 random bits, of which the store has only the hash: who reads the
// store can't use what it holds. S50.
type SessionRow struct {
	ID     string // names the session in lists; a UUID of version 7, no secret
	Hash   []byte // SHA-256 of the secret, unique
	UserID string

	// Stage is empty for a complete log-in. Otherwise it names the step that
	// is still wanted, and the session reaches nothing but that step. S38.
	Stage string

	// Factors are the means by which the user proved who they are, named as the
	// values of RFC 8176 ("pwd", "otp"), and AuthenticatedAt is when they last did.
	Factors         []string
	AuthenticatedAt time.Time

	Stamp     string // the user's [User.Stamp] when the session began; void if that has changed
	CreatedAt time.Time
	SeenAt    time.Time // to about a minute
	ExpiresAt time.Time // whatever happens; idle ones end before
	Remember  bool      // it is not to end with the browser, nor by not being used

	Agent   string // User-Agent of the browser, cut
	Address string // the client's address when last seen

	// Bag is what the application keeps with the session: a JSON object, or
	// empty. BagVersion counts its changes.
	Bag        json.RawMessage
	BagVersion int64
}
