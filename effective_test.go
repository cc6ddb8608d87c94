package fsa_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/token"
)

// everything sets each directive to something that is not its default.
const everything = `FSA_MODE = "debug1"
FSA_LOGGING_LEVEL = "error"
FSA_SECURE = false
FSA_TRUSTED_PROXIES = ["10.1.2.3", "10.2.0.0/16"]
FSA_BASE_URL = "https://www.example.com"
FSA_TLS_CERT = "cert.pem"
FSA_TLS_KEY = "key.pem"
FSA_SERVER_ERROR = 503
FSA_NOT_FOUND_ERROR = 410
FSA_HANDLE_ALL_ERRORS = false
FSA_KEEP_USER_ERRORS = true
FSA_ERROR_RESPONSE = "json:error"
FSA_AUTH = ["token", "basic", "param", "digest", "oauth", "none"]
FSA_AUTH_DEFAULT = ["token", "basic"]
FSA_REALM = "the realm"
FSA_PARAM_USER = "username"
FSA_PARAM_PASS = "password"
FSA_FAKE_LOGIN = "who"
FSA_HTTPD_USER_HEADER = "X-User"
FSA_HTTP_AUTH_OPTS = {algorithms = ["SHA-256", "insecure-md5"], nonce_life = "1m30s"}
FSA_APIKEY_HEADER = "X-Key"
FSA_TLS_CLIENT_CA = "ca.pem"
FSA_MTLS_USER = "email"
FSA_TOKEN_TYPE = "jwt"
FSA_TOKEN_ALGO = "HS512"
FSA_TOKEN_CARRIER = "bearer"
FSA_TOKEN_NAME = "Acme"
FSA_TOKEN_SECRET = ["c9ixXwJ5WbB0zGgPpO0QmMEBTqHvJzXJt1Lm2nR8c9ixXwJ5WbB0zGgPpO0QmMEBTqHvJz", "u4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7iu4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2"]
FSA_TOKEN_ISSUERS = [{issuer = "https://idp.example", audience = ["acme", "other"], discovery = true, login_prefix = "", access_tokens = true, realm = "elsewhere"}]
FSA_TOKEN_DELAY = 90
FSA_TOKEN_GRACE = 0.5
FSA_TOKEN_MAX_DELAY = "36h"
FSA_TOKEN_RENEWAL = 0
FSA_TOKEN_ISSUER = "acme.example"
FSA_PASSWORD_SCHEME = ["bcrypt", "argon2id"]
FSA_PASSWORD_OPTS = {rounds = 4}
FSA_INSECURE_PASSWORD_COST = true
FSA_PASSWORD_LENGTH = 0
FSA_PASSWORD_RE = ["[0-9]", "\"\\\\\t"]
FSA_LOGIN_THROTTLE = {free = 3, delay = 2, max_delay = "1h", network_factor = 4}
FSA_AUTHZ_GROUPS = "employee"
FSA_AUTHZ_SCOPES = ["read", "write"]
FSA_AUTHZ_PERMISSIONS = "entry:edit"
FSA_REJECT_UNEXPECTED_PARAM = false
FSA_MAX_BODY = 4096
FSA_CORS = true
FSA_CORS_OPTS = {origins = ["https://*.example.com"], methods = ["GET"], supports_credentials = true, max_age = 600, insecure_null_origin = true}
FSA_401_REDIRECT = "https://login.example.com/"
FSA_REAUTH_REDIRECT = "/verify"
FSA_URL_NAME = "next"
FSA_DEFAULT_CONTENT_TYPE = "text/html"
FSA_JSON_STREAMING = false
FSA_JSON_ALLSTR = true
FSA_CACHE = "none"
FSA_CACHE_SIZE = 1000
FSA_CACHE_OPTS = {ttl = "5m"}
FSA_ADD_HEADERS = {Application = "Acme", "X-Odd.Name" = "\u001b[31mé"}
`

// exclusive are directives that can't be set together with the others.
var exclusive = []string{"FSA_TOKEN_LENGTH", "FSA_INSECURE_TOKEN_LENGTH", "FSA_TOKEN_SIGN"}

func directivesOf(t testing.TB, text string) []fsa.DirectiveInfo {
	t.Helper()
	cfg, err := loadText(text)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	return fsa.New("acme", cfg).Directives()
}

// faultsOfText gives what is wrong with a configuration, without the places.
func faultsOfText(t testing.TB, text string) []string {
	t.Helper()
	cfg, err := loadText(text)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	app := fsa.New("acme", cfg)
	app.PasswordCheck(func(context.Context, string, string) (bool, error) { return false, nil })
	_, err = app.Check()
	got := texts(t, err)
	for i := range got {
		got[i] = regexp.MustCompile(`toml:\d+`).ReplaceAllString(got[i], "toml")
	}
	slices.Sort(got)
	return got
}

// asFile writes directives as a file has them. Secrets are those of the text.
func asFile(infos []fsa.DirectiveInfo, text string) string {
	var b strings.Builder
	for _, d := range infos {
		if d.Value != nil && !d.Secret {
			fmt.Fprintf(&b, "%s = %s\n", d.Name, d.Text())
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "FSA_TOKEN_SECRET") || strings.HasPrefix(line, "FSA_TOKEN_SIGN") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestDirectivesAsFile: each directive has a value, its source, and is listed as a file
// could have it: what is loaded from the list is the same configuration.
func TestDirectivesAsFile(t *testing.T) {
	infos := directivesOf(t, everything)
	standard := map[string]any{}
	for _, d := range directivesOf(t, `FSA_AUTH = "none"`) {
		standard[d.Name] = d.Value
	}
	for _, d := range infos {
		if d.Value == nil != slices.Contains(exclusive, d.Name) {
			t.Errorf("%s = %v", d.Name, d.Value)
		}
		if want := !slices.Contains(exclusive, d.Name); strings.Contains(d.Source, "toml:") != want {
			t.Errorf("%s: source %q", d.Name, d.Source)
		}
		same := reflect.DeepEqual(d.Value, standard[d.Name])
		if equal := []string{"FSA_TOKEN_CARRIER", "FSA_TOKEN_RENEWAL"}; same && d.Value != nil && !slices.Contains(equal, d.Name) {
			t.Errorf("%s = %s, which is what it is without being set", d.Name, d.Text())
		}
	}
	if len(infos) != len(standard) || len(infos) < 55 {
		t.Errorf("%d directives, and %d", len(infos), len(standard))
	}
	again := directivesOf(t, asFile(infos, everything))
	if got, want := faultsOfText(t, asFile(infos, everything)), faultsOfText(t, everything); !slices.Equal(got, want) {
		t.Errorf("when they are loaded, the faults are %q, not %q", got, want)
	}
	for i, d := range again {
		if !reflect.DeepEqual(d.Value, infos[i].Value) {
			t.Errorf("%s = %s is, when it is loaded, %s", d.Name, infos[i].Text(), d.Text())
		}
	}
}

// TestDirectivesOf: what is filled in, and where things come from.
func TestDirectivesOf(t *testing.T) {
	for _, c := range []struct{ file, directive, want, source string }{
		{`FSA_AUTH = "basic"`, "FSA_AUTH", `["token", "basic", "none"]`, "acme.toml:1"},
		{`FSA_AUTH = ["password"]`, "FSA_AUTH_DEFAULT", `["basic", "param"]`, "default"},
		{`FSA_AUTH = "none"`, "FSA_MODE", `"prod"`, "default"},
		{`FSA_AUTH = "none"`, "FSA_LOGGING_LEVEL", `"info"`, "default"},
		{`FSA_AUTH = "none"`, "FSA_SECURE", `true`, "default"},
		{`FSA_AUTH = "none"`, "FSA_BASE_URL", ``, "default"},
		{`FSA_AUTH = "none"`, "FSA_REALM", `"acme"`, "default"},
		{`FSA_AUTH = "none"`, "FSA_TOKEN_DELAY", `"1h"`, "default"},
		{`FSA_AUTH = "none"`, "FSA_TOKEN_NAME", `"Bearer"`, "default"},
		{`FSA_AUTH = "none"`, "FSA_TOKEN_LENGTH", `32`, "default"},
		{"FSA_AUTH = \"none\"\nFSA_TOKEN_ALGO = \"blake2s\"", "FSA_TOKEN_LENGTH", `16`, "default"},
		{"FSA_AUTH = \"none\"\nFSA_TOKEN_ALGO = \"blake2s\"\nFSA_INSECURE_TOKEN_LENGTH = 8", "FSA_TOKEN_LENGTH", ``, "default"},
		{"FSA_AUTH = \"none\"\nFSA_TOKEN_TYPE = \"jwt\"", "FSA_TOKEN_ALGO", `"HS256"`, "default"},
		{"FSA_AUTH = \"none\"\nFSA_TOKEN_TYPE = \"none\"", "FSA_TOKEN_ALGO", ``, "default"},
		{`FSA_AUTH = "none"`, "FSA_TOKEN_RENEWAL", `0.0`, "default"},
		{`FSA_AUTH = "none"`, "FSA_PASSWORD_SCHEME", `["argon2id"]`, "default"},
		{`FSA_AUTH = "none"`, "FSA_PASSWORD_OPTS", `{memory = 19456, parallelism = 1, time = 2}`, "default"},
		{`FSA_AUTH = "none"`, "FSA_LOGIN_THROTTLE", `{delay = "1s", free = 5, max_delay = "15m", network_factor = 10}`, "default"},
		{"FSA_AUTH = \"none\"\nFSA_LOGIN_THROTTLE = false", "FSA_LOGIN_THROTTLE", `"off"`, "acme.toml:2"},
		{"FSA_AUTH = \"none\"\nFSA_PASSWORD_LENGTH = 8", "FSA_PASSWORD_LENGTH", `8`, "acme.toml:2"},
		{`FSA_AUTH = "none"`, "FSA_MAX_BODY", `1048576`, "default"},
		{`FSA_AUTH = "none"`, "FSA_CACHE_OPTS", `{ttl = "10m"}`, "default"},
		{`FSA_AUTH = "none"`, "FSA_TOKEN_SECRET", ``, "default"},
		{"FSA_AUTH = \"none\"\nFSA_TOKEN_SECRET = \"u4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7i\"", "FSA_TOKEN_SECRET", `"***"`, "acme.toml:2"},
		{"FSA_AUTH = \"none\"\nFSA_TOKEN_SECRET = [\"u4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7i\", \"x\"]", "FSA_TOKEN_SECRET", `["***", "***"]`, "acme.toml:2"},
	} {
		if got := one(directivesOf(t, c.file), c.directive); got.Text() != c.want || got.Source != c.source {
			t.Errorf("%q: %s = %s (%s), want %s (%s)", c.file, c.directive, got.Text(), got.Source, c.want, c.source)
		}
	}
}

func one(infos []fsa.DirectiveInfo, name string) fsa.DirectiveInfo {
	for _, d := range infos {
		if d.Name == name {
			return d
		}
	}
	return fsa.DirectiveInfo{}
}

// TestDirectivesSources: the environment, code, and a configuration without a file.
func TestDirectivesSources(t *testing.T) {
	t.Setenv("FSA_MAX_BODY", "2048")
	t.Setenv("FSA_REALM", "env")
	cfg, err := loadText("FSA_AUTH = \"none\"\nFSA_MAX_BODY = 4096\nFSA_URL_NAME = \"next\"")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Realm, cfg.AddHeaders = "code", map[string]string{"A": "b"}
	want := map[string]string{"FSA_MAX_BODY": "environment", "FSA_REALM": "code", "FSA_ADD_HEADERS": "code", "FSA_URL_NAME": "acme.toml:3", "FSA_CORS": "default"}
	for name, source := range want {
		if got := one(fsa.New("acme", cfg).Directives(), name); got.Source != source {
			t.Errorf("%s: %q, want %q", name, got.Source, source)
		}
	}
	infos := fsa.New("acme", fsa.Config{Auth: []string{"none"}}).Directives()
	if got := one(infos, "FSA_AUTH"); got.Source != "code" || one(infos, "FSA_CORS").Source != "default" {
		t.Error(got)
	}
}

// TestDirectivesReload: what has been reloaded is shown.
func TestDirectivesReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "acme.toml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("FSA_AUTH = \"none\"\nFSA_MAX_BODY = 4096")
	cfg, err := fsa.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	app := fsa.New("acme", cfg)
	fsa.Get(app, "/x", authz.Open(), who)
	write("FSA_AUTH = \"none\"\n\nFSA_MAX_BODY = 2048\nFSA_LOGIN_THROTTLE = {free = 2}")
	if err := app.Reload(context.Background(), func(c *fsa.Config) { c.LoggingLevel = slog.LevelWarn }); err != nil {
		t.Fatal(err)
	}
	infos := app.Directives()
	for name, want := range map[string]string{"FSA_MAX_BODY": "2048 acme.toml:3", "FSA_LOGGING_LEVEL": `"warn" code`,
		"FSA_LOGIN_THROTTLE": `{delay = "1s", free = 2, max_delay = "15m", network_factor = 10} acme.toml:4`} {
		d := one(infos, name)
		if got := d.Text() + " " + strings.TrimPrefix(d.Source, filepath.Dir(file)+string(filepath.Separator)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestOwnDirectives: those of other packages are listed, and what looks like a secret
// is hidden. S70.
func TestOwnDirectives(t *testing.T) {
	cfg, err := loadText(`FSA_AUTH = "none"
FSA_DB = "postgres://acme:s3cr/et@db.example/acme?sslmode=disable&password=s3cret"
ACME_MYSQL = "acme:s3cret@tcp(127.0.0.1:3306)/acme"
ACME_PQ = "host=db user=acme password='s3cret s3cret' dbname=acme"
ACME_API_KEY = "s3cret"
ACME_SIZE = 7
ACME_LISTS = ["a", "x://u:s3cret@h"]
ACME_RATIO = 0.5
ACME_UNKNOWN = "s3cret"
`)
	if err != nil {
		t.Fatal(err)
	}
	app := fsa.New("acme", cfg)
	secret := fsa.Secret("s3cret")
	db, mysql, pq, key, plain, mail := "", "", "", "", "plain", "me@example.com"
	size, changed, length, ratio, on := 1, 3, 15, 1.0, false
	var lists []string
	for name, target := range map[string]any{"FSA_DB": &db, "ACME_MYSQL": &mysql, "ACME_PQ": &pq, "ACME_API_KEY": &key, "ACME_SIZE": &size,
		"ACME_LISTS": &lists, "ACME_RATIO": &ratio, "ACME_ON": &on, "ACME_PLAIN": &plain, "ACME_MAIL": &mail, "ACME_WORD": &secret, "ACME_CHANGED": &changed,
		"ACME_PASSWORD_LENGTH": &length} {
		app.Directive(name, target)
	}
	changed = 4
	got := map[string]string{}
	for _, d := range app.Directives() {
		if d.Own {
			got[d.Name] = d.Text() + " " + d.Source
		}
	}
	want := map[string]string{
		"FSA_DB":       `"postgres://acme:***@db.example/acme?sslmode=disable&password=***" acme.toml:2`,
		"ACME_MYSQL":   `"acme:***@tcp(127.0.0.1:3306)/acme" acme.toml:3`,
		"ACME_PQ":      `"host=db user=acme password=*** dbname=acme" acme.toml:4`,
		"ACME_API_KEY": `"***" acme.toml:5`, "ACME_SIZE": "7 acme.toml:6", "ACME_LISTS": `["a", "x://u:***@h"] acme.toml:7`,
		"ACME_RATIO": "0.5 acme.toml:8", "ACME_ON": "false default", "ACME_PLAIN": `"plain" default`, "ACME_MAIL": `"me@example.com" default`,
		"ACME_WORD": `"***" default`, "ACME_CHANGED": "4 code", "ACME_PASSWORD_LENGTH": "15 default",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestCheck: warnings come with the faults. Handler writes them into the log, once, if
// nobody has asked for them.
func TestCheck(t *testing.T) {
	cfg := base()
	cfg.Mode, cfg.TokenSecret = "dev", []fsa.Secret{"short"}
	w := newWorld(t, cfg)
	fsa.Post(w, "/x", authz.Auth(), func(context.Context, struct{ USER string }) (string, error) { return "", nil }, fsa.Authn("basic", "param"))
	fsa.Get(w, "/y", authz.Group("gone"), who)
	for range 2 {
		warnings, err := w.Check()
		if len(warnings) != 1 || warnings[0].Directive != "FSA_TOKEN_SECRET" || !strings.Contains(warnings[0].Error(), "too short for mode prod (bytes 5, least 32); make one by") {
			t.Error(warnings)
		}
		if got := texts(t, err); len(got) != 1 || !strings.Contains(got[0], `group "gone"`) {
			t.Error(got)
		}
	}
	faultsOf(t, w.App)
	if w.log.String() != "" {
		t.Errorf("the log: %s", w.log)
	}
	w = newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	if _, err := w.Routes(); err != nil || w.log.String() != "" {
		t.Errorf("%v, the log: %s", err, w.log)
	}
	for range 2 {
		faultsOf(t, w.App)
	}
	if n := strings.Count(w.log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings in the log: %s", n, w.log)
	}
}

// TestCheckToken: a token is good as it would be for a route.
func TestCheckToken(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, base())
	good, err := w.CreateToken(ctx, "calvin", fsa.TokenOptions{Delay: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.CreateToken(ctx, "calvin", fsa.TokenOptions{Realm: "other"})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := w.CheckToken(ctx, good, ""); err != nil || c.Login != "calvin" || c.Realm != "acme" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := w.CheckToken(ctx, other, "other"); err != nil || c.Login != "calvin" {
		t.Errorf("%+v, %v", c, err)
	}
	for raw, want := range map[string]string{other: "realm", good[:len(good)-1]: "signature", "": "", strings.Repeat("x", token.MaxSize+1): "larger"} {
		if c, err := w.CheckToken(ctx, raw, ""); err == nil || c.Login != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %+v, %v", raw, c, err)
		}
	}
	if err := w.RevokeToken(ctx, good, ""); err != nil {
		t.Fatal(err)
	}
	if c, err := w.CheckToken(ctx, good, ""); err == nil || c.Login != "" || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("%+v, %v", c, err)
	}
	cfg := base()
	cfg.Auth, cfg.TokenType = []string{"basic"}, "none"
	if _, err := newWorld(t, cfg).CheckToken(ctx, good, ""); err == nil || !strings.Contains(err.Error(), "no tokens are made here") {
		t.Error(err)
	}
}

// TestLogger: the application's log is the one that it was given.
func TestLogger(t *testing.T) {
	cfg := base()
	cfg.Logger = slog.New(slog.DiscardHandler)
	if fsa.New("acme", cfg).Logger() != cfg.Logger || fsa.New("acme", base()).Logger() == nil {
		t.Error("it is another")
	}
}

// TestWarningSaysWhatThereIs: a warning has no word for what it is not about.
func TestWarningSaysWhatThereIs(t *testing.T) {
	cfg := base()
	cfg.Mode, cfg.TokenSecret = "dev", nil // there is no more to say of none
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	warnings, err := w.Check()
	if err != nil || len(warnings) != 1 || warnings[0].Problem != "no token secret is set: tokens end with this process" {
		t.Errorf("%v, %v", warnings, err)
	}
	w = newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	faultsOf(t, w.App)
	if log := w.log.String(); !contains(log, "level=WARN", "directive=FSA_TOKEN_SECRET", "remedy=") || strings.Contains(log, `""`) || strings.Contains(log, "route=") || strings.Contains(log, "source=") {
		t.Errorf("the log: %s", log)
	}
}
