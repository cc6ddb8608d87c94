package token_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/token"
	"github.com/golang-jwt/jwt/v5"
)

// TestKeyReasons: a key set says why a key of it is not used, or why it is none at all.
func TestKeyReasons(t *testing.T) {
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	rsaOf := func(bits uint, e int) string {
		n := new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1)
		return block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: n, E: e}))
	}
	n := b64(strings.Repeat("\xff", 1025))
	coordinate := func(size int) string { return b64(strings.Repeat("\x01", size)) }
	good := pemOf(t, "ed25519-public")
	const private = "a private or symmetric key stands where public ones are read"
	for _, c := range []struct{ name, text, want string }{
		{"too short", rsaOf(2047, 65537), "an RSA key of 2047 bits is too short, at least 2048 are needed"},
		{"too long", rsaOf(8193, 65537), "an RSA key of 8193 bits is too long, at most 8192 are taken"},
		{"exponent over 31 bits", pkix(t, &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2047, 1), E: 1<<31 + 1}), "the exponent of an RSA key is even, under 65537, or over 31 bits"},
		{"exponent", rsaOf(2048, 65535), "the exponent of an RSA key is even, under 65537, or over 31 bits"},
		{"too long, as a JWK", `{"kty":"RSA","e":"AQAB","n":"` + n + `"}`, "the modulus or the exponent of an RSA key is too long"},
		{"x too short", `{"kty":"EC","crv":"P-256","x":"` + coordinate(31) + `","y":"` + coordinate(32) + `"}`, "a coordinate of an EC key is missing, or has not the size of the curve"},
		{"y too short", `{"kty":"EC","crv":"P-256","x":"` + coordinate(32) + `","y":"` + coordinate(31) + `"}`, "a coordinate of an EC key is missing, or has not the size of the curve"},
		{"off the curve", `{"kty":"EC","crv":"P-256","x":"` + coordinate(32) + `","y":"` + coordinate(32) + `"}`, "the point of an EC key is not on its curve"},
		{"keys is null", `{"keys":null}`, "keys is not a list"},
		{"keys is a key", `{"keys":` + rfc8037Public + `}`, "keys is not a list"},
		{"too many", strings.Repeat(good, 65), "over 64 keys in PEM"},
		{"PKCS #8", good + block("PRIVATE KEY", []byte("x")), private},
		{"SEC 1", good + block("EC PRIVATE KEY", []byte("x")), private},
		{"PKCS #1", good + block("RSA PRIVATE KEY", []byte("x")), private},
		{"encrypted", good + block("ENCRYPTED PRIVATE KEY", []byte("x")), private},
	} {
		set, err := token.ParseKeySet([]byte(c.text), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, want %s", c.name, set, err, c.want)
		}
	}
	// Of a key that names its algorithm, no other one is guessed.
	named := strings.Replace(rsaJWK(t), `"kty"`, `"alg":"RS512","kty"`, 1)
	public := publicJWKS(t, privateKeys(t, named, "")...)
	if set, err := token.ParseKeySet([]byte(public), []string{"RS256"}); err == nil || !strings.Contains(err.Error(), "not for an algorithm that is accepted") {
		t.Errorf("%v, %v", set, err)
	}
	if set := keySet(t, public, "RS512"); set.Len() != 1 {
		t.Error(set.Skipped())
	}
}

// TestHalfOfAPrivateKey: an RSA key without one of its private numbers signs nothing.
func TestHalfOfAPrivateKey(t *testing.T) {
	whole := rsaJWK(t)
	privateKeys(t, whole, "")
	const invalid = "the private half of a key is not valid"
	for member, want := range map[string]string{"d": "the key is not a private one", "p": invalid, "q": invalid} {
		_, rest, _ := strings.Cut(whole, `"`+member+`":`)
		value, _, _ := strings.Cut(rest, ",")
		text := strings.Replace(whole, `"`+member+`":`+value+",", "", 1)
		if keys, err := token.ParsePrivateKeys([]byte(text), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v, %v", member, keys, err)
		}
	}
}

// TestOtherIssuer: a token of one issuer is none of another's, though both have the same
// key; and an issuer that was not made by NewIssuer knows no token.
func TestOtherIssuer(t *testing.T) {
	keys := keySet(t, pemOf(t, "ed25519-public"))
	raw := signWith(t, jwt.SigningMethodEdDSA, privateOf(t, "ed25519"), `{"alg":"EdDSA"}`, foreignPayload)
	if _, err := check(t, newIssuer(t, token.IssuerOptions{}), keys, raw); err != nil {
		t.Fatal(err)
	}
	for name, i := range map[string]*token.Issuer{"another": newIssuer(t, token.IssuerOptions{Issuer: "other"}), "none": {}} {
		if c, err := check(t, i, keys, raw); !errors.Is(err, token.ErrIssuer) || c.Login != "" {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	nobodys := signWith(t, jwt.SigningMethodEdDSA, privateOf(t, "ed25519"), `{"alg":"EdDSA"}`, strings.Replace(foreignPayload, `"iss":"idp",`, "", 1))
	if c, err := check(t, &token.Issuer{}, keys, nobodys); !errors.Is(err, token.ErrIssuer) {
		t.Errorf("%+v, %v", c, err)
	}
	// With ErrKey, newer keys are fetched: not for a token that is another's anyway.
	for _, header := range []string{`{"alg":"EdDSA","kid":"other"}`, `{"alg":"RS256"}`, `{"alg":"none"}`} {
		unknown := signWith(t, jwt.SigningMethodEdDSA, privateOf(t, "ed25519"), header, foreignPayload)
		if c, err := check(t, newIssuer(t, token.IssuerOptions{Issuer: "other"}), keys, unknown); !errors.Is(err, token.ErrIssuer) {
			t.Errorf("%s: %+v, %v", header, c, err)
		}
	}
}

// TestForeignWords: the log says why a token of another issuer is refused.
func TestForeignWords(t *testing.T) {
	keys := keySet(t, pemOf(t, "ed25519-public"))
	for _, c := range []struct {
		payload string
		options token.IssuerOptions
		want    string
	}{
		{foreignPayload, token.IssuerOptions{UserClaim: "oid"}, "the claim that names the user is missing"},
		{foreignPayload, token.IssuerOptions{AccessTokens: true}, "typ is not at+jwt"},
		{strings.Replace(foreignPayload, "{", `{"at_hash":"x",`, 1), token.IssuerOptions{}, "it is an ID token"},
		{strings.Replace(foreignPayload, "{", `{"email":"a@b.example",`, 1), token.IssuerOptions{UserClaim: "email"}, "email is not verified"},
	} {
		raw := signWith(t, jwt.SigningMethodEdDSA, privateOf(t, "ed25519"), `{"alg":"EdDSA"}`, c.payload)
		if _, err := check(t, newIssuer(t, c.options), keys, raw); err == nil || err.Error() != "malformed token: "+c.want {
			t.Errorf("%s: %v, want %s", c.payload, err, c.want)
		}
	}
}

// TestMisuse: tokens that an issuer makes for other purposes are no access tokens, though
// their signature is right.
func TestMisuse(t *testing.T) {
	keys := keySet(t, pemOf(t, "ed25519-public"))
	for claim, good := range map[string]bool{
		`"at_hash":"x"`: false, `"c_hash":"x"`: false, `"s_hash":"x"`: false, `"events":{}`: false,
		`"typ":"ID"`: false, `"typ":"Refresh"`: false, `"typ":"Offline"`: false, `"typ":"Logout"`: false, `"typ":"Bearer"`: true, `"kind":"ID"`: true, `"kind":"Logout"`: true,
	} {
		raw := signWith(t, jwt.SigningMethodEdDSA, privateOf(t, "ed25519"), `{"alg":"EdDSA"}`, strings.TrimSuffix(foreignPayload, "}")+","+claim+"}")
		if _, err := check(t, newIssuer(t, token.IssuerOptions{}), keys, raw); (err == nil) != good {
			t.Errorf("%s: %v", claim, err)
		}
	}
}
