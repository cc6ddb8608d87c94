package rounds

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Costs prints what handlers cost: time and memory, and the time compared with
// the floor's.
func Costs(w io.Writer, results []Result) {
	rows := [][]string{slices.Concat(costHead, []string{"to"})}
	for _, r := range results {
		rows = append(rows, slices.Concat([]string{r.Name}, cost(r), []string{r.Floor}))
	}
	table(w, rows)
}

// Rates prints how often servers answer in a second, and compares that with the
// floor's: here more is better.
func Rates(w io.Writer, results []Result) {
	rows := [][]string{slices.Concat(rateHead, []string{"to"})}
	for _, r := range results {
		rows = append(rows, slices.Concat([]string{r.Name}, rate(r), []string{r.Floor}))
	}
	table(w, rows)
}

// Both prints the costs and the rates of the same contestants side by side.
func Both(w io.Writer, costs, rates []Result) {
	rows := [][]string{slices.Concat(costHead, rateHead[1:], []string{"to"})}
	for i, r := range costs {
		rows = append(rows, slices.Concat([]string{r.Name}, cost(r), rate(rates[i]), []string{r.Floor}))
	}
	table(w, rows)
}

var (
	costHead = []string{"", "ns/op", "B/op", "allocs/op", "ratio", "95 %"}
	rateHead = []string{"", "requests/s", "ratio", "95 %"}
)

func cost(r Result) []string {
	cells := []string{fmt.Sprintf("%.0f", Median(r.Nanoseconds)), fmt.Sprintf("%.0f", r.Bytes), fmt.Sprintf("%.1f", r.Allocs)}
	return append(cells, ratio(r.Ratios)...)
}

func rate(r Result) []string {
	inverse := make([]float64, len(r.Ratios))
	for i, x := range r.Ratios {
		inverse[i] = 1 / x
	}
	return append([]string{fmt.Sprintf("%.0f", 1e9/Median(r.Nanoseconds))}, ratio(inverse)...)
}

func ratio(ratios []float64) []string {
	if len(ratios) == 0 {
		return []string{"", ""}
	}
	low, high := Interval(ratios)
	return []string{fmt.Sprintf("%.2f", Median(ratios)), fmt.Sprintf("%.2f–%.2f", low, high)}
}

// table prints rows as a table of Markdown that is also readable as it is. The
// first and the last column are words, the others figures.
func table(w io.Writer, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	last := len(width) - 1
	for at, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 || i == last {
				cell, pad = pad, cell
			}
			fmt.Fprint(w, "| ", pad, cell, " ")
		}
		fmt.Fprintln(w, "|")
		if at > 0 {
			continue
		}
		for i, n := range width {
			end := ":"
			if i == 0 || i == last {
				end = "-"
			}
			fmt.Fprint(w, "|", strings.Repeat("-", n+1), end)
		}
		fmt.Fprintln(w, "|")
	}
}
