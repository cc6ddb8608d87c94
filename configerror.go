package fsa

import (
	"fmt"
	"strings"
)

// ConfigError is a fault of the configuration or of the wiring: of a directive,
// a route or a hook. [Load] and [App.Handler] return all faults that they find
// in one error; [errors.As] finds the first, and the Unwrap() []error method of
// what they return gives all.
type ConfigError struct {
	Directive string // of a directive
	Method    string // of a route; "" if it takes all methods
	Path      string // of a route
	Source    string // where it was set or registered: file:line, or "environment"
	Problem   string // what is wrong
	Remedy    string // what to do about it
	Err       error  // the underlying error, if there is one
}

// Error tells what is wrong, where, and how to mend it, on one line.
func (e *ConfigError) Error() string {
	var b strings.Builder
	switch {
	case e.Directive != "":
		b.WriteString(e.Directive)
	case e.Path != "":
		b.WriteString(strings.TrimSpace(e.Method + " " + e.Path))
	}
	switch {
	case e.Source == "":
	case b.Len() == 0:
		b.WriteString(e.Source)
	default:
		fmt.Fprintf(&b, " (%s)", e.Source)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Problem)
	if e.Remedy != "" {
		b.WriteString("; ")
		b.WriteString(e.Remedy)
	}
	return oneLine(b.String(), maxLoggedError) // names and values may hold anything
}

// Unwrap gives the underlying error.
func (e *ConfigError) Unwrap() error { return e.Err }

// faults is what Load and Handler return.
type faults []error

func (f faults) Error() string {
	if len(f) == 1 {
		return f[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d faults:", len(f))
	for _, err := range f {
		b.WriteString("\n  - ")
		b.WriteString(err.Error())
	}
	return b.String()
}

func (f faults) Unwrap() []error { return f }

// asError gives the faults as an error, nil if there are none.
func (f faults) asError() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// parts takes an error that joins others apart.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, parts(e)...)
		}
		return all
	}
	return []error{err}
}

// split takes apart the texts of faults that other packages find: what is
// wrong; what to do.
func split(text string) (problem, remedy string) {
	problem, remedy, _ = strings.Cut(text, "; ")
	return problem, remedy
}
