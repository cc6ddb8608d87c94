package accounts_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
)

// with gives a browser with the cookie of a session.
func (w *world) with(session string) *browser {
	b := w.browser()
	b.cookies["session"] = session
	return b
}

// rowOf gives the session of a browser as the store has it.
func (w *world) rowOf(b *browser) *accounts.SessionRow {
	w.t.Helper()
	return w.rowOfCookie(b.cookies["session"])
}

func (w *world) rowOfCookie(cookie string) *accounts.SessionRow {
	w.t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		w.t.Fatal(err)
	}
	hash := sha256.Sum256(raw)
	s, err := w.store.SessionByHash(w.t.Context(), hash[:])
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// TestSessionSecrets: what the server has not made is never a session, and the store does
// not have what a browser holds. S50, S87.
func TestSessionSecrets(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		chosen := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
		b := w.with(chosen)
		b.page("/").expect(303)
		if b.login(u.Email, goodPassword); b.cookies["session"] == chosen {
			t.Error("the session is one that the browser has chosen")
		}
		w.with(chosen).page("/").expect(303)
		secret := b.cookies["session"]
		if raw, err := base64.RawURLEncoding.DecodeString(secret); err != nil || len(raw) != 32 {
			t.Errorf("%d bytes: %v", len(raw), err)
		}
		if strings.Contains(db.text(t), secret) {
			t.Error("the store has the secret")
		}
		row := w.rowOf(b)
		wrong := []string{row.ID, base64.RawURLEncoding.EncodeToString(row.Hash), secret + "=", secret + "A", strings.ToLower(secret), "-1"}
		for i := range secret {
			wrong = append(wrong, secret[:i])
		}
		for _, s := range wrong {
			w.with(s).page("/").expect(303)
		}
		b.page("/").expect(200)
		// The same cookie twice: nobody knows whose.
		w.browser().send("GET", "/me", "", "", "Cookie", "session="+secret+"; session="+chosen).expect(401)
		w.browser().send("GET", "/me", "", "", "Cookie", "session="+secret+"; session="+secret).expect(401)
	})
}

// TestRotation: a log-in, a proof anew and a new password give the session another secret;
// the old one is nothing at once, with warm caches. S50.
func TestRotation(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		w.user("hobbes@example.com")
		b := w.browser().login("hobbes@example.com", goodPassword)
		planted := b.cookies["session"]
		must(t, w.store.Write(t.Context(), func(tx accounts.Tx) error { // whoever it belongs to can't come in any more
			return tx.SetLock(t.Context(), w.rowOf(b).UserID, time.Now(), "", time.Now())
		}))
		w.acc.Store() // as another process would do it; here it is forgotten by:
		must(t, w.acc.DelayUntil(t.Context(), w.rowOf(b).UserID, time.Now().Add(-time.Hour), accounts.Actor{}))
		old := []string{planted}
		for _, rotate := range []func(){
			func() { b.login(u.Email, goodPassword) },
			func() { b.form("/verify", "password", goodPassword).expect(303) },
			func() {
				b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
			},
			func() { b.ask("POST", "/verify", "password", otherPassword).expect(200) },
		} {
			before := b.cookies["session"]
			rotate()
			if b.cookies["session"] == before {
				t.Error("the session has the same secret")
			}
			for range 3 {
				b.page("/").expect(200, u.Email)
			}
			old = append(old, before)
			for _, s := range old {
				w.with(s).page("/").expect(303)
			}
		}
		if rows, err := w.store.SessionsOf(t.Context(), u.ID, time.Now()); err != nil || len(rows) != 1 {
			t.Error(rows, err)
		}
	})
}

// TestRoleChangeEndsSessions: an id from before a role was given or taken away is nothing at
// once, with warm caches, and everybody else's remains. S50.
func TestRoleChangeEndsSessions(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Roles: []accounts.Role{{Name: "Writer"}}}).start()
		u := w.user("calvin@example.com")
		w.user("hobbes@example.com")
		hobbes := w.browser().login("hobbes@example.com", goodPassword)
		ctx, by := t.Context(), accounts.Actor{Way: "cli"}
		for _, c := range []struct {
			name   string
			change func() error
			ends   bool
		}{
			{"granted", func() error { return w.acc.Grant(ctx, u.ID, "Writer", by) }, true},
			{"granted once more", func() error { return w.acc.Grant(ctx, u.ID, "Writer", by) }, false},
			{"revoked", func() error { return w.acc.Revoke(ctx, u.ID, "Writer", by) }, true},
		} {
			b := w.browser().login(u.Email, goodPassword)
			b.page("/").expect(200, u.Email)
			must(t, c.change())
			if ended := b.page("/").Code == 303; ended != c.ends {
				t.Errorf("%s: the session ends: %t", c.name, ended)
			}
			hobbes.page("/").expect(200)
		}
	})
}

// TestLogout: the session ends on the server, for this browser alone. S51.
func TestLogout(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		b, other := w.browser().login(u.Email, goodPassword), w.browser().login(u.Email, goodPassword)
		secret := b.cookies["session"]
		b.page("/").expect(200)
		b.page("/logout").expect(200)
		b.page("/").expect(200) // it has only been asked
		if to := b.form("/logout").expect(303).to(); to != "/login?done=logout" || b.cookies["session"] != "" {
			t.Error(to, b.cookies)
		}
		w.with(secret).page("/").expect(303)
		other.page("/").expect(200)
		b.form("/logout").expect(303) // once more
		w.browser().ask("POST", "/logout").expect(200)
	})
}

// TestChangeEndsOthers: a new password ends the other sessions and the tokens at once, with
// warm caches. S52.
func TestChangeEndsOthers(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		b, other := w.browser().login(u.Email, goodPassword), w.browser().login(u.Email, goodPassword)
		token, err := w.app.CreateToken(t.Context(), u.ID, fsa.TokenOptions{})
		must(t, err)
		by := func(authorization string) answer {
			return w.browser().send("GET", "/ways", "", "", "Authorization", authorization)
		}
		for range 3 {
			other.page("/").expect(200)
			by("Bearer " + token).expect(200)
			by(basic(u.Email, goodPassword)).expect(200)
		}
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
		b.page("/").expect(200)
		other.page("/").expect(303)
		by("Bearer " + token).expect(401)
		by(basic(u.Email, goodPassword)).expect(401)
		by(basic(u.Email, otherPassword)).expect(200)
		if token, err = w.app.CreateToken(t.Context(), u.ID, fsa.TokenOptions{}); err != nil {
			t.Fatal(err)
		}
		by("Bearer " + token).expect(200)
		// Nor does anything remain of who is kept out, or let in again.
		must(t, w.acc.Deactivate(t.Context(), u.ID, "", accounts.Actor{}))
		b.page("/").expect(303)
		must(t, w.acc.Activate(t.Context(), u.ID, accounts.Actor{}))
		b.page("/").expect(303)
		by("Bearer " + token).expect(401)
	})
}

// TestChangeAndUse: requests that come while a password changes end with it. S52.
func TestChangeAndUse(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		b, other := w.browser().login(u.Email, goodPassword), w.browser().login(u.Email, goodPassword)
		stop := make(chan struct{})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				user := w.with(other.cookies["session"])
				for {
					select {
					case <-stop:
						return
					default:
						user.page("/")
					}
				}
			})
		}
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
		for range 50 {
			w.with(other.cookies["session"]).page("/").expect(303)
		}
		close(stop)
		all.Wait()
	})
}

// TestParallelChanges: of two that change the password at once, one does, and one session
// and one password are left. S50, S52.
func TestParallelChanges(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		var all sync.WaitGroup
		var mu sync.Mutex
		var won []int
		browsers := []*browser{}
		for range 4 {
			browsers = append(browsers, w.browser().login(u.Email, goodPassword))
		}
		for i, b := range browsers {
			all.Go(func() {
				p := fmt.Sprintf("the new pass phrase of %d", i)
				if a := b.form("/change", "password", goodPassword, "new_password", p, "new_password_confirm", p); a.Code == 303 && strings.HasPrefix(a.to(), "/account") {
					mu.Lock()
					won = append(won, i)
					mu.Unlock()
				} else if a.Code >= 500 {
					t.Errorf("%d %s", a.Code, a.Body)
				}
			})
		}
		all.Wait()
		if len(won) != 1 {
			t.Fatalf("%d have changed it", len(won))
		}
		for i, b := range browsers {
			b.page("/").expect(map[bool]int{true: 200, false: 303}[i == won[0]])
		}
		w.browser().login(u.Email, fmt.Sprintf("the new pass phrase of %d", won[0]))
	})
}

// TestSessionLimits: sessions end when they are not used, and at a certain age whatever
// happens; the use of one is noted. S53.
func TestSessionLimits(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{SessionIdle: time.Hour, SessionLife: 48 * time.Hour, Staleness: time.Nanosecond}).start()
		u := w.user("calvin@example.com")
		ago := func(d time.Duration) int64 { return time.Now().Add(-d).UnixMicro() }
		for _, c := range []struct {
			name     string
			remember string
			seen     time.Duration // ago
			left     time.Duration
			status   int
		}{
			{"in use", "", 59 * time.Minute, time.Hour, 200},
			{"idle", "", time.Hour, time.Hour, 303},
			{"remembered", "on", 47 * time.Hour, time.Hour, 200},
			{"remembered, idle", "on", 48 * time.Hour, time.Hour, 303},
			{"old", "", 0, 0, 303},
			{"remembered, old", "on", 0, 0, 303},
		} {
			b := w.browser()
			b.form("/login", "identity", u.Email, "password", goodPassword, "remember", c.remember).expect(303)
			row := w.rowOf(b)
			if life := row.ExpiresAt.Sub(row.CreatedAt); life != 48*time.Hour {
				t.Errorf("%s: it lives for %v", c.name, life)
			}
			db.exec(t, "UPDATE sessions SET seen_at = ?, expires_at = ? WHERE id = ?", ago(c.seen), ago(-c.left), row.ID)
			b.page("/").expect(c.status)
			if c.status != 200 {
				b.page("/sessions").expect(303)
				continue
			}
			if now := w.rowOf(b); time.Since(now.SeenAt) > time.Minute || !now.ExpiresAt.Before(time.Now().Add(c.left+time.Second)) {
				t.Errorf("%s: seen at %v, ends at %v", c.name, now.SeenAt, now.ExpiresAt)
			}
			b.form("/verify", "password", goodPassword).expect(303) // nor does a proof make it younger
			if now := w.rowOf(b); !now.ExpiresAt.Before(time.Now().Add(c.left + time.Second)) {
				t.Errorf("%s: ends at %v", c.name, now.ExpiresAt)
			}
		}
	})
}

// TestShortIdle: who goes on clicking is not logged out, however short the limit. S53.
func TestShortIdle(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{SessionIdle: 100 * time.Second, Staleness: time.Nanosecond}).start()
	u := w.user("calvin@example.com")
	b := w.browser().login(u.Email, goodPassword)
	row := w.rowOf(b)
	w.db.exec(t, "UPDATE sessions SET seen_at = ? WHERE id = ?", time.Now().Add(-50*time.Second).UnixMicro(), row.ID)
	b.page("/").expect(200)
	if now := w.rowOf(b); time.Since(now.SeenAt) > 40*time.Second {
		t.Error("its use is not noted")
	}
}

// TestSessionCookies: as safe as they can be where they are set. S55.
func TestSessionCookies(t *testing.T) {
	proxied := prod()
	proxied.TrustedProxies = []string{"10.0.0.0/8"}
	for _, c := range []struct {
		name   string
		cfg    fsa.Config
		change func(*browser)
		want   string // of each cookie, behind its name and value
		prefix string
	}{
		{"TLS", prod(), func(*browser) {}, "Path=/; HttpOnly; Secure; SameSite=Lax", "__Host-"},
		{"a proxy that says https", proxied, func(b *browser) {
			b.tls, b.from = false, "10.1.2.3:1"
			b.header.Set("X-Forwarded-Proto", "https")
			b.header.Set("X-Forwarded-For", "203.0.113.9")
		}, "Path=/; HttpOnly; Secure; SameSite=Lax", "__Host-"},
		{"this machine, in development", quick(), func(*browser) {}, "Path=/; HttpOnly; SameSite=Lax", ""},
		{"TLS, in development", quick(), func(b *browser) { b.tls = true }, "Path=/; HttpOnly; Secure; SameSite=Lax", "__Host-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sqlite(t), c.cfg, accounts.Options{Secret: secret}).start()
			u := w.user("calvin@example.com")
			b := w.browser()
			c.change(b)
			for _, remember := range []string{"", "on"} {
				a := b.form("/login", "identity", u.Email, "password", goodPassword, "remember", remember).expect(303)
				var found []string
				for _, set := range a.Header()["Set-Cookie"] {
					name, rest, _ := strings.Cut(set, "=")
					_, attributes, _ := strings.Cut(rest, "; ")
					want := c.want
					switch {
					case name == c.prefix+"device":
						want = strings.Replace(want, "Path=/", "Path=/; Max-Age=15552000", 1)
					case remember != "":
						want = strings.Replace(want, "Path=/", "Path=/; Max-Age=2592000", 1)
					}
					if attributes != want {
						t.Errorf("%s: %s, not %s", name, attributes, want)
					}
					found = append(found, name)
				}
				if found[0] != c.prefix+"session" || a.Header().Get("Cache-Control") != "no-store" {
					t.Error(found, a.Header())
				}
				if got := b.page("/").expect(200).Header().Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control: %s", got)
				}
				out := b.form("/logout").expect(303).Header()["Set-Cookie"]
				if len(out) != 1 || !strings.HasPrefix(out[0], c.prefix+"session=; Path=/; Max-Age=0") {
					t.Error(out)
				}
			}
		})
	}
}

// TestSessionList: users see their sessions and end them, and nobody else's. S54.
func TestSessionList(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		calvin, hobbes := w.user("calvin@example.com"), w.user("hobbes@example.com")
		b, other := w.browser(), w.browser()
		other.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 <script>")
		b.login(calvin.Email, goodPassword)
		other.login(calvin.Email, goodPassword)
		third := w.browser().login(calvin.Email, goodPassword)
		tiger := w.browser().login(hobbes.Email, goodPassword)
		b.page("/sessions").expect(200, "Firefox on Linux", "This device")
		_, response := b.ask("GET", "/sessions").expect(200).json()
		list := response["sessions"].([]any)
		if len(list) != 3 || strings.Contains(fmt.Sprint(list), w.rowOf(tiger).ID) {
			t.Error(list)
		}
		for _, id := range []string{w.rowOf(tiger).ID, "nothing", "%00", "..", w.rowOf(tiger).ID + "%20"} {
			for _, send := range []func() answer{
				func() answer { return b.ask("DELETE", "/sessions/"+id) },
				func() answer { return b.form("/sessions/" + id + "/end") },
				func() answer { return b.page("/sessions/" + id + "/end") },
			} {
				if a := send(); a.Code != 404 && a.Code != 400 && (id != ".." || a.Code >= 500) {
					t.Errorf("%s: %d %s", id, a.Code, a.Body)
				}
			}
		}
		tiger.page("/").expect(200)
		b.page("/sessions/"+w.rowOf(other).ID+"/end").expect(200, "Firefox on Linux will be logged out")
		other.page("/").expect(200)
		b.form("/sessions/" + w.rowOf(other).ID + "/end").expect(303)
		other.page("/").expect(303)
		b.ask("DELETE", "/sessions").expect(200)
		third.page("/").expect(303)
		b.page("/").expect(200)
		if n, err := w.acc.EndSessions(t.Context(), calvin.ID, accounts.Actor{ID: hobbes.ID, Way: "admin"}); n != 1 || err != nil {
			t.Error(n, err)
		}
		b.page("/").expect(303)
		w.browser().ask("DELETE", "/sessions").expect(401)
		w.browser().send("DELETE", "/sessions", "", "", "Authorization", basic(calvin.Email, goodPassword)).expect(401) // only by a session
	})
}

// TestHalfASession: a session that still wants a step reaches nothing. S38.
func TestHalfASession(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Staleness: time.Nanosecond})
		fsa.Get(w.app, "/bag", authz.Open(), func(_ context.Context, in struct{ S *fsa.Session }) (string, error) { return "a bag", nil }, fsa.Authn("none"))
		w.start()
		u := w.user("calvin@example.com")
		b := w.browser().login(u.Email, goodPassword)
		b.page("/bag").expect(200)
		for range 3 {
			b.page("/").expect(200)
		}
		id := w.rowOf(b).ID
		other := w.browser().login(u.Email, goodPassword)
		db.exec(t, "UPDATE sessions SET stage = 'otp' WHERE id = ?", id)
		for _, path := range []string{"/", "/me", "/ways", "/account", "/sessions", "/change", "/verify"} {
			if a := b.page(path); a.Code != 303 || !strings.HasPrefix(a.to(), "/login") {
				t.Errorf("%s: %d %s", path, a.Code, a.Body)
			}
			if a := b.ask("GET", path); a.Code != 401 {
				t.Errorf("%s: %d %s", path, a.Code, a.Body)
			}
		}
		for _, path := range []string{"/change", "/verify", "/sessions/others/end"} {
			if a := b.ask("POST", path, "password", goodPassword); a.Code != 401 {
				t.Errorf("%s: %d %s", path, a.Code, a.Body)
			}
		}
		b.ask("DELETE", "/sessions").expect(401)
		b.page("/bag").expect(403)
		if a := b.ask("GET", "/login?include_auth_token").expect(200); strings.Contains(a.Body.String(), "token") || strings.Contains(a.Body.String(), u.ID) {
			t.Error(a.Body)
		}
		if a := b.ask("POST", "/login?include_auth_token").expect(400); strings.Contains(a.Body.String(), u.ID) {
			t.Error(a.Body)
		}
		if a := other.page("/sessions").expect(200); strings.Contains(a.Body.String(), id) {
			t.Error("it is listed")
		}
	})
}

// TestStamp: whatever changes the stamp of a user ends the sessions from before, even if
// they are still there. S52.
func TestStamp(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Staleness: time.Nanosecond}).start()
		u := w.user("calvin@example.com")
		b := w.browser().login(u.Email, goodPassword)
		b.page("/").expect(200)
		db.exec(t, "UPDATE users SET stamp = 'another' WHERE id = ?", u.ID)
		b.page("/").expect(303)
		b.ask("POST", "/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(401)
	})
}

// TestVerifyIsTheSameUser: only the password of who is logged in makes a session fresh. S57.
func TestVerifyIsTheSameUser(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{})
		fsa.Get(w.app, "/fresh", authz.All(authz.Auth(), authz.Fresh(time.Hour)), func(_ context.Context, in struct{ Me fsa.CurrentUser }) (string, error) {
			return string(in.Me), nil
		})
		w.start()
		u := w.user("calvin@example.com")
		hobbes, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: "hobbes@example.com", Password: otherPassword, Confirmed: true}, accounts.Actor{})
		must(t, err)
		b := w.browser().login(u.Email, goodPassword)
		b.page("/fresh").expect(200, u.ID)
		db.exec(t, "UPDATE sessions SET authenticated_at = ? WHERE id = ?", time.Now().Add(-2*time.Hour).UnixMicro(), w.rowOf(b).ID)
		must(t, w.acc.DelayUntil(t.Context(), u.ID, time.Now().Add(-time.Hour), accounts.Actor{})) // what is kept is forgotten
		if to := b.page("/fresh").expect(303).to(); to != "/verify?next=%2Ffresh" {
			t.Error(to)
		}
		if a := b.ask("GET", "/fresh").expect(401); !strings.Contains(a.Header().Get("Content-Type"), "json") && strings.Contains(a.Body.String(), u.ID) {
			t.Error(a.Body)
		}
		b.form("/verify", "password", otherPassword, "next", "/fresh").expect(422, "not your password")
		b.send("POST", "/verify", "application/json", `{"password":"`+otherPassword+`","email":"hobbes@example.com"}`).expect(400)
		b.send("POST", "/verify", "application/x-www-form-urlencoded", "password="+url.QueryEscape(goodPassword), "Authorization", basic(hobbes.Email, otherPassword)).expect(303)
		b.page("/fresh").expect(200, u.ID)
	})
}

// TestBag: what an application keeps with a session belongs to it alone, and goes with it.
func TestBag(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{})
		fsa.Post(w.app, "/bag", authz.Auth(), func(_ context.Context, in struct {
			S    *fsa.Session
			Put  string
			Fail string `param:"fail,optional"`
		}) (string, error) {
			var had string
			if _, err := in.S.Get("had", &had); err != nil {
				return "", err
			}
			if err := in.S.Set("had", in.Put); err != nil {
				return "", err
			}
			if in.Fail != "" {
				return "", fsa.Errorf(http.StatusTeapot, "no")
			}
			return "had " + had, nil
		}, fsa.Authn("session", "basic"))
		w.start()
		calvin, hobbes := w.user("calvin@example.com"), w.user("hobbes@example.com")
		b := w.browser().login(calvin.Email, goodPassword)
		b.form("/bag", "put", "a").expect(200, "had ")
		b.form("/bag", "put", "b", "fail", "x").expect(http.StatusTeapot)
		b.form("/verify", "password", goodPassword).expect(303) // it stays with the session
		b.form("/bag", "put", "c").expect(200, "had a")
		other := w.browser().login(calvin.Email, goodPassword)
		if a := other.form("/bag", "put", "d").expect(200); a.Body.String() != "had " {
			t.Error(a.Body)
		}
		// Who comes by Basic gets the bag of nobody's cookie.
		mixed := w.with(b.cookies["session"])
		mixed.cookies["session"] = b.cookies["session"]
		b.send("POST", "/bag", "application/x-www-form-urlencoded", "put=e", "Authorization", basic(hobbes.Email, goodPassword)).expect(200, "had c") // the session comes first on this route
		w.browser().send("POST", "/bag", "application/x-www-form-urlencoded", "put=e", "Authorization", basic(hobbes.Email, goodPassword)).expect(403)
	})
}

// TestBagOfAnother: where the session is not what says who is calling, its bag is no one's.
func TestBagOfAnother(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{})
	fsa.Get(w.app, "/bag", authz.Auth(), func(_ context.Context, in struct{ S *fsa.Session }) (string, error) { return "a bag", nil }, fsa.Authn("basic"))
	w.start()
	calvin, hobbes := w.user("calvin@example.com"), w.user("hobbes@example.com")
	b := w.browser().login(calvin.Email, goodPassword)
	b.send("GET", "/bag", "", "", "Authorization", basic(calvin.Email, goodPassword)).expect(200)
	b.send("GET", "/bag", "", "", "Authorization", basic(hobbes.Email, goodPassword)).expect(403)
}

// TestTwoProcesses: what one process does another one sees after the time that is
// configured, and not later; a session that one has made, with a new password, the other
// one knows at once. S85.
func TestTwoProcesses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(one *world, u *accounts.User, b *browser)
		by     string // what is tried there: "session", "basic", "token"
		status int
	}{
		"a session has ended":      {func(_ *world, _ *accounts.User, b *browser) { b.form("/logout").expect(303) }, "session", 401},
		"inactive":                 {deactivate, "session", 401},
		"inactive, by password":    {deactivate, "basic", 403},
		"inactive, by token":       {deactivate, "token", 403},
		"gone":                     {remove, "session", 401},
		"gone, by password":        {remove, "basic", 401},
		"gone, by token":           {remove, "token", 401},
		"a new password":           {change, "basic", 401},
		"a new password, sessions": {change, "session", 401},
	} {
		t.Run(name, func(t *testing.T) {
			db := sqlite(t)
			synctest.Test(t, func(t *testing.T) {
				const staleness = 10 * time.Second
				one := newWorld(t, db, quick(), accounts.Options{Staleness: staleness}).compile()
				two := newWorld(t, db, quick(), accounts.Options{Staleness: staleness}).compile()
				u := one.user("calvin@example.com")
				b := one.browser().login(u.Email, goodPassword)
				token, err := one.app.CreateToken(t.Context(), u.ID, fsa.TokenOptions{})
				must(t, err)
				there := two.with(b.cookies["session"])
				try := func() answer {
					switch c.by {
					case "basic":
						return two.browser().send("GET", "/ways", "", "", "Authorization", basic(u.Email, goodPassword))
					case "token":
						return two.browser().send("GET", "/ways", "", "", "Authorization", "Bearer "+token)
					}
					return there.ask("GET", "/ways")
				}
				try().expect(200)
				c.change(one, u, b)
				time.Sleep(staleness - time.Millisecond)
				try().expect(200) // as kept: else this test proves nothing
				time.Sleep(time.Millisecond)
				try().expect(c.status)
			})
		})
	}
}

func deactivate(one *world, u *accounts.User, _ *browser) {
	must(one.t, one.acc.Deactivate(one.t.Context(), u.ID, "", accounts.Actor{}))
}

func remove(one *world, u *accounts.User, _ *browser) {
	must(one.t, one.acc.DeleteUser(one.t.Context(), u.ID, accounts.Actor{}))
}

func change(one *world, u *accounts.User, _ *browser) {
	b := one.browser().login(u.Email, goodPassword)
	b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
}

// TestOldPasswordElsewhere: a password that another process has replaced logs nobody in,
// though it was found right here before. It counts as a wrong one. S16, S52.
func TestOldPasswordElsewhere(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		for _, format := range []string{"form", "JSON"} {
			one := newWorld(t, db, quick(), accounts.Options{}).compile()
			two := newWorld(t, db, quick(), accounts.Options{}).compile()
			u := one.user(format + "@example.com")
			try := func(password string) int {
				b := two.browser()
				if format == "JSON" {
					return b.ask("POST", "/login", "email", u.Email, "password", password).Code
				}
				return b.form("/login", "identity", u.Email, "password", password).Code
			}
			good, bad := 303, 422
			if format == "JSON" {
				good, bad = 200, 400
			}
			var got []int
			got = append(got, try(goodPassword), try(goodPassword))
			change(one, u, nil)
			for range 6 {
				got = append(got, try(goodPassword))
			}
			if want := []int{good, good, bad, bad, bad, bad, bad, 429}; !slices.Equal(got, want) {
				t.Errorf("%s: %v instead of %v", format, got, want)
			}

			three := newWorld(t, db, quick(), accounts.Options{}).compile() // where the present one is found right at once
			three.browser().login(u.Email, otherPassword)
			b := one.browser().login(u.Email, otherPassword)
			b.form("/change", "password", otherPassword, "new_password", goodPassword, "new_password_confirm", goodPassword).expect(303)
			three.browser().login(u.Email, goodPassword)
		}
	})
}

// leaving is a store whose clients are gone once something has been written.
type leaving struct {
	accounts.Store
	leave func()
}

func (s *leaving) Write(ctx context.Context, f func(accounts.Tx) error) error {
	err := s.Store.Write(ctx, f)
	s.leave()
	return err
}

// remote is a store of revocations that is somewhere else.
type remote struct{ cache.Once }

func (o remote) Use(ctx context.Context, key string, until time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return o.Once.Use(ctx, key, until)
}

// TestClientIsGone: tokens end with the password, also if whoever has changed it does not
// wait for the answer. S52.
func TestClientIsGone(t *testing.T) {
	cfg := quick()
	cfg.Revocations = remote{cache.NewMemoryOnce(0)}
	w := &world{t: t, db: sqlite(t), log: &syncBuffer{}}
	cfg.Logger = slog.New(slog.NewTextHandler(w.log, nil))
	store := &leaving{w.db.open(t), func() {}}
	w.store = store
	w.app = fsa.New("acme", accounts.Defaults(cfg))
	w.acc = accounts.New(w.app, store, accounts.Options{})
	fsa.Get(w.app, "/ways", authz.Auth(), func(_ context.Context, in struct{ Me fsa.CurrentUser }) (string, error) { return string(in.Me), nil }, fsa.Authn("token"))
	w.compile()
	u := w.user("calvin@example.com")
	b := w.browser().login(u.Email, goodPassword)
	token, err := w.app.CreateToken(t.Context(), u.ID, fsa.TokenOptions{})
	must(t, err)
	api := w.browser()
	api.header.Set("Authorization", "Bearer "+token)
	api.ask("GET", "/ways").expect(200)

	h := w.h
	w.h = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		store.leave = cancel
		h.ServeHTTP(rw, r.WithContext(ctx))
	})
	b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword)
	w.h = h
	w.browser().login(u.Email, otherPassword) // it is changed
	api.ask("GET", "/ways").expect(401)
}

// TestGoneElsewhere: whom another process has deleted is nobody here, and nothing fails.
func TestGoneElsewhere(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		one := newWorld(t, db, quick(), accounts.Options{}).start()
		two := newWorld(t, db, quick(), accounts.Options{Staleness: time.Minute}).start()
		u := one.user("calvin@example.com")
		b := two.browser().login(u.Email, goodPassword)
		b.page("/account").expect(200)
		must(t, one.acc.DeleteUser(t.Context(), u.ID, accounts.Actor{}))
		b.ask("GET", "/account").expect(401)
		if to := b.page("/account").expect(303).to(); !strings.HasPrefix(to, "/login") {
			t.Error(to)
		}
		b.ask("POST", "/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(401)
		b.ask("POST", "/verify", "password", goodPassword).expect(401)
		b.ask("GET", "/").expect(401)
		b.ask("DELETE", "/sessions").expect(200)
		b.ask("POST", "/logout").expect(200)
	})
}

// TestSessionOfAnotherProcess: whoever logs in here, or has a new password, can go on
// there at once. S85.
func TestSessionOfAnotherProcess(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		one := newWorld(t, db, quick(), accounts.Options{Staleness: time.Minute}).start()
		two := newWorld(t, db, quick(), accounts.Options{Staleness: time.Minute}).start()
		u := one.user("calvin@example.com")
		b := one.browser().login(u.Email, goodPassword)
		two.with(b.cookies["session"]).page("/").expect(200)
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
		two.with(b.cookies["session"]).page("/").expect(200)
		two.browser().send("GET", "/ways", "", "", "Authorization", basic(u.Email, goodPassword)).expect(401)
	})
}

// TestIdentity: what an application sees of who is calling.
func TestIdentity(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{}).start()
	u := w.user("calvin@example.com")
	var me struct {
		Login, Scheme string
		Factors       []string
	}
	body := w.browser().login("CALVIN@example.com", goodPassword).page("/me").expect(200).Body
	if err := json.Unmarshal(body.Bytes(), &me); err != nil || me.Login != u.ID || me.Scheme != "session" || len(me.Factors) != 1 || me.Factors[0] != "pwd" {
		t.Error(me, err, body)
	}
	if !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(u.ID) {
		t.Error(u.ID)
	}
}
