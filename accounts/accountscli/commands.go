package accountscli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/cli"
)

// Commands gives the groups users, roles, sessions and audit. of gives the accounts of
// the application that [cli.Program].New has made; it is called when a command runs.
func Commands(of func() *accounts.Accounts) []cli.Command {
	at := &at{of}
	return []cli.Command{
		{Name: "users", Help: "Add, list, lock and remove users.", Struct: &users{
			Create: createUser{at: at}, List: listUsers{at: at}, Show: showUser{at: at}, Activate: activateUser{at: at}, Deactivate: deactivateUser{at: at},
			Lock: lockUser{at: at}, Unlock: unlockUser{at: at}, ResetAccess: resetAccess{at: at}, Delete: deleteUser{at: at},
		}},
		{Name: "roles", Help: "Say what users may do.", Struct: &roles{
			Create: createRole{at: at}, List: listRoles{at: at}, Grant: grantRole{at: at}, Revoke: revokeRole{at: at}, Permit: permitRole{at: at}, Forbid: forbidRole{at: at},
		}},
		{Name: "sessions", Help: "List and end log-in sessions.", Struct: &sessions{List: listSessions{at: at}, Revoke: revokeSessions{at: at}}},
		{Name: "audit", Help: "Read the audit trail.", Struct: &audit{Tail: tailAudit{at: at}}},
	}
}

// at is where the accounts are.
type at struct{ of func() *accounts.Accounts }

// by is who acts.
var by = accounts.Actor{Way: "cli"}

// accounts gives the accounts, once the application is known to have no faults.
func (a *at) accounts(call *cli.Call) (*accounts.Accounts, error) {
	if _, err := call.App.Handler(); err != nil {
		return nil, err
	}
	acc := a.of()
	if acc == nil {
		return nil, errors.New("the program has made no accounts")
	}
	return acc, nil
}

// user finds the user whom somebody has named.
func (a *at) user(ctx context.Context, call *cli.Call, identity string) (*accounts.Accounts, *accounts.User, error) {
	acc, err := a.accounts(call)
	if err != nil {
		return nil, nil, err
	}
	u, err := acc.FindUser(ctx, identity)
	if errors.Is(err, fsa.ErrNoSuchUser) {
		return nil, nil, cli.Hint(fmt.Errorf("there is no user %q", identity), "users are named by an e-mail address, a user name or an ID; those that there are: users list")
	}
	return acc, u, err
}

// told gives errors of accounts the words and the hints of a command.
func told(err error, role string) error {
	switch {
	case errors.Is(err, accounts.ErrLastMember):
		return cli.Hint(errors.New("nobody would be left to administer the application"), "give the role to somebody else first: roles grant USER ROLE")
	case errors.Is(err, accounts.ErrEmailTaken):
		return cli.Hint(errors.New("there is a user with this address already"), "see who: users show ADDRESS")
	case errors.Is(err, accounts.ErrUsernameTaken):
		return errors.New("there is a user with this name already")
	case errors.Is(err, accounts.ErrRoleTaken):
		return cli.Hint(fmt.Errorf("there is a role %q already", role), "change what it permits: roles permit, roles forbid")
	case errors.Is(err, accounts.ErrNotFound) && role != "":
		return cli.Hint(fmt.Errorf("there is no role %q, or the user does not have it", role), "those that there are: roles list")
	}
	return err
}

// person is a user as commands print them.
type person struct {
	ID        string     `json:"id"`
	Email     string     `json:"email"`
	Username  string     `json:"username,omitempty"`
	Name      string     `json:"name,omitempty"`
	State     string     `json:"state"`
	Reason    string     `json:"reason,omitempty"`
	Until     *time.Time `json:"until,omitempty"`
	Roles     []string   `json:"roles"`
	Created   time.Time  `json:"created"`
	LastLogin *time.Time `json:"last_login,omitempty"`
}

// personOf describes a user.
func personOf(ctx context.Context, acc *accounts.Accounts, u *accounts.User) (person, error) {
	roles, err := acc.Store().RolesOf(ctx, u.ID)
	p := person{ID: u.ID, Email: u.Email, Username: u.Username, Name: u.Name, Roles: roles, Created: u.CreatedAt}
	if p.Roles == nil {
		p.Roles = []string{}
	}
	if !u.LastLoginAt.IsZero() {
		p.LastLogin = &u.LastLoginAt
	}
	switch {
	case u.Inactive:
		p.State, p.Reason = "inactive", u.InactiveReason
	case !u.LockedAt.IsZero():
		p.State, p.Reason = "locked", u.LockReason
	case u.DelayedUntil.After(time.Now()):
		p.State, p.Until = "delayed", &u.DelayedUntil
	case !u.Confirmed():
		p.State = "unconfirmed"
	default:
		p.State = "active"
	}
	return p, err
}

var personColumns = []cli.Column[person]{
	{Title: "ID", Text: func(p person) string { return p.ID }},
	{Title: "EMAIL", Text: func(p person) string { return p.Email }},
	{Title: "NAME", Text: func(p person) string { return strings.TrimSpace(p.Username + " " + p.Name) }},
	{Title: "STATE", Text: func(p person) string {
		if p.Reason != "" {
			return p.State + " (" + p.Reason + ")"
		}
		return p.State
	}},
	{Title: "ROLES", Text: func(p person) string { return strings.Join(p.Roles, ", ") }},
	{Title: "LAST LOG-IN", Text: func(p person) string { return when(p.LastLogin) }},
}

// when writes a time, "never" for none.
func when(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.DateTime)
}
