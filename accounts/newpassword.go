package accounts

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/password/common"
	"golang.org/x/text/unicode/norm"
)

// hashNew checks a new password and gives its hash. What is wrong with it is noted in
// the form: it is "" then.
func (a *Accounts) hashNew(ctx context.Context, r *http.Request, f *form, name string, password, again fsa.Secret, own ...string) (hash string, err error) {
	if err := a.checkNew(r, f, name, password, again, own...); err != nil || !f.ok() {
		return "", err
	}
	return a.hash(ctx, f, name, password)
}

// checkNew notes in the form what is wrong with a new password, as far as it costs
// nothing to find out.
func (a *Accounts) checkNew(r *http.Request, f *form, name string, password, again fsa.Secret, own ...string) error {
	if err := bodyOnly(r); err != nil {
		return err
	}
	if password == "" {
		f.wrong(name, "fault.required")
		return nil
	}
	if password != again {
		f.wrong(name+"_confirm", "fault.password_mismatch")
	}
	f.at(name).errors = append(f.at(name).errors, a.weak(string(password), own)...)
	return nil
}

// hash gives the hash of a new password, "" if the rules of the application refuse it.
func (a *Accounts) hash(ctx context.Context, f *form, name string, password fsa.Secret) (hash string, err error) {
	hash, err = a.app.HashPassword(ctx, string(password))
	var e *fsa.Error
	if errors.As(err, &e) && e.Status == 400 {
		f.wrong(name, "fault.other", e.Public)
		return "", nil
	}
	return hash, err
}

// weak tells what is wrong with a new password (S1, S4, S5): nothing about which
// characters it has (S3), as long as it is more than one short thing again and again.
func (a *Accounts) weak(password string, own []string) []message {
	password = norm.NFC.String(password) // as it is hashed (S6)
	least := a.opts.PasswordLength
	folded := strings.ToLower(password)
	unit := repeated(folded)
	switch {
	case utf8.RuneCountInString(password) < least:
		return []message{{"fault.password_short", []any{least}}}
	case common.Contains(password) || common.Contains(unit):
		return []message{{key: "fault.password_common"}}
	case len(unit) < len(folded) && utf8.RuneCountInString(unit) < 8:
		return []message{{key: "fault.password_guessable"}}
	}
	for _, word := range append(own, a.app.Name()) {
		word = strings.ToLower(norm.NFC.String(word))
		if len(word) > 3 && strings.Contains(unit, word) && len(unit) < len(word)+least/2 {
			return []message{{key: "fault.password_personal"}}
		}
	}
	return nil
}

// repeated gives the shortest text of which another one is made by writing it again and
// again, twice at least; the last time it may be cut. If there is none, it is the text.
func repeated(text string) string {
	for n := 1; n <= len(text)/2; n++ {
		if text[n:] == text[:len(text)-n] {
			return text[:n]
		}
	}
	return text
}

// ownWords are what a user's password should not be made of.
func ownWords(email string, names ...string) []string {
	local, _, _ := strings.Cut(email, "@")
	return append([]string{email, local}, names...)
}
