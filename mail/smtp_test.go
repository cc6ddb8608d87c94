package mail_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/fastsimpleauth/fsa/mail"
)

func newSMTP(t testing.TB, o mail.SMTPOptions) *mail.SMTP {
	t.Helper()
	s, err := mail.NewSMTP(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// options are those for a server that wants a password.
func (s *server) options() mail.SMTPOptions {
	return mail.SMTPOptions{Addr: s.addr, User: "acme", Password: smtpPassword, RootCAs: s.cas, Hello: "app.acme.example", ImplicitTLS: s.implicit}
}

func TestSMTPSends(t *testing.T) {
	for _, c := range []struct {
		name   string
		server server
		change func(*mail.SMTPOptions)
		logins string
		clear  bool
	}{
		{name: "STARTTLS", logins: "PLAIN"},
		{name: "implicit TLS", server: server{implicit: true}, logins: "PLAIN"},
		{name: "LOGIN", server: server{mechanism: "LOGIN"}, logins: "LOGIN"},
		{name: "no password", change: func(o *mail.SMTPOptions) { o.User, o.Password = "", "" }},
		{name: "plaintext on this machine", server: server{noTLS: true}, clear: true, change: func(o *mail.SMTPOptions) {
			o.User, o.Password, o.InsecurePlaintext = "", "", true
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := (&c.server).start(t)
			o := srv.options()
			if c.change != nil {
				c.change(&o)
			}
			m := letter()
			if err := newSMTP(t, o).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			got := srv.messages()
			if len(got) != 1 || got[0].from != "app@acme.example" || got[0].to != reader || got[0].encrypted == c.clear || srv.logins() != c.logins {
				t.Fatalf("%+v, logins %q", got, srv.logins())
			}
			if read := parse(t, got[0].data); read.text != "Hello,\r\n\r\nhttps://acme.example/reset/"+resetToken+"\r\n" || read.header.Get("Message-ID") != "<one@acme.example>" {
				t.Errorf("%+v", read)
			}
		})
	}
}

// TestSMTPDots: lines of a single dot, which end a message in SMTP, arrive as they are,
// and what follows them is no command.
func TestSMTPDots(t *testing.T) {
	srv := new(server).start(t)
	m := letter()
	m.Text, m.HTML = "a\n.\nMAIL FROM:<evil@example.com>\n..\n.", ""
	if err := newSMTP(t, srv.options()).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := srv.messages(); len(got) != 1 || parse(t, got[0].data).text != strings.ReplaceAll(m.Text, "\n", "\r\n")+"\r\n" {
		t.Errorf("%+v", got)
	}
}

func TestSMTPInternationalAddresses(t *testing.T) {
	for _, c := range []struct {
		name, to, rcpt string
		utf8           bool // the server takes it
		asked          bool
		fails          string
	}{
		{name: "domain", to: "hobbes@bücher.example", rcpt: "hobbes@xn--bcher-kva.example", utf8: true},
		{name: "domain, old server", to: "hobbes@bücher.example", rcpt: "hobbes@xn--bcher-kva.example"},
		{name: "local part", to: "höbbes@bücher.example", rcpt: "höbbes@xn--bcher-kva.example", utf8: true, asked: true},
		{name: "local part, old server", to: "höbbes@example.com", fails: "mail: recipient not accepted: the server takes no addresses with letters beyond ASCII (SMTPUTF8, RFC 6531)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := (&server{utf8: c.utf8}).start(t)
			m := letter()
			m.To = c.to
			err := newSMTP(t, srv.options()).Send(t.Context(), m)
			if c.fails != "" {
				if err == nil || err.Error() != c.fails || !errors.Is(err, mail.ErrPermanent) {
					t.Error(err)
				}
				return
			}
			if got := srv.messages(); err != nil || len(got) != 1 || got[0].to != c.rcpt || got[0].utf8 != c.asked {
				t.Errorf("%v, %+v", err, got)
			}
		})
	}
}

// reply is what a server says; it tells more than a log should have.
func reply(code, class, subject, detail int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: "<" + reader + "> https://acme.example/reset/" + resetToken}
}

func TestSMTPFailures(t *testing.T) {
	at := func(step string, err error) func(string, *smtp.Conn) error {
		return func(s string, _ *smtp.Conn) error {
			if s == step {
				return err
			}
			return nil
		}
	}
	drop := func(step string) func(string, *smtp.Conn) error {
		return func(s string, c *smtp.Conn) error {
			if s == step {
				c.Conn().Close()
			}
			return nil
		}
	}
	for _, c := range []struct {
		name      string
		server    server
		change    func(*mail.SMTPOptions)
		step      mail.Step
		code      int
		permanent bool
		text      string
		delivered bool
	}{
		{name: "sender, temporary", server: server{fault: at("mail", reply(451, 4, 3, 0))}, step: mail.StepSender, code: 451, text: "mail: sender not accepted: the server says 451 4.3.0"},
		{name: "sender, permanent", server: server{fault: at("mail", reply(550, 5, 7, 1))}, step: mail.StepSender, code: 550, permanent: true, text: "mail: sender not accepted: the server says 550 5.7.1"},
		{name: "recipient, temporary", server: server{fault: at("rcpt", reply(450, 4, 2, 1))}, step: mail.StepRecipient, code: 450, text: "mail: recipient not accepted: the server says 450 4.2.1"},
		{name: "recipient, permanent", server: server{fault: at("rcpt", reply(550, 5, 1, 1))}, step: mail.StepRecipient, code: 550, permanent: true, text: "mail: recipient not accepted: the server says 550 5.1.1"},
		{name: "recipient, log-in wanted", server: server{fault: at("rcpt", reply(530, 5, 7, 0))}, step: mail.StepRecipient, code: 530, text: "mail: recipient not accepted: the server says 530 5.7.0"},
		{name: "content, temporary", server: server{fault: at("read", reply(452, 4, 3, 1))}, step: mail.StepContent, code: 452, text: "mail: content not accepted: the server says 452 4.3.1"},
		{name: "content, permanent", server: server{fault: at("read", reply(554, 5, 7, 1))}, step: mail.StepContent, code: 554, permanent: true, text: "mail: content not accepted: the server says 554 5.7.1"},
		{name: "dropped before the content", server: server{fault: drop("rcpt")}, step: mail.StepRecipient, text: "mail: recipient not accepted: "},
		{name: "dropped within the content", server: server{fault: drop("data")}, step: mail.StepContent, text: "mail: content not accepted: "},
		{name: "dropped instead of the answer", server: server{fault: drop("read")}, step: mail.StepContent, text: "mail: content not accepted: ", delivered: true},
		{name: "STARTTLS is struck out", server: server{noTLS: true}, step: mail.StepTLS, text: "mail: tls failed: the server does not offer STARTTLS"},
		{name: "certificate of another host", server: server{certName: "mx.example.com"}, step: mail.StepTLS, text: "mail: tls failed: tls: failed to verify certificate: x509: certificate is valid for mx.example.com, not localhost"},
		{name: "certificate of another host, implicit", server: server{implicit: true, certName: "mx.example.com"}, step: mail.StepTLS, text: "mail: tls failed: tls: failed to verify certificate: x509: certificate is valid for mx.example.com, not localhost"},
		{name: "certificate has expired", server: server{expired: true}, step: mail.StepTLS, text: "mail: tls failed: tls: failed to verify certificate: x509: certificate has expired or is not yet valid"},
		{name: "certificate of nobody", change: func(o *mail.SMTPOptions) { o.RootCAs = nil }, step: mail.StepTLS, text: "mail: tls failed: tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		{name: "TLS where there is STARTTLS", change: func(o *mail.SMTPOptions) { o.ImplicitTLS = true }, step: mail.StepTLS, text: "mail: tls failed: the server does not speak TLS there: STARTTLS is on port 587, TLS from the first byte on 465"},
		{name: "wrong password", change: func(o *mail.SMTPOptions) { o.Password = smtpPassword + "x" }, step: mail.StepAuth, code: 535, text: "mail: auth failed: the server says 535 5.7.8"},
		{name: "no mechanism", server: server{mechanism: "XOAUTH2"}, step: mail.StepAuth, text: "mail: auth failed: the server takes neither PLAIN nor LOGIN: leave User and Password out if it needs none"},
		{name: "no AUTH", server: server{mechanism: "none"}, step: mail.StepAuth, text: "mail: auth failed: the server takes neither PLAIN nor LOGIN: leave User and Password out if it needs none"},
		{name: "nobody there", change: func(o *mail.SMTPOptions) { o.Addr = "localhost:1" }, step: mail.StepConnect, text: "mail: connect failed: dial tcp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := (&c.server).start(t)
			o := srv.options()
			if c.change != nil {
				c.change(&o)
			}
			err := newSMTP(t, o).Send(t.Context(), letter())
			var e *mail.SendError
			if !errors.As(err, &e) {
				t.Fatalf("%v is no SendError", err)
			}
			if e.Step != c.step || e.Code != c.code || e.Permanent != c.permanent || errors.Is(err, mail.ErrPermanent) != c.permanent || !strings.HasPrefix(err.Error(), c.text) {
				t.Errorf("%v, step %s, code %d, permanent %t", err, e.Step, e.Code, e.Permanent)
			}
			// What the server says is there to be looked at, and not in the text (S70).
			if c.code != 0 && c.code != 535 && !strings.Contains(e.Reply, reader) {
				t.Errorf("Reply is %q", e.Reply)
			}
			for _, secret := range []string{smtpPassword, reader, resetToken, "acme.example"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %q", secret, err)
				}
			}
			for end := time.Now().Add(20 * time.Second); c.delivered && len(srv.messages()) == 0 && time.Now().Before(end); {
				time.Sleep(time.Millisecond) // the server is still at it
			}
			if (len(srv.messages()) > 0) != c.delivered {
				t.Errorf("delivered: %+v", srv.messages())
			}
		})
	}
}

// TestSMTPWrongMessage: what is wrong is not sent, and is permanent.
func TestSMTPWrongMessage(t *testing.T) {
	srv := new(server).start(t)
	m := letter()
	m.To = reader + ", other@example.com"
	err := newSMTP(t, srv.options()).Send(t.Context(), m)
	if !errors.Is(err, mail.ErrPermanent) || strings.Contains(fmt.Sprint(err), reader) || len(srv.messages()) > 0 {
		t.Errorf("%v", err)
	}
}

// TestSMTPQuitFails: a message that was accepted is accepted, whatever comes after.
func TestSMTPQuitFails(t *testing.T) {
	addr := raw(t, func(c net.Conn, r *bufio.Reader) {
		talk(c, r, func(line string) string {
			if strings.HasPrefix(line, "QUIT") {
				return ""
			}
			return "250 ok"
		})
	})
	if err := newSMTP(t, mail.SMTPOptions{Addr: addr, InsecurePlaintext: true}).Send(t.Context(), letter()); err != nil {
		t.Error(err)
	}
}

// talk is the server's side of a conversation: an answer to each line, "" to hang up.
func talk(c net.Conn, r *bufio.Reader, answer func(line string) string) {
	io.WriteString(c, "220 mx.example.com\r\n")
	content := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch {
		case content && line == ".\r\n":
			content = false
		case content:
			continue
		case strings.HasPrefix(line, "DATA"):
			content = true
			io.WriteString(c, "354 go on\r\n")
			continue
		}
		text := answer(line)
		if text == "" {
			return
		}
		io.WriteString(c, text+"\r\n")
	}
}

// TestSMTPTimeouts: a server that does not answer holds nobody for longer than the
// time-out or the context, at whatever step.
func TestSMTPTimeouts(t *testing.T) {
	for _, step := range []string{"greeting", "EHLO", "MAIL", "DATA", "end"} {
		t.Run(step, func(t *testing.T) {
			addr := raw(t, func(c net.Conn, r *bufio.Reader) {
				if step == "greeting" {
					io.Copy(io.Discard, r)
					return
				}
				talk(c, r, func(line string) string {
					if strings.HasPrefix(line, step) || step == "end" && line == ".\r\n" {
						io.Copy(io.Discard, r)
						return ""
					}
					return "250 ok"
				})
			})
			if step == "DATA" { // talk answers it itself
				addr = raw(t, func(c net.Conn, r *bufio.Reader) {
					io.WriteString(c, "220 x\r\n")
					for {
						line, err := r.ReadString('\n')
						if err != nil {
							return
						}
						if !strings.HasPrefix(line, "DATA") {
							io.WriteString(c, "250 ok\r\n")
						}
					}
				})
			}
			o := mail.SMTPOptions{Addr: addr, InsecurePlaintext: true, Timeout: 100 * time.Millisecond}
			err := newSMTP(t, o).Send(t.Context(), letter())
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, mail.ErrPermanent) || !strings.Contains(err.Error(), "not done within 100ms") {
				t.Errorf("time-out: %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			o.Timeout = time.Minute
			if err := newSMTP(t, o).Send(ctx, letter()); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		})
	}
}

// TestSMTPTalkativeServer: what a server says without end is not kept.
func TestSMTPTalkativeServer(t *testing.T) {
	var said atomic.Int64
	addr := raw(t, func(c net.Conn, _ *bufio.Reader) {
		for {
			n, err := io.WriteString(c, "220-"+strings.Repeat("x", 1000)+"\r\n")
			if said.Add(int64(n)); err != nil {
				return
			}
		}
	})
	err := newSMTP(t, mail.SMTPOptions{Addr: addr, InsecurePlaintext: true}).Send(t.Context(), letter())
	if err == nil || err.Error() != "mail: connect failed: the server says more than 256 KiB" {
		t.Error(err)
	}
}

// TestSMTPNotSMTP: what answers in another protocol is told, and not quoted.
func TestSMTPNotSMTP(t *testing.T) {
	for _, greeting := range []string{"HTTP/1.1 400 " + resetToken + "\r\n", "600 " + resetToken + "\r\n", "\x00\r\n"} {
		addr := raw(t, func(c net.Conn, r *bufio.Reader) {
			io.WriteString(c, greeting)
			io.Copy(io.Discard, r)
		})
		err := newSMTP(t, mail.SMTPOptions{Addr: addr, InsecurePlaintext: true}).Send(t.Context(), letter())
		if err == nil || err.Error() != "mail: connect failed: the server's answer is not SMTP" {
			t.Errorf("%q: %v", greeting, err)
		}
	}
}

// TestSMTPInjectedReplies: what somebody on the way puts behind the answer to STARTTLS
// is not taken for what the server says inside of TLS (CVE-2021-38371 and its kin).
func TestSMTPInjectedReplies(t *testing.T) {
	cert, cas := certificate(t, "localhost", false)
	var inside atomic.Value
	addr := raw(t, func(c net.Conn, r *bufio.Reader) {
		io.WriteString(c, "220 mx.example.com\r\n")
		r.ReadString('\n')
		io.WriteString(c, "250-mx.example.com\r\n250 STARTTLS\r\n")
		r.ReadString('\n')
		io.WriteString(c, "220 go on\r\n250-mx.example.com\r\n250 AUTH LOGIN\r\n334 VXNlcm5hbWU6\r\n")
		secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
		in := bufio.NewReader(secure)
		in.ReadString('\n')
		io.WriteString(secure, "250-mx.example.com\r\n250 AUTH PLAIN\r\n")
		line, _ := in.ReadString('\n')
		inside.Store(line)
		io.WriteString(secure, "535 no\r\n")
	})
	err := newSMTP(t, mail.SMTPOptions{Addr: addr, User: "acme", Password: smtpPassword, RootCAs: cas}).Send(t.Context(), letter())
	line, _ := inside.Load().(string)
	if err == nil || !strings.HasPrefix(line, "AUTH PLAIN ") {
		t.Errorf("%v, the client says %q", err, line)
	}
}

// TestSMTPClosesConnections: no connection is left open, whatever has failed.
func TestSMTPClosesConnections(t *testing.T) {
	for _, answer := range []string{"250 ok", "550 no"} {
		closed := make(chan bool, 1)
		addr := raw(t, func(c net.Conn, r *bufio.Reader) {
			talk(c, r, func(line string) string { return answer })
			io.Copy(io.Discard, r)
			closed <- true
		})
		newSMTP(t, mail.SMTPOptions{Addr: addr, InsecurePlaintext: true}).Send(t.Context(), letter())
		select {
		case <-closed:
		case <-time.After(20 * time.Second):
			t.Errorf("after %q the connection is open", answer)
		}
	}
}

func TestNewSMTPFaults(t *testing.T) {
	for _, c := range []struct {
		o    mail.SMTPOptions
		want []string // nothing: it is right
	}{
		{o: mail.SMTPOptions{Addr: "smtp.example.com"}},
		{o: mail.SMTPOptions{Addr: "smtp.example.com:465", User: "u", Password: "p"}},
		{o: mail.SMTPOptions{Addr: "[::1]:25", InsecurePlaintext: true}},
		{o: mail.SMTPOptions{Addr: "::1", InsecurePlaintext: true}},
		{o: mail.SMTPOptions{Addr: "127.1.2.3:25", InsecurePlaintext: true, Hello: "[127.0.0.1]"}},
		{o: mail.SMTPOptions{Addr: "relay:25", InsecurePlaintextRemote: true, Hello: "[IPv6:::1]"}},
		{mail.SMTPOptions{}, []string{"Addr \"\" is empty"}},
		{mail.SMTPOptions{Addr: "smtp://smtp.example.com"}, []string{"is not host:port"}},
		{mail.SMTPOptions{Addr: "smtp.example.com:smtp"}, []string{"port that is not a number"}},
		{mail.SMTPOptions{Addr: "smtp.example.com:0"}, []string{"port that is not a number"}},
		{mail.SMTPOptions{Addr: "a b:25"}, []string{"is not host:port"}},
		{mail.SMTPOptions{Addr: "x:587\r\nQUIT"}, []string{"port that is not a number"}},
		{mail.SMTPOptions{Addr: "smtp.example.com", User: "u"}, []string{"User and Password go together"}},
		{mail.SMTPOptions{Addr: "smtp.example.com", User: "u", Password: smtpPassword + "\n"}, []string{"line break", "does a file"}},
		{mail.SMTPOptions{Addr: "smtp.example.com:25", InsecurePlaintext: true}, []string{"InsecurePlaintext is for a server on this machine, and smtp.example.com is none"}},
		{mail.SMTPOptions{Addr: "localhost.example.com:25", InsecurePlaintext: true}, []string{"InsecurePlaintext is for"}},
		{mail.SMTPOptions{Addr: "10.0.0.1:25", InsecurePlaintext: true}, []string{"InsecurePlaintext is for"}},
		{mail.SMTPOptions{Addr: "localhost", InsecurePlaintext: true, User: "u", Password: smtpPassword}, []string{"not sent without TLS"}},
		{mail.SMTPOptions{Addr: "relay", InsecurePlaintextRemote: true, User: "u", Password: smtpPassword}, []string{"not sent without TLS"}},
		{mail.SMTPOptions{Addr: "localhost:465", InsecurePlaintext: true}, []string{"port 465 is for TLS"}},
		{mail.SMTPOptions{Addr: "localhost:25", InsecurePlaintext: true, ImplicitTLS: true}, []string{"exclude each other"}},
		{mail.SMTPOptions{Addr: "smtp.example.com", Hello: "a\r\nMAIL FROM:<x>", Timeout: time.Hour}, []string{"Hello", "Timeout 1h0m0s"}},
		{mail.SMTPOptions{Addr: "smtp.example.com", Hello: "[nowhere]", Timeout: -1}, []string{"Hello", "Timeout"}},
	} {
		s, err := mail.NewSMTP(c.o)
		if c.want == nil {
			if err != nil {
				t.Errorf("%v: %v", c.o, err)
			}
			continue
		}
		if err == nil || s != nil {
			t.Errorf("%v is taken", c.o)
			continue
		}
		want(t, err.Error(), c.want...)
		if strings.Contains(err.Error(), smtpPassword) {
			t.Error(err)
		}
	}
}

// TestSMTPPrintsNoPassword: neither options nor mailer tell it, however they are
// printed (S70).
func TestSMTPPrintsNoPassword(t *testing.T) {
	o := mail.SMTPOptions{Addr: "smtp.example.com", User: "acme", Password: smtpPassword}
	s := newSMTP(t, o)
	log, text := logged()
	log.Info("options", "o", o, "smtp", s)
	out := text.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out += fmt.Sprintf(verb+verb+verb+verb+"\n", o, &o, s, *s)
	}
	if strings.Contains(out, smtpPassword) || strings.Contains(out, fmt.Sprintf("%x", smtpPassword)) {
		t.Error(out)
	}
	want(t, out, "acme", "***", "smtp.example.com")
}
