package identity_test

import (
	"fmt"
	"strings"
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

func TestCountFactors(t *testing.T) {
	for factors, want := range map[string]int{
		"": 0, "pwd": 1, "pwd otp": 2, "pwd pwd": 1, "otp pwd otp hwk": 3, "mfa": 2, "pwd mfa": 2, "pwd otp hwk mfa": 3,
		"mca": 0, "rba geo user": 0, "user fpt": 1, "PWD pwd": 2,
	} {
		id := identity.Identity{Login: "calvin", Factors: strings.Fields(factors)}
		if got := id.CountFactors(); got != want {
			t.Errorf("%q: %d, want %d", factors, got, want)
		}
	}
	if n := (&identity.Identity{Factors: []string{"", ""}}).CountFactors(); n != 0 {
		t.Errorf("what has no name counts %d", n)
	}
}

func Example() {
	id := identity.Identity{Login: "calvin", Scheme: "token", Realm: "acme", Scopes: []string{"read"}}
	fmt.Println(id.IsZero(), id.HasScope("read"), id.HasScope("write"))
	// Output: false true false
}
