package accounts_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
)

// postOffice is a mail server of this machine that takes everything, and gives what it has
// got.
func postOffice(t *testing.T) (addr string, mails <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got := make(chan string, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				fmt.Fprint(conn, "220 localhost\r\n")
				var data *strings.Builder // nil outside of a message
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					switch line := lines.Text(); {
					case data != nil && line == ".":
						got <- data.String()
						data = nil
						fmt.Fprint(conn, "250 ok\r\n")
					case data != nil:
						data.WriteString(line + "\n")
					case line == "DATA":
						data = &strings.Builder{}
						fmt.Fprint(conn, "354 go on\r\n")
					case line == "QUIT":
						fmt.Fprint(conn, "221 bye\r\n")
						return
					default:
						fmt.Fprint(conn, "250 ok\r\n")
					}
				}
			}()
		}
	}()
	return l.Addr().String(), got
}

// TestMailServer: the configuration names the mail server by which links are sent.
func TestMailServer(t *testing.T) {
	addr, mails := postOffice(t)
	w := configured(t, map[string]string{"SMTP": addr, "INSECURE_SMTP_PLAINTEXT": "true", "MAIL_FROM": "Acme <acme@example.com>", "REGISTERABLE": "true"})
	if w.h == nil {
		t.Fatal("it does not start")
	}
	w.browser().form("/register", "email", "calvin@example.com", "password", goodPassword, "password_confirm", goodPassword).expect(200, "Check your mail")
	select {
	case m := <-mails:
		if !strings.Contains(m, "calvin@example.com") || !strings.Contains(m, "https://www.example.com/confirm/") || !strings.Contains(m, "acme@example.com") {
			t.Error(m)
		}
	case <-time.After(time.Minute):
		t.Error("no mail has come")
	}
}

// TestMailServerFaults: what is wrong with how a mail server is named stops the start, and
// tells no password. S74.
func TestMailServerFaults(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("smtp-test-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		directives map[string]string
		want       string // of the error, "" for none
	}{
		{"none", nil, `add FSA_ACCOUNTS_SMTP = "smtp.example.com:587"`},
		{"a server", map[string]string{"SMTP": "smtp.example.com"}, ""},
		{"with a password", map[string]string{"SMTP": "smtp.example.com:587", "SMTP_USER": "acme", "SMTP_PASSWORD": "smtp-test-secret"}, ""},
		{"with a password in a file", map[string]string{"SMTP": "smtp.example.com:465", "SMTP_USER": "acme", "SMTP_PASSWORD_FILE": password}, ""},
		{"a user without a password", map[string]string{"SMTP": "smtp.example.com", "SMTP_USER": "acme"}, "User and Password go together"},
		{"a password without a server", map[string]string{"SMTP_USER": "acme", "SMTP_PASSWORD_FILE": password}, "FSA_ACCOUNTS_SMTP: and what belongs to it: mail: Addr"},
		{"a URL", map[string]string{"SMTP": "smtp://smtp.example.com"}, "it has no scheme"},
		{"plaintext to elsewhere", map[string]string{"SMTP": "smtp.example.com", "INSECURE_SMTP_PLAINTEXT": "true"}, "is for a server on this machine"},
		{"a password in plaintext", map[string]string{"SMTP": "localhost:25", "INSECURE_SMTP_PLAINTEXT": "true", "SMTP_USER": "acme", "SMTP_PASSWORD": "smtp-test-secret"}, "not sent without TLS"},
		{"plaintext to nowhere", map[string]string{"INSECURE_SMTP_PLAINTEXT": "true"}, "FSA_ACCOUNTS_SMTP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			directives := map[string]string{"MAIL_FROM": "acme@example.com"}
			for name, value := range c.directives {
				directives[name] = value
			}
			w := configured(t, directives)
			_, err := w.app.Handler()
			if text := fmt.Sprint(err); (err == nil) != (c.want == "") || c.want != "" && !strings.Contains(text, c.want) || strings.Contains(text, "smtp-test-secret") {
				t.Errorf("%v\nwant %q", err, c.want)
			}
		})
	}
}

// configured is an application in mode prod whose accounts have these directives in the
// environment. It is served if it can be.
func configured(t *testing.T, directives map[string]string) *world {
	t.Helper()
	t.Setenv("FSA_ACCOUNTS_SECRET", string(secret[0]))
	for name, value := range directives {
		t.Setenv("FSA_ACCOUNTS_"+name, value)
	}
	cfg, err := fsa.Load("")
	must(t, err)
	from := prod()
	cfg.Mode, cfg.Auth, cfg.TokenSecret, cfg.PasswordScheme, cfg.PasswordOpts, cfg.InsecurePasswordCost, cfg.BaseURL = from.Mode, from.Auth, from.TokenSecret, from.PasswordScheme, from.PasswordOpts, true, from.BaseURL
	w := &world{t: t, db: sqlite(t), log: &syncBuffer{}}
	w.store = w.db.open(t)
	w.app = fsa.New("acme", accounts.Defaults(cfg))
	w.acc = accounts.New(w.app, w.store, accounts.Options{})
	if _, err := w.app.Handler(); err == nil {
		w.start()
	}
	return w
}
