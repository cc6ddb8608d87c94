// Package accountscli adds commands about accounts to an application's program:
//
//	app users create calvin@example.com --role Writer   # prints a link, once
//	app users list --search calvin
//	app users show calvin@example.com
//	app users lock calvin@example.com --reason "phone stolen"
//	app users reset-access calvin@example.com           # prints a link, once
//	app roles permit Writer entry:create entry:edit
//	app roles grant calvin@example.com Writer
//	app sessions list calvin@example.com
//	app sessions revoke calvin@example.com
//	app audit tail
//
// Users are named by an e-mail address, a user name or an ID. Nobody picks another's
// password: who is new, or has lost theirs, gets a link by which they set one. Each
// command prints a table, or JSON with --json. What it changes is in the audit trail, by
// the way "cli". A server that runs sees it within [accounts.Options].Staleness; roles and
// permissions, whose answers it keeps, within their time to live (FSA_CACHE_OPTS).
package accountscli
