package accounts

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa"
)

func (a *Accounts) confirmForm(token string, u *User) *view {
	return &view{page: "confirm-token", secret: true, form: &form{
		action: a.opts.Paths.Confirm + "/" + token, submit: "confirm-token.submit", confirm: &message{"confirm-token.confirm", []any{u.Email}},
	}}
}

// getConfirm shows the button that confirms.
func (a *Accounts) getConfirm(ctx context.Context, in linkIn) (fsa.Response, error) {
	t, u, err := a.good(ctx, in.Token, PurposeConfirm)
	switch {
	case err != nil:
		return fsa.Response{}, err
	case t == nil:
		return a.stale(in.R, a.confirming())
	case wantsJSON(in.R):
		return success(map[string]any{"email": u.Email}), nil
	}
	return a.pages.answer(in.R, a.confirmForm(in.Token, u))
}

// postConfirm notes that the user reads the address. It lets nobody in: whoever has the
// link has proved to read mails, not to know the password (S28).
func (a *Accounts) postConfirm(ctx context.Context, in linkIn) (fsa.Response, error) {
	now := time.Now()
	var u *User
	var ev *Event
	err := a.store.Write(ctx, func(tx Tx) (err error) {
		if u, err = a.use(ctx, tx, in.Token, PurposeConfirm, now); err != nil {
			return err
		}
		ev = event(ctx, EventConfirmed, u.ID, "mail", "")
		return firstOf(
			func() error { return tx.SetConfirmed(ctx, u.ID, u.EmailKey, now) },
			func() error { return tx.AddEvent(ctx, ev) })
	})
	if errors.Is(err, ErrNotFound) {
		return a.stale(in.R, a.confirming())
	}
	if err != nil {
		return fsa.Response{}, err
	}
	a.tell(ctx, ev)
	a.memory.forgetUser(u.ID)
	return a.backToLogin(in.R, "confirm", u)
}

// backToLogin answers that something has been done by a link, after which one logs in.
func (a *Accounts) backToLogin(r *http.Request, done string, u *User) (fsa.Response, error) {
	return a.done(r, "", a.opts.Paths.Login+"?done="+done, map[string]any{"email": u.Email})
}
