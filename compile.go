package fsa

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/internal/testlogin"
	"github.com/fastsimpleauth/fsa/param"
	"github.com/fastsimpleauth/fsa/token"
)

// handler is a compiled application.
type handler struct {
	app     *App
	mux     *http.ServeMux
	routes  []*route
	methods []string // of all routes
	all     http.Handler
	schemes map[string]authn.Scheme
}

// Handler checks the whole application and compiles it. The error joins all
// faults of configuration, hooks and routes, each a *[ConfigError].
//
// The handler runs under any mux. Calling Handler again gives the same one,
// unless something has been registered since: then that is the error.
func (a *App) Handler() (http.Handler, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.late) > 0 {
		return nil, a.late.asError()
	}
	if a.compiled != nil {
		return a.compiled, nil
	}
	c := compiler{app: a, h: &handler{app: a, mux: http.NewServeMux()}}
	c.faults = append(c.faults, a.faults...)
	c.directives()
	c.hooks()
	c.schemes()
	for _, reg := range a.registrations {
		c.route(reg)
	}
	c.realms()
	c.patterns()
	if len(c.faults) > 0 {
		return nil, c.faults.asError()
	}
	c.h.all = http.HandlerFunc(c.h.enter)
	for _, use := range slices.Backward(a.use) {
		c.h.all = use(c.h.all)
	}
	a.compiled = c.h
	return c.h, nil
}

// compiler collects the faults of an application while it is compiled.
type compiler struct {
	app    *App
	h      *handler
	faults faults
}

// directives reports what nobody has a use for.
func (c *compiler) directives() {
	for _, o := range c.app.settings.others {
		if slices.Contains(c.app.directives, o.name) {
			continue
		}
		remedy := "remove it, or declare it by app.Directive"
		if near := nearest(o.name); near != "" {
			remedy = "did you mean " + near + "?"
		}
		c.faults = append(c.faults, &ConfigError{Directive: o.name, Source: o.source, Problem: "unknown directive", Remedy: remedy})
	}
}

// nearest gives the directive whose name differs least from a mistaken one, ""
// if none is near.
func nearest(name string) string {
	name = strings.ToUpper(name)
	best, least := "", 4
	for _, d := range directives {
		n := min(distance(name, d.name), distance("FSA_"+name, d.name))
		if n < least {
			best, least = d.name, n
		}
	}
	return best
}

// distance is the edit distance of two names (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// hooks reports hooks that the enabled schemes need.
func (c *compiler) hooks() {
	s := c.app.settings
	takesPasswords := slices.Contains(s.schemes, "basic") || slices.Contains(s.schemes, "param")
	if !takesPasswords || c.app.userPass != nil || c.app.passwordCheck != nil {
		return
	}
	c.faults = append(c.faults, &ConfigError{Directive: "FSA_AUTH", Source: s.source("FSA_AUTH"),
		Problem: "a scheme that takes passwords is enabled, and nothing knows passwords",
		Remedy:  "give the stored hashes by app.UserPass, or check passwords by app.PasswordCheck"})
}

// schemes makes the authentication schemes.
func (c *compiler) schemes() {
	a, s := c.app, c.app.settings
	c.h.schemes = map[string]authn.Scheme{
		"none":  authn.None{},
		"basic": &authn.Basic{Check: a.checkPassword},
		"param": &authn.Param{User: s.ParamUser, Pass: s.ParamPass, Check: a.checkPassword},
		"token": &authn.Token{Bearer: s.TokenName, Check: a.checkToken},
	}
}

// route checks and compiles a route. It finds as many faults as it can.
func (c *compiler) route(reg *registration) {
	if fault := reg.checkPath(); fault != nil {
		c.faults = append(c.faults, fault)
	}
	rt := &route{h: c.h, reg: reg}
	var faults []*ConfigError
	rt.options, rt.rule, faults = reg.effective(c.app.settings)
	for _, f := range faults {
		c.faults = append(c.faults, f)
	}
	found := len(c.faults)
	c.search(rt)
	c.options(rt)
	c.parameters(rt)
	c.rule(rt)
	if len(c.faults) == found && reg.problem == "" {
		reg.build(rt)
	}
	c.h.routes = append(c.h.routes, rt)
}

func (c *compiler) fault(rt *route, problem, remedy string) {
	c.faults = append(c.faults, rt.reg.fault(problem, remedy))
}

// search compiles how callers prove who they are.
func (c *compiler) search(rt *route) {
	s := c.app.settings
	if rt.reg.options.authn != nil && len(rt.reg.options.authn) == 0 {
		c.fault(rt, "fsa.Authn names no scheme", `name one, or "none" for an open route`)
	}
	rt.search = authn.Search{Realm: rt.options.realm, Admit: c.app.admit, Verbose: s.verbose}
	for _, name := range rt.options.authn {
		scheme, known := c.h.schemes[name]
		switch {
		case !known:
			c.fault(rt, fmt.Sprintf("unknown authentication scheme %q", name), "it is one of "+strings.Join(schemeNames, ", "))
		case !slices.Contains(s.schemes, name) && slices.Contains(s.defaults, name):
			// FSA_AUTH_DEFAULT is at fault, not the route.
		case !slices.Contains(s.schemes, name):
			c.fault(rt, fmt.Sprintf("authentication scheme %q is not enabled", name), fmt.Sprintf("add %q to FSA_AUTH, or allow another scheme on the route", name))
		default:
			rt.search.Schemes = append(rt.search.Schemes, scheme)
		}
	}
	rt.challenges = rt.search.Challenges()
	// The last resort, of tests: it finds nobody in any request of a server.
	rt.search.Schemes = append(rt.search.Schemes, testScheme{})
}

// allows reports whether a scheme may be used on the route.
func (rt *route) allows(scheme string) bool { return slices.Contains(rt.options.authn, scheme) }

func (c *compiler) options(rt *route) {
	o := rt.options
	if o.maxBody < 0 {
		c.fault(rt, "fsa.MaxBody is negative", "give a number of bytes")
	}
	if o.realm != c.app.settings.Realm && !printable(o.realm) {
		c.fault(rt, fmt.Sprintf("the realm %q holds a character that a challenge can't carry", o.realm), "use printable ASCII")
	}
	noBody := rt.reg.out == reflect.TypeFor[None]() || rt.reg.out == nil
	switch {
	case o.status == 0:
	case rt.reg.out == nil:
		c.fault(rt, "fsa.Status does not apply to an http.Handler", "let the handler write its status")
	case o.status < 200 || o.status > 399:
		c.fault(rt, fmt.Sprintf("%d is not the status of a success", o.status), "give one from 200 to 399; errors are returned by the handler")
	case !noBody && (o.status == http.StatusNoContent || o.status == http.StatusNotModified):
		c.fault(rt, fmt.Sprintf("an answer of status %d has no body, but the handler gives a %v", o.status, rt.reg.out), "return fsa.None, or use another status")
	}
}

// parameters compiles the binder of a typed handler.
func (c *compiler) parameters(rt *route) {
	if rt.reg.in == nil {
		rt.replay = true
		return
	}
	if reason := badOutput(rt.reg.out); reason != "" {
		c.fault(rt, "the handler's output: "+reason, "return a value that has a JSON form")
	}
	in := rt.reg.in
	if in.Kind() == reflect.Pointer {
		in = in.Elem()
	}
	binder, err := param.Compile(in, param.Options[*call]{
		Path:             rt.reg.pathNames(),
		RejectUnexpected: !c.app.settings.NoRejectUnexpectedParam,
		Exempt:           c.credentials(rt),
		Specials:         specials,
	})
	if err != nil {
		for _, e := range parts(err) {
			problem, remedy := split(e.Error())
			c.fault(rt, problem, remedy)
		}
		return
	}
	rt.binder = binder
	for _, f := range binder.Fields() {
		if f.Type == reflect.TypeFor[*http.Request]() {
			rt.replay = true
		}
		if f.Special && rt.rule.IsOpen() && (f.Type == reflect.TypeFor[CurrentUser]() || f.Type == reflect.TypeFor[Identity]()) {
			c.fault(rt, fmt.Sprintf("parameter %q is a %v, but the route is open and nobody is authenticated", f.Name, f.Type),
				"use another rule such as authz.Auth(), or ask app.Authenticate(ctx) in the handler")
		}
		if !f.Special && slices.Contains(c.credentials(rt), f.Name) {
			c.app.settings.logger.Warn("a parameter has the name of an authentication parameter", "parameter", f.Name,
				"route", rt.reg.method+" "+rt.reg.path, "source", rt.reg.source, "remedy", "rename it, or set FSA_PARAM_USER and FSA_PARAM_PASS, or narrow fsa.Authn")
		}
	}
}

// credentials names the parameters that carry credentials on the route.
func (c *compiler) credentials(rt *route) []string {
	if !rt.allows("param") {
		return nil
	}
	return []string{c.app.settings.ParamUser, c.app.settings.ParamPass}
}

// specials are the parameters that do not come from the request's parameters.
var specials = map[reflect.Type]param.Special[*call]{
	reflect.TypeFor[CurrentUser](): func(c *call, _ string, v reflect.Value) error {
		if c.id == nil {
			return errors.New("nobody is authenticated")
		}
		v.SetString(c.id.Login)
		return nil
	},
	reflect.TypeFor[Identity](): func(c *call, _ string, v reflect.Value) error {
		if c.id == nil {
			return errors.New("nobody is authenticated")
		}
		v.Set(reflect.ValueOf(*c.id))
		return nil
	},
	reflect.TypeFor[*http.Request](): func(c *call, _ string, v reflect.Value) error {
		v.Set(reflect.ValueOf(c.req.HTTP.WithContext(c)))
		return nil
	},
	reflect.TypeFor[*App](): func(c *call, _ string, v reflect.Value) error {
		v.Set(reflect.ValueOf(c.h.app))
		return nil
	},
}

// rule compiles the authorization.
func (c *compiler) rule(rt *route) {
	if rt.reg.in != nil && rt.binder == nil {
		// The parameters are at fault; objects can't be looked at, names can.
		rt.binder = new(param.Binder[*call])
		defer func() { rt.binder = nil }()
	}
	decision, err := authz.Compile(rt.rule, authz.Leaves[*call]{
		Group: c.app.groupLeaf,
		Object: func(domain string, params []string, mode string) (authz.Check[*call], error) {
			return c.app.objectLeaf(rt, domain, params, mode)
		},
		NotFoundStatus: c.app.settings.NotFoundError,
	})
	for _, e := range parts(err) {
		problem, remedy := split(e.Error())
		c.fault(rt, problem, remedy)
	}
	if err != nil {
		return
	}
	rt.decision = decision
	c.openness(rt)
	c.pathParameters(rt)
}

// openness checks that the rule and the schemes agree on whether somebody must
// be authenticated.
func (c *compiler) openness(rt *route) {
	d := rt.decision
	switch {
	case d.Open() && !rt.allows("none"):
		c.fault(rt, fmt.Sprintf("the rule is authz.Open(), but the route allows only %s", strings.Join(rt.options.authn, ", ")),
			`allow scheme "none" on the route by fsa.Authn("none") (and in FSA_AUTH), or use another rule such as authz.Auth()`)
	case !d.Open() && !d.Closed() && len(rt.options.authn) == 1 && rt.allows("none"):
		c.fault(rt, fmt.Sprintf("the rule is %v, but the route allows only scheme none, so nobody can be authenticated", rt.rule),
			`allow another scheme on the route by fsa.Authn (and in FSA_AUTH), or use the rule authz.Open()`)
	}
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

// realms reports realms that fsa tokens can't tell apart.
func (c *compiler) realms() {
	if c.app.settings.TokenType != "fsa" {
		return
	}
	seen := map[string]string{token.SimplifyRealm(c.app.settings.Realm): c.app.settings.Realm}
	for _, rt := range c.h.routes {
		if !rt.allows("token") {
			continue
		}
		realm := rt.options.realm
		simple := token.SimplifyRealm(realm)
		if other, ok := seen[simple]; ok && other != realm {
			c.fault(rt, fmt.Sprintf("the realms %q and %q are the same in an fsa token, %q", realm, other, simple),
				"let them differ in letters, digits or dashes, or use JWTs")
		}
		if simple == "" && realm != c.app.settings.Realm {
			c.fault(rt, fmt.Sprintf("the realm %q is empty in an fsa token, which has letters, digits and dashes", realm), "add a letter, or use JWTs")
		}
		seen[simple] = realm
	}
}

// testScheme finds the user as whom a test of package fsatest calls. The key of
// its context value is internal, so that no program can set an identity.
type testScheme struct{ authn.None }

func (testScheme) Name() string { return "test" }

func (testScheme) Authenticate(q *authn.Request) (*identity.Identity, error) {
	login := testlogin.From(q.HTTP.Context())
	if login == "" {
		return nil, nil
	}
	return &identity.Identity{Login: login, Scheme: "test", Realm: q.Realm, AuthTime: q.Now}, nil
}
