package accounts

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// loginIn is what a log-in form or its JSON holds. Clients of Flask-Security say
// email or username.
type loginIn struct {
	Identity string     `param:"identity,optional"`
	Email    string     `param:"email,optional"`
	Username string     `param:"username,optional"`
	Password fsa.Secret `param:"password,optional"`
	Remember string     `param:"remember,optional"`
	nextIn
	tokenIn
	R *http.Request
}

// nextIn is where the user wants to go.
type nextIn struct {
	Next string `param:"next,optional"`
}

// tokenIn asks for an authentication token, as clients of Flask-Security do.
type tokenIn struct {
	IncludeAuthToken *string `param:"include_auth_token"`
}

func (in *loginIn) identity() string {
	switch {
	case in.Identity != "":
		return in.Identity
	case in.Email != "":
		return in.Email
	}
	return in.Username
}

func (a *Accounts) loginForm(in *loginIn) *view {
	return &view{page: "login", next: in.Next, form: &form{action: a.opts.Paths.Login, submit: "login.submit", fields: []field{
		{name: "identity", label: a.identityLabel(), kind: a.identityKind(), value: in.identity(), autocomplete: "username", required: true},
		{name: "password", kind: "password", autocomplete: "current-password", required: true},
		{name: "remember", kind: "checkbox", value: checked(in.Remember)},
		{name: "next", kind: "hidden", value: in.Next},
	}}}
}

// identityKind is the kind of the field by which users say who they are.
func (a *Accounts) identityKind() string {
	if a.opts.Usernames {
		return "text"
	}
	return "email"
}

// identityLabel is the key of its label.
func (a *Accounts) identityLabel() string {
	if a.opts.Usernames {
		return "field.identity.username"
	}
	return "field.identity"
}

// checked gives the value of a box as it is kept: what browsers and clients send for
// yes is true.
func checked(value string) string {
	switch value {
	case "", "0", "false", "off", "n", "no":
		return ""
	}
	return "true"
}

// visitIn is a visit of the pages for who is not logged in.
type visitIn struct {
	nextIn
	tokenIn
	Done string `param:"done,optional"` // what has been done before, for a word at the top
	R    *http.Request
}

func (a *Accounts) getLogin(ctx context.Context, in visitIn) (fsa.Response, error) {
	if u, s, err := a.visitor(in.R); err != nil {
		return fsa.Response{}, err
	} else if u != nil {
		return a.loggedIn(ctx, in.R, u, s, in.nextIn, in.tokenIn)
	}
	if wantsJSON(in.R) {
		return success(map[string]any{"fields": []string{"identity", "password", "remember", "next"}}), nil
	}
	v := a.loginForm(&loginIn{nextIn: in.nextIn})
	if v.banner = banner(in.Done); v.banner == nil && in.Next != "" {
		v.lead = &message{key: "login.needed"}
	}
	return a.pages.answer(in.R, v)
}

// postLogin logs a user in by a password.
func (a *Accounts) postLogin(ctx context.Context, in loginIn) (fsa.Response, error) {
	if u, s, err := a.visitor(in.R); err != nil {
		return fsa.Response{}, err
	} else if u != nil {
		return a.loggedIn(ctx, in.R, u, s, in.nextIn, in.tokenIn)
	}
	v, identity := a.loginForm(&in), in.identity()
	v.form.typed("identity", identity, "fault.invalid")
	v.form.typed("password", string(in.Password), "fault.password_long")
	if !v.form.ok() {
		return a.refusal(in.R, v, http.StatusBadRequest)
	}
	u, err := a.find(ctx, identity)
	if err != nil {
		return fsa.Response{}, err
	}
	if err := a.password(ctx, in.R, u, identity, string(in.Password)); err != nil {
		return a.notLoggedIn(ctx, in.R, v, u, err)
	}
	return a.enter(ctx, in.R, v, u, entry{way: "password", factors: []string{"pwd"}, remember: checked(in.Remember) != "", next: in.nextIn, token: in.tokenIn})
}

// password checks a password, of a user or of nobody, which takes the same time. A
// device from which the user has logged in before is not delayed by what others do.
// S16, S17.
func (a *Accounts) password(ctx context.Context, r *http.Request, u *User, identity, password string) error {
	if err := bodyOnly(r); err != nil {
		return err
	}
	id := ""
	if u != nil {
		id, identity = u.ID, u.ID
	}
	device, err := a.knownDevice(ctx, r, id)
	if err != nil {
		return err
	}
	if device != "" {
		ctx = fsa.WithDevice(ctx, device)
	}
	if err := a.app.CheckUserPassword(ctx, identity, password); err != nil || u == nil {
		return err
	}
	// It may be the one that another process has replaced since: the application keeps
	// hashes for longer than we keep users. Then it is looked at, and counted, anew.
	replaced, err := a.memory.replaced(ctx, u, time.Now())
	if err != nil || !replaced {
		return err
	}
	return a.app.CheckUserPassword(ctx, identity, password)
}

// bodyOnly refuses a password in a URL, which stands in histories and logs.
func bodyOnly(r *http.Request) error {
	for name := range r.URL.Query() {
		if strings.Contains(name, "password") {
			return fsa.Errorf(http.StatusBadRequest, "a password does not belong in a URL; send it as a form or as JSON")
		}
	}
	return nil
}

// failedText is what is said of a wrong log-in.
func (a *Accounts) failedText() string {
	if a.opts.Usernames {
		return "login.failed.username"
	}
	return "login.failed"
}

// notLoggedIn answers that a credential was not accepted, in the same words whatever
// is wrong (S12).
func (a *Accounts) notLoggedIn(ctx context.Context, r *http.Request, v *view, u *User, err error) (fsa.Response, error) {
	if !errors.Is(err, fsa.ErrUnauthenticated) {
		status, header, failure := a.refusedBy(v, err)
		if failure != nil {
			return fsa.Response{}, failure
		}
		return withHeader(header)(a.refusal(r, v, status))
	}
	id := ""
	if u != nil {
		id = u.ID
	}
	if err := a.note(ctx, event(ctx, EventLoginFailed, id, "password", "")); err != nil {
		return fsa.Response{}, err
	}
	v.form.errors = append(v.form.errors, message{key: a.failedText()})
	return a.refusal(r, v, http.StatusBadRequest)
}

// withHeader adds header fields to an answer.
func withHeader(h http.Header) func(fsa.Response, error) (fsa.Response, error) {
	return func(r fsa.Response, err error) (fsa.Response, error) {
		if r.Header == nil {
			r.Header = http.Header{}
		}
		for name, values := range h {
			r.Header[name] = values
		}
		return r, err
	}
}

// entry is how somebody has proved who they are.
type entry struct {
	way      string   // "password"; later magic links, passkeys, other identity providers
	factors  []string // of RFC 8176
	remember bool
	next     nextIn
	token    tokenIn
}

// enter lets a user in who has proved who they are, or not: the end of every way to
// a session (S22).
func (a *Accounts) enter(ctx context.Context, r *http.Request, v *view, u *User, e entry) (fsa.Response, error) {
	now := time.Now()
	if d := a.decide(ctx, u, e.way, now); d.Verdict != Allowed {
		return a.keptOut(ctx, r, v, u, e, d, now)
	}
	old, err := a.sessionOf(r)
	if err != nil && !errors.Is(err, fsa.ErrUnauthenticated) {
		return fsa.Response{}, err
	}
	known, err := a.knownDevice(ctx, r, u.ID)
	if err != nil {
		return fsa.Response{}, err
	}
	secret, s := a.newSession(ctx, r, u, e.factors, e.remember, now)
	s.Stage = a.nextStage(u, e.factors)
	device, deviceHash := newSecret()
	tell := known == "" && a.tellOfDevice(u)
	ev := event(ctx, EventLogin, u.ID, e.way, "")
	ev.ActorID = u.ID
	err = a.commit(ctx, func(tx Tx) error {
		return firstOf(
			func() error { return a.still(ctx, tx, u, now) },
			func() error {
				if old == nil {
					return nil
				}
				return ignore(ErrNotFound, tx.EndSession(ctx, old.UserID, old.ID))
			},
			func() error {
				if known != "" {
					return nil
				}
				return a.newDevice(ctx, tx, r, u, deviceHash, tell, now)
			},
			func() error { return tx.CreateSession(ctx, s) },
			func() error { return tx.AddEvent(ctx, ev) })
	})
	if errors.Is(err, ErrNotFound) {
		// A new password, a lock or the end of the account came between: what has been
		// proved is proved no more.
		return a.notLoggedIn(ctx, r, v, u, fsa.ErrUnauthenticated)
	}
	if err != nil {
		return fsa.Response{}, err
	}
	a.tell(ctx, ev)
	if old != nil {
		a.memory.forgetEnded(old.ID)
	}
	answer, err := a.loggedIn(ctx, r, u, s, e.next, e.token)
	if err == nil {
		err = a.setCookie(ctx, answer.Header, secret, s, now)
	}
	if err == nil && known == "" {
		err = a.device.Set(ctx, answer.Header, device, deviceLife)
	}
	return answer, err
}

// still notes the log-in of a user in a transaction, unless the user is no longer who
// they were when the credential was looked at: it is [ErrNotFound] then. By what is
// noted nobody else changes the user before the transaction ends; who does it after
// that ends the session, too.
func (a *Accounts) still(ctx context.Context, tx Tx, u *User, now time.Time) error {
	if err := tx.SetLogin(ctx, u.ID, now); err != nil {
		return err
	}
	present, err := tx.UserByID(ctx, u.ID)
	if err == nil && (present.Stamp != u.Stamp || a.judge(present, now).Verdict != Allowed) {
		err = ErrNotFound
	}
	return err
}

// nextStage is the step that a log-in still wants: none, as there are no second
// factors yet. A session with a stage reaches nothing but that step (S38).
func (a *Accounts) nextStage(*User, []string) string { return "" }

// keptOut answers to who has proved to be a user, and may not come in. It is counted, as the
// throttle of log-ins does not count right passwords: or anybody could register, and fill
// the audit trail.
func (a *Accounts) keptOut(ctx context.Context, r *http.Request, v *view, u *User, e entry, d Decision, now time.Time) (fsa.Response, error) {
	if err := a.app.Throttle(ctx, "refused", u.ID); err != nil {
		return a.tooOften(r, v, err)
	}
	ev := event(ctx, EventLoginRefused, u.ID, e.way, d.detail())
	if err := a.note(ctx, ev); err != nil {
		return fsa.Response{}, err
	}
	v.form.errors = append(v.form.errors, d.message(now))
	if v.form.confirmURL = a.confirmURL(d); v.form.confirmURL != "" {
		v.ways = append(v.ways, accountLink{Path: v.form.confirmURL, Text: message{key: "confirm.again"}})
	}
	return withHeader(d.header(now))(a.refusal(r, v, d.status()))
}

// loggedIn answers to who is in: with the user, or by the way on.
func (a *Accounts) loggedIn(ctx context.Context, r *http.Request, u *User, s *SessionRow, next nextIn, token tokenIn) (fsa.Response, error) {
	public := map[string]any{"id": u.ID, "email": u.Email, "name": u.Called()}
	if u.Username != "" {
		public["username"] = u.Username
	}
	if token.IncludeAuthToken != nil && a.tokens && wantsJSON(r) {
		t, err := a.app.CreateToken(ctx, u.ID, fsa.TokenOptions{})
		if err != nil {
			return fsa.Response{}, err
		}
		// A new password, or whatever else has ended the session, ends the tokens that
		// were made before; this one may have been made after.
		if _, err := a.store.SessionByHash(ctx, s.Hash); errors.Is(err, ErrNotFound) {
			return fsa.Response{}, errUnauthenticated
		} else if err != nil {
			return fsa.Response{}, err
		}
		public["authentication_token"] = t
	}
	return a.done(r, next.Next, a.opts.Paths.AfterLogin, map[string]any{"user": public})
}

// visitor gives the user whose session a browser bears; nil if nobody's, or one who
// is kept out.
func (a *Accounts) visitor(r *http.Request) (*User, *SessionRow, error) {
	s, err := a.sessionOf(r)
	if errors.Is(err, fsa.ErrUnauthenticated) || s == nil && err == nil || s != nil && s.Stage != "" {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	u, err := a.memory.user(r.Context(), s.UserID, now)
	if err != nil || u == nil || a.decide(r.Context(), u, "session", now).Verdict != Allowed {
		return nil, nil, err
	}
	return u, s, nil
}

// firstOf does one thing after the other until one fails.
func firstOf(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
