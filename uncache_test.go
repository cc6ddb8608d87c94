package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// TestForgetting: each way to forget forgets what it says, of the user that it names,
// and nothing else. S22, S29
func TestForgetting(t *testing.T) {
	idp := newProvider("https://idp.example", 1)
	users := map[string]string{"calvin": calvinPass, "hobbes": hobbesPass}
	type tokens struct{ own, staged, foreign, key string }
	prepare := func(t *testing.T) (w *world, held map[string]tokens, forgotten func(func() error) []string) {
		cfg := base()
		issuer := idp.trusted()
		issuer.NoLoginPrefix = true
		cfg.Auth, cfg.TokenIssuers, cfg.TokenType = []string{"basic", "token", "oauth", "apikey"}, []fsa.TokenIssuer{issuer}, "jwt"
		w = newWorld(t, cfg)
		w.Observe(fsa.Observer{}) // so that look-ups are counted
		w.permitting()
		w.CanonicalLogin(func(_ context.Context, typed string) (string, error) {
			w.ask("typed " + typed)
			return strings.TrimPrefix(typed, "@"), nil
		})
		held = map[string]tokens{}
		keys := map[string]fsa.APIKey{}
		w.APIKey(func(_ context.Context, id string) (fsa.APIKey, error) { return keys[id], nil })
		for login := range users {
			key, id, hash := fsa.NewAPIKey()
			leaktest.Secret(string(key))
			keys[id] = fsa.APIKey{Login: login, Hash: hash}
			w.groups[login+" admin"], w.groups[login+" may edit"] = true, true
			held[login] = tokens{
				own: w.token(t, login, fsa.TokenOptions{}), staged: w.token(t, login, fsa.TokenOptions{Realm: "stage"}),
				foreign: idp.mint(t, 1, jwt.MapClaims{"sub": login, "exp": time.Now().Add(time.Minute).Unix()}), key: string(key),
			}
		}
		w.owners[1] = "calvin"
		fsa.ObjectPerms(w.App, "desk", func(context.Context, string, int, string) (bool, error) { return true, nil })
		fsa.Get(w, "/basic", authz.Auth(), who, fsa.Authn("basic"))
		fsa.Get(w, "/token", authz.Auth(), who, fsa.Authn("token"))
		fsa.Get(w, "/stage", authz.Auth(), who, fsa.Authn("token"), fsa.Realm("stage"))
		fsa.Get(w, "/oauth", authz.Auth(), who, fsa.Authn("oauth"))
		fsa.Get(w, "/key", authz.Auth(), who, fsa.Authn("apikey"))
		fsa.Get(w, "/group", authz.Group("admin"), who)
		fsa.Get(w, "/permission", authz.Permission("edit"), who)
		fsa.Get(w, "/object/{id}", authz.Object("desk", "id", "sit"), takes[struct{ ID int }])
		c := w.client(t)
		misses := func() map[string]uint64 {
			all := map[string]uint64{}
			for _, s := range w.Stats().Caches {
				all[s.Kind] += s.Misses
			}
			// These hooks are asked for each try, so that those of log-ins are counted.
			for login := range users {
				all["password_hash"] += uint64(w.times("hash " + login))
				all["login"] += uint64(w.times("typed @" + login))
			}
			return all
		}
		// use uses all that a user has, and gives what has been asked anew.
		use := func(login string) (asked []string) {
			h := held[login]
			for name, request := range map[string]func() int{
				"basic":      func() int { return c.Get("/basic").Basic("@"+login, users[login]).Do().Status },
				"token":      func() int { return c.Get("/token").Bearer(h.own).Do().Status },
				"stage":      func() int { return c.Get("/stage").Bearer(h.staged).Do().Status },
				"oauth":      func() int { return c.Get("/oauth").Bearer(h.foreign).Do().Status },
				"key":        func() int { return c.Get("/key").Header("X-API-Key", h.key).Do().Status },
				"group":      func() int { return c.Get("/group").As(login).Do().Status },
				"permission": func() int { return c.Get("/permission").As(login).Do().Status },
				"object 1":   func() int { return c.Get("/object/1").As(login).Do().Status },
				"object 2":   func() int { return c.Get("/object/2").As(login).Do().Status },
			} {
				before := misses()
				if status := request(); status >= 300 {
					t.Errorf("%s by %s: %d", name, login, status)
				}
				for kind, n := range misses() {
					if n > before[kind] {
						asked = append(asked, login+" "+name+": "+kind)
					}
				}
			}
			return asked
		}
		useAll := func() []string {
			asked := append(use("calvin"), use("hobbes")...)
			slices.Sort(asked)
			return asked
		}
		if asked := useAll(); len(asked) < 18 {
			t.Fatalf("at first, this is asked: %q", asked)
		}
		if asked := useAll(); len(asked) > 0 {
			t.Fatalf("nothing is kept of %q", asked)
		}
		return w, held, func(forget func() error) []string {
			if err := forget(); err != nil {
				t.Error(err)
			}
			return useAll()
		}
	}
	ctx := t.Context()
	all := []string{
		"calvin basic: login", "calvin basic: password_hash", "calvin basic: password_proof", "calvin group: group", "calvin key: api_key",
		"calvin oauth: access_token", "calvin object 1: object", "calvin object 2: object", "calvin permission: permission",
		"calvin stage: token", "calvin token: token",
	}
	everybodys := slices.Clone(all)
	for _, s := range all {
		everybodys = append(everybodys, strings.Replace(s, "calvin", "hobbes", 1))
	}
	for name, tt := range map[string]struct {
		forget func(w *world, held map[string]tokens) error
		want   []string
	}{
		"AuthUncache":       {func(w *world, _ map[string]tokens) error { return w.AuthUncache(ctx, "calvin") }, all},
		"ClearCaches":       {func(w *world, _ map[string]tokens) error { return w.ClearCaches(ctx) }, everybodys},
		"UserTokenUncache":  {func(w *world, _ map[string]tokens) error { return w.UserTokenUncache(ctx, "calvin", "acme") }, []string{"calvin oauth: access_token", "calvin token: token"}},
		"of another realm":  {func(w *world, _ map[string]tokens) error { return w.UserTokenUncache(ctx, "calvin", "stage") }, []string{"calvin stage: token"}},
		"TokenUncache":      {func(w *world, h map[string]tokens) error { return w.TokenUncache(ctx, h["calvin"].own, "acme") }, []string{"calvin token: token"}},
		"of another issuer": {func(w *world, h map[string]tokens) error { return w.TokenUncache(ctx, h["calvin"].foreign, "acme") }, []string{"calvin oauth: access_token"}},
		"GroupUncache":      {func(w *world, _ map[string]tokens) error { return w.GroupUncache(ctx, "calvin", "admin") }, []string{"calvin group: group"}},
		"PermissionUncache": {func(w *world, _ map[string]tokens) error { return w.PermissionUncache(ctx, "calvin", "edit") }, []string{"calvin permission: permission"}},
		"ObjectPermsUncache": {func(w *world, _ map[string]tokens) error {
			return fsa.ObjectPermsUncache(ctx, w.App, "desk", "calvin", 1, "sit")
		}, []string{"calvin object 1: object"}},
		"LoginUncache":    {func(w *world, _ map[string]tokens) error { return w.LoginUncache(ctx, "@calvin") }, []string{"calvin basic: login"}},
		"PasswordUncache": {func(w *world, _ map[string]tokens) error { return w.PasswordUncache(ctx, "calvin") }, []string{"calvin basic: login", "calvin basic: password_hash"}},
		"nobody": {func(w *world, _ map[string]tokens) error {
			return errors.Join(w.AuthUncache(ctx, "susie"), w.UserTokenUncache(ctx, "susie", "acme"), w.TokenUncache(ctx, "x", "acme"), w.GroupUncache(ctx, "calvin", "staff"))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w, held, forgotten := prepare(t)
			got := forgotten(func() error { return tt.forget(w, held) })
			if diff := cmp.Diff(slices.Sorted(slices.Values(tt.want)), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestForgettingWhatIsTyped: with a user, all goes that they have been typed as.
func TestForgettingWhatIsTyped(t *testing.T) {
	w := newTyping(t, base())
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	for _, typed := range []string{"c@x.example", "C"} {
		c.Get("/x").Basic(typed, calvinPass).Expect(200)
	}
	c.Get("/x").Basic("h@x.example", hobbesPass).Expect(200)
	kept := func() int {
		i := slices.IndexFunc(w.Stats().Caches, func(s fsa.CacheStats) bool { return s.Kind == "login" })
		return w.Stats().Caches[i].Entries
	}
	if n := kept(); n != 3 {
		t.Fatalf("%d are kept", n)
	}
	if err := w.AuthUncache(t.Context(), "calvin"); err != nil || kept() != 1 {
		t.Errorf("%d are kept, %v", kept(), err)
	}
	if err := w.LoginUncache(t.Context(), "h@x.example"); err != nil || kept() != 0 {
		t.Errorf("%d are kept, %v", kept(), err)
	}
}

// TestUncachedWhileTried: once the hash of a user has been forgotten, a request gets what
// the new one says, not what a try says that was under way. S22
func TestUncachedWhileTried(t *testing.T) {
	for name, forget := range map[string]func(*fsa.App) error{
		"PasswordUncache": func(a *fsa.App) error { return a.PasswordUncache(context.Background(), "calvin") },
		"AuthUncache":     func(a *fsa.App) error { return a.AuthUncache(context.Background(), "calvin") },
		"ClearCaches":     func(a *fsa.App) error { return a.ClearCaches(context.Background()) },
	} {
		for pass, want := range map[string]string{calvinPass: "401", "calvin-pass, a new one": "200"} {
			synctest.Test(t, func(t *testing.T) {
				app := fsa.New("acme", base())
				old, err := app.HashPasswordUnchecked(t.Context(), calvinPass)
				fresh, err2 := app.HashPasswordUnchecked(t.Context(), "calvin-pass, a new one")
				if err != nil || err2 != nil {
					t.Fatal(err, err2)
				}
				var hash atomic.Value
				hash.Store(old)
				app.UserPass(func(context.Context, string) (string, error) {
					h := hash.Load().(string)
					time.Sleep(time.Second) // the answer is slow to come, as that of a slow hash is
					return h, nil
				})
				fsa.Get(app, "/x", authz.Auth(), who)
				d := &door{t: t, h: handlerOf(t, &world{App: app})}
				var first sync.WaitGroup
				first.Go(func() { d.knock("127.0.0.1:1", "calvin", pass) })
				time.Sleep(time.Second / 2)
				hash.Store(fresh)
				if err := forget(app); err != nil {
					t.Error(err)
				}
				if res := d.knock("127.0.0.1:1", "calvin", pass); fmt.Sprint(res.StatusCode) != want {
					t.Errorf("%s: %q gets %d, want %s", name, pass, res.StatusCode, want)
				}
				first.Wait()
			})
		}
	}
}
