package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/internal/rounds"
)

// TestContestants: all give the same answers, and all refuse the same requests. A
// contestant that let something pass would be quick for the wrong reason.
func TestContestants(t *testing.T) {
	list, err := contestants()
	if err != nil {
		t.Fatal(err)
	}
	const product = `{"product":"pen","quantity":3,"price":1.5}`
	get := func(path string) task { return task{method: "GET", path: path} }
	post := func(path, body string) task { return task{method: "POST", path: path, body: body} }
	for _, c := range list {
		for _, task := range tasks {
			if err := task.verify(c); err != nil {
				t.Error(err)
			}
			if err := task.verify(c); err != nil {
				t.Errorf("the second time: %v", err)
			}
		}
		if c.token == nil {
			continue
		}
		for _, s := range []struct {
			name   string
			task   task
			login  string
			valid  time.Duration
			status int
		}{
			{"without a limit", get("/store/42"), "foo", lifetime, 200},
			{"no token", get("/store/42"), "", lifetime, 401},
			{"no token, POST", post("/store/42", product), "", lifetime, 401},
			{"an expired token", get("/store/42"), "foo", -time.Hour, 401},
			{"not in the group", get("/store/42"), "calvin", lifetime, 403},
			{"not in the group, POST", post("/store/42", product), "calvin", lifetime, 403},
			{"not the manager", get("/store/42"), "bar", lifetime, 403},
			{"not the manager, POST", post("/store/42", product), "bar", lifetime, 403},
			{"the other manager", get("/store/43"), "bar", lifetime, 200},
			{"no such store", get("/store/44"), "foo", lifetime, 404},
			{"no such store, POST", post("/store/44", product), "foo", lifetime, 404},
			{"no such path", get("/shop/42"), "foo", lifetime, 404},
			{"a limit that is no number", get("/store/42?limit=x"), "foo", lifetime, 400},
			{"malformed JSON", post("/store/42", `{"product":`), "foo", lifetime, 400},
			{"a missing field", post("/store/42", `{"quantity":3,"price":1.5}`), "foo", lifetime, 400},
			{"a wrong type", post("/store/42", `{"product":"pen","quantity":"many","price":1.5}`), "foo", lifetime, 400},
		} {
			r, body, err := s.task.request(c, s.login, s.valid)
			if err != nil {
				t.Fatal(err)
			}
			w := rounds.NewCall(c.handler, r, body).Answer()
			if c.name == "huma" && w.Code == http.StatusUnprocessableEntity {
				w.Code = http.StatusBadRequest // its own way of saying so
			}
			if w.Code != s.status {
				t.Errorf("%s, %s: status %d, want %d: %s", c.name, s.name, w.Code, s.status, w.Body)
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s, %s: no challenge", c.name, s.name)
			}
		}
		for name, spoil := range map[string]func(string) string{
			"another signature": func(s string) string { return s[:len(s)-4] + "0000" },
			"half a token":      func(s string) string { return s[:len(s)/2] },
			"another scheme":    func(s string) string { return strings.Replace(s, "Bearer", "Basic", 1) },
		} {
			r, body, err := get("/store/42").request(c, "foo", lifetime)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", spoil(r.Header.Get("Authorization")))
			if w := rounds.NewCall(c.handler, r, body).Answer(); w.Code != 401 {
				t.Errorf("%s, %s: status %d: %s", c.name, name, w.Code, w.Body)
			}
		}
	}
}

// TestBench runs the whole comparison as shortly as it goes.
func TestBench(t *testing.T) {
	var b strings.Builder
	if err := bench(&b, rounds.Plan{Rounds: 1, Slice: time.Millisecond}, 2); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"requests/s", "| GET net/http bare ", "| GET fsa, jwt ", "| POST gin ", "| POST fsa, its own token "} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("the table has no %q:\n%s", part, b.String())
		}
	}
}
