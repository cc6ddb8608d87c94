package fsa

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/authz"
)

// TestLastCheck: what cannot happen is refused all the same: a handler about to
// run, or an answer below 400, without a decision. No request leads there, so the
// check is called by itself.
func TestLastCheck(t *testing.T) {
	app := New("acme", Config{Auth: []string{"none"}, Logger: slog.New(slog.DiscardHandler)})
	Get(app, "/x", authz.Open(), func(context.Context, None) (None, error) { return None{}, nil })
	if _, err := app.Handler(); err != nil {
		t.Fatal(err)
	}
	rt := app.compiled.routes[0]
	newCall := func() (*call, *httptest.ResponseRecorder) {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil)
		c := begin(rt, rt.borrow(), w, r)
		c.params.Reset(w, r, 1, false)
		return c, w
	}
	c, _ := newCall()
	if err := rt.bind(c, reflect.New(reflect.TypeFor[None]()).Elem(), authz.Pending{}, false); err != errUndecided {
		t.Errorf("a handler would run: %v", err)
	}
	c, w := newCall()
	if err := c.answer(http.StatusOK, "text/plain", []byte("x")); err != errUndecided || w.Body.Len() > 0 {
		t.Errorf("an answer is given: %v, %s", err, w.Body)
	}
	c, _ = newCall()
	if _, err := c.newStream(&envelope{}, jsonType); err != errUndecided {
		t.Errorf("a stream begins: %v", err)
	}
	c, w = newCall()
	(&recorder{ResponseWriter: w, c: c}).WriteHeader(http.StatusOK)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("an http.Handler answers %d", w.Code)
	}
	for name, begin := range map[string]func(*recorder){
		"a status": func(r *recorder) { r.WriteHeader(http.StatusOK) },
		"a text":   func(r *recorder) { r.Write([]byte("x")) },
		"a flush":  func(r *recorder) { r.Flush() },
	} {
		c, w = newCall()
		r := &recorder{ResponseWriter: w, c: c}
		begin(r)
		if n, err := r.Write([]byte("x")); w.Code != http.StatusInternalServerError || n != 0 || err != errUndecided || strings.Contains(w.Body.String(), "x") {
			t.Errorf("after %s: %d %s, %d %v", name, w.Code, w.Body, n, err)
		}
	}
	c, w = newCall()
	(&recorder{ResponseWriter: w, c: c}).WriteHeader(http.StatusTeapot)
	if w.Code != http.StatusTeapot {
		t.Errorf("a refusal becomes %d", w.Code)
	}
}
