package accounts_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/authz"
)

// staged is a store that lets a test come in between.
type staged struct {
	accounts.Store
	mu                            sync.Mutex
	before, after                 func() // a Write, once
	beforeUserByID, afterUserByID func() // once
}

func (s *staged) take(f *func()) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := *f
	*f = nil
	if g == nil {
		return func() {}
	}
	return g
}

func (s *staged) set(f *func(), g func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*f = g
}

func (s *staged) Write(ctx context.Context, f func(accounts.Tx) error) error {
	s.take(&s.before)()
	err := s.Store.Write(ctx, f)
	s.take(&s.after)()
	return err
}

func (s *staged) UserByID(ctx context.Context, id string) (*accounts.User, error) {
	s.take(&s.beforeUserByID)()
	u, err := s.Store.UserByID(ctx, id)
	s.take(&s.afterUserByID)()
	return u, err
}

// newStaged makes a world whose store is staged. observe is called when a slow hash has
// been computed.
func newStaged(t *testing.T, db database, cfg fsa.Config, o accounts.Options, observe func()) (*world, *staged) {
	w := &world{t: t, db: db, log: &syncBuffer{}}
	cfg.Logger = slog.New(slog.NewTextHandler(w.log, nil))
	store := &staged{Store: db.open(t)}
	w.store = store
	w.app = fsa.New("acme", accounts.Defaults(cfg))
	w.acc = accounts.New(w.app, store, o)
	if observe != nil {
		w.app.Observe(fsa.Observer{PasswordHash: func(context.Context, fsa.PasswordHashEvent) { observe() }})
	}
	fsa.Get(w.app, "/ways", authz.Auth(), func(_ context.Context, in struct{ Me fsa.CurrentUser }) (string, error) { return string(in.Me), nil }, fsa.Authn("basic", "token", "session"))
	return w.compile(), store
}

// stop is a place where somebody waits until they may go on.
type stop struct{ here, on chan bool }

func newStop() stop { return stop{make(chan bool), make(chan bool)} }

func (s stop) wait()  { s.here <- true; <-s.on } // of who comes to it
func (s stop) until() { <-s.here }               // somebody waits there
func (s stop) goOn()  { close(s.on) }

// tokenIn gives the token of an answer to a log-in, "" if there is none.
func tokenIn(a answer) string {
	var body struct {
		Response struct {
			User struct {
				Token string `json:"authentication_token"`
			}
		}
	}
	json.Unmarshal(a.Body.Bytes(), &body)
	return body.Response.User.Token
}

// TestTokenOfOldPassword: no token comes out of a log-in, or of a session, that a new
// password has ended before the token was made. S52.
func TestTokenOfOldPassword(t *testing.T) {
	change := func(w *world, u *accounts.User) {
		b := w.browser().login(u.Email, goodPassword)
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
	}
	use := func(w *world, token string) {
		w.t.Helper()
		if token == "" {
			return
		}
		if a := w.browser().send("GET", "/ways", "", "", "Authorization", "Bearer "+token); a.Code != 401 {
			w.t.Errorf("the token of the old password gets %d", a.Code)
		}
	}
	t.Run("log-in", func(t *testing.T) {
		w, store := newStaged(t, sqlite(t), quick(), accounts.Options{}, nil)
		u := w.user("calvin@example.com")
		store.set(&store.after, func() { change(w, u) }) // the log-in has been stored
		a := w.browser().ask("POST", "/login?include_auth_token", "email", u.Email, "password", goodPassword).expect(401)
		use(w, tokenIn(a))
	})
	t.Run("session", func(t *testing.T) {
		var once func()
		w, _ := newStaged(t, sqlite(t), quick(), accounts.Options{Decide: func(context.Context, *accounts.User, string) accounts.Decision {
			if f := once; f != nil {
				once = nil
				f()
			}
			return accounts.Allow()
		}}, nil)
		u := w.user("calvin@example.com")
		b := w.browser().login(u.Email, goodPassword)
		once = func() { change(w, u) } // the session has been found good
		a := b.ask("GET", "/login?include_auth_token").expect(401)
		use(w, tokenIn(a))
	})
}

// TestReplacedElsewhereBoth: the old password's refusal does not cost the new one its log-in.
func TestReplacedElsewhereBoth(t *testing.T) {
	db := sqlite(t)
	var mu sync.Mutex
	var observe func()
	one, _ := newStaged(t, db, quick(), accounts.Options{}, nil)
	two, store := newStaged(t, db, quick(), accounts.Options{Staleness: time.Millisecond}, func() {
		mu.Lock()
		f := observe
		observe = nil
		mu.Unlock()
		if f != nil {
			f()
		}
	})
	u := one.user("calvin@example.com")
	try := func(password string) int {
		return two.browser().send("GET", "/ways", "", "", "Authorization", basic(u.Email, password)).Code
	}
	if got := try(goodPassword); got != 200 {
		t.Fatal(got)
	}
	change(one, u, nil)
	time.Sleep(5 * time.Millisecond)

	reload, hashed := newStop(), newStop()
	// The first to be asked for the user is admit, the second is replaced.
	store.set(&store.afterUserByID, func() { store.set(&store.afterUserByID, reload.wait) })
	var all sync.WaitGroup
	oldDone := make(chan int, 1)
	all.Go(func() { oldDone <- try(goodPassword) })
	reload.until()
	mu.Lock()
	observe = hashed.wait
	mu.Unlock()
	newDone := make(chan int, 1)
	all.Go(func() { newDone <- try(otherPassword) })
	hashed.until() // the right password has been compared with the new hash
	reload.goOn()
	old := <-oldDone
	hashed.goOn()
	if fresh := <-newDone; old != 401 || fresh != 200 {
		t.Errorf("the old password gets %d, the new one %d", old, fresh)
	}
	all.Wait()
}

// TestHandedLate: what a load that was disowned has read does not stand for the hash that
// is kept. S85.
func TestHandedLate(t *testing.T) {
	db := sqlite(t)
	one, _ := newStaged(t, db, prod(), accounts.Options{Secret: secret, NoRecover: true}, nil)
	two, store := newStaged(t, db, prod(), accounts.Options{Staleness: time.Millisecond, Secret: secret, NoRecover: true}, nil)
	u := one.user("calvin@example.com")
	try := func(password string) int {
		return two.browser().send("GET", "/ways", "", "", "Authorization", basic(u.Email, password)).Code
	}
	slow := newStop()
	store.set(&store.beforeUserByID, slow.wait)
	var all sync.WaitGroup
	all.Go(func() { // of somebody else
		b := two.browser()
		b.from = "198.51.100.9:4000"
		b.send("GET", "/ways", "", "", "Authorization", basic(u.Email, "a wrong password"))
	})
	slow.until()
	must(t, two.app.AuthUncache(t.Context(), u.ID)) // a role is granted, say
	if got := try(goodPassword); got != 200 {
		t.Fatal(got)
	}
	change(one, u, nil)
	slow.goOn()
	all.Wait()
	time.Sleep(20 * time.Millisecond) // over Staleness
	if got := try(goodPassword); got != 401 {
		t.Errorf("the old password gets %d", got)
	}
	if got := try(goodPassword); got != 401 {
		t.Errorf("and again %d", got)
	}
}

// TestOldPasswordUnderWay: a request with the old password, whose user is still being read
// when the password changes and everything is ended, is not let in by it, whether the new
// password has come in meanwhile or not. S51
func TestOldPasswordUnderWay(t *testing.T) {
	for _, meanwhile := range []bool{false, true} {
		db := sqlite(t)
		one, _ := newStaged(t, db, quick(), accounts.Options{}, nil)
		two, store := newStaged(t, db, quick(), accounts.Options{}, nil)
		u := one.user("calvin@example.com")
		try := func(password string) int {
			return two.browser().send("GET", "/ways", "", "", "Authorization", basic(u.Email, password)).Code
		}
		slow := newStop()
		store.set(&store.afterUserByID, slow.wait) // the answer of the database is slow to come
		var all sync.WaitGroup
		old := 0
		all.Go(func() { old = try(goodPassword) })
		slow.until()
		change(one, u, nil)
		must(t, two.app.AuthUncache(t.Context(), u.ID))
		must(t, two.app.RevokeUser(t.Context(), u.ID))
		if meanwhile {
			if got := try(otherPassword); got != 200 {
				t.Errorf("the new password gets %d", got)
			}
		}
		slow.goOn()
		all.Wait()
		if old != 401 {
			t.Errorf("the new one has come in meanwhile: %t; the old password gets %d", meanwhile, old)
		}
	}
}

// TestLogoutOfRenewed: a session that gets another secret while it is being logged out has
// ended. S51.
func TestLogoutOfRenewed(t *testing.T) {
	w, store := newStaged(t, sqlite(t), quick(), accounts.Options{}, nil)
	u := w.user("calvin@example.com")
	b := w.browser().login(u.Email, goodPassword)
	b.ask("GET", "/ways").expect(200)
	other := w.with(b.cookies["session"])
	store.set(&store.before, func() {
		b.form("/verify", "password", goodPassword).expect(303)
		b.ask("GET", "/ways").expect(200)
	})
	other.form("/logout").expect(303)
	b.ask("GET", "/ways").expect(401)
}
