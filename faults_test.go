package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/fsatest"
)

type (
	sidIn   struct{ SID int }
	textSID struct{ SID string }
	meIn    struct{ User fsa.CurrentUser }
	chanIn  struct{ C chan int }
	twiceIn struct {
		A, B int `param:"a"`
	}
	optSID   struct{ SID *int }
	optional struct {
		SID int `param:"sid,optional"`
	}
	rowCol struct{ Row, Col int }
)

func takes[In any](context.Context, In) (fsa.None, error) { return fsa.None{}, nil }

// TestWiringFaults: each fault carries the route, the line of its registration
// and a remedy.
func TestWiringFaults(t *testing.T) {
	open := fsa.Authn("none")
	for _, c := range []struct {
		name string
		wire func(w *world)
		want []string // parts of the one fault
	}{
		{"unknown scheme", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, fsa.Authn("besic")) },
			[]string{"GET /x (", `unknown authentication scheme "besic"`, "it is one of none, httpd, basic, digest, param, token"}},
		{"no scheme", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, fsa.Authn()) },
			[]string{"fsa.Authn names no scheme"}},
		{"group without a check", func(w *world) { w.AddGroup("staff"); fsa.Get(w, "/x", authz.Group("staff"), nothing) },
			[]string{"GET /x (", `group "staff" has no check; register one by app.GroupCheck("staff", …), or app.UserInGroup for all groups`}},
		{"group that nobody knows", func(w *world) { fsa.Get(w, "/x", authz.Group("staff"), nothing) },
			[]string{"GET /x (", `group "staff" has no check; register one by app.GroupCheck("staff", …)`}},
		{"undeclared group", func(w *world) {
			w.UserInGroup(func(context.Context, string, string) (bool, error) { return true, nil })
			fsa.Get(w, "/x", authz.Group("staf"), nothing)
		}, []string{`group "staf" is not declared`, `FSA_AUTHZ_GROUPS`}},
		{"empty group", func(w *world) { fsa.Get(w, "/x", authz.Group(""), nothing) }, []string{"a group without a name"}},
		{"domain without hook", func(w *world) { fsa.Get(w, "/x/{sid}", authz.Object("store", "sid", "r"), takes[sidIn]) },
			[]string{"GET /x/{sid} (", `domain "store" has no object permissions`, "fsa.ObjectPerms(app, \"store\", …)"}},
		{"object parameter missing", func(w *world) { fsa.Get(w, "/x/{sid}", authz.Object("stuff", "id", "r"), takes[sidIn]) },
			[]string{`names parameter "id", which fsa_test.sidIn does not have`}},
		{"object type", func(w *world) { fsa.Get(w, "/x/{sid}", authz.Object("stuff", "sid", "r"), takes[textSID]) },
			[]string{`parameter "sid" is a string, but the hook of domain "stuff" takes a int`, "make them the same type"}},
		{"object optional", func(w *world) { fsa.Get(w, "/x", authz.Object("stuff", "sid", "r"), takes[optional]) },
			[]string{"is optional; without it there is no object"}},
		{"object pointer", func(w *world) { fsa.Get(w, "/x", authz.Object("stuff", "sid", "r"), takes[optSID]) },
			[]string{`is a *int, but the hook`}},
		{"object parameters swapped", func(w *world) {
			type pair struct{ Row, Column int }
			fsa.ObjectPerms(w.App, "cell", func(context.Context, string, pair, string) (bool, error) { return true, nil })
			fsa.Get(w, "/x", authz.Object("cell", "row:col", "r"), takes[rowCol])
		}, []string{`which has not just the fields that "row:col" names`}},
		{"object empty parameter behind Protect", func(w *world) { w.Protect(authz.Object("stuff", "", "r")) },
			[]string{`Object("stuff", "", "r") names an empty parameter`}},
		{"object empty parameter", func(w *world) { fsa.Get(w, "/x/{sid}", authz.Object("stuff", "", "r"), takes[sidIn]) },
			[]string{"names an empty parameter"}},
		{"float ids", func(w *world) {
			fsa.ObjectPerms(w.App, "f", func(context.Context, string, float64, string) (bool, error) { return true, nil })
			fsa.Get(w, "/x", authz.Auth(), nothing)
		}, []string{`objects of domain "f" can't be identified by a float64`, "use an integer"}},
		{"pointer ids", func(w *world) {
			fsa.ObjectPerms(w.App, "f", func(context.Context, string, *int, string) (bool, error) { return true, nil })
		}, []string{"can't be identified by a *int"}},
		{"interface ids", func(w *world) {
			fsa.ObjectPerms(w.App, "f", func(context.Context, string, struct{ A any }, string) (bool, error) { return true, nil })
		}, []string{"field A: an interface may hold what can't be compared"}},
		{"path parameter without field", func(w *world) { fsa.Get(w, "/x/{sid}", authz.Auth(), nothing) },
			[]string{`path parameter "sid" has no field in fsa.None`, "add one, such as Sid string"}},
		{"field that cannot be bound", func(w *world) { fsa.Get(w, "/x", authz.Auth(), takes[chanIn]) },
			[]string{"field C of fsa_test.chanIn", "a chan int cannot come from a request"}},
		{"duplicate parameter", func(w *world) { fsa.Get(w, "/x", authz.Auth(), takes[twiceIn]) },
			[]string{`parameter "a" is declared twice, by the fields A and B`}},
		{"optional path parameter", func(w *world) { fsa.Get(w, "/x/{sid}", authz.Auth(), takes[optSID]) },
			[]string{`the path parameter "sid" is always there`}},
		{"current user on an open route", func(w *world) { fsa.Get(w, "/x", authz.Open(), takes[meIn]) },
			[]string{`parameter "user" is a fsa.CurrentUser, but the route is open`}},
		{"open without none", func(w *world) { fsa.Get(w, "/x", authz.Open(), nothing, fsa.Authn("basic")) },
			[]string{"the rule is authz.Open(), but the route allows only basic", `fsa.Authn("none")`, "authz.Auth()"}},
		{"none only", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, open) },
			[]string{"allows only scheme none, so nobody can be authenticated", "authz.Open()"}},
		{"empty All", func(w *world) { fsa.Get(w, "/x", authz.All(), nothing) }, []string{"authz.All() is empty"}},
		{"empty Any", func(w *world) { fsa.Get(w, "/x", authz.Any(), nothing) }, []string{"authz.Any() is empty"}},
		{"open inside", func(w *world) { fsa.Get(w, "/x", authz.Any(authz.Open(), authz.Auth()), nothing) },
			[]string{"authz.Open() stands inside another rule"}},
		{"conflict", func(w *world) {
			fsa.Get(w, "/{a}/x", authz.Auth(), takes[struct{ A string }])
			fsa.Get(w, "/x/{a}", authz.Auth(), takes[struct{ A string }])
		}, []string{"GET /x/{a} (", "the pattern conflicts with GET /{a}/x (", "faults_test.go:"}},
		{"twice", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing); fsa.Get(w, "/x", authz.Auth(), nothing) },
			[]string{"the route is registered twice, first at "}},
		{"bad pattern", func(w *world) { fsa.Get(w, "/{a", authz.Auth(), takes[struct{ A string }]) },
			[]string{"the path is not a pattern of net/http"}},
		{"path without slash", func(w *world) { fsa.Get(w, "x", authz.Auth(), nothing) }, []string{"does not begin with a slash"}},
		{"empty path", func(w *world) { fsa.Get(w, "", authz.Auth(), nothing) }, []string{"the path is empty"}},
		{"method in path", func(w *world) { fsa.Get(w, "GET /x", authz.Auth(), nothing) }, []string{"the path begins with the method", "/x"}},
		{"parameter of gin", func(w *world) { fsa.Get(w, "/x/:id", authz.Auth(), nothing) }, []string{"in the style of another framework", "/store/{sid}"}},
		{"parameter of Flask", func(w *world) { fsa.Get(w, "/x/<int:id>", authz.Auth(), nothing) }, []string{"in the style of another framework"}},
		{"unclean path", func(w *world) { fsa.Get(w, "/a/../b", authz.Auth(), nothing) }, []string{"no request can reach it", "write it as /b"}},
		{"HEAD", func(w *world) { fsa.Route(w, "HEAD", "/x", authz.Auth(), nothing) }, []string{"HEAD is answered by the route's GET"}},
		{"lower case", func(w *world) { fsa.Route(w, "get", "/x", authz.Auth(), nothing) }, []string{`"get" is not a method`}},
		{"nil handler", func(w *world) { fsa.Get[fsa.None, fsa.None](w, "/x", authz.Auth(), nil) }, []string{"the handler is nil"}},
		{"nil http.Handler", func(w *world) { fsa.Handle(w, "GET /x", authz.Auth(), nil) }, []string{"the handler is nil"}},
		{"object on http.Handler", func(w *world) { fsa.Handle(w, "GET /x", authz.Object("stuff", "sid", "r"), http.NotFoundHandler()) },
			[]string{`names parameter "sid", which the path does not have`, "parameters of the path only"}},
		{"status of an error", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, fsa.Status(404)) }, []string{"404 is not the status of a success"}},
		{"status without body", func(w *world) { fsa.Get(w, "/x", authz.Auth(), who, fsa.Status(204)) }, []string{"has no body, but the handler gives a string"}},
		{"output", func(w *world) {
			fsa.Get(w, "/x", authz.Auth(), func(context.Context, fsa.None) ([]io.Reader, error) { return nil, nil })
		}, []string{"the handler's output: io.Reader is a stream, which is an answer by itself"}},
		{"input", func(w *world) { fsa.Get(w, "/x", authz.Auth(), takes[int]) }, []string{"the input type int is not a struct"}},
		{"negative body", func(w *world) { fsa.Post(w, "/x", authz.Auth(), nothing, fsa.MaxBody(-1)) }, []string{"fsa.MaxBody is negative"}},
		{"realm", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, fsa.Realm("a\r\nb")) }, []string{"holds a character that a challenge can't carry"}},
		{"same realms", func(w *world) {
			fsa.Get(w, "/x", authz.Auth(), nothing, fsa.Realm("ac me"))
			fsa.Get(w, "/y", authz.Auth(), nothing, fsa.Realm("ac-me"))
		},
			[]string{`the realms "ac-me" and "ac me" are the same in an fsa token`}},
		{"AtLeast on a route", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, fsa.AtLeast(authz.Auth())) }, []string{"fsa.AtLeast is for prefixes"}},
		{"unknown scheme", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, fsa.Authn("besic")) },
			[]string{`unknown authentication scheme "besic"`, "token, oauth, apikey, mtls, fake", "app.Authentication"}},
		{"scheme of accounts", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, fsa.Authn("session")) },
			[]string{"GET /x", `the authentication scheme "session" is not there, since nothing keeps sessions`, `use package accounts, or register your own by app.Authentication("session", …)`}},
		{"own scheme not enabled", func(w *world) { w.Authentication("own", noFind) },
			[]string{"faults_test.go:", `the scheme "own" is registered, but not enabled`, `add "own" to FSA_AUTH`}},
		{"own scheme with a name that is taken", func(w *world) { w.Authentication("basic", noFind) },
			[]string{"faults_test.go:", `app.Authentication: "basic" is the name of a scheme that the framework has`}},
		{"own scheme with an alias", func(w *world) { w.Authentication("http-basic", noFind) }, []string{`"http-basic" is the name of a scheme`}},
		{"scheme of accounts, not enabled", func(w *world) { w.Authentication("session", noFind) }, []string{`the scheme "session" is registered, but not enabled`}},
		{"own scheme of tests", func(w *world) { w.Authentication("test", noFind) }, []string{`"test" is the scheme of package fsatest`}},
		{"own scheme without a name", func(w *world) { w.Authentication("", noFind) }, []string{`"" can't name a scheme`}},
		{"own scheme with a bad name", func(w *world) { w.Authentication("My Own", noFind) }, []string{`"My Own" can't name a scheme`}},
		{"own scheme nil", func(w *world) { w.Authentication("own", nil) }, []string{`the hook of app.Authentication("own") is nil`}},
		{"prefix loosened", func(w *world) {
			p := w.Prefix("/p", fsa.AtLeast(authz.Group("admin")))
			fsa.Get(p, "/x", authz.Open(), nothing)
		}, []string{"GET /p/x (", "the route is open, but its prefix /p"}},
		{"prefix schemes widened", func(w *world) {
			p := w.Prefix("/p", fsa.Authn("token"))
			fsa.Get(p, "/x", authz.Auth(), nothing, fsa.Authn("basic"))
		}, []string{`scheme "basic" is not among those of the prefix /p`}},
		{"prefix realm", func(w *world) {
			p := w.Prefix("/p", fsa.Realm("stage"))
			fsa.Get(p, "/x", authz.Auth(), nothing, fsa.Realm("other"))
		}, []string{`the realm "other" is not that of the prefix /p`}},
		{"schemes twice", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, fsa.Authn("basic"), fsa.Authn("token")) },
			[]string{"fsa.Authn is given twice"}},
		{"nil option", func(w *world) { fsa.Get(w, "/x", authz.Auth(), nothing, nil) }, []string{"an option is nil"}},
		{"nil option of a prefix", func(w *world) { w.Prefix("/p", nil) }, []string{"an option is nil"}},
		{"output with a function", func(w *world) {
			fsa.Get(w, "/x", authz.Auth(), func(context.Context, fsa.None) (struct{ A []struct{ F func() } }, error) { panic("") })
		}, []string{"the handler's output: field A", "field F", "a func() can't be answered"}},
		{"prefix without slash", func(w *world) { w.Prefix("p") }, []string{`the prefix "p" does not begin with a slash`}},
		{"hook twice", func(w *world) {
			w.GroupCheck("admin", func(context.Context, string) (bool, error) { return true, nil })
		}, []string{`app.GroupCheck("admin") is called twice`, "faults_test.go:"}},
		{"nil hook", func(w *world) { w.Admit(nil) }, []string{"the hook of app.Admit is nil"}},
		{"header", func(w *world) { w.AddHeader("A\nB", "x") }, []string{"is not a valid header field"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, base())
			c.wire(w)
			got := faultsOf(t, w.App)
			if len(got) != 1 || !contains(got[0], c.want...) {
				t.Errorf("the faults are %q, want one with %q", got, c.want)
			}
		})
	}
}

func noFind(*http.Request) (fsa.Identity, error) { return fsa.Identity{}, nil }

// TestOwnSchemeFaults are those of a scheme that is enabled.
func TestOwnSchemeFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		wire func(*world)
		want []string
	}{
		{"not registered", func(w *world) {}, []string{`FSA_AUTH: unknown scheme "own"`, "app.Authentication"}},
		{"twice", func(w *world) {
			w.Authentication("own", noFind)
			w.Authentication("own", noFind)
		}, []string{"faults_test.go:", `app.Authentication("own") is called twice`}},
		{"nil option", func(w *world) { w.Authentication("own", noFind, nil) }, []string{`app.Authentication("own"): an option is nil`}},
		{"varies by nothing", func(w *world) { w.Authentication("own", noFind, fsa.VariesBy("a b")) }, []string{`app.Authentication("own"): what it varies by can't name a header field`}},
		{"no scheme in the challenge", func(w *world) { w.Authentication("own", noFind, fsa.Challenge("")) }, []string{"the challenge can't be written"}},
		{"two words", func(w *world) { w.Authentication("own", noFind, fsa.Challenge("My Own")) }, []string{"the challenge can't be written"}},
		{"half a parameter", func(w *world) { w.Authentication("own", noFind, fsa.Challenge("Own", "a")) }, []string{"the challenge can't be written"}},
		{"a parameter without a name", func(w *world) { w.Authentication("own", noFind, fsa.Challenge("Own", "a b", "c")) }, []string{"the challenge can't be written"}},
		{"a line end", func(w *world) { w.Authentication("own", noFind, fsa.Challenge("Own", "a", "b\r\nc")) }, []string{"the challenge can't be written"}},
		{"a second realm", func(w *world) { w.Authentication("own", noFind, fsa.Challenge("Own", "realm", "x")) }, []string{"the challenge can't be written"}},
	} {
		cfg := base()
		cfg.Auth = append(cfg.Auth, "own")
		w := newWorld(t, cfg)
		c.wire(w)
		fsa.Get(w, "/x", authz.Auth(), nothing)
		if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], c.want...) {
			t.Errorf("%s: the faults are %q, want one with %q", c.name, got, c.want)
		}
	}
}

// TestEightFaults: one start tells all that is wrong.
func TestEightFaults(t *testing.T) {
	cfg := base()
	cfg.ErrorResponse = "xml" // 1
	app := fsa.New("acme", cfg)
	app.UserPass(func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser })
	fsa.Get(app, "/1", authz.Auth(), nothing, fsa.Authn("digest"))                       // 2
	fsa.Get(app, "/2", authz.Group("nowhere"), nothing)                                  // 3
	fsa.Get(app, "/3/{id}", authz.Object("nothing", "id", "r"), takes[struct{ ID int }]) // 4
	fsa.Get(app, "/4/{id}", authz.Auth(), nothing)                                       // 5
	fsa.Get(app, "/5", authz.Open(), takes[meIn])                                        // 6
	fsa.Get(app, "/6", authz.Any(), nothing)                                             // 7
	fsa.Get(app, "/6", authz.Auth(), nothing)                                            // 8
	got := faultsOf(t, app)
	if len(got) != 8 {
		t.Errorf("%d faults instead of 8:\n%s", len(got), strings.Join(got, "\n"))
	}
	_, err := app.Handler()
	if !strings.HasPrefix(err.Error(), "8 faults:\n  - ") {
		t.Errorf("the error reads %q", err)
	}
	var fault *fsa.ConfigError
	if !errors.As(err, &fault) {
		t.Error("errors.As finds no *fsa.ConfigError")
	}
}

// TestFaultTellsLine: the line is that of the registration, not of ours.
func TestFaultTellsLine(t *testing.T) {
	w := newWorld(t, base())
	_, file, line, _ := runtime.Caller(0)
	fsa.Get(w, "/a", authz.Group("gone"), nothing)
	p := w.Prefix("/p")
	fsa.Handle(p, "POST /b", authz.Group("gone"), http.NotFoundHandler())
	want := []string{
		fmt.Sprintf("GET /a (%s:%d): ", filepath.ToSlash(file), line+1),
		fmt.Sprintf("POST /p/b (%s:%d): ", filepath.ToSlash(file), line+3),
	}
	got := faultsOf(t, w.App)
	if len(got) != 2 || !strings.HasPrefix(got[0], want[0]) || !strings.HasPrefix(got[1], want[1]) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLateRegistration: what comes too late is a fault, never a silent hole.
func TestLateRegistration(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Auth(), nothing)
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Handler(); err != nil || again != h {
		t.Error("a second Handler is another one")
	}
	fsa.Get(w, "/late", authz.Auth(), nothing)
	w.Admit(func(context.Context, fsa.Identity) error { return nil })
	w.AddPermission("late.permission")
	w.AddScope("late.scope")
	got := faultsOf(t, w.App)
	if len(got) != 4 || !contains(got[2], "app.AddPermission", "comes after app.Handler()", "faults_test.go:") || !contains(got[3], "app.AddScope", "comes after app.Handler()", "faults_test.go:") || !contains(got[0], "GET /late", "comes after app.Handler()", "faults_test.go:") || !contains(got[1], "app.Admit") {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(w.log.String(), "GET /late") {
		t.Errorf("the log says nothing of it: %s", w.log)
	}
}

// TestHookNeeded: a scheme that takes passwords needs somebody who knows them.
func TestHookNeeded(t *testing.T) {
	app := fsa.New("acme", base())
	fsa.Get(app, "/x", authz.Auth(), nothing)
	got := faultsOf(t, app)
	if len(got) != 1 || !contains(got[0], "FSA_AUTH", "nothing knows passwords", "app.UserPass") {
		t.Errorf("got %q", got)
	}
}

// TestLateHooks: a hook that comes too late is not asked: it could let in those whom the
// application was compiled to keep out.
func TestLateHooks(t *testing.T) {
	w := digestWorld(t, base(), func(w *world) {
		w.UserByHash(func(context.Context, string, string, string) (string, error) { return "", fsa.ErrNoSuchUser })
	})
	h := handlerOf(t, w)
	w.UserHA1(func(_ context.Context, login, realm, algorithm string) (string, error) {
		return fsa.HA1(algorithm, login, realm, "late"), nil
	})
	w.UserByHash(func(context.Context, string, string, string) (string, error) { return "calvin", nil })
	w.LoginFailed(func(context.Context, fsa.FailedLogin) error { return fsa.Errorf(418, "late") })
	w.ErrorResponse(func(rw http.ResponseWriter, _ *http.Request, _ *fsa.Error) { rw.WriteHeader(418) })
	for _, c := range []struct {
		pass, username string
		status         int
	}{{calvinPass, "", 200}, {"late", "", 401}, {calvinPass, strings.Repeat("2", 64), 401}} {
		challenge := send(t, h, "GET", "/x").Header().Get("WWW-Authenticate")
		answer := answerTo(challenge, "GET", "/x", "calvin", c.pass)
		if c.username != "" {
			answer["username"], answer["userhash"] = c.username, "true"
		}
		if a := send(t, h, "GET", "/x", "Authorization", credentials(answer)); a.Code != c.status {
			t.Errorf("%v: %d %s", c, a.Code, a.Body)
		}
	}
	if got := faultsOf(t, w.App); len(got) != 4 {
		t.Errorf("%q", got)
	}
}

// TestDeclaredGroup: one hook answers for all groups that are declared.
func TestDeclaredGroup(t *testing.T) {
	w := newWorld(t, base())
	w.AddGroup("staff")
	w.UserInGroup(func(_ context.Context, login, group string) (bool, error) {
		return login+" "+group == "calvin staff", nil
	})
	fsa.Get(w, "/x", authz.Group("staff"), who)
	w.client(t).Get("/x").As("calvin").Expect(200)
	w.client(t).Get("/x").As("hobbes").Expect(403)
	// Such a hook would not help a group that is not declared.
	w = newWorld(t, base())
	fsa.Get(w, "/x", authz.Group("staff"), nothing)
	if got := faultsOf(t, w.App); len(got) != 1 || strings.Contains(got[0], "UserInGroup") {
		t.Errorf("%q", got)
	}
}

// TestHooksAreGivenOnce: a hook that is nil, or the second of its kind, stops the
// start, whichever it is.
func TestHooksAreGivenOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		give  func(app *fsa.App, missing bool)
		again bool // several are asked in turn
	}{
		{"app.UserPass", func(app *fsa.App, missing bool) {
			app.UserPass(hookOr(missing, func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser }))
		}, false},
		{"app.PasswordCheck", func(app *fsa.App, missing bool) {
			app.PasswordCheck(hookOr(missing, func(context.Context, string, string) (bool, error) { return false, nil }))
		}, false},
		{"app.PasswordRehash", func(app *fsa.App, missing bool) {
			app.PasswordRehash(hookOr(missing, func(context.Context, string, string, string) error { return nil }))
		}, false},
		{"app.UserInGroup", func(app *fsa.App, missing bool) {
			app.UserInGroup(hookOr(missing, func(context.Context, string, string) (bool, error) { return false, nil }))
		}, false},
		{`app.GroupCheck("staff")`, func(app *fsa.App, missing bool) {
			app.GroupCheck("staff", hookOr(missing, func(context.Context, string) (bool, error) { return false, nil }))
		}, false},
		{`fsa.ObjectPerms("store")`, func(app *fsa.App, missing bool) {
			fsa.ObjectPerms(app, "store", hookOr(missing, func(context.Context, string, int, string) (bool, error) { return false, nil }))
		}, false},
		{"app.UserHasPermission", func(app *fsa.App, missing bool) {
			app.UserHasPermission(hookOr(missing, func(context.Context, string, string) (bool, error) { return false, nil }))
		}, false},
		{"app.CanonicalLogin", func(app *fsa.App, missing bool) {
			app.CanonicalLogin(hookOr(missing, func(_ context.Context, typed string) (string, error) { return typed, nil }))
		}, false},
		{"app.APIKey", func(app *fsa.App, missing bool) {
			app.APIKey(hookOr(missing, func(context.Context, string) (fsa.APIKey, error) { return fsa.APIKey{}, fsa.ErrNoSuchKey }))
		}, false},
		{"app.UserHA1", func(app *fsa.App, missing bool) {
			app.UserHA1(hookOr(missing, func(context.Context, string, string, string) (string, error) { return "", fsa.ErrNoSuchUser }))
		}, false},
		{"app.UserByHash", func(app *fsa.App, missing bool) {
			app.UserByHash(hookOr(missing, func(context.Context, string, string, string) (string, error) { return "", fsa.ErrNoSuchUser }))
		}, false},
		{"app.Admit", func(app *fsa.App, missing bool) {
			app.Admit(hookOr(missing, func(context.Context, fsa.Identity) error { return nil }))
		}, true},
		{`app.Background("mails")`, func(app *fsa.App, missing bool) {
			app.Background("mails", hookOr(missing, func(context.Context) error { return nil }))
		}, true},
		{"app.CheckAlso", func(app *fsa.App, missing bool) { app.CheckAlso(hookOr(missing, func() error { return nil })) }, true},
		{"app.ErrorResponse", func(app *fsa.App, missing bool) {
			app.ErrorResponse(hookOr(missing, func(http.ResponseWriter, *http.Request, *fsa.Error) {}))
		}, false},
		{"app.LoginFailed", func(app *fsa.App, missing bool) {
			app.LoginFailed(hookOr(missing, func(context.Context, fsa.FailedLogin) error { return nil }))
		}, true},
	} {
		for _, missing := range []bool{true, false} {
			app := fsa.New("acme", base())
			if c.name != "app.UserPass" {
				app.UserPass(func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser })
			}
			c.give(app, missing)
			want := "the hook of " + c.name + " is nil; give a function"
			if !missing {
				c.give(app, false)
				want = c.name + " is called twice; register one hook"
			}
			got := faultsOf(t, app)
			switch {
			case !missing && c.again:
				if len(got) != 0 {
					t.Errorf("%s twice: %q", c.name, got)
				}
			case !contains(strings.Join(got, "\n"), "faults_test.go:", want) || len(got) != 1 && !missing:
				t.Errorf("%s: the faults are %q, want one with %q", c.name, got, want)
			}
		}
	}
}

// hookOr gives a hook, or the nil of its type.
func hookOr[F any](missing bool, hook F) F {
	if missing {
		var none F
		return none
	}
	return hook
}

// TestLateHooksOfRequests: the same of all hooks that requests ask, beside one of their
// kind that is there in time, where there can be several.
func TestLateHooksOfRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		cfg.Auth = []string{"apikey", "token", "basic", "none"}
		cfg.Cache = "none"
		w := newWorld(t, cfg)
		w.permitting()
		early, earlyID, earlyHash := fsa.NewAPIKey()
		late, lateID, lateHash := fsa.NewAPIKey()
		keyOf := func(id, hash string) func(context.Context, string) (fsa.APIKey, error) {
			return func(_ context.Context, asked string) (fsa.APIKey, error) {
				if asked != id {
					return fsa.APIKey{}, fsa.ErrNoSuchKey
				}
				return fsa.APIKey{Login: "calvin", Hash: hash}, nil
			}
		}
		w.APIKey(keyOf(earlyID, earlyHash))
		w.BeforeRequest(func(*http.Request) (*fsa.Response, error) { return nil, nil })
		w.BeforeExec(func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) { return nil, nil })
		w.AfterRequest(func(http.Header, *http.Request, int) {})
		fsa.Get(w, "/x", authz.Auth(), who)
		fsa.Get(w, "/permission", authz.Permission("edit"), who)
		costly := base()
		costly.PasswordOpts = map[string]int{"memory": 128, "time": 1, "parallelism": 1}
		old, err := fsa.New("acme", costly).HashPasswordUnchecked(t.Context(), calvinPass)
		if err != nil {
			t.Fatal(err)
		}
		w.hashes["calvin"] = old
		c := w.client(t)
		c.Get("/x").As("calvin").Expect(200)

		w.APIKey(keyOf(lateID, lateHash))
		w.CanonicalLogin(func(context.Context, string) (string, error) { return "calvin", nil })
		w.PathCheck(func(string, string) error { return fsa.Errorf(418, "late") })
		w.UserHasPermission(func(context.Context, string, string) (bool, error) { return true, nil })
		w.PasswordRehash(func(context.Context, string, string, string) error { w.ask("late rehash"); return nil })
		w.BeforeRequest(func(*http.Request) (*fsa.Response, error) { return nil, fsa.Errorf(418, "late") })
		w.BeforeExec(func(context.Context, *http.Request, fsa.Identity) (*fsa.Response, error) {
			return nil, fsa.Errorf(418, "late")
		})
		w.AfterRequest(func(h http.Header, _ *http.Request, _ int) { h.Set("X-Late", "hook") })
		w.AddHeaderFunc("X-Late", func(http.Header, *http.Request) string { return "func" })
		for _, r := range []struct {
			request *fsatest.Request
			status  int
		}{
			{c.Get("/x").As("calvin"), 200},
			{c.Get("/x").Header("X-API-Key", string(early)), 200}, {c.Get("/x").Header("X-API-Key", string(late)), 401},
			{c.Get("/x").Basic("calvin", calvinPass), 200}, {c.Get("/x").Basic("moe", calvinPass), 401},
			{c.Get("/permission").As("hobbes"), 403},
		} {
			if res := r.request.Expect(r.status); res.Header.Get("X-Late") != "" {
				t.Errorf("%v", res.Header)
			}
		}
		synctest.Wait() // new hashes are stored beside the request
		if w.times("late rehash") > 0 {
			t.Error("a late hook has got a new hash")
		}
		if got := faultsOf(t, w.App); len(got) != 9 {
			t.Errorf("%q", got)
		}
	})
}
