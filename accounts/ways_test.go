package accounts_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// TestWaysIn: whichever way somebody comes whose credential is right, their account is
// judged the same, and they are told the same. S14, S22, S82.
func TestWaysIn(t *testing.T) {
	verdicts := map[string]struct {
		status int // of a way that logs in, and of each request of the others
		text   string
	}{
		"fine":        {200, ""},
		"inactive":    {403, "This account is closed."},
		"locked":      {403, "This account is locked."},
		"unconfirmed": {403, "Please confirm your e-mail address first."},
		"delayed":     {429, "This account can be used again in 60\u00a0min."},
		"unknown":     {401, ""},
	}
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{})
		w.start()
		all := states(w)
		all["unknown"] = func(u *accounts.User) {
			if err := w.acc.DeleteUser(t.Context(), u.ID, accounts.Actor{}); err != nil {
				t.Fatal(err)
			}
		}
		for _, state := range slices.Sorted(maps.Keys(all)) {
			for _, way := range []string{"form", "JSON", "basic", "param", "token", "session"} {
				t.Run(state+" "+way, func(t *testing.T) {
					u := w.user(state + "." + way + "@example.com")
					// What a user got while all was well, with warm caches.
					b := w.browser()
					var send func() answer
					login := false
					switch way {
					case "form":
						login = true
						send = func() answer {
							return w.browser().form("/login", "identity", u.Email, "password", goodPassword)
						}
					case "JSON":
						login = true
						send = func() answer {
							return w.browser().ask("POST", "/login", "email", u.Email, "password", goodPassword)
						}
					case "basic":
						send = func() answer { return b.send("GET", "/ways", "", "", "Authorization", basic(u.Email, goodPassword)) }
					case "param":
						send = func() answer {
							return b.send("GET", "/ways?"+url.Values{"USER": {u.Email}, "PASS": {goodPassword}}.Encode(), "", "")
						}
					case "token":
						token, err := w.app.CreateToken(t.Context(), u.ID, fsa.TokenOptions{})
						if err != nil {
							t.Fatal(err)
						}
						send = func() answer { return b.send("GET", "/ways", "", "", "Authorization", "Bearer "+token) }
					case "session":
						b.login(u.Email, goodPassword)
						send = func() answer { return b.send("GET", "/ways", "", "") }
					}
					if !login {
						send().expect(200, u.ID)
					}
					all[state](u)
					want := verdicts[state]
					switch {
					case login && state == "fine" && way == "form":
						want.status = 303
					case login && state == "unknown": // who nobody is, a page does not tell
						want.status, want.text = map[string]int{"form": 422, "JSON": 400}[way], "The address and the password don’t match"
						if way == "form" {
							want.text = "The address and the password don"
						}
					case way == "token" && (state == "inactive" || state == "locked"), way == "session" && (state == "inactive" || state == "locked"):
						want.status, want.text = 401, "" // they have ended
					}
					if state == "unconfirmed" { // which the test has done behind its back
						if err := w.app.AuthUncache(t.Context(), u.ID); err != nil {
							t.Fatal(err)
						}
						forget(t, w, u)
					}
					a := send().expect(want.status, want.text)
					if a.Code != 200 && a.Code != 303 && (strings.Contains(a.Body.String(), u.ID) || strings.Contains(a.Body.String(), "a reason")) {
						t.Errorf("%s", a.Body)
					}
					if a.Code == 429 && a.Header().Get("Retry-After") == "" {
						t.Error("it does not say when")
					}
					if a.Code != 303 && a.Code != 200 && len(a.Result().Cookies()) > 0 {
						t.Error("there is a cookie")
					}
				})
			}
		}
	})
}

// forget lets an application forget what it keeps about a user, as another change would.
func forget(t *testing.T, w *world, u *accounts.User) {
	t.Helper()
	if _, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: u.Email, Password: goodPassword}, accounts.Actor{}); err == nil {
		t.Fatal("the user is gone")
	}
	if err := w.acc.DelayUntil(t.Context(), u.ID, u.CreatedAt, accounts.Actor{}); err != nil {
		t.Fatal(err)
	}
}

// TestUnconfirmedLeadsOn: who is kept out since the address is not confirmed is told where
// to ask for another link, by each way; who is kept out otherwise is not.
func TestUnconfirmedLeadsOn(t *testing.T) {
	unconfirmed := func(context.Context, *accounts.User, string) accounts.Decision {
		return accounts.Decision{Verdict: accounts.Unconfirmed}
	}
	locked := func(context.Context, *accounts.User, string) accounts.Decision { return accounts.Lock("") }
	for _, c := range []struct {
		name      string
		o         accounts.Options
		confirmed bool
		want      string
	}{
		{"unconfirmed", accounts.Options{}, false, "/confirm"},
		{"another path", accounts.Options{Paths: accounts.Paths{Confirm: "/prove"}}, false, "/prove"},
		{"as the application decides", accounts.Options{Decide: unconfirmed}, true, "/confirm"},
		{"no such page", accounts.Options{Decide: unconfirmed, NoConfirm: true}, true, ""},
		{"locked", accounts.Options{Decide: locked}, true, ""},
	} {
		cfg := quick()
		cfg.ErrorResponse = "problem"
		w := newWorld(t, sqlite(t), cfg, c.o).start()
		u, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: "calvin@example.com", Password: goodPassword, Confirmed: c.confirmed}, accounts.Actor{})
		must(t, err)
		page := w.browser().form("/login", "identity", u.Email, "password", goodPassword).expect(403)
		if got := strings.Contains(page.Body.String(), `href="`+c.want+`">Send the link again</a>`); got != (c.want != "") {
			t.Errorf("%s: %s", c.name, page.Body)
		}
		_, response := w.browser().ask("POST", "/login", "email", u.Email, "password", goodPassword).expect(403).json()
		if got, _ := response["confirm_url"].(string); got != c.want {
			t.Errorf("%s: %v", c.name, response)
		}
		for _, target := range []string{"/ways", "/ways?" + url.Values{"USER": {u.Email}, "PASS": {goodPassword}}.Encode()} {
			header := []string{"Authorization", basic(u.Email, goodPassword)}
			if target != "/ways" {
				header = nil
			}
			a := w.browser().send("GET", target, "", "", header...).expect(403)
			var problem map[string]any
			must(t, json.Unmarshal(a.Body.Bytes(), &problem))
			if got, _ := problem["confirm_url"].(string); got != c.want || problem["status"] != 403.0 {
				t.Errorf("%s: %s", c.name, a.Body)
			}
		}
		if c.want != "" && !c.confirmed { // which leads to where it can be done
			w.browser().page(c.want).expect(200, "Confirm your address")
			w.browser().form(c.want, "email", u.Email).expect(200)
			w.mailOf(u.Email, c.want+"/", 1)
		}
	}
}

// TestDecide: what the application decides holds for each way, and on each request. A
// decision that is none lets nobody in. S22.
func TestDecide(t *testing.T) {
	var decision accounts.Decision
	var ways []string
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Decide: func(_ context.Context, u *accounts.User, way string) accounts.Decision {
		if u.PasswordHash != "" || u.Stamp != "" {
			t.Error("it sees secrets")
		}
		ways = append(ways, way)
		return decision
	}}).start()
	u := w.user("calvin@example.com")
	decision = accounts.Allow()
	b := w.browser().login(u.Email, goodPassword)
	b.page("/").expect(200)
	if want := []string{"password", "session"}; !slices.Equal(ways, want) {
		t.Error(ways)
	}
	for _, c := range []struct {
		decision accounts.Decision
		login    int
		session  int
	}{
		{accounts.Lock("late"), 403, 403}, {accounts.Disable("left"), 403, 403}, {accounts.Decision{}, http.StatusInternalServerError, 500},
	} {
		decision = c.decision
		w.browser().form("/login", "identity", u.Email, "password", goodPassword).expect(c.login)
		b.page("/me").expect(c.session)
	}
	events, err := w.store.Events(t.Context(), accounts.EventQuery{Kind: accounts.EventLoginRefused})
	if err != nil || len(events) != 3 || events[2].Detail != "locked: late" {
		t.Error(events, err)
	}
}

// TestWrongCredentialsTellNothing: who does not have the right credential is told the same
// by each way, whatever the state. S14.
func TestWrongCredentialsTellNothing(t *testing.T) {
	w := newWorld(t, sqlite(t), prod(), accounts.Options{Secret: secret})
	w.compile()
	addresses := statesOf(t, w)
	addresses["unknown"] = "unknown@example.com"
	for _, way := range []string{"basic", "param"} {
		answers := map[string]bool{}
		for _, address := range addresses {
			b := w.browser()
			var a answer
			if way == "basic" {
				a = b.send("GET", "/ways", "", "", "Authorization", basic(address, "wrong"))
			} else {
				a = b.send("GET", "/ways?USER="+address+"&PASS=wrong", "", "")
			}
			a.expect(401)
			answers[strings.ReplaceAll(a.Body.String(), address, "ADDRESS")] = true
		}
		if len(answers) != 1 {
			t.Errorf("%s: %v", way, answers)
		}
	}
}

// TestWrongPasswordsAreNoted: a wrong password makes the same event by whichever way it
// comes, and whoever it is for; the throttle bounds how many. S79.
func TestWrongPasswordsAreNoted(t *testing.T) {
	const tries, free = 12, 5
	on(t, func(t *testing.T, db database) {
		cfg := quick()
		cfg.LoginThrottle.Delay, cfg.LoginThrottle.MaxDelay = time.Hour, 2*time.Hour
		w := newWorld(t, db, cfg, accounts.Options{}).compile()
		networks := 0 // each counts for itself
		long := strings.Repeat("long", 300)
		for _, c := range []struct {
			way  string // as the event has it
			want int    // events of a dozen tries
			send func(b *browser, email string) answer
		}{
			{"password", free, func(b *browser, email string) answer {
				return b.form("/login", "identity", email, "password", "wrong")
			}},
			{"password", free, func(b *browser, email string) answer {
				return b.ask("POST", "/login", "email", email, "password", "wrong")
			}},
			{"password", 0, func(b *browser, email string) answer { // which nobody looks at, and nothing counts
				return b.form("/login", "identity", email, "password", long)
			}},
			{"basic", free, func(b *browser, email string) answer {
				return b.send("GET", "/ways", "", "", "Authorization", basic(email, "wrong"))
			}},
			{"basic", 0, func(b *browser, email string) answer {
				return b.send("GET", "/ways", "", "", "Authorization", basic(email, long))
			}},
			{"param", free, func(b *browser, email string) answer {
				return b.send("GET", "/ways?"+url.Values{"USER": {email}, "PASS": {"wrong"}}.Encode(), "", "")
			}},
		} {
			for _, state := range []string{"known", "locked", "unknown"} {
				id := "" // of who is not known
				email := strings.ToLower(rand.Text()) + "@example.com"
				b := w.browser()
				networks++
				b.from, b.tls = fmt.Sprintf("203.0.%d.1:4000", networks), true
				if state != "unknown" {
					id = w.user(email).ID
				}
				if state == "locked" {
					must(t, w.acc.Lock(t.Context(), id, "a reason", accounts.Actor{}))
				}
				before := len(failedLogins(t, w))
				for range tries {
					if a := c.send(b, email); a.Code == 200 || a.Code == 303 {
						t.Fatalf("%s, %s: %d", c.way, state, a.Code)
					}
				}
				events := failedLogins(t, w)
				events = events[:len(events)-before]
				if len(events) != c.want {
					t.Errorf("%s, %s: %d events instead of %d", c.way, state, len(events), c.want)
				}
				for _, e := range events {
					if e.UserID != id || e.ActorID != "" || e.Way != c.way || e.Address != strings.TrimSuffix(b.from, ":4000") || e.Detail != "" || time.Since(e.At) > time.Minute {
						t.Errorf("%s, %s: %+v", c.way, state, e)
					}
				}
			}
		}
	})
}

func failedLogins(t *testing.T, w *world) []accounts.Event {
	t.Helper()
	events, err := w.store.Events(t.Context(), accounts.EventQuery{Kind: accounts.EventLoginFailed, Limit: 1000})
	must(t, err)
	return events
}

// TestRefusalsAreNoted: that somebody is kept out who sends the right password with each
// request is noted, and once. S79.
func TestRefusalsAreNoted(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).compile()
		for _, way := range []string{"basic", "param"} {
			u := w.user(way + "@example.com")
			send := func() answer {
				if way == "basic" {
					return w.browser().send("GET", "/ways", "", "", "Authorization", basic(u.Email, goodPassword))
				}
				return w.browser().send("GET", "/ways?"+url.Values{"USER": {u.Email}, "PASS": {goodPassword}}.Encode(), "", "")
			}
			var want []string
			for _, c := range []struct {
				keepOut func() error
				letIn   func() error
				detail  string
			}{
				{func() error { return w.acc.Lock(t.Context(), u.ID, "stolen", accounts.Actor{}) },
					func() error { return w.acc.Unlock(t.Context(), u.ID, accounts.Actor{}) }, "locked: stolen"},
				{func() error { return w.acc.Lock(t.Context(), u.ID, "stolen again", accounts.Actor{}) },
					func() error { return w.acc.Unlock(t.Context(), u.ID, accounts.Actor{}) }, "locked: stolen again"},
				{func() error { return w.acc.Deactivate(t.Context(), u.ID, "left", accounts.Actor{}) },
					func() error { return w.acc.Activate(t.Context(), u.ID, accounts.Actor{}) }, "disabled: left"},
			} {
				send().expect(200)
				must(t, c.keepOut())
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						if a := send(); a.Code != 403 {
							t.Errorf("%s, %s: %d %s", way, c.detail, a.Code, a.Body)
						}
					})
				}
				all.Wait()
				must(t, c.letIn())
				want = append(want, c.detail)
			}
			events, err := w.store.Events(t.Context(), accounts.EventQuery{Kind: accounts.EventLoginRefused, UserID: u.ID})
			must(t, err)
			var got []string
			for _, e := range slices.Backward(events) {
				if got = append(got, e.Detail); e.ActorID != u.ID || e.Way != way {
					t.Errorf("%+v", e)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q instead of %q", way, got, want)
			}
		}
	})
}

// TestTokensOfLogin: a program that logs in gets a token if it asks for one, and there are
// any; no page gives one away.
func TestTokensOfLogin(t *testing.T) {
	for _, auth := range [][]string{{"session", "none"}, {"session", "token", "none"}} {
		cfg := quick()
		cfg.Auth = auth
		w := &world{t: t, db: sqlite(t), log: &syncBuffer{}}
		w.store = w.db.open(t)
		w.app = fsa.New("acme", accounts.Defaults(cfg))
		w.acc = accounts.New(w.app, w.store, accounts.Options{})
		w.compile()
		u := w.user("calvin@example.com")
		b := w.browser()
		a := b.ask("POST", "/login?include_auth_token", "email", u.Email, "password", goodPassword).expect(200)
		if got := strings.Contains(a.Body.String(), "authentication_token"); got != (len(auth) == 3) || a.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v: %s", auth, a.Body)
		}
		if a := w.browser().form("/login?include_auth_token", "identity", u.Email, "password", goodPassword).expect(303); strings.Contains(a.to()+a.Body.String(), "token") {
			t.Errorf("%s %s", a.to(), a.Body)
		}
		if a := w.browser().ask("POST", "/login?include_auth_token", "email", u.Email, "password", "wrong").expect(400); strings.Contains(a.Body.String(), "token") {
			t.Errorf("%s", a.Body)
		}
		if a := w.browser().ask("GET", "/login?include_auth_token").expect(200); strings.Contains(a.Body.String(), "token") {
			t.Errorf("%s", a.Body)
		}
	}
}
