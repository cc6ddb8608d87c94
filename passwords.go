package fsa

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password"
)

// HashPassword gives the hash of a new password, for storing, by the first
// scheme of FSA_PASSWORD_SCHEME. A password that the quality rules refuse is a
// 400 whose text says which rule; it may be returned as it is.
func (a *App) HashPassword(ctx context.Context, password string) (string, error) {
	if err := a.settings.quality.Verify(ctx, password); err != nil {
		return "", err
	}
	return a.HashPasswordUnchecked(ctx, password)
}

// HashPasswordUnchecked is [App.HashPassword] without the quality rules, for
// passwords that no user has chosen.
func (a *App) HashPasswordUnchecked(ctx context.Context, password string) (string, error) {
	if a.settings.hasher == nil {
		return "", a.noHasher()
	}
	return a.settings.hasher.Hash(ctx, password)
}

// CheckPassword reports whether password is the one of hash. The error is set
// if the hash is not one that can be verified.
func (a *App) CheckPassword(ctx context.Context, password, hash string) (bool, error) {
	if a.settings.hasher == nil {
		return false, a.noHasher()
	}
	return a.settings.hasher.Verify(ctx, password, hash)
}

// noHasher tells why passwords can't be hashed: the configuration is at fault,
// or it says so.
func (a *App) noHasher() error {
	if err := a.faults.asError(); err != nil {
		return err
	}
	return errors.New(`no password is hashed here: FSA_PASSWORD_SCHEME is "none"`)
}

// CheckUserPassword returns nil if password is the one of the user login, as a
// log-in would find it: login is what a user types ([App.CanonicalLogin]), or that of
// the caller if ctx is that of a handler. If it isn't, or there is no such user, the
// error is a 401 and holds [ErrUnauthenticated].
//
// It counts as a log-in does (FSA_LOGIN_THROTTLE), from the network of the request
// if ctx is that of a handler: too many failures are a 429, which may be returned
// as it is.
func (a *App) CheckUserPassword(ctx context.Context, login, password string) error {
	client, own := "", false
	if c := callOf(ctx); c != nil {
		client = a.settings.clientAddress(c.req.HTTP)
		id, _ := c.caller()
		own = id != nil && id.Login == login
	}
	var err error
	if q := (&authn.Request{Now: time.Now()}); own {
		err = a.logInAs(ctx, q, client, loginName{login: login}, password)
	} else {
		err = a.logIn(ctx, q, client, login, password)
	}
	if authn.Refused(err) {
		return httperr.Wrap(http.StatusUnauthorized, "invalid credentials", errors.Join(ErrUnauthenticated, err))
	}
	return err
}

// maxCredential is the size in bytes over which logins and passwords are not
// looked at. What a client has sent is kept as a key and written into logs.
const maxCredential = 1024

// checkPassword is what the scheme param asks.
func (a *App) checkPassword(q *authn.Request, login, pass string) error {
	return a.failedLogin(q, "param", a.logIn(q.HTTP.Context(), q, a.settings.clientAddress(q.HTTP), login, pass))
}

// checkSizes refuses what is no password, whoever the user is: none is empty or that
// long. Above all, a directory that is asked with an empty one says yes (RFC 4513,
// 5.1.2).
func checkSizes(login, pass string) error {
	if pass == "" || len(login) > maxCredential || len(pass) > maxCredential {
		return authn.Refuse("login or password is empty or over %d bytes", maxCredential)
	}
	return nil
}

// logIn checks a password that a client has sent for a login as it was typed: by what is
// known, which costs next to nothing, else by a try.
func (a *App) logIn(ctx context.Context, q *authn.Request, client, login, pass string) error {
	name := loginName{login: login}
	if a.canonicalLogin != nil {
		if err := checkSizes(login, pass); err != nil {
			return err
		}
		if known, ok := a.logins.hit(login, q.Now); ok && a.logInProved(q, client, known, pass) {
			return nil
		}
		var err error
		if name, err = a.nameOf(ctx, login); err != nil {
			return err
		}
	}
	return a.logInAs(ctx, q, client, name, pass)
}

// logInAs checks a password for a login that the application knows.
func (a *App) logInAs(ctx context.Context, q *authn.Request, client string, name loginName, pass string) error {
	if err := checkSizes(name.login, pass); err != nil {
		return err
	}
	if !name.nobody && a.logInProved(q, client, name.login, pass) {
		return nil
	}
	err := a.tryPassword(ctx, client, name, pass, q.Now)
	if err == nil {
		q.Login = name.login
	}
	return err
}

// logInProved reports whether it is known that a password is the user's.
func (a *App) logInProved(q *authn.Request, client, login, pass string) bool {
	hash, ok := a.passwordHashes.hit(login, q.Now)
	if !ok {
		return false
	}
	user, ok := a.proved(proofKey{login, client}, hash, pass, q.Now)
	if ok {
		q.User, q.Login = user, user.Value()
	}
	return ok
}

// tried is what became of a try of a password.
type tried struct {
	client string       // whose try it is
	told   *atomic.Bool // one of those who made it has told that it was wrong
	place  *place       // that it has taken
	hash   string       // stored, "" if there is none
	known  bool         // whether there is such a user
	ok     bool         // whether the hash matches
}

// tryPassword checks a password, at its cost, and counts the try. Whoever comes
// too early is refused before anything is looked at.
//
// Those who send the same password for the same login from the same network at
// the same time make one try together: so a page that begins with many requests
// is not taken for an attack.
func (a *App) tryPassword(ctx context.Context, client string, name loginName, pass string, now time.Time) error {
	attempt := a.throttle.attempt(ctx, client, name)
	if err := attempt.delayed(ctx); err != nil {
		return err
	}
	try, err := a.tries.ask(ctx, a.prover.digest(cache.Key(name.key(name.login), attempt.network, attempt.device), pass), now, func(ctx context.Context) (tried, time.Duration, error) {
		try, err := a.try(ctx, attempt, client, name, pass)
		try.told = new(atomic.Bool)
		return try, -1, err // nothing of it is kept
	})
	if err != nil {
		return err
	}
	if try.ok && client != try.client {
		a.prove(ctx, proofKey{name.login, client}, try.hash, pass, now)
	}
	if !try.ok && a.passwordCheck != nil {
		if try.ok, err = a.askCheck(ctx, try.place, name, pass); err != nil {
			return err
		}
	}
	wrong := &wrongPassword{authn.Refuse("invalid password for %s", name.login), name.login}
	switch {
	case try.ok && !name.nobody:
		return nil
	case !try.known:
		wrong = &wrongPassword{error: authn.Refuse("no such user: %s", name.login)}
	}
	if try.told.Swap(true) {
		return wrong.error
	}
	return wrong
}

// askPasswordCheck asks the hook of [App.PasswordCheck]. If it panics, that is a
// failure of this scheme, as it is with hooks whose answers are kept: another
// scheme may still find who is calling.
func (a *App) askPasswordCheck(ctx context.Context, login, pass string) (ok bool, err error) {
	defer catch(&err)
	return a.passwordCheck(ctx, login, pass)
}

// askCheck asks the hook of [App.PasswordCheck], and settles the place of the try. About
// nobody it is asked for the time that it takes.
func (a *App) askCheck(ctx context.Context, p *place, name loginName, pass string) (bool, error) {
	ok, err := a.askPasswordCheck(ctx, name.login, pass)
	ok = ok && !name.nobody
	if err != nil {
		if e := httperr.From(err, a.settings.ServerError, "internal error in app.PasswordCheck"); e.Status >= 500 {
			// The try was none only if nobody knows more of the password than before: a
			// stored hash has not been compared, nobody has hung up on an answer that was
			// slow to come, and there was no panic, which may depend on the password.
			if a.userPass == nil && ctx.Err() == nil && panicOf(err) == nil {
				p.giveBack(ctx)
			}
			return false, e
		}
		ok = false // the hook says why in words of its own
	}
	if err := p.decided(ctx, ok); err != nil {
		return false, err
	}
	return ok, nil
}

// try takes a place and compares the password with the stored hash. If they don't
// match, what becomes of the place is left to the hook of [App.PasswordCheck], if
// there is one.
//
// A user who is not known (hash is empty) takes the same way. If only known ones
// shared a try among requests of the same moment, the others' queue would be full
// sooner, and tell.
func (a *App) try(ctx context.Context, attempt *attempt, client string, name loginName, pass string) (try tried, err error) {
	try.client = client
	if try.place, err = attempt.take(ctx); err != nil {
		return try, err
	}
	try.hash, err = a.storedHash(ctx, name)
	try.known = err == nil
	if err != nil {
		try.hash = ""
		if e := httperr.From(err, a.settings.ServerError, "internal error in app.UserPass"); !errors.Is(err, ErrNoSuchUser) && e.Status >= 500 {
			try.place.giveBack(ctx)
			return try, e
		}
		// Or the hook says in words of its own that the user may not log in.
	}
	key := proofKey{name.key(name.login), client}
	if _, try.ok = a.proved(key, try.hash, pass, time.Now()); !try.ok {
		if try.ok, err = a.verify(ctx, pass, try.hash); err != nil {
			if errors.Is(err, password.ErrBusy) {
				try.place.giveBack(ctx) // nobody has looked at it; of other failures, that is not sure
			}
			return try, err
		}
	}
	switch {
	case try.ok:
		try.place.succeeded(ctx)
		a.prove(ctx, key, try.hash, pass, time.Now())
		a.rehash(ctx, key, try.hash, pass)
	case a.passwordCheck == nil:
		try.place.failed(ctx)
	}
	return try, nil
}

// verify compares a password with a stored hash. Where there is none (""), that takes
// the same time, so that the answer does not tell who has an account.
func (a *App) verify(ctx context.Context, pass, hash string) (bool, error) {
	h := a.settings.hasher
	if h == nil {
		return false, nil // only the hook of App.PasswordCheck decides, for all alike
	}
	ok, err := h.Verify(ctx, pass, hash)
	if errors.Is(err, password.ErrMalformed) || errors.Is(err, password.ErrUnknownScheme) || errors.Is(err, password.ErrTooCostly) {
		// What is stored is no hash that we verify. That is a refusal, in
		// the same time, and somebody has to look at the store.
		a.settings.logger.Error("a stored password hash cannot be verified", "error", err)
		return false, h.Dummy(ctx, pass)
	}
	return ok, err
}

// storedHash asks the hook of [App.UserPass], for a try. It asks even if the hash is
// kept: nothing is kept of those who are not known, so that the time of the hook
// would tell who is. Beside a slow hash it costs little, and who has just got a new
// password can log in with it at once.
//
// About nobody it asks for the time that it takes.
func (a *App) storedHash(ctx context.Context, name loginName) (string, error) {
	if a.userPass == nil {
		return "", ErrNoSuchUser
	}
	// The login is cut from a body or a header, with the password beside it.
	login := strings.Clone(name.login)
	if name.nobody {
		_, err := guarded(withoutValues{ctx}, func(ctx context.Context) (string, time.Duration, error) {
			_, err := a.userPass(ctx, login)
			return "", 0, err
		})
		if err == nil {
			err = ErrNoSuchUser
		}
		return "", err
	}
	hash, err := a.passwordHashes.refresh(ctx, login, time.Now(), func(ctx context.Context) (string, time.Duration, error) {
		hash, err := a.userPass(ctx, login)
		return hash, 0, err
	})
	if errors.Is(err, ErrNoSuchUser) {
		a.passwordHashes.forget(login) // the user has gone
	}
	return hash, err
}
