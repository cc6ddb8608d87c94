package cache_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// The answers of a hook, kept for a minute each. The key has a field for each
// thing that the answer depends on.
func Example() {
	type key struct {
		realm, login, group string
	}
	members := map[string]bool{"calvin": true}
	inGroup := func(login string) func(context.Context) (bool, time.Duration, error) {
		return func(context.Context) (bool, time.Duration, error) {
			fmt.Println("asking the hook about", login)
			return members[login], 0, nil
		}
	}

	answers := cache.NewNear[key, bool](cache.NearOptions[key, bool]{TTL: time.Minute})
	ctx, now := context.Background(), time.Now()
	ask := func(login string) {
		ok, err := answers.Load(ctx, key{"acme", login, "admin"}, now, inGroup(login))
		fmt.Println(login, ok, err)
	}

	ask("calvin")
	ask("calvin")

	// Revoke at the source first, then delete: what is loaded from here on is new.
	members["calvin"] = false
	answers.Delete(key{"acme", "calvin", "admin"})
	ask("calvin")

	// Output:
	// asking the hook about calvin
	// calvin true <nil>
	// calvin true <nil>
	// asking the hook about calvin
	// calvin false <nil>
}

// What follows from two answers is good for as long as both are kept. Holding them
// saves looking for them again.
func ExampleNear_Hold() {
	ctx, now := context.Background(), time.Now()
	roles := cache.NewNear[string, string](cache.NearOptions[string, string]{})
	rights := cache.NewNear[string, string](cache.NearOptions[string, string]{})
	answer := func(v string) func(context.Context) (string, time.Duration, error) {
		return func(context.Context) (string, time.Duration, error) { return v, 0, nil }
	}
	roles.Load(ctx, "calvin", now, answer("editor"))
	rights.Load(ctx, "editor", now, answer("read, write"))

	role, _ := roles.Hold("calvin", now)
	right, _ := rights.Hold("editor", now)
	ask := func() {
		_, ok := role.Get(now)
		may, ok2 := right.Get(now)
		fmt.Println(may, ok && ok2)
	}
	ask()
	roles.Delete("calvin")
	ask()
	// Output:
	// read, write true
	// read, write false
}

// The classic mistake: joined with a separator, the permission of one user on
// one store is the key of another's.
func ExampleKey() {
	wrong := func(parts ...string) string { return strings.Join(parts, ":") }
	fmt.Println(wrong("calvin", "store:42") == wrong("calvin:store", "42"))
	fmt.Println(cache.Key("calvin", "store:42") == cache.Key("calvin:store", "42"))
	fmt.Println(cache.Key("calvin", "store:42"))
	// Output:
	// true
	// false
	// 6:calvin8:store:42
}

// A code that works once. An error is a refusal, too.
func ExampleMemoryOnce() {
	used := cache.NewMemoryOnce(10_000)
	ctx := context.Background()
	redeem := func(code string, until time.Time) string {
		first, err := used.Use(ctx, cache.Key("recovery", code), until)
		switch {
		case err != nil:
			return "try again later"
		case !first:
			return "refused"
		}
		return "welcome"
	}
	end := time.Now().Add(time.Hour)
	fmt.Println(redeem("s3cret", end))
	fmt.Println(redeem("s3cret", end))
	fmt.Println(redeem("stale", time.Now().Add(-time.Hour)))
	// Output:
	// welcome
	// refused
	// refused
}

// At most three tries a minute for an account. The try is counted before the
// password is looked at: counted after it, parallel tries would slip through.
func ExampleMemoryCounter() {
	tries := cache.NewMemoryCounter(10_000)
	for range 4 {
		n, err := tries.Add(context.Background(), cache.Key("login", "calvin"), 1, time.Minute)
		fmt.Println(n, err == nil && n <= 3)
	}
	// Output:
	// 1 true
	// 2 true
	// 3 true
	// 4 false
}
