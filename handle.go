package fsa

import (
	"encoding"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

// Handle registers an [http.Handler]. The pattern is one of [http.ServeMux]
// without a host: "GET /raw", or "/raw" for all methods. The handler gets the
// request as it came, after the rule has been decided; the identity is in the
// request's context. An object permission can name parameters of the path only.
func Handle(r Router, pattern string, rule authz.Rule, h http.Handler, opts ...Option) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "", pattern
	}
	reg := &registration{method: method, path: strings.TrimLeft(path, " \t"), rule: rule}
	if h == nil {
		reg.problem = "the handler is nil"
	}
	reg.build = func(rt *route) { rt.newCall, rt.invoke = func() *call { return new(call) }, handleInvoker(h) }
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
		c.prepare(c.w.Header())
		w := &recorder{ResponseWriter: c.w, c: c}
		h.ServeHTTP(w, c.hand())
		if c.status == 0 {
			c.status = http.StatusOK
		}
		return nil
	}
}

var errSpelling = httperr.Errorf(http.StatusNotFound, "not found")

// spelt reports whether the values of the path that were authorized are spelt
// in the one way in which they are written. The handler gets the path as it came,
// and may read 0x1f, 1_0 or +5 in another way than we did.
func (rt *route) spelt(r *http.Request, in reflect.Value) bool {
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
	if !slices.Contains(rt.reg.pathNames(), name) {
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
	}
	rt.pathType = reflect.StructOf(rt.pathFields)
	binder, err := param.Compile(rt.pathType, param.Options[*call]{Path: names})
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
	c *call
}

// WriteHeader notes the status.
func (w *recorder) WriteHeader(status int) {
	if w.c.status == 0 && status >= 200 {
		if status < 400 && !w.c.decided {
			w.c.fail(errUndecided)
			return
		}
		w.c.status = status
		w.c.identify(w.Header())
		w.c.noStore(w.Header())
		w.c.delay()
		if status == http.StatusUnauthorized && w.c.route != nil && w.Header().Get("WWW-Authenticate") == "" {
			for _, challenge := range w.c.route.challenges {
				w.Header().Add("WWW-Authenticate", challenge)
			}
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write begins the answer if WriteHeader has not.
func (w *recorder) Write(b []byte) (int, error) {
	if w.c.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
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
