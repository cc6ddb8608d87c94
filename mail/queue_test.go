package mail_test

import (
	"context"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/mail"
	"github.com/fastsimpleauth/fsa/mail/mailtest"
)

func TestMemoryQueue(t *testing.T) {
	mailtest.Queue(t, func(*testing.T) mailtest.Opened {
		q := new(mail.MemoryQueue)
		return mailtest.Opened{Queue: q, Add: func(_ context.Context, m mail.Message) error {
			_, err := q.Add(m)
			return err
		}}
	})
}

// TestMemoryQueueKeepsOneMessageID: so the second time that a message is sent, it is
// known to be the same.
func TestMemoryQueueKeepsOneMessageID(t *testing.T) {
	q := new(mail.MemoryQueue)
	if _, err := q.Add(mail.Message{From: "a@acme.example", To: "b@example.com", Subject: "s", Text: "t"}); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 2 {
		jobs, err := q.Claim(t.Context(), 1, time.Now().Add(-time.Second))
		if err != nil || len(jobs) != 1 {
			t.Fatal(jobs, err)
		}
		ids = append(ids, jobs[0].Message.MessageID)
	}
	if ids[0] == "" || ids[0] != ids[1] {
		t.Errorf("MessageIDs %q", ids)
	}
	if _, err := q.Add(mail.Message{}); err == nil || q.Len() != 1 {
		t.Errorf("a wrong message is put in: %v, %d in the queue", err, q.Len())
	}
}
