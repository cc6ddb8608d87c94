package mail_test

import (
	"bytes"
	"errors"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/mail"
)

// FuzzMessage: whatever is in the fields of a message, it is refused, or its reader gets
// what was written: these fields of the header and no other, these texts, these
// addresses (no header injection).
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		"", "Calvin <calvin@example.com>", "a@example.com\r\nBcc: moe@example.com", "=?utf-8?q?a=0d=0aBcc=3A_moe=40example.com?= <a@example.com>",
		`"a\"b, <x@y>" <a@example.com>`, "a  b\t c", "\r\n\r\nbody", "=?utf-8?q?x?=", strings.Repeat("x", 200), strings.Repeat(" x", 100), strings.Repeat("é", 100),
		"a@b>\r\n", "<a@b>" + strings.Repeat(" ", 200) + strings.Repeat("y", 72), "-- \r\n.\r\n", "\u2028", "\x00", "ü@ü.example", `"=?utf-8?q?=22?=" <a@example.com>`,
	} {
		f.Add(s, "app@acme.example", "subject", "text", "", "", "")
		f.Add("a@example.com", s, "subject", "text", "<p>", "", s)
		f.Add("a@example.com", "app@acme.example", s, "text", "", "", "")
		f.Add("a@example.com", "app@acme.example", "subject", "text", "", s, "")
		f.Add("a@example.com", "app@acme.example", "subject", s, s, "", "")
	}
	f.Fuzz(func(t *testing.T, to, from, subject, text, html, messageID, field string) {
		m := mail.Message{From: from, To: to, Subject: subject, Text: text, HTML: html, MessageID: messageID}
		if field != "" {
			m.Header = map[string]string{"References": field}
		}
		var b bytes.Buffer
		_, err := m.WriteTo(&b)
		if (err == nil) != (m.Check() == nil) {
			t.Fatalf("Check says %v, WriteTo %v", m.Check(), err)
		}
		if err != nil {
			if !errors.Is(err, mail.ErrPermanent) || b.Len() > 0 || strings.ContainsAny(err.Error(), "\r\n") {
				t.Fatalf("%q, %d bytes are written", err, b.Len())
			}
			return
		}
		r := parse(t, b.String())
		fields := map[string]bool{"From": true, "To": true, "Subject": true, "Date": true, "Message-Id": true, "Mime-Version": true, "Content-Type": true}
		if html == "" {
			fields["Content-Transfer-Encoding"] = true
		}
		if field != "" {
			fields["References"] = true
		}
		if len(r.header) != len(fields) {
			t.Fatalf("the fields are %v", r.header)
		}
		for name, values := range r.header {
			if !fields[name] || len(values) != 1 {
				t.Fatalf("%s: %q", name, values)
			}
		}
		for name, wrote := range map[string]string{"From": from, "To": to} {
			want, err := mail.ParseAddress(wrote)
			if err != nil {
				t.Fatal(err)
			}
			got, err := netmail.ParseAddressList(r.header.Get(name))
			if err != nil || len(got) != 1 || got[0].Address != want.Address || oneSpaced(got[0].Name) != want.Name {
				t.Fatalf("%s is %q, want %v: %v", name, r.header.Get(name), want, err)
			}
		}
		if r.subject != oneSpaced(subject) {
			t.Fatalf("Subject is %q, want %q", r.subject, oneSpaced(subject))
		}
		if r.text != lineBreaks(text) || r.html != lineBreaks(html) {
			t.Fatalf("text %q, want %q, html %q, want %q", r.text, lineBreaks(text), r.html, lineBreaks(html))
		}
		if field != "" && r.header.Get("References") != oneSpaced(field) {
			t.Fatalf("References is %q", r.header.Get("References"))
		}
	})
}

func oneSpaced(s string) string { return strings.Join(strings.Fields(s), " ") }

func lineBreaks(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n", "\r\n")
}
