package accounts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// registerIn is what somebody who registers says. Nothing else can be said: no role,
// no state (S75).
type registerIn struct {
	Email    string     `param:"email,optional"`
	Username string     `param:"username,optional"`
	Password fsa.Secret `param:"password,optional"`
	Again    fsa.Secret `param:"password_confirm,optional"`
	nextIn
	tokenIn
	R *http.Request
}

func (a *Accounts) registerForm(in *registerIn) *view {
	f := &form{action: a.opts.Paths.Register, submit: "register.submit"}
	f.fields = append(f.fields, field{name: "email", kind: "email", value: in.Email, autocomplete: "email", required: true})
	if a.opts.Usernames {
		f.fields = append(f.fields, field{name: "username", kind: "text", value: in.Username, autocomplete: "username"})
	}
	f.fields = append(f.fields,
		field{name: "password", kind: "password", autocomplete: "new-password", required: true, minLength: a.opts.PasswordLength},
		field{name: "password_confirm", kind: "password", autocomplete: "new-password", required: true},
		field{name: "next", kind: "hidden", value: in.Next})
	return &view{page: "register", next: in.Next, form: f}
}

func (a *Accounts) getRegister(ctx context.Context, in visitIn) (fsa.Response, error) {
	if u, s, err := a.visitor(in.R); err != nil {
		return fsa.Response{}, err
	} else if u != nil {
		return a.loggedIn(ctx, in.R, u, s, in.nextIn, in.tokenIn)
	}
	if wantsJSON(in.R) {
		var names []string
		for _, f := range a.registerForm(&registerIn{}).form.fields {
			names = append(names, f.name)
		}
		return success(map[string]any{"fields": names}), nil
	}
	return a.pages.answer(in.R, a.registerForm(&registerIn{nextIn: in.nextIn}))
}

// postRegister makes an account. While addresses have to be confirmed, the answer is the
// same whether there is one already: its owner is told by mail (S12, S15).
func (a *Accounts) postRegister(ctx context.Context, in registerIn) (fsa.Response, error) {
	v := a.registerForm(&in)
	u := &User{ID: newID(), Email: written(in.Email), Stamp: newStamp()}
	var err error
	if u.EmailKey, err = CanonicalEmail(in.Email); err != nil {
		v.form.wrong("email", emailProblem(in.Email))
	}
	if in.Username != "" && a.opts.Usernames {
		u.Username = written(in.Username)
		if u.UsernameKey, err = CanonicalUsername(in.Username); err != nil || isID(u.UsernameKey) {
			v.form.wrong("username", "fault.username")
		}
	}
	if err := a.checkNew(in.R, v.form, "password", in.Password, in.Again, ownWords(in.Email, in.Username)...); err != nil {
		return a.tooOften(in.R, v, err)
	}
	if !v.form.ok() {
		return a.refusal(in.R, v, http.StatusBadRequest)
	}
	// It is counted before a password is hashed, which is what costs most.
	if err := a.app.Throttle(ctx, "register", u.EmailKey); err != nil {
		return a.tooOften(in.R, v, err)
	}
	if u.PasswordHash, err = a.hash(ctx, v.form, "password", in.Password); err != nil {
		return fsa.Response{}, err
	}
	if !v.form.ok() {
		return a.refusal(in.R, v, http.StatusBadRequest)
	}
	switch err := a.create(ctx, in.R, u); {
	case errors.Is(err, ErrUsernameTaken):
		v.form.wrong("username", "fault.username_taken")
		return a.refusal(in.R, v, http.StatusBadRequest)
	case errors.Is(err, ErrEmailTaken):
		v.form.wrong("email", "fault.email_taken")
		return a.refusal(in.R, v, http.StatusBadRequest)
	case err != nil:
		return fsa.Response{}, err
	}
	if a.opts.NoConfirm {
		next := in.nextIn
		if _, ok := fsa.LocalTarget(next.Next); !ok {
			next.Next = a.opts.Paths.AfterRegister
		}
		return a.enter(ctx, in.R, v, u, entry{way: "register", factors: []string{"pwd"}, next: next, token: in.tokenIn})
	}
	return a.told(in.R, a.opts.Paths.AfterRegister, "register", in.Email, a.opts.ConfirmWithin)
}

// create stores somebody who registers, with what they are told. While addresses have
// to be confirmed it does as much if there is an account already: then its owner is
// told, in one transaction too and by as many statements, so that nothing tells the one
// from the other (S13). Otherwise that is [ErrEmailTaken].
func (a *Accounts) create(ctx context.Context, r *http.Request, u *User) error {
	now := time.Now()
	u.CreatedAt, u.UpdatedAt = now, now
	var ev *Event
	err := a.commit(ctx, func(tx Tx) error {
		ev = event(ctx, EventRegistered, u.ID, "register", "")
		ev.ActorID = u.ID
		taken := tx.CreateUser(ctx, u)
		if taken != nil && !errors.Is(taken, ErrEmailTaken) {
			return taken
		}
		owner, err := a.holder(ctx, tx, u)
		switch {
		case err != nil:
			return err
		case taken != nil && a.opts.NoConfirm:
			return taken
		case taken != nil:
			ev.UserID, ev.ActorID, ev.Detail = owner.ID, "", "refused: there is an account"
			return firstOf(
				func() error { return a.asIfGranted(ctx, tx, owner) },
				func() error { return a.write(ctx, tx, r, owner, "exists", letterData{Path: a.opts.Paths.Login}) },
				func() error { return tx.AddEvent(ctx, ev) })
		}
		for _, role := range a.opts.DefaultRoles {
			if err := tx.GrantRole(ctx, u.ID, role); err != nil {
				return fmt.Errorf("accounts: Options.DefaultRoles: role %q: %w", role, err)
			}
		}
		if !a.opts.NoConfirm {
			if err := a.ticket(ctx, tx, r, u, PurposeConfirm, "confirm", now); err != nil {
				return err
			}
		}
		return tx.AddEvent(ctx, ev)
	})
	if err == nil {
		a.tell(ctx, ev)
	}
	return err
}

// holder gives whose address it is now with which somebody has registered, or has tried
// to. If the user name is somebody else's, that is what is told, whosever the address
// is: or else a name that is taken would show which addresses are.
func (a *Accounts) holder(ctx context.Context, tx Tx, u *User) (*User, error) {
	if u.UsernameKey != "" {
		other, err := tx.UserByUsername(ctx, u.UsernameKey)
		switch {
		case err == nil && other.ID != u.ID:
			return nil, ErrUsernameTaken
		case ignore(ErrNotFound, err) != nil:
			return nil, err
		}
	}
	return tx.UserByEmail(ctx, u.EmailKey)
}

// asIfGranted takes the time that it takes to give somebody the roles who registers.
func (a *Accounts) asIfGranted(ctx context.Context, tx Tx, u *User) error {
	for _, role := range a.opts.DefaultRoles {
		if _, err := tx.HasRole(ctx, u.ID, role); err != nil {
			return err
		}
	}
	return nil
}

// told answers that a mail has been sent to an address, if it should get one.
func (a *Accounts) told(r *http.Request, to, page, email string, within time.Duration) (fsa.Response, error) {
	if wantsJSON(r) || to != "" {
		return a.done(r, "", to, map[string]any{"email": email})
	}
	return a.pages.answer(r, &view{page: "message", data: &messagePage{
		Heading: message{key: page + ".sent.heading"}, Text: message{page + ".sent.text", []any{email, within}},
		Path: a.opts.Paths.Login, Link: message{key: "login.back"},
	}})
}

// tooOften answers to who has asked for something too often.
func (a *Accounts) tooOften(r *http.Request, v *view, err error) (fsa.Response, error) {
	status, header, failure := a.refusedBy(v, err)
	if failure != nil {
		return fsa.Response{}, failure
	}
	return withHeader(header)(a.refusal(r, v, status))
}

// emailProblem is the text for an address that is none.
func emailProblem(email string) string {
	if email == "" {
		return "fault.required"
	}
	return "fault.email"
}
