package mail_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/mail"
)

// read is a message as its reader gets it.
type read struct {
	header     netmail.Header
	subject    string
	text, html string
}

// parse reads a message by the standard library, as strictly as it can be.
func parse(t testing.TB, raw string) read {
	t.Helper()
	head, _, ok := strings.Cut(raw, "\r\n\r\n")
	if !ok || strings.Contains(strings.ReplaceAll(raw, "\r\n", ""), "\r") || strings.Contains(strings.ReplaceAll(raw, "\r\n", ""), "\n") {
		t.Fatalf("lines do not end in CR LF only:\n%q", raw)
	}
	for _, l := range strings.Split(head, "\r\n") {
		if len(l) > 998 || strings.TrimSpace(l) == "" {
			t.Fatalf("a line of the header is empty or has %d bytes: %q", len(l), l)
		}
	}
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	r := read{header: m.Header}
	if r.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	part := func(header func(string) string, body io.Reader) {
		if e := header("Content-Transfer-Encoding"); e != "quoted-printable" {
			t.Fatalf("the encoding is %q", e)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		switch kind := header("Content-Type"); kind {
		case "text/plain; charset=UTF-8":
			r.text += string(text)
		case "text/html; charset=UTF-8":
			r.html += string(text)
		default:
			t.Fatalf("a part is %q", kind)
		}
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind == "text/plain" {
		part(m.Header.Get, m.Body)
		return r
	}
	if kind != "multipart/alternative" {
		t.Fatalf("it is %q", kind)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		part(p.Header.Get, p)
	}
}

func written(t testing.TB, m mail.Message) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMessageWriteTo(t *testing.T) {
	m := letter()
	m.From = `"Ácme, Inc." <app@acme.example>`
	m.ReplyTo = "Help   desk <help@bücher.example>"
	m.Subject = "  Zwölf   Boxkämpfer =?utf-8?q?x?= " + strings.Repeat("größer ", 20)
	m.Date = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	m.Header = map[string]string{"Auto-Submitted": "auto-generated", "References": "<a@b>  " + strings.Repeat("<c@d> ", 30)}
	m.Text = "a\nb\r\nc\rd = ä\n" + strings.Repeat("long ", 100)
	r := parse(t, written(t, m))
	for name, want := range map[string]string{
		"From": "=?utf-8?b?w4FjbWUsIEluYy4=?= <app@acme.example>", "To": `"Calvin" <` + reader + ">", "Reply-To": `"Help desk" <help@xn--bcher-kva.example>`,
		"Date": "Tue, 03 Feb 2026 04:05:06 +0000", "Message-Id": "<one@acme.example>", "Mime-Version": "1.0",
		"Auto-Submitted": "auto-generated", "References": "<a@b> " + strings.TrimSpace(strings.Repeat("<c@d> ", 30)),
	} {
		if got := r.header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if want := strings.Join(strings.Fields(m.Subject), " "); r.subject != want {
		t.Errorf("Subject is %q, want %q", r.subject, want)
	}
	if r.text != "a\r\nb\r\nc\r\nd = ä\r\n"+strings.Repeat("long ", 100) || r.html != m.HTML {
		t.Errorf("text %q, html %q", r.text, r.html)
	}
	if len(r.header) != 10 {
		t.Errorf("there are other fields: %v", r.header)
	}
}

// TestMessageDefaults: what is not set is made, anew each time, without telling which
// machine and which program it was.
func TestMessageDefaults(t *testing.T) {
	m := letter()
	m.MessageID, m.HTML = "", ""
	a, b := parse(t, written(t, m)), parse(t, written(t, m))
	id := a.header.Get("Message-Id")
	if id == b.header.Get("Message-Id") || !strings.HasSuffix(id, "@acme.example>") || len(id) < 40 {
		t.Errorf("MessageID %s", id)
	}
	if at, err := a.header.Date(); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("Date %v, %v", at, err)
	}
	for name := range a.header {
		switch name {
		case "Date", "Mime-Version", "Message-Id", "Subject", "From", "To", "Content-Type", "Content-Transfer-Encoding":
		default:
			t.Errorf("the field %s", name)
		}
	}
}

func TestMessageCheck(t *testing.T) {
	long := strings.Repeat("x", 251)
	for _, c := range []struct {
		name   string
		change func(*mail.Message)
		want   []string
	}{
		{"nothing", func(m *mail.Message) { *m = mail.Message{} }, []string{"From is empty", "To is empty", "Subject is empty", "Text is empty"}},
		{"two readers", func(m *mail.Message) { m.To = reader + ", moe@example.com" }, []string{"To is not one address"}},
		{"bcc in to", func(m *mail.Message) { m.To = reader + "\r\nBcc: moe@example.com" }, []string{"To has a line break"}},
		{"bcc in from", func(m *mail.Message) { m.From = "A\nBcc: moe@example.com\n <a@example.com>" }, []string{"From has a line break"}},
		{"encoded line break", func(m *mail.Message) { m.ReplyTo = "=?utf-8?q?a=0d=0aBcc=3A_moe=40example.com?= <a@example.com>" }, []string{"ReplyTo has a control character in its name"}},
		{"subject of two lines", func(m *mail.Message) { m.Subject = "a\r\nBcc: moe@example.com" }, []string{"Subject has a line break"}},
		{"subject turned round", func(m *mail.Message) { m.Subject = "a\u202egpj.exe" }, []string{"Subject has a line break or another control character"}},
		{"long subject", func(m *mail.Message) { m.Subject = long }, []string{"Subject has more than 250 characters"}},
		{"not UTF-8", func(m *mail.Message) { m.Subject, m.Text, m.HTML, m.To = "\xff", "\xff", "\xff", "\xff@x" }, []string{"Subject is not UTF-8", "Text is not UTF-8", "HTML is not UTF-8", "To is not UTF-8"}},
		{"NUL", func(m *mail.Message) { m.Text, m.HTML = "a\x00", "a\x1b" }, []string{"Text has a control character", "HTML has a control character"}},
		{"large", func(m *mail.Message) { m.HTML = strings.Repeat("x", 512<<10+1) }, []string{"HTML has more than 512 KiB"}},
		{"message ID", func(m *mail.Message) { m.MessageID = "a@b>\r\nBcc: <moe@example.com" }, []string{"MessageID is not of the form local@domain"}},
		{"date", func(m *mail.Message) { m.Date = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) }, []string{"Date is not in the years"}},
		{"fields", func(m *mail.Message) {
			m.Header = map[string]string{"Bcc": "moe@example.com", "auto-submitted": "x", "List-Id": "a\r\nBcc: moe@example.com", "References": strings.Repeat("x", 901), "In-Reply-To": " "}
		}, []string{
			"Header has a field that is not among those that can be set: Auto-Submitted, In-Reply-To", "Header List-Id is empty or not printable ASCII",
			"Header References has more than 900 bytes", "Header In-Reply-To is empty",
		}},
	} {
		m := letter()
		c.change(&m)
		err := m.Check()
		if !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want(t, err.Error(), c.want...)
		for _, secret := range []string{reader, "moe@example.com", resetToken} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %q is in %q", c.name, secret, err)
			}
		}
		if _, err := m.WriteTo(io.Discard); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%s: it is written: %v", c.name, err)
		}
	}
	if err := letter().Check(); err != nil {
		t.Error(err)
	}
}

func TestParseAddress(t *testing.T) {
	for _, c := range []struct{ text, name, address, fails string }{
		{text: "calvin@example.com", address: "calvin@example.com"},
		{text: " <calvin@example.com> ", address: "calvin@example.com"},
		{text: "Calvin & Hobbes <calvin+tag@example.com>", name: "Calvin & Hobbes", address: "calvin+tag@example.com"},
		{text: "Calvin, Hobbes <calvin+tag@example.com>", fails: "is not one address"},
		{text: `"Calvin & Hobbes" <calvin+tag@example.com>`, name: "Calvin & Hobbes", address: "calvin+tag@example.com"},
		{text: "Calvin@EXAMPLE.com", address: "Calvin@example.com"},
		{text: "=?utf-8?q?Andr=C3=A9?= <a@example.com>", name: "André", address: "a@example.com"},
		{text: "a@Bücher.example", address: "a@xn--bcher-kva.example"},
		{text: "a@straße.example", address: "a@xn--strae-oqa.example"},
		{text: "ünïcode@example.com", address: "ünïcode@example.com"},
		{text: "root@localhost", address: "root@localhost"},
		{text: strings.Repeat("l", 64) + "@example.com", address: strings.Repeat("l", 64) + "@example.com"},
		{text: strings.Repeat("l", 65) + "@example.com", fails: "more than 64 bytes before the @"},
		{text: "a@" + strings.Repeat("d.", 120) + "example.com", address: "a@" + strings.Repeat("d.", 120) + "example.com"},
		{text: "abc@" + strings.Repeat("d.", 120) + "example.com", fails: "longer than 254 bytes"},
		{text: "", fails: "is empty"},
		{text: "calvin", fails: "is not one address"},
		{text: "calvin@", fails: "is not one address"},
		{text: "@example.com", fails: "is not one address"},
		{text: "a@b@example.com", fails: "is not one address"},
		{text: "a@example.com b@example.com", fails: "is not one address"},
		{text: "a@example.com, b@example.com", fails: "is not one address"},
		{text: "group: a@example.com, b@example.com;", fails: "is not one address"},
		{text: "a@[127.0.0.1]", fails: "an IP address after the @"},
		{text: "a@-example.com", fails: "not the name of a domain"},
		{text: "a@exa_mple.com", fails: "not the name of a domain"},
		{text: "a@xn--a", fails: "not the name of a domain"},
		{text: "a@example..com", fails: "is not one address"},
		{text: `"a b"@example.com`, fails: "would need quotes"},
		{text: `"a>\r\nRCPT TO:<b"@example.com`, fails: "would need quotes"},
		{text: `"a@b"@example.com`, fails: "would need quotes"},
		{text: `".a"@example.com`, fails: "would need quotes"},
		{text: "a\u202eb@example.com", fails: "control character"},
		{text: "a\u00a0b@example.com", fails: "would need quotes"},
		{text: "a@example.com\n", fails: "line break"},
		{text: strings.Repeat("n", 201) + " <a@example.com>", fails: "name of more than 200 bytes"},
		{text: strings.Repeat("n", 2000) + " <a@example.com>", fails: "too long"},
	} {
		a, err := mail.ParseAddress(c.text)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%q: %v, %v, want %q", c.text, a, err, c.fails)
			}
			if err != nil && strings.Contains(err.Error(), "@") && !strings.Contains(err.Error(), "calvin@example.com") && !strings.Contains(err.Error(), "the @") {
				t.Errorf("%q is quoted: %v", c.text, err)
			}
			continue
		}
		if err != nil || a.Name != c.name || a.Address != c.address {
			t.Errorf("%q: %q %q, %v, want %q %q", c.text, a.Name, a.Address, err, c.name, c.address)
		}
	}
}

// TestMessagePrintsNothing: a message that is printed by accident tells its ID (S70).
func TestMessagePrintsNothing(t *testing.T) {
	log, text := logged()
	m := letter()
	log.Info("sent", "m", m, "kept", mail.Kept{ID: "1", Message: m}, "job", mail.Job{ID: "1", Message: m})
	out := text.String() + fmt.Sprintf("%v %+v %s %v %+v", m, m, m, &m, mail.Job{Message: m})
	for _, secret := range []string{reader, resetToken, m.Subject} {
		if strings.Contains(out, secret) {
			t.Errorf("%q is in %s", secret, out)
		}
	}
	want(t, out, "message one@acme.example")
}
