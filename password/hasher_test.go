package password_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password"
	"pgregory.net/rapid"
)

// Cheap hashers, one for each scheme. The memory of argon2id is large enough to
// be told from everything else that a test allocates.
const cheapMemory = 512 // KiB

// makers are the schemes of new hashes.
var makers = []string{"argon2id", "bcrypt", "scrypt", "pbkdf2-sha256", "pbkdf2-sha512"}

func cheapOptions(scheme string) password.Options {
	o := password.Options{Schemes: []string{scheme}, InsecureLowCost: true}
	switch scheme {
	case "argon2id":
		o.Params = map[string]int{"memory": cheapMemory, "time": 1}
	case "bcrypt":
		o.Params = map[string]int{"rounds": 4}
	case "scrypt":
		o.Params = map[string]int{"rounds": 9} // of 1 KiB
	default:
		o.Params = map[string]int{"rounds": 10}
	}
	return o
}

func cheap(t testing.TB, scheme string) *password.Hasher {
	t.Helper()
	h, err := password.New(cheapOptions(scheme))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustHash(t testing.TB, h *password.Hasher, pass string) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), pass)
	if err != nil {
		t.Fatalf("Hash: %v", err)
	}
	return hash
}

func checkVerify(t testing.TB, h *password.Hasher, pass, hash string, want bool) {
	t.Helper()
	got, err := h.Verify(t.Context(), pass, hash)
	if err != nil || got != want {
		t.Errorf("Verify(%.40q, %q) = %v, %v; want %v", pass, hash, got, err, want)
	}
}

// status gives the HTTP status of an error, 0 if it has none.
func status(err error) int {
	var e *httperr.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// allocated gives the bytes that f allocates. Tests that use it are not
// parallel.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestHashAndVerify(t *testing.T) {
	passwords := []string{"x", "correct horse battery staple", " spaces ", "Ünïcödé 密码 🐯", strings.Repeat("é", 36)}
	for scheme, prefix := range map[string]string{
		"argon2id": "$argon2id$v=19$m=512,t=1,p=1$",
		"bcrypt":   "$2b$04$",
		"scrypt":   "$scrypt$ln=9,r=8,p=1$",

		"pbkdf2-sha256": "$pbkdf2-sha256$i=10$",
		"pbkdf2-sha512": "$pbkdf2-sha512$i=10$",
	} {
		h := cheap(t, scheme)
		for _, pass := range passwords {
			hash := mustHash(t, h, pass)
			if !strings.HasPrefix(hash, prefix) {
				t.Errorf("%s: got %q, want the prefix %q", scheme, hash, prefix)
			}
			checkVerify(t, h, pass, hash, true)
			checkVerify(t, h, pass+"x", hash, false)
			checkVerify(t, h, pass[1:], hash, false)
			checkVerify(t, h, strings.ToUpper(pass)+".", hash, false)
			if again := mustHash(t, h, pass); again == hash {
				t.Errorf("%s: two hashes of a password are equal: no salt", scheme)
			}
		}
	}
}

func TestHashOfOtherSchemeVerifies(t *testing.T) {
	for _, one := range makers {
		for _, other := range makers {
			h, hash := cheap(t, one), mustHash(t, cheap(t, other), "hobbes")
			checkVerify(t, h, "hobbes", hash, true)
			checkVerify(t, h, "calvin", hash, false)
			if got := h.NeedsRehash(hash); got != (one != other) {
				t.Errorf("%s: NeedsRehash(%q) = %v", one, hash, got)
			}
		}
	}
}

func TestLongPasswords(t *testing.T) { // S2
	for _, scheme := range makers {
		if scheme == "bcrypt" {
			continue // see TestBcryptDoesNotTruncate
		}
		h := cheap(t, scheme)
		for _, n := range []int{31, 63, 64, 72, 73, 127, 128, 200, 1023} {
			long := strings.Repeat("a", n)
			hash := mustHash(t, h, long+"x")
			checkVerify(t, h, long+"x", hash, true)
			checkVerify(t, h, long+"y", hash, false)
			checkVerify(t, h, long, hash, false)
		}
		wide := strings.Repeat("🐯", 200)
		checkVerify(t, h, wide, mustHash(t, h, wide), true)
	}
}

func TestBcryptDoesNotTruncate(t *testing.T) { // S2
	h := cheap(t, "bcrypt")
	for _, fits := range []string{strings.Repeat("a", 64), strings.Repeat("a", 72), strings.Repeat("é", 36), strings.Repeat("e\u0301", 36)} {
		hash := mustHash(t, h, fits)
		checkVerify(t, h, fits, hash, true)
		checkVerify(t, h, fits+"x", hash, false)
	}
	for _, tooLong := range []string{strings.Repeat("a", 73), strings.Repeat("a", 200), strings.Repeat("é", 37)} {
		if _, err := h.Hash(t.Context(), tooLong); status(err) != http.StatusBadRequest || !strings.Contains(err.Error(), "at most 72 bytes") {
			t.Errorf("Hash of %d bytes: got %v, want 400 and the limit", len(tooLong), err)
		}
	}
}

func TestBcryptNULDoesNotCollide(t *testing.T) {
	h := cheap(t, "bcrypt")
	hash := mustHash(t, h, "a")
	// The algorithm repeats the password and its NUL: these are the same key.
	for _, pass := range []string{"a\x00a", "a\x00a\x00a", "a\x00"} {
		checkVerify(t, h, pass, hash, false)
	}
}

func TestSizeCaps(t *testing.T) { // S11
	largest, tooLarge := strings.Repeat("a", 1024), strings.Repeat("a", 1025)
	h := cheap(t, "argon2id")
	hash := mustHash(t, h, largest)
	checkVerify(t, h, largest, hash, true)
	checkVerify(t, h, tooLarge, hash, false)

	for _, scheme := range makers {
		h := cheap(t, scheme)
		_, err := h.Hash(t.Context(), tooLarge)
		if status(err) != http.StatusBadRequest || !strings.Contains(err.Error(), "at most 1024 bytes") {
			t.Errorf("%s: Hash of 1025 bytes: got %v, want 400 and the limit", scheme, err)
		}
		// What stands in for it must not be a password that opens anything.
		for _, stand := range []string{"stand-in", "dummy"} {
			hash := mustHash(t, h, stand)
			checkVerify(t, h, tooLarge, hash, false)
			checkVerify(t, h, strings.Repeat("a", 73)+"\x00", hash, false)
			checkVerify(t, h, "", hash, false)
		}
	}
	// The work does not grow with what was sent.
	huge := strings.Repeat("é", 8<<20)
	got := allocated(func() { checkVerify(t, h, huge, hash, false) })
	if most := uint64(2 * cheapMemory << 10); got > most {
		t.Errorf("verifying 16 MiB of password allocates %d bytes, want at most %d", got, most)
	}
}

func TestEmptyNeverMatches(t *testing.T) {
	const emptyBcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy" // crypt_blowfish's of ""
	for _, scheme := range makers {
		h := cheap(t, scheme)
		checkVerify(t, h, "", "", false)
		checkVerify(t, h, "hobbes", "", false)
		checkVerify(t, h, "", mustHash(t, h, "hobbes"), false)
		checkVerify(t, h, "", emptyBcrypt, false)
		if _, err := h.Hash(t.Context(), ""); status(err) != http.StatusBadRequest {
			t.Errorf("%s: Hash of an empty password: got %v, want 400", scheme, err)
		}
	}
}

func TestNormalization(t *testing.T) { // S6
	const (
		nfc = "caf\u00e9 \u00c5ngstr\u00f6m"
		nfd = "cafe\u0301\u00a0A\u030angstro\u0308m" // with a no-break space
	)
	for _, scheme := range makers {
		h := cheap(t, scheme)
		checkVerify(t, h, nfd, mustHash(t, h, nfc), true)
		checkVerify(t, h, nfc, mustHash(t, h, nfd), true)
		checkVerify(t, h, "cafe Angstrom", mustHash(t, h, nfc), false)
		// Compatibility forms are other passwords: OpaqueString is NFC, not NFKC.
		checkVerify(t, h, "ｃａｆé", mustHash(t, h, "café"), false)
	}
}

func TestRawSecondTry(t *testing.T) { // S6: hashes made elsewhere from passwords that are not normal
	h := cheap(t, "argon2id")
	for name, pass := range map[string]string{
		"decomposed":     "cafe\u0301",
		"no-break space": "a\u00a0b",
		"tab":            "a\tb",
		"invalid UTF-8":  "\xff\xa3345",
	} {
		elsewhere := password.PHC(pass, "somesalt", 64, 1, 1, 32)
		t.Run(name, func(t *testing.T) {
			checkVerify(t, h, pass, elsewhere, true)
			checkVerify(t, h, pass+"x", elsewhere, false)
		})
	}
	// Without a check of UTF-8, PRECIS maps both to U+FFFD.
	checkVerify(t, h, "\xfe", password.PHC("\xff", "somesalt", 64, 1, 1, 32), false)
	checkVerify(t, h, "\xfe", mustHash(t, h, "\ufffd"), false)
}

func TestHashRefusesWhatHasNoNormalForm(t *testing.T) {
	h := cheap(t, "argon2id")
	for _, pass := range []string{"a\tb", "a\x00b", "a\nb", "a\x7fb", "\xff", "a\xc3", "\u0378", "a\u200db"} {
		if _, err := h.Hash(t.Context(), pass); status(err) != http.StatusBadRequest {
			t.Errorf("Hash(%q): got %v, want 400", pass, err)
		}
	}
}

// TestSpentByRefusals proves that every refusal does the work of a wrong
// password, so that its time does not tell why.
func TestSpentByRefusals(t *testing.T) { // S12 S13 S15
	for _, scheme := range []string{"argon2id", "scrypt"} { // by the memory that they take
		t.Run(scheme, func(t *testing.T) { testSpentByRefusals(t, cheap(t, scheme)) })
	}
}

func testSpentByRefusals(t *testing.T, h *password.Hasher) {
	const least = cheapMemory << 10
	const most = least + least/2
	hash := mustHash(t, h, "hobbes")
	verify := func(pass, hash string) func() {
		return func() { checkVerify(t, h, pass, hash, false) }
	}
	dummy := func(pass string) func() {
		return func() {
			if err := h.Dummy(t.Context(), pass); err != nil {
				t.Errorf("Dummy: %v", err)
			}
		}
	}
	tests := []struct {
		name  string
		tries uint64
		do    func()
	}{
		{"wrong password", 1, verify("calvin", hash)},
		{"unknown user", 1, dummy("calvin")},
		{"no stored hash", 1, verify("calvin", "")},
		{"empty password", 1, verify("", hash)},
		{"unknown user, empty password", 1, dummy("")},
		{"too large", 1, verify(strings.Repeat("a", 1025), hash)},
		{"unknown user, too large", 1, dummy(strings.Repeat("a", 1025))},
		{"control character", 1, verify("a\tb", hash)},
		{"NUL", 1, verify("a\x00", hash)},
		{"unknown user, NUL", 1, dummy("a\x00")},
		{"unknown user, control character", 1, dummy("a\tb")},
		{"not normal", 2, verify("cafe\u0301", hash)},
		{"unknown user, not normal", 2, dummy("cafe\u0301")},
		{"no stored hash, not normal", 2, verify("cafe\u0301", "")},
	}
	for _, test := range tests {
		if got := allocated(test.do); got < test.tries*least || got > test.tries*most {
			t.Errorf("%s: %d bytes, want %d to %d", test.name, got, test.tries*least, test.tries*most)
		}
	}
}

func TestSpentByBcryptRefusals(t *testing.T) { // S13
	h := cheap(t, "bcrypt")
	hash := mustHash(t, h, "hobbes")
	const blowfish = 4 * 1024 // bytes of its boxes, allocated for each comparison
	for name, pass := range map[string]string{
		"wrong":            "calvin",
		"over 72 bytes":    strings.Repeat("a", 73),
		"over 1,024 bytes": strings.Repeat("a", 1025),
		"empty":            "",
		"NUL":              "a\x00b",
	} {
		if got := allocated(func() { checkVerify(t, h, pass, hash, false) }); got < blowfish {
			t.Errorf("%s: %d bytes allocated: no comparison was made", name, got)
		}
		if got := allocated(func() { h.Dummy(t.Context(), pass) }); got < blowfish {
			t.Errorf("Dummy, %s: %d bytes allocated: no comparison was made", name, got)
		}
	}
}

func TestUnusableHashes(t *testing.T) {
	h := cheap(t, "argon2id")
	for _, test := range password.Unusable {
		name := fmt.Sprintf("%.80q", test.Hash)
		var ok bool
		var err error
		spent := allocated(func() { ok, err = h.Verify(t.Context(), "hobbes", test.Hash) })
		if ok || !errors.Is(err, test.Want) {
			t.Errorf("%s: got %v, %v; want %v", name, ok, err, test.Want)
			continue
		}
		if status(err) != 0 {
			t.Errorf("%s: the error %v is for the client", name, err)
		}
		_, parts, _ := strings.Cut(strings.TrimPrefix(test.Hash, "$"), "$") // without the scheme's name
		for _, part := range strings.Split("hobbes$"+parts, "$") {          // S70
			if len(part) > 5 && strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error tells a secret: %v", name, err)
			}
		}
		if spent > 64<<10 { // nothing was spent
			t.Errorf("%s: %d bytes allocated", name, spent)
		}
		if !h.NeedsRehash(test.Hash) {
			t.Errorf("%s: needs no rehash, though nothing can verify it", name)
		}
	}
}

func TestNeedsRehash(t *testing.T) { // S9
	argon2id, bcrypt := cheap(t, "argon2id"), cheap(t, "bcrypt")
	const bcryptTail = "$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	tests := []struct {
		name string
		h    *password.Hasher
		hash string
		want bool
	}{
		{"own argon2id", argon2id, mustHash(t, argon2id, "x"), false},
		{"own bcrypt", bcrypt, mustHash(t, bcrypt, "x"), false},
		{"bcrypt 2a", bcrypt, "$2a$04" + bcryptTail, false},
		{"bcrypt 2y", bcrypt, "$2y$04" + bcryptTail, false},
		{"bcrypt, more rounds", bcrypt, "$2b$05" + bcryptTail, true},
		{"other scheme", argon2id, mustHash(t, bcrypt, "x"), true},
		{"other scheme", bcrypt, mustHash(t, argon2id, "x"), true},
		{"less memory", argon2id, password.PHC("x", "sixteen bytes ok", cheapMemory-1, 1, 1, 32), true},
		{"more memory", argon2id, password.PHC("x", "sixteen bytes ok", cheapMemory+1, 1, 1, 32), true},
		{"more time", argon2id, password.PHC("x", "sixteen bytes ok", cheapMemory, 2, 1, 32), true},
		{"more lanes", argon2id, password.PHC("x", "sixteen bytes ok", cheapMemory, 1, 2, 32), true},
		{"shorter salt", argon2id, password.PHC("x", "somesalt", cheapMemory, 1, 1, 32), true},
		{"shorter digest", argon2id, password.PHC("x", "sixteen bytes ok", cheapMemory, 1, 1, 16), true},
		{"same", argon2id, password.PHC("x", "sixteen bytes ok", cheapMemory, 1, 1, 32), false},
		{"empty", argon2id, "", true},
	}
	for _, test := range tests {
		if got := test.h.NeedsRehash(test.hash); got != test.want {
			t.Errorf("%s: NeedsRehash(%q) = %v", test.name, test.hash, got)
		}
	}
}

func TestNew(t *testing.T) {
	params := func(kv ...any) map[string]int {
		m := map[string]int{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1].(int)
		}
		return m
	}
	tests := []struct {
		name string
		o    password.Options
		want string // in the error; "" for none
	}{
		{"zero", password.Options{}, ""},
		{"both", password.Options{Schemes: []string{"bcrypt", "argon2id"}, Params: params("rounds", 10)}, ""},
		{"floors", password.Options{Params: params("memory", 7168, "time", 1)}, ""},
		{"caps", password.Options{Params: params("memory", 262144, "time", 10, "parallelism", 16)}, ""},
		{"bcrypt cap", password.Options{Schemes: []string{"bcrypt"}, Params: params("rounds", 16)}, ""},
		{"low cost", password.Options{Params: params("memory", 8), InsecureLowCost: true}, ""},
		{"low cost bcrypt", password.Options{Schemes: []string{"bcrypt"}, Params: params("rounds", 4), InsecureLowCost: true}, ""},
		{"workers", password.Options{Workers: 3, Queue: 1}, ""},

		{"unknown scheme", password.Options{Schemes: []string{"md5"}}, `unknown password scheme "md5": use argon2id, bcrypt, scrypt, pbkdf2-sha256 or pbkdf2-sha512`},
		{"old scheme des_crypt", password.Options{Schemes: []string{"des_crypt"}}, `unknown password scheme "des_crypt": use argon2id, bcrypt, scrypt, pbkdf2-sha256 or pbkdf2-sha512; package password/legacyhash verifies old ones`},
		{"old scheme django-pbkdf2", password.Options{Schemes: []string{"django-pbkdf2"}}, `unknown password scheme "django-pbkdf2": use argon2id, bcrypt, scrypt, pbkdf2-sha256 or pbkdf2-sha512; package password/legacyhash verifies old ones`},
		{"old scheme insecure-md5", password.Options{Schemes: []string{"insecure-md5"}}, `unknown password scheme "insecure-md5": use argon2id, bcrypt, scrypt, pbkdf2-sha256 or pbkdf2-sha512; package password/legacyhash verifies old ones`},
		{"unknown second scheme", password.Options{Schemes: []string{"bcrypt", "Argon2id"}}, `unknown password scheme "Argon2id": use argon2id`},
		{"twice", password.Options{Schemes: []string{"bcrypt", "bcrypt"}}, `"bcrypt" is listed twice`},
		{"foreign parameter", password.Options{Params: params("rounds", 12)}, `argon2id has no parameter "rounds": it has memory, time, parallelism`},
		{"parameter of the second", password.Options{Schemes: []string{"bcrypt", "argon2id"}, Params: params("memory", 19456)}, `bcrypt has no parameter "memory"`},
		{"little memory", password.Options{Params: params("memory", 7167)}, `memory is 7167 KiB: use 7168 KiB or more, or set InsecureLowCost`},
		{"no time", password.Options{Params: params("time", 0)}, `time is 0: use 1 or more`},
		{"no time, low cost", password.Options{Params: params("time", 0), InsecureLowCost: true}, `time is 0: use 1 or more`},
		{"no lanes", password.Options{Params: params("parallelism", -1)}, `parallelism is -1: use 1 or more`},
		{"no memory, low cost", password.Options{Params: params("memory", 7), InsecureLowCost: true}, `memory is 7 KiB: use 7168 KiB or more`},
		{"less than lanes need", password.Options{Params: params("memory", 8, "parallelism", 2), InsecureLowCost: true}, `use 16 KiB or more with a parallelism of 2`},
		{"much memory", password.Options{Params: params("memory", 262145)}, `memory is 262145 KiB: use at most 262144 KiB`},
		{"memory that wraps", password.Options{Params: params("memory", 1<<32+19456)}, `use at most 262144 KiB`},
		{"much time", password.Options{Params: params("time", 11)}, `use at most 10`},
		{"many lanes", password.Options{Params: params("parallelism", 257)}, `use at most 16`},
		{"few rounds", password.Options{Schemes: []string{"bcrypt"}, Params: params("rounds", 9)}, `rounds is 9: use 10 or more, or set InsecureLowCost`},
		{"no rounds, low cost", password.Options{Schemes: []string{"bcrypt"}, Params: params("rounds", 3), InsecureLowCost: true}, `rounds is 3: use 10 or more`},
		{"many rounds", password.Options{Schemes: []string{"bcrypt"}, Params: params("rounds", 17)}, `rounds is 17: use at most 16`},
		{"scrypt", password.Options{Schemes: []string{"scrypt"}}, ""},
		{"scrypt as OWASP 16", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 16, "parallelism", 2)}, ""},
		{"scrypt as OWASP 15", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 15, "parallelism", 3)}, ""},
		{"scrypt as OWASP 14", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 14, "parallelism", 5)}, ""},
		{"scrypt as OWASP 13", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 13, "parallelism", 10)}, ""},
		{"scrypt caps", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 18, "parallelism", 4)}, ""},
		{"scrypt low cost", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 1, "block_size", 1), InsecureLowCost: true}, ""},
		{"pbkdf2", password.Options{Schemes: []string{"pbkdf2-sha256"}, Params: params("rounds", 600000)}, ""},
		{"pbkdf2 sha512", password.Options{Schemes: []string{"pbkdf2-sha512"}, Params: params("rounds", 210000)}, ""},
		{"pbkdf2 cap", password.Options{Schemes: []string{"pbkdf2-sha512"}, Params: params("rounds", 5000000)}, ""},
		{"pbkdf2 low cost", password.Options{Schemes: []string{"pbkdf2-sha256"}, Params: params("rounds", 1), InsecureLowCost: true}, ""},
		{"old scheme second", password.Options{Schemes: []string{"argon2id", "pbkdf2-sha1"}}, ""},

		{"old scheme first", password.Options{Schemes: []string{"pbkdf2-sha1", "argon2id"}}, `"pbkdf2-sha1" verifies old hashes and makes none: use another one first, argon2id, bcrypt,`},
		{"name of passlib", password.Options{Schemes: []string{"pbkdf2_sha256"}}, `unknown password scheme "pbkdf2_sha256": use pbkdf2-sha256, as it is called here`},
		{"other name of passlib", password.Options{Schemes: []string{"argon2"}}, `unknown password scheme "argon2": use argon2id, as it is called here`},
		{"plaintext", password.Options{Schemes: []string{"plaintext"}}, `password scheme "plaintext" keeps passwords readable: use argon2id,`},
		{"insecure plaintext", password.Options{Schemes: []string{"argon2id", "insecure-plaintext"}}, `keeps passwords readable: use argon2id,`},
		{"scrypt, little memory", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 12, "parallelism", 16)}, `rounds is 12: use 13 or more, or set InsecureLowCost`},
		{"scrypt, few lanes 16", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 16)}, `parallelism is 1: use 2 or more with 16 rounds, or set InsecureLowCost`},
		{"scrypt, few lanes 15", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 15, "parallelism", 2)}, `use 3 or more with 15 rounds`},
		{"scrypt, few lanes 14", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 14, "parallelism", 4)}, `use 5 or more with 14 rounds`},
		{"scrypt, few lanes 13", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 13, "parallelism", 9)}, `use 10 or more with 13 rounds`},
		{"scrypt, small blocks", password.Options{Schemes: []string{"scrypt"}, Params: params("block_size", 7)}, `block_size is 7: use 8 or more`},
		{"scrypt, many rounds", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 19)}, `rounds is 19: use at most 18`},
		{"scrypt, rounds that wrap", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 1<<32+17)}, `use at most 18`},
		{"scrypt, large blocks", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 13, "parallelism", 10, "block_size", 33)}, `block_size is 33: use at most 32`},
		{"scrypt, many lanes", password.Options{Schemes: []string{"scrypt"}, Params: params("parallelism", 17)}, `parallelism is 17: use at most 16`},
		{"scrypt, over 256 MiB", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 18, "block_size", 9)}, `scrypt: 2^rounds·block_size is 2359296, and 2359296 times the parallelism: use at most 2097152 and 8388608`},
		{"scrypt, over its time", password.Options{Schemes: []string{"scrypt"}, Params: params("parallelism", 9)}, `9437184 times the parallelism: use at most`},
		{"scrypt, not defined", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 16, "block_size", 1), InsecureLowCost: true}, `use at most 15 with a block_size of 1`},
		{"scrypt, nothing", password.Options{Schemes: []string{"scrypt"}, Params: params("rounds", 0, "block_size", 0, "parallelism", 0), InsecureLowCost: true}, `block_size is 0: use 8 or more`},
		{"pbkdf2, few rounds", password.Options{Schemes: []string{"pbkdf2-sha256"}, Params: params("rounds", 599999)}, `pbkdf2-sha256: rounds is 599999: use 600000 or more, or set InsecureLowCost`},
		{"pbkdf2 sha512, few rounds", password.Options{Schemes: []string{"pbkdf2-sha512"}, Params: params("rounds", 209999)}, `use 210000 or more`},
		{"pbkdf2, no rounds", password.Options{Schemes: []string{"pbkdf2-sha256"}, Params: params("rounds", 0), InsecureLowCost: true}, `rounds is 0: use 600000 or more`},
		{"pbkdf2, many rounds", password.Options{Schemes: []string{"pbkdf2-sha256"}, Params: params("rounds", 5000001)}, `rounds is 5000001: use at most 5000000`},
		{"negative workers", password.Options{Workers: -1}, `workers are -1`},
		{"negative queue", password.Options{Queue: -1}, `queue is -1`},
	}
	for _, test := range tests {
		h, err := password.New(test.o)
		switch {
		case test.want == "" && (err != nil || h == nil):
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || h != nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestEndedContext(t *testing.T) {
	h := cheap(t, "argon2id")
	hash := mustHash(t, h, "hobbes")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ok, err := h.Verify(ctx, "hobbes", hash); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: %v, %v", ok, err)
	}
	if _, err := h.Hash(ctx, "hobbes"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash: %v", err)
	}
	if err := h.Dummy(ctx, "hobbes"); !errors.Is(err, context.Canceled) {
		t.Errorf("Dummy: %v", err)
	}
}

// TestConcurrentUse is for the race detector; every caller gets its own answer.
func TestConcurrentUse(t *testing.T) { // S10
	o := cheapOptions("argon2id")
	o.Params["memory"] = 64
	o.Workers, o.Queue = 2, 100
	h, err := password.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			pass := fmt.Sprintf("pässword %d", i)
			hash := mustHash(t, h, pass)
			for range 5 {
				checkVerify(t, h, pass, hash, true)
				checkVerify(t, h, pass+"x", hash, false)
			}
		})
	}
}

// TestOwnPasswordAlwaysVerifies: what Hash takes, Verify knows again, and
// nothing else does.
func TestOwnPasswordAlwaysVerifies(t *testing.T) { // S2 S6
	hashers := map[string]*password.Hasher{}
	for _, scheme := range makers {
		hashers[scheme] = tiny(t, scheme)
	}
	rapid.Check(t, func(rt *rapid.T) {
		h := hashers[rapid.SampledFrom(makers).Draw(rt, "scheme")]
		pass := rapid.StringN(0, 80, -1).Draw(rt, "password")
		hash, err := h.Hash(t.Context(), pass)
		if err != nil {
			if status(err) != http.StatusBadRequest {
				rt.Fatalf("Hash: %v", err)
			}
			return
		}
		if ok, err := h.Verify(t.Context(), pass, hash); !ok || err != nil {
			rt.Fatalf("Verify: %v, %v", ok, err)
		}
		if ok, err := h.Verify(t.Context(), pass+"x", hash); ok || err != nil {
			rt.Fatalf("Verify of another: %v, %v", ok, err)
		}
	})
}
