package password

import (
	"context"
	"net/http"
	"slices"

	"github.com/fastsimpleauth/fsa/httperr"
)

// AllOf makes one quality rule of several, for [Quality.Check] or app.PasswordQuality,
// of which there is one. They are asked in order, and the first that refuses decides:
// so what is quick comes first, and what asks the network last. If the context ends
// meanwhile, the rest is not asked, and the error says so. A nil rule is a mistake in
// the program, and panics here.
func AllOf(rules ...func(ctx context.Context, password string) error) func(ctx context.Context, password string) error {
	if slices.ContainsFunc(rules, func(rule func(context.Context, string) error) bool { return rule == nil }) {
		panic("password: AllOf: a rule is nil")
	}
	rules = slices.Clone(rules)
	return func(ctx context.Context, password string) error {
		for _, rule := range rules {
			if ctx.Err() != nil {
				return httperr.Wrap(http.StatusServiceUnavailable, "password could not be checked, try again", ctx.Err())
			}
			if err := rule(ctx, password); err != nil {
				return err
			}
		}
		return nil
	}
}
