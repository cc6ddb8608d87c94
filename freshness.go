package fsa

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
)

// ErrReauthenticate says that the caller must prove again, or by more, who they are:
// what the rules [authz.Fresh] and [authz.Factors] refuse with. A handler or a hook may
// return it, also wrapped, or as the cause of an [Error] of status 401 with a text of
// its own.
//
// The answer is 401. A browser is sent to the page of FSA_REAUTH_REDIRECT; in the JSON
// forms of FSA_ERROR_RESPONSE and in "problem" the body has "reauth_required": true;
// and who came by a bearer token gets the challenge of RFC 9470.
var ErrReauthenticate error = httperr.Errorf(http.StatusUnauthorized, "another log-in is required")

// reauthRequired is the member of an error's body that tells such a 401 from others.
const reauthRequired = "reauth_required"

// freshLeaf gives the check of how old a log-in may be, or what is wrong with asking
// for it on the route.
func (c *compiler) freshLeaf(rt *route, d time.Duration) (authz.Check[*call], error) {
	if len(rt.options.authn) > 0 && !slices.ContainsFunc(rt.options.authn, c.tellsWhen) {
		return nil, fmt.Errorf("%v lets nobody through, since no credential of the route's schemes (%s) tells when its user logged in; allow basic, param, digest, oauth, token with FSA_TOKEN_TYPE = \"jwt\" or a scheme of your own",
			authz.Fresh(d), strings.Join(rt.options.authn, ", "))
	}
	refuse := c.loginRefusal(rt, "a fresh log-in is required", fmt.Sprintf(`max_age="%d"`, int64(d/time.Second)))
	ahead := max(c.app.revocations.skew, instancesSkew)
	return c.traceLogin(authz.Fresh(d), func(r *call) (bool, error) {
		// What is said to be in the future was told by a clock that is wrong.
		if age := r.req.Now.Sub(r.id.AuthTime); !r.id.AuthTime.IsZero() && -ahead <= age && age <= d {
			return true, nil
		}
		return false, refuse(r)
	}), nil
}

// factorsLeaf gives the check of how many factors a log-in had, or what is wrong with
// asking for that many on the route.
func (c *compiler) factorsLeaf(rt *route, n int) (authz.Check[*call], error) {
	if len(rt.options.authn) > 0 && !slices.ContainsFunc(rt.options.authn, func(scheme string) bool { return c.mostFactors(scheme) >= n }) {
		return nil, fmt.Errorf("%v lets nobody through, since no credential of the route's schemes (%s) proves so many; allow oauth, token with FSA_TOKEN_TYPE = \"jwt\" or a scheme of your own",
			authz.Factors(n), strings.Join(rt.options.authn, ", "))
	}
	refuse := c.loginRefusal(rt, fmt.Sprintf("a log-in with %d factors is required", n), "")
	return c.traceLogin(authz.Factors(n), func(r *call) (bool, error) {
		if r.id.CountFactors() >= n {
			return true, nil
		}
		return false, refuse(r)
	}), nil
}

// tellsWhen reports whether the credentials of a scheme can tell when their user
// logged in.
func (c *compiler) tellsWhen(scheme string) bool {
	switch scheme {
	case "basic", "param", "digest", "oauth", "fake":
		return true
	case "token":
		return c.app.settings.TokenType == "jwt"
	}
	_, own := c.h.schemes[scheme].(*authn.Own)
	return own
}

// mostFactors gives how many factors the credentials of a scheme can prove.
func (c *compiler) mostFactors(scheme string) int {
	const any = 1 << 30
	switch scheme {
	case "basic", "param", "digest", "mtls":
		return 1
	case "oauth":
		return any
	case "token":
		if c.app.settings.TokenType == "jwt" {
			return any
		}
		return 0
	}
	if _, own := c.h.schemes[scheme].(*authn.Own); own {
		return any
	}
	return 0
}

// stepper is a scheme whose clients can get a credential of a newer or stronger log-in.
type stepper interface {
	InsufficientAuthentication(realm, parameter string) string
}

// loginRefusal makes the function that gives the error for a caller who must log in
// again. A client that came with a bearer token is told what to ask its issuer for
// (RFC 9470, 3); others get the challenges of the route.
func (c *compiler) loginRefusal(rt *route, text, parameter string) func(*call) error {
	plain := httperr.Wrap(http.StatusUnauthorized, text, ErrReauthenticate)
	challenges := map[string]*httperr.Error{}
	for _, scheme := range rt.search.Schemes {
		if bearer, ok := scheme.(stepper); ok {
			challenges[scheme.Name()] = plain.WithHeader("WWW-Authenticate", bearer.InsufficientAuthentication(rt.options.realm, parameter))
		}
	}
	return func(r *call) error {
		if refusal := challenges[r.id.Scheme]; refusal != nil {
			return refusal
		}
		return plain
	}
}

// reauthenticate makes of an error what is answered to a caller who must log in again.
func (c *call) reauthenticate(e *Error) *Error {
	e = e.WithMember(reauthRequired, true)
	e.Cause = errors.Join(e.Cause, ErrReauthenticate) // for the hook of app.ErrorResponse
	id, _ := c.caller()
	if id == nil || len(e.Header.Values("WWW-Authenticate")) > 0 {
		return e
	}
	for _, scheme := range c.route.search.Schemes {
		if bearer, ok := scheme.(stepper); ok && scheme.Name() == id.Scheme {
			return e.WithHeader("WWW-Authenticate", bearer.InsufficientAuthentication(c.req.Realm, ""))
		}
	}
	return e
}
