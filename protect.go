package fsa

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
)

// Protect makes a middleware for the handlers of another router: before they run, a
// request goes through all that it would for a route of [Handle] with this rule
// and these options: hooks, authentication, the check of its origin, the rule. Its
// answer has the same header fields and its line in the log, and refusals come
// through the same renderer. [User] and its kin tell the handler who is calling.
//
//	r := chi.NewRouter()
//	r.With(app.Protect(authz.Group("admin"))).Get("/users", listUsers)
//	if _, err := app.Handler(); err != nil { // also checks what Protect declares
//		log.Fatal(err)
//	}
//
// The application must be compiled by [App.Handler] before the first request: until
// then, or if it has faults, every request is answered by 500 and the log says
// why. Faults of the rule and the options are reported there.
//
// An object permission names parameters that the router has set by
// [http.Request.SetPathValue] before the middleware runs. Those of ServeMux are; chi
// sets them for middleware given to With or in a Group, not for Use before the
// routes. A request without them is answered by 500, since the handler would have
// had another value than the rule, or none.
//
// If FSA_CORS is on, a preflight that the router brings here is answered, before
// authentication: it must have a route for OPTIONS, or one for all methods.
//
// On a request that has come through a route of the same application already, as
// when a chi router is mounted by Handle, only what differs is done again:
// authentication, the origin, the rule. There, a request is one line of the log.
func (a *App) Protect(rule authz.Rule, opts ...Option) func(http.Handler) http.Handler {
	reg := &registration{rule: rule, protects: true, prefix: &a.root, source: caller(1)}
	for _, o := range opts {
		if o == nil {
			reg.problem = "an option is nil"
			continue
		}
		o(&reg.options)
	}
	p := &protection{app: a, reg: reg}
	reg.build = func(rt *route) {
		rt.borrow, rt.invoke = func() *scratch { return new(scratch) }, protectInvoker
		p.built = rt
	}
	if a.open("app.Protect", reg.source) {
		a.registrations = append(a.registrations, reg)
		a.protections = append(a.protections, p)
	}
	return func(next http.Handler) http.Handler { return &protected{p, next} }
}

// protection is a rule of [App.Protect].
type protection struct {
	app   *App
	reg   *registration
	built *route
	route atomic.Pointer[route] // nil until the application is compiled
	told  sync.Once
}

// protected is a handler behind a protection.
type protected struct {
	*protection
	next http.Handler
}

// ServeHTTP lets a request pass to the handler if the rule does.
func (p *protected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rt := p.route.Load()
	if rt == nil || p.next == nil {
		p.closed(w, r)
		return
	}
	if outer := callOf(r.Context()); outer != nil && outer.route.h == rt.h {
		rt.serveNext(w, r, p.next, outer)
		return
	}
	var serve http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rt.h.cors != nil && preflight(r) {
			rt.h.permitElsewhere(w, r)
			return
		}
		if r, ok := rt.h.admit(w, r); ok {
			rt.serveNext(w, r, p.next, nil)
		}
	})
	if rt.h.app.settings.trace > 0 {
		serve = rt.h.traced(serve)
	}
	if o := observationOf(r.Context()); rt.h.observers != nil && (o == nil || o.handler != rt.h) {
		rt.h.observe(w, r, serve)
		return
	}
	serve.ServeHTTP(w, r)
}

// closed answers a request for which nothing can be decided.
func (p *protected) closed(w http.ResponseWriter, r *http.Request) {
	p.told.Do(func() {
		why, remedy := "app.Handler() has not compiled the application, or has reported faults", "call it before serving, and end the program on its error"
		if p.next == nil {
			why, remedy = "the handler is nil", "give one to the middleware"
		}
		p.app.settings.logger.Error("app.Protect refuses all requests: "+why, "source", p.reg.source, "remedy", remedy)
	})
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	render := p.app.settings.render
	if render == nil { // what the settings say of it is a fault
		render, _ = httperr.NewRenderer("plain")
	}
	render(w, r, httperr.Errorf(http.StatusInternalServerError, "internal error"))
}

// protectInvoker runs the handler behind a protection.
func protectInvoker(c *call, pending authz.Pending, undecided bool) error {
	for _, f := range c.route.pathFields {
		name := f.Tag.Get("param")
		if c.req.HTTP.PathValue(name) == "" {
			return fmt.Errorf("app.Protect (%s): the request has no path value %q: let the middleware run where the router has found the route, and set it by r.SetPathValue", c.route.reg.source, name)
		}
	}
	return handleInvoker(c.next)(c, pending, undecided)
}

// names reports whether an object permission may name a parameter of the path.
func (e *registration) names(name string) bool {
	return e.protects || slices.Contains(e.pathNames(), name)
}
