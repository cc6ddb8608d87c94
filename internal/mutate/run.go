package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa/internal/mutate/probe"
)

// test is one function that go test runs.
type test struct {
	name    string
	took    time.Duration
	sites   map[int]bool // which it reaches
	patient bool         // it takes long, or a mutant has made it wait for ever
}

// outcome is what becomes of a mutant.
type outcome int

const (
	survived outcome = iota
	uncovered
	timedOut
	killed
)

type result struct {
	mutant
	outcome
	by string // the suite that has killed it, and the test that ran out of time
}

// slow is how long a test may take to be among the first that a mutant is
// shown to; on a machine that has other work, thrice the median of its suite.
const slow = 200 * time.Millisecond

// each calls f for the numbers below n, from several goroutines.
func each(ctx context.Context, jobs, n int, f func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	go func() {
		defer close(next)
		for i := range n {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	var wg sync.WaitGroup
	for range max(jobs, 1) {
		wg.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// start runs tests of a suite, in the directory of its package.
func (b *builds) start(ctx context.Context, s *suite, pattern string, limit time.Duration, env string) (string, error) {
	temp, err := os.MkdirTemp(b.temp, "run")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	ctx, cancel := context.WithTimeout(ctx, limit+10*time.Second)
	defer cancel()
	args := append([]string{"-test.run", pattern, "-test.failfast", "-test.timeout", limit.String()}, s.flags...)
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Dir = filepath.Join(b.dir, s.dir)
	cmd.Env = append(os.Environ(), env, "TMPDIR="+temp)
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), err
}

// measure runs each test alone, to see how long it takes and which sites it
// reaches. One that fails without a mutant cannot judge mutants, and one that
// takes too long is not asked, as each survivor would cost its time.
func (b *builds) measure(ctx context.Context, o options) error {
	only, err := regexp.Compile(o.tests)
	if err != nil {
		return err
	}
	for _, s := range b.suites {
		cmd := exec.CommandContext(ctx, s.binary, "-test.list", "^(Test|Example|Fuzz)")
		cmd.Dir = filepath.Join(b.dir, s.dir)
		names, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s: listing the tests: %w", s.dir, err)
		}
		list := slices.DeleteFunc(strings.Fields(string(names)), func(name string) bool { return !only.MatchString(name) })
		tests := make([]*test, len(list))
		err = each(ctx, o.jobs, len(list), func(i int) error {
			t, err := b.measureTest(ctx, s, list[i], filepath.Join(b.temp, fmt.Sprintf("%s.reached", list[i])))
			tests[i] = t
			return err
		})
		if err != nil {
			return err
		}
		for _, t := range tests {
			switch {
			case t == nil:
			case t.took > o.longest:
				log.Printf("%s: %s takes %.1f s, and is left out", s.dir, t.name, t.took.Seconds())
			default:
				s.tests = append(s.tests, t)
			}
		}
		s.findSlow()
		log.Printf("%s: %d of %d tests judge; slow are %s", s.dir, len(s.tests), len(list), s.slow())
	}
	return nil
}

// findSlow marks the tests that take long.
func (s *suite) findSlow() {
	if len(s.tests) == 0 {
		return
	}
	byTime := slices.Clone(s.tests)
	slices.SortFunc(byTime, func(a, b *test) int { return cmp.Compare(a.took, b.took) })
	limit := max(slow, 3*byTime[len(byTime)/2].took)
	for _, t := range s.tests {
		t.patient = t.took >= limit
	}
}

// slow lists the tests that take long, as they make the whole slow.
func (s *suite) slow() string {
	var names []string
	for _, t := range s.tests {
		if t.patient {
			names = append(names, fmt.Sprintf("%s (%.1f s)", t.name, t.took.Seconds()))
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// measureTest gives nil for a test that cannot judge anything.
func (b *builds) measureTest(ctx context.Context, s *suite, name, record string) (*test, error) {
	start := time.Now()
	out, err := b.start(ctx, s, "^"+name+"$", 5*time.Minute, probe.Record+"="+record)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		log.Printf("%s: %s fails without a mutant, and is left out: %s", s.dir, name, out)
		return nil, nil
	}
	t := &test{name: name, took: time.Since(start), sites: map[int]bool{}}
	text, err := os.ReadFile(record)
	if err != nil {
		return nil, err
	}
	os.Remove(record)
	for _, line := range strings.Fields(string(text)) {
		n, err := strconv.Atoi(line)
		if err != nil {
			return nil, err
		}
		t.sites[n] = true
	}
	if len(t.sites) == 0 {
		return nil, nil
	}
	return t, nil
}

// run finds what becomes of the mutants.
func (b *builds) run(ctx context.Context, o options, mutants []mutant) ([]result, error) {
	results := make([]result, len(mutants))
	done := 0
	var mu sync.Mutex
	err := each(ctx, o.jobs, len(mutants), func(i int) error {
		if o.killed[mutants[i].unplaced()] {
			results[i] = result{mutants[i], killed, earlier}
			return nil
		}
		r, err := b.judge(ctx, mutants[i])
		if err != nil {
			return err
		}
		results[i] = r
		mu.Lock()
		defer mu.Unlock()
		if done++; done%100 == 0 {
			log.Printf("%d of %d mutants", done, len(mutants))
		}
		if o.verbose {
			log.Printf("%s: %s", r.word(), r)
		}
		return nil
	})
	return results, err
}

func (r result) word() string {
	switch r.outcome {
	case uncovered:
		return "not covered"
	case timedOut:
		return "timed out in " + r.by
	case killed:
		return "killed by " + r.by
	}
	return "survived"
}

// earlier stands in the place of a suite for mutants that were killed in an earlier run.
const earlier = "an earlier run"

// killedLine finds a mutant that a test failed for in the output of a run with -v. One
// that ran out of time is none: the machine may have been busy.
var killedLine = regexp.MustCompile(`(?m)^mutate: killed by \S+: (\S+\.go):\d+: (.+)$`)

// readKilled gives the mutants, without their lines, that earlier runs have killed.
func readKilled(name string) (map[string]bool, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, m := range killedLine.FindAllStringSubmatch(string(text), -1) {
		all[m[1]+": "+m[2]] = true
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no line of a mutant that was killed: it must be what a run with -v has printed", name)
	}
	return all, nil
}

// judge shows a mutant to the tests that reach it: first the quick ones of its
// own package, all at once, last the slowest of the root.
func (b *builds) judge(ctx context.Context, m mutant) (result, error) {
	reached := false
	for _, s := range b.judges(m) {
		for _, round := range s.rounds(m.id) {
			reached = true
			var names []string
			limit := b.patience
			for _, t := range round {
				names = append(names, t.name)
				limit += 4 * t.took
			}
			out, err := b.start(ctx, s, "^("+strings.Join(names, "|")+")$", limit, fmt.Sprintf("%s=%d %s", probe.Variable, m.id, m.kind))
			if ctx.Err() != nil {
				return result{}, ctx.Err()
			}
			if err == nil {
				continue
			}
			if _, failed := err.(*exec.ExitError); !failed {
				return result{}, err
			}
			if late := hung.FindStringSubmatch(out); late != nil {
				s.hangs(late[1])
				return result{m, timedOut, s.dir + ": " + late[1]}, nil
			}
			return result{m, killed, s.dir}, nil
		}
	}
	if !reached {
		return result{m, uncovered, ""}, nil
	}
	return result{m, survived, ""}, nil
}

// rounds gives the tests that reach a site: the quick ones together, the others
// one by one, from the quickest on.
func (s *suite) rounds(site int) [][]*test {
	s.mu.Lock()
	defer s.mu.Unlock()
	var quick []*test
	var others [][]*test
	for _, t := range s.tests {
		switch {
		case !t.sites[site]:
		case !t.patient:
			quick = append(quick, t)
		default:
			others = append(others, []*test{t})
		}
	}
	slices.SortFunc(others, func(a, b []*test) int { return cmp.Compare(a[0].took, b[0].took) })
	if len(quick) == 0 {
		return others
	}
	return append([][]*test{quick}, others...)
}

// hangs notes that a test does not end with some mutants. It is among the last
// then, as others may kill the next such mutant at once.
func (s *suite) hangs(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tests {
		t.patient = t.patient || t.name == name
	}
}

// hung finds the test that was running when the time was over.
var hung = regexp.MustCompile(`(?m)^panic: test timed out after .*(?:\n\trunning tests:\n\t\t(\S+))?`)

// packageOf gives the directory of a mutant's package.
func (m mutant) packageOf() string { return path.Dir(m.file) }
