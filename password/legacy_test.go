package password_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/password"
)

// reversed stores passwords backwards, behind a prefix.
type reversed string

func (r reversed) Kind() any { return "reversed" }
func (r reversed) Matches(pass string) bool {
	for i := range pass {
		if len(pass) != len(r) || pass[i] != r[len(r)-1-i] {
			return false
		}
	}
	return true
}

func reversing(name string, prefixes ...string) password.Scheme {
	return password.Scheme{Name: name, Prefixes: prefixes, Parse: func(hash string) (password.Digest, error) {
		for _, p := range prefixes {
			hash = strings.TrimPrefix(hash, p)
		}
		switch hash {
		case "damaged":
			return nil, password.ErrMalformed
		case "costly":
			return nil, password.ErrTooCostly
		case "nothing":
			return nil, nil
		}
		return reversed(hash), nil
	}}
}

// unhashable has a kind that no map can hold.
type unhashable struct{ reversed }

func (unhashable) Kind() any { return []int{1} }

// TestLegacy: a scheme of the application verifies beside our own, and what it has
// made is to be replaced.
func TestLegacy(t *testing.T) {
	odd := reversing("odd", "odd:")
	odd.Parse = func(hash string) (password.Digest, error) { return unhashable{reversed(hash[4:])}, nil }
	once := reversing("once", "once:")
	once.OneTime = true
	h, err := password.New(password.Options{
		Schemes:         []string{"argon2id", "insecure-rest"},
		Legacy:          []password.Scheme{reversing("backwards", "back:", "$back$"), odd, once, reversing("insecure-rest"), reversing("insecure-other", "other:")},
		Params:          map[string]int{"memory": 64, "time": 1},
		InsecureLowCost: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	own, _ := h.Hash(t.Context(), "drawer")
	for _, c := range []struct {
		hash                string
		matches, stays, bad bool
	}{
		{hash: "back:reward", matches: true},
		{hash: "$back$reward", matches: true},
		{hash: "odd:reward", matches: true},
		{hash: "once:reward", matches: true, stays: true},
		{hash: "reward", matches: true},
		{hash: "back:drawer"},
		{hash: own, matches: true, stays: true},
		{hash: "back:damaged", bad: true},
		{hash: "back:nothing", bad: true},
		{hash: "damaged", bad: true},
		{hash: "other:reward", bad: true},
		{hash: "$argon2id$reward", bad: true}, // not of the rest
		{hash: strings.Repeat("r", 3000), bad: true},
	} {
		ok, err := h.Verify(t.Context(), "drawer", c.hash)
		if ok != c.matches || (err != nil) != c.bad {
			t.Errorf("%.40s: %v, %v", c.hash, ok, err)
		}
		if err != nil && !errors.Is(err, password.ErrMalformed) && !errors.Is(err, password.ErrUnknownScheme) {
			t.Errorf("%.40s: %v", c.hash, err)
		}
		if got := h.NeedsRehash(c.hash); got == c.stays {
			t.Errorf("%.40s: NeedsRehash is %v", c.hash, got)
		}
		if got := h.OneTime(c.hash); got != strings.HasPrefix(c.hash, "once:") {
			t.Errorf("%.40s: OneTime is %v", c.hash, got)
		}
	}
}

// TestLegacyFaults: schemes that could not be told apart, or would open by accident.
func TestLegacyFaults(t *testing.T) {
	rest := []string{"argon2id", "insecure-rest", "insecure-other"}
	for _, c := range []struct {
		schemes []string
		legacy  []password.Scheme
		want    string
	}{
		{nil, []password.Scheme{{Name: "x", Prefixes: []string{"x:"}}}, `the scheme "x" cannot parse`},
		{nil, []password.Scheme{reversing("X", "x:")}, `"X" is no name of a scheme`},
		{nil, []password.Scheme{reversing("", "x:")}, `"" is no name of a scheme`},
		{nil, []password.Scheme{reversing("bcrypt", "x:")}, `there are two schemes "bcrypt"`},
		{nil, []password.Scheme{reversing("x", "x:"), reversing("x", "y:")}, `there are two schemes "x"`},
		{nil, []password.Scheme{reversing("x")}, `the scheme "x" has no prefix, and takes anything for a hash: use a name that begins with insecure-`},
		{nil, []password.Scheme{reversing("x", "")}, `the scheme "x" has an empty prefix`},
		{nil, []password.Scheme{reversing("x", "x:"), reversing("y", "x:y:")}, `hashes of x and y cannot be told apart`},
		{nil, []password.Scheme{reversing("x", "$2b$12")}, `hashes of bcrypt and x cannot be told apart`},
		{nil, []password.Scheme{reversing("x", "$")}, `hashes of argon2id and x cannot be told apart`},
		{rest, []password.Scheme{reversing("insecure-rest"), reversing("insecure-other")}, `hashes of insecure-rest and insecure-other cannot be told apart`},
		{[]string{"backwards"}, []password.Scheme{reversing("backwards", "x:")}, `"backwards" verifies old hashes and makes none`},
		{[]string{"argon2id", "forwards"}, []password.Scheme{reversing("backwards", "x:")}, `unknown password scheme "forwards"`},
	} {
		_, err := password.New(password.Options{Schemes: c.schemes, Legacy: c.legacy})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestLegacyListed: what is not listed stands in nobody's way, and a scheme that has a
// prefix is not asked about what has none.
func TestLegacyListed(t *testing.T) {
	legacy := []password.Scheme{reversing("insecure-rest"), reversing("insecure-other"), reversing("insecure-odd", "odd:"), reversing("even", "even:")}
	for _, c := range []struct {
		schemes string
		hash    string
		want    error // nil if it verifies
	}{
		{"argon2id", "reward", password.ErrUnknownScheme},
		{"argon2id", "odd:reward", password.ErrUnknownScheme},
		{"argon2id insecure-odd", "reward", password.ErrUnknownScheme},
		{"argon2id insecure-odd", "odd:reward", nil},
		{"argon2id even", "reward", password.ErrUnknownScheme},
		{"argon2id even", "even:costly", password.ErrTooCostly},
		{"argon2id even", "even:nothing", password.ErrMalformed},
		{"argon2id insecure-rest", "reward", nil},
		{"argon2id insecure-rest", "odd:reward", password.ErrUnknownScheme},
		{"argon2id insecure-rest insecure-odd", "reward", nil},
		{"argon2id insecure-rest insecure-odd", "odd:reward", nil},
		{"argon2id insecure-other", "reward", nil},
	} {
		h, err := password.New(password.Options{Schemes: strings.Fields(c.schemes), Legacy: legacy})
		if err != nil {
			t.Errorf("%s: %v", c.schemes, err)
			continue
		}
		ok, err := h.Verify(t.Context(), "drawer", c.hash)
		if ok != (c.want == nil) || !errors.Is(err, c.want) {
			t.Errorf("%s with %s: %v, %v", c.hash, c.schemes, ok, err)
		}
	}
}

func ExampleScheme() {
	// An application that has stored bcrypt hashes behind a mark of its own.
	marked := password.Scheme{
		Name:     "acme",
		Prefixes: []string{"acme1:"},
		Parse:    func(hash string) (password.Digest, error) { return password.Parse(strings.TrimPrefix(hash, "acme1:")) },
	}
	_, err := password.New(password.Options{Legacy: []password.Scheme{marked}})
	fmt.Println(err)
	// Output: <nil>
}
