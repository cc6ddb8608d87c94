package authz_test

import (
	"fmt"
	"time"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/httperr"
)

// A rule is compiled once, and then decided for each request in two steps.
func Example() {
	type call struct {
		admin   bool
		manages map[int]bool // stores, by what is in the request
		store   int
	}
	rule := authz.Any(authz.Group("admin"), authz.Object("store", "sid", "manager"))
	d, err := authz.Compile(rule, authz.Leaves[call]{
		Group: func(name string) (authz.Check[call], error) {
			return func(c call) (bool, error) { return c.admin, nil }, nil
		},
		Object: func(domain string, params []string, mode string) (authz.Check[call], error) {
			return func(c call) (bool, error) {
				manager, there := c.manages[c.store]
				if !there {
					return false, authz.ErrNoSuchObject
				}
				return manager, nil
			}, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stores := map[int]bool{1: true, 2: false}
	for _, c := range []call{{true, stores, 9}, {false, stores, 1}, {false, stores, 2}, {false, stores, 9}} {
		pending, err := d.Before(c)
		first := "decided"
		if err == authz.ErrUndecided {
			first = "undecided" // here the parameters would be bound
			err = d.After(c, pending)
		}
		if err != nil {
			e := httperr.From(err, 500, "")
			fmt.Println(first, e.Status, e.Public)
			continue
		}
		fmt.Println(first, "granted")
	}
	// Output:
	// decided granted
	// undecided granted
	// undecided 403 not in group "admin"
	// undecided 404 object not found
}

// What a rule can't mean is said when it is compiled, all at once.
func ExampleCompile() {
	_, err := authz.Compile(authz.All(authz.Any(), authz.Open(), authz.Group("admins")), authz.Leaves[int]{
		Group: func(name string) (authz.Check[int], error) {
			return nil, fmt.Errorf("unknown group %q; did you mean admin?", name)
		},
	})
	fmt.Println(err)
	// Output:
	// authz.Any() is empty; give it the rules that it combines
	// authz.Open() stands inside another rule; an open route is declared by authz.Open() alone
	// unknown group "admins"; did you mean admin?
}

// The zero Rule closes: what was forgotten opens nothing.
func ExampleRule() {
	var forgotten authz.Rule
	fmt.Println(forgotten)
	fmt.Println(authz.All(authz.Group("employee"), authz.Object("store", "sid", "manager")))
	// Output:
	// Close()
	// All(Group("employee"), Object("store", "sid", "manager"))
}

// What can't be taken back asks for a fresh log-in with two factors, of those who may
// do it at all.
func ExampleFresh() {
	type login struct {
		ago     time.Duration
		factors int
		admin   bool
	}
	rule := authz.All(authz.Permission("store:close"), authz.Fresh(10*time.Minute), authz.Factors(2))
	d, err := authz.Compile(rule, authz.Leaves[login]{
		Permission: func(string) (authz.Check[login], error) {
			return func(l login) (bool, error) { return l.admin, nil }, nil
		},
		Fresh: func(d time.Duration) (authz.Check[login], error) {
			return func(l login) (bool, error) { return l.ago <= d, nil }, nil
		},
		Factors: func(n int) (authz.Check[login], error) {
			return func(l login) (bool, error) { return l.factors >= n, nil }, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rule)
	for _, l := range []login{{time.Minute, 2, true}, {time.Hour, 2, true}, {time.Minute, 1, true}, {time.Hour, 1, false}} {
		if _, err := d.Before(l); err != nil {
			e := httperr.From(err, 500, "")
			fmt.Println(e.Status, e.Public)
			continue
		}
		fmt.Println("granted")
	}
	// Output:
	// All(Permission("store:close"), Fresh(10m0s), Factors(2))
	// granted
	// 401 a fresh log-in is required
	// 401 a log-in with 2 factors is required
	// 403 missing permission "store:close"
}
