package authn_test

import (
	"context"
	"fmt"
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
			&authn.Basic{Check: func(ctx context.Context, login, password string) error {
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
