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

// namedKey is what a membership of a group, or the grant of a permission, depends on.
type namedKey struct{ login, name interned }

func keyOf(login, name string) namedKey { return namedKey{unique.Make(login), unique.Make(name)} }

// groupLeaf gives the check of a group, or what is wrong with its name.
func (a *App) groupLeaf(group string) (authz.Check[*call], error) {
	hook, own := a.groupChecks[group]
	declared := slices.Contains(a.groups, group)
	switch {
	case group == "":
		return nil, fmt.Errorf("a group without a name; give the name of one")
	case own:
	case declared && a.userInGroup == nil:
		return nil, fmt.Errorf("group %q has no check; register one by app.GroupCheck(%q, …), or app.UserInGroup for all groups", group, group)
	case a.userInGroup == nil:
		return nil, fmt.Errorf("group %q has no check; register one by app.GroupCheck(%q, …)", group, group)
	case !declared:
		return nil, fmt.Errorf("group %q is not declared; add it to FSA_AUTHZ_GROUPS or app.AddGroup(%q), or mend its group", group, group)
	default:
		hook = func(ctx context.Context, login string) (bool, error) { return a.userInGroup(ctx, login, group) }
	}
	return a.named(a.memberships, group, fmt.Sprintf("internal error in check of group %q", group), hook), nil
}

// named makes the check of what a user is or has by a name, whose answers are kept.
func (a *App) named(kept *hookCache[namedKey, bool], name, failure string, hook func(ctx context.Context, login string) (bool, error)) authz.Check[*call] {
	id := unique.Make(name)
	return func(c *call) (bool, error) {
		key := namedKey{c.req.User, id}
		if yes, ok := kept.hit(key, c.req.Now); ok {
			return yes, nil
		}
		yes, err := askNamed(kept, c, key, hook)
		if err != nil {
			return false, httperr.From(err, a.settings.ServerError, failure)
		}
		return yes, nil
	}
}

func askNamed(kept *hookCache[namedKey, bool], c *call, key namedKey, hook func(context.Context, string) (bool, error)) (bool, error) {
	return kept.ask(c.req.HTTP.Context(), key, c.req.Now, func(ctx context.Context) (bool, time.Duration, error) {
		yes, err := hook(ctx, key.login.Value())
		return yes, 0, err
	})
}
