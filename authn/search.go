package authn

import (
	"context"
	"errors"
	"net/http"
	"slices"

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
	CrossOrigin *http.CrossOriginProtection

	// Stage is the step of an authentication that the route completes. An
	// identity of any other stage proves nothing here; so that, where Stage
	// is empty, whoever has not finished their log-in is nobody.
	Stage string

	// Verbose tells clients why a credential was refused. It helps attackers
	// as much as it helps developers.
	Verbose bool
}

var sameOrigin = http.NewCrossOriginProtection()

// Run finds who sent the request. Its error is an *[httperr.Error]: 401 if
// nobody is found, else what Admit, the cross-origin check or a failing scheme
// said.
func (s *Search) Run(q *Request) (*identity.Identity, error) {
	var failure *httperr.Error
	var refused []bool
	var reason error
	for i, scheme := range s.Schemes {
		id, err := scheme.Authenticate(q)
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
				refused = make([]bool, len(s.Schemes))
			}
			refused[i] = true
			if reason == nil {
				reason = err
			}
			continue
		}
		// The worst failure counts: that the caller has tried too often does
		// not hide that something is broken.
		e := httperr.From(err, http.StatusInternalServerError, "internal error in authentication")
		if failure == nil || e.Status >= 500 && failure.Status < 500 {
			failure = e
		}
	}
	if failure != nil {
		return nil, failure
	}
	return nil, s.unauthenticated(refused, reason)
}

// accept asks what has a say about an identity that has been found.
func (s *Search) accept(q *Request, scheme Scheme, id *identity.Identity) (*identity.Identity, error) {
	if s.Admit != nil {
		if err := s.Admit(q.HTTP.Context(), id.Clone()); err != nil {
			return nil, httperr.From(err, http.StatusInternalServerError, "internal error in admission")
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

// unauthenticated is the answer to a request that proves nobody.
func (s *Search) unauthenticated(refused []bool, reason error) *httperr.Error {
	e := httperr.Wrap(http.StatusUnauthorized, "authentication required", reason)
	if reason != nil {
		e.Public = "invalid credentials"
		if s.Verbose {
			e.Public = reason.Error()
		}
	}
	if c := s.challenges(refused); len(c) > 0 {
		e.Header = http.Header{"Www-Authenticate": c}
	}
	return e
}

// Challenges are the WWW-Authenticate values of the schemes, sorted: what every
// 401 of the route must carry.
func (s *Search) Challenges() []string { return s.challenges(nil) }

func (s *Search) challenges(refused []bool) []string {
	var all []string
	for i, scheme := range s.Schemes {
		if c := scheme.Challenge(s.Realm, refused != nil && refused[i]); c != "" {
			all = append(all, c)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
