package fsa_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/password"
)

// held is a stored hash that takes as long to compare with as the test lets it.
type held struct{ release chan bool }

func (h held) Matches(string) bool { <-h.release; return false }

func (h held) Kind() any { return h }

// newBusyDoor makes a door behind which all workers for slow hashes are held, by
// log-ins of slow0, slow1 and so on, and as many wait as may but for room. What it
// gives lets them go.
func newBusyDoor(t *testing.T, room int) (*door, func()) {
	t.Helper()
	release := make(chan bool)
	cfg := throttled()
	cfg.LoginThrottle.NetworkFactor, cfg.LoginThrottle.Delay = 100, 10*time.Minute
	cfg.PasswordLegacy = []password.Scheme{{Name: "held", Prefixes: []string{"$held$"}, Parse: func(string) (password.Digest, error) { return held{release}, nil }}}
	d := newDoor(t, cfg)
	load := d.Stats().Passwords
	n := load.Workers + load.Queue - room
	for i := range n {
		login := fmt.Sprint("slow", i)
		d.set(func() { d.hashes[login] = "$held$" })
		go d.knock(fmt.Sprintf("192.0.%d.%d:1", i/250, i%250), login, "guess")
	}
	synctest.Wait()
	if load = d.Stats().Passwords; load.Running != load.Workers || load.Waiting != load.Queue-room {
		t.Fatalf("%+v", load)
	}
	return d, func() { close(release); synctest.Wait() }
}

// TestBusy: where nobody can look at a password, that is said, in the same way whether
// there is such a user or not and whatever is stored about them; and it costs them no
// try, as nobody has looked. S15
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, release := newBusyDoor(t, 0)
		d.set(func() { d.hashes["moe"] = "no hash at all" })
		for range 10 {
			for _, login := range []string{"calvin", "susie", "moe"} {
				d.expect("503 1", home, login, "wrong")
			}
		}
		release()
		for _, login := range []string{"calvin", "susie", "moe"} {
			d.fail(5, home, login)
			d.expect("429 600", home, login, "wrong")
		}
	})
}

// TestBusyTooLong: who has waited in vain for a password to be looked at has had a try
// all the same: it can't be known how far that has come.
func TestBusyTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, release := newBusyDoor(t, 5)
		for i := range 5 {
			go func() {
				if res := d.knock(home, "calvin", fmt.Sprint("guess", i)); res.StatusCode < 500 {
					t.Errorf("%d", res.StatusCode)
				}
			}()
		}
		synctest.Wait()
		time.Sleep(time.Minute - time.Second)
		d.expect("429 541", home, "calvin", calvinPass)
		release()
	})
}

// TestUnknownUserIsNoFault: that there is no such user is nothing that somebody has to
// look at, unlike a stored hash that is none.
func TestUnknownUserIsNoFault(t *testing.T) {
	d := newDoor(t, base())
	d.expect("401", local, "susie", "wrong")
	if contains(d.log.String(), "cannot be verified") {
		t.Error(d.log)
	}
	d.set(func() { d.hashes["moe"] = "no hash at all" })
	d.expect("401", local, "moe", "wrong")
	if !contains(d.log.String(), "a stored password hash cannot be verified") {
		t.Error(d.log)
	}
}

// local is this machine, from where no TLS is needed.
const local = "127.0.0.1:1"

// TestUserGone: once a try has found that a user is gone, the password that was theirs is
// none any more, kept as it may be.
func TestUserGone(t *testing.T) {
	cfg := base()
	cfg.InsecureTransport = true
	d := newDoor(t, cfg)
	d.expect("200", home, "calvin", calvinPass)
	d.set(func() { delete(d.hashes, "calvin") })
	d.expect("200", home, "calvin", calvinPass) // it is kept
	d.expect("401", away, "calvin", "wrong")    // asks the store
	d.expect("401", home, "calvin", calvinPass)
}
