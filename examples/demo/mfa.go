package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/pquerna/otp/totp"
)

const (
	codeLife  = time.Minute     // how long a code is good
	codeQuiet = 5 * time.Second // for how long there is no other one

	// A code has a million values, so that few may be tried.
	maxGuesses  = 5
	guessWindow = time.Minute
)

// mfa is log-in by two factors: a password, for which there is a token of the realm
// mfa, good for a minute; with it a code that was sent, or a one-time password
// (RFC 6238), for which there is a token of the application's realm.
type mfa struct {
	*demo
	guesses cache.Counter
}

func (d *demo) addMFA() {
	m := mfa{d, cache.NewMemoryCounter(0)}
	p := d.Prefix("/mfa")
	second := []fsa.Option{fsa.Authn("token"), fsa.Realm("mfa")}
	fsa.Get(p, "/login", authz.Auth(), m.getLogin, fsa.Authn("basic"))
	fsa.Post(p, "/code", authz.Auth(), m.postCode, second...)
	fsa.Post(p, "/totp", authz.Auth(), m.postTOTP, second...)
	fsa.Get(p, "/test", authz.Auth(), getTest, fsa.Authn("token"))
}

func (m mfa) getLogin(ctx context.Context, in me) (text, error) {
	a, err := m.db.account(ctx, string(in.Me))
	if err != nil {
		return "", orMissing(err, string(in.Me))
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	code := fmt.Sprintf("%06d", n)
	now := m.db.clock()
	done, err := changed(ctx, m.db, "UPDATE auth SET code = $1, codets = $2 WHERE aid = $3 AND (codets IS NULL OR codets <= $4)",
		code, m.db.stamp(now), a.AID, m.db.stamp(now.Add(-codeQuiet)))
	if err != nil {
		return "", err
	}
	if !done {
		return "", fsa.Errorf(400, "cannot set user code: the latest is not %v old", codeQuiet)
	}
	if err := m.send(a.Login, code); err != nil {
		return "", err
	}
	token, err := m.CreateToken(ctx, string(in.Me), fsa.TokenOptions{Realm: "mfa", Delay: time.Minute})
	return text(token), err
}

// send writes the code to a file, in place of a mail. The name is no path: no login
// leads out of the directory.
func (m mfa) send(login, code string) error {
	f, err := m.dir.OpenFile(login+"_code.txt", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(code)
	return errors.Join(err, f.Close())
}

func (m mfa) postCode(ctx context.Context, in meWithCode) (text, error) {
	return m.second(ctx, in.Me, func(a account) (bool, error) {
		var code sql.NullString
		if err := m.db.QueryRowContext(ctx, "SELECT code FROM auth WHERE aid = $1", a.AID).Scan(&code); err != nil {
			return false, err
		}
		if !code.Valid || subtle.ConstantTimeCompare([]byte(code.String), []byte(in.Code)) != 1 {
			return false, nil
		}
		// Whoever takes it away, in time, is the one who has used it.
		since := m.db.stamp(m.db.clock().Add(-codeLife))
		return changed(ctx, m.db, "UPDATE auth SET code = NULL, codets = NULL WHERE aid = $1 AND code = $2 AND codets > $3", a.AID, in.Code, since)
	}, "invalid temporary code for %s")
}

type meWithOTP struct {
	Me  fsa.CurrentUser
	OTP string `param:"otp" format:"password"`
}

func (m mfa) postTOTP(ctx context.Context, in meWithOTP) (text, error) {
	return m.second(ctx, in.Me, func(a account) (bool, error) {
		var last sql.NullString
		if err := m.db.QueryRowContext(ctx, "SELECT last_otp FROM auth WHERE aid = $1", a.AID).Scan(&last); err != nil {
			return false, err
		}
		if !rightOTP(a.Secret, in.OTP, last.String, m.db.clock()) {
			return false, nil
		}
		// Of two that come at once with the same one, one finds another latest.
		return changed(ctx, m.db, "UPDATE auth SET last_otp = $1 WHERE aid = $2 AND COALESCE(last_otp, '') = $3", in.OTP, a.AID, last.String)
	}, "invalid OTP for %s")
}

// second gives the final token if the second factor is right.
func (m mfa) second(ctx context.Context, me fsa.CurrentUser, right func(account) (bool, error), refusal string) (text, error) {
	a, err := m.db.account(ctx, string(me))
	if err != nil {
		return "", orMissing(err, string(me))
	}
	// Each try counts before it is looked at, and whether or not the client waits.
	key, counting := strconv.FormatInt(a.AID, 10), context.WithoutCancel(ctx)
	n, err := m.guesses.Add(counting, key, 1, guessWindow)
	switch {
	case err != nil:
		return "", fsa.Errorf(503, "tries cannot be counted")
	case n > maxGuesses:
		return "", fsa.Errorf(429, "too many tries").WithHeader("Retry-After", strconv.Itoa(int(guessWindow.Seconds())))
	}
	ok, err := right(a)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fsa.Errorf(401, refusal, me)
	}
	if err := m.guesses.Reset(counting, key); err != nil {
		return "", err
	}
	token, err := m.CreateToken(ctx, string(me), fsa.TokenOptions{})
	return text(token), err
}

// secretRE is what a secret of one-time passwords is: 80 to 160 bits in base32.
var secretRE = regexp.MustCompile(`^[A-Z2-7]{16,32}$`)

// rightOTP tells whether a one-time password is of this half minute, of the one
// before or of the next, and later than the latest that was used. Clients choose
// their secrets; one that is unfit is right with nothing.
func rightOTP(secret, code, last string, now time.Time) bool {
	if !secretRE.MatchString(secret) {
		return false
	}
	right := false
	for step := -1; step <= 1; step++ {
		want, err := totp.GenerateCode(secret, now.Add(time.Duration(step)*30*time.Second))
		if err != nil {
			return false
		}
		if want == last {
			right = false // up to here, all are used
			continue
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			right = true
		}
	}
	return right
}

func getTest(ctx context.Context, in me) (string, error) {
	return fmt.Sprintf("MFA succeeded for %s!", in.Me), nil
}
