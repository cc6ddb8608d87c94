package token_test

import (
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/token"
)

// A token of the Python original, made and checked.
func ExampleNewFSA() {
	f, err := token.NewFSA(token.Options{
		Algorithm:      "blake2s",
		Length:         8,
		InsecureLength: true, // 64 bits; without Length it would be 128
		Secrets:        [][]byte{[]byte("demo application secret for signing tokens")},
	})
	if err != nil {
		log.Fatal(err)
	}

	raw, err := f.Make(token.Claims{
		Login:   "calvin",
		Realm:   "acme",
		Expires: time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(raw)

	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	claims, err := f.Check(raw, "acme", now)
	fmt.Println(claims.Login, err)

	// Output:
	// acme:calvin:20991231235959:8b95f745aac7f3ef
	// calvin <nil>
}

// A secret is replaced by putting the new one in front.
func ExampleNewJWT_rotation() {
	older := []byte("an older secret of thirty-two bytes or more")
	newer := []byte("a newer secret of thirty-two bytes or more")
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

	before, err := token.NewJWT(token.Options{Secrets: [][]byte{older}})
	if err != nil {
		log.Fatal(err)
	}
	after, err := token.NewJWT(token.Options{Secrets: [][]byte{newer, older}})
	if err != nil {
		log.Fatal(err)
	}

	claims := token.Claims{Login: "calvin", Realm: "acme", Scopes: []string{"read"}, Expires: now.Add(time.Hour)}
	oldToken, _ := before.Make(claims)
	newToken, _ := after.Make(claims)

	c, err := after.Check(oldToken, "acme", now)
	fmt.Println(c.Login, c.Scopes, err)
	_, err = before.Check(newToken, "acme", now)
	fmt.Println(err)

	// Output:
	// calvin [read] <nil>
	// invalid token signature
}

// The classic mistake is to look at what a token says before its signature: a
// forger then learns something, here that the token was of the right shape and
// merely too old. Check does not say so.
func ExampleFSA_Check_forged() {
	f, err := token.NewFSA(token.Options{Secrets: [][]byte{[]byte("a secret that has thirty-two bytes or more")}})
	if err != nil {
		log.Fatal(err)
	}
	forged := "acme:root:20000101000000:" + strings.Repeat("0", 64)
	_, err = f.Check(forged, "acme", time.Now())
	fmt.Println(err, errors.Is(err, token.ErrExpired))

	// Output:
	// invalid token signature false
}

// All mistakes are reported together.
func ExampleNewJWT_mistakes() {
	_, err := token.NewJWT(token.Options{
		Algorithm: "none",
		Secrets:   [][]byte{{}},
		Grace:     -time.Minute,
	})
	fmt.Println(err)

	// Output:
	// token secret 1 of 1 is empty
	// token grace is negative: -1m0s
	// unknown algorithm "none" for jwt tokens: there are ES256, ES384, ES512, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512
}

// Who checks the tokens of an issuer needs its public keys, and no secret.
func ExampleIssuer_Check() {
	// The issuer has a private key, and publishes the other half.
	keys, err := token.ParsePrivateKeys([]byte(`-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----`), "")
	if err != nil {
		log.Fatal(err)
	}
	made, err := token.NewJWT(token.Options{Keys: keys, Issuer: "https://idp.example"})
	if err != nil {
		log.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	raw, err := made.Make(token.Claims{Login: "7", Realm: "https://acme.example", Scopes: []string{"read"}, Expires: now.Add(time.Hour)})
	if err != nil {
		log.Fatal(err)
	}
	published, err := token.PublicJWKS(keys...)
	if err != nil {
		log.Fatal(err)
	}

	// We know who it is, and for whom its tokens must be.
	issuer, err := token.NewIssuer(token.IssuerOptions{
		Issuer: "https://idp.example", Audience: []string{"https://acme.example"}, LoginPrefix: "idp|",
	})
	if err != nil {
		log.Fatal(err)
	}
	set, err := token.ParseKeySet(published, issuer.Algorithms())
	if err != nil {
		log.Fatal(err)
	}
	unverified, err := token.Parse(raw)
	if err != nil {
		log.Fatal(err)
	}
	c, err := issuer.Check(unverified, set, now)
	fmt.Println(keys[0].Algorithm(), c.Login, c.Scopes, err)
	_, err = issuer.Check(unverified, set, now.Add(time.Hour))
	fmt.Println(err)

	// Output:
	// EdDSA idp|7 [read] <nil>
	// expired token
}

// A key set with a private key in it is not used: everybody has that key.
func ExampleParseKeySet() {
	_, err := token.ParseKeySet([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519",
		"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`), nil)
	fmt.Println(err)

	set, err := token.ParseKeySet([]byte(`{"keys":[
		{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
		{"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}]}`), nil)
	fmt.Println(set.Len(), set.Skipped(), err)

	// Output:
	// key set: a private or symmetric key stands where public ones are read: whoever can read it can sign; replace it
	// 1 [key 2: the curve is none of P-256, P-384, P-521 and Ed25519] <nil>
}

func ExampleSimplifyRealm() {
	fmt.Println(token.SimplifyRealm("My Shop (test)"))

	// Output:
	// My-Shop-test
}
