package token_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
)

// jwkOf writes a JWK, of which some members are replaced; nil takes one away.
func jwkOf(members map[string]any, changes ...any) string {
	all := maps.Clone(members)
	for i := 0; i < len(changes); i += 2 {
		all[changes[i].(string)] = changes[i+1]
	}
	var fields []string
	for name, value := range all {
		switch v := value.(type) {
		case []byte:
			fields = append(fields, fmt.Sprintf("%q:%q", name, base64.RawURLEncoding.EncodeToString(v)))
		case string:
			fields = append(fields, fmt.Sprintf("%q:%q", name, v))
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// TestKeyLimits: keys that are too large, not whole or not on their curve are none,
// and private ones are none that others are told.
func TestKeyLimits(t *testing.T) {
	block, _ := pem.Decode([]byte(pemOf(t, "rsa-pkcs1")))
	r, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	_, rest := pem.Decode([]byte(pemOf(t, "p256-sec1"))) // its parameters
	block, _ = pem.Decode(rest)
	ec, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	point, err := ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	large := new(big.Int).SetBit(big.NewInt(1), 8192, 1).Bytes() // 8193 bits
	e := func(n int64) []byte { return big.NewInt(n).Bytes() }
	rsaPublic := map[string]any{"kty": "RSA", "n": r.N.Bytes(), "e": e(65537)}
	rsaPrivate := map[string]any{"kty": "RSA", "n": r.N.Bytes(), "e": e(65537), "d": r.D.Bytes(), "p": r.Primes[0].Bytes(), "q": r.Primes[1].Bytes()}
	ecPublic := map[string]any{"kty": "EC", "crv": "P-256", "x": point[1:33], "y": point[33:]}
	d, err := ec.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	ecPrivate := maps.Clone(ecPublic)
	ecPrivate["d"] = d
	other := make([]byte, 32)
	other[31] = 7
	okp := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": make([]byte, 32)}
	x := strings.Split(rfc8037Public, `"x":"`)[1][:43]
	for _, test := range []struct {
		text    string
		private bool
		ok      bool
	}{
		{jwkOf(rsaPublic), false, true},
		{jwkOf(rsaPublic, "n", large), false, false},
		{jwkOf(rsaPublic, "e", e(65538)), false, false},
		{jwkOf(rsaPublic, "e", e(3)), false, false},
		{jwkOf(rsaPublic, "e", e(1<<31-1)), false, true},
		{jwkOf(rsaPublic, "e", e(1<<31+1)), false, false},
		{jwkOf(rsaPublic, "e", nil), false, false},
		{jwkOf(rsaPublic, "n", nil), false, false},
		{jwkOf(ecPublic), false, true},
		{jwkOf(ecPublic, "x", point[33:], "y", point[1:33]), false, false},
		{jwkOf(ecPublic, "x", point[1:32]), false, false},
		{jwkOf(ecPublic, "y", nil), false, false},
		{jwkOf(okp, "x", make([]byte, 31)), false, false},
		{jwkOf(okp, "x", make([]byte, 33)), false, false},
		{jwkOf(rsaPrivate), true, true},
		{jwkOf(rsaPrivate), false, false},
		{jwkOf(rsaPrivate, "d", nil), true, false},
		{jwkOf(rsaPrivate, "p", nil), true, false},
		{jwkOf(rsaPrivate, "q", nil), true, false},
		{jwkOf(rsaPrivate, "p", rsaPrivate["q"]), true, false},
		{jwkOf(rsaPrivate, "d", e(65537)), true, false},
		{jwkOf(ecPrivate), true, true},
		{jwkOf(ecPrivate), false, false},
		{jwkOf(ecPrivate, "d", other), true, false},
		{jwkOf(ecPrivate, "d", make([]byte, 32)), true, false},
		{jwkOf(ecPrivate, "d", d[:31]), true, false},
		{rfc8037Private, true, true},
		{`{"kty":"OKP","crv":"Ed25519","d":"` + base64.RawURLEncoding.EncodeToString(make([]byte, 31)) + `","x":"` + x + `"}`, true, false},
		{`{"kty":"OKP","crv":"Ed25519","d":"` + base64.RawURLEncoding.EncodeToString(make([]byte, 33)) + `","x":"` + x + `"}`, true, false},
		{`{"kty":"OKP","crv":"Ed25519","d":"` + base64.RawURLEncoding.EncodeToString(make([]byte, 32)) + `","x":"` + x + `"}`, true, false},
		{`{"keys":{}}`, false, false},
		{`{"keys":"x"}`, false, false},
		{`{"keys":[1]}`, false, false},
		{`{"keys":[` + jwkOf(rsaPublic) + `]}`, false, true},
		{`{"keys":[` + jwkOf(ecPublic) + `,` + jwkOf(ecPrivate) + `]}`, false, false},
		{"", true, false},
		{"", false, false},
		{"no key", true, false},
		{"no key", false, false},
		{pemOf(t, "rsa-pkcs8"), false, false},
		{pemOf(t, "rsa-pkcs1"), false, false},
		{pemOf(t, "p256-sec1"), false, false},
		{pemOf(t, "rsa-public"), true, false},
		{strings.Repeat(pemOf(t, "ed25519-public"), 65), false, false},
		{strings.Repeat(pemOf(t, "ed25519"), 65), true, false},
		{pemOf(t, "ed25519") + strings.Repeat("\n", token.MaxKeySetSize), true, false},
		{pemOf(t, "ed25519-public") + strings.Repeat("\n", token.MaxKeySetSize), false, false},
	} {
		var err error
		if test.private {
			_, err = token.ParsePrivateKeys([]byte(test.text), "")
		} else {
			_, err = token.ParseKeySet([]byte(test.text), nil)
		}
		if (err == nil) != test.ok {
			t.Errorf("private %t, %.120s: %v", test.private, test.text, err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("a long error, of which nobody knows what it has: %v", err)
		}
	}
}

// TestKeyOptions: what can't sign is no option.
func TestKeyOptions(t *testing.T) {
	key := privateKeys(t, pemOf(t, "ed25519"), "")[0]
	for name, o := range map[string]token.Options{
		"no key":           {Keys: []*token.Key{nil}},
		"an empty key":     {Keys: []*token.Key{{}}},
		"a key and secret": {Keys: []*token.Key{key}, Secrets: [][]byte{[]byte(strings.Repeat("s", 32))}},
		"another's":        {Keys: []*token.Key{key}, Algorithm: "ES256"},
	} {
		if _, err := token.NewJWT(o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	rs := privateKeys(t, pemOf(t, "rsa-pkcs1"), "")[0]
	if _, err := token.NewJWT(token.Options{Keys: []*token.Key{key, rs}, Algorithm: "EdDSA"}); err != nil {
		t.Errorf("only the first key signs: %v", err)
	}
	if _, err := token.PublicJWKS(new(token.Key)); err == nil {
		t.Error("the public half of no key")
	}
}

// TestParse: what is no JWT is taken apart no further.
func TestParse(t *testing.T) {
	raw := mustMake(t, keyed(t, privateKeys(t, pemOf(t, "ed25519"), "")...), token.Claims{Login: "calvin", Realm: "acme", Issuer: "idp", Expires: now.Add(time.Hour)})
	if u, err := token.Parse(raw); err != nil || u.Issuer() != "idp" {
		t.Fatalf("%v %v", u, err)
	}
	parts := strings.Split(raw, ".")
	for name, text := range map[string]string{
		"too long":               raw + strings.Repeat("A", token.MaxSize),
		"two parts":              parts[0] + "." + parts[1],
		"four parts":             raw + ".",
		"a payload of others":    parts[0] + "." + parts[1] + "=." + parts[2],
		"a signature of others":  parts[0] + "." + parts[1] + "." + parts[2] + "=",
		"an issuer that is none": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte("{\"iss\":\"i\\ndp\"}")) + "." + parts[2],
		"an issuer that is 1":    parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":1}`)) + "." + parts[2],
		"nothing":                "",
	} {
		if _, err := token.Parse(text); !errors.Is(err, token.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
