package accounts

import (
	"context"

	"github.com/fastsimpleauth/fsa"
)

// getAccount shows who is calling what there is of them, and what they can do.
func (a *Accounts) getAccount(ctx context.Context, in pageIn) (fsa.Response, error) {
	u, err := a.Current(ctx)
	if err != nil {
		return fsa.Response{}, err
	}
	roles, err := a.store.RolesOf(ctx, u.ID)
	if err != nil {
		return fsa.Response{}, err
	}
	if wantsJSON(in.R) {
		return success(map[string]any{"user": map[string]any{"id": u.ID, "email": u.Email, "username": u.Username, "name": u.Name,
			"confirmed": u.Confirmed(), "since": u.CreatedAt, "roles": roles}}), nil
	}
	page := &accountPage{Called: u.Called(), Email: u.Email, Username: u.Username, Confirmed: u.Confirmed(), Since: u.CreatedAt, Roles: roles}
	link := func(path, key string) {
		page.Links = append(page.Links, accountLink{path, message{key: key}, message{key: key + ".hint"}})
	}
	if !a.opts.NoChange {
		link(a.opts.Paths.Change, "account.change")
	}
	link(a.opts.Paths.Sessions, "account.sessions")
	return a.pages.answer(in.R, &view{page: "account", data: page, banner: banner(in.Done)})
}
