package fsa_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/golang-jwt/jwt/v5"
)

// TestRevokedIsNotRenewed: a request that is under way when the user's tokens, or its
// own, are revoked gets no new token in its answer: a thief would go on with it.
func TestRevokedIsNotRenewed(t *testing.T) {
	for _, kind := range []string{"fsa", "jwt"} {
		for _, what := range []string{"user", "token", "password", "nothing"} {
			synctest.Test(t, func(t *testing.T) {
				cfg := base()
				cfg.TokenType, cfg.TokenRenewal, cfg.TokenCarrier = kind, 1, "cookie"
				w := newWorld(t, cfg)
				raw := w.token(t, "calvin", fsa.TokenOptions{})
				fsa.Get(w, "/slow", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) {
					time.Sleep(3 * time.Second)
					switch what {
					case "user", "password":
						return "x", w.RevokeUser(context.Background(), "calvin")
					case "token":
						return "x", w.RevokeToken(context.Background(), raw, "")
					}
					return "x", nil
				})
				fsa.Get(w, "/x", authz.Auth(), who)
				c := w.client(t)
				time.Sleep(90 * time.Second)
				r := c.Get("/slow").Header("Cookie", "__Host-auth="+raw)
				if what == "password" {
					r = c.Get("/slow").Basic("calvin", calvinPass)
				}
				set := r.Expect(200).Header.Get("Set-Cookie")
				value, _, _ := strings.Cut(set, ";")
				if what == "nothing" {
					c.Get("/x").Header("Cookie", value).Expect(200)
					return
				}
				if value != "" {
					t.Errorf("%s %s: a cookie after the revocation, which is %d", kind, what, c.Get("/x").Header("Cookie", value).Do().Status)
				}
			})
		}
	}
}

// TestRevokeUserElsewhereUndated: a token of another issuer that does not say when it
// was made is refused, however long the application's own tokens live.
func TestRevokeUserElsewhereUndated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idp := newProvider("https://idp.example", 1)
		w := oauthWorld(t, fsa.Config{}, idp.trusted())
		c := w.client(t)
		undated := idp.mint(t, 1, jwt.MapClaims{"exp": time.Now().Add(30 * 24 * time.Hour).Unix()})
		dated := idp.mint(t, 1, jwt.MapClaims{"iat": time.Now().Unix(), "exp": time.Now().Add(30 * 24 * time.Hour).Unix()})
		c.Get("/me").Bearer(undated).Expect(200)
		time.Sleep(time.Hour)
		if err := w.RevokeUser(t.Context(), idp.name+"|7"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			c.Get("/me").Bearer(dated).Expect(401)
			c.Get("/me").Bearer(undated).Expect(401)
			w.ClearCaches(t.Context())
		}
		time.Sleep(time.Minute)
		later := idp.mint(t, 1, jwt.MapClaims{"iat": time.Now().Unix()})
		c.Get("/me").Bearer(later).Expect(200)
		time.Sleep(3 * 24 * time.Hour) // when no token of our own is left
		c.Get("/me").Bearer(dated).Expect(401)
		c.Get("/me").Bearer(undated).Expect(401)
	})
}

// TestRevokeUserByAnotherClock: FSA_TOKEN_GRACE is how much clocks may differ, so that
// a token of a clock which is ahead may have been made before a revocation though
// it says that it was made after.
func TestRevokeUserByAnotherClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idp := newProvider("https://idp.example", 1)
		w := oauthWorld(t, fsa.Config{TokenGrace: time.Minute}, idp.trusted())
		c := w.client(t)
		ahead := idp.mint(t, 1, jwt.MapClaims{"iat": time.Now().Add(50 * time.Second).Unix()})
		c.Get("/me").Bearer(ahead).Expect(200)
		time.Sleep(10 * time.Second)
		if err := w.RevokeUser(t.Context(), idp.name+"|7"); err != nil {
			t.Fatal(err)
		}
		c.Get("/me").Bearer(ahead).Expect(401)
		time.Sleep(2 * time.Minute)
		c.Get("/me").Bearer(ahead).Expect(401)
		c.Get("/me").Bearer(idp.mint(t, 1, jwt.MapClaims{"iat": time.Now().Unix()})).Expect(200)
	})
	// Where it is for how long our own tokens are good, it says nothing of clocks.
	synctest.Test(t, func(t *testing.T) {
		idp := newProvider("https://idp.example", 1)
		w := oauthWorld(t, fsa.Config{NoTokenDelay: true, TokenGrace: time.Hour}, idp.trusted())
		c := w.client(t)
		old := idp.mint(t, 1, jwt.MapClaims{"iat": time.Now().Unix()})
		if err := w.RevokeUser(t.Context(), idp.name+"|7"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		c.Get("/me").Bearer(old).Expect(401)
		c.Get("/me").Bearer(idp.mint(t, 1, jwt.MapClaims{"iat": time.Now().Unix()})).Expect(200)
	})
	// Our own tokens are good at once all the same.
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.TokenType, cfg.TokenGrace = "jwt", time.Minute
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		c := w.client(t)
		old := w.token(t, "calvin", fsa.TokenOptions{})
		w.RevokeUser(t.Context(), "calvin")
		for range 5 {
			now := w.token(t, "calvin", fsa.TokenOptions{})
			c.Get("/x").Bearer(now).Expect(200)
			c.Get("/x").Bearer(old).Expect(401)
			time.Sleep(20 * time.Second)
			c.Get("/x").Bearer(now).Expect(200)
		}
	})
}

// TestRevokeUserByInstances: the clocks of instances are never quite the same.
func TestRevokeUserByInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.TokenType, cfg.TokenSecret, cfg.Revocations = "jwt", []fsa.Secret{benchSecret}, cache.NewMemoryOnce(0)
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		c := w.client(t)
		ahead, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "calvin", "aud": "acme", "jti": "1",
			"iat": time.Now().Add(2 * time.Second).Unix(), "exp": time.Now().Add(time.Hour).Unix()}).SignedString([]byte(benchSecret))
		if err != nil {
			t.Fatal(err)
		}
		w.RevokeUser(t.Context(), "calvin")
		for range 5 {
			now := w.token(t, "calvin", fsa.TokenOptions{})
			time.Sleep(2 * time.Second)
			c.Get("/x").Bearer(now).Expect(200)
			c.Get("/x").Bearer(ahead).Expect(401)
		}
	})
}

// slowOnce is a store that takes its time to note something.
type slowOnce struct{ cache.Once }

func (s slowOnce) Use(ctx context.Context, key string, until time.Time) (bool, error) {
	time.Sleep(time.Second)
	return s.Once.Use(ctx, key, until)
}

// TestRevokeUserSlowly: what is made while a revocation is being noted is revoked by
// it, too.
func TestRevokeUserSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.TokenType, cfg.Revocations = "jwt", slowOnce{cache.NewMemoryOnce(0)}
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		during := make(chan string, 1)
		go func() {
			time.Sleep(10 * time.Second) // more than the clocks of instances may differ
			during <- w.token(t, "calvin", fsa.TokenOptions{})
		}()
		if err := w.RevokeUser(t.Context(), "calvin"); err != nil {
			t.Fatal(err)
		}
		w.client(t).Get("/x").Bearer(<-during).Expect(401)
		w.client(t).Get("/x").Bearer(w.token(t, "calvin", fsa.TokenOptions{})).Expect(200)
	})
}

// TestRevokeTokenOfSeveralRealms: a token that is for several realms is revoked in all
// of them.
func TestRevokeTokenOfSeveralRealms(t *testing.T) {
	cfg := base()
	cfg.TokenType, cfg.TokenSecret = "jwt", []fsa.Secret{benchSecret}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/stage", authz.Auth(), who, fsa.Realm("stage"))
	raw, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "calvin", "aud": []string{"acme", "stage"},
		"exp": time.Now().Add(time.Hour).Unix(), "jti": "1"}).SignedString([]byte(benchSecret))
	if err != nil {
		t.Fatal(err)
	}
	c := w.client(t)
	c.Get("/x").Bearer(raw).Expect(200)
	c.Get("/stage").Bearer(raw).Expect(200)
	if err := w.RevokeToken(t.Context(), raw, "stage"); err != nil {
		t.Fatal(err)
	}
	c.Get("/stage").Bearer(raw).Expect(401)
	c.Get("/x").Bearer(raw).Expect(401)
}

// TestDigestTellsNobody: who guesses at logins learns nothing by Digest: neither by
// the time of the store, nor by what is counted. S12 S13 S16
func TestDigestTellsNobody(t *testing.T) {
	byHash := func(w *world) {
		w.UserByHash(func(ctx context.Context, userhash, realm, algorithm string) (string, error) {
			if fsa.UserHash(algorithm, "calvin", realm) == userhash {
				return "calvin", nil
			}
			return "", fsa.ErrNoSuchUser
		})
	}
	cfg := base()
	cfg.InsecureNoLoginThrottle = false
	cfg.InsecureTransport = true
	w := digestWorld(t, cfg, byHash)
	h := handlerOf(t, w)
	send := func(from, login, pass string, hashed bool) int {
		r := httptest.NewRequest("GET", "/x", nil)
		challenge := serveFrom(h, r, from+":999").Header().Get("WWW-Authenticate")
		a := answerTo(challenge, "GET", "/x", login, pass)
		if hashed {
			a["username"], a["userhash"] = fsa.UserHash("SHA-256", login, "acme"), "true"
		}
		r.Header.Set("Authorization", credentials(a))
		return serveFrom(h, r, from+":999").Code
	}
	// By time: the store is asked alike.
	if got := send("192.0.2.7", "calvin", calvinPass, false); got != 200 {
		t.Fatal(got)
	}
	for i := range 3 {
		send("198.51.100.9", "calvin", "wrong", false)
		send("198.51.100.8", "nobody", "wrong", false)
		known, unknown := w.times("ha1 calvin acme SHA-256"), w.times("ha1 nobody acme SHA-256")
		if known != i+2 || unknown != i+1 {
			t.Errorf("after %d wrong ones, the store is asked %d times for a known user and %d for an unknown one", i+1, known-1, unknown)
		}
	}
	// By status: the count is alike.
	var got [2]string
	for i, login := range []string{"calvin", "moe"} {
		w := digestWorld(t, cfg, byHash)
		h = handlerOf(t, w)
		for range 7 {
			got[i] += fmt.Sprint(send("203.0.113.5", login, "wrong", true), " ")
		}
	}
	if got[0] != got[1] || !strings.HasSuffix(got[0], "429 ") {
		t.Errorf("by hash: known %s, unknown %s", got[0], got[1])
	}
}

// TestDigestReplayProvesNothing: who replays what was overheard is nobody, and takes
// back no failure. S16
func TestDigestReplayProvesNothing(t *testing.T) {
	cfg := base()
	cfg.InsecureNoLoginThrottle = false
	cfg.InsecureTransport = true
	w := digestWorld(t, cfg)
	h := handlerOf(t, w)
	send := func(from, pass string) (int, string) {
		r := httptest.NewRequest("GET", "/x", nil)
		challenge := serveFrom(h, r, from+":999").Header().Get("WWW-Authenticate")
		a := credentials(answerTo(challenge, "GET", "/x", "calvin", pass))
		r.Header.Set("Authorization", a)
		return serveFrom(h, r, from+":999").Code, a
	}
	_, overheard := send("192.0.2.7", calvinPass)
	statuses := ""
	for range 4 {
		status, _ := send("198.51.100.9", "wrong")
		statuses += fmt.Sprint(status, " ")
	}
	r := httptest.NewRequest("GET", "/x", nil)
	r.Header.Set("Authorization", overheard)
	statuses += fmt.Sprint(serveFrom(h, r, "198.51.100.9:999").Code, " ")
	for range 3 {
		status, _ := send("198.51.100.9", "wrong")
		statuses += fmt.Sprint(status, " ")
	}
	if statuses != "401 401 401 401 401 401 429 429 " {
		t.Error(statuses)
	}
}

// TestCredentialFieldsMeet: no header field means two credentials.
func TestCredentialFieldsMeet(t *testing.T) {
	for _, test := range []struct {
		set  func(*fsa.Config)
		want string
	}{
		{func(c *fsa.Config) { c.HTTPDUserHeader = "x-api-key" }, "FSA_HTTPD_USER_HEADER"},
		{func(c *fsa.Config) { c.APIKeyHeader = "X-Remote-User" }, "FSA_HTTPD_USER_HEADER"},
		{func(c *fsa.Config) { c.TokenCarrier, c.TokenName = "header", "X-Api-Key" }, "FSA_TOKEN_NAME"},
		{func(c *fsa.Config) { c.TokenCarrier, c.TokenName = "header", "X-Remote-User" }, "FSA_TOKEN_NAME"},
	} {
		cfg := base()
		cfg.Auth = []string{"httpd", "apikey", "token"}
		cfg.TrustedProxies = []string{"10.1.2.3"}
		test.set(&cfg)
		w := newWorld(t, cfg)
		w.APIKey(func(ctx context.Context, id string) (fsa.APIKey, error) { return fsa.APIKey{}, fsa.ErrNoSuchKey })
		if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], test.want, "of another credential") {
			t.Errorf("%q, want %s", got, test.want)
		}
	}
}

// TestVaryOfSchemes: a cache in between is told of each field that decides who is
// calling.
func TestVaryOfSchemes(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"httpd", "apikey", "token"}
	cfg.TrustedProxies = []string{"10.1.2.3"}
	cfg.TokenCarrier = "header"
	w := newWorld(t, cfg)
	key, id, hash := fsa.NewAPIKey()
	w.APIKey(func(ctx context.Context, of string) (fsa.APIKey, error) {
		if of != id {
			return fsa.APIKey{}, fsa.ErrNoSuchKey
		}
		return fsa.APIKey{Login: "calvin", Hash: hash}, nil
	})
	fsa.Get(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/key", authz.Auth(), who, fsa.Authn("apikey"))
	fsa.Get(w, "/token", authz.Auth(), who, fsa.Authn("token"))
	c := w.client(t)
	for path, want := range map[string]string{"/x": "Auth, X-Api-Key, X-Remote-User", "/key": "X-Api-Key"} {
		if got := strings.Join(c.Get(path).Header("X-API-Key", string(key)).Expect(200).Header.Values("Vary"), ", "); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if got := strings.Join(c.Get("/token").Header("Auth", w.token(t, "calvin", fsa.TokenOptions{})).Expect(200).Header.Values("Vary"), ", "); got != "Auth" {
		t.Error(got)
	}
}

// TestThrottleOfTwins: where Calvin and calvin are two users, the one cannot guess at
// the other's password and forget the failures by logging in. S16
func TestThrottleOfTwins(t *testing.T) {
	cfg := throttled()
	cfg.Cache = "none"
	d := newDoor(t, cfg)
	d.set(func() { d.hashes["CALVIN"] = d.hashes["hobbes"] })
	statuses := ""
	for range 4 {
		for range 3 {
			statuses += fmt.Sprint(d.knock(away, "calvin", "wrong").StatusCode, " ")
		}
		d.knock(away, "CALVIN", hobbesPass)
	}
	if n := strings.Count(statuses, "401"); n > 5 {
		t.Errorf("%d guesses: %s", n, statuses)
	}
	// Whoever is alone is forgiven as ever.
	d = newDoor(t, cfg)
	for range 5 {
		d.fail(3, home, "hobbes")
		d.expect("200", home, "hobbes", hobbesPass)
	}
}
