package accounts

import "github.com/google/uuid"

// newID makes a UUID of version 7 (RFC 9562): random but for its time, so that
// indexes grow at their end. It is no secret. A source of randomness that fails is a
// panic, never a weaker one (S86).
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// isID reports whether a text is an ID as [newID] writes it.
func isID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}
