package mail_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/leaktest"
	"github.com/fastsimpleauth/fsa/mail"
)

// Secrets of the tests: none of them may come out in a log (S70).
const (
	smtpPassword = "swordfish-and-chips"
	resetToken   = "kq3v7h2mz5xjw4t6y8b9n1c0"
	reader       = "calvin.watterson@example.com"
)

func TestMain(m *testing.M) {
	leaktest.Secret(smtpPassword, resetToken, reader)
	os.Exit(leaktest.Main(m))
}

// letter is a message as an application sends it.
func letter() mail.Message {
	return mail.Message{
		From: "Acme <app@acme.example>", To: "Calvin <" + reader + ">", Subject: "Choose a new password",
		Text: "Hello,\n\nhttps://acme.example/reset/" + resetToken + "\n", HTML: "<p>https://acme.example/reset/" + resetToken + "</p>",
		MessageID: "one@acme.example",
	}
}

// record is a log that can be read.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func logged() (*slog.Logger, *record) {
	r := new(record)
	return slog.New(slog.NewTextHandler(leaktest.Log(r), nil)), r
}

func want(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in\n%s", p, text)
		}
	}
}

// sender is a Mailer made of a function.
type sender func(ctx context.Context, m mail.Message) error

func (s sender) Send(ctx context.Context, m mail.Message) error { return s(ctx, m) }
