package fsa

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unique"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
)

// interned is a string that is kept once: equal ones are one pointer, which makes keys of
// caches small, quick to hash and quick to compare.
type interned = unique.Handle[string]

// groupKey is what a membership depends on.
type groupKey struct{ login, group interned }

// groupLeaf gives the check of a group, or what is wrong with its name.
func (a *App) groupLeaf(group string) (authz.Check[*call], error) {
	hook, own := a.groupChecks[group]
	declared := own || slices.Contains(a.groups, group)
	switch {
	case group == "":
		return nil, fmt.Errorf("a group without a name; give the name of one")
	case own:
	case declared && a.userInGroup == nil:
		return nil, fmt.Errorf("group %q has no check; register one by app.GroupCheck(%q, …), or app.UserInGroup for all groups", group, group)
	case !declared && a.userInGroup == nil:
		return nil, fmt.Errorf("group %q has no check; register one by app.GroupCheck(%q, …)", group, group)
	case !declared:
		return nil, fmt.Errorf("group %q is not declared; add it to FSA_AUTHZ_GROUPS or app.AddGroup(%q), or mend its group", group, group)
	default:
		hook = func(ctx context.Context, login string) (bool, error) { return a.userInGroup(ctx, login, group) }
	}
	id := unique.Make(group)
	what := fmt.Sprintf("internal error in check of group %q", group)
	return func(c *call) (bool, error) {
		key := groupKey{c.req.User, id}
		if member, ok := a.memberships.hit(key, c.req.Now); ok {
			return member, nil
		}
		member, err := a.askGroup(c, key, hook)
		if err != nil {
			return false, httperr.From(err, a.settings.ServerError, what)
		}
		return member, nil
	}, nil
}

func (a *App) askGroup(c *call, key groupKey, hook func(context.Context, string) (bool, error)) (bool, error) {
	return a.memberships.ask(c.req.HTTP.Context(), key, c.req.Now, func(ctx context.Context) (bool, time.Duration, error) {
		member, err := hook(ctx, key.login.Value())
		return member, 0, err
	})
}
