package fsa

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// ownScheme is an authentication scheme of the application.
type ownScheme struct {
	authn.Own
	source  string
	problem string   // what is wrong with its options
	varies  []string // the header fields that carry the credential
}

// SchemeOption says more about a scheme of [App.Authentication].
type SchemeOption func(*ownScheme)

// Challenge gives a scheme a challenge, for the WWW-Authenticate field of each
// 401 of the routes that allow it: Challenge("ApiKey") is
//
//	ApiKey realm="acme"
//
// with the realm of the route. More parameters are names and values in turn.
func Challenge(authScheme string, parameters ...string) SchemeOption {
	return func(o *ownScheme) {
		o.AuthScheme, o.Parameters = authScheme, slices.Clone(parameters)
		ok := grammar.IsToken(authScheme) && len(parameters)%2 == 0
		for i, p := range parameters {
			ok = ok && (i%2 == 0 && grammar.IsToken(p) && p != "realm" || i%2 == 1 && printable(p))
		}
		if !ok {
			o.problem = "the challenge can't be written"
		}
	}
}

// NotAmbient says that no browser sends the credential of a scheme by itself, as
// it does with cookies, client certificates and addresses: a script must put it
// into a header field, say. Then a page of another origin can't make use of it,
// and unsafe requests of other origins are let through.
func NotAmbient() SchemeOption { return func(o *ownScheme) { o.NotAmbient = true } }

// VariesBy names the header field that carries the credential of a scheme, such as
// Cookie: answers of the routes that allow the scheme say so in Vary, so that no cache
// gives what one user has got to another.
func VariesBy(field string) SchemeOption {
	return func(o *ownScheme) {
		if !grammar.IsToken(field) {
			o.problem = "what it varies by can't name a header field"
		}
		o.varies = append(o.varies, http.CanonicalHeaderKey(field))
	}
}

// Authentication registers an authentication scheme of the application's own. Its
// name then stands in FSA_AUTH, and in [Authn] of routes, as those of the framework
// do. The name session is free for a scheme that keeps log-in sessions, unless package
// accounts has registered its own. find is given the request, whose body it may read, and answers one of these:
//
//   - an [Identity] with a login: that is who is calling. Its Scheme and its Realm
//     are those of the scheme and the route; an identity of another realm is
//     refused.
//   - the zero Identity: the request holds nothing for the scheme, and the next
//     one is tried.
//   - [ErrUnauthenticated], wrapped or not, or an error of status 401: the
//     credential is not accepted. The next scheme is tried; if none finds anybody,
//     the answer is 401. The text of the error goes into the log and, in modes dev
//     and debug, to the client: it must hold no secret.
//   - any other error: a failure. If no other scheme finds anybody, it is the
//     answer, by [Errorf] as it says, else 500.
//
// A panic is a failure. What find answers is not kept: it is asked for each
// request. [App.Admit] is asked after it.
//
// Unless [NotAmbient] says otherwise, the credential counts as one that browsers
// send by themselves, and unsafe requests must come from the same origin.
func (a *App) Authentication(name string, find func(*http.Request) (Identity, error), opts ...SchemeOption) {
	twice := slices.ContainsFunc(a.schemes, func(o *ownScheme) bool { return o.SchemeName == name })
	if !a.hook(fmt.Sprintf("app.Authentication(%q)", name), find == nil, twice, 1) {
		return
	}
	o := &ownScheme{Own: authn.Own{SchemeName: name}, source: caller(1)}
	for _, opt := range opts {
		if opt == nil {
			o.problem = "an option is nil"
			continue
		}
		opt(o)
	}
	if problem := takenScheme(name); problem != "" {
		a.faults = append(a.faults, &ConfigError{Source: o.source, Problem: "app.Authentication: " + problem,
			Remedy: "give it another name, in lower-case letters, digits and dashes"})
		return
	}
	if o.problem != "" {
		a.faults = append(a.faults, &ConfigError{Source: o.source, Problem: fmt.Sprintf("app.Authentication(%q): %s", name, o.problem),
			Remedy: `give options such as fsa.Challenge("ApiKey"): a word, then names and values in turn, in printable ASCII`})
	}
	o.Find = a.finder(find)
	a.schemes = append(a.schemes, o)
}

// finder makes of the application's hook what a scheme asks.
func (a *App) finder(find func(*http.Request) (Identity, error)) func(*http.Request) (Identity, error) {
	return func(r *http.Request) (Identity, error) {
		id, err := guarded(r.Context(), func(context.Context) (Identity, time.Duration, error) {
			id, err := find(r)
			return id, 0, err
		})
		if err == nil {
			return id, nil
		}
		e := httperr.From(err, a.settings.ServerError, "internal error in app.Authentication")
		switch {
		case e.Status == http.StatusUnauthorized:
			return Identity{}, authn.Refuse("%s", e.Public)
		case errors.Is(err, ErrUnauthenticated):
			return Identity{}, authn.Refuse("%s", err)
		}
		return Identity{}, e
	}
}
