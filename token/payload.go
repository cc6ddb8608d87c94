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
	iss, sub, jti string
	aud           []string
	exp, nbf, iat time.Time
	scopes        []string
}

// parsePayload reads the claims of a token whose signature is good, and refuses
// those of a wrong type rather than ignoring them: an exp that is a string
// would make a token eternal.
func parsePayload(data []byte) (*payload, error) {
	p := new(payload)
	err := members(data, func(name []byte, value jsontext.Value) error {
		ok := true
		switch string(name) {
		case "iss":
			p.iss, ok = text(value)
		case "sub":
			p.sub, ok = text(value)
			ok = ok && p.sub != "" && isText(p.sub)
		case "jti":
			p.jti, ok = text(value)
		case "aud":
			p.aud, ok = texts(value)
		case "exp":
			p.exp, ok = numericDate(value)
		case "nbf":
			p.nbf, ok = numericDate(value)
		case "iat":
			p.iat, ok = numericDate(value)
		case "scope":
			p.scopes, ok = scopes(value)
		}
		if !ok {
			return malformed("a claim is of the wrong type or out of range")
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case p.sub == "":
		return nil, malformed("sub is missing")
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
		Login: p.sub, Realm: realm, Issuer: p.iss, Scopes: p.scopes,
		ID: p.jti, IssuedAt: p.iat, Expires: p.exp,
	}, nil
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
	if !ok || s == "" {
		return nil, ok
	}
	list := strings.Split(s, " ")
	return list, !slices.ContainsFunc(list, func(s string) bool { return !isScope(s) })
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
