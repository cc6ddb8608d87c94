package mail

import (
	"context"
	"errors"
	"time"
)

// Queue is the outbox that a [Worker] empties: a table of the application, or a
// [MemoryQueue]. Putting a message in is the application's own business, best in the
// transaction of what the message tells; then it calls [Worker.Wake].
//
// A job is either waiting for its time, leased by a claim, or finished. The instances
// of an application share a queue: each lease has one holder. Errors have no address
// and no part of a message in their text, as they are logged.
type Queue interface {
	// Claim leases up to n jobs that are due and not leased, oldest first, until a
	// time, and adds one to their Attempt. Each claim of a job has a Lease that no
	// other claim of it has had. A lease that has run out is none: its job is due
	// again. It is atomic: of concurrent calls only one gets a job.
	Claim(ctx context.Context, n int, until time.Time) ([]Job, error)

	// Done, Retry and Fail end a claim: the message has been accepted; it is due again
	// at a time; it is given up. The reason says why, for people, without addresses
	// and secrets. Of the job, ID and Lease count.
	//
	// If the job is not leased by this Lease any more, because it has run out and
	// somebody else has the job, or it is finished, they change nothing and give
	// ErrLeaseLost. Who holds a lease that has run out, but that nobody has taken over,
	// can still end the claim.
	Done(ctx context.Context, j Job) error
	Retry(ctx context.Context, j Job, at time.Time, reason string) error
	Fail(ctx context.Context, j Job, reason string) error
}

// ErrLeaseLost is what a [Queue] says to who ends a claim that has been taken over.
var ErrLeaseLost = errors.New("mail: the lease of the job is lost")

// Job is a message in a [Queue].
type Job struct {
	ID      string // in the queue
	Lease   string // of this claim
	Message Message

	// Attempt is how often the job has been claimed, this time included: 1 at first.
	// It counts those that have ended with their process, too.
	Attempt int

	// Enqueued is when the message was put in.
	Enqueued time.Time

	// Expires is from when on the message would be of no use, as a link in it has
	// ended. Zero: [WorkerOptions.MaxAge] after Enqueued.
	Expires time.Time
}
