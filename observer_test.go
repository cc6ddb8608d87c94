package fsa_test

import (
	"context"
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
	for _, asked := range []string{"Request", "Hook", "Authentication", "Authorization", "Throttle", "PasswordHash", "LogAttrs", `"the end of Request"`, `"the end of Hook"`} {
		if !strings.Contains(w.log.String(), "asked="+asked) {
			t.Errorf("nothing is logged about the panic of %s", asked)
		}
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
	h := compiled(t, w.App)
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
