package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/internal/chromium"
)

var shots = flag.String("shots", "", "a `directory` for pictures of what TestInBrowser sees, on a phone and a desk, by day and night")

// tab is a browser's tab that shows pages of the diary.
type tab struct {
	*chromium.Page
	t   *testing.T
	url string // of the diary
}

func newTab(t *testing.T, b *chromium.Browser, url string) *tab {
	t.Helper()
	return &tab{b.New(t).Open(t, url+"/login"), t, url}
}

// visit goes to a page as if its path had been typed, and shows checks where the tab
// is, which status that has, and what can be read there.
func (b *tab) visit(path, at, status string, texts ...string) {
	b.t.Helper()
	b.Go(b.url + path)
	b.shows(at, status, texts...)
}

func (b *tab) shows(at, status string, texts ...string) {
	b.t.Helper()
	if got := b.Eval("location.pathname + location.search"); got != at {
		b.t.Fatalf("at %s instead of %s: %s", got, at, b.text())
	}
	if got := b.Eval("String(performance.getEntriesByType('navigation')[0].responseStatus)"); got != status {
		b.t.Fatalf("%s: status %s instead of %s: %s", at, got, status, b.text())
	}
	for _, text := range texts {
		if !strings.Contains(b.text(), text) {
			b.t.Errorf("%s: %q is not in %s", at, text, b.text())
		}
	}
	b.shoot(at)
	for _, moan := range b.Moans() {
		// The page itself is meant to have that status.
		if status[0] == '4' && strings.HasPrefix(moan, "network: Failed to load resource: the server responded with a status of "+status) && strings.HasSuffix(moan, b.Eval("location.href")) {
			continue
		}
		b.t.Errorf("%s: the console says %s", at, moan)
	}
}

var taken atomic.Int64

// shoot takes the pictures of a page that -shots asks for.
func (b *tab) shoot(at string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	n := taken.Add(1)
	for _, width := range []int{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			b.Wear(width, 760, scheme)
			name := fmt.Sprintf("%03d%s-%d-%s.png", n, unsafeRE.ReplaceAllString(at, "-"), width, scheme)
			if err := os.WriteFile(filepath.Join(*shots, name), b.Screenshot(), 0o644); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	b.Wear(1280, 760, "light")
}

var unsafeRE = regexp.MustCompile(`[^a-z0-9_]+|[A-Za-z0-9_-]{43}`)

// text is what can be read, spaces and what fields hold included.
func (b *tab) text() string {
	b.t.Helper()
	return strings.ReplaceAll(b.Eval("document.body.innerText + [...document.querySelectorAll('textarea')].map(e => e.value).join()"), "\u00a0", " ")
}

// send fills fields, by their names, and sends the form.
func (b *tab) send(fields ...string) {
	b.t.Helper()
	for i := 0; i+1 < len(fields); i += 2 {
		b.Type("[name="+fields[i]+"]", fields[i+1])
	}
	b.Click("form .button")
}

// link follows the link or button that is called so.
func (b *tab) link(text string) {
	b.t.Helper()
	b.Eval("(() => { const e = [...document.querySelectorAll('a, button')].find(e => e.innerText.trim().startsWith('" + text + "')); if (e) e.id = 'wanted'; return '' })()")
	b.Click("#wanted")
}

// mail opens the newest mail with the subject, once it has come, and follows its link.
func (b *tab) mail(subject string) {
	b.t.Helper()
	for range 200 {
		b.visit("/dev/mailbox", "/dev/mailbox", "200")
		if strings.Contains(b.text(), subject) {
			b.link(subject)
			b.shows(b.Eval("location.pathname"), "200", subject)
			b.Leave("location.href = document.querySelector('pre a').href")
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("no mail %q: %s", subject, b.text())
}

const (
	goodPassword  = "correct horse battery staple"
	otherPassword = "quite another pass phrase"
)

// TestInBrowser: what people do with the diary, in a real browser, from registration to
// recovery. Nothing is refused by the pages' policy, no script fails. S28, S30, S51,
// S54, S58, S60, S78.
func TestInBrowser(t *testing.T) {
	chrome := chromium.Start(t)
	url := serve(t, t.TempDir()).url
	calvin, writer, admin := newTab(t, chrome, url), newTab(t, chrome, url), newTab(t, chrome, url)

	// Register, confirm through the mailbox.
	calvin.visit("/new_entry", "/login?next=%2Fnew_entry", "200", "Please log in to go on")
	calvin.link("Create an account")
	calvin.shows("/register?next=%2Fnew_entry", "200", "Create an account")
	calvin.send("email", "calvin@example.com", "password", "short", "password_confirm", "different")
	calvin.shows("/register", "422", "15 characters")
	if got := calvin.Eval("document.activeElement.name + ' ' + document.querySelector('[name=email]').value + ' ' + document.querySelector('[name=password]').value"); got != "password calvin@example.com " {
		t.Errorf("after a faulty form: %q", got)
	}
	calvin.send("password", goodPassword, "password_confirm", goodPassword)
	calvin.shows("/register", "200", "Check your mail")
	calvin.visit("/login", "/login", "200")
	calvin.send("identity", "calvin@example.com", "password", goodPassword)
	calvin.shows("/login", "403", "confirm your e-mail address first")
	calvin.mail("Confirm")
	calvin.shows(calvin.Eval("location.pathname"), "200", "calvin@example.com")
	if r, err := http.Get(calvin.Eval("location.href")); err != nil {
		t.Error(err)
	} else if r.Body.Close(); r.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the page with a secret in its address has the policy %s", r.Header.Get("Referrer-Policy"))
	}
	calvin.Click("form .button")
	calvin.shows("/login?done=confirm", "200", "Your e-mail address is confirmed")

	// Log in, and get to where one was going.
	calvin.visit("/new_entry", "/login?next=%2Fnew_entry", "200")
	calvin.send("identity", "calvin@example.com", "password", "not the password")
	calvin.shows("/login", "422", "match")
	calvin.send("password", goodPassword)
	calvin.shows("/new_entry", "200", "New entry")
	if cookies := calvin.Eval("document.cookie"); cookies != "" {
		t.Errorf("scripts see the cookies %s", cookies)
	}

	// Write: 280 characters, which the field knows and the server holds.
	calvin.send("content", "It snows.\nHobbes & I <3 it")
	calvin.shows("/", "200", "It snows.\nHobbes & I <3 it")
	calvin.link("New entry")
	calvin.Type("[name=content]", strings.Repeat("é", 300))
	if n := calvin.Eval("String(document.querySelector('[name=content]').value.length)"); n != "280" {
		t.Errorf("the field takes %s characters", n)
	}
	calvin.Eval("document.querySelector('[name=content]').maxLength = 300; ''")
	calvin.send("content", strings.Repeat("é", 281))
	calvin.shows("/new_entry", "422", "at most 280 characters", strings.Repeat("é", 281))
	calvin.Type("[name=content]", strings.Repeat("é", 280))
	calvin.Click("form .button")
	calvin.shows("/", "200", strings.Repeat("é", 280))
	calvin.Click(".entries li:last-child .content a")
	calvin.shows("/entry/1", "200", "It snows.", "by you")

	// Another's entry, none at all, and what is for others.
	writer.visit("/", "/login?next=%2F", "200")
	writer.send("identity", "writer@example.com", "password", "writerpass")
	writer.shows("/", "200", "Nothing yet")
	writer.visit("/entry/1", "/entry/1", "403", "This is not yours", "writer@example.com")
	writer.visit("/entry/99", "/entry/99", "404", "Nothing here")
	writer.visit("/nowhere", "/nowhere", "404", "Nothing here")
	writer.visit("/edit_entry/1", "/edit_entry/1", "403")
	writer.link("Go to the diary")
	writer.shows("/", "200")

	// The administrator sees, edits and deletes all.
	admin.send("identity", "admin@example.com", "password", "adminpass")
	admin.shows("/", "200", "All entries", "calvin@example.com", "It snows.")
	admin.Click(".entries li:last-child .actions a")
	admin.shows("/edit_entry/1", "200", "Edit entry", "It snows.")
	admin.send("content", "It rains.")
	admin.shows("/entry/1", "200", "It rains.", "by calvin@example.com")
	calvin.visit("/entry/1", "/entry/1", "200", "It rains.")
	admin.link("Delete")
	admin.shows("/delete_entry/1", "200", "gone for good", "It rains.")
	admin.link("Cancel")
	admin.link("Delete")
	admin.Click("form .button")
	admin.shows("/", "200", "All entries")
	admin.visit("/entry/1", "/entry/1", "404")
	calvin.visit("/entry/1", "/entry/1", "404")

	// The list of sessions: end one, end others.
	var devices []*tab
	for range 3 {
		d := newTab(t, chrome, url)
		d.send("identity", "calvin@example.com", "password", goodPassword)
		d.shows("/", "200")
		devices = append(devices, d)
	}
	calvin.link("calvin@example.com")
	calvin.shows("/account", "200", "calvin@example.com", "Writer")
	calvin.link("Sessions")
	calvin.shows("/sessions", "200", "This device", "Chrome")
	calvin.Click(".list .action a")
	calvin.link("Cancel")
	calvin.shows("/sessions", "200")
	calvin.Click(".list .action a")
	calvin.Click("form .button")
	calvin.shows("/sessions?done=session-end", "200", "ended")
	if out := loggedOut(devices); out != 1 {
		t.Errorf("%d devices are logged out, not 1", out)
	}
	calvin.link("End all other sessions")
	calvin.shows("/sessions/others/end", "200", "End all other sessions?")
	calvin.Click("form .button")
	calvin.shows("/sessions?done=sessions-end", "200")
	if out := loggedOut(devices); out != 3 {
		t.Errorf("%d devices are logged out, not 3", out)
	}

	// Log out, and what was opened before does not help.
	calvin.link("Log out")
	calvin.shows("/logout", "200", "Log out?")
	calvin.link("Cancel")
	calvin.shows("/", "200")
	calvin.visit("/logout", "/logout", "200")
	calvin.Click("form .button")
	calvin.shows("/login?done=logout", "200", "You are logged out")
	calvin.visit("/account", "/login?next=%2Faccount", "200")

	// Recovery.
	calvin.link("Forgot")
	calvin.send("email", "calvin@example.com")
	calvin.shows("/reset", "200", "If there is an account")
	calvin.mail("Set a new password")
	calvin.send("password", "calvin@example.com", "password_confirm", "calvin@example.com")
	calvin.shows(calvin.Eval("location.pathname"), "422")
	calvin.send("password", otherPassword, "password_confirm", otherPassword)
	calvin.shows("/login?done=reset", "200", "new password is set")
	calvin.send("identity", "calvin@example.com", "password", goodPassword)
	calvin.shows("/login", "422")
	calvin.send("password", otherPassword)
	calvin.shows("/", "200", strings.Repeat("é", 280))

	// A new password, and proving once more who one is.
	calvin.visit("/change", "/change", "200")
	calvin.send("password", otherPassword, "new_password", goodPassword, "new_password_confirm", goodPassword)
	calvin.shows("/account?done=change", "200", "Your password is changed")
	calvin.visit("/verify?next=/new_entry", "/verify?next=/new_entry", "200")
	calvin.send("password", goodPassword)
	calvin.shows("/new_entry", "200")

	// Whoever wants French gets it.
	french := newTab(t, chrome, url)
	french.Speak("fr-FR,fr,en")
	french.visit("/", "/login?next=%2F", "200", "Connexion", "Mot de passe")
	french.send("identity", "calvin@example.com", "password", "faux")
	french.shows("/login", "422")
	if lang := french.Eval("document.documentElement.lang"); lang != "fr" {
		t.Errorf("the page is in %s", lang)
	}
	french.send("password", goodPassword)
	french.visit("/sessions", "/sessions", "200", "Cet appareil")
}

// loggedOut counts who has to log in.
func loggedOut(tabs []*tab) (n int) {
	for _, b := range tabs {
		b.Go(b.url + "/")
		if b.Eval("location.pathname") == "/login" {
			n++
		}
	}
	return n
}
