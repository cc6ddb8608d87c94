package fsa

import (
	"net/http"
	"slices"
	"strings"

	"github.com/rs/cors"
)

// crossOrigins tells the browsers of other origins' pages what these pages may do
// (CORS; Fetch Standard, 3.2). The policy is rs/cors's. Ours is which origins there
// are, and that a preflight is about a path: it allows the methods that this has.
//
// It protects nothing by itself: a browser sends simple requests without asking,
// and other clients never ask. Who may do what is decided by the routes.
type crossOrigins struct {
	policy  *cors.Cors
	methods []string // of CORSOptions, nil for all
}

// crossOrigins compiles FSA_CORS, when all routes are known; nil if it is off.
func (h *handler) crossOrigins() *crossOrigins {
	s := h.app.settings
	if !s.CORS {
		return nil
	}
	o := s.CORSOpts
	p := cors.Options{
		AllowedMethods:   o.Methods,
		AllowedHeaders:   o.AllowHeaders,
		ExposedHeaders:   o.ExposeHeaders,
		AllowCredentials: o.SupportsCredentials,
		MaxAge:           int(o.MaxAge.Seconds()),
	}
	if p.AllowedMethods == nil {
		p.AllowedMethods = h.allMethods()
	}
	if p.AllowedHeaders == nil {
		p.AllowedHeaders = []string{"*"}
	}
	if !o.anyOrigin() {
		p.AllowOriginFunc = s.allowsOrigin
	}
	return &crossOrigins{cors.New(p), o.Methods}
}

// allowsOrigin reports whether CORS is for the text of an Origin field.
func (s *settings) allowsOrigin(text string) bool {
	if text == "null" {
		return s.CORSOpts.InsecureNullOrigin
	}
	return slices.ContainsFunc(s.origins, func(o origin) bool { return o.matches(text) })
}

// preflight reports whether a browser asks by the request whether it may send
// another one (Fetch Standard, 4.8).
func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// mark sets the fields by which a browser lets a page of another origin read the
// answer, whatever that will be: what a refusal says is for the page too.
func (x *crossOrigins) mark(h http.Header, r *http.Request) {
	if !preflight(r) && len(r.Header["Origin"]) <= 1 {
		x.policy.HandlerFunc(headerOnly(h), r)
	}
}

// permit sets the fields that answer a preflight about a path which has some
// methods. If it is not about one of them, the browser reads nothing, and that
// means no.
func (x *crossOrigins) permit(h http.Header, r *http.Request, has []string) {
	asked := r.Header["Access-Control-Request-Method"]
	if len(asked) != 1 || !slices.Contains(has, asked[0]) || len(r.Header["Origin"]) > 1 {
		h.Add("Vary", "Origin, Access-Control-Request-Method")
		return
	}
	x.policy.HandlerFunc(headerOnly(h), r)
	if h["Access-Control-Allow-Methods"] == nil {
		return
	}
	if x.methods != nil {
		has = slices.DeleteFunc(slices.Clone(has), func(m string) bool { return !slices.Contains(x.methods, m) })
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(has, ", "))
}

// permitElsewhere answers a preflight about a path of another router, which alone
// knows what methods that has.
func (h *handler) permitElsewhere(w http.ResponseWriter, r *http.Request) {
	if !h.sound(w, r) {
		return
	}
	h.reply(w, r, func(c *call) {
		h.cors.permit(w.Header(), r, r.Header["Access-Control-Request-Method"])
		c.noContent()
	})
}

// headerOnly is a ResponseWriter for whoever is to set header fields, not to
// answer.
type headerOnly http.Header

func (h headerOnly) Header() http.Header         { return http.Header(h) }
func (h headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h headerOnly) WriteHeader(int)             {}
