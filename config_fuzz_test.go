package fsa_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// FuzzConfig: whatever stands in the file and the environment, an application is
// made or told why not: each fault names a directive or a place, on one line, and
// shows nothing of a secret. What [fsa.App.Directives] lists of one without faults can
// be loaded, and is the same.
func FuzzConfig(f *testing.F) {
	for _, seed := range []struct{ file, name, value string }{
		{"", "", ""},
		{"FSA_AUTH = \"basic\"", "FSA_MODE", "dev"},
		{"FSA_AUTH = [\"token\", \"basic\", \"none\"]\nFSA_MODE = 'debug4'", "FSA_TOKEN_SECRET", "0123456789"},
		{"FSA_AUTH = \"none\"\nFSA_AUTH = \"basic\"", "FSA_SECURE", "no"},
		{"FSA_TOKEN_DELAY = nan\nFSA_TOKEN_GRACE = \"1h30m\"", "FSA_TOKEN_DELAY", "-1"},
		{"[FSA_ADD_HEADERS]\na = \"b\"\nFSA_TOKEN_SECRET = \"0123456789\"", "FSA_ADD_HEADERS", "{a = \"b\\r\\n\"}"},
		{"FSA_PASSWORD_RE = [\"(\"]", "FSA_PASSWORD_OPTS", "{memory = 1e9, rounds = 99}"},
		{"FSA_PASSWORD_SCHEME = \"bcrypt\"\nFSA_PASSWORD_OPTS = {rounds = 4}", "FSA_PASSWORD_LENGTH", "0"},
		{"FSA_TRUSTED_PROXIES = [\"10.0.0.0/8\", \"::1\", \"0.0.0.0/0\"]", "FSA_TRUSTED_PROXIES", "::ffff:10.0.0.1"},
		{"FSA_CACHE_OPTS = {ttl = 1e300}", "FSA_CACHE_SIZE", "9223372036854775807"},
		{"FSA_ERROR_RESPONSE = \"json:\"", "FSA_ERROR_RESPONSE", "json:error"},
		{"FSA_REALM = \"a\\u0000b\"", "FSA_REALM", "\xff\n"},
		{"FSA_TOKEN_TYPE = \"jwt\"\nFSA_TOKEN_ALGO = \"none\"\nFSA_AUTH = \"token\"", "FSA_TOKEN_SECRET", "[\"a\", 1]"},
		{"FSA_UNKNOWN = 1\nfsa_mode = 2\n\"\" = 3", "FSA_", "x"},
		{"FSA_CORS = true\nFSA_CORS_OPTS = {origins = [\"https://*.example.com:8443\"], max_age = 1e9}", "FSA_CORS_OPTS", "{origins = [\"*\"], supports_credentials = true}"},
		{"FSA_BASE_URL = \"https://[::1]:8443/\"\nFSA_401_REDIRECT = \"//x\"", "FSA_401_REDIRECT", "https://x/login?a=b"},
		{"a.b.c = 1\n[a.b]\nc = 2", "FSA_MAX_BODY", "[[[[[["},
		{"\ufeffFSA_MODE = \"dev\"\r\n", "FSA_LOGGING_LEVEL", "info+3"},
	} {
		f.Add(seed.file, seed.name, seed.value)
	}
	f.Fuzz(func(t *testing.T, file, name, value string) {
		if strings.Contains(file+name, "_FILE") || strings.Contains(file, "\\") && strings.Contains(file, "FILE") {
			return // it might name a device
		}
		if name = "FSA_" + strings.TrimPrefix(name, "FSA_"); strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return // no environment has that
		}
		t.Setenv(name, value)
		cfg, err := loadText(file)
		if err == nil {
			cfg.Logger = slog.New(slog.DiscardHandler)
			app := fsa.New("acme", cfg)
			app.UserPass(nil)
			fsa.Get(app, "/x", authz.Auth(), who)
			_, err = app.Handler()

			app = fsa.New("acme", cfg)
			app.PasswordCheck(func(context.Context, string, string) (bool, error) { return false, nil })
			if _, err := app.Check(); err == nil {
				asFileAgain(t, app.Directives(), name)
			}
		}
		secret := ""
		if name == "FSA_TOKEN_SECRET" && len(value) >= 10 && !strings.ContainsAny(value, "[]\"' ") {
			secret = value
		}
		for _, text := range texts(t, err) {
			place, _, ok := strings.Cut(text, ": ")
			if !ok || !strings.HasPrefix(place, "FSA_") && !strings.Contains(place, "acme.toml") && !strings.Contains(place, "environment") && !strings.Contains(place, "_test.go:") {
				t.Errorf("the fault does not name its place: %q", text)
			}
			if strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("the fault is not one line of text: %q", text)
			}
			if secret != "" && strings.Contains(text, secret) && !strings.Contains(file, secret) {
				t.Errorf("the fault shows a secret: %q", text)
			}
		}
	})
}

// asFileAgain loads what is listed of a configuration: it is the same one.
func asFileAgain(t *testing.T, infos []fsa.DirectiveInfo, inEnvironment string) {
	os.Unsetenv(inEnvironment) // the test sets it back
	if slices.ContainsFunc(infos, func(d fsa.DirectiveInfo) bool { return d.Secret && d.Value != nil }) {
		return
	}
	file := asFile(infos, "")
	cfg, err := loadText(file)
	if err != nil {
		t.Fatalf("what is listed is refused: %v\n%s", err, file)
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	if got := faultsOfText(t, file); got != nil {
		t.Errorf("what is listed has faults: %q\n%s", got, file)
	}
	for i, d := range fsa.New("acme", cfg).Directives() {
		if d.Text() != infos[i].Text() {
			t.Errorf("%s = %s is, when it is loaded, %s", d.Name, infos[i].Text(), d.Text())
		}
	}
}
