package token_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
	"github.com/golang-jwt/jwt/v5"
)

// canonical fails if Check accepts raw and also raw with one byte changed. The
// byte and its place come from the fuzzer.
func canonical(t *testing.T, f token.Format, raw string, at uint, flip byte) (token.Claims, bool) {
	c, err := f.Check(raw, "acme", now)
	known := err == nil
	for _, refusal := range refusals {
		known = known || errors.Is(err, refusal)
	}
	if !known {
		t.Fatalf("unknown error %v", err)
	}
	if err != nil || flip == 0 {
		return c, err == nil
	}
	if len(raw) > token.MaxSize {
		t.Fatal("accepted a token over the limit")
	}
	b := []byte(raw)
	b[at%uint(len(b))] ^= flip
	if _, err := f.Check(string(b), "acme", now); err == nil {
		t.Fatalf("accepted both %q and %q", raw, b)
	}
	return c, true
}

// FuzzFSA signs what the fuzzer makes up, so that it gets past the signature,
// and tries it as it is too.
func FuzzFSA(f *testing.F) {
	for i, tt := range fsaTests {
		f.Add(tt.message, uint(i), byte(1<<(i%8)))
	}
	f.Add("acme/idp:calvin:20991231235959:3d4068d5997369d7ca8d98e120ef9378", uint(0), byte(' '))
	plain := newFSA(f, token.Options{Grace: fsaGrace})
	issuer := newFSA(f, token.Options{Issuer: "idp"})
	f.Fuzz(func(t *testing.T, message string, at uint, flip byte) {
		if _, ok := canonical(t, plain, message, at, flip); ok {
			t.Fatalf("accepted %q without signing it", message)
		}
		raw := signFSA(message, secret1)
		canonical(t, issuer, raw, at, flip)
		c, ok := canonical(t, plain, raw, at, flip)
		if !ok {
			return
		}
		// What is accepted is what Make would write.
		if again := mustMake(t, plain, c); again != raw {
			t.Fatalf("accepted %q, which is written %q", raw, again)
		}
	})
}

// FuzzJWT signs the header and the payload that the fuzzer makes up, and tries
// raw as it is; with a secret, and with a private key as ourselves and as another
// issuer. What is accepted must mean the same to encoding/json.
func FuzzJWT(f *testing.F) {
	for i, tt := range jwtTests {
		f.Add(tt.header, tt.payload, b64(tt.header)+"."+b64(tt.payload)+".AAAA", uint(i), byte(1<<(i%8)))
	}
	f.Add(goodHeader, goodPayload, "..", uint(0), byte('\n'))
	for i, header := range []string{`{"alg":"EdDSA"}`, `{"alg":"Ed25519","kid":"1"}`, `{"alg":"HS256","kid":"1"}`, `{"alg":"EdDSA","typ":"at+jwt"}`} {
		f.Add(header, foreignPayload, "..", uint(i), byte(1))
	}
	f.Add(`{"alg":"EdDSA"}`, strings.Replace(foreignPayload, "}", `,"scope":["read"]}`, 1), "..", uint(0), byte(1))
	j := newJWT(f, token.Options{Grace: time.Minute})
	private, public := privateOf(f, "ed25519"), keySet(f, pemOf(f, "ed25519-public"))
	k, err := token.NewJWT(token.Options{Grace: time.Minute, Keys: privateKeys(f, pemOf(f, "ed25519"), "")})
	if err != nil {
		f.Fatal(err)
	}
	issuer := newIssuer(f, token.IssuerOptions{Grace: time.Minute})
	f.Fuzz(func(t *testing.T, header, payload, raw string, at uint, flip byte) {
		if _, ok := canonical(t, j, raw, at, flip); ok {
			t.Fatalf("accepted %q without signing it", raw)
		}
		// A raw text under the right signature tests the compact form.
		if c, ok := canonical(t, j, mac(raw, secret1), at, flip); ok {
			h, p, _ := strings.Cut(raw, ".")
			sameClaims(t, decode(t, h), decode(t, p), "HS256", c)
		}
		if c, ok := canonical(t, j, signJWT(header, payload, secret1), at, flip); ok {
			sameClaims(t, header, payload, "HS256", c)
		}
		if _, ok := canonical(t, k, raw, at, flip); ok {
			t.Fatalf("accepted %q without signing it", raw)
		}
		raw = signWith(t, jwt.SigningMethodEdDSA, private, header, payload)
		if c, ok := canonical(t, k, raw, at, flip); ok {
			sameClaims(t, header, payload, "EdDSA", c)
		}
		if c, err := check(t, issuer, public, raw); err == nil {
			if c.Issuer != "idp" {
				t.Fatalf("accepted issuer %q of %q", c.Issuer, payload)
			}
			if !strings.Contains(payload, "[") { // scopes may be in a list
				sameClaims(t, header, payload, "EdDSA", c)
			}
		}
	})
}

func decode(t *testing.T, segment string) string {
	t.Helper()
	data, err := b64Strict.DecodeString(segment)
	if err != nil || b64(string(data)) != segment {
		t.Fatalf("accepted %q, which is not canonical base64url: %v", segment, err)
	}
	return string(data)
}

func sameClaims(t *testing.T, header, payload, algorithm string, c token.Claims) {
	t.Helper()
	var h, p map[string]any
	if err := json.Unmarshal([]byte(header), &h); err != nil {
		t.Fatalf("accepted header %q: %v", header, err)
	}
	if err := json.Unmarshal([]byte(payload), &p); err != nil {
		t.Fatalf("accepted payload %q: %v", payload, err)
	}
	for _, name := range []string{"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"} {
		if _, ok := h[name]; ok {
			t.Fatalf("accepted header %q", header)
		}
	}
	exp, _ := p["exp"].(float64)
	alg, _ := h["alg"].(string)
	if alg == "Ed25519" {
		alg = "EdDSA"
	}
	if alg != algorithm || p["sub"] != c.Login || c.Login == "" || exp < 1785585540 ||
		c.Expires.Unix() != int64(exp) || c.Realm != "acme" {
		t.Fatalf("accepted %q %q as %+v", header, payload, c)
	}
	for name, want := range map[string]string{"iss": c.Issuer, "jti": c.ID, "scope": strings.Join(c.Scopes, " ")} {
		if got, _ := p[name].(string); got != want {
			t.Fatalf("%s of %q is %q, and not %q", name, payload, got, want)
		}
	}
	switch aud := p["aud"].(type) {
	case string:
		if aud != "acme" {
			t.Fatalf("accepted audience %q", aud)
		}
	case []any:
		for _, a := range aud {
			if a == "acme" {
				return
			}
		}
		t.Fatalf("accepted audience %q", aud)
	default:
		t.Fatalf("accepted audience %v", aud)
	}
}

// FuzzKeys reads keys, private and public ones. What is accepted signs and
// verifies, and what is private does not pass for public.
func FuzzKeys(f *testing.F) {
	for _, text := range []string{rfc8037Public, rfc8037Private, rfc7515Private, rsaJWK(f), `{"keys":[` + rfc8037Public + `]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"1"},{"kty":"oct"}]}`,
		pemOf(f, "rsa-public"), pemOf(f, "rsa-pkcs1"), pemOf(f, "rsa-certificate"), pemOf(f, "p256-sec1"), pemOf(f, "ed25519"), pemOf(f, "encrypted-pkcs1")} {
		f.Add([]byte(text), "")
		f.Add([]byte(text), "PS256")
	}
	c := token.Claims{Login: "calvin", Realm: "acme", Expires: now.Add(time.Hour), Issuer: "idp"}
	issuer := newIssuer(f, token.IssuerOptions{})
	f.Fuzz(func(t *testing.T, text []byte, algorithm string) {
		set, err := token.ParseKeySet(text, nil)
		if (set == nil) != (err != nil) || err == nil && (set.Len() < 1 || set.Len() > 64) {
			t.Fatalf("%v, %v", set, err)
		}
		keys, privateErr := token.ParsePrivateKeys(text, algorithm)
		if privateErr != nil {
			return
		}
		if err == nil {
			t.Fatalf("%q is both private and public", text)
		}
		for _, key := range keys {
			public, err := token.PublicJWKS(key)
			if err != nil {
				t.Fatal(err)
			}
			set, err := token.ParseKeySet(public, nil)
			if err != nil {
				t.Fatalf("%s of %q: %v", public, text, err)
			}
			if _, err := check(t, issuer, set, mustMake(t, keyed(t, key), c)); err != nil {
				t.Fatalf("%s of %q: %v", public, text, err)
			}
		}
	})
}
