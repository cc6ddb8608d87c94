package accounts_test

import (
	"context"
	"encoding/base64"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

// asked gives the path of a link that a user has asked for.
func asked(w *world, u *accounts.User, page string, n int) string {
	w.t.Helper()
	w.browser().form(page, "email", u.Email).expect(200)
	return w.link(u.Email, page, n)
}

// set sets a new password by a link; one that confirms takes none.
func (b *browser) set(link, password string) answer {
	b.w.t.Helper()
	if strings.HasPrefix(link, "/confirm/") {
		return b.form(link)
	}
	return b.form(link, "password", password, "password_confirm", password)
}

// TestLinkIsUsedOnce: of a hundred that use a link at once, one succeeds. S25.
func TestLinkIsUsedOnce(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		reset := asked(w, u, "/reset", 1)
		db.exec(t, "UPDATE users SET confirmed_at = 0 WHERE id = ?", u.ID)
		confirm := asked(w, u, "/confirm", 1)
		for _, link := range []string{confirm, reset} {
			var all sync.WaitGroup
			var good, stale, other atomic.Int64
			for i := range 100 {
				all.Go(func() {
					switch a := w.browser().set(link, otherPassword+string(rune('a'+i%26))); a.Code {
					case 303:
						good.Add(1)
					case 422:
						stale.Add(1)
					case 503: // there is no room for a slow hash
						other.Add(1)
					default:
						t.Errorf("%d %s", a.Code, a.Body)
					}
				})
			}
			all.Wait()
			if good.Load() != 1 {
				t.Errorf("%s: %d times used, %d times stale, %d times busy", link[:8], good.Load(), stale.Load(), other.Load())
			}
		}
	})
}

// TestLooksUseNothing: what programs do that look at mails uses no link. S26, S30.
func TestLooksUseNothing(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		reset := asked(w, u, "/reset", 1)
		db.exec(t, "UPDATE users SET confirmed_at = 0 WHERE id = ?", u.ID)
		confirm := asked(w, u, "/confirm", 1)
		for _, link := range []string{reset, confirm} {
			for range 3 {
				if got := w.browser().page(link).expect(200).Header().Get("Referrer-Policy"); got != "no-referrer" {
					t.Errorf("Referrer-Policy %q", got)
				}
				w.browser().send("HEAD", link, "", "").expect(200)
				w.browser().send("OPTIONS", link, "", "")
				w.browser().ask("GET", link).expect(200)
			}
		}
		w.browser().set(reset, "short").expect(422, "at least 15") // nor does what is refused
		w.browser().form(confirm).expect(303)
		w.browser().set(reset, otherPassword).expect(303)
		for _, link := range []string{reset, confirm} { // the page of a link that is over
			if got := w.browser().page(link).expect(422).Header().Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("Referrer-Policy %q", got)
			}
		}
	})
}

// TestLinksAreBound: to the purpose, the user's address, password and account; and they
// expire. S24.
func TestLinksAreBound(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		n := map[string]int{}
		for name, c := range map[string]struct {
			page string
			void func(u *accounts.User, b *browser)
		}{
			"another address": {"/reset", func(u *accounts.User, _ *browser) {
				db.exec(t, "UPDATE users SET email_key = ? WHERE id = ?", "x"+u.EmailKey, u.ID)
			}},
			"another password": {"/reset", func(u *accounts.User, b *browser) {
				b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
			}},
			"another password, to confirm": {"/confirm", func(u *accounts.User, b *browser) {
				b.set(asked(w, u, "/reset", 1), otherPassword).expect(303)
			}},
			"another address, to confirm": {"/confirm", func(u *accounts.User, _ *browser) {
				db.exec(t, "UPDATE users SET email_key = ? WHERE id = ?", "x"+u.EmailKey, u.ID)
			}},
			"an inactive user": {"/reset", func(u *accounts.User, _ *browser) {
				must(t, w.acc.Deactivate(t.Context(), u.ID, "", accounts.Actor{}))
				must(t, w.acc.Activate(t.Context(), u.ID, accounts.Actor{})) // it remains void
			}},
			"a locked user": {"/reset", func(u *accounts.User, _ *browser) {
				must(t, w.acc.Lock(t.Context(), u.ID, "", accounts.Actor{}))
			}},
			"a user who is gone": {"/reset", func(u *accounts.User, _ *browser) {
				must(t, w.acc.DeleteUser(t.Context(), u.ID, accounts.Actor{}))
			}},
			"time": {"/reset", func(u *accounts.User, _ *browser) {
				db.exec(t, "UPDATE tickets SET expires_at = ? WHERE user_id = ?", time.Now().UnixMicro(), u.ID)
			}},
		} {
			t.Run(name, func(t *testing.T) {
				u := w.user(strings.NewReplacer(" ", ".", ",", "").Replace(name) + "@example.com")
				b := w.browser().login(u.Email, goodPassword)
				if c.page == "/confirm" {
					db.exec(t, "UPDATE users SET confirmed_at = 0 WHERE id = ?", u.ID)
				}
				n[u.Email]++
				link := asked(w, u, c.page, n[u.Email])
				w.browser().page(link).expect(200)
				c.void(u, b)
				w.browser().page(link).expect(422, "does not work")
				w.browser().set(link, "yet another pass phrase").expect(422, "does not work")
			})
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestLinksOfOtherPurposes: nor is a link of one purpose one of another, nor is what
// begins like one, or is spelt in another way. S24, S87.
func TestLinksOfOtherPurposes(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		reset := strings.TrimPrefix(asked(w, u, "/reset", 1), "/reset/")
		db.exec(t, "UPDATE users SET confirmed_at = 0 WHERE id = ?", u.ID)
		confirm := strings.TrimPrefix(asked(w, u, "/confirm", 1), "/confirm/")
		if raw, err := base64.RawURLEncoding.DecodeString(reset); err != nil || len(raw) < 16 {
			t.Errorf("%d random bytes: %v", len(raw), err)
		}
		last := reset[len(reset)-1]
		wrong := []string{confirm, strings.ToUpper(reset), reset + "=", reset + "A", " " + reset, strings.Repeat("A", 43)}
		for c := byte('0'); c < 'z'; c++ {
			if c != last && c != '?' && c != '<' && c != '>' && c != '\\' && c != '`' && c != '^' && c != '[' && c != ']' {
				wrong = append(wrong, reset[:len(reset)-1]+string(c))
			}
		}
		for i := 1; i < len(reset); i++ {
			wrong = append(wrong, reset[:i])
		}
		for _, token := range wrong {
			token = strings.ReplaceAll(token, " ", "%20")
			if a := w.browser().set("/reset/"+token, otherPassword); a.Code != 422 && a.Code != 404 {
				t.Errorf("%q: %d", token, a.Code)
			}
			if a := w.browser().page("/reset/" + token); a.Code != 422 && a.Code != 404 {
				t.Errorf("%q: %d", token, a.Code)
			}
		}
		w.browser().form("/confirm/" + reset).expect(422)
		w.browser().set("/reset/"+reset, otherPassword).expect(303)
	})
}

// TestSecondLink: a second link leaves the first as it is, and using one voids both. S32.
func TestSecondLink(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		for i, use := range []int{0, 1} {
			u := w.user([]string{"calvin", "hobbes"}[i] + "@example.com")
			links := []string{asked(w, u, "/reset", 1), asked(w, u, "/reset", 2)}
			for _, link := range links {
				w.browser().page(link).expect(200)
			}
			w.browser().set(links[use], otherPassword).expect(303)
			for _, link := range links {
				w.browser().set(link, goodPassword).expect(422, "does not work")
			}
			w.browser().login(u.Email, otherPassword)

			db.exec(t, "UPDATE users SET confirmed_at = 0 WHERE id = ?", u.ID)
			links = []string{asked(w, u, "/confirm", 1), asked(w, u, "/confirm", 2)}
			w.browser().form(links[use]).expect(303)
			for _, link := range links {
				w.browser().page(link).expect(422, "does not work")
				w.browser().form(link).expect(422, "does not work")
			}
		}
	})
}

// TestLinksLogNobodyIn: neither a new password nor a confirmation makes a session. S28.
func TestLinksLogNobodyIn(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		b := w.browser()
		reset := asked(w, u, "/reset", 1)
		db.exec(t, "UPDATE users SET confirmed_at = 0 WHERE id = ?", u.ID)
		b.form(asked(w, u, "/confirm", 1)).expect(303)
		if b.set(reset, otherPassword).expect(303); b.cookies["session"] != "" {
			t.Error("there is a session")
		}
		b.page("/").expect(303)
		if rows, err := w.store.SessionsOf(t.Context(), u.ID, time.Now()); err != nil || len(rows) != 0 {
			t.Error(rows, err)
		}
	})
}

// TestResetEndsAll: sessions, tokens, other links, locks; at once, with warm caches. S24,
// S32, S52.
func TestResetEndsAll(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		link := asked(w, u, "/reset", 1)
		b := w.browser().login(u.Email, goodPassword)
		_, response := w.browser().ask("POST", "/login?include_auth_token", "email", u.Email, "password", goodPassword).expect(200).json()
		token := response["user"].(map[string]any)["authentication_token"].(string)
		api := w.browser()
		api.header.Set("Authorization", "Bearer "+token)
		for range 3 {
			b.page("/").expect(200)
			api.ask("GET", "/ways").expect(200)
		}
		must(t, w.acc.Lock(t.Context(), u.ID, "", accounts.Actor{}))
		w.browser().set(link, otherPassword).expect(422) // a lock voids links that are under way
		w.browser().set(asked(w, u, "/reset", 2), otherPassword).expect(303)
		b.page("/").expect(303)
		api.ask("GET", "/ways").expect(401)
		w.browser().form("/login", "identity", u.Email, "password", goodPassword).expect(422)
		w.browser().login(u.Email, otherPassword)
	})
}

// TestLinksComeFromConfiguration: whatever a request says of its host. S29.
func TestLinksComeFromConfiguration(t *testing.T) {
	w := newWorld(t, sqlite(t), prod(), accounts.Options{Secret: secret, Registerable: true}).start()
	u := w.user("calvin@example.com")
	b := w.browser()
	b.host = "evil.example"
	for name, value := range map[string]string{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Original-Host": "evil.example", "X-Host": "evil.example"} {
		b.header.Set(name, value)
	}
	b.form("/reset", "email", u.Email).expect(200)
	b.form("/register", "email", "hobbes@example.com", "password", goodPassword, "password_confirm", goodPassword).expect(200)
	b.form("/register", "email", u.Email, "password", goodPassword, "password_confirm", goodPassword).expect(200)
	for _, text := range []string{w.mailOf(u.Email, "/reset/", 1), w.mailOf("hobbes@example.com", "/confirm/", 1), w.mailOf(u.Email, "account already", 1)} {
		if strings.Contains(text, "evil") || !strings.Contains(text, "https://www.example.com/") {
			t.Error(text)
		}
	}
}

// TestMailsOfAnyHost: mails are sent whatever the address of the application is, also one
// that message ids can't end with.
func TestMailsOfAnyHost(t *testing.T) {
	for _, base := range []string{"https://[2001:db8::1]", "https://192.0.2.1:8443", "https://xn--bcher-kva.example"} {
		cfg := prod()
		cfg.BaseURL = base
		w := newWorld(t, sqlite(t), cfg, accounts.Options{Secret: secret}).start()
		u := w.user("calvin@example.com")
		w.browser().form("/reset", "email", u.Email).expect(200)
		w.mailOf(u.Email, base+"/reset/", 1)
	}
}

// TestResetOvertakesLogin: a log-in whose password is replaced while it is looked at makes no
// session, and neither does one whose user is kept out in that moment. S22, S52.
func TestResetOvertakesLogin(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		for name, overtake := range map[string]func(w *world, u *accounts.User){
			"password": func(w *world, u *accounts.User) {
				must(t, w.store.Write(t.Context(), func(tx accounts.Tx) error {
					now, err := tx.UserByID(t.Context(), u.ID)
					if err != nil {
						return err
					}
					return tx.SetPassword(t.Context(), u.ID, now.PasswordHash, now.PasswordHash, "another stamp", time.Now())
				}))
			},
			"lock":   func(w *world, u *accounts.User) { must(t, w.acc.Lock(t.Context(), u.ID, "", accounts.Actor{})) },
			"delete": func(w *world, u *accounts.User) { must(t, w.acc.DeleteUser(t.Context(), u.ID, accounts.Actor{})) },
		} {
			var w *world
			var u *accounts.User
			first := true
			w = newWorld(t, db, quick(), accounts.Options{Decide: func(_ context.Context, _ *accounts.User, way string) accounts.Decision {
				if way == "password" && first {
					first = false
					overtake(w, u)
				}
				return accounts.Allow()
			}}).start()
			u = w.user(name + "@example.com")
			w.browser().form("/login", "identity", u.Email, "password", goodPassword).expect(422, "match")
			if rows, err := w.store.SessionsOf(t.Context(), u.ID, time.Now()); err != nil || len(rows) != 0 {
				t.Errorf("%s: %v %v", name, rows, err)
			}
		}
	})
}
