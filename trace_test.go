package fsa_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

// varying is what differs from one run to the next.
var varying = regexp.MustCompile(`(time|request_id|duration|at|took|source)=("[^"]*"|\S+) ?`)

// traceOf gives the lines that a request adds to the log, without what varies.
func traceOf(w *world, r *http.Request) string {
	before := len(w.log.String())
	h, err := w.Handler()
	if err != nil {
		panic(err)
	}
	serve(h, r)
	text := varying.ReplaceAllString(w.log.String()[before:], "")
	return strings.ReplaceAll(text, " \n", "\n")
}

func request(method, path string, prepare ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	for _, p := range prepare {
		p(r)
	}
	return r
}

func withBasic(login, pass string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(login, pass) }
}

// TestTrace: in mode debug, the log tells how each decision came about.
func TestTrace(t *testing.T) {
	cfg := base()
	cfg.Mode = "debug"
	cfg.LoggingLevel = slog.LevelDebug
	w := orderWorld(t, cfg)
	w.Admit(func(_ context.Context, id fsa.Identity) error {
		if id.Login == "disabled" {
			return fsa.Errorf(403, "disabled since Monday")
		}
		return nil
	})
	fsa.Get(w, "/secret/{id}", authz.Object("stuff", "id", "owner"), takes[struct {
		ID int `format:"password"`
	}])
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	as := func(login string) func(*http.Request) { return func(r *http.Request) { *r = *asUser(r, login) } }
	for _, c := range []struct {
		name string
		r    *http.Request
		want []string // lines
	}{
		{"nobody", request("GET", "/auth"), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=param verdict="nothing sent"`,
			`level=INFO msg=request method=GET route=/auth status=401 error="401: authentication required"`,
		}},
		{"wrong password", request("GET", "/auth", withBasic("calvin", hobbesPass)), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict=refused reason="invalid password for calvin"`,
			`level=DEBUG msg=trace step=scheme scheme=param verdict="nothing sent"`,
			`level=INFO msg=request method=GET route=/auth status=401 error="401: invalid password for calvin"`,
		}},
		{"bad token", request("GET", "/auth", bearer("acme:calvin:20991231235959:"+strings.Repeat("0", 64))), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict=refused reason="invalid token: invalid token signature"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=param verdict="nothing sent"`,
			`level=INFO msg=request method=GET route=/auth status=401 error="401: invalid token: invalid token signature"`,
		}},
		{"disabled", request("GET", "/auth", as("disabled")), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=param verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=test verdict=accepted user=disabled`,
			`level=DEBUG msg=trace step=admit user=disabled verdict=refused reason="403: disabled since Monday"`,
			`level=INFO msg=request method=GET route=/auth status=403 error="403: disabled since Monday"`,
		}},
		{"right", request("GET", "/all/1?n=1", withBasic("calvin", calvinPass)), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict=accepted user=calvin`,
			`level=DEBUG msg=trace step=admit user=calvin verdict=admitted`,
			`level=DEBUG msg=trace step=rule rule="Group(\"admin\")" verdict=granted from=hook`,
			`level=DEBUG msg=trace step=rule rule="Object(\"stuff\", \"id\", \"owner\")" object=1 verdict=granted from=hook`,
			`level=DEBUG msg=request method=GET route=/all/{id} status=204 user=calvin scheme=basic`,
		}},
		{"right, once more", request("GET", "/all/1?n=1", withBasic("calvin", calvinPass)), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict=accepted user=calvin`,
			`level=DEBUG msg=trace step=admit user=calvin verdict=admitted`,
			`level=DEBUG msg=trace step=rule rule="Group(\"admin\")" verdict=granted from=cache`,
			`level=DEBUG msg=trace step=rule rule="Object(\"stuff\", \"id\", \"owner\")" object=1 verdict=granted from=cache`,
			`level=DEBUG msg=request method=GET route=/all/{id} status=204 user=calvin scheme=basic`,
		}},
		{"parameters", request("GET", "/stuff/2?x=1&n=y", withBasic("calvin", calvinPass)), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict=accepted user=calvin`,
			`level=DEBUG msg=trace step=admit user=calvin verdict=admitted`,
			`level=DEBUG msg=trace step=parameter name=n in=query verdict=refused`,
			`level=DEBUG msg=trace step=parameter name=x in="" verdict=refused`,
			`level=INFO msg=request method=GET route=/stuff/{id} status=400 user=calvin scheme=basic error="400: parameter \"n\" is not an integer: \"y\"; unexpected parameter \"x\""`,
		}},
		{"other's object", request("GET", "/rawstuff/2", withBasic("calvin", calvinPass)), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict=accepted user=calvin`,
			`level=DEBUG msg=trace step=admit user=calvin verdict=admitted`,
			`level=DEBUG msg=trace step=rule rule="Object(\"stuff\", \"id\", \"owner\")" object=2 verdict=refused from=hook`,
			`level=INFO msg=request method=GET route=/rawstuff/{id} status=403 user=calvin scheme=basic error="403: permission denied on stuff"`,
		}},
		{"no object, secret", request("GET", "/secret/7", withBasic("calvin", calvinPass)), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict=accepted user=calvin`,
			`level=DEBUG msg=trace step=admit user=calvin verdict=admitted`,
			`level=DEBUG msg=trace step=rule rule="Object(\"stuff\", \"id\", \"owner\")" object=*** verdict="not found" from=hook`,
			`level=INFO msg=request method=GET route=/secret/{id} status=404 user=calvin scheme=basic error="404: object not found"`,
		}},
		{"broken", request("GET", "/broken", as("calvin")), []string{
			`level=DEBUG msg=trace step=scheme scheme=token verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=basic verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=param verdict="nothing sent"`,
			`level=DEBUG msg=trace step=scheme scheme=test verdict=accepted user=calvin`,
			`level=DEBUG msg=trace step=admit user=calvin verdict=admitted`,
			`level=DEBUG msg=trace step=rule rule="Group(\"broken\")" verdict=failed from=hook reason="500: internal error in check of group \"broken\": the hook of group broken fails: s3cret"`,
			`level=ERROR msg=request method=GET route=/broken status=500 user=calvin scheme=test error="500: internal error in check of group \"broken\": the hook of group broken fails: s3cret"`,
		}},
	} {
		if got := traceOf(w, c.r); got != strings.Join(c.want, "\n")+"\n" {
			t.Errorf("%s: the log is\n%s", c.name, got)
		}
	}
}

// TestTraceDepth: what each mode tells besides.
func TestTraceDepth(t *testing.T) {
	parts := map[string][]string{ // by the first mode that tells it
		"debug":  {"msg=trace", "step=scheme", "step=rule"},
		"debug1": {"step=hook hook=app.UserPass", `step=hook hook="app.GroupCheck(\"admin\")"`, `step=hook hook="fsa.ObjectPerms(\"stuff\")"`, " took=", " at="},
		"debug2": {`msg=route method=GET path=/all/{id} rule="All(Group(\"admin\"), Object(\"stuff\", \"id\", \"owner\"))" authn="token basic param none" realm=acme`},
		"debug3": {`parameters="id int, n int"`, `step=parameters path=id query=n unknown_in_query=1`},
		"debug4": {`step=request peer=127.0.0.1:40000 transport=loopback header="Authorization X-Secret"`, `step=answer header="Cache-Control FSA-Delay`},
	}
	told := []string{}
	for _, mode := range []string{"prod", "dev", "debug", "debug1", "debug2", "debug3", "debug4"} {
		cfg := base()
		cfg.Mode = mode
		cfg.LoggingLevel = slog.LevelDebug
		cfg.NoRejectUnexpectedParam = true
		w := orderWorld(t, cfg)
		r := request("GET", "/all/1?n=1&0123456789abcdef=secret-value", withBasic("calvin", calvinPass))
		r.Header.Set("X-Secret", "secret-value")
		serve(handlerOf(t, w), r)
		told = append(told, parts[mode]...)
		for first, texts := range parts {
			for _, text := range texts {
				want := strings.Contains(strings.Join(told, "|"), text)
				if strings.Contains(w.log.String(), text) != want {
					t.Errorf("mode %s: %q of %s is there: %v\n%s", mode, text, first, !want, w.log)
				}
			}
		}
		if strings.Contains(w.log.String(), "secret-value") || mode != "prod" && mode != "dev" && strings.Contains(strings.Split(w.log.String(), "msg=request")[0], "0123456789abcdef") {
			t.Errorf("mode %s: a secret is told\n%s", mode, w.log)
		}
	}
}

// TestTraceIsShown: whatever the level of the logger, debugging is not in vain.
// The default logger's level is that of debugging then.
func TestTraceIsShown(t *testing.T) {
	for mode, want := range map[string]bool{"prod": false, "dev": false, "debug": true} {
		cfg := base()
		cfg.Mode = mode
		w := orderWorld(t, cfg) // its logger's level is info
		serve(handlerOf(t, w), request("GET", "/auth", withBasic("calvin", calvinPass)))
		if got := strings.Contains(w.log.String(), "level=INFO msg=trace"); got != want {
			t.Errorf("mode %s: the log is %s", mode, w.log)
		}
		cfg.Logger = nil
		text := stderrOf(t, func() {
			app := fsa.New("acme", cfg)
			app.UserPass(func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser })
			fsa.Get(app, "/x", authz.Open(), who)
			h, err := app.Handler()
			if err != nil {
				t.Fatal(err)
			}
			serve(h, request("GET", "/x"))
		})
		if got := strings.Contains(text, "level=DEBUG msg=request"); got != want {
			t.Errorf("mode %s: standard error has %s", mode, text)
		}
	}
}

// stderrOf gives what a function writes to standard error.
func stderrOf(t *testing.T, f func()) string {
	t.Helper()
	old := os.Stderr
	defer func() { os.Stderr = old }()
	file, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	os.Stderr = file
	f()
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	var copied bytes.Buffer
	leaktest.Log(&copied).Write(text)
	return copied.String()
}

// TestTracesHoldNoSecret: with all that can be wrong with credentials, in the most
// talkative mode. What comes out is looked through by TestMain. S70.
func TestTracesHoldNoSecret(t *testing.T) {
	for _, kind := range []string{"fsa", "jwt"} {
		cfg := base()
		cfg.Mode, cfg.TokenType = "debug4", kind
		cfg.LoggingLevel = slog.LevelDebug
		w := orderWorld(t, cfg)
		fsa.Post(w, "/login", authz.Open(), takes[struct {
			Login    string
			Password string `format:"password"`
			Pin      int    `format:"password"`
		}])
		h := handlerOf(t, w)
		token := w.token(t, "calvin", fsa.TokenOptions{})
		leaktest.Secret(token, "open sesame", "98765432109", "98765432109x")
		form := func(path, body string) *http.Request {
			r := httptest.NewRequest("POST", path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		}
		auth := func(value string) *http.Request {
			r := request("GET", "/auth")
			r.Header.Set("Authorization", value)
			return r
		}
		rs := []*http.Request{
			request("GET", "/auth", withBasic("calvin", calvinPass)), request("GET", "/auth", withBasic("calvin", calvinPass+"x")),
			request("GET", "/auth", withBasic("", calvinPass)), request("GET", "/auth", withBasic("nobody", calvinPass)),
			auth("Bearer " + token), auth("Bearer " + token + "0"), auth("Bearer " + token[:len(token)-1]), auth("Bearer  " + token), auth("Bearer " + token + " x"),
			auth("Basic " + token), auth("Basic"), auth(token), auth("Digest " + token),
			request("GET", "/auth?USER=calvin&PASS="+calvinPass), request("GET", "/auth?USER=calvin&PASS="+calvinPass+"&PASS=x"),
			request("GET", "/auth?USER=calvin&PASS="+calvinPass+"%00"),
			form("/auth", "USER=calvin&PASS="+calvinPass), form("/auth", "USER=calvin&PASS="+hobbesPass), form("/auth", "{\"PASS\":\""+calvinPass+"\"}"),
			form("/login", "login=a&password=open+sesame&pin=98765432109x"), form("/login?password=open+sesame", "login=a&password=open+sesame"),
			form("/login", "login=a&password=open+sesame&password=open+sesame&pin=98765432109"),
			request("GET", "/nowhere/"+token+"?t="+token), request("GET", "/auth/"+calvinPass), request("DELETE", "/stuff/"+token), request("GET", "/stuff/"+token, withBasic("calvin", calvinPass)),
			request("GET", "/x/../"+token),
		}
		for i, r := range rs {
			serve(h, r)
			if i == 0 && !strings.Contains(w.log.String(), "step=hook") {
				t.Errorf("nothing is traced: %s", w.log)
			}
		}
		if fmt.Sprint(strings.Count(w.log.String(), "msg=request ")) != fmt.Sprint(len(rs)) {
			t.Errorf("%d requests have %d lines", len(rs), strings.Count(w.log.String(), "msg=request "))
		}
	}
}
