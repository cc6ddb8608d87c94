package fsa_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
)

// tokenApp is an application that takes tokens only.
func tokenApp(t testing.TB, cfg fsa.Config) (*fsa.App, *fsatest.Client) {
	t.Helper()
	cfg.Auth = []string{"token"}
	cfg.Logger = slog.New(slog.DiscardHandler)
	if cfg.TokenSecret == nil {
		cfg.TokenSecret = []fsa.Secret{benchSecret}
	}
	app := fsa.New("acme", cfg)
	fsa.Get(app, "/me", authz.Auth(), who)
	return app, fsatest.New(t, app)
}

// TestValidityModel: without a delay a token says when it was made, and the
// grace says for how long it holds, warm caches or not.
func TestValidityModel(t *testing.T) {
	const grace = 20 * time.Minute
	for _, kind := range []string{"fsa", "jwt"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app, c := tokenApp(t, fsa.Config{TokenType: kind, NoTokenDelay: true, TokenGrace: grace})
				_, cold := tokenApp(t, fsa.Config{TokenType: kind, NoTokenDelay: true, TokenGrace: grace, Cache: "none"})
				_, strict := tokenApp(t, fsa.Config{TokenType: kind, NoTokenDelay: true, TokenGrace: grace / 2})
				_, delayed := tokenApp(t, fsa.Config{TokenType: kind, TokenDelay: grace})
				time.Sleep(time.Second / 2)
				token, err := app.CreateToken(t.Context(), "calvin", fsa.TokenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				longer, err := app.CreateToken(t.Context(), "calvin", fsa.TokenOptions{Delay: grace})
				if err != nil {
					t.Fatal(err)
				}
				made := time.Now().UTC().Truncate(time.Second)
				said := token
				if kind == "jwt" {
					claims, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
					said = string(claims)
				}
				limit := map[string]string{"fsa": made.Format(":20060102150405:"), "jwt": fmt.Sprintf(`"exp":%d,"iat":%d`, made.Unix(), made.Unix())}
				if !strings.Contains(said, limit[kind]) {
					t.Errorf("the token %s does not hold %s", said, limit[kind])
				}

				expect := func(c *fsatest.Client, token string, status int) {
					t.Helper()
					for range 2 {
						c.Get("/me").Bearer(token).Expect(status)
					}
				}
				expect(c, token, 200)
				expect(cold, token, 200)
				expect(strict, token, 200)
				time.Sleep(time.Second) // past the limit, by whatever is cut off
				expect(c, token, 200)
				expect(delayed, token, 401) // a delay is nothing to tokens that are made
				time.Sleep(grace/2 + time.Second)
				expect(strict, token, 401) // another grace is, at once
				expect(c, token, 200)
				time.Sleep(grace/2 - 3*time.Second)
				expect(c, token, 200)
				expect(cold, token, 200)
				time.Sleep(2 * time.Second)
				expect(c, token, 401)
				expect(cold, token, 401)
				expect(c, longer, 200)
				time.Sleep(grace)
				expect(c, longer, 401)
			})
		})
	}
}

// TestValidityModelNeedsGrace: and no delay beside it.
func TestValidityModelNeedsGrace(t *testing.T) {
	for _, c := range []struct {
		delay, grace time.Duration
		want         string
	}{
		{0, 0, "FSA_TOKEN_DELAY: is 0 with a grace of under a second"},
		{0, time.Second - 1, "FSA_TOKEN_DELAY: is 0 with a grace of under a second"},
		{0, -time.Second, "negative"},
		{time.Minute, time.Minute, "FSA_TOKEN_DELAY: is set, but Config.NoTokenDelay says that there is none"},
		{0, time.Second, ""},
	} {
		cfg := base()
		cfg.NoTokenDelay, cfg.TokenDelay, cfg.TokenGrace = true, c.delay, c.grace
		got := faultsOf(t, newWorld(t, cfg).App)
		if c.want == "" && got != nil || c.want != "" && (len(got) == 0 || !strings.Contains(got[0], c.want)) {
			t.Errorf("delay %v, grace %v: %q, want %q", c.delay, c.grace, got, c.want)
		}
	}
}

// TestDelayFromTwoSources: the later one wins, whichever of them is 0.
func TestDelayFromTwoSources(t *testing.T) {
	for _, c := range []struct {
		file, env string
		want      fsa.Config
	}{
		{"0", "30", fsa.Config{TokenDelay: 30 * time.Minute}},
		{"30", "0", fsa.Config{NoTokenDelay: true}},
	} {
		t.Setenv("FSA_TOKEN_DELAY", c.env)
		cfg, err := loadText("FSA_TOKEN_DELAY = " + c.file)
		if err != nil || cfg.TokenDelay != c.want.TokenDelay || cfg.NoTokenDelay != c.want.NoTokenDelay {
			t.Errorf("file %s, environment %s: %v %v, %v", c.file, c.env, cfg.TokenDelay, cfg.NoTokenDelay, err)
		}
	}
}

// TestSecretRotation: the first secret signs, all verify (rotation that signs with
// the oldest key). A token of a secret that has gone is refused.
func TestSecretRotation(t *testing.T) {
	const older = fsa.Secret("Qm9iIGFuZCBBbGljZSB3ZXJlIGhlcmUgYmVmb3JlIHlvdSBkaWQ")
	const newer = fsa.Secret("TmV2ZXIgc2VuZCBhIGh1bWFuIHRvIGRvIGEgbWFjaGluZSdzIGpvYg")
	for _, algorithm := range []string{"fsa", "fsa blake2s", "fsa sha3_256", "jwt", "jwt HS384"} {
		t.Run(algorithm, func(t *testing.T) {
			kind, algo, _ := strings.Cut(algorithm, " ")
			app := func(secrets ...fsa.Secret) (*fsatest.Client, string) {
				app, c := tokenApp(t, fsa.Config{TokenType: kind, TokenAlgo: algo, TokenSecret: secrets})
				token, err := app.CreateToken(t.Context(), "calvin", fsa.TokenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				return c, token
			}
			before, oldToken := app(older)
			during, rotated := app(newer, older)
			after, newToken := app(newer)
			for _, c := range []struct {
				client *fsatest.Client
				token  string
				status int
			}{
				{before, oldToken, 200}, {during, oldToken, 200}, {after, oldToken, 401},
				{before, rotated, 401}, {during, rotated, 200}, {after, rotated, 200},
				{before, newToken, 401}, {during, newToken, 200}, {after, newToken, 200},
			} {
				c.client.Get("/me").Bearer(c.token).Expect(c.status)
			}
		})
	}
}

// TestTokensOfTheOriginal: those that Python's hashlib has signed are taken, and
// ours are the same.
func TestTokensOfTheOriginal(t *testing.T) {
	const secret = "demo application secret for signing tokens"
	for _, c := range []struct {
		cfg   fsa.Config
		token string
	}{
		{fsa.Config{TokenAlgo: "blake2s", InsecureTokenLength: 8}, "acme:calvin:20991231235959:8b95f745aac7f3ef"},
		{fsa.Config{TokenAlgo: "blake2b"}, "acme:calvin:20991231235959:fc9643a088717f0af366376dcb71760a"},
		{fsa.Config{TokenAlgo: "sha256"}, "acme:calvin:20991231235959:5652e2a26cf24a9e833298e380493594"},
		{fsa.Config{TokenAlgo: "sha3_256"}, "acme:calvin:20991231235959:0f42435f7979964d45b45868b5061fbb"},
		{fsa.Config{TokenAlgo: "insecure-md5"}, "acme:calvin:20991231235959:d55ae748564e8342d38612aa6ea85a80"},
		{fsa.Config{TokenAlgo: "insecure-sha1", TokenLength: 20, TokenIssuer: "idp"}, "acme/idp:hobbès:20991231235959:43b322b9989960e1b19aeee7303dc6e63a55d36d"},
	} {
		c.cfg.TokenSecret = []fsa.Secret{secret}
		_, client := tokenApp(t, c.cfg)
		client.Get("/me").Bearer(c.token).Expect(200).Contains(strings.Split(c.token, ":")[1])
		client.Get("/me").Bearer(c.token[:len(c.token)-1]).Expect(401)
		c.cfg.TokenAlgo = "" // the same secret, but no hash of the original
		c.cfg.TokenLength = (len(c.token) - strings.LastIndex(c.token, ":")) / 2
		_, client = tokenApp(t, c.cfg)
		client.Get("/me").Bearer(c.token).Expect(401)
	}
}

// TestSecretOfDev: in mode dev a missing secret is random, each time another one,
// and a short one does; the log says so, and says no secret.
func TestSecretOfDev(t *testing.T) {
	app := func(secrets ...fsa.Secret) (*fsatest.Client, string, string) {
		log := &logBuffer{}
		app := fsa.New("acme", fsa.Config{Mode: "dev", Auth: []string{"token"}, TokenSecret: secrets, Logger: slog.New(slog.NewTextHandler(log, nil))})
		fsa.Get(app, "/me", authz.Auth(), who)
		token, err := app.CreateToken(t.Context(), "calvin", fsa.TokenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return fsatest.New(t, app), token, log.String()
	}
	one, token, log := app()
	if !strings.Contains(log, "level=WARN") || !strings.Contains(log, "no token secret is set: tokens end with this process") {
		t.Errorf("the log is %s", log)
	}
	one.Get("/me").Bearer(token).Expect(200)
	another, _, _ := app()
	another.Get("/me").Bearer(token).Expect(401)

	const short = "short-s3cret"
	one, token, log = app(short)
	if !strings.Contains(log, "level=WARN") || !strings.Contains(log, "too short for mode prod") || strings.Contains(log, short) {
		t.Errorf("the log is %s", log)
	}
	one.Get("/me").Bearer(token).Expect(200)
}

// TestNoRandomness: S86: without randomness there is no secret, and no start. It
// ends the program, so that the test runs itself in another one.
func TestNoRandomness(t *testing.T) {
	const child, started = "TEST_FSA_NO_RANDOMNESS", "the application has started: "
	if os.Getenv(child) != "" {
		rand.Reader = iotest.ErrReader(errors.New("no randomness"))
		_, err := fsa.New("acme", fsa.Config{Mode: "dev", Auth: []string{"token"}}).Handler()
		t.Fatal(started, err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNoRandomness$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || strings.Contains(string(out), started) || !strings.Contains(string(out), "failed to read random data") {
		t.Errorf("%v: %s", err, out)
	}
}
