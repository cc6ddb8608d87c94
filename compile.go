package fsa

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/param"
	"github.com/go-json-experiment/json"
)

// handler is a compiled application.
type handler struct {
	app       *App
	mux       *http.ServeMux
	matcher   matcher
	routes    []*route
	methods   []string   // of all routes
	observers *observers // nil if there are none
	foreign   bool       // mux may answer by itself
	first     bool       // hooks of app.BeforeRequest are to be asked
	exec      bool       // hooks of app.BeforeExec are
	after     bool       // hooks look at the answers
	all       http.Handler
	json      json.Options // of all JSON answers
	schemes   map[string]authn.Scheme

	crossOrigin *authn.CrossOrigin
	cors        *crossOrigins // nil if FSA_CORS is off
}

// Handler checks the whole application and compiles it. The error joins all
// faults of configuration, hooks and routes, each a *[ConfigError].
//
// The handler runs under any mux. Calling Handler again gives the same one,
// unless something has been registered since: then that is the error.
func (a *App) Handler() (http.Handler, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h, err := a.compile()
	for _, w := range a.warnings {
		if !a.warned {
			w.log(a.settings.logger)
		}
	}
	a.warned = true
	if err != nil {
		return nil, err
	}
	return h, nil
}

// compile compiles the application, once. What it warns of is in a.warnings.
func (a *App) compile() (*handler, error) {
	if len(a.late) > 0 {
		return nil, a.late.asError()
	}
	if a.compiled != nil {
		return a.compiled, nil
	}
	c := compiler{app: a, h: &handler{app: a, mux: http.NewServeMux(), json: a.jsonOptions(),
		first: len(a.more.beforeRequest) > 0, exec: len(a.more.beforeExec) > 0, after: a.more.answers()}}
	c.faults = append(c.faults, a.faults...)
	a.traceHooks()
	a.observeHooks()
	c.h.observers = a.observers
	c.directives()
	c.checkAlso()
	c.hooks()
	c.schemes()
	c.h.crossOrigin = a.settings.crossOrigin()
	for _, reg := range a.registrations {
		c.route(reg)
	}
	c.realms()
	c.cookies()
	c.patterns()
	c.loginRoutes()
	c.h.cors = c.h.crossOrigins()
	a.warnings = slices.Concat(a.settings.warnings, c.warnings)
	if len(c.faults) > 0 {
		return nil, c.faults.asError()
	}
	c.h.all = http.HandlerFunc(c.h.enter)
	if a.settings.trace > 0 {
		c.h.all = c.h.traced(c.h.all)
	}
	for _, use := range slices.Backward(a.use) {
		c.h.all = use(c.h.all)
	}
	for _, p := range a.protections {
		p.route.Store(p.built)
	}
	a.compiled = c.h
	return c.h, nil
}

// compiler collects the faults of an application while it is compiled.
type compiler struct {
	app    *App
	h      *handler
	faults faults

	warnings []warning
}

// hooks reports hooks that the enabled schemes need, and one that nothing needs.
func (c *compiler) hooks() {
	s := c.app.settings
	if c.app.passwordRehash != nil {
		switch {
		case c.app.userPass == nil:
			c.faults = append(c.faults, &ConfigError{Problem: "app.PasswordRehash has no hashes to replace",
				Remedy: "give the stored hashes by app.UserPass, or remove the hook"})
		case slices.Equal(s.PasswordScheme, []string{"none"}):
			c.faults = append(c.faults, &ConfigError{Directive: "FSA_PASSWORD_SCHEME", Source: s.source("FSA_PASSWORD_SCHEME"),
				Problem: "is none, but app.PasswordRehash stores hashes", Remedy: "choose a scheme, or remove the hook"})
		}
	}
	takesPasswords := slices.Contains(s.schemes, "basic") || slices.Contains(s.schemes, "param")
	if !takesPasswords || c.app.userPass != nil || c.app.passwordCheck != nil {
		return
	}
	c.faults = append(c.faults, &ConfigError{Directive: "FSA_AUTH", Source: s.source("FSA_AUTH"),
		Problem: "a scheme that takes passwords is enabled, and nothing knows passwords",
		Remedy:  "give the stored hashes by app.UserPass, or check passwords by app.PasswordCheck"})
}

// route checks and compiles a route. It finds as many faults as it can.
func (c *compiler) route(reg *registration) {
	if fault := reg.checkPath(); fault != nil {
		c.faults = append(c.faults, fault)
	}
	rt := &route{h: c.h, reg: reg}
	var faults []*ConfigError
	rt.options, rt.rule, faults = reg.effective(c.app.settings)
	for _, f := range faults {
		c.faults = append(c.faults, f)
	}
	found := len(c.faults)
	c.paths(rt)
	c.search(rt)
	c.options(rt)
	c.parameters(rt)
	c.rule(rt)
	if len(c.faults) == found && reg.problem == "" {
		reg.build(rt)
		c.traceRoute(rt)
	}
	c.h.routes = append(c.h.routes, rt)
}

func (c *compiler) fault(rt *route, problem, remedy string) {
	c.faults = append(c.faults, rt.reg.fault(problem, remedy))
}

func (c *compiler) options(rt *route) {
	o := rt.options
	if o.maxBody < 0 {
		c.fault(rt, "fsa.MaxBody is negative", "give a number of bytes")
	}
	c.limits(rt)
	if o.realm != c.app.settings.Realm && !printable(o.realm) {
		c.fault(rt, fmt.Sprintf("the realm %q holds a character that a challenge can't carry", o.realm), "use printable ASCII")
	}
	var answers shape
	if rt.reg.out != nil {
		answers = c.h.shapeOf(rt.reg.out)
	}
	switch {
	case o.status == 0:
	case rt.reg.out == nil:
		c.fault(rt, "fsa.Status does not apply to an http.Handler", "let the handler write its status")
	case o.status < 200 || o.status > 399:
		c.fault(rt, fmt.Sprintf("%d is not the status of a success", o.status), "give one from 200 to 399; errors are returned by the handler")
	case answers.own:
		c.fault(rt, fmt.Sprintf("fsa.Status does not apply to a %v, whose status is the one that the request asks for", rt.reg.out), "leave it out")
	case !answers.bodiless && rt.reg.out.Kind() != reflect.Interface && !responds(rt.reg.out) && hasNoBody(o.status):
		c.fault(rt, fmt.Sprintf("an answer of status %d has no body, but the handler gives a %v", o.status, rt.reg.out), "return fsa.None, or use another status")
	}
}

// parameters compiles the binder of a typed handler.
func (c *compiler) parameters(rt *route) {
	if rt.reg.in == nil {
		rt.replay = true
		return
	}
	rt.streams = mayStream(rt.reg.out)
	if reason := c.h.badOutput(rt.reg.out); reason != "" {
		problem, remedy := split(reason)
		orDefault(&remedy, "return a value that has a JSON form")
		c.fault(rt, "the handler's output: "+problem, remedy)
	}
	in := rt.reg.in
	if in.Kind() == reflect.Pointer {
		in = in.Elem()
	}
	binder, err := param.Compile(in, param.Options[*call]{
		Path:             rt.reg.pathNames(),
		Segments:         rt.reg.segments(),
		RejectUnexpected: !c.app.settings.NoRejectUnexpectedParam,
		Exempt:           c.credentials(rt),
		Withheld:         c.allCredentials(),
		Specials:         specials,
		Later:            c.app.laterSpecials(),
		Casts:            c.app.casts,
		Secrets:          []reflect.Type{reflect.TypeFor[Secret]()},
	})
	if err != nil {
		for _, e := range parts(err) {
			problem, remedy := split(asOurs(e.Error()))
			c.fault(rt, problem, remedy)
		}
		return
	}
	rt.binder, rt.prepares, rt.names = binder, binder.Prepares(), binder.Names()
	rt.provides = binder.HasLater()
	c.large(rt)
	for _, f := range binder.Fields() {
		if f.Type == reflect.TypeFor[*http.Request]() {
			rt.replay = true
		}
		if f.Special && rt.rule.IsOpen() && (f.Type == reflect.TypeFor[CurrentUser]() || f.Type == reflect.TypeFor[Identity]()) {
			c.fault(rt, fmt.Sprintf("parameter %q is a %v, but the route is open and nobody is authenticated", f.Name, f.Type),
				"use another rule such as authz.Auth(), or ask app.Authenticate(ctx) in the handler")
		}
		c.sessions(rt, f)
		if !f.Special && !f.Rest && slices.Contains(c.credentials(rt), f.Name) {
			c.warnings = append(c.warnings, warning{rt.reg.fault("a parameter has the name of an authentication parameter",
				"rename it, or the other (FSA_PARAM_USER, FSA_PARAM_PASS, FSA_TOKEN_NAME, FSA_FAKE_LOGIN), or narrow fsa.Authn"), []any{"parameter", f.Name}})
		}
	}
}

// asOurs gives the text of a fault of package param with the names that users know.
func asOurs(text string) string {
	return regexp.MustCompile(`\bparam\.(Cookie|Date|File|Header|JSON)\b`).ReplaceAllString(text, "fsa.$1")
}

// rule compiles the authorization.
func (c *compiler) rule(rt *route) {
	if rt.reg.in != nil && rt.binder == nil {
		// The parameters are at fault; objects can't be looked at, names can.
		rt.binder = new(param.Binder[*call])
		defer func() { rt.binder = nil }()
	}
	decision, err := authz.Compile(rt.rule, c.observeLeaves(authz.Leaves[*call]{
		Group: func(name string) (authz.Check[*call], error) {
			check, err := c.app.groupLeaf(name)
			return c.traceNamed(c.app.memberships, name, authz.Group(name), check), err
		},
		Permission: func(name string) (authz.Check[*call], error) {
			check, err := c.app.permissionLeaf(name)
			return c.traceNamed(c.app.granted, name, authz.Permission(name), check), err
		},
		Fresh:   func(d time.Duration) (authz.Check[*call], error) { return c.freshLeaf(rt, d) },
		Factors: func(n int) (authz.Check[*call], error) { return c.factorsLeaf(rt, n) },
		Scope:   func(name string) (authz.Check[*call], error) { return c.scopeLeaf(rt, name) },
		Object: func(domain string, params []string, mode string) (authz.Check[*call], error) {
			return c.app.objectLeaf(rt, domain, params, mode)
		},
		NotFoundStatus: c.app.settings.NotFoundError,
	}))
	for _, e := range parts(err) {
		problem, remedy := split(e.Error())
		c.fault(rt, problem, remedy)
	}
	if err != nil {
		return
	}
	rt.decision, rt.open = decision, decision.Open()
	c.openness(rt)
	c.pathParameters(rt)
}
