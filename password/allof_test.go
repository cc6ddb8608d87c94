package password_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password"
	"github.com/fastsimpleauth/fsa/password/common"
)

func TestAllOf(t *testing.T) {
	var asked []string
	rule := func(name string, err error) func(context.Context, string) error {
		return func(_ context.Context, password string) error {
			asked = append(asked, name+" "+password)
			return err
		}
	}
	bad := errors.New("bad")
	for _, c := range []struct {
		rules []func(context.Context, string) error
		want  error
		asked string
	}{
		{nil, nil, ""},
		{[]func(context.Context, string) error{rule("a", nil), rule("b", nil)}, nil, "a x, b x"},
		{[]func(context.Context, string) error{rule("a", nil), rule("b", bad), rule("c", nil)}, bad, "a x, b x"},
	} {
		asked = nil
		if err := password.AllOf(c.rules...)(t.Context(), "x"); err != c.want || strings.Join(asked, ", ") != c.asked {
			t.Errorf("%v, asked %q", err, asked)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	asked = nil
	var e *httperr.Error
	if err := password.AllOf(rule("a", nil))(ended, "x"); !errors.As(err, &e) || e.Status != 503 || !errors.Is(err, context.Canceled) || asked != nil {
		t.Errorf("after the end: %v, asked %q", err, asked)
	}
	defer func() {
		if recover() == nil {
			t.Error("a nil rule is taken")
		}
	}()
	password.AllOf(nil)
}

func ExampleAllOf() {
	quality := password.Quality{MinLength: 8, Check: password.AllOf(
		common.Check,
		func(_ context.Context, password string) error {
			if strings.Contains(strings.ToLower(password), "acme") {
				return httperr.Errorf(400, "password holds the name of the company")
			}
			return nil
		},
	)}
	for _, p := range []string{"sunshine", "acme2024!", "hobbes and calvin"} {
		fmt.Println(quality.Verify(context.Background(), p))
	}
	// Output:
	// 400: password is too common: it is among those that are tried first
	// 400: password holds the name of the company
	// <nil>
}
