package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"pgregory.net/rapid"
)

// modelConfig is what an application is made of, drawn at random.
type modelConfig struct {
	dev                            bool
	schemes                        []string // FSA_AUTH
	tokens, carrier, issuer        string
	delay, grace                   time.Duration
	cached                         bool
	ttl                            time.Duration
	serverError, notFound          int
	userPass, passwordCheck, admit bool
	prefixes                       []modelPrefix
	routes                         []modelRoute
}

type modelPrefix struct {
	parent  int // -1 if none
	least   *modelRule
	schemes []string // nil: not said
	realm   string   // "": not said
}

type modelRoute struct {
	shape   string // what its handler takes
	prefix  int    // -1 if none
	rule    *modelRule
	schemes []string
	realm   string
}

// modelRule is a rule that can be looked into.
type modelRule struct {
	kind       string // open close auth group permission fresh factors object all any
	name, mode string // of the group, the permission, or the domain
	age        time.Duration
	count      int
	parts      []*modelRule
}

func (r *modelRule) rule() authz.Rule {
	var parts []authz.Rule
	for _, p := range r.parts {
		parts = append(parts, p.rule())
	}
	switch r.kind {
	case "open":
		return authz.Open()
	case "auth":
		return authz.Auth()
	case "group":
		return authz.Group(r.name)
	case "permission":
		return authz.Permission(r.name)
	case "fresh":
		return authz.Fresh(r.age)
	case "factors":
		return authz.Factors(r.count)
	case "object":
		return authz.Object(r.name, map[string]string{"stuff": "id", "repo": "owner:repo"}[r.name], r.mode)
	case "all":
		return authz.All(parts...)
	case "any":
		return authz.Any(parts...)
	}
	return authz.Close()
}

// modelShapes are the handlers' inputs: none, a number in the path, the same with
// a special parameter, a number in query or body, two texts in the path, all
// three of these, an http.Handler without and with a number in the path.
var modelShapes = []string{"plain", "path", "who", "body", "repo", "both", "both", "both", "raw", "rawpath"}

// modelDomains gives the domains of which a shape names an object.
func modelDomains(shape string) []string {
	switch shape {
	case "path", "who", "body", "rawpath":
		return []string{"stuff"}
	case "repo":
		return []string{"repo"}
	case "both":
		return []string{"stuff", "repo"}
	}
	return nil
}

func drawConfig(t *rapid.T) *modelConfig {
	c := &modelConfig{
		dev:           rapid.Bool().Draw(t, "dev"),
		schemes:       rapid.Permutation([]string{"token", "basic", "param", "none"}).Draw(t, "auth"),
		tokens:        rapid.SampledFrom([]string{"fsa", "jwt"}).Draw(t, "tokens"),
		carrier:       rapid.SampledFrom([]string{"bearer", "bearer", "bearer", "header", "cookie", "param"}).Draw(t, "carrier"),
		issuer:        rapid.SampledFrom([]string{"", "home"}).Draw(t, "issuer"),
		delay:         rapid.SampledFrom([]time.Duration{time.Hour, 5 * time.Minute, 90 * time.Second}).Draw(t, "delay"),
		grace:         rapid.SampledFrom([]time.Duration{0, time.Minute, 1500 * time.Millisecond}).Draw(t, "grace"),
		cached:        rapid.IntRange(0, 5).Draw(t, "uncached") != 5,
		ttl:           rapid.SampledFrom([]time.Duration{10 * time.Minute, 90 * time.Second}).Draw(t, "ttl"),
		serverError:   rapid.SampledFrom([]int{500, 502}).Draw(t, "server error"),
		notFound:      rapid.SampledFrom([]int{404, 410}).Draw(t, "not found"),
		userPass:      rapid.IntRange(0, 5).Draw(t, "user pass") != 5,
		passwordCheck: rapid.Bool().Draw(t, "password check"),
		admit:         rapid.Bool().Draw(t, "admit"),
	}
	c.passwordCheck = c.passwordCheck || !c.userPass
	for i := range rapid.IntRange(0, 2).Draw(t, "prefixes") {
		p := modelPrefix{parent: rapid.IntRange(-1, i-1).Draw(t, "parent")}
		if rapid.Bool().Draw(t, "at least") {
			p.least = drawRule(t, 1, "plain", 0) // below it may be any schemes
		}
		_, realm := c.inherited(p.parent)
		p.schemes = c.drawSchemes(t, p.parent)
		if realm == "" {
			p.realm = rapid.SampledFrom([]string{"", "", "stage"}).Draw(t, "realm")
		}
		c.prefixes = append(c.prefixes, p)
	}
	for range rapid.IntRange(3, 8).Draw(t, "routes") {
		rt := modelRoute{
			shape:  rapid.SampledFrom(modelShapes).Draw(t, "shape"),
			prefix: rapid.IntRange(-1, len(c.prefixes)-1).Draw(t, "prefix"),
		}
		rt.schemes = c.drawSchemes(t, rt.prefix)
		if _, realm := c.inherited(rt.prefix); realm == "" {
			rt.realm = rapid.SampledFrom([]string{"", "", "stage"}).Draw(t, "realm")
		}
		c.routes = append(c.routes, rt)
		_, schemes, _ := c.effective(len(c.routes) - 1)
		mayOpen := slices.Contains(schemes, "none") && rt.shape != "who" && !c.demands(rt.prefix)
		if mayOpen && rapid.IntRange(0, 3).Draw(t, "open") == 3 {
			rt.rule = &modelRule{kind: "open"}
		} else {
			rt.rule = drawRule(t, 3, rt.shape, c.mostFactors(schemes))
		}
		c.routes[len(c.routes)-1] = rt
	}
	return c
}

// drawSchemes draws what fsa.Authn says, nil for nothing: some of those that are
// left, one of which can find somebody.
func (c *modelConfig) drawSchemes(t *rapid.T, prefix int) []string {
	left, _ := c.inherited(prefix)
	if left == nil {
		left = c.schemes
	}
	if rapid.Bool().Draw(t, "all schemes") {
		return nil
	}
	some := rapid.Permutation(left).Draw(t, "schemes")
	some = some[:rapid.IntRange(1, len(some)).Draw(t, "how many")]
	if len(some) == 1 && some[0] == "none" {
		return nil
	}
	return some
}

// inherited gives what the prefixes say of schemes and realm.
func (c *modelConfig) inherited(prefix int) (schemes []string, realm string) {
	for i := prefix; i >= 0; i = c.prefixes[i].parent {
		if schemes == nil {
			schemes = c.prefixes[i].schemes
		}
		realm += c.prefixes[i].realm // at most one says one
	}
	return schemes, realm
}

// demands reports whether the prefixes have a rule of their own.
func (c *modelConfig) demands(prefix int) bool {
	for i := prefix; i >= 0; i = c.prefixes[i].parent {
		if c.prefixes[i].least != nil {
			return true
		}
	}
	return false
}

// mostFactors tells how many factors the credentials of some schemes can tell of; 0 if
// they don't tell when their user has logged in, either.
func (c *modelConfig) mostFactors(schemes []string) int {
	switch {
	case slices.Contains(schemes, "token") && c.tokens == "jwt":
		return 2
	case slices.Contains(schemes, "basic"), slices.Contains(schemes, "param"):
		return 1
	}
	return 0
}

// drawRule draws a rule for a route of the shape, where so many factors can be asked for.
func drawRule(t *rapid.T, depth int, shape string, factors int) *modelRule {
	domains := modelDomains(shape)
	kinds := []string{"auth", "group", "group", "group", "auth", "group", "group", "group", "group", "close", "permission", "permission"}
	if factors > 0 {
		kinds = append(kinds, "fresh", "factors", "fresh")
	}
	if domains != nil {
		kinds = append(kinds, "object", "object", "object", "object", "object", "object")
	}
	if depth > 0 {
		kinds = append(kinds, "all", "any", "all", "any", "any", "all", "any", "any")
	}
	if len(domains) > 1 && depth > 0 {
		kinds = append(kinds, "any", "any", "any", "any", "any", "any", "any", "any")
	}
	if domains != nil && depth < 3 {
		kinds = append(kinds, "object", "object", "object", "object", "object")
	}
	r := &modelRule{kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	switch r.kind {
	case "group":
		r.name = rapid.SampledFrom(modelGroups).Draw(t, "group")
	case "permission":
		r.name = rapid.SampledFrom(modelPermissions).Draw(t, "permission")
	case "fresh":
		r.age = rapid.SampledFrom([]time.Duration{time.Second, 90 * time.Second, 5*time.Minute + 500*time.Millisecond}).Draw(t, "age")
	case "factors":
		r.count = rapid.IntRange(1, factors).Draw(t, "factors")
	case "object":
		r.name, r.mode = rapid.SampledFrom(domains).Draw(t, "domain"), rapid.SampledFrom(modelModes).Draw(t, "mode")
	case "all", "any":
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			r.parts = append(r.parts, drawRule(t, depth-1, shape, factors))
		}
	}
	return r
}

// config is the configuration of the application.
func (c *modelConfig) config() fsa.Config {
	cfg := fsa.Config{
		Auth: c.schemes, TokenType: c.tokens, TokenCarrier: c.carrier, TokenIssuer: c.issuer, TokenDelay: c.delay, TokenGrace: c.grace,
		TokenSecret: []fsa.Secret{benchSecret}, Cache: "none", CacheTTL: c.ttl, ServerError: c.serverError, NotFoundError: c.notFound,
		PasswordOpts: quick, InsecurePasswordCost: true, InsecureNoLoginThrottle: true, Logger: slog.New(slog.DiscardHandler),
	}
	if c.cached {
		cfg.Cache = "ttl"
	}
	if c.dev {
		cfg.Mode = "dev"
	}
	return cfg
}

// path gives the path of a route.
func (c *modelConfig) path(i int) string {
	rt := c.routes[i]
	path := fmt.Sprintf("/r%d", i)
	switch rt.shape {
	case "path", "who", "rawpath":
		path += "/{id}"
	case "repo":
		path += "/{owner}/{repo}"
	case "both":
		path += "/{owner}/{repo}/{id}"
	}
	return c.prefixPath(rt.prefix) + path
}

func (c *modelConfig) prefixPath(i int) string {
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%s/p%d", c.prefixPath(c.prefixes[i].parent), i)
}

// method is how the route is called; "" for any.
func (rt *modelRoute) method() string {
	switch rt.shape {
	case "body":
		return "POST"
	case "raw":
		return ""
	}
	return "GET"
}

type (
	modelPathIn struct {
		ID int
		N  int `default:"5"`
	}
	modelWhoIn struct {
		ID  int
		N   int `default:"5"`
		Who fsa.Identity
	}
	modelRepoIn struct{ Owner, Repo string }
	modelBothIn struct {
		modelPathIn
		Repo, Owner string
	}
)

// register gives the application its routes.
func (c *modelConfig) register(app *fsa.App, s *modelStore) {
	routers := map[int]fsa.Router{-1: app}
	for i, p := range c.prefixes {
		var opts []fsa.Option
		if p.least != nil {
			opts = append(opts, fsa.AtLeast(p.least.rule()))
		}
		opts = append(opts, modelOptions(p.schemes, p.realm)...)
		path := fmt.Sprintf("/p%d", i)
		if parent, ok := routers[p.parent].(*fsa.Prefix); ok {
			routers[i] = parent.Prefix(path, opts...)
		} else {
			routers[i] = app.Prefix(path, opts...)
		}
	}
	for i, rt := range c.routes {
		r, rule, opts := routers[rt.prefix], rt.rule.rule(), modelOptions(rt.schemes, rt.realm)
		path := strings.TrimPrefix(c.path(i), c.prefixPath(rt.prefix))
		act := func(ctx context.Context, values ...any) (string, error) { return s.act(ctx, app, i, values) }
		switch rt.shape {
		case "plain":
			fsa.Get(r, path, rule, func(ctx context.Context, _ fsa.None) (string, error) { return act(ctx) }, opts...)
		case "path":
			fsa.Get(r, path, rule, func(ctx context.Context, in modelPathIn) (string, error) { return act(ctx, in.ID, in.N) }, opts...)
		case "who":
			fsa.Get(r, path, rule, func(ctx context.Context, in *modelWhoIn) (string, error) {
				return act(ctx, in.ID, in.N, in.Who.Login, in.Who.Scheme, in.Who.Realm, in.Who.Scopes)
			}, opts...)
		case "body":
			fsa.Post(r, path, rule, func(ctx context.Context, in modelPathIn) (string, error) { return act(ctx, in.ID, in.N) }, opts...)
		case "repo":
			fsa.Get(r, path, rule, func(ctx context.Context, in modelRepoIn) (string, error) { return act(ctx, in.Owner, in.Repo) }, opts...)
		case "both":
			fsa.Get(r, path, rule, func(ctx context.Context, in modelBothIn) (string, error) {
				return act(ctx, in.ID, in.N, in.Repo, in.Owner)
			}, opts...)
		default:
			h := func(w http.ResponseWriter, r *http.Request) {
				var values []any
				if rt.shape == "rawpath" {
					values = append(values, r.PathValue("id"))
				}
				text, err := act(r.Context(), values...)
				if e := (*fsa.Error)(nil); errors.As(err, &e) {
					w.WriteHeader(e.Status)
					text = e.Public
				} else if err != nil {
					w.WriteHeader(599)
					text = "broken"
				}
				fmt.Fprint(w, text)
			}
			fsa.Handle(r, strings.TrimSpace(rt.method()+" "+path), rule, http.HandlerFunc(h), opts...)
		}
	}
}

func modelOptions(schemes []string, realm string) (opts []fsa.Option) {
	if schemes != nil {
		opts = append(opts, fsa.Authn(schemes...))
	}
	if realm != "" {
		opts = append(opts, fsa.Realm(realm))
	}
	return opts
}

// act is what all handlers do: they say what they have got.
func (s *modelStore) act(ctx context.Context, app *fsa.App, route int, values []any) (string, error) {
	switch s.handler {
	case "conflict":
		return "", fsa.Errorf(409, "already there")
	case "unauthorized":
		return "", fsa.Errorf(401, "log in again")
	case "reauthenticate":
		return "", fmt.Errorf("s3cret: %w", fsa.ErrReauthenticate)
	case "breaks":
		return "", errors.New("s3cret: the handler is broken")
	case "panics":
		panic(fsa.Errorf(418, "s3cret: the handler panics"))
	case "asks":
		id, err := app.Authenticate(ctx)
		if again, _ := app.Authenticate(ctx); again.Login != id.Login {
			return "", fmt.Errorf("Authenticate says %q, and then %q", id.Login, again.Login)
		}
		if err != nil {
			return "", err
		}
		if id.Login != fsa.User(ctx) {
			return "", fmt.Errorf("Authenticate says %q, User %q", id.Login, fsa.User(ctx))
		}
	}
	return modelEcho(route, fsa.User(ctx), fsa.HasScope(ctx, "read"), values...), nil
}

func modelEcho(route int, user string, reads bool, values ...any) string {
	return fmt.Sprintf("route %d, user %q, reads %v, values %#v", route, user, reads, values)
}
