package authn

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
)

// Search asks the schemes of a route, in their order.
type Search struct {
	Schemes []Scheme
	Realm   string

	// Admit is asked about every identity that is found, each time: its
	// error ends the search. It is where a disabled user is stopped.
	Admit func(ctx context.Context, id identity.Identity) error

	// CrossOrigin refuses unsafe requests that another origin's page made a
	// browser send, if their credential was ambient. Nil means the strict
	// default: no trusted origin.
	CrossOrigin *CrossOrigin

	// Stage is the step of an authentication that the route completes. An
	// identity of any other stage proves nothing here; so that, where Stage
	// is empty, whoever has not finished their log-in is nobody.
	Stage string

	// ServerError is the status of failures: of a scheme, of Admit. Zero means
	// 500.
	ServerError int

	// Observe, if it is set, is told what each scheme that was asked has
	// said, for traces.
	Observe func(q *Request, scheme Scheme, id *identity.Identity, err error)

	// Verbose tells clients why a credential was refused. It helps attackers
	// as much as it helps developers.
	Verbose bool
}

var sameOrigin = new(CrossOrigin)

// Run finds who sent the request. Its error is an *[httperr.Error]: 401 if
// nobody is found, else what Admit, the cross-origin check or a failing scheme
// said.
func (s *Search) Run(q *Request) (*identity.Identity, error) {
	var failure *httperr.Error
	var refused []error // by scheme, nil if none is
	var reason error
	for i, scheme := range s.Schemes {
		id, err := scheme.Authenticate(q)
		if s.Observe != nil {
			s.Observe(q, scheme, id, err)
		}
		switch {
		case err == nil && id == nil:
			continue
		case err == nil && id.IsZero():
			err = errors.New("scheme " + scheme.Name() + " gave an identity without a login")
		case err == nil && id.Stage == s.Stage:
			return s.accept(q, scheme, id)
		case err == nil:
			err = Refuse("authentication is not complete")
		}
		if Refused(err) {
			if refused == nil {
				refused = make([]error, len(s.Schemes))
			}
			refused[i] = err
			if reason == nil {
				reason = err
			}
			continue
		}
		// The worst failure counts: that the caller has tried too often does
		// not hide that something is broken.
		e := httperr.From(err, s.serverError(), "internal error in authentication")
		if failure == nil || e.Status >= 500 && failure.Status < 500 {
			failure = e
		}
	}
	if failure != nil {
		return nil, failure
	}
	return nil, s.unauthenticated(q, refused, reason)
}

// accept asks what has a say about an identity that has been found.
func (s *Search) accept(q *Request, scheme Scheme, id *identity.Identity) (*identity.Identity, error) {
	if s.Admit != nil {
		if err := s.Admit(q.HTTP.Context(), id.Clone()); err != nil {
			return nil, httperr.From(err, s.serverError(), "internal error in admission")
		}
	}
	if scheme.Ambient() {
		cop := s.CrossOrigin
		if cop == nil {
			cop = sameOrigin
		}
		if err := cop.Check(q.HTTP); err != nil {
			return nil, httperr.Wrap(http.StatusForbidden, "cross-origin request denied", err)
		}
	}
	return id, nil
}

func (s *Search) serverError() int {
	if s.ServerError == 0 {
		return http.StatusInternalServerError
	}
	return s.ServerError
}

// unauthenticated is the answer to a request that proves nobody.
func (s *Search) unauthenticated(q *Request, refused []error, reason error) *httperr.Error {
	e := httperr.Wrap(http.StatusUnauthorized, "authentication required", reason)
	if reason != nil {
		e.Public = "invalid credentials"
		if s.Verbose {
			e.Public = reason.Error()
		}
	}
	if c := s.challenges(q, refused); len(c) > 0 {
		e.Header = http.Header{"Www-Authenticate": c}
	}
	return e
}

// Challenger is a [Scheme] whose challenges are made anew for each request, as
// those with a nonce are.
type Challenger interface {
	// Challenges are the scheme's WWW-Authenticate values, the preferred one
	// first. refused is why its credential was not accepted, nil if it was not
	// looked at or none came.
	Challenges(q *Request, refused error) []string
}

// Challenges are the WWW-Authenticate values of the schemes, sorted by the names
// that they begin with: what every 401 of the route must carry. q is the request
// that is answered.
func (s *Search) Challenges(q *Request) []string { return s.challenges(q, nil) }

// Fresh reports whether challenges are made anew for each request.
func (s *Search) Fresh() bool {
	return slices.ContainsFunc(s.Schemes, func(scheme Scheme) bool {
		_, fresh := scheme.(Challenger)
		return fresh
	})
}

func (s *Search) challenges(q *Request, refused []error) []string {
	var all []string
	for i, scheme := range s.Schemes {
		var reason error
		if refused != nil {
			reason = refused[i]
		}
		if fresh, ok := scheme.(Challenger); ok {
			all = append(all, fresh.Challenges(q, reason)...)
		} else if c := scheme.Challenge(s.Realm, reason != nil); c != "" {
			all = append(all, c)
		}
	}
	// Those of one scheme stay in their order: clients take the first that they
	// understand (RFC 7616, 3.7).
	slices.SortStableFunc(all, func(a, b string) int {
		first, _, _ := strings.Cut(a, " ")
		second, _, _ := strings.Cut(b, " ")
		return strings.Compare(first, second)
	})
	return slices.Compact(all)
}
