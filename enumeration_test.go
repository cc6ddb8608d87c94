package fsa_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestSlowStoreTellsNothing: the time that a store takes is part of each refusal,
// whether there is such a user or not, and whatever is kept. S12 S13
func TestSlowStoreTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slow = 5 * time.Millisecond
		w := newWorld(t, base())
		app := fsa.New("acme", base())
		app.UserPass(func(ctx context.Context, login string) (string, error) {
			time.Sleep(slow)
			if w.hashes[login] == "" {
				return "", fsa.ErrNoSuchUser
			}
			return w.hashes[login], nil
		})
		w.App = app
		fsa.Get(w, "/x", authz.Auth(), who)
		c := w.client(t)
		took := func(login, pass string, status int) time.Duration {
			start := time.Now()
			c.Get("/x").Basic(login, pass).Expect(status)
			return time.Since(start)
		}
		took("calvin", calvinPass, 200)
		if got := took("calvin", calvinPass, 200); got != 0 {
			t.Errorf("a proved password waits for the store: %v", got)
		}
		for _, login := range []string{"calvin", "hobbes", "nobody", "calvin", "nobody"} {
			if got := took(login, "wrong", 401); got != slow {
				t.Errorf("a wrong password of %s takes %v, and the store %v", login, got, slow)
			}
		}
		// Whoever works on is not held up by others' tries.
		took("calvin", calvinPass, 200)
		if got := took("calvin", calvinPass, 200); got != 0 {
			t.Errorf("after others' tries, a proved password waits for %v", got)
		}
	})
}

// TestFreshHash: a new password logs in at once, and a user who has gone does not,
// also where nobody has told.
func TestFreshHash(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	c.Get("/x").Basic("calvin", calvinPass).Expect(200)
	hash, err := w.HashPasswordUnchecked(t.Context(), "another one")
	if err != nil {
		t.Fatal(err)
	}
	w.set(func() { w.hashes["calvin"] = hash })
	c.Get("/x").Basic("calvin", "another one").Expect(200)
	c.Get("/x").Basic("calvin", calvinPass).Expect(401)
	w.set(func() { delete(w.hashes, "calvin") })
	c.Get("/x").Basic("calvin", "wrong").Expect(401)
	c.Get("/x").Basic("calvin", "another one").Expect(401)
}
