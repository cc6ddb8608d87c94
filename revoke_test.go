package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/golang-jwt/jwt/v5"
)

// revocable is each type of token, with a bound on delays that the tests of it need.
func revocable(t *testing.T, test func(t *testing.T, cfg fsa.Config)) {
	for _, kind := range []string{"fsa", "jwt"} {
		for _, kept := range []string{"ttl", "none"} {
			t.Run(kind+" "+kept, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := base()
					cfg.Mode = "dev"
					cfg.TokenType, cfg.Cache = kind, kept
					test(t, cfg)
				})
			})
		}
	}
}

// TestRevokeToken: a token that is revoked is refused at once, known or not, until
// it would have ended; others are not.
func TestRevokeToken(t *testing.T) {
	revocable(t, func(t *testing.T, cfg fsa.Config) {
		ctx := context.Background()
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		fsa.Get(w, "/stage", authz.Auth(), who, fsa.Realm("stage"))
		c := w.client(t)
		first := w.token(t, "calvin", fsa.TokenOptions{})
		time.Sleep(time.Second)
		second := w.token(t, "calvin", fsa.TokenOptions{})
		stage := w.token(t, "calvin", fsa.TokenOptions{Realm: "stage"})
		c.Get("/x").Bearer(first).Expect(200)
		if err := w.RevokeToken(ctx, first, ""); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := c.Get("/x").Bearer(first).Expect(401).Text(); got != "revoked token" {
				t.Error(got)
			}
			c.Get("/x").Bearer(second).Expect(200)
			c.Get("/stage").Bearer(stage).Expect(200)
		}
		if err := w.RevokeToken(ctx, stage, "stage"); err != nil {
			t.Fatal(err)
		}
		c.Get("/stage").Bearer(stage).Expect(401)
		c.Get("/x").Bearer(second).Expect(200)
		w.ClearCaches(ctx)
		c.Get("/x").Bearer(first).Expect(401)
		for raw, realm := range map[string]string{second + "0": "", second: "stage", "": "", strings.Repeat("a", 9000): ""} {
			if err := w.RevokeToken(ctx, raw, realm); err == nil {
				t.Errorf("%.20q is revoked in %q", raw, realm)
			} else if strings.Contains(err.Error(), second) {
				t.Errorf("the error has the token: %v", err)
			}
		}
		c.Get("/x").Bearer(second).Expect(200)
		time.Sleep(2 * time.Hour)
		if err := w.RevokeToken(ctx, second, ""); err != nil {
			t.Errorf("one that has expired: %v", err)
		}
	})
}

// TestRevokeUser: all that was made before is refused, in all realms, and what is
// made after is good, also in the same second, also if it is short.
func TestRevokeUser(t *testing.T) {
	revocable(t, func(t *testing.T, cfg fsa.Config) {
		ctx := context.Background()
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		fsa.Get(w, "/stage", authz.Auth(), who, fsa.Realm("stage"))
		c := w.client(t)
		path := map[string]string{"": "/x", "stage": "/stage"}
		var old, now []func() int
		make := func(realm string, delay time.Duration) func() int {
			raw := w.token(t, "calvin", fsa.TokenOptions{Realm: realm, Delay: delay})
			return func() int { return c.Get(path[realm]).Bearer(raw).Do().Status }
		}
		kinds := func() (all []func() int) {
			return []func() int{make("", 0), make("", 23*time.Hour), make("", 24*time.Hour), make("stage", 0), make("stage", 10*time.Minute)}
		}
		expect := func(when string, want int, tokens []func() int) {
			t.Helper()
			for i, try := range tokens {
				if got := try(); got != want {
					t.Errorf("%s: token %d: %d, want %d", when, i, got, want)
				}
			}
		}
		hobbes := w.token(t, "hobbes", fsa.TokenOptions{})
		old = kinds()
		time.Sleep(90 * time.Second)
		old = append(old, kinds()...)
		expect("before", 200, old)
		if err := w.RevokeUser(ctx, "calvin"); err != nil {
			t.Fatal(err)
		}
		expect("at once", 401, old)
		now = kinds() // in the same second
		expect("made after", 200, now)
		expect("then", 401, old)
		c.Get("/x").Bearer(hobbes).Expect(200)
		w.ClearCaches(ctx)
		expect("not known, made before", 401, old)
		expect("not known, made after", 200, now)
		time.Sleep(5 * time.Minute)
		now = append(now, kinds()...)
		expect("made later", 200, now)
		// Once more: that ends what was made after the first time, too.
		if err := w.RevokeUser(ctx, "calvin"); err != nil {
			t.Fatal(err)
		}
		expect("the second time", 401, append(old, now...))
		last := kinds()
		expect("made after the second time", 200, last)
		for range 23 {
			time.Sleep(time.Hour)
			for _, try := range append(old, now...) {
				if got := try(); got != 401 {
					t.Errorf("it comes back: %d", got)
				}
			}
		}
		if got := last[2](); got != 200 {
			t.Errorf("a long one that was made after: %d", got)
		}
		if err := w.RevokeUser(ctx, ""); err == nil {
			t.Error("nobody's tokens are revoked")
		}
	})
}

// TestRevokeUserModel: whatever is made, revoked and tried in whatever order, a token
// is good as long as it has not expired and was not revoked after it was made.
func TestRevokeUserModel(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			type made struct {
				raw, login string
				at, end    time.Time
				ended      bool
			}
			ctx := context.Background()
			rnd := rand.New(rand.NewPCG(seed, 7))
			cfg := base()
			cfg.TokenType = []string{"fsa", "jwt"}[seed%2]
			cfg.TokenMaxDelay = time.Duration(1+rnd.IntN(5)) * time.Hour
			w := newWorld(t, cfg)
			fsa.Get(w, "/x", authz.Auth(), who)
			c := w.client(t)
			var all []*made
			users := []string{"calvin", "hobbes"}
			for range 200 {
				time.Sleep(time.Duration(rnd.ExpFloat64() * float64(time.Minute)))
				login := users[rnd.IntN(2)]
				switch rnd.IntN(10) {
				case 0:
					if err := w.RevokeUser(ctx, login); err != nil {
						t.Fatal(err)
					}
					for _, m := range all {
						m.ended = m.ended || m.login == login
					}
				case 1:
					if len(all) > 0 {
						m := all[rnd.IntN(len(all))]
						if time.Now().Before(m.end) && !m.ended {
							w.RevokeToken(ctx, m.raw, "")
							for _, same := range all { // two of one second may be one
								same.ended = same.ended || same.raw == m.raw
							}
						}
					}
				case 2, 3, 4:
					delay := time.Minute + time.Duration(rnd.Int64N(int64(cfg.TokenMaxDelay-time.Minute)))
					raw := w.token(t, login, fsa.TokenOptions{Delay: delay})
					all = append(all, &made{raw: raw, login: login, at: time.Now(), end: time.Now().Add(delay)})
				default:
					for _, m := range all {
						left := time.Until(m.end)
						if -2*time.Second < left && left < 2*time.Second {
							continue // ends are in seconds
						}
						want := 200
						if m.ended || left < 0 {
							want = 401
						}
						if got := c.Get("/x").Bearer(m.raw).Do().Status; got != want {
							t.Fatalf("seed %d: a token of %v, with %v left, ended %t: %d, want %d", seed, m.at, left, m.ended, got, want)
						}
					}
				}
			}
		})
	}
}

// brokenOnce fails when it is told to.
type brokenOnce struct {
	cache.Once
	down atomic.Bool
}

func (b *brokenOnce) Use(ctx context.Context, key string, until time.Time) (bool, error) {
	if b.down.Load() {
		return false, errors.New("the store is down: s3cret")
	}
	return b.Once.Use(ctx, key, until)
}

func (b *brokenOnce) Used(ctx context.Context, key string) (bool, error) {
	if b.down.Load() {
		return false, errors.New("the store is down: s3cret")
	}
	return b.Once.Used(ctx, key)
}

// TestRevokeStore: instances that share a store know of each other's revocations;
// without it, no token is believed, and none is revoked.
func TestRevokeStore(t *testing.T) {
	ctx := context.Background()
	store := &brokenOnce{Once: cache.NewMemoryOnce(0)}
	var worlds []*world
	for range 2 {
		cfg := base()
		cfg.Revocations = store
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		worlds = append(worlds, w)
	}
	one, other := worlds[0], worlds[1]
	raw, another := one.token(t, "calvin", fsa.TokenOptions{}), one.token(t, "hobbes", fsa.TokenOptions{Delay: 2 * time.Hour})
	other.client(t).Get("/x").Bearer(raw).Expect(200)
	if err := one.RevokeUser(ctx, "calvin"); err != nil {
		t.Fatal(err)
	}
	other.client(t).Get("/x").Bearer(raw).Expect(401)
	other.client(t).Get("/x").Bearer(another).Expect(200)
	if err := one.RevokeToken(ctx, another, ""); err != nil {
		t.Fatal(err)
	}
	other.client(t).Get("/x").Bearer(another).Expect(401)
	good := one.token(t, "susie", fsa.TokenOptions{})
	other.client(t).Get("/x").Bearer(good).Expect(200)
	store.down.Store(true)
	for _, w := range worlds {
		r := w.client(t).Get("/x").Bearer(good).Expect(503)
		if r.Header.Get("Retry-After") == "" || r.Text() != "tokens cannot be checked at the moment, try again later" {
			t.Errorf("%s %v", r.Text(), r.Header)
		}
		w.client(t).Get("/x").Basic("calvin", calvinPass).Expect(200) // needs no token
	}
	if err := one.RevokeUser(ctx, "susie"); err == nil {
		t.Error("revoked without a store")
	}
	if err := one.RevokeToken(ctx, good, ""); err == nil {
		t.Error("revoked without a store")
	}
	if _, err := one.CreateToken(ctx, "calvin", fsa.TokenOptions{}); err == nil {
		t.Error("a token is made that may not be good")
	}
}

// failingOnce is a store of which one call fails, and which notes what is asked of it.
type failingOnce struct {
	cache.Once
	mu           sync.Mutex
	fails, calls int           // calls are counted from one on
	uses         int           // those of Use
	kept         time.Duration // for how long something is to be kept at most
}

// fail begins to count anew, and lets the call fail that is the n-th, 0 for none.
func (f *failingOnce) fail(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails, f.calls, f.uses = n, 0, 0
}

func (f *failingOnce) call() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls++; f.calls == f.fails {
		return errors.New("the store is down: s3cret")
	}
	return nil
}

func (f *failingOnce) Use(ctx context.Context, key string, until time.Time) (bool, error) {
	f.mu.Lock()
	f.uses++
	f.kept = max(f.kept, time.Until(until))
	f.mu.Unlock()
	if err := f.call(); err != nil {
		return false, err
	}
	return f.Once.Use(ctx, key, until)
}

func (f *failingOnce) Used(ctx context.Context, key string) (bool, error) {
	if err := f.call(); err != nil {
		return true, err // which does not count beside an error
	}
	return f.Once.Used(ctx, key)
}

// TestRevokeStoreFailsOnTheWay: whichever look into the store fails, no token is
// believed, and what has not been noted as a whole has not succeeded.
func TestRevokeStoreFailsOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &failingOnce{Once: slowOnce{cache.NewMemoryOnce(0)}} // a user is marked for two seconds
		cfg := base()
		cfg.Revocations = store
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		c := w.client(t)
		// each lets one call after the other fail, until there are no more.
		each := func(what string, failed func() bool) {
			t.Helper()
			for n := 1; ; n++ {
				store.fail(n)
				told := failed()
				store.mu.Lock()
				last := store.calls < n
				store.mu.Unlock()
				switch {
				case last && told:
					t.Errorf("%s fails, and nothing else has", what)
				case !last && !told:
					t.Errorf("%s: call %d of the store fails, and nobody is told", what, n)
				}
				if last {
					if n < 3 {
						t.Errorf("%s: the store is asked %d times", what, n-1)
					}
					return
				}
			}
		}
		old := w.token(t, "calvin", fsa.TokenOptions{Delay: 24 * time.Hour})
		each("RevokeUser", func() bool { return w.RevokeUser(t.Context(), "calvin") != nil })
		var made string
		each("CreateToken", func() (failed bool) {
			raw, err := w.CreateToken(t.Context(), "calvin", fsa.TokenOptions{})
			if (err != nil) == (raw != "") {
				t.Errorf("there is a token, %t, and an error, %v", raw != "", err)
			}
			made = raw
			return err != nil
		})
		for raw, status := range map[string]int{old: 401, made: 200} {
			each(fmt.Sprintf("a request that is %d", status), func() bool {
				got := c.Get("/x").Bearer(raw).Do().Status
				if got != 503 && got != status {
					t.Errorf("%d, want %d or 503", got, status)
				}
				return got == 503
			})
		}
	})
}

// TestRevokeNotesNoMore: what is noted is kept for as long as a token can last, and
// nothing is noted of a token that says by itself that it was made after.
func TestRevokeNotesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &failingOnce{Once: cache.NewMemoryOnce(0)}
		cfg := base()
		cfg.Revocations, cfg.TokenType, cfg.TokenMaxDelay = store, "jwt", 48*time.Hour
		w := newWorld(t, cfg)
		if err := w.RevokeUser(t.Context(), "calvin"); err != nil {
			t.Fatal(err)
		}
		if store.kept < 48*time.Hour || store.kept > 49*time.Hour {
			t.Errorf("a revocation is kept for %v", store.kept)
		}
		time.Sleep(10 * time.Second)
		store.fail(0)
		w.token(t, "calvin", fsa.TokenOptions{})
		if store.uses != 0 {
			t.Errorf("%d notes", store.uses)
		}
	})
}

// TestRevokeUserGone: who does not wait for the next second gets no token that would
// have been revoked already.
func TestRevokeUserGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		if err := w.RevokeUser(t.Context(), "calvin"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if raw, err := w.CreateToken(ctx, "calvin", fsa.TokenOptions{}); raw != "" || !errors.Is(err, context.Canceled) {
			t.Errorf("a token, %t, and %v", raw != "", err)
		}
	})
}

// TestRevokeUserOfAnotherProgram: a token of another program that has our secret, and
// knows of no revocation, is good again once it says that it was made after it, or
// cannot have been made before.
func TestRevokeUserOfAnotherProgram(t *testing.T) {
	revocable(t, func(t *testing.T, cfg fsa.Config) {
		w, other := newWorld(t, cfg), newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		c := w.client(t)
		before := other.token(t, "calvin", fsa.TokenOptions{Delay: 24 * time.Hour})
		if err := w.RevokeUser(t.Context(), "calvin"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		c.Get("/x").Bearer(before).Expect(401)
		c.Get("/x").Bearer(other.token(t, "calvin", fsa.TokenOptions{Delay: 24 * time.Hour})).Expect(200)
		c.Get("/x").Bearer(other.token(t, "calvin", fsa.TokenOptions{Delay: time.Hour})).Expect(map[string]int{"fsa": 401, "jwt": 200}[cfg.TokenType])
	})
}

// TestRevokeTokenElsewhere: a token of another issuer is revoked as one of our own:
// if it is good, or has been.
func TestRevokeTokenElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		idp := newProvider("https://idp.example", 1)
		w := oauthWorld(t, fsa.Config{}, idp.trusted())
		c := w.client(t)
		one, two := idp.mint(t, 1, jwt.MapClaims{"jti": "1"}), idp.mint(t, 1, jwt.MapClaims{"jti": "2"})
		if claims, err := w.CheckToken(ctx, one, ""); err != nil || claims.Login != idp.name+"|7" {
			t.Errorf("%+v, %v", claims, err)
		}
		c.Get("/me").Bearer(one).Expect(200)
		if err := w.RevokeToken(ctx, one, ""); err != nil {
			t.Fatal(err)
		}
		if got := c.Get("/me").Bearer(one).Expect(401).Text(); strings.Contains(got, "expired") {
			t.Error(got)
		}
		if _, err := w.CheckToken(ctx, one, ""); err == nil || !strings.Contains(err.Error(), "revoked") {
			t.Error(err)
		}
		c.Get("/me").Bearer(two).Expect(200)
		for _, bad := range []struct{ raw, realm string }{{idp.mint(t, 2, nil), ""}, {two, "stage"}, {two[:len(two)-1], ""}, {newProvider("https://other.example", 1).mint(t, 1, nil), ""}} {
			if err := w.RevokeToken(ctx, bad.raw, bad.realm); err == nil {
				t.Errorf("one that is not good is revoked in %q", bad.realm)
			}
			if _, err := w.CheckToken(ctx, bad.raw, bad.realm); err == nil {
				t.Errorf("one that is not good is good in %q", bad.realm)
			}
		}
		c.Get("/me").Bearer(two).Expect(200)
		time.Sleep(2 * time.Hour)
		if _, err := w.CheckToken(ctx, two, ""); err == nil || !strings.Contains(err.Error(), "expired") {
			t.Error(err)
		}
		if err := w.RevokeToken(ctx, two, ""); err != nil {
			t.Errorf("one that has expired: %v", err)
		}
	})
}

// TestRevokeMaxDelay: no token is made that would outlive its revocation.
func TestRevokeMaxDelay(t *testing.T) {
	w := newWorld(t, base())
	if _, err := w.CreateToken(context.Background(), "calvin", fsa.TokenOptions{Delay: 25 * time.Hour}); err == nil || !contains(err.Error(), "25h0m0s", "FSA_TOKEN_MAX_DELAY") {
		t.Errorf("%v", err)
	}
	for _, test := range []struct {
		delay, most time.Duration
		want        string
	}{
		{2 * time.Hour, time.Hour, "is 1h0m0s, under FSA_TOKEN_DELAY, which is 2h0m0s"},
		{0, 401 * 24 * time.Hour, "use at most 9600h0m0s"},
		{48 * time.Hour, 0, ""},
	} {
		cfg := base()
		cfg.TokenDelay, cfg.TokenMaxDelay = test.delay, test.most
		got := fmt.Sprint(faultsOf(t, newWorld(t, cfg).App))
		if test.want == "" && got != "[]" || !strings.Contains(got, test.want) {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
}

// BenchmarkRevoked: what revocations cost a token that has none, after some have been
// made, of others and of the same user.
func BenchmarkRevoked(b *testing.B) {
	for _, name := range []string{"nothing revoked", "others revoked", "the user revoked before"} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			w := newWorld(b, base())
			fsa.Get(w, "/x", authz.Auth(), who)
			switch name {
			case "others revoked":
				w.RevokeUser(ctx, "hobbes")
			case "the user revoked before":
				w.RevokeUser(ctx, "calvin")
			}
			r := w.client(b).Get("/x").Bearer(w.token(b, "calvin", fsa.TokenOptions{}))
			b.ReportAllocs()
			for b.Loop() {
				r.Do()
			}
		})
	}
}
