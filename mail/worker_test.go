package mail_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/mail"
)

// spy is a queue that tells what is done with it.
type spy struct {
	mail.MemoryQueue
	mu     sync.Mutex
	ends   []string        // "done", "fail: REASON", "retry: REASON"
	delays []time.Duration // of the retries
	broken func(call string) error
}

func (s *spy) trouble(call string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken(call)
	}
	return nil
}

func (s *spy) note(end string, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		end += " refused"
	}
	s.ends = append(s.ends, end)
	return err
}

func (s *spy) Claim(ctx context.Context, n int, until time.Time) ([]mail.Job, error) {
	if err := s.trouble("claim"); err != nil {
		return nil, err
	}
	return s.MemoryQueue.Claim(ctx, n, until)
}

func (s *spy) Done(ctx context.Context, j mail.Job) error {
	if err := s.trouble("done"); err != nil {
		return err
	}
	return s.note("done", s.MemoryQueue.Done(ctx, j))
}

func (s *spy) Retry(ctx context.Context, j mail.Job, at time.Time, reason string) error {
	s.mu.Lock()
	s.delays = append(s.delays, time.Until(at))
	s.mu.Unlock()
	return s.note("retry: "+reason, s.MemoryQueue.Retry(ctx, j, at, reason))
}

func (s *spy) Fail(ctx context.Context, j mail.Job, reason string) error {
	return s.note("fail: "+reason, s.MemoryQueue.Fail(ctx, j, reason))
}

func (s *spy) ended() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ends)
}

// work runs a worker in a bubble, until the test ends. It returns the worker and its
// log.
func work(t *testing.T, q mail.Queue, o mail.WorkerOptions, send sender) (*mail.Worker, *record, context.CancelFunc) {
	t.Helper()
	log, text := logged()
	o.Queue, o.Mailer, o.Logger = q, send, log
	w, err := mail.NewWorker(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	stop := func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return w, text, stop
}

// pass lets time pass, and what happens then end.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func add(t *testing.T, q interface {
	Add(mail.Message) (string, error)
}) {
	t.Helper()
	if _, err := q.Add(letter()); err != nil {
		t.Fatal(err)
	}
}

var busy = &mail.SendError{Step: mail.StepRecipient, Code: 451, Enhanced: "4.7.1", Reply: "greylisted " + reader}

func TestWorkerSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		sent := make(chan mail.Message, 10)
		w, log, _ := work(t, q, mail.WorkerOptions{}, func(_ context.Context, m mail.Message) error {
			sent <- m
			return nil
		})
		synctest.Wait()
		add(t, q)
		began := time.Now()
		w.Wake()
		synctest.Wait()
		if len(sent) != 1 || time.Since(began) != 0 {
			t.Fatalf("after %v, %d messages are sent", time.Since(began), len(sent))
		}
		if got := q.ended(); !slices.Equal(got, []string{"done"}) || q.Len() != 0 {
			t.Errorf("%q, %d are left", got, q.Len())
		}
		want(t, log.String(), "level=INFO", "mail sent", "job=1", "attempt=1")

		// Without being woken, it looks by itself.
		add(t, q)
		pass(5 * time.Second)
		if len(sent) != 2 || (<-sent).Text != letter().Text {
			t.Error("the queue is not looked at after Poll")
		}
	})
}

func TestWorkerTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		tries := 0
		_, log, _ := work(t, q, mail.WorkerOptions{MinBackoff: 10 * time.Second, MaxBackoff: time.Minute}, func(context.Context, mail.Message) error {
			if tries++; tries <= 6 {
				return busy
			}
			return nil
		})
		add(t, q)
		pass(time.Hour)
		if tries != 7 || q.Len() != 0 {
			t.Fatalf("%d tries, %d are left", tries, q.Len())
		}
		for i, most := range []time.Duration{10, 20, 40, 60, 60, 60} {
			if d := q.delays[i]; d < most*time.Second/2 || d > most*time.Second {
				t.Errorf("the delay after attempt %d is %v, want between half of %v and the whole", i+1, d, most*time.Second)
			}
		}
		if got := q.ended()[0]; got != "retry: mail: recipient not accepted: the server says 451 4.7.1" {
			t.Errorf("the reason is %q", got)
		}
		want(t, log.String(), "level=WARN", "tried again", "attempt=6", "451 4.7.1")
	})
}

// TestWorkerSpreadsRetries: what has failed together does not come back together.
func TestWorkerSpreadsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		work(t, q, mail.WorkerOptions{}, func(context.Context, mail.Message) error { return busy })
		for range 40 {
			add(t, q)
		}
		pass(10 * time.Second)
		if n := len(slices.Compact(slices.Sorted(slices.Values(q.delays)))); n < 30 {
			t.Errorf("40 retries have %d different delays", n)
		}
	})
}

func TestWorkerGivesUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		err     error
		maxAge  time.Duration
		expires time.Duration // from now, if not 0
		want    string        // how it ends
		tries   int           // 0: more than one
	}{
		{name: "permanent", err: &mail.SendError{Step: mail.StepRecipient, Permanent: true, Code: 550, Enhanced: "5.1.1"}, want: "fail: mail: recipient not accepted: the server says 550 5.1.1", tries: 1},
		{name: "permanent, wrapped", err: fmt.Errorf("for %s: %w", reader, mail.ErrPermanent), want: "fail: the mailer says that it never will be accepted", tries: 1},
		{name: "too old", err: busy, maxAge: time.Hour, want: "fail: given up: mail: recipient not accepted: the server says 451 4.7.1"},
		{name: "expires", err: busy, expires: 10 * time.Minute, want: "fail: given up: mail: recipient not accepted: the server says 451 4.7.1"},
		{name: "expires before the second attempt", err: busy, expires: 10 * time.Second, want: "fail: given up: mail: recipient not accepted: the server says 451 4.7.1", tries: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := new(spy)
				tries := 0
				var last time.Time
				began := time.Now()
				_, log, _ := work(t, q, mail.WorkerOptions{MaxAge: c.maxAge}, func(context.Context, mail.Message) error {
					tries++
					last = time.Now()
					return c.err
				})
				expires, age := time.Time{}, c.maxAge
				if c.expires != 0 {
					expires, age = time.Now().Add(c.expires), c.expires
				}
				if _, err := q.AddUntil(letter(), expires); err != nil {
					t.Fatal(err)
				}
				pass(3 * time.Hour)
				got := q.ended()
				// The last attempt may have been due just before it was too late.
				if len(got) == 0 || got[len(got)-1] != c.want && (c.tries != 0 || got[len(got)-1] != "fail: too old to be sent") || q.Len() != 0 {
					t.Errorf("%q, want %q at the end; %d are left", got, c.want, q.Len())
				}
				if c.tries != 0 && tries != c.tries || c.tries == 0 && tries < 3 {
					t.Errorf("%d tries", tries)
				}
				if age != 0 && last.Sub(began) > age {
					t.Errorf("it is sent at the age of %v", last.Sub(began))
				}
				want(t, log.String(), "level=ERROR", "mail given up")
			})
		})
	}
}

// TestWorkerDoesNotSendWhatIsTooOld: after a long standstill, links that have ended are
// not sent.
func TestWorkerDoesNotSendWhatIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		add(t, q)
		pass(25 * time.Hour)
		work(t, q, mail.WorkerOptions{}, func(context.Context, mail.Message) error {
			t.Error("it is sent")
			return nil
		})
		synctest.Wait()
		if got := q.ended(); !slices.Equal(got, []string{"fail: too old to be sent"}) {
			t.Errorf("%q", got)
		}
	})
}

func TestWorkerBoundsConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		var now, most atomic.Int32
		work(t, q, mail.WorkerOptions{Concurrency: 3}, func(context.Context, mail.Message) error {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Second)
			return nil
		})
		for range 10 {
			add(t, q)
		}
		// 3 at a time, from the first poll on, and without waiting for another one.
		pass(5*time.Second + 4*time.Second)
		if q.Len() != 0 || most.Load() != 3 {
			t.Errorf("%d are left, at most %d were sent at a time", q.Len(), most.Load())
		}
	})
}

func TestWorkerStopsGracefully(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		add(t, q)
		add(t, q)
		sent := 0
		w, _, stop := work(t, q, mail.WorkerOptions{Concurrency: 1}, func(ctx context.Context, _ mail.Message) error {
			time.Sleep(10 * time.Second)
			sent++
			return ctx.Err()
		})
		synctest.Wait() // the first is on its way
		if err := w.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "running already") {
			t.Errorf("a second Run: %v", err)
		}
		began := time.Now()
		stop()
		if got := q.ended(); !slices.Equal(got, []string{"done"}) || sent != 1 || q.Len() != 1 {
			t.Errorf("%q, %d sent, %d left", got, sent, q.Len())
		}
		if time.Since(began) != 10*time.Second {
			t.Errorf("it has stopped after %v", time.Since(began))
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.Run(ended); err != nil {
			t.Errorf("a Run after the first: %v", err)
		}
	})
}

func TestWorkerEndsSlowSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		add(t, q)
		var took time.Duration
		_, log, _ := work(t, q, mail.WorkerOptions{SendTimeout: 20 * time.Second}, func(ctx context.Context, _ mail.Message) error {
			began := time.Now()
			<-ctx.Done()
			took = time.Since(began)
			return fmt.Errorf("to %s: %w", reader, ctx.Err())
		})
		pass(21 * time.Second)
		if got := q.ended(); !slices.Equal(got, []string{"retry: the mailer was not done in time"}) || took != 20*time.Second {
			t.Errorf("%q after %v", got, took)
		}
		want(t, log.String(), "not done in time")
	})
}

// TestWorkerLosesItsLease: a mailer that does not heed its context holds a message for
// longer than its lease. Another worker takes the job over, and the first can't end
// what is the other's.
func TestWorkerLosesItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		add(t, q)
		o := mail.WorkerOptions{Concurrency: 1, SendTimeout: time.Minute, Lease: 2 * time.Minute}
		_, log, _ := work(t, q, o, func(context.Context, mail.Message) error {
			time.Sleep(2*time.Minute + 30*time.Second)
			return nil
		})
		synctest.Wait()
		var seconds atomic.Int32
		work(t, q, o, func(context.Context, mail.Message) error {
			seconds.Add(1)
			time.Sleep(50 * time.Second)
			return busy // the job must not be done by the first one's word
		})
		pass(2*time.Minute + 40*time.Second)
		if got := q.ended(); !slices.Equal(got, []string{"done refused"}) || q.Len() != 1 || seconds.Load() != 1 {
			t.Fatalf("%q, %d left, %d sends of the second", got, q.Len(), seconds.Load())
		}
		want(t, log.String(), "longer than its lease", "lease of a mail is lost")
		pass(20 * time.Second)
		if got := q.ended(); len(got) != 2 || !strings.HasPrefix(got[1], "retry: ") {
			t.Errorf("%q", got)
		}
	})
}

// TestWorkerLate: nobody has taken the job over, so what was sent late is not sent again.
func TestWorkerLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		add(t, q)
		sends := 0
		work(t, q, mail.WorkerOptions{Concurrency: 1}, func(context.Context, mail.Message) error {
			sends++
			time.Sleep(10 * time.Minute)
			return nil
		})
		pass(time.Hour)
		if got := q.ended(); !slices.Equal(got, []string{"done"}) || sends != 1 {
			t.Errorf("%q after %d sends", got, sends)
		}
	})
}

// TestWorkerLeavesWhatIsClaimedTooSlowly: a queue that is slow uses the lease up. What
// is left must be enough to send.
func TestWorkerLeavesWhatIsClaimedTooSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		add(t, q)
		slow := true
		q.broken = func(call string) error {
			if call == "claim" && slow {
				slow = false
				time.Sleep(105 * time.Second) // of 2 minutes; 15 s are needed to write down
			}
			return nil
		}
		sent := []time.Duration{}
		began := time.Now()
		_, log, _ := work(t, q, mail.WorkerOptions{}, func(context.Context, mail.Message) error {
			sent = append(sent, time.Since(began))
			return nil
		})
		pass(3 * time.Minute)
		if len(sent) != 1 || sent[0] < 2*time.Minute {
			t.Errorf("sent at %v", sent)
		}
		want(t, log.String(), "claimed too slowly")
	})
}

func TestWorkerSurvivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		add(t, q)
		first := true
		_, log, _ := work(t, q, mail.WorkerOptions{}, func(context.Context, mail.Message) error {
			if first {
				first = false
				panic("no such user " + reader)
			}
			return nil
		})
		pass(time.Hour)
		if got := q.ended(); len(got) != 2 || got[1] != "done" || !strings.Contains(got[0], "panics") {
			t.Errorf("%q", got)
		}
		want(t, log.String(), "the mailer panics", "worker.go")
		if strings.Contains(log.String(), reader) {
			t.Error("the log has what it panics with")
		}
	})
}

// TestWorkerOutlastsItsQueue: while the queue can't be read nothing is sent, and while
// it can't be written nothing is sent again.
func TestWorkerOutlastsItsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		add(t, q)
		down := errors.New("the database is down")
		claims, dones := 0, 0
		q.broken = func(call string) error {
			switch call {
			case "claim":
				if claims++; claims <= 3 {
					return down
				}
			case "done":
				if dones++; dones <= 6 {
					return down
				}
			}
			return nil
		}
		sent := 0
		_, log, _ := work(t, q, mail.WorkerOptions{}, func(context.Context, mail.Message) error {
			sent++
			return nil
		})
		pass(10 * time.Minute)
		if got := q.ended(); sent != 1 || !slices.Equal(got, []string{"done"}) || dones != 7 {
			t.Errorf("%q after %d sends, %d times done", got, sent, dones)
		}
		want(t, log.String(), "the queue of mails cannot be read", "the database is down")
	})
}

// TestWorkerQueueStaysDown: what cannot be written until the lease has run out is said.
func TestWorkerQueueStaysDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := new(spy)
		add(t, q)
		q.broken = func(call string) error {
			if call == "done" {
				return errors.New("down")
			}
			return nil
		}
		var sent atomic.Int32
		_, log, _ := work(t, q, mail.WorkerOptions{}, func(context.Context, mail.Message) error {
			sent.Add(1)
			return nil
		})
		pass(119 * time.Second)
		if n := sent.Load(); n != 1 {
			t.Errorf("it is sent %d times within one lease", n)
		}
		pass(2 * time.Second)
		want(t, log.String(), "cannot be written", "may be sent twice")
	})
}

// TestWorkerKeepsSecretsToItself: whatever a mailer says, no address and no secret gets
// into the queue or the log (S70).
func TestWorkerKeepsSecretsToItself(t *testing.T) {
	link := "https://acme.example/reset/" + resetToken
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("rejected: " + link), "the mailer fails, with an error of type *errors.errorString"},
		{&mail.SendError{Step: mail.StepContent, Err: fmt.Errorf("refused %s for <%s>", link, reader)}, "mail: content not accepted: refused <link> for <address>"},
		{&mail.SendError{Step: mail.StepContent, Code: 451, Reply: link}, "mail: content not accepted: the server says 451"},
		{&mail.SendError{Step: mail.StepContent, Err: errors.New("a\nlevel=INFO msg=forged\x1b[31m " + strings.Repeat("é", 300))}, "mail: content not accepted: a; level=INFO msg=forged[31m éé"},
	} {
		synctest.Test(t, func(t *testing.T) {
			q := new(spy)
			add(t, q)
			_, log, _ := work(t, q, mail.WorkerOptions{}, func(context.Context, mail.Message) error { return c.err })
			synctest.Wait()
			got := q.ended()
			if len(got) != 1 || !strings.HasPrefix(got[0], "retry: "+c.want) || len(got[0]) > 320 || strings.ContainsAny(got[0], "\uFFFD\r\u2028\u202e\x1b") {
				t.Errorf("%q, want %q", got, c.want)
			}
			for _, secret := range []string{reader, resetToken, letter().Subject, "watterson"} {
				if strings.Contains(log.String()+got[0], secret) {
					t.Errorf("%q is in\n%s%s", secret, log, got[0])
				}
			}
		})
	}
}

// TestWorkerTakesNoMoreThanItClaims: a queue with a fault doesn't make it send more at
// a time.
func TestWorkerTakesNoMoreThanItClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &generous{}
		for range 5 {
			add(t, q)
		}
		var sent atomic.Int32
		_, log, _ := work(t, q, mail.WorkerOptions{Concurrency: 2}, func(context.Context, mail.Message) error {
			sent.Add(1)
			time.Sleep(30 * time.Second)
			return nil
		})
		pass(time.Second)
		if n := sent.Load(); n != 2 {
			t.Errorf("%d are sent at a time", n)
		}
		want(t, log.String(), "gives more than was claimed")
	})
}

type generous struct{ mail.MemoryQueue }

func (g *generous) Claim(ctx context.Context, _ int, until time.Time) ([]mail.Job, error) {
	return g.MemoryQueue.Claim(ctx, 100, until)
}

func TestNewWorkerFaults(t *testing.T) {
	q, m := new(mail.MemoryQueue), mail.NewMailbox(mail.MailboxOptions{})
	for _, c := range []struct {
		o    mail.WorkerOptions
		want []string
	}{
		{mail.WorkerOptions{}, []string{"Queue is not set", "Mailer is not set"}},
		{mail.WorkerOptions{Queue: q, Mailer: m, Concurrency: -1, Poll: -1, MaxAge: -1}, []string{"Concurrency is negative", "Poll is negative", "MaxAge is negative"}},
		{mail.WorkerOptions{Queue: q, Mailer: m, SendTimeout: time.Minute, Lease: time.Minute + 14*time.Second}, []string{"Lease (1m14s) is not 15s longer than SendTimeout (1m0s)"}},
		{mail.WorkerOptions{Queue: q, Mailer: m, MinBackoff: time.Minute, MaxBackoff: time.Second}, []string{"MaxBackoff (1s) is less than MinBackoff (1m0s)"}},
	} {
		w, err := mail.NewWorker(c.o)
		if err == nil || w != nil {
			t.Errorf("%v is taken", c.o)
			continue
		}
		want(t, err.Error(), c.want...)
	}
}
