package fsa

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
)

// The functions of this file put the steps of a trace where decisions are made.
// They are called while the application is compiled, in the debug modes only.

// traceSearch lets a route's search tell what each scheme said.
func (c *compiler) traceSearch(rt *route) {
	if c.app.settings.trace < traceDecisions {
		return
	}
	rt.search.Observe = func(q *authn.Request, scheme authn.Scheme, id *identity.Identity, err error) {
		name := scheme.Name()
		if id == nil && err == nil && (name == "none" || name == "test") {
			return // these never find anybody in a request of a server
		}
		attrs := []slog.Attr{slog.String("scheme", name)}
		switch {
		case err == nil && id == nil:
			attrs = append(attrs, slog.String("verdict", "nothing sent"))
		case err == nil:
			attrs = append(attrs, slog.String("verdict", "accepted"), slog.String("user", oneLine(id.Login, maxTraced)))
		case authn.Refused(err), httperr.From(err, 500, "").Status < 500:
			attrs = append(attrs, slog.String("verdict", "refused"), slog.String("reason", oneLine(err.Error(), maxTraced)))
		default:
			attrs = append(attrs, slog.String("verdict", "failed"), slog.String("reason", oneLine(err.Error(), maxTraced)))
		}
		traceOf(q.HTTP.Context()).step(traceDecisions, "scheme", attrs...)
	}
	if admit := rt.search.Admit; admit != nil {
		rt.search.Admit = func(ctx context.Context, id identity.Identity) error {
			err := admit(ctx, id)
			attrs := []slog.Attr{slog.String("user", oneLine(id.Login, maxTraced)), slog.String("verdict", "admitted")}
			if err != nil {
				attrs[1] = slog.String("verdict", "refused")
				attrs = append(attrs, slog.String("reason", oneLine(err.Error(), maxTraced)))
			}
			traceOf(ctx).step(traceDecisions, "admit", attrs...)
			return err
		}
	}
}

// traceNamed lets the check of a group or a permission tell its verdict.
func (c *compiler) traceNamed(answers *hookCache[namedKey, bool], name string, part authz.Rule, check authz.Check[*call]) authz.Check[*call] {
	if c.app.settings.trace < traceDecisions || check == nil {
		return check
	}
	id, rule := unique.Make(name), part.String()
	return func(r *call) (bool, error) {
		_, kept := answers.hit(namedKey{r.req.User, id}, r.req.Now)
		ok, err := check(r)
		r.traceRule(rule, "", kept, ok, err)
		return ok, err
	}
}

// traceLogin lets the check of a log-in or a scope, which asks nobody, tell its verdict.
func (c *compiler) traceLogin(part authz.Rule, check authz.Check[*call]) authz.Check[*call] {
	if c.app.settings.trace < traceDecisions {
		return check
	}
	rule := part.String()
	return func(r *call) (bool, error) {
		ok, err := check(r)
		verdict := "refused"
		if ok {
			verdict = "granted"
		}
		traceOf(r.req.HTTP.Context()).step(traceDecisions, "rule", slog.String("rule", rule), slog.String("verdict", verdict), slog.String("from", r.id.Scheme))
		return ok, err
	}
}

// traceObject lets the check of an object permission tell its verdict. asked
// gives the id of the object, and whether the answer about it is kept.
func traceObject(rule string, secret bool, asked func(*call) (id any, kept bool), check authz.Check[*call]) authz.Check[*call] {
	return func(r *call) (bool, error) {
		id, kept := asked(r)
		text := "***"
		if !secret {
			text = oneLine(fmt.Sprintf("%+v", id), maxTraced)
		}
		ok, err := check(r)
		r.traceRule(rule, text, kept, ok, err)
		return ok, err
	}
}

// traceRule tells what a part of the route's rule said, and whether that was kept
// from an earlier request or asked.
func (c *call) traceRule(rule, object string, kept, ok bool, err error) {
	attrs := []slog.Attr{slog.String("rule", rule)}
	if object != "" {
		attrs = append(attrs, slog.String("object", object))
	}
	verdict := "refused"
	switch e := httperr.From(err, 500, ""); {
	case err == nil && ok:
		verdict = "granted"
	case err == nil:
	case errors.Is(err, ErrNoSuchObject):
		verdict = "not found"
	case e.Status >= 500:
		verdict = "failed"
	}
	attrs = append(attrs, slog.String("verdict", verdict))
	from := "hook"
	if kept {
		from = "cache"
	}
	attrs = append(attrs, slog.String("from", from))
	if verdict == "failed" {
		attrs = append(attrs, slog.String("reason", oneLine(err.Error(), maxTraced)))
	}
	traceOf(c.req.HTTP.Context()).step(traceDecisions, "rule", attrs...)
}

// traceFaults tells which parameters an error is about. What is wrong with them
// is in the request's line.
func (c *call) traceFaults(e *httperr.Error) {
	if c.settings().trace < traceDecisions {
		return
	}
	t := traceOf(c.req.HTTP.Context())
	for _, f := range e.Faults[:min(len(e.Faults), 20)] {
		name := "not shown"
		if f.Name != "" {
			name = oneLine(f.Name, maxTraced)
		}
		t.step(traceDecisions, "parameter", slog.String("name", name), slog.String("in", f.In), slog.String("verdict", "refused"))
	}
}

// timed asks a hook, and tells that it was asked and for how long.
func timed[V any](ctx context.Context, hook string, ask func() (V, error)) (V, error) {
	t := traceOf(ctx)
	began := time.Now()
	v, err := ask()
	t.step(traceHooks, "hook", slog.String("hook", hook), slog.Duration("took", time.Since(began)))
	return v, err
}

// traceHooks lets the hooks tell when they are asked. Those of objects know
// already.
func (a *App) traceHooks() {
	if a.settings.trace < traceHooks || a.hooksTraced {
		return
	}
	a.hooksTraced = true
	if find := a.canonicalLogin; find != nil {
		a.canonicalLogin = func(ctx context.Context, typed string) (string, error) {
			return timed(ctx, "app.CanonicalLogin", func() (string, error) { return find(ctx, typed) })
		}
	}
	if get := a.userPass; get != nil {
		a.userPass = func(ctx context.Context, login string) (string, error) {
			return timed(ctx, "app.UserPass", func() (string, error) { return get(ctx, login) })
		}
	}
	if get := a.userHA1; get != nil {
		a.userHA1 = func(ctx context.Context, login, realm, algorithm string) (string, error) {
			return timed(ctx, "app.UserHA1", func() (string, error) { return get(ctx, login, realm, algorithm) })
		}
	}
	if find := a.userByHash; find != nil {
		a.userByHash = func(ctx context.Context, userhash, realm, algorithm string) (string, error) {
			return timed(ctx, "app.UserByHash", func() (string, error) { return find(ctx, userhash, realm, algorithm) })
		}
	}
	if find := a.findKey; find != nil {
		a.findKey = func(ctx context.Context, id string) (APIKey, error) {
			return timed(ctx, "app.APIKey", func() (APIKey, error) { return find(ctx, id) })
		}
	}
	if check := a.passwordCheck; check != nil {
		a.passwordCheck = func(ctx context.Context, login, password string) (bool, error) {
			return timed(ctx, "app.PasswordCheck", func() (bool, error) { return check(ctx, login, password) })
		}
	}
	if store := a.passwordRehash; store != nil {
		a.passwordRehash = func(ctx context.Context, login, old, new string) error {
			_, err := timed(ctx, "app.PasswordRehash", func() (struct{}, error) { return struct{}{}, store(ctx, login, old, new) })
			return err
		}
	}
	if check := a.userInGroup; check != nil {
		a.userInGroup = func(ctx context.Context, login, group string) (bool, error) {
			return timed(ctx, fmt.Sprintf("app.UserInGroup(%q)", group), func() (bool, error) { return check(ctx, login, group) })
		}
	}
	if check := a.userHasPermission; check != nil {
		a.userHasPermission = func(ctx context.Context, login, permission string) (bool, error) {
			return timed(ctx, fmt.Sprintf("app.UserHasPermission(%q)", permission), func() (bool, error) { return check(ctx, login, permission) })
		}
	}
	for group, check := range a.groupChecks {
		a.groupChecks[group] = func(ctx context.Context, login string) (bool, error) {
			return timed(ctx, fmt.Sprintf("app.GroupCheck(%q)", group), func() (bool, error) { return check(ctx, login) })
		}
	}
	a.more.traced()
}

// traced lets the hooks around the handlers tell when they are asked.
func (m *moreHooks) traced() {
	for i, hook := range m.beforeRequest {
		m.beforeRequest[i] = func(r *http.Request) (*Response, error) {
			return timed(r.Context(), "app.BeforeRequest", func() (*Response, error) { return hook(r) })
		}
	}
	for i, hook := range m.beforeExec {
		m.beforeExec[i] = func(ctx context.Context, r *http.Request, id Identity) (*Response, error) {
			return timed(ctx, "app.BeforeExec", func() (*Response, error) { return hook(ctx, r, id) })
		}
	}
	for i, hook := range m.afterRequest {
		m.afterRequest[i] = func(h http.Header, r *http.Request, status int) {
			timed(r.Context(), "app.AfterRequest", func() (struct{}, error) { hook(h, r, status); return struct{}{}, nil })
		}
	}
	if render := m.errorResponse; render != nil {
		m.errorResponse = func(w http.ResponseWriter, r *http.Request, e *Error) {
			timed(r.Context(), "app.ErrorResponse", func() (struct{}, error) { render(w, r, e); return struct{}{}, nil })
		}
	}
}

// traceRoute lets a route tell about itself at start, and which parameters its
// requests bring.
func (c *compiler) traceRoute(rt *route) {
	s := c.app.settings
	if s.trace < traceRoutes {
		return
	}
	var names []string
	if rt.binder != nil && rt.reg.in != nil {
		for _, f := range rt.binder.Fields() {
			names = append(names, f.Name+" "+f.Type.String())
		}
	}
	ctx := context.Background()
	attrs := []slog.Attr{
		slog.String("method", rt.reg.method), slog.String("path", rt.reg.path), slog.String("rule", rt.rule.String()),
		slog.String("authn", strings.Join(rt.options.authn, " ")), slog.String("realm", rt.options.realm),
	}
	if s.trace >= traceParameters {
		attrs = append(attrs, slog.String("parameters", strings.Join(names, ", ")))
	}
	attrs = append(attrs, slog.String("source", rt.reg.source))
	s.logger.LogAttrs(ctx, s.traceLevel(ctx), "route", attrs...)
	if s.trace < traceParameters || rt.invoke == nil {
		return
	}
	invoke := rt.invoke
	rt.invoke = func(r *call, pending authz.Pending, undecided bool) error {
		r.traceParameters()
		return invoke(r, pending, undecided)
	}
}

// traceParameters tells which parameters a request brings in its path and its
// query: the names that the route knows, and how many others, since what stands
// in the place of a name may be a secret.
func (c *call) traceParameters() {
	known := map[string]bool{}
	if c.route.reg.in != nil { // an http.Handler has none that are bound for it
		for _, f := range c.route.binder.Fields() {
			known[f.Name] = !f.Special
		}
	}
	var query []string
	others := 0
	for name := range c.req.HTTP.URL.Query() {
		if known[name] {
			query = append(query, name)
		} else {
			others++
		}
	}
	slices.Sort(query)
	traceOf(c.req.HTTP.Context()).step(traceParameters, "parameters",
		slog.String("path", strings.Join(c.route.reg.pathNames(), " ")), slog.String("query", strings.Join(query, " ")), slog.Int("unknown_in_query", others),
		slog.String("body", oneLine(c.req.HTTP.Header.Get("Content-Type"), maxTraced)), slog.Int64("body_bytes", c.req.HTTP.ContentLength))
}
