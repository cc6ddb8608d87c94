package accountscli

import (
	"context"
	"time"

	"github.com/fastsimpleauth/fsa/cli"
)

type sessions struct {
	List   listSessions   `cmd:"" help:"List the sessions of a user."`
	Revoke revokeSessions `cmd:"" help:"End all sessions of a user, and their tokens."`
}

type listSessions struct {
	cli.Output
	User string `arg:"" help:"E-mail address, user name or ID."`
	at   *at
}

// sessionLine is a session as commands print it.
type sessionLine struct {
	ID      string    `json:"id"`
	Agent   string    `json:"agent"`
	Address string    `json:"address"`
	Since   time.Time `json:"since"`
	Seen    time.Time `json:"seen"`
	Expires time.Time `json:"expires"`
}

func (c *listSessions) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	all, err := acc.Store().SessionsOf(ctx, u.ID, time.Now())
	if err != nil {
		return err
	}
	lines := make([]sessionLine, len(all))
	for i, s := range all {
		lines[i] = sessionLine{s.ID, s.Agent, s.Address, s.CreatedAt, s.SeenAt, s.ExpiresAt}
	}
	return cli.Print(call.Stdout, c.Output, lines,
		cli.Column[sessionLine]{Title: "ID", Text: func(s sessionLine) string { return s.ID }},
		cli.Column[sessionLine]{Title: "SEEN", Text: func(s sessionLine) string { return when(&s.Seen) }},
		cli.Column[sessionLine]{Title: "SINCE", Text: func(s sessionLine) string { return when(&s.Since) }},
		cli.Column[sessionLine]{Title: "ADDRESS", Text: func(s sessionLine) string { return s.Address }},
		cli.Column[sessionLine]{Title: "AGENT", Text: func(s sessionLine) string { return s.Agent }})
}

type revokeSessions struct {
	User string `arg:"" help:"E-mail address, user name or ID."`
	at   *at
}

func (c *revokeSessions) Run(ctx context.Context, call *cli.Call) error {
	acc, u, err := c.at.user(ctx, call, c.User)
	if err != nil {
		return err
	}
	n, err := acc.EndSessions(ctx, u.ID, by)
	return done(call, err, "%d sessions of %s have ended", n, u.Email)
}
