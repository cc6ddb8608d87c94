package fsa

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
)

// AddScope declares scopes, as FSA_AUTHZ_SCOPES does.
func (a *App) AddScope(names ...string) {
	source := caller(1)
	if !a.open("app.AddScope", source) {
		return
	}
	for _, name := range names {
		if !isScope(name) {
			a.faults = append(a.faults, &ConfigError{Source: source, Problem: fmt.Sprintf("app.AddScope: %q can't be a scope", name), Remedy: scopeRemedy})
		}
	}
	a.scopes = append(a.scopes, names...)
}

const scopeRemedy = `use printable ASCII without spaces, quotes and backslashes, as in "orders:read" (RFC 6749, 3.3)`

// isScope reports whether s is a scope-token (RFC 6749, 3.3).
func isScope(s string) bool {
	return s != "" && printable(s) && !strings.ContainsAny(s, ` "\`)
}

// scopeLeaf gives the check of a scope on a route, or what is wrong with it.
func (c *compiler) scopeLeaf(rt *route, scope string) (authz.Check[*call], error) {
	switch {
	case !slices.Contains(c.app.scopes, scope):
		return nil, fmt.Errorf("scope %q is not declared; add it to FSA_AUTHZ_SCOPES or app.AddScope(%q), or mend its name", scope, scope)
	case len(rt.options.authn) > 0 && !slices.ContainsFunc(rt.options.authn, c.carriesScopes):
		return nil, fmt.Errorf("scope %q is never there, since no credential of the route's schemes (%s) carries scopes; allow oauth, token with FSA_TOKEN_TYPE = \"jwt\", apikey or a scheme of your own",
			scope, strings.Join(rt.options.authn, ", "))
	}
	// A client that came with a bearer token is told what to ask its issuer for
	// (RFC 6750, 3.1). To others that would mean nothing.
	challenges := map[string]*httperr.Error{}
	for _, scheme := range rt.search.Schemes {
		if bearer, ok := scheme.(interface {
			InsufficientScope(realm, scope string) string
		}); ok {
			challenges[scheme.Name()] = httperr.Errorf(http.StatusForbidden, "missing scope %q", scope).
				WithHeader("WWW-Authenticate", bearer.InsufficientScope(rt.options.realm, scope))
		}
	}
	return c.traceLogin(authz.Scope(scope), func(r *call) (bool, error) {
		if r.id.HasScope(scope) {
			return true, nil
		}
		if refusal := challenges[r.id.Scheme]; refusal != nil {
			return false, refusal
		}
		return false, nil
	}), nil
}

// carriesScopes reports whether the credentials of a scheme can have scopes.
func (c *compiler) carriesScopes(scheme string) bool {
	_, own := c.h.schemes[scheme].(*authn.Own)
	return own || scheme == "oauth" || scheme == "apikey" || scheme == "token" && c.app.settings.TokenType == "jwt"
}
