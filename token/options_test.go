package token_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
)

// What most tests share.
const (
	secret1 = "demo application secret for signing tokens" // of behaviour.md
	secret2 = "another secret that is also long enough for HS256"
)

// publicKey is what a server that signs with RS256 gives to everybody.
const publicKey = "\n-----BEGIN PUBLIC KEY-----\n" +
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n" +
	"-----END PUBLIC KEY-----\n"

var now = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func secrets(list ...string) [][]byte {
	var s [][]byte
	for _, secret := range list {
		s = append(s, []byte(secret))
	}
	return s
}

func newFSA(t testing.TB, o token.Options) *token.FSA {
	t.Helper()
	if o.Secrets == nil {
		o.Secrets = secrets(secret1)
	}
	f, err := token.NewFSA(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newJWT(t testing.TB, o token.Options) *token.JWT {
	t.Helper()
	if o.Secrets == nil {
		o.Secrets = secrets(secret1)
	}
	j, err := token.NewJWT(o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func mustMake(t testing.TB, f token.Format, c token.Claims) string {
	t.Helper()
	raw, err := f.Make(c)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// refusals are the errors that Check can give.
var refusals = []error{
	token.ErrMalformed, token.ErrAlgorithm, token.ErrKey, token.ErrSignature, token.ErrIssuer,
	token.ErrRealm, token.ErrNotYetValid, token.ErrExpired,
}

// refused fails unless err is want and no other refusal, and quotes nothing of
// raw that is over three characters long.
func refused(t *testing.T, raw string, c token.Claims, err, want error) {
	t.Helper()
	for _, refusal := range refusals {
		if errors.Is(err, refusal) != (refusal == want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}
	if c.Login != "" || c.Realm != "" || c.Scopes != nil || !c.Expires.IsZero() {
		t.Errorf("refused, but with claims %+v", c)
	}
	if err == nil {
		return
	}
	for _, part := range strings.FieldsFunc(raw, func(r rune) bool { return strings.ContainsRune(":./ ", r) }) {
		if len(part) > 3 && strings.Contains(err.Error(), part) {
			t.Errorf("error %q holds %q of the token", err, part)
		}
	}
}

func TestConstructors(t *testing.T) {
	fsa := func(o token.Options) error { _, err := token.NewFSA(o); return err }
	jwt := func(o token.Options) error { _, err := token.NewJWT(o); return err }
	long := secrets(strings.Repeat("x", 64))

	tests := []struct {
		name string
		make func(token.Options) error
		o    token.Options
		want []string // texts of the mistakes; none if it is to work
	}{
		{"fsa default", fsa, token.Options{Secrets: long}, nil},
		{"fsa blake2s", fsa, token.Options{Secrets: long, Algorithm: "blake2s"}, nil},
		{"fsa longest", fsa, token.Options{Secrets: long, Length: 32}, nil},
		{"fsa shortest", fsa, token.Options{Secrets: long, Length: 16}, nil},
		{"fsa insecure length", fsa, token.Options{Secrets: long, Length: 1, InsecureLength: true}, nil},
		{"fsa insecure secret", fsa, token.Options{Secrets: secrets("x"), InsecureWeakSecret: true}, nil},
		{"fsa secret of 32", fsa, token.Options{Secrets: secrets(strings.Repeat("x", 32))}, nil},
		{"fsa unknown algorithm", fsa, token.Options{Secrets: long, Algorithm: "HS256"}, []string{"unknown algorithm"}},
		{"fsa other spelling", fsa, token.Options{Secrets: long, Algorithm: "SHA3-256"}, []string{`"SHA3-256"`, "write sha3_256"}},
		{"fsa hyphen", fsa, token.Options{Secrets: long, Algorithm: "sha-512"}, []string{"write sha512"}},
		{"fsa underscore", fsa, token.Options{Secrets: long, Algorithm: "hmac_sha256"}, []string{"write hmac-sha256"}},
		{"fsa md5", fsa, token.Options{Secrets: long, Algorithm: "md5"}, []string{`"md5" is broken`, "write insecure-md5"}},
		{"fsa sha1", fsa, token.Options{Secrets: long, Algorithm: "sha1", Length: 20}, []string{`"sha1" is broken`, "write insecure-sha1"}},
		{"fsa insecure sha256", fsa, token.Options{Secrets: long, Algorithm: "insecure-sha256"}, []string{"unknown algorithm"}},
		{"fsa variable hash", fsa, token.Options{Secrets: long, Algorithm: "shake_128"}, []string{"unknown algorithm", "sha3_512"}},
		{"fsa insecure md5", fsa, token.Options{Secrets: long, Algorithm: "insecure-md5"}, nil},
		{"fsa insecure sha1", fsa, token.Options{Secrets: long, Algorithm: "insecure-sha1", Length: 20}, nil},
		{"fsa insecure md5 too long", fsa, token.Options{Secrets: long, Algorithm: "insecure-md5", Length: 17}, []string{"from 16 to 16"}},
		{"fsa blake2b longest", fsa, token.Options{Secrets: long, Algorithm: "blake2b", Length: 64}, nil},
		{"fsa blake2b too long", fsa, token.Options{Secrets: long, Algorithm: "blake2b", Length: 65}, []string{"from 16 to 64, the size of blake2b"}},
		{"fsa blake2b too short", fsa, token.Options{Secrets: long, Algorithm: "blake2b", Length: 8}, []string{"length 8 is under 16"}},
		{"fsa sha224 too long", fsa, token.Options{Secrets: long, Algorithm: "sha224", Length: 29}, []string{"from 16 to 28"}},
		{"fsa too long", fsa, token.Options{Secrets: long, Length: 33}, []string{"length 33"}},
		{"fsa too short", fsa, token.Options{Secrets: long, Length: 15}, []string{"length 15"}},
		{"fsa negative length", fsa, token.Options{Secrets: long, Length: -1, InsecureLength: true}, []string{"length -1"}},
		{"fsa no secret", fsa, token.Options{InsecureWeakSecret: true}, []string{"secret is missing"}},
		{"fsa empty secret", fsa, token.Options{Secrets: secrets(secret1, ""), InsecureWeakSecret: true}, []string{"secret 2 of 2 is empty"}},
		{"fsa weak secret", fsa, token.Options{Secrets: secrets(strings.Repeat("x", 31))}, []string{"too short"}},
		{"fsa weak old secret", fsa, token.Options{Secrets: secrets(secret1, "x")}, []string{"too short"}},
		{"fsa issuer with a colon", fsa, token.Options{Secrets: long, Issuer: "https://idp"}, []string{"issuer"}},
		{"fsa issuer with a line", fsa, token.Options{Secrets: long, Issuer: "a\nb"}, []string{"issuer"}},
		{"fsa negative grace", fsa, token.Options{Secrets: long, Grace: -1}, []string{"grace"}},
		{"fsa everything", fsa, token.Options{Secrets: secrets("x", ""), Length: 99, Issuer: ":", Grace: -1},
			[]string{"too short", "is empty", "length 99", "issuer", "grace"}},

		{"jwt default", jwt, token.Options{Secrets: long}, nil},
		{"jwt HS512", jwt, token.Options{Secrets: long, Algorithm: "HS512"}, nil},
		{"jwt issuer", jwt, token.Options{Secrets: long, Issuer: "https://idp"}, nil},
		{"jwt insecure secret", jwt, token.Options{Secrets: secrets("x"), InsecureWeakSecret: true}, nil},
		{"jwt no none", jwt, token.Options{Secrets: long, Algorithm: "none"}, []string{"unknown algorithm"}},
		{"jwt no lower case", jwt, token.Options{Secrets: long, Algorithm: "hs256"}, []string{"unknown algorithm"}},
		{"jwt other spelling", jwt, token.Options{Secrets: long, Algorithm: "hs-512"}, []string{"write HS512"}},
		{"jwt no public key", jwt, token.Options{Secrets: long, Algorithm: "RS256"}, []string{"algorithm RS256 signs with a private key, and there is none"}},
		{"jwt no fsa algorithm", jwt, token.Options{Secrets: long, Algorithm: "hmac-sha256"}, []string{"unknown algorithm"}},
		{"jwt HS256 of 32", jwt, token.Options{Secrets: secrets(strings.Repeat("x", 32))}, nil},
		{"jwt HS384 of 48", jwt, token.Options{Secrets: secrets(strings.Repeat("x", 48)), Algorithm: "HS384"}, nil},
		{"jwt HS512 of 64", jwt, token.Options{Secrets: long, Algorithm: "HS512"}, nil},
		{"jwt weak old secret", jwt, token.Options{Secrets: secrets(strings.Repeat("x", 64), secret1), Algorithm: "HS512"}, []string{"too short: number 2 of 2 has 42 bytes, at least 64"}},
		{"jwt public key", jwt, token.Options{Secrets: secrets(publicKey)}, []string{"secret 1 of 1 is a key in PEM"}},
		{"fsa public key in front", fsa, token.Options{Secrets: secrets(publicKey, secret1), InsecureWeakSecret: true}, []string{"secret 1 of 2 is a key in PEM"}},
		{"jwt length", jwt, token.Options{Secrets: long, Length: 16}, []string{"length"}},
		{"jwt no secret", jwt, token.Options{InsecureWeakSecret: true}, []string{"secret is missing"}},
		{"jwt empty secret", jwt, token.Options{Secrets: secrets(""), InsecureWeakSecret: true}, []string{"is empty"}},
		{"jwt weak HS256", jwt, token.Options{Secrets: secrets(strings.Repeat("x", 31))}, []string{"too short"}},
		{"jwt weak HS384", jwt, token.Options{Secrets: secrets(strings.Repeat("x", 47)), Algorithm: "HS384"}, []string{"too short"}},
		{"jwt weak HS512", jwt, token.Options{Secrets: secrets(strings.Repeat("x", 63)), Algorithm: "HS512"}, []string{"too short"}},
		{"jwt everything", jwt, token.Options{Algorithm: "?", Issuer: "\x00", Grace: -1},
			[]string{"unknown", "missing", "issuer", "grace"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.make(tt.o)
			if (err != nil) != (len(tt.want) > 0) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			var text string
			if err != nil {
				text = err.Error()
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("error %q does not say %q", text, want)
				}
			}
			weak := strings.Contains(strings.Join(tt.want, " "), "too short")
			if errors.Is(err, token.ErrWeakSecret) != weak {
				t.Errorf("ErrWeakSecret is in %q: want %t", text, weak)
			}
		})
	}
}

// S70: no secret in a log, an error, a trace or a panic.
func TestSecretsAreNotPrinted(t *testing.T) {
	const secret = "Wallaby-Wallaby-Wallaby-Wallaby-"
	o := token.Options{Secrets: secrets(secret)}
	bytesOf := func(s string) []string { // the ways in which fmt and json would show it
		return []string{s, fmt.Sprint([]byte(s)[:8])[1:20], fmt.Sprintf("%x", s), fmt.Sprintf("%X", s), "V2FsbGFieS1", "0x57, 0x61"}
	}
	for _, v := range []any{o, &o, newFSA(t, o), newJWT(t, o), *newJWT(t, o), struct{ O token.Options }{o},
		newFSA(t, token.Options{Secrets: o.Secrets, Algorithm: "blake2s"})} {
		var all strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&all, verb+"\n", v)
		}
		log := bytes.NewBuffer(nil)
		slog.New(slog.NewTextHandler(log, nil)).Info("", "v", v)
		slog.New(slog.NewJSONHandler(log, nil)).Info("", "v", v)
		j, _ := json.Marshal(v)
		printed := all.String() + log.String() + string(j)
		for _, s := range bytesOf(secret) {
			if strings.Contains(printed, s) {
				t.Errorf("%T: printed with %q: %s", v, s, printed)
			}
		}
	}
}

// A caller that wipes or reuses its secret does not change the key.
func TestSecretsAreCopied(t *testing.T) {
	secret := []byte(secret1)
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	o := token.Options{Secrets: [][]byte{secret}}
	formats := []token.Format{newFSA(t, o), newJWT(t, o), newFSA(t, token.Options{Secrets: o.Secrets, Algorithm: "blake2s"})}
	clear(secret)
	checkers := []token.Format{newFSA(t, token.Options{}), newJWT(t, token.Options{}), newFSA(t, token.Options{Algorithm: "blake2s"})}
	for i, f := range formats {
		if _, err := checkers[i].Check(mustMake(t, f, c), "acme", now); err != nil {
			t.Errorf("%T: %v", f, err)
		}
	}
}

func TestZeroFormatsRefuse(t *testing.T) {
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	for _, pair := range [][2]token.Format{{new(token.FSA), newFSA(t, token.Options{})}, {new(token.JWT), newJWT(t, token.Options{})}} {
		if raw, err := pair[0].Make(c); err == nil {
			t.Errorf("%T made %q", pair[0], raw)
		}
		for _, raw := range []string{mustMake(t, pair[1], c), "acme:calvin:20991231235959:", "e30.e30.AA"} {
			if c, err := pair[0].Check(raw, "acme", now); err == nil {
				t.Errorf("%T accepted %q as %v", pair[0], raw, c)
			}
		}
	}
}
