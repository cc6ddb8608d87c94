package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// swapper is a world whose stored hashes have another cost than new ones.
type swapper struct {
	*world
	swaps atomic.Int32
	swap  func(ctx context.Context, login, old, new string) error // in place of a good one
}

func newSwapper(t *testing.T, cfg fsa.Config) *swapper {
	t.Helper()
	cheap := newWorld(t, cfg).hashes
	cfg.PasswordOpts = map[string]int{"memory": 128, "time": 1, "parallelism": 1}
	s := &swapper{world: newWorld(t, cfg)}
	s.hashes = cheap
	s.PasswordRehash(func(ctx context.Context, login, old, new string) error {
		s.swaps.Add(1)
		if s.swap != nil {
			return s.swap(ctx, login, old, new)
		}
		s.set(func() {
			if s.hashes[login] == old {
				s.hashes[login] = new
			}
		})
		return nil
	})
	fsa.Get(s, "/x", authz.Auth(), who)
	return s
}

func (s *swapper) stored(login string) (hash string) {
	s.set(func() { hash = s.hashes[login] })
	return hash
}

// TestPasswordRehash: a log-in by a hash of another cost replaces it, once, and
// nobody pays for the new one. S9
func TestPasswordRehash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.PasswordLength = 100 // a rule for new passwords
		s := newSwapper(t, cfg)
		c := s.client(t)
		old := s.stored("calvin")
		c.Get("/x").Basic("calvin", "wrong").Expect(401)
		c.Get("/x").Basic("susie", "wrong").Expect(401)
		synctest.Wait()
		if s.swaps.Load() != 0 || s.stored("calvin") != old {
			t.Error("a wrong password replaces a hash")
		}
		c.Get("/x").Basic("calvin", calvinPass).Expect(200)
		synctest.Wait()
		hash := s.stored("calvin")
		if s.swaps.Load() != 1 || !contains(hash, "m=128,") {
			t.Fatalf("%d swaps, and the hash is %s", s.swaps.Load(), hash)
		}
		if ok, err := s.CheckPassword(t.Context(), calvinPass, hash); !ok || err != nil {
			t.Error("the new hash is of another password")
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		before := m.TotalAlloc
		c.Get("/x").Basic("calvin", calvinPass).Expect(200)
		runtime.ReadMemStats(&m)
		if n := m.TotalAlloc - before; n > 64<<10 {
			t.Errorf("the next log-in allocates %d bytes: the password was hashed again", n)
		}
		if n := s.times("hash calvin"); n != 3 {
			t.Errorf("the hash was asked for %d times, and should for each of the two tries, and once after", n)
		}
		s.ClearCaches(t.Context())
		c.Get("/x").Basic("calvin", calvinPass).Expect(200)
		c.Get("/x").Basic("calvin", "wrong").Expect(401)
		synctest.Wait()
		if s.swaps.Load() != 1 || s.stored("calvin") != hash {
			t.Error("a hash as it should be is replaced")
		}
	})
}

// TestPasswordRehashLost: a swap that comes after a change of the password leaves
// that alone, and what is known of the old one ends.
func TestPasswordRehashLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwapper(t, base())
		changed, _ := s.HashPasswordUnchecked(t.Context(), "changed")
		s.swap = func(_ context.Context, login, old, new string) error {
			s.set(func() { s.hashes[login] = changed })
			return nil
		}
		c := s.client(t)
		c.Get("/x").Basic("calvin", calvinPass).Expect(200)
		synctest.Wait()
		c.Get("/x").Basic("calvin", calvinPass).Expect(401)
		c.Get("/x").Basic("calvin", "changed").Expect(200)
	})
}

// TestPasswordRehashFails: whatever becomes of it, the log-in has succeeded; the
// log tells why, and no secret; the next log-in tries again. S88
func TestPasswordRehashFails(t *testing.T) {
	for name, swap := range map[string]func(ctx context.Context, login, old, new string) error{
		"an error": func(_ context.Context, login, old, new string) error {
			return fmt.Errorf("the store is down: UPDATE … %s … %s", old, new)
		},
		"a panic": func(_ context.Context, login, old, new string) error { panic("the store is down: " + old + new) },
		"goexit":  func(context.Context, string, string, string) error { runtime.Goexit(); return nil },
		"a hang": func(ctx context.Context, _, _, _ string) error {
			<-ctx.Done()
			return errors.New("the store is down: " + ctx.Err().Error())
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSwapper(t, base())
				s.swap = swap
				c := s.client(t)
				for i := range 2 {
					c.Get("/x").Basic("calvin", calvinPass).Expect(200)
					time.Sleep(31 * time.Second)
					s.AuthUncache(t.Context(), "calvin")
					if n := int(s.swaps.Load()); n != i+1 {
						t.Errorf("%d swaps after %d log-ins", n, i+1)
					}
				}
				log := s.log.String()
				if name != "goexit" && !contains(log, "level=ERROR", "a password hash could not be replaced", "login=calvin", "the store is down") {
					t.Errorf("the log does not tell: %s", log)
				}
				if strings.Contains(log, "argon2id") || strings.Contains(log, calvinPass) {
					t.Errorf("a secret is logged: %s", log)
				}
			})
		})
	}
}

// TestPasswordRehashOnce: of many log-ins at once one replaces the hash, and none
// waits for it.
func TestPasswordRehashOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.Cache = "none" // each is a log-in of its own
		s := newSwapper(t, cfg)
		type key struct{}
		s.swap = func(ctx context.Context, _, _, _ string) error {
			if d, ok := ctx.Deadline(); !ok || time.Until(d) > 30*time.Second || ctx.Value(key{}) != nil {
				t.Error("the hook's context has no end, or values")
			}
			time.Sleep(20 * time.Second)
			return nil
		}
		c := s.client(t)
		start := time.Now()
		done := make(chan bool)
		for range 20 {
			go func() {
				c.Get("/x").Basic("calvin", calvinPass).Expect(200)
				done <- true
			}()
		}
		for range 20 {
			<-done
		}
		c.Get("/x").Basic("calvin", calvinPass).Expect(200)
		if waited := time.Since(start); waited > 0 {
			t.Errorf("the log-ins wait %v", waited)
		}
		if n := s.swaps.Load(); n > 1 {
			t.Errorf("%d swaps at once", n)
		}
		c.Get("/x").Basic("hobbes", hobbesPass).Expect(200)
		synctest.Wait()
		if n := s.swaps.Load(); n != 2 {
			t.Errorf("%d swaps, want another user's beside the first", n)
		}
		time.Sleep(time.Minute)
	})
}

// TestPasswordRehashHook: what the hook of PasswordCheck accepts is not the
// password of the stored hash.
func TestPasswordRehashHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwapper(t, base())
		s.PasswordCheck(func(_ context.Context, login, password string) (bool, error) { return password == "elsewhere", nil })
		c := s.client(t)
		c.Get("/x").Basic("calvin", "elsewhere").Expect(200)
		c.Get("/x").Basic("susie", "elsewhere").Expect(200)
		synctest.Wait()
		if s.swaps.Load() != 0 {
			t.Error("the hash of one password is replaced by that of another")
		}
	})
}

// TestPasswordRehashImpossible: a password of which no new hash can be made keeps its
// old one, and the log tells why.
func TestPasswordRehashImpossible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("1234567890", 8) // more than bcrypt takes
		cfg := base()
		old, err := newWorld(t, cfg).HashPasswordUnchecked(t.Context(), long)
		if err != nil {
			t.Fatal(err)
		}
		cfg.PasswordScheme, cfg.PasswordOpts = []string{"bcrypt"}, map[string]int{"rounds": 4}
		w := newWorld(t, cfg)
		w.hashes["calvin"] = old
		w.PasswordRehash(func(_ context.Context, login, _, new string) error {
			t.Errorf("the hash of %s is replaced by %q", login, new)
			return nil
		})
		fsa.Get(w, "/x", authz.Auth(), who)
		w.client(t).Get("/x").Basic("calvin", long).Expect(200)
		synctest.Wait()
		if log := w.log.String(); !contains(log, "a password hash could not be replaced", "login=calvin", "72 bytes") {
			t.Errorf("the log does not tell: %s", log)
		}
	})
}

// TestPasswordRehashUnwanted: where nobody stores new hashes, none are made, and an
// old one is no failure.
func TestPasswordRehashUnwanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cheap := newWorld(t, cfg).hashes
		cfg.PasswordOpts = map[string]int{"memory": 128, "time": 1, "parallelism": 1}
		w := newWorld(t, cfg)
		w.hashes = cheap
		fsa.Get(w, "/x", authz.Auth(), who)
		w.client(t).Get("/x").Basic("calvin", calvinPass).Expect(200)
		synctest.Wait()
		if log := w.log.String(); log != "" {
			t.Errorf("the log is %s", log)
		}
	})
}

// TestPasswordRehashFaults: a hook that could do nothing is a fault.
func TestPasswordRehashFaults(t *testing.T) {
	swap := func(context.Context, string, string, string) error { return nil }
	for _, c := range []struct {
		what string
		wire func(*fsa.App)
		cfg  func(*fsa.Config)
		want string
	}{
		{"nil", func(a *fsa.App) { a.PasswordRehash(nil) }, nil, "the hook of app.PasswordRehash is nil"},
		{"twice", func(a *fsa.App) { a.PasswordRehash(swap); a.PasswordRehash(swap) }, nil, "app.PasswordRehash is called twice"},
		{"no scheme", func(a *fsa.App) { a.PasswordRehash(swap) }, func(c *fsa.Config) { c.PasswordScheme, c.PasswordOpts = []string{"none"}, nil }, "FSA_PASSWORD_SCHEME: is none, but app.PasswordRehash stores hashes"},
	} {
		cfg := base()
		if c.cfg != nil {
			c.cfg(&cfg)
		}
		w := newWorld(t, cfg)
		c.wire(w.App)
		if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], c.want) {
			t.Errorf("%s: the faults are %q", c.what, got)
		}
	}
	app := fsa.New("acme", base())
	app.PasswordCheck(func(context.Context, string, string) (bool, error) { return false, nil })
	app.PasswordRehash(swap)
	if got := faultsOf(t, app); len(got) != 1 || !contains(got[0], "app.PasswordRehash has no hashes to replace; give the stored hashes by app.UserPass") {
		t.Errorf("without UserPass: %q", got)
	}
}
