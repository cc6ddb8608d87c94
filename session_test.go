package fsa_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

func TestSession(t *testing.T) {
	given := map[string]json.RawMessage{"n": json.RawMessage("1"), "basket": json.RawMessage(`["tea"]`)}
	s := fsa.NewSession(given)
	given["n"][0] = '9' // the session has its own
	delete(given, "basket")
	if s.Changed() || !slices.Equal(s.Keys(), []string{"basket", "n"}) {
		t.Errorf("at first: %v %v", s.Changed(), s.Keys())
	}
	n := 0
	var basket []string
	for key, v := range map[string]any{"n": &n, "basket": &basket} {
		if ok, err := s.Get(key, v); !ok || err != nil {
			t.Errorf("%s: %v %v", key, ok, err)
		}
	}
	if n != 1 || fmt.Sprint(basket) != "[tea]" {
		t.Errorf("%d %v", n, basket)
	}
	n = 7
	if ok, err := s.Get("absent", &n); ok || err != nil || n != 7 {
		t.Errorf("absent: %v %v %d", ok, err, n)
	}
	var deep struct{ A []int }
	for _, c := range []struct {
		key  string
		v    any
		want string
	}{
		{"basket", &n, "it does not fit a int"}, // a list is no number, and where would it go?
		{"basket", n, "a int is no pointer to where it goes"},
		{"basket", nil, "a <nil> is no pointer to where it goes"},
		{"basket", new(failingText), "it does not fit a fsa_test.failingText"},
		{"deep", &deep, "it does not fit a int"},
		{"deep", new(repeating), "it does not fit a *fsa_test.repeating"},
		{"torn", &deep, `it does not fit a *struct { A []int }`},
	} {
		s := fsa.NewSession(map[string]json.RawMessage{"basket": json.RawMessage(`["tea"]`), "deep": json.RawMessage(`{"A":["tea"]}`), "torn": json.RawMessage(`tea`)})
		ok, err := s.Get(c.key, c.v)
		if want := fmt.Sprintf("the session's value %q: %s", c.key, c.want); !ok || err == nil || err.Error() != want {
			t.Errorf("%s into %T: %v %v", c.key, c.v, ok, err)
		}
	}
	for _, step := range []struct {
		what    string
		do      func() error
		changed bool
		keys    string
	}{
		{"the same", func() error { return s.Set("n", 1) }, false, "[basket n]"},
		{"nothing deleted", func() error { s.Delete("absent"); return nil }, false, "[basket n]"},
		{"another", func() error { return s.Set("n", 2) }, true, "[basket n]"},
		{"null", func() error { return s.Set("none", nil) }, true, "[basket n none]"},
		{"deleted", func() error { s.Delete("n"); return nil }, true, "[basket none]"},
		{"cleared", func() error { s.Clear(); return nil }, true, "[]"},
		{"a new one", func() error { return s.Set("", "x") }, true, "[]"},
	} {
		if err := step.do(); err != nil || s.Changed() != step.changed || fmt.Sprint(s.Keys()) != step.keys {
			t.Errorf("%s: %v, %v, %v", step.what, err, s.Changed(), s.Keys())
		}
	}
	values := s.Values()
	values[""][1] = 'y'
	if got := string(s.Values()[""]); got != `"x"` {
		t.Errorf("whoever has the values has the session: %s", got)
	}
	for _, change := range []func(*fsa.Session){(*fsa.Session).Clear, func(s *fsa.Session) { s.Delete("n") }} {
		s := fsa.NewSession(map[string]json.RawMessage{"n": json.RawMessage("1")})
		if change(s); !s.Changed() {
			t.Error("a removal is no change")
		}
		empty := new(fsa.Session)
		if change(empty); empty.Changed() || len(empty.Values()) != 0 {
			t.Error("nothing removed is a change")
		}
	}
	emptied := fsa.NewSession(map[string]json.RawMessage{"n": json.RawMessage("1")})
	emptied.Delete("n")
	if emptied.Clear(); !emptied.Changed() {
		t.Error("that a value was removed is forgotten")
	}
	var zero fsa.Session
	if err := zero.Set("a", 1); err != nil || !zero.Changed() {
		t.Error(err)
	}
}

// TestSessionBounds: what can't be kept changes nothing.
func TestSessionBounds(t *testing.T) {
	// {"k":"…"} has 8 bytes besides, one of which is a comma for the next.
	most := strings.Repeat("x", 64<<10-7)
	s := new(fsa.Session)
	for _, err := range []error{s.Set("k", most+"x"), s.Set("\xff", 1), s.Set("f", func() {}), s.Set("c", make(chan int)), s.Set("e", failingText{})} {
		if err == nil || s.Changed() {
			t.Errorf("%v, changed %v", err, s.Changed())
		}
	}
	if err := s.Set("k", most); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.Set("l", 1), s.Set("k", most+"x")} {
		if err == nil || !contains(err.Error(), "bytes of JSON", "65536") || strings.Contains(err.Error(), "xxx") {
			t.Error(err)
		}
	}
	if fmt.Sprint(s.Keys()) != "[k]" || len(s.Values()["k"]) != len(most)+2 {
		t.Error(s.Keys())
	}
	for _, err := range []error{s.Set("k", ""), s.Set("l", 1)} { // there is room again
		if err != nil {
			t.Error(err)
		}
	}
	// One that is too large already can shrink.
	s = fsa.NewSession(map[string]json.RawMessage{"a": json.RawMessage(`"` + most + most + `"`), "b": json.RawMessage(`1`)})
	if err := s.Set("b", 22); err == nil {
		t.Error("one that is too large grows")
	}
	if err := s.Set("a", most+"x"); err != nil {
		t.Error(err)
	}
}

type failingText struct{}

func (failingText) MarshalText() ([]byte, error) { return nil, errors.New("no") }

// repeating says what it has been given.
type repeating struct{}

func (*repeating) UnmarshalJSON(b []byte) error { return fmt.Errorf("what is %s?", b) }

// TestSessionRace: goroutines of a handler share a session.
func TestSessionRace(t *testing.T) {
	s := fsa.NewSession(nil)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for range 100 {
				key := fmt.Sprint(i % 4)
				s.Set(key, i)
				n := 0
				s.Get(key, &n)
				s.Keys()
				s.Values()
				s.Changed()
				if i == 0 {
					s.Delete(key)
				}
			}
		})
	}
	all.Wait()
	s.Clear()
	if err := s.Set("k", strings.Repeat("x", 64<<10-7)); err != nil {
		t.Errorf("the size is not what is there: %v", err)
	}
}

// TestSessionParameter: a handler has a session if somebody keeps one, and what it
// changes is kept if it succeeds; else the start says who does.
func TestSessionParameter(t *testing.T) {
	type in struct {
		Item    string
		Session *fsa.Session
	}
	add := func(_ context.Context, in in) (int, error) {
		var basket []string
		if _, err := in.Session.Get("basket", &basket); err != nil {
			return 0, err
		}
		basket = append(basket, in.Item)
		if err := in.Session.Set("basket", basket); err != nil {
			return 0, err
		}
		if in.Item == "lead" {
			return 0, fsa.Errorf(409, "too heavy")
		}
		return len(basket), nil
	}
	w := newWorld(t, base())
	fsa.Post(w, "/basket", authz.Auth(), add)
	got := faultsOf(t, w.App)
	if len(got) != 1 || !contains(got[0], "POST /basket (", `parameter "session" is a *fsa.Session, and nothing keeps sessions`, "use package accounts", "fsa.SpecialWithRelease[*fsa.Session]") {
		t.Errorf("%q", got)
	}

	w = newWorld(t, base())
	kept := map[string]map[string]json.RawMessage{}
	fsa.SpecialWithRelease(w.App, func(ctx context.Context, _ string) (*fsa.Session, func(error) error, error) {
		user := fsa.User(ctx)
		s := fsa.NewSession(kept[user])
		return s, func(err error) error {
			if err == nil && s.Changed() {
				kept[user] = s.Values()
			}
			return nil
		}, nil
	})
	fsa.Post(w, "/basket", authz.Auth(), add)
	c := w.client(t)
	for _, tt := range []struct {
		user, item string
		status     int
		want       string
	}{
		{"calvin", "tea", 200, "1"}, {"calvin", "lead", 409, "too heavy"}, {"calvin", "milk", 200, "2"}, {"hobbes", "tuna", 200, "1"},
	} {
		c.Post("/basket").As(tt.user).Form("item", tt.item).Expect(tt.status).Contains(tt.want)
	}
	c.Post("/basket?session=1").As("calvin").Form("item", "x").Expect(400) // no request brings one
	if got := string(kept["calvin"]["basket"]); got != `["tea","milk"]` {
		t.Error(got)
	}

	w = newWorld(t, base())
	fsa.Post(w, "/value", authz.Auth(), takes[*struct{ S fsa.Session }])
	if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], "a fsa.Session has no exported fields") {
		t.Errorf("%q", got)
	}
}

// What a handler keeps in a session is there in the next request of the same log-in.
// Here the sessions are in memory, one a user; package accounts keeps them in a store.
func ExampleSession() {
	app := fsa.New("acme", tokensOnly())
	var mu sync.Mutex
	kept := map[string]map[string]json.RawMessage{}
	fsa.SpecialWithRelease(app, func(ctx context.Context, _ string) (*fsa.Session, func(error) error, error) {
		mu.Lock()
		defer mu.Unlock()
		user := fsa.User(ctx)
		s := fsa.NewSession(kept[user])
		return s, func(err error) error {
			mu.Lock()
			defer mu.Unlock()
			if err == nil && s.Changed() {
				kept[user] = s.Values()
			}
			return nil
		}, nil
	})
	fsa.Post(app, "/visit", authz.Auth(), func(_ context.Context, in struct{ Session *fsa.Session }) (string, error) {
		visits := 0
		if _, err := in.Session.Get("visits", &visits); err != nil {
			return "", err
		}
		visits++
		return fmt.Sprintf("visit %d", visits), in.Session.Set("visits", visits)
	})
	h, err := app.Handler()
	if err != nil {
		slog.Error(err.Error())
		return
	}
	token, _ := app.CreateToken(context.Background(), "calvin", fsa.TokenOptions{})
	call(h, "POST", "/visit", "", "Authorization", "Bearer "+token)
	call(h, "POST", "/visit", "", "Authorization", "Bearer "+token)
	// Output:
	// POST /visit: 200 visit 1
	// POST /visit: 200 visit 2
}
