package fsa_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// modelPause is how long hooks take while requests run beside each other.
const modelPause = time.Millisecond

// flying reports whether requests whose hooks take their time may be sent now: not
// if something ends meanwhile, since that would leave two right answers.
func (m *model) flying() bool {
	return !slices.ContainsFunc(m.ends(time.Now()), func(end time.Time) bool { return time.Until(end) < time.Second })
}

// landed ends what flying began: the very next request finds what has been kept,
// and then all is forgotten, since the reference does not know the millisecond at
// which it was.
func (m *model) landed(t *rapid.T) {
	m.store.pause = 0
	m.again(t)
	m.clearCaches()
}

// burst sends a request several times at once. A hook whose answers are kept is
// asked once for all of them, also if it fails; the others are asked by each. The
// same try of a password is made once, whether anything is kept or not.
func (m *model) burst(t *rapid.T) {
	if !m.flying() {
		return
	}
	q := m.drawRequest(t)
	n := rapid.IntRange(2, 4).Draw(t, "at once")
	m.note("%d at once: %v", n, q)
	want := m.answer(q)
	var asked []string
	for _, question := range want.asked {
		times := 1
		if !m.cfg.cached && !strings.HasPrefix(question, "hash") || strings.HasPrefix(question, "admit") || strings.HasPrefix(question, "check") {
			times = n
		}
		asked = append(asked, slices.Repeat([]string{question}, times)...)
	}
	m.last, m.store.handler, m.store.asked, m.store.pause = q, q.handler, nil, modelPause
	got := make([]modelAnswer, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { got[i] = m.exchange(q) })
	}
	all.Wait()
	want.asked = nil
	for _, a := range got {
		m.compare(t, q, a, want)
	}
	slices.Sort(asked)
	if slices.Sort(m.store.asked); !slices.Equal(m.store.asked, asked) {
		t.Fatalf("%s\nthe hooks were asked %q, want %q", m, m.store.asked, asked)
	}
	m.landed(t)
}

// overtake forgets everything, or everything about a user, while a hook is asked:
// its answer goes to the request that waits for it, and is not kept.
func (m *model) overtake(t *rapid.T) {
	if !m.flying() {
		return
	}
	ctx := context.Background()
	q := m.drawRequest(t)
	all := rapid.Bool().Draw(t, "forget all")
	m.note("overtaken (all: %v): %v", all, q)
	want := m.answerOvertaken(q, func(question string) {
		if all {
			m.forgetAll()
		} else {
			m.forgetUser(loginOf(question))
		}
	})
	m.store.pause = modelPause
	var got modelAnswer
	var done sync.WaitGroup
	done.Go(func() { got = m.send(q) })
	synctest.Wait()
	m.store.mu.Lock()
	asked := slices.Clone(m.store.asked)
	m.store.mu.Unlock()
	if len(asked) > 0 {
		if all {
			m.app.ClearCaches(ctx)
		} else {
			m.app.AuthUncache(ctx, loginOf(asked[0]))
		}
	}
	done.Wait()
	m.compare(t, q, got, want)
	m.landed(t)
}

// loginOf gives the user about whom a hook is asked.
func loginOf(question string) string {
	words := strings.Fields(question)
	switch words[0] {
	case "hash", "check", "admit":
		return words[1]
	}
	return words[len(words)-1]
}
