package fsa

import (
	"context"
	"errors"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/httperr"
)

// FailedLogin is a password of a request that was looked at, and was wrong.
type FailedLogin struct {
	// Scheme is the one by which it came: basic, param or digest.
	Scheme string

	// Login is the user's, as the application knows them ([App.CanonicalLogin]); ""
	// if [App.UserPass] (of digest, [App.UserHA1]) knows no such user. What was typed
	// is not told: users type passwords into the wrong field.
	Login string

	// Address is the client's, as [ClientAddress] gives it.
	Address string
}

// LoginFailed adds a hook that is told of wrong passwords of requests, for an audit
// trail. It is told once for each that was looked at, so that FSA_LOGIN_THROTTLE bounds
// how often; of those that came too early nothing is told, nor of what
// [App.CheckUserPassword] has answered, whose caller knows. It is asked while the request
// is authenticated. Its error is a failure of the scheme; several hooks are asked in the
// order in which they were added.
func (a *App) LoginFailed(hook func(ctx context.Context, e FailedLogin) error) {
	if a.hook("app.LoginFailed", hook == nil, false, 1) {
		a.loginFailed = append(a.loginFailed, hook)
	}
}

// wrongPassword is the refusal of a try, for the one request of those that have made it
// together by which it was made.
type wrongPassword struct {
	error
	login string // of the user, "" if there is none
}

func (w *wrongPassword) Unwrap() error { return w.error }

// failedLogin tells the hooks of [App.LoginFailed] if err is that a password was wrong. It
// gives err, or the failure of a hook.
func (a *App) failedLogin(q *authn.Request, scheme string, err error) error {
	var wrong *wrongPassword
	if len(a.loginFailed) == 0 || !errors.As(err, &wrong) {
		return err
	}
	e := FailedLogin{Scheme: scheme, Login: wrong.login, Address: a.settings.clientText(q.HTTP)}
	for _, hook := range a.loginFailed {
		if failure := tell(q.HTTP.Context(), hook, e); failure != nil {
			return httperr.From(failure, a.settings.ServerError, "internal error in app.LoginFailed")
		}
	}
	return err
}

func tell(ctx context.Context, hook func(context.Context, FailedLogin) error, e FailedLogin) (err error) {
	defer catch(&err)
	return hook(ctx, e)
}
