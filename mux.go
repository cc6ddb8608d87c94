package fsa

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
)

// ServeHTTP serves the application.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.observers != nil {
		h.observe(w, r, h.all)
		return
	}
	h.all.ServeHTTP(w, r)
}

// enter is inside the application's middleware: what no request gets around.
func (h *handler) enter(w http.ResponseWriter, r *http.Request) {
	if !h.sound(w, r) || h.cors != nil && preflight(r) && h.options(w, r) {
		return
	}
	if h.first {
		next, answered := h.before(w, r)
		if answered {
			return
		}
		r = next
	}
	if rt := h.matcher.find(r); rt != nil {
		r.Pattern = rt.pattern
		rt.serve(w, r, r.URL.Path)
		return
	}
	if r.Method == http.MethodOptions && h.options(w, r) || !isClean(r.URL.Path) && h.clean(w, r) || h.foreign && h.redirected(w, r) {
		return
	}
	h.mux.ServeHTTP(w, r)
}

// admit is what a request has to pass before [App.Protect] looks at it. ok says that
// it has; next is then the request that goes on.
func (h *handler) admit(w http.ResponseWriter, r *http.Request) (next *http.Request, ok bool) {
	if !h.sound(w, r) {
		return nil, false
	}
	if h.first {
		next, answered := h.before(w, r)
		return next, !answered
	}
	return r, true
}

// sound refuses a request that nobody may send, whatever it asks for. What the answer
// is, pages of other origins are told whether they may read it.
func (h *handler) sound(w http.ResponseWriter, r *http.Request) bool {
	if h.cors != nil {
		h.cors.mark(w.Header(), r)
	}
	if !h.app.settings.InsecureTransport && !h.app.settings.secured(r) {
		h.refuse(w, r, errInsecure)
		return false
	}
	if cookies := r.Header["Cookie"]; cookies != nil && tooManyCookies(cookies) {
		h.refuse(w, r, errCookies)
		return false
	}
	if r.Method == http.MethodConnect {
		// ServeMux takes its path as it is, so that what is authorized might
		// not be what is served.
		h.refuse(w, r, errConnect)
		return false
	}
	return true
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

// begin makes the call of a request that has no route.
func (h *handler) begin(w http.ResponseWriter, r *http.Request) *call {
	s := h.app.settings
	return begin(&route{h: h, noReferrer: s.now().tokens != nil && s.TokenCarrier == "param"}, new(scratch), w, r)
}

// reply answers a request that has no route.
func (h *handler) reply(w http.ResponseWriter, r *http.Request, answer func(c *call)) {
	c := h.begin(w, r)
	c.running = true
	defer c.finish()
	answer(c)
	c.running = false
}

// refuse answers a request that has no route with an error.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, e *httperr.Error) {
	h.reply(w, r, func(c *call) { c.fail(e) })
}

// patterns registers the routes with the mux, and what catches all the rest.
func (c *compiler) patterns() {
	placed := make(map[string]*route, len(c.h.routes))
	for _, rt := range c.h.routes {
		if rt.reg.protects || rt.reg.checkPath() != nil {
			continue
		}
		rt.pattern = rt.reg.pattern()
		if why := tryHandle(c.h.mux, rt.pattern, rt); why != "" {
			c.conflict(rt, placed, why)
			continue
		}
		placed[rt.pattern] = rt
		c.h.matcher.add(rt.reg.method, rt.reg.path, rt.direct())
		if m := rt.reg.method; m != "" && !slices.Contains(c.h.methods, m) {
			c.h.methods = append(c.h.methods, m)
		}
	}
	slices.Sort(c.h.methods)
	for _, rt := range c.h.routes {
		// ServeMux itself would redirect to the path with a slash at its end.
		if short := rt.reg.withoutSlash(); short != "" {
			pattern := strings.TrimSpace(rt.reg.method + " " + short)
			if tryHandle(c.h.mux, pattern, withSlash{c.h}) == "" {
				c.h.matcher.add(rt.reg.method, short, nil)
			} else {
				c.h.foreign = true
			}
		}
	}
	// An application's own catch-all takes the place of ours.
	tryHandle(c.h.mux, "/", unmatched{c.h})
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
func (c *compiler) conflict(rt *route, placed map[string]*route, why string) {
	if alone := tryHandle(http.NewServeMux(), rt.reg.pattern(), rt); alone != "" {
		if _, reason, ok := strings.Cut(alone, ": "); ok {
			alone = reason
		}
		c.fault(rt, "the path is not a pattern of net/http: "+alone, "see the documentation of http.ServeMux")
		return
	}
	other := placed[otherPattern(why)]
	if other == nil {
		other = c.standing(rt)
	}
	if other.reg.method == rt.reg.method && other.reg.path == rt.reg.path {
		c.fault(rt, "the route is registered twice, first at "+other.reg.source, "remove one of them")
		return
	}
	c.fault(rt, fmt.Sprintf("the pattern conflicts with %s (%s): some paths match both, and neither is more specific",
		strings.TrimSpace(other.reg.method+" "+other.reg.path), other.reg.source), "change one of the paths")
}

// otherPattern gives the pattern that ServeMux says is in conflict with the one it
// refuses; "" if that can't be read.
func otherPattern(why string) string {
	_, after, _ := strings.Cut(why, ") conflicts with pattern ")
	quoted, _ := strconv.QuotedPrefix(after)
	pattern, _ := strconv.Unquote(quoted)
	return pattern
}

// standing finds by trial the route that is in conflict with rt. It is for a
// ServeMux that says so in other words than today's: with thousands of conflicts
// it takes minutes.
func (c *compiler) standing(rt *route) *route {
	for _, other := range c.h.routes {
		mux := http.NewServeMux()
		if tryHandle(mux, other.reg.pattern(), other) == "" && tryHandle(mux, rt.reg.pattern(), rt) != "" {
			return other
		}
	}
	return rt // none: what follows then names the route itself
}
