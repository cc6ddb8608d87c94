// Package mailtest tests what is plugged into package mail.
package mailtest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/mail"
)

// Opened is a queue that is to be tested, and how a message gets into it, due now.
type Opened struct {
	Queue mail.Queue
	Add   func(ctx context.Context, m mail.Message) error
}

// Queue tests that a queue keeps to the contract of [mail.Queue]. It opens an empty
// one for each part of it. It waits for nothing: leases that have run out are claimed
// until a time in the past.
func Queue(t *testing.T, open func(t *testing.T) Opened) {
	for name, test := range map[string]func(*testing.T, *queue){
		"claims give what was added, oldest first": claims,
		"a lease that has run out is none":         expired,
		"who has lost the lease changes nothing":   fenced,
		"retry":                                    retried,
		"what is finished stays so":                finished,
		"of concurrent claims one gets a job":      concurrent,
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			test(t, &queue{t, o.Queue, o.Add})
		})
	}
}

type queue struct {
	t     *testing.T
	queue mail.Queue
	put   func(context.Context, mail.Message) error
}

var (
	long = time.Hour
	past = -time.Minute
)

// add puts in n messages, with the subjects 1, 2…
func (q *queue) add(n int) {
	q.t.Helper()
	for i := range n {
		if err := q.put(q.t.Context(), message(i+1)); err != nil {
			q.t.Fatal(err)
		}
	}
}

func message(i int) mail.Message {
	return mail.Message{
		From: "Acme <app@acme.example>", To: fmt.Sprintf("user%d@example.com", i), ReplyTo: "help@acme.example",
		Subject: fmt.Sprint(i), Text: "tëxt\n", HTML: "<p>text</p>", MessageID: fmt.Sprintf("id-%d@acme.example", i),
		Header: map[string]string{"Auto-Submitted": "auto-generated"},
	}
}

// claim claims up to n jobs, and expects some.
func (q *queue) claim(n, want int, lease time.Duration) []mail.Job {
	q.t.Helper()
	jobs, err := q.queue.Claim(q.t.Context(), n, time.Now().Add(lease))
	if err != nil {
		q.t.Fatal(err)
	}
	if len(jobs) != want {
		q.t.Fatalf("a claim of %d gives %d jobs, want %d", n, len(jobs), want)
	}
	return jobs
}

func (q *queue) ok(what string, err error) {
	q.t.Helper()
	if err != nil {
		q.t.Fatalf("%s: %v", what, err)
	}
}

// lost expects each way to end a claim to be refused.
func (q *queue) lost(j mail.Job) {
	q.t.Helper()
	for what, err := range map[string]error{
		"Done":  q.queue.Done(q.t.Context(), j),
		"Retry": q.queue.Retry(q.t.Context(), j, time.Now().Add(past), "reason"),
		"Fail":  q.queue.Fail(q.t.Context(), j, "reason"),
	} {
		if !errors.Is(err, mail.ErrLeaseLost) {
			q.t.Fatalf("%s without the lease gives %v, want ErrLeaseLost", what, err)
		}
	}
}

func claims(t *testing.T, q *queue) {
	before := time.Now()
	q.add(3)
	q.claim(0, 0, long)
	jobs := append(q.claim(2, 2, long), q.claim(5, 1, long)...)
	q.claim(5, 0, long)
	seen := map[string]bool{}
	for i, j := range jobs {
		want, _ := json.Marshal(message(i + 1))
		if got, _ := json.Marshal(j.Message); string(got) != string(want) {
			t.Errorf("job %d is\n%s, want\n%s", i, got, want)
		}
		if j.Attempt != 1 || j.ID == "" || j.Lease == "" || seen[j.ID] || seen[j.Lease] {
			t.Errorf("job %d: attempt %d, ID %q, lease %q", i, j.Attempt, j.ID, j.Lease)
		}
		if d := j.Enqueued.Sub(before); d < -time.Second || d > time.Minute {
			t.Errorf("job %d was put in at %v, and that was after %v", i, j.Enqueued, before)
		}
		seen[j.ID], seen[j.Lease] = true, true
	}
}

func expired(t *testing.T, q *queue) {
	q.add(1)
	first := q.claim(1, 1, past)[0]
	second := q.claim(1, 1, past)[0]
	if second.ID != first.ID || second.Lease == first.Lease || second.Attempt != 2 {
		t.Fatalf("the first claim is %s, %s, the second %s, %s, attempt %d", first.ID, first.Lease, second.ID, second.Lease, second.Attempt)
	}
	q.lost(first)
	// Nobody has taken it over: who has sent it after all can still say so.
	q.ok("Done, late", q.queue.Done(t.Context(), second))
	q.claim(1, 0, long)
}

func fenced(t *testing.T, q *queue) {
	q.add(1)
	first := q.claim(1, 1, past)[0]
	second := q.claim(1, 1, long)[0]
	q.lost(first)
	nobody := second
	nobody.Lease = ""
	q.lost(nobody)
	q.claim(1, 0, long) // it is still the second's
	q.ok("Done", q.queue.Done(t.Context(), second))
}

func retried(t *testing.T, q *queue) {
	q.add(2)
	jobs := q.claim(2, 2, long)
	q.ok("Retry later", q.queue.Retry(t.Context(), jobs[0], time.Now().Add(long), "the server says 451"))
	q.ok("Retry now", q.queue.Retry(t.Context(), jobs[1], time.Now().Add(past), "the server says 451"))
	q.lost(jobs[0])
	q.lost(jobs[1])
	again := q.claim(2, 1, long)[0]
	if again.ID != jobs[1].ID || again.Attempt != 2 || again.Lease == jobs[1].Lease {
		t.Fatalf("job %s, attempt %d, comes again, want %s", again.ID, again.Attempt, jobs[1].ID)
	}
	if again.Enqueued.Sub(jobs[1].Enqueued).Abs() > time.Second {
		t.Error("the time at which it was put in has changed")
	}
}

func finished(t *testing.T, q *queue) {
	q.add(2)
	jobs := q.claim(2, 2, past)
	q.ok("Done", q.queue.Done(t.Context(), jobs[0]))
	q.ok("Fail", q.queue.Fail(t.Context(), jobs[1], "the server says 550 5.1.1"))
	q.claim(2, 0, long)
	q.lost(jobs[0])
	q.lost(jobs[1])
	q.claim(2, 0, long)
	q.lost(mail.Job{ID: "none", Lease: "none"})
}

func concurrent(t *testing.T, q *queue) {
	const jobs, workers = 60, 8
	q.add(jobs)
	var mu sync.Mutex
	var got []mail.Job
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range jobs * 10 { // a queue that never ends has a fault
				claimed, err := q.queue.Claim(t.Context(), 3, time.Now().Add(long))
				if err != nil {
					t.Error(err)
					return
				}
				if len(claimed) == 0 {
					return
				}
				mu.Lock()
				got = append(got, claimed...)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	slices.SortFunc(got, func(a, b mail.Job) int { return cmp.Compare(a.ID, b.ID) })
	once := slices.CompactFunc(slices.Clone(got), func(a, b mail.Job) bool { return a.ID == b.ID })
	if len(got) != jobs || len(once) != jobs {
		t.Fatalf("of %d jobs, %d were claimed, %d of them different", jobs, len(got), len(once))
	}
}
