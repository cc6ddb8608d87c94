package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

// TestAliasesShareOneCount: tries by address, by name, by ID, in other spellings and by
// other schemes are tries of one account. S16, S19, S20, S21.
func TestAliasesShareOneCount(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Usernames: true})
		w.start()
		u, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: "calvin@example.com", Username: "Calvin", Password: goodPassword, Confirmed: true}, accounts.Actor{})
		if err != nil {
			t.Fatal(err)
		}
		w.user("hobbes@example.com")
		tries := []func() answer{
			func() answer {
				return w.browser().form("/login", "identity", "calvin@example.com", "password", "wrong 1")
			},
			func() answer {
				return w.browser().ask("POST", "/login", "username", "CALVIN", "password", "wrong 2")
			},
			func() answer { return w.browser().form("/login", "identity", u.ID, "password", "wrong 3") },
			func() answer {
				return w.browser().send("GET", "/ways", "", "", "Authorization", basic("Calvin@Example.COM", "wrong 4"))
			},
			func() answer { return w.browser().send("GET", "/ways?USER=calvin&PASS=wrong+5", "", "") },
		}
		for i, try := range tries {
			if a := try(); a.Code == 429 || a.Code == 200 {
				t.Errorf("try %d: %d %s", i, a.Code, a.Body)
			}
		}
		for i, try := range tries {
			a := try()
			seconds, err := strconv.Atoi(a.Header().Get("Retry-After"))
			if a.Code != 429 || err != nil || seconds < 1 || seconds > 60 {
				t.Errorf("try %d: %d, Retry-After %q", i, a.Code, a.Header()["Retry-After"])
			}
		}
		w.browser().form("/login", "identity", "calvin", "password", goodPassword).expect(429, "too many tries") // right, and too early
		w.browser().login("hobbes@example.com", goodPassword)
	})
}

// TestOwnerGetsThrough: what an attacker does elsewhere keeps out neither who comes from a
// known browser nor who recovers the account. S17.
func TestOwnerGetsThrough(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		cfg := quick()
		cfg.LoginThrottle.Delay, cfg.LoginThrottle.MaxDelay = time.Hour, 2*time.Hour // however slow the machine is
		w := newWorld(t, db, cfg, accounts.Options{}).start()
		u := w.user("calvin@example.com")
		owner := w.browser().login(u.Email, goodPassword)
		owner.form("/logout").expect(303)
		attack := func() {
			for i := range 7 {
				w.browser().form("/login", "identity", u.Email, "password", "wrong"+strconv.Itoa(i))
			}
			w.browser().form("/login", "identity", u.Email, "password", goodPassword).expect(429)
		}
		attack()
		owner.login(u.Email, goodPassword)
		// A known browser is not one that may guess for ever.
		owner.form("/logout").expect(303)
		for range 5 {
			owner.form("/login", "identity", u.Email, "password", "wrong").expect(422)
		}
		owner.form("/login", "identity", u.Email, "password", goodPassword).expect(429)
		// Nor is what it has a way in to anybody else.
		hobbes := w.user("hobbes@example.com")
		for range 5 {
			w.browser().form("/login", "identity", hobbes.Email, "password", "wrong").expect(422)
		}
		owner.form("/login", "identity", hobbes.Email, "password", goodPassword).expect(429)

		attack()
		elsewhere := w.browser()
		elsewhere.form("/reset", "email", u.Email).expect(200)
		elsewhere.form(w.link(u.Email, "/reset", 1), "password", otherPassword, "password_confirm", otherPassword).expect(303)
		elsewhere.login(u.Email, otherPassword).page("/").expect(200)
		w.browser().form("/login", "identity", u.Email, "password", "wrong").expect(429)
		owner.form("/login", "identity", u.Email, "password", "wrong").expect(429) // it is not known any more
	})
}

// TestNetwork: a network that fails with all kinds of accounts is delayed, others aren't.
// S20.
func TestNetwork(t *testing.T) {
	cfg := quick()
	cfg.LoginThrottle.NetworkFactor = 2
	w := newWorld(t, sqlite(t), cfg, accounts.Options{}).start()
	w.user("calvin@example.com")
	from := func(address string) *browser {
		b := w.browser()
		b.from, b.tls = address, true
		return b
	}
	for i := range 10 {
		from("203.0.113."+strconv.Itoa(i)+":1").form("/login", "identity", "nobody"+strconv.Itoa(i)+"@example.com", "password", "wrong").expect(422)
	}
	from("203.0.113.99:1").form("/login", "identity", "calvin@example.com", "password", goodPassword).expect(429)
	from("203.0.114.99:1").login("calvin@example.com", goodPassword)
	from("[2001:db8::1]:1").login("calvin@example.com", goodPassword)
}

// TestThrottledAsks: mails and registrations are limited, also for who knows no password.
// S19, S21.
func TestThrottledAsks(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Registerable: true}).start()
		w.user("calvin@example.com")
		for _, c := range [][]string{
			{"/reset", "email", "calvin@example.com"}, {"/confirm", "email", "calvin@example.com"},
			{"/register", "email", "calvin@example.com", "password", otherPassword, "password_confirm", otherPassword},
		} {
			allowed := 0
			for range 20 {
				c[2] = map[string]string{"calvin@example.com": "Calvin@EXAMPLE.com", "Calvin@EXAMPLE.com": "calvin@example.com"}[c[2]]
				a := w.browser().form(c[0], c[1:]...)
				if a.Code == 200 {
					allowed++
				} else if a.expect(429, "too many tries"); a.Header().Get("Retry-After") == "" {
					t.Error("it does not say when to come again")
				}
			}
			if allowed != 5 {
				t.Errorf("%s: %d instead of 5", c[0], allowed)
			}
		}
		// Present passwords of /change and /verify are tries, too.
		b := w.browser().login("calvin@example.com", goodPassword)
		for i := range 5 {
			b.form([]string{"/verify", "/change"}[i%2], "password", "wrong").expect(422, "not your password")
		}
		b.form("/verify", "password", goodPassword).expect(429)
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(429)
	})
}

// TestThrottledTexts: all pages say in the same words that there were too many tries, but
// one that has words of its own.
func TestThrottledTexts(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true, Look: accounts.Look{Texts: map[string]map[string]string{
		"en": {"fault.throttled": "Slowly: %d min.", "reset.throttled": "Mails take their time: %d min."},
		"fr": {"fault.throttled": "Doucement : %d min.", "reset.throttled": "Le courrier prend son temps : %d min."},
	}}}).compile()
	for name, calvin := range map[string]*browser{"en": w.browser(), "fr": w.browser()} {
		u := w.user("calvin-" + name + "@example.com")
		calvin.login(u.Email, goodPassword)
		hobbes := w.browser()
		for _, b := range []*browser{calvin, hobbes} {
			b.header.Set("Accept-Language", name)
		}
		common := map[string]string{"en": "Slowly: 1 min.", "fr": "Doucement : 1 min."}[name]
		for _, c := range []struct {
			b    *browser
			want string
			form []string
		}{
			{hobbes, common, []string{"/login", "identity", "susie-" + name + "@example.com", "password", "wrong"}},
			{hobbes, common, []string{"/register", "email", u.Email, "password", otherPassword, "password_confirm", otherPassword}},
			{hobbes, common, []string{"/confirm", "email", u.Email}},
			{hobbes, map[string]string{"en": "Mails take their time: 1 min.", "fr": "Le courrier prend son temps : 1 min."}[name], []string{"/reset", "email", u.Email}},
			{calvin, common, []string{"/verify", "password", "wrong"}},
			{calvin, common, []string{"/change", "password", "wrong", "new_password", otherPassword, "new_password_confirm", otherPassword}},
		} {
			for range 5 {
				c.b.form(c.form[0], c.form[1:]...)
			}
			c.b.form(c.form[0], c.form[1:]...).expect(429, c.want)
			code, response := c.b.ask("POST", c.form[0], c.form[1:]...).expect(429).json()
			if got := fmt.Sprint(response["errors"]); code != 429 || got != "["+c.want+"]" {
				t.Errorf("%s: %d %s", c.form[0], code, got)
			}
		}
	}
}

// TestParallelTries: of many tries at the same moment no more are looked at than in turn. S18.
func TestParallelTries(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{}).compile()
	w.user("calvin@example.com")
	before := w.hashes.Load()
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			w.browser().form("/login", "identity", "calvin@example.com", "password", "wrong"+strconv.Itoa(i))
		})
	}
	all.Wait()
	if n := w.hashes.Load() - before; n > 5 {
		t.Errorf("%d passwords were tried", n)
	}
}

// broken is a counter that can't count.
type broken struct{}

var errDown = errors.New("the counter is down")

func (broken) Add(context.Context, string, int64, time.Duration) (int64, error) { return 0, errDown }
func (broken) Get(context.Context, string) (int64, error)                       { return 0, errDown }
func (broken) Reset(context.Context, string) error                              { return errDown }

// TestCounterDown: what can't be counted is not tried, and nothing of it is told. S23.
func TestCounterDown(t *testing.T) {
	cfg := quick()
	cfg.LoginThrottle.Counter = broken{}
	w := newWorld(t, sqlite(t), cfg, accounts.Options{Registerable: true}).compile()
	w.user("calvin@example.com")
	for _, c := range [][]string{
		{"/login", "identity", "calvin@example.com", "password", goodPassword}, {"/reset", "email", "calvin@example.com"}, {"/confirm", "email", "calvin@example.com"},
		{"/register", "email", "hobbes@example.com", "password", goodPassword, "password_confirm", goodPassword},
	} {
		before := w.hashes.Load()
		a := w.browser().form(c[0], c[1:]...).expect(503)
		if a.Header().Get("Retry-After") == "" || strings.Contains(a.Body.String(), "down") || w.hashes.Load() != before {
			t.Errorf("%s: %v %s", c[0], a.Header(), a.Body)
		}
	}
}
