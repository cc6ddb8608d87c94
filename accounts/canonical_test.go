package accounts_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/accounts"
)

var emails = []struct{ email, key string }{ // "" if it is none
	{"calvin@example.com", "calvin@example.com"},
	{"Calvin@EXAMPLE.com", "calvin@example.com"},
	{"calvin+tag@example.com", "calvin+tag@example.com"}, // whether it is the same mailbox, its server knows
	{"c.alvin@example.com", "c.alvin@example.com"},
	{"m\u00fcller@example.com", "m\u00fcller@example.com"},
	{"mu\u0308ller@example.com", "m\u00fcller@example.com"},
	{"\uff43alvin@example.com", "calvin@example.com"},
	{"calvin@b\u00fccher.example", "calvin@xn--bcher-kva.example"},
	{"calvin@B\u00dcCHER.example", "calvin@xn--bcher-kva.example"},
	{"calvin@xn--bcher-kva.example", "calvin@xn--bcher-kva.example"},
	{"calvin@localhost", "calvin@localhost"},
	{"calvin@example\u3002com", "calvin@example.com"},
	{"", ""}, {"calvin", ""}, {"@example.com", ""}, {"calvin@", ""}, {"calvin@example", ""}, {"calvin@example.com.", ""}, {"calvin@.example.com", ""},
	{"calvin@@example.com", ""}, {"a\uff20b@example.com", ""}, {"calvin\uff20example.com", ""}, {"Calvin <calvin@example.com>", ""}, {"<calvin@example.com>", ""},
	{`"calvin"@example.com`, ""}, {`"a b"@example.com`, ""}, {"a b@example.com", ""}, {" calvin@example.com", ""}, {"calvin@example.com ", ""}, {"calvin@example.com\n", ""},
	{"calvin@example.com\r\nBcc: a@b.example", ""}, {"calvin@example.com\x00", ""}, {"calvin\x00@example.com", ""}, {"calvin@[127.0.0.1]", ""},
	{"a@example.com,b@example.com", ""}, {"a@example.com;b@example.com", ""}, {"calvin@exa mple.com", ""}, {"calvin@example.com#", ""}, {"\xff@example.com", ""},
	{"a\u202eb@example.com", ""}, {"a\u200bb@example.com", ""}, {strings.Repeat("a", 250) + "@example.com", ""},
	{strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},
	// What no mail server takes (RFC 5321, 4.5.3.1; RFC 1035, 2.3.4).
	{strings.Repeat("a", 65) + "@example.com", ""}, {strings.Repeat("\u0958", 11) + "@example.com", ""}, {"calvin@" + strings.Repeat("b", 64) + ".com", ""},
	{"calvin@" + strings.Repeat("\u00e9.", 60) + "com", ""},
}

// TestCanonicalEmail: all spellings of an address have one form, and what is no address has
// none. S76.
func TestCanonicalEmail(t *testing.T) {
	for _, c := range emails {
		got, err := accounts.CanonicalEmail(c.email)
		if got != c.key || (err == nil) != (c.key != "") {
			t.Errorf("%q: %q %v", c.email, got, err)
		}
		if err != nil && strings.Contains(err.Error(), c.email) && !strings.Contains("not an address such as calvin@example.com", c.email) {
			t.Errorf("%q is in %v", c.email, err)
		}
	}
}

var names = []struct{ name, key string }{
	{"Calvin", "calvin"}, {"calvin", "calvin"}, {"\uff23alvin", "calvin"}, {"m\u00dcLLER", "m\u00fcller"}, {"mu\u0308ller", "m\u00fcller"}, {"calvin.1-2_3", "calvin.1-2_3"},
	{"", ""}, {"a b", ""}, {"a@b", ""}, {"a\uff20b", ""}, {"a:b", ""}, {"a\uff1ab", ""}, {"a/b", ""}, {"a\uff0fb", ""}, {"a\x00", ""}, {"a\n", ""}, {"\xff", ""}, {"a\u200b", ""}, {"a\u202eb", ""},
	{strings.Repeat("a", 300), ""},
}

// TestCanonicalUsername: no name looks like an address, however it is written. S76.
func TestCanonicalUsername(t *testing.T) {
	for _, c := range names {
		if got, err := accounts.CanonicalUsername(c.name); got != c.key || (err == nil) != (c.key != "") {
			t.Errorf("%q: %q %v", c.name, got, err)
		}
	}
}

// FuzzCanonical: a canonical form is its own, holds nothing that a mail or a log could take
// for something else, and a name's is never an address. S76.
func FuzzCanonical(f *testing.F) {
	for _, c := range emails {
		f.Add(c.email)
	}
	for _, c := range names {
		f.Add(c.name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for what, canonical := range map[string]func(string) (string, error){"an address": accounts.CanonicalEmail, "a name": accounts.CanonicalUsername} {
			key, err := canonical(text)
			if err != nil {
				continue
			}
			if again, err := canonical(key); again != key || err != nil {
				t.Errorf("%q is %s %q, and that %q: %v", text, what, key, again, err)
			}
			if !utf8.ValidString(key) || strings.ContainsAny(key, " \t\r\n\x00<>\",;:\\()[]") && what == "an address" || strings.Count(key, "@") != map[string]int{"an address": 1}[what] {
				t.Errorf("%q is %s %q", text, what, key)
			}
		}
	})
}

// TestNamesAreNobodyElse: a name can't be what another one logs in with. S76.
func TestNamesAreNobodyElse(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Registerable: true, Usernames: true}).start()
		u := w.user("calvin@example.com")
		for _, name := range []string{u.ID, strings.ToUpper(u.ID), "calvin@example.com", "calvin\uff20example.com", strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r - '0' + '\uff10'
			}
			return r
		}, u.ID), "a b", "a\u202eb", "<b>"} {
			w.browser().form("/register", "email", "hobbes@example.com", "username", name, "password", otherPassword, "password_confirm", otherPassword).expect(422, "letters and digits only")
			if _, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: "hobbes@example.com", Username: name, Password: otherPassword}, accounts.Actor{}); err == nil {
				t.Errorf("%q is the name of somebody", name)
			}
		}
	})
}

// TestNoMailNoAccount: an address to which no mail can be sent is told to be none, whatever
// it is for. S61.
func TestNoMailNoAccount(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true}).compile()
	for _, address := range []string{strings.Repeat("a", 65) + "@example.com", "calvin@" + strings.Repeat("b", 64) + ".com"} {
		for _, page := range []string{"/register", "/reset", "/confirm"} {
			fields := []string{"email", address}
			if page == "/register" {
				fields = append(fields, "password", goodPassword, "password_confirm", goodPassword)
			}
			w.browser().form(page, fields...).expect(422, "Please write an address")
			w.browser().ask("POST", page, fields...).expect(400)
		}
	}
}
