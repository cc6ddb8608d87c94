package authn_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
)

// fixed is a scheme whose outcome is fixed. It is a value and can't be compared,
// as a scheme of somebody else may be.
type fixed struct {
	name      string
	id        *identity.Identity
	err       error
	ambient   bool
	challenge func(realm string, refused bool) string
	asked     *[]string
}

func (s fixed) Name() string  { return s.name }
func (s fixed) Ambient() bool { return s.ambient }

func (s fixed) Authenticate(*authn.Request) (*identity.Identity, error) {
	if s.asked != nil {
		*s.asked = append(*s.asked, s.name)
	}
	return s.id, s.err
}

func (s fixed) Challenge(realm string, refused bool) string {
	if s.challenge == nil {
		return ""
	}
	return s.challenge(realm, refused)
}

// A scheme that finds somebody, nobody, refuses, fails.
func is(login string) fixed  { return fixed{name: login, id: &identity.Identity{Login: login}} }
func silent() fixed          { return fixed{name: "silent"} }
func refuses(s string) fixed { return fixed{name: "refuses", err: authn.Refuse("%s", s)} }
func fails(err error) fixed  { return fixed{name: "fails", err: err} }
func halfway(s string) fixed { return fixed{name: s, id: &identity.Identity{Login: s, Stage: "otp"}} }
func browser(in fixed) fixed { in.ambient = true; return in }
func schemes(s ...fixed) (all []authn.Scheme) {
	for _, f := range s {
		all = append(all, f)
	}
	return all
}

// answer puts the outcome of a search in one line.
func answer(id *identity.Identity, err error) string {
	var e *httperr.Error
	switch {
	case err == nil && id != nil:
		return id.Login
	case errors.As(err, &e) && id == nil:
		return http.StatusText(e.Status) + ": " + e.Public
	}
	return "no answer"
}

const (
	required = "Unauthorized: authentication required"
	invalid  = "Unauthorized: invalid credentials"
	broke    = "Internal Server Error: internal error in authentication"
)

func TestSearch(t *testing.T) {
	errStore := errors.New("the store is down")
	busy := httperr.Errorf(503, "too busy")
	throttled := httperr.Errorf(429, "too many tries")
	nobody := fixed{name: "nobody", id: &identity.Identity{}}
	both := fixed{name: "both", id: &identity.Identity{Login: "both"}, err: authn.Refuse("no")}
	for _, c := range []struct {
		what    string
		schemes []authn.Scheme
		want    string
		verbose string // in development, "" if the same
		asked   string
	}{
		{"none at all", nil, required, "", ""},
		{"nothing found", schemes(silent(), silent()), required, "", "silent silent"},
		{"the first wins", schemes(is("calvin"), is("susie")), "calvin", "", "calvin"},
		{"a silent one before", schemes(silent(), is("susie")), "susie", "", "silent susie"},
		{"a refusal does not stop", schemes(refuses("expired token"), is("susie")), "susie", "", "refuses susie"},
		{"a failure does not stop", schemes(fails(errStore), is("susie")), "susie", "", "fails susie"},
		{"refused", schemes(refuses("no such user: x")), invalid, "Unauthorized: no such user: x", "refuses"},
		{"the first reason", schemes(refuses("expired token"), refuses("invalid password for x")), invalid, "Unauthorized: expired token", "refuses refuses"},
		{"failed", schemes(fails(errStore)), broke, "", "fails"},
		{"a failure beats refusals", schemes(refuses("x"), fails(errStore), refuses("y")), broke, "", "refuses fails refuses"},
		{"a failure in its own words", schemes(fails(busy)), "Service Unavailable: too busy", "", "fails"},
		{"throttled", schemes(fails(throttled), refuses("x")), "Too Many Requests: too many tries", "", "fails refuses"},
		{"the worst failure", schemes(fails(throttled), fails(busy)), "Service Unavailable: too busy", "", "fails fails"},
		{"the first of the worst", schemes(fails(busy), fails(errStore)), "Service Unavailable: too busy", "", "fails fails"},
		{"took too long", schemes(fails(context.DeadlineExceeded)), "Service Unavailable: the request took too long", "", "fails"},
		{"an identity without a login", schemes(nobody), broke, "", "nobody"},
		{"and somebody after it", schemes(nobody, is("susie")), "susie", "", "nobody susie"},
		{"an identity with an error", schemes(both), invalid, "Unauthorized: no", "both"},
		{"half of a log-in", schemes(halfway("calvin")), invalid, "Unauthorized: authentication is not complete", "calvin"},
		{"and a whole one", schemes(halfway("calvin"), is("susie")), "susie", "", "calvin susie"},
	} {
		for _, verbose := range []bool{false, true} {
			var asked []string
			var all []authn.Scheme
			for _, s := range c.schemes {
				f := s.(fixed)
				f.asked = &asked
				all = append(all, f)
			}
			want := c.want
			if verbose && c.verbose != "" {
				want = c.verbose
			}
			s := authn.Search{Schemes: all, Verbose: verbose}
			if got := answer(s.Run(ask(get()))); got != want || strings.Join(asked, " ") != c.asked {
				t.Errorf("%s, verbose %t: %s, asked %v; want %s, %s", c.what, verbose, got, asked, want, c.asked)
			}
		}
	}
	// The reason is for the log.
	s := authn.Search{Schemes: schemes(refuses("no such user: x"))}
	if _, err := s.Run(ask(get())); !strings.Contains(err.Error(), "no such user: x") {
		t.Errorf("the log reads %v", err)
	}
	s = authn.Search{Schemes: schemes(fails(errStore))}
	if _, err := s.Run(ask(get())); !errors.Is(err, errStore) {
		t.Errorf("the log reads %v", err)
	}
}

// TestStage: who has half of a log-in gets to the other half, and nowhere else
// (S38).
func TestStage(t *testing.T) {
	for _, c := range []struct {
		stage string
		s     fixed
		want  string
	}{
		{"", is("calvin"), "calvin"},
		{"", halfway("calvin"), invalid},
		{"otp", halfway("calvin"), "calvin"},
		{"otp", is("calvin"), invalid},
		{"terms", halfway("calvin"), invalid},
	} {
		admitted := 0
		s := authn.Search{Schemes: schemes(c.s), Stage: c.stage, Admit: func(context.Context, identity.Identity) error {
			admitted++
			return nil
		}}
		if got := answer(s.Run(ask(get()))); got != c.want || (admitted == 1) != (c.want == "calvin") {
			t.Errorf("stage %q: %s, admitted %d times; want %s", c.stage, got, admitted, c.want)
		}
	}
}

func TestAdmit(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, "calvin"},
		{httperr.Errorf(403, "your account is disabled"), "Forbidden: your account is disabled"},
		{httperr.Errorf(401, "confirm your address"), "Unauthorized: confirm your address"},
		{httperr.Errorf(503, "later"), "Service Unavailable: later"},
		{httperr.Errorf(200, "fine"), "Internal Server Error: internal error in admission"}, // not an error's status
		{errors.New("the store is down"), "Internal Server Error: internal error in admission"},
		{authn.Refuse("not you"), "Internal Server Error: internal error in admission"},
	} {
		asked, after := 0, []string(nil)
		next := is("susie")
		next.asked = &after
		s := authn.Search{Schemes: schemes(silent(), is("calvin"), next), Admit: func(_ context.Context, id identity.Identity) error {
			asked++
			if id.Login != "calvin" {
				t.Errorf("asked about %+v", id)
			}
			return c.err
		}}
		for n := range 3 { // each time, whatever may be cached elsewhere (S82)
			if got := answer(s.Run(ask(get()))); got != c.want || asked != n+1 || after != nil {
				t.Errorf("%v: %s, asked %d times, then %v; want %s", c.err, got, asked, after, c.want)
			}
		}
	}
	s := authn.Search{Schemes: schemes(silent(), refuses("x")), Admit: func(context.Context, identity.Identity) error {
		t.Error("asked about nobody")
		return nil
	}}
	s.Run(ask(get()))
}

func TestCrossOrigin(t *testing.T) { // S58, S59
	const denied = "Forbidden: cross-origin request denied"
	type header = map[string]string
	trusting := new(authn.CrossOrigin)
	if err := trusting.Trust("https://shop.example"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method  string
		ambient bool
		header  header
		cop     *authn.CrossOrigin
		want    string
	}{
		{"POST", true, header{"Sec-Fetch-Site": "same-origin"}, nil, "calvin"},
		{"POST", true, header{"Sec-Fetch-Site": "none"}, nil, "calvin"},
		{"POST", true, header{"Sec-Fetch-Site": "cross-site"}, nil, denied},
		{"POST", true, header{"Sec-Fetch-Site": "same-site"}, nil, denied},
		{"POST", true, header{"Sec-Fetch-Site": "cross-site", "Origin": "https://api.example"}, nil, denied}, // the former counts
		{"POST", true, header{"Origin": "https://api.example"}, nil, "calvin"},
		{"POST", true, header{"Origin": "https://evil.example"}, nil, denied},
		{"POST", true, header{"Origin": "https://api.example.evil.example"}, nil, denied},
		{"POST", true, header{"Origin": "null"}, nil, denied},
		{"POST", true, header{}, nil, "calvin"}, // no browser
		{"PUT", true, header{"Sec-Fetch-Site": "cross-site"}, nil, denied},
		{"PATCH", true, header{"Sec-Fetch-Site": "cross-site"}, nil, denied},
		{"DELETE", true, header{"Sec-Fetch-Site": "cross-site"}, nil, denied},
		{"BREW", true, header{"Sec-Fetch-Site": "cross-site"}, nil, denied},
		{"GET", true, header{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, nil, "calvin"},
		{"HEAD", true, header{"Sec-Fetch-Site": "cross-site"}, nil, "calvin"},
		{"OPTIONS", true, header{"Sec-Fetch-Site": "cross-site"}, nil, "calvin"},
		{"POST", false, header{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, nil, "calvin"},
		{"POST", true, header{"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example"}, trusting, "calvin"},
		{"POST", true, header{"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example.evil.example"}, trusting, denied},
		{"POST", true, header{"Sec-Fetch-Site": "cross-site", "Origin": "http://shop.example"}, trusting, denied},
	} {
		r := httptest.NewRequest(c.method, "https://api.example/", nil)
		for name, v := range c.header {
			r.Header.Set(name, v)
		}
		scheme := is("calvin")
		if c.ambient {
			scheme = browser(scheme)
		}
		s := authn.Search{Schemes: schemes(scheme, is("susie")), CrossOrigin: c.cop}
		if got := answer(s.Run(ask(r))); got != c.want {
			t.Errorf("%s %v, ambient %t: %s, want %s", c.method, c.header, c.ambient, got, c.want)
		}
	}
	// The real ones.
	check := func(*authn.Request, string, string) error { return nil }
	r := post("application/x-www-form-urlencoded", "USER=calvin&PASS=hobbes")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := answer((&authn.Search{Schemes: []authn.Scheme{&authn.Param{User: "USER", Pass: "PASS", Check: check}}}).Run(ask(r))); got != "calvin" {
		t.Errorf("param: %s", got)
	}
	r.Header.Set("Authorization", "Basic "+b64("calvin:hobbes"))
	if got := answer((&authn.Search{Schemes: []authn.Scheme{&authn.Basic{Check: check}}}).Run(ask(r))); got != denied {
		t.Errorf("basic: %s", got)
	}
}

func TestChallenges(t *testing.T) {
	refuse := func(*authn.Request, string, string) error { return authn.Refuse("wrong password") }
	token := &authn.Token{Bearer: "Bearer", Check: func(*authn.Request, string) (*identity.Identity, error) {
		return nil, authn.Refuse("expired token")
	}}
	basic := &authn.Basic{Check: refuse}
	search := authn.Search{Realm: "acme", Schemes: []authn.Scheme{token, &authn.Param{User: "USER", Pass: "PASS", Check: refuse}, basic, authn.None{}}}
	plain := []string{`Basic realm="acme", charset="UTF-8"`, `Bearer realm="acme"`}
	refused := []string{plain[0], `Bearer realm="acme", error="invalid_token"`}
	for _, c := range []struct {
		authorization, query string
		want                 []string
		public               string
	}{
		{"", "", plain, "authentication required"},
		{"Bearer x", "", refused, "invalid credentials"},
		{"Bearer  x", "", refused, "invalid credentials"},
		{"Basic YTpi", "", plain, "invalid credentials"},
		{"Digest x", "", plain, "authentication required"},
		{"", "USER=x&PASS=y", plain, "invalid credentials"},
	} {
		r := get(c.authorization)
		r.URL.RawQuery = c.query
		_, err := search.Run(ask(r))
		e := httperr.From(err, 500, "")
		if got := e.Header.Values("WWW-Authenticate"); e.Status != 401 || e.Public != c.public || !slices.Equal(got, c.want) {
			t.Errorf("%q %q: %d %s, %q; want %q", c.authorization, c.query, e.Status, e.Public, got, c.want)
		}
	}
	if got := search.Challenges(nil); !slices.Equal(got, plain) {
		t.Errorf("Challenges: %q", got)
	}
	// Sorted, each once, those that say something.
	says := func(s string) fixed { return fixed{challenge: func(string, bool) string { return s }} }
	s := authn.Search{Schemes: schemes(says("C"), says("A"), says(""), says("C"), says("B"))}
	if got := s.Challenges(nil); !slices.Equal(got, []string{"A", "B", "C"}) {
		t.Errorf("Challenges: %q", got)
	}
	// The one that refused is told, and no other, even of equal schemes.
	told := func(name string) fixed {
		return fixed{name: name, challenge: func(_ string, refused bool) string {
			if refused {
				return name + " refused"
			}
			return name
		}}
	}
	second := told("b")
	second.err = authn.Refuse("no")
	s = authn.Search{Schemes: schemes(told("a"), second, told("c"))}
	_, err := s.Run(ask(get()))
	if got := httperr.From(err, 500, "").Header.Values("WWW-Authenticate"); !slices.Equal(got, []string{"a", "b refused", "c"}) {
		t.Errorf("%q", got)
	}
	s = authn.Search{Schemes: schemes(silent())}
	if _, err := s.Run(ask(get())); httperr.From(err, 500, "").Header != nil {
		t.Error("a header without challenges")
	}
}

// TestSecretsStay: neither answer nor log has what was sent (S70).
func TestSecretsStay(t *testing.T) {
	refuse := func(_ *authn.Request, login, _ string) error { return authn.Refuse("invalid password for %s", login) }
	token := &authn.Token{Bearer: "Bearer", Check: func(*authn.Request, string) (*identity.Identity, error) {
		return nil, authn.Refuse("invalid token")
	}}
	s := authn.Search{Verbose: true, Schemes: []authn.Scheme{token, &authn.Basic{Check: refuse}, &authn.Param{User: "USER", Pass: "PASS", Check: refuse}}}
	for _, r := range []*http.Request{
		get("Basic " + b64("calvin:hunter2")),
		get("Basic " + b64("hunter2")),
		get("Basic " + b64(":hunter2")),
		get("Basic " + b64("calvin:hunter2\x00")),
		get("Basic hunter2:hunter2"),
		get("Basic  hunter2"),
		get("Bearer hunter2"),
		get("Bearer hunter2 hunter2"),
		get("Bearer hunter2", "Bearer hunter2"),
		httptest.NewRequest("GET", "/?USER=calvin&PASS=hunter2", nil),
		httptest.NewRequest("GET", "/?USER=calvin&PASS=hunter2&PASS=hunter2", nil),
		httptest.NewRequest("GET", "/?USER=calvin&PASS=hunter2%00", nil),
		httptest.NewRequest("GET", "/?USER=calvin&PASS=hunter2%", nil),
		post("application/json", `{"USER":"calvin","PASS":"hunter2"}`),
		post("application/json", `{"USER":"calvin","PASS":["hunter2"]}`),
		post("application/json", `{"USER":"calvin","PASS":hunter2}`),
		post("application/json", `{"USER":"calvin","PASS":"\uhunter2"}`),
		post("text/plain", `USER=calvin&PASS=hunter2`),
	} {
		_, err := s.Run(ask(r))
		if err == nil || strings.Contains(err.Error(), "hunter") || strings.Contains(err.Error(), b64("hunter2")[:8]) {
			t.Errorf("%v %s: %v", r.Header, r.URL, err)
		}
	}
}
