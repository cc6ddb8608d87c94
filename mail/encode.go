package mail

import (
	"encoding/base64"
	"io"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

// WriteTo writes the message as it is sent (RFC 5322, MIME), with lines that end in
// CR LF, in ASCII but for addresses that are not. Its error is that of
// [Message.Check], or of the writer.
func (m Message) WriteTo(w io.Writer) (int64, error) {
	p, err := m.parse()
	if err != nil {
		return 0, err
	}
	return m.compose(p).WriteTo(w)
}

// compose takes a message that has been checked.
func (m Message) compose(p parsed) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(headerAddress(p.from))
	msg.ToMailAddress(headerAddress(p.to))
	if p.replyTo.Address != "" {
		msg.ReplyToMailAddress(headerAddress(p.replyTo))
	}
	msg.SetGenHeader(gomail.HeaderSubject, encodeSubject(m.Subject))
	id := m.MessageID
	if id == "" {
		id = NewMessageID(p.fromDomain())
	}
	msg.SetMessageIDWithValue(id)
	date := m.Date
	if date.IsZero() {
		date = time.Now()
	}
	msg.SetDateWithValue(date)
	for name, value := range m.Header {
		msg.SetGenHeader(gomail.Header(name), oneSpaced(value))
	}
	msg.SetBodyString(gomail.TypeTextPlain, crlf(m.Text))
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, crlf(m.HTML))
	}
	return msg
}

// headerAddress gives an address for go-mail, which changes what it is given.
func headerAddress(a mail.Address) *mail.Address { return &a }

// oneSpaced leaves one space where there are several: folding would else make a line
// of nothing but spaces, which some servers take for the end of the header.
func oneSpaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// encodeSubject gives a subject as it stands in its field, in encoded words (RFC 2047)
// if it is not ASCII. So is one that looks encoded already, or its reader would see
// something else than what was written. The words are so short that the first stands on
// the first line: some programs show the space at which a line is folded.
func encodeSubject(s string) string {
	s = oneSpaced(s)
	if isASCII(s) && !strings.Contains(s, "=?") {
		return s
	}
	const most = 36 // bytes of text in a word, which has 60 characters then; it can have 75
	var words []string
	for len(s) > 0 {
		n := min(len(s), most)
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, " ")
}

// crlf gives all line breaks one form.
func crlf(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.ReplaceAll(s, "\n", "\r\n")
}
