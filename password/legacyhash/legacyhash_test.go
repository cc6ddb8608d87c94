package legacyhash_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/password"
	"github.com/fastsimpleauth/fsa/password/legacyhash"
)

// hasher knows all schemes, of which those are listed.
func hasher(t testing.TB, listed ...string) *password.Hasher {
	t.Helper()
	h, err := password.New(password.Options{
		Schemes:         append([]string{"argon2id"}, listed...),
		Legacy:          append(legacyhash.All(), legacyhash.OTP(nil)),
		Params:          map[string]int{"memory": 64, "time": 1},
		InsecureLowCost: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestVectors: what others have made verifies, for its password only, and is to be
// replaced. S9
func TestVectors(t *testing.T) {
	tried := map[string]bool{}
	for _, v := range vectors {
		tried[v.scheme] = true
		listed := []string{v.scheme}
		if !strings.HasPrefix(v.scheme, password.Insecure) {
			listed = nil
		}
		h := hasher(t, listed...)
		for given, want := range map[string]bool{
			v.pass: true, v.pass + "y": false, v.pass[1:]: false, v.pass + "\x00": false, "stand-in": false,
		} {
			if ok, err := h.Verify(t.Context(), given, v.hash); ok != want || err != nil {
				t.Errorf("%s, by %s: %.40q: %v, %v", v.scheme, v.source, given, ok, err)
			}
		}
		if !h.NeedsRehash(v.hash) || h.OneTime(v.hash) {
			t.Errorf("%s, by %s: it would stay", v.scheme, v.source)
		}
	}
	for _, s := range legacyhash.All() {
		if !tried[s.Name] {
			t.Errorf("there is no vector of %s", s.Name)
		}
	}
}

// TestInsecureIsListed: what is as good as readable does not verify by itself.
func TestInsecureIsListed(t *testing.T) {
	h := hasher(t)
	for _, v := range vectors {
		if !strings.HasPrefix(v.scheme, password.Insecure) {
			continue
		}
		if ok, err := h.Verify(t.Context(), v.pass, v.hash); ok || !errors.Is(err, password.ErrUnknownScheme) {
			t.Errorf("%s, which is not listed: %v, %v", v.scheme, ok, err)
		}
	}
	for _, c := range []struct {
		schemes []string
		want    string
	}{
		{[]string{"insecure-plaintext"}, `verifies old hashes and makes none`},
		{[]string{"sha512-crypt", "argon2id"}, `verifies old hashes and makes none`},
		{[]string{"argon2id", "insecure-b64", "insecure-plaintext"}, "hashes of insecure-plaintext and insecure-b64 cannot be told apart"},
		{[]string{"argon2id", "plaintext"}, "package password/legacyhash"},
		{[]string{"argon2id", "sha512_crypt"}, "package password/legacyhash"},
	} {
		_, err := password.New(password.Options{Schemes: c.schemes, Legacy: legacyhash.All()})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.schemes, err)
		}
	}
}

// TestPassTheHash: whoever has seen a stored hash does not log in by it, wherever
// passwords are stored as they are.
func TestPassTheHash(t *testing.T) {
	for _, scheme := range []string{"insecure-plaintext", "insecure-a85", "insecure-b64"} {
		h, err := password.New(password.Options{ // that knows no other scheme of these hashes
			Schemes: []string{"argon2id", scheme}, Params: map[string]int{"memory": 64, "time": 1}, InsecureLowCost: true,
			Legacy: slices.DeleteFunc(legacyhash.All(), func(s password.Scheme) bool { return s.Name != scheme }),
		})
		if err != nil {
			t.Fatal(err)
		}
		seen := []string{
			"$7$DU..../....2Q9obwLhin8qvQl6sisAO/$E1HizYWxBmnIH4sdPkd1UOML9t62Gf.wvNTnt5XFzs8", "{SSHA3}abc", "*", "!locked",
			"_J9..rasmBYk8r9AiWNc", "5f4dcc3b5aa765d61d8327deb882cf99", "md5$snowman$5f4dcc3b5aa765d61d8327deb882cf99", "$6$damaged",
			"sha1$snowman$7f06d542da773e164cd1ce231591ae4649be96d7", "argon2$argon2i$v=19$m=64,t=1,p=1$c25vd21hbnNub3c$fgBpkeTnz+uvnkRI",
		}
		for _, v := range vectors {
			if v.source != "" && !strings.HasPrefix(v.source, "Python's base64") {
				seen = append(seen, v.hash)
			}
		}
		for _, hash := range seen {
			if ok, _ := h.Verify(t.Context(), hash, hash); ok {
				t.Errorf("%s: a hash is its own password: %s", scheme, hash)
			}
		}
	}
}

// TestDamaged: whatever is cut off, added or changed in the parameters is refused, or
// matches nothing; no error quotes the hash.
func TestDamaged(t *testing.T) {
	for _, v := range vectors {
		if v.source == "" || v.scheme == "insecure-a85" || v.scheme == "insecure-b64" {
			continue // any text is a password
		}
		if strings.Contains(v.hash, "16384") || strings.HasPrefix(v.hash, "$5$snow") || strings.HasPrefix(v.hash, "$6$U") {
			continue // others of the same form are quicker
		}
		h := hasher(t, "insecure-md5-crypt", "insecure-ssha", "insecure-sha")
		for _, hash := range []string{
			v.hash[:len(v.hash)-1], v.hash[:len(v.hash)-8], v.hash + "A", v.hash + "\n", v.hash + "$", " " + v.hash,
			strings.Replace(v.hash, "$", "$$", 1) + "", strings.Replace(v.hash, "1000", "01000", 1), strings.Replace(v.hash, "1000", "+1000", 1),
			v.hash[:len(v.hash)/2] + "\r\n" + v.hash[len(v.hash)/2:], v.hash + strings.Repeat("A", 3000),
		} {
			if hash == v.hash {
				continue
			}
			ok, err := h.Verify(t.Context(), v.pass, hash)
			if ok {
				t.Errorf("%s: %.90q verifies", v.scheme, hash)
			}
			if err != nil && strings.Contains(err.Error(), hash[len(hash)-8:]) {
				t.Errorf("%s: the error quotes the hash: %v", v.scheme, err)
			}
		}
	}
}

// TestCaps: what would cost too much is refused, before anything is spent.
func TestCaps(t *testing.T) {
	h := hasher(t)
	digest := strings.Split(sha512Own, "$")[4]
	zeros := strings.Repeat("0", 128)
	for _, c := range []struct {
		hash string
		want error
	}{
		{"$6$rounds=1000001$snowman$" + digest, password.ErrTooCostly},
		{"$6$rounds=999999999$snowman$" + digest, password.ErrTooCostly},
		{"$6$rounds=99999999999$snowman$" + digest, password.ErrMalformed},
		{"$6$rounds=999$snowman$" + digest, password.ErrMalformed},
		{"$6$rounds=1000$snowmansnowmansnow$" + digest, password.ErrMalformed},
		{"$6$rounds=1000$$" + digest, password.ErrMalformed},
		{"{CRYPT}$6$rounds=1000001$snowman$" + digest, password.ErrTooCostly},
		{"{CRYPT}$1$snowman$8jAtAp5ODMTFyxa60vKyn0", password.ErrMalformed},
		{"{CRYPT}{CRYPT}$5$", password.ErrMalformed},
		{"$sha1$1000001$snowman$QsT6QPJhjH/4C5.zd8WmJ/IiVsC.", password.ErrTooCostly},
		{"$sha1$0$snowman$QsT6QPJhjH/4C5.zd8WmJ/IiVsC.", password.ErrMalformed},
		{"$bcrypt-sha256$v=2,t=2b,r=17$7wINT62DdIEZEt19gDwaCO$gZVfc96QizJcAj/vsy.nfmwkmuCLfPq", password.ErrTooCostly},
		{"$bcrypt-sha256$v=3,t=2b,r=4$7wINT62DdIEZEt19gDwaCO$gZVfc96QizJcAj/vsy.nfmwkmuCLfPq", password.ErrMalformed},
		{"$bcrypt-sha256$2b,04$T4fhecQPTrlvsE20ooHHwu$.hhDHSZDV91wwagQykJjMvmAlqg9GGm", password.ErrMalformed},
		{"pbkdf2_sha256$5000001$snowman$jyRh3ZC5xo3Y7QJjy9X4ASozms7Dr9uMTWuVrVGnhMo=", password.ErrTooCostly},
		{"pbkdf2_sha256$0$snowman$jyRh3ZC5xo3Y7QJjy9X4ASozms7Dr9uMTWuVrVGnhMo=", password.ErrMalformed},
		{"pbkdf2:sha256:5000001$snow$" + zeros[:64], password.ErrTooCostly},
		{"pbkdf2:md5:1000$snow$" + zeros[:32], password.ErrMalformed},
		{"pbkdf2:sha256$snow$" + zeros[:64], password.ErrMalformed},
		{"scrypt:524288:8:1$snow$" + zeros, password.ErrTooCostly},
		{"scrypt:262144:8:5$snow$" + zeros, password.ErrTooCostly},
		{"scrypt:262144:32:1$snow$" + zeros, password.ErrTooCostly},
		{"scrypt:1000:8:1$snow$" + zeros, password.ErrMalformed},
		{"scrypt:0:8:1$snow$" + zeros, password.ErrMalformed},
		{"scrypt:65536:1:1$snow$" + zeros, password.ErrMalformed},
		{"scrypt:1024:0:1$snow$" + zeros, password.ErrMalformed},
		{"scrypt$1024$snow$8$2147483647$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==", password.ErrTooCostly},
		{"argon2$argon2id$v=19$m=1048576,t=1,p=1$c25vd21hbnNub3c$fgBpkeTnz+uvnkRI/fNAnw", password.ErrTooCostly},
		{"argon2$argon2i$v=19$m=64,t=1,p=1$c25vd21hbnNub3c$fgBpkeTnz+uvnkRI/fNAnw", password.ErrMalformed},
		{"bcrypt$$5$snowmansnow$qOYFziX.rMKjfaukdRXDHOxHsfM47WemlWfB4XqDr56", password.ErrMalformed},
		{"{PBKDF2}5000001$n7NWilHqvfc.B2Cs1Xrv/Q$89cdj08Q8jpdLlbHilwBELeIFF4", password.ErrTooCostly},
		{"c2NyeXB0ABQAAAAIAAAAAVhMrO7JGRODncSLEKICP7GsquaB", password.ErrMalformed},
	} {
		start := time.Now()
		ok, err := h.Verify(t.Context(), pass, c.hash)
		if ok || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.hash, ok, err, c.want)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: it took %v to refuse it", c.hash, took)
		}
	}
}

// TestOTP: a code matches at its time, give or take a step, once. S33 S34
func TestOTP(t *testing.T) {
	const stored = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // 12345678901234567890, of RFC 6238, Appendix B
	for _, c := range []struct {
		at   int64
		code string
	}{{1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"}} {
		synctest.Test(t, func(t *testing.T) {
			h := hasher(t, "insecure-otp")
			time.Sleep(time.Until(time.Unix(c.at, 0)))
			try := func(when string, want bool) {
				t.Helper()
				ok, err := h.Verify(t.Context(), c.code, stored)
				if ok != want || err != nil {
					t.Errorf("%s at %d, %s: %v, %v", c.code, c.at, when, ok, err)
				}
			}
			if ok, _ := h.Verify(t.Context(), "000000", stored); ok {
				t.Error("another code matches")
			}
			try("at its time", true)
			try("again", false)
			time.Sleep(30 * time.Second)
			try("again, a step later", false)
			if h.NeedsRehash(stored) || !h.OneTime(stored) {
				t.Error("a code would become a password")
			}

			for _, late := range []struct {
				steps int
				want  bool
			}{{1, true}, {2, false}} {
				h := hasher(t, "insecure-otp")
				time.Sleep(time.Until(time.Unix(c.at/30*30+int64(late.steps)*30, 0)))
				ok, err := h.Verify(t.Context(), c.code, stored)
				if ok != late.want || err != nil {
					t.Errorf("%s, %d steps late: %v, %v", c.code, late.steps, ok, err)
				}
			}
		})
	}
}

// TestOTPStoreFails: a code of which nobody knows whether it has been used is not
// taken. Many that come at once are one.
func TestOTPStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const stored = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		time.Sleep(time.Until(time.Unix(1234567890, 0)))
		for _, used := range []cache.Once{lost{}, cache.NewMemoryOnce(0)} {
			h, err := password.New(password.Options{Schemes: []string{"argon2id", "insecure-otp"}, Legacy: []password.Scheme{legacyhash.OTP(used)},
				Params: map[string]int{"memory": 64, "time": 1}, InsecureLowCost: true, Queue: 1000})
			if err != nil {
				t.Fatal(err)
			}
			in := make(chan bool)
			for range 100 {
				go func() {
					ok, err := h.Verify(t.Context(), "005924", stored)
					in <- ok && err == nil
				}()
			}
			n := 0
			for range 100 {
				if <-in {
					n++
				}
			}
			want := 1
			if used == (lost{}) {
				want = 0
			}
			if n != want {
				t.Errorf("%T: %d log-ins by one code", used, n)
			}
		}
	})
}

type lost struct{}

func (lost) Use(context.Context, string, time.Time) (bool, error) {
	return true, errors.New("the store is down")
}
func (lost) Used(context.Context, string) (bool, error) {
	return false, errors.New("the store is down")
}

func Example() {
	h, err := password.New(password.Options{
		Schemes: []string{"argon2id", "insecure-md5-crypt"}, // the first makes new hashes
		Legacy:  legacyhash.All(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for _, stored := range []string{
		"$6$snowman$TtHhhozSoD6J1Ol19vT0ucktgqd3efo2NOywiNJAbhZBrgd2fCmAjajNQ1Vu0D4SOlg2rUjPqSvs89TY.w0Fv0",
		"pbkdf2_sha256$1000$snowman$jyRh3ZC5xo3Y7QJjy9X4ASozms7Dr9uMTWuVrVGnhMo=",
		"$apr1$snowmans$kkFQshBfYGYzb1KfZxMdM.",
		"{SSHA}aQ0dONR87x8pNye1C9+b8Xxr3tsDTQ5z",
	} {
		ok, err := h.Verify(ctx, "hobbes and calvin", stored)
		fmt.Println(ok, h.NeedsRehash(stored), err)
	}
	// Output:
	// true true <nil>
	// true true <nil>
	// true true <nil>
	// false true unknown password hash scheme: it is of insecure-ssha, which does not verify unless it is listed
}
