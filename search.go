package fsa

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/param"
	"github.com/fastsimpleauth/fsa/token"
)

// schemes makes the authentication schemes.
func (c *compiler) schemes() {
	a, s := c.app, c.app.settings
	c.h.schemes = map[string]authn.Scheme{
		"none":   authn.None{},
		"basic":  &authn.Basic{Check: a.checkBasic, Known: a.knownBasic},
		"param":  &authn.Param{User: s.ParamUser, Pass: s.ParamPass, Check: a.checkPassword},
		"token":  a.tokenScheme(),
		"oauth":  &authn.OAuth{Token: authn.Token{Bearer: "Bearer", Check: a.checkAccess}},
		"fake":   &authn.Fake{Param: s.FakeLogin, Local: s.beside},
		"apikey": c.apiKeyScheme(),
		"mtls":   s.mtlsScheme(),
	}
	if digest := c.digestScheme(); digest != nil {
		c.h.schemes["digest"] = digest
	}
	if s.userHeader != nil {
		c.h.schemes["httpd"] = s.userHeader
	}
	for _, own := range a.schemes {
		c.h.schemes[own.SchemeName] = &own.Own
		if len(s.schemes) > 0 && !slices.Contains(s.schemes, own.SchemeName) {
			c.faults = append(c.faults, &ConfigError{Source: own.source, Problem: fmt.Sprintf("the scheme %q is registered, but not enabled", own.SchemeName),
				Remedy: fmt.Sprintf("add %q to FSA_AUTH, at its place in the order in which schemes are tried", own.SchemeName)})
		}
	}
	for _, name := range s.schemes {
		switch {
		case c.h.schemes[name] != nil, slices.Contains(schemeNames, name):
		case name == sessionScheme:
			c.faults = append(c.faults, &ConfigError{Directive: "FSA_AUTH", Source: s.source("FSA_AUTH"), Problem: `the scheme "session" is enabled, and nothing keeps sessions`,
				Remedy: useAccounts})
		default:
			c.faults = append(c.faults, &ConfigError{Directive: "FSA_AUTH", Source: s.source("FSA_AUTH"), Problem: fmt.Sprintf("unknown scheme %q", name),
				Remedy: "it is one of " + strings.Join(schemeNames, ", ") + ", password for basic and param, or one that app.Authentication registers"})
		}
	}
}

// tokenScheme makes the scheme that finds tokens where FSA_TOKEN_CARRIER says.
func (a *App) tokenScheme() authn.Scheme {
	s := a.settings
	switch s.TokenCarrier {
	case "header":
		return &authn.TokenHeader{Field: s.TokenName, Check: a.checkToken}
	case "cookie":
		return &authn.TokenCookie{HostCookie: authn.HostCookie{Bare: s.TokenName, Plain: s.plainHere}, Check: a.checkToken}
	case "param":
		return &authn.TokenParam{Param: s.TokenName, Check: a.checkToken}
	}
	return &authn.Token{Bearer: s.TokenName, Check: a.checkToken}
}

// search compiles how callers prove who they are.
func (c *compiler) search(rt *route) {
	s := c.app.settings
	if rt.reg.options.authn != nil && len(rt.reg.options.authn) == 0 {
		c.fault(rt, "fsa.Authn names no scheme", `name one, or "none" for an open route`)
	}
	rt.search = authn.Search{Realm: rt.options.realm, CrossOrigin: c.h.crossOrigin, ServerError: s.ServerError, Verbose: s.verbose}
	if len(c.app.admits) > 0 {
		rt.search.Admit = c.app.askAdmit
	}
	c.traceSearch(rt)
	c.observeSearch(rt)
	for _, name := range rt.options.authn {
		scheme, known := c.h.schemes[name]
		enabled := slices.Contains(s.schemes, name)
		switch {
		case !known && enabled, !enabled && (len(s.schemes) == 0 || slices.Contains(s.defaults, name)):
			// FSA_AUTH or FSA_AUTH_DEFAULT is at fault, not the route.
		case !known && name == sessionScheme:
			c.fault(rt, `the authentication scheme "session" is not there, since nothing keeps sessions`, useAccounts)
		case !known:
			c.fault(rt, fmt.Sprintf("unknown authentication scheme %q", name), "it is one of "+strings.Join(schemeNames, ", ")+", or one that app.Authentication registers")
		case !enabled:
			c.fault(rt, fmt.Sprintf("authentication scheme %q is not enabled", name), fmt.Sprintf("add %q to FSA_AUTH, or allow another scheme on the route", name))
		default:
			if own, ok := scheme.(*authn.Own); ok {
				rt.own = true
				limited := *own
				limited.MaxBody = rt.maxBody
				scheme = &limited
			}
			if d := c.app.digest; name == "digest" && !slices.Contains(d.realms, rt.options.realm) {
				d.realms = append(d.realms, rt.options.realm)
			}
			rt.search.Schemes = append(rt.search.Schemes, scheme)
		}
	}
	if rt.fresh = rt.search.Fresh(); !rt.fresh {
		rt.challenges = rt.search.Challenges(nil)
	}
	// The last resort, of tests: it finds nobody in any request of a server.
	rt.search.Schemes = append(rt.search.Schemes, testScheme{})
	c.cookie(rt)
}

// askAdmit asks the hooks of [App.Admit]. Each gets an identity of its own, so that
// none can change what another one judges.
func (a *App) askAdmit(ctx context.Context, id Identity) (err error) {
	defer catch(&err)
	last := len(a.admits) - 1
	for _, admit := range a.admits[:last] {
		if err := admit(ctx, id.Clone()); err != nil {
			return err
		}
	}
	return a.admits[last](ctx, id)
}

// allows reports whether a scheme may be used on the route.
func (rt *route) allows(scheme string) bool { return slices.Contains(rt.options.authn, scheme) }

// credentials names the parameters that carry credentials on the route.
func (c *compiler) credentials(rt *route) []string {
	s := c.app.settings
	var names []string
	if rt.allows("param") {
		names = append(names, s.ParamUser, s.ParamPass)
	}
	if rt.allows("token") && s.TokenCarrier == "param" {
		names = append(names, s.TokenName)
	}
	if rt.allows("fake") {
		names = append(names, s.FakeLogin)
	}
	return names
}

// allCredentials names the parameters that carry credentials on some route.
func (c *compiler) allCredentials() []string {
	s := c.app.settings
	all := &route{options: options{authn: s.schemes}}
	return c.credentials(all)
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

// large prepares a route whose bodies may be too large for memory, since they hold
// files or are read by the handler: a scheme of the application's own that reads
// them gets no more than other routes have by default.
func (c *compiler) large(rt *route) {
	if !rt.binder.Large() {
		return
	}
	for _, s := range rt.search.Schemes {
		if own, ok := s.(*authn.Own); ok {
			own.MaxBody = func() int64 { return param.TextLimit(rt.maxBody()) } // it is the route's own copy
		}
	}
}
