package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestInstrument: what becomes of the source, and that it stays on its lines.
func TestInstrument(t *testing.T) {
	for _, c := range []struct{ name, src, want, kinds string }{
		{"if", `func f(a int) { if a > 1 { g() } else if a < 0 {} }`,
			`func f(a int) { if probe__.Cond(7, a > 1) { g() } else if probe__.Cond(8, a < 0) {} }`,
			"a > 1: false true not; a < 0: false true not"},
		{"init", `func f() error { if err := g(); err != nil { return err }; return nil }`,
			`func f() error { if err := g(); probe__.Cond(7, err != nil) { return probe__.Err(8, err) }; return nil }`,
			"err != nil: false true not; return err: nil"},
		{"and, or", `func f() { if a && (b || !c) && d {} }`,
			`func f() { if probe__.Cond(7, probe__.Cond(8, a) && probe__.Cond(9, (probe__.Cond(10, b) || probe__.Cond(11, !c))) && probe__.Cond(12, d)) {} }`,
			"a && (b || !c) && d: false true not; a: true not; (b || !c): true not; b: false not; !c: false not; d: true not"},
		{"not", `func f() { if !(a && b) {} }`,
			`func f() { if probe__.Cond(7, !(probe__.Cond(8, a) && probe__.Cond(9, b))) {} }`,
			"!(a && b): false true not; a: true not; b: true not"},
		{"constant", `func f() bool { const c = 1 < 2; var a [len("x") + 1]int; if true {}; return false }`, "", ""},
		{"loop", `func f() { for i := 0; i < n; i++ {}; for range n {}; for {} }`,
			`func f() { for i := 0; probe__.Cond(7, i < n); i++ {}; for range n {}; for {} }`,
			"i < n: false not"},
		{"assignment", `func f() { x := a == b; y = y || x; z(a != b) }`,
			`func f() { x := probe__.Cond(7, a == b); y = probe__.Cond(8, probe__.Cond(9, y) || probe__.Cond(10, x)); z(probe__.Cond(11, a != b)) }`,
			"a == b: false true not; y || x: false true not; y: false not; x: false not; a != b: false true not"},
		{"results", `func f() (n int, ok bool, err error) { return 1, g(), h(a == b) }`,
			`func f() (n int, ok bool, err error) { return 1, probe__.Cond(7, g()), probe__.Err(8, h(probe__.Cond(9, a == b))) }`,
			"g(): false true not; return h(a == b): nil; a == b: false true not"},
		{"result of a call", `func f() (bool, error) { return g() }`, "", ""},
		{"closure", `func (s *T[A]) f() int { h(func() bool { return g() }); return 1 }`,
			`func (s *T[A]) f() int { h(func() bool { return probe__.Cond(7, g()) }); return 1 }`,
			"g(): false true not"},
		{"left out", `func (l *left) f() { if a == b { h(func() bool { if c { return func() bool { return d }() }; return false }) } }`,
			`func (l *left) f() { if a == b { h(func() bool { if probe__.Cond(7, c) { return probe__.Cond(8, func() bool { return probe__.Cond(9, d) }()) }; return false }) } }`,
			"c: false true not; func() bool { return d }(): false true not; d: false true not"},
		{"again", `func f() { if a == b {}; if a == b {}; func() { if a == b {} }() }`,
			`func f() { if probe__.Cond(7, a == b) {}; if probe__.Cond(8, a == b) {}; func() { if probe__.Cond(9, a == b) {} }() }`,
			"a == b: false true not; a == b (2): false true not; a == b (3): false true not"},
		{"cases", `func f() { switch { case a: case b < c, d: default: } }`,
			`func f() { switch { case probe__.Cond(7, a): case probe__.Cond(8, b < c), probe__.Cond(9, d): default: } }`,
			"a: false true not; b < c: false true not; d: false true not"},
		{"tag", `func f() { switch x := g(); x.kind { case 1, two: h(); default: } }`,
			`func f() { switch x := g();  { case probe__.Cond(7, probe__.Cond(8, (x.kind) == (1)) ||  probe__.Cond(9, (x.kind) == (two))): h(); default: } }`,
			"x.kind is 1 or two: false true not; x.kind is 1: false not; x.kind is two: false not"},
		{"tag with effects", `func f() { switch g() { case 1: } }`,
			`func f() { switch tag7__ := g(); { case probe__.Cond(7, (tag7__) == (1)): } }`,
			"g() is 1: false true not"},
		{"types", `func f() { switch x := g().(type) { case int: if x > 1 {} } }`,
			`func f() { switch x := g().(type) { case int: if probe__.Cond(7, x > 1) {} } }`,
			"x > 1: false true not"},
	} {
		left := func(function string) bool { return strings.HasPrefix(function, "(*left).") }
		sites, out, err := instrument("x.go", []byte("package x // of the test\n\n"+c.src+"\n"), "p", 7, left)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		head := "package x; import probe__ \"p\" // of the test\n\n"
		if c.want == "" {
			head, c.want = "package x // of the test\n\n", c.src
		}
		if diff := cmp.Diff(head+c.want+"\n", string(out)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
		var kinds []string
		for _, s := range sites {
			kinds = append(kinds, s.text+": "+strings.Join(s.kinds, " "))
			if s.line != 3 {
				t.Errorf("%s: line %d", c.name, s.line)
			}
		}
		if got := strings.Join(kinds, "; "); got != c.kinds {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.kinds)
		}
	}
}

// TestDoor mutates a package of which is known what its tests miss.
func TestDoor(t *testing.T) {
	const dir = "internal/mutate/testdata/door"
	known := filepath.Join(t.TempDir(), "known.txt")
	m, err := findModule()
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBuild(m, t.TempDir(), []string{dir}, false)
	if err != nil {
		t.Fatal(err)
	}
	b.patience = time.Second
	if err := b.compile(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := b.measure(context.Background(), options{jobs: 2, longest: time.Minute}); err != nil {
		t.Fatal(err)
	}
	mutants := b.mutants(regexp.MustCompile(""))
	results, err := b.run(context.Background(), options{jobs: 2}, mutants)
	if err != nil {
		t.Fatal(err)
	}
	report := func(text string) *report {
		if err := os.WriteFile(known, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := readEquivalent(known)
		if err != nil {
			t.Fatal(err)
		}
		return newReport([]string{dir}, results, list, true)
	}

	r := report("")
	want := `survived: internal/mutate/testdata/door/door.go:12: Enter: false: age < 18
survived: internal/mutate/testdata/door/door.go:32: Colour: false: kind is "back"
not covered: internal/mutate/testdata/door/door.go:39: Locked: false: bolts > 0
not covered: internal/mutate/testdata/door/door.go:39: Locked: true: bolts > 0
not covered: internal/mutate/testdata/door/door.go:39: Locked: not: bolts > 0
`
	if diff := cmp.Diff(want, r.list()); diff != "" {
		t.Error(diff)
	}
	if c := (counts{mutants: 21, killed: 15, timedOut: 1, survived: 2, uncovered: 3}); r.total != c {
		t.Errorf("%+v, want %+v", r.total, c)
	}
	if !r.good(76) || r.good(77) {
		t.Errorf("16 of 21 are said to be %.1f %%", r.total.percentage())
	}

	// What an earlier run has killed is not tried again, wherever it stands by now; what
	// has survived or run out of time there is.
	var log strings.Builder
	for _, x := range results {
		x.site = &site{file: x.file, line: x.line + 7, function: x.function, text: x.text}
		fmt.Fprintf(&log, "mutate: %s: %s\n", x.word(), x)
	}
	output := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(output, []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options{jobs: 2}
	if o.killed, err = readKilled(output); err != nil || len(o.killed) != 15 {
		t.Fatalf("%d killed, %v", len(o.killed), err)
	}
	again, err := b.run(context.Background(), o, mutants)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range again {
		if x.outcome != results[i].outcome || (x.by == earlier) != (x.outcome == killed) {
			t.Errorf("%s: %s, in the first run %s", x, x.word(), results[i].word())
		}
	}
	if _, err := readKilled(known); err == nil {
		t.Error("a text of no run is taken for one that has killed nothing")
	}

	// What is known is no survivor any more, but not killed either; and it must be true.
	r = report("why: nobody\ninternal/mutate/testdata/door/door.go: Enter: false: age < 18\n")
	if c := (counts{mutants: 21, killed: 15, timedOut: 1, known: 1, survived: 1, uncovered: 3}); r.total != c || !r.good(76) || r.good(77) || strings.Contains(r.list(), "Enter") {
		t.Errorf("%+v, want %+v: %s", r.total, c, r.list())
	}
	for _, stale := range []string{"Enter: true: age < 18", "Enter: false: age < 21", "Leave: false: age < 18"} {
		r = report("why: nobody\ninternal/mutate/testdata/door/door.go: " + stale)
		if r.good(0) || !strings.Contains(r.list(), "stale: no survivor is like internal/mutate/testdata/door/door.go: "+stale) {
			t.Errorf("%s is not stale: %s", stale, r.list())
		}
	}
}

func TestKnownFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a.go: f: true: x\n", `:1: the mutant has no reason: put a line "why: …" above it`},
		{"why: so\n\na.go: f: true\n", `:3: "a.go: f: true" is not of the form "file: function: kind: check"`},
	} {
		name := filepath.Join(t.TempDir(), "known.txt")
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readEquivalent(name); err == nil || err.Error() != name+c.want {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	if _, err := readEquivalent("nowhere"); err == nil {
		t.Error("a list that is not there is taken for an empty one")
	}
}

// TestKnown: the known survivors are mutants that there are, and the document
// lists them.
func TestKnown(t *testing.T) {
	m, err := findModule()
	if err != nil {
		t.Fatal(err)
	}
	known, err := readEquivalent("equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBuild(m, t.TempDir(), targets, true)
	if err != nil {
		t.Fatal(err)
	}
	mutants := b.mutants(regexp.MustCompile(""))
	for i, e := range known {
		if !slices.ContainsFunc(mutants, e.matches) {
			t.Errorf("there is no mutant %s", e)
		}
		if slices.ContainsFunc(known[:i], func(o equivalent) bool { o.why = e.why; return o == e }) {
			t.Errorf("%s is listed twice", e)
		}
	}
	text, err := os.ReadFile(filepath.Join(m.dir, "docs", "testing.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), survivorList(known)) {
		t.Error("docs/testing.md has another list of known survivors: run go run ./internal/mutate -doc docs/testing.md")
	}
}
