package fsa

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
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
	problem, remedy := "", ""
	for _, o := range opts {
		if o == nil {
			problem = "an option is nil"
			continue
		}
		o(&s.options)
	}
	switch {
	case problem != "":
	case !strings.HasPrefix(path, "/"):
		problem, remedy = fmt.Sprintf("the prefix %q does not begin with a slash", path), "begin it with one"
	case s.options.encoded:
		problem, remedy = "fsa.InsecureEncodedBody is for one route, not for a prefix", "give it to the routes whose handlers bound what they decode"
	case s.options.status != 0 || s.options.doc != "":
		problem, remedy = "fsa.Status and fsa.Doc say something about one route, not about a prefix", "give them to the routes"
	}
	if problem != "" && p.app.open("the prefix "+s.path, s.source) {
		p.app.faults = append(p.app.faults, &ConfigError{Path: s.path, Source: s.source, Problem: problem, Remedy: remedy})
	}
	return s
}

// Get registers a handler for GET and HEAD. The pattern's path may have
// parameters, as in "/store/{sid}", that are fields of In; rule says who may
// call it.
//
// In is a struct (or a pointer to one) with a field for each parameter, as
// package param says; [None] if there are none. Out is answered as JSON but for
// these: [None] is 204, a string plain text, bytes and an io.Reader just bytes,
// [HTML] a page, [Content] a file; iter.Seq[T] and iter.Seq2[T, error] are streamed
// as a JSON array, or as server-sent events of [Event]s; [Response] has a status
// and header fields of its own, as a struct with fields of types [HeaderOut] and
// [StatusOut] has. What is wrong with the declaration is reported by
// [App.Handler].
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
	reg.build = func(rt *route) {
		rt.borrow, rt.giveBack = frames[In, Out](rt.h.app)
		rt.invoke = invoker(rt, h)
	}
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
		if o == nil {
			reg.problem = "an option is nil"
			continue
		}
		o(&reg.options)
	}
	if p.app.open("the route "+strings.TrimSpace(reg.method+" "+reg.path), reg.source) {
		p.app.registrations = append(p.app.registrations, reg)
	}
}
