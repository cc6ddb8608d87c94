package authn_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/fastsimpleauth/fsa/authn"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/param"
)

// A search asks the schemes of a route in their order.
func ExampleSearch() {
	search := authn.Search{
		Realm: "acme",
		Schemes: []authn.Scheme{
			&authn.Token{Bearer: "Bearer", Check: func(q *authn.Request, raw string) (*identity.Identity, error) {
				return nil, authn.Refuse("expired token")
			}},
			&authn.Basic{Check: func(q *authn.Request, login, password string) error {
				if login == "calvin" && password == "hobbes" { // a real check compares hashes
					return nil
				}
				return authn.Refuse("invalid password for %s", login)
			}},
		},
		Admit: func(ctx context.Context, id identity.Identity) error { return nil },
	}
	for _, authorization := range []string{"", "Bearer abc", "Basic Y2FsdmluOmhvYmJlcw==", "Basic Y2FsdmluOnN1c2ll"} {
		r := httptest.NewRequest("GET", "/", nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		src := new(param.Source)
		src.Reset(nil, r, 1<<20, false)
		id, err := search.Run(&authn.Request{HTTP: r, Params: src, Realm: "acme", Now: time.Now()})
		if err != nil {
			e := httperr.From(err, 500, "internal error")
			fmt.Println(e.Status, e.Public, e.Header.Values("WWW-Authenticate"))
			continue
		}
		fmt.Println(id.Login, "by", id.Scheme)
	}
	// Output:
	// 401 authentication required [Basic realm="acme", charset="UTF-8" Bearer realm="acme"]
	// 401 invalid credentials [Basic realm="acme", charset="UTF-8" Bearer realm="acme", error="invalid_token"]
	// calvin by basic
	// 401 invalid credentials [Basic realm="acme", charset="UTF-8" Bearer realm="acme"]
}

// A refusal is not a failure: it lets the other schemes try.
func ExampleRefuse() {
	err := authn.Refuse("expired token")
	fmt.Println(err, authn.Refused(err), authn.Refused(fmt.Errorf("the store is down")))
	// Output: expired token true false
}

// The cookie of a token is for this host alone, over TLS alone, and for no script.
func ExampleTokenCookie() {
	scheme := &authn.TokenCookie{HostCookie: authn.HostCookie{Bare: "auth"}}
	r := httptest.NewRequest("GET", "/", nil)
	cookie, err := scheme.Cookie(r, "acme:calvin:20991231235959:…", time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cookie)
	r.AddCookie(cookie)
	fmt.Println(scheme.Read(r))
	r.Header.Set("Cookie", "auth=acme:mallory:20991231235959:…") // set by a neighbour
	fmt.Println(scheme.Read(r))
	// Output:
	// __Host-auth=acme:calvin:20991231235959:%E2%80%A6; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax
	// acme:calvin:20991231235959:… <nil>
	//  <nil>
}

// A scheme of one's own takes what its function says, and checks what can be.
func ExampleOwn() {
	scheme := &authn.Own{SchemeName: "partner", AuthScheme: "Partner", Find: func(r *http.Request) (identity.Identity, error) {
		switch r.Header.Get("X-Partner-Key") {
		case "":
			return identity.Identity{}, nil
		case "GlPZ1HRnd5C0pUxQ": // a real one looks a hash up
			return identity.Identity{Login: "rosalyn"}, nil
		}
		return identity.Identity{}, authn.Refuse("unknown key")
	}}
	search := authn.Search{Realm: "acme", Schemes: []authn.Scheme{scheme}}
	for _, key := range []string{"GlPZ1HRnd5C0pUxQ", "guess"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Partner-Key", key)
		id, err := search.Run(&authn.Request{HTTP: r, Params: new(param.Source), Realm: "acme"})
		if err != nil {
			fmt.Println(httperr.From(err, 500, "").Public)
			continue
		}
		fmt.Println(id.Login, id.Scheme, id.Realm)
	}
	// Output:
	// rosalyn partner acme
	// invalid credentials
}
