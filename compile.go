package fsa

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/param"
)

// handler is a compiled application.
type handler struct {
	app     *App
	mux     *http.ServeMux
	routes  []*route
	methods []string // of all routes
	all     http.Handler
	schemes map[string]authn.Scheme
}

// Handler checks the whole application and compiles it. The error joins all
// faults of configuration, hooks and routes, each a *[ConfigError].
//
// The handler runs under any mux. Calling Handler again gives the same one,
// unless something has been registered since: then that is the error.
func (a *App) Handler() (http.Handler, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.late) > 0 {
		return nil, a.late.asError()
	}
	if a.compiled != nil {
		return a.compiled, nil
	}
	c := compiler{app: a, h: &handler{app: a, mux: http.NewServeMux()}}
	c.faults = append(c.faults, a.faults...)
	c.directives()
	c.hooks()
	c.schemes()
	for _, reg := range a.registrations {
		c.route(reg)
	}
	c.realms()
	c.patterns()
	if len(c.faults) > 0 {
		return nil, c.faults.asError()
	}
	c.h.all = http.HandlerFunc(c.h.enter)
	for _, use := range slices.Backward(a.use) {
		c.h.all = use(c.h.all)
	}
	a.compiled = c.h
	return c.h, nil
}

// compiler collects the faults of an application while it is compiled.
type compiler struct {
	app    *App
	h      *handler
	faults faults
}

// hooks reports hooks that the enabled schemes need.
func (c *compiler) hooks() {
	s := c.app.settings
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
	c.search(rt)
	c.options(rt)
	c.parameters(rt)
	c.rule(rt)
	if len(c.faults) == found && reg.problem == "" {
		reg.build(rt)
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
	if o.realm != c.app.settings.Realm && !printable(o.realm) {
		c.fault(rt, fmt.Sprintf("the realm %q holds a character that a challenge can't carry", o.realm), "use printable ASCII")
	}
	noBody := rt.reg.out == reflect.TypeFor[None]() || rt.reg.out == nil
	switch {
	case o.status == 0:
	case rt.reg.out == nil:
		c.fault(rt, "fsa.Status does not apply to an http.Handler", "let the handler write its status")
	case o.status < 200 || o.status > 399:
		c.fault(rt, fmt.Sprintf("%d is not the status of a success", o.status), "give one from 200 to 399; errors are returned by the handler")
	case !noBody && (o.status == http.StatusNoContent || o.status == http.StatusNotModified):
		c.fault(rt, fmt.Sprintf("an answer of status %d has no body, but the handler gives a %v", o.status, rt.reg.out), "return fsa.None, or use another status")
	}
}

// parameters compiles the binder of a typed handler.
func (c *compiler) parameters(rt *route) {
	if rt.reg.in == nil {
		rt.replay = true
		return
	}
	if reason := badOutput(rt.reg.out); reason != "" {
		c.fault(rt, "the handler's output: "+reason, "return a value that has a JSON form")
	}
	in := rt.reg.in
	if in.Kind() == reflect.Pointer {
		in = in.Elem()
	}
	binder, err := param.Compile(in, param.Options[*call]{
		Path:             rt.reg.pathNames(),
		RejectUnexpected: !c.app.settings.NoRejectUnexpectedParam,
		Exempt:           c.credentials(rt),
		Specials:         specials,
	})
	if err != nil {
		for _, e := range parts(err) {
			problem, remedy := split(e.Error())
			c.fault(rt, problem, remedy)
		}
		return
	}
	rt.binder = binder
	for _, f := range binder.Fields() {
		if f.Type == reflect.TypeFor[*http.Request]() {
			rt.replay = true
		}
		if f.Special && rt.rule.IsOpen() && (f.Type == reflect.TypeFor[CurrentUser]() || f.Type == reflect.TypeFor[Identity]()) {
			c.fault(rt, fmt.Sprintf("parameter %q is a %v, but the route is open and nobody is authenticated", f.Name, f.Type),
				"use another rule such as authz.Auth(), or ask app.Authenticate(ctx) in the handler")
		}
		if !f.Special && slices.Contains(c.credentials(rt), f.Name) {
			c.app.settings.logger.Warn("a parameter has the name of an authentication parameter", "parameter", f.Name,
				"route", rt.reg.method+" "+rt.reg.path, "source", rt.reg.source, "remedy", "rename it, or set FSA_PARAM_USER and FSA_PARAM_PASS, or narrow fsa.Authn")
		}
	}
}

// rule compiles the authorization.
func (c *compiler) rule(rt *route) {
	if rt.reg.in != nil && rt.binder == nil {
		// The parameters are at fault; objects can't be looked at, names can.
		rt.binder = new(param.Binder[*call])
		defer func() { rt.binder = nil }()
	}
	decision, err := authz.Compile(rt.rule, authz.Leaves[*call]{
		Group: c.app.groupLeaf,
		Object: func(domain string, params []string, mode string) (authz.Check[*call], error) {
			return c.app.objectLeaf(rt, domain, params, mode)
		},
		NotFoundStatus: c.app.settings.NotFoundError,
	})
	for _, e := range parts(err) {
		problem, remedy := split(e.Error())
		c.fault(rt, problem, remedy)
	}
	if err != nil {
		return
	}
	rt.decision = decision
	c.openness(rt)
	c.pathParameters(rt)
}
