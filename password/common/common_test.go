package common_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password/common"
)

// TestList: every line is found, and nothing between the lines. S4
func TestList(t *testing.T) {
	text, err := os.ReadFile("passwords.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) < 10_000 || !sort.StringsAreSorted(lines) || !strings.HasSuffix(string(text), "\n") {
		t.Fatalf("the list has %d lines, or is not sorted", len(lines))
	}
	in := map[string]bool{}
	for _, l := range lines {
		if in[l] || l != strings.ToLower(l) || l == "" {
			t.Errorf("%q is there twice, or is none", l)
		}
		in[l] = true
	}
	for _, l := range lines {
		if !common.Contains(l) {
			t.Errorf("%q is not found", l)
		}
		for _, other := range []string{l + "\x01", l + "~", l[:len(l)-1], l + "\n"} {
			if got, want := common.Contains(other), in[strings.TrimSpace(other)]; got != want {
				t.Errorf("%q is found: %v", other, got)
			}
		}
	}
}

func TestContains(t *testing.T) {
	for password, want := range map[string]bool{
		"password": true, "PassWord": true, " password ": true, "ｐａｓｓｗｏｒｄ": true, "123456": true, "zzzzzz": true,
		"": false, "   ": false, "\n": false, "\x00": false, "pass\nword": false, "password\npassword1": false,
		"hobbes and calvin": false, "zzzzzzz9zzz": false, "~": false, strings.Repeat("password", 200): false, "\xff\xfe": false,
	} {
		if got := common.Contains(password); got != want {
			t.Errorf("%q: %v", password, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { common.Contains("hobbes and calvin") }); n > 0 {
		t.Errorf("a look-up makes %v allocations", n)
	}
	var e *httperr.Error
	if err := common.Check(t.Context(), "password"); !errors.As(err, &e) || e.Status != 400 {
		t.Errorf("%v", err)
	}
}

func FuzzContains(f *testing.F) {
	for _, p := range []string{"password", "", "\n", "ｐａｓｓ", "\xff", "zzzzzz", "!"} {
		f.Add(p)
	}
	text, _ := os.ReadFile("passwords.txt")
	f.Fuzz(func(t *testing.T, password string) {
		if common.Contains(password) && len(password) < 200 && isPlain(password) &&
			!strings.Contains("\n"+string(text), "\n"+strings.ToLower(password)+"\n") {
			t.Errorf("%q is found", password)
		}
	})
}

// isPlain reports whether s is its own form but for its case.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func ExampleCheck() {
	fmt.Println(common.Check(context.Background(), "Password1"))
	fmt.Println(common.Check(context.Background(), "hobbes and calvin"))
	// Output:
	// 400: password is too common: it is among those that are tried first
	// <nil>
}
