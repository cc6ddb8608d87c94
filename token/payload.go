package token

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// payload is what a JWT claims: the claims of RFC 7519 and RFC 8693 that we
// understand, of the right types, not yet judged. A zero time is an absent
// claim, as every date that is accepted comes after it.
type payload struct {
	iss, user, jti string
	aud            []string
	exp, nbf, iat  time.Time
	authTime       time.Time
	factors        []string
	scopes         []string
	misuse         string // why a token of another issuer is no access token, "" if it may be one
	emailVerified  bool
}

// claimNames say which claims hold what, and how strangely they may be written.
type claimNames struct {
	user, scope string
	foreign     bool // the issuer is somebody else
}

var ownClaims = claimNames{user: "sub", scope: "scope"}

// parsePayload reads the claims of a token whose signature is good, and refuses
// those of a wrong type rather than ignoring them: an exp that is a string
// would make a token eternal.
func parsePayload(data []byte, names claimNames) (*payload, error) {
	p := new(payload)
	err := members(data, func(name []byte, value jsontext.Value) error {
		ok := true
		switch string(name) { // an empty user counts as missing
		case names.user:
			p.user, ok = text(value)
			ok = ok && isText(p.user)
		case names.scope:
			if p.scopes, ok = scopes(value); !ok && names.foreign {
				p.scopes, ok = scopeList(value)
			}
		}
		switch string(name) {
		case "iss":
			p.iss, ok = text(value)
			ok = ok && isText(p.iss)
		case "jti":
			p.jti, ok = text(value)
			ok = ok && isText(p.jti)
		case "aud":
			p.aud, ok = texts(value)
		case "exp":
			p.exp, ok = numericDate(value)
		case "nbf":
			p.nbf, ok = numericDate(value)
		case "iat":
			p.iat, ok = numericDate(value)
		case "auth_time": // what can't be read proves no log-in, as if it were not there
			if t, good := numericDate(value); good {
				p.authTime = t
			}
		case "amr":
			p.factors = factors(value)
		case "email_verified":
			p.emailVerified = value.Kind() == 't'
		default:
			if names.foreign && p.misuse == "" {
				p.misuse = misuse(string(name), value)
			}
		}
		if !ok {
			return malformed("a claim is of the wrong type or out of range")
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case p.user == "" && !names.foreign:
		return nil, malformed("sub is missing")
	case p.user == "":
		return nil, malformed("the claim that names the user is missing")
	case p.exp.IsZero():
		return nil, malformed("exp is missing")
	case p.aud == nil:
		return nil, malformed("aud is missing")
	}
	return p, nil
}

// claims judges the payload: is it from the issuer, for the realm, at this time?
func (p *payload) claims(realm, issuer string, now time.Time, grace time.Duration) (Claims, error) {
	if issuer != "" && p.iss != issuer {
		return Claims{}, ErrIssuer
	}
	if realm == "" || !slices.Contains(p.aud, realm) {
		return Claims{}, ErrRealm
	}
	if latest := now.Add(grace); p.nbf.After(latest) || p.iat.After(latest) {
		return Claims{}, ErrNotYetValid
	}
	if !now.Before(p.exp.Add(grace)) {
		return Claims{}, ErrExpired
	}
	return Claims{
		Login: p.user, Realm: realm, Issuer: p.iss, Scopes: p.scopes,
		ID: p.jti, IssuedAt: p.iat, AuthTime: p.authTime, Factors: p.factors, Expires: p.exp,
	}, nil
}

// claimedIssuer reads the one claim that is looked at before the signature.
func claimedIssuer(data []byte) (issuer string, err error) {
	err = members(data, func(name []byte, value jsontext.Value) error {
		if string(name) != "iss" {
			return nil
		}
		var ok bool
		if issuer, ok = text(value); !ok || !isText(issuer) {
			return malformed("iss is not a string")
		}
		return nil
	})
	return issuer, err
}

// text reads a JSON string, and nothing else: null is no string.
func text(v jsontext.Value) (string, bool) {
	if v.Kind() != '"' {
		return "", false
	}
	s, ok := unquote(v)
	return string(s), ok
}

// texts reads a JSON string or a list of them, which is never nil.
func texts(v jsontext.Value) ([]string, bool) {
	if v.Kind() != '[' {
		s, ok := text(v)
		return []string{s}, ok
	}
	var items []jsontext.Value
	if err := json.Unmarshal(v, &items); err != nil {
		return nil, false
	}
	list := make([]string, len(items))
	for i, item := range items {
		var ok bool
		if list[i], ok = text(item); !ok {
			return nil, false
		}
	}
	return list, true
}

// scopes reads the list of scopes of RFC 8693, section 4.2: a string in which a
// space separates them. The empty string is an empty list.
func scopes(v jsontext.Value) ([]string, bool) {
	s, ok := text(v)
	if s == "" { // also if it is no string
		return nil, ok
	}
	list := strings.Split(s, " ")
	return list, !slices.ContainsFunc(list, func(s string) bool { return !isScope(s) })
}

// scopeList reads scopes as some issuers write them, in a list. The text of each is
// one scope.
func scopeList(v jsontext.Value) ([]string, bool) {
	if v.Kind() != '[' {
		return nil, false
	}
	list, ok := texts(v)
	return list, ok && !slices.ContainsFunc(list, func(s string) bool { return !isScope(s) })
}

// maxFactors is how many ways of logging in a token can name. There are not so many.
const maxFactors = 32

// factors reads a list of authentication methods (RFC 8176, 2). What is none is as if it
// were not there.
func factors(v jsontext.Value) []string {
	list, ok := texts(v)
	if !ok || v.Kind() != '[' || len(list) > maxFactors || slices.ContainsFunc(list, func(s string) bool { return !isText(s) }) {
		return nil
	}
	return list
}

// misuse tells by a claim of a token that it was made for something else than to
// be shown to an API. Where the audience is the same, nothing else tells (RFC 8725,
// 3.12).
func misuse(name string, value jsontext.Value) string {
	switch name {
	case "at_hash", "c_hash", "s_hash": // OpenID Connect Core, 3.1.3.6 and 3.3.2.11
		return "it is an ID token"
	case "events": // RFC 8417
		return "it is a security event"
	case "typ": // Keycloak has it in the payload
		switch typ, _ := text(value); typ {
		case "ID", "Refresh", "Offline", "Logout":
			return "it is no access token"
		}
	}
	return ""
}

// isScope reports whether s is a scope-token of RFC 6749, section 3.3.
func isScope(s string) bool {
	return s != "" && consistsOf(s, func(c byte) bool { return '!' <= c && c <= '~' && c != '"' && c != '\\' })
}

// numericDate reads a NumericDate of RFC 7519, section 2: seconds since 1970,
// in any notation of a JSON number.
func numericDate(v jsontext.Value) (time.Time, bool) {
	if v.Kind() != '0' {
		return time.Time{}, false
	}
	if seconds, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC(), minDate <= seconds && seconds <= maxDate
	}
	// The range is checked on the float, before a conversion to an integer
	// could wrap around; 1e999 is an error or an infinity.
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || !(minDate <= f && f < maxDate+1) {
		return time.Time{}, false
	}
	seconds, fraction := math.Modf(f)
	return time.Unix(int64(seconds), int64(fraction*1e9)).UTC(), true
}
