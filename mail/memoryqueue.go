package mail

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"sync"
	"time"
)

// MemoryQueue is a [Queue] in this process, for tests and for applications without a
// database: what is in it ends with the process. The zero value is empty and ready.
type MemoryQueue struct {
	mu     sync.Mutex
	serial int
	jobs   []*memoryJob // in the order in which they were put in
}

var _ Queue = (*MemoryQueue)(nil)

type memoryJob struct {
	Job
	due   time.Time
	until time.Time // of the lease
}

// Add puts in a message that is due now. It gets a MessageID if it has none, so that
// it is the same message each time it is sent. Its error is that of [Message.Check].
// It gives the ID of the job.
func (q *MemoryQueue) Add(m Message) (string, error) { return q.AddUntil(m, time.Time{}) }

// AddUntil is Add for a message that is of no use from a time on.
func (q *MemoryQueue) AddUntil(m Message, expires time.Time) (string, error) {
	p, err := m.parse()
	if err != nil {
		return "", err
	}
	if m.MessageID == "" {
		m.MessageID = NewMessageID(p.fromDomain())
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.serial++
	now := time.Now()
	j := &memoryJob{Job: Job{ID: strconv.Itoa(q.serial), Message: m, Enqueued: now, Expires: expires}, due: now}
	q.jobs = append(q.jobs, j)
	return j.ID, nil
}

// Len is how many messages are neither accepted nor given up.
func (q *MemoryQueue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs)
}

// Claim implements [Queue]. It does not fail.
func (q *MemoryQueue) Claim(_ context.Context, n int, until time.Time) ([]Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	var claimed []Job
	for _, j := range q.jobs {
		if len(claimed) >= n {
			break
		}
		if now.Before(j.due) || now.Before(j.until) {
			continue
		}
		j.Lease, j.until = rand.Text(), until
		j.Attempt++
		claimed = append(claimed, j.Job)
	}
	return claimed, nil
}

// Done implements [Queue].
func (q *MemoryQueue) Done(_ context.Context, j Job) error { return q.end(j, nil) }

// Retry implements [Queue]. The reason is not kept.
func (q *MemoryQueue) Retry(_ context.Context, j Job, at time.Time, _ string) error {
	return q.end(j, &at)
}

// Fail implements [Queue]. The job and the reason are not kept.
func (q *MemoryQueue) Fail(_ context.Context, j Job, _ string) error { return q.end(j, nil) }

// end ends a claim: the job is due again, or, without a time, gone.
func (q *MemoryQueue) end(job Job, again *time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.jobs, func(j *memoryJob) bool { return j.ID == job.ID })
	if i < 0 || q.jobs[i].Lease == "" || q.jobs[i].Lease != job.Lease {
		return ErrLeaseLost
	}
	if again == nil {
		q.jobs = slices.Delete(q.jobs, i, i+1)
		return nil
	}
	q.jobs[i].Lease, q.jobs[i].until, q.jobs[i].due = "", time.Time{}, *again
	return nil
}
