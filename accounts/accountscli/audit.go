package accountscli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/cli"
)

type audit struct {
	Tail tailAudit `cmd:"" help:"Print the latest events, the newest last."`
}

type tailAudit struct {
	cli.Output
	Lines int    `short:"n" default:"50" help:"At most so many."`
	User  string `help:"Of this user only: e-mail address, user name or ID."`
	Kind  string `help:"Of this kind only, such as login-failed."`
	at    *at
}

// eventLine is an event as commands print it.
type eventLine struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	User    string    `json:"user,omitempty"`
	Actor   string    `json:"actor,omitempty"`
	Way     string    `json:"way,omitempty"`
	Address string    `json:"address,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

func (c *tailAudit) Run(ctx context.Context, call *cli.Call) error {
	acc, err := c.at.accounts(call)
	if err != nil {
		return err
	}
	if c.Lines < 1 {
		return cli.Usagef("-n is %d, and should be 1 or more", c.Lines)
	}
	q := accounts.EventQuery{Kind: c.Kind, Limit: c.Lines}
	if c.User != "" {
		_, u, err := c.at.user(ctx, call, c.User)
		if err != nil {
			return err
		}
		q.UserID = u.ID
	}
	events, err := acc.Store().Events(ctx, q)
	if err != nil {
		return err
	}
	slices.Reverse(events)
	names := map[string]string{"": ""}
	lines := make([]eventLine, len(events))
	for i, e := range events {
		lines[i] = eventLine{e.ID, e.At.UTC(), e.Kind, e.UserID, e.ActorID, e.Way, e.Address, e.Detail}
		for _, id := range []string{e.UserID, e.ActorID} {
			if _, ok := names[id]; ok {
				continue
			}
			names[id] = id
			u, err := acc.Store().UserByID(ctx, id)
			if err == nil {
				names[id] = u.Email
			} else if !errors.Is(err, accounts.ErrNotFound) {
				return err
			}
		}
	}
	return cli.Print(call.Stdout, c.Output, lines,
		cli.Column[eventLine]{Title: "AT", Text: func(e eventLine) string { return when(&e.At) }},
		cli.Column[eventLine]{Title: "KIND", Text: func(e eventLine) string { return e.Kind }},
		cli.Column[eventLine]{Title: "USER", Text: func(e eventLine) string { return names[e.User] }},
		cli.Column[eventLine]{Title: "BY", Text: func(e eventLine) string { return names[e.Actor] }},
		cli.Column[eventLine]{Title: "WAY", Text: func(e eventLine) string { return e.Way }},
		cli.Column[eventLine]{Title: "ADDRESS", Text: func(e eventLine) string { return e.Address }},
		cli.Column[eventLine]{Title: "DETAIL", Text: func(e eventLine) string { return e.Detail }})
}
