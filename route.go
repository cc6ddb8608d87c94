package fsa

import (
	"fmt"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// registration is a route as it was declared.
type registration struct {
	method  string // "" for all
	path    string
	rule    authz.Rule
	prefix  *Prefix
	options options
	source  string

	protects bool // it is a rule of app.Protect, which has no path

	in, out reflect.Type // nil for an http.Handler
	problem string       // what is wrong with the handler itself
	build   func(*route) // makes rt.invoke
}

func (e *registration) fault(problem, remedy string) *ConfigError {
	return &ConfigError{Method: e.method, Path: e.path, Source: e.source, Problem: problem, Remedy: remedy}
}

// checkPath gives the fault of a route's method and path, nil if they can be
// served.
func (e *registration) checkPath() *ConfigError {
	switch {
	case e.problem != "":
		return e.fault(e.problem, "")
	case e.protects:
		return nil
	case e.method == http.MethodHead:
		return e.fault("HEAD is answered by the route's GET", "register GET")
	case e.method == http.MethodConnect:
		return e.fault("CONNECT is for proxies", "use another method")
	case e.method != "" && (!grammar.IsToken(e.method) || strings.ToUpper(e.method) != e.method):
		return e.fault(fmt.Sprintf("%q is not a method", e.method), "a method is in upper case, as GET")
	case e.path == "":
		return e.fault("the path is empty", `give one that begins with a slash, "/" for the root`)
	case e.method != "" && strings.HasPrefix(e.path, e.method+" "):
		return e.fault("the path begins with the method", "give the path alone: "+strings.TrimSpace(strings.TrimPrefix(e.path, e.method)))
	case strings.Contains(e.path, "/:"), strings.Contains(e.path, "/<"):
		return e.fault("the path has a parameter in the style of another framework", `write it as in "/store/{sid}"`)
	case !strings.HasPrefix(e.path, "/"):
		return e.fault("the path does not begin with a slash", "patterns with a host are not supported: put the application under a mux that has them")
	case path.Clean(e.path) != strings.TrimSuffix(e.path, "/") && e.path != "/":
		return e.fault("the path is not clean, so no request can reach it", "write it as "+path.Clean(e.path))
	}
	return nil
}

// pattern gives the route's pattern for ServeMux. A path that ends in a slash
// means itself, not all that is below.
func (e *registration) pattern() string {
	p := e.path
	if strings.HasSuffix(p, "/") {
		p += "{$}"
	}
	if e.method == "" {
		return p
	}
	return e.method + " " + p
}

// withoutSlash gives the path that ServeMux would redirect to this one's, with a
// slash at its end; "" if there is none.
func (e *registration) withoutSlash() string {
	at := strings.LastIndexByte(e.path, '/')
	if at < 0 {
		return ""
	}
	if last := e.path[at+1:]; last != "" && !strings.HasSuffix(last, "...}") {
		return ""
	}
	return e.path[:at]
}

// segmentNames lists the parameters in a route's path that are one segment each.
func (e *registration) segmentNames() []string {
	return slices.DeleteFunc(e.pathNames(), func(name string) bool { return strings.Contains(e.path, "{"+name+"...}") })
}

// pathNames lists the parameters in a route's path.
func (e *registration) pathNames() []string {
	var names []string
	for segment := range strings.SplitSeq(e.path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
			if name != "$" && name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
