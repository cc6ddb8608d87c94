package accounts

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/mail"
)

// letterOf is what flows fill a mail with.
func letterOf(kind string) letterData {
	d := letterData{To: "calvin@example.com", Called: "Calvin", Path: "/" + kind}
	switch kind {
	case "confirm":
		d.Path, d.Within = "/confirm/t0k3n", 2*day
	case "reset":
		d.Path, d.Within = "/reset/t0k3n", 30*time.Minute
	case "reset-done", "password-changed", "new-device", "sessions-ended":
		d.At, d.Agent, d.Address = time.Date(2026, 3, 12, 14, 5, 0, 0, time.UTC), firefox, "192.0.2.1"
	}
	return d
}

func newLayout(t testing.TB) *mail.Layout {
	t.Helper()
	l, err := mail.NewLayout(mail.LayoutOptions{Name: "Diary", BaseURL: "https://diary.example.com", From: "Diary <diary@example.com>"})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLetters: what each mail says, in both languages.
func TestLetters(t *testing.T) {
	p, layout := newTestPages(t, Look{}), newLayout(t)
	for _, lang := range p.texts.langs {
		for _, kind := range slices.Sorted(maps.Keys(letterKinds)) {
			t.Run(lang+"/"+kind, func(t *testing.T) {
				d := letterOf(kind)
				draft, err := p.letter(lang, kind, d)
				if err != nil {
					t.Fatal(err)
				}
				m, err := layout.Message(draft)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join("letters", kind+"."+lang+".txt"), "To: "+m.To+"\nSubject: "+m.Subject+"\n\n"+m.Text)
				// Why it came, and what to do, is in each; and the link stands there to be
				// seen and copied, once in the text.
				if draft.Why == "" || !strings.Contains(draft.Why, "Diary") {
					t.Errorf("it does not say why it came: %q", draft.Why)
				}
				link := "https://diary.example.com" + d.Path
				if want := map[bool]int{true: 1}[kind != "disabled"]; strings.Count(m.Text, link) != want {
					t.Errorf("the link is there %d times, should be %d:\n%s", strings.Count(m.Text, link), want, m.Text)
				}
				if !strings.Contains(m.HTML, `lang="`+lang+`"`) {
					t.Error("the mail does not say its language")
				}
			})
		}
	}
}

// TestLettersToStrangers: what goes to an address that may be anybody's holds nothing
// that who has given the address could choose. Else they could send what they like.
func TestLettersToStrangers(t *testing.T) {
	p, layout := newTestPages(t, Look{}), newLayout(t)
	for _, kind := range []string{"confirm", "exists"} {
		d := letterOf(kind)
		d.Called = "You have won: buy.example"
		draft, err := p.letter("en", kind, d)
		if err != nil {
			t.Fatal(err)
		}
		m, err := layout.Message(draft)
		if err != nil || strings.Contains(m.Text+m.HTML+m.Subject, "won") {
			t.Errorf("%s: %v\n%s", kind, err, m.Text)
		}
	}
}

// TestLettersFail: what is wrong with one, and which language another one gets.
func TestLettersFail(t *testing.T) {
	p := newTestPages(t, Look{})
	if _, err := p.letter("en", "resett", letterData{To: "calvin@example.com"}); err == nil || !strings.Contains(err.Error(), `there is no mail "resett"`) {
		t.Errorf("%v", err)
	}
	d, err := p.letter("tlh", "reset", letterData{To: "calvin@example.com", Path: "/"})
	if err != nil || d.Lang != "en" {
		t.Errorf("%q, %v", d.Lang, err)
	}
	long, err := p.letter("en", "reset", letterData{To: "calvin@example.com", Called: strings.Repeat("a", 500) + "\r\nBcc: x"})
	if err != nil || !regexp.MustCompile(`^Hello a{100},$`).MatchString(long.Greeting) {
		t.Errorf("%q, %v", long.Greeting, err)
	}
	told, err := p.letter("en", "sessions-ended", letterData{To: "calvin@example.com", At: time.Date(2026, 3, 12, 14, 5, 0, 0, time.UTC)})
	if err != nil || told.Paragraphs[1] != "It was done on 12 March 2026, 14:05 UTC." {
		t.Errorf("%q, %v", told.Paragraphs, err)
	}
	if long.Button != (mail.Button{}) {
		t.Error("there is a button that leads nowhere")
	}
}

// TestLetterTexts: each kind of mail has its texts, and each text of a mail is one of a
// kind that there is.
func TestLetterTexts(t *testing.T) {
	c := ourCatalog(t)
	for kind, k := range letterKinds {
		for _, key := range []string{"mail." + kind + ".subject", "mail." + kind + ".text", k.not} {
			if key != "" && !c.has(key) {
				t.Errorf("there is no text %q", key)
			}
		}
	}
	for key := range c.texts["en"] {
		if parts := strings.Split(key, "."); parts[0] == "mail" && len(parts) == 3 && parts[1] != "hello" && parts[1] != "why" {
			if _, known := letterKinds[parts[1]]; !known {
				t.Errorf("text %q is of no mail", key)
			}
		}
	}
}

// TestPalettes: pages and mails have the same colours.
func TestPalettes(t *testing.T) {
	css, ours := stylesheet(t), mail.DefaultPalette()
	_, dark, _ := strings.Cut(css, "@media (prefers-color-scheme: dark)")
	light := strings.TrimSuffix(css, dark)
	for _, c := range []struct {
		css  string
		mail mail.Colors
	}{{light, ours.Light}, {dark, ours.Dark}} {
		for name, want := range map[string]string{"accent": c.mail.Accent, "bg": c.mail.Background, "card": c.mail.Card, "text": c.mail.Text, "muted": c.mail.Muted} {
			if !strings.Contains(c.css, "--fsa-"+name+": "+want+";") {
				t.Errorf("mails have %s %s, pages don't", name, want)
			}
		}
	}
}
