package accounts_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/google/uuid"
)

// TestNoSecretAnywhere: no password, no secret of a session, a browser or a link stands in
// a log, an answer, an event, a row of the store, or a place that a browser is sent to; and
// no mail holds a password. S30, S70, S79.
func TestNoSecretAnywhere(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		for _, mode := range []string{"prod", "debug4"} {
			cfg := prod()
			cfg.Mode = mode
			w := newWorld(t, db, cfg, accounts.Options{Secret: secret, Registerable: true}).start()
			b := w.browser()
			b.host, b.tls = "www.example.com", true
			address := mode + "@example.com"
			wrong := []string{"a wrong pass phrase", "short-secret"}
			var cookies []string
			keep := func() {
				for _, name := range []string{"__Host-session", "__Host-device"} {
					if c := b.cookies[name]; c != "" && !slices.Contains(cookies, c) {
						cookies = append(cookies, c)
					}
				}
			}
			b.form("/register", "email", address, "password", wrong[1], "password_confirm", wrong[1]).expect(422)
			b.form("/register", "email", address, "password", goodPassword, "password_confirm", goodPassword).expect(200)
			b.form("/login", "identity", address, "password", goodPassword).expect(403)
			links := []string{w.link(address, "/confirm", 1)}
			b.page(links[0]).expect(200)
			b.form(links[0]).expect(303)
			b.form(links[0]).expect(422)
			b.form("/login", "identity", address, "password", wrong[0]).expect(422)
			b.ask("POST", "/login", "email", address, "password", wrong[0]).expect(400)
			b.login(address, goodPassword)
			keep()
			b.send("GET", "/ways?USER="+address+"&PASS="+url.QueryEscape(wrong[0]), "", "", "Cookie", "").expect(401)
			b.form("/verify", "password", wrong[0]).expect(422)
			b.form("/verify", "password", goodPassword).expect(303)
			keep()
			b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
			keep()
			b.ask("GET", "/sessions").expect(200)
			b.page("/sessions").expect(200)
			b.page("/account").expect(200)
			b.form("/logout").expect(303)
			b.form("/reset", "email", address).expect(200)
			links = append(links, w.link(address, "/reset", 1))
			b.page(links[1] + "?x=y").expect(400)
			b.set(links[1], wrong[1]).expect(422)
			b.send("POST", links[1], "application/json", `{"password":"`+goodPassword+`",`).expect(400)
			b.send("POST", links[1], "text/plain", goodPassword)
			b.send("PUT", links[1], "text/plain", goodPassword).expect(405)
			b.page(links[1] + "/x").expect(404)
			b.set(links[1], goodPassword).expect(303)
			keep()
			b.set(links[1], goodPassword).expect(422)

			secrets := append(append(wrong, goodPassword, otherPassword), cookies...)
			for _, link := range links {
				secrets = append(secrets, link[strings.LastIndexByte(link, '/')+1:])
			}
			if len(cookies) < 5 {
				t.Errorf("%d cookies", len(cookies))
			}
			told := ""
			for _, m := range w.mails.Messages() {
				told += m.Message.Text + m.Message.HTML
			}
			for _, s := range secrets {
				for _, spelt := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
					for where, text := range map[string]string{"log": w.log.String(), "store": db.text(t), "mail": told, "answer": b.said.String()} {
						isLink := strings.Contains(links[0]+links[1], s)
						if where == "mail" && isLink || where == "answer" && isLink { // the form of the link's page goes there
							continue
						}
						if i := strings.Index(text, spelt); i >= 0 {
							t.Errorf("%s: a secret is in the %s: %s", mode, where, text[max(0, i-200):i+len(spelt)])
						}
					}
				}
				if raw, err := base64.RawURLEncoding.DecodeString(s); err == nil && strings.Contains(db.text(t), string(raw)) {
					t.Errorf("%s: a secret is in the store as it is", mode)
				}
			}
			if !strings.Contains(w.log.String(), "account event") {
				t.Error("nothing is logged")
			}
		}
	})
}

// TestOutboxIsSealed: mails that wait can't be read in the store. S24.
func TestOutboxIsSealed(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, prod(), accounts.Options{Secret: secret}).compile() // nothing is sent
		u := w.user("calvin@example.com")
		w.browser().form("/reset", "email", u.Email).expect(200)
		text := db.text(t)
		i := strings.Index(text, "letters ")
		if i < 0 || strings.Contains(text[i:], "reset/") || strings.Contains(text[i:], "calvin@") || strings.Contains(text[i:], "password") {
			t.Error(text[max(0, i):])
		}
		// Another key opens it if it is one of several, and if not, it is given up, and said.
		other := newWorld(t, db, prod(), accounts.Options{Secret: []fsa.Secret{"zQ3Vh0Yw8b1Lk6Jt5Rp2Nf9Xd4Gm7Cs0", secret[0]}}).start()
		link := other.link(u.Email, "/reset", 1)
		other.browser().page(link).expect(200)
	})
}

// TestNotices: users are told of what happens to their accounts. S72.
func TestNotices(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		b := w.browser()
		b.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
		b.login(u.Email, goodPassword)
		b.form("/logout").expect(303)
		b.login(u.Email, goodPassword) // known
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
		w.mailOf(u.Email, "Your password is changed", 1)
		b.set(asked(w, u, "/reset", 1), goodPassword).expect(303)
		if text := w.mailOf(u.Email, "A new password is set", 1); !strings.Contains(text, "Firefox on Linux") || !strings.Contains(text, "127.0.0.1") {
			t.Error(text)
		}
		for _, m := range w.mails.Messages() {
			if strings.Contains(m.Message.Subject, "new device") {
				t.Error("the first device, and one that is known, are no news")
			}
		}
		w.browser().login(u.Email, goodPassword)
		w.mailOf(u.Email, "Log-in from a new device", 1)
	})
}

// TestMailsToNobody: mails to nobody, however many there are, do not hold up one to
// somebody. S13.
func TestMailsToNobody(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).compile()
		u := w.user("calvin@example.com")
		for i := range 50 {
			w.browser().form("/reset", "email", fmt.Sprintf("nobody%d@example.com", i)).expect(200)
		}
		w.browser().form("/reset", "email", u.Email).expect(200)
		w.start()
		w.link(u.Email, "/reset", 1)
	})
}

// TestManyDevices: who logs in again and again is not told of each time, and does not fill
// the outbox. Another user's notice is not silenced by that. S19.
func TestManyDevices(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).compile()
		u, other := w.user("calvin@example.com"), w.user("hobbes@example.com")
		w.browser().login(other.Email, goodPassword)
		for range 20 {
			w.browser().login(u.Email, goodPassword)
		}
		notices := func() int { return strings.Count(db.text(t), "kind=new-device") }
		if n := notices(); n != 5 {
			t.Errorf("%d notices instead of 5", n)
		}
		w.browser().login(other.Email, goodPassword)
		if n := notices(); n != 6 {
			t.Errorf("%d notices instead of 6", n)
		}
	})
}

// TestMassAssignment: who registers says nothing of roles and states. S75.
func TestMassAssignment(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		for _, unexpected := range []bool{false, true} {
			cfg := quick()
			cfg.NoRejectUnexpectedParam = unexpected
			w := newWorld(t, db, cfg, accounts.Options{Registerable: true, Roles: []accounts.Role{{Name: "admin"}, {Name: "Reader"}}, DefaultRoles: []string{"Reader"}}).start()
			for i, name := range []string{"role", "roles", "active", "inactive", "confirmed", "confirmed_at", "ConfirmedAt", "id", "stamp", "own", "password_hash", "username", "name", "locked_at", "email_key"} {
				for j, send := range []func(email string) answer{
					func(email string) answer {
						return w.browser().form("/register", "email", email, "password", goodPassword, "password_confirm", goodPassword, name, "admin")
					},
					func(email string) answer {
						return w.browser().ask("POST", "/register", "email", email, "password", goodPassword, "password_confirm", goodPassword, name, "admin")
					},
				} {
					email := fmt.Sprintf("a%d.%d.%v@example.com", i, j, unexpected)
					if a := send(email); a.Code != 400 && a.Code != 200 {
						t.Errorf("%s: %d %s", name, a.Code, a.Body)
					}
					u, err := w.acc.FindUser(t.Context(), email)
					if errors.Is(err, fsa.ErrNoSuchUser) && (!unexpected || j == 1) {
						continue
					}
					must(t, err)
					roles, err := w.store.RolesOf(t.Context(), u.ID)
					if must(t, err); len(roles) != 1 || roles[0] != "Reader" || u.Confirmed() || u.Inactive || len(u.ID) != 36 || u.Name != "" || u.Username != "" || len(u.Own) > 0 {
						t.Errorf("%s: %+v %v", name, u, roles)
					}
				}
			}
		}
	})
}

// TestParallelRegistrations: of a hundred that register an address at once, in all spellings
// of it, one has it. S12, S76.
func TestParallelRegistrations(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		cfg := quick()
		cfg.InsecureNoLoginThrottle = true
		cfg.LoginThrottle = fsa.LoginThrottle{}
		w := newWorld(t, db, cfg, accounts.Options{Registerable: true, Usernames: true}).start()
		spellings := []string{"m\u00fcller@b\u00fccher.example", "mu\u0308ller@bu\u0308cher.example", "M\u00dcLLER@B\u00dcCHER.example", "M\u00fcller@xn--bcher-kva.example", "m\u00fcller@XN--BCHER-KVA.EXAMPLE", "\uff4d\u00fcller@b\u00fccher.example"}
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				for {
					a := w.browser().form("/register", "email", spellings[i%len(spellings)], "username", fmt.Sprintf("name%d", i), "password", goodPassword, "password_confirm", goodPassword)
					if a.Code == 503 { // there is no room for a slow hash
						time.Sleep(5 * time.Millisecond)
						continue
					}
					if a.Code != 200 {
						t.Errorf("%d %s", a.Code, a.Body)
					}
					return
				}
			})
		}
		all.Wait()
		users, err := w.store.Users(t.Context(), accounts.UserQuery{Limit: 1000})
		if err != nil || len(users) != 1 {
			t.Errorf("%d users: %v", len(users), err)
		}
		for _, s := range spellings {
			if u, err := w.acc.FindUser(t.Context(), s); err != nil || u.ID != users[0].ID {
				t.Errorf("%q: %v", s, err)
			}
			w.browser().form("/login", "identity", s, "password", goodPassword).expect(403) // not confirmed
		}
		// The same of names.
		for i := range 50 {
			all.Go(func() {
				for {
					if a := w.browser().form("/register", "email", fmt.Sprintf("b%d@example.com", i), "username", []string{"Hobbes", "hobbes", "\uff28obbes"}[i%3], "password", goodPassword, "password_confirm", goodPassword); a.Code != 503 {
						if a.Code != 200 && a.Code != 422 {
							t.Errorf("%d %s", a.Code, a.Body)
						}
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
		all.Wait()
		if users, err = w.store.Users(t.Context(), accounts.UserQuery{Limit: 1000}); err != nil || len(users) != 2 || users[1].UsernameKey != "hobbes" {
			t.Errorf("%d users, of whom one should be hobbes: %v", len(users), err)
		}
		if s := w.log.String(); strings.Contains(s, "status=500") {
			t.Error(s[strings.Index(s, "status=500"):][:500])
		}
	})
}

// TestEvents: each thing that happens to an account leaves a line, with who and from where. S79.
func TestEvents(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Registerable: true, Roles: []accounts.Role{{Name: "admin"}}}).start()
		b := w.browser()
		b.form("/register", "email", "calvin@example.com", "password", goodPassword, "password_confirm", goodPassword).expect(200)
		b.form("/login", "identity", "calvin@example.com", "password", goodPassword).expect(403)
		b.form("/confirm", "email", "calvin@example.com").expect(200)
		b.form(w.link("calvin@example.com", "/confirm", 2)).expect(303)
		b.form("/login", "identity", "calvin@example.com", "password", "wrong").expect(422)
		b.login("calvin@example.com", goodPassword)
		b.form("/verify", "password", "wrong").expect(422)
		b.form("/verify", "password", goodPassword).expect(303)
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
		b.form("/sessions/others/end").expect(303)
		other := w.browser().login("calvin@example.com", otherPassword)
		b.ask("DELETE", "/sessions/"+w.rowOf(other).ID).expect(200)
		b.form("/logout").expect(303)
		b.form("/reset", "email", "calvin@example.com").expect(200)
		b.set(w.link("calvin@example.com", "/reset", 1), goodPassword).expect(303)
		u, err := w.acc.FindUser(t.Context(), "calvin@example.com")
		must(t, err)
		admin := w.user("admin@example.com", "admin")
		by := accounts.Actor{ID: admin.ID, Way: "cli"}
		ctx := t.Context()
		must(t, w.acc.Lock(ctx, u.ID, "odd", by))
		must(t, w.acc.Unlock(ctx, u.ID, by))
		must(t, w.acc.Deactivate(ctx, u.ID, "left", by))
		must(t, w.acc.Activate(ctx, u.ID, by))
		must(t, w.acc.Grant(ctx, u.ID, "admin", by))
		must(t, w.acc.Revoke(ctx, u.ID, "admin", by))
		_, err = w.acc.ResetAccess(ctx, u.ID, by)
		must(t, err)
		_, err = w.acc.EndSessions(ctx, u.ID, by)
		must(t, err)
		must(t, w.acc.DeleteUser(ctx, u.ID, by))
		want := []string{
			accounts.EventRegistered, accounts.EventLoginRefused, accounts.EventConfirmAsked, accounts.EventConfirmed, accounts.EventLoginFailed, accounts.EventLogin,
			accounts.EventLoginFailed, accounts.EventVerified, accounts.EventPasswordChanged, accounts.EventSessionsEnded, accounts.EventLogin, accounts.EventSessionsEnded,
			accounts.EventLogout, accounts.EventResetAsked, accounts.EventReset,
			accounts.EventLocked, accounts.EventUnlocked, accounts.EventDeactivated, accounts.EventActivated, accounts.EventRoleGranted, accounts.EventRoleRevoked,
			accounts.EventAccessReset, accounts.EventSessionsEnded, accounts.EventDeleted,
		}
		if got := w.events(u.ID); !slices.Equal(got, want) {
			t.Errorf("%v\ninstead of\n%v", got, want)
		}
		events, err := w.store.Events(ctx, accounts.EventQuery{UserID: u.ID})
		must(t, err)
		for _, e := range events {
			fromCLI := e.Way == "cli"
			if fromCLI != (e.ActorID == admin.ID) || !fromCLI && e.Address != "127.0.0.1" || !fromCLI && e.ActorID != u.ID && e.ActorID != "" || time.Since(e.At) > time.Minute {
				t.Errorf("%+v", e)
			}
		}
	})
}

// TestTrailOfAdministrators: that somebody is made an administrator, and what a role permits
// from now on, is in the trail and in the log, from where it was done. S79.
func TestTrailOfAdministrators(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Roles: []accounts.Role{{Name: "admin"}, {Name: "Writer"}}})
	fsa.Post(w.app, "/make", authz.Auth(), func(ctx context.Context, in struct{ Me fsa.CurrentUser }) (fsa.None, error) {
		by := accounts.Actor{ID: string(in.Me), Way: "admin"}
		_, err := w.acc.CreateUser(ctx, accounts.NewUser{Email: "hobbes@example.com", Roles: []string{"admin", "Writer"}}, by)
		if err == nil {
			err = w.acc.SaveRole(ctx, accounts.Role{Name: "Writer", Permissions: []string{"entry:edit"}}, by)
		}
		return fsa.None{}, err
	})
	w.compile()
	u := w.user("calvin@example.com")
	w.browser().login(u.Email, goodPassword).ask("POST", "/make").expect(204)
	for kind, detail := range map[string]string{accounts.EventCreated: "admin, Writer", accounts.EventRoleChanged: "Writer"} {
		events, err := w.store.Events(t.Context(), accounts.EventQuery{Kind: kind, Limit: 1})
		must(t, err)
		if e := events[0]; e.Detail != detail || e.ActorID != u.ID || e.Way != "admin" || e.Address != "127.0.0.1" {
			t.Errorf("%+v", e)
		}
		if !strings.Contains(w.log.String(), "kind="+kind+" ") {
			t.Errorf("%s is not in the log", kind)
		}
	}
}

// TestTrailIsBounded: what is not counted leaves no event, so that nobody fills the audit
// trail at the pace of their requests: passwords that are too long to be looked at, right ones
// of who is kept out. S19, S79.
func TestTrailIsBounded(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true}).compile()
	u := w.user("calvin@example.com")
	b := w.browser().login(u.Email, goodPassword)
	w.browser().form("/register", "email", "hobbes@example.com", "password", goodPassword, "password_confirm", goodPassword).expect(200)
	long := strings.Repeat("a", 1025)
	for name, c := range map[string]struct {
		try  func() answer
		most int // events of 20 tries
		last int // status
	}{
		"a long password":           {func() answer { return w.browser().form("/login", "identity", u.Email, "password", long) }, 0, 422},
		"a long password of nobody": {func() answer { return w.browser().form("/login", "identity", "novel@example.com", "password", long) }, 0, 422},
		"a long password, JSON":     {func() answer { return w.browser().ask("POST", "/login", "email", u.Email, "password", long) }, 0, 400},
		"a long name":               {func() answer { return w.browser().form("/login", "identity", long, "password", "wrong") }, 0, 422},
		"a long password, verify":   {func() answer { return b.form("/verify", "password", long) }, 0, 422},
		"a long password, change":   {func() answer { return b.form("/change", "password", long) }, 0, 422},
		"not confirmed": {func() answer {
			return w.browser().form("/login", "identity", "hobbes@example.com", "password", goodPassword)
		}, 5, 429},
		"a wrong password, as always": {func() answer { return w.browser().form("/login", "identity", "novel@example.com", "password", "wrong") }, 5, 429},
	} {
		before := len(w.events(""))
		last := 0
		for range 20 {
			last = c.try().Code
		}
		if n := len(w.events("")) - before; n != c.most || last != c.last {
			t.Errorf("%s: %d events instead of %d, and %d instead of %d", name, n, c.most, last, c.last)
		}
	}
}

// TestLastAdministrator: the last one stays, and where there is none yet others may go.
func TestLastAdministrator(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Roles: []accounts.Role{{Name: "admin"}, {Name: "Writer"}}}).start()
		ctx, by := t.Context(), accounts.Actor{}
		writer := w.user("writer@example.com", "Writer")
		must(t, w.acc.Revoke(ctx, writer.ID, "Writer", by))
		must(t, w.acc.Deactivate(ctx, writer.ID, "", by))
		must(t, w.acc.DeleteUser(ctx, writer.ID, by))
		one, two := w.user("one@example.com", "admin"), w.user("two@example.com", "admin")
		must(t, w.acc.Deactivate(ctx, two.ID, "", by))
		for name, err := range map[string]error{
			"deactivate": w.acc.Deactivate(ctx, one.ID, "", by), "revoke": w.acc.Revoke(ctx, one.ID, "admin", by), "delete": w.acc.DeleteUser(ctx, one.ID, by),
		} {
			if !errors.Is(err, accounts.ErrLastMember) {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t, w.acc.DeleteUser(ctx, two.ID, by)) // who is not active is not the last one
		w.browser().login(one.Email, goodPassword)
		three := w.user("three@example.com", "admin")
		var all sync.WaitGroup
		errs := make([]error, 2)
		for i, u := range []*accounts.User{one, three} {
			all.Go(func() { errs[i] = w.acc.Deactivate(ctx, u.ID, "", by) })
		}
		all.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Error(errs)
		}
	})
}

// TestNoDefaultPassword: a password that users could not choose is for development; an
// administrator starts a recovery, and picks no password. S73, S74.
func TestNoDefaultPassword(t *testing.T) {
	w := newWorld(t, sqlite(t), prod(), accounts.Options{Secret: secret}).compile()
	if _, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: "admin@example.com", Password: "adminpass", InsecurePassword: true}, accounts.Actor{}); err == nil {
		t.Error("mode prod has taken it")
	}
	u, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: "admin@example.com"}, accounts.Actor{})
	must(t, err)
	for _, password := range []string{"x", "adminpass", " "} { // who has none can't log in by any
		w.browser().form("/login", "identity", u.Email, "password", password).expect(422)
	}
	link, err := w.acc.ResetAccess(t.Context(), u.ID, accounts.Actor{})
	if err != nil || !strings.HasPrefix(link, "https://www.example.com/reset/") {
		t.Error(link, err)
	}
	w.browser().set(strings.TrimPrefix(link, "https://www.example.com"), goodPassword).expect(303)
	w.browser().login(u.Email, goodPassword)
}

// TestNamesInMails: what users call themselves makes no line, no field and no mark-up of a
// mail or a page.
func TestNamesInMails(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: "calvin@example.com", Name: "Calvin\r\nBcc: evil@example.com\r\n\r\n<img src=x>\u202e", Password: goodPassword, Confirmed: true}, accounts.Actor{})
		must(t, err)
		b := w.browser().login(u.Email, goodPassword)
		if page := b.page("/account").expect(200).Body.String(); strings.Contains(page, "<img") {
			t.Error(page)
		}
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
		w.mailOf(u.Email, "Hello CalvinBcc: evil@example.com<img src=x>,", 1)
		for _, m := range w.mails.Messages() {
			raw := fmt.Sprint(m.Message)
			if strings.Contains(raw, "\nBcc") || strings.Contains(raw, "<img src=x") && strings.Contains(m.Message.HTML, "<img src=x") || strings.Contains(raw, "\u202e") {
				t.Error(raw)
			}
		}
	})
}

// broke is a source of randomness that has none.
type broke struct{}

func (broke) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

// TestNoRandomness: without it nobody gets in, and nothing weaker takes its place. (The
// source of secrets, crypto/rand, ends the program.) S86.
func TestNoRandomness(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{}).compile()
	u := w.user("calvin@example.com")
	uuid.SetRand(broke{})
	defer uuid.SetRand(nil)
	if a := w.browser().form("/login", "identity", u.Email, "password", goodPassword).expect(500); len(a.Result().Cookies()) > 0 {
		t.Error(a.Header())
	}
}
