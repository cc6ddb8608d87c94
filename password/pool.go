package password

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
)

// ErrBusy says that so many slow hashes run and wait that no more may. It is
// for the client: status 503 with a Retry-After of one second.
var ErrBusy = httperr.Errorf(http.StatusServiceUnavailable, "too busy to check passwords, try again shortly").
	WithHeader("Retry-After", "1")

// A pool bounds how many slow hashes run at once and how many wait for it, so
// that a flood of log-ins costs the log-ins, not the other routes. It has no
// goroutine: callers work in their own.
type pool struct {
	places chan struct{} // held by everybody inside, running or waiting
	slots  chan struct{} // held by those that run; waiters get one in turn

	observe func(ctx context.Context, waited, took time.Duration, err error) // nil: nobody wants to know
}

func newPool(workers, queue int) *pool {
	return &pool{
		places: make(chan struct{}, workers+queue),
		slots:  make(chan struct{}, workers),
	}
}

// acquire waits for a slot, or fails at once with [ErrBusy] if the queue is
// full, or when ctx ends. The caller must call release once, after the work.
func (p *pool) acquire(ctx context.Context) (release func(), err error) {
	if p.observe == nil {
		return p.enter(ctx)
	}
	came := time.Now()
	leave, err := p.enter(ctx)
	began := time.Now()
	if err != nil {
		p.observe(ctx, began.Sub(came), 0, err)
		return nil, err
	}
	return func() {
		leave()
		p.observe(ctx, began.Sub(came), time.Since(began), nil)
	}, nil
}

func (p *pool) enter(ctx context.Context) (release func(), err error) {
	// A select takes any of its ready cases: without this an ended request
	// might still get a slot.
	if ctx.Err() != nil {
		return nil, ended(ctx)
	}
	select {
	case p.places <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		<-p.places
		return nil, ended(ctx)
	}
	return func() {
		<-p.slots
		<-p.places
	}, nil
}

func ended(ctx context.Context) error {
	return fmt.Errorf("waiting to check a password: %w", ctx.Err())
}
