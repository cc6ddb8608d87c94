package fsa_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
	"github.com/golang-jwt/jwt/v5"
)

const apiAudience = "https://acme.example"

// provider is an identity provider in memory, with Ed25519 keys whose ids are
// numbers.
type provider struct {
	name string

	mu        sync.Mutex
	published []int
	down      bool
	asked     int
}

func newProvider(name string, published ...int) *provider {
	return &provider{name: name, published: published}
}

func (p *provider) private(key int) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, p.name)
	seed[31] = byte(key)
	return ed25519.NewKeyFromSeed(seed)
}

func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// RoundTrip answers who asks for the provider's document or for its keys.
func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.down {
		return nil, errors.New("connection refused")
	}
	body := `{"issuer":"` + p.name + `","jwks_uri":"` + p.name + `/jwks"}`
	if strings.HasSuffix(r.URL.Path, "/jwks") {
		body = p.jwks()
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (p *provider) jwks() string {
	var keys []string
	for _, key := range p.published {
		x := p.private(key).Public().(ed25519.PublicKey)
		keys = append(keys, `{"kty":"OKP","crv":"Ed25519","kid":"`+strconv.Itoa(key)+`","x":"`+base64.RawURLEncoding.EncodeToString(x)+`"}`)
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

// mint makes a token for acme, with other claims as they are given; nil removes one.
func (p *provider) mint(t testing.TB, key int, claims jwt.MapClaims, header ...string) string {
	t.Helper()
	all := jwt.MapClaims{"iss": p.name, "sub": "7", "aud": apiAudience, "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, all)
	token.Header["kid"] = strconv.Itoa(key)
	for i := 0; i < len(header); i += 2 {
		token.Header[header[i]] = header[i+1]
	}
	raw, err := token.SignedString(p.private(key))
	if err != nil {
		t.Fatal(err)
	}
	leaktest.Secret(raw)
	return raw
}

// trusted is the configuration of a provider that acme trusts.
func (p *provider) trusted() fsa.TokenIssuer {
	return fsa.TokenIssuer{Issuer: p.name, Audience: []string{apiAudience}, Discovery: true, Transport: p}
}

// oauthWorld is an application that trusts issuers, whatever else cfg says.
func oauthWorld(t testing.TB, cfg fsa.Config, issuers ...fsa.TokenIssuer) *world {
	t.Helper()
	cfg.TokenIssuers = issuers
	if cfg.Auth == nil {
		cfg.Auth = []string{"oauth"}
	}
	cfg.PasswordOpts, cfg.InsecurePasswordCost, cfg.InsecureNoLoginThrottle = quick, true, true
	w := newWorld(t, cfg)
	fsa.Get(w, "/me", authz.Auth(), who)
	return w
}

// TestOAuth is the table of the scheme.
func TestOAuth(t *testing.T) {
	idp, stranger := newProvider("https://idp.example", 1), newProvider("https://stranger.example", 1)
	w := oauthWorld(t, fsa.Config{Mode: "dev", Auth: []string{"oauth", "token"}, TokenSecret: []fsa.Secret{benchSecret}, TokenType: "jwt"}, idp.trusted())
	fsa.Get(w, "/access", authz.Auth(), who, fsa.Authn("oauth"))
	fsa.Get(w, "/second", authz.Auth(), who, fsa.Authn("oauth"), fsa.Realm("second"))
	fsa.Get(w, "/own", authz.Auth(), who, fsa.Authn("token"))
	c := fsatest.New(t, w.App)
	own, err := w.CreateToken(t.Context(), "calvin", fsa.TokenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	good := idp.mint(t, 1, nil)
	const login, none = "https://idp.example|7", ""
	past := time.Now().Add(-time.Second).Unix()
	for _, tt := range []struct {
		name, path, token string
		status            int
		says              string
	}{
		{"good", "/access", good, 200, login},
		{"replayed", "/access", good, 200, login}, // it is good until it ends, for whoever has it
		{"good beside our own", "/me", good, 200, login},
		{"our own beside it", "/me", own, 200, "calvin"},
		{"missing", "/access", none, 401, "authentication required"},
		{"empty", "/access", " ", 401, "malformed Authorization field"},
		{"malformed", "/access", "abc", 401, "malformed token"},
		{"cut", "/access", good[:len(good)-1], 401, "token"},
		{"longer", "/access", good + "A", 401, "token"},
		{"two", "/access", good + " " + good, 401, "holds a space"},
		{"of megabytes", "/access", strings.Repeat(".", 1<<20), 401, "larger than"},
		{"wrong signature", "/access", stranger.mint(t, 1, jwt.MapClaims{"iss": idp.name}), 401, "invalid token signature"},
		{"of a stranger", "/access", stranger.mint(t, 1, nil), 401, "from another issuer"},
		{"of nobody", "/access", idp.mint(t, 1, jwt.MapClaims{"iss": nil}), 401, "from another issuer"},
		{"of an issuer that has a longer name", "/access", idp.mint(t, 1, jwt.MapClaims{"iss": idp.name + "/"}), 401, "from another issuer"},
		{"of an unknown key", "/access", idp.mint(t, 2, nil), 401, "unknown key"},
		{"with a key in it", "/access", idp.mint(t, 2, nil, "jku", "https://stranger.example/jwks"), 401, "not accepted"},
		{"for others", "/access", idp.mint(t, 1, jwt.MapClaims{"aud": "https://other.example"}), 401, "for another realm"},
		{"for others too", "/access", idp.mint(t, 1, jwt.MapClaims{"aud": []string{"https://other.example", apiAudience}}), 200, login},
		{"for our realm and not our audience", "/access", idp.mint(t, 1, jwt.MapClaims{"aud": "acme"}), 401, "for another realm"},
		{"in another realm", "/second", good, 401, "for another realm"},
		{"expired", "/access", idp.mint(t, 1, jwt.MapClaims{"exp": past}), 401, "expired token"},
		{"expired and wrong", "/access", stranger.mint(t, 1, jwt.MapClaims{"iss": idp.name, "exp": past}), 401, "invalid token signature"},
		{"eternal", "/access", idp.mint(t, 1, jwt.MapClaims{"exp": nil}), 401, "exp is missing"},
		{"not valid yet", "/access", idp.mint(t, 1, jwt.MapClaims{"nbf": time.Now().Add(time.Hour).Unix()}), 401, "not valid yet"},
		{"without a user", "/access", idp.mint(t, 1, jwt.MapClaims{"sub": nil}), 401, "names the user"},
		{"an ID token", "/access", idp.mint(t, 1, jwt.MapClaims{"at_hash": "x", "nonce": "y"}), 401, "ID token"},
		{"our own", "/access", own, 401, "from another issuer"},
		{"theirs in the place of our own", "/own", good, 401, "algorithm not accepted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := c.Get(tt.path)
			if tt.token != none {
				r.Header("Authorization", "Bearer "+strings.TrimPrefix(tt.token, " "))
			}
			res := r.Expect(tt.status).Contains(tt.says)
			want := ""
			if tt.status == 401 {
				if want = `Bearer realm="acme"`; tt.path == "/second" {
					want = `Bearer realm="second"`
				}
				if tt.token != none {
					want += `, error="invalid_token"`
				}
			}
			if got := res.Header.Get("WWW-Authenticate"); got != want {
				t.Errorf("WWW-Authenticate: %s, want %s", got, want)
			}
		})
	}
	if got := c.Get("/access").Bearer(idp.mint(t, 1, jwt.MapClaims{"exp": past})).Expect(401).Text(); got != "expired token" {
		t.Error(got) // which is what a client looks for, to get a new one
	}
	// Nowhere else than in the Authorization field.
	for _, r := range []*fsatest.Request{c.Get("/access").Header("Cookie", "auth="+good), c.Get("/access").Header("Auth", good), c.Get("/access?access_token=" + good), c.Get("/access").Basic("7", good)} {
		r.Expect(401)
	}
	for _, scheme := range []string{"bearer ", "BEARER "} {
		c.Get("/access").Header("Authorization", scheme+good).Expect(200)
	}
}

// TestOAuthIsNotVerbose: in prod nothing is said about why.
func TestOAuthIsNotVerbose(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	c := fsatest.New(t, oauthWorld(t, fsa.Config{}, idp.trusted()).App)
	for _, raw := range []string{"abc", idp.mint(t, 2, nil), idp.mint(t, 1, jwt.MapClaims{"exp": 1}), idp.mint(t, 1, jwt.MapClaims{"aud": "x"})} {
		if got := c.Get("/me").Bearer(raw).Expect(401).Text(); got != "invalid credentials" {
			t.Error(got)
		}
	}
}

// S63: identity is issuer and subject: the same sub of two issuers, and a user of our
// own who has its name, are three users.
func TestOAuthUsers(t *testing.T) {
	one, two, staff := newProvider("https://one.example", 1), newProvider("https://two.example", 1), newProvider("https://staff.example", 1)
	second, third := two.trusted(), staff.trusted()
	second.LoginPrefix, second.UserClaim, second.ScopeClaim = "two:", "oid", "scp"
	third.LoginPrefix, third.Audience = "staff:", []string{"a", apiAudience}
	w := oauthWorld(t, fsa.Config{Auth: []string{"oauth", "basic"}}, one.trusted(), second, third)
	w.set(func() { w.groups["two:calvin admin"] = true })
	fsa.Get(w, "/admin", authz.Group("admin"), who)
	fsa.Get(w, "/scopes", authz.Auth(), func(ctx context.Context, in struct{ By fsa.Identity }) (string, error) {
		return in.By.Scheme + " " + strings.Join(in.By.Scopes, ","), nil
	})
	c := fsatest.New(t, w.App)
	for raw, login := range map[string]string{
		one.mint(t, 1, jwt.MapClaims{"sub": "calvin"}):                    "https://one.example|calvin",
		two.mint(t, 1, jwt.MapClaims{"sub": "other", "oid": "calvin"}):    "two:calvin",
		staff.mint(t, 1, jwt.MapClaims{"sub": "calvin"}):                  "staff:calvin",
		staff.mint(t, 1, jwt.MapClaims{"sub": "https://one.example|eve"}): "staff:https://one.example|eve",
	} {
		c.Get("/me").Bearer(raw).Expect(200).Contains(login)
		status := 403
		if login == "two:calvin" {
			status = 200
		}
		c.Get("/admin").Bearer(raw).Expect(status) // calvin, without a prefix, is one
	}
	c.Get("/admin").Basic("calvin", calvinPass).Expect(200)
	c.Get("/scopes").Bearer(two.mint(t, 1, jwt.MapClaims{"oid": "x", "scp": []string{"read", "write"}, "scope": "root"})).Expect(200).Contains("oauth read,write")
}

// TestOAuthBareLogins: the users of an issuer are ours if the configuration says so.
func TestOAuthBareLogins(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	bare := idp.trusted()
	bare.NoLoginPrefix = true
	w := oauthWorld(t, fsa.Config{}, bare)
	fsa.Get(w, "/admin", authz.Group("admin"), who)
	fsatest.New(t, w.App).Get("/admin").Bearer(idp.mint(t, 1, jwt.MapClaims{"sub": "calvin"})).Expect(200).Contains("calvin")
}

// TestOAuthKeys: keys rotate; one that is withdrawn counts no more, warm caches or
// not; an outage does not matter while keys are known, and is a 503 afterwards.
func TestOAuthKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idp := newProvider("https://idp.example", 1)
		w := oauthWorld(t, fsa.Config{Auth: []string{"oauth", "basic"}, CacheTTL: 48 * time.Hour}, idp.trusted())
		c := fsatest.New(t, w.App)
		if idp.asked != 0 {
			t.Error("keys are fetched before anybody asks")
		}
		week := jwt.MapClaims{"exp": time.Now().Add(7 * 24 * time.Hour).Unix()}
		older := idp.mint(t, 1, week)
		c.Get("/me").Bearer(older).Expect(200)
		time.Sleep(time.Minute)

		// A new key is found at once, if the issuer was not asked just now.
		idp.set(func() { idp.published = []int{1, 2} })
		newer := idp.mint(t, 2, week)
		c.Get("/me").Bearer(newer).Expect(200)
		c.Get("/me").Bearer(older).Expect(200)
		asked := idp.asked
		for i := range 200 { // unknown keys by the hundred
			c.Get("/me").Bearer(idp.mint(t, 3+i%50, week)).Expect(401)
		}
		if idp.asked != asked {
			t.Errorf("asked %d times more", idp.asked-asked)
		}

		// The older one is withdrawn. What it has signed is in the cache.
		idp.set(func() { idp.published = []int{2} })
		time.Sleep(50 * time.Minute)
		c.Get("/me").Bearer(newer).Expect(200) // makes the keys be fetched
		synctest.Wait()
		c.Get("/me").Bearer(older).Expect(401)
		c.Get("/me").Bearer(newer).Expect(200)

		// An outage.
		idp.set(func() { idp.down = true })
		time.Sleep(23 * time.Hour)
		c.Get("/me").Bearer(newer).Expect(200)
		c.Get("/me").Bearer(idp.mint(t, 2, jwt.MapClaims{"sub": "8"})).Expect(200)
		unknown := c.Get("/me").Bearer(idp.mint(t, 9, nil)).Expect(503) // perhaps a key that we are not told of
		if unknown.Header.Get("Retry-After") == "" || unknown.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%v", unknown.Header)
		}
		time.Sleep(2 * time.Hour)
		fresh := idp.mint(t, 2, jwt.MapClaims{"sub": "9"})
		c.Get("/me").Bearer(fresh).Expect(503)
		c.Get("/me").Basic("calvin", calvinPass).Expect(200) // others come in all the same
		c.Get("/me").Expect(401)
		c.Get("/me").Bearer("abc").Expect(401)
		idp.set(func() { idp.down = false })
		time.Sleep(time.Minute)
		c.Get("/me").Bearer(fresh).Expect(200)
	})
}

// TestOAuthColdOutage: an issuer that is down does not stop the start, and its
// tokens are not called invalid.
func TestOAuthColdOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idp := newProvider("https://idp.example", 1)
		idp.down = true
		w := oauthWorld(t, fsa.Config{}, idp.trusted())
		c := fsatest.New(t, w.App)
		res := c.Get("/me").Bearer(idp.mint(t, 1, nil)).Expect(503)
		if res.Header.Get("Retry-After") == "" || strings.Contains(res.Text(), "refused") {
			t.Errorf("%v %s", res.Header, res.Text())
		}
		if !strings.Contains(w.log.String(), "the keys of an issuer cannot be fetched") || !strings.Contains(w.log.String(), "connection refused") {
			t.Error(w.log)
		}
		idp.set(func() { idp.down = false })
		time.Sleep(time.Minute)
		c.Get("/me").Bearer(idp.mint(t, 1, nil)).Expect(200)
	})
}

// TestOAuthWarm: a token that is kept ends when it ends, and when the application
// says so; all of it is asked again in Admit.
func TestOAuthWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idp := newProvider("https://idp.example", 1)
		for _, cache := range []string{"ttl", "none"} {
			w := oauthWorld(t, fsa.Config{Cache: cache, TokenGrace: time.Minute, CacheTTL: time.Hour}, idp.trusted())
			banned := false
			w.Admit(func(_ context.Context, id fsa.Identity) error {
				if banned && id.Scheme == "oauth" {
					return fsa.Errorf(403, "banned")
				}
				return nil
			})
			c := fsatest.New(t, w.App)
			raw := idp.mint(t, 1, jwt.MapClaims{"exp": time.Now().Add(10 * time.Minute).Unix()})
			for range 3 {
				c.Get("/me").Bearer(raw).Expect(200)
			}
			banned = true
			c.Get("/me").Bearer(raw).Expect(403)
			banned = false
			for _, forget := range []func() error{
				func() error { return w.TokenUncache(t.Context(), raw, "acme") },
				func() error { return w.UserTokenUncache(t.Context(), "https://idp.example|7", "acme") },
				func() error { return w.AuthUncache(t.Context(), "https://idp.example|7") },
				func() error { return w.ClearCaches(t.Context()) },
			} {
				if err := forget(); err != nil {
					t.Fatal(err)
				}
				c.Get("/me").Bearer(raw).Expect(200)
			}
			time.Sleep(11*time.Minute - time.Second)
			c.Get("/me").Bearer(raw).Expect(200)
			time.Sleep(time.Second)
			c.Get("/me").Bearer(raw).Expect(401)
		}
		// The grace of the validity model is how long our own tokens are valid.
		w := oauthWorld(t, fsa.Config{NoTokenDelay: true, TokenGrace: 24 * time.Hour}, idp.trusted())
		c := fsatest.New(t, w.App)
		raw := idp.mint(t, 1, jwt.MapClaims{"exp": time.Now().Add(time.Minute).Unix()})
		c.Get("/me").Bearer(raw).Expect(200)
		time.Sleep(time.Minute)
		c.Get("/me").Bearer(raw).Expect(401)
	})
}

// TestOAuthTyped: with access_tokens, nothing but what says so.
func TestOAuthTyped(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	strict := idp.trusted()
	strict.AccessTokens = true
	c := fsatest.New(t, oauthWorld(t, fsa.Config{}, strict).App)
	c.Get("/me").Bearer(idp.mint(t, 1, nil)).Expect(401)
	c.Get("/me").Bearer(idp.mint(t, 1, nil, "typ", "at+jwt")).Expect(200)
}

// TestOAuthOwn: as in the original, the scheme takes our own JWTs, if they name an
// issuer; beside those of others too.
func TestOAuthOwn(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	w := oauthWorld(t, fsa.Config{TokenType: "jwt", TokenIssuer: "https://acme.example", TokenSecret: []fsa.Secret{benchSecret}}, idp.trusted())
	c := fsatest.New(t, w.App)
	own := func(o fsa.TokenOptions) string {
		raw, err := w.CreateToken(t.Context(), "calvin", o)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for range 2 {
		c.Get("/me").Bearer(own(fsa.TokenOptions{})).Expect(200).Contains("calvin")
	}
	c.Get("/me").Bearer(own(fsa.TokenOptions{Issuer: "https://other.example"})).Expect(401)
	c.Get("/me").Bearer(own(fsa.TokenOptions{Issuer: idp.name})).Expect(401) // with our secret, in their name
	c.Get("/me").Bearer(own(fsa.TokenOptions{Realm: "other"})).Expect(401)
	c.Get("/me").Bearer(idp.mint(t, 1, jwt.MapClaims{"iss": "https://acme.example", "aud": "acme"})).Expect(401) // with their key, in ours
	c.Get("/me").Bearer(idp.mint(t, 1, nil)).Expect(200)
}

// TestOAuthOwnKeys: our own tokens are good as long as we have the secret that has signed
// them, also those that are known to be good. S80
func TestOAuthOwnKeys(t *testing.T) {
	leaktest.Secret(oldSecret, newSecret)
	path := filepath.Join(t.TempDir(), "acme.toml")
	write := func(secrets ...string) {
		text := "FSA_AUTH = [\"oauth\"]\nFSA_TOKEN_TYPE = \"jwt\"\nFSA_TOKEN_ISSUER = \"https://acme.example\"\n" + secretsLine(secrets...)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(oldSecret)
	cfg, err := fsa.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg.PasswordOpts, cfg.InsecurePasswordCost = quick, true
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	old := w.token(t, "calvin", fsa.TokenOptions{})
	for _, step := range []struct {
		secrets []string
		status  int
	}{{[]string{oldSecret}, 200}, {[]string{newSecret, oldSecret}, 200}, {[]string{newSecret}, 401}, {[]string{oldSecret}, 200}} {
		write(step.secrets...)
		if err := w.Reload(t.Context(), func(c *fsa.Config) { c.PasswordOpts, c.InsecurePasswordCost = quick, true }); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			c.Get("/x").Bearer(old).Expect(step.status)
		}
	}
}

// TestOAuthRevocations: a token that is revoked, or of which nobody knows whether it is,
// is none, known or not.
func TestOAuthRevocations(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	for _, kept := range []string{"ttl", "none"} {
		store := &brokenOnce{Once: cache.NewMemoryOnce(0)}
		w := oauthWorld(t, fsa.Config{Mode: "dev", Cache: kept, Revocations: store}, idp.trusted())
		c := fsatest.New(t, w.App)
		issued := time.Now().Add(-time.Minute).Unix()
		raw, other := idp.mint(t, 1, jwt.MapClaims{"iat": issued}), idp.mint(t, 1, jwt.MapClaims{"sub": "8", "iat": issued})
		c.Get("/me").Bearer(raw).Expect(200)
		store.down.Store(true)
		for _, raw := range []string{raw, other} { // one that is known, and one that is not
			c.Get("/me").Bearer(raw).Expect(503)
		}
		store.down.Store(false)
		c.Get("/me").Bearer(raw).Expect(200)
		if err := w.RevokeUser(t.Context(), "https://idp.example|7"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := c.Get("/me").Bearer(raw).Expect(401).Text(); got != "revoked token" {
				t.Errorf("%s: %s", kept, got)
			}
		}
		c.Get("/me").Bearer(other).Expect(200)
	}
}

// TestRunWarms: app.Run fetches the keys before somebody needs them, and starts if
// they cannot be had.
func TestRunWarms(t *testing.T) {
	for _, down := range []bool{false, true} {
		idp := newProvider("https://idp.example", 1)
		idp.down = down
		w := oauthWorld(t, fsa.Config{}, idp.trusted())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx, "127.0.0.1:0") }()
		for asked := false; !asked; {
			idp.set(func() { asked = idp.asked > 0 })
			time.Sleep(time.Millisecond)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestOAuthClientLeaves: a request does not wait longer than its client does.
func TestOAuthClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := slowTransport{newProvider("https://idp.example", 1)}
		trusted := slow.trusted()
		trusted.Transport = slow
		w := oauthWorld(t, fsa.Config{Logger: slog.New(slog.DiscardHandler)}, trusted)
		h := handlerOf(t, w)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := request("GET", "/me", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+slow.mint(t, 1, nil)) })
		began := time.Now()
		if res := serve(h, r.WithContext(ctx)); res.Code != 503 {
			t.Error(res.Code)
		}
		if took := time.Since(began); took != time.Second {
			t.Error(took)
		}
		synctest.Wait()
		time.Sleep(10 * time.Second)
	})
}

type slowTransport struct{ *provider }

func (s slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(4 * time.Second):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return s.provider.RoundTrip(r)
}
