package fsa

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"reflect"
	"sync"
	"time"
	"unique"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/identity"
)

// call is one request on its way through the application. It is also the
// context that handlers get: one value instead of a chain of them. It is never
// used for a second request, since a handler may keep its context.
type call struct {
	context.Context
	h     *handler
	route *route // nil if no route matches
	w     http.ResponseWriter
	req   authn.Request // the request, its parameters, when it began

	id      *identity.Identity // who is calling, nil if nobody or not asked
	tried   bool               // authentication has been tried
	nobody  error              // and why nobody was found
	decided bool               // authorization has been evaluated, and granted
	frame   any                // the *frame that the call is part of, for its handler's types
	bound   reflect.Value      // the parameters, once they are bound
	status  int                // of the answer, 0 until then

	logged bool      // whether the request is logged, at the level of its status
	values [3]string // of header fields, so that they need no slices of their own
	rare   *rare     // nil for most requests

	// On an open route, a handler may ask who is calling, from a goroutine
	// that it has started too. Then mu guards the identity and the parameters.
	lazy bool
	mu   sync.Mutex
	over bool // the answer is given: nobody is asked any more

	handed *http.Request // the copy of the request that the handler has
}

// rare is what few requests need. It stands apart, since the size of a call is a
// good part of what a request costs.
type rare struct {
	cause     error // of an answer that is an error, for the log
	abort     any   // a panic that goes on to the server
	requestID string
}

// more gives what is rare, to be written.
func (c *call) more() *rare {
	if c.rare == nil {
		c.rare = new(rare)
	}
	return c.rare
}

// known gives what is rare, to be read.
func (c *call) known() rare {
	if c.rare == nil {
		return rare{}
	}
	return *c.rare
}

// begin makes c the call of a request. There is no route if none matches.
func (c *call) begin(h *handler, rt *route, w http.ResponseWriter, r *http.Request) {
	c.Context, c.h, c.route, c.w = r.Context(), h, rt, w
	c.req.HTTP, c.req.Now = r, time.Now()
	if rt != nil {
		c.req.Realm = rt.search.Realm
		c.lazy = rt.decision.Open()
	}
}

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
	if c == nil || c.h.app != a {
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

// needRequestID makes the id by which the log and the answer can be brought
// together.
func (c *call) needRequestID() string {
	x := c.more()
	if x.requestID == "" {
		var b [12]byte
		rand.Read(b[:])
		x.requestID = hex.EncodeToString(b[:])
	}
	return x.requestID
}
