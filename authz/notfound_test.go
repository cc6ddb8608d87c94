package authz_test

import (
	"testing"

	"github.com/fastsimpleauth/fsa/authz"
)

// TestNotFound: a decision knows its own answer that an object is not there, also
// where its status is that of other refusals.
func TestNotFound(t *testing.T) {
	var granted bool
	var err error
	d, fault := authz.Compile(authz.Any(authz.Group("g"), authz.Object("o", "id", "")), authz.Leaves[int]{
		Group: func(string) (authz.Check[int], error) {
			return func(int) (bool, error) { return false, nil }, nil
		},
		Object: func(string, []string, string) (authz.Check[int], error) {
			return func(int) (bool, error) { return granted, err }, nil
		},
		NotFoundStatus: 403,
	})
	if fault != nil {
		t.Fatal(fault)
	}
	for _, c := range []struct {
		name    string
		granted bool
		err     error
		want    bool
	}{
		{"granted", true, nil, false},
		{"refused", false, nil, false},
		{"not there", false, authz.ErrNoSuchObject, true},
	} {
		granted, err = c.granted, c.err
		p, _ := d.Before(0)
		if answer := d.After(0, p); d.NotFound(answer) != c.want {
			t.Errorf("%s: %v counts as not found: %v", c.name, answer, !c.want)
		}
	}
}
