package fsa_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
)

// TestAuthorizationPage: the table of Any in docs/authorization.md is what comes out.
func TestAuthorizationPage(t *testing.T) {
	page, err := os.ReadFile("docs/authorization.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "<!-- checked: any -->\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := regexp.MustCompile("(?m)^\\| (true|false|an error) \\| (is not asked|true|false|no such object|an error) \\| (\\d+)(?: `(.*)`)? \\|$").FindAllStringSubmatch(table, -1)
	if !found || len(rows) != 8 || strings.Count(table, "\n") != 9 {
		t.Fatalf("%d rows are understood of\n%s", len(rows), table)
	}
	for _, row := range rows {
		asked := false
		answer := func(what string) (bool, error) {
			switch what {
			case "an error":
				return false, errors.New("broken")
			case "no such object":
				return false, fsa.ErrNoSuchObject
			}
			return what == "true", nil
		}
		app := newWorld(t, base()).App
		app.GroupCheck("auditor", func(context.Context, string) (bool, error) { return answer(row[1]) })
		fsa.ObjectPerms(app, "store", func(context.Context, string, int, string) (bool, error) {
			asked = true
			return answer(row[2])
		})
		fsa.Get(app, "/store/{sid}", authz.Any(authz.Group("auditor"), authz.Object("store", "sid", "manager")),
			func(context.Context, struct{ SID int }) (fsa.None, error) { return fsa.None{}, nil })
		got := fsatest.New(t, app).Get("/store/1").As("calvin").Do()
		text := strings.TrimSpace(got.Text())
		if strconv.Itoa(got.Status) != row[3] || text != row[4] || asked == (row[2] == "is not asked") {
			t.Errorf("%q: it is %d %q, asked %v", row[0], got.Status, text, asked)
		}
	}
}

// TestStaleness: what the table of docs/authorization.md says of each kind of change.
// A second before the time to live has passed, the old answer still counts; then, or
// when it is forgotten, the new one. S85.
func TestStaleness(t *testing.T) {
	ctx := context.Background()
	key, keyID, keyHash := fsa.NewAPIKey()
	for _, c := range []struct {
		name        string
		request     func(c *fsatest.Client) *fsatest.Request
		change      func(w *world)
		old, new    int
		forget      func(w *world) error // nil if nothing is kept
		forgetsUser bool
	}{
		{"group", func(c *fsatest.Client) *fsatest.Request { return c.Get("/admin").As("calvin") },
			func(w *world) { w.groups["calvin admin"] = false }, 204, 403,
			func(w *world) error { return w.GroupUncache(ctx, "calvin", "admin") }, true},
		{"group, joined", func(c *fsatest.Client) *fsatest.Request { return c.Get("/admin").As("hobbes") },
			func(w *world) { w.groups["hobbes admin"] = true }, 403, 204,
			func(w *world) error { return w.GroupUncache(ctx, "hobbes", "admin") }, false},
		{"object", func(c *fsatest.Client) *fsatest.Request { return c.Get("/stuff/1").As("calvin") },
			func(w *world) { w.owners[1] = "hobbes" }, 204, 403,
			func(w *world) error { return fsa.ObjectPermsUncache(ctx, w.App, "stuff", "calvin", 1, "owner") }, true},
		{"password", func(c *fsatest.Client) *fsatest.Request { return c.Get("/auth").Basic("calvin", calvinPass) },
			func(w *world) { w.hashes["calvin"] = w.hashes["hobbes"] }, 204, 401,
			func(w *world) error { return w.PasswordUncache(ctx, "calvin") }, true},
		{"user", func(c *fsatest.Client) *fsatest.Request { return c.Get("/auth").Basic("calvin", calvinPass) },
			func(w *world) { delete(w.hashes, "calvin") }, 204, 401,
			func(w *world) error { return w.PasswordUncache(ctx, "calvin") }, true},
		{"API key", func(c *fsatest.Client) *fsatest.Request { return c.Get("/auth").Header("X-API-Key", string(key)) },
			func(w *world) { w.groups["key revoked"] = true }, 204, 401,
			func(w *world) error { return w.APIKeyUncache(ctx, keyID) }, true},
		{"object made", func(c *fsatest.Client) *fsatest.Request { return c.Get("/stuff/9").As("calvin") },
			func(w *world) { w.owners[9] = "calvin" }, 404, 204, nil, false},
		{"user made", func(c *fsatest.Client) *fsatest.Request { return c.Get("/auth").Basic("moe", calvinPass) },
			func(w *world) { w.hashes["moe"] = w.hashes["calvin"] }, 401, 204, nil, false},
		{"admitted", func(c *fsatest.Client) *fsatest.Request { return c.Get("/auth").As("calvin") },
			func(w *world) { w.groups["calvin disabled"] = true }, 204, 403, nil, false},
	} {
		ways := map[string]func(w *world) error{"waited for": nil, "forgotten": c.forget}
		if c.forgetsUser {
			ways["user forgotten"] = func(w *world) error { return w.AuthUncache(ctx, "calvin") }
		}
		for way, forget := range ways {
			t.Run(c.name+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := base()
					cfg.CacheTTL = time.Minute
					cfg.Auth = append(cfg.Auth, "apikey")
					w := newWorld(t, cfg)
					w.APIKey(func(_ context.Context, id string) (fsa.APIKey, error) {
						w.mu.Lock()
						defer w.mu.Unlock()
						if id != keyID || w.groups["key revoked"] {
							return fsa.APIKey{}, fsa.ErrNoSuchKey
						}
						return fsa.APIKey{Login: "calvin", Hash: keyHash}, nil
					})
					w.Admit(func(_ context.Context, id fsa.Identity) error {
						w.mu.Lock()
						defer w.mu.Unlock()
						if w.groups[id.Login+" disabled"] {
							return fsa.Errorf(403, "disabled")
						}
						return nil
					})
					fsa.Get(w, "/auth", authz.Auth(), nothing)
					fsa.Get(w, "/admin", authz.Group("admin"), nothing)
					fsa.Get(w, "/stuff/{sid}", authz.Object("stuff", "sid", "owner"),
						func(context.Context, struct{ SID int }) (fsa.None, error) { return fsa.None{}, nil })
					client := w.client(t)
					c.request(client).Expect(c.old)
					w.set(func() { c.change(w) })
					switch {
					case c.forget == nil:
					case forget != nil:
						if err := forget(w); err != nil {
							t.Fatal(err)
						}
					default:
						time.Sleep(time.Minute - time.Second)
						c.request(client).Expect(c.old)
						time.Sleep(time.Second)
					}
					c.request(client).Expect(c.new)
				})
			})
		}
	}
}
