package fsa_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

// keyFile is the path of a key that openssl has made for tests.
func keyFile(name string) string { return filepath.Join("token", "testdata", "keys", name+".pem") }

func keyText(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(keyFile(name))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "-----") {
			leaktest.Secret(strings.TrimSpace(line))
		}
	}
	return string(text)
}

// signedApp is an application with nothing but the directives of a file, as
// somebody would write them.
func signedApp(t testing.TB, toml string) (*fsa.App, *fsatest.Client) {
	t.Helper()
	cfg, err := loadText(toml)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	app := fsa.New("acme", cfg)
	fsa.Get(app, "/me", authz.Auth(), who)
	return app, fsatest.New(t, app)
}

// TestTokenSign: private keys sign and verify, enabled by directives alone: a file,
// PEM or a JWK, each algorithm.
func TestTokenSign(t *testing.T) {
	const jwk = `{"kty":"OKP","crv":"Ed25519","kid":"of 2026","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	tokens := map[string]string{}
	clients := map[string]*fsatest.Client{}
	for name, directives := range map[string]string{
		"file":          "FSA_TOKEN_SIGN = " + quoted(keyFile("ed25519")),
		"PEM":           "FSA_TOKEN_SIGN = " + quoted(keyText(t, "p256-sec1")),
		"JWK":           "FSA_TOKEN_SIGN = '" + jwk + "'",
		"RS256":         "FSA_TOKEN_SIGN = " + quoted(keyFile("rsa-pkcs1")),
		"PS512":         "FSA_TOKEN_ALGO = \"PS512\"\nFSA_TOKEN_SIGN = " + quoted(keyFile("rsa-pkcs8")),
		"ES384":         "FSA_TOKEN_ALGO = \"ES384\"\nFSA_TOKEN_SIGN = [" + quoted(keyFile("p384")) + "]",
		"ES512 rotated": "FSA_TOKEN_SIGN = [" + quoted(keyFile("p521")) + ", " + quoted(keyFile("ed25519")) + "]",
	} {
		app, c := signedApp(t, "FSA_AUTH = [\"token\"]\nFSA_TOKEN_TYPE = \"jwt\"\n"+directives)
		raw, err := app.CreateToken(t.Context(), "calvin", fsa.TokenOptions{Scopes: []string{"read"}})
		if err != nil {
			t.Fatal(name, err)
		}
		tokens[name], clients[name] = raw, c
	}
	for maker, raw := range tokens {
		for checker, c := range clients {
			status := 401
			// The newer keys, and the one that they have replaced.
			if maker == checker || maker == "file" && checker == "ES512 rotated" {
				status = 200
			}
			for range 2 {
				c.Get("/me").Bearer(raw).Expect(status)
			}
		}
	}
}

// TestTokenSignEnvironment: by FSA_TOKEN_SIGN_FILE, as a secret.
func TestTokenSignEnvironment(t *testing.T) {
	t.Setenv("FSA_TOKEN_SIGN_FILE", keyFile("ed25519"))
	t.Setenv("FSA_TOKEN_TYPE", "jwt")
	app, c := signedApp(t, `FSA_AUTH = ["token"]`)
	raw, err := app.CreateToken(t.Context(), "calvin", fsa.TokenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Get("/me").Bearer(raw).Expect(200)
}

// TestTokenSignCookie: cookies are made and renewed as with secrets.
func TestTokenSignCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.Mode, cfg.Auth, cfg.TokenCarrier, cfg.TokenRenewal, cfg.TokenType = "dev", []string{"token", "param"}, "cookie", 0.25, "jwt"
		cfg.TokenSecret, cfg.TokenSign = nil, []fsa.Secret{fsa.Secret(keyFile("ed25519"))}
		w := newWorld(t, cfg)
		fsa.Post(w, "/login", authz.Auth(), nothing)
		fsa.Get(w, "/me", authz.Auth(), who)
		h := handlerOf(t, w)
		call := func(method, path, cookie string) *httptest.ResponseRecorder {
			r := request(method, path, func(r *http.Request) {
				if cookie != "" {
					r.Header.Set("Cookie", cookie)
				}
			})
			return serve(h, r)
		}
		cookieOf := func(res *httptest.ResponseRecorder) string {
			value, _, _ := strings.Cut(res.Header().Get("Set-Cookie"), ";")
			return value
		}
		first := cookieOf(call("POST", "/login?USER=calvin&PASS="+calvinPass, ""))
		if !strings.HasPrefix(first, "auth=") {
			t.Fatal("there is no cookie")
		}
		if res := call("GET", "/me", first); res.Code != 200 || cookieOf(res) != "" {
			t.Error(res.Code, cookieOf(res))
		}
		time.Sleep(50 * time.Minute)
		second := cookieOf(call("GET", "/me", first))
		time.Sleep(20 * time.Minute)
		if res := call("GET", "/me", second); second == "" || res.Code != 200 {
			t.Error(res.Code, second)
		}
		if res := call("GET", "/me", first); res.Code != 401 {
			t.Error(res.Code)
		}
	})
}

// TestJWKS: what one application signs, another one checks, with what the first one
// publishes and nothing else.
func TestJWKS(t *testing.T) {
	maker, _ := signedApp(t, "FSA_AUTH = [\"token\"]\nFSA_TOKEN_TYPE = \"jwt\"\nFSA_TOKEN_ISSUER = \"https://login.example\"\n"+
		"FSA_TOKEN_SIGN = ['"+keyFile("rsa-pkcs1")+"', '"+keyFile("p256-sec1")+"']")
	keys, err := maker.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(keys), `"d"`) || strings.Count(string(keys), `"kid"`) != 2 {
		t.Errorf("%s", keys)
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, keys, 0o600); err != nil {
		t.Fatal(err)
	}
	_, c := signedApp(t, "FSA_AUTH = \"oauth\"\nFSA_TOKEN_ISSUERS = [{issuer = \"https://login.example\", audience = \"shop\", jwks = '"+file+"', login_prefix = \"\"}]")
	raw, err := maker.CreateToken(t.Context(), "calvin", fsa.TokenOptions{Realm: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Get("/me").Bearer(raw).Expect(200).Text(); got != "calvin" {
		t.Error(got)
	}
	other, err := maker.CreateToken(t.Context(), "calvin", fsa.TokenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Get("/me").Bearer(other).Expect(401)

	secret, _ := tokenApp(t, fsa.Config{TokenType: "jwt"})
	if keys, err := secret.JWKS(); err == nil {
		t.Errorf("a secret is published: %s", keys)
	}
}

// TestTokenSignFaults: keys that are not to be used stop the start, and are not shown.
func TestTokenSignFaults(t *testing.T) {
	key := keyText(t, "rsa-pkcs1")
	for _, tt := range []struct {
		change func(*fsa.Config)
		want   []string
	}{
		{func(c *fsa.Config) { c.TokenType = "fsa" }, []string{"FSA_TOKEN_SIGN: signs JWTs, and FSA_TOKEN_TYPE is fsa"}},
		{func(c *fsa.Config) { c.TokenSecret = []fsa.Secret{benchSecret} }, []string{"FSA_TOKEN_SIGN: is set beside FSA_TOKEN_SECRET"}},
		{func(c *fsa.Config) { c.TokenAlgo = "HS256" }, []string{`FSA_TOKEN_ALGO: "HS256" does not sign with a private key`, "RS256"}},
		{func(c *fsa.Config) { c.TokenAlgo = "none" }, []string{`FSA_TOKEN_ALGO: "none" does not sign`}},
		{func(c *fsa.Config) { c.TokenAlgo = "ES256" }, []string{"FSA_TOKEN_SIGN: key 1 of 1: ", "not for an algorithm that is accepted"}},
		{func(c *fsa.Config) { c.TokenLength = 16 }, []string{"FSA_TOKEN_LENGTH: token signature length is for fsa tokens only"}},
		{func(c *fsa.Config) { c.TokenSign = []fsa.Secret{"/nowhere/s3cret.pem"} }, []string{"FSA_TOKEN_SIGN: key 1 of 1: it is neither PEM nor a JWK, and as a file it cannot be read: no such file"}},
		{func(c *fsa.Config) { c.TokenSign = []fsa.Secret{"."} }, []string{"it is a directory"}},
		{func(c *fsa.Config) { c.TokenSign = append(c.TokenSign, "s3cret") }, []string{"FSA_TOKEN_SIGN: key 2 of 2: "}},
		{func(c *fsa.Config) { c.TokenSign = []fsa.Secret{fsa.Secret(key[:300])} }, []string{"FSA_TOKEN_SIGN: key 1 of 1: ", "cut off"}},
		{func(c *fsa.Config) { c.TokenSign = []fsa.Secret{fsa.Secret(keyFile("rsa-1024"))} }, []string{"1024 bits is too short"}},
		{func(c *fsa.Config) { c.TokenSign = []fsa.Secret{fsa.Secret(keyFile("rsa-public"))} }, []string{"not a private key"}},
		{func(c *fsa.Config) { c.TokenSign = []fsa.Secret{fsa.Secret(keyFile("encrypted"))} }, []string{"is encrypted"}},
	} {
		cfg := fsa.Config{Auth: []string{"token"}, TokenType: "jwt", TokenSign: []fsa.Secret{fsa.Secret(key)}}
		tt.change(&cfg)
		w := newWorld(t, cfg)
		fsa.Get(w, "/me", authz.Auth(), who)
		got := faultsOf(t, w.App)
		if len(got) != 1 || !contains(got[0], tt.want...) {
			t.Errorf("%q, want %q", got, tt.want)
		}
		if all := strings.Join(got, "\n") + w.log.String(); strings.Contains(all, "s3cret") || strings.Contains(all, key[100:120]) {
			t.Errorf("the key is shown: %s", all)
		}
	}
}

// TestIssuerFaults: what is wrong with an issuer stops the start, with what to write.
func TestIssuerFaults(t *testing.T) {
	const head = "FSA_AUTH = \"oauth\"\n"
	const good = `issuer = "https://idp.example", audience = "acme", discovery = true`
	table := func(fields string) string { return head + "FSA_TOKEN_ISSUERS = [{" + fields + "}]" }
	two := func(first, second string) string {
		return head + "FSA_TOKEN_ISSUERS = [{" + good + first + `}, {issuer = "https://two.example", audience = "acme", discovery = true` + second + "}]"
	}
	dir := t.TempDir()
	private := filepath.Join(dir, "private.json")
	if err := os.WriteFile(private, []byte(`{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text string
		want []string // of the one fault, nil if there is none
	}{
		{table(good), nil},
		{table(`issuer = "https://idp.example", audience = ["acme", "b"], jwks = "https://keys.example/", algorithms = ["RS256", "Ed25519"], user_claim = "oid", scope_claim = "scp", realm = "r", access_tokens = true`), nil},
		{table(`issuer = "idp", audience = "acme", jwks = '` + keyFile("rsa-public") + `'`), nil},
		{head + "[[FSA_TOKEN_ISSUERS]]\n" + strings.ReplaceAll(good, ", ", "\n"), nil},
		{"FSA_MODE = \"dev\"\n" + table(`issuer = "http://localhost:8080", audience = "acme", discovery = true`), nil},
		{two("", ""), nil},
		{two(`, login_prefix = "a:"`, `, login_prefix = "b:"`), nil},
		{two(`, login_prefix = "", insecure_shared_logins = true`, `, login_prefix = "", insecure_shared_logins = true`), nil},

		{"FSA_AUTH = [\"token\"]\nFSA_TOKEN_SECRET = \"" + string(benchSecret) + "\"\nFSA_TOKEN_ISSUERS = [{" + good + "}]", []string{"FSA_TOKEN_ISSUERS (acme.toml:3): is set, but FSA_AUTH does not enable", `add "oauth" to FSA_AUTH`}},
		{head + `FSA_TOKEN_ISSUER = "https://acme.example"`, []string{`FSA_AUTH (acme.toml:1): the scheme "oauth" takes the tokens of an issuer`}}, // fsa tokens have no scopes
		{table(good) + "\nFSA_TOKEN_CARRIER = \"cookie\"", []string{"FSA_TOKEN_CARRIER (acme.toml:3): is cookie", "RFC 6750"}},
		{table(`audience = "acme", jwks = '` + keyFile("rsa-public") + `'`), []string{"the issuer is missing", "claim iss"}},
		{table(`issuer = "https://idp.example", discovery = true`), []string{"the audience is missing: tokens that were made for others", "claim aud"}},
		{table(`issuer = "https://idp.example", audience = "acme"`), []string{"nothing says where its keys are", "discovery = true"}},
		{table(good + `, jwks = "https://idp.example/keys"`), []string{"nothing to discover"}},
		{table(`issuer = "http://idp.example", audience = "acme", discovery = true`), []string{"its keys: keys are fetched by https"}},
		{table(`issuer = "http://localhost:8080", audience = "acme", discovery = true`), []string{"modes dev and debug only"}},
		{table(`issuer = "idp", audience = "acme", discovery = true`), []string{"not an address"}},
		{table(`issuer = "idp", audience = "acme", jwks = "nowhere.json"`), []string{`its keys in "nowhere.json" cannot be read: no such file`}},
		{table(`issuer = "idp", audience = "acme", jwks = '` + keyFile("rsa-pkcs1") + `'`), []string{"a private or symmetric key stands where public ones are read"}},
		{table(`issuer = "idp", audience = "acme", jwks = '` + private + `'`), []string{"a private or symmetric key"}},
		{table(`issuer = "idp", audience = "acme", jwks = '` + keyFile("rsa-public") + `', algorithms = ["ES256"]`), []string{"no key can be used"}},
		{table(good + `, algorithms = ["none"]`), []string{`algorithm "none" is not one with a public key`}},
		{table(good + `, algorithms = ["HS256"]`), []string{`algorithm "HS256" is not one with a public key`}},
		{table(good + `, user_claim = "aud"`), []string{"the claim aud says something else", "leave user_claim out"}},
		{head + "FSA_TOKEN_ISSUERS = [{" + good + "}, {" + good + "}]", []string{"it is there twice"}},
		{table(good) + "\nFSA_TOKEN_ISSUER = \"https://idp.example\"", []string{"it is FSA_TOKEN_ISSUER, too"}},
		{two(`, login_prefix = ""`, ""), []string{`both begin with ""`, "insecure_shared_logins"}},
		{two(`, login_prefix = "a"`, `, login_prefix = "ab"`), []string{`both begin with "a"`}},
		{two(`, login_prefix = "a:", insecure_shared_logins = true`, `, login_prefix = "a:"`), []string{`both begin with "a:"`}},

		{head + `FSA_TOKEN_ISSUERS = "https://idp.example"`, []string{"must be a list of tables"}},
		{head + `FSA_TOKEN_ISSUERS = [1]`, []string{"must be a list of tables"}},
		{table(good + `, audiences = "x"`), []string{`issuer 1: "audiences" in it is not known`, "scope_claim"}},
		{table(`issuer = 1`), []string{"issuer in it must be a text"}},
		{table(`issuer = ""`), []string{"issuer in it must be a text"}},
		{table(`audience = [1]`), []string{"audience in it must be a list of strings"}},
		{table(`discovery = "yes"`), []string{"discovery in it must be true or false"}},
		{head + "[[FSA_TOKEN_ISSUERS]]\n" + strings.ReplaceAll(good, ", ", "\n") + "\nFSA_TOKEN_SECRET = \"s3cret\"", []string{"FSA_TOKEN_SECRET (acme.toml:2): stands inside the table FSA_TOKEN_ISSUERS"}},
		{head + "FSA_AUTHZ_SCOPES = [\"a b\"]\nFSA_TOKEN_ISSUERS = [{" + good + "}]", []string{`FSA_AUTHZ_SCOPES (acme.toml:2): "a b" can't be a scope`}},
	} {
		cfg, err := loadText(tt.text)
		var got []string
		if err != nil {
			got = texts(t, err)
		} else {
			cfg.Logger = slog.New(slog.DiscardHandler)
			app := fsa.New("acme", cfg)
			fsa.Get(app, "/me", authz.Auth(), who)
			got = faultsOf(t, app)
		}
		if tt.want == nil && len(got) > 0 || tt.want != nil && (len(got) != 1 || !contains(got[0], tt.want...)) {
			t.Errorf("%s\n the faults are %q\nwant one with %q", tt.text, got, tt.want)
		}
		if strings.Contains(strings.Join(got, ""), "s3cret") {
			t.Errorf("a secret is shown: %q", got)
		}
	}
	// In Go, what a file cannot say.
	cfg := fsa.Config{Auth: []string{"oauth"}, TokenIssuers: []fsa.TokenIssuer{{Issuer: "https://idp.example", Audience: []string{"a"}, Discovery: true, LoginPrefix: "x", NoLoginPrefix: true}}}
	app := fsa.New("acme", cfg)
	fsa.Get(app, "/me", authz.Auth(), who)
	if got := faultsOf(t, app); len(got) != 1 || !strings.Contains(got[0], "a prefix of logins, and none") {
		t.Error(got)
	}
}

// TestUserClaimWarning: a claim that may be given to somebody else is told of.
func TestUserClaimWarning(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	named := idp.trusted()
	named.UserClaim = "preferred_username"
	w := oauthWorld(t, fsa.Config{}, named)
	if got := faultsOf(t, w.App); got != nil {
		t.Error(got)
	}
	if !strings.Contains(w.log.String(), "level=WARN") || !strings.Contains(w.log.String(), "claim=preferred_username") {
		t.Error(w.log)
	}
	w = oauthWorld(t, fsa.Config{}, idp.trusted())
	if got := faultsOf(t, w.App); got != nil {
		t.Error(got)
	}
	if strings.Contains(w.log.String(), "level=WARN") {
		t.Error(w.log)
	}
}
