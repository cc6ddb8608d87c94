package mail_test

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/leaktest"
	"github.com/fastsimpleauth/fsa/mail"
)

// real gives options for the server that .ci/smtpd has started. TEST_FSA_SMTP and
// TEST_FSA_SMTPS are its addresses, with STARTTLS and with TLS from the first byte, and
// TEST_FSA_SMTP_DIR has its certificate and what it gets.
func real(t *testing.T, variable string) (o mail.SMTPOptions, dir string) {
	t.Helper()
	o.Addr, dir = os.Getenv(variable), os.Getenv("TEST_FSA_SMTP_DIR")
	if o.Addr == "" || dir == "" {
		t.Skip("there is no mail server: start one by .ci/smtpd, and set TEST_FSA_SMTP, TEST_FSA_SMTPS and TEST_FSA_SMTP_DIR")
	}
	pem, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	o.RootCAs = x509.NewCertPool()
	if !o.RootCAs.AppendCertsFromPEM(pem) {
		t.Fatal("TEST_FSA_SMTP_DIR has no certificate")
	}
	o.User, o.Password, o.ImplicitTLS = "acme", "smtp-test-secret", variable == "TEST_FSA_SMTPS"
	leaktest.Secret(o.Password)
	return o, dir
}

// TestSMTPRealServer: a server and a parser that are not written in Go take what is
// sent, and read what was written.
func TestSMTPRealServer(t *testing.T) {
	for _, variable := range []string{"TEST_FSA_SMTP", "TEST_FSA_SMTPS"} {
		for _, to := range []string{"Höbbes <hobbes@example.com>", "höbbes@example.com"} {
			t.Run(variable+" "+to, func(t *testing.T) { sendAndRead(t, variable, to) })
		}
	}
}

func sendAndRead(t *testing.T, variable, to string) {
	o, dir := real(t, variable)
	m, err := layout(t, func(l *mail.LayoutOptions) { l.From = `"Äcme, Inc." <app@bücher.example>` }).Message(draft())
	if err != nil {
		t.Fatal(err)
	}
	m.Subject, m.To = strings.TrimSpace("Zwölf =?utf-8?q?x?= "+strings.Repeat("Boxkämpfer ", 20)), to
	m.Text += ".\n..\nFrom x\n" + strings.Repeat("ü", 100) + "\n"
	if err := newSMTP(t, o).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "mails", m.MessageID+".json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file)
	var got struct {
		From, User, Text, HTML string
		To, Defects            []string
		TLS                    bool
		Header                 map[string]string
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	address, err := mail.ParseAddress(to)
	if err != nil {
		t.Fatal(err)
	}
	if got.From != "app@xn--bcher-kva.example" || !slices.Equal(got.To, []string{address.Address}) || got.User != "acme" || !got.TLS {
		t.Errorf("from %q to %q by %q, TLS %t", got.From, got.To, got.User, got.TLS)
	}
	// The parser knows nothing of RFC 6532, by which addresses can be UTF-8.
	if address.Name != "" && len(got.Defects) > 0 {
		t.Errorf("the parser finds %q", got.Defects)
	}
	if lf(got.Text) != m.Text || strings.TrimSpace(lf(got.HTML)) != strings.TrimSpace(m.HTML) {
		t.Errorf("text %q\nhtml %q", got.Text, got.HTML)
	}
	for name, want := range map[string]string{
		"Subject": m.Subject, "From": `"Äcme, Inc." <app@xn--bcher-kva.example>`, "To": to, "Message-ID": "<" + m.MessageID + ">", "Auto-Submitted": "auto-generated",
	} {
		if strings.Trim(got.Header[name], "<>") != strings.Trim(want, "<>") {
			t.Errorf("%s is %q, want %q", name, got.Header[name], want)
		}
	}
}

func lf(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

func TestSMTPRealServerRefuses(t *testing.T) {
	o, _ := real(t, "TEST_FSA_SMTP")
	for _, c := range []struct {
		name      string
		to        string
		change    func(*mail.SMTPOptions)
		permanent bool
		text      string
	}{
		{name: "permanent", to: "nobody@example.com", permanent: true, text: "mail: recipient not accepted: the server says 550 5.1.1"},
		{name: "temporary", to: "later@example.com", text: "mail: recipient not accepted: the server says 451 4.7.1"},
		{name: "wrong password", to: reader, change: func(o *mail.SMTPOptions) { o.Password += "x" }, text: "mail: auth failed: the server says 535 5.7.8"},
		{name: "no password", to: reader, change: func(o *mail.SMTPOptions) { o.User, o.Password = "", "" }, text: "mail: sender not accepted: the server says 530 5.7.0"},
		{name: "no authority", to: reader, change: func(o *mail.SMTPOptions) { o.RootCAs = nil }, text: "mail: tls failed: tls: failed to verify certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, m := o, letter()
			m.To = c.to
			if c.change != nil {
				c.change(&o)
			}
			err := newSMTP(t, o).Send(t.Context(), m)
			if err == nil || !strings.HasPrefix(err.Error(), c.text) || errors.Is(err, mail.ErrPermanent) != c.permanent || strings.Contains(err.Error(), "example.com") {
				t.Error(err)
			}
		})
	}
}
