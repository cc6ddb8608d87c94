package accounts

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// deviceLife is for how long a browser is known again.
const deviceLife = 180 * 24 * time.Hour

// knownDevice gives a name for the browser of a request if the user has logged in from
// it before; "" if not. It proves nothing but that: failures that others make
// elsewhere do not delay who comes from it. S17.
func (a *Accounts) knownDevice(ctx context.Context, r *http.Request, userID string) (string, error) {
	secret, ok, err := a.device.Read(r)
	if !ok || err != nil {
		return "", nil
	}
	hash, ok := hashOf(secret)
	if !ok {
		return "", nil
	}
	known, err := a.store.KnownDevice(ctx, userID, hash[:], time.Now())
	if !known || err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(hash[:]), nil
}

// newDevice notes a browser from which a user logs in for the first time, and tells
// them of it if tell is set.
func (a *Accounts) newDevice(ctx context.Context, tx Tx, r *http.Request, u *User, hash []byte, tell bool, now time.Time) error {
	if err := tx.AddDevice(ctx, u.ID, hash, now, now.Add(deviceLife)); err != nil || !tell {
		return err
	}
	return a.write(ctx, tx, r, u, "new-device", letterData{Path: a.opts.Paths.Sessions})
}

// tellOfDevice reports whether a user is told of a new browser: not of the first of all,
// and of many in a row not of each. A right password that is known costs next to nothing, so
// that whoever has one account could fill the outbox of all (S19). It is counted by user
// alone: what others do in the same network must not silence a warning.
func (a *Accounts) tellOfDevice(u *User) bool {
	if u.LastLoginAt.IsZero() || !u.Confirmed() {
		return false
	}
	var e *fsa.Error
	err := a.app.Throttle(context.Background(), "new-device", u.ID)
	return !errors.As(err, &e) || e.Status != http.StatusTooManyRequests
}
