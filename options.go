package fsa

import (
	"fmt"
	"slices"

	"github.com/fastsimpleauth/fsa/authz"
)

// Option says more about a route, or about all routes of a prefix.
type Option func(*options)

type options struct {
	status     int
	authn      []string
	realm      string
	maxBody    int64
	doc        string
	atLeast    []authz.Rule
	twice      bool // fsa.Authn was given twice
	sameOrigin bool
	limits
}

// Status is the status of successful answers. Default 200, or 204 if there is
// nothing to answer.
func Status(code int) Option { return func(o *options) { o.status = code } }

// Authn lists the authentication schemes of the route, in the order in which
// they are tried. All must be enabled in FSA_AUTH. Default FSA_AUTH_DEFAULT. On
// a prefix it is also the most that its routes may allow.
func Authn(schemes ...string) Option {
	return func(o *options) {
		o.twice = o.twice || o.authn != nil
		o.authn = append([]string{}, schemes...)
	}
}

// Realm replaces the realm (FSA_REALM) that the route's tokens must be for, and
// that its challenges name. Tokens for it are made by [App.CreateToken] with
// [TokenOptions] that say so.
func Realm(name string) Option { return func(o *options) { o.realm = name } }

// MaxBody is the size limit of request bodies, in bytes. Default FSA_MAX_BODY.
// On a prefix it is the default of its routes.
func MaxBody(bytes int64) Option { return func(o *options) { o.maxBody = bytes } }

// SameOrigin lets pages of other origins send nothing unsafe to the route (POST, PUT,
// PATCH, DELETE and the like, and WebSocket handshakes), whatever the credential of the
// request and also where nobody need be authenticated: 403. It is for the forms of a
// log-in, a registration or a recovery, by which another site could else log a visitor
// in as somebody of its choice. Origins that are trusted for other routes
// (FSA_BASE_URL, FSA_CORS_OPTS) are trusted here, and who is no browser passes.
//
// Without it, the check is made of requests whose credential browsers send by
// themselves. On a prefix it is for all of its routes.
func SameOrigin() Option { return func(o *options) { o.sameOrigin = true } }

// Doc describes the route, for lists of routes.
func Doc(text string) Option { return func(o *options) { o.doc = text } }

// AtLeast is a rule that all routes of a prefix demand, besides their own.
func AtLeast(rule authz.Rule) Option {
	return func(o *options) { o.atLeast = append(o.atLeast, rule) }
}

// effective gives the options of a route with those of its prefixes, and the
// faults of their combination.
func (e *registration) effective(s *settings) (options, authz.Rule, []*ConfigError) {
	var faults []*ConfigError
	o, rule := e.options, e.rule
	if len(o.atLeast) > 0 {
		faults = append(faults, e.fault("fsa.AtLeast is for prefixes", "combine the rules by authz.All"))
	}
	if o.twice {
		faults = append(faults, e.fault("fsa.Authn is given twice", "give all schemes to one"))
	}
	o.authn = expandSchemes(o.authn)
	for p := e.prefix; p != nil; p = p.parent {
		allowed := expandSchemes(p.options.authn)
		if e.options.authn == nil && o.authn == nil {
			o.authn = allowed
		}
		for _, scheme := range o.authn {
			if len(allowed) > 0 && !slices.Contains(allowed, scheme) {
				faults = append(faults, e.fault(fmt.Sprintf("scheme %q is not among those of the prefix %s (%s)", scheme, p.path, p.source),
					"a route may narrow its prefix's fsa.Authn, not widen it"))
			}
		}
		switch theirs := p.options.realm; {
		case theirs == "", o.realm == theirs:
		case o.realm == "":
			o.realm = theirs
		default:
			faults = append(faults, e.fault(fmt.Sprintf("the realm %q is not that of the prefix %s (%s), %q", o.realm, p.path, p.source, theirs),
				"register the route outside the prefix, or leave it the prefix's realm"))
		}
		if p.options.authn != nil && len(p.options.authn) == 0 {
			faults = append(faults, e.fault(fmt.Sprintf("fsa.Authn of the prefix %s (%s) names no scheme", p.path, p.source), "name one, or leave it out for all"))
		}
		if p.options.twice {
			faults = append(faults, e.fault(fmt.Sprintf("fsa.Authn is given twice to the prefix %s (%s)", p.path, p.source), "give all schemes to one"))
		}
		if o.maxBody == 0 {
			o.maxBody = p.options.maxBody
		}
		o.limits = o.limits.orThose(p.options.limits)
		o.sameOrigin = o.sameOrigin || p.options.sameOrigin
		for _, least := range p.options.atLeast {
			switch {
			case least.IsOpen():
			case rule.IsOpen():
				faults = append(faults, e.fault(fmt.Sprintf("the route is open, but its prefix %s (%s) demands at least %v", p.path, p.source, least),
					"register it outside the prefix, or give it a rule"))
			default:
				rule = authz.All(least, rule)
			}
		}
	}
	if o.authn == nil {
		o.authn = s.defaults
	}
	if o.realm == "" {
		o.realm = s.Realm
	}
	return o, rule, faults
}
