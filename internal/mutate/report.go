package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// counts are the figures of one package.
type counts struct{ mutants, killed, timedOut, known, survived, uncovered int }

// percentage is that of the killed among all, the known ones too.
func (c counts) percentage() float64 { return c.among(c.mutants) }

// among gives the killed in percent of so many.
func (c counts) among(mutants int) float64 {
	if mutants == 0 {
		return 100
	}
	return 100 * float64(c.killed+c.timedOut) / float64(mutants)
}

func (c *counts) add(d counts) {
	c.mutants += d.mutants
	c.killed += d.killed
	c.timedOut += d.timedOut
	c.known += d.known
	c.survived += d.survived
	c.uncovered += d.uncovered
}

// report is what has become of the mutants.
type report struct {
	dirs      []string
	packages  map[string]*counts
	total     counts
	survivors []result
	stale     []equivalent
}

// newReport counts. Entries for survivors that there are not are stale, if all
// mutants have been tried.
func newReport(dirs []string, results []result, known []equivalent, all bool) *report {
	r := &report{dirs: dirs, packages: map[string]*counts{}}
	used := map[equivalent]bool{}
	for _, dir := range dirs {
		r.packages[dir] = &counts{}
	}
	for _, x := range results {
		c := counts{mutants: 1}
		i := slices.IndexFunc(known, func(e equivalent) bool { return e.matches(x.mutant) })
		switch {
		case x.outcome == killed:
			c.killed = 1
		case x.outcome == timedOut:
			c.timedOut = 1
		case i >= 0:
			c.known = 1
			used[known[i]] = true
		case x.outcome == uncovered:
			c.uncovered = 1
		default:
			c.survived = 1
		}
		if c.uncovered+c.survived > 0 {
			r.survivors = append(r.survivors, x)
		}
		r.packages[x.packageOf()].add(c)
		r.total.add(c)
	}
	for _, e := range known {
		if all && !used[e] {
			r.stale = append(r.stale, e)
		}
	}
	return r
}

// good reports whether each package has the percentage, and no entry is stale.
func (r *report) good(min float64) bool {
	for _, c := range r.packages {
		if c.percentage() < min {
			return false
		}
	}
	return len(r.stale) == 0
}

// rows gives the figures, a line for each package.
func (r *report) rows() [][]string {
	rows := [][]string{{"package", "mutants", "killed", "timed out", "known", "survived", "not covered", "killed of all", "of all but the known"}}
	row := func(name string, c counts) {
		rows = append(rows, []string{name, fmt.Sprint(c.mutants), fmt.Sprint(c.killed), fmt.Sprint(c.timedOut),
			fmt.Sprint(c.known), fmt.Sprint(c.survived), fmt.Sprint(c.uncovered),
			fmt.Sprintf("%.1f %%", c.percentage()), fmt.Sprintf("%.1f %%", c.among(c.mutants-c.known))})
	}
	for _, dir := range r.dirs {
		row(packageName(dir), *r.packages[dir])
	}
	row("all", r.total)
	return rows
}

func packageName(dir string) string {
	if dir == "." {
		return "the root"
	}
	return dir
}

func (r *report) table() string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range r.rows() {
		fmt.Fprintln(w, strings.Join(row, "\t")+"\t")
	}
	w.Flush()
	return out.String()
}

// list gives the survivors that are not known, and the stale entries.
func (r *report) list() string {
	var out strings.Builder
	for _, x := range r.survivors {
		fmt.Fprintf(&out, "%s: %s\n", x.word(), x)
	}
	for _, e := range r.stale {
		fmt.Fprintf(&out, "stale: no survivor is like %s\n", e)
	}
	return out.String()
}

// Between these lines of a document, the figures and the known survivors stand.
const (
	docBegin = "<!-- what go run ./internal/mutate -doc writes -->\n"
	docEnd   = "<!-- end -->\n"
)

// document writes the figures and the known survivors into a document.
func (r *report) document(name string, known []equivalent) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), docBegin)
	_, after, ok2 := strings.Cut(rest, docEnd)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for the figures: add the lines\n%s%s", name, docBegin, docEnd)
	}
	var b strings.Builder
	b.WriteString(before + docBegin)
	for i, row := range r.rows() {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("---:|", len(row)-1) + "\n")
		}
	}
	b.WriteString(survivorList(known))
	b.WriteString(docEnd + after)
	return os.WriteFile(name, []byte(b.String()), 0o644)
}

// survivorList gives the known survivors, by reason.
func survivorList(known []equivalent) string {
	var b strings.Builder
	why := ""
	for _, e := range known {
		if e.why != why {
			fmt.Fprintf(&b, "\n%s\n\n", e.why)
		}
		why = e.why
		fmt.Fprintf(&b, "- `%s`, `%s`: `%s` becomes %s\n", e.file, e.function, e.text, e.kind)
	}
	return b.String()
}
