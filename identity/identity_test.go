package identity_test

import (
	"fmt"
	"testing"

	"github.com/fastsimpleauth/fsa/identity"
)

func TestIsZero(t *testing.T) {
	for _, c := range []struct {
		id   identity.Identity
		want bool
	}{
		{identity.Identity{}, true},
		{identity.Identity{Login: "calvin"}, false},
		{identity.Identity{Scheme: "token", Realm: "acme", Scopes: []string{"read"}}, true}, // a proof of nobody
	} {
		if got := c.id.IsZero(); got != c.want {
			t.Errorf("%+v: %t", c.id, got)
		}
	}
}

func TestHasScope(t *testing.T) {
	id := identity.Identity{Login: "calvin", Scopes: []string{"read", "write:all"}}
	for scope, want := range map[string]bool{"read": true, "write:all": true, "": false, "rea": false, "READ": false, "write": false, "read write:all": false} {
		if got := id.HasScope(scope); got != want {
			t.Errorf("%q: %t", scope, got)
		}
	}
	if new(identity.Identity).HasScope("") {
		t.Error("nobody has a scope")
	}
}

func Example() {
	id := identity.Identity{Login: "calvin", Scheme: "token", Realm: "acme", Scopes: []string{"read"}}
	fmt.Println(id.IsZero(), id.HasScope("read"), id.HasScope("write"))
	// Output: false true false
}
