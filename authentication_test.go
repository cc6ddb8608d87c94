package fsa_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
)

// ownWorld has a scheme of its own, which takes the word of the field X-Own.
func ownWorld(t testing.TB, cfg fsa.Config, opts ...fsa.SchemeOption) *world {
	cfg.Auth = append([]string{"own"}, cfg.Auth...)
	w := newWorld(t, cfg)
	w.Authentication("own", func(r *http.Request) (fsa.Identity, error) {
		w.ask("own")
		switch own := r.Header.Get("X-Own"); own {
		case "":
			return fsa.Identity{}, nil
		case "refused":
			return fsa.Identity{}, fmt.Errorf("the key is not known: %w", fsa.ErrUnauthenticated)
		case "unauthorized":
			return fsa.Identity{}, fsa.Errorf(401, "the key is not known")
		case "forbidden":
			return fsa.Identity{}, fsa.Errorf(403, "not from there")
		case "fails":
			return fsa.Identity{}, errors.New("the store is down: s3cret")
		case "panics":
			panic("own panics: s3cret")
		case "panics refused":
			panic(fsa.ErrUnauthenticated)
		case "half":
			return fsa.Identity{Login: "calvin", Stage: "otp"}, nil
		case "elsewhere":
			return fsa.Identity{Login: "calvin", Realm: "other"}, nil
		default:
			return fsa.Identity{Login: own, Scheme: "basic", Scopes: []string{"read"}, Factors: []string{"hwk"}}, nil
		}
	}, opts...)
	fsa.Get(w, "/x", authz.Auth(), func(_ context.Context, in struct{ By fsa.Identity }) (string, error) {
		return fmt.Sprint(in.By.Login, in.By.Scheme, in.By.Realm, in.By.Scopes, in.By.Factors), nil
	})
	fsa.Post(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/only", authz.Auth(), who, fsa.Authn("own"), fsa.Realm("stage"))
	fsa.Get(w, "/not", authz.Auth(), who, fsa.Authn("basic"))
	return w
}

// TestOwnScheme: what the scheme of an application says becomes of a request.
func TestOwnScheme(t *testing.T) {
	for _, mode := range []string{"prod", "dev"} {
		cfg := base()
		cfg.Mode = mode
		w := ownWorld(t, cfg, fsa.Challenge("Own", "header", "X-Own"))
		c := w.client(t)
		for _, test := range []struct {
			path, own string
			status    int
			prod, dev string
		}{
			{"/x", "", 401, "authentication required", ""},
			{"/x", "susie", 200, "susieownacme[read] [hwk]", ""},
			{"/only", "susie", 200, "susie", ""},
			{"/not", "susie", 401, "authentication required", ""},
			{"/x", "refused", 401, "invalid credentials", "the key is not known: nobody is authenticated"},
			{"/x", "unauthorized", 401, "invalid credentials", "the key is not known"},
			{"/x", "half", 401, "invalid credentials", "authentication is not complete"},
			{"/x", "elsewhere", 401, "invalid credentials", "the identity is of another realm"},
			{"/x", "forbidden", 403, "not from there", ""},
			{"/x", "fails", 500, "internal error in app.Authentication", ""},
			{"/x", "panics", 500, "internal error in app.Authentication", ""}, // S88
			{"/x", "panics refused", 500, "internal error in app.Authentication", ""},
		} {
			r := c.Get(test.path)
			if test.own != "" {
				r.Header("X-Own", test.own)
			}
			want := test.prod
			if mode == "dev" && test.dev != "" {
				want = test.dev
			}
			res := r.Expect(test.status)
			if res.Text() != want {
				t.Errorf("%s %s, %s: %s, want %s", mode, test.path, test.own, res.Text(), want)
			}
			got := strings.Join(res.Header.Values("WWW-Authenticate"), "|")
			challenge := map[string]string{
				"/x":    `Basic realm="acme", charset="UTF-8"|Bearer realm="acme"|Own realm="acme", header="X-Own"`,
				"/only": `Own realm="stage", header="X-Own"`, "/not": `Basic realm="acme", charset="UTF-8"`,
			}[test.path]
			if test.status != 401 {
				challenge = ""
			}
			if got != challenge {
				t.Errorf("%s %s: the challenge is %s, want %s", test.path, test.own, got, challenge)
			}
			// Whatever it says, it does not stop the search.
			if test.status != 200 && test.path == "/x" {
				c.Get("/x").Header("X-Own", test.own).Basic("calvin", calvinPass).Expect(200).Contains("calvinbasic")
			}
		}
		if log := w.log.String(); !strings.Contains(log, "the store is down") || !strings.Contains(log, "ownWorld") {
			t.Errorf("the log has neither the failure nor the stack of the panic: %s", log)
		}
	}
}

// TestSessionScheme: the name is free for whoever keeps sessions; without them it stops
// the start, with the remedy. S55, S58.
func TestSessionScheme(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"session", "none"}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	const want = `FSA_AUTH: the scheme "session" is enabled, and nothing keeps sessions; use package accounts, or register your own by app.Authentication("session", …)`
	if got := faultsOf(t, w.App); len(got) != 1 || got[0] != want {
		t.Errorf("%q", got)
	}

	w = newWorld(t, cfg)
	w.Authentication("session", func(r *http.Request) (fsa.Identity, error) {
		c, err := r.Cookie("sid")
		switch {
		case err != nil:
			return fsa.Identity{}, nil
		case c.Value != "7":
			return fsa.Identity{}, fsa.ErrUnauthenticated
		}
		return fsa.Identity{Login: "calvin", AuthTime: time.Now(), Factors: []string{"pwd"}}, nil
	}, fsa.VariesBy("cookie"))
	fsa.Get(w, "/x", authz.Fresh(time.Minute), who)
	fsa.Post(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/open", authz.Open(), who)
	c := w.client(t)
	for _, tt := range []struct {
		method, path, cookie, site string
		status                     int
		vary                       string
	}{
		{"GET", "/x", "sid=7", "", 200, "Cookie"},
		{"GET", "/x", "sid=8", "", 401, "Cookie"},
		{"GET", "/x", "", "", 401, "Cookie"},
		{"POST", "/x", "sid=7", "same-origin", 200, "Cookie"},
		{"POST", "/x", "sid=7", "cross-site", 403, "Cookie"},
		{"GET", "/open", "sid=7", "", 200, ""},
	} {
		r := c.Request(tt.method, tt.path)
		if tt.cookie != "" {
			r.Header("Cookie", tt.cookie)
		}
		if tt.site != "" {
			r.Header("Sec-Fetch-Site", tt.site)
		}
		if res := r.Do(); res.Status != tt.status || res.Header.Get("Vary") != tt.vary {
			t.Errorf("%+v: %d, Vary %q", tt, res.Status, res.Header.Get("Vary"))
		}
	}
}

// TestOwnSchemeIsAsked: its answers are not kept, and Admit is asked after it.
func TestOwnSchemeIsAsked(t *testing.T) {
	w := ownWorld(t, base())
	w.Admit(func(_ context.Context, id fsa.Identity) error {
		if id.Scheme == "own" && id.Login == "susie" {
			return fsa.Errorf(403, "disabled")
		}
		return nil
	})
	c := w.client(t)
	for range 3 {
		c.Get("/x").Header("X-Own", "calvin").Expect(200)
	}
	if n := w.times("own"); n != 3 {
		t.Errorf("asked %d times", n)
	}
	c.Get("/x").Header("X-Own", "susie").Expect(403)
}

// TestOwnSchemeIsAmbient: unless it says otherwise.
func TestOwnSchemeIsAmbient(t *testing.T) {
	for _, c := range []struct {
		opts   []fsa.SchemeOption
		status int
	}{{nil, 403}, {[]fsa.SchemeOption{fsa.NotAmbient()}, 200}} {
		client := ownWorld(t, base(), c.opts...).client(t)
		client.Post("/x").Header("X-Own", "calvin", "Sec-Fetch-Site", "cross-site").Expect(c.status)
		client.Post("/x").Header("X-Own", "calvin", "Sec-Fetch-Site", "same-origin").Expect(200)
		client.Post("/x").Header("X-Own", "calvin").Expect(200)
	}
}

// TestOwnSchemeReadsBody: the parameters and the handler read it too.
func TestOwnSchemeReadsBody(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"param", "own", "none"}
	w := newWorld(t, cfg)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	w.Authentication("own", func(r *http.Request) (fsa.Identity, error) {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
			if err := r.ParseMultipartForm(1); err != nil {
				return fsa.Identity{}, err
			}
			if left, _ := os.ReadDir(dir); len(left) == 0 {
				t.Error("the form was not written to a file")
			}
			return fsa.Identity{Login: r.FormValue("signer")}, nil
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return fsa.Identity{}, err
		}
		if _, signer, ok := strings.Cut(string(b), "signed by "); ok {
			return fsa.Identity{Login: signer}, nil
		}
		return fsa.Identity{}, nil
	})
	fsa.Post(w, "/typed", authz.Auth(), func(_ context.Context, in struct {
		Text string
		By   fsa.CurrentUser
	}) (string, error) {
		return string(in.By) + ": " + in.Text, nil
	}, fsa.MaxBody(100))
	raw := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if _, err := w.Authenticate(r.Context()); err != nil {
			t.Error(err)
		}
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(rw, "%s: %s", fsa.User(r.Context()), b)
	})
	fsa.Handle(w, "POST /raw", authz.Auth(), raw)
	fsa.Handle(w, "POST /lazy", authz.Open(), raw)
	fsa.Handle(w, "POST /files", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%d files of the scheme's form are left", len(left))
		}
		fmt.Fprint(rw, fsa.User(r.Context()))
	}), fsa.MaxBody(16<<20))
	fsa.Post(w, "/small", authz.Auth(), who, fsa.MaxBody(10), fsa.Authn("own"))
	c := w.client(t)
	if got := c.Post("/typed").Form("text", "signed by susie").Expect(401).Text(); got != "authentication required" {
		t.Errorf("escaped: %s", got) // a form writes "signed+by+susie"
	}
	if got := c.Post("/typed").JSON(map[string]string{"text": "signed by susie"}).Do(); got.Status != 200 || got.Text() != `susie"}: signed by susie` {
		t.Errorf("typed: %d %s", got.Status, got.Text())
	}
	for _, path := range []string{"/raw", "/lazy"} {
		for _, contentType := range []string{"text/plain", "application/json"} {
			body := `"signed by susie`
			if got := c.Post(path).Body(contentType, body).Expect(200).Text(); got != `susie: `+body {
				t.Errorf("%s %s: %s", path, contentType, got)
			}
		}
	}
	form := "--b\r\nContent-Disposition: form-data; name=\"signer\"\r\n\r\nsusie\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("x", 11<<20) + "\r\n--b--\r\n"
	if got := c.Post("/files").Body("multipart/form-data; boundary=b", form).Expect(200).Text(); got != "susie" {
		t.Errorf("multipart: %s", got)
	}
	// The limit of the route holds for the scheme too.
	c.Post("/small").Body("text/plain", strings.Repeat("x", 11)).Expect(500)
	c.Post("/small").Body("text/plain", "0123456789").Expect(401)
}

// TestOwnSchemeSeesRequest: as a handler of net/http does.
func TestOwnSchemeSeesRequest(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"own"}
	w := newWorld(t, cfg)
	var body io.Reader
	w.Authentication("own", func(r *http.Request) (fsa.Identity, error) {
		body = r.Body
		return fsa.Identity{Login: r.PathValue("name") + " by " + r.Pattern}, nil
	})
	fsa.Post(w, "/of/{name}", authz.Auth(), func(ctx context.Context, in struct{ Name string }) (string, error) { return fsa.User(ctx), nil })
	c := w.client(t)
	if got := c.Post("/of/susie").Body("application/x-www-form-urlencoded", "").Expect(200).Text(); got != "susie by POST /of/{name}" {
		t.Errorf("the scheme sees %s", got)
	}
	// One that keeps the request does not get at what comes after it.
	c.Post("/of/susie").Form("x", "y").Expect(400)
	if b, err := io.ReadAll(body); len(b) > 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("the body reads %q, %v after the scheme", b, err)
	}
}

// TestFakeScheme: who says so is who they say, from this machine, in development.
func TestFakeScheme(t *testing.T) {
	cfg := base()
	cfg.Mode, cfg.Auth, cfg.InsecureTransport = "dev", []string{"fake", "basic", "none"}, true
	cfg.TrustedProxies = []string{"10.1.2.3"}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	fsa.Post(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/basic", authz.Auth(), who, fsa.Authn("basic"))
	if _, err := w.Handler(); err != nil {
		t.Fatal(err)
	}
	if log := w.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "fake is enabled") {
		t.Errorf("no warning: %s", log)
	}
	h := handlerOf(t, w)
	for _, c := range []struct {
		what    string
		prepare func(*http.Request)
		status  int
	}{
		{"from here", func(r *http.Request) {}, 200},
		{"by IPv6", func(r *http.Request) { r.RemoteAddr = "[::1]:1" }, 200},
		{"to localhost", func(r *http.Request) { r.Host = "localhost:5000" }, 200},
		{"to an address", func(r *http.Request) { r.Host = "127.0.0.1:5000" }, 200},
		{"to an IPv6 address", func(r *http.Request) { r.Host = "[::1]:5000" }, 200},
		{"to a name for tests", func(r *http.Request) { r.Host = "acme.test" }, 200},
		{"to a name of somebody", func(r *http.Request) { r.Host = "evil.com:5000" }, 401},
		{"that ends like ours", func(r *http.Request) { r.Host = "notlocalhost" }, 401},
		{"to no name", func(r *http.Request) { r.Host = "" }, 401},
		{"from elsewhere", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, 401},
		{"from elsewhere over TLS", func(r *http.Request) { r.RemoteAddr, r.TLS = "192.0.2.1:1", &tls.ConnectionState{} }, 401},
		{"through a proxy", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1") }, 401},
		{"through another", func(r *http.Request) { r.Header.Set("Via", "1.1 x") }, 401},
		{"through a trusted one", func(r *http.Request) { r.RemoteAddr = "10.1.2.3:1"; r.Header.Set("X-Forwarded-Proto", "https") }, 401},
		{"by a page of another site", func(r *http.Request) { r.Method = "POST"; r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
	} {
		r := httptest.NewRequest("GET", "/x?LOGIN=susie", nil)
		r.RemoteAddr = "127.0.0.1:1"
		c.prepare(r)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != c.status || rec.Code == 200 && rec.Body.String() != "susie" {
			t.Errorf("%s: %d %s, want %d", c.what, rec.Code, rec.Body, c.status)
		}
	}
	c := w.client(t)
	c.Get("/basic?LOGIN=susie").Expect(401)
	c.Get("/basic?LOGIN=susie").Basic("calvin", calvinPass).Expect(400).Contains(`unexpected parameter "LOGIN"`)
	c.Get("/x?LOGIN=").Basic("calvin", calvinPass).Expect(200)
	// A name of its own, and no scheme, no word of it.
	cfg.FakeLogin = "AS"
	w = newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	w.client(t).Get("/x?AS=susie").Expect(200)
	if w = newWorld(t, base()); strings.Contains(w.log.String(), "fake") {
		t.Errorf("the log is %s", w.log)
	}
}

// TestPassword: password is basic and param, wherever it stands.
func TestPassword(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"password", "http-token"}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/p", authz.Auth(), who, fsa.Authn("password"))
	fsa.Get(w, "/b", authz.Auth(), who, fsa.Authn("http-basic"))
	fsa.Get(w, "/t", authz.Auth(), who, fsa.Authn("http-token"))
	c := w.client(t)
	token := w.token(t, "calvin", fsa.TokenOptions{})
	for path, statuses := range map[string][3]int{"/x": {200, 200, 200}, "/p": {200, 200, 401}, "/b": {200, 401, 401}, "/t": {401, 401, 200}} {
		for i, r := range []*fsatest.Request{c.Get(path).Basic("calvin", calvinPass), c.Get(path).Query("USER", "calvin", "PASS", calvinPass), c.Get(path).Bearer(token)} {
			r.Expect(statuses[i])
		}
	}
}

// TestTwoOwnSchemes: an application may have several, which are asked in the order of
// FSA_AUTH, and each check is of whom they have found.
func TestTwoOwnSchemes(t *testing.T) {
	cfg := base()
	cfg.Auth = []string{"first", "second"}
	w := newWorld(t, cfg)
	for _, name := range []string{"first", "second"} {
		w.Authentication(name, func(r *http.Request) (fsa.Identity, error) {
			return fsa.Identity{Login: r.Header.Get("X-" + name)}, nil
		})
	}
	fsa.Get(w, "/who", authz.Auth(), func(_ context.Context, in struct{ By fsa.Identity }) (string, error) {
		return in.By.Login + " " + in.By.Scheme, nil
	})
	fsa.Get(w, "/admin", authz.Group("admin"), who)
	c := w.client(t)
	for _, test := range []struct {
		header []string
		want   string
	}{
		{[]string{"X-First", "calvin"}, "calvin first"},
		{[]string{"X-Second", "hobbes"}, "hobbes second"},
		{[]string{"X-First", "calvin", "X-Second", "hobbes"}, "calvin first"},
	} {
		if got := c.Get("/who").Header(test.header...).Expect(200).Text(); got != test.want {
			t.Errorf("%q: %s, want %s", test.header, got, test.want)
		}
	}
	c.Get("/admin").Header("X-Second", "hobbes").Expect(403)
	c.Get("/admin").Header("X-Second", "calvin").Expect(200)
}
