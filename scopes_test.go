package fsa_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/golang-jwt/jwt/v5"
)

// TestScopes is the table of rules with scopes: who has which, and what is said
// to who has not.
func TestScopes(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	bare := idp.trusted()
	bare.NoLoginPrefix = true
	w := oauthWorld(t, fsa.Config{Auth: []string{"oauth", "token", "basic"}, TokenType: "jwt", TokenSecret: []fsa.Secret{benchSecret}, AuthzScopes: []string{"read", "write"}}, bare)
	w.AddScope("stuff:own")
	fsa.Get(w, "/read", authz.Scope("read"), who)
	fsa.Get(w, "/both", authz.All(authz.Scope("read"), authz.Scope("write")), who)
	fsa.Get(w, "/either", authz.Any(authz.Scope("write"), authz.Group("admin")), who)
	fsa.Get(w, "/stuff/{id}", authz.All(authz.Scope("stuff:own"), authz.Group("admin"), authz.Object("stuff", "id", "")), takes[struct{ ID int }])
	fsa.Get(w, "/second", authz.Scope("read"), who, fsa.Realm("second"))
	fsa.Get(w, "/has", authz.Auth(), func(ctx context.Context, _ fsa.None) (bool, error) { return fsa.HasScope(ctx, "read"), nil })
	c := fsatest.New(t, w.App)

	foreign := func(login, scope string) string { return idp.mint(t, 1, jwt.MapClaims{"sub": login, "scope": scope}) }
	own := func(login, realm string, scopes ...string) string {
		raw, err := w.CreateToken(t.Context(), login, fsa.TokenOptions{Realm: realm, Scopes: scopes})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	const lacks = `Bearer realm="acme", error="insufficient_scope", scope=`
	for _, tt := range []struct {
		path, token  string // basic if it is none
		status       int
		text, header string
	}{
		{"/read", foreign("calvin", "read"), 200, "calvin", ""},
		{"/read", foreign("calvin", "write read other"), 200, "calvin", ""},
		{"/read", foreign("calvin", "write"), 403, `missing scope "read"`, lacks + `"read"`},
		{"/read", foreign("calvin", ""), 403, `missing scope "read"`, lacks + `"read"`},
		{"/read", foreign("calvin", "reads rea READ"), 403, `missing scope "read"`, lacks + `"read"`},
		{"/read", own("calvin", "", "read"), 200, "calvin", ""},
		{"/read", own("calvin", ""), 403, `missing scope "read"`, lacks + `"read"`},
		{"/read", "", 403, `missing scope "read"`, ""}, // a password carries none, and asks no issuer
		{"/both", foreign("calvin", "read write"), 200, "calvin", ""},
		{"/both", foreign("calvin", "read"), 403, `missing scope "write"`, lacks + `"write"`},
		{"/both", foreign("calvin", "write"), 403, `missing scope "read"`, lacks + `"read"`},
		{"/either", foreign("hobbes", "write"), 200, "hobbes", ""},
		{"/either", foreign("calvin", "read"), 200, "calvin", ""},
		{"/either", "", 200, "calvin", ""},
		{"/either", foreign("hobbes", "read"), 403, `missing scope "write"`, lacks + `"write"`},
		{"/stuff/1", foreign("calvin", "stuff:own"), 204, "", ""},
		{"/stuff/1", foreign("calvin", "stuff:owner"), 403, `missing scope "stuff:own"`, lacks + `"stuff:own"`},
		{"/stuff/1", foreign("hobbes", "stuff:own"), 403, `not in group "admin"`, ""},
		{"/stuff/2", foreign("calvin", "stuff:own"), 403, "permission denied on stuff", ""},
		{"/stuff/3", foreign("calvin", "stuff:own"), 404, "object not found", ""},
		{"/stuff/x", foreign("calvin", "read"), 403, `missing scope "stuff:own"`, lacks + `"stuff:own"`}, // before parameters are looked at
		{"/second", own("calvin", "second", "write"), 403, `missing scope "read"`, strings.Replace(lacks, "acme", "second", 1) + `"read"`},
		{"/has", foreign("calvin", "read"), 200, "true", ""},
		{"/has", foreign("calvin", "write"), 200, "false", ""},
		{"/has", "", 200, "false", ""},
	} {
		for range 2 { // cold and warm: S82
			r := c.Get(tt.path)
			if tt.token == "" {
				r.Basic("calvin", calvinPass)
			} else {
				r.Bearer(tt.token)
			}
			res := r.Expect(tt.status).Contains(tt.text)
			if got := res.Header.Get("WWW-Authenticate"); got != tt.header {
				t.Errorf("%s: WWW-Authenticate: %s, want %s", tt.path, got, tt.header)
			}
		}
	}

	routes, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		if want := `All(Scope("stuff:own"), Group("admin"), Object("stuff", "id", ""))`; r.Path == "/stuff/{id}" && r.Rule.String() != want {
			t.Errorf("%v, want %s", r.Rule, want)
		}
	}
}

// TestScopeFaults: what a rule with scopes can't mean stops the start.
func TestScopeFaults(t *testing.T) {
	for _, tt := range []struct {
		auth   []string
		change func(*world)
		want   []string
	}{
		{[]string{"token"}, func(w *world) { fsa.Get(w, "/x", authz.Scope("read"), nothing) }, []string{`scope "read" is not declared`, "FSA_AUTHZ_SCOPES", `app.AddScope("read")`}},
		{[]string{"token"}, func(w *world) { w.AddScope("read"); fsa.Get(w, "/x", authz.Any(authz.Scope("reed")), nothing) }, []string{`scope "reed" is not declared`}},
		{[]string{"token"}, func(w *world) { fsa.Get(w, "/x", authz.Scope(""), nothing) }, []string{`scope "" is not declared`}},
		{[]string{"basic"}, func(w *world) {
			w.AddScope("read")
			fsa.Get(w, "/x", authz.Any(authz.Scope("read"), authz.Group("admin")), nothing)
		}, []string{`scope "read" is never there`, "(basic)", "allow oauth, token"}},
		{[]string{"token"}, func(w *world) { w.AddScope("a b"); fsa.Get(w, "/x", authz.Auth(), nothing) }, []string{`app.AddScope: "a b" can't be a scope`, "RFC 6749"}},
		{[]string{"token"}, func(w *world) { w.AddScope(`a"b`); fsa.Get(w, "/x", authz.Auth(), nothing) }, []string{`app.AddScope: "a\"b" can't be a scope`}},
		{[]string{"token"}, func(w *world) { w.AddScope(``); fsa.Get(w, "/x", authz.Auth(), nothing) }, []string{`app.AddScope: "" can't be a scope`}},
		{[]string{"token"}, func(w *world) { w.AddScope("é"); fsa.Get(w, "/x", authz.Auth(), nothing) }, []string{`app.AddScope: "é" can't be a scope`}},
	} {
		cfg := base()
		cfg.Auth, cfg.TokenType = tt.auth, "jwt"
		w := newWorld(t, cfg)
		tt.change(w)
		if got := faultsOf(t, w.App); len(got) == 0 || !contains(got[0], tt.want...) {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	cfg := base()
	cfg.Auth = []string{"token"} // of type fsa, which has no scopes
	w := newWorld(t, cfg)
	w.AddScope("read")
	fsa.Get(w, "/x", authz.Scope("read"), nothing)
	if got := faultsOf(t, w.App); len(got) != 1 || !strings.Contains(got[0], "is never there") {
		t.Error(got)
	}
}

// TestScopeTrace: the debug modes tell how a scope was decided.
func TestScopeTrace(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	w := oauthWorld(t, fsa.Config{Mode: "debug", LoggingLevel: slog.LevelDebug, AuthzScopes: []string{"read"}}, idp.trusted())
	fsa.Get(w, "/read", authz.Scope("read"), who)
	c := fsatest.New(t, w.App)
	c.Get("/read").Bearer(idp.mint(t, 1, jwt.MapClaims{"scope": "read"})).Expect(200)
	c.Get("/read").Bearer(idp.mint(t, 1, nil)).Expect(403)
	for _, want := range []string{`step=rule rule="Scope(\"read\")" verdict=granted from=oauth`, `verdict=refused from=oauth`, "step=scheme scheme=oauth verdict=accepted"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log does not say %s", want)
		}
	}
}
