package password_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// TestBcryptVectors has vectors of crypt_blowfish's wrapper.c (Openwall), those
// of $2a$, $2b$ and $2y$ that stand for the same computation.
func TestBcryptVectors(t *testing.T) {
	h := cheap(t, "argon2id")
	for _, test := range []struct{ pass, hash string }{
		{"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
		{"U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
		{"U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
		{"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"},
		{"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"},
		// 72 bytes; the original has more, which it ignores and we do not.
		{"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"},
		// Eight-bit ones are not UTF-8: they verify by their raw bytes.
		{"\xff\xff\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"},
		{"\xa3", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"},
		{"\xa3", "$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"},
		{"\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"},
		{"\xff\xa3345", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e"},
		{"\xa3ab", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.6IflQkJytoRVc1yuaNtHfiuq.FRlSIS"},
		{strings.Repeat("\xaa", 72), "$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6"},
		{strings.Repeat("\xaa\x55", 36), "$2a$05$/OK.fbVrR/bpIqNJ5ianF.R9xrDjiycxMbQE2bp.vgqlYpW5wx2yy"},
		{strings.Repeat("\x55\xaa\xff", 24), "$2a$05$/OK.fbVrR/bpIqNJ5ianF.9tQZzcJfm3uj2NvJ/n5xkhpqLrMpWCe"},
	} {
		checkVerify(t, h, test.pass, test.hash, true)
		checkVerify(t, h, test.pass+"x", test.hash, false)
		checkVerify(t, h, test.pass+"chars after 72 are ignored", test.hash, false) // S2
	}
}

// TestBcryptReadsWhatOthersMake: and others read ours.
func TestBcryptReadsWhatOthersMake(t *testing.T) {
	h := cheap(t, "bcrypt")
	theirs, err := bcrypt.GenerateFromPassword([]byte("hobbes"), 4)
	if err != nil {
		t.Fatal(err)
	}
	checkVerify(t, h, "hobbes", string(theirs), true)
	if err := bcrypt.CompareHashAndPassword([]byte(mustHash(t, h, "hobbes")), []byte("hobbes")); err != nil {
		t.Error(err)
	}
}

// TestBcryptUnusedSaltBits: some implementations set them, their hashes verify.
func TestBcryptUnusedSaltBits(t *testing.T) {
	h := cheap(t, "bcrypt")
	hash := "$2a$05$CCCCCCCCCCCCCCCCCCCCC/E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" // "/" for "."
	checkVerify(t, h, "U*U", hash, true)
	checkVerify(t, h, "U*U*", hash, false)
}
