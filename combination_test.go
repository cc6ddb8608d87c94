package fsa_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
)

// The states of a credential in a request.
const (
	absent = iota
	good
	bad
	malformed
	failing // the hook that is asked about it fails
	states
)

// combination sends each scheme's credential in the state that it is told. A
// good credential is that of the user who is called like the scheme.
type combination struct {
	carrier string
	token   string
}

// possible are the states that a scheme's credential can have.
func (combination) possible(scheme string) []int {
	switch scheme {
	case "none":
		return []int{absent}
	case "token":
		return []int{absent, good, bad, malformed}
	case "fake":
		return []int{absent, good, malformed}
	}
	return []int{absent, good, bad, malformed, failing}
}

// exclusive reports whether two schemes want the one Authorization field.
func (c combination) exclusive(state map[string]int) bool {
	return c.carrier == "bearer" && state["basic"] != absent && state["token"] != absent
}

func (c combination) send(r *fsatest.Request, scheme string, state int) {
	pass := map[int]string{good: "good", bad: "bad", failing: "failing"}[state]
	switch {
	case state == absent:
	case scheme == "basic" && state == malformed:
		r.Header("Authorization", "Basic !")
	case scheme == "basic":
		r.Header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("basic:"+pass)))
	case scheme == "param" && state == malformed:
		r.Query("USER", "param", "USER", "param", "PASS", "good")
	case scheme == "param":
		r.Query("USER", "param", "PASS", pass)
	case scheme == "token":
		token := map[int]string{good: c.token, bad: c.token[:len(c.token)-1], malformed: "%"}[state]
		if c.carrier == "cookie" {
			r.Header("Cookie", "auth="+token) // the name in development
		} else {
			with(r, c.carrier, token)
		}
	case scheme == "fake" && state == malformed:
		r.Query("LOGIN", "fake", "LOGIN", "fake")
	case scheme == "fake":
		r.Query("LOGIN", "fake")
	case scheme == "own" && state == malformed:
		r.Header("X-Own", "")
	case scheme == "own":
		r.Header("X-Own", pass)
	}
}

// reference says what the answer must be: the first scheme with a good credential
// wins; else a failure counts more than refusals.
func (c combination) reference(schemes []string, state map[string]int) (status int, text string, challenges []string) {
	tried := false
	for _, s := range schemes {
		if state[s] == good {
			return 200, s, nil
		}
		tried = tried || state[s] != absent
	}
	for _, s := range schemes {
		if state[s] == failing {
			return 500, "", nil
		}
	}
	for _, s := range schemes {
		switch {
		case s == "basic":
			challenges = append(challenges, `Basic realm="acme", charset="UTF-8"`)
		case s == "token" && c.carrier == "bearer" && state[s] != absent:
			challenges = append(challenges, `Bearer realm="acme", error="invalid_token"`)
		case s == "token" && c.carrier == "bearer":
			challenges = append(challenges, `Bearer realm="acme"`)
		case s == "own":
			challenges = append(challenges, `Own realm="acme"`)
		}
	}
	slices.Sort(challenges)
	if tried {
		return 401, "invalid credentials", challenges
	}
	return 401, "authentication required", challenges
}

// orders lists the ordered subsets of schemes of up to n.
func orders(schemes []string, n int) [][]string {
	all := [][]string{}
	if n == 0 {
		return all
	}
	for _, s := range schemes {
		all = append(all, []string{s})
		for _, rest := range orders(slices.DeleteFunc(slices.Clone(schemes), func(o string) bool { return o == s }), n-1) {
			all = append(all, append([]string{s}, rest...))
		}
	}
	return all
}

// TestCombinations: every ordered choice of up to four schemes with credentials
// in every state, against a small reference.
func TestCombinations(t *testing.T) {
	all := []string{"none", "basic", "param", "token", "fake", "own"}
	few := 8 // of the many requests to routes with three and four schemes
	if testing.Short() {
		few = 1
	}
	for _, carrier := range carriers {
		app := fsa.New("acme", fsa.Config{
			// Errors say in dev what was wrong; here they say what they say in prod.
			Mode: "dev", Auth: all, TokenCarrier: carrier, TokenSecret: []fsa.Secret{benchSecret},
			PasswordScheme: []string{"none"}, InsecureNoLoginThrottle: true, Logger: slog.New(slog.DiscardHandler),
		})
		app.PasswordCheck(func(_ context.Context, login, password string) (bool, error) {
			if password == "failing" {
				return false, errors.New("the store is down")
			}
			return password == "good", nil
		})
		app.Authentication("own", func(r *http.Request) (fsa.Identity, error) {
			switch own := r.Header["X-Own"]; {
			case own == nil:
				return fsa.Identity{}, nil
			case own[0] == "good":
				return fsa.Identity{Login: "own"}, nil
			case own[0] == "bad":
				return fsa.Identity{}, fsa.ErrUnauthenticated
			case own[0] == "":
				return fsa.Identity{}, fmt.Errorf("malformed: %w", fsa.ErrUnauthenticated)
			}
			panic("own")
		}, fsa.Challenge("Own"))
		routes := orders(all, 4)
		routes = slices.DeleteFunc(routes, func(r []string) bool { return slices.Equal(r, []string{"none"}) }) // a fault of its own
		for _, schemes := range routes {
			fsa.Get(app, "/"+strings.Join(schemes, "-"), authz.Auth(), who, fsa.Authn(schemes...))
		}
		c := fsatest.New(t, app)
		combi := combination{carrier: carrier}
		combi.token = (&world{App: app}).token(t, "token", fsa.TokenOptions{})
		random := rand.New(rand.NewPCG(1, 2))
		count := 0
		for _, schemes := range routes {
			tests := products(combi, schemes)
			if len(schemes) > 2 {
				random.Shuffle(len(tests), func(i, j int) { tests[i], tests[j] = tests[j], tests[i] })
				tests = tests[:min(few, len(tests))]
			}
			for _, state := range tests {
				r := c.Get("/" + strings.Join(schemes, "-"))
				for _, s := range schemes {
					combi.send(r, s, state[s])
				}
				count++
				status, text, challenges := combi.reference(schemes, state)
				res := r.Do()
				got := res.Header.Values("WWW-Authenticate")
				if res.Status != status || status == 200 && res.Text() != text || !slices.Equal(got, challenges) {
					t.Fatalf("%s, %v, %v: %d %q with %q; want %d %q with %q", carrier, schemes, state, res.Status, res.Text(), got, status, text, challenges)
				}
				if required := res.Text() == "authentication required"; status == 401 && required != (text == "authentication required") {
					t.Fatalf("%s, %v, %v: %q, want %q", carrier, schemes, state, res.Text(), text)
				}
				if by := res.Header.Get("FSA-User"); status == 200 && by != text+" ("+text+")" {
					t.Fatalf("%s, %v, %v: by %s", carrier, schemes, state, by)
				}
			}
		}
		t.Logf("%s: %d routes, %d requests", carrier, len(routes), count)
	}
}

// products lists all states of the credentials of a route's schemes that a
// request can have.
func products(c combination, schemes []string) []map[string]int {
	all := []map[string]int{{}}
	for _, s := range schemes {
		var next []map[string]int
		for _, state := range all {
			for _, p := range c.possible(s) {
				with := map[string]int{s: p}
				for k, v := range state {
					with[k] = v
				}
				if !c.exclusive(with) {
					next = append(next, with)
				}
			}
		}
		all = next
	}
	return all
}
