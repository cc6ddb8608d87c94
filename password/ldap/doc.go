// Package ldap checks passwords against a directory (LDAP, RFC 4511), as a hook of
// app.PasswordCheck: it searches for the user, and binds as what it has found.
//
//	directory, err := ldap.New(ldap.Options{
//		URL:          "ldaps://ldap.acme.example",
//		BindDN:       "cn=acme,ou=services,dc=acme,dc=example",
//		BindPassword: ldap.Secret(secret),
//		BaseDN:       "ou=people,dc=acme,dc=example",
//	})
//	…
//	defer directory.Close()
//	app.PasswordCheck(directory.Check)
//
// What it makes sure of:
//
//   - Passwords go over TLS only: ldaps, or StartTLS before anything else; a server
//     that does not offer it is an outage. [Options.InsecurePlaintext] is the way out.
//   - The login is escaped in the filter (RFC 4515), so that it can't change it.
//   - Exactly one entry must be found. None is a refusal; more than one is, too, and
//     is logged. Aliases and referrals are not followed.
//   - An empty password is refused before anything is sent: a server takes it for an
//     anonymous bind, and says yes (RFC 4513, 5.1.2). So is an empty DN (5.1.1).
//   - What is bound as a user never searches: searches have connections of their own.
//   - A directory that can't be reached, or doesn't answer in time, is an error of
//     status 503, never a wrong password and never a right one.
//   - Refusals take the same time. When there is no such user, a bind is made all the
//     same, as nobody; and as some servers refuse that sooner than a wrong password,
//     each refusal waits until it has taken what the latest of wrong passwords took.
//
// Connections are kept and used again, a bounded number of them. All of a check,
// with waiting for a connection, is bounded by [Options.Timeout] and by the context.
package ldap
