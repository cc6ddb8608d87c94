package accounts_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

// TestNewPasswords: which passwords can be chosen where one is: registering, changing,
// recovering. S1, S3, S4, S5, S11.
func TestNewPasswords(t *testing.T) {
	long := strings.Repeat("langsam und gut ", 12) // 192 characters
	for _, c := range []struct{ password, problem string }{
		{"", "Please fill this in."},
		{"fourteen chars", "at least 15 characters"},                                           // S1
		{"e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301", "at least 15 characters"}, // S1, S6: eight characters, however they are written
		{"passwordpassword", "Many people use"},                                                // S4
		{"PasswordPassword", "Many people use"},                                                // S4
		{"calvin@example.com", "close to your name"},                                           // S5
		{"123456789123456", "Many people use"}, {"Hobbes.Hunting.12", ""},                      // S3
		{"Hobbes Hobbes Hobbes", "easy to guess"}, {"ababababababababab", "easy to guess"}, {"aaaaaaaaaaaaaaaaaaaa", "Many people use"}, {"calvincalvincalvin", "easy to guess"}, {"a acme a acme a acme", "easy to guess"}, {"the best acme 12", ""}, {"acmeacmeacme1234", ""}, // long enough beside the name
		{"calvinandhobbes1calvin", ""},                                  //
		{"aaaaaa bbbbbb cc", ""},                                        // S3: no digit, no capital letter
		{long + long + long + long + long + long, "at most 1024 bytes"}, // S11
		{long, ""}, // S2
		{"\u540d\u524d\u3068\u5bb6\u65cf\u306e\u9577\u3044\u9577\u3044\u8a71\u3092\u66f8\u304f\u3053\u3068", ""}, // any script
	} {
		t.Run(c.password[:min(len(c.password), 20)], func(t *testing.T) {
			w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true}).start()
			b := w.browser()
			status := 422
			if c.problem == "" {
				status = 200
			}
			b.form("/register", "email", "calvin@example.com", "password", c.password, "password_confirm", c.password).expect(status, c.problem)
			if c.problem == "" {
				b.form("/login", "identity", "calvin@example.com", "password", c.password).expect(403) // it is the password, and not confirmed
				return
			}
			w.user("calvin@example.com")
			b = w.browser()
			b.form("/reset", "email", "calvin@example.com").expect(200)
			b.form(w.link("calvin@example.com", "/reset", 1), "password", c.password, "password_confirm", c.password).expect(422, c.problem)
			b.login("calvin@example.com", goodPassword)
			b.form("/change", "password", goodPassword, "new_password", c.password, "new_password_confirm", c.password).expect(422, c.problem)
			if _, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: "calvin@example.org", Password: "fourteen chars"}, accounts.Actor{}); err == nil {
				t.Error("an administrator has given a password that is too short")
			}
		})
	}
}

// TestPasswordLength: the length is a matter of the configuration, down to 8. S1.
func TestPasswordLength(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true, PasswordLength: 8}).start()
	b := w.browser()
	b.form("/register", "email", "calvin@example.com", "password", "sevench", "password_confirm", "sevench").expect(422, "at least 8 characters")
	b.form("/register", "email", "calvin@example.com", "password", "eight ch", "password_confirm", "eight ch").expect(200)
}

// TestWholePassword: all characters of a password count, and one that is written in
// another Unicode form is the same. S2, S6.
func TestWholePassword(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		b := w.browser().login("calvin@example.com", goodPassword)
		text := strings.Repeat("0123456789 abcdefghi", 10)
		one, other := text[:199]+"1", text[:199]+"2"
		change := func(from, to string) {
			t.Helper()
			b.form("/change", "password", from, "new_password", to, "new_password_confirm", to).expect(303)
		}
		change(goodPassword, one)
		w.browser().form("/login", "identity", u.Email, "password", other).expect(422)
		w.browser().login(u.Email, one)
		change(one, "une cl\u00e9 bien cach\u00e9e ici")
		w.browser().login(u.Email, "une cle\u0301 bien cache\u0301e ici")
	})
}

// TestUpgradedHash: a hash that is weaker than those of today is replaced at the next
// log-in, which ends nothing. S9.
func TestUpgradedHash(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		u := w.user("calvin@example.com")
		old, err := w.store.UserByID(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		first := w.browser().login(u.Email, goodPassword)
		stronger := quick()
		stronger.PasswordOpts = map[string]int{"memory": 128, "time": 1, "parallelism": 1}
		w2 := newWorld(t, db, stronger, accounts.Options{}).start()
		w2.browser().login(u.Email, goodPassword)
		now := old
		// It is done beside the request.
		for deadline := time.Now().Add(time.Minute); now.PasswordHash == old.PasswordHash && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if now, err = w.store.UserByID(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil || now.PasswordHash == old.PasswordHash || !strings.Contains(now.PasswordHash, "m=128") || now.Stamp != old.Stamp {
			t.Errorf("%s, stamp %s instead of %s: %v", now.PasswordHash, now.Stamp, old.Stamp, err)
		}
		first.page("/").expect(200)
		w2.browser().login(u.Email, goodPassword)
	})
}

// TestChangeNeedsPassword: a session alone changes no password. S8.
func TestChangeNeedsPassword(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{}).start()
		b := w.browser()
		w.user("calvin@example.com")
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(401)
		b.login("calvin@example.com", goodPassword)
		b.form("/change", "new_password", otherPassword, "new_password_confirm", otherPassword).expect(422, "fill this in")
		b.form("/change", "password", otherPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(422, "not your password")
		b.form("/change", "password", goodPassword, "new_password", goodPassword, "new_password_confirm", goodPassword).expect(422, "present password")
		w.browser().login("calvin@example.com", goodPassword)
	})
}

// TestNoPasswordInURL: it is refused there, whatever the page, and not said again. S70.
func TestNoPasswordInURL(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true}).start()
	w.user("calvin@example.com")
	b := w.browser()
	b.form("/reset", "email", "calvin@example.com").expect(200)
	link := w.link("calvin@example.com", "/reset", 1)
	again := url.Values{"password": {goodPassword}, "password_confirm": {goodPassword}}.Encode()
	for target, fields := range map[string]string{
		"/login":    "identity=calvin@example.com&password=" + url.QueryEscape(goodPassword),
		"/register": "email=hobbes@example.com&" + again,
		link:        again,
		"/change":   "password=" + url.QueryEscape(goodPassword) + "&" + url.Values{"new_password": {otherPassword}, "new_password_confirm": {otherPassword}}.Encode(),
		"/verify":   "password=" + url.QueryEscape(goodPassword),
	} {
		for status, send := range map[int]func(*browser) answer{
			422: func(b *browser) answer { return b.form(target + "?" + fields) },
			400: func(b *browser) answer { return b.ask("POST", target+"?"+fields) },
		} {
			b := w.browser()
			if target == "/change" || target == "/verify" {
				b.login("calvin@example.com", goodPassword)
			}
			a := send(b).expect(status, "does not belong in a URL")
			if strings.Contains(a.Body.String(), "battery") || a.to() != "" {
				t.Errorf("%s: %s", target, a.Body)
			}
		}
	}
	if strings.Contains(w.log.String(), "battery") {
		t.Error("it is in the log")
	}
}
