package fsa

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
)

// CanonicalLogin sets a hook that gives the login by which the application knows a user,
// of what somebody has typed to log in by a password: the id of whoever has that e-mail
// or that name. All that follows is about that login: the counts of FSA_LOGIN_THROTTLE,
// [App.UserPass], [App.PasswordCheck], and the [Identity]. Schemes basic and param and
// [App.CheckUserPassword] ask it. Digest does not, since what a client proves there is
// bound to the name as it was typed.
//
// [ErrNoSuchUser] says that nobody is meant. Then nobody is logged in, after the same
// time and with the same answer as for a wrong password, and the try is counted by what
// was typed. An error made by [Errorf], of a status below 500, does the same; any other
// is a failure.
//
// Where several spellings mean the same user, give with [ErrNoSuchUser] the form that
// they all have: nobody's tries are then counted by that. Otherwise they are counted as if
// case, accents and what can't be seen made no difference; and where these do, who has used
// up the tries of one spelling sees at another whether that is somebody.
//
// Answers are cached, but for errors; see [App.LoginUncache]. As with [App.UserPass], the
// hook is asked for each try all the same, so that the time of a refusal does not tell
// who is known.
func (a *App) CanonicalLogin(find func(ctx context.Context, typed string) (login string, err error)) {
	if a.hook("app.CanonicalLogin", find == nil, a.canonicalLogin != nil, 1) {
		a.canonicalLogin = find
	}
}

// LoginUncache forgets who is meant by what is typed to log in: call it when an e-mail
// or a name goes over to somebody else, or is nobody's any more. [App.AuthUncache] with
// the login forgets all that a user has been typed as. The error is nil unless a shared
// cache cannot be reached.
func (a *App) LoginUncache(ctx context.Context, typed string) error {
	a.logins.forget(typed)
	return nil
}

func newLoginCache(s *settings) *hookCache[string, string] {
	return newHookCache(s, cache.NearOptions[string, string]{
		Bytes: hookCacheBytes(s),
		Weigh: func(typed, login string) int { return len(typed) + len(login) + 256 },
	})
}

// loginName is by which name somebody wants to log in: the one that the application
// knows, or, if that is nobody's, what was typed.
type loginName struct {
	login     string
	nobody    bool
	canonical bool // nobody's: in the form that all its spellings have
}

// key stands for the name where those of users and of nobody must not meet.
func (n loginName) key(login string) string {
	switch {
	case n.canonical:
		return cache.Key("nobody", "canonical", login)
	case n.nobody:
		return cache.Key("nobody", login)
	}
	return login
}

// account stands for all spellings of the name that are counted together.
func (n loginName) account() string {
	if n.canonical {
		return n.key(n.login)
	}
	return n.key(foldLogin(n.login))
}

// nobodyCalled says that there is no such user, and what is the canonical form of what
// was typed.
type nobodyCalled struct{ login string }

func (nobodyCalled) Error() string { return ErrNoSuchUser.Error() }

func (nobodyCalled) Unwrap() error { return ErrNoSuchUser }

var errNoLogin = errors.New("app.CanonicalLogin has given an empty login")

// nameOf asks the hook of [App.CanonicalLogin] who is meant by what was typed.
func (a *App) nameOf(ctx context.Context, typed string) (loginName, error) {
	typed = strings.Clone(typed) // it is cut from a body or a header, with the password beside it
	login, err := a.logins.refresh(ctx, typed, time.Now(), func(ctx context.Context) (string, time.Duration, error) {
		login, err := a.canonicalLogin(ctx, typed)
		switch {
		case err == nil && login == "":
			err = errNoLogin
		case login != "" && errors.Is(err, ErrNoSuchUser):
			err = nobodyCalled{login}
		}
		return login, 0, err
	})
	if err == nil {
		return loginName{login: login}, nil
	}
	nobody := errors.Is(err, ErrNoSuchUser)
	if e := httperr.From(err, a.settings.ServerError, "internal error in app.CanonicalLogin"); !nobody && e.Status >= http.StatusInternalServerError {
		return loginName{}, e
	}
	a.logins.forget(typed) // whoever it was
	if e := (nobodyCalled{}); errors.As(err, &e) {
		return loginName{login: e.login, nobody: true, canonical: true}, nil
	}
	return loginName{login: typed, nobody: true}, nil
}
