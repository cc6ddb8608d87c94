package fsa

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"unique"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/param"
)

// call is one request on its way through the application. It is also the
// context that handlers get: one value instead of a chain of them. It is never
// used for a second request, since a handler may keep its context; what nobody
// can keep is in the scratch, which is.
type call struct {
	context.Context
	route *route        // one without a pattern if none matches
	req   authn.Request // the request, its parameters, when it began

	id     *identity.Identity   // who is calling, nil if nobody or not asked
	nobody error                // why nobody was found
	handed *http.Request        // the copy of the request that the handler has
	values [4]string            // of header fields, so that they need no slices of their own
	rare   atomic.Pointer[rare] // nil for most requests

	// On an open route, a handler may ask who is calling, from a goroutine
	// that it has started too. Then mu guards the identity and the parameters.
	mu    sync.Mutex
	lazy  bool
	tried bool // authentication has been tried
	over  bool // the answer is given: nobody is asked any more

	*scratch // nil when it has gone on to another request
}

// scratch is what a request needs until it is answered. It then serves other
// requests: allocating and collecting it each time would be a good part of what
// a request costs. Nothing of it is reachable from what handlers get.
type scratch struct {
	w       http.ResponseWriter
	decided bool          // authorization has been evaluated, and granted
	logged  bool          // whether the request is logged, at the level of its status
	direct  bool          // no mux has taken the path apart
	running bool          // it has neither returned nor panicked
	status  int           // of the answer, 0 until then
	bound   reflect.Value // the parameters, once they are bound
	params  param.Source
	text    []byte                  // of the answer
	next    http.Handler            // behind a protection
	cancel  context.CancelCauseFunc // ends the request's context; nil if its answer is no event stream
	frame   any                     // the *frame that it is part of, for its handler's types; nil if it is not to be used again
}

// rare is what few requests need. It stands apart, since the size of a call is a
// good part of what a request costs.
type rare struct {
	cause     error                  // of an answer that is an error, for the log
	abort     any                    // a panic that goes on to the server
	login     bool                   // a 401 has become a redirect to the log-in page
	requestID atomic.Pointer[string] // any goroutine of the handler may ask for it
	provided  *provisions            // the special parameters of the application's own
	broken    bool                   // the hook for errors has failed
	outer     *call                  // that has the line in the log
}

// more gives what is rare, to be written.
func (c *call) more() *rare {
	if c.rare.Load() == nil {
		c.rare.CompareAndSwap(nil, new(rare))
	}
	return c.rare.Load()
}

// begin makes the call of a request.
func begin(rt *route, s *scratch, w http.ResponseWriter, r *http.Request) *call {
	s.w = w
	c := &call{
		Context: r.Context(),
		route:   rt,
		req:     authn.Request{HTTP: r, Realm: rt.search.Realm, Now: rt.h.app.watch.now(), Params: &s.params},
		lazy:    rt.open,
		scratch: s,
	}
	if rt.streams {
		c.Context, c.cancel = context.WithCancelCause(c.Context)
	}
	if rt.h.after {
		s.w = &sender{ResponseWriter: w, c: c}
	}
	return c
}

// within makes the call a part of another one of the same request, which has the
// line in the log and asks the hooks about the answer.
func (c *call) within(outer *call) {
	id := outer.needRequestID()
	x := c.more()
	x.outer = outer
	x.requestID.Store(&id)
	if s, ok := c.w.(*sender); ok {
		c.w = s.ResponseWriter
	}
}

// settings are those of the application.
func (c *call) settings() *settings { return c.route.h.app.settings }

// caller gives who is calling, and whether that has been asked. Only on an open
// route can that change once the handler runs.
func (c *call) caller() (id *identity.Identity, asked bool) {
	if c.lazy {
		c.mu.Lock()
		defer c.mu.Unlock()
	}
	return c.id, c.tried
}

type callKey struct{}

// Value gives the call itself, for the functions below, and else what the
// request's context has.
func (c *call) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return c
	}
	return c.Context.Value(key)
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// User gives the login of who is calling, "" if nobody is authenticated: on an
// open route, nobody is unless [App.Authenticate] has been asked.
func User(ctx context.Context) string {
	c := callOf(ctx)
	if c == nil {
		return ""
	}
	id, _ := c.caller()
	if id == nil {
		return ""
	}
	return id.Login
}

// HasScope reports whether the caller's token or key has the scope.
func HasScope(ctx context.Context, scope string) bool {
	c := callOf(ctx)
	if c == nil {
		return false
	}
	id, _ := c.caller()
	return id != nil && id.HasScope(scope)
}

// Authenticate gives who is calling. On an open route it tries the route's
// schemes, once; there and elsewhere the error holds [ErrUnauthenticated] if
// nobody is found. Handlers may return the error: it is the right answer, with
// its challenges.
func (a *App) Authenticate(ctx context.Context) (Identity, error) {
	c := callOf(ctx)
	if c == nil || c.route.h.app != a {
		return Identity{}, ErrUnauthenticated
	}
	if c.lazy {
		c.mu.Lock()
		defer c.mu.Unlock()
	}
	if !c.tried && !c.over && c.lazy {
		c.authenticate()
	}
	if c.id != nil {
		return c.id.Clone(), nil
	}
	var e *Error
	if errors.As(c.nobody, &e) && e.Status == http.StatusUnauthorized {
		refusal := *e
		refusal.Cause = errors.Join(ErrUnauthenticated, e.Cause)
		return Identity{}, &refusal
	}
	if c.nobody != nil {
		return Identity{}, c.nobody
	}
	return Identity{}, ErrUnauthenticated
}

// authenticate finds who is calling, or why nobody is.
func (c *call) authenticate() error {
	c.tried = true
	if c.lazy {
		defer c.handBody()
	}
	id, err := c.route.search.Run(&c.req)
	if err != nil {
		c.nobody = err
		return err
	}
	c.id = id
	if c.req.User == (interned{}) || c.req.User.Value() != id.Login {
		c.req.User = unique.Make(id.Login)
	}
	return nil
}

// handBody lets the handler read a body that has been looked into for
// credentials after the handler got the request.
func (c *call) handBody() {
	if c.handed != nil {
		c.handed.Body = c.req.HTTP.Body
	}
}

// hand gives the handler a copy of the request, whose context is the call.
func (c *call) hand() *http.Request {
	c.handed = c.req.HTTP.WithContext(c)
	return c.handed
}
