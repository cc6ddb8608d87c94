package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/internal/rounds"
)

// contestant is one implementation of the two requests.
type contestant struct {
	name    string
	handler http.Handler

	// token makes a token of a user that is valid for so long, and has
	// expired if that is negative; nil if there is no security.
	token func(login string, valid time.Duration) (string, error)
}

// contestants lists all, the floor first.
func contestants() ([]contestant, error) {
	var list []contestant
	for _, c := range []struct {
		name  string
		make  func() (http.Handler, error)
		token func(string, time.Duration) (string, error)
	}{
		{"net/http bare", newBare, nil},
		{"net/http by hand", newByHand, makeJWT},
		{"net/http by hand, cached", newByHandCached, makeJWT},
		{"chi", newChi, makeJWT},
		{"gin", newGin, makeJWT},
		{"echo", newEcho, makeJWT},
		{"huma", newHuma, makeJWT},
	} {
		h, err := c.make()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		list = append(list, contestant{c.name, h, c.token})
	}
	for _, f := range []struct {
		name, tokenType string
		token           func(string, time.Duration) (string, error)
	}{
		{"fsa, jwt", "jwt", makeJWT},
		{"fsa, its own token", "fsa", makeToken},
	} {
		h, err := newFSA(f.tokenType)
		if err != nil {
			return nil, err
		}
		list = append(list, contestant{f.name, h, f.token})
	}
	return list, nil
}

// task is a request and the answer that it must have.
type task struct {
	name, method, path string
	body               string
	status             int
	answer             string
}

var tasks = []task{
	{"GET", "GET", "/store/42?limit=5", "", 200, `{"store":42,"limit":5,"user":"foo"}`},
	{"POST", "POST", "/store/42", `{"product":"pen","quantity":3,"price":1.5}`, 201, `{"store":42,"product":"pen","quantity":3,"price":1.5,"user":"foo"}`},
}

// request makes the task's request of a user, with its body.
func (t task) request(c contestant, login string, valid time.Duration) (*http.Request, []byte, error) {
	r := httptest.NewRequest(t.method, t.path, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	if c.token != nil && login != "" {
		raw, err := c.token(login, valid)
		if err != nil {
			return nil, nil, err
		}
		r.Header.Set("Authorization", "Bearer "+raw)
	}
	if t.body == "" {
		return r, nil, nil
	}
	r.Header.Set("Content-Type", "application/json")
	return r, []byte(t.body), nil
}

// verify sends the request once and compares the answer: the same JSON, by the same
// bytes but for the line break at its end, and the same header fields for security.
func (t task) verify(c contestant) error {
	r, body, err := t.request(c, "foo", lifetime)
	if err != nil {
		return err
	}
	w := rounds.NewCall(c.handler, r, body).Answer()
	h := w.Header()
	switch {
	case w.Code != t.status || strings.TrimSuffix(w.Body.String(), "\n") != t.answer:
		return fmt.Errorf("%s, %s: status %d, answer %q", c.name, t.name, w.Code, w.Body)
	case !strings.HasPrefix(h.Get("Content-Type"), "application/json"):
		return fmt.Errorf("%s, %s: the answer is %q", c.name, t.name, h.Get("Content-Type"))
	case c.token != nil && (h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff"):
		return fmt.Errorf("%s, %s: the answer has no header fields for security: %v", c.name, t.name, h)
	}
	return nil
}
