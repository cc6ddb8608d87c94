package authn_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/identity"
)

// echo is a token check that takes every token for its user's name.
func echo(_ *authn.Request, raw string) (*identity.Identity, error) {
	return &identity.Identity{Login: raw}, nil
}

func TestTokenHeader(t *testing.T) {
	for _, c := range []struct {
		fields []string
		want   string
	}{
		{nil, nothing},
		{[]string{}, nothing},
		{[]string{""}, nothing},
		{[]string{"abc"}, "abc"},
		{[]string{"a b:c"}, "a b:c"},
		{[]string{"Bearer abc"}, "Bearer abc"}, // whatever that is, it is not cut
		{[]string{"abc", "abc"}, "refused: several Auth fields"},
		{[]string{"abc", ""}, "refused: several Auth fields"},
		{[]string{"", "abc"}, "refused: several Auth fields"},
	} {
		r := get("Bearer not-this-one")
		r.Header["Auth"] = c.fields
		if got := outcome((&authn.TokenHeader{Field: "Auth", Check: echo}).Authenticate(ask(r))); got != c.want {
			t.Errorf("%q: %s, want %s", c.fields, got, c.want)
		}
	}
	// A proxy or a framework may take an underscore for a dash; we do not.
	r := get()
	r.Header["X_auth"] = []string{"abc"}
	if got := outcome((&authn.TokenHeader{Field: "X-Auth", Check: echo}).Authenticate(ask(r))); got != nothing {
		t.Errorf("underscore: %s", got)
	}
}

func TestTokenParam(t *testing.T) {
	form := func(body string, query ...string) *http.Request {
		return post("application/x-www-form-urlencoded", body, query...)
	}
	json := func(body string) *http.Request { return post("application/json", body) }
	query := func(q string) *http.Request { return httptest.NewRequest("GET", "/?"+q, nil) }
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{query(""), nothing},
		{query("AUTH="), nothing},
		{query("auth=abc"), nothing},
		{query("AUTH=abc"), "abc"},
		{query("AUTH=a%3Ab"), "a:b"},
		{form("AUTH=abc"), "abc"},
		{json(`{"AUTH":"abc"}`), "abc"},
		{json(`{"AUTH":""}`), nothing},
		{query("AUTH=abc&AUTH=abc"), `refused: parameter "AUTH" is given twice`},
		{form("AUTH=abc", "AUTH=abc"), `refused: parameter "AUTH" is given twice`},
		{json(`{"AUTH":["abc"]}`), `refused: parameter "AUTH" must be a string`},
		{json(`{"AUTH":null}`), `refused: parameter "AUTH" must be a string`},
		{json(`{"AUTH":"abc"`), nothing},
		{query("AUTH=abc&x=%"), nothing},
	} {
		if got := outcome((&authn.TokenParam{Param: "AUTH", Check: echo}).Authenticate(ask(c.r))); got != c.want {
			t.Errorf("%s: %s, want %s", c.r.URL, got, c.want)
		}
	}
}

// cookieTests are the Cookie fields of requests, of which acme:é is the token.
var cookieTests = []struct {
	plain  bool
	fields []string
	want   string
}{
	{false, nil, nothing},
	{false, []string{""}, nothing},
	{false, []string{"__Host-auth="}, nothing},
	{false, []string{"__Host-auth"}, nothing},
	{false, []string{"__Host-auth=abc"}, "abc"},
	{false, []string{"a=b; __Host-auth=abc; c=d"}, "abc"},
	{false, []string{"a=b;__Host-auth=abc;c"}, "abc"},
	{false, []string{"a=b", "__Host-auth=abc"}, "abc"}, // as HTTP/2 may split it
	{false, []string{"__Host-auth=a=b=="}, "a=b=="},
	{false, []string{"__Host-auth=acme:calvin/x:1"}, "acme:calvin/x:1"},
	{false, []string{"auth=abc"}, nothing}, // the bare name is never accepted
	{false, []string{"auth=evil; __Host-auth=abc"}, "abc"},
	{false, []string{"__Secure-auth=abc"}, nothing},
	{false, []string{"__host-auth=abc"}, nothing}, // names have a case
	{false, []string{"__Host-auth =abc"}, nothing},
	{false, []string{"__Host-authx=abc"}, nothing},
	{false, []string{"x__Host-auth=abc"}, nothing},
	{false, []string{"x=__Host-auth=abc"}, nothing},
	{false, []string{"__Host-auth=abc; __Host-auth=abc"}, "refused: several cookies __Host-auth"},
	{false, []string{"__Host-auth=abc", "__Host-auth=abd"}, "refused: several cookies __Host-auth"},
	{false, []string{"__Host-auth=; __Host-auth=abc"}, "refused: several cookies __Host-auth"},
	{false, []string{`__Host-auth="abc"`}, "refused: malformed cookie __Host-auth"}, // quotes are no part of it
	{false, []string{"__Host-auth=a b"}, "refused: malformed cookie __Host-auth"},
	{false, []string{"__Host-auth=a,b"}, "refused: malformed cookie __Host-auth"},
	{false, []string{"__Host-auth=a\tb"}, "refused: malformed cookie __Host-auth"},
	{false, []string{"__Host-auth=a\\b"}, "refused: malformed cookie __Host-auth"},
	{false, []string{"__Host-auth=\x00"}, "refused: malformed cookie __Host-auth"},
	{false, []string{"__Host-auth=é"}, "refused: malformed cookie __Host-auth"},
	{false, []string{"__Host-auth=acme:%C3%A9%2C%25"}, "acme:é,%"},
	{false, []string{"__Host-auth=%c3%a9"}, "refused: malformed cookie __Host-auth"}, // one spelling
	{false, []string{"__Host-auth=%61"}, "refused: malformed cookie __Host-auth"},    // an a stands for itself
	{false, []string{"__Host-auth=%"}, "refused: malformed cookie __Host-auth"},
	{false, []string{"__Host-auth=%2"}, "refused: malformed cookie __Host-auth"},
	{false, []string{"__Host-auth=%GG"}, "refused: malformed cookie __Host-auth"},
	{true, []string{"auth=abc"}, "abc"},
	{true, []string{"__Host-auth=abc"}, nothing},
	{true, []string{"auth=abc; __Host-auth=abc"}, "abc"},
	{true, []string{"auth=abc; auth=abc"}, "refused: several cookies auth"},
	{true, []string{"Auth=abc"}, nothing},
}

func cookieScheme(plain bool) *authn.TokenCookie {
	return &authn.TokenCookie{HostCookie: authn.HostCookie{Bare: "auth", Plain: func(*http.Request) bool { return plain }}, Check: echo}
}

func TestTokenCookie(t *testing.T) {
	for _, c := range cookieTests {
		r := get()
		r.Header["Cookie"] = c.fields
		if got := outcome(cookieScheme(c.plain).Authenticate(ask(r))); got != c.want {
			t.Errorf("%t %q: %s, want %s", c.plain, c.fields, got, c.want)
		}
	}
}

// TestCookieAttributes: what keeps the cookie from others (S55).
func TestCookieAttributes(t *testing.T) {
	for _, c := range []struct {
		plain bool
		raw   string
		life  time.Duration
		want  string
	}{
		{false, "acme:calvin:1", time.Hour, "__Host-auth=acme:calvin:1; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
		{true, "acme:calvin:1", time.Hour, "auth=acme:calvin:1; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"},
		{false, "é, ;%\"\\", time.Minute, "__Host-auth=%C3%A9%2C%20%3B%25%22%5C; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"},
		{false, "x", time.Millisecond, "__Host-auth=x; Path=/; Max-Age=1; HttpOnly; Secure; SameSite=Lax"},
		{false, "", time.Hour, "__Host-auth=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{false, strings.Repeat("x", 4096), time.Hour, "the value makes a cookie of 4107 bytes, and browsers keep 4096"},
	} {
		got := ""
		if cookie, err := cookieScheme(c.plain).Cookie(get(), c.raw, c.life); err != nil {
			got = err.Error()
		} else {
			got = cookie.String()
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.raw, got, c.want)
		}
	}
}

// TestCarriers: what they say of themselves.
func TestCarriers(t *testing.T) {
	for _, c := range []struct {
		s       authn.Scheme
		name    string
		ambient bool
	}{
		{&authn.TokenHeader{}, "token", false},
		{&authn.TokenCookie{}, "token", true},
		{&authn.TokenParam{}, "token", false},
		{&authn.Fake{}, "fake", true},
		{&authn.Own{SchemeName: "own"}, "own", true},
		{&authn.Own{SchemeName: "own", NotAmbient: true}, "own", false},
	} {
		if c.s.Name() != c.name || c.s.Ambient() != c.ambient || c.s.Challenge("acme", true) != "" {
			t.Errorf("%T: %s, ambient %t, challenge %q", c.s, c.s.Name(), c.s.Ambient(), c.s.Challenge("acme", true))
		}
	}
}
