package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Mailer sends messages.
type Mailer interface {
	// Send checks a message and hands it on. It returns
	//
	//   - nil when the next hop has accepted the message: from then on it is the
	//     one that delivers it, or reports that it could not;
	//   - an error that [errors.Is] finds to be [ErrPermanent] when this message
	//     will never be accepted, as a field of it is wrong or the server has
	//     refused it for good;
	//   - any other error when it has not been accepted this time, or it is not
	//     known whether it has, and it may be tried again. A context that has
	//     ended is such an error.
	//
	// What is wrong with the configuration (the server's name, its certificate,
	// the password) is not permanent: it isn't the message's fault.
	//
	// Errors have no address, no secret and no part of the message in their text.
	// Send returns soon after the context has ended, and can be called
	// concurrently.
	Send(ctx context.Context, m Message) error
}

// ErrPermanent is found by [errors.Is] in the errors of messages that will never be
// accepted.
var ErrPermanent = errors.New("mail: permanent failure")

// Step is where sending has failed.
type Step string

// The steps of sending a message.
const (
	StepMessage   Step = "message"   // the message itself is wrong
	StepConnect   Step = "connect"   // the server is not reached, or does not greet
	StepTLS       Step = "tls"       // no encryption, or not with the server that is meant
	StepAuth      Step = "auth"      // user and password are refused
	StepSender    Step = "sender"    // the address of From is refused
	StepRecipient Step = "recipient" // the address of To is refused
	StepContent   Step = "content"   // the message is refused, or the connection lost on its way
)

// SendError is the error of a [Mailer].
type SendError struct {
	Step      Step
	Permanent bool

	// Code is the three digits with which the server has answered, 0 if it hasn't,
	// and Enhanced its more exact code, such as 5.1.1 (RFC 3463), "" if there is none.
	Code     int
	Enhanced string

	// Reply is what the server has said beside it. It may hold addresses and parts
	// of the message, even links: it is for somebody who looks for the cause, not
	// for a log, and Error leaves it out.
	Reply string

	// Err is the cause, if it is no answer of the server. Its text must have no
	// address, no secret and no part of the message in it: Error has it.
	Err error
}

// Error says at which step and how sending has failed, on one line, without
// addresses, secrets and parts of the message.
func (e *SendError) Error() string {
	var b strings.Builder
	b.WriteString("mail: " + string(e.Step))
	switch e.Step {
	case StepMessage, StepConnect, StepTLS, StepAuth:
		b.WriteString(" failed")
	default:
		b.WriteString(" not accepted")
	}
	if e.Code != 0 {
		fmt.Fprintf(&b, ": the server says %d", e.Code)
		if e.Enhanced != "" {
			b.WriteString(" " + e.Enhanced)
		}
	}
	if e.Err != nil {
		b.WriteString(": " + strings.ReplaceAll(e.Err.Error(), "\n", "; "))
	}
	return b.String()
}

// Is makes [errors.Is] find [ErrPermanent] in permanent errors.
func (e *SendError) Is(target error) bool { return e.Permanent && target == ErrPermanent }

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }
