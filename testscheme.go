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
	login := testlogin.From(q.HTTP.Context())
	if login == "" {
		return nil, nil
	}
	return &identity.Identity{Login: login, Scheme: "test", Realm: q.Realm, AuthTime: q.Now}, nil
}
