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
