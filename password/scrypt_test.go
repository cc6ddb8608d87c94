package password_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/password"
)

func TestScryptVectors(t *testing.T) {
	for _, test := range password.ScryptVectors {
		h := cheap(t, "argon2id") // another one each time: it levels the time of refusals
		checkVerify(t, h, test.Pass, test.Hash, true)
		checkVerify(t, h, test.Pass+"x", test.Hash, false)
	}
}

// TestDefaultCosts: of new hashes, as OWASP has them. What needs no rehash is of
// the kind that Hash makes.
func TestDefaultCosts(t *testing.T) {
	salt, sum32, sum64 := strings.Repeat("A", 22)+"$", strings.Repeat("A", 43), strings.Repeat("A", 86)
	for scheme, hash := range map[string]string{
		"argon2id":      "$argon2id$v=19$m=19456,t=2,p=1$" + salt + sum32,
		"bcrypt":        "$2b$12$" + strings.Repeat(".", 53),
		"scrypt":        "$scrypt$ln=17,r=8,p=1$" + salt + sum32,
		"pbkdf2-sha256": "$pbkdf2-sha256$i=600000$" + salt + sum32,
		"pbkdf2-sha512": "$pbkdf2-sha512$i=210000$" + salt + sum64,
	} {
		h, err := password.New(password.Options{Schemes: []string{scheme, "pbkdf2-sha1"}})
		if err != nil {
			t.Fatal(err)
		}
		if h.NeedsRehash(hash) {
			t.Errorf("%s: %q is not of the kind of new hashes", scheme, hash)
		}
	}
}

// TestHMACTwins: an HMAC, on which PBKDF2 and scrypt are built, pads its keys with
// NULs and takes the hash of long ones in their place.
func TestHMACTwins(t *testing.T) { // S2
	for _, scheme := range []string{"scrypt", "pbkdf2-sha256", "pbkdf2-sha512"} {
		h := cheap(t, scheme)
		hash := mustHash(t, h, "hobbes")
		for _, twin := range []string{"hobbes\x00", "hobbes\x00\x00\x00"} {
			checkVerify(t, h, twin, hash, false)
		}
		if scheme == "pbkdf2-sha512" {
			continue // as the next, with blocks of 128 bytes
		}
		long := strings.Repeat("a long one ", 6)
		sum := sha256.Sum256([]byte(long))
		hash = mustHash(t, h, long)
		checkVerify(t, h, long, hash, true)
		checkVerify(t, h, string(sum[:]), hash, false)
	}
	// What stands in for them opens nothing, and old hashes of NULs inside do
	// verify: see PBKDF2Vectors.
	h := cheap(t, "scrypt")
	checkVerify(t, h, "stand-in\x00", mustHash(t, h, "stand-in"), false)
}
