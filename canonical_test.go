package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
)

// typing lets a world's users log in by what they are called: typed to login. What the
// application knows them by, calvin and hobbes, nobody types.
type typing struct {
	*world
	typed map[string]string
}

func newTyping(t testing.TB, cfg fsa.Config) *typing {
	t.Helper()
	w := &typing{newWorld(t, cfg), map[string]string{"c@x.example": "calvin", "C": "calvin", "h@x.example": "hobbes", "empty": ""}}
	w.CanonicalLogin(func(ctx context.Context, typed string) (string, error) {
		w.ask("typed " + typed)
		if ctx.Value(modelTenant{}) != nil {
			t.Error("what the hook answers may depend on the request, and is kept for others")
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		login, ok := w.typed[typed]
		switch {
		case typed == "broken":
			return "calvin", errors.New("s3cret: the store is down")
		case typed == "busy":
			return "", fsa.Errorf(503, "come back later")
		case typed == "locked":
			return "calvin", fsa.Errorf(403, "locked")
		case typed == "panics":
			panic("s3cret")
		case !ok:
			return "", fmt.Errorf("typed: %w", fsa.ErrNoSuchUser)
		}
		return login, nil
	})
	return w
}

// TestCanonicalLogin: who is meant by what is typed is who is logged in, by every scheme
// that takes a password.
func TestCanonicalLogin(t *testing.T) {
	for _, tt := range []struct {
		typed, pass string
		status      int
		text        string
	}{
		{"c@x.example", calvinPass, 200, "calvin"},
		{"C", calvinPass, 200, "calvin"},
		{"h@x.example", hobbesPass, 200, "hobbes"},
		{"c@x.example", hobbesPass, 401, "invalid credentials"},
		{"c@x.example", "wrong", 401, "invalid credentials"},
		{"calvin", calvinPass, 401, "invalid credentials"}, // nobody types that
		{"nobody@x.example", calvinPass, 401, "invalid credentials"},
		{"c@X.example", calvinPass, 401, "invalid credentials"},
		{"locked", calvinPass, 401, "invalid credentials"},
		{"broken", calvinPass, 500, "internal error in app.CanonicalLogin"},
		{"panics", calvinPass, 500, "internal error in app.CanonicalLogin"},
		{"empty", calvinPass, 500, "internal error in app.CanonicalLogin"},
		{"busy", calvinPass, 503, "come back later"},
		{"c@x.example", "", 401, ""},
	} {
		w := newTyping(t, base())
		fsa.Get(w, "/x", authz.Auth(), func(_ context.Context, in struct{ Who fsa.Identity }) (string, error) {
			if len(in.Who.Factors) != 1 || in.Who.Factors[0] != "pwd" {
				t.Errorf("%+v", in.Who)
			}
			return in.Who.Login, nil
		})
		fsa.Post(w, "/check", authz.Open(), func(ctx context.Context, in struct{ Login, Pass string }) (string, error) {
			return "calvin", w.CheckUserPassword(ctx, in.Login, in.Pass)
		})
		c := w.client(t)
		for range 2 { // cold and warm
			for name, r := range map[string]*fsatest.Request{
				"basic": c.Get("/x").Basic(tt.typed, tt.pass), "param": c.Get("/x").Query("USER", tt.typed, "PASS", tt.pass),
			} {
				if res := r.Do(); res.Status != tt.status || tt.pass != "" && string(res.Body) != tt.text {
					t.Errorf("%s by %s: %d %s, want %d %s", tt.typed, name, res.Status, res.Body, tt.status, tt.text)
				}
			}
			want := tt.status
			if res := c.Post("/check").Form("login", tt.typed, "pass", tt.pass).Do(); res.Status != want {
				t.Errorf("%s is checked: %d %s", tt.typed, res.Status, res.Body)
			}
		}
	}
}

// TestCanonicalPasswordCheck: also a hook that checks passwords itself is asked about
// the user who is meant, and lets nobody in who is not.
func TestCanonicalPasswordCheck(t *testing.T) {
	w := newTyping(t, base())
	w.PasswordCheck(func(_ context.Context, login, pass string) (bool, error) {
		w.ask("check " + login)
		return pass == "open sesame", nil
	})
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	c.Get("/x").Basic("c@x.example", "open sesame").Expect(200).Contains("calvin")
	c.Get("/x").Basic("calvin", "open sesame").Expect(401)
	c.Get("/x").Basic("moe", "open sesame").Expect(401)
	// What a hook says of nobody is counted as a failure.
	synctest.Test(t, func(t *testing.T) {
		w := newTyping(t, throttled())
		w.PasswordCheck(func(context.Context, string, string) (bool, error) { return true, nil })
		fsa.Get(w, "/x", authz.Auth(), who)
		d := &door{w.world, t, handlerOf(t, w.world)}
		for range 5 {
			d.expect("401", away, "moe", "open sesame")
		}
		d.expect("429 1", away, "moe", "open sesame")
	})
	if w.times("check calvin") != 2 || w.times("check moe") != 1 || w.times("check c@x.example") != 0 {
		t.Errorf("asked: %v", w.asked) // about nobody it is asked for the time that it takes
	}
}

// TestCanonicalCaches: the hook is asked for tries, not for passwords that are known to
// be right, until its answer has ended. S85.
func TestCanonicalCaches(t *testing.T) {
	ctx := context.Background()
	for name, forget := range map[string]func(w *typing) error{
		"waited for":     nil,
		"forgotten":      func(w *typing) error { return w.LoginUncache(ctx, "C") },
		"user forgotten": func(w *typing) error { return w.AuthUncache(ctx, "calvin") },
		"all forgotten":  func(w *typing) error { return w.ClearCaches(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := base()
				cfg.CacheTTL = time.Minute
				w := newTyping(t, cfg)
				w.hashes["hobbes"] = w.hashes["calvin"] // they have the same password
				fsa.Get(w, "/x", authz.Auth(), who)
				c := w.client(t)
				for range 3 {
					c.Get("/x").Basic("C", calvinPass).Expect(200).Contains("calvin")
				}
				if n := w.times("typed C"); n != 1 {
					t.Errorf("asked %d times", n)
				}
				w.set(func() { w.typed["C"] = "hobbes" }) // the name goes over to another one
				c.Get("/x").Basic("C", calvinPass).Expect(200).Contains("calvin")
				if forget != nil {
					if err := forget(w); err != nil {
						t.Fatal(err)
					}
				} else {
					time.Sleep(time.Minute)
				}
				c.Get("/x").Basic("C", calvinPass).Expect(200).Contains("hobbes")
				w.set(func() { delete(w.typed, "C") })
				c.Get("/x").Basic("C", "wrong").Expect(401)
				c.Get("/x").Basic("C", calvinPass).Expect(401) // a try has found out
			})
		})
	}
}

// TestCanonicalTellsNothing: refusals take the same time and ask the same, whether what
// was typed means somebody or not, and whatever is kept. S12, S13.
func TestCanonicalTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slow, slower = 3 * time.Millisecond, 5 * time.Millisecond
		known := newTyping(t, base())
		w := &world{App: fsa.New("acme", base())}
		w.UserPass(func(_ context.Context, login string) (string, error) {
			time.Sleep(slow)
			if hash, ok := known.hashes[login]; ok {
				return hash, nil
			}
			return "", fsa.ErrNoSuchUser
		})
		w.CanonicalLogin(func(_ context.Context, typed string) (string, error) {
			time.Sleep(slower)
			if login, ok := known.typed[typed]; ok {
				return login, nil
			}
			return "", fsa.ErrNoSuchUser
		})
		fsa.Get(w, "/x", authz.Auth(), who)
		c := w.client(t)
		took := func(typed, pass string, status int) time.Duration {
			start := time.Now()
			c.Get("/x").Basic(typed, pass).Expect(status)
			return time.Since(start)
		}
		took("C", calvinPass, 200)
		if got := took("C", calvinPass, 200); got != 0 {
			t.Errorf("a proved password waits for the store: %v", got)
		}
		for _, typed := range []string{"C", "h@x.example", "nobody", "calvin", "C", "nobody"} {
			if got := took(typed, "wrong", 401); got != slow+slower {
				t.Errorf("a wrong password of %s takes %v", typed, got)
			}
		}
	})
}

// TestCanonicalThrottle: all that means the same user has one count; what means nobody
// has its own, which is not that of a user who is known by that. S20.
func TestCanonicalThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTyping(t, throttled())
		fsa.Get(w, "/x", authz.Auth(), who)
		d := &door{w.world, t, handlerOf(t, w.world)}
		d.expect("200", home, "C", calvinPass)
		d.fail(3, away, "C")
		d.fail(2, cafe, "c@x.example")
		d.expect("429 1", away, "c@x.example", calvinPass)
		d.expect("429 1", cafe, "C", calvinPass)
		d.expect("200", home, "c@x.example", calvinPass) // where the user has logged in, by whatever name: S17
		d.fail(5, away, "calvin")                        // nobody
		d.expect("429 1", away, "calvin", calvinPass)
		time.Sleep(time.Second)
		d.expect("200", away, "C", calvinPass) // which ends the user's delay
		d.fail(5, away, "C")
		d.expect("401", away, "nobody", "wrong")
	})
}

// TestCanonicalNobody: nobody's tries are counted by the form that the hook gives, so that
// which spellings share a count is the same for users and for nobody. S12, S20.
func TestCanonicalNobody(t *testing.T) {
	for _, nobody := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, throttled())
			w.CanonicalLogin(func(_ context.Context, typed string) (string, error) {
				if typed = strings.ToLower(typed); nobody {
					return typed, fmt.Errorf("typed: %w", fsa.ErrNoSuchUser)
				}
				return "calvin", nil
			})
			fsa.Get(w, "/x", authz.Auth(), who)
			d := &door{w, t, handlerOf(t, w)}
			d.fail(3, away, "C")
			d.fail(2, away, "c")
			d.expect("429 1", away, "C", "wrong")
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, throttled())
		w.CanonicalLogin(func(_ context.Context, typed string) (string, error) { return typed, fsa.ErrNoSuchUser })
		fsa.Get(w, "/x", authz.Auth(), who)
		d := &door{w, t, handlerOf(t, w)}
		d.fail(5, away, "m\u00fcller")
		d.expect("429 1", away, "m\u00fcller", "wrong")
		d.expect("401", away, "muller", "wrong") // whom the hook tells from the other
		d.expect("401", away, "M\u00fcller", "wrong")
	})
	// What has a form of its own does not meet what was only typed so.
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, throttled())
		w.CanonicalLogin(func(_ context.Context, typed string) (string, error) {
			if typed == "Moe" {
				return "MOE", fsa.ErrNoSuchUser // as names are folded where no form is given
			}
			return "", fsa.ErrNoSuchUser
		})
		fsa.Get(w, "/x", authz.Auth(), who)
		d := &door{w, t, handlerOf(t, w)}
		d.fail(5, away, "Moe")
		d.expect("429 1", away, "Moe", "wrong")
		d.fail(5, cafe, "moe")
		d.expect("429 1", cafe, "moe", "wrong")
	})
}

// TestCanonicalRace: who is nobody never shares the log-in of a user who is known by
// what was typed. S81.
func TestCanonicalRace(t *testing.T) {
	cfg := base()
	cfg.Cache = "none" // each request is a try
	w := newTyping(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			typed, want := "C", 200
			if i%2 == 0 {
				typed, want = "calvin", 401
			}
			if res := c.Get("/x").Basic(typed, calvinPass).Do(); res.Status != want {
				t.Errorf("%s: %d", typed, res.Status)
			}
		})
	}
	all.Wait()
}

// TestCanonicalOwn: a handler that asks for the password of the caller need not know what
// they have typed.
func TestCanonicalOwn(t *testing.T) {
	w := newTyping(t, base())
	fsa.Post(w, "/verify", authz.Auth(), func(ctx context.Context, in struct{ Login, Pass string }) (fsa.None, error) {
		return fsa.None{}, w.CheckUserPassword(ctx, in.Login, in.Pass)
	})
	c := w.client(t)
	for _, tt := range []struct {
		login, pass string
		status      int
	}{
		{"calvin", calvinPass, 204}, {"calvin", "wrong", 401}, {"C", calvinPass, 204}, {"hobbes", hobbesPass, 401}, {"h@x.example", hobbesPass, 204},
	} {
		c.Post("/verify").As("calvin").Form("login", tt.login, "pass", tt.pass).Expect(tt.status)
	}
}

// TestCanonicalFaults: one hook, and not none.
func TestCanonicalFaults(t *testing.T) {
	w := newTyping(t, base())
	w.CanonicalLogin(func(context.Context, string) (string, error) { return "", nil })
	fsa.Get(w, "/x", authz.Auth(), nothing)
	if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], "app.CanonicalLogin is called twice", "canonical_test.go:") {
		t.Errorf("%q", got)
	}
	bare := newWorld(t, base())
	bare.CanonicalLogin(nil)
	fsa.Get(bare, "/x", authz.Auth(), nothing)
	if got := faultsOf(t, bare.App); len(got) != 1 || !contains(got[0], "the hook of app.CanonicalLogin is nil") {
		t.Errorf("%q", got)
	}
}

// What users type is not what the application knows them by: a handed-over address
// carries nothing along.
func ExampleApp_CanonicalLogin() {
	cfg := quiet("basic")
	app := fsa.New("acme", cfg)
	hash, err := app.HashPassword(context.Background(), "mice-and-men")
	if err != nil {
		fmt.Println(err)
		return
	}
	ids := map[string]string{"susie@example.com": "user 7", "susie": "user 7"}
	app.CanonicalLogin(func(_ context.Context, typed string) (string, error) {
		id, ok := ids[typed]
		if !ok {
			return "", fsa.ErrNoSuchUser
		}
		return id, nil
	})
	app.UserPass(func(_ context.Context, id string) (string, error) {
		if id != "user 7" {
			return "", fsa.ErrNoSuchUser
		}
		return hash, nil
	})
	askMe(app, "Authorization", "Basic c3VzaWVAZXhhbXBsZS5jb206bWljZS1hbmQtbWVu") // susie@example.com:mice-and-men
	// Output:
	// 200 user 7
}

// TestCanonicalNobodyIsKnown: a hook may give a form of the name along with its refusal. That
// is counted, and nothing else: not even the right password of a user who has that name
// is one, whether it is known already or not.
func TestCanonicalNobodyIsKnown(t *testing.T) {
	for _, kept := range []string{"ttl", "none"} {
		synctest.Test(t, func(t *testing.T) {
			cfg := throttled()
			cfg.Cache = kept
			w := newWorld(t, cfg)
			var told []fsa.FailedLogin
			w.LoginFailed(func(_ context.Context, e fsa.FailedLogin) error {
				told = append(told, e)
				return nil
			})
			w.CanonicalLogin(func(_ context.Context, typed string) (string, error) {
				w.ask("typed " + typed)
				if typed != strings.ToLower(typed) {
					return strings.ToLower(typed), fsa.ErrNoSuchUser
				}
				return typed, nil
			})
			fsa.Get(w, "/x", authz.Auth(), who)
			d := &door{w, t, handlerOf(t, w)}
			d.expect("200", home, "calvin", calvinPass)
			d.expect("200", home, "calvin", calvinPass)
			for range 5 {
				d.expect("401", home, "Calvin", calvinPass) // where calvin is known
			}
			d.expect("429 1", home, "Calvin", calvinPass)
			for i, e := range told {
				if e.Login != "" {
					t.Errorf("failure %d is said to be of %s", i, e.Login)
				}
			}
			if len(told) != 5 {
				t.Errorf("told %d times", len(told))
			}
			// What can't be a password is not asked about.
			d.expect("401", cafe, "Susie", strings.Repeat("x", 2000))
			if w.times("typed Susie") != 0 {
				t.Error("the hook is asked about what is no password")
			}
		})
	}
}

// TestCanonicalNobodyStoreFails: a store that fails is a failure for nobody, too.
func TestCanonicalNobodyStoreFails(t *testing.T) {
	w := newWorld(t, base())
	w.CanonicalLogin(func(_ context.Context, typed string) (string, error) { return typed, fsa.ErrNoSuchUser })
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	c.Get("/x").Basic("susie", "wrong").Expect(401)
	app := fsa.New("acme", base())
	app.UserPass(func(context.Context, string) (string, error) { return "", errors.New("s3cret: the store is down") })
	app.CanonicalLogin(func(_ context.Context, typed string) (string, error) { return typed, fsa.ErrNoSuchUser })
	fsa.Get(app, "/x", authz.Auth(), who)
	if got := fsatest.New(t, app).Get("/x").Basic("susie", "wrong").Expect(500).Text(); got != "internal error in app.UserPass" {
		t.Error(got)
	}
}
