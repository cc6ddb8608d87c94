package fsa

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/authz"
)

// Router is what routes are registered with: an [*App], or a [*Prefix] of one.
type Router interface{ router() *Prefix }

func (a *App) router() *Prefix { return &a.root }

func (p *Prefix) router() *Prefix { return p }

// Prefix is a part of an application whose routes share the beginning of their
// paths and the options of the prefix. A route may tighten these, never loosen.
type Prefix struct {
	app     *App
	parent  *Prefix
	path    string
	options options
	source  string
}

// Prefix makes a sub-router: its routes' paths begin with path, and its options
// hold for all of them.
func (a *App) Prefix(path string, opts ...Option) *Prefix { return a.root.sub(path, opts) }

// Prefix makes a sub-router of the sub-router.
func (p *Prefix) Prefix(path string, opts ...Option) *Prefix { return p.sub(path, opts) }

func (p *Prefix) sub(path string, opts []Option) *Prefix {
	s := &Prefix{app: p.app, parent: p, path: p.path + strings.TrimSuffix(path, "/"), source: caller(2)}
	for _, o := range opts {
		o(&s.options)
	}
	problem, remedy := "", ""
	switch {
	case !strings.HasPrefix(path, "/"):
		problem, remedy = fmt.Sprintf("the prefix %q does not begin with a slash", path), "begin it with one"
	case s.options.status != 0 || s.options.doc != "":
		problem, remedy = "fsa.Status and fsa.Doc say something about one route, not about a prefix", "give them to the routes"
	}
	if problem != "" {
		p.app.faults = append(p.app.faults, &ConfigError{Path: s.path, Source: s.source, Problem: problem, Remedy: remedy})
	}
	return s
}

// Option says more about a route, or about all routes of a prefix.
type Option func(*options)

type options struct {
	status  int
	authn   []string
	realm   string
	maxBody int64
	doc     string
	atLeast []authz.Rule
}

// Status is the status of successful answers. Default 200, or 204 if there is
// nothing to answer.
func Status(code int) Option { return func(o *options) { o.status = code } }

// Authn lists the authentication schemes of the route, in the order in which
// they are tried. All must be enabled in FSA_AUTH. Default FSA_AUTH_DEFAULT. On
// a prefix it is also the most that its routes may allow.
func Authn(schemes ...string) Option {
	return func(o *options) { o.authn = append([]string{}, schemes...) }
}

// Realm replaces the realm for the route's tokens and challenges.
func Realm(name string) Option { return func(o *options) { o.realm = name } }

// MaxBody is the size limit of request bodies, in bytes. Default FSA_MAX_BODY.
func MaxBody(bytes int64) Option { return func(o *options) { o.maxBody = bytes } }

// Doc describes the route, for lists of routes.
func Doc(text string) Option { return func(o *options) { o.doc = text } }

// AtLeast is a rule that all routes of a prefix demand, besides their own.
func AtLeast(rule authz.Rule) Option {
	return func(o *options) { o.atLeast = append(o.atLeast, rule) }
}

// registration is a route as it was declared.
type registration struct {
	method  string // "" for all
	path    string
	rule    authz.Rule
	prefix  *Prefix
	options options
	source  string

	in, out reflect.Type // nil for an http.Handler
	problem string       // what is wrong with the handler itself
	build   func(*route) // makes rt.invoke
}

func (e *registration) fault(problem, remedy string) *ConfigError {
	return &ConfigError{Method: e.method, Path: e.path, Source: e.source, Problem: problem, Remedy: remedy}
}

// Get registers a handler for GET and HEAD. The pattern's path may have
// parameters, as in "/store/{sid}", that are fields of In; rule says who may
// call it.
//
// In is a struct (or a pointer to one) with a field for each parameter, as
// package param says; [None] if there are none. Out is answered as JSON, a
// string as plain text, [None] by 204. What is wrong with the declaration is
// reported by [App.Handler].
func Get[In, Out any](r Router, path string, rule authz.Rule, h func(context.Context, In) (Out, error), opts ...Option) {
	register(r, http.MethodGet, path, rule, h, opts)
}

// Post registers a handler for POST; see [Get].
func Post[In, Out any](r Router, path string, rule authz.Rule, h func(context.Context, In) (Out, error), opts ...Option) {
	register(r, http.MethodPost, path, rule, h, opts)
}

// Put registers a handler for PUT; see [Get].
func Put[In, Out any](r Router, path string, rule authz.Rule, h func(context.Context, In) (Out, error), opts ...Option) {
	register(r, http.MethodPut, path, rule, h, opts)
}

// Patch registers a handler for PATCH; see [Get].
func Patch[In, Out any](r Router, path string, rule authz.Rule, h func(context.Context, In) (Out, error), opts ...Option) {
	register(r, http.MethodPatch, path, rule, h, opts)
}

// Delete registers a handler for DELETE; see [Get].
func Delete[In, Out any](r Router, path string, rule authz.Rule, h func(context.Context, In) (Out, error), opts ...Option) {
	register(r, http.MethodDelete, path, rule, h, opts)
}

// Route registers a handler for any method; see [Get].
func Route[In, Out any](r Router, method, path string, rule authz.Rule, h func(context.Context, In) (Out, error), opts ...Option) {
	register(r, method, path, rule, h, opts)
}

func register[In, Out any](r Router, method, path string, rule authz.Rule, h func(context.Context, In) (Out, error), opts []Option) {
	reg := &registration{method: method, path: path, rule: rule, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out]()}
	if h == nil {
		reg.problem = "the handler is nil"
	}
	reg.build = func(rt *route) { rt.newCall, rt.invoke = newFrame[In, Out], invoker(h) }
	add(r, reg, opts, 3)
}

// add notes a route. The checks are Handler's, when all is known.
func add(r Router, reg *registration, opts []Option, skip int) {
	p := r.router()
	reg.source = caller(skip)
	reg.prefix = p
	if p.path != "" && !strings.HasPrefix(reg.path, "/") && reg.path != "" {
		reg.problem = "the path does not begin with a slash"
	}
	reg.path = p.path + reg.path
	for _, o := range opts {
		o(&reg.options)
	}
	if p.app.open("the route "+strings.TrimSpace(reg.method+" "+reg.path), reg.source) {
		p.app.registrations = append(p.app.registrations, reg)
	}
}

// checkPath gives the fault of a route's method and path, nil if they can be
// served.
func (e *registration) checkPath() *ConfigError {
	switch {
	case e.problem != "":
		return e.fault(e.problem, "")
	case e.method == http.MethodHead:
		return e.fault("HEAD is answered by the route's GET", "register GET")
	case e.method != "" && (!isToken(e.method) || strings.ToUpper(e.method) != e.method):
		return e.fault(fmt.Sprintf("%q is not a method", e.method), "a method is in upper case, as GET")
	case e.path == "":
		return e.fault("the path is empty", `give one that begins with a slash, "/" for the root`)
	case !strings.HasPrefix(e.path, "/"):
		return e.fault("the path does not begin with a slash", "patterns with a host are not supported: put the application under a mux that has them")
	case path.Clean(e.path) != strings.TrimSuffix(e.path, "/") && e.path != "/":
		return e.fault("the path is not clean, so no request can reach it", "write it as "+path.Clean(e.path))
	}
	return nil
}

// pattern gives the route's pattern for ServeMux. A path that ends in a slash
// means itself, not all that is below.
func (e *registration) pattern() string {
	p := e.path
	if strings.HasSuffix(p, "/") {
		p += "{$}"
	}
	if e.method == "" {
		return p
	}
	return e.method + " " + p
}

// pathNames lists the parameters in a route's path.
func (e *registration) pathNames() []string {
	var names []string
	for segment := range strings.SplitSeq(e.path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
			if name != "$" && name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// effective gives the options of a route with those of its prefixes, and the
// faults of their combination.
func (e *registration) effective(s *settings) (options, authz.Rule, []*ConfigError) {
	var faults []*ConfigError
	o, rule := e.options, e.rule
	if len(o.atLeast) > 0 {
		faults = append(faults, e.fault("fsa.AtLeast is for prefixes", "combine the rules by authz.All"))
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
		if o.realm == "" {
			o.realm = p.options.realm
		}
		if o.maxBody == 0 {
			o.maxBody = p.options.maxBody
		}
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
	if o.maxBody == 0 {
		o.maxBody = s.MaxBody
	}
	return o, rule, faults
}
