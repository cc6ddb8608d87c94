package fsa

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/authz"
)

// TestDigestNeverItsTurn: a request that would wait for the tries of others for ever is
// refused in the end, and not let in. That it is always somebody else's turn is what no
// client can bring about at will.
func TestDigestNeverItsTurn(t *testing.T) {
	a := New("acme", Config{Auth: []string{"digest"}, InsecureTransport: true, Logger: slog.New(slog.DiscardHandler)})
	a.UserHA1(func(_ context.Context, login, realm, algorithm string) (string, error) {
		return HA1(algorithm, login, realm, "password"), nil
	})
	Get(a, "/x", authz.Auth(), func(context.Context, None) (None, error) { return None{}, nil })
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(authorization string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/x", nil)
		r.RemoteAddr = "192.0.2.1:1"
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	_, err = a.digest.tries.near.Load(t.Context(), proofKey{"calvin", "192.0.2.1"}, time.Now(), func(context.Context) (digestTry, time.Duration, error) {
		return digestTry{whose: new(int)}, time.Hour, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	nonce := regexp.MustCompile(`nonce="([^"]+)"`).FindStringSubmatch(ask("").Header().Get("WWW-Authenticate"))[1]
	got := ask(`Digest username="calvin", realm="acme", nonce="` + nonce + `", uri="/x", cnonce="f00d", nc=00000001, qop=auth, algorithm=SHA-256, response="` + HA1("SHA-256", "a", "wrong", "one") + `"`)
	if got.Code != http.StatusServiceUnavailable || got.Body.String() != "too many log-ins at once, try again" || got.Header().Get("Retry-After") != "1" {
		t.Errorf("%d %s %v", got.Code, got.Body, got.Header())
	}
}
