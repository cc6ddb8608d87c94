package fsa

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
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

	user    interned           // the login of id
	id      *identity.Identity // who is calling, nil if nobody or not asked
	tried   bool               // authentication has been tried
	nobody  error              // and why nobody was found
	decided bool               // authorization has been evaluated, and granted
	frame   any                // the *frame that the call is part of, for its handler's types
	bound   reflect.Value      // the parameters, once they are bound
	status  int                // of the answer, 0 until then
	cause   error              // of an answer that is an error, for the log
	abort   any                // a panic that goes on to the server

	requestID string
	level     slog.Level // of the line in the log
	logged    bool       // whether that level is on
	values    [4]string  // of header fields, so that they need no slices of their own

	mu   sync.Mutex // guards lazy authentication against handlers' goroutines
	over bool       // the answer is given
}

// begin makes c the call of a request. There is no route if none matches.
func (c *call) begin(h *handler, rt *route, w http.ResponseWriter, r *http.Request) {
	c.Context, c.h, c.route, c.w = r.Context(), h, rt, w
	c.req.HTTP, c.req.Now = r, time.Now()
	if rt != nil {
		c.req.Realm = rt.search.Realm
	}
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.id == nil {
		return ""
	}
	return c.id.Login
}

// HasScope reports whether the caller's token or key has the scope.
func HasScope(ctx context.Context, scope string) bool {
	c := callOf(ctx)
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id != nil && c.id.HasScope(scope)
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.tried && !c.over && c.route != nil {
		c.authenticate()
	}
	if c.id != nil {
		return *c.id, nil
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
	id, err := c.route.search.Run(&c.req)
	c.id, c.nobody = id, err
	if id != nil {
		if c.user = c.req.User; c.user == (interned{}) || c.user.Value() != id.Login {
			c.user = unique.Make(id.Login)
		}
	}
	return err
}

// needRequestID makes the id by which the log and the answer can be brought
// together.
func (c *call) needRequestID() string {
	if c.requestID == "" {
		var b [12]byte
		rand.Read(b[:])
		c.requestID = hex.EncodeToString(b[:])
	}
	return c.requestID
}
