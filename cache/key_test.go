package cache_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fastsimpleauth/fsa/cache"
)

func TestKey(t *testing.T) {
	tests := []struct {
		parts []string
		want  string
	}{
		{nil, ""},
		{[]string{""}, "0:"},
		{[]string{"", ""}, "0:0:"},
		{[]string{"acme", "calvin"}, "4:acme6:calvin"},
		{[]string{"1:a"}, "3:1:a"},
		{[]string{"é"}, "2:é"},
		{[]string{strings.Repeat("x", 100)}, "100:" + strings.Repeat("x", 100)},
	}
	for _, tt := range tests {
		if got := cache.Key(tt.parts...); got != tt.want {
			t.Errorf("Key(%q) = %q, want %q", tt.parts, got, tt.want)
		}
	}
}

// part draws from few characters, those of the encoding, so that tuples that
// look alike when joined are frequent.
var part = rapid.StringOfN(rapid.RuneFrom([]rune("01:a")), 0, 12, -1)

// TestKeyInjective: tuples that differ never share a key. S81
func TestKeyInjective(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seen := make(map[string][]string)
		for range 50 {
			parts := rapid.SliceOfN(part, 0, 4).Draw(rt, "parts")
			k := cache.Key(parts...)
			if other, ok := seen[k]; ok && !slices.Equal(other, parts) {
				rt.Fatalf("%q and %q share %q", parts, other, k)
			}
			seen[k] = parts
		}
	})
}

// FuzzKey cuts two texts at two places each: the tuples are the same only if
// all of them is the same. S81
func FuzzKey(f *testing.F) {
	f.Add("ab", "c", "a", "bc")
	f.Add("a:b", "c", "a", "b:c")
	f.Add("1:a", "", "1:a0:", "")
	f.Add("", "", "", "0:")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		same := a == c && b == d
		if (cache.Key(a, b) == cache.Key(c, d)) != same {
			t.Errorf("(%q, %q) and (%q, %q)", a, b, c, d)
		}
		if cache.Key(a, b) == cache.Key(c) || cache.Key(a, b) == cache.Key(c, d, "") {
			t.Errorf("tuples of different lengths share a key: %q %q %q %q", a, b, c, d)
		}
	})
}
