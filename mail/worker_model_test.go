package mail_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/fastsimpleauth/fsa/mail"
)

// world is a mail server, a queue and what has been seen of both: each claim of a job,
// and each time that a message was sent.
type world struct {
	mail.MemoryQueue

	mu      sync.Mutex
	faults  []string
	lease   map[string]string    // of each message, that of its latest claim
	until   map[string]time.Time // for how long that is held
	sentBy  map[string]string    // the lease by which a message was sent latest
	sending map[string]int       // how often a message is on its way now
	taken   map[string]int       // how often the server has accepted a message
	ended   map[string]string    // how jobs have ended
	busy    map[string]int       // what is on its way now, by worker
}

func (w *world) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// instance is one process: its worker's view of the queue and of the server. Once it is
// dead, it can't write.
type instance struct {
	*world
	name  string
	most  int
	dead  bool
	sleep func() time.Duration
	fate  func() error
}

var errDead = errors.New("the process has ended")

func (i *instance) Claim(ctx context.Context, n int, until time.Time) ([]mail.Job, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.dead {
		return nil, errDead
	}
	jobs, err := i.MemoryQueue.Claim(ctx, n, until)
	for _, j := range jobs {
		id := j.Message.MessageID
		if i.ended[id] != "" {
			i.fault("%s is claimed after it has ended: %s", id, i.ended[id])
		}
		i.lease[id], i.until[id] = j.Lease, until
	}
	return jobs, err
}

func (i *instance) end(j mail.Job, how string, final bool, f func() error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.dead {
		return errDead
	}
	id := j.Message.MessageID
	held := i.lease[id] == j.Lease
	err := f()
	switch {
	case err == nil && !held:
		i.fault("%s: %s by who has lost the lease", id, how)
	case err == nil && how == "done" && i.taken[id] == 0:
		i.fault("%s is done and was not accepted", id)
	case err == nil && final:
		i.ended[id] = how
	}
	return err
}

func (i *instance) Done(ctx context.Context, j mail.Job) error {
	return i.end(j, "done", true, func() error { return i.MemoryQueue.Done(ctx, j) })
}

func (i *instance) Retry(ctx context.Context, j mail.Job, at time.Time, reason string) error {
	return i.end(j, "retry", false, func() error { return i.MemoryQueue.Retry(ctx, j, at, reason) })
}

func (i *instance) Fail(ctx context.Context, j mail.Job, reason string) error {
	return i.end(j, "fail", true, func() error { return i.MemoryQueue.Fail(ctx, j, reason) })
}

// Send is the mail server's side. It heeds the context.
func (i *instance) Send(ctx context.Context, m mail.Message) error {
	i.mu.Lock()
	id := m.MessageID
	lease := i.lease[id]
	switch {
	case i.sentBy[id] == lease:
		i.fault("%s is sent twice within a claim", id)
	case i.sending[id] > 0:
		i.fault("%s is sent while it is on its way", id)
	case !time.Now().Before(i.until[id]):
		i.fault("%s is sent after its lease", id)
	}
	i.sentBy[id] = lease
	i.sending[id]++
	if i.busy[i.name]++; i.busy[i.name] > i.most {
		i.fault("%s sends %d at a time", i.name, i.busy[i.name])
	}
	takes, fate := i.sleep(), i.fate()
	i.mu.Unlock()

	err := fate
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		err = ctx.Err()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sending[id]--
	i.busy[i.name]--
	if err == nil {
		i.taken[id]++
	}
	return err
}

// TestWorkerModel: over random histories of messages, of servers that are slow, fail
// and refuse, and of processes that end, workers that share a queue send a message once
// within a claim and never at the same time; nothing that was refused for good is sent
// again; and in the end each message is accepted or given up.
func TestWorkerModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(rt *rapid.T) { checkWorkers(t, rt) })
	})
}

// inBubble hides T.Deadline, which rapid calls and a bubble does not allow.
type inBubble struct{ testing.TB }

func checkWorkers(t *testing.T, rt *rapid.T) {
	w := &world{
		lease: map[string]string{}, until: map[string]time.Time{}, sentBy: map[string]string{}, sending: map[string]int{},
		taken: map[string]int{}, ended: map[string]string{}, busy: map[string]int{},
	}
	// What happens is drawn before, as workers are concurrent.
	seconds := rapid.SliceOfN(rapid.IntRange(0, 90), 40, 40).Draw(rt, "seconds that sends take")
	fates := rapid.SliceOfN(rapid.IntRange(0, 5), 40, 40).Draw(rt, "fates")
	sends, draws := 0, 0
	takes := func() time.Duration { sends++; return time.Duration(seconds[sends%40]) * time.Second }
	refused := &mail.SendError{Step: mail.StepRecipient, Permanent: true, Code: 550}
	fate := func() error {
		draws++
		switch fates[draws%40] {
		case 0, 1:
			return busy
		case 2:
			return refused
		}
		return nil
	}

	log, _ := logged()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	// Rapid ends a history early by a panic: no worker may be left behind then.
	defer running.Wait()
	defer cancel()
	count := 0
	var live []*instance
	start := func() {
		count++
		i := &instance{world: w, name: fmt.Sprint("worker ", count), most: 1 + count%3, sleep: takes, fate: fate}
		worker, err := mail.NewWorker(mail.WorkerOptions{Queue: i, Mailer: i, Concurrency: i.most, Poll: 20 * time.Second, Logger: log})
		if err != nil {
			rt.Fatal(err)
		}
		live = append(live, i)
		running.Go(func() { worker.Run(ctx) })
	}
	start()
	start()

	messages := 0
	rt.Repeat(map[string]func(*rapid.T){
		"add": func(rt *rapid.T) {
			messages++
			m := letter()
			m.MessageID = fmt.Sprintf("%d@acme.example", messages)
			if _, err := w.Add(m); err != nil {
				rt.Fatal(err)
			}
		},
		"pass": func(rt *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 100).Draw(rt, "seconds")) * time.Second)
		},
		"kill": func(rt *rapid.T) {
			i := rapid.IntRange(0, len(live)-1).Draw(rt, "worker")
			w.mu.Lock()
			live[i].dead = true
			w.mu.Unlock()
			live = append(live[:i], live[i+1:]...)
			start()
		},
		"": func(rt *rapid.T) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.faults) > 0 {
				rt.Fatalf("%q", w.faults)
			}
		},
	})
	time.Sleep(48 * time.Hour)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.faults) > 0 || len(w.ended) != messages || w.Len() != 0 {
		rt.Fatalf("%q; of %d messages %d have ended, %d are left", w.faults, messages, len(w.ended), w.Len())
	}
	for id, how := range w.ended {
		if how == "done" && w.taken[id] == 0 {
			rt.Fatalf("%s is %s and was accepted %d times", id, how, w.taken[id])
		}
	}
}
