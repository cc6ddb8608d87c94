package token_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
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
// raw as it is. What is accepted must mean the same to encoding/json.
func FuzzJWT(f *testing.F) {
	for i, tt := range jwtTests {
		f.Add(tt.header, tt.payload, b64(tt.header)+"."+b64(tt.payload)+".AAAA", uint(i), byte(1<<(i%8)))
	}
	f.Add(goodHeader, goodPayload, "..", uint(0), byte('\n'))
	j := newJWT(f, token.Options{Grace: time.Minute})
	f.Fuzz(func(t *testing.T, header, payload, raw string, at uint, flip byte) {
		if _, ok := canonical(t, j, raw, at, flip); ok {
			t.Fatalf("accepted %q without signing it", raw)
		}
		// A raw text under the right signature tests the compact form.
		if c, ok := canonical(t, j, mac(raw, secret1), at, flip); ok {
			h, p, _ := strings.Cut(raw, ".")
			sameClaims(t, decode(t, h), decode(t, p), c)
		}
		if c, ok := canonical(t, j, signJWT(header, payload, secret1), at, flip); ok {
			sameClaims(t, header, payload, c)
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

func sameClaims(t *testing.T, header, payload string, c token.Claims) {
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
	if h["alg"] != "HS256" || p["sub"] != c.Login || c.Login == "" || exp < 1785585540 ||
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
