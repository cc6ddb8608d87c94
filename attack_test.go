package fsa_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// The tests of this file are faults that a reviewer found, each named after its
// class.

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	return serveFrom(h, r, "127.0.0.1:40000")
}

// serveFrom serves a request of another peer.
func serveFrom(h http.Handler, r *http.Request, peer string) *httptest.ResponseRecorder {
	r.RemoteAddr = peer
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func handlerOf(t testing.TB, w *world) http.Handler {
	t.Helper()
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// slowBody is a form of which the end comes when it is told to.
type slowBody struct {
	text    string
	reached chan bool
	release chan bool
	once    sync.Once
}

func (b *slowBody) Read(p []byte) (int, error) {
	b.once.Do(func() { close(b.reached) })
	<-b.release
	if b.text == "" {
		return 0, io.EOF
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	return n, nil
}

func (b *slowBody) Close() error { return nil }

// TestLateAuthenticateReadsItsOwnRequest: who is still asked for after the
// handler has returned adds nothing to the requests that follow.
func TestLateAuthenticateReadsItsOwnRequest(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that the pool hands on at once what it gets back
	w := newWorld(t, base())
	body := &slowBody{text: "to=mallory", reached: make(chan bool), release: make(chan bool)}
	asked := make(chan bool)
	fsa.Handle(w, "POST /open", authz.Open(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		go func() {
			defer close(asked)
			defer func() { _ = recover() }() // what becomes of the attacker does not matter
			w.Authenticate(r.Context())
		}()
		<-body.reached
		// Nothing is written: writing would wait for the authentication too.
	}))
	admitted, goOn := make(chan bool), make(chan bool)
	w.Admit(func(context.Context, fsa.Identity) error {
		close(admitted)
		<-goOn
		return nil
	})
	fsa.Post(w, "/transfer", authz.Auth(), func(ctx context.Context, in struct {
		To string `default:"alice"`
	}) (string, error) {
		return fsa.User(ctx) + " pays " + in.To, nil
	})
	h := handlerOf(t, w)
	attacked := make(chan bool)
	go func() {
		defer close(attacked)
		r := httptest.NewRequest("POST", "/open", body)
		r.ContentLength = 100
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		serve(h, r)
	}()
	<-body.reached
	select {
	case <-attacked:
		t.Error("the answer does not wait for the authentication that its handler has begun")
	case <-time.After(100 * time.Millisecond):
	}
	answer := make(chan string)
	go func() {
		r := httptest.NewRequest("POST", "/transfer", strings.NewReader(`{"USER":"calvin","PASS":"`+calvinPass+`"}`))
		r.Header.Set("Content-Type", "application/json")
		answer <- serve(h, r).Body.String()
	}()
	<-admitted // the other's body is read, and not bound yet
	close(body.release)
	<-asked
	close(goOn)
	if got := <-answer; got != "calvin pays alice" {
		t.Errorf("the answer is %s", got)
	}
	<-attacked
}

// TestBurstTellsNothing: many tries at once have the same answers whether there
// is such a user or not.
func TestBurstTellsNothing(t *testing.T) {
	cfg := base()
	cfg.PasswordOpts = map[string]int{"memory": 4096, "time": 1, "parallelism": 1}
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Auth(), who)
	h := handlerOf(t, w)
	burst := func(login string) (refused, busy int) {
		statuses := make(chan int)
		for range 80 {
			go func() {
				r := httptest.NewRequest("GET", "/x", nil)
				r.SetBasicAuth(login, "guess")
				statuses <- serve(h, r).Code
			}()
		}
		for range 80 {
			if <-statuses == 503 {
				busy++
			} else {
				refused++
			}
		}
		return refused, busy
	}
	for range 3 {
		if _, busy := burst("calvin"); busy > 0 {
			t.Errorf("for a known user %d tries find the server busy", busy)
		}
		if _, busy := burst("susie"); busy > 0 {
			t.Errorf("for an unknown user %d tries find the server busy", busy)
		}
	}
}

// TestConnectIsRefused: its path is not cleaned by anybody, so it could name
// another object than the one that was authorized.
func TestConnectIsRefused(t *testing.T) {
	w := newWorld(t, base())
	fsa.Handle(w, "/files/{sid}/{rest...}", authz.Object("stuff", "sid", "read"), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s reaches the handler", r.Method, r.URL.Path)
	}))
	h := handlerOf(t, w)
	for _, path := range []string{"/files/1/../2/secret", "/files/1/x"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Method = "CONNECT"
		r.SetBasicAuth("calvin", calvinPass)
		if rec := serve(h, r); rec.Code != 400 {
			t.Errorf("CONNECT %s: %d", path, rec.Code)
		}
	}
}

// heap gives the bytes that are in use after garbage collection.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// kept gives how many bytes more are in use than before. What is over the bound
// gets time to go: other tests have left slow hashes, each with its memory, that
// are still being computed. What is really kept stays.
func kept(before, bound int64) int64 {
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if n := heap() - before; n <= bound || time.Now().After(end) {
			return n
		}
	}
}

// TestKeysDoNotHoldRequests: what is kept of a request is its key, not the body
// that the key was cut from.
func TestKeysDoNotHoldRequests(t *testing.T) {
	w := newWorld(t, base())
	fsa.ObjectPerms(w.App, "text", func(_ context.Context, login, id, mode string) (bool, error) { return false, nil })
	fsa.Post(w, "/x", authz.Auth(), who)
	fsa.Post(w, "/text", authz.Object("text", "id", ""), takes[struct {
		ID  string
		Pad string `param:"pad,optional"`
	}])
	h := handlerOf(t, w)
	pad := strings.Repeat("p", 512<<10)
	w.set(func() {
		for i := range 100 {
			w.hashes[fmt.Sprint("user", i)] = w.hashes["calvin"]
		}
	})
	post := func(path, login, pass, body string) int {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if login != "" {
			r.SetBasicAuth(login, pass)
		}
		return serve(h, r).Code
	}
	before := heap()
	for i := range 100 {
		if status := post("/x", "", "", fmt.Sprintf("USER=user%d&PASS=wrong&pad=%s", i, pad)); status != 401 {
			t.Fatalf("status %d", status)
		}
		if status := post("/text", "calvin", calvinPass, fmt.Sprintf("id=text%d&pad=%s", i, pad)); status != 403 {
			t.Fatalf("status %d", status)
		}
		if status := post("/text", "calvin", calvinPass, fmt.Sprintf("id=%d%s", i, pad)); status != 403 {
			t.Fatalf("status %d", status)
		}
	}
	if n := kept(before, 8<<20); n > 8<<20 {
		t.Errorf("300 refused requests keep %d MiB", n>>20)
	}
	if log := len(w.log.String()); log > 200<<10 {
		t.Errorf("they have written %d bytes of log", log)
	}
	runtime.KeepAlive(h)
}

// TestLongCredentials: they are refused before anybody looks at them.
func TestLongCredentials(t *testing.T) {
	w := newWorld(t, base())
	asked := 0
	w.PasswordCheck(func(context.Context, string, string) (bool, error) { asked++; return true, nil })
	fsa.Get(w, "/x", authz.Auth(), who)
	c := w.client(t)
	long := strings.Repeat("x", 1025)
	for _, cred := range [][2]string{{"calvin", ""}, {"susie", ""}, {"calvin", long}, {long, "x"}} {
		if res := c.Get("/x").Basic(cred[0], cred[1]).Expect(401); res.Text() != "invalid credentials" {
			t.Errorf("the answer is %s", res.Text())
		}
	}
	if asked != 0 || w.times("hash "+long) != 0 {
		t.Errorf("hooks were asked")
	}
}

// TestHooksGetNoValues: a kept answer can't depend on what its key does not hold.
func TestHooksGetNoValues(t *testing.T) {
	type tenant struct{}
	for _, kept := range []string{"ttl", "none"} {
		cfg := base()
		cfg.Cache = kept
		app := fsa.New("acme", cfg)
		app.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tenant{}, r.Host)))
			})
		})
		seen := func(ctx context.Context, hook string) {
			if v := ctx.Value(tenant{}); v != nil {
				t.Errorf("%s sees the value %v", hook, v)
			}
		}
		app.UserPass(func(ctx context.Context, _ string) (string, error) {
			seen(ctx, "UserPass")
			return "", fsa.ErrNoSuchUser
		})
		app.GroupCheck("admin", func(ctx context.Context, _ string) (bool, error) { seen(ctx, "GroupCheck"); return true, nil })
		fsa.ObjectPerms(app, "o", func(ctx context.Context, _ string, _ int, _ string) (bool, error) {
			seen(ctx, "ObjectPerms")
			return true, nil
		})
		fsa.Get(app, "/x/{id}", authz.All(authz.Group("admin"), authz.Object("o", "id", "")), func(ctx context.Context, _ struct{ ID int }) (string, error) {
			return fmt.Sprint(ctx.Value(tenant{})), nil
		})
		c := (&world{App: app}).client(t)
		c.Get("/x/1").Basic("a", "b").Expect(401)
		c.Get("/x/1").As("a").Expect(200).Contains("example.com")
	}
}

// TestUploadsAreRemoved: the files of a form that a handler parses are gone after
// the request.
func TestUploadsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	w := newWorld(t, base())
	parse := func(r *http.Request) error {
		if err := r.ParseMultipartForm(1); err != nil {
			return err
		}
		if left, _ := os.ReadDir(dir); len(left) == 0 {
			t.Error("the form was not written to a file")
		}
		return nil
	}
	fsa.Handle(w, "POST /raw", authz.Open(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := parse(r); err != nil {
			t.Error(err)
		}
	}))
	fsa.Post(w, "/typed", authz.Open(), func(_ context.Context, in struct{ R *http.Request }) (fsa.None, error) {
		return fsa.None{}, parse(in.R)
	})
	h := handlerOf(t, w)
	for _, path := range []string{"/raw", "/typed"} {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		f, _ := m.CreateFormFile("f", "f.bin")
		f.Write(make([]byte, 100<<10))
		m.Close()
		r := httptest.NewRequest("POST", path, &body)
		r.Header.Set("Content-Type", m.FormDataContentType())
		if rec := serve(h, r); rec.Code >= 400 {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s leaves %d files", path, len(left))
		}
	}
}

// TestPathIsSpeltOneWay: a handler that reads the path itself reads what was
// authorized.
func TestPathIsSpeltOneWay(t *testing.T) {
	w := newWorld(t, base())
	fsa.Handle(w, "GET /stuff/{id}", authz.Object("stuff", "id", "owner"), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		io.WriteString(rw, r.PathValue("id"))
	}))
	c := w.client(t)
	for path, status := range map[string]int{"1": 200, "0x1": 404, "+1": 404, "0b1": 404, "%201": 404, "0_1": 404, "01": 404} {
		c.Get("/stuff/" + path).As("calvin").Expect(status)
	}
}

// TestOthersAreNotPrinted: a directive that is not ours may be a secret.
func TestOthersAreNotPrinted(t *testing.T) {
	cfg, err := loadText("FSA_AUTH = \"none\"\nSMTP_PASSWORD = \"s3cret\"\nFSA_TOKEN_SECRETS = \"s3cret\"")
	if err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	slog.New(slog.NewTextHandler(log, nil)).Info("config", "cfg", cfg)
	if shown := fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg) + log.String(); strings.Contains(shown, "s3cret") {
		t.Errorf("the secret is shown: %s", shown)
	}
}

// TestIdentityIsOnesOwn: what a handler does to its identity is not what the next
// request gets from the cache.
func TestIdentityIsOnesOwn(t *testing.T) {
	cfg := base()
	cfg.TokenType = "jwt"
	w := newWorld(t, cfg)
	w.Admit(func(_ context.Context, id fsa.Identity) error { _ = append(id.Scopes[:0], "admin"); return nil })
	fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, in struct{ ID fsa.Identity }) (string, error) {
		was := fmt.Sprint(in.ID.Scopes, fsa.HasScope(ctx, "admin"))
		_ = append(in.ID.Scopes[:0], "admin")
		if id, err := w.Authenticate(ctx); err == nil {
			_ = append(id.Scopes[:0], "admin")
		}
		return was, nil
	})
	c := w.client(t)
	token := w.token(t, "calvin", fsa.TokenOptions{Scopes: []string{"read"}})
	for range 3 {
		if got := c.Get("/x").Bearer(token).Expect(200).Text(); got != "[read] false" {
			t.Errorf("the identity has %s", got)
		}
	}
}

// TestLazyAnswersAreNotStored: an open route whose handler asks who is calling.
func TestLazyAnswersAreNotStored(t *testing.T) {
	w := newWorld(t, base())
	fsa.Handle(w, "POST /x", authz.Open(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if _, err := w.Authenticate(r.Context()); err != nil {
			t.Error(err)
		}
		io.Copy(rw, r.Body) // it can still be read
	}))
	res := w.client(t).Post("/x").Form("USER", "calvin", "PASS", calvinPass).Expect(200)
	if res.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(res.Text(), "PASS=calvin-pass") {
		t.Errorf("%v %q", res.Header, res.Text())
	}
}

// TestEmptySettings: an empty value does not quietly undo a protection.
func TestEmptySettings(t *testing.T) {
	for _, text := range []string{"FSA_AUTH_DEFAULT = []", `FSA_TOKEN_ISSUER = ""`, `FSA_TLS_CERT = ""`, `FSA_MODE = ""`} {
		if _, err := loadText(text); err == nil || !strings.Contains(err.Error(), "must not be empty; leave it out") {
			t.Errorf("%s: %v", text, err)
		}
	}
	w := newWorld(t, base())
	var schemes []string
	p := w.Prefix("/p", fsa.Authn(schemes...))
	fsa.Get(p, "/x", authz.Auth(), who)
	if got := faultsOf(t, w.App); len(got) != 1 || !strings.Contains(got[0], "names no scheme") {
		t.Errorf("got %q", got)
	}
}

// TestPlaceholderSecrets: nobody starts with one in production.
func TestPlaceholderSecrets(t *testing.T) {
	for secret, ok := range map[string]bool{
		strings.Repeat("a", 40):                                                       false,
		strings.Repeat("abc", 20):                                                     false,
		"changeme-changeme-changeme-0123456789":                                       false,
		"Your-Secret-here-with-thirty-two-characters!":                                false,
		base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstuv")): true,
	} {
		cfg := base()
		cfg.TokenSecret = []fsa.Secret{fsa.Secret(secret)}
		w := newWorld(t, cfg)
		fsa.Get(w, "/x", authz.Auth(), who)
		if got := faultsOf(t, w.App); (got == nil) != ok {
			t.Errorf("%s: %q", secret, got)
		}
	}
}

// TestReservedHeaders: fields that differ from answer to answer are not set for
// all.
func TestReservedHeaders(t *testing.T) {
	for _, name := range []string{"content-length", "Transfer-Encoding", "cache-control", "Set-Cookie", "WWW-Authenticate"} {
		cfg := base()
		cfg.AddHeaders = map[string]string{name: "1"}
		w := newWorld(t, cfg)
		w.AddHeader(name, "1")
		if got := faultsOf(t, w.App); len(got) != 2 || !strings.Contains(got[0], "is not to be set for all") {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, value := range map[string]string{"X-A": "a\r\nSet-Cookie: b=c", "X A": "a", "X-A\r\nX-B": "a", "X-B": "a\x00"} {
		cfg := base()
		cfg.AddHeaders = map[string]string{name: value}
		w := newWorld(t, cfg)
		w.AddHeader(name, value)
		if got := faultsOf(t, w.App); len(got) != 2 || !contains(got[0], "is not a valid header field") || !contains(got[1], "is not a valid header field") {
			t.Errorf("%q: %q", name, got)
		}
	}
	cfg := base()
	cfg.AddHeaders = map[string]string{"X-A": "1", "x-a": "2"}
	if got := faultsOf(t, newWorld(t, cfg).App); len(got) != 1 || !strings.Contains(got[0], "X-A is given twice") {
		t.Errorf("got %q", got)
	}
}

// TestLateMistakes: what comes too late is reported, also if it is wrong besides.
func TestLateMistakes(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Auth(), who)
	handlerOf(t, w)
	w.UserPass(nil)
	w.GroupCheck("admin", func(context.Context, string) (bool, error) { return true, nil })
	w.Prefix("no-slash")
	if got := faultsOf(t, w.App); len(got) != 3 {
		t.Errorf("got %q", got)
	}
}

// TestClientsThatGo: a request that its client has given up is no failure of the
// server.
func TestClientsThatGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, base())
		w.GroupCheck("slow", func(ctx context.Context, _ string) (bool, error) {
			time.Sleep(20 * time.Millisecond)
			return true, nil
		})
		fsa.Get(w, "/x", authz.Group("slow"), who)
		h := handlerOf(t, w)
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Millisecond, cancel)
		r := httptest.NewRequest("GET", "/x", nil).WithContext(ctx)
		r.Header.Set("Authorization", "Bearer "+w.token(t, "calvin", fsa.TokenOptions{}))
		serve(h, r)
		if log := w.log.String(); strings.Contains(log, "level=ERROR") || !strings.Contains(log, "level=INFO") {
			t.Errorf("the log is %s", log)
		}
		time.Sleep(time.Second) // the hook goes on for whoever else may ask
	})
}

// TestFailureTakesBackPromises: what a handler had prepared for its success does
// not travel with its failure.
func TestFailureTakesBackPromises(t *testing.T) {
	w := newWorld(t, base())
	fsa.Handle(w, "GET /x", authz.Open(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.SetCookie(rw, &http.Cookie{Name: "session", Value: "s3cret"})
		rw.Header().Set("Cache-Control", "public, max-age=600")
		panic("boom")
	}))
	h := w.client(t).Get("/x").Expect(500).Header
	if h.Get("Set-Cookie") != "" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("the header is %v", h)
	}
}

// TestCookieLimit: a request has at most 100 cookies.
func TestCookieLimit(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), who)
	c := w.client(t)
	for n, status := range map[int]int{1: 200, 100: 200, 101: 400, 1000: 400} {
		c.Get("/x").Header("Cookie", strings.TrimSuffix(strings.Repeat("a=1; ", n), "; ")).Expect(status)
	}
	c.Get("/x").Header("Cookie", strings.Repeat("a=1;", 59)+"a=1", "Cookie", strings.Repeat("a=1;", 59)+"a=1").Expect(400)
}

// slowIn has a method that goes on after it has answered, as one with a time-out
// does.
type slowIn struct {
	Word string
}

var slowSeen = make(chan func() string, 1)

func (in *slowIn) Validate(context.Context) error {
	select {
	case slowSeen <- func() string { return in.Word }:
	default:
	}
	return nil
}

// TestLateValidate: what a method of the input has started sees its own request
// for ever, and never the next one, wherever in the input it is.
func TestLateValidate(t *testing.T) {
	w := newWorld(t, base())
	fsa.Get(w, "/x", authz.Open(), func(_ context.Context, in slowIn) (string, error) { return in.Word, nil })
	fsa.Post(w, "/array", authz.Open(), func(_ context.Context, in struct {
		Words [1]slowIn `in:"body"`
	}) (string, error) {
		return in.Words[0].Word, nil
	})
	c := w.client(t)
	for path, send := range map[string]func(word string){
		"/x":     func(word string) { c.Get("/x").Query("word", word).Expect(200) },
		"/array": func(word string) { c.Post("/array").JSON([]any{map[string]string{"Word": word}}).Expect(200) },
	} {
		for len(slowSeen) > 0 {
			<-slowSeen
		}
		send("mine")
		late := <-slowSeen
		for range 20 {
			send("another's")
			if got := late(); got != "mine" {
				t.Fatalf("%s: the first request's input has become %q", path, got)
			}
		}
	}
}

// TestLateConverter: the same of a converter that is given pointers to outputs.
func TestLateConverter(t *testing.T) {
	type answer struct{ Word string }
	w := newWorld(t, base())
	var kept []*answer
	fsa.JSONConverter(w.App, func(a *answer) any {
		kept = append(kept, a)
		return a.Word
	})
	fsa.Get(w, "/x", authz.Open(), func(_ context.Context, in answer) (answer, error) { return in, nil })
	c := w.client(t)
	c.Get("/x").Query("word", "mine").Expect(200).Contains("mine")
	if len(kept) != 1 {
		t.Fatalf("the converter has been asked %d times", len(kept))
	}
	for range 20 {
		c.Get("/x").Query("word", "another's").Expect(200)
		if kept[0].Word != "mine" {
			t.Fatalf("the first request's output has become %q", kept[0].Word)
		}
	}
}
