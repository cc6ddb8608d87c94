package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Send implements [Mailer]. It makes a connection, hands the message over and closes
// it, all within the time-out of the options and the context.
//
// The connection can break between the end of the message and the server's answer.
// Then nobody knows whether the message has been accepted, and the error is a
// temporary one: the same message may arrive twice, with the same MessageID if it had
// one.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	p, err := m.parse()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("not done within %v: %w", s.timeout, context.DeadlineExceeded))
	defer cancel()
	err = s.deliver(ctx, m, p)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		// The connection was closed when the context ended: say why.
		if e := (*SendError)(nil); errors.As(err, &e) && e.Code == 0 {
			e.Err = cause
		}
	}
	return err
}

// deliver walks through the steps of RFC 5321. It uses the commands of go-mail, not
// its client: that leaves connections open after failures, takes a failed QUIT for a
// message that was not sent, and a broken connection for a permanent failure.
func (s *SMTP) deliver(ctx context.Context, m Message, p parsed) error {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return failure(StepConnect, err)
	}
	conn := &bounded{Conn: raw, left: maxReplies}
	defer conn.Close()
	// Whoever waits for the server is woken by this.
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	c, err := s.greet(ctx, conn)
	if err != nil {
		return err
	}
	if err := s.authenticate(c); err != nil {
		return err
	}
	if err := envelope(c, p); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return failure(StepContent, err)
	}
	if _, err := m.compose(p).WriteTo(w); err != nil {
		return failure(StepContent, err)
	}
	if err := w.Close(); err != nil { // reads the answer: it is here that a message is accepted
		return failure(StepContent, err)
	}
	// What now happens to the connection changes nothing.
	raw.SetDeadline(time.Now().Add(quitPatience))
	c.Quit()
	return nil
}

const (
	quitPatience = 2 * time.Second
	maxReplies   = 256 << 10 // bytes that a server may say in one connection
)

// greet opens the conversation and encrypts it.
func (s *SMTP) greet(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	if s.implicit {
		secure := tls.Client(conn, s.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, failure(StepTLS, err)
		}
		conn = secure
	}
	c, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, failure(StepConnect, err)
	}
	if err := c.Hello(s.hello); err != nil {
		return nil, failure(StepConnect, err)
	}
	if s.implicit || s.plain {
		return c, nil
	}
	if ok, _ := c.Extension("STARTTLS"); !ok {
		return nil, &SendError{Step: StepTLS, Err: errors.New("the server does not offer STARTTLS, and nothing is sent without: is the port right, is somebody in between?")}
	}
	if err := c.StartTLS(s.tls); err != nil {
		return nil, failure(StepTLS, err)
	}
	return c, nil
}

func (s *SMTP) authenticate(c *smtp.Client) error {
	if s.password == nil {
		return nil
	}
	if _, encrypted := c.TLSConnectionState(); !encrypted {
		return &SendError{Step: StepAuth, Err: errors.New("the connection is not encrypted")} // NewSMTP has seen to it
	}
	_, offered := c.Extension("AUTH")
	var auth smtp.Auth
	switch mechanisms := strings.Fields(strings.ToUpper(offered)); {
	case slices.Contains(mechanisms, "PLAIN"):
		auth = smtp.PlainAuth("", s.user, s.password(), s.host, false)
	case slices.Contains(mechanisms, "LOGIN"):
		auth = smtp.LoginAuth(s.user, s.password(), s.host, false)
	default:
		return &SendError{Step: StepAuth, Err: errors.New("the server takes neither PLAIN nor LOGIN: leave User and Password out if it needs none")}
	}
	if err := c.Auth(auth); err != nil {
		return failure(StepAuth, err)
	}
	return nil
}

// envelope tells the server from whom and to whom the message goes.
func envelope(c *smtp.Client, p parsed) error {
	international := !isASCII(p.from.Address + p.to.Address + p.replyTo.Address)
	if ok, _ := c.Extension("SMTPUTF8"); international && !ok {
		step := StepRecipient
		if isASCII(p.to.Address) {
			step = StepSender
		}
		return &SendError{Step: step, Permanent: true, Err: errors.New("the server takes no addresses with letters beyond ASCII (SMTPUTF8, RFC 6531)")}
	}
	// Asked for without need, it makes servers further on refuse the message.
	c.SkipSMTPUTF8(!international)
	if err := c.Mail("<" + p.from.Address + ">"); err != nil {
		return failure(StepSender, err)
	}
	if err := c.Rcpt("<" + p.to.Address + ">"); err != nil {
		return failure(StepRecipient, err)
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

var enhancedRE = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// failure makes the error of a step.
func failure(step Step, err error) error {
	e := &SendError{Step: step}
	reply := (*textproto.Error)(nil)
	if !errors.As(err, &reply) {
		e.Err = harmless(err)
		return e
	}
	e.Code, e.Reply = reply.Code, reply.Msg
	e.Enhanced = enhancedRE.FindString(reply.Msg)
	switch {
	case reply.Code < 200 || reply.Code > 599:
		e.Code, e.Err = 0, errors.New("the server's answer is not SMTP")
	case step == StepSender || step == StepRecipient || step == StepContent:
		e.Permanent = reply.Code >= 500 && !wantsOther[reply.Code]
	}
	return e
}

// wantsOther are the replies by which a server asks for another kind of connection or
// for a log-in (RFC 4954, 6; RFC 3207, 4; RFC 5321, 4.2): no fault of a message.
var wantsOther = map[int]bool{500: true, 502: true, 503: true, 521: true, 530: true, 534: true, 535: true, 538: true}

// harmless gives an error of the connection. What it says comes from this machine and
// from the server's certificate, but for errors of unknown kinds, of which only the
// kind is kept.
func harmless(err error) error {
	var (
		network   net.Error
		untrusted *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		malformed textproto.ProtocolError
	)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the server has closed the connection")
	case errors.Is(err, errTalkative):
		return errTalkative
	case errors.As(err, &untrusted):
		return untrusted
	case errors.As(err, &alert):
		return alert
	case errors.As(err, &record):
		return errors.New("the server does not speak TLS there: STARTTLS is on port 587, TLS from the first byte on 465")
	case errors.As(err, &malformed):
		return errors.New("the server's answer is not SMTP") // it quotes the answer
	case errors.As(err, &network):
		return network
	}
	return fmt.Errorf("unexpected error of type %T", err)
}

// bounded is a connection to a server that can't fill the memory by talking.
type bounded struct {
	net.Conn
	left int
}

var errTalkative = errors.New("the server says more than 256 KiB")

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTalkative
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
