// Package testlogin carries, from package fsatest to the root, the user as whom
// a test calls. It is internal so that no program can pretend to be somebody.
package testlogin

import (
	"context"

	"github.com/fastsimpleauth/fsa/identity"
)

type key struct{}

// With gives a context in which requests are the user's, who has just logged in.
func With(ctx context.Context, login string) context.Context {
	return context.WithValue(ctx, key{}, login)
}

// WithIdentity gives a context in which requests are of an identity, whose scheme and
// realm do not count.
func WithIdentity(ctx context.Context, id identity.Identity) context.Context {
	return context.WithValue(ctx, key{}, id.Clone())
}

// From gives the identity, the zero one if there is none. now says that the user logs
// in with the request.
func From(ctx context.Context) (id identity.Identity, now bool) {
	switch v := ctx.Value(key{}).(type) {
	case string:
		return identity.Identity{Login: v}, true
	case identity.Identity:
		return v, false
	}
	return identity.Identity{}, false
}
