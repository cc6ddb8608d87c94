package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/token"
	"github.com/golang-jwt/jwt/v5"
)

// BenchmarkCheck compares both formats with what one would write by hand: a
// check of an HMAC and a date, and golang-jwt's parser.
func BenchmarkCheck(b *testing.B) {
	c := token.Claims{Login: "calvin", Realm: "acme", IssuedAt: now, Expires: now.Add(time.Hour)}
	check := func(name string, f token.Format, raw string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Check(raw, "acme", now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}

	f, old, j := newFSA(b, token.Options{}), newFSA(b, token.Options{Algorithm: "blake2s"}), newJWT(b, token.Options{})
	raw := mustMake(b, f, c)
	check("fsa", f, raw)
	check("fsa-blake2s", old, mustMake(b, old, c))
	b.Run("fsa-by-hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			part := strings.Split(raw, ":")
			h := hmac.New(sha256.New, []byte(secret1))
			h.Write([]byte(strings.Join(part[:3], ":")))
			sum, err1 := hex.DecodeString(part[3])
			limit, err2 := time.Parse("20060102150405", part[2])
			if err1 != nil || err2 != nil || !hmac.Equal(sum, h.Sum(nil)) || part[0] != "acme" || now.After(limit) {
				b.Fatal("refused")
			}
		}
	})

	raw = mustMake(b, j, c)
	check("jwt", j, raw)
	check("jwt-foreign-header", j, signJWT(goodHeader, goodPayload, secret1))
	b.Run("jwt-by-hand", func(b *testing.B) {
		b.ReportAllocs()
		parser := jwt.NewParser(jwt.WithAudience("acme"), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(func() time.Time { return now }))
		for b.Loop() {
			var claims jwt.RegisteredClaims
			_, err := parser.ParseWithClaims(raw, &claims, func(*jwt.Token) (any, error) { return []byte(secret1), nil })
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, algorithm := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		f := keyed(b, privateKeys(b, pemOf(b, fileOf[algorithm]), algorithm)...)
		check("jwt-"+algorithm, f, mustMake(b, f, c))
	}
	check("jwt-8KiB", j, mustMake(b, j, token.Claims{Login: strings.Repeat("x", 5900), Realm: "acme", Expires: now.Add(time.Hour)}))
}

// BenchmarkRefuse is what a flood of nonsense costs.
func BenchmarkRefuse(b *testing.B) {
	f, j := newFSA(b, token.Options{}), newJWT(b, token.Options{})
	for name, raw := range map[string]string{
		"dots":   strings.Repeat(".", 1<<20),
		"colons": strings.Repeat(":", token.MaxSize),
		"deep":   b64(`{"x":`+strings.Repeat("[", 6000)) + ".e30.AA",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err1 := f.Check(raw, "acme", now)
				_, err2 := j.Check(raw, "acme", now)
				if err1 == nil || err2 == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
