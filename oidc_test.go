package fsa_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// oidcProvider is a real identity provider, the npm package oidc-provider, as a
// process of its own.
type oidcProvider struct {
	t       *testing.T
	modules string
	port    string
	cmd     *exec.Cmd
}

const robotSecret = "a secret of the client robot, for a test"

func (p *oidcProvider) issuer() string { return "http://127.0.0.1:" + p.port }

// start starts it with private keys.
func (p *oidcProvider) start(keys ...map[string]string) {
	p.t.Helper()
	set, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = exec.Command("node", "testdata/oidc/server.mjs")
	p.cmd.Env = append(os.Environ(), "OIDC_MODULES="+p.modules, "OIDC_PORT="+p.port, "OIDC_JWKS="+string(set), "NODE_ENV=test")
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.cmd.StdinPipe(); err != nil { // it ends when that is closed
		p.t.Fatal(err)
	}
	stderr := &logBuffer{}
	p.cmd.Stderr = stderr
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(p.stop)
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "ready\n" {
		p.stop() // all that it has to say is there then
		p.t.Fatalf("the identity provider does not start: %v %s\n%s", err, line, stderr)
	}
	go io.Copy(io.Discard, stdout)
}

func (p *oidcProvider) stop() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}

// token fetches a token as a client does: by the library that Go programs use.
func (p *oidcProvider) token(audience string, scopes ...string) string {
	p.t.Helper()
	client := clientcredentials.Config{
		ClientID: "robot", ClientSecret: robotSecret, TokenURL: p.issuer() + "/token", Scopes: scopes,
		EndpointParams: url.Values{"resource": {audience}}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	token, err := client.Token(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	leaktest.Secret(token.AccessToken)
	return token.AccessToken
}

// privateJWK makes a key for an algorithm.
func privateJWK(t *testing.T, algorithm, kid string) map[string]string {
	t.Helper()
	enc := base64.RawURLEncoding.EncodeToString
	jwk := map[string]string{"alg": algorithm, "kid": kid, "use": "sig"}
	switch algorithm {
	case "RS256", "PS256":
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		number := func(n *big.Int) string { return enc(n.Bytes()) }
		jwk["kty"], jwk["n"], jwk["e"], jwk["d"] = "RSA", number(key.N), "AQAB", number(key.D)
		jwk["p"], jwk["q"], jwk["dp"], jwk["dq"], jwk["qi"] = number(key.Primes[0]), number(key.Primes[1]),
			number(key.Precomputed.Dp), number(key.Precomputed.Dq), number(key.Precomputed.Qinv)
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point, err1 := key.PublicKey.Bytes()
		d, err2 := key.Bytes()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		jwk["kty"], jwk["crv"], jwk["x"], jwk["y"], jwk["d"] = "EC", "P-256", enc(point[1:33]), enc(point[33:]), enc(d)
	case "Ed25519":
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		jwk["kty"], jwk["crv"], jwk["x"], jwk["d"] = "OKP", "Ed25519", enc(public), enc(private.Seed())
	}
	return jwk
}

// TestIdentityProvider: tokens of a real identity provider, fetched by a real
// client, are taken for what they say, over HTTP; its keys rotate, and it breaks
// down. .ci/run installs the provider and names the directory of its modules.
func TestIdentityProvider(t *testing.T) {
	modules := os.Getenv("TEST_FSA_OIDC")
	if modules == "" {
		t.Skip("TEST_FSA_OIDC is not set: the node_modules directory with oidc-provider in it")
	}
	leaktest.Secret(robotSecret)
	idp := &oidcProvider{t: t, modules: modules, port: freePort(t)}
	algorithms := []string{"RS256", "PS256", "ES256", "Ed25519"}
	var keys []map[string]string
	var audiences []string
	for _, algorithm := range algorithms {
		keys = append(keys, privateJWK(t, algorithm, algorithm+"-1"))
		audiences = append(audiences, apiAudience+"/"+algorithm)
	}
	idp.start(keys...)

	log := &logBuffer{}
	app := func(issuer fsa.TokenIssuer) *httptest.Server {
		cfg, err := fsa.Load("")
		if err != nil {
			t.Fatal(err)
		}
		cfg.Mode, cfg.Auth, cfg.AuthzScopes = "dev", []string{"oauth"}, []string{"read", "write"}
		cfg.TokenIssuers = []fsa.TokenIssuer{issuer}
		cfg.Logger = slog.New(slog.NewTextHandler(leaktest.Log(log), nil))
		a := fsa.New("acme", cfg)
		a.GroupCheck("robots", func(_ context.Context, login string) (bool, error) { return login == idp.issuer()+"|robot", nil })
		fsa.Get(a, "/me", authz.Auth(), who)
		fsa.Get(a, "/read", authz.All(authz.Scope("read"), authz.Group("robots")), who)
		h, err := a.Handler()
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server
	}
	call := func(server *httptest.Server, path, raw string, status int, says string) *http.Response {
		t.Helper()
		req, err := http.NewRequest("GET", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+raw)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != status || !strings.Contains(string(body), says) {
			t.Errorf("%s: %d %s %v, want %d %s", path, resp.StatusCode, body, err, status, says)
		}
		return resp
	}

	trusted := fsa.TokenIssuer{Issuer: idp.issuer(), Audience: audiences, Discovery: true, AccessTokens: true}
	server := app(trusted)
	only := trusted
	only.Audience, only.Algorithms = audiences[:1], []string{"ES256"}
	strict := app(only)
	for i, audience := range audiences {
		raw := idp.token(audience, "read")
		call(server, "/read", raw, 200, idp.issuer()+"|robot")
		call(server, "/read", raw, 200, idp.issuer()+"|robot")
		call(server, "/me", raw[:len(raw)-2], 401, "")
		refusal := call(server, "/read", idp.token(audience, "write"), 403, `missing scope "read"`)
		if got := refusal.Header.Get("WWW-Authenticate"); got != `Bearer realm="acme", error="insufficient_scope", scope="read"` {
			t.Error(got)
		}
		call(strict, "/me", raw, 401, []string{"algorithm", "algorithm", "another realm", "algorithm"}[i])
	}
	call(server, "/me", idp.token("https://other.example/ES256", "read"), 401, "another realm")

	// The keys rotate: the new one signs, the older one is still published.
	older := idp.token(audiences[2], "read")
	idp.stop()
	idp.start(append([]map[string]string{privateJWK(t, "ES256", "ES256-2")}, keys...)...)
	newer := idp.token(audiences[2], "read")
	another := app(trusted) // which has not just asked, as the first one has
	call(another, "/read", newer, 200, "robot")
	call(another, "/read", older, 200, "robot")
	call(server, "/read", older, 200, "robot")

	// It breaks down: what is known goes on, and nobody is called a forger whose
	// key cannot be looked up.
	unseen := idp.token(audiences[0], "read")
	idp.stop()
	call(another, "/read", newer, 200, "robot")
	call(another, "/read", unseen, 200, "robot")
	cold := app(trusted)
	if resp := call(cold, "/read", newer, 503, "cannot be asked"); resp.Header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	idp.start(keys...)
	deadline := time.Now().Add(30 * time.Second)
	for { // it is asked again after a second
		resp := statusOf(t, cold.URL+"/read", older)
		if resp == 200 {
			break
		}
		if resp != 503 || time.Now().After(deadline) {
			t.Fatalf("status %d after the outage", resp)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func statusOf(t *testing.T, address, raw string) int {
	t.Helper()
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+raw)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
