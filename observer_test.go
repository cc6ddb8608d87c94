package fsa_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/google/go-cmp/cmp"
)

// journal is an observer that writes down what it is told.
type journal struct {
	mu      sync.Mutex
	lines   []string
	answers []fsa.AnswerEvent
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

// taken gives what was written, and begins anew.
func (j *journal) taken() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

type markKey struct{}

func (j *journal) observer() fsa.Observer {
	return fsa.Observer{
		Request: func(ctx context.Context, r *http.Request, e fsa.RequestEvent) (context.Context, func(fsa.AnswerEvent)) {
			j.note("request %s %s %s", e.Method, e.URLScheme, e.Protocol)
			return context.WithValue(ctx, markKey{}, "mine"), func(a fsa.AnswerEvent) {
				j.mu.Lock()
				j.answers = append(j.answers, a)
				j.mu.Unlock()
				line := fmt.Sprintf("answer %d %q", a.Status, a.Route)
				for _, s := range []string{string(a.Failure), a.Scheme, a.Login} {
					if s != "" {
						line += " " + s
					}
				}
				j.note("%s", line)
			}
		},
		Hook: func(request, hook context.Context, e fsa.HookEvent) (context.Context, func(error)) {
			if request.Value(markKey{}) != "mine" {
				j.note("the context of the request of %s is another one", e.Hook)
			}
			return hook, func(err error) {
				j.note("%s", strings.TrimSpace(fmt.Sprintf("hook %s %s %v", e.Hook, e.Name, err)))
			}
		},
		Authentication: func(ctx context.Context, e fsa.AuthenticationEvent) { j.note("authn %s %s", e.Scheme, e.Verdict) },
		Authorization: func(ctx context.Context, e fsa.AuthorizationEvent) {
			j.note("%s", strings.Join(strings.Fields(fmt.Sprintf("authz %s %s %s", e.Kind, e.Name, e.Verdict)), " "))
		},
		Throttle: func(ctx context.Context, e fsa.ThrottleEvent) { j.note("throttle %s", e.By) },
		PasswordHash: func(ctx context.Context, e fsa.PasswordHashEvent) {
			if e.Err == nil && e.Took <= 0 {
				j.note("a hash that takes no time")
			}
			j.note("hash %v", e.Err)
		},
	}
}

func send(t *testing.T, h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func compiled(t *testing.T, app *fsa.App) http.Handler {
	t.Helper()
	h, err := app.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestObserver: what an observer is told of each kind of request.
func TestObserver(t *testing.T) {
	j := &journal{}
	w := newWorld(t, base())
	w.Admit(func(ctx context.Context, id fsa.Identity) error {
		if id.Login == "hobbes" {
			return fsa.Errorf(403, "hobbes is disabled")
		}
		return nil
	})
	w.Observe(j.observer())
	fsa.Get(w, "/open", authz.Open(), nothing)
	fsa.Get(w, "/me", authz.Auth(), who)
	fsa.Get(w, "/admin", authz.Group("admin"), who)
	fsa.Get(w, "/broken", authz.Group("broken"), who)
	fsa.Get(w, "/panics", authz.Group("panics"), who)
	fsa.Get(w, "/closed", authz.Close(), who)
	fsa.Get(w, "/stuff/{id}", authz.Object("stuff", "id", "owner"), takes[struct{ ID int }])
	fsa.Get(w, "/any/{id}", authz.Any(authz.Group("broken"), authz.Object("stuff", "id", "owner")), takes[struct{ ID int }])
	w.GroupCheck("nobody", func(context.Context, string) (bool, error) { return false, nil })
	w.GroupCheck("odd", func(context.Context, string) (bool, error) { return true, errors.New("the hook is odd") })
	fsa.ObjectPerms(w.App, "things", func(context.Context, string, int, string) (bool, error) { return false, fsa.ErrNoSuchObject })
	fsa.Get(w, "/odd", authz.Group("odd"), who)
	w.GroupCheck("none", func(context.Context, string) (bool, error) { return false, nil })
	fsa.Get(w, "/yesandno", authz.All(authz.Group("admin"), authz.Group("nobody")), who)
	fsa.Get(w, "/twono", authz.Any(authz.Group("nobody"), authz.Group("none")), who)
	fsa.Get(w, "/noandbroken", authz.Any(authz.Group("nobody"), authz.Group("broken")), who)
	fsa.Get(w, "/twobroken", authz.Any(authz.Group("broken"), authz.Group("odd")), who)
	fsa.Get(w, "/missing/{id}", authz.Any(authz.Object("stuff", "id", "owner"), authz.Group("nobody")), takes[struct{ ID int }])
	fsa.Get(w, "/twomissing/{id}", authz.Any(authz.Object("stuff", "id", "owner"), authz.Object("things", "id", "owner")), takes[struct{ ID int }])
	fsa.Handle(w, "/silent", authz.Open(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	fsa.Get(w, "/late", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) {
		return fsa.None{}, fmt.Errorf("%w: %w", fsa.Errorf(409, "too late"), context.DeadlineExceeded)
	})
	fsa.Get(w, "/either/{id}", authz.Any(authz.Group("nobody"), authz.Object("stuff", "id", "owner")), takes[struct{ ID int }])
	fsa.Get(w, "/panic", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) { panic("a panic") })
	fsa.Get(w, "/abort", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) { panic(http.ErrAbortHandler) })
	fsa.Get(w, "/cut", authz.Open(), func(context.Context, fsa.None) (io.Reader, error) {
		return io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), iotest.ErrReader(errors.New("the disk is broken"))), nil
	})
	fsa.Get(w, "/slow", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) {
		return fsa.None{}, fmt.Errorf("asking: %w", context.DeadlineExceeded)
	})
	fsa.Handle(w, "/raw", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "12345") }))
	fsa.Route(w, "PURGE", "/purge", authz.Open(), nothing)
	h := compiled(t, w.App)
	calvin := []string{"Authorization", "Bearer " + w.token(t, "calvin", fsa.TokenOptions{})}
	hobbes := []string{"Authorization", "Bearer " + w.token(t, "hobbes", fsa.TokenOptions{})}
	admit := "hook app.Admit  <nil>"

	for _, c := range []struct {
		method, target string
		header         []string
		want           []string // between the request and its answer
		answer         string
	}{
		{"GET", "/open", nil, nil, `204 "/open"`},
		{"HEAD", "/open", nil, nil, `204 "/open"`},
		{"GET", "/me", nil, nil, `401 "/me"`},
		{"GET", "/me", calvin, []string{"authn token accepted", admit, "authz granted"}, `200 "/me" token calvin`},
		{"GET", "/me", hobbes, []string{"authn token accepted", "hook app.Admit  403: hobbes is disabled", "authz admit refused"}, `403 "/me"`},
		{"GET", "/me", []string{"Authorization", "Bearer x"}, []string{"authn token refused"}, `401 "/me"`},
		{"GET", "/admin", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck admin <nil>", "authz granted"}, `200 "/admin" token calvin`},
		{"GET", "/admin", calvin, []string{"authn token accepted", admit, "authz granted"}, `200 "/admin" token calvin`}, // kept
		{"GET", "/broken", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck broken the hook of group broken fails: s3cret", "authz group broken failed"},
			`500 "/broken" token calvin`},
		{"GET", "/panics", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck panics the hook has panicked", "authz group panics failed"},
			`500 "/panics" panic token calvin`},
		{"GET", "/closed", calvin, []string{"authz close refused"}, `403 "/closed"`},
		{"GET", "/stuff/1", calvin, []string{"authn token accepted", admit, "hook fsa.ObjectPerms stuff <nil>", "authz granted"}, `204 "/stuff/{id}" token calvin`},
		{"GET", "/stuff/2", calvin, []string{"authn token accepted", admit, "hook fsa.ObjectPerms stuff <nil>", "authz object stuff refused"}, `403 "/stuff/{id}" token calvin`},
		{"GET", "/stuff/3", calvin, []string{"authn token accepted", admit, "hook fsa.ObjectPerms stuff no such object", "authz object stuff not_found"},
			`404 "/stuff/{id}" token calvin`},
		{"GET", "/stuff/2?x=1", calvin, []string{"authn token accepted", admit}, `400 "/stuff/{id}" token calvin`}, // no rule has decided
		// One part fails and another grants: the rule has granted.
		{"GET", "/any/1", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck broken the hook of group broken fails: s3cret", "authz granted"},
			`204 "/any/{id}" token calvin`},
		// The failure is decisive, whoever says no.
		{"GET", "/any/2", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck broken the hook of group broken fails: s3cret", "authz group broken failed"},
			`500 "/any/{id}" token calvin`},
		// That an object is not there is decisive, though a group said no before.
		{"GET", "/either/3", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck nobody <nil>", "hook fsa.ObjectPerms stuff no such object", "authz object stuff not_found"},
			`404 "/either/{id}" token calvin`},
		// A check that fails is a failure, whatever it says besides.
		{"GET", "/odd", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck odd the hook is odd", "authz group odd failed"}, `500 "/odd" token calvin`},
		// The part that refuses is told, and the first of them.
		{"GET", "/yesandno", calvin, []string{"authn token accepted", admit, "authz group nobody refused"}, `403 "/yesandno" token calvin`},
		{"GET", "/twono", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck none <nil>", "authz group nobody refused"}, `403 "/twono" token calvin`},
		// A failure is decisive, though another part has only said no; the first is told.
		{"GET", "/noandbroken", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck broken the hook of group broken fails: s3cret", "authz group broken failed"},
			`500 "/noandbroken" token calvin`},
		{"GET", "/twobroken", calvin, []string{"authn token accepted", admit, "hook app.GroupCheck broken the hook of group broken fails: s3cret", "hook app.GroupCheck odd the hook is odd", "authz group broken failed"},
			`500 "/twobroken" token calvin`},
		{"GET", "/missing/3", calvin, []string{"authn token accepted", admit, "hook fsa.ObjectPerms stuff no such object", "authz object stuff not_found"},
			`404 "/missing/{id}" token calvin`},
		{"GET", "/twomissing/3", calvin, []string{"authn token accepted", admit, "hook fsa.ObjectPerms stuff no such object", "hook fsa.ObjectPerms things no such object", "authz object stuff not_found"},
			`404 "/twomissing/{id}" token calvin`},
		{"GET", "/silent", nil, nil, `200 "/silent"`},
		{"GET", "/late", nil, nil, `409 "/late"`},
		{"GET", "/panic", nil, nil, `500 "/panic" panic`},
		{"GET", "/slow", nil, nil, `503 "/slow" timeout`},
		{"GET", "/raw", nil, nil, `200 "/raw"`},
		{"GET", "/nowhere", nil, nil, `404 ""`},
		{"PUT", "/me", nil, nil, `405 ""`},
		{"OPTIONS", "/me", nil, nil, `204 ""`},
		{"GET", "//me", nil, nil, `307 ""`},
		{"PURGE", "/purge", nil, nil, `204 "/purge"`},
	} {
		t.Run(c.method+" "+c.target, func(t *testing.T) {
			send(t, h, c.method, c.target, c.header...)
			want := append(append([]string{"request " + c.method + " http 1.1"}, c.want...), "answer "+c.answer)
			if diff := cmp.Diff(want, j.taken()); diff != "" {
				t.Error(diff)
			}
			if a := j.answers[len(j.answers)-1]; (a.Err != nil) != (a.Status >= 400) {
				t.Errorf("%d, and the error is %v", a.Status, a.Err)
			}
		})
	}

	for path, want := range map[string]string{"/abort": `answer 0 "/abort" abort`, "/cut": `answer 200 "/cut" abort`} {
		t.Run(path, func(t *testing.T) {
			func() {
				defer func() {
					if p := recover(); p != http.ErrAbortHandler {
						t.Errorf("the panic that reaches the server is %v", p)
					}
				}()
				send(t, h, "GET", path)
			}()
			if diff := cmp.Diff([]string{"request GET http 1.1", want}, j.taken()); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a method that nobody has written down", func(t *testing.T) {
		send(t, h, "BREW", "/raw")
		if diff := cmp.Diff([]string{"request _OTHER http 1.1", `answer 200 "/raw"`}, j.taken()); diff != "" {
			t.Error(diff)
		}
		if a := j.answers[len(j.answers)-1]; a.Bytes != 5 {
			t.Errorf("%d bytes", a.Bytes)
		}
	})
}

// TestStatsOfNone: an application without a right configuration has none, and says so.
func TestStatsOfNone(t *testing.T) {
	cfg := base()
	cfg.PasswordOpts = map[string]int{"memory": -1}
	app := fsa.New("acme", cfg)
	if got := faultsOf(t, app); len(got) == 0 {
		t.Fatal("the configuration is right")
	}
	if got := app.Stats().Passwords; got != (fsa.PasswordStats{}) {
		t.Errorf("%+v", got)
	}
}

// TestObservedPasswords: what an observer is told of log-ins by password.
func TestObservedPasswords(t *testing.T) {
	cfg := throttled()
	j := &journal{}
	w := newWorld(t, cfg)
	w.Observe(j.observer())
	fsa.Get(w, "/me", authz.Auth(), who)
	h := compiled(t, w.App)
	basic := func(login, pass string) []string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(login, pass)
		return []string{"Authorization", r.Header.Get("Authorization")}
	}
	send(t, h, "GET", "/me", basic("calvin", calvinPass)...)
	want := []string{"request GET http 1.1", "hook app.UserPass  <nil>", "hash <nil>", "authn basic accepted", "authz granted", `answer 200 "/me" basic calvin`}
	if diff := cmp.Diff(want, j.taken()); diff != "" {
		t.Error(diff)
	}
	for range 12 {
		send(t, h, "GET", "/me", basic("nobody", "a wrong password")...)
	}
	lines := j.taken()
	for _, line := range []string{"hook app.UserPass  no such user", "authn basic refused", "throttle login"} {
		if !slices.Contains(lines, line) {
			t.Errorf("no %q in %q", line, lines)
		}
	}
	s := w.Stats()
	if s.Passwords.Workers < 1 || s.Passwords.Queue < 1 || s.Passwords.Running != 0 || s.Passwords.Waiting != 0 {
		t.Errorf("%+v", s.Passwords)
	}
}

// TestStats: look-ups are counted by kind, once there is an observer.
func TestStats(t *testing.T) {
	for _, observed := range []bool{false, true} {
		w := newWorld(t, base())
		if observed {
			w.Observe(fsa.Observer{})
		}
		fsa.ObjectPerms(w.App, "late", func(context.Context, string, int, string) (bool, error) { return true, nil })
		fsa.Get(w, "/{id}", authz.All(authz.Group("admin"), authz.Object("stuff", "id", "owner"), authz.Object("late", "id", "")), takes[struct{ ID int }])
		h := compiled(t, w.App)
		token := "Bearer " + w.token(t, "calvin", fsa.TokenOptions{})
		for range 3 {
			if a := send(t, h, "GET", "/1", "Authorization", token); a.Code != 204 {
				t.Fatalf("status %d", a.Code)
			}
		}
		hits, misses := uint64(0), uint64(0)
		if observed {
			hits, misses = 2, 1
		}
		want := []fsa.CacheStats{
			{Kind: "access_token"},
			{Kind: "api_key"},
			{Kind: "digest_hash"},
			{Kind: "digest_proof"},
			{Kind: "group", Hits: hits, Misses: misses, Entries: 1},
			{Kind: "login"},
			{Kind: "object", Domain: "late", Hits: hits, Misses: misses, Entries: 1},
			{Kind: "object", Domain: "stuff", Hits: hits, Misses: misses, Entries: 1},
			{Kind: "password_hash"},
			{Kind: "password_proof"},
			{Kind: "permission"},
			{Kind: "token", Hits: hits, Misses: misses, Entries: 1},
		}
		if diff := cmp.Diff(want, w.Stats().Caches); diff != "" {
			t.Errorf("observed %v: %s", observed, diff)
		}
	}
}

// TestObserverPanics: an observer that panics wherever it can changes no answer. S88.
func TestObserverPanics(t *testing.T) {
	w := newWorld(t, throttled())
	w.Observe(fsa.Observer{
		Request: func(context.Context, *http.Request, fsa.RequestEvent) (context.Context, func(fsa.AnswerEvent)) {
			panic("Request")
		},
		Hook:           func(_, _ context.Context, _ fsa.HookEvent) (context.Context, func(error)) { panic("Hook") },
		Authentication: func(context.Context, fsa.AuthenticationEvent) { panic(errors.New("Authentication")) },
		Authorization:  func(context.Context, fsa.AuthorizationEvent) { panic(http.ErrAbortHandler) },
		Throttle:       func(context.Context, fsa.ThrottleEvent) { panic("Throttle") },
		PasswordHash:   func(context.Context, fsa.PasswordHashEvent) { panic("PasswordHash") },
		LogAttrs:       func(context.Context) []slog.Attr { panic("LogAttrs") },
	})
	w.Observe(fsa.Observer{LogAttrs: func(context.Context) []slog.Attr { panic(unspeakable{}) }})
	w.Observe(fsa.Observer{
		Request: func(ctx context.Context, _ *http.Request, _ fsa.RequestEvent) (context.Context, func(fsa.AnswerEvent)) {
			return nil, func(fsa.AnswerEvent) { panic("end") }
		},
		Hook: func(_, _ context.Context, _ fsa.HookEvent) (context.Context, func(error)) {
			return nil, func(error) { panic("end of hook") }
		},
	})
	fsa.Get(w, "/admin", authz.Group("admin"), who)
	fsa.Get(w, "/fails", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, errors.New("it fails") })
	c := w.client(t)
	c.Get("/admin").Basic("calvin", calvinPass).Expect(200)
	c.Get("/admin").Basic("hobbes", hobbesPass).Expect(403)
	c.Get("/fails").Expect(500)
	for range 7 {
		c.Get("/admin").Basic("calvin", "a wrong password").Do()
	}
	c.Get("/admin").Basic("calvin", "a wrong password").Expect(429)
	if !contains(w.log.String(), "panic=Request", "panic=Authentication") {
		t.Error("nothing is logged of what the panics said")
	}
	for _, asked := range []string{"Request", "Hook", "Authentication", "Authorization", "Throttle", "PasswordHash", "LogAttrs", `"the end of Request"`, `"the end of Hook"`} {
		if !strings.Contains(w.log.String(), "asked="+asked) {
			t.Errorf("nothing is logged about the panic of %s", asked)
		}
	}
	if !strings.Contains(w.log.String(), "(its text can't be made)") {
		t.Error("nothing is logged about a panic that has no text")
	}
}

// unspeakable panics when its text is made, again and again.
type unspeakable struct{}

func (u unspeakable) String() string { panic(u) }

// TestObserverOfNothing: an observer need not want to know of anything, nor of an end.
func TestObserverOfNothing(t *testing.T) {
	w := newWorld(t, throttled())
	w.Observe(fsa.Observer{})
	w.Observe(fsa.Observer{
		Request: func(ctx context.Context, _ *http.Request, _ fsa.RequestEvent) (context.Context, func(fsa.AnswerEvent)) {
			return nil, nil
		},
		Hook: func(_, _ context.Context, _ fsa.HookEvent) (context.Context, func(error)) { return nil, nil },
	})
	w.Observe(fsa.Observer{Authentication: func(context.Context, fsa.AuthenticationEvent) {}})
	w.GroupCheck("living", func(ctx context.Context, _ string) (bool, error) { return ctx.Err() == nil, nil })
	fsa.Get(w, "/x", authz.Group("living"), who)
	c := w.client(t)
	c.Get("/x").Basic("calvin", calvinPass).Expect(200)
	for range 7 {
		c.Get("/x").Basic("calvin", "a wrong password").Do()
	}
	c.Get("/x").Basic("calvin", "a wrong password").Expect(429)
	if strings.Contains(w.log.String(), "panic") {
		t.Error(w.log)
	}
}

// TestObservedRequest: what is known of a request before it is answered.
func TestObservedRequest(t *testing.T) {
	cfg := base()
	cfg.TrustedProxies, cfg.InsecureTransport = []string{"10.1.2.3"}, true
	var got fsa.RequestEvent
	observe := func(w *world) {
		w.Observe(fsa.Observer{Request: func(ctx context.Context, _ *http.Request, e fsa.RequestEvent) (context.Context, func(fsa.AnswerEvent)) {
			got = e
			return ctx, nil
		}})
		fsa.Get(w, "/x", authz.Open(), nothing)
	}
	behind := newWorld(t, cfg)
	cfg.TrustedProxies = nil
	alone := newWorld(t, cfg)
	observe(behind)
	observe(alone)
	for _, c := range []struct {
		w            *world
		peer         string
		major, minor int
		change       func(*http.Request)
		want         fsa.RequestEvent
	}{
		{behind, "10.1.2.3:1", 1, 1, nil, fsa.RequestEvent{URLScheme: "http", Protocol: "1.1", TrustedProxy: true}},
		{behind, "10.1.2.3:1", 1, 1, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }, fsa.RequestEvent{URLScheme: "https", Protocol: "1.1", TrustedProxy: true}},
		{behind, "10.1.2.4:1", 1, 1, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }, fsa.RequestEvent{URLScheme: "http", Protocol: "1.1"}},
		{alone, "10.1.2.3:1", 1, 0, nil, fsa.RequestEvent{URLScheme: "http", Protocol: "1.0"}},
		{alone, "127.0.0.1:1", 2, 0, func(r *http.Request) { r.TLS = &tls.ConnectionState{} }, fsa.RequestEvent{URLScheme: "https", Protocol: "2"}},
		{alone, "127.0.0.1:1", 3, 0, nil, fsa.RequestEvent{URLScheme: "http", Protocol: "3"}},
		{alone, "127.0.0.1:1", 1, 9, nil, fsa.RequestEvent{URLScheme: "http"}},
		{alone, "127.0.0.1:1", 4, 0, nil, fsa.RequestEvent{URLScheme: "http"}},
		{alone, "127.0.0.1:1", 0, 1, nil, fsa.RequestEvent{URLScheme: "http"}},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.ProtoMajor, r.ProtoMinor = c.major, c.minor
		if c.change != nil {
			c.change(r)
		}
		serveFrom(compiled(t, c.w.App), r, c.peer)
		if got.Began.IsZero() || got.Method != "GET" || got.URLScheme != c.want.URLScheme || got.Protocol != c.want.Protocol || got.TrustedProxy != c.want.TrustedProxy {
			t.Errorf("%s, HTTP/%d.%d: %+v, want %+v", c.peer, c.major, c.minor, got, c.want)
		}
	}
}

// TestObservedWriter: what is answered, by whom and in whatever way, is what is told; and
// what goes wrong with it reaches the handler.
func TestObservedWriter(t *testing.T) {
	j := &journal{}
	w := newWorld(t, base())
	w.Observe(j.observer())
	broken := false
	w.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/twice":
				w.WriteHeader(http.StatusTeapot)
				w.WriteHeader(http.StatusOK)
			case "/switch":
				w.WriteHeader(http.StatusSwitchingProtocols)
			case "/writepanic":
				io.WriteString(w, "123")
				panic(http.ErrAbortHandler)
			case "/deaf":
				_, err := io.WriteString(w, "123")
				broken = err != nil
			case "/hijack":
				_, _, err := http.NewResponseController(w).Hijack()
				broken = err != nil
			default:
				next.ServeHTTP(w, r)
			}
		})
	})
	left, leave := context.WithCancel(context.Background())
	fsa.Get(w, "/left", authz.Open(), func(context.Context, fsa.None) (io.Reader, error) {
		return io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), leaving{leave}), nil
	})
	h := compiled(t, w.App)
	for _, c := range []struct {
		path, answer string
		broken       bool
	}{
		{"/twice", `answer 418 ""`, false},
		{"/switch", `answer 101 ""`, false},
		{"/writepanic", `answer 200 "" panic`, false},
		{"/deaf", `answer 200 ""`, true},
		{"/hijack", `answer 200 ""`, true},
		{"/left", `answer 200 "/left" canceled`, false},
	} {
		broken = false
		r := from("", "GET", c.path)
		var rw http.ResponseWriter = httptest.NewRecorder()
		switch c.path {
		case "/deaf":
			rw = deaf{httptest.NewRecorder()}
		case "/left":
			r = r.WithContext(left)
		}
		func() {
			defer func() { recover() }()
			h.ServeHTTP(rw, r)
		}()
		if lines := j.taken(); lines[len(lines)-1] != c.answer || broken != c.broken {
			t.Errorf("%s: %q, %t", c.path, lines, broken)
		}
	}
}

// leaving is a reader whose client leaves while it is read.
type leaving struct{ leave func() }

func (l leaving) Read([]byte) (int, error) { l.leave(); return 0, context.Canceled }

// TestObservedSchemes: what schemes of all kinds say.
func TestObservedSchemes(t *testing.T) {
	j := &journal{}
	cfg := base()
	cfg.Auth, cfg.Mode = []string{"own", "basic"}, "debug4" // traced as well
	w := newWorld(t, cfg)
	w.Observe(j.observer())
	w.Authentication("own", func(r *http.Request) (fsa.Identity, error) {
		switch r.Header.Get("X-Own") {
		case "half":
			return fsa.Identity{Login: "calvin", Stage: "second"}, nil
		case "refused":
			return fsa.Identity{}, fmt.Errorf("%w: not that", fsa.ErrUnauthenticated)
		case "not today":
			return fsa.Identity{}, fsa.Errorf(403, "not today")
		case "broken":
			return fsa.Identity{}, errors.New("s3cret")
		case "good":
			return fsa.Identity{Login: "calvin"}, nil
		}
		return fsa.Identity{}, nil
	})
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	for _, tt := range []struct{ own, verdict string }{
		{"good", "accepted"}, {"half", "refused"}, {"refused", "refused"}, {"not today", "refused"}, {"broken", "failed"}, {"none", ""},
	} {
		before := len(w.log.String())
		c.Get("/x").Header("X-Own", tt.own).Do()
		var got []string
		for _, line := range j.taken() {
			if verdict, ok := strings.CutPrefix(line, "authn own "); ok {
				got = append(got, verdict)
			}
		}
		if strings.Join(got, " ") != tt.verdict {
			t.Errorf("%s: %q, want %q", tt.own, got, tt.verdict)
		}
		if !contains(w.log.String()[before:], "msg=trace", "own") {
			t.Errorf("%s: it is not traced: %s", tt.own, w.log.String()[before:])
		}
	}
}

// TestObservedFaults: an application that is observed has the faults that it has
// otherwise, and hooks that are not there are not asked.
func TestObservedFaults(t *testing.T) {
	wire := func(auth string, observed bool) *world {
		cfg := base()
		cfg.Auth = []string{auth, "none"}
		w := &world{App: fsa.New("acme", cfg), log: &logBuffer{}}
		if observed {
			w.Observe(fsa.Observer{Hook: func(_, ctx context.Context, _ fsa.HookEvent) (context.Context, func(error)) { return ctx, nil }})
		}
		w.AddGroup("staff")
		w.AddPermission("edit")
		fsa.Get(w, "/group", authz.Group("staff"), nothing)
		fsa.Get(w, "/permission", authz.Permission("edit"), nothing)
		fsa.Get(w, "/scope", authz.Scope("a b"), nothing)
		fsa.Get(w, "/fresh", authz.Fresh(time.Hour), nothing, fsa.Authn(auth))
		fsa.Get(w, "/factors", authz.Factors(2), nothing, fsa.Authn(auth))
		fsa.Get(w, "/object/{id}", authz.Object("store", "id", ""), takes[struct{ ID int }])
		return w
	}
	for _, auth := range []string{"basic", "digest", "apikey", "token"} {
		plain, observed := faultsOf(t, wire(auth, false).App), faultsOf(t, wire(auth, true).App)
		if diff := cmp.Diff(plain, observed); diff != "" || len(plain) < 3 {
			t.Errorf("%s: %q\n%s", auth, plain, diff)
		}
	}
	// A hash that is not as it should be stays, if there is nobody to replace it.
	w := newWorld(t, base())
	w.Observe(fsa.Observer{})
	cfg := base()
	cfg.PasswordOpts = map[string]int{"memory": 128, "time": 1, "parallelism": 1}
	hash, err := newWorld(t, cfg).HashPasswordUnchecked(t.Context(), calvinPass)
	if err != nil {
		t.Fatal(err)
	}
	w.hashes["calvin"] = hash
	fsa.Get(w, "/x", authz.Auth(), who)
	w.client(t).Get("/x").Basic("calvin", calvinPass).Expect(200)
	if strings.Contains(w.log.String(), "level=ERROR") {
		t.Error(w.log)
	}
}

// TestObservedDigest: who looks on does not offer what the application does not have.
func TestObservedDigest(t *testing.T) {
	w := digestWorld(t, base(), func(w *world) { w.Observe(fsa.Observer{}) })
	if got := send(t, compiled(t, w.App), "GET", "/x").Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Digest ") || strings.Contains(got, "userhash") {
		t.Error(got)
	}
}

// TestObservedHookErrors: the errors of hooks reach whom they should, and observers.
func TestObservedHookErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		s := newSwapper(t, base())
		s.swap = func(context.Context, string, string, string) error { return errors.New("the disk is full") }
		s.LoginFailed(func(context.Context, fsa.FailedLogin) error { return errors.New("nobody listens") })
		s.Observe(j.observer())
		c := s.client(t)
		c.Get("/x").Basic("calvin", calvinPass).Expect(200)
		c.Get("/x").Basic("calvin", "a wrong password").Do()
		synctest.Wait()
		lines := strings.Join(j.taken(), "\n")
		for _, e := range []string{"hook app.PasswordRehash  the disk is full", "hook app.LoginFailed  nobody listens"} {
			if !strings.Contains(lines, e) {
				t.Errorf("%q is not in\n%s", e, lines)
			}
		}
		if !contains(s.log.String(), "the disk is full", "nobody listens") {
			t.Error(s.log)
		}
	})
}

// TestObservedOnce: however often an application is looked at, its hooks are told of once.
func TestObservedOnce(t *testing.T) {
	j := &journal{}
	w := newWorld(t, base())
	w.Observe(j.observer())
	fsa.Get(w, "/x", authz.Group("admin"), who)
	for range 3 {
		if _, err := w.Routes(); err != nil {
			t.Fatal(err)
		}
		compiled(t, w.App)
	}
	w.client(t).Get("/x").As("calvin").Expect(200)
	n := 0
	for _, line := range j.taken() {
		if strings.HasPrefix(line, "hook app.GroupCheck") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestHookContext: what an observer adds reaches a hook whose answers are kept, and
// nothing else of the request does. S81.
func TestHookContext(t *testing.T) {
	type added struct{}
	type tenant struct{}
	w := newWorld(t, base())
	w.Observe(fsa.Observer{
		Request: func(ctx context.Context, _ *http.Request, _ fsa.RequestEvent) (context.Context, func(fsa.AnswerEvent)) {
			return context.WithValue(ctx, tenant{}, "one"), nil
		},
		Hook: func(request, hook context.Context, e fsa.HookEvent) (context.Context, func(error)) {
			if request.Value(tenant{}) != "one" {
				t.Error("the observer does not see the request")
			}
			return context.WithValue(hook, added{}, "span"), nil
		},
	})
	w.GroupCheck("staff", func(ctx context.Context, login string) (bool, error) {
		if ctx.Value(tenant{}) != nil {
			t.Error("the hook sees a value of the request")
		}
		if ctx.Value(added{}) != "span" {
			t.Error("the hook does not see what the observer has added")
		}
		if _, limited := ctx.Deadline(); !limited {
			t.Error("nothing ends the hook")
		}
		return true, nil
	})
	fsa.Get(w, "/", authz.Group("staff"), func(ctx context.Context, _ fsa.None) (string, error) {
		text, _ := ctx.Value(tenant{}).(string)
		return text, nil
	})
	if body := w.client(t).Get("/").As("calvin").Expect(200).Body; string(body) != "one" {
		t.Errorf("the handler sees %q", body)
	}
}

// TestObservedMiddleware: middleware's own answers are seen, its panics too, and
// what goes on without the server does no harm.
func TestObservedMiddleware(t *testing.T) {
	j := &journal{}
	w := newWorld(t, base())
	w.Observe(j.observer())
	release := make(chan bool)
	w.Use(func(next http.Handler) http.Handler {
		limited := http.TimeoutHandler(next, time.Millisecond, "too slow")
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/teapot":
				w.WriteHeader(http.StatusEarlyHints)
				w.WriteHeader(http.StatusTeapot)
			case "/panic":
				panic("middleware")
			case "/slow":
				limited.ServeHTTP(w, r)
			default:
				next.ServeHTTP(w, r)
			}
		})
	})
	done := make(chan bool)
	fsa.Get(w, "/slow", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) {
		defer close(done)
		<-release
		return fsa.None{}, nil
	})
	h := compiled(t, w.App)
	send(t, h, "GET", "/teapot")
	func() {
		defer func() { recover() }()
		send(t, h, "GET", "/panic")
	}()
	send(t, h, "GET", "/slow")
	close(release)
	<-done
	want := []string{"request GET http 1.1", `answer 418 ""`, "request GET http 1.1", `answer 0 "" panic`, "request GET http 1.1", `answer 503 ""`}
	if diff := cmp.Diff(want, j.taken()); diff != "" {
		t.Error(diff)
	}
}

// TestObservedConnection: a real server's answers, also of a client that leaves and
// of a connection that is taken over.
func TestObservedConnection(t *testing.T) {
	ended := make(chan fsa.AnswerEvent, 1)
	w := newWorld(t, base())
	w.Observe(fsa.Observer{Request: func(ctx context.Context, _ *http.Request, _ fsa.RequestEvent) (context.Context, func(fsa.AnswerEvent)) {
		return ctx, func(a fsa.AnswerEvent) { ended <- a }
	}})
	here := make(chan bool, 1)
	fsa.Get(w, "/wait", authz.Open(), func(ctx context.Context, _ fsa.None) (fsa.None, error) {
		here <- true
		<-ctx.Done()
		return fsa.None{}, ctx.Err()
	})
	fsa.Handle(w, "GET /hijack", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		conn.Close()
	}))
	fsa.Handle(w, "GET /flush", authz.Open(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		io.WriteString(w, "flushed")
	}))
	server := httptest.NewServer(compiled(t, w.App))
	defer server.Close()

	ctx, leave := context.WithCancel(context.Background())
	go func() {
		<-here
		leave()
	}()
	r, _ := http.NewRequestWithContext(ctx, "GET", server.URL+"/wait", nil)
	if _, err := server.Client().Do(r); err == nil {
		t.Fatal("the client has not left")
	}
	if a := <-ended; a.Failure != fsa.FailureClient || a.Status != 0 || a.Route != "/wait" {
		t.Errorf("a client that leaves: %+v", a)
	}
	for path, want := range map[string]fsa.AnswerEvent{"/hijack": {}, "/flush": {Status: 200, Bytes: 7}} {
		answer, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if a := <-ended; a.Status != want.Status || a.Bytes != want.Bytes || a.Failure != fsa.NoFailure || a.Duration <= 0 {
			t.Errorf("%s: %+v", path, a)
		}
	}
}

// TestObservedLine: observers add to the request's line in the log.
func TestObservedLine(t *testing.T) {
	w := newWorld(t, base())
	w.Observe(fsa.Observer{
		Request: func(ctx context.Context, _ *http.Request, _ fsa.RequestEvent) (context.Context, func(fsa.AnswerEvent)) {
			return context.WithValue(ctx, markKey{}, "4bf92f35"), nil
		},
		LogAttrs: func(ctx context.Context) []slog.Attr {
			text, _ := ctx.Value(markKey{}).(string)
			return []slog.Attr{slog.String("trace_id", text)}
		},
	})
	fsa.Get(w, "/me", authz.Auth(), who)
	w.client(t).Get("/me").Expect(401)
	if !contains(w.log.String(), "msg=request", "trace_id=4bf92f35") {
		t.Error(w.log.String())
	}
}

// TestObservedAround: the hooks around the handlers are told of, and get what an
// observer adds.
func TestObservedAround(t *testing.T) {
	type span struct{}
	j := &journal{}
	o := j.observer()
	tell := o.Hook
	o.Hook = func(request, hook context.Context, e fsa.HookEvent) (context.Context, func(error)) {
		_, end := tell(request, hook, e)
		return context.WithValue(hook, span{}, true), end
	}
	w := newWorld(t, base())
	w.Observe(o)
	seen := 0
	see := func(ctx context.Context) {
		if ctx.Value(span{}) == true {
			seen++
		}
	}
	w.BeforeRequest(func(r *http.Request) (*fsa.Response, error) { see(r.Context()); return nil, nil })
	w.BeforeExec(func(ctx context.Context, r *http.Request, _ fsa.Identity) (*fsa.Response, error) {
		see(ctx)
		see(r.Context())
		return nil, nil
	})
	w.AfterRequest(func(_ http.Header, r *http.Request, _ int) { see(r.Context()) })
	w.ErrorResponse(func(w http.ResponseWriter, r *http.Request, e *fsa.Error) { see(r.Context()); w.WriteHeader(e.Status) })
	fsa.Get(w, "/fails", authz.Open(), func(context.Context, fsa.None) (fsa.None, error) { return fsa.None{}, fsa.Errorf(409, "no") })
	send(t, compiled(t, w.App), "GET", "/fails")
	got := j.taken()
	slices.Sort(got[1 : len(got)-1]) // who comes when is told elsewhere
	want := []string{"request GET http 1.1", "hook app.AfterRequest  <nil>", "hook app.BeforeExec  <nil>", "hook app.BeforeRequest  <nil>",
		"hook app.ErrorResponse  <nil>", `answer 409 "/fails"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if seen != 5 {
		t.Errorf("%d hooks see what the observer has added", seen)
	}
}

// TestObservedProtect: a request behind app.Protect is observed once, whichever
// router it came through.
func TestObservedProtect(t *testing.T) {
	j := &journal{}
	w := newWorld(t, base())
	w.Observe(j.observer())
	mux := http.NewServeMux()
	protect := w.Protect(authz.Group("admin"))
	mux.Handle("GET /own/{x}", protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "1") })))
	fsa.Handle(w, "/{rest...}", authz.Auth(), mux)
	fsa.Handle(w, "/open/{rest...}", authz.Open(), http.StripPrefix("/open", mux))
	h := compiled(t, w.App)
	open := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/open" + r.URL.Path
		h.ServeHTTP(w, r)
	})
	calvin := []string{"Authorization", "Bearer " + w.token(t, "calvin", fsa.TokenOptions{})}
	hobbes := []string{"Authorization", "Bearer " + w.token(t, "hobbes", fsa.TokenOptions{})}
	for _, c := range []struct {
		name   string
		h      http.Handler
		header []string
		answer string
	}{
		{"alone", mux, calvin, `answer 200 "/own/{x}" token calvin`},
		{"alone, refused", mux, hobbes, `answer 403 "/own/{x}" token hobbes`},
		{"alone, nobody", mux, nil, `answer 401 "/own/{x}"`},
		{"within a route", h, calvin, `answer 200 "/{rest...}" token calvin`},
		{"within a route, refused", h, hobbes, `answer 403 "/{rest...}" token hobbes`},
		{"within an open route", open, calvin, `answer 200 "/open/{rest...}" token calvin`},
		{"within an open route, refused", open, hobbes, `answer 403 "/open/{rest...}" token hobbes`},
	} {
		send(t, c.h, "GET", "/own/1", c.header...)
		lines := j.taken()
		requests := 0
		for _, line := range lines {
			if strings.HasPrefix(line, "request ") {
				requests++
			}
		}
		if requests != 1 || lines[len(lines)-1] != c.answer {
			t.Errorf("%s: %q", c.name, lines)
		}
	}
}

// TestLateObserver: after compilation it is a fault, as all registrations are.
func TestLateObserver(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/", authz.Auth(), who)
	compiled(t, w.App)
	w.Observe(fsa.Observer{})
	if faults := faultsOf(t, w.App); len(faults) != 1 || !strings.Contains(faults[0], "app.Observe comes after") {
		t.Error(faults)
	}
}

// TestObservedProtectAround: also where a protection stands around routes, in middleware,
// each application is told of a request once: its own, and none but its own.
func TestObservedProtectAround(t *testing.T) {
	for _, other := range []bool{false, true} {
		j, k := &journal{}, &journal{}
		w := newWorld(t, base())
		w.Observe(j.observer())
		guarding := w
		if other {
			guarding = newWorld(t, base())
			guarding.Observe(k.observer())
		}
		guard := guarding.Protect(authz.Auth())
		w.Use(guard)
		fsa.Get(w, "/x", authz.Open(), func(context.Context, fsa.None) (string, error) { return "x", nil })
		h := compiled(t, w.App)
		if other {
			compiled(t, guarding.App)
		}
		token := guarding.token(t, "calvin", fsa.TokenOptions{})
		for _, header := range [][]string{nil, {"Authorization", "Bearer " + token}} {
			want := 401
			if header != nil {
				want = 200
			}
			if a := send(t, h, "GET", "/x", header...); a.Code != want {
				t.Errorf("%d %s, want %d", a.Code, a.Body, want)
			}
			answers := func(lines []string) (n int) {
				for _, line := range lines {
					if strings.HasPrefix(line, "answer ") {
						n++
					}
				}
				return n
			}
			own, others := answers(j.taken()), answers(k.taken())
			if own != 1 || (others == 1) != other || others > 1 {
				t.Errorf("other %v, %d: told %d times, the other %d times", other, want, own, others)
			}
		}
	}
}
