package authn_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/identity"
)

// TestBasicLineBreaks: the decoder of the standard library skips them.
func TestBasicLineBreaks(t *testing.T) {
	for _, c := range []string{"\r", "\n", "\r\n"} {
		r := get()
		r.Header["Authorization"] = []string{"Basic " + b64("calvin:")[:4] + c + b64("calvin:")[4:]}
		var s seen
		const want = "refused: malformed Basic credentials: not base64"
		if got := outcome((&authn.Basic{Check: s.check}).Authenticate(ask(r))); got != want {
			t.Errorf("%q: %s", c, got)
		}
	}
}

// TestCookieEdges: what is nearly an escape, and what is nearly the cookie.
func TestCookieEdges(t *testing.T) {
	const malformed = "refused: malformed cookie __Host-auth"
	for _, c := range []struct{ field, want string }{
		{"__Host-auth; __Host-auth=abc", "abc"}, // without a = it has no name
		{"__Host-auth=a,20", malformed},
		{"__Host-auth=%2G", malformed},
		{"__Host-auth=%G2", malformed},
		{"__Host-auth=%20", " "},
	} {
		r := get()
		r.Header["Cookie"] = []string{c.field}
		if got := outcome(cookieScheme(false).Authenticate(ask(r))); got != c.want {
			t.Errorf("%q: %s, want %s", c.field, got, c.want)
		}
	}
}

// TestOwnWithoutBody: a request without a body stays one, so that the
// application's scheme can tell.
func TestOwnWithoutBody(t *testing.T) {
	for _, r := range []*http.Request{{Header: http.Header{}}, httptest.NewRequest("GET", "/", http.NoBody)} {
		own := &authn.Own{SchemeName: "own", MaxBody: upTo(1), Find: func(sent *http.Request) (identity.Identity, error) {
			if sent.Body != r.Body {
				t.Errorf("%v has become %v", r.Body, sent.Body)
			}
			return identity.Identity{}, nil
		}}
		if _, err := own.Authenticate(&authn.Request{HTTP: r, Realm: "acme"}); err != nil {
			t.Error(err)
		}
	}
}

// TestOwnHalfIdentities: an identity that says anything but has no login is a
// fault of the scheme, not nobody.
func TestOwnHalfIdentities(t *testing.T) {
	for _, id := range []identity.Identity{
		{Scheme: "own"}, {Realm: "acme"}, {Stage: "otp"}, {Scopes: []string{"read"}}, {Factors: []string{"pwd"}}, {AuthTime: noon},
	} {
		own := &authn.Own{SchemeName: "own", Find: func(*http.Request) (identity.Identity, error) { return id, nil }}
		const want = "failed: scheme own gave an identity without a login"
		if got := outcome(own.Authenticate(ask(get()))); got != want {
			t.Errorf("%+v: %s", id, got)
		}
	}
}
