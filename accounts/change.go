package accounts

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// changeIn is a new password in place of a known one.
type changeIn struct {
	Password fsa.Secret `param:"password,optional"`
	New      fsa.Secret `param:"new_password,optional"`
	Again    fsa.Secret `param:"new_password_confirm,optional"`
	R        *http.Request
}

func (a *Accounts) changeForm() *view {
	return &view{page: "change", form: &form{action: a.opts.Paths.Change, submit: "change.submit", fields: []field{
		{name: "password", kind: "password", autocomplete: "current-password", required: true},
		{name: "new_password", kind: "password", autocomplete: "new-password", required: true, minLength: a.opts.PasswordLength},
		{name: "new_password_confirm", kind: "password", autocomplete: "new-password", required: true},
	}}}
}

func (a *Accounts) getChange(_ context.Context, in pageIn) (fsa.Response, error) {
	if wantsJSON(in.R) {
		return success(map[string]any{"fields": []string{"password", "new_password", "new_password_confirm"}}), nil
	}
	return a.pages.answer(in.R, a.changeForm())
}

// postChange changes the password of who is calling, who must know the present one (S8).
// The other sessions end, and all tokens; this session goes on under another id
// (S50, S52).
func (a *Accounts) postChange(ctx context.Context, in changeIn) (fsa.Response, error) {
	v := a.changeForm()
	u, err := a.caller(ctx)
	if err != nil {
		return fsa.Response{}, err
	}
	if in.Password == "" {
		v.form.wrong("password", "fault.required")
		return a.refusal(in.R, v, http.StatusBadRequest)
	}
	if answer, done, err := a.present(ctx, in.R, v, u, string(in.Password)); done {
		return answer, err
	}
	if in.New == in.Password {
		v.form.wrong("new_password", "fault.password_same")
	}
	hash, err := a.hashNew(ctx, in.R, v.form, "new_password", in.New, in.Again, ownWords(u.Email, u.Username, u.Name)...)
	if err != nil {
		return a.tooOften(in.R, v, err)
	}
	if !v.form.ok() {
		return a.refusal(in.R, v, http.StatusBadRequest)
	}
	s, err := a.ownSession(in.R)
	if err != nil {
		return fsa.Response{}, err
	}
	now, ev := time.Now(), event(ctx, EventPasswordChanged, u.ID, "session", "")
	var secret string
	var renewed *SessionRow
	err = a.commit(ctx, func(tx Tx) (err error) {
		changed := *u
		changed.Stamp = newStamp()
		// Its hash may have been replaced by a stronger one in the meantime, but not the
		// password, with which the stamp changes.
		present, err := tx.UserByID(ctx, u.ID)
		if err == nil && present.Stamp != u.Stamp {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return firstOf(
			func() error { return tx.SetPassword(ctx, u.ID, present.PasswordHash, hash, changed.Stamp, now) },
			func() error { _, err := tx.EndSessions(ctx, u.ID, s.ID); return err },
			func() error { secret, renewed, err = a.renew(ctx, tx, s, &changed, []string{"pwd"}, now); return err },
			func() error { _, err := tx.VoidTickets(ctx, u.ID, PurposeReset, now); return err },
			func() error {
				return a.write(ctx, tx, in.R, u, "password-changed", letterData{Path: a.opts.Paths.Reset})
			},
			func() error { return tx.AddEvent(ctx, ev) })
	})
	if errors.Is(err, ErrNotFound) {
		return fsa.Response{}, fsa.Errorf(http.StatusConflict, "something else has changed the password or ended the session in this moment")
	}
	if err != nil {
		return fsa.Response{}, err
	}
	a.tell(ctx, ev)
	if err := a.ended(ctx, u.ID); err != nil {
		return fsa.Response{}, err
	}
	answer, err := a.changed(in.R, a.opts.Paths.Account, "change", u)
	if err == nil {
		err = a.setCookie(ctx, answer.Header, secret, renewed, now)
	}
	return answer, err
}

// present checks the present password of who is calling. done says that the answer is
// there already: it was wrong.
func (a *Accounts) present(ctx context.Context, r *http.Request, v *view, u *User, password string) (answer fsa.Response, done bool, err error) {
	err = a.password(ctx, r, u, u.ID, password)
	switch {
	case err == nil:
		return fsa.Response{}, false, nil
	case errors.Is(err, fsa.ErrUnauthenticated):
		if !errors.Is(err, errUntried) {
			if err := a.note(ctx, event(ctx, EventLoginFailed, u.ID, "verify", "")); err != nil {
				return fsa.Response{}, true, err
			}
		}
		v.form.wrong("password", "fault.password_wrong")
		answer, err = a.refusal(r, v, http.StatusBadRequest)
		return answer, true, err
	}
	answer, err = a.tooOften(r, v, err)
	return answer, true, err
}

// changed answers that something of an account has changed.
func (a *Accounts) changed(r *http.Request, path, key string, u *User) (fsa.Response, error) {
	if wantsJSON(r) {
		return success(map[string]any{"user": map[string]any{"id": u.ID, "email": u.Email}}), nil
	}
	answer, err := fsa.Redirect(path + "?done=" + key)
	if answer.Header == nil {
		answer.Header = http.Header{}
	}
	return answer, err
}
