package fsa

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/internal/redirect"
)

// isClean reports whether a path, decoded, means the same to ServeMux, to the
// routes' rules and to handlers: it begins with a slash, and has no empty
// segment, none that begins with a dot, and no NUL.
func isClean(p string) bool {
	if p == "" || p[0] != '/' {
		return false
	}
	for i := 0; i < len(p); i++ {
		if c := p[i]; c == 0 || (c == '/' || c == '.') && i > 0 && p[i-1] == '/' {
			return false
		}
	}
	return true
}

// clean sends a request on to the clean form of its path, or refuses a path that
// has none. It reports whether it has: a path such as /.well-known is clean.
//
// A path is judged as it is when decoded, so that no dot segment gets by as %2e,
// and before any route is looked for, so that the path that is authorized is the
// path that is served.
func (h *handler) clean(w http.ResponseWriter, r *http.Request) (answered bool) {
	p := r.URL.Path
	switch {
	case p == "" && r.URL.Opaque == "":
		p = "/" // of "GET http://host", which is the same (RFC 9110, 4.2.3)
	case !strings.HasPrefix(p, "/"), strings.IndexByte(p, 0) >= 0:
		h.refuse(w, r, errPath)
		return true
	}
	if clean := cleanPath(p); clean != r.URL.Path {
		h.redirect(w, r, (&url.URL{Path: clean}).EscapedPath())
		return true
	}
	return false
}

var errPath = httperr.Errorf(http.StatusBadRequest, "malformed path")

// cleanPath gives the path that ServeMux would redirect to.
func cleanPath(p string) string {
	clean := path.Clean("/" + p)
	if clean != "/" && (strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..")) {
		clean += "/"
	}
	return clean
}

// withSlash sends requests on to their path with a slash at its end.
type withSlash struct{ h *handler }

func (s withSlash) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.h.redirect(w, r, r.URL.EscapedPath()+"/")
}

// redirected answers what ServeMux would answer by itself: a redirect to a path
// with a slash at its end, for which no pattern of ours could be registered since
// it would have been in conflict with another route (GET /{x} with /any, say). It
// reports whether it has.
func (h *handler) redirected(w http.ResponseWriter, r *http.Request) bool {
	switch own, _ := h.mux.Handler(r); own.(type) {
	case *route, unmatched, withSlash:
		return false
	}
	withSlash{h}.ServeHTTP(w, r)
	return true
}

// mountPoint gives the beginning of the path, escaped, that another mux has taken
// off before the application got the request, as [http.StripPrefix] does; "" if it
// has taken off none, or made another path of it.
func mountPoint(r *http.Request) string {
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil || u.Path == r.URL.Path {
		return ""
	}
	before, ok := strings.CutSuffix(u.EscapedPath(), r.URL.EscapedPath())
	if !ok {
		return ""
	}
	return before
}

// redirect sends the client to another path of the application, escaped as in a
// URL, with the query of the request. If the application is mounted under another
// path, that is where the client has to go. It says nothing of what is there, and so it
// needs no authorization.
func (h *handler) redirect(w http.ResponseWriter, r *http.Request, to string) {
	target := mountPoint(r) + to
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	location, ok := redirect.Local(target)
	if !ok {
		h.refuse(w, r, errPath)
		return
	}
	h.reply(w, r, func(c *call) {
		c.w.Header().Set("Location", location)
		c.status = http.StatusTemporaryRedirect
		c.prepare(w.Header(), false)
		c.delay()
		to, _, _ := strings.Cut(location, "?")
		c.render(httperr.Errorf(c.status, "see %s", to))
	})
}
