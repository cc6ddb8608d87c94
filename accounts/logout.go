package accounts

import (
	"context"
	"errors"
	"net/http"

	"github.com/fastsimpleauth/fsa"
)

// pageIn is a page that is asked for nothing else.
type pageIn struct {
	nextIn
	Done string `param:"done,optional"`
	R    *http.Request
}

// getLogout shows the button that logs out: a link or an image of another page can't
// (S58).
func (a *Accounts) getLogout(_ context.Context, in pageIn) (fsa.Response, error) {
	if wantsJSON(in.R) {
		return success(map[string]any{"fields": []string{"next"}}), nil
	}
	return a.pages.answer(in.R, &view{page: "logout", next: in.Next, form: &form{
		action: a.opts.Paths.Logout, submit: "logout.submit", cancel: a.opts.Paths.AfterLogin, fields: []field{{name: "next", kind: "hidden", value: in.Next}},
	}})
}

// postLogout ends the session of who is calling, here and in the browser (S51). Who is
// logged out already is told the same.
func (a *Accounts) postLogout(ctx context.Context, in pageIn) (fsa.Response, error) {
	s, err := a.sessionOf(in.R)
	if err != nil && !errors.Is(err, fsa.ErrUnauthenticated) {
		return fsa.Response{}, err
	}
	if s != nil {
		ev := event(ctx, EventLogout, s.UserID, "session", "")
		ev.ActorID = s.UserID
		err := a.store.Write(ctx, func(tx Tx) error {
			return firstOf(
				func() error { return ignore(ErrNotFound, tx.EndSession(ctx, s.UserID, s.ID)) },
				func() error { return tx.AddEvent(ctx, ev) })
		})
		if err != nil {
			return fsa.Response{}, err
		}
		a.tell(ctx, ev)
		a.memory.forgetEnded(s.ID)
	}
	answer, err := a.done(in.R, in.Next, a.opts.Paths.AfterLogout, nil)
	if err == nil {
		err = a.cookie.Clear(ctx, answer.Header)
	}
	return answer, err
}
