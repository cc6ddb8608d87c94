// Package identity is who somebody is, and how and when they proved it.
package identity

import (
	"slices"
	"time"
)

// Identity is the outcome of an authentication. The zero Identity is nobody.
type Identity struct {
	// Login names the user to the application: its hooks are asked with it.
	Login string

	// Scheme is the authentication scheme that proved the identity: basic,
	// param, token…
	Scheme string

	// Realm is the protection space for which the identity was proved.
	Realm string

	// Scopes limit what may be done in the user's name (RFC 6749, 3.3).
	// They come from tokens and keys; a password carries none.
	Scopes []string

	// AuthTime is when the user last proved who they are, zero if unknown.
	AuthTime time.Time

	// Factors are the means by which the user proved it, named as the values
	// of RFC 8176: "pwd", "otp", "hwk"…
	Factors []string

	// Stage names the step of an authentication that is not complete, such
	// as a log-in that still wants its second factor. It is empty for a
	// complete one, and nothing but that next step accepts an identity with
	// a stage.
	Stage string
}

// IsZero reports whether the identity is nobody's.
func (id *Identity) IsZero() bool { return id.Login == "" }

// HasScope reports whether scope is among the identity's scopes.
func (id *Identity) HasScope(scope string) bool { return slices.Contains(id.Scopes, scope) }

// CountFactors gives by how many different means the user proved who they are. "mfa"
// stands for two at least, whichever they were. What is no means of proof does not
// count: "mca" (over several channels), "rba" (a judgement of risks), "geo" (where the
// user is) and "user" (that one is there).
func (id *Identity) CountFactors() int {
	n, several := 0, false
	for i, f := range id.Factors {
		switch f {
		case "mfa":
			several = true
		case "", "mca", "rba", "geo", "user":
		default:
			if !slices.Contains(id.Factors[:i], f) {
				n++
			}
		}
	}
	if several {
		return max(n, 2)
	}
	return n
}

// Clone gives a copy that shares nothing with the identity, so that changing one
// does not change the other.
func (id *Identity) Clone() Identity {
	c := *id
	c.Scopes = slices.Clone(id.Scopes)
	c.Factors = slices.Clone(id.Factors)
	return c
}
