package accounts

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// verifyIn is the proof of who is logged in already.
type verifyIn struct {
	Password fsa.Secret `param:"password,optional"`
	nextIn
	R *http.Request
}

func (a *Accounts) verifyForm(in *verifyIn) *view {
	return &view{page: "verify", next: in.Next, form: &form{action: a.opts.Paths.Verify, submit: "verify.submit", fields: []field{
		{name: "password", kind: "password", autocomplete: "current-password", required: true},
		{name: "next", kind: "hidden", value: in.Next},
	}}}
}

func (a *Accounts) getVerify(_ context.Context, in pageIn) (fsa.Response, error) {
	if wantsJSON(in.R) {
		return success(map[string]any{"fields": []string{"password", "next"}}), nil
	}
	return a.pages.answer(in.R, a.verifyForm(&verifyIn{nextIn: in.nextIn}))
}

// postVerify makes a session fresh again: for the same user, whoever else may know a
// password (S57), and under another id (S50).
func (a *Accounts) postVerify(ctx context.Context, in verifyIn) (fsa.Response, error) {
	v := a.verifyForm(&in)
	if v.form.typed("password", string(in.Password), "fault.password_long"); !v.form.ok() {
		return a.refusal(in.R, v, http.StatusBadRequest)
	}
	u, err := a.caller(ctx)
	if err != nil {
		return fsa.Response{}, err
	}
	if answer, done, err := a.present(ctx, in.R, v, u, string(in.Password)); done {
		return answer, err
	}
	s, err := a.ownSession(in.R)
	if err != nil {
		return fsa.Response{}, err
	}
	now, ev := time.Now(), event(ctx, EventVerified, u.ID, "session", "")
	var secret string
	var renewed *SessionRow
	err = a.store.Write(ctx, func(tx Tx) (err error) {
		return firstOf(
			func() error { secret, renewed, err = a.renew(ctx, tx, s, u, s.Factors, now); return err },
			func() error { return tx.AddEvent(ctx, ev) })
	})
	if errors.Is(err, ErrNotFound) {
		return fsa.Response{}, errUnauthenticated
	}
	if err != nil {
		return fsa.Response{}, err
	}
	a.tell(ctx, ev)
	a.memory.forgetSession(s.Hash)
	answer, err := a.done(in.R, in.Next, a.opts.Paths.AfterLogin, map[string]any{"user": map[string]any{"id": u.ID, "email": u.Email}})
	if err == nil {
		err = a.setCookie(ctx, answer.Header, secret, renewed, now)
	}
	return answer, err
}
