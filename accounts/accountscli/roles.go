package accountscli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/cli"
)

type roles struct {
	Create createRole `cmd:"" help:"Add a role."`
	List   listRoles  `cmd:"" help:"List roles and their permissions."`
	Grant  grantRole  `cmd:"" help:"Give a user a role, and end their sessions."`
	Revoke revokeRole `cmd:"" help:"Take a role from a user, and end their sessions."`
	Permit permitRole `cmd:"" help:"Add permissions to a role."`
	Forbid forbidRole `cmd:"" help:"Take permissions from a role."`
}

type createRole struct {
	Role        string   `arg:"" help:"Its name, as authz.Group has it."`
	Description string   `help:"What it is for."`
	Permission  []string `help:"What it permits; may be given several times."`
	at          *at
}

func (c *createRole) Run(ctx context.Context, call *cli.Call) error {
	acc, err := c.at.accounts(call)
	if err != nil {
		return err
	}
	switch _, err := acc.Store().RoleByName(ctx, c.Role); {
	case err == nil:
		return told(accounts.ErrRoleTaken, c.Role)
	case !errors.Is(err, accounts.ErrNotFound):
		return err
	}
	return done(call, acc.SaveRole(ctx, accounts.Role{Name: c.Role, Description: c.Description, Permissions: sorted(c.Permission)}, by), "the role %s is there", c.Role)
}

// sorted gives permissions as a role has them.
func sorted(permissions []string) []string {
	s := slices.Sorted(slices.Values(permissions))
	return slices.Compact(s)
}

type listRoles struct {
	cli.Output
	at *at
}

// roleLine is a role as commands print it.
type roleLine struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Permissions []string `json:"permissions"`
}

func (c *listRoles) Run(ctx context.Context, call *cli.Call) error {
	acc, err := c.at.accounts(call)
	if err != nil {
		return err
	}
	all, err := acc.Store().Roles(ctx)
	if err != nil {
		return err
	}
	lines := make([]roleLine, len(all))
	for i, r := range all {
		lines[i] = roleLine{r.Name, r.Description, append([]string{}, r.Permissions...)}
	}
	return cli.Print(call.Stdout, c.Output, lines,
		cli.Column[roleLine]{Title: "ROLE", Text: func(r roleLine) string { return r.Name }},
		cli.Column[roleLine]{Title: "DESCRIPTION", Text: func(r roleLine) string { return r.Description }},
		cli.Column[roleLine]{Title: "PERMISSIONS", Text: func(r roleLine) string { return strings.Join(r.Permissions, ", ") }})
}

type grantRole struct {
	User string `arg:"" help:"E-mail address, user name or ID."`
	Role string `arg:""`
	at   *at
}

func (c *grantRole) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	return done(call, told(acc.Grant(ctx, u.ID, c.Role, by), c.Role), "%s is %s", u.Email, c.Role)
}

type revokeRole struct {
	User string `arg:"" help:"E-mail address, user name or ID."`
	Role string `arg:""`
	at   *at
}

func (c *revokeRole) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	return done(call, told(acc.Revoke(ctx, u.ID, c.Role, by), c.Role), "%s is no longer %s", u.Email, c.Role)
}

type permitRole struct {
	Role       string   `arg:""`
	Permission []string `arg:"" help:"Such as entry:edit."`
	at         *at
}

func (c *permitRole) Run(ctx context.Context, call *cli.Call) error {
	return c.at.change(ctx, call, c.Role, func(had []string) []string { return append(had, c.Permission...) })
}

type forbidRole struct {
	Role       string   `arg:""`
	Permission []string `arg:"" help:"Such as entry:edit."`
	at         *at
}

func (c *forbidRole) Run(ctx context.Context, call *cli.Call) error {
	return c.at.change(ctx, call, c.Role, func(had []string) []string {
		return slices.DeleteFunc(had, func(p string) bool { return slices.Contains(c.Permission, p) })
	})
}

// change changes what a role permits.
func (a *at) change(ctx context.Context, call *cli.Call, name string, change func([]string) []string) error {
	acc, err := a.accounts(call)
	if err != nil {
		return err
	}
	r, err := acc.Store().RoleByName(ctx, name)
	if err != nil {
		return told(err, name)
	}
	r.Permissions = sorted(change(slices.Clone(r.Permissions)))
	return done(call, acc.SaveRole(ctx, *r, by), "%s permits: %s", name, strings.Join(r.Permissions, ", "))
}
