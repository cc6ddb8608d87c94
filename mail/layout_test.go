package mail_test

import (
	"errors"
	"flag"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/fastsimpleauth/fsa/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

func layout(t testing.TB, change func(*mail.LayoutOptions)) *mail.Layout {
	t.Helper()
	o := mail.LayoutOptions{Name: "Acme", BaseURL: "https://acme.example", From: "Acme <app@acme.example>", ReplyTo: "help@acme.example"}
	if change != nil {
		change(&o)
	}
	l, err := mail.NewLayout(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func draft() mail.Draft {
	return mail.Draft{
		To: reader, Subject: "Choose a new password", Greeting: "Hello Calvin,",
		Paragraphs: []string{"Somebody, hopefully you, has asked for a new password."},
		Button:     mail.Button{Text: "Choose a password", URL: "/reset/" + resetToken},
		After:      []string{"The link works once, for 30 minutes."},
		Why:        "You get this because you have an account at Acme with this address.",
		NotYou:     "If it was not you, ignore this mail: nothing changes.",
	}
}

func TestLayoutGolden(t *testing.T) {
	m, err := layout(t, nil).Message(draft())
	if err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{"testdata/mail.txt": m.Text, "testdata/mail.html": m.HTML} {
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: -update writes it anew\n%s", file, diff)
		}
	}
	if m.From != "Acme <app@acme.example>" || m.ReplyTo != "help@acme.example" || m.To != reader || m.Subject != "Choose a new password" || !strings.HasSuffix(m.MessageID, "@acme.example") ||
		!reflect.DeepEqual(m.Header, map[string]string{"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}) {
		t.Errorf("%+v, %s, %v", m.From, m.MessageID, m.Header)
	}
}

// TestLayoutEscapes: what users have written is text, on one line, in both forms.
func TestLayoutEscapes(t *testing.T) {
	evil := "</p><script>alert(1)</script>\r\n\r\nhttps://evil.example\u202e\x00\u2028 {{.Name}} \"'"
	d := mail.Draft{
		To: reader, Subject: evil, Greeting: evil, Paragraphs: []string{evil, " ", ""}, After: []string{evil}, Why: evil, NotYou: evil,
		Button: mail.Button{Text: evil, Hint: evil, URL: `/reset/"><script>alert(1)</script>?a=b&c=<d>`},
	}
	m, err := layout(t, func(o *mail.LayoutOptions) { o.Name = "Acme <b>" }).Message(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<b>", "\u202e", "\x00", "\u2028", "'>", `/"`} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("the HTML has %q:\n%s", bad, m.HTML)
		}
	}
	if strings.Contains(m.Text, "\nhttps://evil") || strings.Count(m.Text, "</p><script>alert(1)</script> https://evil.example {{.Name}} \"'") != 6 {
		t.Errorf("the text is\n%s", m.Text)
	}
	want(t, m.Text, "https://acme.example/reset/%22%3E%3Cscript%3Ealert%281%29%3C/script%3E?a=b&c=<d>")
	if m.Subject != `</p><script>alert(1)</script> https://evil.example {{.Name}} "'` {
		t.Errorf("the subject is %q", m.Subject)
	}
}

func TestLayoutLinks(t *testing.T) {
	const dev = "http://localhost:5000"
	for _, c := range []struct{ base, url, want string }{
		{"https://acme.example", "/reset/x?y=z", "https://acme.example/reset/x?y=z"},
		{"https://acme.example/", "/", "https://acme.example/"},
		{"https://acme.example/app/", "/reset/x", "https://acme.example/app/reset/x"},
		{"https://bücher.example:8443", "/x", "https://xn--bcher-kva.example:8443/x"},
		{"https://acme.example", "https://other.example/x", "https://other.example/x"},
		{"https://acme.example", `/\evil.example`, "https://acme.example/%5Cevil.example"},
		{dev, "/x", dev + "/x"},
		{dev, "http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"},
		{dev, "http://[::1]:8080/x", "http://[::1]:8080/x"},
		{dev, "https://other.example/x", "https://other.example/x"},
		{base: "https://acme.example", url: "http://acme.example/x"},
		{base: "https://acme.example", url: "http://localhost/x"},
		{base: dev, url: "http://acme.example/x"},
		{base: dev, url: "http://localhost.evil.example/x"},
		{base: dev, url: "//evil.example/x"},
		{base: dev, url: "javascript:alert(1)"},
		{base: dev, url: "mailto:moe@example.com"},
		{base: dev, url: "data:text/html,x"},
		{base: dev, url: "reset/x"},
		{base: dev, url: ""},
		{base: dev, url: "https:///x"},
		{base: dev, url: "https://acme.example@evil.example/x"},
		{base: dev, url: "https://acme.example/\nx"},
		{base: dev, url: "https://exa mple/x"},
		{base: dev, url: "https://-/x"},
	} {
		d := draft()
		d.Button.URL = c.url
		m, err := layout(t, func(o *mail.LayoutOptions) { o.BaseURL = c.base }).Message(d)
		if c.want == "" {
			if !errors.Is(err, mail.ErrPermanent) || !strings.Contains(err.Error(), "Button.URL ") || c.url != "" && strings.Contains(err.Error(), c.url) {
				t.Errorf("%s, %s: %v", c.base, c.url, err)
			}
			continue
		}
		if err != nil || !strings.Contains(m.Text, "\n"+c.want+"\n") || strings.Count(m.HTML, `href="`+c.want+`"`) != 2 {
			t.Errorf("%s, %s: %v\n%s", c.base, c.url, err, m.Text)
		}
	}
}

func TestLayoutDraftFaults(t *testing.T) {
	l := layout(t, nil)
	for _, c := range []struct {
		change func(*mail.Draft)
		want   string
	}{
		{func(d *mail.Draft) { d.To = reader + "\n" }, "To has a line break"},
		{func(d *mail.Draft) { d.Subject = "\r\n" }, "Subject is empty"},
		{func(d *mail.Draft) { d.Button.Text = " " }, "Button.Text is empty"},
		{func(d *mail.Draft) { d.Lang = `en" onload="` }, "Lang is not the tag of a language"},
		{func(d *mail.Draft) { d.Paragraphs = []string{strings.Repeat("x", 600<<10)} }, "Text has more than 512 KiB"},
	} {
		d := draft()
		c.change(&d)
		if _, err := l.Message(d); !errors.Is(err, mail.ErrPermanent) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), resetToken) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestLayoutTemplates(t *testing.T) {
	l := layout(t, func(o *mail.LayoutOptions) {
		o.Templates = fstest.MapFS{"mail.txt": {Data: []byte("{{.Name}}: {{range .Paragraphs}}{{.}}{{end}}")}}
		o.Palette.Light.Accent = "#AA0000"
	})
	d := draft()
	d.Lang = "fr"
	m, err := l.Message(d)
	if err != nil || m.Text != "Acme: "+d.Paragraphs[0]+"\n" {
		t.Errorf("%q, %v", m.Text, err)
	}
	want(t, m.HTML, `<html lang="fr"`, "background:#AA0000", "<h1")
}

func TestNewLayoutFaults(t *testing.T) {
	for _, c := range []struct {
		o    mail.LayoutOptions
		want []string
	}{
		{mail.LayoutOptions{}, []string{"Name is empty", `BaseURL "" is not the URL`, `From "" is empty`}},
		{mail.LayoutOptions{Name: "A", BaseURL: "http://acme.example", From: "a@acme.example"}, []string{"must be https"}},
		{mail.LayoutOptions{Name: "A", BaseURL: "acme.example", From: "a@acme.example"}, []string{"is not the URL"}},
		{mail.LayoutOptions{Name: "A", BaseURL: "https://u:p@acme.example", From: "a@acme.example"}, []string{"is not the URL"}},
		{mail.LayoutOptions{Name: "A", BaseURL: "https://acme.example/?a", From: "a@acme.example"}, []string{"is not the URL"}},
		{mail.LayoutOptions{Name: "A", BaseURL: "ftp://acme.example", From: "a@acme.example"}, []string{"must be https"}},
		{mail.LayoutOptions{Name: "A", BaseURL: "https://acme.example", From: "acme", ReplyTo: "x"}, []string{`From "acme" is not`, `ReplyTo "x" is not`}},
		{mail.LayoutOptions{Name: "A", BaseURL: "https://acme.example", From: "a@acme.example", Palette: mail.Palette{Dark: mail.Colors{Text: "red;}"}}}, []string{`Dark.Text is "red;}"`}},
		{mail.LayoutOptions{Name: "A", BaseURL: "https://acme.example", From: "a@acme.example", Templates: fstest.MapFS{"mail.html": {Data: []byte("{{.")}, "mail.txt": {Data: []byte("{{end}}")}}}, []string{"mail.html:1", "mail.txt:1"}},
		{mail.LayoutOptions{Name: "A", BaseURL: "https://acme.example", From: "a@acme.example", Templates: fstest.MapFS{"mail.txt": {Data: []byte("x{{if .Why}}{{.Nothing}}{{end}}")}}}, []string{"for trial", "Nothing"}},
	} {
		l, err := mail.NewLayout(c.o)
		if err == nil || l != nil {
			t.Errorf("%+v is taken", c.o)
			continue
		}
		want(t, err.Error(), c.want...)
	}
}

// TestPaletteContrast: words can be read, on light and on dark screens (WCAG 2.2, 1.4.3).
func TestPaletteContrast(t *testing.T) {
	p := mail.DefaultPalette()
	for name, c := range map[string]mail.Colors{"light": p.Light, "dark": p.Dark} {
		for _, pair := range [][2]string{{c.Text, c.Card}, {c.Text, c.Background}, {c.Muted, c.Card}, {c.Muted, c.Background}, {c.Accent, c.Card}, {c.Accent, c.Background}, {c.OnAccent, c.Accent}} {
			if ratio := contrast(t, pair[0], pair[1]); ratio < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f", name, pair[0], pair[1], ratio)
			}
		}
	}
	if got := contrast(t, "#000000", "#ffffff"); math.Abs(got-21) > 0.01 {
		t.Errorf("black on white has a contrast of %.2f, want 21", got)
	}
}

// contrast is the ratio of two colours' luminance (WCAG 2.2, definitions).
func contrast(t *testing.T, a, b string) float64 {
	luminance := func(color string) float64 {
		n, err := strconv.ParseUint(color[1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		linear := func(shift uint) float64 {
			c := float64(n>>shift&0xff) / 255
			if c <= 0.04045 {
				return c / 12.92
			}
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
