package fsa

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unique"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password"
	"golang.org/x/crypto/blake2b"
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
// log-in would find it. If it isn't, or there is no such user, the error is a 401
// and holds [ErrUnauthenticated].
func (a *App) CheckUserPassword(ctx context.Context, login, password string) error {
	err := a.checkPassword(ctx, login, password)
	if authn.Refused(err) {
		return httperr.Wrap(http.StatusUnauthorized, "invalid credentials", errors.Join(ErrUnauthenticated, err))
	}
	return err
}

// maxCredential is the size in bytes over which logins and passwords are not
// looked at. What a client has sent is kept as a key and written into logs.
const maxCredential = 1024

// checkPassword is what the schemes basic and param ask.
func (a *App) checkPassword(ctx context.Context, login, pass string) error {
	if pass == "" || len(login) > maxCredential || len(pass) > maxCredential {
		// No password is empty or that long, whoever the user is. Above all,
		// a directory that is asked with an empty one says yes (RFC 4513,
		// 5.1.2).
		return authn.Refuse("login or password is empty or over %d bytes", maxCredential)
	}
	hash, err := a.storedHash(ctx, login)
	known := err == nil
	if err != nil && !errors.Is(err, ErrNoSuchUser) {
		if e := httperr.From(err, a.settings.ServerError, "internal error in app.UserPass"); e.Status >= 500 {
			return e
		}
		// The hook says in words of its own that the user may not log in.
	}
	if !known {
		hash = ""
	}
	ok, failure := a.proved(ctx, login, pass, hash)
	if failure != nil {
		return failure
	}
	if !ok && a.passwordCheck != nil {
		if ok, err = a.passwordCheck(ctx, login, pass); err != nil {
			if e := httperr.From(err, a.settings.ServerError, "internal error in app.PasswordCheck"); e.Status >= 500 {
				return e
			}
			ok = false
		}
	}
	switch {
	case ok:
		return nil
	case !known:
		return authn.Refuse("no such user: %s", login)
	}
	return authn.Refuse("invalid password for %s", login)
}

// verify compares a password with a stored hash. Where there is none, it spends
// the same time, so that the answer does not tell who has an account.
func (a *App) verify(ctx context.Context, pass, hash string) (bool, error) {
	h := a.settings.hasher
	if hash == "" {
		return false, h.Dummy(ctx, pass)
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

// proof is a keyed digest of a login, its stored hash and the password that was
// found to match it. Without the key, which the process makes for itself, a dump
// of its memory is no help in guessing.
type proof [blake2b.Size256]byte

var errMismatch = errors.New("the password does not match")

// proved compares a password with a stored hash, and keeps that they match: so
// Basic authentication costs one slow hash for each user and time to live, not
// one for each request. A changed password has another stored hash, and misses.
// Mismatches are never kept.
//
// A user who is not known (hash is empty) takes the same way. If only known ones
// shared a hash among requests of the same moment, the others' queue would be
// full sooner, and tell.
func (a *App) proved(ctx context.Context, login, pass, hash string) (bool, error) {
	if a.settings.hasher == nil {
		return false, nil
	}
	digest, err := blake2b.New256(a.proofKey)
	if err != nil {
		return false, err
	}
	digest.Write([]byte(cache.Key(login, hash, pass)))
	key, now := proof(digest.Sum(nil)), time.Now()
	if _, ok := a.proofs.hit(key, now); ok {
		return true, nil
	}
	_, err = a.proofs.ask(ctx, key, now, func(ctx context.Context) (interned, time.Duration, error) {
		ok, err := a.verify(ctx, pass, hash)
		if err == nil && !ok {
			err = errMismatch
		}
		return unique.Make(login), 0, err
	})
	if errors.Is(err, errMismatch) {
		return false, nil
	}
	return err == nil, err
}

// storedHash asks the hook of [App.UserPass].
func (a *App) storedHash(ctx context.Context, login string) (string, error) {
	if a.userPass == nil {
		return "", ErrNoSuchUser
	}
	now := time.Now()
	if hash, ok := a.passwordHashes.hit(login, now); ok {
		return hash, nil
	}
	// The login is cut from a body or a header, with the password beside it.
	login = strings.Clone(login)
	return a.passwordHashes.ask(ctx, login, now, func(ctx context.Context) (string, time.Duration, error) {
		hash, err := a.userPass(ctx, login)
		return hash, 0, err
	})
}
