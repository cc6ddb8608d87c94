package authn_test

import (
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
)

// TestHostCookie: a cookie that lasts until the browser is closed, and one of no request
// in particular. S55.
func TestHostCookie(t *testing.T) {
	c := authn.HostCookie{Bare: "sid"}
	for life, want := range map[time.Duration]string{
		0:                "__Host-sid=x; Path=/; HttpOnly; Secure; SameSite=Lax",
		time.Nanosecond:  "__Host-sid=x; Path=/; Max-Age=1; HttpOnly; Secure; SameSite=Lax",
		90 * time.Second: "__Host-sid=x; Path=/; Max-Age=90; HttpOnly; Secure; SameSite=Lax",
	} {
		cookie, err := c.Cookie(get(), "x", life)
		if err != nil || cookie.String() != want {
			t.Errorf("%v: %v, %v", life, cookie, err)
		}
	}
}

// TestOtherLogin: a check may know the user by another login than was typed, and that is
// forgotten with the answer.
func TestOtherLogin(t *testing.T) {
	known := true
	b := &authn.Basic{Check: func(q *authn.Request, login, _ string) error {
		if known {
			q.Login = "user of " + login
		}
		return nil
	}}
	r := get()
	r.SetBasicAuth("c@x.example", "pass")
	q := ask(r)
	for _, want := range []string{"user of c@x.example", "c@x.example"} {
		id, err := b.Authenticate(q)
		if err != nil || id.Login != want || q.Login != "" {
			t.Errorf("%+v, %v; the request has %q", id, err, q.Login)
		}
		known = false
	}
}

// TestInsufficientAuthentication: what a client is told to ask its issuer for (RFC 9470).
func TestInsufficientAuthentication(t *testing.T) {
	for _, c := range []struct {
		scheme          interface{ InsufficientAuthentication(string, string) string }
		parameter, want string
	}{
		{&authn.Token{Bearer: "Bearer"}, "", `Bearer realm="a\"b", error="insufficient_user_authentication"`},
		{&authn.Token{Bearer: "Acme"}, `max_age="60"`, `Acme realm="a\"b", error="insufficient_user_authentication", max_age="60"`},
		{&authn.OAuth{Token: authn.Token{Bearer: "Bearer"}}, `max_age="0"`, `Bearer realm="a\"b", error="insufficient_user_authentication", max_age="0"`},
	} {
		if got := c.scheme.InsufficientAuthentication(`a"b`, c.parameter); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
