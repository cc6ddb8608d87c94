package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// WorkerOptions say what a [Worker] sends, and how patiently. Queue and Mailer must be
// set.
type WorkerOptions struct {
	Queue  Queue
	Mailer Mailer

	// Concurrency is how many messages are sent at the same time. Default 4.
	Concurrency int

	// SendTimeout bounds the sending of one message. Default 1 min.
	SendTimeout time.Duration

	// Lease is for how long a claimed job is nobody else's: at least 15 s longer than
	// SendTimeout, so that no message is sent by two. By what it is longer, clocks of
	// instances that share a queue may differ. Default: SendTimeout and 1 min.
	Lease time.Duration

	// Poll is how often the queue is asked without a [Worker.Wake]. Default 5 s.
	Poll time.Duration

	// MinBackoff is how long the second attempt waits for, at most; each next one waits
	// for twice as long, up to MaxBackoff; all of them at random, for between one half
	// and the whole of it, so that what failed together does not come back together.
	// Default 30 s and 1 h.
	MinBackoff, MaxBackoff time.Duration

	// MaxAge is how old a message gets before it is given up, unless the job says when
	// it expires. Default 24 h.
	MaxAge time.Duration

	// Logger gets a line for each attempt, with the ID of the job, and without
	// addresses, subjects and texts. Default [slog.Default].
	Logger *slog.Logger
}

// settleMargin is what is left of a lease, at least, to write down what has become of
// a message.
const settleMargin = 15 * time.Second

// Worker sends the messages of a [Queue] until it is stopped. What cannot be sent is
// tried again later, and given up when it is permanent or too old. It is made by
// [NewWorker].
//
// Within one claim a message is sent once at most, and only if enough of the lease is
// left. A message can still be sent twice: if the process ends, or the queue cannot be
// written until the lease has run out, between the server's acceptance and Done. Its
// MessageID is then the same.
type Worker struct {
	o       WorkerOptions
	wake    chan struct{}
	running atomic.Bool
}

// NewWorker makes a Worker. Its error joins all that is wrong with the options.
func NewWorker(o WorkerOptions) (*Worker, error) {
	var errs []error
	wrong := func(text string) { errs = append(errs, errors.New("mail: "+text)) }
	if o.Queue == nil {
		wrong("Queue is not set: it has the messages")
	}
	if o.Mailer == nil {
		wrong("Mailer is not set: it sends the messages")
	}
	if o.Concurrency < 0 {
		wrong("Concurrency is negative: leave it out for 4")
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"SendTimeout", o.SendTimeout}, {"Lease", o.Lease}, {"Poll", o.Poll}, {"MinBackoff", o.MinBackoff}, {"MaxBackoff", o.MaxBackoff}, {"MaxAge", o.MaxAge}} {
		if d.value < 0 {
			wrong(d.name + " is negative: leave it out for its default")
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	def := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	def(&o.SendTimeout, time.Minute)
	def(&o.Lease, o.SendTimeout+time.Minute)
	def(&o.Poll, 5*time.Second)
	def(&o.MinBackoff, 30*time.Second)
	def(&o.MaxBackoff, max(time.Hour, o.MinBackoff))
	def(&o.MaxAge, 24*time.Hour)
	if o.Concurrency == 0 {
		o.Concurrency = 4
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Lease < o.SendTimeout+settleMargin {
		wrong(fmt.Sprintf("Lease (%v) is not %v longer than SendTimeout (%v): another worker would send the message, too", o.Lease, settleMargin, o.SendTimeout))
	}
	if o.MaxBackoff < o.MinBackoff {
		wrong(fmt.Sprintf("MaxBackoff (%v) is less than MinBackoff (%v)", o.MaxBackoff, o.MinBackoff))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Worker{o: o, wake: make(chan struct{}, 1)}, nil
}

// Wake tells the worker that something has been put into the queue. It does not wait,
// and can be called at any time; a worker that is busy looks again when it is done.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Run sends messages until the context ends. Then it claims no more, waits until what
// is on its way is sent or its time-out has passed, and returns nil: after Lease at the
// latest if the queue answers. A second Run beside the first is an error.
func (w *Worker) Run(ctx context.Context) error {
	if !w.running.CompareAndSwap(false, true) {
		return errors.New("mail: the worker is running already")
	}
	defer w.running.Store(false)
	var sending sync.WaitGroup
	defer sending.Wait()

	slots := make(chan struct{}, w.o.Concurrency)
	pause := w.o.Poll
	for {
		n := take(ctx, slots)
		if n == 0 {
			return nil
		}
		until := time.Now().Add(w.o.Lease)
		jobs, err := w.claim(ctx, n, until)
		for _, j := range jobs {
			sending.Go(func() {
				defer func() { <-slots }()
				w.handle(context.WithoutCancel(ctx), j, until)
			})
		}
		for range n - len(jobs) {
			<-slots
		}
		switch {
		case err == nil && len(jobs) == n:
			continue // there may be more
		case err == nil:
			pause = w.o.Poll
		case ctx.Err() != nil:
			return nil
		default:
			w.o.Logger.ErrorContext(ctx, "the queue of mails cannot be read", "error", err)
			pause = max(w.o.Poll, min(2*pause, time.Minute))
		}
		timer := time.NewTimer(pause)
		select {
		case <-w.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// take waits for a free slot, and takes all that are free. It gives 0 if the context
// has ended.
func take(ctx context.Context, slots chan struct{}) int {
	if ctx.Err() != nil {
		return 0
	}
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for n := 1; ; n++ {
		select {
		case slots <- struct{}{}:
		default:
			return n
		}
	}
}

// claim takes up to n jobs. A queue that gives more has a fault: what is too much is
// left until its lease has run out.
func (w *Worker) claim(ctx context.Context, n int, until time.Time) ([]Job, error) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	jobs, err := w.o.Queue.Claim(ctx, n, until)
	if err != nil {
		return nil, err
	}
	if len(jobs) > n {
		w.o.Logger.ErrorContext(ctx, "the queue of mails gives more than was claimed", "claimed", n, "given", len(jobs))
		jobs = jobs[:n]
	}
	return jobs, nil
}

// handle sends one message, and writes down what has become of it.
func (w *Worker) handle(ctx context.Context, j Job, until time.Time) {
	log := w.o.Logger.With("job", j.ID, "attempt", j.Attempt)
	expires := j.Expires
	if expires.IsZero() {
		expires = j.Enqueued.Add(w.o.MaxAge)
	}
	began := time.Now()
	if !began.Before(expires) {
		w.fail(ctx, log, j, until, "too old to be sent")
		return
	}
	deadline := until.Add(-settleMargin)
	if d := began.Add(w.o.SendTimeout); d.Before(deadline) {
		deadline = d
	}
	if !began.Before(deadline) {
		log.WarnContext(ctx, "a mail was claimed too slowly to be sent; it is left for the next claim")
		return
	}
	err := w.send(ctx, log, j.Message, deadline)
	now := time.Now()
	switch {
	case !now.Before(until):
		log.ErrorContext(ctx, "a mail took longer than its lease: does the mailer heed its context?", "sent", err == nil, "took", now.Sub(began))
		if err == nil {
			// If nobody has taken the job over, it need not be sent again. If somebody
			// has, the queue refuses, and theirs is what counts.
			w.settle(ctx, log, now.Add(settleMargin), func(ctx context.Context) error { return w.o.Queue.Done(ctx, j) })
		}
	case err == nil:
		if w.settle(ctx, log, until, func(ctx context.Context) error { return w.o.Queue.Done(ctx, j) }) {
			log.InfoContext(ctx, "mail sent", "took", now.Sub(began))
		}
	case errors.Is(err, ErrPermanent):
		w.fail(ctx, log, j, until, reason(err))
	default:
		at := now.Add(w.backoff(j.Attempt))
		if !at.Before(expires) {
			w.fail(ctx, log, j, until, "given up: "+reason(err))
			return
		}
		if w.settle(ctx, log, until, func(ctx context.Context) error { return w.o.Queue.Retry(ctx, j, at, reason(err)) }) {
			log.WarnContext(ctx, "mail not sent, it is tried again", "at", at, "reason", reason(err))
		}
	}
}

func (w *Worker) fail(ctx context.Context, log *slog.Logger, j Job, until time.Time, reason string) {
	if w.settle(ctx, log, until, func(ctx context.Context) error { return w.o.Queue.Fail(ctx, j, reason) }) {
		log.ErrorContext(ctx, "mail given up", "reason", reason)
	}
}

// send sends; a panic of the mailer is an error.
func (w *Worker) send(ctx context.Context, log *slog.Logger, m Message, deadline time.Time) (err error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			// What it panics with may hold anything.
			log.ErrorContext(ctx, "the mailer panics", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return w.o.Mailer.Send(ctx, m)
}

var errPanic = &SendError{Step: StepMessage, Err: errors.New("the mailer panics")}

// settle writes down what has become of a message. A queue that fails is asked again
// for as long as the lease holds: what has been sent and is not written down would be
// sent again. It reports whether it is written.
func (w *Worker) settle(ctx context.Context, log *slog.Logger, until time.Time, write func(context.Context) error) bool {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := write(ctx)
		switch {
		case err == nil:
			return true
		case errors.Is(err, ErrLeaseLost):
			log.WarnContext(ctx, "the lease of a mail is lost: what has become of it is not written down")
			return false
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			log.ErrorContext(ctx, "what has become of a mail cannot be written: it may be sent twice", "error", err)
			return false
		}
	}
}

// backoff is how long to wait for after a failed attempt.
func (w *Worker) backoff(attempt int) time.Duration {
	d := w.o.MinBackoff
	for range attempt - 1 {
		if d >= w.o.MaxBackoff {
			break
		}
		d *= 2
	}
	d = min(d, w.o.MaxBackoff)
	return d - rand.N(d/2+1)
}

var (
	addressRE = regexp.MustCompile(`\S*@\S*`)
	anyURLRE  = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://\S+`)
)

const maxReason = 300 // bytes

// reason says why a message was not sent. Only errors of the kind that keeps addresses
// and secrets out have their text in it, and it is looked through again.
func reason(err error) string {
	var e *SendError
	text := fmt.Sprintf("the mailer fails, with an error of type %T", err)
	switch {
	case errors.As(err, &e):
		text = e.Error()
	case errors.Is(err, context.DeadlineExceeded):
		text = "the mailer was not done in time"
	case errors.Is(err, ErrPermanent):
		text = "the mailer says that it never will be accepted"
	}
	text = anyURLRE.ReplaceAllString(line(text), "<link>")
	text = addressRE.ReplaceAllString(text, "<address>")
	if len(text) > maxReason {
		text = line(text[:maxReason])
	}
	return text
}
