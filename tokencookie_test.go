package fsa_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/golang-jwt/jwt/v5"
)

// carried is the base configuration with another carrier.
func carried(carrier string) fsa.Config {
	cfg := base()
	cfg.TokenCarrier = carrier
	return cfg
}

// with puts a token where a carrier has it.
func with(r *fsatest.Request, carrier, token string) *fsatest.Request {
	switch carrier {
	case "header":
		return r.Header("Auth", token)
	case "cookie":
		return r.Header("Cookie", "__Host-auth="+token)
	case "param":
		return r.Query("AUTH", token)
	}
	return r.Header("Authorization", "Bearer "+token)
}

var carriers = []string{"bearer", "header", "cookie", "param"}

// TestCarriers: a token counts where it is carried, and nowhere else; what is
// wrong with it is told to nobody.
func TestCarriers(t *testing.T) {
	for _, carrier := range carriers {
		w := newWorld(t, carried(carrier))
		fsa.Get(w, "/x", authz.Auth(), who, fsa.Authn("token"))
		fsa.Post(w, "/x", authz.Auth(), who, fsa.Authn("token"))
		fsa.Get(w, "/basic", authz.Auth(), who, fsa.Authn("basic"))
		c := w.client(t)
		good := w.token(t, "calvin", fsa.TokenOptions{})
		for _, where := range carriers {
			status := 401
			if where == carrier {
				status = 200
			}
			if where == "param" && carrier != "param" {
				continue // unexpected, for who is somebody
			}
			res := with(c.Get("/x"), where, good).Expect(status)
			if status == 200 && res.Text() != "calvin" {
				t.Errorf("%s: %s", carrier, res.Text())
			}
			challenge := ""
			if carrier == "bearer" && status == 401 {
				challenge = `Bearer realm="acme"`
			}
			if got := res.Header.Get("WWW-Authenticate"); got != challenge {
				t.Errorf("%s in %s: the challenge is %q", carrier, where, got)
			}
		}
		with(c.Get("/x"), carrier, "").Expect(401)
		if res := with(c.Get("/x"), carrier, good+"x").Expect(401); res.Text() != "invalid credentials" {
			t.Errorf("%s: %s", carrier, res.Text())
		}
		with(c.Get("/basic"), carrier, good).Expect(401)
		for i := range good { // S87
			with(c.Get("/x"), carrier, good[:i]).Expect(401)
		}
		// Twice is nobody's.
		if carrier != "param" {
			r := with(with(c.Get("/x"), carrier, good), carrier, good)
			if res := r.Expect(401); res.Text() != "invalid credentials" {
				t.Errorf("%s twice: %s", carrier, res.Text())
			}
		} else {
			c.Get("/x").Query("AUTH", good, "AUTH", good).Expect(401)
			c.Post("/x").Form("AUTH", good).Expect(200)
			c.Post("/x").JSON(map[string]string{"AUTH": good}).Expect(200)
			c.Post("/x").JSON(map[string]any{"AUTH": []string{good}}).Expect(401)
			c.Post("/x").Form("AUTH", good).Query("AUTH", good).Expect(401)
			c.Get("/basic").Query("AUTH", good).Basic("calvin", calvinPass).Expect(400).Contains(`unexpected parameter "AUTH"`)
		}
		// Only a cookie is sent by browsers themselves.
		status := 200
		if carrier == "cookie" {
			status = 403
		}
		with(c.Post("/x"), carrier, good).Header("Sec-Fetch-Site", "cross-site").Expect(status)
		with(c.Get("/x"), carrier, good).Header("Sec-Fetch-Site", "cross-site").Expect(200)
		if log := w.log.String(); strings.Contains(log, good[:40]) { // S70
			t.Errorf("%s: the log holds a token: %s", carrier, log)
		}
	}
}

// TestCarrierNames: FSA_TOKEN_NAME names what carries.
func TestCarrierNames(t *testing.T) {
	for carrier, name := range map[string]string{"bearer": "Tok", "header": "x-tok", "cookie": "tok", "param": "tok"} {
		cfg := carried(carrier)
		cfg.TokenName = name
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who, fsa.Authn("token"))
		c := w.client(t)
		good := w.token(t, "calvin", fsa.TokenOptions{})
		with(c.Get("/x"), carrier, good).Expect(401)
		r := c.Get("/x")
		switch carrier {
		case "bearer":
			r.Header("Authorization", "tok "+good)
		case "header":
			r.Header("X-TOK", good)
		case "cookie":
			r.Header("Cookie", "__Host-tok="+good)
		case "param":
			r.Query("tok", good)
		}
		r.Expect(200)
	}
}

// TestVary: caches are told what an answer differs with, and browsers not to tell
// others of a URL that may hold a token.
func TestVary(t *testing.T) {
	for carrier, want := range map[string]string{"bearer": "", "header": "Auth", "cookie": "Cookie", "param": ""} {
		w := newWorld(t, carried(carrier))
		fsa.Get(w, "/x", authz.Auth(), who)
		fsa.Get(w, "/open", authz.Open(), who)
		fsa.Get(w, "/closed", authz.Close(), who)
		fsa.Get(w, "/basic", authz.Auth(), who, fsa.Authn("basic"))
		fsa.Get(w, "/lazy", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
			id, _ := w.Authenticate(ctx)
			return id.Login, nil
		})
		fsa.Handle(w, "GET /raw", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Vary", "Accept")
			rw.Header().Set("Cache-Control", "public")
		}))
		fsa.Handle(w, "GET /own", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Vary", "Accept, "+strings.ToLower(want))
			fmt.Fprint(rw, "x")
		}))
		fsa.Handle(w, "GET /star", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Vary", "*") // with everything
		}))
		c := w.client(t)
		good := w.token(t, "calvin", fsa.TokenOptions{})
		for path, vary := range map[string]string{"/x": want, "/open": "", "/closed": "", "/basic": "", "/lazy": want, "/nowhere": "", "//x": ""} {
			for _, r := range []*fsatest.Request{c.Get(path), c.Get(path).As("calvin"), c.Get(path).Basic("calvin", calvinPass), with(c.Get(path), carrier, good)} {
				res := r.Do()
				if got := strings.Join(res.Header.Values("Vary"), ", "); got != vary {
					t.Errorf("%s %s, %d: Vary is %q, want %q", carrier, path, res.Status, got, vary)
				}
				referrer := "strict-origin-when-cross-origin"
				if carrier == "param" && path != "/basic" {
					referrer = "no-referrer"
				}
				if got := res.Header.Get("Referrer-Policy"); got != referrer {
					t.Errorf("%s %s: Referrer-Policy is %q", carrier, path, got)
				}
			}
		}
		if want != "" {
			if got := strings.Join(c.Get("/raw").As("x").Expect(200).Header.Values("Vary"), ", "); got != "Accept, "+want {
				t.Errorf("%s: Vary is %q", carrier, got)
			}
			if got := strings.Join(c.Get("/own").As("x").Expect(200).Header.Values("Vary"), ", "); got != "Accept, "+strings.ToLower(want) {
				t.Errorf("%s: Vary is %q", carrier, got)
			}
			if got := strings.Join(c.Get("/star").As("x").Expect(200).Header.Values("Vary"), ", "); got != "*" {
				t.Errorf("%s: Vary is %q", carrier, got)
			}
		}
	}
}

// cookieWorld has routes that set a cookie, and those that must not.
func cookieWorld(t testing.TB, cfg fsa.Config) *world {
	cfg.TokenCarrier = "cookie"
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	fsa.Post(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/none", authz.Auth(), nothing)
	fsa.Get(w, "/basic", authz.Auth(), who, fsa.Authn("basic"))
	fsa.Get(w, "/stage", authz.Auth(), who, fsa.Realm("stage"))
	fsa.Get(w, "/open", authz.Open(), who)
	fsa.Get(w, "/admin", authz.Group("admin"), who)
	fsa.Get(w, "/first", authz.Auth(), who, fsa.Authn("basic", "token"))
	fsa.Get(w, "/fails", authz.Auth(), func(context.Context, fsa.None) (string, error) { return "", fsa.Errorf(409, "no") })
	fsa.Get(w, "/panics", authz.Auth(), func(context.Context, fsa.None) (string, error) { panic("x") })
	fsa.Get(w, "/lazy", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		id, _ := w.Authenticate(ctx)
		return id.Login, nil
	})
	fsa.Handle(w, "/raw/{what}", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.PathValue("what") {
		case "writes":
			fmt.Fprint(rw, "x")
		case "redirects":
			http.Redirect(rw, r, "/x", http.StatusSeeOther)
		case "caches":
			rw.Header().Set("Cache-Control", "public, max-age=600")
			fmt.Fprint(rw, "x")
		case "refuses":
			rw.WriteHeader(403)
		case "other":
			http.SetCookie(rw, &http.Cookie{Name: "theme", Value: "dark"})
			fmt.Fprint(rw, "x")
		case "out":
			cookie, err := w.TokenCookie(r.Context(), "")
			if err != nil {
				t.Error(err)
				return
			}
			http.SetCookie(rw, cookie)
		}
	}))
	return w
}

// TestCookieIsSet: who proves by a password who they are gets a cookie, where a
// token is worth as much, in answers that are successes.
func TestCookieIsSet(t *testing.T) {
	w := cookieWorld(t, base())
	c := w.client(t)
	calvin := "__Host-auth=" + w.token(t, "calvin", fsa.TokenOptions{})
	hobbes := "__Host-auth=" + w.token(t, "hobbes", fsa.TokenOptions{})
	expired := "__Host-auth=acme:calvin:20200101000000:" + strings.Repeat("0", 64)
	c.Get("/x").Header("Cookie", hobbes).Expect(200) // so that it is kept
	basic := func(r *fsatest.Request) *fsatest.Request { return r.Basic("calvin", calvinPass) }
	for _, test := range []struct {
		what   string
		r      *fsatest.Request
		status int
		set    bool
	}{
		{"basic", basic(c.Get("/x")), 200, true},
		{"an answer without body", basic(c.Get("/none")), 204, true},
		{"HEAD", basic(c.Head("/x")), 200, true},
		{"param", c.Post("/x").Form("USER", "calvin", "PASS", calvinPass), 200, true},
		{"on an open route, when asked", basic(c.Get("/lazy")), 200, true},
		{"on an open route, not asked", basic(c.Get("/open")), 200, false},
		{"an http.Handler", basic(c.Get("/raw/writes")), 200, true},
		{"one that writes nothing", basic(c.Get("/raw/nothing")), 200, true},
		{"a redirect", basic(c.Get("/raw/redirects")), 303, true},
		{"one that caches", basic(c.Get("/raw/caches")), 200, true},
		{"one that sets others", basic(c.Get("/raw/other")), 200, true},
		{"one that logs out", basic(c.Get("/raw/out")), 200, false},
		{"one that refuses", basic(c.Get("/raw/refuses")), 403, false},
		{"no credentials", c.Get("/x"), 401, false},
		{"wrong password", c.Get("/x").Basic("calvin", "wrong"), 401, false},
		{"not in the group", c.Get("/admin").Basic("hobbes", hobbesPass), 403, false},
		{"wrong parameters", basic(c.Get("/x?y=1")), 400, false},
		{"an error of the handler", basic(c.Get("/fails")), 409, false},
		{"a panic of the handler", basic(c.Get("/panics")), 500, false},
		{"a route without tokens", basic(c.Get("/basic")), 200, false},
		{"a route with a realm of its own", basic(c.Get("/stage")), 200, false},
		{"a user of a test", c.Get("/x").As("calvin"), 200, false},
		{"OPTIONS", basic(c.Options("/x")), 204, false},
		{"nowhere", basic(c.Get("/nowhere")), 404, false},
		{"not this method", basic(c.Delete("/x")), 405, false},
		{"unclean path", basic(c.Get("//x")), 307, false},
		{"a token", c.Get("/x").Header("Cookie", calvin), 200, false},
		{"a password beside its token", basic(c.Get("/first")).Header("Cookie", calvin), 200, false},
		{"beside another's token", basic(c.Get("/first")).Header("Cookie", hobbes), 200, true},
		{"beside an expired token", basic(c.Get("/x")).Header("Cookie", expired), 200, true},
		{"beside two", basic(c.Get("/x")).Header("Cookie", calvin+"; "+calvin), 200, true},
		{"from the same origin", basic(c.Post("/x")).Header("Sec-Fetch-Site", "same-origin"), 200, true},
		// A link in a mail, with somebody else's password in it.
		{"followed", basic(c.Get("/x")).Header("Sec-Fetch-Site", "none"), 200, false},
		{"followed, by HEAD", basic(c.Head("/x")).Header("Sec-Fetch-Site", "none"), 200, false},
		{"followed, param", c.Get("/x").Query("USER", "calvin", "PASS", calvinPass).Header("Sec-Fetch-Site", "none"), 200, false},
		{"followed in an old browser", c.Get("/x").Query("USER", "calvin", "PASS", calvinPass), 200, false},
		{"clicked here", c.Get("/x").Query("USER", "calvin", "PASS", calvinPass).Header("Sec-Fetch-Site", "same-origin"), 200, true},
		// A page that logs its visitor in as whom it has chosen.
		{"param from elsewhere", c.Post("/x").Form("USER", "calvin", "PASS", calvinPass).Header("Sec-Fetch-Site", "cross-site"), 200, false},
		{"and by GET", c.Get("/x").Query("USER", "calvin", "PASS", calvinPass).Header("Sec-Fetch-Site", "cross-site"), 200, false},
		{"and from a neighbour", c.Get("/x").Query("USER", "calvin", "PASS", calvinPass).Header("Sec-Fetch-Site", "same-site"), 200, false},
		{"and told by Origin", c.Post("/x").Form("USER", "calvin", "PASS", calvinPass).Header("Origin", "https://evil.example"), 200, false},
	} {
		res := test.r.Expect(test.status)
		var ours string
		for _, v := range res.Header.Values("Set-Cookie") {
			if strings.HasPrefix(v, "__Host-auth=acme:") {
				ours += v
			}
		}
		if (ours != "") != test.set {
			t.Errorf("%s: the cookies are %q", test.what, res.Header.Values("Set-Cookie"))
			continue
		}
		if !test.set {
			continue
		}
		value, attributes, _ := strings.Cut(ours, "; ")
		if attributes != "Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax" { // S55
			t.Errorf("%s: the attributes are %q", test.what, attributes)
		}
		if got := res.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control is %q", test.what, got)
		}
		if got := c.Get("/x").Header("Cookie", value).Expect(200).Text(); got != "calvin" {
			t.Errorf("%s: the cookie is %q", test.what, got)
		}
		c.Get("/stage").Header("Cookie", value).Expect(401)
	}
	if strings.Contains(w.log.String(), calvin[20:60]) {
		t.Error("the log holds a token")
	}
}

// TestCookieName: over TLS, and wherever it can't be told, the bare name is
// neither accepted nor set.
func TestCookieName(t *testing.T) {
	for _, c := range []struct {
		mode    string
		prepare func(*http.Request)
		name    string
	}{
		{"prod", func(r *http.Request) {}, "__Host-auth"},
		{"prod", func(r *http.Request) { r.TLS = &tls.ConnectionState{} }, "__Host-auth"},
		{"dev", func(r *http.Request) {}, "auth"},
		{"debug2", func(r *http.Request) { r.RemoteAddr = "[::1]:1" }, "auth"},
		{"dev", func(r *http.Request) { r.TLS = &tls.ConnectionState{} }, "__Host-auth"},
		{"dev", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, "__Host-auth"},
		{"dev", func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "http") }, "__Host-auth"},
		{"dev", func(r *http.Request) { r.Header.Set("Via", "1.1 proxy") }, "__Host-auth"},
		{"dev", func(r *http.Request) { r.RemoteAddr = "10.1.2.3:1"; r.Header.Set("X-Forwarded-Proto", "https") }, "__Host-auth"},
	} {
		cfg := base()
		cfg.Mode, cfg.InsecureTransport, cfg.TrustedProxies = c.mode, true, []string{"10.1.2.3"}
		w := cookieWorld(t, cfg)
		h := handlerOf(t, w)
		token := w.token(t, "calvin", fsa.TokenOptions{})
		ask := func(cookie string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", "/x", nil)
			r.RemoteAddr = "127.0.0.1:1"
			if cookie != "" {
				r.Header.Set("Cookie", cookie)
			} else {
				r.SetBasicAuth("calvin", calvinPass)
			}
			c.prepare(r)
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			return rec
		}
		for _, name := range []string{"auth", "__Host-auth"} {
			if got := ask(name + "=" + token).Code; (got == 200) != (name == c.name) {
				t.Errorf("%s: %s gets %d", c.mode, name, got)
			}
		}
		set := ask("").Header().Get("Set-Cookie")
		if !strings.HasPrefix(set, c.name+"=acme:") || strings.Contains(set, "Secure") != (c.name != "auth") {
			t.Errorf("%s: the cookie is %s", c.mode, set)
		}
	}
}

// TestCookieRenewal: a token that is about to end is renewed, for as long as it
// was made for at most, and never one that has ended.
func TestCookieRenewal(t *testing.T) {
	for _, kept := range []string{"ttl", "none"} {
		synctest.Test(t, func(t *testing.T) {
			cfg := base()
			cfg.TokenType, cfg.TokenRenewal, cfg.TokenGrace, cfg.Cache = "jwt", 0.25, 5*time.Minute, kept
			w := cookieWorld(t, cfg)
			fsa.Get(w, "/scope", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) {
				return fmt.Sprint(fsa.HasScope(ctx, "read"), fsa.HasScope(ctx, "write")), nil
			})
			c := w.client(t)
			get := func(path, cookie string, status int) (value string) {
				set := c.Get(path).Header("Cookie", cookie).Expect(status).Header.Get("Set-Cookie")
				value, _, _ = strings.Cut(set, ";")
				return value
			}
			first := "__Host-auth=" + w.token(t, "calvin", fsa.TokenOptions{Scopes: []string{"read"}})
			short := "__Host-auth=" + w.token(t, "calvin", fsa.TokenOptions{Delay: 50 * time.Minute})
			stage := "__Host-auth=" + w.token(t, "calvin", fsa.TokenOptions{Realm: "stage"})
			if got := get("/x", first, 200); got != "" {
				t.Errorf("renewed at once: %s", got)
			}
			time.Sleep(44*time.Minute + 59*time.Second)
			if got := get("/x", first, 200); got != "" {
				t.Errorf("renewed too early: %s", got)
			}
			time.Sleep(2 * time.Second)
			second := get("/x", first, 200)
			if second == "" || second == first {
				t.Fatalf("not renewed in time: %q", second)
			}
			get("/fails", first, 409)
			if got := get("/fails", first, 409); got != "" {
				t.Errorf("a failed answer sets %s", got)
			}
			if got := get("/stage", stage, 200); got != "" {
				t.Errorf("a token of another realm is renewed: %s", got)
			}
			if got := get("/raw/out", first, 200); got != "__Host-auth=" {
				t.Errorf("logging out sets %s", got)
			}
			if res := c.Get("/x").Header("Cookie", first, "Sec-Fetch-Site", "cross-site").Expect(200); res.Header.Get("Set-Cookie") != "" {
				t.Error("a page elsewhere renews")
			}
			if res := c.Get("/x").Header("Cookie", first, "Sec-Fetch-Site", "none").Expect(200); res.Header.Get("Set-Cookie") == "" {
				t.Error("a link in a mail, which brings no token, does not renew the one that is there")
			}
			if got := c.Get("/scope").Header("Cookie", second).Expect(200).Text(); got != "true false" {
				t.Errorf("the scopes of the renewed one are %s", got)
			}
			brief := get("/x", short, 200) // 50 minutes, of which 5 are left
			// 45 minutes later.
			time.Sleep(44 * time.Minute)
			get("/x", first, 401)
			if get("/x", second, 200); brief == "" {
				t.Fatal("a short one is not renewed")
			}
			get("/x", brief, 200)
			time.Sleep(7 * time.Minute)
			if got := get("/x", brief, 200); got != "" {
				t.Errorf("a token that has ended, and is accepted by grace, is renewed: %s", got)
			}
			time.Sleep(5 * time.Minute)
			get("/x", brief, 401)
			get("/x", second, 200)
		})
	}
}

// TestCookieRenewalOfNoTime: a token that was made for no time, by a program whose clock
// is ahead, is not made a long one.
func TestCookieRenewalOfNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.TokenType, cfg.TokenRenewal, cfg.TokenGrace = "jwt", 0.25, 5*time.Minute
		w := cookieWorld(t, cfg)
		c := w.client(t)
		end := time.Now().Add(time.Minute)
		for life, renewed := range map[time.Duration]bool{10 * time.Minute: true, time.Second: true, 0: false, -time.Second: false} {
			raw, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
				"sub": "calvin", "aud": "acme", "exp": end.Unix(), "iat": end.Add(-life).Unix(),
			}).SignedString([]byte(benchSecret))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Get("/x").Header("Cookie", "__Host-auth="+raw).Expect(200).Header.Get("Set-Cookie"); (got != "") != renewed {
				t.Errorf("made for %v: the cookie is %q", life, got)
			}
		}
		if log := w.log.String(); strings.Contains(log, "cannot be made") {
			t.Errorf("the log is %s", log)
		}
	})
}

// TestCookieStore: who has logged in after a revocation gets a cookie. Without knowing
// what has been revoked nobody does, and the log tells why.
func TestCookieStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &failingOnce{Once: cache.NewMemoryOnce(0)}
		cfg := base()
		cfg.Revocations, cfg.TokenType, cfg.TokenRenewal = store, "jwt", 0.5
		w := cookieWorld(t, cfg)
		c := w.client(t)
		if err := w.RevokeUser(t.Context(), "calvin"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		old := "__Host-auth=" + w.token(t, "calvin", fsa.TokenOptions{})
		time.Sleep(45 * time.Minute)
		for what, ask := range map[string]func() *fsatest.Response{
			"a password": func() *fsatest.Response { return c.Get("/x").Basic("calvin", calvinPass).Expect(200) },
			"a token":    func() *fsatest.Response { return c.Get("/x").Header("Cookie", old).Do() },
		} {
			for n, failed := 1, true; failed; n++ {
				store.fail(n)
				before := w.log.String()
				res := ask()
				failed = store.calls >= n
				if got := res.Header.Get("Set-Cookie"); (got == "") != failed {
					t.Errorf("%s, call %d of the store, failed %v: the cookie is %q", what, n, failed, got)
				}
				told := strings.Contains(w.log.String()[len(before):], "a token cookie cannot be made")
				if told != (failed && res.Status == 200) {
					t.Errorf("%s, call %d of the store, %d: the log is %s", what, n, res.Status, w.log.String()[len(before):])
				}
			}
		}
	})
}

// TestCookieNoRenewal: without FSA_TOKEN_RENEWAL a log-in ends when it was meant
// to.
func TestCookieNoRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := cookieWorld(t, base())
		c := w.client(t)
		first := "__Host-auth=" + w.token(t, "calvin", fsa.TokenOptions{})
		time.Sleep(time.Hour)
		res := c.Get("/x").Header("Cookie", first).Expect(200)
		if got := res.Header.Get("Set-Cookie"); got != "" {
			t.Errorf("renewed: %s", got)
		}
		time.Sleep(2 * time.Second)
		c.Get("/x").Header("Cookie", first).Expect(401)
	})
}

// TestCookieIsForPasswords: who is known by another scheme gets no cookie, and does
// not have one renewed that nobody has looked at.
func TestCookieIsForPasswords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := carried("cookie")
		cfg.Mode, cfg.Auth, cfg.TokenRenewal = "dev", []string{"own", "fake", "token"}, 0.5
		w := newWorld(t, cfg)
		w.Authentication("own", func(r *http.Request) (fsa.Identity, error) {
			return fsa.Identity{Login: r.Header.Get("X-Own")}, nil
		})
		fsa.Get(w, "/x", authz.Auth(), who)
		c := w.client(t)
		cookie := "auth=" + w.token(t, "calvin", fsa.TokenOptions{})
		time.Sleep(45 * time.Minute)
		for _, test := range []struct {
			r   *fsatest.Request
			set bool
		}{
			{c.Get("/x").Header("X-Own", "calvin"), false},
			{c.Get("/x").Header("X-Own", "calvin", "Cookie", cookie), false},
			{c.Get("/x").Query("LOGIN", "calvin"), false},
			{c.Get("/x").Query("LOGIN", "calvin").Header("Cookie", cookie), false},
			{c.Get("/x").Header("Cookie", cookie), true},
		} {
			if got := test.r.Expect(200).Header.Get("Set-Cookie"); (got != "") != test.set {
				t.Errorf("the cookie is %q", got)
			}
		}
	})
}

// TestCookieOfOddLogin: a login may have what cookies can't.
func TestCookieOfOddLogin(t *testing.T) {
	w := cookieWorld(t, base())
	login := `cn=Élodie "Lo" D,ou=x; \%41`
	w.set(func() { w.hashes[login] = w.hashes["calvin"]; w.hashes["a:b"] = w.hashes["calvin"] })
	c := w.client(t)
	set := c.Post("/x").Form("USER", login, "PASS", calvinPass).Expect(200).Header.Get("Set-Cookie")
	value, _, _ := strings.Cut(set, ";")
	if got := c.Get("/x").Header("Cookie", value).Expect(200).Text(); got != login {
		t.Errorf("%s comes back as %s", value, got)
	}
	// One that no fsa token can have: the answer is given without a cookie.
	if got := c.Post("/x").Form("USER", "a:b", "PASS", calvinPass).Expect(200).Header.Get("Set-Cookie"); got != "" {
		t.Errorf("the cookie is %s", got)
	}
	if !strings.Contains(w.log.String(), "a token cookie cannot be made") {
		t.Errorf("the log is %s", w.log)
	}
}

// TestTokenCookie: handlers make the cookie themselves, in a request only.
func TestTokenCookie(t *testing.T) {
	w := cookieWorld(t, base())
	fsa.Handle(w, "POST /second", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		token, err := w.CreateToken(r.Context(), "", fsa.TokenOptions{})
		if err != nil {
			t.Error(err)
		}
		cookie, err := w.TokenCookie(r.Context(), token)
		if err != nil {
			t.Error(err)
		}
		http.SetCookie(rw, cookie)
	}), fsa.Realm("stage"))
	c := w.client(t)
	stage := "__Host-auth=" + w.token(t, "calvin", fsa.TokenOptions{Realm: "stage"})
	c.Get("/x").Header("Cookie", stage).Expect(401)
	value, _, _ := strings.Cut(c.Post("/second").Header("Cookie", stage).Expect(200).Header.Get("Set-Cookie"), ";")
	c.Get("/x").Header("Cookie", value).Expect(200)
	if got := c.Get("/raw/out").Header("Cookie", value).Expect(200).Header.Values("Set-Cookie"); len(got) != 1 || !strings.Contains(got[0], "__Host-auth=; Path=/; Max-Age=0;") {
		t.Errorf("logging out sets %q", got)
	}
	if _, err := w.TokenCookie(context.Background(), ""); err == nil {
		t.Error("a cookie without a request")
	}
	if _, err := newWorld(t, base()).TokenCookie(context.Background(), ""); err == nil || !strings.Contains(err.Error(), "FSA_TOKEN_CARRIER must be cookie") {
		t.Errorf("without the carrier: %v", err)
	}
	// An application that has no tokens, and another one than that of the request.
	none := carried("cookie")
	none.Auth, none.TokenSecret = []string{"basic"}, nil
	for _, test := range []struct {
		app  *world
		want string
	}{{newWorld(t, none), "tokens are not in cookies"}, {cookieWorld(t, base()), "this is not the context of one"}} {
		a := newWorld(t, base())
		var err error
		fsa.Get(a, "/x", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
			_, err = test.app.TokenCookie(ctx, "")
			return "", nil
		})
		a.client(t).Get("/x").Expect(200)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

// TestCookieWarning: passwords that never become cookies are not what was meant.
func TestCookieWarning(t *testing.T) {
	const warning = "no route gives one for a password"
	for _, schemes := range [][]string{{"token", "param"}, {"param"}} {
		cfg := carried("cookie")
		cfg.AuthDefault = []string{"token"}
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		fsa.Post(w, "/login", authz.Auth(), who, fsa.Authn(schemes...))
		handlerOf(t, w)
		if got := strings.Contains(w.log.String(), warning); got != (len(schemes) == 1) {
			t.Errorf("%v: the log is %s", schemes, w.log)
		}
	}
}

// TestCookieOfOldPassword: a password whose user has had all tokens revoked while the
// request was under way gets no token by its answer, however short the request was, and
// if it was another instance that revoked them, however its clock is.
func TestCookieOfOldPassword(t *testing.T) {
	for _, c := range []struct {
		behind time.Duration // the clock of who revokes; over 0 if that is another instance
		took   time.Duration // the request, until then
		cookie bool
	}{{0, 50 * time.Millisecond, false}, {0, 1500 * time.Millisecond, false}, {4 * time.Second, time.Second, false}, {20 * time.Second, time.Second, true}} {
		synctest.Test(t, func(t *testing.T) {
			cfg := carried("cookie")
			if c.behind > 0 {
				cfg.Revocations = cache.NewMemoryOnce(0)
			}
			w := newWorld(t, cfg)
			began := make(chan bool)
			fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) {
				close(began)
				time.Sleep(time.Minute)
				return fsa.User(ctx), nil
			}, fsa.Authn("basic", "token"))
			h, revoker := handlerOf(t, w), w.App
			revoke := func() {
				if err := revoker.RevokeUser(t.Context(), "calvin"); err != nil {
					t.Error(err)
				}
			}
			if c.behind > 0 {
				// What an instance marks whose clock is behind is what was marked earlier.
				time.Sleep(time.Minute)
				revoke()
				time.Sleep(c.behind - c.took)
			} else {
				time.Sleep(100 * time.Millisecond)
			}
			set := make(chan string)
			go func() {
				r := httptest.NewRequest("GET", "/x", nil)
				r.RemoteAddr = "127.0.0.1:1"
				r.SetBasicAuth("calvin", calvinPass)
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, r)
				set <- rec.Header().Get("Set-Cookie")
			}()
			<-began
			if c.behind == 0 {
				time.Sleep(c.took)
				revoke()
			}
			if cookie := <-set; strings.HasPrefix(cookie, "__Host-auth=") != c.cookie {
				t.Errorf("%v behind, after %v: %q", c.behind, c.took, cookie)
			}
		})
	}
}
