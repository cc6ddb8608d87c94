package fsa_test

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/internal/chromium"
)

// arrival is a request that a browser has sent, for what matters here.
type arrival struct {
	method, path string
	cookie, auth bool
}

// web is a server of several sites, for a browser: applications, and for all other
// hosts empty pages. It notes what arrives, and the applications what they do.
type web struct {
	port string
	apps map[string]*world // by host

	mu      sync.Mutex
	arrived []arrival
	effects int
}

const (
	apiHost    = "api.acme.test"   // tokens in a cookie; trusts wwwHost
	openHost   = "open.acme.test"  // tokens in Authorization; any origin may read
	closedHost = "plain.acme.test" // the same, without CORS
	wwwHost    = "www.acme.test"   // the application's own front end, of another origin
	evilHost   = "evil.acme.test"  // a sibling: of another origin, but the same site
	otherHost  = "evil.test"       // of another site
)

// newWeb starts the server. It speaks TLS, for cookies with the prefix __Host-.
func newWeb(t *testing.T) *web {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	web := &web{port: port, apps: map[string]*world{}}
	api := base()
	api.Auth = []string{"token", "param", "basic", "none"}
	api.TokenCarrier, api.Redirect401 = "cookie", "/login"
	api.CORS, api.CORSOpts = true, fsa.CORSOptions{Origins: []string{web.url(wwwHost, "")}, SupportsCredentials: true, ExposeHeaders: []string{"X-Request-Id"}}
	web.app(t, apiHost, api)
	open := base()
	open.CORS = true
	web.app(t, openHost, open)
	web.app(t, closedHost, base())

	handlers := map[string]http.Handler{}
	for host, w := range web.apps {
		handlers[host] = handlerOf(t, w)
	}
	s := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.Host)
		if h := handlers[host]; h != nil && r.URL.Path != "/blank" {
			if r.URL.Path != "/favicon.ico" {
				web.mu.Lock()
				web.arrived = append(web.arrived, arrival{r.Method, r.URL.Path, strings.Contains(r.Header.Get("Cookie"), "__Host-auth="), r.Header.Get("Authorization") != ""})
				web.mu.Unlock()
			}
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<!doctype html><title>page</title><body></body>"))
	})}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return web
}

func (web *web) url(host, path string) string { return "https://" + host + ":" + web.port + path }

// app adds an application with what there is to attack.
func (web *web) app(t *testing.T, host string, cfg fsa.Config) {
	w := newWorld(t, cfg)
	web.apps[host] = w
	effect := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		web.mu.Lock()
		defer web.mu.Unlock()
		web.effects++
		rw.Write([]byte("done"))
	})
	fsa.Get(w, "/read", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) { return "secret of " + fsa.User(ctx), nil })
	fsa.Handle(w, "POST /do", authz.Auth(), effect)
	fsa.Handle(w, "PUT /do", authz.Auth(), effect)
	fsa.Post(w, "/json", authz.Auth(), func(_ context.Context, in struct{ Sum int }) (fsa.None, error) {
		effect(httptest.NewRecorder(), nil)
		return fsa.None{}, nil
	})
	fsa.Get(w, "/admin", authz.Group("admin"), who)
	fsa.Post(w, "/in", authz.Auth(), nothing) // by param: sets the cookie, where tokens are in one
	fsa.Handle(w, "GET /ws", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		effect(httptest.NewRecorder(), r)
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455, 4.2.2
		conn, buf, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(buf, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
		buf.Flush()
		buf.ReadByte() // until the page closes it
	}))
	fsa.Handle(w, "GET /login", authz.Open(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { rw.Write([]byte("log in")) }), fsa.Authn("none"))
	fsa.Handle(w, "GET /back", authz.Open(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		to, ok := fsa.LocalTarget(r.FormValue("URL"))
		if !ok {
			to = "/login"
		}
		http.Redirect(rw, r, to, http.StatusSeeOther)
	}), fsa.Authn("none"))
}

// since gives what has arrived and been done since the last time.
func (web *web) since() (arrived []arrival, effects int) {
	web.mu.Lock()
	defer web.mu.Unlock()
	arrived, effects = web.arrived, web.effects
	web.arrived, web.effects = nil, 0
	return arrived, effects
}

// The scripts of pages. API is the application's address. Each gives what the page
// gets to see.
var scripts = map[string]string{
	"read":           `fetch(API + '/read', {credentials: 'include'}).then(seen, blocked)`,
	"read as nobody": `fetch(API + '/read', {credentials: 'omit'}).then(seen, blocked)`,
	"read unseen":    `fetch(API + '/read', {credentials: 'include', mode: 'no-cors'}).then(r => r.type, blocked)`,
	"text":           `fetch(API + '/do', {method: 'POST', credentials: 'include', headers: {'Content-Type': 'text/plain'}, body: '{"sum": 1}'}).then(seen, blocked)`,
	"text unseen":    `fetch(API + '/do', {method: 'POST', credentials: 'include', mode: 'no-cors', body: '{"sum": 1}'}).then(r => r.type, blocked)`,
	"beacon":         `fetch(API + '/do', {method: 'POST', credentials: 'include', mode: 'no-cors', keepalive: true, body: new URLSearchParams({sum: 1})}).then(r => r.type, blocked)`,
	"put":            `fetch(API + '/do', {method: 'PUT', credentials: 'include'}).then(seen, blocked)`,
	"json":           `fetch(API + '/json', {method: 'POST', credentials: 'include', headers: {'Content-Type': 'application/json'}, body: '{"sum": 1}'}).then(seen, blocked)`,
	"override":       `fetch(API + '/read', {credentials: 'include', headers: {'X-HTTP-Method-Override': 'DELETE'}}).then(seen, blocked)`,
	"form":           `new Promise(done => { const f = frame(); f.onload = () => done(inside(f)); post(f.name) })`,
	"image":          `new Promise(done => { const i = new Image(); i.onload = () => done('loaded'); i.onerror = () => done('error'); i.src = API + '/read' })`,
	"script":         `new Promise(done => { const s = document.createElement('script'); s.onload = () => done('loaded'); s.onerror = () => done('error'); s.src = API + '/read'; document.body.append(s) })`,
	"frame":          `new Promise(done => { const f = frame(); f.onload = () => done(inside(f)); f.src = API + '/read' })`,
	"socket":         `new Promise(done => { const s = new WebSocket(API.replace('https', 'wss') + '/ws'); s.onopen = () => { s.close(); done('open') }; s.onerror = () => done('refused') })`,
	"null":           `new Promise(done => { onmessage = e => done(e.data); const f = frame(); f.sandbox = 'allow-scripts'; f.srcdoc = '<script>fetch("' + API + '/do", {method: "POST", credentials: "include", body: "x"}).then(r => parent.postMessage("" + r.status, "*"), () => parent.postMessage("blocked", "*"))<' + '/script>' })`,
	"bearer":         `fetch(API + '/read', {headers: {Authorization: 'Bearer ' + TOKEN}}).then(seen, blocked)`,
	"bearer put":     `fetch(API + '/do', {method: 'PUT', headers: {Authorization: 'Bearer ' + TOKEN}}).then(seen, blocked)`,
	"bearer cookies": `fetch(API + '/read', {credentials: 'include', headers: {Authorization: 'Bearer ' + TOKEN}}).then(seen, blocked)`,
	"refused":        `fetch(API + '/admin', {headers: {Authorization: 'Bearer ' + TOKEN}}).then(seen, blocked)`,
	"not there":      `fetch(API + '/none', {headers: {Authorization: 'Bearer ' + TOKEN}}).then(seen, blocked)`,
	"nobody":         `fetch(API + '/read').then(seen, blocked)`,
	"basic":          `fetch(API + '/do', {method: 'POST', headers: {Authorization: 'Basic ' + btoa('calvin:` + calvinPass + `')}}).then(seen, blocked)`,
}

// helpers are what the scripts have in common.
const helpers = `
const seen = async r => r.status + ' ' + await r.text(), blocked = () => 'blocked';
const frame = () => { const f = document.createElement('iframe'); f.name = 'f' + Math.random(); document.body.append(f); return f };
const inside = f => { try { return f.contentDocument.body.innerText } catch { return 'not mine' } };
const post = target => { const f = document.createElement('form'); f.method = 'POST'; f.action = API + '/do'; f.target = target; document.body.append(f); f.submit() };
`

// run runs a script in a page.
func (web *web) run(page *chromium.Page, api, token, name string) string {
	return page.Eval("(async () => { const API = '" + web.url(api, "") + "', TOKEN = '" + token + "';" + helpers + "return await " + scripts[name] + " })()")
}

// logIn gives a profile whose user has logged in at the API, and has its cookie.
func (web *web) logIn(t *testing.T, p *chromium.Profile) {
	t.Helper()
	page := p.Open(t, web.url(apiHost, "/login"))
	if got := page.Eval(`fetch('/in', {method: 'POST', body: new URLSearchParams({USER: 'calvin', PASS: '` + calvinPass + `'})}).then(r => '' + r.status)`); got != "204" {
		t.Fatalf("logging in: %s", got)
	}
}

// TestBrowserCookie: what pages can do with the cookie that the user's browser has
// of an application. What the page gets to see, what it sends and what that does are
// three things. S55, S58, S59.
func TestBrowserCookie(t *testing.T) {
	browser, web := chromium.Start(t), newWeb(t)
	const (
		gone   = "blocked"
		secret = "200 secret of calvin"
	)
	profile := browser.New(t)
	web.logIn(t, profile)
	pages := map[string]*chromium.Page{}
	for _, host := range []string{apiHost, wwwHost, evilHost, otherHost} {
		pages[host] = profile.Open(t, web.url(host, "/blank"))
	}
	for _, c := range []struct {
		script, host string
		sees         string
		sends        string // method and path, with "cookie" if it comes along; "" if nothing is sent but a preflight
		effects      int
	}{
		{"read", apiHost, secret, "GET /read cookie", 0},
		{"read", wwwHost, secret, "GET /read cookie", 0},
		{"read", evilHost, gone, "GET /read cookie", 0},
		{"read", otherHost, gone, "GET /read", 0},
		{"read as nobody", wwwHost, "401 authentication required", "GET /read", 0},
		{"read unseen", evilHost, "opaque", "GET /read cookie", 0},
		{"read unseen", otherHost, "opaque", "GET /read", 0},

		{"text", apiHost, "200 done", "POST /do cookie", 1},
		{"text", wwwHost, "200 done", "POST /do cookie", 1},
		{"text", evilHost, gone, "POST /do cookie", 0},
		{"text", otherHost, gone, "POST /do", 0},
		{"text unseen", evilHost, "opaque", "POST /do cookie", 0},
		{"text unseen", otherHost, "opaque", "POST /do", 0},
		{"beacon", evilHost, "opaque", "POST /do cookie", 0},
		{"beacon", otherHost, "opaque", "POST /do", 0},

		{"put", apiHost, "200 done", "PUT /do cookie", 1},
		{"put", wwwHost, "200 done", "PUT /do cookie", 1},
		{"put", evilHost, gone, "", 0},
		{"put", otherHost, gone, "", 0},
		{"json", apiHost, "204 ", "POST /json cookie", 1},
		{"json", wwwHost, "204 ", "POST /json cookie", 1},
		{"json", evilHost, gone, "", 0},
		{"json", otherHost, gone, "", 0},
		{"override", wwwHost, secret, "GET /read cookie", 0},
		{"override", evilHost, gone, "", 0},

		{"form", apiHost, "done", "POST /do cookie", 1},
		{"form", wwwHost, "not mine", "POST /do cookie", 1},
		{"form", evilHost, "not mine", "POST /do cookie", 0},
		{"form", otherHost, "not mine", "POST /do", 0},
		{"null", wwwHost, gone, "POST /do", 0},
		{"null", evilHost, gone, "POST /do", 0},
		{"null", apiHost, gone, "POST /do", 0},

		{"image", evilHost, "error", "GET /read cookie", 0},
		{"image", otherHost, "error", "GET /read", 0},
		{"script", evilHost, "error", "GET /read cookie", 0},
		{"script", otherHost, "error", "GET /read", 0},
		{"frame", apiHost, "secret of calvin", "GET /read cookie", 0},
		{"frame", evilHost, "not mine", "GET /read cookie", 0},
		{"frame", otherHost, "not mine", "GET /read GET /login", 0},

		{"socket", apiHost, "open", "GET /ws cookie", 1},
		{"socket", wwwHost, "open", "GET /ws cookie", 1},
		{"socket", evilHost, "refused", "GET /ws cookie", 0},
		{"socket", otherHost, "refused", "GET /ws", 0},
	} {
		t.Run(c.script+" from "+c.host, func(t *testing.T) {
			web.since()
			sees := web.run(pages[c.host], apiHost, "", c.script)
			arrived, effects := web.since()
			var sends []string
			for _, a := range arrived {
				if a.method != "OPTIONS" {
					sends = append(sends, a.String())
				}
			}
			if got := strings.Join(sends, " "); sees != c.sees || got != c.sends || effects != c.effects {
				t.Errorf("the page sees %q, sends %q, and that does %d\nwant      %q,       %q,               %d", sees, got, effects, c.sees, c.sends, c.effects)
			}
		})
	}
}

func (a arrival) String() string {
	text := a.method + " " + a.path
	if a.cookie {
		text += " cookie"
	}
	if a.auth {
		text += " authorization"
	}
	return text
}

// TestBrowserToken: what pages can do with a token that they have themselves, by
// CORS of any origin and without CORS.
func TestBrowserToken(t *testing.T) {
	browser, web := chromium.Start(t), newWeb(t)
	profile := browser.New(t)
	pages := map[string]*chromium.Page{}
	for _, host := range []string{openHost, closedHost, otherHost} {
		pages[host] = profile.Open(t, web.url(host, "/blank"))
	}
	for _, c := range []struct {
		script, app, host string
		sees              string
		effects           int
	}{
		{"bearer", openHost, otherHost, "200 secret of hobbes", 0},
		{"bearer put", openHost, otherHost, "200 done", 1},
		{"bearer cookies", openHost, otherHost, "blocked", 0}, // * is for requests without credentials
		{"refused", openHost, otherHost, `403 not in group "admin"`, 0},
		{"not there", openHost, otherHost, "blocked", 0}, // by the preflight, which is 404
		{"nobody", openHost, otherHost, "401 authentication required", 0},
		{"basic", openHost, otherHost, "403 cross-origin request denied", 0}, // * trusts nobody
		{"basic", openHost, openHost, "200 done", 1},
		{"bearer", closedHost, otherHost, "blocked", 0},
		{"bearer put", closedHost, otherHost, "blocked", 0},
		{"nobody", closedHost, otherHost, "blocked", 0},
		{"bearer", closedHost, closedHost, "200 secret of hobbes", 0},
		{"bearer put", closedHost, closedHost, "200 done", 1},
	} {
		t.Run(c.script+" at "+c.app+" from "+c.host, func(t *testing.T) {
			web.since()
			sees := web.run(pages[c.host], c.app, web.apps[c.app].token(t, "hobbes", fsa.TokenOptions{}), c.script)
			if _, effects := web.since(); sees != c.sees || effects != c.effects {
				t.Errorf("the page sees %q, and does %d; want %q, %d", sees, effects, c.sees, c.effects)
			}
		})
	}
}

// TestBrowserNavigation: a page makes the whole tab post a form, with the cookie and
// with the password that the browser keeps for Basic. S58.
func TestBrowserNavigation(t *testing.T) {
	browser, web := chromium.Start(t), newWeb(t)
	for _, c := range []struct {
		name, app, host string
		sends           string
		shows           string
		effects         int
	}{
		{"cookie", apiHost, apiHost, "POST /do cookie", "done", 1},
		{"cookie", apiHost, wwwHost, "POST /do cookie", "done", 1},
		{"cookie", apiHost, evilHost, "POST /do cookie", "cross-origin request denied", 0},
		{"cookie", apiHost, otherHost, "POST /do", "", 0}, // SameSite=Lax; for the challenge of Basic the browser asks the user
		{"basic", closedHost, closedHost, "POST /do authorization", "done", 1},
		{"basic", closedHost, evilHost, "POST /do authorization", "cross-origin request denied", 0},
		{"basic", closedHost, otherHost, "POST /do authorization", "cross-origin request denied", 0},
	} {
		t.Run(c.name+" from "+c.host, func(t *testing.T) {
			profile := browser.New(t)
			var page *chromium.Page
			if c.name == "basic" {
				page = profile.Open(t, strings.Replace(web.url(c.app, "/read"), "https://", "https://calvin:"+calvinPass+"@", 1))
				if got := page.Eval("document.body.innerText"); got != "secret of calvin" {
					t.Fatal(got)
				}
				page.Go(web.url(c.host, "/blank"))
			} else {
				web.logIn(t, profile)
				page = profile.Open(t, web.url(c.host, "/blank"))
			}
			web.since()
			page.Leave("const API = '" + web.url(c.app, "") + "';" + helpers + "post('_self')")
			arrived, effects := web.since()
			shows := page.Eval("document.body.innerText")
			if len(arrived) != 1 || arrived[0].String() != c.sends || shows != c.shows || effects != c.effects {
				t.Errorf("%v arrived, %q is shown, %d effects; want %q, %q, %d", arrived, shows, effects, c.sends, c.shows, c.effects)
			}
		})
	}
}

// TestBrowserLink: a link from another site works with the cookie, since it changes
// nothing, and a visitor without one is sent to the log-in page, and back. S60.
func TestBrowserLink(t *testing.T) {
	browser, web := chromium.Start(t), newWeb(t)
	profile := browser.New(t)
	at := func(page *chromium.Page) string {
		return page.Eval("location.href") + " " + page.Eval("document.body.innerText")
	}
	page := profile.Open(t, web.url(otherHost, "/blank"))
	page.Leave("location.href = '" + web.url(apiHost, "/read") + "'")
	if got, want := at(page), web.url(apiHost, "/login?URL=%2Fread")+" log in"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	web.logIn(t, profile)
	page.Leave("location.href = '/back' + location.search")
	if got, want := at(page), web.url(apiHost, "/read")+" secret of calvin"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	page.Go(web.url(otherHost, "/blank"))
	page.Leave("location.href = '" + web.url(apiHost, "/read") + "'")
	if got, want := at(page), web.url(apiHost, "/read")+" secret of calvin"; got != want {
		t.Errorf("from another site: %s, want %s", got, want)
	}
	// The browser's own reading of a target is what counts.
	for target, leads := range map[string]string{
		"//" + otherHost: otherHost, `/\` + otherHost: otherHost, `\\` + otherHost: otherHost, "/\t/" + otherHost: otherHost, "https:" + otherHost: apiHost,
		"/login?x=" + otherHost: apiHost, "/@" + otherHost: apiHost,
	} {
		if got := page.Eval("new URL(" + jsString(target) + ", location).hostname"); got != leads {
			t.Errorf("%q leads the browser to %s, want %s", target, got, leads)
		}
		page.Leave("location.href = '/back?URL=' + encodeURIComponent(" + jsString(target) + ")")
		if got := page.Eval("location.hostname"); got != apiHost {
			t.Errorf("%q leads to %s", target, got)
		}
	}
}

// jsString gives a text as JavaScript has it.
func jsString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\t", `\t`).Replace(s) + "'"
}
