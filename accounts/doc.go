// Package accounts gives an application users: pages and JSON for log-in, log-out,
// registration, confirmed addresses, recovery, changed passwords and lists of sessions;
// roles with permissions; and the store, the mails and the audit trail behind them.
//
//	db, err := sql.Open("sqlite", "file:app.db?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)")
//	…
//	store, err := sqlstore.New(ctx, db, sqlstore.SQLite)
//	…
//	app := fsa.New("acme", accounts.Defaults(cfg))
//	acc := accounts.New(app, store, accounts.Options{
//		Registerable: true,
//		Roles:        []accounts.Role{{Name: "Writer", Permissions: []string{"entry:create"}}},
//	})
//
//	fsa.Get(app, "/", authz.Auth(), home)
//	fsa.Post(app, "/entry", authz.Permission("entry:create"), newEntry)
//	fsa.Post(app, "/wipe", authz.All(authz.Group("Writer"), authz.Fresh(10*time.Minute)), wipe)
//
// # Who is calling
//
// The login of a user, in fsa.CurrentUser, in hooks and in tokens, is the ID of the
// account. An e-mail address, or a user name, only says at a log-in whose password is
// tried; so what an address gives access to does not go along when it passes to
// somebody else. A handler that wants to know more has a parameter of type *[User]; one
// that keeps something with the log-in, of type *[fsa.Session].
//
// authz.Group asks for the roles of a user, authz.Permission for the permissions of
// these roles, and authz.Fresh for when they last proved who they are; who has not for
// too long is sent to /verify, and back. Who owns an object is the application's own
// to say, by fsa.ObjectPerms.
//
// # The way in
//
// All ways in end at one place, whichever scheme has found who is calling: the log-in
// form or its JSON, Basic, parameters, tokens, sessions. There it is asked whether the
// account is active, confirmed, locked, or has to wait ([Decision]); on each
// request, so that a user who is kept out is out at once. Wrong passwords are slowed
// down by the application's FSA_LOGIN_THROTTLE, for each account and each network;
// a browser from which the user has logged in before, and a link that was mailed,
// are let through.
//
// # Pages
//
// Each page has a JSON twin at the same URL: it is what a client gets that sends or
// prefers JSON,
//
//	{"meta":{"code":200},"response":{…}}
//	{"meta":{"code":400},"response":{"errors":["…"],"field_errors":{"email":["…"]}}}
//
// Pages need no script, load nothing from other hosts, and can be changed one by one:
// their colours, their words in several languages, their templates ([Look]). What is
// switched off has no route.
//
// # What is stored
//
// Passwords as hashes, by the application's FSA_PASSWORD_SCHEME; the secrets of sessions,
// of links and of browsers as SHA-256 hashes of 256 random bits; mails that wait to be
// sent encrypted by FSA_ACCOUNTS_SECRET. A change that consists of several is one
// transaction of the [Store], with the mails and the events that tell of it.
package accounts
