package authn_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/param"
	"github.com/google/go-cmp/cmp"
)

func TestFake(t *testing.T) {
	const wrong = "refused: malformed LOGIN: too long, not UTF-8, or control characters"
	for _, c := range []struct {
		query string
		far   bool
		want  string
	}{
		{"", false, nothing},
		{"LOGIN=", false, nothing},
		{"LOGIN=calvin", false, "calvin"},
		{"LOGIN=%C3%A9", false, "é"},
		{"LOGIN=calvin&LOGIN=calvin", false, `refused: parameter "LOGIN" is given twice`},
		{"LOGIN=cal%00vin", false, wrong},
		{"LOGIN=%ff", false, wrong},
		{"LOGIN=" + strings.Repeat("x", 1024), false, strings.Repeat("x", 1024)},
		{"LOGIN=" + strings.Repeat("x", 1025), false, wrong},
		{"LOGIN=calvin", true, "refused: scheme fake believes requests from this machine only, to localhost"},
		{"", true, nothing},
	} {
		fake := &authn.Fake{Param: "LOGIN", Local: func(*http.Request) bool { return !c.far }}
		id, err := fake.Authenticate(ask(httptest.NewRequest("GET", "/?"+c.query, nil)))
		if got := outcome(id, err); got != c.want {
			t.Errorf("%.40s: %s, want %s", c.query, got, c.want)
		}
		if id != nil {
			want := &identity.Identity{Login: id.Login, Scheme: "fake", Realm: "acme", AuthTime: noon}
			if diff := cmp.Diff(want, id); diff != "" {
				t.Error(diff)
			}
		}
	}
}

// TestOwn: what the application's own scheme answers is checked.
func TestOwn(t *testing.T) {
	const wrong = "refused: malformed login: too long, not UTF-8, or control characters"
	for _, c := range []struct {
		id   identity.Identity
		err  error
		want string
	}{
		{identity.Identity{}, nil, nothing},
		{identity.Identity{Login: "calvin"}, nil, "calvin"},
		{identity.Identity{Login: "calvin", Realm: "acme"}, nil, "calvin"},
		{identity.Identity{Login: "calvin", Realm: "other"}, nil, "refused: the identity is of another realm"},
		{identity.Identity{Login: "calvin", Scheme: "basic"}, nil, "calvin"},
		{identity.Identity{Realm: "acme"}, nil, "failed: scheme own gave an identity without a login"},
		{identity.Identity{Scopes: []string{"read"}}, nil, "failed: scheme own gave an identity without a login"},
		{identity.Identity{Stage: "otp"}, nil, "failed: scheme own gave an identity without a login"},
		{identity.Identity{Login: "cal\nvin"}, nil, wrong},
		{identity.Identity{Login: "\xff"}, nil, wrong},
		{identity.Identity{Login: strings.Repeat("x", 1025)}, nil, wrong},
		{identity.Identity{}, authn.Refuse("unknown key"), "refused: unknown key"},
		{identity.Identity{Login: "calvin"}, authn.Refuse("unknown key"), "refused: unknown key"},
		{identity.Identity{}, errors.New("the store is down"), "failed: the store is down"},
	} {
		own := &authn.Own{SchemeName: "own", Find: func(*http.Request) (identity.Identity, error) { return c.id, c.err }}
		id, err := own.Authenticate(ask(get()))
		if got := outcome(id, err); got != c.want {
			t.Errorf("%+v, %v: %s, want %s", c.id, c.err, got, c.want)
		}
		if id != nil && (id.Scheme != "own" || id.Realm != "acme") {
			t.Errorf("%+v", id)
		}
	}
	// What the application keeps stays its own.
	kept := identity.Identity{Login: "calvin", Scopes: []string{"read"}, Factors: []string{"hwk"}}
	own := &authn.Own{SchemeName: "own", Find: func(*http.Request) (identity.Identity, error) { return kept, nil }}
	id, err := own.Authenticate(ask(get()))
	if err != nil {
		t.Fatal(err)
	}
	id.Scopes[0], id.Factors[0] = "write", "pwd"
	if kept.Scopes[0] != "read" || kept.Factors[0] != "hwk" {
		t.Error("the identity is shared with the application")
	}
}

func TestOwnChallenge(t *testing.T) {
	for _, c := range []struct {
		own  authn.Own
		want string
	}{
		{authn.Own{}, ""},
		{authn.Own{Parameters: []string{"a", "b"}}, ""},
		{authn.Own{AuthScheme: "ApiKey"}, `ApiKey realm="ac\"me"`},
		{authn.Own{AuthScheme: "ApiKey", Parameters: []string{"header", "X-Key", "note", `a "b"`}}, `ApiKey realm="ac\"me", header="X-Key", note="a \"b\""`},
	} {
		if got := c.own.Challenge(`ac"me`, true); got != c.want {
			t.Errorf("%+v: %s, want %s", c.own, got, c.want)
		}
	}
}

// TestOwnBody: whoever reads the body first, all others can read it from its
// beginning.
func TestOwnBody(t *testing.T) {
	const form = "USER=calvin&PASS=hobbes"
	for _, replay := range []bool{false, true} {
		for _, order := range []string{"own", "own own", "own param", "param own", "own param own", "param own own"} {
			r := post("application/x-www-form-urlencoded", form)
			src := new(param.Source)
			src.Reset(httptest.NewRecorder(), r, 1<<16, replay)
			q := &authn.Request{HTTP: r, Params: src, Realm: "acme", Now: noon}
			read := ""
			own := &authn.Own{SchemeName: "own", MaxBody: upTo(1 << 16), Find: func(r *http.Request) (identity.Identity, error) {
				b, err := io.ReadAll(r.Body)
				read += string(b)
				return identity.Identity{}, err
			}}
			var s seen
			for _, name := range strings.Fields(order) {
				var err error
				if name == "own" {
					_, err = own.Authenticate(q)
				} else {
					_, err = (&authn.Param{User: "USER", Pass: "PASS", Check: s.check}).Authenticate(q)
				}
				if err != nil {
					t.Errorf("%s, %s: %v", order, name, err)
				}
			}
			if want := strings.Repeat(form, strings.Count(order, "own")); read != want {
				t.Errorf("%s, replay %t: the scheme reads %q, want %q", order, replay, read, want)
			}
			if user, _, err := src.Text("USER"); user != "calvin" || err != nil {
				t.Errorf("%s, replay %t: the binder reads %q, %v", order, replay, user, err)
			}
			if b, _ := io.ReadAll(r.Body); replay && string(b) != form {
				t.Errorf("%s: the handler reads %q", order, b)
			}
		}
	}
}

// TestOwnBodyLimit: a scheme reads no more than the route takes, and does not hide
// from others that there was more.
func TestOwnBodyLimit(t *testing.T) {
	for _, order := range []string{"own", "param own"} {
		r := post("application/x-www-form-urlencoded", "a="+strings.Repeat("x", 100))
		src := new(param.Source)
		src.Reset(httptest.NewRecorder(), r, 50, false)
		if order == "param own" {
			src.Err()
		}
		own := &authn.Own{SchemeName: "own", MaxBody: upTo(50), Find: func(r *http.Request) (identity.Identity, error) {
			b, err := io.ReadAll(r.Body)
			var large *http.MaxBytesError
			if len(b) != 50 || !errors.As(err, &large) {
				t.Errorf("%s: the scheme reads %d bytes, %v", order, len(b), err)
			}
			return identity.Identity{}, nil
		}}
		own.Authenticate(&authn.Request{HTTP: r, Params: src, Realm: "acme", Now: noon})
		if err := src.Err(); err == nil || !strings.HasPrefix(err.Error(), "413: ") {
			t.Errorf("%s: the binder says %v", order, err)
		}
	}
}

// upTo is a limit that does not change.
func upTo(n int64) func() int64 { return func() int64 { return n } }

// TestOwnWithoutBodies: a scheme that may read no body reads none, and the handler has all
// of it.
func TestOwnWithoutBodies(t *testing.T) {
	own := &authn.Own{SchemeName: "own", Find: func(r *http.Request) (identity.Identity, error) {
		if b, err := io.ReadAll(r.Body); err == nil {
			t.Errorf("%q", b)
		}
		return identity.Identity{Login: "calvin"}, nil
	}}
	q := ask(httptest.NewRequest("POST", "/", strings.NewReader("text")))
	if got := outcome(own.Authenticate(q)); got != "calvin" {
		t.Error(got)
	}
}
