package fsa

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// CORSOptions say which pages of other origins may call the application from
// their scripts and read the answers, and how. The names are those of Flask-CORS;
// the zero value of a field is its default there.
//
// The origins that are named here (not by a *) are trusted, also with what
// browsers have of a user: their pages may send unsafe requests with Basic and
// with cookies.
type CORSOptions struct {
	// Origins (origins) lists the origins of these pages, as browsers write
	// them: https://www.example.com, http://localhost:3000. With
	// https://*.example.com, all subdomains of example.com may read, though
	// they are not trusted. Regular expressions are not taken. http, except of
	// this machine, needs InsecureTransport. Default *, any origin.
	Origins []string

	// Methods (methods) lists the methods that pages may use, as far as a path
	// has them. Default all.
	Methods []string

	// AllowHeaders (allow_headers) lists the header fields that pages may set.
	// Default *, whatever they ask for.
	AllowHeaders []string

	// ExposeHeaders (expose_headers) lists the header fields of answers that
	// pages may read, besides those that they always may (Fetch Standard,
	// 2.2.2). * is all of them. Default none.
	ExposeHeaders []string

	// SupportsCredentials (supports_credentials) lets browsers send along what
	// they have of the user, and pages read what comes back. It needs Origins
	// without a *. Default false: pages can do what needs no credentials, or
	// what they do with credentials that they have themselves, such as a token.
	SupportsCredentials bool

	// MaxAge (max_age, in seconds or as "10m") is for how long browsers may
	// keep the answer to a preflight. They have bounds of their own, of hours.
	// Default: not said, and browsers take 5 s.
	MaxAge time.Duration

	// InsecureNullOrigin (insecure_null_origin) lets the origin null read,
	// when Origins are listed. Local files have it, and sandboxed frames of
	// any page whatever.
	InsecureNullOrigin bool
}

func (o *CORSOptions) anyOrigin() bool {
	return len(o.Origins) == 0 || slices.Contains(o.Origins, "*")
}

// cors checks FSA_CORS_OPTS.
func (c *checker) cors() {
	const directive = "FSA_CORS_OPTS"
	o := &c.CORSOpts
	given := len(o.Origins)+len(o.Methods)+len(o.AllowHeaders)+len(o.ExposeHeaders) > 0 || o.SupportsCredentials || o.MaxAge != 0 || o.InsecureNullOrigin
	if given && !c.CORS && c.source("FSA_CORS") == "" {
		c.warn(directive, "there are options for CORS, and it is off", "set FSA_CORS = true")
	}
	if slices.Contains(o.Origins, "*") && len(o.Origins) > 1 {
		c.fault(directive, "origins in it has *, and others besides", "list the origins, or leave them out to have any")
	}
	for _, l := range []struct {
		name string
		list []string
	}{{"origins", o.Origins}, {"methods", o.Methods}, {"allow_headers", o.AllowHeaders}} {
		if l.list != nil && len(l.list) == 0 {
			c.fault(directive, l.name+" in it is empty, which is neither all nor some", "leave it out to have all")
		}
	}
	for _, text := range o.Origins {
		if text != "*" {
			c.origin(directive, text)
		}
	}
	if o.SupportsCredentials {
		switch {
		case o.anyOrigin():
			c.fault(directive, "supports_credentials in it would let the pages of any origin act as the user", "name the pages' origins in it, as in origins = [\"https://www.example.com\"]")
		case slices.ContainsFunc(c.origins, func(o origin) bool { return o.subdomains }):
			c.fault(directive, "supports_credentials in it would let whoever gets hold of a subdomain act as the user", "list the subdomains in origins, without *")
		case o.InsecureNullOrigin:
			c.fault(directive, "supports_credentials and insecure_null_origin in it would let any page act as the user", "keep one of the two")
		case slices.Contains(o.ExposeHeaders, "*"):
			c.fault(directive, "expose_headers in it is *, which with supports_credentials is the name of a field", "list the fields")
		}
	}
	if o.InsecureNullOrigin && o.anyOrigin() {
		c.fault(directive, "insecure_null_origin in it says nothing, since any origin may read", "remove it, or list the origins")
	}
	for _, m := range o.Methods {
		if !grammar.IsToken(m) || strings.ToUpper(m) != m || m == "*" {
			c.fault(directive, brief(m)+" in its methods is not a method", "a method is in upper case, as GET; leave methods out to have all")
		}
	}
	c.corsFields("allow_headers", o.AllowHeaders)
	c.corsFields("expose_headers", o.ExposeHeaders)
	if o.MaxAge < 0 || o.MaxAge > 0 && o.MaxAge < time.Second {
		c.fault(directive, fmt.Sprintf("max_age in it is %v", o.MaxAge), "give whole seconds, or leave it out")
	}
}

// origin reads one of FSA_CORS_OPTS' origins.
func (c *checker) origin(directive, text string) {
	o, problem, remedy := parseOrigin(text)
	if problem != "" {
		c.fault(directive, fmt.Sprintf("%s in its origins is not right: %s", brief(text), problem), remedy)
		return
	}
	if o.clear() && !c.InsecureTransport {
		c.fault(directive, fmt.Sprintf("%s in its origins is not over TLS, so that anybody on the way can write its pages", brief(text)), "write it with https, and serve it so")
		return
	}
	c.origins = append(c.origins, o)
}

func (c *checker) corsFields(option string, names []string) {
	if slices.Contains(names, "*") && len(names) > 1 {
		c.fault("FSA_CORS_OPTS", option+" in it has *, and others besides", "list the fields, or write *")
	}
	for _, name := range names {
		if !grammar.IsToken(name) {
			c.fault("FSA_CORS_OPTS", fmt.Sprintf("%s in its %s is not the name of a header field", brief(name), option), "a name has letters, digits and dashes")
		}
	}
}

// corsKeys are what a table of FSA_CORS_OPTS can hold.
var corsKeys = []string{"origins", "methods", "allow_headers", "expose_headers", "supports_credentials", "max_age", "insecure_null_origin"}

// flaskCORS are the options of Flask-CORS that are no settings here: how it is,
// if there is an it, and what to do.
var flaskCORS = map[string]struct {
	is     any
	remedy string
}{
	"resources":             {nil, "CORS is for a whole application; make several with fsa.New, each with its own, under one http.ServeMux"},
	"send_wildcard":         {true, "remove it: answers that any origin may read say *"},
	"vary_header":           {true, "remove it: without Vary, a cache would give one origin what is for another"},
	"automatic_options":     {true, "remove it: preflights are always answered, before authentication"},
	"intercept_exceptions":  {true, "remove it: errors have the header fields too"},
	"always_send":           {false, "remove it: nobody reads the header fields where no Origin has come"},
	"allow_private_network": {false, "remove it: browsers ask the user instead (Local Network Access)"},
}

func setCORSOpts(c *Config, v any) error {
	t, ok := v.(map[string]any)
	if !ok {
		return errors.New(`must be a table, as in {origins = ["https://www.example.com"], max_age = "10m"}`)
	}
	var o CORSOptions
	fields := map[string]*[]string{"origins": &o.Origins, "methods": &o.Methods, "allow_headers": &o.AllowHeaders, "expose_headers": &o.ExposeHeaders}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		var err error
		switch v := t[name]; name {
		case "origins", "methods", "allow_headers", "expose_headers":
			err = list(func(*Config) *[]string { return fields[name] }).set(c, v)
		case "supports_credentials":
			err = boolean(func(*Config) *bool { return &o.SupportsCredentials }).set(c, v)
		case "insecure_null_origin":
			err = boolean(func(*Config) *bool { return &o.InsecureNullOrigin }).set(c, v)
		case "max_age":
			o.MaxAge, err = readDuration(time.Second, v)
		default:
			flask, ok := flaskCORS[name]
			if !ok {
				return fmt.Errorf("%q in it is not known; it has %s", name, strings.Join(corsKeys, ", "))
			}
			if flask.is == nil {
				return fmt.Errorf("%s in it is not supported; %s", name, flask.remedy)
			}
			if v != flask.is {
				return fmt.Errorf("%s in it is always %v; %s", name, flask.is, flask.remedy)
			}
		}
		if err != nil {
			return fmt.Errorf("%s in it %w, not %s", name, err, shown(t[name]))
		}
	}
	if o.Methods != nil {
		for i, m := range o.Methods {
			o.Methods[i] = strings.ToUpper(m) // as Flask-CORS does
		}
		if slices.Equal(o.Methods, []string{"*"}) {
			o.Methods = nil
		}
	}
	c.CORSOpts = o
	return nil
}
