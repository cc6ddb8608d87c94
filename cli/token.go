package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
)

type tokens struct {
	Create createToken `cmd:"" help:"Make a token for a user."`
	Check  checkToken  `cmd:"" help:"Check a token, from standard input or the terminal."`
}

type createToken struct {
	Login string        `arg:"" help:"Whose token it is. Nobody asks whether there is such a user."`
	Delay time.Duration `placeholder:"10m" help:"For how long it is valid (default FSA_TOKEN_DELAY; at most FSA_TOKEN_MAX_DELAY)."`
	Realm string        `help:"Where it is valid (default FSA_REALM)."`
	Scope []string      `help:"What may be done with it; of a JWT."`
}

// Run prints a token.
func (t *createToken) Run(ctx context.Context, c *Call) error {
	if _, err := c.App.Check(); err != nil {
		return err
	}
	if !hasTokenKey(c.App) {
		return withHint(errors.New("no token secret is set, so that a token would be good in this process alone"),
			"set FSA_TOKEN_SECRET, also for the application that is to take it; make one by: head -c 48 /dev/urandom | base64 -w0")
	}
	text, err := c.App.CreateToken(ctx, t.Login, fsa.TokenOptions{Realm: t.Realm, Delay: t.Delay, Scopes: t.Scope})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Stdout, text)
	return err
}

// hasTokenKey reports whether tokens are signed by what other processes know, too, or
// not at all.
func hasTokenKey(app *fsa.App) bool {
	return slices.ContainsFunc(app.Directives(), func(d fsa.DirectiveInfo) bool {
		switch d.Name {
		case "FSA_TOKEN_SECRET", "FSA_TOKEN_SIGN":
			return d.Value != nil
		case "FSA_TOKEN_TYPE":
			return d.Value == "none"
		}
		return false
	})
}

type checkToken struct {
	Output
	readsSecret
	Realm string `help:"Where it should be valid (default FSA_REALM)."`
}

// claimsRow is what a token says, as it is printed.
type claimsRow struct {
	Login   string     `json:"login"`
	Realm   string     `json:"realm"`
	Issuer  string     `json:"issuer,omitempty"`
	Scopes  []string   `json:"scopes,omitempty"`
	ID      string     `json:"id,omitempty"`
	Made    *time.Time `json:"made,omitempty"`
	Expires time.Time  `json:"expires"`
}

// Run tells what a good token says. A bad one is a failure.
func (t *checkToken) Run(ctx context.Context, c *Call) error {
	if _, err := c.App.Check(); err != nil {
		return err
	}
	raw, err := c.secret(ctx, "Token: ")
	if err != nil {
		return err
	}
	claims, err := c.App.CheckToken(ctx, raw, t.Realm)
	if err != nil {
		return fmt.Errorf("the token is not good: %w", err)
	}
	row := claimsRow{Login: claims.Login, Realm: claims.Realm, Issuer: claims.Issuer, Scopes: claims.Scopes, ID: claims.ID, Expires: claims.Expires}
	if !claims.IssuedAt.IsZero() {
		row.Made = &claims.IssuedAt
	}
	return PrintOne(c.Stdout, t.Output, row,
		Column[claimsRow]{"login", func(r claimsRow) string { return r.Login }},
		Column[claimsRow]{"realm", func(r claimsRow) string { return r.Realm }},
		Column[claimsRow]{"issuer", func(r claimsRow) string { return r.Issuer }},
		Column[claimsRow]{"scopes", func(r claimsRow) string { return strings.Join(r.Scopes, " ") }},
		Column[claimsRow]{"made", func(r claimsRow) string {
			if r.Made == nil {
				return ""
			}
			return r.Made.Format(time.RFC3339)
		}},
		Column[claimsRow]{"expires", func(r claimsRow) string { return r.Expires.Format(time.RFC3339) }})
}
