package fsa

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
)

// ServeHTTP serves the application.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.all.ServeHTTP(w, r) }

// enter is inside the application's middleware: what no request gets around.
func (h *handler) enter(w http.ResponseWriter, r *http.Request) {
	if !h.app.settings.InsecureTransport && !h.app.settings.secured(r) {
		h.refuse(w, r, errInsecure)
		return
	}
	if cookies := r.Header["Cookie"]; cookies != nil && tooManyCookies(cookies) {
		h.refuse(w, r, errCookies)
		return
	}
	if r.Method == http.MethodConnect {
		// ServeMux takes its path as it is, so that what is authorized might
		// not be what is served.
		h.refuse(w, r, errConnect)
		return
	}
	if p := r.URL.Path; strings.Contains(p, "//") || strings.Contains(p, "/.") {
		if clean := cleanPath(p); clean != p {
			h.redirect(w, r, clean)
			return
		}
	}
	h.mux.ServeHTTP(w, r)
}

var errConnect = httperr.Errorf(http.StatusBadRequest, "CONNECT is for proxies, and this is none")

// maxCookies is how many cookies a request may have.
const maxCookies = 100

var errCookies = httperr.Errorf(http.StatusBadRequest, "more than %d cookies", maxCookies)

func tooManyCookies(values []string) bool {
	n := 0
	for _, v := range values {
		n += 1 + strings.Count(v, ";")
	}
	return n > maxCookies
}

// cleanPath gives the path that ServeMux would redirect to.
func cleanPath(p string) string {
	clean := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// redirect sends the client to another path of the application. It says nothing
// of what is there, and so it needs no authorization.
func (h *handler) redirect(w http.ResponseWriter, r *http.Request, to string) {
	c := new(call)
	c.begin(h, nil, w, r)
	defer c.finish()
	target := url.URL{Path: to, RawQuery: r.URL.RawQuery}
	w.Header().Set("Location", target.String())
	c.status = http.StatusTemporaryRedirect
	c.prepare(w.Header())
	c.delay()
	h.app.settings.render(w, r, httperr.Errorf(c.status, "see %s", target.Path))
}

// refuse answers a request that has no route.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, e *httperr.Error) {
	c := new(call)
	c.begin(h, nil, w, r)
	defer c.finish()
	c.fail(e)
}

// patterns registers the routes with the mux, and what catches all the rest.
func (c *compiler) patterns() {
	for i, rt := range c.h.routes {
		if rt.reg.checkPath() != nil {
			continue
		}
		if why := tryHandle(c.h.mux, rt.reg.pattern(), rt); why != "" {
			c.conflict(rt, c.h.routes[:i], why)
		}
		if m := rt.reg.method; m != "" && !slices.Contains(c.h.methods, m) {
			c.h.methods = append(c.h.methods, m)
		}
	}
	slices.Sort(c.h.methods)
	for _, rt := range c.h.routes {
		// ServeMux itself would redirect to the path with a slash at its end.
		if short := rt.reg.withoutSlash(); short != "" {
			pattern := strings.TrimSpace(rt.reg.method + " " + short)
			tryHandle(c.h.mux, pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.h.redirect(w, r, r.URL.Path+"/")
			}))
		}
	}
	// An application's own catch-all takes the place of ours.
	tryHandle(c.h.mux, "/", http.HandlerFunc(c.h.unmatched))
}

// tryHandle registers a pattern. ServeMux panics on one that is wrong or in
// conflict; the reason is given instead.
func tryHandle(mux *http.ServeMux, pattern string, handler http.Handler) (why string) {
	defer func() {
		if p := recover(); p != nil {
			why = fmt.Sprint(p)
		}
	}()
	mux.Handle(pattern, handler)
	return ""
}

// conflict reports a route that ServeMux has refused, with the earlier one that
// stands in its way: the mux itself knows only our own file.
func (c *compiler) conflict(rt *route, earlier []*route, why string) {
	for _, other := range earlier {
		mux := http.NewServeMux()
		if tryHandle(mux, other.reg.pattern(), other) != "" || tryHandle(mux, rt.reg.pattern(), rt) == "" {
			continue
		}
		if other.reg.method == rt.reg.method && other.reg.path == rt.reg.path {
			c.fault(rt, "the route is registered twice, first at "+other.reg.source, "remove one of them")
			return
		}
		c.fault(rt, fmt.Sprintf("the pattern conflicts with %s (%s): some paths match both, and neither is more specific",
			strings.TrimSpace(other.reg.method+" "+other.reg.path), other.reg.source), "change one of the paths")
		return
	}
	if _, reason, ok := strings.Cut(why, ": "); ok {
		why = reason
	}
	c.fault(rt, "the path is not a pattern of net/http: "+why, "see the documentation of http.ServeMux")
}

// unmatched answers what no route matches: 404, or 405 if another method would
// be, and OPTIONS.
func (h *handler) unmatched(w http.ResponseWriter, r *http.Request) {
	allowed := h.allowed(r)
	switch {
	case len(allowed) == 0:
		if h.app.settings.NoHandleAllErrors {
			http.NotFound(w, r)
			return
		}
		h.refuse(w, r, httperr.Errorf(http.StatusNotFound, "not found"))
	case r.Method == http.MethodOptions:
		c := new(call)
		c.begin(h, nil, w, r)
		defer c.finish()
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		c.status = http.StatusNoContent
		c.prepare(w.Header())
		c.delay()
		w.WriteHeader(c.status)
	default:
		if h.app.settings.NoHandleAllErrors {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		e := httperr.Errorf(http.StatusMethodNotAllowed, "method %s is not allowed", shownMethod(r.Method))
		h.refuse(w, r, e.WithHeader("Allow", strings.Join(allowed, ", ")))
	}
}

// shownMethod gives a method for an error text: a client may send any.
func shownMethod(m string) string {
	if len(m) > 20 {
		return m[:20] + "…"
	}
	return m
}

// allowed lists the methods that the path of the request has.
func (h *handler) allowed(r *http.Request) []string {
	var allowed []string
	probe := &http.Request{URL: r.URL, Host: r.Host}
	for _, m := range h.methods {
		probe.Method = m
		if _, pattern := h.mux.Handler(probe); pattern != "" && pattern != "/" {
			allowed = append(allowed, m)
			if m == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
		}
	}
	if len(allowed) > 0 {
		allowed = append(allowed, http.MethodOptions)
	}
	return allowed
}
