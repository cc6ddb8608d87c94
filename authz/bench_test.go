package authz_test

import (
	"testing"

	"github.com/fastsimpleauth/fsa/authz"
)

// BenchmarkDecide decides "an admin, or a member who manages the store", beside
// the if that one would write by hand.
func BenchmarkDecide(b *testing.B) {
	type call struct{ admin, member, manager bool }
	c := &call{member: true, manager: true}
	flag := func(get func(*call) bool) authz.Check[*call] {
		return func(c *call) (bool, error) { return get(c), nil }
	}
	checks := map[string]authz.Check[*call]{
		"admin":  flag(func(c *call) bool { return c.admin }),
		"member": flag(func(c *call) bool { return c.member }),
		"store":  flag(func(c *call) bool { return c.manager }),
	}
	leaves := authz.Leaves[*call]{
		Group:  func(name string) (authz.Check[*call], error) { return checks[name], nil },
		Object: func(name string, _ []string, _ string) (authz.Check[*call], error) { return checks[name], nil },
	}
	b.Run("hand-written", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			admin, err := checks["admin"](c)
			if err != nil || admin {
				b.Fatal(err)
			}
			if member, err := checks["member"](c); err != nil || !member {
				b.Fatal(err)
			}
			if manager, err := checks["store"](c); err != nil || !manager {
				b.Fatal(err)
			}
		}
	})
	for _, bench := range []struct {
		name string
		rule authz.Rule
	}{
		{"auth", authz.Auth()},
		{"group and object", authz.All(authz.Group("member"), authz.Object("store", "sid", ""))},
		{"either", authz.Any(authz.Group("admin"), authz.All(authz.Group("member"), authz.Object("store", "sid", "")))},
	} {
		d, err := authz.Compile(bench.rule, leaves)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pending, err := d.Before(c)
				if err == authz.ErrUndecided {
					err = d.After(c, pending)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
