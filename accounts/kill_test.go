package accounts_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/accounts"
)

var kills = flag.Int("kills", 6, "how often TestKill kills a process, on each database")

// TestKilled is the process that TestKill kills: it registers somebody, changes and
// recovers passwords and renews a session, over and over, and says what it is about to
// do, and what it has been told that is done.
func TestKilled(t *testing.T) {
	var db database
	if err := json.Unmarshal([]byte(os.Getenv("FSA_KILLED")), &db); err != nil {
		return // it is not that process
	}
	w := newWorld(t, db, quick(), accounts.Options{Registerable: true}).start()
	b, email := w.browser(), os.Getenv("FSA_KILLED_USER")
	say := func(format string, args ...any) { fmt.Printf("KILLED "+format+"\n", args...) }
	for i := 0; ; i++ {
		old, next := fmt.Sprintf("%s %d", goodPassword, i), fmt.Sprintf("%s %d", goodPassword, i+1)
		if i == 0 {
			say("begin register %s", old)
			b.form("/register", "email", email, "password", old, "password_confirm", old).expect(http.StatusOK)
			say("done register")
			b.form(w.link(email, "/confirm", 1)).expect(http.StatusSeeOther)
		}
		b.form("/login", "identity", email, "password", old).expect(http.StatusSeeOther)
		for range 2 {
			say("begin verify %s", b.cookies["session"])
			b.form("/verify", "password", old).expect(http.StatusSeeOther)
			say("done verify %s", b.cookies["session"])
		}
		if i%2 == 0 {
			say("begin change %s", next)
			b.form("/change", "password", old, "new_password", next, "new_password_confirm", next).expect(http.StatusSeeOther)
			say("done change")
			continue
		}
		link := w.resetLink(email)
		say("link %s", link)
		say("begin recover %s", next)
		b.form(link, "password", next, "password_confirm", next).expect(http.StatusSeeOther)
		say("done recover")
	}
}

// resetLink gives a link by which a user sets a password, as an administrator gets it.
func (w *world) resetLink(email string) string {
	w.t.Helper()
	u, err := w.acc.FindUser(w.t.Context(), email)
	if err != nil {
		w.t.Fatal(err)
	}
	link, err := w.acc.ResetAccess(w.t.Context(), u.ID, accounts.Actor{})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimPrefix(link, "http://localhost:5000")
}

// TestKill kills a process at random moments, and looks at what it has left: no half
// user, no link that works twice, no old password after what was said to be done, no
// session under two ids.
func TestKill(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		db.open(t)
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		stops := map[string]int{}
		for i := range *kills {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				stops[killOne(t, db, program, fmt.Sprintf("user%d@example.com", i))]++
			})
		}
		t.Logf("killed %d times, after: %v", *kills, stops)
	})
}

// told is what a killed process has said.
type told struct {
	password string   // the one that was last known to be in force, "" for none
	maybe    string   // the one that was being set
	link     string   // the latest link
	used     bool     // it is known to have been used
	sessions []string // the ids that were known to be renewed, the latest last
	last     string   // what it said last
}

// killOne starts a process, kills it, and checks what is left of its user. It gives what
// the process was doing.
func killOne(t *testing.T, db database, program, email string) string {
	t.Helper()
	address, _ := json.Marshal(db)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-test.run=^TestKilled$", "-test.count=1")
	cmd.Env = append(os.Environ(), "FSA_KILLED="+string(address), "FSA_KILLED_USER="+email)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			if line, ok := strings.CutPrefix(s.Text(), "KILLED "); ok {
				lines <- line
			} else {
				t.Log(s.Text()) // why it has ended by itself
			}
		}
	}()
	var said told
	said.hear(t, <-lines) // it has begun
	kill := time.After(time.Duration(rand.Int64N(int64(600 * time.Millisecond))))
	for alive := true; alive; {
		select {
		case line, ok := <-lines:
			if !ok {
				t.Fatalf("the process has ended by itself, after %q", said.last)
			}
			said.hear(t, line)
		case <-kill:
			cmd.Process.Kill()
			alive = false
		}
	}
	for line := range lines { // what it has still said
		said.hear(t, line)
	}
	cmd.Wait()
	said.check(t, db, email)
	what := strings.Fields(said.last)
	if what[0] == "link" {
		return "link"
	}
	return what[0] + " " + what[1]
}

func (s *told) hear(t *testing.T, line string) {
	t.Helper()
	s.last = line
	what, value, _ := strings.Cut(line, " ")
	step, value, _ := strings.Cut(value, " ")
	switch what + " " + step {
	case "begin register", "begin change", "begin recover":
		s.maybe = value
	case "done register", "done change":
		s.password, s.maybe = s.maybe, ""
	case "done recover":
		s.password, s.maybe, s.used = s.maybe, "", true
	case "begin verify":
		s.sessions = append(s.sessions, value)
	case "done verify":
		s.sessions = append(s.sessions, value)
	default:
		if what != "link" {
			t.Fatalf("what is %q?", line)
		}
		s.link, s.used = step, false
	}
}

// check looks at what is left.
func (s *told) check(t *testing.T, d database, email string) {
	t.Helper()
	w := newWorld(t, d, quick(), accounts.Options{Registerable: true}).start()
	db, err := sql.Open(d.driver, d.address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	count := func(query string, args ...any) (n int) {
		t.Helper()
		if err := db.QueryRow(d.query(query), args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	users := count("SELECT count(*) FROM users WHERE email = ?", email)
	if users == 0 {
		if s.password != "" {
			t.Fatalf("%s: registered, it was said, and is not there (%s)", email, s.last)
		}
		return
	}
	u, err := w.acc.FindUser(t.Context(), email)
	if err != nil || users != 1 {
		t.Fatal(users, err)
	}
	if n := count("SELECT count(*) FROM tickets WHERE user_id = ?", u.ID); n == 0 {
		t.Errorf("%s: there is a user without the link to confirm the address (%s)", email, s.last)
	}
	if n := count("SELECT count(*) FROM letters WHERE user_id = ?", u.ID); n == 0 {
		t.Errorf("%s: there is a user without a mail (%s)", email, s.last)
	}
	if n := count("SELECT count(*) FROM events WHERE user_id = ? AND kind = 'registered'", u.ID); n != 1 {
		t.Errorf("%s: registered %d times (%s)", email, n, s.last)
	}
	works := func(password string) bool {
		return password != "" && w.app.CheckUserPassword(t.Context(), u.ID, password) == nil
	}
	if before, after := works(s.password), works(s.maybe); before == after {
		t.Errorf("%s: the password of before is good: %t, the new one: %t (%s)", email, before, after, s.last)
	} else if s.maybe == "" && !before {
		t.Errorf("%s: the password that was said to be set is not good (%s)", email, s.last)
	}
	if s.link != "" {
		usable := w.browser().page(s.link).Code == http.StatusOK
		if changed := s.used || works(s.maybe); usable == changed {
			t.Errorf("%s: the link can be used: %t, the password was set by it: %t (%s)", email, usable, changed, s.last)
		}
	}
	alive := 0
	for i, id := range s.sessions {
		b := w.browser()
		b.cookies["session"] = id
		if b.page("/me").Code == http.StatusOK && (i == 0 || s.sessions[i-1] != id) {
			alive++
		}
	}
	if alive > 1 {
		t.Errorf("%s: %d ids of one session are good (%s)", email, alive, s.last)
	}
}
