package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/internal/console"
)

// Output is embedded in the struct of a command that prints by [Print] or [PrintOne]:
// it is the flag --json.
type Output struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Column is a column of a table.
type Column[T any] struct {
	Title string
	Text  func(T) string
}

// Print prints rows as a table, or with --json as an array, by their json tags. What
// users have written can do nothing to the terminal.
func Print[T any](w io.Writer, o Output, rows []T, columns ...Column[T]) error {
	if o.JSON {
		if rows == nil {
			rows = []T{}
		}
		return printJSON(w, rows)
	}
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	table := [][]string{titles}
	for _, r := range rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = c.Text(r)
		}
		table = append(table, cells)
	}
	return printTable(w, table)
}

// PrintOne prints a value: a line for each column, its title in front, or with --json
// an object.
func PrintOne[T any](w io.Writer, o Output, v T, columns ...Column[T]) error {
	if o.JSON {
		return printJSON(w, v)
	}
	var table [][]string
	for _, c := range columns {
		table = append(table, []string{c.Title, c.Text(v)})
	}
	return printTable(w, table)
}

// Clean makes a text safe to print on a line of a terminal: control characters are
// written as their numbers. [Print] does it by itself.
func Clean(text string) string { return console.Clean(text) }

// printTable prints a table whose columns are as wide as they need to be.
func printTable(w io.Writer, table [][]string) error {
	var widths []int
	for _, row := range table {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if row[i] = Clean(cell); row[i] == "" {
				row[i] = "-"
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b bytes.Buffer
	for _, row := range table {
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		b.WriteByte('\n')
	}
	_, err := w.Write(b.Bytes())
	return err
}

// printJSON prints a value as JSON. In its strings, what a terminal could take for a
// command is escaped.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	var safe strings.Builder
	for _, r := range b.String() {
		switch {
		case r == '\n' || !unicode.In(r, unicode.Cc, unicode.Cf):
			safe.WriteRune(r)
		case r > 0xffff:
			high, low := surrogates(r)
			fmt.Fprintf(&safe, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&safe, `\u%04x`, r)
		}
	}
	_, err := io.WriteString(w, safe.String())
	return err
}

// surrogates writes a character in the two numbers that JSON has for it.
func surrogates(r rune) (high, low rune) {
	r -= 0x10000
	return 0xd800 + r>>10, 0xdc00 + r&0x3ff
}
