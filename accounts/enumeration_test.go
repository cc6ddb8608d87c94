package accounts_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/google/go-cmp/cmp"
)

// seen is what somebody can see of an answer, and what it has cost.
type seen struct {
	Status     int
	Fields     []string // of the header
	Body       string   // without the address
	JSON       []string // keys, if it is JSON
	Events     int
	Letters    int
	Statements int64
	Hashes     int64
}

// TestSameAnswer: what does not tell whether there is an account, and in which state it
// is, to who does not know the password: status, header, body, what is written, how many
// statements the database gets and how many slow hashes are made. S12, S13, S14, S15.
func TestSameAnswer(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Registerable: true, Usernames: true, Roles: []accounts.Role{{Name: "Writer"}}, DefaultRoles: []string{"Writer"}}).compile()
		addresses := statesOf(t, w)
		for n, page := range []string{"/login", "/register", "/reset", "/confirm"} {
			for m, format := range []string{"form", "JSON"} {
				t.Run(page+" "+format, func(t *testing.T) {
					want := look(t, w, page, format, fmt.Sprintf("novel%d%d@example.com", n, m))
					for _, state := range slices.Sorted(maps.Keys(addresses)) {
						got := look(t, w, page, format, addresses[state])
						if diff := cmp.Diff(want, got); diff != "" {
							t.Errorf("that the user is %s is seen:\n%s", state, diff)
						}
						if err := w.app.ThrottleForget(t.Context(), strings.TrimPrefix(page, "/"), addresses[state]); err != nil {
							t.Fatal(err)
						}
					}
				})
			}
		}
	})
}

// statesOf makes users in all states, and gives their addresses, which are of one
// length.
func statesOf(t *testing.T, w *world) map[string]string {
	all := map[string]string{}
	for state, change := range states(w) {
		u := w.user((state + "xxxxxxx")[:7] + "@example.com")
		change(u)
		all[state] = u.Email
	}
	return all
}

// states are those in which a user can be, by how one gets into them.
func states(w *world) map[string]func(u *accounts.User) {
	must := func(err error) {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	ctx := w.t.Context()
	return map[string]func(u *accounts.User){
		"fine":        func(*accounts.User) {},
		"inactive":    func(u *accounts.User) { must(w.acc.Deactivate(ctx, u.ID, "a reason", accounts.Actor{})) },
		"locked":      func(u *accounts.User) { must(w.acc.Lock(ctx, u.ID, "a reason", accounts.Actor{})) },
		"delayed":     func(u *accounts.User) { must(w.acc.DelayUntil(ctx, u.ID, time.Now().Add(time.Hour), accounts.Actor{})) },
		"unconfirmed": func(u *accounts.User) { w.db.exec(w.t, "UPDATE users SET confirmed_at = 0 WHERE id = ?", u.ID) },
	}
}

var registered atomic.Int64 // names

// look sends a form with a wrong password, and looks at all that it does.
func look(t *testing.T, w *world, page, format, address string) seen {
	t.Helper()
	fields := map[string][]string{
		"/login":    {"identity", address, "password", "wrong"},
		"/register": {"email", address, "username", fmt.Sprintf("name%d", registered.Add(1)), "password", goodPassword, "password_confirm", goodPassword},
		"/reset":    {"email", address},
		"/confirm":  {"email", address},
	}[page]
	events, letters := len(w.events("")), strings.Count(w.db.text(t), "\nletters ")
	statements, hashes := w.db.statements.Load(), w.hashes.Load()
	b := w.browser()
	var a answer
	if format == "JSON" {
		a = b.ask("POST", page, fields...)
	} else {
		a = b.form(page, fields...)
	}
	s := seen{
		Status: a.Code, Fields: slices.Sorted(maps.Keys(a.Header())), Body: strings.ReplaceAll(a.Body.String(), address, "ADDRESS"),
		Statements: w.db.statements.Load() - statements, Hashes: w.hashes.Load() - hashes,
	}
	s.Events, s.Letters = len(w.events(""))-events, strings.Count(w.db.text(t), "\nletters ")-letters
	if format == "JSON" {
		var v any
		if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		s.JSON = keysOf("", v)
	}
	return s
}

func keysOf(prefix string, v any) (keys []string) {
	m, _ := v.(map[string]any)
	for k, v := range m {
		keys = append(append(keys, prefix+k), keysOf(prefix+k+".", v)...)
	}
	slices.Sort(keys)
	return keys
}

// TestTooOftenIsTheSame: nor does it show when there are too many tries. S12.
func TestTooOftenIsTheSame(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Registerable: true, Usernames: true}).compile()
	w.user("known@example.com")
	answers := map[string][]string{}
	for _, address := range []string{"known@example.com", "novel@example.com"} {
		for _, page := range []string{"/login", "/register", "/reset", "/confirm"} {
			for range 8 {
				s := look(t, w, page, "JSON", address)
				answers[address] = append(answers[address], fmt.Sprint(page, s.Status, s.Fields, s.JSON, s.Hashes, s.Body))
			}
		}
	}
	if diff := cmp.Diff(answers["known@example.com"], answers["novel@example.com"]); diff != "" {
		t.Error(diff)
	}
	if last := answers["known@example.com"][7]; !strings.HasPrefix(last, "/login429") {
		t.Error("nothing is throttled: " + last)
	}
}

// TestSpellingsTellNothing: which spellings share a count does not depend on whether there is
// an account: who has used up the tries of an address that only looks alike sees nothing of it
// at the other one. S12, S20.
func TestSpellingsTellNothing(t *testing.T) {
	w := newWorld(t, sqlite(t), quick(), accounts.Options{Usernames: true}).compile()
	ways := map[string]func(identity string) int{
		"form": func(identity string) int {
			return w.browser().form("/login", "identity", identity, "password", "wrong").Code
		},
		"basic": func(identity string) int {
			return w.browser().send("GET", "/ways", "", "", "Authorization", basic(identity, "wrong")).Code
		},
		"param": func(identity string) int {
			return w.browser().send("GET", "/ways?"+url.Values{"USER": {identity}, "PASS": {"wrong"}}.Encode(), "", "").Code
		},
	}
	for way, try := range ways {
		for n, c := range []struct {
			alike, address string // as they begin
			same           bool   // they mean the same account
		}{
			{"k\u00f6nnen", "konnen", false}, {"ko\u200bnnen", "konnen", false}, {"\U0001d424onnen", "konnen", false},
			{"Konnen", "konnen", true}, {"\uff4bonnen", "konnen", true}, {"ko\u0308nnen", "k\u00f6nnen", true},
		} {
			tries := map[bool][]int{}
			for _, known := range []bool{true, false} {
				rest := fmt.Sprintf("%s%d%t@example.com", way, n, known)
				if known {
					w.user(c.address + rest)
				}
				for range 6 {
					tries[known] = append(tries[known], try(c.alike+rest))
				}
				tries[known] = append(tries[known], try(c.address+rest))
				if last := tries[known][6]; (last == 429) != c.same {
					t.Errorf("%s %q, known: %t: %v", way, c.alike, known, tries[known])
				}
			}
			if !slices.Equal(tries[true], tries[false]) {
				t.Errorf("%s %q: %v if it is known, else %v", way, c.alike, tries[true], tries[false])
			}
		}
	}
}

// TestTakenNameTellsNoAddress: a user name that is taken is told as such, whether or not
// the address is known. S12.
func TestTakenNameTellsNoAddress(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Registerable: true, Usernames: true}).start()
		if _, err := w.acc.CreateUser(t.Context(), accounts.NewUser{Email: "known@example.com", Username: "calvin", Password: goodPassword}, accounts.Actor{}); err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{"known@example.com", "novel@example.com"} {
			w.browser().form("/register", "email", address, "username", "Calvin", "password", goodPassword, "password_confirm", goodPassword).expect(422, "Somebody has this name")
			w.browser().form("/register", "email", address, "username", "hobbes", "password", goodPassword, "password_confirm", goodPassword).expect(200, "Check your mail")
		}
	})
}

// TestOwnerIsTold: the owner of an address gets a mail, and who has tried to register with
// it the usual answer. The mail says nothing that a stranger has chosen. S15.
func TestOwnerIsTold(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Registerable: true, Usernames: true}).start()
		u := w.user("calvin@example.com")
		b := w.browser()
		b.header.Set("User-Agent", "Come to evil.example")
		b.form("/register", "email", "CALVIN@example.com", "username", "evil.example", "password", otherPassword, "password_confirm", otherPassword).expect(200, "Check your mail")
		if text := w.mailOf("calvin@example.com", "account already", 1); strings.Contains(text, "evil") {
			t.Error(text)
		}
		w.browser().login(u.Email, goodPassword)
		w.browser().form("/login", "identity", u.Email, "password", otherPassword).expect(422)
		if got := w.events(u.ID); !slices.Contains(got, accounts.EventRegistered) {
			t.Error(got)
		}

		b.form("/register", "email", "stranger@example.com", "username", "evil.example", "password", otherPassword, "password_confirm", otherPassword).expect(200)
		b.form("/reset", "email", "stranger@example.com").expect(200)
		for _, text := range []string{w.mailOf("stranger@example.com", "/confirm/", 1), w.mailOf("stranger@example.com", "/reset/", 1)} {
			if strings.Contains(text, "evil") {
				t.Error(text)
			}
		}
	})
}
