package fsa

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"sync"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

// route is a compiled route. All that can be known before the first request is
// in it.
type route struct {
	h          *handler
	reg        *registration
	rule       authz.Rule // with those of the prefixes
	options    options    // effective
	search     authn.Search
	decision   *authz.Decision[*call]
	binder     *param.Binder[*call] // nil if there is nothing to bind
	replay     bool                 // the handler may read the body itself
	challenges []string             // of each 401
	newCall    func() *call
	invoke     func(*call, authz.Pending, bool) error

	pathFields []reflect.StructField // of an http.Handler: what its rule asks of the path
	pathType   reflect.Type          // the struct of these
}

var sources = sync.Pool{New: func() any { return new(param.Source) }}

// ServeHTTP takes a request through the route.
func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := rt.newCall()
	c.begin(rt.h, rt, w, r)
	c.req.Params = sources.Get().(*param.Source)
	if rt.replay && r.Body != nil {
		// Whatever the handler reads itself has the route's limit too.
		r.Body = http.MaxBytesReader(w, r.Body, rt.options.maxBody)
	}
	c.req.Params.Reset(w, r, rt.options.maxBody, rt.replay)
	defer c.finish()
	if err := rt.run(c); err != nil {
		c.fail(err)
	}
}

// finish ends a request: it turns a panic into a refusal, and logs.
func (c *call) finish() {
	if p := recover(); p != nil {
		c.panicked(p)
	}
	c.release()
	c.log()
	if c.rare != nil && c.rare.abort != nil {
		panic(c.rare.abort)
	}
}

// release gives back what the request has borrowed, and removes the files of a
// form that the handler has parsed: the server knows only those of its own copy
// of the request.
func (c *call) release() {
	if c.lazy {
		// This waits for an authentication that is under way and reads the
		// parameters. After it, nobody looks at them any more.
		c.mu.Lock()
	}
	src := c.req.Params
	c.over, c.req.Params = true, nil
	if c.lazy {
		c.mu.Unlock()
	}
	if src != nil {
		src.Release()
		sources.Put(src)
	}
	if c.handed != nil && c.handed.MultipartForm != nil {
		c.handed.MultipartForm.RemoveAll()
	}
}

// run decides who may go on: authentication, then what the rule asks about the
// caller. What it asks about objects waits for the parameters, in bind.
func (rt *route) run(c *call) error {
	d := rt.decision
	if !d.Open() && !d.Closed() {
		if err := c.authenticate(); err != nil {
			return err
		}
	}
	pending, err := d.Before(c)
	switch err {
	case nil:
		c.decided = true
		return rt.invoke(c, pending, false)
	case authz.ErrUndecided:
		return rt.invoke(c, pending, true)
	}
	return err
}

// bind fills in with the parameters, and decides what only they tell.
func (rt *route) bind(c *call, in reflect.Value, pending authz.Pending, undecided bool) error {
	if rt.binder != nil {
		if err := rt.binder.Bind(c, c.req.Params, in); err != nil {
			return err
		}
	}
	if undecided {
		c.bound = in
		if err := rt.decision.After(c, pending); err != nil {
			return err
		}
		c.decided = true
	}
	if !c.decided {
		return errUndecided
	}
	return nil
}

// errUndecided is for what cannot happen: a handler about to run, or an answer
// about to be given, for which nothing has been decided.
var errUndecided = httperr.Wrap(http.StatusInternalServerError, "internal error", fmt.Errorf("no authorization was evaluated"))

// invoker makes the part of a route that knows the types of its handler.
func invoker[In, Out any](h func(context.Context, In) (Out, error)) func(*call, authz.Pending, bool) error {
	answer := answerOf[Out]()
	if t := reflect.TypeFor[In](); t.Kind() == reflect.Pointer {
		return func(c *call, pending authz.Pending, undecided bool) error {
			in := reflect.New(t.Elem())
			if err := c.route.bind(c, in.Elem(), pending, undecided); err != nil {
				return err
			}
			out, err := h(c, in.Interface().(In))
			if err != nil {
				return err
			}
			return answer(c, &out)
		}
	}
	return func(c *call, pending authz.Pending, undecided bool) (err error) {
		f := c.frame.(*frame[In, Out])
		if err = c.route.bind(c, reflect.ValueOf(&f.in).Elem(), pending, undecided); err != nil {
			return err
		}
		if f.out, err = h(c, f.in); err != nil {
			return err
		}
		return answer(c, &f.out)
	}
}

// frame is a call with the input and the output of its handler, so that the
// three are one allocation.
type frame[In, Out any] struct {
	call
	in  In
	out Out
}

func newFrame[In, Out any]() *call {
	f := new(frame[In, Out])
	f.call.frame = f
	return &f.call
}
