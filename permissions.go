package fsa

import (
	"context"
	"fmt"
	"slices"

	"github.com/fastsimpleauth/fsa/authz"
)

// UserHasPermission sets the hook that tells whether a user has been given a
// permission, for rules made by [authz.Permission]. Its answers are cached; see
// [App.PermissionUncache].
//
// It is asked about any name that a rule has, unless permissions are declared by
// [App.AddPermission] or FSA_AUTHZ_PERMISSIONS: then a name that is not is a fault.
func (a *App) UserHasPermission(check func(ctx context.Context, login, permission string) (bool, error)) {
	if a.hook("app.UserHasPermission", check == nil, a.userHasPermission != nil, 1) {
		a.userHasPermission = check
	}
}

// AddPermission declares permissions, as FSA_AUTHZ_PERMISSIONS does. Once some are
// declared, a rule that asks for another one is a fault: a typing error is found at
// start.
func (a *App) AddPermission(names ...string) {
	source := caller(1)
	if !a.open("app.AddPermission", source) {
		return
	}
	if slices.Contains(names, "") {
		a.faults = append(a.faults, &ConfigError{Source: source, Problem: "app.AddPermission: a name is empty", Remedy: "remove it"})
	}
	a.permissions = append(a.permissions, names...)
}

// PermissionUncache forgets whether a user has a permission: call it when one is given
// or taken away. The error is nil unless a shared cache cannot be reached.
func (a *App) PermissionUncache(ctx context.Context, login, permission string) error {
	a.granted.forget(keyOf(login, permission))
	return nil
}

// permissionLeaf gives the check of a permission, or what is wrong with its name.
func (a *App) permissionLeaf(permission string) (authz.Check[*call], error) {
	switch {
	case a.userHasPermission == nil:
		return nil, fmt.Errorf("permission %q has no check; register one for all permissions by app.UserHasPermission", permission)
	case len(a.permissions) > 0 && !slices.Contains(a.permissions, permission):
		return nil, fmt.Errorf("permission %q is not declared, as others are; add it to FSA_AUTHZ_PERMISSIONS or app.AddPermission(%q), or mend its name", permission, permission)
	}
	hook := func(ctx context.Context, login string) (bool, error) {
		return a.userHasPermission(ctx, login, permission)
	}
	return a.named(a.granted, permission, fmt.Sprintf("internal error in check of permission %q", permission), hook), nil
}
