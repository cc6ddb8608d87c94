package fsa

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
)

// The functions of this file put observers where hooks are asked and decisions are
// made. They are called while the application is compiled, and do nothing if there
// are no observers.

// asked asks a hook on behalf of a request that may be observed.
func asked[V any](ctx context.Context, e HookEvent, ask func(context.Context) (V, error)) (v V, err error) {
	o := observationOf(ctx)
	if o == nil {
		return ask(ctx)
	}
	ctx, ends := o.beginHook(ctx, e)
	err = ErrHookPanicked
	defer func() { o.endHook(ends, err) }()
	// The error is set once ask has returned: a panic goes on, with its stack.
	v, err = ask(ctx)
	return v, err
}

func (o *observation) beginHook(ctx context.Context, e HookEvent) (context.Context, []func(error)) {
	var ends []func(error)
	for i := range o.observers.all {
		if told := o.observers.all[i].Hook; told != nil {
			func() {
				defer o.observers.safe("Hook")
				next, end := told(o, ctx, e)
				if next != nil {
					ctx = next
				}
				if end != nil {
					ends = append(ends, end)
				}
			}()
		}
	}
	return ctx, ends
}

func (o *observation) endHook(ends []func(error), err error) {
	for _, end := range ends {
		func() {
			defer o.observers.safe("the end of Hook")
			end(err)
		}()
	}
}

// observeHooks lets observers know when hooks are asked. Those of objects know
// already.
func (a *App) observeHooks() {
	if a.observers == nil || a.hooksObserved {
		return
	}
	a.hooksObserved = true
	a.more.observed()
	if find := a.canonicalLogin; find != nil {
		a.canonicalLogin = func(ctx context.Context, typed string) (string, error) {
			return asked(ctx, HookEvent{Hook: "app.CanonicalLogin"}, func(ctx context.Context) (string, error) { return find(ctx, typed) })
		}
	}
	if get := a.userPass; get != nil {
		a.userPass = func(ctx context.Context, login string) (string, error) {
			return asked(ctx, HookEvent{Hook: "app.UserPass"}, func(ctx context.Context) (string, error) { return get(ctx, login) })
		}
	}
	if check := a.passwordCheck; check != nil {
		a.passwordCheck = func(ctx context.Context, login, password string) (bool, error) {
			return asked(ctx, HookEvent{Hook: "app.PasswordCheck"}, func(ctx context.Context) (bool, error) { return check(ctx, login, password) })
		}
	}
	if store := a.passwordRehash; store != nil {
		a.passwordRehash = func(ctx context.Context, login, old, new string) error {
			_, err := asked(ctx, HookEvent{Hook: "app.PasswordRehash"}, func(ctx context.Context) (None, error) { return None{}, store(ctx, login, old, new) })
			return err
		}
	}
	if get := a.userHA1; get != nil {
		a.userHA1 = func(ctx context.Context, login, realm, algorithm string) (string, error) {
			return asked(ctx, HookEvent{Hook: "app.UserHA1"}, func(ctx context.Context) (string, error) { return get(ctx, login, realm, algorithm) })
		}
	}
	if find := a.userByHash; find != nil {
		a.userByHash = func(ctx context.Context, userhash, realm, algorithm string) (string, error) {
			return asked(ctx, HookEvent{Hook: "app.UserByHash"}, func(ctx context.Context) (string, error) { return find(ctx, userhash, realm, algorithm) })
		}
	}
	if find := a.findKey; find != nil {
		a.findKey = func(ctx context.Context, id string) (APIKey, error) {
			return asked(ctx, HookEvent{Hook: "app.APIKey"}, func(ctx context.Context) (APIKey, error) { return find(ctx, id) })
		}
	}
	if check := a.userInGroup; check != nil {
		a.userInGroup = func(ctx context.Context, login, group string) (bool, error) {
			return asked(ctx, HookEvent{"app.UserInGroup", group}, func(ctx context.Context) (bool, error) { return check(ctx, login, group) })
		}
	}
	if check := a.userHasPermission; check != nil {
		a.userHasPermission = func(ctx context.Context, login, permission string) (bool, error) {
			return asked(ctx, HookEvent{"app.UserHasPermission", permission}, func(ctx context.Context) (bool, error) { return check(ctx, login, permission) })
		}
	}
	for group, check := range a.groupChecks {
		a.groupChecks[group] = func(ctx context.Context, login string) (bool, error) {
			return asked(ctx, HookEvent{"app.GroupCheck", group}, func(ctx context.Context) (bool, error) { return check(ctx, login) })
		}
	}
	for i, admit := range a.admits {
		a.admits[i] = func(ctx context.Context, id Identity) error {
			_, err := asked(ctx, HookEvent{Hook: "app.Admit"}, func(ctx context.Context) (None, error) { return None{}, admit(ctx, id) })
			return err
		}
	}
	for i, hook := range a.loginFailed {
		a.loginFailed[i] = func(ctx context.Context, e FailedLogin) error {
			_, err := asked(ctx, HookEvent{Hook: "app.LoginFailed"}, func(ctx context.Context) (None, error) { return None{}, hook(ctx, e) })
			return err
		}
	}
	for _, own := range a.schemes {
		find := own.Find
		own.Find = func(r *http.Request) (Identity, error) {
			// The hook reads the body of this very request: it has the context
			// that the request has.
			return asked(r.Context(), HookEvent{"app.Authentication", own.SchemeName}, func(context.Context) (Identity, error) { return find(r) })
		}
	}
}

// observed lets observers know when hooks around the handlers are asked.
func (m *moreHooks) observed() {
	for i, hook := range m.beforeRequest {
		m.beforeRequest[i] = func(r *http.Request) (*Response, error) {
			return asked(r.Context(), HookEvent{Hook: "app.BeforeRequest"}, func(ctx context.Context) (*Response, error) { return hook(r.WithContext(ctx)) })
		}
	}
	for i, hook := range m.beforeExec {
		m.beforeExec[i] = func(ctx context.Context, r *http.Request, id Identity) (*Response, error) {
			return asked(ctx, HookEvent{Hook: "app.BeforeExec"}, func(ctx context.Context) (*Response, error) { return hook(ctx, r.WithContext(ctx), id) })
		}
	}
	for i, hook := range m.afterRequest {
		m.afterRequest[i] = func(h http.Header, r *http.Request, status int) {
			asked(r.Context(), HookEvent{Hook: "app.AfterRequest"}, func(ctx context.Context) (None, error) {
				hook(h, r.WithContext(ctx), status)
				return None{}, nil
			})
		}
	}
	if render := m.errorResponse; render != nil {
		m.errorResponse = func(w http.ResponseWriter, r *http.Request, e *Error) {
			asked(r.Context(), HookEvent{Hook: "app.ErrorResponse"}, func(ctx context.Context) (None, error) {
				render(w, r.WithContext(ctx), e)
				return None{}, nil
			})
		}
	}
}

// observeSearch lets observers know what each scheme said, and what app.Admit did.
func (c *compiler) observeSearch(rt *route) {
	all := c.app.observers
	if all == nil {
		return
	}
	traced := rt.search.Observe
	if all.asksAuthentication() {
		rt.search.Observe = func(q *authn.Request, scheme authn.Scheme, id *identity.Identity, err error) {
			if traced != nil {
				traced(q, scheme, id, err)
			}
			o := observationOf(q.HTTP.Context())
			if o == nil || id == nil && err == nil {
				return
			}
			verdict := VerdictAccepted
			switch {
			case err == nil && id.IsZero():
				verdict = VerdictFailed // it may not say that
			case err == nil && id.Stage != rt.search.Stage:
				verdict = VerdictRefused // the log-in is not complete
			case err == nil:
			case authn.Refused(err), httperr.From(err, http.StatusInternalServerError, "").Status < 500:
				verdict = VerdictRefused
			default:
				verdict = VerdictFailed
			}
			all.authentication(o, AuthenticationEvent{scheme.Name(), verdict})
		}
	}
	if admit := rt.search.Admit; admit != nil {
		rt.search.Admit = func(ctx context.Context, id identity.Identity) error {
			err := admit(ctx, id)
			if o := observationOf(ctx); o != nil && err != nil {
				all.authorization(o, AuthorizationEvent{Kind: "admit", Verdict: verdictOf(err)})
			}
			return err
		}
	}
}

func (o *observers) asksAuthentication() bool {
	return slices.ContainsFunc(o.all, func(o Observer) bool { return o.Authentication != nil })
}

// observeLeaves lets the parts of rules note that they have refused.
func (c *compiler) observeLeaves(leaves authz.Leaves[*call]) authz.Leaves[*call] {
	if c.app.observers == nil {
		return leaves
	}
	group, scope, permission, fresh, factors, object := leaves.Group, leaves.Scope, leaves.Permission, leaves.Fresh, leaves.Factors, leaves.Object
	leaves.Group = func(name string) (authz.Check[*call], error) {
		check, err := group(name)
		return observeCheck("group", name, check), err
	}
	leaves.Scope = func(name string) (authz.Check[*call], error) {
		check, err := scope(name)
		return observeCheck("scope", name, check), err
	}
	leaves.Permission = func(name string) (authz.Check[*call], error) {
		check, err := permission(name)
		return observeCheck("permission", name, check), err
	}
	leaves.Fresh = func(d time.Duration) (authz.Check[*call], error) {
		check, err := fresh(d)
		return observeCheck("fresh", d.String(), check), err
	}
	leaves.Factors = func(n int) (authz.Check[*call], error) {
		check, err := factors(n)
		return observeCheck("factors", strconv.Itoa(n), check), err
	}
	leaves.Object = func(domain string, params []string, mode string) (authz.Check[*call], error) {
		check, err := object(domain, params, mode)
		return observeCheck("object", domain, check), err
	}
	return leaves
}

// observeCheck lets a check note that it has refused. Whether its route has, the
// whole rule tells: see [call.refused].
func observeCheck(kind, name string, check authz.Check[*call]) authz.Check[*call] {
	if check == nil {
		return nil
	}
	return func(r *call) (bool, error) {
		granted, err := check(r)
		if !granted || err != nil {
			r.noteRefusal(AuthorizationEvent{kind, name, verdictOf(err)})
		}
		return granted, err
	}
}

// noteRefusal keeps the refusals of which one will be decisive, if the rule refuses.
func (c *call) noteRefusal(e AuthorizationEvent) {
	o := c.observation()
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if e.Verdict == VerdictNotFound && o.missing == "" {
		o.missing = e.Name
	}
	if o.refusal.Kind == "" || e.Verdict == VerdictFailed && o.refusal.Verdict != VerdictFailed {
		o.refusal = e
	}
}
