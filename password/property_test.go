package password_test

import (
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fastsimpleauth/fsa/password"
	"pgregory.net/rapid"
)

// tiny hashers are as quick as can be.
func tiny(t testing.TB, scheme string) *password.Hasher {
	t.Helper()
	o := password.Options{Schemes: []string{scheme}, InsecureLowCost: true, Params: map[string]map[string]int{
		"argon2id": {"memory": 8, "time": 1}, "bcrypt": {"rounds": 4}, "scrypt": {"rounds": 1, "block_size": 1},
	}[scheme]}
	if strings.HasPrefix(scheme, "pbkdf2") {
		o.Params = map[string]int{"rounds": 2}
	}
	h, err := password.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// spellings are the other ways to write a hash that are known to verify.
func spellings(hash string) []string {
	all := []string{hash}
	switch {
	case strings.HasPrefix(hash, "$2b$"):
		const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		const last = 28 // character of the salt, of which four bits mean nothing
		all = nil
		first := strings.IndexByte(alphabet, hash[last]) &^ 15
		for spare := range 16 {
			for _, prefix := range []string{"$2a$", "$2b$", "$2y$"} {
				all = append(all, prefix+hash[4:last]+alphabet[first+spare:first+spare+1]+hash[last+1:])
			}
		}
	case strings.HasPrefix(hash, "$pbkdf2-"):
		size := map[bool]string{true: "32", false: "64"}[strings.HasPrefix(hash, "$pbkdf2-sha256")]
		all = append(all, strings.Replace(hash, "$i=2$", "$i=2,l="+size+"$", 1), strings.NewReplacer("$i=2$", "$2$", "+", ".").Replace(hash))
	}
	return all
}

// TestOneSpelling: whatever Verify accepts is what Hash has made, or one of the
// other spellings that we know of. The hash is changed in as many places as may be.
func TestOneSpelling(t *testing.T) {
	const pass = "hobbes"
	type made struct {
		h      *password.Hasher
		hash   string
		others []string
	}
	var all []made
	for _, scheme := range makers {
		h := tiny(t, scheme)
		hash := mustHash(t, h, pass)
		others := spellings(hash)
		for _, other := range others {
			checkVerify(t, h, pass, other, true)
			checkVerify(t, h, pass+"x", other, false)
		}
		all = append(all, made{h, hash, others})
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := rapid.SampledFrom(all).Draw(rt, "hash")
		text := rapid.SampledFrom(m.others).Draw(rt, "spelling")
		for range rapid.IntRange(1, 3).Draw(rt, "edits") {
			at := rapid.IntRange(0, len(text)).Draw(rt, "at")
			piece := rapid.SampledFrom([]string{"$", "=", ",", "\n", "\r\n", " ", ".", "/", "+", "A", "a", "0", "1", "2", "9", "-", "i=", "l=32", "p=1", "\x00", "\xff", "$$"}).Draw(rt, "piece")
			end := min(len(text), at+rapid.IntRange(0, 2).Draw(rt, "gone"))
			text = text[:at] + piece + text[end:]
		}
		if tooSlow(text) {
			return
		}
		ok, err := tiny(t, "pbkdf2-sha256").Verify(t.Context(), pass, text)
		if ok && !slices.Contains(m.others, text) {
			rt.Fatalf("%q is accepted for %q", text, m.hash)
		}
		if ok && err != nil {
			rt.Fatalf("both a match and %v", err)
		}
		if ok && m.h.NeedsRehash(text) {
			rt.Fatalf("%q needs a rehash", text)
		}
	})
}

// tooSlow reports whether a number of a hash may have grown to one that takes long.
func tooSlow(hash string) bool {
	for _, field := range strings.FieldsFunc(hash[:min(len(hash), 40)], func(r rune) bool { return r < '0' || r > '9' }) {
		if len(field) > 3 {
			return true
		}
	}
	return strings.HasPrefix(hash, "$2") && len(hash) > 6 && hash[4:6] > "05"
}

// TestNoRandomness: without randomness there is no salt, and no hash. Most schemes
// end the program, so that the test runs itself in another one.
func TestNoRandomness(t *testing.T) { // S86
	const child, made = "TEST_FSA_NO_RANDOMNESS", "a hash was made: "
	if scheme := os.Getenv(child); scheme != "" {
		h := tiny(t, scheme)
		rand.Reader = iotest.ErrReader(errors.New("no randomness"))
		hash, err := h.Hash(t.Context(), "hobbes")
		if err != nil {
			t.Fatal("failed to read random data:", err)
		}
		t.Fatal(made, hash)
	}
	for _, scheme := range makers {
		cmd := exec.Command(os.Args[0], "-test.run=^TestNoRandomness$")
		cmd.Env = append(os.Environ(), child+"="+scheme)
		out, err := cmd.CombinedOutput()
		if err == nil || strings.Contains(string(out), made) || !strings.Contains(string(out), "failed to read random data") {
			t.Errorf("%s: %v: %s", scheme, err, out)
		}
	}
}
