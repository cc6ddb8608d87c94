package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Answer is what GET /store/{sid}?limit=… answers.
type Answer struct {
	Store int    `json:"store"`
	Limit int    `json:"limit"`
	User  string `json:"user"`
}

// Added is what POST /store/{sid} answers.
type Added struct {
	Store    int     `json:"store"`
	Product  string  `json:"product"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"price"`
	User     string  `json:"user"`
}

// What the security of all contestants is made of.
const (
	realm    = "bench" // the audience of tokens
	group    = "employee"
	mode     = "manager"
	maxBody  = 1 << 20
	secret   = "a secret of thirty-two bytes, at least"
	lifetime = 24 * time.Hour
)

var (
	employees = map[string]bool{"foo": true, "bar": true}
	managers  = map[int]string{42: "foo", 43: "bar"} // of the stores there are
)

// isEmployee is the hook that knows the members of the group.
func isEmployee(_ context.Context, login string) (bool, error) { return employees[login], nil }

var errNoSuchStore = errors.New("no such store")

// manages is the hook that knows who manages which store.
func manages(_ context.Context, login string, sid int, _ string) (bool, error) {
	manager, ok := managers[sid]
	if !ok {
		return false, errNoSuchStore
	}
	return manager == login, nil
}

// parser holds what a good token must be, for all who use golang-jwt themselves.
var parser = jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience(realm), jwt.WithExpirationRequired())

func key(*jwt.Token) (any, error) { return []byte(secret), nil }

// loginOf checks a token and gives whose it is.
func loginOf(raw string) (string, error) {
	var claims jwt.RegisteredClaims
	if _, err := parser.ParseWithClaims(raw, &claims, key); err != nil {
		return "", err
	}
	if claims.Subject == "" {
		return "", errors.New("a token of nobody")
	}
	return claims.Subject, nil
}

// makeJWT makes the token that all but FSA's own kind use.
func makeJWT(login string, valid time.Duration) (string, error) {
	now := time.Now()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject: login, Audience: jwt.ClaimStrings{realm}, IssuedAt: jwt.NewNumericDate(now.Add(min(0, 2*valid))), ExpiresAt: jwt.NewNumericDate(now.Add(valid)),
		ID: fmt.Sprint(now.UnixNano()),
	}).SignedString([]byte(secret))
}
