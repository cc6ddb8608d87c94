package password

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A leveller makes refusals take the same time when hashes of several kinds
// are in use: else whoever still has an old hash answers sooner or later than
// nobody does, and their account is told.
//
// It measures what a comparison of each kind takes, and pads every refusal to
// the slowest. While there is one kind only, it does nothing. The zero value is
// ready. It can be used concurrently.
type leveller struct {
	mu    sync.Mutex
	kinds map[any]*timings
}

// timings are the latest of one kind, in no order.
type timings struct {
	took  [9]time.Duration // few, so that it follows the load
	count int              // of all ever recorded
}

// maxKinds bounds the memory of a leveller. A table of hashes has two or three
// kinds; those after the bound are not measured, but padded.
const maxKinds = 32

// record notes what one comparison with a digest of this kind took.
func (l *leveller) record(kind any, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.kinds[kind]
	if t == nil {
		if len(l.kinds) == maxKinds {
			return
		}
		if l.kinds == nil {
			l.kinds = map[any]*timings{}
		}
		t = &timings{}
		l.kinds[kind] = t
	}
	t.took[t.count%len(t.took)] = took
	t.count++
}

// pad waits until a refusal that has spent this much on so many comparisons
// has taken what the slowest kind takes, or until ctx ends: an error then.
func (l *leveller) pad(ctx context.Context, spent time.Duration, comparisons int) error {
	missing := l.slowest()*time.Duration(comparisons) - spent
	if missing <= 0 {
		return nil
	}
	timer := time.NewTimer(missing)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// slowest is what the slowest kind takes when it takes long, zero while there is only
// one.
func (l *leveller) slowest() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.kinds) < 2 {
		return 0
	}
	var most time.Duration
	for _, t := range l.kinds {
		most = max(most, t.long())
	}
	return most
}

// long is more than nearly all of the latest took: the second largest, so that one that
// was disturbed does not count. With the median, every other refusal of the slowest kind
// itself would take longer than what the others are padded to, and that shows: by about
// one percent of the time of a hash.
func (t *timings) long() time.Duration {
	took := slices.Clone(t.took[:min(t.count, len(t.took))])
	slices.Sort(took)
	return took[max(0, len(took)-2)]
}
