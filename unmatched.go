package fsa

import (
	"net/http"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
)

// unmatched answers what no route matches: 404, or 405 if another method would
// be.
type unmatched struct{ h *handler }

func (u unmatched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := u.h
	allowed := strings.Join(h.allowed(r), ", ")
	if allowed == "" {
		h.unrouted(w, r, httperr.Errorf(http.StatusNotFound, "not found"))
		return
	}
	e := httperr.Errorf(http.StatusMethodNotAllowed, "method %s is not allowed", oneLine(r.Method, 20))
	h.unrouted(w, r, e.WithHeader("Allow", allowed))
}

// unrouted answers with an error of the router, as net/http would if the
// configuration says so.
func (h *handler) unrouted(w http.ResponseWriter, r *http.Request, e *httperr.Error) {
	if !h.app.settings.NoHandleAllErrors {
		h.refuse(w, r, e)
		return
	}
	h.reply(w, r, func(c *call) {
		w := c.w
		c.status = e.Status
		c.prepare(w.Header(), false)
		c.delay()
		for name, values := range e.Header {
			w.Header()[name] = values
		}
		if e.Status == http.StatusNotFound {
			http.NotFound(w, r)
		} else {
			http.Error(w, http.StatusText(e.Status), e.Status)
		}
	})
}

// options answers OPTIONS: it tells which methods a path has, and asks nobody who
// they are, since browsers send it without credentials. Only a route that is
// registered for OPTIONS itself is served instead, under its rule, but not for a
// preflight if FSA_CORS is on; one that takes all methods is not. It reports
// whether it has answered.
func (h *handler) options(w http.ResponseWriter, r *http.Request) (answered bool) {
	var allowed []string
	asksCORS := h.cors != nil && preflight(r)
	if r.URL.Path == "*" {
		allowed = h.allMethods() // of the server as a whole (RFC 9110, 9.3.7)
	} else {
		if !isClean(r.URL.Path) && h.clean(w, r) {
			return true
		}
		if _, pattern := h.mux.Handler(r); strings.HasPrefix(pattern, http.MethodOptions+" ") && !asksCORS {
			return false
		}
		if allowed = h.allowed(r); len(allowed) == 0 {
			return false // not found
		}
	}
	h.reply(w, r, func(c *call) {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		if asksCORS {
			h.cors.permit(w.Header(), r, allowed)
		}
		c.noContent()
	})
	return true
}

// noContent answers OPTIONS, of which the header fields say all.
func (c *call) noContent() {
	c.status = http.StatusNoContent
	c.prepare(c.w.Header(), false)
	c.delay()
	c.w.WriteHeader(c.status) // which asks the hooks, as for every answer
}

// allowed lists the methods that the path of the request has, none if it is not
// that of a route.
func (h *handler) allowed(r *http.Request) []string {
	routed := func(method string) bool {
		_, pattern := h.mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host})
		return pattern != "/" // which is ours, for what no route has
	}
	// A route that takes all methods takes one that nobody registers, too.
	if routed("-") {
		return h.allMethods()
	}
	var allowed []string
	for _, m := range h.methods {
		if routed(m) {
			allowed = append(allowed, m)
			if m == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
		}
	}
	if len(allowed) > 0 && !slices.Contains(allowed, http.MethodOptions) {
		allowed = append(allowed, http.MethodOptions)
	}
	return allowed
}

// allMethods lists the methods that are usual, and those that some route has.
func (h *handler) allMethods() []string {
	all := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	for _, m := range h.methods {
		if !slices.Contains(all, m) && m != http.MethodOptions {
			all = append(all, m)
		}
	}
	return append(all, http.MethodOptions)
}
