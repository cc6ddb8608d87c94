package fsa_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

const (
	oldSecret = "the older of two secrets, of more than 32 bytes"
	newSecret = "the newer of two secrets, of more than 32 bytes"
)

// reloadable is an application whose configuration is a file.
type reloadable struct {
	*world
	t    *testing.T
	path string
}

const reloadBase = "FSA_AUTH = [\"token\", \"basic\", \"none\"]\nFSA_INSECURE_PASSWORD_COST = true\nFSA_PASSWORD_OPTS = {memory = 64, time = 1, parallelism = 1}\n"

func newReloadable(t *testing.T, text string, change ...func(*fsa.Config)) *reloadable {
	t.Helper()
	leaktest.Secret(oldSecret, newSecret)
	r := &reloadable{t: t, path: filepath.Join(t.TempDir(), "acme.toml")}
	r.write(text)
	cfg, err := fsa.Load(r.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(&cfg)
	}
	r.world = newWorld(t, cfg)
	fsa.Get(r, "/x", authz.Auth(), who)
	fsa.Post(r, "/open", authz.Open(), func(ctx context.Context, in struct{ Text string }) (int, error) { return len(in.Text), nil })
	fsa.Post(r, "/own", authz.Open(), func(ctx context.Context, in struct{ Text string }) (int, error) { return len(in.Text), nil }, fsa.MaxBody(2000))
	return r
}

func (r *reloadable) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.path, []byte(reloadBase+text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reloadable) reload(text string) {
	r.t.Helper()
	r.write(text)
	if err := r.Reload(context.Background()); err != nil {
		r.t.Fatal(err)
	}
}

func secretsLine(secrets ...string) string {
	return fmt.Sprintf("FSA_TOKEN_SECRET = [\"%s\"]\n", strings.Join(secrets, `", "`))
}

// TestReloadSecrets: a secret is rotated, and nobody is logged out; when it is gone, so
// are its tokens, also those that are known to be good. S80
func TestReloadSecrets(t *testing.T) {
	for _, kind := range []string{"fsa", "jwt"} {
		t.Run(kind, func(t *testing.T) {
			kind := fmt.Sprintf("FSA_TOKEN_TYPE = %q\n", kind)
			r := newReloadable(t, secretsLine(oldSecret)+kind)
			c := r.client(t)
			of := func() string { return r.token(t, "calvin", fsa.TokenOptions{}) }
			expect := func(when string, token string, status int) {
				t.Helper()
				for range 2 {
					if got := c.Get("/x").Bearer(token).Do().Status; got != status {
						t.Errorf("%s: %d, want %d", when, got, status)
					}
				}
			}
			first := of()
			expect("at first", first, 200)
			r.reload(secretsLine(newSecret, oldSecret) + kind)
			second := of()
			expect("the old one, with both", first, 200)
			expect("the new one, with both", second, 200)
			r.reload(secretsLine(newSecret) + kind)
			expect("the old one, when its secret is gone", first, 401)
			expect("the new one", second, 200)
			r.reload(secretsLine(oldSecret) + kind)
			expect("the new one, when its secret is gone", second, 401)
			expect("the old one, with its secret back", first, 200)
		})
	}
}

// TestReloadOthers: proxies, limits and the level of the log.
func TestReloadOthers(t *testing.T) {
	r := newReloadable(t, secretsLine(oldSecret))
	h := handlerOf(t, r.world)
	behind := func() int {
		q := httptest.NewRequest("GET", "/x", nil)
		q.Header.Set("X-Forwarded-Proto", "https")
		return serveFrom(h, q, "10.1.2.3:99").Code
	}
	post := func(path string, size int) int {
		q := httptest.NewRequest("POST", path, strings.NewReader("text="+strings.Repeat("x", size)))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return serve(h, q).Code
	}
	if got := behind(); got != 403 {
		t.Errorf("a proxy that is not listed: %d", got)
	}
	r.reload(secretsLine(oldSecret) + "FSA_TRUSTED_PROXIES = [\"10.1.2.0/24\"]\nFSA_MAX_BODY = 1000\n")
	if got := behind(); got != 401 {
		t.Errorf("one that is: %d", got)
	}
	if small, large, own := post("/open", 900), post("/open", 1500), post("/own", 1500); small != 200 || large != 413 || own != 200 {
		t.Errorf("with 1000 bytes: %d %d %d", small, large, own)
	}
	r.reload(secretsLine(oldSecret) + "FSA_MAX_BODY = 3000\n")
	if large, own, proxy := post("/open", 1500), post("/own", 2500), behind(); large != 200 || own != 413 || proxy != 403 {
		t.Errorf("with 3000 bytes: %d %d %d", large, own, proxy)
	}
}

// TestReloadThrottle: the numbers change; what has been counted stays.
func TestReloadThrottle(t *testing.T) {
	r := newReloadable(t, secretsLine(oldSecret)+"FSA_LOGIN_THROTTLE = {free = 3}\n", func(c *fsa.Config) { c.InsecureTransport = true })
	h := handlerOf(t, r.world)
	try := func() int {
		q := httptest.NewRequest("GET", "/x", nil)
		q.SetBasicAuth("calvin", "wrong")
		return serveFrom(h, q, "192.0.2.1:99").Code
	}
	statuses := func(n int) (all string) {
		for range n {
			all += fmt.Sprint(try(), " ")
		}
		return all
	}
	if got := statuses(2); got != "401 401 " {
		t.Fatal(got)
	}
	r.reload(secretsLine(oldSecret) + "FSA_LOGIN_THROTTLE = {free = 10}\n")
	if got := statuses(9); got != "401 401 401 401 401 401 401 401 429 " {
		t.Errorf("with ten, two of which are gone: %s", got)
	}
	r.write(secretsLine(oldSecret) + "FSA_LOGIN_THROTTLE = \"off\"\n")
	if err := r.Reload(context.Background()); err == nil || !strings.Contains(err.Error(), "Config.InsecureNoLoginThrottle has changed") {
		t.Errorf("%v", err)
	}
}

// TestReloadRefused: what can't change, or is wrong, changes nothing.
func TestReloadRefused(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"FSA_REALM = \"other\"\n", "Config.Realm has changed, and cannot while the application runs; restart it, or change it back"},
		{"FSA_TOKEN_TYPE = \"jwt\"\n", "Config.TokenType has changed"},
		{"FSA_MODE = \"dev\"\n", "Config.Mode has changed"},
		{"FSA_ADD_HEADERS = {A = \"b\"}\n", "Config.AddHeaders has changed"},
		{"FSA_CORS = true\n", "Config.CORS has changed"},
		{"FSA_TRUSTED_PROXIES = [\"0.0.0.0/0\"]\n", `"0.0.0.0/0" trusts everybody`},
		{"FSA_MAX_BODY = \"much\"\n", "FSA_MAX_BODY"},
		{"FSA_NOTHING = 1\n", "FSA_NOTHING"},
		{"FSA_TLS_CERT = \"gone.pem\"\nFSA_TLS_KEY = \"gone.pem\"\n", "FSA_TLS_CERT"},
		{"this is no TOML\n", "acme.toml"},
	} {
		r := newReloadable(t, secretsLine(oldSecret))
		token := r.token(t, "calvin", fsa.TokenOptions{})
		c := r.client(t)
		c.Get("/x").Bearer(token).Expect(200)
		r.write(secretsLine(newSecret) + test.text)
		err := r.Reload(context.Background())
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), newSecret) {
			t.Errorf("%s: %v, want %s", test.text, err, test.want)
		}
		texts(t, err)
		c.Get("/x").Bearer(token).Expect(200)
		c.Get("/x").Bearer(r.token(t, "calvin", fsa.TokenOptions{})).Expect(200)
	}
	r := newReloadable(t, secretsLine(oldSecret))
	r.write(secretsLine("short"))
	if err := r.Reload(context.Background()); err == nil || !strings.Contains(err.Error(), "FSA_TOKEN_SECRET") {
		t.Errorf("%v", err)
	}
	os.Remove(r.path)
	if err := r.Reload(context.Background()); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("%v", err)
	}
}

// TestReloadByCode: code changes what it has set itself, file or not.
func TestReloadByCode(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Auth(), who)
	ctx, c := context.Background(), w.client(t)
	before := w.token(t, "calvin", fsa.TokenOptions{})
	c.Get("/x").Bearer(before).Expect(200)
	if err := w.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	c.Get("/x").Bearer(before).Expect(200)
	leaktest.Secret(newSecret)
	if err := w.Reload(ctx, func(c *fsa.Config) { c.TokenSecret = append([]fsa.Secret{newSecret}, c.TokenSecret...) }); err != nil {
		t.Fatal(err)
	}
	after := w.token(t, "calvin", fsa.TokenOptions{})
	c.Get("/x").Bearer(before).Expect(200)
	if err := w.Reload(ctx, func(c *fsa.Config) { c.TokenSecret = c.TokenSecret[:1] }); err != nil {
		t.Fatal(err)
	}
	c.Get("/x").Bearer(before).Expect(401)
	c.Get("/x").Bearer(after).Expect(200)
	if err := w.Reload(ctx, func(c *fsa.Config) { c.Realm = "other" }); err == nil || !strings.Contains(err.Error(), "Config.Realm cannot change") {
		t.Errorf("%v", err)
	}
	c.Get("/x").Bearer(after).Expect(200)

	// What code has set stays, until the file says something else.
	r := newReloadable(t, secretsLine(oldSecret), func(c *fsa.Config) { c.TokenSecret = []fsa.Secret{newSecret} })
	token := r.token(t, "calvin", fsa.TokenOptions{})
	r.reload(secretsLine(oldSecret) + "FSA_MAX_BODY = 1000\n")
	r.client(t).Get("/x").Bearer(token).Expect(200)

	// A random secret of mode dev stays.
	cfg := base()
	cfg.Mode, cfg.TokenSecret = "dev", nil
	d := newWorld(t, cfg)
	fsa.Get(d, "/x", authz.Auth(), who)
	dev := d.token(t, "calvin", fsa.TokenOptions{})
	d.client(t).Get("/x").Bearer(dev).Expect(200)
	if err := d.Reload(ctx, func(c *fsa.Config) { c.MaxBody = 1000 }); err != nil {
		t.Fatal(err)
	}
	d.client(t).Get("/x").Bearer(dev).Expect(200)
}

// TestReloadUnderway: requests that come all the time are answered, and right.
func TestReloadUnderway(t *testing.T) {
	r := newReloadable(t, secretsLine(oldSecret, newSecret))
	token := r.token(t, "calvin", fsa.TokenOptions{})
	url, stop := start(t, r.world)
	var over atomic.Bool
	var n, failed atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !over.Load() {
				q, _ := http.NewRequest("GET", url+"/x", nil)
				q.Header.Set("Authorization", "Bearer "+token)
				res, err := http.DefaultClient.Do(q)
				if err != nil {
					failed.Add(1)
					continue
				}
				text, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if n.Add(1); res.StatusCode != 200 || string(text) != "calvin" {
					failed.Add(1)
				}
			}
		})
	}
	for i := range 50 {
		secrets := []string{oldSecret, newSecret}
		if i%2 == 0 {
			secrets[0], secrets[1] = secrets[1], secrets[0]
		}
		r.reload(secretsLine(secrets...) + fmt.Sprintf("FSA_MAX_BODY = %d\n", 1000+i))
	}
	over.Store(true)
	wg.Wait()
	if failed.Load() > 0 || n.Load() == 0 {
		t.Errorf("%d of %d requests have failed", failed.Load(), n.Load())
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestReloadCertificate: new connections get the new certificate, under the same name.
func TestReloadCertificate(t *testing.T) {
	cert, key, pool := selfSigned(t)
	r := newReloadable(t, secretsLine(oldSecret)+fmt.Sprintf("FSA_TLS_CERT = %q\nFSA_TLS_KEY = %q\n", cert, key))
	url, stop := start(t, r.world)
	serial := func() string {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
		defer client.CloseIdleConnections()
		res, err := client.Get(url + "/x")
		if err != nil {
			return err.Error()
		}
		res.Body.Close()
		return string(res.TLS.PeerCertificates[0].Signature)
	}
	first := serial()
	otherCert, otherKey, otherPool := selfSigned(t)
	for from, to := range map[string]string{otherCert: cert, otherKey: key} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := serial(); got != first {
		t.Errorf("before it is told: %q", got)
	}
	if err := r.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	pool = otherPool
	if got := serial(); got == first || strings.Contains(got, "certificate") {
		t.Errorf("after it is told: %q", got)
	}
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(context.Background()); err == nil || !strings.Contains(err.Error(), "FSA_TLS_CERT") {
		t.Errorf("%v", err)
	}
	if got := serial(); strings.Contains(got, "tls") {
		t.Errorf("after a wrong one: %q", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestReloadLevel: the level of the log changes where the log is ours.
func TestReloadLevel(t *testing.T) {
	var out bytes.Buffer
	cfg := base()
	cfg.Logger = slog.New(slog.NewTextHandler(&out, nil))
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Open(), who)
	if err := w.Reload(context.Background(), func(c *fsa.Config) { c.LoggingLevel = slog.LevelDebug }); err != nil {
		t.Fatal(err)
	}
	w.client(t).Get("/x").Expect(200)
	if strings.Contains(out.String(), "msg=request") {
		t.Errorf("the application's own logger: %s", out.String())
	}
	if !strings.Contains(out.String(), "reloaded") {
		t.Errorf("it is not told: %s", out.String())
	}
}
