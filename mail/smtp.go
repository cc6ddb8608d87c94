package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// SMTPOptions say where messages are handed on, and how. They can be printed: the
// password is left out.
type SMTPOptions struct {
	// Addr is the mail server, host:port, such as smtp.example.com:587; without a
	// port it is 587. A host in letters must be the one of its certificate.
	Addr string

	// User and Password are for servers that want them, which is all that take mail
	// for others from outside. They are sent over TLS only (mechanism PLAIN, or LOGIN
	// if the server has nothing else).
	User     string
	Password string `json:"-"`

	// ImplicitTLS is for servers that speak TLS from the first byte (RFC 8314). On
	// port 465 that is so without saying it. Everywhere else STARTTLS is demanded: a
	// server that does not offer it, or somebody on the way who strikes it out, gets
	// neither password nor mail.
	ImplicitTLS bool

	// RootCAs are who may vouch for the server's certificate. Default: those of the
	// system.
	RootCAs *x509.CertPool

	// Hello is how this machine calls itself. Default: its host name, or localhost if
	// that is none.
	Hello string

	// Timeout bounds one Send, from the look-up of the name to the answer. Default
	// 30 s, at most 10 minutes.
	Timeout time.Duration

	// InsecurePlaintext goes without TLS, to a server on this machine.
	// InsecurePlaintextRemote goes without TLS to any server: who is on the way reads
	// every mail, and with it the links that let readers in. There is no password
	// without TLS.
	InsecurePlaintext       bool
	InsecurePlaintextRemote bool
}

const (
	defaultSendTimeout = 30 * time.Second
	maxSendTimeout     = 10 * time.Minute
	portSubmission     = "587" // RFC 6409
	portSubmissions    = "465" // RFC 8314
)

// SMTP is a [Mailer] that hands each message to a mail server (RFC 5321), over a
// connection of its own. It is made by [NewSMTP].
type SMTP struct {
	addr, host, hello string
	user              string
	password          func() string // so that printing an SMTP does not print it; nil without one
	implicit, plain   bool
	tls               *tls.Config
	timeout           time.Duration
}

var _ Mailer = (*SMTP)(nil)

// NewSMTP makes an SMTP; it does not connect. Its error joins all that is wrong with
// the options.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("mail: "+format, args...)) }

	host, port, err := splitAddr(o.Addr)
	if err != nil {
		wrong("Addr %q %w", o.Addr, err)
	}
	plain := o.InsecurePlaintext || o.InsecurePlaintextRemote
	switch {
	case plain && o.ImplicitTLS:
		wrong("ImplicitTLS and InsecurePlaintext exclude each other: leave one out")
	case plain && port == portSubmissions:
		wrong("port 465 is for TLS from the first byte: leave InsecurePlaintext out, or name another port")
	case o.InsecurePlaintext && !o.InsecurePlaintextRemote && err == nil && !onThisMachine(host):
		wrong("InsecurePlaintext is for a server on this machine, and %s is none: leave it out, so that mails go over TLS", host)
	}
	if plain && (o.User != "" || o.Password != "") {
		wrong("User and Password are not sent without TLS: leave them out, or InsecurePlaintext")
	}
	switch {
	case (o.User == "") != (o.Password == ""):
		wrong("User and Password go together: one of them is empty")
	case strings.ContainsAny(o.User+o.Password, "\x00\r\n"):
		wrong("User or Password has a line break or a NUL in it: does a file that it comes from end with a line break?")
	}
	hello := o.Hello
	if hello == "" {
		hello, _ = os.Hostname()
		if !isHello(hello) {
			hello = "localhost"
		}
	}
	if !isHello(hello) {
		wrong("Hello %q is not the name of a host, such as app.example.com", o.Hello)
	}
	if o.Timeout < 0 || o.Timeout > maxSendTimeout {
		wrong("Timeout %v is not between 0 (for 30s) and 10m", o.Timeout)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = defaultSendTimeout
	}
	s := &SMTP{
		addr: net.JoinHostPort(host, port), host: host, hello: hello, user: o.User,
		implicit: o.ImplicitTLS || port == portSubmissions, plain: plain, timeout: o.Timeout,
		tls: &tls.Config{ServerName: host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
	}
	if password := o.Password; password != "" {
		s.password = func() string { return password }
	}
	return s, nil
}

// splitAddr gives host and port of a server.
func splitAddr(addr string) (host, port string, err error) {
	if addr == "" {
		return "", "", errors.New("is empty: say which mail server, such as smtp.example.com:587")
	}
	if strings.ContainsAny(addr, "/@") {
		return "", "", errors.New("is not host:port, such as smtp.example.com:587: it has no scheme, no user and no path")
	}
	host, port, err = net.SplitHostPort(addr)
	if err != nil {
		host, port = strings.Trim(addr, "[]"), portSubmission
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", errors.New("has a port that is not a number from 1 to 65535")
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host, port, nil
	}
	ascii, err := domains.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil {
		return "", "", errors.New("is not host:port, such as smtp.example.com:587")
	}
	return ascii, port, nil
}

// onThisMachine reports hosts that can't be but on this machine.
func onThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

var helloRE = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?$`)

// isHello reports names that may follow EHLO: of a domain, or an address in brackets
// (RFC 5321, 4.1.1.1).
func isHello(name string) bool {
	if inner, ok := strings.CutPrefix(name, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		_, err := netip.ParseAddr(strings.TrimPrefix(inner, "IPv6:"))
		return ok && err == nil
	}
	return helloRE.MatchString(name)
}

// Format prints the options without the password, whatever the verb.
func (o SMTPOptions) Format(f fmt.State, _ rune) {
	io.WriteString(f, o.text())
}

// LogValue gives the options without the password.
func (o SMTPOptions) LogValue() slog.Value { return slog.StringValue(o.text()) }

func (o SMTPOptions) text() string {
	text := fmt.Sprintf("{Addr:%q User:%q Password:%q ImplicitTLS:%t Hello:%q Timeout:%v", o.Addr, o.User, masked(o.Password), o.ImplicitTLS, o.Hello, o.Timeout)
	if o.InsecurePlaintext {
		text += " InsecurePlaintext:true"
	}
	if o.InsecurePlaintextRemote {
		text += " InsecurePlaintextRemote:true"
	}
	return text + "}"
}

func masked(secret string) string {
	if secret == "" {
		return ""
	}
	return "***"
}
