package token

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// IssuerOptions say how the JWTs of somebody else are checked.
type IssuerOptions struct {
	// Issuer is who makes the tokens: their iss, compared byte by byte.
	Issuer string

	// Audience is whom the tokens must be meant for: one of these must be among
	// their aud. Required: the tokens that an issuer makes for others are not
	// for us.
	Audience []string

	// Algorithms are those that are accepted, of [Asymmetric]. Default all of
	// them: each key is for one only, in any case.
	Algorithms []string

	// UserClaim is the claim that names the user. Default sub, the only one
	// that an issuer promises never to give to somebody else (OpenID Connect
	// Core, 5.7). With email, a token must also claim email_verified.
	UserClaim string

	// LoginPrefix stands in front of the user's name to make the login. Two
	// issuers may both have a user 1: the prefix tells them apart.
	LoginPrefix string

	// ScopeClaim is the claim that holds the scopes, in a text with spaces or in
	// a list. Default scope; some have scp.
	ScopeClaim string

	// AccessTokens demands that the header says at+jwt, as RFC 9068 does, which
	// is the surest way to tell access tokens from all others.
	AccessTokens bool

	// Grace is how much clocks may differ.
	Grace time.Duration
}

// Issuer checks the JWTs of somebody else, by their public keys. It is immutable.
//
// What [JWT] demands of a token is demanded here too. A token that was made for
// another purpose is refused, as far as it tells: an ID token, a refresh token, a
// log-out token. What client it was given to (azp, client_id) does not count.
type Issuer struct {
	o     IssuerOptions
	names claimNames
}

// NewIssuer returns what checks the tokens that o describes, or all of its
// mistakes, joined.
func NewIssuer(o IssuerOptions) (*Issuer, error) {
	var mistakes []error
	if o.Issuer == "" || !isText(o.Issuer) {
		mistakes = append(mistakes, wrong("Issuer", "the issuer is missing, or has control characters or is not UTF-8"))
	}
	if len(o.Audience) == 0 || slices.Contains(o.Audience, "") {
		mistakes = append(mistakes, wrong("Audience", "the audience is missing: tokens that were made for others would be accepted"))
	}
	if len(o.Algorithms) == 0 {
		o.Algorithms = asymmetric
	}
	o.Algorithms = slices.Clone(o.Algorithms)
	for i, name := range o.Algorithms {
		o.Algorithms[i] = algorithmName(name)
		if a, ok := jwtAlgorithms[o.Algorithms[i]]; !ok || a.kty == "oct" {
			mistakes = append(mistakes, wrong("Algorithms", "algorithm %q is not one with a public key: there are %s", name, strings.Join(asymmetric, ", ")))
		}
	}
	if o.UserClaim == "" {
		o.UserClaim = "sub"
	}
	if o.ScopeClaim == "" {
		o.ScopeClaim = "scope"
	}
	for _, c := range []struct{ option, claim string }{{"UserClaim", o.UserClaim}, {"ScopeClaim", o.ScopeClaim}} {
		if slices.Contains([]string{"iss", "aud", "exp", "nbf", "iat", "jti", "email_verified"}, c.claim) {
			mistakes = append(mistakes, wrong(c.option, "the claim %s says something else", c.claim))
		}
	}
	if o.UserClaim == o.ScopeClaim {
		mistakes = append(mistakes, wrong("ScopeClaim", "the claim %q can't hold both the user and the scopes", o.UserClaim))
	}
	if !isText(o.LoginPrefix) {
		mistakes = append(mistakes, wrong("LoginPrefix", "the prefix of logins has control characters or is not UTF-8"))
	}
	if o.Grace < 0 {
		mistakes = append(mistakes, wrong("Grace", "token grace is negative: %s", o.Grace))
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	o.Audience = slices.Clone(o.Audience)
	return &Issuer{o: o, names: claimNames{user: o.UserClaim, scope: o.ScopeClaim, foreign: true}}, nil
}

// Name is the issuer, as tokens name it.
func (i *Issuer) Name() string { return i.o.Issuer }

// Algorithms are those that are accepted, for [ParseKeySet].
func (i *Issuer) Algorithms() []string { return slices.Clone(i.o.Algorithms) }

// Unverified is a JWT taken apart, of which nothing is to be trusted yet.
type Unverified struct {
	head      header
	issuer    string
	signed    string
	payload   []byte
	signature []byte
}

// Parse takes a JWT apart. Its error is [ErrMalformed], and says nothing about
// what the token claims.
func Parse(raw string) (*Unverified, error) {
	if len(raw) > MaxSize {
		return nil, malformed("too long")
	}
	encoded, payload, signature, ok := splitCompact(raw)
	if !ok {
		return nil, malformed("not three parts")
	}
	head, err := parseHeader(encoded)
	if err != nil {
		return nil, err
	}
	u := &Unverified{head: head, signed: raw[:len(raw)-len(signature)-1]}
	var ok1, ok2 bool
	u.payload, ok1 = decodeSegment(payload)
	u.signature, ok2 = decodeSegment(signature)
	if !ok1 || !ok2 {
		return nil, malformed("not canonical base64url")
	}
	if u.issuer, err = claimedIssuer(u.payload); err != nil {
		return nil, err
	}
	return u, nil
}

// Issuer is who the token claims to be made by, "" if it does not say: it tells
// whose keys to look for, and nothing else.
func (u *Unverified) Issuer() string { return u.issuer }

// Check returns what the token says, if it is one of the issuer's for us, signed
// with one of its keys and valid at the time now. Otherwise the claims are zero
// and the error is one of this package's refusals; with [ErrKey], newer keys may
// help.
func (i *Issuer) Check(u *Unverified, keys *KeySet, now time.Time) (Claims, error) {
	switch {
	case i.o.Issuer == "" || u.issuer != i.o.Issuer:
		return Claims{}, ErrIssuer
	case !slices.Contains(i.o.Algorithms, u.head.algorithm):
		return Claims{}, ErrAlgorithm
	case i.o.AccessTokens && !u.head.access:
		return Claims{}, malformed("typ is not at+jwt")
	}
	if err := keys.verify(u.head, u.signed, u.signature); err != nil {
		return Claims{}, err
	}
	// From here on, the token is one that the issuer has signed.
	p, err := parsePayload(u.payload, i.names)
	if err != nil {
		return Claims{}, err
	}
	if p.misuse != "" {
		return Claims{}, malformed(p.misuse)
	}
	if i.o.UserClaim == "email" && !p.emailVerified {
		return Claims{}, malformed("email is not verified")
	}
	realm := ""
	for _, audience := range i.o.Audience {
		if slices.Contains(p.aud, audience) {
			realm = audience
			break
		}
	}
	c, err := p.claims(realm, i.o.Issuer, now, i.o.Grace)
	if err != nil {
		return Claims{}, err
	}
	c.Login = i.o.LoginPrefix + c.Login
	return c, nil
}
