package accounts_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/accounts"
)

// TestCrossSite: no page of another site sends one of our forms, whoever is logged in;
// log-in and log-out neither. S58, S59.
func TestCrossSite(t *testing.T) {
	for _, mode := range []string{"dev", "prod"} {
		cfg := quick()
		if mode == "prod" {
			cfg = prod()
		}
		w := newWorld(t, sqlite(t), cfg, accounts.Options{Registerable: true, Secret: secret}).start()
		u := w.user("calvin@example.com")
		reset := asked(w, u, "/reset", 1)
		w.db.exec(t, "UPDATE users SET confirmed_at = 0 WHERE id = ?", u.ID)
		confirm := asked(w, u, "/confirm", 1)
		w.db.exec(t, "UPDATE users SET confirmed_at = 1 WHERE id = ?", u.ID)
		b, other := w.browser().login(u.Email, goodPassword), w.browser().login(u.Email, goodPassword)
		own := "http://" + b.host
		if mode == "prod" {
			own = "https://" + b.host
		}
		prefix := map[string]string{"dev": "", "prod": "__Host-"}[mode]
		session := w.rowOfCookie(other.cookies[prefix+"session"]).ID
		again := url.Values{"password": {otherPassword}, "password_confirm": {otherPassword}}.Encode()
		forms := []struct{ method, path, body string }{
			{"POST", "/login", url.Values{"identity": {u.Email}, "password": {goodPassword}}.Encode()},
			{"POST", "/logout", ""},
			{"POST", "/register", "email=hobbes@example.com&" + again},
			{"POST", "/reset", "email=" + u.Email},
			{"POST", "/confirm", "email=" + u.Email},
			{"POST", reset, again},
			{"POST", confirm, ""},
			{"POST", "/change", url.Values{"password": {goodPassword}, "new_password": {otherPassword}, "new_password_confirm": {otherPassword}}.Encode()},
			{"POST", "/verify", url.Values{"password": {goodPassword}}.Encode()},
			{"POST", "/sessions/others/end", ""},
			{"POST", "/sessions/" + session + "/end", ""},
			{"DELETE", "/sessions/" + session, ""},
			{"DELETE", "/sessions", ""},
		}
		before := strings.Join(w.events(""), " ")
		for _, f := range forms {
			for _, headers := range [][]string{
				{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
				{"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "", "Origin", "null"}, {"Sec-Fetch-Site", "", "Origin", own + ".evil.example"},
				{"Sec-Fetch-Site", "", "Origin", "http://www.example.com:81"}, {"Sec-Fetch-Site", "", "Origin", "https://sub.www.example.com"},
			} {
				for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "application/json", ""} {
					who := b
					if f.path == "/login" || f.path == "/register" {
						who = w.browser() // where nobody is logged in
					}
					body := f.body
					if kind == "application/json" && body != "" {
						body = `{"email":"` + u.Email + `","password":"` + goodPassword + `"}`
					}
					a := who.send(f.method, f.path, kind, body, headers...)
					if a.Code != 403 || len(a.Result().Cookies()) > 0 {
						t.Errorf("%s %s %v %s: %d %s", f.method, f.path[:7], headers, kind, a.Code, a.Body)
					}
				}
			}
		}
		if after := strings.Join(w.events(""), " "); after != before {
			t.Errorf("something has happened: %s", strings.TrimPrefix(after, before))
		}
		b.page("/").expect(200)
		other.page("/").expect(200)
		// The same from our own pages.
		b.send("POST", "/verify", "application/x-www-form-urlencoded", url.Values{"password": {goodPassword}}.Encode(), "Sec-Fetch-Site", "", "Origin", own).expect(303)
		w.browser().send("POST", "/login", "application/x-www-form-urlencoded", forms[0].body, "Sec-Fetch-Site", "same-origin", "Origin", own).expect(303)
	}
}

// targets are where a user could be sent who wants to go on; those that lead elsewhere
// lead to the page of the configuration.
var targets = []struct {
	next string
	ok   bool
}{
	{"/me", true}, {"/me?a=b&c=%2F", true}, {"/", true},
	{"", false}, {"//evil.example", false}, {"///evil.example", false}, {"////evil.example", false}, {`/\evil.example`, false}, {`\\evil.example`, false},
	{`/\/evil.example`, false}, {`\/evil.example`, false}, {"/%09/evil.example", false}, {"/\t/evil.example", false}, {"\t//evil.example", false}, {" //evil.example", false},
	{"https:evil.example", false}, {"https:/evil.example", false}, {"https://evil.example", false}, {"HTTPS://evil.example", false}, {`https:\\evil.example`, false}, {"http://localhost:5000@evil.example", false},
	{"https://www.example.com.evil.example/", false}, {"https://www.example.com/me", false}, {"/%5cevil.example", false}, {"/%2f%2fevil.example", false}, {"/a/..//evil.example", false},
	{"/%2e%2e//evil.example", false}, {"/.//evil.example", false}, {"/me\r\nSet-Cookie: a=b", false}, {"/me%0d%0aSet-Cookie:%20a=b", false}, {"/me\nX: y", false}, {"javascript:alert(1)", false},
	{"data:text/html,x", false}, {"me", false}, {"?next=/me", false}, {"#a", false}, {"/me#//evil.example", false}, {"@evil.example", false}, {"/" + strings.Repeat("a", 5000), false},
}

// TestNext: where a log-in, a log-out, a proof or a registration leads to is on this host. S60.
func TestNext(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true, NoConfirm: true, Paths: accounts.Paths{AfterLogin: "/home", AfterLogout: "/bye", AfterRegister: "/welcome"}}).start()
	u := w.user("calvin@example.com")
	for i, target := range targets {
		b := w.browser()
		check := func(what string, a answer, otherwise string) {
			t.Helper()
			want := target.next
			if !target.ok {
				want = otherwise
			}
			if a.Code != 303 || a.to() != want || len(a.Header()["Set-Cookie"]) > 2 {
				t.Errorf("%s to %q: %d %q %q", what, target.next, a.Code, a.to(), a.Header()["Set-Cookie"])
			}
		}
		query := "?next=" + url.QueryEscape(target.next)
		if a := b.page("/login" + query); a.Code != 200 && a.Code != 400 {
			t.Errorf("%q: %d", target.next, a.Code)
		}
		check("log in", b.form("/login", "identity", u.Email, "password", goodPassword, "next", target.next), "/home")
		check("logged in", b.page("/login"+query), "/home")
		check("logged in, registering", b.page("/register"+query), "/home")
		check("logged in, log in", b.form("/login", "identity", "x", "password", "y", "next", target.next), "/home")
		check("verify", b.form("/verify", "password", goodPassword, "next", target.next), "/home")
		check("log out", b.form("/logout", "next", target.next), "/bye")
		email := strings.Repeat("x", i+1) + "@example.com"
		check("register", b.form("/register", "email", email, "password", goodPassword, "password_confirm", goodPassword, "next", target.next), "/welcome")
	}
}

// TestWrongTypes: what is sent in another form than it should have is the sender's fault,
// and is never run as something else. S61.
func TestWrongTypes(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true, Usernames: true}).start()
	u := w.user("calvin@example.com")
	reset := asked(w, u, "/reset", 1)
	b := w.browser().login(u.Email, goodPassword)
	names := map[string][]string{
		"/login": {"identity", "email", "username", "password", "remember", "next", "include_auth_token"}, "/register": {"email", "username", "password", "password_confirm", "next"},
		"/reset": {"email"}, "/confirm": {"email"}, "/change": {"password", "new_password", "new_password_confirm"}, "/verify": {"password", "next"}, "/logout": {"next"},
		reset: {"password", "password_confirm"}, "/sessions/others/end": {"next"},
	}
	for path, fields := range names {
		caller := w.browser
		if path == "/change" || path == "/verify" || strings.HasPrefix(path, "/sessions") {
			caller = func() *browser { return b }
		}
		for _, name := range fields {
			for _, value := range []string{`1`, `1e400`, `true`, `null`, `[]`, `["a"]`, `{}`, `{"$gt":""}`, `"\u0000"`, `"\ud800"`, `"` + strings.Repeat("a", 20000) + `"`, `"a","` + name + `":"b"`} {
				a := caller().send("POST", path, "application/json", `{"`+name+`":`+value+`}`, "Accept", "application/json")
				if a.Code >= 500 || a.Code == 200 && path != "/logout" && !strings.HasPrefix(path, "/sessions") {
					t.Errorf("%s {%q: %.30s}: %d %s", path[:6], name, value, a.Code, a.Body)
				}
			}
			for _, body := range []string{name + "=%00", name + "=%ff", name + "=a&" + name + "=b", name + "[]=a", name + "=" + strings.Repeat("a", 20000), name + "=%zz", name + "=a\x00b"} {
				if a := caller().send("POST", path, "application/x-www-form-urlencoded", body, "Accept", "text/html"); a.Code < 400 || a.Code >= 500 {
					t.Errorf("%s %.30q: %d %s", path[:6], body, a.Code, a.Body)
				}
			}
		}
		for _, body := range []string{`[]`, `"a"`, `null`, `{`, ``, `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, `{"identity":"a"}{}`} {
			if a := caller().send("POST", path, "application/json", body, "Accept", "application/json"); a.Code >= 500 {
				t.Errorf("%s %.30s: %d %s", path[:6], body, a.Code, a.Body)
			}
		}
		if a := caller().send("POST", path, "application/xml", "<a/>"); a.Code >= 500 {
			t.Errorf("%s xml: %d", path[:6], a.Code)
		}
	}
	b.page("/").expect(200)
}
