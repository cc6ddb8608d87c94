package authn

// OAuth takes an access token (RFC 6749, RFC 9068) from the Authorization field,
// as RFC 6750 says in section 2.1. It is a [Token] under another name, so that a
// route may take the tokens of an identity provider, or our own, or both.
type OAuth struct{ Token }

// Name is "oauth".
func (*OAuth) Name() string { return "oauth" }
