package fsa_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// quiet is a configuration of examples.
func quiet(auth ...string) fsa.Config {
	return fsa.Config{Auth: auth, Logger: slog.New(slog.DiscardHandler)}
}

// askMe asks an application who the caller is.
func askMe(app *fsa.App, header ...string) {
	fsa.Get(app, "/me", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) {
		return fsa.User(ctx), nil
	})
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodGet, "/me", nil)
	r.RemoteAddr = "127.0.0.1:40000"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

// A key is shown to its user once. The store keeps its id, by which it is found,
// and its hash, from which nobody gets it back.
func ExampleApp_APIKey() {
	app := fsa.New("acme", quiet("apikey"))
	key, id, hash := fsa.NewAPIKey()
	app.APIKey(func(ctx context.Context, asked string) (fsa.APIKey, error) {
		if asked != id {
			return fsa.APIKey{}, fsa.ErrNoSuchKey
		}
		return fsa.APIKey{Login: "susie", Hash: hash, Scopes: []string{"read"}, Expires: time.Now().Add(90 * 24 * time.Hour)}, nil
	})
	fmt.Println(strings.HasPrefix(string(key), "fsak_"+id+"_"), len(key), key)
	askMe(app, "Authorization", "Bearer "+string(key))
	// Output:
	// true 74 ***
	// 200 susie
}

// Access tokens of an identity provider: its public keys are in a file here, and
// would else be found by Discovery. User 7 of an issuer is nobody else's user 7.
func ExampleTokenIssuer() {
	keys, err := os.CreateTemp("", "keys-*.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(keys.Name())
	fmt.Fprint(keys, `{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "2026", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	keys.Close()

	cfg := quiet("oauth")
	cfg.TokenIssuers = []fsa.TokenIssuer{{
		Issuer:   "https://idp.example",
		Audience: []string{"https://acme.example"},
		JWKS:     keys.Name(), // or Discovery: true
	}}
	app := fsa.New("acme", cfg)
	// What the provider has made: {"iss": "https://idp.example", "sub": "7",
	// "aud": "https://acme.example", "scope": "orders:read", "exp": 4102444799}.
	askMe(app, "Authorization", "Bearer eyJhbGciOiJFZERTQSIsImtpZCI6IjIwMjYifQ.eyJhdWQiOiJodHRwczovL2FjbWUuZXhhbXBsZSIsImV4cCI6NDEwMjQ0NDc5OSwiaXNzIjoiaHR0cHM6Ly9pZHAuZXhhbXBsZSIsInNjb3BlIjoib3JkZXJzOnJlYWQiLCJzdWIiOiI3In0.JzboPQx2uMBL0RBJ0q4_aro0icap8KdAtnT4CPEi4_8iJBoLvJiXGN5VRMs2uVV3aivNoXgJ9d7fKGK7vtZJDg")
	// Output:
	// 200 https://idp.example|7
}

// Tokens that others can check: they are signed with a private key, whose public half
// is for everybody.
func ExampleApp_JWKS() {
	cfg := quiet("token")
	cfg.TokenType = "jwt"
	cfg.TokenSign = []fsa.Secret{`-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----`} // of RFC 8037; in an application, the path of a file
	app := fsa.New("acme", cfg)
	token, err := app.CreateToken(context.Background(), "susie", fsa.TokenOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	askMe(app, "Authorization", "Bearer "+token)
	keys, err := app.JWKS()
	fmt.Println(string(keys), err)
	// Output:
	// 200 susie
	// {"keys":[{"alg":"EdDSA","use":"sig","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]} <nil>
}

// Who has a scope, and what those are told who have not.
func ExampleApp_AddScope() {
	cfg := quiet("token")
	cfg.TokenType, cfg.TokenSecret = "jwt", []fsa.Secret{"u4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7i"}
	app := fsa.New("acme", cfg)
	app.AddScope("orders:read", "orders:write")
	fsa.Get(app, "/orders", authz.Scope("orders:read"), func(ctx context.Context, _ fsa.None) (string, error) {
		return "the orders of " + fsa.User(ctx), nil
	})
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, scope := range []string{"orders:read", "orders:write"} {
		token, err := app.CreateToken(context.Background(), "susie", fsa.TokenOptions{Scopes: []string{scope}})
		if err != nil {
			fmt.Println(err)
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/orders", nil)
		r.RemoteAddr = "127.0.0.1:40000"
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
		fmt.Println(w.Header().Values("WWW-Authenticate"))
	}
	// Output:
	// 200 the orders of susie
	// []
	// 403 missing scope "orders:read"
	// [Bearer realm="acme", error="insufficient_scope", scope="orders:read"]
}

// A server in front says who is calling. From anywhere else, that is refused.
func ExampleConfig_httpd() {
	cfg := quiet("httpd")
	cfg.TrustedProxies = []string{"10.1.2.3"}
	askMe(fsa.New("acme", cfg), "X-Remote-User", "susie")

	cfg.TrustedProxies = []string{"127.0.0.1"}
	askMe(fsa.New("acme", cfg), "X-Remote-User", "susie", "X-Forwarded-Proto", "https")

	cfg.TrustedProxies = nil
	askMe(fsa.New("acme", cfg))
	// Output:
	// 403 insecure HTTP request denied
	// 200 susie
	// FSA_TRUSTED_PROXIES: is empty, and the scheme "httpd" believes what a trusted proxy says; list the addresses of the servers in front that set X-Remote-User, as in ["10.1.2.3"]
}

// The hash that digest compares with depends on the realm and the algorithm.
func ExampleApp_UserHA1() {
	app := fsa.New("acme", quiet("digest"))
	app.UserHA1(func(ctx context.Context, login, realm, algorithm string) (string, error) {
		if login != "susie" {
			return "", fsa.ErrNoSuchUser
		}
		return fsa.HA1(algorithm, login, realm, "mice-and-men"), nil
	})
	askMe(app, "Authorization", `Digest username="susie"`)
	// Output: 401 invalid credentials
}

func ExampleHA1() {
	// The example of RFC 7616, 3.9.1.
	fmt.Println(fsa.HA1("SHA-256", "Mufasa", "http-auth@example.org", "Circle of Life"))
	// Output: 7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232
}

// Certificates count if one of the authorities of FSA_TLS_CLIENT_CA has issued them:
// without any, the scheme does not start.
func ExampleConfig_mtls() {
	cfg := quiet("mtls")
	cfg.MTLSUser = "email"
	askMe(fsa.New("acme", cfg))
	// Output: FSA_TLS_CLIENT_CA: is missing, and the scheme "mtls" believes certificates of its authorities only; name the PEM file with the certificates of the authorities that issue those of your clients
}

// All that a user has been given ends at once; what is made afterwards is good.
func ExampleApp_RevokeUser() {
	cfg := quiet("token")
	cfg.Mode = "dev"
	app := fsa.New("acme", cfg)
	ctx := context.Background()
	stolen, err := app.CreateToken(ctx, "susie", fsa.TokenOptions{})
	if err != nil {
		fmt.Println(err)
	}
	if err := app.RevokeUser(ctx, "susie"); err != nil {
		fmt.Println(err)
	}
	askMe(app, "Authorization", "Bearer "+stolen)
	// Output: 401 revoked token
}

// Reload changes secrets while the application runs. The new one signs, and both are
// good, until the old one is taken out.
func ExampleApp_Reload() {
	cfg := quiet("token")
	cfg.TokenSecret = []fsa.Secret{"an old secret, of 32 bytes at least."}
	app := fsa.New("acme", cfg)
	ctx := context.Background()
	fsa.Get(app, "/version", authz.Auth(), func(context.Context, fsa.None) (string, error) { return fsa.Version(), nil })
	err := app.Reload(ctx, func(c *fsa.Config) {
		c.TokenSecret = append([]fsa.Secret{"a new secret, of 32 bytes and more."}, c.TokenSecret...)
	})
	fmt.Println(err)
	err = app.Reload(ctx, func(c *fsa.Config) { c.Realm = "other" })
	fmt.Println(err)
	// Output:
	// <nil>
	// Config.Realm cannot change while the application runs; restart it
}

// A log-in form must be posted by a page of our own: a page elsewhere could else log
// the visitor in as somebody of its choice, and see what they do then.
func ExampleSameOrigin() {
	app := fsa.New("acme", quiet("none"))
	fsa.Post(app, "/login", authz.Open(), func(context.Context, struct{ User string }) (string, error) {
		return "welcome", nil
	}, fsa.SameOrigin())
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	call(h, "POST", "/login", "user=susie", "Sec-Fetch-Site", "same-origin")
	call(h, "POST", "/login", "user=moe", "Sec-Fetch-Site", "cross-site")
	call(h, "POST", "/login", "user=susie") // curl, which no page can make do anything
	// Output:
	// POST /login: 200 welcome
	// POST /login: 403 cross-origin request denied
	// POST /login: 200 welcome
}
