package fsa

import (
	"context"
	"strings"
	"time"
)

// PasswordRehash sets a hook that stores a new hash of a user's password in place
// of the old one. It is called after a log-in whose stored hash is not what
// [App.HashPassword] would make today, since FSA_PASSWORD_SCHEME or
// FSA_PASSWORD_OPTS has changed: so hashes become as slow to guess as they should
// be, without anybody's having to choose a new password.
//
// The hook must compare and swap: store the new hash only if the old one is still
// stored, in one step, as in
//
//	UPDATE users SET hash = :new WHERE login = :login AND hash = :old
//
// If another one is stored by then, the password has just been changed, and that
// is no error: return nil.
//
// It runs beside the request, once at a time for a login, with a context that
// holds no values and ends after 30 s. Its error is logged, and the next log-in
// tries again; the one that has caused it has succeeded long since. If many log
// in at once, some are put off until their next log-in.
func (a *App) PasswordRehash(swap func(ctx context.Context, login, old, new string) error) {
	if a.hook("app.PasswordRehash", swap == nil, a.passwordRehash != nil, 1) {
		a.passwordRehash = swap
	}
}

// rehashTime is how long a new hash may take, with its storing.
const rehashTime = 30 * time.Second

// rehash begins to replace the stored hash of a user who has just proved the
// password, if that is called for. The user does not wait for it.
func (a *App) rehash(ctx context.Context, key proofKey, old, pass string) {
	if a.passwordRehash == nil || !a.settings.hasher.NeedsRehash(old) {
		return
	}
	key = proofKey{strings.Clone(key.login), strings.Clone(key.client)}
	if _, busy := a.rehashing.LoadOrStore(key.login, true); busy {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rehashTime)
	go func() {
		defer a.rehashing.Delete(key.login)
		defer cancel()
		var hash string
		_, err := guarded(ctx, func(ctx context.Context) (_ None, _ time.Duration, err error) {
			// The quality rules are for new passwords; this one is old.
			if hash, err = a.HashPasswordUnchecked(ctx, pass); err == nil {
				err = a.passwordRehash(ctx, key.login, old, hash)
			}
			return None{}, 0, err
		})
		if err != nil {
			a.settings.logger.Error("a password hash could not be replaced", "login", oneLine(key.login, maxLoggedLogin), "error", oneLine(without(err, old, hash), maxLoggedError))
			return
		}
		// The next request finds the new hash, and its password proved. If the
		// swap was lost, what it finds is another hash, and the proof ends.
		a.prove(ctx, key, hash, pass, time.Now())
		a.PasswordUncache(ctx, key.login)
	}()
}

// without gives the text of an error without secrets that it may quote: the hook
// of [App.PasswordRehash] is given hashes, and what it calls may show them.
func without(err error, secrets ...string) string {
	text := err.Error()
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}
