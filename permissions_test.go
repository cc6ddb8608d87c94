package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/google/go-cmp/cmp"
)

// permitting lets a world's users have the permissions that are in its groups under
// "login may permission".
func (w *world) permitting() {
	w.UserHasPermission(func(_ context.Context, login, permission string) (bool, error) {
		w.ask(permission + " " + login)
		w.mu.Lock()
		defer w.mu.Unlock()
		switch permission {
		case "broken":
			return true, errors.New("s3cret: the roles are broken")
		case "panics":
			panic("s3cret: the roles panic")
		case "teapot":
			return true, fsa.Errorf(418, "come back later")
		}
		return w.groups[login+" may "+permission], nil
	})
}

// TestPermission is the table of rules with permissions.
func TestPermission(t *testing.T) {
	w := newWorld(t, base())
	w.permitting()
	w.groups["hobbes may edit"] = true
	fsa.Get(w, "/edit", authz.Permission("edit"), who)
	fsa.Get(w, "/both", authz.All(authz.Permission("edit"), authz.Group("admin")), who)
	fsa.Get(w, "/either", authz.Any(authz.Permission("edit"), authz.Group("admin")), who)
	fsa.Get(w, "/stuff/{id}", authz.All(authz.Object("stuff", "id", ""), authz.Permission("edit")), takes[struct{ ID int }])
	for _, name := range []string{"broken", "panics", "teapot"} {
		fsa.Get(w, "/"+name, authz.Permission(name), who)
	}
	c := w.client(t)
	for _, tt := range []struct {
		path, login string
		status      int
		text        string
	}{
		{"/edit", "hobbes", 200, "hobbes"},
		{"/edit", "calvin", 403, `missing permission "edit"`},
		{"/edit", "", 401, "authentication required"},
		{"/both", "hobbes", 403, `not in group "admin"`},
		{"/both", "calvin", 403, `missing permission "edit"`},
		{"/either", "hobbes", 200, "hobbes"},
		{"/either", "calvin", 200, "calvin"},
		{"/either", "susie", 403, `missing permission "edit"`},
		{"/stuff/2", "hobbes", 204, ""},
		{"/stuff/1", "hobbes", 403, "permission denied on stuff"},
		{"/stuff/x", "calvin", 403, `missing permission "edit"`}, // before parameters are looked at
		{"/broken", "hobbes", 500, `internal error in check of permission "broken"`},
		{"/panics", "hobbes", 500, `internal error in check of permission "panics"`}, // S88
		{"/teapot", "hobbes", 418, "come back later"},
	} {
		for range 2 { // cold and warm: S82
			r := c.Get(tt.path)
			if tt.login != "" {
				r.As(tt.login)
			}
			r.Expect(tt.status).Contains(tt.text)
		}
	}
	if n := w.times("edit hobbes"); n != 1 {
		t.Errorf("the hook was asked %d times", n)
	}
}

// TestPermissionCache: a permission is asked for again after its time to live, and at
// once when the application says so. S85.
func TestPermissionCache(t *testing.T) {
	ctx := context.Background()
	for name, forget := range map[string]func(w *world) error{
		"waited for":     nil,
		"forgotten":      func(w *world) error { return w.PermissionUncache(ctx, "calvin", "edit") },
		"user forgotten": func(w *world) error { return w.AuthUncache(ctx, "calvin") },
		"all forgotten":  func(w *world) error { return w.ClearCaches(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := base()
				cfg.CacheTTL = time.Minute
				w := newWorld(t, cfg)
				w.permitting()
				w.groups["calvin may edit"] = true
				fsa.Get(w, "/edit", authz.Permission("edit"), nothing)
				c := w.client(t)
				c.Get("/edit").As("calvin").Expect(204)
				w.set(func() { delete(w.groups, "calvin may edit") })
				c.Get("/edit").As("calvin").Expect(204)
				if forget != nil {
					if err := forget(w); err != nil {
						t.Fatal(err)
					}
				} else {
					time.Sleep(time.Minute)
				}
				c.Get("/edit").As("calvin").Expect(403)
			})
		})
	}
	// What is forgotten of one name or user stays known of others: S81.
	w := newWorld(t, base())
	w.permitting()
	fsa.Get(w, "/edit", authz.Any(authz.Permission("edit"), authz.Permission("edits"), authz.Group("admin")), nothing)
	c := w.client(t)
	c.Get("/edit").As("calvin").Expect(204)
	for _, err := range []error{w.PermissionUncache(ctx, "hobbes", "edit"), w.PermissionUncache(ctx, "calvin", "admin"), w.GroupUncache(ctx, "calvin", "edit"), w.AuthUncache(ctx, "hobbes")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c.Get("/edit").As("calvin").Expect(204)
	if w.times("edit calvin") != 1 || w.times("edits calvin") != 1 || w.times("admin calvin") != 1 {
		t.Errorf("asked: %v", w.asked)
	}
}

// TestCacheFaults: bounds that can't be are faults of the configuration.
func TestCacheFaults(t *testing.T) {
	for want, change := range map[string]func(*fsa.Config){
		"FSA_CACHE_OPTS: ttl in it is negative":      func(c *fsa.Config) { c.CacheTTL = -1 },
		"FSA_CACHE_SIZE: is negative; give a number": func(c *fsa.Config) { c.CacheSize = -1 },
		`FSA_CACHE: "lru" is not supported`:          func(c *fsa.Config) { c.Cache = "lru" },
	} {
		cfg := base()
		change(&cfg)
		if got := faultsOf(t, newWorld(t, cfg).App); len(got) != 1 || !contains(got[0], want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestPermissionFaults: a permission that nobody can answer stops the start.
func TestPermissionFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*fsa.Config)
		setup  func(*world)
		want   []string // none: it compiles
	}{
		{"no hook", nil, func(*world) {}, []string{`GET /x`, `permission "edit" has no check; register one for all permissions by app.UserHasPermission`}},
		{"declared, no hook", nil, func(w *world) { w.AddPermission("edit") }, []string{`permission "edit" has no check`}},
		{"hook", nil, func(w *world) { w.permitting() }, nil},
		{"declared", nil, func(w *world) { w.permitting(); w.AddPermission("read", "edit") }, nil},
		{"declared by a directive", func(c *fsa.Config) { c.AuthzPermissions = []string{"edit"} }, func(w *world) { w.permitting() }, nil},
		{"others declared", nil, func(w *world) { w.permitting(); w.AddPermission("edti") },
			[]string{`permission "edit" is not declared, as others are`, "FSA_AUTHZ_PERMISSIONS", `app.AddPermission("edit")`}},
		{"others declared by a directive", func(c *fsa.Config) { c.AuthzPermissions = []string{"edti"} }, func(w *world) { w.permitting() }, []string{"is not declared"}},
		{"an empty name", nil, func(w *world) { w.permitting(); w.AddPermission("edit", "") }, []string{"app.AddPermission: a name is empty", "permissions_test.go:"}},
		{"an empty name in a directive", func(c *fsa.Config) { c.AuthzPermissions = []string{"edit", ""} }, func(w *world) { w.permitting() }, []string{"FSA_AUTHZ_PERMISSIONS", "holds an empty name"}},
		{"no hook at all", nil, func(w *world) { w.UserHasPermission(nil); w.permitting() }, []string{"the hook of app.UserHasPermission is nil"}},
		{"two hooks", nil, func(w *world) { w.permitting(); w.permitting() }, []string{"app.UserHasPermission is called twice"}},
		{"empty", nil, func(w *world) { w.permitting(); fsa.Get(w, "/y", authz.Permission(""), nothing) }, []string{"GET /y", `Permission("") has no name`}},
	} {
		cfg := base()
		if tt.change != nil {
			tt.change(&cfg)
		}
		w := newWorld(t, cfg)
		tt.setup(w)
		fsa.Get(w, "/x", authz.Permission("edit"), nothing)
		got := faultsOf(t, w.App)
		if (len(got) > 0) != (tt.want != nil) || len(got) > 0 && (len(got) != 1 || !contains(got[0], tt.want...)) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestLoginObserved: observers are told of permissions and log-ins as of groups.
func TestLoginObserved(t *testing.T) {
	cfg := base()
	cfg.TokenType = "jwt"
	w := newWorld(t, cfg)
	var events []fsa.AuthorizationEvent
	var hooks []fsa.HookEvent
	w.Observe(fsa.Observer{
		Authorization: func(_ context.Context, e fsa.AuthorizationEvent) { events = append(events, e) },
		Hook: func(_, _ context.Context, e fsa.HookEvent) (context.Context, func(error)) {
			hooks = append(hooks, e)
			return nil, nil
		},
	})
	w.permitting()
	w.groups["calvin may edit"] = true
	fsa.Get(w, "/x", authz.All(authz.Permission("edit"), authz.Fresh(time.Minute), authz.Factors(2)), nothing)
	c := w.client(t)
	c.Get("/x").As("hobbes").Expect(403)
	c.Get("/x").AsIdentity(fsa.Identity{Login: "calvin"}).Expect(401)
	c.Get("/x").As("calvin").Expect(401)
	c.Get("/x").AsIdentity(fsa.Identity{Login: "calvin", AuthTime: time.Now(), Factors: []string{"mfa"}}).Expect(204)
	want := []fsa.AuthorizationEvent{
		{Kind: "permission", Name: "edit", Verdict: fsa.VerdictRefused},
		{Kind: "fresh", Name: "1m0s", Verdict: fsa.VerdictRefused},
		{Kind: "factors", Name: "2", Verdict: fsa.VerdictRefused},
		{Verdict: fsa.VerdictGranted},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Error(diff)
	}
	if want := fmt.Sprint([]fsa.HookEvent{{Hook: "app.UserHasPermission", Name: "edit"}, {Hook: "app.UserHasPermission", Name: "edit"}}); fmt.Sprint(hooks) != want {
		t.Errorf("%v, want %s", hooks, want)
	}
	for _, s := range w.Stats().Caches {
		if s.Kind == "permission" && (s.Hits != 2 || s.Misses != 2 || s.Entries != 2) {
			t.Errorf("%+v", s)
		}
	}
}
