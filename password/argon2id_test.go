package password_test

import (
	"testing"

	"github.com/fastsimpleauth/fsa/password"
)

// TestArgon2idVectors has the vectors of the reference implementation's test.c
// (P-H-C/phc-winner-argon2), those that need little memory.
func TestArgon2idVectors(t *testing.T) {
	h := cheap(t, "bcrypt")
	for _, test := range []struct{ pass, hash string }{
		{"password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
		{"password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"},
		{"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
		// Made elsewhere, with the least and the largest sizes.
		{"hobbes", password.PHC("hobbes", "somesalt", 8, 1, 1, 16)},
		{"hobbes", password.PHC("hobbes", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 129, 10, 16, 64)},
	} {
		checkVerify(t, h, test.pass, test.hash, true)
		checkVerify(t, h, test.pass+"x", test.hash, false)
	}
}
