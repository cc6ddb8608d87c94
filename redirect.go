package fsa

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/internal/redirect"
)

// Redirect sends the client to a path of this host, with a query perhaps. The
// target may come from the client, as the page to go back to after a log-in:
//
//	return fsa.Redirect(in.Next)
//
// It is refused, by an [Error] of status 400, if some browser might read it as
// leading elsewhere: it begins with one slash, and has no backslashes, control
// characters, dot segments or fragment, percent-encoded ones neither. (OWASP
// ASVS 5.0, 3.7.2.) The status is the route's ([Status]), else 303, which is right
// after a POST; that of the Response may be set too.
func Redirect(target string) (Response, error) {
	location, ok := redirect.Local(target)
	if !ok {
		return Response{}, errTarget
	}
	return Response{Header: http.Header{"Location": {location}}, redirects: true}, nil
}

// RedirectTo sends the client to a URL of one of the origins, which the program
// lists, as "https://accounts.example.com" or "http://localhost:3000":
//
//	return fsa.RedirectTo(in.ReturnTo, "https://app.example.com")
//
// A target of any other origin is refused, by an [Error] of status 400, as is one
// with a user in it or one that browsers and we might read in two ways. The status
// is as for [Redirect].
func RedirectTo(target string, origins ...string) (Response, error) {
	u, err := external(target)
	if err != nil {
		return Response{}, err
	}
	for _, o := range origins {
		if allowed, err := external(o); err != nil || allowed.Path != "" || allowed.RawQuery != "" || allowed.Fragment != "" {
			return Response{}, errors.New("fsa.RedirectTo: an origin is a scheme and a host, as in https://example.com")
		} else if originOf(allowed) == originOf(u) {
			return elsewhere(u), nil
		}
	}
	return Response{}, errTarget
}

// InsecureRedirectAnywhere sends the client to any http or https URL. If the
// target comes from a client, this is an open redirect: whoever sends somebody a
// link to this host can have them land on a page of their own (CWE-601).
// [RedirectTo] lists where it may lead.
func InsecureRedirectAnywhere(target string) (Response, error) {
	u, err := external(target)
	if err != nil {
		return Response{}, err
	}
	return elsewhere(u), nil
}

var errTarget = httperr.Errorf(http.StatusBadRequest, "the target of the redirect is not allowed")

func elsewhere(u *url.URL) Response {
	return Response{Header: http.Header{"Location": {u.String()}}, redirects: true, elsewhere: true}
}

// originOf gives a URL's origin, with its port even if it is the scheme's own.
func originOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// maxURL is the size in bytes over which a target is refused, since browsers and
// proxies cut or refuse what is much longer.
const maxURL = 4096

// external reads an absolute URL that means the same to browsers (URL Standard, 4.4)
// and to us: its host is written in ASCII, and nothing of it needs mending.
func external(target string) (*url.URL, error) {
	strange := strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' })
	u, err := url.Parse(target)
	switch {
	case err != nil, strange, len(target) > maxURL,
		!slices.Contains([]string{"http", "https"}, u.Scheme), u.Opaque != "", u.User != nil, u.Hostname() == "",
		strings.ContainsAny(u.Host, "%@"), !strings.HasPrefix(target, u.Scheme+"://"+u.Host):
		return nil, errTarget
	}
	return u, nil
}
