package fsa

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/token"
)

// schemes makes the authentication schemes.
func (c *compiler) schemes() {
	a, s := c.app, c.app.settings
	c.h.schemes = map[string]authn.Scheme{
		"none":  authn.None{},
		"basic": &authn.Basic{Check: a.checkPassword},
		"param": &authn.Param{User: s.ParamUser, Pass: s.ParamPass, Check: a.checkPassword},
		"token": &authn.Token{Bearer: s.TokenName, Check: a.checkToken},
	}
}

// search compiles how callers prove who they are.
func (c *compiler) search(rt *route) {
	s := c.app.settings
	if rt.reg.options.authn != nil && len(rt.reg.options.authn) == 0 {
		c.fault(rt, "fsa.Authn names no scheme", `name one, or "none" for an open route`)
	}
	rt.search = authn.Search{Realm: rt.options.realm, Admit: c.app.admit, Verbose: s.verbose}
	for _, name := range rt.options.authn {
		scheme, known := c.h.schemes[name]
		switch {
		case !known:
			c.fault(rt, fmt.Sprintf("unknown authentication scheme %q", name), "it is one of "+strings.Join(schemeNames, ", "))
		case !slices.Contains(s.schemes, name) && (len(s.schemes) == 0 || slices.Contains(s.defaults, name)):
			// FSA_AUTH or FSA_AUTH_DEFAULT is at fault, not the route.
		case !slices.Contains(s.schemes, name):
			c.fault(rt, fmt.Sprintf("authentication scheme %q is not enabled", name), fmt.Sprintf("add %q to FSA_AUTH, or allow another scheme on the route", name))
		default:
			rt.search.Schemes = append(rt.search.Schemes, scheme)
		}
	}
	rt.challenges = rt.search.Challenges()
	// The last resort, of tests: it finds nobody in any request of a server.
	rt.search.Schemes = append(rt.search.Schemes, testScheme{})
}

// allows reports whether a scheme may be used on the route.
func (rt *route) allows(scheme string) bool { return slices.Contains(rt.options.authn, scheme) }

// credentials names the parameters that carry credentials on the route.
func (c *compiler) credentials(rt *route) []string {
	if !rt.allows("param") {
		return nil
	}
	return []string{c.app.settings.ParamUser, c.app.settings.ParamPass}
}

// openness checks that the rule and the schemes agree on whether somebody must
// be authenticated.
func (c *compiler) openness(rt *route) {
	d := rt.decision
	switch {
	case d.Open() && !rt.allows("none"):
		c.fault(rt, fmt.Sprintf("the rule is authz.Open(), but the route allows only %s", strings.Join(rt.options.authn, ", ")),
			`allow scheme "none" on the route by fsa.Authn("none") (and in FSA_AUTH), or use another rule such as authz.Auth()`)
	case !d.Open() && !d.Closed() && len(rt.options.authn) == 1 && rt.allows("none"):
		c.fault(rt, fmt.Sprintf("the rule is %v, but the route allows only scheme none, so nobody can be authenticated", rt.rule),
			`allow another scheme on the route by fsa.Authn (and in FSA_AUTH), or use the rule authz.Open()`)
	}
}

// realms reports realms that fsa tokens can't tell apart.
func (c *compiler) realms() {
	if c.app.settings.TokenType != "fsa" {
		return
	}
	seen := map[string]string{token.SimplifyRealm(c.app.settings.Realm): c.app.settings.Realm}
	for _, rt := range c.h.routes {
		if !rt.allows("token") {
			continue
		}
		realm := rt.options.realm
		simple := token.SimplifyRealm(realm)
		if other, ok := seen[simple]; ok && other != realm {
			c.fault(rt, fmt.Sprintf("the realms %q and %q are the same in an fsa token, %q", realm, other, simple),
				"let them differ in letters, digits or dashes, or use JWTs")
		}
		if simple == "" && realm != c.app.settings.Realm {
			c.fault(rt, fmt.Sprintf("the realm %q is empty in an fsa token, which has letters, digits and dashes", realm), "add a letter, or use JWTs")
		}
		seen[simple] = realm
	}
}
