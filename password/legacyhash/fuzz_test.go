package legacyhash_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/password"
	"github.com/fastsimpleauth/fsa/password/legacyhash"
)

// FuzzParse: no stored text makes a parser panic, cost more than its length, or quote
// what it has read; what it accepts does not match a password that nobody has.
func FuzzParse(f *testing.F) {
	schemes := append(legacyhash.All(), legacyhash.OTP(nil))
	for _, v := range vectors {
		f.Add(v.hash)
		f.Add(v.hash[:len(v.hash)-1])
		f.Add(strings.Replace(v.hash, "1000", "1000000", 1))
	}
	f.Add("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	f.Add("{SSHA512}")
	f.Add("F(969E-)zzzz")
	f.Fuzz(func(t *testing.T, hash string) {
		for _, s := range schemes {
			mine := len(s.Prefixes) == 0
			for _, p := range s.Prefixes {
				mine = mine || strings.HasPrefix(hash, p)
			}
			if !mine || len(hash) > 2048 {
				continue
			}
			start := time.Now()
			d, err := s.Parse(hash)
			if took := time.Since(start); took > time.Second {
				t.Fatalf("%s: %q took %v to parse", s.Name, hash, took)
			}
			if (d == nil) == (err == nil) {
				t.Fatalf("%s: %q: %v, %v", s.Name, hash, d, err)
			}
			if err != nil {
				if n := len(hash); n >= 24 && strings.Contains(err.Error(), hash[n-12:]) {
					t.Fatalf("%s: the error quotes the hash: %v", s.Name, err)
				}
				continue
			}
			_ = map[any]bool{d.Kind(): true} // it can be looked up
			if len(s.Prefixes) == 0 && s.Name != password.Insecure+"otp" && d.Matches("no password of anybody: "+hash) {
				t.Fatalf("%s: %q matches another password", s.Name, hash)
			}
		}
	})
}
