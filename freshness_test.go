package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/golang-jwt/jwt/v5"
)

// TestFresh is the table of how old a log-in may be, to the nanosecond.
func TestFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.ErrorResponse = "problem"
		w := newWorld(t, cfg)
		fsa.Get(w, "/fresh", authz.Fresh(10*time.Minute), who)
		fsa.Get(w, "/admin", authz.All(authz.Fresh(10*time.Minute), authz.Group("admin")), who)
		fsa.Get(w, "/either", authz.Any(authz.Group("admin"), authz.Fresh(10*time.Minute)), who)
		fsa.Get(w, "/ever", authz.Fresh(math.MaxInt64), who)
		c := w.client(t)
		now := time.Now()
		for _, tt := range []struct {
			path, login string
			at          time.Time
			status      int
			text        string
		}{
			{"/fresh", "hobbes", now, 200, "hobbes"},
			{"/fresh", "hobbes", now.Add(-10 * time.Minute), 200, "hobbes"},
			{"/fresh", "hobbes", now.Add(-10*time.Minute - 1), 401, "a fresh log-in is required"},
			{"/fresh", "hobbes", time.Time{}, 401, "a fresh log-in is required"},
			{"/fresh", "hobbes", time.Unix(0, 0), 401, "a fresh log-in is required"},
			{"/ever", "hobbes", time.Unix(0, 0), 200, "hobbes"},
			{"/ever", "hobbes", time.Time{}, 401, "a fresh log-in is required"}, // however long ago is not the same as unknown
			// Other instances' clocks may be ahead by 5 s.
			{"/fresh", "hobbes", now.Add(5 * time.Second), 200, "hobbes"},
			{"/fresh", "hobbes", now.Add(5*time.Second + 1), 401, "a fresh log-in is required"},
			{"/fresh", "hobbes", now.Add(100 * 365 * 24 * time.Hour), 401, "a fresh log-in is required"},
			// Nobody is sent to log in again who may not do it then, either.
			{"/admin", "calvin", now, 200, "calvin"},
			{"/admin", "calvin", time.Time{}, 401, "a fresh log-in is required"},
			{"/admin", "hobbes", time.Time{}, 403, `not in group \"admin\"`},
			{"/either", "calvin", time.Time{}, 200, "calvin"},
			{"/either", "hobbes", now, 200, "hobbes"},
			{"/either", "hobbes", time.Time{}, 401, "a fresh log-in is required"},
		} {
			for range 2 { // cold and warm: S82
				res := c.Get(tt.path).AsIdentity(fsa.Identity{Login: tt.login, AuthTime: tt.at}).Expect(tt.status).Contains(tt.text)
				if got := strings.Contains(string(res.Body), `"reauth_required":true`); got != (tt.status == 401) {
					t.Errorf("%s of %s at %v: %s", tt.path, tt.login, tt.at, res.Body)
				}
			}
		}
		c.Get("/fresh").Basic("calvin", calvinPass).Expect(200) // who sends a password logs in with each request
		res := c.Get("/fresh").Expect(401)
		if strings.Contains(string(res.Body), "reauth_required") {
			t.Errorf("nobody is told to log in again: %s", res.Body)
		}
	})
}

// TestFactors: how many factors a log-in had, by their names.
func TestFactors(t *testing.T) {
	cfg := base()
	cfg.TokenType = "jwt"
	w := newWorld(t, cfg)
	for n := range 4 {
		if n > 0 {
			fsa.Get(w, fmt.Sprintf("/%d", n), authz.Factors(n), who)
		}
	}
	c := w.client(t)
	for _, tt := range []struct {
		factors string
		most    int // that are proved
	}{
		{"", 0}, {"pwd", 1}, {"pwd pwd", 1}, {"pwd otp", 2}, {"pwd otp hwk otp", 3}, {"mfa", 2}, {"pwd mfa", 2}, {"pwd otp hwk mfa", 3}, {"geo rba mca user", 0}, {"pwd user", 1},
	} {
		for n := 1; n < 4; n++ {
			id := fsa.Identity{Login: "calvin", Factors: strings.Fields(tt.factors)}
			res := c.Get(fmt.Sprintf("/%d", n)).AsIdentity(id).Do()
			want, text := 200, "calvin"
			if n > tt.most {
				want, text = 401, fmt.Sprintf("a log-in with %d factors is required", n)
			}
			if res.Status != want || !strings.Contains(string(res.Body), text) {
				t.Errorf("%q for %d: %d %s", tt.factors, n, res.Status, res.Body)
			}
		}
	}
	c.Get("/1").Basic("calvin", calvinPass).Expect(200)
	c.Get("/2").Basic("calvin", calvinPass).Expect(401)
}

// TestReauthenticate: every form of the 401 that another log-in mends, whoever says it.
func TestReauthenticate(t *testing.T) {
	const bearer = `Bearer realm="acme", error="insufficient_user_authentication"`
	for _, tt := range []struct {
		path, form, body string
		challenge        string // for who came with a bearer token
	}{
		{"/fresh", "plain", "a fresh log-in is required", bearer + `, max_age="90"`},
		{"/fresh", "json", `{"error":"a fresh log-in is required","reauth_required":true}` + "\n", bearer + `, max_age="90"`},
		{"/fresh", "json:message", `{"message":"a fresh log-in is required","reauth_required":true}` + "\n", bearer + `, max_age="90"`},
		{"/factors", "json:message", `{"message":"a log-in with 2 factors is required","reauth_required":true}` + "\n", bearer},
		{"/handler", "json:message", `{"message":"another log-in is required","reauth_required":true}` + "\n", bearer},
		{"/words", "json:message", `{"message":"show your badge","reauth_required":true}` + "\n", bearer},
		{"/group", "json:message", `{"message":"another log-in is required","reauth_required":true}` + "\n", bearer},
		{"/stuff/1", "json:message", `{"message":"another log-in is required","reauth_required":true}` + "\n", bearer},
		{"/stuff/2", "json:message", `{"message":"internal error in check of group \"broken\""}` + "\n", ""}, // a failure counts first
		{"/named", "json:message", `{"message":"by phone","reauth_required":true}` + "\n", "Phone"},
		{"/open", "json:message", `{"message":"another log-in is required","reauth_required":true}` + "\n", `Bearer realm="acme"`}, // nobody was asked who they are
		{"/usual", "json:message", `{"message":"who are you?"}` + "\n", `Bearer realm="acme"`},
		{"/forbidden", "json:message", `{"message":"never"}` + "\n", ""},
	} {
		cfg := base()
		cfg.Auth, cfg.TokenType, cfg.ErrorResponse = []string{"token", "param", "none"}, "jwt", tt.form
		w := newWorld(t, cfg)
		w.GroupCheck("admins", func(context.Context, string) (bool, error) { return false, nil })
		w.GroupCheck("careful", func(context.Context, string) (bool, error) {
			return true, fmt.Errorf("not yet: %w", fsa.ErrReauthenticate)
		})
		fsa.ObjectPerms(w.App, "secret", func(context.Context, string, int, string) (bool, error) { return true, fsa.ErrReauthenticate })
		failing := func(err error) func(context.Context, fsa.None) (fsa.None, error) {
			return func(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, err }
		}
		fsa.Get(w, "/fresh", authz.Fresh(90*time.Second+time.Millisecond), nothing)
		fsa.Get(w, "/factors", authz.Factors(2), nothing)
		fsa.Get(w, "/group", authz.Group("careful"), nothing)
		fsa.Get(w, "/stuff/1", authz.Any(authz.Group("admins"), authz.Object("secret", "id", "")), takes[struct {
			ID int `default:"1"`
		}])
		fsa.Get(w, "/stuff/{id}", authz.Any(authz.Group("broken"), authz.Object("secret", "id", "")), takes[struct{ ID int }])
		fsa.Get(w, "/handler", authz.Auth(), failing(fmt.Errorf("deleting: %w", fsa.ErrReauthenticate)))
		fsa.Get(w, "/words", authz.Auth(), failing(&fsa.Error{Status: 401, Public: "show your badge", Cause: fsa.ErrReauthenticate}))
		fsa.Get(w, "/named", authz.Auth(), failing((&fsa.Error{Status: 401, Public: "by phone", Cause: fsa.ErrReauthenticate}).WithHeader("WWW-Authenticate", "Phone")))
		fsa.Get(w, "/open", authz.Open(), failing(fsa.ErrReauthenticate), fsa.Authn("token", "none"))
		fsa.Get(w, "/usual", authz.Auth(), failing(fsa.Errorf(401, "who are you?")))
		fsa.Get(w, "/forbidden", authz.Auth(), failing(&fsa.Error{Status: 403, Public: "never", Cause: fsa.ErrReauthenticate}))
		c := w.client(t)
		res := c.Get(tt.path).Bearer(w.token(t, "calvin", fsa.TokenOptions{})).Do()
		if got := strings.Join(res.Header.Values("WWW-Authenticate"), ", "); string(res.Body) != tt.body || got != tt.challenge {
			t.Errorf("%s in %s: %d %s, %s\nwant %s, %s", tt.path, tt.form, res.Status, res.Body, got, tt.body, tt.challenge)
		}
		if tt.challenge == "" || tt.path == "/named" {
			continue
		}
		// Who came in another way is challenged as usual.
		res = c.Get(tt.path).AsIdentity(fsa.Identity{Login: "calvin"}).Expect(401)
		if got := res.Header.Values("WWW-Authenticate"); len(got) != 1 || got[0] != `Bearer realm="acme"` || string(res.Body) != tt.body {
			t.Errorf("%s in %s: %s, %q", tt.path, tt.form, res.Body, got)
		}
	}
}

// TestReauthenticateHook: the hook of app.ErrorResponse can tell.
func TestReauthenticateHook(t *testing.T) {
	w := newWorld(t, base())
	var said []bool
	w.ErrorResponse(func(rw http.ResponseWriter, r *http.Request, e *fsa.Error) {
		said = append(said, errors.Is(e, fsa.ErrReauthenticate) && e.Members["reauth_required"] == true)
		rw.WriteHeader(e.Status)
		fmt.Fprint(rw, "again?")
	})
	fsa.Get(w, "/fresh", authz.Fresh(time.Minute), nothing)
	fsa.Get(w, "/bare", authz.Auth(), func(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, fsa.ErrReauthenticate })
	fsa.Get(w, "/admin", authz.Group("admin"), nothing)
	c := w.client(t)
	c.Get("/fresh").AsIdentity(fsa.Identity{Login: "hobbes"}).Expect(401)
	c.Get("/bare").As("hobbes").Expect(401)
	c.Get("/admin").As("hobbes").Expect(403)
	c.Get("/admin").Expect(401)
	if want := []bool{true, true, false, false}; fmt.Sprint(said) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", said, want)
	}
}

// TestReauthRedirect: a browser whose log-in is not enough is sent to the page for that. S60.
func TestReauthRedirect(t *testing.T) {
	both := func(c *fsa.Config) { c.Redirect401, c.ReauthRedirect = "/login", "/verify" }
	for _, tt := range []struct {
		name     string
		config   func(*fsa.Config)
		method   string
		target   string
		login    string // "" for nobody
		accept   string
		location string // "" for a 401
	}{
		{"not fresh", both, "GET", "/danger?a=1", "calvin", chrome, "/verify?URL=%2Fdanger%3Fa%3D1"},
		{"HEAD", both, "HEAD", "/danger", "calvin", chrome, "/verify?URL=%2Fdanger"},
		{"nobody", both, "GET", "/danger", "", chrome, "/login?URL=%2Fdanger"},
		{"from a handler", both, "GET", "/own", "calvin", chrome, "/verify?URL=%2Fown"},
		{"a script", both, "GET", "/danger", "calvin", "application/json", ""},
		{"a form", both, "POST", "/danger", "calvin", chrome, ""},
		{"no page for it", func(c *fsa.Config) { c.Redirect401 = "/login" }, "GET", "/danger", "calvin", chrome, "/login?URL=%2Fdanger"},
		{"no page for others", func(c *fsa.Config) { c.ReauthRedirect = "/verify" }, "GET", "/danger", "", chrome, ""},
		{"that page alone", func(c *fsa.Config) { c.ReauthRedirect = "/verify" }, "GET", "/danger", "calvin", chrome, "/verify?URL=%2Fdanger"},
		{"none", func(*fsa.Config) {}, "GET", "/danger", "calvin", chrome, ""},
		{"another host", func(c *fsa.Config) { c.ReauthRedirect = "https://id.example/verify" }, "GET", "/danger", "calvin", chrome, "https://id.example/verify?URL=%2Fdanger"},
		{"the page itself, by a handler", both, "GET", "/verify?again=1", "calvin", chrome, ""},
	} {
		cfg := base()
		tt.config(&cfg)
		w := newWorld(t, cfg)
		fsa.Get(w, "/login", authz.Open(), nothing, fsa.Authn("none"))
		fsa.Get(w, "/verify", authz.Auth(), func(_ context.Context, in struct{ Again *int }) (fsa.None, error) {
			if in.Again != nil {
				return fsa.None{}, fsa.ErrReauthenticate
			}
			return fsa.None{}, nil
		})
		fsa.Route(w, "GET", "/danger", authz.Fresh(time.Minute), takes[struct{ A *int }])
		fsa.Post(w, "/danger", authz.Fresh(time.Minute), nothing)
		fsa.Get(w, "/own", authz.Auth(), func(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, fsa.ErrReauthenticate })
		r := w.client(t).Request(tt.method, tt.target).Header("Accept", tt.accept)
		if tt.login != "" {
			r.AsIdentity(fsa.Identity{Login: tt.login})
		}
		want := 401
		if tt.location != "" {
			want = 303
		}
		if res := r.Do(); res.Status != want || res.Header.Get("Location") != tt.location {
			t.Errorf("%s: %d %s, want %d %s", tt.name, res.Status, res.Header.Get("Location"), want, tt.location)
		}
	}
}

// TestReauthRedirectFaults: a page that can't be the one for it stops the start.
func TestReauthRedirectFaults(t *testing.T) {
	for page, want := range map[string][]string{
		"//evil.example":           {"FSA_REAUTH_REDIRECT", "is neither a path of this host nor a URL of another"},
		"verify":                   {"FSA_REAUTH_REDIRECT", "/login"},
		"http://id.example/verify": {"FSA_REAUTH_REDIRECT", "is not over TLS"},
		"https://u@id.example/":    {"FSA_REAUTH_REDIRECT", "has a user or a fragment"},
		"/fresh":                   {"GET /fresh", "is the page of FSA_REAUTH_REDIRECT", "(All(Auth(), Fresh(1m0s)))", "give it a rule such as authz.Auth()"},
	} {
		cfg := base()
		cfg.ReauthRedirect = page
		w := newWorld(t, cfg)
		fsa.Get(w, "/fresh", authz.All(authz.Auth(), authz.Fresh(time.Minute)), nothing)
		if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], want...) {
			t.Errorf("%s: %q, want %q", page, got, want)
		}
	}
	cfg := base()
	cfg.ReauthRedirect = "/not/ours"
	w := newWorld(t, cfg)
	fsa.Get(w, "/", authz.Auth(), nothing)
	if got := faultsOf(t, w.App); got != nil || !contains(w.log.String(), "none of this application's routes", "directive=FSA_REAUTH_REDIRECT") {
		t.Errorf("%q\n%s", got, w.log)
	}
}

// TestLoginFaults: a rule that can let nobody through stops the start.
func TestLoginFaults(t *testing.T) {
	for _, tt := range []struct {
		auth, tokens string
		rule         authz.Rule
		want         []string // none: it compiles
	}{
		{"token", "fsa", authz.Fresh(time.Minute), []string{"Fresh(1m0s) lets nobody through", "(token)", `FSA_TOKEN_TYPE = "jwt"`}},
		{"token", "jwt", authz.Fresh(time.Minute), nil},
		{"basic", "fsa", authz.Fresh(time.Minute), nil},
		{"param", "fsa", authz.Fresh(time.Minute), nil},
		{"own", "fsa", authz.All(authz.Fresh(time.Minute), authz.Factors(3)), nil},
		{"apikey", "fsa", authz.Any(authz.Group("admin"), authz.Fresh(time.Minute)), []string{"Fresh(1m0s) lets nobody through", "(apikey)"}},
		{"token", "fsa", authz.Factors(1), []string{"Factors(1) lets nobody through", "(token)"}},
		{"token", "jwt", authz.Factors(2), nil},
		{"basic", "fsa", authz.Factors(1), nil},
		{"basic", "fsa", authz.Factors(2), []string{"Factors(2) lets nobody through", "proves so many"}},
		{"digest", "fsa", authz.All(authz.Fresh(time.Minute), authz.Factors(1)), nil},
		{"oauth", "fsa", authz.All(authz.Fresh(time.Minute), authz.Factors(3)), nil},
		{"fake", "fsa", authz.Fresh(time.Minute), nil},
		{"fake", "fsa", authz.Factors(1), []string{"Factors(1) lets nobody through"}},
		{"mtls", "fsa", authz.Factors(1), nil},
		{"mtls", "fsa", authz.Fresh(time.Minute), []string{"Fresh(1m0s) lets nobody through"}},
		{"httpd", "fsa", authz.Factors(1), []string{"Factors(1) lets nobody through"}},
		{"param", "fsa", authz.Factors(1), nil},
		{"digest", "fsa", authz.Factors(2), []string{"Factors(2) lets nobody through"}},
		{"basic", "fsa", authz.Fresh(0), []string{"Fresh(0s) lets nobody through", "authz.Fresh(10*time.Minute)"}},
		{"basic", "fsa", authz.Factors(0), []string{"Factors(0) asks for nothing"}},
	} {
		cfg := base()
		cfg.Auth, cfg.TokenType = []string{tt.auth}, tt.tokens
		w := newWorld(t, cfg)
		if tt.auth == "own" {
			w.Authentication("own", func(*http.Request) (fsa.Identity, error) { return fsa.Identity{}, nil })
		}
		if tt.auth == "apikey" {
			w.APIKey(func(context.Context, string) (fsa.APIKey, error) { return fsa.APIKey{}, fsa.ErrNoSuchKey })
		}
		fsa.Get(w, "/x", tt.rule, nothing)
		// Some schemes have faults of their own, since nothing else is set.
		got := slices.DeleteFunc(faultsOf(t, w.App), func(f string) bool { return !strings.HasPrefix(f, "GET /x") })
		if (len(got) > 0) != (tt.want != nil) || len(got) > 0 && (len(got) != 1 || !contains(got[0], tt.want...)) {
			t.Errorf("%v with %s: %q, want %q", tt.rule, tt.auth, got, tt.want)
		}
	}
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.All(authz.Fresh(time.Minute), authz.Factors(1)), nothing, fsa.Authn())
	if got := faultsOf(t, w.App); len(got) != 1 || !strings.Contains(got[0], "fsa.Authn names no scheme") {
		t.Errorf("%q", got)
	}
}

// TestTokensTellTheLogin: a JWT says when and by what its user has logged in, our own
// and those of others; what can't be read says nothing.
func TestTokensTellTheLogin(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	w := oauthWorld(t, fsa.Config{Auth: []string{"token", "oauth", "basic"}, TokenType: "jwt", TokenSecret: []fsa.Secret{benchSecret}}, idp.trusted())
	fsa.Get(w, "/fresh", authz.Fresh(time.Minute), who)
	fsa.Get(w, "/both", authz.All(authz.Fresh(time.Minute), authz.Factors(2)), who)
	fsa.Get(w, "/token", authz.Auth(), func(ctx context.Context, in struct{ Login string }) (string, error) {
		return w.CreateToken(ctx, in.Login, fsa.TokenOptions{})
	})
	c := fsatest.New(t, w.App)
	now := time.Now()
	own := func(o fsa.TokenOptions) string { return w.token(t, "calvin", o) }
	foreign := func(auth, amr any) string {
		claims := jwt.MapClaims{"sub": "calvin"}
		if auth != nil {
			claims["auth_time"] = auth
		}
		if amr != nil {
			claims["amr"] = amr
		}
		return idp.mint(t, 1, claims)
	}
	mine := string(c.Get("/token?login=calvin").Basic("calvin", calvinPass).Expect(200).Body)
	theirs := string(c.Get("/token?login=hobbes").Basic("calvin", calvinPass).Expect(200).Body)
	handed := string(c.Get("/token?login=calvin").Bearer(own(fsa.TokenOptions{AuthTime: now.Add(-30 * time.Second), Factors: []string{"pwd", "otp"}})).Expect(200).Body)
	stale := string(c.Get("/token?login=calvin").Bearer(own(fsa.TokenOptions{AuthTime: now.Add(-time.Hour)})).Expect(200).Body)
	for _, tt := range []struct {
		name, token string
		fresh, both int
	}{
		{"a log-in", own(fsa.TokenOptions{AuthTime: now, Factors: []string{"pwd", "otp"}}), 200, 200},
		{"one factor", own(fsa.TokenOptions{AuthTime: now, Factors: []string{"pwd"}}), 200, 401},
		{"old", own(fsa.TokenOptions{AuthTime: now.Add(-2 * time.Minute), Factors: []string{"pwd", "otp"}}), 401, 401},
		{"silent", own(fsa.TokenOptions{}), 401, 401},
		{"made by who logs in", mine, 200, 401},
		{"made for somebody else", theirs, 401, 401},
		{"made of another token", handed, 200, 200},
		{"made of an old one", stale, 401, 401}, // a new token is no new log-in
		{"foreign", foreign(now.Unix(), []string{"pwd", "otp"}), 200, 200},
		{"foreign, many factors", foreign(now.Unix(), []string{"pwd", "mfa"}), 200, 200},
		{"foreign, silent", foreign(nil, nil), 401, 401},
		{"foreign, a text for a time", foreign(fmt.Sprint(now.Unix()), nil), 401, 401},
		{"foreign, before all time", foreign(-1, nil), 401, 401},
		{"foreign, in milliseconds", foreign(now.UnixMilli(), nil), 401, 401},
		{"foreign, a text for a list", foreign(now.Unix(), "pwd otp"), 200, 401},
		{"foreign, numbers for factors", foreign(now.Unix(), []int{1, 2}), 200, 401},
	} {
		for range 2 {
			for path, want := range map[string]int{"/fresh": tt.fresh, "/both": tt.both} {
				if res := c.Get(path).Bearer(tt.token).Do(); res.Status != want {
					t.Errorf("%s: %s: %d %s", tt.name, path, res.Status, res.Body)
				}
			}
		}
	}
	if _, err := newWorld(t, base()).CreateToken(t.Context(), "calvin", fsa.TokenOptions{AuthTime: now}); err == nil {
		t.Error("an fsa token takes a time that it can't tell")
	}
}

// TestLoginTrace: the debug modes tell how the log-in was judged.
func TestLoginTrace(t *testing.T) {
	cfg := base()
	cfg.Mode, cfg.LoggingLevel, cfg.TokenType = "debug1", slog.LevelDebug, "jwt"
	w := newWorld(t, cfg)
	w.UserHasPermission(func(context.Context, string, string) (bool, error) { return true, nil })
	fsa.Get(w, "/x", authz.All(authz.Permission("edit"), authz.Fresh(time.Minute), authz.Factors(2)), nothing)
	c := w.client(t)
	c.Get("/x").As("calvin").Expect(401)
	c.Get("/x").AsIdentity(fsa.Identity{Login: "calvin", Factors: []string{"pwd", "otp"}}).Expect(401)
	for _, want := range []string{
		`step=rule rule="Permission(\"edit\")" verdict=granted from=hook`, `step=rule rule="Permission(\"edit\")" verdict=granted from=cache`,
		`step=hook hook="app.UserHasPermission(\"edit\")"`,
		`step=rule rule=Fresh(1m0s) verdict=granted from=test`, `step=rule rule=Fresh(1m0s) verdict=refused from=test`,
		`step=rule rule=Factors(2) verdict=granted from=test`, `step=rule rule=Factors(2) verdict=refused from=test`,
	} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log does not say %s\n%s", want, w.log)
		}
	}
}
