package fsa

import (
	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/internal/testlogin"
)

// testScheme finds the user as whom a test of package fsatest calls. The key of
// its context value is internal, so that no program can set an identity.
type testScheme struct{ authn.None }

func (testScheme) Name() string { return "test" }

func (testScheme) Authenticate(q *authn.Request) (*identity.Identity, error) {
	id, now := testlogin.From(q.HTTP.Context())
	if id.IsZero() {
		return nil, nil
	}
	id.Scheme, id.Realm = "test", q.Realm
	if now {
		id.AuthTime = q.Now
	}
	return &id, nil
}
