package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

func roles(b *bench) {
	ctx := b.Context()
	r, err := b.store.RoleByName(ctx, "Writer")
	absent(b, "RoleByName", r, err)
	list, err := b.store.Roles(ctx)
	is(b, "Roles of an empty store", nil, list, err)

	b.write(func(ctx context.Context, tx accounts.Tx) error {
		return tx.CreateRole(ctx, &accounts.Role{Name: "Writer", Description: "writes — é", Permissions: []string{"entry:view", "entry:Edit", "entry:view", "entry:edit"}})
	})
	writer := accounts.Role{Name: "Writer", Description: "writes — é", Permissions: []string{"entry:Edit", "entry:edit", "entry:view"}}
	r, err = b.store.RoleByName(ctx, "Writer")
	is(b, "RoleByName", &writer, r, err)
	for _, name := range []string{"", "writer", "Write", "Writer ", "W%", "Write_"} {
		r, err := b.store.RoleByName(ctx, name)
		absent(b, "RoleByName "+name, r, err)
	}
	b.role("writer") // case counts
	b.role("Admin", "a")
	b.role("Éditeur")
	list, err = b.store.Roles(ctx)
	is(b, "Roles", []accounts.Role{{Name: "Admin", Permissions: []string{"a"}}, writer, {Name: "writer"}, {Name: "Éditeur"}}, list, err)

	b.refused("a role that is there", accounts.ErrRoleTaken, func(ctx context.Context, tx accounts.Tx) error {
		return tx.CreateRole(ctx, &accounts.Role{Name: "Writer", Permissions: []string{"other"}})
	})
	r, err = b.store.RoleByName(ctx, "Writer")
	is(b, "the role that is there", &writer, r, err)
	for what, role := range map[string]accounts.Role{"no name": {}, "a permission without a name": {Name: "a", Permissions: []string{""}}} {
		if b.try(func(ctx context.Context, tx accounts.Tx) error { return tx.CreateRole(ctx, &role) }) == nil {
			b.Errorf("a role can be added with %s", what)
		}
	}

	writer = accounts.Role{Name: "Writer", Description: "no", Permissions: []string{"b", "entry:view"}}
	for range 2 { // to set the same again is no error
		b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.SetRole(ctx, &writer) })
		r, err = b.store.RoleByName(ctx, "Writer")
		is(b, "SetRole", &writer, r, err)
	}
	b.refused("SetRole of none", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error {
		return tx.SetRole(ctx, &accounts.Role{Name: "Nobody", Permissions: []string{"a"}})
	})

	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.DeleteRole(ctx, "Writer") })
	r, err = b.store.RoleByName(ctx, "Writer")
	absent(b, "a deleted role", r, err)
	b.refused("DeleteRole of none", accounts.ErrNotFound, func(ctx context.Context, tx accounts.Tx) error { return tx.DeleteRole(ctx, "Writer") })
	b.role("Writer") // it can be made again, without what it had
	r, err = b.store.RoleByName(ctx, "Writer")
	is(b, "a role made anew", &accounts.Role{Name: "Writer"}, r, err)
}

func members(b *bench) {
	ctx := b.Context()
	b.role("Writer", "entry:edit", "shared")
	b.role("Admin", "user:edit", "shared")
	u, other := b.user(), b.user()
	expect := func(what string, u *accounts.User, names, permissions []string) {
		b.Helper()
		got, err := b.store.RolesOf(ctx, u.ID)
		is(b, what, names, got, err)
		var has []string
		for _, name := range []string{"Admin", "Writer", "writer", "Nobody", "", "%"} {
			is, err := b.store.HasRole(ctx, u.ID, name)
			if err != nil {
				b.Error(err)
			}
			if is {
				has = append(has, name)
			}
		}
		b.same(what+": HasRole", has, names)
		has = nil
		for _, name := range []string{"entry:edit", "shared", "user:edit", "Shared", "nothing", "", "%"} {
			may, err := b.store.HasPermission(ctx, u.ID, name)
			if err != nil {
				b.Error(err)
			}
			if may {
				has = append(has, name)
			}
		}
		b.same(what+": HasPermission", has, permissions)
	}
	expect("nobody", &accounts.User{ID: "nobody"}, nil, nil)
	expect("at first", u, nil, nil)
	for range 2 { // to grant again changes nothing
		b.grant(u, "Writer")
		expect("granted", u, []string{"Writer"}, []string{"entry:edit", "shared"})
	}
	b.grant(u, "Admin")
	expect("granted both", u, []string{"Admin", "Writer"}, []string{"entry:edit", "shared", "user:edit"})
	expect("the other", other, nil, nil)
	for what, f := range map[string]func(ctx context.Context, tx accounts.Tx) error{
		"GrantRole of no role":         func(ctx context.Context, tx accounts.Tx) error { return tx.GrantRole(ctx, u.ID, "writer") },
		"GrantRole to nobody":          func(ctx context.Context, tx accounts.Tx) error { return tx.GrantRole(ctx, "nobody", "Writer") },
		"RevokeRole of no role":        func(ctx context.Context, tx accounts.Tx) error { return tx.RevokeRole(ctx, u.ID, "writer") },
		"RevokeRole from nobody":       func(ctx context.Context, tx accounts.Tx) error { return tx.RevokeRole(ctx, "nobody", "Writer") },
		"RevokeRole that is not there": func(ctx context.Context, tx accounts.Tx) error { return tx.RevokeRole(ctx, other.ID, "Writer") },
	} {
		b.refused(what, accounts.ErrNotFound, f)
	}
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.RevokeRole(ctx, u.ID, "Writer") })
	expect("revoked", u, []string{"Admin"}, []string{"shared", "user:edit"})
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		return tx.SetRole(ctx, &accounts.Role{Name: "Admin", Permissions: []string{"entry:edit"}})
	})
	expect("permissions set", u, []string{"Admin"}, []string{"entry:edit"})
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.DeleteRole(ctx, "Admin") })
	expect("role deleted", u, nil, nil)
	b.role("Admin", "user:edit")
	expect("role made anew", u, nil, nil)
}

func lastMember(b *bench) {
	b.role("Admin")
	b.role("Empty")
	first, second := b.user(), b.user()
	b.grant(first, "Admin")
	b.grant(second, "Admin")
	removals := map[string]func(ctx context.Context, tx accounts.Tx, id string) error{
		"revoked": func(ctx context.Context, tx accounts.Tx, id string) error { return tx.RevokeRole(ctx, id, "Admin") },
		"deactivated": func(ctx context.Context, tx accounts.Tx, id string) error {
			return tx.SetActive(ctx, id, false, "", t0)
		},
		"deleted": func(ctx context.Context, tx accounts.Tx, id string) error { return tx.DeleteUser(ctx, id) },
	}
	before := b.image()
	undo := errors.New("undone")
	for what, remove := range removals {
		b.Run(what, func(t *testing.T) {
			b := &bench{T: t, store: b.store}
			b.refused("one of two", undo, func(ctx context.Context, tx accounts.Tx) error {
				if err := errors.Join(remove(ctx, tx, first.ID), tx.RequireMember(ctx, "Admin")); err != nil {
					return err
				}
				return undo
			})
			b.refused("both", accounts.ErrLastMember, func(ctx context.Context, tx accounts.Tx) error {
				if err := errors.Join(remove(ctx, tx, first.ID), remove(ctx, tx, second.ID)); err != nil {
					return err
				}
				return tx.RequireMember(ctx, "Admin")
			})
			b.same("the store", b.image(), before)
		})
	}
	b.refused("a role that nobody has", accounts.ErrLastMember, func(ctx context.Context, tx accounts.Tx) error { return tx.RequireMember(ctx, "Empty") })
	b.write(func(ctx context.Context, tx accounts.Tx) error { return tx.RequireMember(ctx, "Nobody") })
	// Who is inactive or locked can't help; who has to wait can, later.
	b.write(func(ctx context.Context, tx accounts.Tx) error {
		return errors.Join(tx.SetDelay(ctx, first.ID, t0.Add(time.Hour), t0), tx.SetActive(ctx, second.ID, false, "", t0), tx.RequireMember(ctx, "Admin"))
	})
	b.refused("only who is inactive", accounts.ErrLastMember, func(ctx context.Context, tx accounts.Tx) error {
		if err := tx.RevokeRole(ctx, first.ID, "Admin"); err != nil {
			return fmt.Errorf("revoke: %w", err)
		}
		return tx.RequireMember(ctx, "Admin")
	})
	b.refused("only who is locked", accounts.ErrLastMember, func(ctx context.Context, tx accounts.Tx) error {
		if err := tx.SetLock(ctx, first.ID, t0, "", t0); err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		return tx.RequireMember(ctx, "Admin")
	})
}
