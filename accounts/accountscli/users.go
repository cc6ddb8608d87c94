package accountscli

import (
	"context"
	"fmt"
	"strings"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/cli"
)

type users struct {
	Create      createUser     `cmd:"" help:"Add a user, and print the link by which they set a password."`
	List        listUsers      `cmd:"" help:"List users."`
	Show        showUser       `cmd:"" help:"Show one user."`
	Activate    activateUser   `cmd:"" help:"Let a user in again who was deactivated."`
	Deactivate  deactivateUser `cmd:"" help:"Keep a user out, and end all that they have."`
	Lock        lockUser       `cmd:"" help:"Keep a user out until they recover the account by mail, or it is unlocked."`
	Unlock      unlockUser     `cmd:"" help:"Open an account that is locked or has to wait."`
	ResetAccess resetAccess    `cmd:"" help:"Print a link by which a user sets a new password."`
	Delete      deleteUser     `cmd:"" help:"Remove a user for good."`
}

// link is what creating a user, or resetting their access, prints.
type link struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Link  string `json:"link"`
}

var linkColumns = []cli.Column[link]{
	{Title: "ID", Text: func(l link) string { return l.ID }},
	{Title: "EMAIL", Text: func(l link) string { return l.Email }},
	{Title: "LINK", Text: func(l link) string { return l.Link }},
}

type createUser struct {
	cli.Output
	Email    string   `arg:"" help:"The user's e-mail address."`
	Username string   `help:"A name to log in with."`
	Name     string   `help:"What to call the user."`
	Role     []string `help:"A role; may be given several times."`
	at       *at
}

func (c *createUser) Run(ctx context.Context, call *cli.Call) error {
	acc, err := c.at.accounts(call)
	if err != nil {
		return err
	}
	u, err := acc.CreateUser(ctx, accounts.NewUser{Email: c.Email, Username: c.Username, Name: c.Name, Roles: c.Role}, by)
	if err != nil {
		return told(err, strings.Join(c.Role, ", "))
	}
	return c.at.printLink(ctx, call, acc, u, c.Output)
}

// printLink starts a recovery, and prints its link.
func (a *at) printLink(ctx context.Context, call *cli.Call, acc *accounts.Accounts, u *accounts.User, o cli.Output) error {
	url, err := acc.ResetAccess(ctx, u.ID, by)
	if err != nil {
		return err
	}
	fmt.Fprintln(call.Stderr, "The link is a secret. It works once, and for a short time: hand it to the user in a safe way.")
	if call.App.BaseURL() == nil {
		fmt.Fprintln(call.Stderr, "Its host and port are guessed, since FSA_BASE_URL is not set.")
	}
	return cli.PrintOne(call.Stdout, o, link{u.ID, u.Email, url}, linkColumns...)
}

type listUsers struct {
	cli.Output
	Search string `help:"Part of an address or a name."`
	Role   string `help:"Of this role only."`
	Limit  int    `default:"1000" help:"At most so many."`
	at     *at
}

func (c *listUsers) Run(ctx context.Context, call *cli.Call) error {
	acc, err := c.at.accounts(call)
	if err != nil {
		return err
	}
	if c.Limit < 1 {
		return cli.Usagef("--limit is %d, and should be 1 or more", c.Limit)
	}
	found, err := acc.Store().Users(ctx, accounts.UserQuery{Search: c.Search, Role: c.Role, Limit: c.Limit})
	if err != nil {
		return err
	}
	list := make([]person, len(found))
	for i := range found {
		if list[i], err = personOf(ctx, acc, &found[i]); err != nil {
			return err
		}
	}
	return cli.Print(call.Stdout, c.Output, list, personColumns...)
}

type showUser struct {
	cli.Output
	User string `arg:"" help:"E-mail address, user name or ID."`
	at   *at
}

func (c *showUser) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	p, err := personOf(ctx, acc, u)
	if err != nil {
		return err
	}
	return cli.PrintOne(call.Stdout, c.Output, p, personColumns...)
}

type activateUser struct {
	User string `arg:"" help:"E-mail address, user name or ID."`
	at   *at
}

func (c *activateUser) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	return done(call, acc.Activate(ctx, u.ID, by), "%s can log in again", u.Email)
}

type deactivateUser struct {
	User   string `arg:"" help:"E-mail address, user name or ID."`
	Reason string `required:"" help:"Why, for the audit trail."`
	at     *at
}

func (c *deactivateUser) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	return done(call, acc.Deactivate(ctx, u.ID, c.Reason, by), "%s is out, and all sessions have ended", u.Email)
}

type lockUser struct {
	User   string `arg:"" help:"E-mail address, user name or ID."`
	Reason string `required:"" help:"Why, for the audit trail."`
	at     *at
}

func (c *lockUser) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	return done(call, acc.Lock(ctx, u.ID, c.Reason, by), "%s is locked, and all sessions have ended", u.Email)
}

type unlockUser struct {
	User string `arg:"" help:"E-mail address, user name or ID."`
	at   *at
}

func (c *unlockUser) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	return done(call, acc.Unlock(ctx, u.ID, by), "%s is unlocked", u.Email)
}

type resetAccess struct {
	cli.Output
	User string `arg:"" help:"E-mail address, user name or ID."`
	at   *at
}

func (c *resetAccess) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	return c.at.printLink(ctx, call, acc, u, c.Output)
}

type deleteUser struct {
	User string `arg:"" help:"E-mail address, user name or ID."`
	Yes  bool   `help:"Do it: there is no way back."`
	at   *at
}

func (c *deleteUser) Run(ctx context.Context, call *cli.Call) error {
	if !c.Yes {
		return cli.Usagef("to remove a user for good, say so with --yes; deactivate can be taken back")
	}
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	return done(call, acc.DeleteUser(ctx, u.ID, by), "%s is removed", u.Email)
}

// done tells that something is done, or why not.
func done(call *cli.Call, err error, format string, args ...any) error {
	if err != nil {
		return told(err, "")
	}
	_, err = fmt.Fprintln(call.Stdout, cli.Clean(fmt.Sprintf(format, args...)))
	return err
}
