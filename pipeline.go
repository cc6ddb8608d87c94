package fsa

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

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
	pattern    string     // as the mux has it
	rule       authz.Rule // with those of the prefixes
	options    options    // effective
	search     authn.Search
	decision   *authz.Decision[*call]
	binder     *param.Binder[*call] // nil if there is nothing to bind
	names      []string             // of its parameters
	replay     bool                 // the handler may read the body itself
	prepares   bool                 // the body is not read as usual
	provides   bool                 // special parameters of the application's own
	challenges []string             // of each 401, unless they are fresh
	fresh      bool                 // challenges are made for each request
	open       bool                 // nobody need be authenticated
	own        bool                 // a scheme of the application's own sees its requests
	cookie     *authn.TokenCookie   // that its successful answers may set; nil if none
	varies     []string             // the header fields that decide who is calling, if caches must know
	noReferrer bool                 // its URLs may hold a token
	streams    bool                 // its answers are, or may be, event streams
	borrow     func() *scratch
	giveBack   func(*scratch)
	invoke     func(*call, authz.Pending, bool) error
	bounded    bool       // it has limits of its own for time or header
	deaf       *sync.Once // middleware that hides the connection has been reported

	pathFields []reflect.StructField // of an http.Handler: what its rule asks of the path
	pathType   reflect.Type          // the struct of these
}

// ServeHTTP takes a request, whose path the mux has taken apart, through the
// route.
func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) { rt.serve(w, r, "") }

// direct gives the route if it can do without the mux: nobody but the binder
// reads the parameters of its path.
func (rt *route) direct() *route {
	if rt.replay || rt.own || rt.reg.in == nil {
		return nil
	}
	return rt
}

// serve takes a request through the route. path is its path if no mux has taken
// it apart.
func (rt *route) serve(w http.ResponseWriter, r *http.Request, path string) {
	if rt.bounded {
		var end context.CancelFunc
		r, end = rt.bound(w, r)
		defer end()
	}
	rt.through(begin(rt, rt.borrow(), w, r), w, r, path)
}

// serveNext takes a request through a route whose handler is another router's. outer
// is the call that the request belongs to already, nil if none.
func (rt *route) serveNext(w http.ResponseWriter, r *http.Request, next http.Handler, outer *call) {
	if rt.bounded {
		var end context.CancelFunc
		r, end = rt.bound(w, r)
		defer end()
	}
	c := begin(rt, rt.borrow(), w, r)
	c.next = next
	if outer != nil {
		c.within(outer)
	}
	rt.through(c, w, r, "")
}

// maxBody is how many bytes the body of a request may have.
func (rt *route) maxBody() int64 {
	if rt.options.maxBody != 0 {
		return rt.options.maxBody
	}
	return rt.h.app.settings.now().maxBody
}

// through takes a call through its route.
func (rt *route) through(c *call, w http.ResponseWriter, r *http.Request, path string) {
	if rt.replay && r.Body != nil {
		// Whatever the handler reads itself has the route's limit too.
		r.Body = http.MaxBytesReader(w, r.Body, rt.maxBody())
	}
	c.params.Reset(w, r, rt.maxBody(), rt.replay)
	c.params.SetPath(path)
	c.params.SetNames(rt.names)
	if rt.prepares {
		rt.binder.Prepare(&c.params)
	}
	c.direct = path != ""
	c.running = true
	defer c.finish()
	if err := rt.run(c); err != nil && err != errAnswered {
		if rt.provides {
			err = c.releaseSpecials(err)
		}
		c.fail(err)
	} else if rt.h.after {
		c.conclude()
	}
	c.running = false
}

// finish ends a request: it turns a panic into a refusal, gives back and logs. Whatever
// ends this goroutine on the way, the steps after it are taken.
func (c *call) finish() {
	defer c.end()
	defer c.exit()
	if p := recover(); p != nil {
		c.panicked(p)
		c.frame = nil // whatever was under way may still hold a part of it
		c.running = false
	}
}

// exit is for a request that has neither returned nor panicked.
func (c *call) exit() {
	if c.running {
		c.exited(nil)
	}
}

// exited notes that the goroutine of the request is being ended by [runtime.Goexit],
// and what the request had failed with before that, if it had. Nobody can answer any
// more: the server closes the connection.
func (c *call) exited(err error) {
	c.frame = nil
	x := c.more()
	if err == nil {
		err = x.cause
	}
	switch {
	case err == nil:
		x.cause = errUnfinished
	case !errors.Is(err, errUnfinished):
		x.cause = fmt.Errorf("%w; then: %w", err, errUnfinished)
	}
	if c.route.provides {
		c.releaseSpecials(errUnfinished)
	}
}

// end gives back what the request has taken, and logs.
func (c *call) end() {
	c.release()
	c.log()
	c.report()
	if c.cancel != nil {
		c.cancel(nil)
	}
	if s := c.scratch; s.frame != nil {
		c.scratch = nil
		c.route.giveBack(s)
	}
	if x := c.rare.Load(); x != nil && x.abort != nil {
		panic(x.abort)
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
	c.over, c.req.Params = true, nil
	if c.lazy {
		c.mu.Unlock()
	}
	c.params.Release()
	if c.handed != nil && c.handed.MultipartForm != nil {
		c.handed.MultipartForm.RemoveAll()
	}
}

// run decides who may go on: authentication, then what the rule asks about the
// caller. What it asks about objects waits for the parameters, in bind.
func (rt *route) run(c *call) error {
	if rt.bounded {
		if err := rt.options.header(c.req.HTTP); err != nil {
			return err
		}
	}
	d := rt.decision
	if rt.options.sameOrigin && !d.Closed() {
		if err := rt.h.crossOrigin.Check(c.req.HTTP); err != nil {
			return httperr.Wrap(http.StatusForbidden, "cross-origin request denied", err)
		}
	}
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
	return c.refused(err)
}

// bind fills in with the parameters, and decides what only they tell.
func (rt *route) bind(c *call, in reflect.Value, pending authz.Pending, undecided bool) error {
	if rt.replay {
		if err := rt.options.body(c.req.HTTP, rt.maxBody()); err != nil {
			return err
		}
	}
	if rt.binder != nil {
		if err := rt.binder.Bind(c, c.req.Params, in); err != nil {
			return err
		}
	}
	if undecided {
		c.bound = in
		if err := rt.decision.After(c, pending); err != nil {
			return c.refused(err)
		}
		c.decided = true
	}
	if !c.decided {
		return errUndecided
	}
	return nil
}

// ready binds the parameters, decides, asks the hooks that come before a typed
// handler, and makes the special parameters that are for its eyes only.
func (rt *route) ready(c *call, in reflect.Value, pending authz.Pending, undecided bool) error {
	if err := rt.bind(c, in, pending, undecided); err != nil {
		return err
	}
	if rt.h.exec {
		if err := c.exec(); err != nil {
			return err
		}
	}
	if rt.provides {
		return rt.binder.BindLater(c, in)
	}
	return nil
}

// errUndecided is for what cannot happen: a handler about to run, or an answer
// about to be given, for which nothing has been decided.
var errUndecided = errors.New("no authorization was evaluated")

// invoker makes the part of a route that knows the types of its handler.
func invoker[In, Out any](rt *route, h func(context.Context, In) (Out, error)) func(*call, authz.Pending, bool) error {
	answer := answerOf[Out](rt)
	if t := reflect.TypeFor[In](); t.Kind() == reflect.Pointer {
		return func(c *call, pending authz.Pending, undecided bool) error {
			in := reflect.New(t.Elem())
			if err := c.route.ready(c, in.Elem(), pending, undecided); err != nil {
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
		if err = c.route.ready(c, reflect.ValueOf(&f.in).Elem(), pending, undecided); err != nil {
			return err
		}
		if f.out, err = h(c, f.in); err != nil {
			return err
		}
		return answer(c, &f.out)
	}
}

// frame is a scratch with the input and the output of its handler.
type frame[In, Out any] struct {
	scratch
	in  In
	out Out
}

// frames makes the pool of frames of a route. The pool belongs to the types, so
// that what one route leaves behind is never read as something else; and all is
// wiped before it goes there.
func frames[In, Out any](a *App) (borrow func() *scratch, giveBack func(*scratch)) {
	pool := sync.Pool{New: func() any { return new(frame[In, Out]) }}
	borrow = func() *scratch {
		f := pool.Get().(*frame[In, Out])
		f.frame = f
		return &f.scratch
	}
	if a.handsOut(reflect.TypeFor[In]()) || a.handsOut(reflect.TypeFor[Out]()) {
		return func() *scratch {
			f := new(frame[In, Out])
			f.frame = f
			return &f.scratch
		}, func(*scratch) {}
	}
	giveBack = func(s *scratch) {
		f := s.frame.(*frame[In, Out])
		var in In
		var out Out
		f.in, f.out = in, out
		s.reset()
		pool.Put(f)
	}
	return borrow, giveBack
}

// handsOut reports whether a value of the type may be reached by a method of the
// application's own, such as Validate or UnmarshalText, or by a [JSONConverter] of
// pointers: what that has started may go on, and must not come to see another
// request's values.
func (a *App) handsOut(t reflect.Type) bool {
	if slices.ContainsFunc(a.converters, func(c *converter) bool { return c.typ == reflect.PointerTo(t) }) {
		return true
	}
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[Identity](), reflect.TypeFor[CurrentUser](), reflect.TypeFor[Secret](), reflect.TypeFor[None]():
		return false
	}
	if reflect.PointerTo(t).NumMethod() > 0 {
		return true
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if a.handsOut(t.Field(i).Type) {
				return true
			}
		}
	case reflect.Array:
		return a.handsOut(t.Elem())
	}
	return false // what is behind a pointer, a slice or a map is made for each request
}

// reset wipes a scratch for the next request.
func (s *scratch) reset() {
	s.w, s.decided, s.logged, s.direct, s.running, s.status, s.bound, s.frame, s.cancel = nil, false, false, false, false, 0, reflect.Value{}, nil, nil
	clear(s.text)
	if s.text = s.text[:0]; cap(s.text) > keepText {
		s.text = nil
	}
}
