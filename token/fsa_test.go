package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
	"github.com/google/go-cmp/cmp"
)

// signFSA signs message as an hmac-sha256 token, however odd it is.
func signFSA(message, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(message))
	return message + ":" + hex.EncodeToString(h.Sum(nil))
}

// Tokens that other programs have made: the first is that of behaviour.md, the
// others come from Python's hashlib and hmac.
func TestFSAKnown(t *testing.T) {
	tests := []struct {
		name string
		o    token.Options
		raw  string
	}{
		{"blake2s, 8 bytes", token.Options{Algorithm: "blake2s", Length: 8, InsecureLength: true},
			"acme:calvin:20991231235959:8b95f745aac7f3ef"},
		{"blake2s, issuer", token.Options{Algorithm: "blake2s", Issuer: "idp"},
			"acme/idp:calvin:20991231235959:df686a49ba075072ac4d0f25bb71aba3"},
		{"hmac-sha256", token.Options{},
			"acme:calvin:20991231235959:3d4068d5997369d7ca8d98e120ef93783a3e4ec86879ba6b9c6b2491165ac93d"},
		{"hmac-sha256, issuer", token.Options{Issuer: "idp"},
			"acme/idp:calvin:20991231235959:00d1ef533111c82ba49e91671fd5b6060c23ac86af53b03e97f0d056c8112158"},
		{"hmac-sha256, 16 bytes", token.Options{Length: 16},
			"acme:calvin:20991231235959:3d4068d5997369d7ca8d98e120ef9378"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFSA(t, tt.o)
			want := token.Claims{Login: "calvin", Realm: "acme", Issuer: tt.o.Issuer,
				Expires: time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)}
			if got := mustMake(t, f, want); got != tt.raw {
				t.Errorf("made %q, want %q", got, tt.raw)
			}
			got, err := f.Check(tt.raw, "acme", now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// fsaVectors are tokens of the Python original, made with hashlib.new(NAME,
// text + ":" + secret).digest()[:LENGTH].hex() by Python 3.11 and OpenSSL 3: for
// each hash one of the default length, and one of all its bytes, with an issuer.
var fsaVectors = []struct {
	algorithm string
	length    int
	raw       string
}{
	{"blake2b", 0, "acme:calvin:20991231235959:fc9643a088717f0af366376dcb71760a"},
	{"blake2b", 64, "acme/idp:hobbès:20991231235959:c6ba6aaac255fa48d056bd103de721c12d784b17e9b116fc94577008186567cd85af46d7aa24dbce11cdbda8c842f764bcac83fc7ad72f323b91356e0909cf84"},
	{"blake2s", 0, "acme:calvin:20991231235959:8b95f745aac7f3eff2eb2b186cb601d7"},
	{"blake2s", 32, "acme/idp:hobbès:20991231235959:5a4d4bafa61b6a541056df4709957ca00ca455e8343396548a4640d09ee8979a"},
	{"sha224", 0, "acme:calvin:20991231235959:f308ba86cc0069d24ef47695c8ad1c3c"},
	{"sha224", 28, "acme/idp:hobbès:20991231235959:366c96d6b65abc655515f65e2a8447f898e45792fdd83e3bb612db97"},
	{"sha256", 0, "acme:calvin:20991231235959:5652e2a26cf24a9e833298e380493594"},
	{"sha256", 32, "acme/idp:hobbès:20991231235959:e31a8215ee356273bd19a56c1acba97ed53dd50036905de52d892d5228382676"},
	{"sha384", 0, "acme:calvin:20991231235959:bf965999081c44990366c3e9345f511a"},
	{"sha384", 48, "acme/idp:hobbès:20991231235959:9ed94179c33a1fdd427b14d1536289224d84d4804cdee407a66c768f63660d89a29f16360dd2b51ba65401c09bd30681"},
	{"sha512", 0, "acme:calvin:20991231235959:af1b7dca1cdf3bd8986983d72443468a"},
	{"sha512", 64, "acme/idp:hobbès:20991231235959:59072aa330ae75a6256743b736bc9606f72a7b190e5fdd229657bbf7b4c31d9fa2b567e065d96b6756d2b4cb8e9b81999af885ef16cd3c2979b91eaf292828ef"},
	{"sha512_224", 0, "acme:calvin:20991231235959:2a1d4d3c8aaaf8df30c3ca3201cdc6db"},
	{"sha512_224", 28, "acme/idp:hobbès:20991231235959:965717c6e8a01a5c08a114ba99dc49b8de19d5e69339d0c749b97534"},
	{"sha512_256", 0, "acme:calvin:20991231235959:455520ec7115a87e2948806fb43ed302"},
	{"sha512_256", 32, "acme/idp:hobbès:20991231235959:33720a450c52c7f6e74c43ef68fedea625b72c501180242ae481ff155107dd74"},
	{"sha3_224", 0, "acme:calvin:20991231235959:4988dcfc4e11449d3592d0d95416994b"},
	{"sha3_224", 28, "acme/idp:hobbès:20991231235959:d28a8c0e23d5e9ad175ca2018b7062201e58f9f244cb5f5ccb7c7e90"},
	{"sha3_256", 0, "acme:calvin:20991231235959:0f42435f7979964d45b45868b5061fbb"},
	{"sha3_256", 32, "acme/idp:hobbès:20991231235959:aedfb2e68f00c1cc0cf7a0c7762c011bf5c778ee438d88b4ce78b144b4620719"},
	{"sha3_384", 0, "acme:calvin:20991231235959:4347999553179462eafa839088a27db7"},
	{"sha3_384", 48, "acme/idp:hobbès:20991231235959:fa6c40d21b5a5c0a37b1919c43b39a44312157ca2053451ff393d57efd7878db824ff245fa9d53451ab8f89f0ca65073"},
	{"sha3_512", 0, "acme:calvin:20991231235959:06c9554440ab8dfbf8e9a7719ed4136d"},
	{"sha3_512", 64, "acme/idp:hobbès:20991231235959:6870f2c7267a1df79439b02d84e70edba138c624012f96b49d397632b076c3392b29e467c41ae29b47fa424babb20f4f502966b440aabc017099ac8a5fb9edca"},
	{"insecure-md5", 0, "acme:calvin:20991231235959:d55ae748564e8342d38612aa6ea85a80"},
	{"insecure-md5", 16, "acme/idp:hobbès:20991231235959:aea996627e05f77d1f99e5fe7e632f27"},
	{"insecure-sha1", 0, "acme:calvin:20991231235959:e05953a792880cfa55ad0bb7ce540c00"},
	{"insecure-sha1", 20, "acme/idp:hobbès:20991231235959:43b322b9989960e1b19aeee7303dc6e63a55d36d"},
}

func TestFSAVectors(t *testing.T) {
	for _, tt := range fsaVectors {
		t.Run(tt.raw, func(t *testing.T) {
			want := token.Claims{Login: "calvin", Realm: "acme", Expires: time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)}
			if strings.Contains(tt.raw, "/idp") {
				want.Login, want.Issuer = "hobbès", "idp"
			}
			f := newFSA(t, token.Options{Algorithm: tt.algorithm, Length: tt.length, Issuer: want.Issuer})
			if got := mustMake(t, f, want); got != tt.raw {
				t.Errorf("made %q, want %q", got, tt.raw)
			}
			got, err := f.Check(tt.raw, "acme", now)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
			// One algorithm is not another, the secret and the length being equal.
			for _, other := range fsaVectors {
				if other.algorithm == tt.algorithm || tt.length != 0 {
					continue
				}
				f := newFSA(t, token.Options{Algorithm: other.algorithm, Issuer: want.Issuer})
				c, err := f.Check(tt.raw, "acme", now)
				refused(t, tt.raw, c, err, token.ErrSignature)
			}
		})
	}
}

// A cut signature is one of the configured length, and no shorter.
func TestFSALengths(t *testing.T) {
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	for n := 1; n <= 64; n++ {
		raw := mustMake(t, newFSA(t, token.Options{Algorithm: "sha512", Length: n, InsecureLength: true}), c)
		for m := max(1, n-1); m <= min(64, n+1); m++ {
			got, err := newFSA(t, token.Options{Algorithm: "sha512", Length: m, InsecureLength: true}).Check(raw, "acme", now)
			if m != n {
				refused(t, raw, got, err, token.ErrMalformed)
			} else if err != nil {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	}
}

// fsaTest is a text that is signed properly and then checked by an FSA without
// issuer, for realm acme, at 2026-08-01 12:00:00, with a grace of one minute.
type fsaTest struct {
	name, message string
	want          error
}

const fsaGrace = time.Minute

var fsaTests = []fsaTest{
	{"good", "acme:calvin:20260801130000", nil},
	{"good to the last second", "acme:calvin:20260801120000", nil},
	{"good to the last second of grace", "acme:calvin:20260801115900", nil},
	{"good last date", "acme:calvin:99991231235959", nil},
	{"good login of spaces and slashes", "acme:a/b c@d:20260801130000", nil},
	{"good login not in ASCII", "acme:hobbès:20260801130000", nil},
	{"expired", "acme:calvin:20260801115859", token.ErrExpired},
	{"expired long ago", "acme:calvin:00010101000000", token.ErrExpired},
	{"other realm", "acme2:calvin:20260801130000", token.ErrRealm},
	{"realm as prefix", "acm:calvin:20260801130000", token.ErrRealm},
	{"realm in other case", "ACME:calvin:20260801130000", token.ErrRealm},
	{"expired in another realm", "shop:calvin:20000101000000", token.ErrRealm},
	{"issuer unasked for", "acme/idp:calvin:20260801130000", token.ErrIssuer},
	{"issuer empty", "acme/:calvin:20260801130000", token.ErrMalformed},
	{"issuer with a line break", "acme/a\nb:calvin:20260801130000", token.ErrMalformed},
	{"realm empty", ":calvin:20260801130000", token.ErrMalformed},
	{"realm only issuer", "/idp:calvin:20260801130000", token.ErrMalformed},
	{"realm not simple", "-acme:calvin:20260801130000", token.ErrMalformed},
	{"realm with a space", "acme :calvin:20260801130000", token.ErrMalformed},
	{"login empty", "acme::20260801130000", token.ErrMalformed},
	{"login with a colon", "acme:cal:vin:20260801130000", token.ErrMalformed},
	{"login with a line break", "acme:calvin\n:20260801130000", token.ErrMalformed},
	{"login with NUL", "acme:cal\x00vin:20260801130000", token.ErrMalformed},
	{"login with a C1 control", "acme:cal\u0085vin:20260801130000", token.ErrMalformed},
	{"login not UTF-8", "acme:cal\xffvin:20260801130000", token.ErrMalformed},
	{"limit empty", "acme:calvin:", token.ErrMalformed},
	{"limit missing", "acme:calvin", token.ErrMalformed},
	{"limit of 13 digits", "acme:calvin:2026080113000", token.ErrMalformed},
	{"limit of 15 digits", "acme:calvin:202608011300000", token.ErrMalformed},
	{"limit with a fraction", "acme:calvin:20260801130000.5", token.ErrMalformed},
	{"limit with a sign", "acme:calvin:+2026080113000", token.ErrMalformed},
	{"limit with a zone", "acme:calvin:20260801130000Z", token.ErrMalformed},
	{"limit in other digits", "acme:calvin:２0260801130", token.ErrMalformed},
	{"limit on February 30th", "acme:calvin:20270230000000", token.ErrMalformed},
	{"limit on February 29th of no leap year", "acme:calvin:20270229000000", token.ErrMalformed},
	{"limit in month 13", "acme:calvin:20261301000000", token.ErrMalformed},
	{"limit at 24 h", "acme:calvin:20260801240000", token.ErrMalformed},
	{"limit in a leap second", "acme:calvin:20261231235960", token.ErrMalformed},
	{"too long", "acme:" + strings.Repeat("x", token.MaxSize) + ":20260801130000", token.ErrMalformed},
}

func TestFSACheck(t *testing.T) {
	f := newFSA(t, token.Options{Grace: fsaGrace})
	for _, tt := range fsaTests {
		t.Run(tt.name, func(t *testing.T) {
			raw := signFSA(tt.message, secret1)
			c, err := f.Check(raw, "acme", now)
			if tt.want != nil {
				refused(t, raw, c, err, tt.want)
			} else if err != nil {
				t.Fatal(err)
			}
			// Expired and badly signed token reported as merely expired: with
			// another's signature, nothing but that or the shape is told.
			raw = signFSA(tt.message, secret2)
			want := tt.want
			if want != token.ErrMalformed {
				want = token.ErrSignature
			}
			c, err = f.Check(raw, "acme", now)
			refused(t, raw, c, err, want)
		})
	}
}

// Strings that are not even signed.
func TestFSAMalformed(t *testing.T) {
	f := newFSA(t, token.Options{})
	good := signFSA("acme:calvin:20260801130000", secret1)
	for name, raw := range map[string]string{
		"empty":                   "",
		"colons":                  ":::",
		"megabyte of colons":      strings.Repeat(":", 1<<20),
		"megabyte of token":       good + strings.Repeat("0", 1<<20),
		"signature in upper case": good[:len(good)-64] + strings.ToUpper(good[len(good)-64:]),
		"signature too long":      good + "00",
		"signature with a field":  good + ":",
		"signature empty":         good[:len(good)-64],
		"line break":              good + "\n",
		"space":                   " " + good,
	} {
		t.Run(name, func(t *testing.T) {
			c, err := f.Check(raw, "acme", now)
			want := error(token.ErrMalformed)
			refused(t, raw, c, err, want)
		})
	}
}

// Issuer compared as substring.
func TestFSAIssuer(t *testing.T) {
	tests := []struct {
		configured, head string
		want             error
	}{
		{"idp", "acme/idp", nil},
		{"idp/a", "acme/idp/a", nil},
		{"idp", "acme", token.ErrIssuer},
		{"idp", "acme/id", token.ErrIssuer},
		{"idp", "acme/idp2", token.ErrIssuer},
		{"idp", "acme/my-idp", token.ErrIssuer},
		{"idp", "acme/IDP", token.ErrIssuer},
		{"idp", "acme/idp/idp", token.ErrIssuer},
		{"idp", "idp/acme", token.ErrIssuer},
		{"", "acme/idp", token.ErrIssuer},
	}
	for _, tt := range tests {
		raw := signFSA(tt.head+":calvin:20260801130000", secret1)
		c, err := newFSA(t, token.Options{Issuer: tt.configured}).Check(raw, "acme", now)
		if tt.want != nil {
			refused(t, raw, c, err, tt.want)
		} else if err != nil || c.Issuer != tt.configured {
			t.Errorf("%s by %q: %+v, %v", tt.head, tt.configured, c, err)
		}
	}
}

func TestFSAMake(t *testing.T) {
	good := token.Claims{Login: "calvin", Realm: "My Shop", Expires: now.Add(90*time.Minute + time.Millisecond).In(time.FixedZone("", 3600))}
	f := newFSA(t, token.Options{})
	raw := mustMake(t, f, good)
	if want := signFSA("My-Shop:calvin:20260801133000", secret1); raw != want {
		t.Errorf("made %q, want %q", raw, want)
	}
	for _, realm := range []string{"My Shop", "My-Shop", "?My&&Shop!"} {
		if _, err := f.Check(raw, realm, now); err != nil {
			t.Errorf("realm %q: %v", realm, err)
		}
	}
	// A realm of which nothing is left matches nothing.
	if _, err := f.Check(raw, "???", now); err == nil {
		t.Error("accepted for a realm without letters")
	}
	// The issuer in the claims wins over the configured one.
	good.Issuer = "other"
	if raw := mustMake(t, newFSA(t, token.Options{Issuer: "idp"}), good); !strings.HasPrefix(raw, "My-Shop/other:") {
		t.Errorf("made %q", raw)
	}

	for name, change := range map[string]func(*token.Claims){
		"no login":              func(c *token.Claims) { c.Login = "" },
		"login with a colon":    func(c *token.Claims) { c.Login = "a:b" },
		"login with a line":     func(c *token.Claims) { c.Login = "a\nb" },
		"login with DEL":        func(c *token.Claims) { c.Login = "a\x7fb" },
		"login not UTF-8":       func(c *token.Claims) { c.Login = "a\xff" },
		"login too long":        func(c *token.Claims) { c.Login = strings.Repeat("a", token.MaxSize) },
		"no realm":              func(c *token.Claims) { c.Realm = "" },
		"realm of signs":        func(c *token.Claims) { c.Realm = "é/?-" },
		"issuer with a colon":   func(c *token.Claims) { c.Issuer = "https://x" },
		"issuer with a control": func(c *token.Claims) { c.Issuer = "\x1b" },
		"no expiry":             func(c *token.Claims) { c.Expires = time.Time{} },
		"expiry in 1969":        func(c *token.Claims) { c.Expires = time.Unix(-1, 0) },
		"expiry in 10000":       func(c *token.Claims) { c.Expires = time.Unix(253402300800, 0) },
		"scopes":                func(c *token.Claims) { c.Scopes = []string{"read"} },
		"identifier":            func(c *token.Claims) { c.ID = "1" },
	} {
		c := good
		change(&c)
		if raw, err := f.Make(c); err == nil {
			t.Errorf("%s: made %q", name, raw)
		}
	}
}

func TestSimplifyRealm(t *testing.T) {
	for realm, want := range map[string]string{
		"":              "",
		"acme":          "acme",
		"Acme-2":        "Acme-2",
		"a--b":          "a-b",
		"-a-":           "a",
		"a_b.c/d":       "a-b-c-d",
		"a - b":         "a-b",
		" my  shop! ":   "my-shop",
		"crème brûlée":  "cr-me-br-l-e",
		"é":             "",
		"---":           "",
		"a:b":           "a-b",
		"a\x00\xffb\n-": "a-b",
	} {
		if got := token.SimplifyRealm(realm); got != want {
			t.Errorf("SimplifyRealm(%q) = %q, want %q", realm, got, want)
		}
	}
}
