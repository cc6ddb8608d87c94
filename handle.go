package fsa

import (
	"bufio"
	"encoding"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

// Handle registers an [http.Handler]. The pattern is one of [http.ServeMux]
// without a host: "GET /raw", or "/raw" for all methods. The handler gets the
// request as it came, after the rule has been decided; the identity is in the
// request's context. An object permission can name parameters of the path only,
// and then a path with an escaped slash in one of its parameters, which a handler
// could take apart in another way, is not found. OPTIONS does not reach the handler
// unless the pattern names it.
func Handle(r Router, pattern string, rule authz.Rule, h http.Handler, opts ...Option) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "", pattern
	}
	reg := &registration{method: method, path: strings.TrimLeft(path, " \t"), rule: rule}
	if h == nil {
		reg.problem = "the handler is nil"
	}
	reg.build = func(rt *route) { rt.borrow, rt.invoke = func() *scratch { return new(scratch) }, handleInvoker(h) }
	add(r, reg, opts, 2)
}

// handleInvoker makes the part of a route that runs an http.Handler.
func handleInvoker(h http.Handler) func(*call, authz.Pending, bool) error {
	return func(c *call, pending authz.Pending, undecided bool) error {
		in := reflect.Value{}
		if rt := c.route; rt.binder != nil {
			in = reflect.New(rt.pathType).Elem()
		}
		if err := c.route.bind(c, in, pending, undecided); err != nil {
			return err
		}
		if !c.route.spelt(c.req.HTTP, in) {
			return errSpelling
		}
		if c.route.h.exec {
			if err := c.exec(); err != nil {
				return err
			}
		}
		c.prepare(c.w.Header(), c.w.Header()["Cache-Control"] != nil)
		w := &recorder{ResponseWriter: c.w, c: c}
		h.ServeHTTP(w, c.hand())
		switch {
		case c.status != 0:
		case w.taken:
			c.status = http.StatusSwitchingProtocols // or whatever the handler has written
			if s, ok := c.w.(*sender); ok {
				s.asked = true
			}
		default:
			// Nothing is written; the server will do it.
			c.status = http.StatusOK
			c.identify(c.w.Header())
			c.complete(c.w.Header())
		}
		return nil
	}
}

var errSpelling = httperr.Errorf(http.StatusNotFound, "not found")

// spelt reports whether the values of the path that were authorized are spelt
// in the one way in which they are written. The handler gets the path as it came,
// and may read 0x1f, 1_0 or +5 in another way than we did.
//
// It may also take the path apart itself. There an escaped slash in one segment
// would look like the end of it, and move all that follows: in /{a}/{sid}, the
// path /x%2F1/2 would be authorized for 2 and served for 1.
func (rt *route) spelt(r *http.Request, in reflect.Value) bool {
	if len(rt.pathFields) > 0 && r.URL.RawPath != "" {
		for _, name := range rt.reg.segmentNames() {
			if strings.Contains(r.PathValue(name), "/") {
				return false
			}
		}
	}
	for i, f := range rt.pathFields {
		text := ""
		switch v := in.Field(i).Interface().(type) {
		case encoding.TextMarshaler:
			b, err := v.MarshalText()
			if err != nil {
				return false
			}
			text = string(b)
		default:
			text = fmt.Sprint(v)
		}
		if text != r.PathValue(f.Tag.Get("param")) {
			return false
		}
	}
	return true
}

// pathParam adds a parameter of the path to those that are bound for the rule
// of an http.Handler.
func (rt *route) pathParam(domain, name string, id reflect.Type) ([]int, error) {
	if !rt.reg.names(name) {
		return nil, fmt.Errorf("object permission on %q names parameter %q, which the path does not have; the rule of an http.Handler can name parameters of the path only", domain, name)
	}
	tag := fmt.Sprintf("param:%q", name)
	for i, f := range rt.pathFields {
		if string(f.Tag) == tag {
			if f.Type != id {
				return nil, fmt.Errorf("parameter %q is taken for a %v and for a %v; make the ids of the domains the same type", name, f.Type, id)
			}
			return []int{i}, nil
		}
	}
	i := len(rt.pathFields)
	rt.pathFields = append(rt.pathFields, reflect.StructField{Name: fmt.Sprintf("P%d", i), Type: id, Tag: reflect.StructTag(tag)})
	return []int{i}, nil
}

// pathParameters compiles the binder of an http.Handler's rule.
func (c *compiler) pathParameters(rt *route) {
	if len(rt.pathFields) == 0 {
		return
	}
	var names []string
	for _, f := range rt.pathFields {
		names = append(names, f.Tag.Get("param"))
		if f.Type.Kind() == reflect.Struct && !f.Type.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && !f.Type.Implements(reflect.TypeFor[fmt.Stringer]()) {
			c.fault(rt, fmt.Sprintf("parameter %q is a %v, of which nothing tells how it is written in a path", names[len(names)-1], f.Type),
				"give it a method MarshalText or String, with which the path must agree, or take the path by a typed handler")
		}
	}
	rt.pathType = reflect.StructOf(rt.pathFields)
	binder, err := param.Compile(rt.pathType, param.Options[*call]{Path: names, Casts: c.app.casts})
	for _, e := range parts(err) {
		problem, remedy := split(e.Error())
		c.fault(rt, problem, remedy)
	}
	rt.binder = binder
}

// recorder watches over the answer of an http.Handler: it notes the status for
// the log, and completes the header when it is sent.
type recorder struct {
	http.ResponseWriter
	c       *call
	refused bool // what the handler writes is not to be sent
	taken   bool // the handler has the connection
}

// WriteHeader notes the status.
func (w *recorder) WriteHeader(status int) {
	if w.c.status == 0 && status >= 200 {
		if status < 400 && !w.c.decided {
			w.refused = true
			w.c.fail(errUndecided)
			return
		}
		w.c.status = status
		w.c.identify(w.Header())
		w.c.complete(w.Header())
		w.c.expose(w.Header()) // the handler may have asked who it is
		w.c.delay()
		if status == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
			for _, challenge := range w.c.challenges() {
				w.Header().Add("WWW-Authenticate", challenge)
			}
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// complete adds what depends on who was found to be calling, perhaps by the
// handler, and on what the handler has set.
func (c *call) complete(h http.Header) {
	c.noStore(h)
	c.vary(h)
	if c.status < 400 && c.route.cookie != nil {
		c.carry(h)
	}
}

// Write begins the answer if WriteHeader has not.
func (w *recorder) Write(b []byte) (int, error) {
	if w.c.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.refused {
		return 0, errUndecided
	}
	return w.ResponseWriter.Write(b)
}

// Hijack gives the handler the connection, of which the answer is no more ours.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.taken = w.taken || err == nil
	return conn, rw, err
}

// Unwrap lets [http.ResponseController] find what the server's writer can do.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush is for handlers that look for an [http.Flusher].
func (w *recorder) Flush() {
	if w.c.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	http.NewResponseController(w.ResponseWriter).Flush()
}
