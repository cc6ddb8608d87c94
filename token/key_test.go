package token_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
)

// pemOf reads a key of testdata/keys, which openssl has made.
func pemOf(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "keys", name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func privateKeys(t testing.TB, text, algorithm string) []*token.Key {
	t.Helper()
	keys, err := token.ParsePrivateKeys([]byte(text), algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func publicJWKS(t testing.TB, keys ...*token.Key) string {
	t.Helper()
	set, err := token.PublicJWKS(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return string(set)
}

func keySet(t testing.TB, text string, algorithms ...string) *token.KeySet {
	t.Helper()
	set, err := token.ParseKeySet([]byte(text), algorithms)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// keyed makes the format that signs with private keys.
func keyed(t testing.TB, keys ...*token.Key) *token.JWT {
	t.Helper()
	j, err := token.NewJWT(token.Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// fileOf is the key of testdata/keys that an algorithm signs with.
var fileOf = map[string]string{
	"RS256": "rsa-pkcs1", "RS384": "rsa-pkcs8", "RS512": "rsa-pkcs1", "PS256": "rsa-pkcs8", "PS384": "rsa-pkcs1", "PS512": "rsa-pkcs8",
	"ES256": "p256-sec1", "ES384": "p384", "ES512": "p521", "EdDSA": "ed25519",
}

// Each algorithm signs, and verifies what it has signed; no other one does, not
// even with the same key (a key used with several algorithms).
func TestAsymmetric(t *testing.T) {
	c := token.Claims{Login: "calvin", Realm: "acme", Scopes: []string{"read"}, Issuer: "idp", Expires: now.Add(time.Hour)}
	formats, raws := map[string]*token.JWT{}, map[string]string{}
	for _, algorithm := range token.Asymmetric() {
		formats[algorithm] = keyed(t, privateKeys(t, pemOf(t, fileOf[algorithm]), algorithm)...)
		raws[algorithm] = mustMake(t, formats[algorithm], c)
	}
	if len(formats) != 10 {
		t.Fatalf("there are %d algorithms", len(formats))
	}
	for signer, raw := range raws {
		for verifier, f := range formats {
			got, err := f.Check(raw, "acme", now)
			if signer == verifier && (err != nil || got.Login != "calvin" || got.Scopes[0] != "read") {
				t.Errorf("%s: %+v, %v", signer, got, err)
			}
			if signer != verifier {
				refused(t, raw, got, err, token.ErrAlgorithm)
				// The header lies: the key is still for one algorithm.
				part := strings.Split(raw, ".")
				forged := b64(fmt.Sprintf(`{"alg":%q}`, verifier)) + "." + part[1] + "." + part[2]
				got, err := f.Check(forged, "acme", now)
				refused(t, forged, got, err, token.ErrSignature)
			}
		}
		if _, err := newJWT(t, token.Options{}).Check(raw, "acme", now); !errors.Is(err, token.ErrAlgorithm) {
			t.Errorf("%s checked with a secret: %v", signer, err)
		}
	}
}

// The same key in each of its forms, private and public.
func TestKeyForms(t *testing.T) {
	c := token.Claims{Login: "calvin", Realm: "acme", Issuer: "idp", Expires: now.Add(time.Hour)}
	issuer := newIssuer(t, token.IssuerOptions{})
	for _, tt := range []struct{ private, publics string }{
		{"rsa-pkcs1", "rsa-pkcs1 rsa-public rsa-public-pkcs1 rsa-certificate"},
		{"rsa-pkcs8", "rsa-pkcs1 rsa-public rsa-public-pkcs1 rsa-certificate"},
		{"p256-sec1", "p256-sec1 p256-public"},
		{"ed25519", "ed25519 ed25519-public"},
	} {
		raw := mustMake(t, keyed(t, privateKeys(t, pemOf(t, tt.private), "")...), c)
		for i, name := range strings.Fields(tt.publics) {
			text := ""
			if i == 0 {
				text = publicJWKS(t, privateKeys(t, pemOf(t, name), "")...)
			} else {
				text = pemOf(t, name)
			}
			if _, err := check(t, issuer, keySet(t, text), raw); err != nil {
				t.Errorf("%s by %s: %v", tt.private, name, err)
			}
		}
	}
	// Two keys in one PEM.
	both := privateKeys(t, pemOf(t, "p256-sec1")+"\n"+pemOf(t, "ed25519"), "")
	if len(both) != 2 || both[0].Algorithm() != "ES256" || both[1].Algorithm() != "EdDSA" {
		t.Errorf("two keys are %v", both)
	}
}

// The key pair of RFC 8037, appendix A, and the thumbprint that it has there.
const (
	rfc8037Public  = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	rfc8037Private = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	// A private key of RFC 7515, appendix A.3.
	rfc7515Private = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}`
)

func TestKeyID(t *testing.T) {
	const thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
	key := privateKeys(t, rfc8037Private, "")[0]
	if key.ID() != thumbprint || key.Algorithm() != "EdDSA" {
		t.Errorf("%v: want %s", key, thumbprint)
	}
	named := privateKeys(t, strings.Replace(rfc8037Private, "{", `{"kid":"2026-08","use":"sig","key_ops":["sign"],`, 1), "")[0]
	if named.ID() != "2026-08" {
		t.Errorf("%v", named)
	}
	set := publicJWKS(t, named, privateKeys(t, rfc7515Private, "ES256")[0])
	var got struct {
		Keys []map[string]string
	}
	if err := json.Unmarshal([]byte(set), &got); err != nil || len(got.Keys) != 2 || got.Keys[0]["kid"] != "2026-08" || got.Keys[1]["alg"] != "ES256" {
		t.Errorf("%s: %v", set, err)
	}
	if strings.Contains(set, `"d"`) {
		t.Errorf("a private half is published: %s", set)
	}
	raw := mustMake(t, keyed(t, named), token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)})
	if want := b64(`{"alg":"EdDSA","typ":"JWT","kid":"2026-08"}`); !strings.HasPrefix(raw, want+".") {
		t.Errorf("%s does not begin with %s", raw, want)
	}
	if _, err := token.PublicJWKS(nil); err == nil {
		t.Error("no key has a public half")
	}
}

// The first key signs, all verify, and a key that has gone is unknown.
func TestKeyRotation(t *testing.T) {
	older, newer := privateKeys(t, pemOf(t, "rsa-pkcs1"), "")[0], privateKeys(t, rfc8037Private, "")[0]
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)}
	before, during, after := keyed(t, older), keyed(t, newer, older), keyed(t, newer)
	for _, tt := range []struct {
		maker, checker *token.JWT
		want           error
	}{
		{before, during, nil}, {during, during, nil}, {during, after, nil}, {before, after, token.ErrAlgorithm}, {during, before, token.ErrAlgorithm},
		{keyed(t, privateKeys(t, pemOf(t, "ed25519"), "")[0]), during, token.ErrKey},
	} {
		raw := mustMake(t, tt.maker, c)
		got, err := tt.checker.Check(raw, "acme", now)
		if tt.want == nil && err != nil {
			t.Error(err)
		} else if tt.want != nil {
			refused(t, raw, got, err, tt.want)
		}
	}
}

// pkix writes a public key in PEM.
func pkix(t testing.TB, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// ecParameters are what openssl writes in front of a key: the curve.
const ecParameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"

func TestParseKeySet(t *testing.T) {
	rsa := strings.Trim(strings.TrimPrefix(strings.TrimSuffix(publicJWKS(t, privateKeys(t, pemOf(t, "rsa-pkcs1"), "")...), "]}"), `{"keys":[`), "{}")
	jwks := func(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }
	with := func(more string) string { return strings.Replace(rfc8037Public, "{", "{"+more+",", 1) }
	ec := func(crv, x, y string) string { return fmt.Sprintf(`{"kty":"EC","crv":%q,"x":%q,"y":%q}`, crv, x, y) }
	const x, y = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
	rsaKey := func(n, e string) string { return fmt.Sprintf(`{"kty":"RSA","n":%q,"e":%q}`, n, e) }
	odd := func(bytes int) string { return b64("\x80" + strings.Repeat("\x01", bytes-1)) } // a modulus, as far as that is looked at
	many := func(n int) string {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = with(fmt.Sprintf(`"kid":"%d"`, i))
		}
		return jwks(keys...)
	}
	const secret = "a private or symmetric key"
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, text string
		keys       int
		want       string // in the error, or in what is skipped
	}{
		{"one", jwks(rfc8037Public), 1, ""},
		{"alone", rfc8037Public, 1, ""},
		{"three kinds", jwks(rfc8037Public, ec("P-256", x, y), "{"+rsa+"}"), 3, ""},
		{"members that we do not know", `{"x":1,"keys":[` + with(`"x5c":["AAAA"],"ext":true,"key_ops":["verify"],"use":"sig","alg":"EdDSA"`) + `]}`, 1, ""},
		{"the name of RFC 9864", jwks(with(`"alg":"Ed25519"`)), 1, ""},
		{"kids that differ", many(64), 64, ""},
		{"no kids", jwks(rfc8037Public, rfc8037Public), 2, ""},
		{"one kid for two algorithms", jwks(with(`"kid":"1"`), strings.Replace(ec("P-256", x, y), "{", `{"kid":"1",`, 1)), 2, ""},
		{"PEM in a remark", `{"remark":"-----BEGIN PUBLIC KEY-----","keys":[` + rfc8037Public + `]}`, 1, ""},
		{"RSA of 2048 bits", jwks(rsaKey(odd(256), "AQAB")), 1, ""},
		{"RSA of 8192 bits", jwks(rsaKey(odd(1024), "AQAB")), 1, ""},

		// What cannot be used is left out.
		{"RSA of 2040 bits", jwks(rfc8037Public, rsaKey(odd(255), "AQAB")), 1, "key 2: an RSA key of 2040 bits is too short"},
		{"RSA of 8200 bits", jwks(rfc8037Public, rsaKey(odd(1025), "AQAB")), 1, "too long"},
		{"RSA of megabits", jwks(rfc8037Public, rsaKey(odd(100_000), "AQAB")), 1, "too long"},
		{"RSA with a zero in front", jwks(rfc8037Public, rsaKey("AA"+odd(256), "AQAB")), 1, "begin with a zero"},
		{"RSA with an even modulus", jwks(rfc8037Public, rsaKey(b64(strings.Repeat("\x80", 256)), "AQAB")), 1, "even"},
		{"RSA exponent 1", jwks(rfc8037Public, rsaKey(odd(256), "AQ")), 1, "exponent"},
		{"RSA exponent 3", jwks(rfc8037Public, rsaKey(odd(256), "Aw")), 1, "exponent"},
		{"RSA exponent 65536", jwks(rfc8037Public, rsaKey(odd(256), "AQAA")), 1, "exponent"},
		{"RSA exponent of 64 bits", jwks(rfc8037Public, rsaKey(odd(256), b64("\xff\xff\xff\xff\xff\xff\xff\xff"))), 1, "too long"},
		{"RSA without exponent", jwks(rfc8037Public, `{"kty":"RSA","n":"`+odd(256)+`"}`), 1, "lacks"},
		{"RSA with an algorithm of EC", jwks(rfc8037Public, `{"alg":"ES256",`+strings.Replace(rsa, `"alg":"RS256",`, "", 1)+"}"), 1, "not for an algorithm"},
		{"RSA with HS256", jwks(rfc8037Public, `{"alg":"HS256",`+strings.Replace(rsa, `"alg":"RS256",`, "", 1)+"}"), 1, "not for an algorithm"},
		{"RSA for encryption", jwks(rfc8037Public, `{"alg":"RSA-OAEP",`+strings.Replace(rsa, `"alg":"RS256",`, "", 1)+"}"), 1, "not for an algorithm"},
		{"alg none", jwks(rfc8037Public, with(`"alg":"none"`)), 1, "not for an algorithm"},
		{"EC with an algorithm of another curve", jwks(rfc8037Public, strings.Replace(ec("P-256", x, y), "{", `{"alg":"ES384",`, 1)), 1, "not for an algorithm"},
		{"EC not on the curve", jwks(rfc8037Public, ec("P-256", y, x)), 1, "not on its curve"},
		{"EC of another curve", jwks(rfc8037Public, ec("P-384", x, y)), 1, "size of the curve"},
		{"EC at infinity", jwks(rfc8037Public, ec("P-256", strings.Repeat("A", 43), strings.Repeat("A", 43))), 1, "not on its curve"},
		{"EC compressed", jwks(rfc8037Public, `{"kty":"EC","crv":"P-256","x":"`+x+`"}`), 1, "missing"},
		{"EC of an unknown curve", jwks(rfc8037Public, ec("secp256k1", x, y)), 1, "none of P-256"},
		{"OKP for key agreement", jwks(rfc8037Public, strings.Replace(rfc8037Public, "Ed25519", "X25519", 1)), 1, "none of P-256"},
		{"OKP of another size", jwks(rfc8037Public, `{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`), 1, "32 bytes"},
		{"a type to come", jwks(rfc8037Public, `{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}`), 1, "none of RSA, EC and OKP"},
		{"for encryption", jwks(rfc8037Public, with(`"use":"enc"`)), 1, "not for verifying"},
		{"for other operations", jwks(rfc8037Public, with(`"key_ops":["encrypt","wrapKey"]`)), 1, "not for verifying"},
		{"operations no texts", jwks(rfc8037Public, with(`"key_ops":["verify",1]`)), 1, "wrong type"},
		{"for encryption, and with a mistake", jwks(rfc8037Public, with(`"use":"enc","kid":1`)), 1, "wrong type"},
		{"a member empty", jwks(rfc8037Public, with(`"n":""`)), 1, "empty"},
		{"operations no list", jwks(rfc8037Public, with(`"key_ops":"verify"`)), 1, "wrong type"},
		{"kid a number", jwks(rfc8037Public, with(`"kid":1`)), 1, "wrong type"},
		{"kid with a line break", jwks(rfc8037Public, with(`"kid":"a\nb"`)), 1, "wrong type"},
		{"kid long", jwks(rfc8037Public, with(`"kid":"`+strings.Repeat("k", 2000)+`"`)), 1, "wrong type"},
		{"padded", jwks(rfc8037Public, strings.Replace(rfc8037Public, `URo"`, `URo="`, 1)), 1, "base64url"},
		{"bits to spare", jwks(rfc8037Public, strings.Replace(rfc8037Public, `URo"`, `URp"`, 1)), 1, "base64url"},
		{"no type", jwks(rfc8037Public, `{}`), 1, "none of RSA, EC and OKP"},

		// These make nothing of the set.
		{"a private key", jwks(rfc8037Public, rfc7515Private), 0, secret},
		{"a private key alone", rfc8037Private, 0, secret},
		{"a private key for encryption", jwks(rfc8037Public, strings.Replace(rfc8037Private, "{", `{"use":"enc",`, 1)), 0, secret},
		{"a private part that is malformed", jwks(rfc8037Public, with(`"d":5`)), 0, secret},
		{"a private part of a type to come", jwks(rfc8037Public, `{"kty":"AKP","priv":"AAAA"}`), 0, secret},
		{"a symmetric key", jwks(rfc8037Public, `{"kty":"oct","alg":"HS256","k":"c2VjcmV0"}`), 0, secret},
		{"a symmetric key without its secret", jwks(rfc8037Public, `{"kty":"oct","alg":"HS256"}`), 0, secret},
		{"a symmetric part of an RSA key", jwks("{" + rsa + `,"k":"c2VjcmV0"}`), 0, secret},
		{"one kid twice", jwks(with(`"kid":"1"`), with(`"kid":"1"`)), 0, "same id"},
		{"65 keys", many(65), 0, "65 keys"},
		{"too large", strings.Repeat(" ", token.MaxKeySetSize) + jwks(rfc8037Public), 0, "bytes"},
		{"no key", jwks(), 0, "no key in it"},
		{"no key of use", jwks(with(`"use":"enc"`)), 0, "no key can be used: key 1: it is not for verifying"},
		{"keys no list", `{"keys":{}}`, 0, "not a list"},
		{"a key no object", `{"keys":["x"]}`, 0, "not a strict JSON object"},
		{"members twice", jwks(with(`"kty":"OKP"`)), 0, "not a strict JSON object"},
		{"keys twice", `{"keys":[],"keys":[` + rfc8037Public + `]}`, 0, "not a strict JSON object"},
		{"nested deep", `{"keys":[` + rfc8037Public + `],"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, 0, "not a strict JSON object"},
		{"and more", jwks(rfc8037Public) + "x", 0, "not a strict JSON object"},
		{"empty", "", 0, "not a strict JSON object"},
		{"HTML", "<html>", 0, "not a strict JSON object"},
		{"list", "[" + rfc8037Public + "]", 0, "not a strict JSON object"},

		{"PEM", pemOf(t, "rsa-public") + pemOf(t, "p256-public"), 2, ""},
		{"PEM with remarks", "the key of 2026:\n" + pemOf(t, "rsa-public") + "\nthat was it", 1, ""},
		{"PEM exponent 3", pemOf(t, "p256-public") + pemOf(t, "rsa-exponent-3-public"), 1, "exponent"},
		{"PEM of a curve that is none of ours", pemOf(t, "p256-public") + pkix(t, p224.Public()), 1, "none of P-256"},
		{"PEM for key agreement", pemOf(t, "p256-public") + pkix(t, x25519.PublicKey()), 1, "none of RSA, EC and Ed25519"},
		{"PEM of a curve and no key", ecParameters, 0, "no key in it"},
		{"PEM private", pemOf(t, "p256-public") + pemOf(t, "rsa-pkcs1"), 0, secret},
		{"PEM encrypted", pemOf(t, "encrypted"), 0, secret},
		{"PEM cut off", pemOf(t, "p256-public") + pemOf(t, "rsa-public")[:100], 0, "cut off"},
		{"PEM of something else", strings.ReplaceAll(pemOf(t, "rsa-public"), "PUBLIC KEY", "CERTIFICATE REQUEST"), 0, "neither a public key"},
		{"PEM without a key", strings.ReplaceAll(pemOf(t, "rsa-public"), "PUBLIC KEY", "CERTIFICATE"), 0, "cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := token.ParseKeySet([]byte(tt.text), nil)
			switch {
			case tt.keys == 0 && (err == nil || set != nil || !strings.Contains(err.Error(), tt.want)):
				t.Fatalf("%v, %v: want %s", set, err, tt.want)
			case tt.keys == 0:
				return
			case err != nil || set.Len() != tt.keys:
				t.Fatalf("%v keys, %v", set, err)
			}
			if skipped := strings.Join(set.Skipped(), "\n"); (skipped == "") != (tt.want == "") || !strings.Contains(skipped, tt.want) {
				t.Errorf("skipped: %q, want %q", skipped, tt.want)
			}
		})
	}
	// Only what is accepted; an RSA key that does not say is for the first of it.
	set := keySet(t, jwks("{"+strings.Replace(rsa, `"alg":"RS256",`, "", 1)+"}", rfc8037Public), "PS256", "ES256")
	if set.Len() != 1 || len(set.Skipped()) != 1 {
		t.Errorf("%d keys, skipped %q", set.Len(), set.Skipped())
	}
	raw := mustMake(t, keyed(t, privateKeys(t, pemOf(t, "rsa-pkcs1"), "PS256")...), token.Claims{Login: "calvin", Realm: "acme", Issuer: "idp", Expires: now.Add(time.Hour)})
	if _, err := check(t, newIssuer(t, token.IssuerOptions{}), set, raw); err != nil {
		t.Error(err)
	}
}

func TestParsePrivateKeys(t *testing.T) {
	with := func(more string) string { return strings.Replace(rfc8037Private, "{", "{"+more+",", 1) }
	for _, tt := range []struct{ name, text, algorithm, want string }{
		{"RSA", pemOf(t, "rsa-pkcs1"), "", "RS256"},
		{"RSA PS512", pemOf(t, "rsa-pkcs8"), "PS512", "PS512"},
		{"P-521", pemOf(t, "p521"), "ES512", "ES512"},
		{"Ed25519 by its newer name", pemOf(t, "ed25519"), "Ed25519", "EdDSA"},
		{"JWK", rfc7515Private, "", "ES256"},
		{"JWK says its own", with(`"alg":"EdDSA"`), "RS256", "EdDSA"},

		{"RSA of 1024 bits", pemOf(t, "rsa-1024"), "", "too short"},
		{"RSA for ES256", pemOf(t, "rsa-pkcs1"), "ES256", "not for an algorithm"},
		{"RSA for HS256", pemOf(t, "rsa-pkcs1"), "HS256", "not for an algorithm"},
		{"RSA for none", pemOf(t, "rsa-pkcs1"), "none", "not for an algorithm"},
		{"P-384 for ES256", pemOf(t, "p384"), "ES256", "not for an algorithm"},
		{"secp256k1", pemOf(t, "secp256k1"), "", "cannot be read"},
		{"P-224", pemOf(t, "p224"), "", "none of P-256"},
		{"X25519", pemOf(t, "x25519"), "", "none of RSA"},
		{"encrypted", pemOf(t, "encrypted"), "", "encrypted"},
		{"encrypted the old way", pemOf(t, "encrypted-pkcs1"), "", "encrypted"},
		{"public", pemOf(t, "rsa-public"), "", "not a private key"},
		{"certificate", pemOf(t, "rsa-certificate"), "", "not a private key"},
		{"cut off", pemOf(t, "rsa-pkcs1")[:200], "", "cut off"},
		{"twice", pemOf(t, "ed25519") + pemOf(t, "ed25519"), "", "same id"},
		{"public JWK", rfc8037Public, "", "not a private one"},
		{"secret JWK", `{"kty":"oct","k":"c2VjcmV0"}`, "", "none of RSA, EC and OKP"},
		{"JWK for verifying", with(`"key_ops":["verify"]`), "", "not for signing"},
		{"JWK with halves of two keys", strings.Replace(rfc8037Private, `"d":"nWG`, `"d":"nWH`, 1), "", "do not belong together"},
		{"EC JWK with halves of two keys", strings.Replace(rfc7515Private, `"d":"jps`, `"d":"jpt`, 1), "", "do not belong together"},
		{"EC JWK with a zero for a key", strings.Replace(rfc7515Private, "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI", strings.Repeat("A", 43), 1), "", "not valid"},
		{"EC JWK for verifying, with halves of two keys", strings.Replace(strings.Replace(rfc7515Private, `"d":"jps`, `"d":"jpt`, 1), "{", `{"use":"enc",`, 1), "", "not for signing"},
		{"JWK for verifying that says its algorithm", with(`"alg":"EdDSA","key_ops":["verify"]`), "", "not for signing"},
		{"JWK for encryption, and with a mistake", with(`"use":"enc","kid":1`), "", "wrong type"},
		{"JWK with operations that are no texts", with(`"key_ops":["sign",1]`), "", "wrong type"},
		{"JWK with an empty member", with(`"qi":""`), "", "empty"},
		{"JWK and no JSON", with(`"kty":"OKP"`), "", "private key: not a strict JSON object"},
		{"a good one, and one that is encrypted", pemOf(t, "ed25519") + pemOf(t, "encrypted"), "", "encrypted"},
		{"a curve and no key", ecParameters, "", "neither in PEM"},
		{"text", "correct horse battery staple", "", "neither in PEM"},
		{"empty", "", "", "neither in PEM"},
	} {
		keys, err := token.ParsePrivateKeys([]byte(tt.text), tt.algorithm)
		switch {
		case err == nil && (len(keys) != 1 || keys[0].Algorithm() != tt.want):
			t.Errorf("%s: %v, want %s", tt.name, keys, tt.want)
		case err != nil && !strings.Contains(err.Error(), tt.want):
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		case err != nil && (strings.Contains(err.Error(), "nWG") || strings.Contains(err.Error(), "horse")):
			t.Errorf("%s: the error shows the key: %v", tt.name, err)
		}
	}
}

// A private RSA JWK, with all that RFC 7518 demands, and with a prime that is none
// of its own.
func TestPrivateRSAJWK(t *testing.T) {
	good := rsaJWK(t)
	if key := privateKeys(t, good, "")[0]; key.Algorithm() != "RS256" {
		t.Error(key)
	}
	for _, change := range []func(map[string]string){
		func(k map[string]string) { delete(k, "p") },
		func(k map[string]string) { k["p"] = k["q"] },
		func(k map[string]string) { k["d"] = k["p"] },
		func(k map[string]string) { k["d"] = "AA" },
		func(k map[string]string) { k["oth"] = "AAAA" },
		func(k map[string]string) { k["e"] = "Aw" },
	} {
		k := map[string]string{}
		if err := json.Unmarshal([]byte(good), &k); err != nil {
			t.Fatal(err)
		}
		change(k)
		text, _ := json.Marshal(k)
		if keys, err := token.ParsePrivateKeys(text, ""); err == nil || err.Error() != "private key: the private half of a key is not valid" {
			t.Errorf("%v, %v: of %s", keys, err, text)
		}
	}
}

// Sets are equal that were read from the same text, and no set is equal to nothing.
func TestKeySetEqual(t *testing.T) {
	one, again, other := keySet(t, rfc8037Public), keySet(t, rfc8037Public), keySet(t, rfc8037Public+"\n")
	for _, tt := range []struct {
		name string
		a, b *token.KeySet
		want bool
	}{
		{"itself", one, one, true},
		{"the same text", one, again, true},
		{"another text", one, other, false},
		{"nothing", one, nil, false},
		{"nothing with a set", nil, one, false},
		{"nothing twice", nil, nil, false},
	} {
		if tt.a.Equal(tt.b) != tt.want {
			t.Errorf("%s: equal is not %t", tt.name, tt.want)
		}
	}
}

// Of the keys of others, a token without a kid has eight tried for it; of our own
// secrets, as many as there are.
func TestManySecrets(t *testing.T) {
	var list []string
	for i := range 12 {
		list = append(list, fmt.Sprintf("%s, number %d", secret1, i))
	}
	many := newJWT(t, token.Options{Secrets: secrets(list...)})
	for _, secret := range list {
		raw := mustMake(t, newJWT(t, token.Options{Secrets: secrets(secret)}), token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour)})
		if _, err := many.Check(raw, "acme", now); err != nil {
			t.Errorf("%s: %v", secret, err)
		}
	}
}

// S70: no key comes out of what holds it.
func TestKeysAreNotPrinted(t *testing.T) {
	key := privateKeys(t, rfc8037Private, "")[0]
	for _, v := range []any{key, *key, []*token.Key{key}, token.Options{Keys: []*token.Key{key}}, keyed(t, key)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s"} {
			printed := fmt.Sprintf(verb, v)
			for _, secret := range []string{"nWGxne", "9d61b1", "9D61B1", "157 97 177", "0x9d, 0x61"} {
				if strings.Contains(printed, secret) {
					t.Errorf("%T with %s: %s", v, verb, printed)
				}
			}
		}
		if text, _ := json.Marshal(v); strings.Contains(string(text), "nWGxne") {
			t.Errorf("%T: %s", v, text)
		}
	}
}
