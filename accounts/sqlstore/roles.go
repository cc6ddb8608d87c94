package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/fastsimpleauth/fsa/accounts"
)

const (
	hasRole       = `SELECT 1 FROM user_roles WHERE user_id = ? AND role = ?`
	hasPermission = `SELECT 1 FROM user_roles m JOIN role_permissions p ON p.role = m.role WHERE m.user_id = ? AND p.permission = ? LIMIT 1`

	roleLines = `SELECT r.name, r.description, COALESCE(p.permission, '') FROM roles r LEFT JOIN role_permissions p ON p.role = r.name`
)

// roleLine is a role with one of its permissions, "" if it has none.
type roleLine struct{ name, description, permission string }

func scanRole(row row, l *roleLine) error { return row.Scan(&l.name, &l.description, &l.permission) }

// roles gives the roles of a query, one statement, so that a role and its permissions
// are of the same moment.
func (r reader) roles(ctx context.Context, q string, args ...any) ([]accounts.Role, error) {
	lines, err := all(ctx, r, scanRole, q, args...)
	var roles []accounts.Role
	for _, l := range lines {
		if n := len(roles); n == 0 || roles[n-1].Name != l.name {
			roles = append(roles, accounts.Role{Name: l.name, Description: l.description})
		}
		if role := &roles[len(roles)-1]; l.permission != "" {
			role.Permissions = append(role.Permissions, l.permission)
		}
	}
	return roles, err
}

// RoleByName implements [accounts.Reader].
func (r reader) RoleByName(ctx context.Context, name string) (*accounts.Role, error) {
	if !findable(name) {
		return nil, accounts.ErrNotFound
	}
	roles, err := r.roles(ctx, roleLines+` WHERE r.name = ? ORDER BY p.permission`, name)
	switch {
	case err != nil:
		return nil, doing("find a role", err)
	case len(roles) == 0:
		return nil, accounts.ErrNotFound
	}
	return &roles[0], nil
}

// Roles implements [accounts.Reader].
func (r reader) Roles(ctx context.Context) ([]accounts.Role, error) {
	roles, err := r.roles(ctx, roleLines+` ORDER BY r.name, p.permission`)
	return roles, doing("list roles", err)
}

// RolesOf implements [accounts.Reader].
func (r reader) RolesOf(ctx context.Context, userID string) ([]string, error) {
	if !findable(userID) {
		return nil, nil
	}
	names, err := all(ctx, r, text, `SELECT role FROM user_roles WHERE user_id = ? ORDER BY role`, userID)
	return names, doing("list a user's roles", err)
}

// HasRole implements [accounts.Reader].
func (r reader) HasRole(ctx context.Context, userID, role string) (bool, error) {
	return r.has(ctx, hasRole, userID, role)
}

// HasPermission implements [accounts.Reader].
func (r reader) HasPermission(ctx context.Context, userID, permission string) (bool, error) {
	return r.has(ctx, hasPermission, userID, permission)
}

// has is on the way of requests: it reads no more than that there is a row.
func (r reader) has(ctx context.Context, q, userID, name string) (bool, error) {
	if !findable(userID, name) {
		return false, nil
	}
	has := false
	err := r.asker.ask(ctx, q, []any{userID, name}, func(rows *sql.Rows) error {
		has = rows.Next()
		return nil
	})
	return has && err == nil, doing("find what a user may do", err)
}

// CreateRole implements [accounts.Tx].
func (tx *transaction) CreateRole(ctx context.Context, r *accounts.Role) error {
	if err := checkRole(r); err != nil {
		return doing("add a role", err)
	}
	added, err := tx.insert(ctx, `INSERT INTO roles (name, description) VALUES (?, ?)`, r.Name, free(r.Description))
	switch {
	case err != nil:
		return doing("add a role", err)
	case !added:
		return accounts.ErrRoleTaken
	}
	return doing("add a role", tx.permit(ctx, r))
}

func checkRole(r *accounts.Role) error {
	switch {
	case r.Name == "":
		return errors.New("the role has no name")
	case slices.Contains(r.Permissions, ""):
		return errors.New("a permission has no name")
	case !findable(r.Name) || !findable(r.Permissions...):
		return errText
	}
	return nil
}

// permit gives a role that has none its permissions.
func (tx *transaction) permit(ctx context.Context, r *accounts.Role) error {
	for _, permission := range slices.Compact(slices.Sorted(slices.Values(r.Permissions))) {
		if _, err := tx.exec(ctx, `INSERT INTO role_permissions (role, permission) VALUES (?, ?)`, r.Name, permission); err != nil {
			return err
		}
	}
	return nil
}

// SetRole implements [accounts.Tx]. The update of the role comes first: who else sets it
// waits there.
func (tx *transaction) SetRole(ctx context.Context, r *accounts.Role) error {
	if err := checkRole(r); err != nil {
		return doing("set a role", err)
	}
	err := tx.change(ctx, `UPDATE roles SET description = ? WHERE name = ?`, free(r.Description), r.Name)
	if err != nil {
		return doing("set a role", err)
	}
	if _, err := tx.exec(ctx, `DELETE FROM role_permissions WHERE role = ?`, r.Name); err != nil {
		return doing("set a role", err)
	}
	return doing("set a role", tx.permit(ctx, r))
}

// DeleteRole implements [accounts.Tx].
func (tx *transaction) DeleteRole(ctx context.Context, name string) error {
	if !findable(name) {
		return accounts.ErrNotFound
	}
	return doing("delete a role", tx.change(ctx, `DELETE FROM roles WHERE name = ?`, name))
}

// GrantRole implements [accounts.Tx].
func (tx *transaction) GrantRole(ctx context.Context, userID, role string) error {
	if !findable(userID, role) {
		return accounts.ErrNotFound
	}
	added, err := tx.insert(ctx, `INSERT INTO user_roles (user_id, role) SELECT u.id, r.name FROM users u CROSS JOIN roles r WHERE u.id = ? AND r.name = ?`+tx.dialect.share, userID, role)
	if err != nil || added {
		return doing("grant a role", err)
	}
	has, err := tx.HasRole(ctx, userID, role)
	if err == nil && !has {
		err = accounts.ErrNotFound
	}
	return err
}

// RevokeRole implements [accounts.Tx].
func (tx *transaction) RevokeRole(ctx context.Context, userID, role string) error {
	if !findable(userID, role) {
		return accounts.ErrNotFound
	}
	return doing("revoke a role", tx.change(ctx, `DELETE FROM user_roles WHERE user_id = ? AND role = ?`, userID, role))
}

// RequireMember implements [accounts.Tx]. The lock is the row of the role: of two
// transactions that each take the last but one, the later sees what the earlier has
// done.
func (tx *transaction) RequireMember(ctx context.Context, role string) error {
	if !findable(role) {
		return nil
	}
	there, err := tx.exists(ctx, `SELECT 1 FROM roles WHERE name = ?`+tx.dialect.update, role)
	if err != nil || !there {
		return doing("look for the last member of a role", err)
	}
	has, err := tx.exists(ctx, `SELECT 1 FROM user_roles m JOIN users u ON u.id = m.user_id WHERE m.role = ? AND NOT u.inactive AND u.locked_at = 0 LIMIT 1`, role)
	if err == nil && !has {
		err = accounts.ErrLastMember
	}
	return doing("look for the last member of a role", err)
}
