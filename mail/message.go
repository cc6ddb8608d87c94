package mail

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Message is one mail to one reader: so there is one answer to whether it has been
// taken, and no reader learns of another. Its fields are checked by
// [Message.Check] and by every [Mailer]. It can be stored as JSON.
type Message struct {
	// From, To and ReplyTo are addresses, with or without a name, as
	// [ParseAddress] takes them. ReplyTo can be empty.
	From    string `json:"from"`
	To      string `json:"to"`
	ReplyTo string `json:"replyTo,omitempty"`

	// Subject is one line of at most 250 characters. Runs of spaces count as one.
	Subject string `json:"subject"`

	// Text is the mail as plain text, which each mail has; HTML is the same for
	// programs that show it, and can be empty. Each at most 512 KiB of UTF-8.
	Text string `json:"text"`
	HTML string `json:"html,omitempty"`

	// MessageID tells the message from all others, as [NewMessageID] makes it,
	// without angle brackets. Who may send a message twice has set it before the
	// first time: by it, the second is known to be the same. Default: a new one
	// each time.
	MessageID string `json:"messageID,omitempty"`

	// Date is when the message was written. Default: when it is sent.
	Date time.Time `json:"date,omitzero"`

	// Header has further fields. Only a few can be set: Auto-Submitted,
	// In-Reply-To, List-Id, List-Unsubscribe, List-Unsubscribe-Post, References
	// and X-Auto-Response-Suppress. Their values are printable ASCII.
	Header map[string]string `json:"header,omitempty"`
}

// Limits of a message.
const (
	maxSubject = 250       // characters
	maxBody    = 512 << 10 // bytes, of either form
	maxField   = 900       // bytes; a line may have 998 (RFC 5322, 2.1.1)
)

// allowed are the further fields that a message may have. None of them changes who
// gets the message or how it is read.
var allowed = []string{
	"Auto-Submitted", "In-Reply-To", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "References", "X-Auto-Response-Suppress",
}

var messageID = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]{1,150}@[A-Za-z0-9.-]{1,100}$`)

// Check tells what is wrong with a message, all of it together. The error is
// permanent ([ErrPermanent]); it names the fields but not what is in them, as they
// may not be anybody's to read.
func (m Message) Check() error {
	_, err := m.parse()
	return err
}

// parsed are the addresses of a message.
type parsed struct{ from, to, replyTo mail.Address }

// fromDomain is what stands after the @ of the sender.
func (p parsed) fromDomain() string {
	_, domain, _ := strings.Cut(p.from.Address, "@")
	return domain
}

func (m Message) parse() (parsed, error) {
	var p parsed
	var errs []error
	wrong := func(field, problem string) { errs = append(errs, fmt.Errorf("%s %s", field, problem)) }
	address := func(field, text string, into *mail.Address) {
		a, err := ParseAddress(text)
		if err != nil {
			wrong(field, err.Error())
		}
		*into = a
	}
	address("From", m.From, &p.from)
	address("To", m.To, &p.to)
	if m.ReplyTo != "" {
		address("ReplyTo", m.ReplyTo, &p.replyTo)
	}
	switch {
	case !utf8.ValidString(m.Subject):
		wrong("Subject", "is not UTF-8")
	case strings.TrimSpace(m.Subject) == "":
		wrong("Subject", "is empty")
	case hasControl(m.Subject):
		wrong("Subject", "has a line break or another control character: it must be one line")
	case utf8.RuneCountInString(m.Subject) > maxSubject:
		wrong("Subject", "has more than 250 characters")
	}
	if strings.TrimSpace(m.Text) == "" {
		wrong("Text", "is empty: each mail is also plain text")
	}
	for field, body := range map[string]string{"Text": m.Text, "HTML": m.HTML} {
		switch {
		case len(body) > maxBody:
			wrong(field, "has more than 512 KiB")
		case !utf8.ValidString(body):
			wrong(field, "is not UTF-8")
		case strings.ContainsFunc(body, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }):
			wrong(field, "has a control character that is neither a line break nor a tab")
		}
	}
	if m.MessageID != "" && !messageID.MatchString(m.MessageID) {
		wrong("MessageID", "is not of the form local@domain: NewMessageID makes one")
	}
	if y := m.Date.Year(); !m.Date.IsZero() && (y < 1900 || y > 9999) {
		wrong("Date", "is not in the years from 1900 to 9999")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		value := m.Header[name]
		switch {
		case !slices.Contains(allowed, name):
			wrong("Header", fmt.Sprintf("has a field that is not among those that can be set: %s", strings.Join(allowed, ", ")))
		case len(value) > maxField:
			wrong("Header "+name, "has more than 900 bytes")
		case strings.TrimSpace(value) == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
			wrong("Header "+name, "is empty or not printable ASCII")
		}
	}
	if len(errs) > 0 {
		slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return p, &SendError{Step: StepMessage, Permanent: true, Err: errors.Join(errs...)}
	}
	return p, nil
}

// NewMessageID makes a value for [Message.MessageID] that nobody has had (130 random
// bits). The domain is one of the sender, in ASCII, such as example.com; a wrong one
// is found by [Message.Check].
func NewMessageID(domain string) string { return strings.ToLower(rand.Text()) + "@" + domain }

// String gives the MessageID only, so that a message that is printed by accident
// tells nothing.
func (m Message) String() string { return "message " + m.MessageID }

// LogValue gives the MessageID only, as [Message.String] does.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }
