package token_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/token"
)

// What is wrong with the compact form itself.
func TestJWTMalformed(t *testing.T) {
	j := newJWT(t, token.Options{})
	good := signJWT(goodHeader, goodPayload, secret1)
	h, p, s := b64(goodHeader), b64(goodPayload), good[strings.LastIndexByte(good, '.')+1:]
	if len(p)%4 == 0 || len(s)%4 != 3 {
		t.Fatal("these tests need bits to spare in the last characters")
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	// next sets the lowest of the bits to spare: lax decoders do not see it.
	next := func(s string) string {
		return s[:len(s)-1] + string(alphabet[strings.IndexByte(alphabet, s[len(s)-1])+1])
	}
	for name, raw := range map[string]string{
		"empty":                                  "",
		"dot":                                    ".",
		"dots":                                   "..",
		"megabyte of dots":                       strings.Repeat(".", 1<<20),
		"8 KiB of dots":                          strings.Repeat(".", token.MaxSize),
		"one part":                               h,
		"two parts":                              h + "." + p,
		"four parts":                             good + "." + s,
		"five parts":                             good + ".AA.AA",
		"dot at the end":                         good + ".",
		"dot at the start":                       "." + good,
		"no header":                              mac("."+p, secret1),
		"no payload":                             mac(h+".", secret1),
		"no signature":                           h + "." + p + ".",
		"padded header":                          mac(b64(goodHeader+" ")+"==."+p, secret1),
		"padded payload":                         mac(h+"."+p+"=", secret1),
		"padded signature":                       good + "=",
		"base64 line break in header":            mac(h[:4]+"\n"+h[4:]+"."+p, secret1),
		"base64 line break in payload":           mac(h+"."+p[:4]+"\r\n"+p[4:], secret1),
		"base64 line break in signature":         h + "." + p + "." + s[:8] + "\n" + s[8:],
		"base64 line break after all":            good + "\n",
		"carriage return after all":              good + "\r",
		"space before":                           " " + good,
		"space after":                            good + " ",
		"NUL after":                              good + "\x00",
		"alphabet of plain base64":               mac(h+"."+base64.RawStdEncoding.EncodeToString([]byte(`{"x":"???>>>"}`)), secret1),
		"non-canonical trailing bits in payload": mac(h+"."+next(p), secret1),
		"non-canonical trailing bits in signature": h + "." + p + "." + next(s),
		"one character left over":                  mac(h+"."+b64(goodPayload+"  ")+"A", secret1),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := j.Check(raw, "acme", now)
			refused(t, raw, c, err, token.ErrMalformed)
		})
	}
}

// There is one spelling of each part: of the strings with which a decoder of any
// laxity gives the same bytes, the canonical one alone passes.
func TestJWTSpellings(t *testing.T) {
	j := newJWT(t, token.Options{})
	lax := func(s string) []string {
		all := []string{s + "=", s + "==", s + "===", s + "\n", s + "\r\n", s + " ", "\n" + s, s + "\x00", s + "%3D",
			strings.NewReplacer("-", "+", "_", "/").Replace(s)}
		for i := 1; i < len(s); i += 7 {
			for _, filler := range []string{"\n", "\r", " ", "\t", "=", "\x00", "\u200b"} {
				all = append(all, s[:i]+filler+s[i:])
			}
		}
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		for _, last := range alphabet { // bits to spare, where there are any
			if len(s)%4 != 0 {
				all = append(all, s[:len(s)-1]+string(last))
			}
		}
		return all
	}
	decode := func(s string) string { data, _ := base64.RawURLEncoding.DecodeString(s); return string(data) }
	// Signatures, headers and payloads of all lengths modulo three, with both
	// characters of base64url that plain base64 has not.
	for i := range 12 {
		header := strings.Replace(goodHeader, "}", `,"x":"`+strings.Repeat("~", i)+`???>>>"}`, 1)
		payload := strings.Replace(goodPayload, "}", `,"x":"`+strings.Repeat("~", i/2)+`???>>>"}`, 1)
		h, p := b64(header), b64(payload)
		good := mac(h+"."+p, secret1)
		s := good[len(h+"."+p)+1:]
		if _, err := j.Check(good, "acme", now); err != nil {
			t.Fatal(err)
		}
		try := func(raw string) {
			if c, err := j.Check(raw, "acme", now); err == nil && raw != good {
				t.Errorf("accepted %q for %q: %+v", raw, good, c)
			}
		}
		for _, other := range lax(h) {
			try(other + "." + p + "." + s)
			if decode(other) == header { // also if it is what was signed
				try(mac(other+"."+p, secret1))
			}
		}
		for _, other := range lax(p) {
			try(h + "." + other + "." + s)
			if decode(other) == payload {
				try(mac(h+"."+other, secret1))
			}
		}
		for _, other := range lax(s) {
			try(h + "." + p + "." + other)
		}
	}
}
