package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
)

// TestStatic: everybody gets what pages load, and browsers keep it: its path is
// another one when it is.
func TestStatic(t *testing.T) {
	app := fsa.New("diary", fsa.Config{Auth: []string{"basic", "none"}, TokenType: "none"})
	app.UserPass(nobody)
	p := newTestPages(t, Look{Style: ":root { --fsa-radius: 0 }"})
	p.static(app)
	h, err := app.Handler()
	if err != nil {
		t.Fatal(err)
	}
	get := func(method, path, etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost"+path, nil)
		r.RemoteAddr = "127.0.0.1:5000"
		r.Header.Set("Authorization", "Basic d3Jvbmc6d3Jvbmc=") // nobody looks at it
		if etag != "" {
			r.Header.Set("If-None-Match", etag)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, c := range []struct {
		asset asset
		kind  string
		has   string
	}{
		{p.style, "text/css; charset=utf-8", "--fsa-radius: 0 }"},
		{p.script, "text/javascript; charset=utf-8", "aria-pressed"},
	} {
		w := get("GET", c.asset.path, "")
		if w.Code != 200 || w.Header().Get("Content-Type") != c.kind || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" ||
			w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(w.Body.String(), c.has) {
			t.Errorf("%s: %d %v", c.asset.path, w.Code, w.Header())
		}
		sum := sha256.Sum256(w.Body.Bytes())
		if !strings.Contains(c.asset.path, "-"+hex.EncodeToString(sum[:8])+".") {
			t.Errorf("%s has not the digest of what it is", c.asset.path)
		}
		if w := get("GET", c.asset.path, w.Header().Get("ETag")); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
			t.Errorf("%s again: %d", c.asset.path, w.Code)
		}
		if w := get("HEAD", c.asset.path, ""); w.Code != 200 || w.Body.Len() > 0 {
			t.Errorf("HEAD %s: %d", c.asset.path, w.Code)
		}
	}
	if q := newTestPages(t, Look{}); q.style.path == p.style.path || q.script.path != p.script.path {
		t.Errorf("paths %s %s, and with another style %s %s", q.style.path, q.script.path, p.style.path, p.script.path)
	}
}

// nobody is the hook of an application without users.
func nobody(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser }
