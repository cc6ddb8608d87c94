package mail_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// server is an SMTP server on this machine, with faults on demand.
type server struct {
	addr string
	cas  *x509.CertPool // who vouches for it

	// What it has, and does: set before it is started.
	noTLS, implicit, expired bool
	certName                 string // localhost if empty
	mechanism                string // PLAIN if empty, "none" for no AUTH
	utf8                     bool
	fault                    func(step string, c *smtp.Conn) error // at "mail", "rcpt", "data" (before it is read), "read" (after)

	*happened
}

// happened is what a server has seen.
type happened struct {
	mu   sync.Mutex
	got  []received
	seen []string // how users have logged in
}

// received is a message as it came.
type received struct {
	from, to  string
	utf8      bool
	encrypted bool
	data      string
}

// start starts a server, until the end of the test.
func (s *server) start(t testing.TB) *server {
	t.Helper()
	s.happened = new(happened)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	name := s.certName
	if name == "" {
		name = "localhost"
	}
	var cert tls.Certificate
	cert, s.cas = certificate(t, name, s.expired)
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	srv.Domain = "mx.example.com"
	srv.EnableSMTPUTF8 = s.utf8
	srv.AllowInsecureAuth = true // so that it is the client that sees to it
	srv.ErrorLog = log.New(io.Discard, "", 0)
	srv.ReadTimeout, srv.WriteTimeout = 30*time.Second, 30*time.Second
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	switch {
	case s.implicit:
		l = tls.NewListener(l, config)
	case !s.noTLS:
		srv.TLSConfig = config
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	s.addr = "localhost:" + port
	return s
}

func (s *server) messages() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.got...)
}

func (s *server) logins() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.seen, ", ")
}

type session struct {
	*server
	conn *smtp.Conn
	received
}

func (s *session) at(step string) error {
	if s.fault == nil {
		return nil
	}
	return s.fault(step, s.conn)
}

func (s *session) Reset()        { s.received = received{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	s.from, s.received.utf8 = from, o.UTF8
	return s.at("mail")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.at("rcpt")
}

func (s *session) Data(r io.Reader) error {
	if err := s.at("data"); err != nil {
		return err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.at("read"); err != nil {
		return err
	}
	s.data = string(text)
	_, s.encrypted = s.conn.TLSConnectionState()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, s.received)
	return nil
}

func (s *session) AuthMechanisms() []string {
	switch s.mechanism {
	case "":
		return []string{"XOAUTH2", "PLAIN", "LOGIN"}
	case "none":
		return nil
	}
	return []string{s.mechanism}
}

func (s *session) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		_, encrypted := s.conn.TLSConnectionState()
		s.mu.Lock()
		defer s.mu.Unlock()
		if user != "acme" || password != smtpPassword {
			return smtp.ErrAuthFailed
		}
		how := mech
		if !encrypted {
			how += " in the clear"
		}
		s.seen = append(s.seen, how)
		return nil
	}
	if mech == "LOGIN" {
		return &login{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// login is the server's side of the mechanism LOGIN.
type login struct {
	answers []string
	check   func(user, password string) error
}

func (l *login) Next(response []byte) ([]byte, bool, error) {
	if response != nil {
		l.answers = append(l.answers, string(response))
	}
	switch len(l.answers) {
	case 0:
		return []byte("Username:"), false, nil
	case 1:
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.answers[0], l.answers[1])
}

// certificate makes a certificate for a name, and the pool of who vouches for it.
func certificate(t testing.TB, name string, expired bool) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if expired {
		template.NotAfter = time.Now().Add(-time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// raw starts a server that does what a function does with each connection, for what no
// SMTP server does. It returns its address.
func raw(t testing.TB, serve func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	all.Go(func() {
		for {
			c, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			all.Go(func() {
				defer c.Close()
				serve(c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return "localhost:" + port
}
