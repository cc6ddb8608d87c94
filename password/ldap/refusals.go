package ldap

import (
	"context"
	"sync"
	"time"
)

// refusals make all refusals take the same time: as long as the slowest of the
// latest wrong passwords of users that exist. Servers differ in what they do for the
// name of nobody, and many answer at once. The zero value is ready.
type refusals struct {
	mu    sync.Mutex
	took  [8]time.Duration
	count int
}

func (r *refusals) record(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.took[r.count%len(r.took)] = took
	r.count++
}

// slowest is 0 before the first wrong password.
func (r *refusals) slowest() (most time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, took := range r.took {
		most = max(most, took)
	}
	return most
}

// pad waits until a refusal that has begun at start has taken its time, or until ctx
// ends: an error then.
func (r *refusals) pad(ctx context.Context, start time.Time) error {
	timer := time.NewTimer(time.Until(start.Add(r.slowest())))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
