// Package authn finds out who sent a request.
//
// A [Scheme] looks for one kind of credential: passwords ([Basic], [Param]),
// tokens by what carries them ([Token], [TokenHeader], [TokenCookie],
// [TokenParam]), a mere claim ([Fake]), or what the application knows ([Own]).
// [None] looks for nothing; its presence on a route says that the route may be
// open. A [Search] asks the schemes of a route in their order, and the first
// one that yields an identity wins. A scheme that refuses its credential does
// not stop the search: an expired token beside a good password is a success.
//
// If none yields an identity, the outcome is a 401 with the challenges of the
// schemes that were allowed, unless a scheme failed (its store is down, say):
// then it is that failure, since "wrong password" would be a lie.
//
// What a client reads of a refusal is the same whatever its cause. The reason
// is for the log, and for the client only when the search is verbose, which is
// for development.
package authn
