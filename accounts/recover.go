package accounts

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// resetIn is a new password in place of a forgotten one.
type resetIn struct {
	Token    string
	Password fsa.Secret `param:"password,optional"`
	Again    fsa.Secret `param:"password_confirm,optional"`
	R        *http.Request
}

func (a *Accounts) resetForm(token string) *view {
	return &view{page: "reset-token", secret: true, form: &form{action: a.opts.Paths.Reset + "/" + token, submit: "reset-token.submit", fields: []field{
		{name: "password", kind: "password", autocomplete: "new-password", required: true, minLength: a.opts.PasswordLength},
		{name: "password_confirm", kind: "password", autocomplete: "new-password", required: true},
	}}}
}

// getReset shows the form for a new password.
func (a *Accounts) getReset(ctx context.Context, in linkIn) (fsa.Response, error) {
	t, _, err := a.good(ctx, in.Token, PurposeReset)
	switch {
	case err != nil:
		return fsa.Response{}, err
	case t == nil:
		return a.stale(in.R, a.recovering())
	case wantsJSON(in.R):
		return success(map[string]any{"fields": []string{"password", "password_confirm"}}), nil
	}
	return a.pages.answer(in.R, a.resetForm(in.Token))
}

// postReset replaces a forgotten password. All that was given out before ends: sessions,
// tokens, links; a lock too, since who reads the user's mail is the user. It lets
// nobody in (S27, S28): the new password, and a second factor, are asked for next. What
// others try elsewhere does not delay that: the browser is a known one from here on
// (S17).
func (a *Accounts) postReset(ctx context.Context, in resetIn) (fsa.Response, error) {
	v := a.resetForm(in.Token)
	t, u, err := a.good(ctx, in.Token, PurposeReset)
	switch {
	case err != nil:
		return fsa.Response{}, err
	case t == nil:
		return a.stale(in.R, a.recovering())
	}
	hash, err := a.hashNew(ctx, in.R, v.form, "password", in.Password, in.Again, ownWords(u.Email, u.Username, u.Name)...)
	if err != nil {
		return a.tooOften(in.R, v, err)
	}
	if !v.form.ok() {
		return a.refusal(in.R, v, http.StatusBadRequest)
	}
	now := time.Now()
	device, deviceHash := newSecret()
	var ev *Event
	err = a.commit(ctx, func(tx Tx) (err error) {
		if u, err = a.use(ctx, tx, in.Token, PurposeReset, now); err != nil {
			return err
		}
		ev = event(ctx, EventReset, u.ID, "mail", "")
		return firstOf(
			func() error { return tx.SetPassword(ctx, u.ID, u.PasswordHash, hash, newStamp(), now) },
			func() error { return tx.SetConfirmed(ctx, u.ID, u.EmailKey, now) }, // the link came by mail
			func() error { return tx.SetLock(ctx, u.ID, time.Time{}, "", now) },
			func() error { _, err := tx.EndSessions(ctx, u.ID, ""); return err },
			func() error { return tx.ForgetDevices(ctx, u.ID) },
			func() error { return tx.AddDevice(ctx, u.ID, deviceHash, now, now.Add(deviceLife)) },
			func() error { _, err := tx.VoidTickets(ctx, u.ID, PurposeConfirm, now); return err },
			func() error { return a.write(ctx, tx, in.R, u, "reset-done", letterData{Path: a.opts.Paths.Reset}) },
			func() error { return tx.AddEvent(ctx, ev) })
	})
	if errors.Is(err, ErrNotFound) {
		return a.stale(in.R, a.recovering())
	}
	if err != nil {
		return fsa.Response{}, err
	}
	a.tell(ctx, ev)
	if err := a.ended(ctx, u.ID); err != nil {
		return fsa.Response{}, err
	}
	answer, err := a.backToLogin(in.R, "reset", u)
	if err == nil {
		err = a.device.Set(ctx, answer.Header, device, deviceLife)
	}
	return answer, err
}
