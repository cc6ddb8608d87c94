package accounts

import (
	"context"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// ticket makes a ticket for a user, and puts the mail with its link into the outbox.
// One that was sent a minute ago remains good: who has both mails may use either, and
// that voids the other (S32).
func (a *Accounts) ticket(ctx context.Context, tx Tx, r *http.Request, u *User, purpose Purpose, kind string, now time.Time) error {
	path, within := a.opts.Paths.Confirm, a.opts.ConfirmWithin
	if purpose == PurposeReset {
		path, within = a.opts.Paths.Reset, a.opts.ResetWithin
	}
	secret, hash := newSecret()
	err := tx.CreateTicket(ctx, &Ticket{Hash: hash, UserID: u.ID, Purpose: purpose, Binding: binding(u), CreatedAt: now, ExpiresAt: now.Add(within)})
	if err != nil {
		return err
	}
	return a.write(ctx, tx, r, u, kind, letterData{Path: path + "/" + secret, Within: within})
}

// askIn asks for a link by mail.
type askIn struct {
	Email string `param:"email,optional"`
	nextIn
	R *http.Request
}

// asking is what asking for a link is, for a purpose.
type asking struct {
	page, path string
	purpose    Purpose
	within     time.Duration
	kind       string // of the letter
	event      string
	wants      func(*User) bool // whether the user can have one
}

func (a *Accounts) confirming() asking {
	return asking{"confirm", a.opts.Paths.Confirm, PurposeConfirm, a.opts.ConfirmWithin, "confirm", EventConfirmAsked, func(u *User) bool { return !u.Confirmed() && !u.Inactive }}
}

func (a *Accounts) recovering() asking {
	return asking{"reset", a.opts.Paths.Reset, PurposeReset, a.opts.ResetWithin, "reset", EventResetAsked, func(u *User) bool { return !u.Inactive }}
}

func (w asking) form(in *askIn) *view {
	return &view{page: w.page, next: in.Next, form: &form{action: w.path, submit: w.page + ".submit", fields: []field{
		{name: "email", kind: "email", value: in.Email, autocomplete: "email", required: true},
	}}}
}

func (a *Accounts) getAsk(w asking) func(context.Context, askIn) (fsa.Response, error) {
	return func(ctx context.Context, in askIn) (fsa.Response, error) {
		if wantsJSON(in.R) {
			return success(map[string]any{"fields": []string{"email"}}), nil
		}
		return a.pages.answer(in.R, w.form(&in))
	}
}

// postAsk sends a link to who asks for it. Whether there is such a user shows neither
// in the answer nor in its time: for nobody as much is written as for somebody, and
// mails are sent after the answer (S12, S13).
func (a *Accounts) postAsk(w asking) func(context.Context, askIn) (fsa.Response, error) {
	return func(ctx context.Context, in askIn) (fsa.Response, error) {
		v := w.form(&in)
		key, err := CanonicalEmail(in.Email)
		if err != nil {
			v.form.wrong("email", emailProblem(in.Email))
			return a.refusal(in.R, v, http.StatusBadRequest)
		}
		if err := a.app.Throttle(ctx, w.page, key); err != nil {
			return a.tooOften(in.R, v, err)
		}
		u, err := a.find(ctx, key)
		if err != nil {
			return fsa.Response{}, err
		}
		id := ""
		if u != nil && w.wants(u) {
			id = u.ID
		}
		ev, now := event(ctx, w.event, id, "mail", ""), time.Now()
		ev.ActorID = ""
		err = a.commit(ctx, func(tx Tx) error {
			if id == "" {
				if err := a.decoy(ctx, tx, in.R, w, now); err != nil {
					return err
				}
			} else if err := a.ticket(ctx, tx, in.R, u, w.purpose, w.kind, now); err != nil {
				return err
			}
			return tx.AddEvent(ctx, ev)
		})
		if err != nil {
			return fsa.Response{}, err
		}
		a.tell(ctx, ev)
		return a.told(in.R, "", w.page, in.Email, w.within)
	}
}

// linkIn is what the link of a mail leads to.
type linkIn struct {
	Token string
	R     *http.Request
}

// good gives the ticket of a link, and its user, without using it; nil if it is not
// good (any more). Pages show it: programs that look at mails follow links, and must
// not use them up (S26).
func (a *Accounts) good(ctx context.Context, secret string, purpose Purpose) (*Ticket, *User, error) {
	hash, ok := hashOf(secret)
	if !ok {
		return nil, nil, nil
	}
	t, err := a.store.TicketByHash(ctx, hash[:], purpose, time.Now())
	if err == nil {
		u, err := a.store.UserByID(ctx, t.UserID)
		if err == nil && binding(u) == t.Binding && !u.Inactive {
			return t, u, nil
		}
		return nil, nil, ignore(ErrNotFound, err)
	}
	return nil, nil, ignore(ErrNotFound, err)
}

// use uses a ticket in a transaction, and gives its user as the transaction sees them.
func (a *Accounts) use(ctx context.Context, tx Tx, secret string, purpose Purpose, now time.Time) (*User, error) {
	hash, ok := hashOf(secret)
	if !ok {
		return nil, ErrNotFound
	}
	t, err := tx.UseTicket(ctx, hash[:], purpose, now)
	if err != nil {
		return nil, err
	}
	u, err := tx.UserByID(ctx, t.UserID)
	if err != nil {
		return nil, err
	}
	if binding(u) != t.Binding || u.Inactive {
		return nil, ErrNotFound
	}
	_, err = tx.VoidTickets(ctx, u.ID, purpose, now)
	return u, err
}

// stale answers that a link is not good, and how to get another one.
func (a *Accounts) stale(r *http.Request, w asking) (fsa.Response, error) {
	if wantsJSON(r) {
		return a.failure(r, &form{errors: []message{{key: "link.text"}}}, http.StatusBadRequest), nil
	}
	return a.pages.answer(r, &view{page: "message", secret: true, status: http.StatusUnprocessableEntity, data: &messagePage{
		Heading: message{key: "link.heading"}, Text: message{key: "link.text"}, Path: w.path, Link: message{key: "link.again"},
	}})
}
