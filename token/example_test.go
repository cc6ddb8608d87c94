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
	// unknown algorithm "none" for jwt tokens: there are HS256, HS384, HS512
}

func ExampleSimplifyRealm() {
	fmt.Println(token.SimplifyRealm("My Shop (test)"))

	// Output:
	// My-Shop-test
}
