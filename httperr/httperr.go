// Package httperr is an error with two faces: what the client may read, and
// what only the log may read.
//
// The face for the client is a status, a short text, header fields and, for a
// request with faulty parameters, the list of these. The face for the log is
// the cause. [NewRenderer] turns the first into an answer; nothing in this
// package ever writes the second to a client.
package httperr

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// Error is an error that knows how to be answered over HTTP.
type Error struct {
	// Status is the HTTP status of the answer, 400 to 599. Anything else is
	// answered as 500.
	Status int

	// Public is what the client reads. It must hold no secret.
	Public string

	// Cause is what the log reads, besides Public. It is never sent.
	Cause error

	// Header holds additional header fields of the answer.
	Header http.Header

	// Members are more members of the answer's JSON object, by their names, for
	// programs that must tell this error from others of its status. A format that is
	// no object has none. They must have a JSON form and hold no secret.
	Members map[string]any

	// Faults lists the faulty parameters of a request, for formats that can
	// show them one by one.
	Faults []Fault
}

// Fault is what is wrong with one parameter of a request.
type Fault struct {
	Name   string // the parameter, "" for the body as a whole
	In     string // where it was found: path, query, form, json, header, cookie or body; "" if nowhere
	Detail string // what is wrong, in words; it names the parameter
}

// Errorf makes an error whose public text is formatted as by [fmt.Sprintf].
func Errorf(status int, format string, args ...any) *Error {
	return &Error{Status: status, Public: fmt.Sprintf(format, args...)}
}

// Wrap makes an error that shows the text public to the client and keeps cause
// for the log.
func Wrap(status int, public string, cause error) *Error {
	return &Error{Status: status, Public: public, Cause: cause}
}

// BadParameters makes the answer to a request with faulty parameters: one
// error for all of them. The status is 400, unless all faults of the request
// ask for another one.
func BadParameters(status int, faults []Fault) *Error {
	texts := make([]string, len(faults))
	for i, f := range faults {
		texts[i] = f.Detail
	}
	return &Error{Status: status, Public: strings.Join(texts, "\n"), Faults: faults}
}

// Error gives both faces, or one of them if they are the same. It is for logs: show
// a client the field Public.
//
// A nil *Error in an error is a programming mistake; it is answered as a failure,
// without a panic.
func (e *Error) Error() string {
	if e == nil {
		return "nil *httperr.Error"
	}
	if e.Cause == nil {
		return fmt.Sprintf("%d: %s", e.Status, e.Public)
	}
	cause := fmt.Sprint(e.Cause) // survives an error that panics
	if cause == e.Public {
		return fmt.Sprintf("%d: %s", e.Status, e.Public)
	}
	return fmt.Sprintf("%d: %s: %s", e.Status, e.Public, cause)
}

// Unwrap gives the cause, so that [errors.Is] and [errors.As] see it.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Cause
}

// WithHeader returns a copy of the error with a header field more in its
// answer. A value of the same name that is already there is kept.
func (e *Error) WithHeader(name, value string) *Error {
	c := *e
	c.Header = e.Header.Clone()
	if c.Header == nil {
		c.Header = http.Header{}
	}
	c.Header.Add(name, value)
	return &c
}

// WithMember returns a copy of the error with a member more in its answer, where that
// is JSON. One of the same name that is already there is replaced, but not those that
// the format has itself.
func (e *Error) WithMember(name string, value any) *Error {
	c := *e
	c.Members = maps.Clone(e.Members)
	if c.Members == nil {
		c.Members = map[string]any{}
	}
	c.Members[name] = value
	return &c
}

// valid reports whether the status is that of an error.
func (e *Error) valid() bool { return e.Status >= 400 && e.Status <= 599 }

// From finds the Error in the chain of err. An error that has none is wrapped
// as one with the given status and text: its own text stays in the log. An
// Error whose status is not a 4xx or 5xx is a programming mistake, and answered
// as 500 with the given text.
//
// The errors of a request that its client gave up ([context.Canceled]) are
// answered like any other, though nobody may read the answer.
func From(err error, status int, public string) *Error {
	var e *Error
	switch {
	case errors.As(err, &e) && e != nil && e.valid():
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(http.StatusServiceUnavailable, "the request took too long", err)
	}
	return Wrap(status, public, err)
}
