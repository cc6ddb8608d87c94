package fsa_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// tokensOnly is a configuration for examples.
func tokensOnly() fsa.Config {
	return fsa.Config{
		Auth:        []string{"token", "none"},
		TokenSecret: []fsa.Secret{"a secret of at least 32 bytes, from a file"},
		Logger:      slog.New(slog.DiscardHandler),
	}
}

// The routes of a prefix demand what it demands, besides their own rules. One that
// is laxer is a fault.
func ExampleAtLeast() {
	app := fsa.New("acme", tokensOnly())
	member := func(groups ...string) func(context.Context, string) (bool, error) {
		return func(_ context.Context, login string) (bool, error) {
			for _, g := range groups {
				if g == login {
					return true, nil
				}
			}
			return false, nil
		}
	}
	app.GroupCheck("admin", member("susie", "calvin"))
	app.GroupCheck("supervisor", member("susie", "moe"))
	admin := app.Prefix("/admin", fsa.AtLeast(authz.Group("admin")))
	fsa.Get(admin, "/report", authz.Group("supervisor"), func(context.Context, fsa.None) (string, error) { return "report", nil })
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, login := range []string{"susie", "calvin", "moe"} {
		token, _ := app.CreateToken(context.Background(), login, fsa.TokenOptions{})
		fmt.Print(login, ": ")
		call(h, "GET", "/admin/report", "", "Authorization", "Bearer "+token)
	}
	// Output:
	// susie: GET /admin/report: 200 report
	// calvin: GET /admin/report: 403 not in group "supervisor"
	// moe: GET /admin/report: 403 not in group "admin"
}

// What a hook has said is kept for a while. Whoever changes the data says so, and
// the next request asks again.
func ExampleApp_GroupUncache() {
	app := fsa.New("acme", tokensOnly())
	staff := map[string]bool{"susie": true}
	app.GroupCheck("staff", func(_ context.Context, login string) (bool, error) { return staff[login], nil })
	fsa.Get(app, "/lounge", authz.Group("staff"), func(context.Context, fsa.None) (string, error) { return "come in", nil })
	h, _ := app.Handler()
	ctx := context.Background()
	susie, _ := app.CreateToken(ctx, "susie", fsa.TokenOptions{})
	call(h, "GET", "/lounge", "", "Authorization", "Bearer "+susie)
	delete(staff, "susie")
	call(h, "GET", "/lounge", "", "Authorization", "Bearer "+susie) // for FSA_CACHE_OPTS' time to live
	app.GroupUncache(ctx, "susie", "staff")
	call(h, "GET", "/lounge", "", "Authorization", "Bearer "+susie)
	// Output:
	// GET /lounge: 200 come in
	// GET /lounge: 200 come in
	// GET /lounge: 403 not in group "staff"
}

// A token says who somebody was when it was made. Whether they may still come in is
// asked on every request.
func ExampleApp_Admit() {
	app := fsa.New("acme", tokensOnly())
	disabled := map[string]bool{}
	app.Admit(func(_ context.Context, id fsa.Identity) error {
		if disabled[id.Login] {
			return fsa.Errorf(403, "this account is disabled")
		}
		return nil
	})
	fsa.Get(app, "/me", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) { return fsa.User(ctx), nil })
	h, _ := app.Handler()
	moe, _ := app.CreateToken(context.Background(), "moe", fsa.TokenOptions{})
	call(h, "GET", "/me", "", "Authorization", "Bearer "+moe)
	disabled["moe"] = true
	call(h, "GET", "/me", "", "Authorization", "Bearer "+moe)
	// Output:
	// GET /me: 200 moe
	// GET /me: 403 this account is disabled
}

// Several parameters may name an object. The id has a field for each, named as they
// are.
func ExampleObjectPerms_several() {
	app := fsa.New("acme", tokensOnly())
	type Cell struct{ Row, Column int }
	owners := map[Cell]string{{1, 2}: "susie", {2, 1}: "calvin"}
	fsa.ObjectPerms(app, "cell", func(_ context.Context, login string, id Cell, mode string) (bool, error) {
		owner, there := owners[id]
		if !there {
			return false, fsa.ErrNoSuchObject
		}
		return owner == login, nil
	})
	fsa.Get(app, "/sheet/{row}/{column}", authz.Object("cell", "row:column", "read"),
		func(_ context.Context, in struct{ Row, Column int }) (string, error) { return fmt.Sprint(in), nil })
	h, _ := app.Handler()
	susie, _ := app.CreateToken(context.Background(), "susie", fsa.TokenOptions{})
	for _, path := range []string{"/sheet/1/2", "/sheet/2/1", "/sheet/3/3"} {
		call(h, "GET", path, "", "Authorization", "Bearer "+susie)
	}
	// Output:
	// GET /sheet/1/2: 200 {1 2}
	// GET /sheet/2/1: 403 permission denied on cell
	// GET /sheet/3/3: 404 object not found
}

// Permissions are what roles allow: the application knows who has which role.
func ExampleApp_UserHasPermission() {
	app := fsa.New("acme", tokensOnly())
	allows := map[string][]string{"writer": {"entry:edit"}, "admin": {"entry:edit", "entry:delete"}}
	role := map[string]string{"susie": "admin", "calvin": "writer"}
	app.UserHasPermission(func(_ context.Context, login, permission string) (bool, error) {
		return slices.Contains(allows[role[login]], permission), nil
	})
	fsa.Delete(app, "/entry/{id}", authz.Permission("entry:delete"), func(context.Context, struct{ ID int }) (string, error) {
		return "deleted", nil
	})
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, login := range []string{"susie", "calvin"} {
		token, _ := app.CreateToken(context.Background(), login, fsa.TokenOptions{})
		fmt.Print(login, ": ")
		call(h, "DELETE", "/entry/7", "", "Authorization", "Bearer "+token)
	}
	// Output:
	// susie: DELETE /entry/7: 200 deleted
	// calvin: DELETE /entry/7: 403 missing permission "entry:delete"
}

// Who logged in too long ago, or with too few factors, need only log in again: a
// program is told so by reauth_required, and by the challenge of RFC 9470.
func ExampleErrReauthenticate() {
	cfg := tokensOnly()
	cfg.TokenType, cfg.ErrorResponse = "jwt", "json:error"
	app := fsa.New("acme", cfg)
	fsa.Delete(app, "/account", authz.All(authz.Fresh(10*time.Minute), authz.Factors(2)), func(context.Context, fsa.None) (string, error) {
		return "closed", nil
	})
	fsa.Post(app, "/gift", authz.Auth(), func(_ context.Context, in struct{ Amount int }) (string, error) {
		if in.Amount > 100 {
			return "", fsa.ErrReauthenticate // for such an amount
		}
		return "given", nil
	})
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Now()
	for _, login := range []fsa.TokenOptions{
		{AuthTime: now, Factors: []string{"pwd", "otp"}},
		{AuthTime: now, Factors: []string{"pwd"}},
		{AuthTime: now.Add(-time.Hour), Factors: []string{"pwd", "otp"}},
	} {
		token, _ := app.CreateToken(context.Background(), "calvin", login)
		call(h, "DELETE", "/account", "", "Authorization", "Bearer "+token)
	}
	token, _ := app.CreateToken(context.Background(), "calvin", fsa.TokenOptions{})
	call(h, "POST", "/gift?amount=500", "", "Authorization", "Bearer "+token)
	// Output:
	// DELETE /account: 200 closed
	// DELETE /account: 401 {"error":"a log-in with 2 factors is required","reauth_required":true}
	// DELETE /account: 401 {"error":"a fresh log-in is required","reauth_required":true}
	// POST /gift?amount=500: 401 {"error":"another log-in is required","reauth_required":true}
}
