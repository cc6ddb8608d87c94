package accounts

import (
	"context"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// maxBody is how many bytes the body of a form may have.
const maxBody = 16 << 10

// routes registers the pages. What is switched off has none.
func (a *Accounts) routes() {
	p := a.opts.Paths
	public(a, p.Login, a.getLogin, a.postLogin)
	public(a, p.Logout, a.getLogout, a.postLogout)
	if a.opts.Registerable {
		public(a, p.Register, a.getRegister, a.postRegister)
	}
	if !a.opts.NoConfirm {
		w := a.confirming()
		public(a, p.Confirm, a.getAsk(w), a.postAsk(w))
		public(a, p.Confirm+"/{token}", a.getConfirm, a.postConfirm)
	}
	if !a.opts.NoRecover {
		w := a.recovering()
		public(a, p.Reset, a.getAsk(w), a.postAsk(w))
		public(a, p.Reset+"/{token}", a.getReset, a.postReset)
	}
	if !a.opts.NoChange {
		private(a, p.Change, a.getChange, a.postChange)
	}
	private(a, p.Verify, a.getVerify, a.postVerify)
	private[fsa.None](a, p.Sessions, a.getSessions, nil)
	fsa.Delete(a.app, p.Sessions, authz.Auth(), a.endOthers, session()...)
	private(a, p.Sessions+"/others/end", a.getEndOthers, a.endOthers)
	fsa.Delete(a.app, p.Sessions+"/{id}", authz.Auth(), a.endSession, session()...)
	fsa.Get(a.app, p.Sessions+"/{id}/end", authz.Auth(), a.getEndSession, session()...)
	fsa.Post(a.app, p.Sessions+"/{id}/end", authz.Auth(), a.endSession, session()...)
	private[fsa.None](a, p.Account, a.getAccount, nil)
	a.pages.static(a.app)
	if a.mailbox != nil {
		h := a.mailbox.Handler("/dev/mailbox")
		fsa.Handle(a.app, "GET /dev/mailbox", authz.Open(), h, fsa.Authn("none"))
		fsa.Handle(a.app, "GET /dev/mailbox/{rest...}", authz.Open(), h, fsa.Authn("none"))
	}
}

// public registers a page that anybody may see, and what its form does. Forms are sent
// by pages of this application only, whoever is logged in (S58, S59).
func public[G, P any](a *Accounts, path string, get func(context.Context, G) (fsa.Response, error), post func(context.Context, P) (fsa.Response, error)) {
	opts := []fsa.Option{fsa.Authn("none"), fsa.MaxBody(maxBody), fsa.SameOrigin()}
	fsa.Get(a.app, path, authz.Open(), get, opts...)
	fsa.Post(a.app, path, authz.Open(), post, opts...)
}

// session are the options of a page that is part of somebody's session.
func session() []fsa.Option {
	return []fsa.Option{fsa.Authn("session"), fsa.MaxBody(maxBody), fsa.SameOrigin()}
}

// private registers a page of who is logged in.
func private[P any](a *Accounts, path string, get func(context.Context, pageIn) (fsa.Response, error), post func(context.Context, P) (fsa.Response, error)) {
	fsa.Get(a.app, path, authz.Auth(), get, session()...)
	if post != nil {
		fsa.Post(a.app, path, authz.Auth(), post, session()...)
	}
}
