package fsa

import (
	"context"
	"unique"
)

// PasswordUncache forgets the stored password hash of a user: call it when the
// password changes or the user is deleted, and the old password stops working at
// once. Here and in the methods below the error is nil unless a shared cache
// cannot be reached.
func (a *App) PasswordUncache(ctx context.Context, login string) error {
	a.passwordHashes.forget(login)
	a.digest.forget(login)
	a.tries.clear() // nothing is kept there: who comes from now on makes a try of their own
	return nil
}

// GroupUncache forgets whether a user is a member of a group.
func (a *App) GroupUncache(ctx context.Context, login, group string) error {
	a.memberships.forget(keyOf(login, group))
	return nil
}

// TokenUncache forgets that a token was valid in a realm. The token itself stays
// valid: it is checked again when it comes again.
func (a *App) TokenUncache(ctx context.Context, token, realm string) error {
	a.identities.forget(tokenKey{token, realm})
	a.access.forget(tokenKey{token, realm})
	return nil
}

// UserTokenUncache forgets all tokens of a user in a realm, as
// [App.TokenUncache] does.
func (a *App) UserTokenUncache(ctx context.Context, login, realm string) error {
	user := unique.Make(login)
	a.identities.forgetIf(func(k tokenKey, e *tokenEntry) bool {
		return e.user == user && k.realm == realm
	})
	a.access.forgetIf(func(k tokenKey, e *accessEntry) bool { return e.user == user && k.realm == realm })
	return nil
}

// ObjectPermsUncache forgets whether a user has a permission on an object. The
// id has the type that the hook of the domain takes; a domain that has no hook,
// or one with another type of id, is an error.
func ObjectPermsUncache[ID comparable](ctx context.Context, a *App, domain, login string, id ID, mode string) error {
	kept, err := objectCache[ID](a, domain)
	if err != nil {
		return err
	}
	kept.forget(objectKey[ID]{unique.Make(login), unique.Make(mode), id})
	return nil
}

// AuthUncache forgets everything that is kept about a user: what they type, password hash,
// groups, permissions, object permissions, tokens, API keys.
func (a *App) AuthUncache(ctx context.Context, login string) error {
	user := unique.Make(login)
	a.logins.forgetIf(func(_, known string) bool { return known == login })
	a.passwordHashes.forget(login)
	a.digest.forgetUser(login)
	a.tries.clear()
	a.keys.forgetIf(func(_ keyKey, e *keyEntry) bool { return e.user == user })
	a.proofs.forgetIf(func(_ proofKey, p proof) bool { return p.user == user })
	a.memberships.forgetIf(func(k namedKey, _ bool) bool { return k.login == user })
	a.granted.forgetIf(func(k namedKey, _ bool) bool { return k.login == user })
	a.identities.forgetIf(func(_ tokenKey, e *tokenEntry) bool { return e.user == user })
	a.access.forgetIf(func(_ tokenKey, e *accessEntry) bool { return e.user == user })
	for _, d := range a.domains {
		d.forgetUser(user)
	}
	return nil
}

// ClearCaches forgets all answers of hooks. It is costly: all of them are asked
// again. The other methods forget what has changed.
func (a *App) ClearCaches(ctx context.Context) error {
	a.logins.clear()
	a.passwordHashes.clear()
	a.tries.clear()
	a.proofs.clear()
	if a.credentials != nil {
		a.credentials.Clear() // they are void; that they go now saves their memory
	}
	a.digest.clear()
	a.keys.clear()
	a.memberships.clear()
	a.granted.clear()
	a.identities.clear()
	a.access.clear()
	for _, d := range a.domains {
		d.clear()
	}
	return nil
}
