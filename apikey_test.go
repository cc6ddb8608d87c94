package fsa_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

// TestAPIKey: which keys are accepted, from where, for whom.
func TestAPIKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.Mode = "dev"
		cfg.Auth = []string{"apikey", "token", "basic", "none"}
		w := newWorld(t, cfg)
		keys := map[string]fsa.APIKey{}
		add := func(k fsa.APIKey) string {
			key, id, hash := fsa.NewAPIKey()
			leaktest.Secret(string(key))
			if k.Hash == "" {
				k.Hash = hash
			}
			keys[id] = k
			return string(key)
		}
		good := add(fsa.APIKey{Login: "calvin", Scopes: []string{"read"}})
		short := add(fsa.APIKey{Login: "calvin", Expires: time.Now().Add(time.Minute)})
		nameless := add(fsa.APIKey{})
		malformed := add(fsa.APIKey{Login: "calvin", Hash: "abc"})
		broken := add(fsa.APIKey{Login: "broken"})
		other := add(fsa.APIKey{Login: "hobbes"})
		long := add(fsa.APIKey{Login: strings.Repeat("c", 1<<14)})
		hidden := add(fsa.APIKey{Login: "hidden"})
		unknown, _, _ := fsa.NewAPIKey()
		w.APIKey(func(ctx context.Context, id string) (fsa.APIKey, error) {
			w.ask("key " + id)
			k, ok := keys[id]
			switch {
			case !ok:
				return k, fsa.ErrNoSuchKey
			case k.Login == "broken":
				return k, errors.New("the store is down: s3cret")
			case k.Login == "hidden":
				return k, fsa.Errorf(404, "there is such a key, but not for you")
			}
			return k, nil
		})
		fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, in struct{ By fsa.Identity }) (string, error) {
			return strings.Join(append([]string{in.By.Login, in.By.Scheme, in.By.Realm}, in.By.Scopes...), " "), nil
		})
		fsa.Post(w, "/x", authz.Auth(), who)
		fsa.Get(w, "/stage", authz.Auth(), who, fsa.Realm("stage"))
		c := w.client(t)
		id := strings.Split(good, "_")[1]
		mixed := strings.Join([]string{"fsak", id, strings.Split(other, "_")[2]}, "_")
		for _, test := range []struct {
			name   string
			header []string
			status int
			text   string
		}{
			{"good", []string{"Authorization", "Bearer " + good}, 200, "calvin apikey acme read"},
			{"in its own field", []string{"X-API-Key", good}, 200, "calvin apikey acme read"},
			{"in both", []string{"X-API-Key", good, "Authorization", "Bearer " + good}, 401, "several API keys"},
			{"none", nil, 401, "authentication required"},
			{"an empty field", []string{"X-API-Key", ""}, 401, "authentication required"},
			{"unknown", []string{"X-API-Key", string(unknown)}, 401, "invalid API key"},
			{"the secret of another", []string{"X-API-Key", mixed}, 401, "invalid API key"},
			{"shorter", []string{"X-API-Key", good[:len(good)-1]}, 401, "malformed API key"},
			{"longer", []string{"X-API-Key", good + "a"}, 401, "malformed API key"},
			{"upper case", []string{"X-API-Key", strings.ToUpper(good)}, 401, "malformed API key"},
			{"its end spelt otherwise", []string{"X-API-Key", good[:len(good)-1] + nextSpelling(good)}, 401, "malformed API key"},
			{"something else", []string{"X-API-Key", "acme:calvin:20991231235959:0123"}, 401, "malformed API key"},
			{"id only", []string{"X-API-Key", "fsak_" + id}, 401, "malformed API key"},
			{"not expired", []string{"X-API-Key", short}, 200, "calvin apikey acme"},
			{"of nobody", []string{"X-API-Key", nameless}, 500, "internal error in app.APIKey"},
			{"with a malformed hash", []string{"X-API-Key", malformed}, 500, "internal error in app.APIKey"},
			{"of nobody who can be", []string{"X-API-Key", long}, 500, "internal error in app.APIKey"},
			{"refused by the hook", []string{"X-API-Key", hidden}, 401, "invalid API key"},
			{"store down", []string{"X-API-Key", broken}, 500, "internal error in app.APIKey"},
			{"a password beside a bad key", []string{"X-API-Key", string(unknown), "Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("calvin:"+calvinPass))}, 200, "calvin basic acme"},
		} {
			if got := c.Get("/x").Header(test.header...).Expect(test.status).Text(); got != test.text {
				t.Errorf("%s: %q, want %q", test.name, got, test.text)
			}
		}
		// Never from a query or a form. S68
		c.Get("/x").Query("X-API-Key", good).Expect(401)
		c.Post("/x").Form("X-API-Key", good).Expect(401)
		// Not ambient: a script put it there.
		c.Post("/x").Header("X-API-Key", good, "Sec-Fetch-Site", "cross-site").Expect(200)
		if got := c.Get("/x").Header("Authorization", "Bearer "+mixed).Expect(401).Header.Values("WWW-Authenticate"); len(got) != 2 || !strings.Contains(got[1], `Bearer realm="acme", error="invalid_token"`) {
			t.Errorf("%q", got)
		}
		// It is kept, in each realm, and the end of a key is looked at each time.
		asked := w.times("key " + id)
		c.Get("/x").Header("X-API-Key", good).Expect(200)
		c.Get("/x").Header("X-API-Key", mixed).Expect(401)
		if n := w.times("key " + id); n != asked || n != 1 {
			t.Errorf("asked %d, then %d times", asked, n)
		}
		c.Get("/stage").Header("X-API-Key", good).Expect(200)
		time.Sleep(time.Minute)
		if got := c.Get("/x").Header("X-API-Key", short).Expect(401).Text(); got != "expired API key" {
			t.Error(got)
		}
		// Whoever has not got the key is not told that it has expired.
		wrong := strings.Join([]string{"fsak", strings.Split(short, "_")[1], strings.Split(good, "_")[2]}, "_")
		if got := c.Get("/x").Header("X-API-Key", wrong).Expect(401).Text(); got != "invalid API key" {
			t.Error(got)
		}
		// Revoked: at once, if it is told.
		delete(keys, id)
		c.Get("/x").Header("X-API-Key", good).Expect(200)
		w.APIKeyUncache(context.Background(), id)
		c.Get("/x").Header("X-API-Key", good).Expect(401)
		before := w.times("key " + strings.Split(other, "_")[1])
		c.Get("/x").Header("X-API-Key", other).Expect(200)
		w.APIKeyUncache(context.Background(), id)
		c.Get("/x").Header("X-API-Key", other).Expect(200)
		if n := w.times("key "+strings.Split(other, "_")[1]) - before; n != 1 {
			t.Errorf("of another key the hook was asked %d times", n)
		}
		c.Get("/stage").Header("X-API-Key", good).Expect(401)
	})
}

// nextSpelling gives another last character that a lax decoder reads as the same
// bytes: the last one has four bits that are not used.
func nextSpelling(key string) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	i := strings.IndexByte(alphabet, key[len(key)-1])
	return string(alphabet[i^1])
}

// TestAPIKeyFaults: what is wrong with its configuration stops the start.
func TestAPIKeyFaults(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"apikey"}
	if got := faultsOf(t, newWorld(t, cfg).App); len(got) != 1 || !contains(got[0], `the scheme "apikey" is enabled, and nothing knows keys`, "app.APIKey") {
		t.Errorf("%q", got)
	}
	for _, header := range []string{"X_API_Key", "Authorization", "Cookie", "a b"} {
		cfg.APIKeyHeader = header
		w := newWorld(t, cfg)
		w.APIKey(func(context.Context, string) (fsa.APIKey, error) { return fsa.APIKey{}, fsa.ErrNoSuchKey })
		if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], "FSA_APIKEY_HEADER", "is no header field for keys") {
			t.Errorf("%q", got)
		}
	}
	cfg = base()
	cfg.APIKeyHeader = "X-Key"
	if got := faultsOf(t, newWorld(t, cfg).App); len(got) != 1 || !contains(got[0], "FSA_APIKEY_HEADER", "does not enable") {
		t.Errorf("%q", got)
	}
}
