package accounts

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/httperr"
)

// Verdict says whether somebody whose credential is right gets in.
type Verdict uint8

// The verdicts. The zero Verdict is no decision, and lets nobody in.
const (
	Undecided   Verdict = iota
	Allowed             // come in
	Unconfirmed         // the address has to be confirmed first
	Delayed             // not before a time
	Locked              // an administrator has locked the account; a recovery by mail opens it
	Disabled            // an administrator has made the account inactive
	Unknown             // there is no such user (any more)
)

// Decision is a [Verdict] with what belongs to it. It is never a bare bool, so that
// nobody forgets a case.
type Decision struct {
	Verdict Verdict
	Until   time.Time // of Delayed
	Reason  string    // for the audit trail, not for the user
}

// Allow lets a user in.
func Allow() Decision { return Decision{Verdict: Allowed} }

// Delay keeps a user out until a time.
func Delay(until time.Time, reason string) Decision {
	return Decision{Verdict: Delayed, Until: until, Reason: reason}
}

// Lock keeps a user out until somebody opens the account, or its owner recovers
// it.
func Lock(reason string) Decision { return Decision{Verdict: Locked, Reason: reason} }

// Disable keeps a user out.
func Disable(reason string) Decision { return Decision{Verdict: Disabled, Reason: reason} }

// String is the verdict as the audit trail has it.
func (v Verdict) String() string {
	switch v {
	case Allowed:
		return "allowed"
	case Unconfirmed:
		return "unconfirmed"
	case Delayed:
		return "delayed"
	case Locked:
		return "locked"
	case Disabled:
		return "disabled"
	case Unknown:
		return "unknown"
	}
	return "undecided"
}

// detail is what the audit trail has of a decision.
func (d Decision) detail() string {
	if d.Reason == "" {
		return d.Verdict.String()
	}
	return d.Verdict.String() + ": " + d.Reason
}

// judge decides whether a user gets in whose credential is right: the one place
// that does, for every way in (S22). What it says is told only after a right
// credential (S14).
func (a *Accounts) judge(u *User, now time.Time) Decision {
	switch {
	case u == nil:
		return Decision{Verdict: Unknown}
	case u.Inactive:
		return Disable(u.InactiveReason)
	case !u.LockedAt.IsZero():
		return Lock(u.LockReason)
	case !a.opts.NoConfirm && !u.Confirmed():
		return Decision{Verdict: Unconfirmed}
	case u.DelayedUntil.After(now):
		return Delay(u.DelayedUntil, "")
	}
	return Allow()
}

// errUnauthenticated is the 401 for who is nobody, or nobody any more.
var errUnauthenticated = httperr.Wrap(http.StatusUnauthorized, "authentication required", fsa.ErrUnauthenticated)

// message is what a user is told of a decision.
func (d Decision) message(now time.Time) message {
	if d.Verdict == Delayed {
		return message{"refused.delayed", []any{minutes(d.Until.Sub(now))}}
	}
	return message{key: "refused." + d.Verdict.String()}
}

// minutes rounds a time that one has to wait up to whole minutes, at least one.
func minutes(d time.Duration) int { return max(1, int(math.Ceil(d.Minutes()))) }

// status is that of an answer to who is kept out.
func (d Decision) status() int {
	switch d.Verdict {
	case Unconfirmed, Locked, Disabled:
		return http.StatusForbidden
	case Delayed:
		return http.StatusTooManyRequests
	case Unknown:
		return http.StatusUnauthorized
	}
	return http.StatusInternalServerError
}

// refused is the answer to a request whose credential is right and whose user is kept
// out, in the words of the log-in page; nil if they aren't.
func (a *Accounts) refused(d Decision, now time.Time) error {
	switch d.Verdict {
	case Allowed:
		return nil
	case Unknown:
		return errUnauthenticated
	case Delayed, Unconfirmed, Locked, Disabled:
		err := fsa.Errorf(d.status(), "%s", a.pages.text(a.pages.texts.langs[0], d.message(now)))
		for name, values := range d.header(now) {
			err = err.WithHeader(name, values[0])
		}
		if to := a.confirmURL(d); to != "" {
			err = err.WithMember(confirmURL, to)
		}
		return err
	}
	return errors.New("accounts: no decision about a user")
}

// confirmURL is the member of an error's body that says where to ask for another link to
// confirm the address: it is the way on for who is kept out for that.
const confirmURL = "confirm_url"

// confirmURL gives the path of that page, "" if it is of no use.
func (a *Accounts) confirmURL(d Decision) string {
	if d.Verdict != Unconfirmed || a.opts.NoConfirm {
		return ""
	}
	return a.opts.Paths.Confirm
}

// header is what else the answer has: when to come again.
func (d Decision) header(now time.Time) http.Header {
	if d.Verdict != Delayed {
		return nil
	}
	return http.Header{"Retry-After": {strconv.Itoa(max(1, int(math.Ceil(d.Until.Sub(now).Seconds()))))}}
}
