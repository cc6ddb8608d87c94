// Package testlogin carries, from package fsatest to the root, the user as whom
// a test calls. It is internal so that no program can pretend to be somebody.
package testlogin

import "context"

type key struct{}

// With gives a context in which requests are the user's.
func With(ctx context.Context, login string) context.Context {
	return context.WithValue(ctx, key{}, login)
}

// From gives the user, "" if there is none.
func From(ctx context.Context) string {
	login, _ := ctx.Value(key{}).(string)
	return login
}
