package mail

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"
)

// MailboxOptions say what a [Mailbox] keeps, and who may look into it.
type MailboxOptions struct {
	// Keep is how many messages are kept, the newest. Default 100, at most 10,000.
	Keep int

	// Hosts are names by which the page can be opened, beside localhost and IP
	// addresses. Another name would let a page of that name's owner read the mails,
	// by giving it this machine's address (DNS rebinding).
	Hosts []string
}

const (
	defaultKeep = 100
	maxKeep     = 10_000
	maxKept     = 16 << 20 // bytes of all messages
)

// Mailbox is a [Mailer] for development and tests: it sends nothing and keeps the
// newest messages in memory, to be read by a program or in a browser
// ([Mailbox.Handler]). It accepts what any other Mailer would. It is made by
// [NewMailbox].
type Mailbox struct {
	keep  int
	hosts []string

	mu     sync.Mutex
	serial int
	bytes  int
	kept   []Kept // oldest first
}

var _ Mailer = (*Mailbox)(nil)

// Kept is a message in a [Mailbox].
type Kept struct {
	ID string    `json:"id"` // its number, from 1
	At time.Time `json:"at"` // when it was sent
	Message
}

// NewMailbox makes an empty Mailbox.
func NewMailbox(o MailboxOptions) *Mailbox {
	if o.Keep <= 0 {
		o.Keep = defaultKeep
	}
	return &Mailbox{keep: min(o.Keep, maxKeep), hosts: slices.Clone(o.Hosts)}
}

// Send implements [Mailer]: it keeps the message. What was sent longest ago goes when
// there are too many, or more than 16 MiB.
func (b *Mailbox) Send(ctx context.Context, m Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return &SendError{Step: StepConnect, Err: err}
	}
	header := make(map[string]string, len(m.Header)) // the caller's can change
	for name, value := range m.Header {
		header[name] = value
	}
	m.Header = header
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serial++
	b.kept = append(b.kept, Kept{ID: strconv.Itoa(b.serial), At: time.Now(), Message: m})
	b.bytes += size(m)
	for len(b.kept) > b.keep || b.bytes > maxKept {
		b.bytes -= size(b.kept[0].Message)
		b.kept[0] = Kept{} // so that its texts can be freed
		b.kept = b.kept[1:]
	}
	return nil
}

func size(m Message) int {
	n := len(m.From) + len(m.To) + len(m.ReplyTo) + len(m.Subject) + len(m.Text) + len(m.HTML)
	for name, value := range m.Header {
		n += len(name) + len(value)
	}
	return n
}

// Messages gives what is kept, newest first. The Headers are not to be changed.
func (b *Mailbox) Messages() []Kept {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.kept)
	slices.Reverse(all)
	return all
}

// Message gives the message with a number.
func (b *Mailbox) Message(id string) (Kept, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.kept, func(k Kept) bool { return k.ID == id })
	if i < 0 {
		return Kept{}, false
	}
	return b.kept[i], true
}

// Clear empties the mailbox. Numbers go on.
func (b *Mailbox) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept, b.bytes = nil, 0
}
