package mail_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/mail"
)

// A layout makes a message, text and HTML, from what it says. The link is made with the
// base URL that was configured.
func ExampleLayout_Message() {
	layout, err := mail.NewLayout(mail.LayoutOptions{Name: "Diary", BaseURL: "https://diary.example", From: "Diary <diary@diary.example>"})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := layout.Message(mail.Draft{
		To: "calvin@example.com", Subject: "Confirm your address",
		Greeting:   "Hello Calvin,",
		Paragraphs: []string{"One more step, and your diary is open."},
		Button:     mail.Button{Text: "Confirm", URL: "/confirm/kq3v7h2mz5"},
		Why:        "You get this because somebody has registered with this address.",
		NotYou:     "If it was not you, ignore this mail.",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(strings.ReplaceAll(m.Text, "-- \n", "--\n")) // the sign of a signature ends with a space
	// Output:
	// Hello Calvin,
	//
	// One more step, and your diary is open.
	//
	// Confirm:
	// https://diary.example/confirm/kq3v7h2mz5
	//
	// You get this because somebody has registered with this address.
	//
	// If it was not you, ignore this mail.
	//
	// --
	// Diary https://diary.example
}

// A server without TLS is reached on this machine only, unless that is said in full.
func ExampleNewSMTP() {
	_, err := mail.NewSMTP(mail.SMTPOptions{Addr: "smtp.example.com:25", User: "diary", Password: "secret", InsecurePlaintext: true})
	fmt.Println(err)
	// Output:
	// mail: InsecurePlaintext is for a server on this machine, and smtp.example.com is none: leave it out, so that mails go over TLS
	// mail: User and Password are not sent without TLS: leave them out, or InsecurePlaintext
}

// What a Mailer says tells whether to try again.
func ExampleMailer() {
	mailer := mail.NewMailbox(mail.MailboxOptions{}) // or an SMTP
	for _, to := range []string{"calvin@example.com", "calvin@example.com\r\nBcc: moe@example.com"} {
		err := mailer.Send(context.Background(), mail.Message{From: "diary@diary.example", To: to, Subject: "Hello", Text: "Hello\n"})
		fmt.Println(err, errors.Is(err, mail.ErrPermanent))
	}
	// Output:
	// <nil> false
	// mail: message failed: To has a line break or another control character true
}

// A worker sends what is in a queue, beside the requests.
func ExampleWorker() {
	queue, mailbox := new(mail.MemoryQueue), mail.NewMailbox(mail.MailboxOptions{})
	worker, err := mail.NewWorker(mail.WorkerOptions{Queue: queue, Mailer: mailbox, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- worker.Run(ctx) }()

	if _, err := queue.Add(mail.Message{From: "diary@diary.example", To: "calvin@example.com", Subject: "Hello", Text: "Hello\n"}); err != nil {
		fmt.Println(err)
	}
	worker.Wake()
	for queue.Len() > 0 {
		time.Sleep(time.Millisecond)
	}
	stop()
	fmt.Println(<-ended, mailbox.Messages()[0].Subject)
	// Output: <nil> Hello
}

func ExampleParseAddress() {
	for _, text := range []string{"Calvin <calvin@Bücher.example>", "calvin@example.com, moe@example.com"} {
		a, err := mail.ParseAddress(text)
		fmt.Println(a.Address, err)
	}
	// Output:
	// calvin@xn--bcher-kva.example <nil>
	//  is not one address such as calvin@example.com or Calvin <calvin@example.com>
}
