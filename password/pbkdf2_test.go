package password_test

import (
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/password"
)

func TestPBKDF2Vectors(t *testing.T) {
	for _, test := range password.PBKDF2Vectors {
		h := cheap(t, "argon2id") // another one each time: it levels the time of refusals
		checkVerify(t, h, test.Pass, test.Hash, true)
		checkVerify(t, h, test.Pass+"x", test.Hash, false)
	}
}

// TestPBKDF2Spellings: the three are of the same hash, of which none needs to be
// replaced by another.
func TestPBKDF2Spellings(t *testing.T) {
	h := cheap(t, "pbkdf2-sha256")
	for range 10 { // until there are all characters of base64
		hash := mustHash(t, h, "hobbes")
		dots := strings.NewReplacer("$i=10$", "$10$", "+", ".")
		for _, spelling := range []string{hash, strings.Replace(hash, "i=10$", "i=10,l=32$", 1), dots.Replace(hash)} {
			checkVerify(t, h, "hobbes", spelling, true)
			checkVerify(t, h, "calvin", spelling, false)
			if h.NeedsRehash(spelling) {
				t.Errorf("%q needs a rehash", spelling)
			}
		}
	}
	hash := "$pbkdf2-sha256$1000$eWVsbG93IHN1Ym1hcmluZQ$oE/feMTPkW0ha8xrS.0MdAe/ui8hbIMqihFpsQpgteY"
	if !h.NeedsRehash(hash) {
		t.Error("another number of rounds needs no rehash")
	}
	if !h.NeedsRehash("$pbkdf2$i=10$eWVsbG93IHN1Ym1hcmluZQ$RZp9e1SMSIxxhnKuHzbwCJ15msE") {
		t.Error("SHA-1 needs no rehash")
	}
}
