package fsa_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// The tests of this file speak HTTP to a server by hand: clients and recorders
// mend what an attacker would send.

// wireWorld has routes whose handlers say what they serve. Object permissions
// are granted on 1 and "mine" only.
func wireWorld(t *testing.T, cfg fsa.Config) *world {
	w := newWorld(t, cfg)
	granted := func(id string) (bool, error) { return id == "1" || id == "mine", nil }
	fsa.ObjectPerms(w.App, "num", func(_ context.Context, _ string, id int, _ string) (bool, error) { return granted(fmt.Sprint(id)) })
	fsa.ObjectPerms(w.App, "text", func(_ context.Context, _, id, _ string) (bool, error) { return granted(id) })
	// What a handler that looks at the path itself would take for the object.
	served := func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "SERVED %q %q", r.URL.Path, r.PathValue("id"))
	}
	fsa.Handle(w, "/files/{id}/{rest...}", authz.Object("text", "id", "read"), http.HandlerFunc(served))
	fsa.Handle(w, "GET /of/{user}/{id}", authz.Object("num", "id", "read"), http.HandlerFunc(served))
	fsa.Get(w, "/num/{id}", authz.Object("num", "id", "read"), func(_ context.Context, in struct{ ID int }) (string, error) {
		return fmt.Sprintf("NUM %d", in.ID), nil
	})
	fsa.Get(w, "/text/{id}", authz.Object("text", "id", "read"), func(_ context.Context, in struct{ ID string }) (string, error) {
		return fmt.Sprintf("TEXT %q", in.ID), nil
	})
	fsa.Get(w, "/open", authz.Open(), func(context.Context, fsa.None) (string, error) { return "OPEN", nil })
	fsa.Get(w, "/dir/", authz.Open(), func(context.Context, fsa.None) (string, error) { return "DIR", nil })
	fsa.Get(w, "/at/{x}/", authz.Open(), func(_ context.Context, in struct{ X string }) (string, error) { return "AT " + in.X, nil })
	fsa.Get(w, "/{x}/", authz.Open(), func(_ context.Context, in struct{ X string }) (string, error) { return "TOP " + in.X, nil })
	fsa.Get(w, "/", authz.Open(), func(context.Context, fsa.None) (string, error) { return "ROOT", nil })
	fsa.Post(w, "/post", authz.Auth(), func(context.Context, fsa.None) (string, error) { return "POST", nil })
	fsa.Handle(w, "/any", authz.Auth(), http.HandlerFunc(served))
	fsa.Get(w, "/.well-known/x", authz.Open(), func(context.Context, fsa.None) (string, error) { return "WELL-KNOWN", nil })
	sub := w.Prefix("/sub", fsa.AtLeast(authz.Group("admin")))
	fsa.Get(sub, "/{a}/{b}", authz.Auth(), func(_ context.Context, in struct{ A, B string }) (string, error) {
		return "SUB " + in.A + "/" + in.B, nil
	})
	fsa.Get(w, "/boom", authz.Open(), func(context.Context, fsa.None) (string, error) { panic("boom") })
	return w
}

// wire sends bytes to a server and reads one answer.
func wire(t *testing.T, addr, request string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	return res, string(b)
}

// TestHostilePaths: the path that is authorized is the path that is served,
// however it is written. S84.
func TestHostilePaths(t *testing.T) {
	w := wireWorld(t, base())
	base, stop := start(t, w)
	defer stop()
	addr := strings.TrimPrefix(base, "http://")
	auth := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("calvin:"+calvinPass)) + "\r\n"
	for _, c := range []struct {
		target string
		status int
		want   string // of the body, or the Location
	}{
		{"/open", 200, "OPEN"},
		{"/OPEN", 307, "/OPEN/"}, // names have case; it may be the x of /{x}/
		{"/open/", 200, "TOP open"},
		{"/o%70en", 200, "OPEN"},
		{"/num/1", 200, "NUM 1"},
		{"/num/2", 403, "permission denied on num"},
		{"/num/1/", 404, "not found"},
		{"/num/%31", 200, "NUM 1"},
		{"/num/1%2F..%2F2", 307, "/num/2"},
		{"/num/1%2f%2e%2e%2f2", 307, "/num/2"},
		{"/num/1/../2", 307, "/num/2"},
		{"/num/./1", 307, "/num/1"},
		{"/num//1", 307, "/num/1"},
		{"//num/1", 307, "/num/1"},
		{"/num/1;x=2", 404, "not found"},
		{"/num/1%00", 400, "malformed path"},
		{"/num/1%0a", 200, "NUM 1"}, /* as in a query */
		{"/text/mine", 200, `TEXT "mine"`},
		{"/text/theirs", 403, "permission denied on text"},
		{"/text/mine%2Ftheirs", 403, "permission denied on text"},
		{"/text/mine%5C..%5Ctheirs", 403, "permission denied on text"},
		{"/text/mine;theirs", 403, "permission denied on text"},
		{"/text/mine%20", 403, "permission denied on text"},
		{"/text/mine%252F", 403, "permission denied on text"},
		{"/text/m%69ne", 200, `TEXT "mine"`},
		{"/text/MINE", 403, "permission denied on text"},
		{"/text/mine%C0%AF", 400, ""},
		{"/files/mine/a/b", 200, `SERVED "/files/mine/a/b" "mine"`},
		{"/files/mine/a%2Fb", 200, `SERVED "/files/mine/a/b" "mine"`},
		{"/files/mine/../theirs/a", 307, "/files/theirs/a"},
		{"/files/mine/%2e%2e/theirs/a", 307, "/files/theirs/a"},
		{"/files/mine/..%2Ftheirs/a", 307, "/files/theirs/a"},
		{"/files/mine/%2E./theirs/a", 307, "/files/theirs/a"},
		{"/files/mine/a%2F%2E%2E%2F..%2Ftheirs/a", 307, "/files/theirs/a"},
		{"/files/mine%2F..%2Ftheirs/a", 307, "/files/theirs/a"},
		{"/files/mine/..\\theirs", 200, `SERVED "/files/mine/..\\theirs" "mine"`},
		{"/files/theirs/a", 403, "permission denied on text"},
		{"/files/mine", 307, "/files/mine/"},
		{"/files/mine/", 200, `SERVED "/files/mine/" "mine"`},
		{"/of/a/1", 200, `SERVED "/of/a/1" "1"`},
		{"/of/a/2", 403, "permission denied on num"},
		{"/of/a%2F2/1", 404, "not found"}, // its second segment would be 2 to a handler that splits the path
		{"/of/2%2f1/1", 404, "not found"},
		{"/of/a/01", 404, "not found"},
		{"/of/a/0x1", 404, "not found"},
		{"/of/a/+1", 404, "not found"},
		{"/of/a/%2B1", 404, "not found"},
		{"/sub/x/y", 200, "SUB x/y"},
		{"/sub/../num/2", 307, "/num/2"},
		{"/sub", 307, "/sub/"},
		{"/dir", 307, "/dir/"},
		{"/dir/", 200, "DIR"},
		{"/dir?a=b&c=%20/../x", 307, "/dir/?a=b&c=%20/../x"},
		{"/dir/.", 307, "/dir/"},
		{"/dir/x/..", 307, "/dir/"},
		{"/.well-known/x", 200, "WELL-KNOWN"},
		{"/..", 307, "/"},
		{"/%2e%2e%2f", 307, "/"},
		{"/", 200, "ROOT"},
		{"/?", 200, "ROOT"},

		// No redirect of ours leads elsewhere. S60.
		{"//evil.example", 307, "/evil.example"},
		{"//evil.example/..", 307, "/"},
		{"//evil.example/", 307, "/evil.example/"},
		{"///evil.example/%2f..", 307, "/"},
		{`/\evil.example`, 400, "malformed path"},
		{`/%5Cevil.example`, 400, "malformed path"},
		{`/\evil.example/`, 200, `TOP \evil.example`},
		{`//\evil.example/`, 400, "malformed path"},
		{`/\/evil.example`, 404, "not found"},
		{`/.\/../evil.example`, 307, "/evil.example"},
		{"/%09/evil.example", 404, "not found"},
		{"/%09", 400, "malformed path"},
		{"/%0d%0aSet-Cookie:a=b", 400, "malformed path"},
		{"//%0d%0aSet-Cookie:a=b", 400, "malformed path"},
		{"/%2Fevil.example", 307, "/evil.example"},
		{"/%252Fevil.example", 400, "malformed path"},
		{"/at/%2Fevil", 307, "/at/evil"},
		{"/at/a%2Fb", 307, "/at/a%2Fb/"},
		{"/at/https:evil", 307, "/at/https:evil/"},
		{"/evil@x", 307, "/evil@x/"},
		{"/caf%c3%a9", 307, "/caf%c3%a9/"},
		{"/" + strings.Repeat("a", 5000), 400, "malformed path"},
		{"/open/" + strings.Repeat("a/", 10000), 404, "not found"},

		// Other forms of targets (RFC 9112, 3.2).
		{"http://127.0.0.1/open", 200, "OPEN"},
		{"http://evil.example/num/2", 403, "permission denied on num"},
		{"http://evil.example", 307, "/"},
		{"http://evil.example//x", 307, "/x"},
		{"http://evil.example/../num/2", 307, "/num/2"},
		{"*", 400, "malformed path"},
		{"mailto:x", 400, "malformed path"},
	} {
		res, body := wire(t, addr, "GET "+c.target+" HTTP/1.1\r\nHost: a.example\r\n"+auth+"Connection: close\r\n\r\n")
		got := body
		if res.StatusCode == 307 {
			got = res.Header.Get("Location")
		}
		if res.StatusCode != c.status || c.want != "" && got != c.want {
			t.Errorf("%.80s: status %d, %q; want %d, %q", c.target, res.StatusCode, got, c.status, c.want)
		}
		checkHeader(t, c.target, res, false)
		if c.status == 307 {
			there, err := url.Parse(res.Header.Get("Location"))
			if err != nil || there.Host != "" || !strings.HasPrefix(there.Path, "/") || strings.HasPrefix(there.Path, "//") {
				t.Errorf("%s leads to %v, %v", c.target, there, err)
			}
		}
	}
	// What net/http refuses itself.
	for _, request := range []string{
		"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET  HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET open HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /open HTTP/1.1\r\n\r\n",
		"GET /open HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"GET /open HTTP/1.1\r\nHost: a/b\r\n\r\n",
		"G@T /open HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /open HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
		"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
	} {
		if res, _ := wire(t, addr, request); res.StatusCode != 400 {
			t.Errorf("%.80q: status %d", request, res.StatusCode)
		}
	}
	if res, body := wire(t, addr, "CONNECT /num/1/../2 HTTP/1.1\r\nHost: a\r\n"+auth+"Connection: close\r\n\r\n"); res.StatusCode != 400 || !strings.Contains(body, "CONNECT") {
		t.Errorf("CONNECT: %d %s", res.StatusCode, body)
	}
}

// checkHeader looks for the header fields that each answer has.
func checkHeader(t *testing.T, what string, res *http.Response, tls bool) {
	t.Helper()
	h := res.Header
	if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "strict-origin-when-cross-origin" || h.Get("Server") != "" ||
		(h.Get("Strict-Transport-Security") != "") != tls || h.Get("Date") == "" {
		t.Errorf("%.80s: the header of the %d is %v", what, res.StatusCode, h)
	}
	if res.StatusCode >= 400 && (h.Get("Cache-Control") != "no-store" || h.Get("X-Request-Id") == "") {
		t.Errorf("%.80s: the header of the %d is %v", what, res.StatusCode, h)
	}
}

// TestMethods: HEAD is GET without a body, with the same security; OPTIONS tells
// the methods and asks nobody who they are; other methods are 405.
func TestMethods(t *testing.T) {
	for _, format := range []string{"plain", "json", "json:error", "problem"} {
		cfg := base()
		cfg.ErrorResponse = format
		w := wireWorld(t, cfg)
		fsa.Route(w, "OPTIONS", "/own", authz.Auth(), who)
		fsa.Get(w, "/own", authz.Open(), who)
		fsa.Route(w, "PURGE", "/own", authz.Open(), who)
		base, stop := start(t, w)
		addr := strings.TrimPrefix(base, "http://")
		send := func(method, target string, header ...string) (*http.Response, string) {
			return wire(t, addr, method+" "+target+" HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n"+strings.Join(header, "")+"\r\n")
		}
		auth := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("calvin:"+calvinPass)) + "\r\n"
		for _, target := range []string{"/open", "/", "/dir/", "/dir", "/nowhere/x", "/num/1", "/num/2", "/num/x", "/files/mine/a", "/any", "/sub/x", "/post", "//x", "/boom", "/own"} {
			for _, header := range []string{"", auth} {
				get, body := send("GET", target, header)
				head, none := send("HEAD", target, header)
				if get.StatusCode != head.StatusCode || none != "" || strings.Join(get.Header["Www-Authenticate"], "|") != strings.Join(head.Header["Www-Authenticate"], "|") ||
					get.Header.Get("Content-Type") != head.Header.Get("Content-Type") || get.ContentLength > 0 && get.ContentLength != head.ContentLength || get.ContentLength != int64(len(body)) {
					t.Errorf("%s %s: GET %d %v, HEAD %d %v %q", format, target, get.StatusCode, get.Header, head.StatusCode, head.Header, none)
				}
				checkHeader(t, "HEAD "+target, head, false)
			}
		}
		all := "GET, HEAD, POST, PUT, PATCH, DELETE, PURGE, OPTIONS"
		for target, allow := range map[string]string{
			"/open": "GET, HEAD, OPTIONS", "/": "GET, HEAD, OPTIONS", "/dir/": "GET, HEAD, OPTIONS", "/dir": "GET, HEAD, OPTIONS",
			"/num/1": "GET, HEAD, OPTIONS", "/num/x": "GET, HEAD, OPTIONS", "/post": "GET, HEAD, POST, OPTIONS", "/sub/a/b": "GET, HEAD, OPTIONS",
			"/any": all, "/files/theirs/x": all, "*": all, "http://evil.example/post": "GET, HEAD, POST, OPTIONS",
		} {
			res, body := send("OPTIONS", target, "Authorization: nonsense\r\n")
			if res.StatusCode != 204 || res.Header.Get("Allow") != allow || body != "" {
				t.Errorf("OPTIONS %s: %d %q, want %q", target, res.StatusCode, res.Header.Get("Allow"), allow)
			}
			checkHeader(t, "OPTIONS "+target, res, false)
		}
		for target, status := range map[string]int{"/nowhere/x": 404, "/own": 401, "//x": 307, "/x/%00": 400} {
			res, _ := send("OPTIONS", target)
			if res.StatusCode != status {
				t.Errorf("OPTIONS %s: %d, want %d", target, res.StatusCode, status)
			}
			checkHeader(t, "OPTIONS "+target, res, false)
		}
		for _, c := range []struct{ method, target, allow string }{
			{"POST", "/open", "GET, HEAD, OPTIONS"}, {"DELETE", "/post", "GET, HEAD, POST, OPTIONS"}, {"PROPFIND", "/post", "GET, HEAD, POST, OPTIONS"}, {"TRACE", "/open", "GET, HEAD, OPTIONS"}, {"options", "/open", "GET, HEAD, OPTIONS"},
			{"PUT", "/own", "GET, HEAD, OPTIONS, PURGE"},
		} {
			res, body := send(c.method, c.target, "Content-Length: 0\r\n")
			text := fmt.Sprintf("method %s is not allowed", c.method)
			if res.StatusCode != 405 || res.Header.Get("Allow") != c.allow || c.method != "HEAD" && !strings.Contains(body, text) {
				t.Errorf("%s %s: %d %q %s", c.method, c.target, res.StatusCode, res.Header.Get("Allow"), body)
			}
			checkHeader(t, c.method+" "+c.target, res, false)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

// TestPlainRouterErrors: without the renderer, the answers of the router keep the
// header fields and the line in the log.
func TestPlainRouterErrors(t *testing.T) {
	cfg := base()
	cfg.NoHandleAllErrors = true
	cfg.ErrorResponse = "problem"
	w := newWorld(t, cfg)
	fsa.Get(w, "/x", authz.Open(), who)
	for path, want := range map[string]string{"/nowhere": "404 page not found\n", "/x": "Method Not Allowed\n"} {
		rec := serve(handlerOf(t, w), httptest.NewRequest("POST", path, nil))
		h := rec.Header()
		if rec.Body.String() != want || h.Get("Referrer-Policy") == "" || h.Get("X-Request-Id") == "" || !strings.Contains(w.log.String(), h.Get("X-Request-Id")) {
			t.Errorf("%s: %v %s", path, h, rec.Body)
		}
	}
}

// TestHeaders: each kind of answer has the security header fields, and the
// configuration and handlers can change what is theirs to change.
func TestHeaders(t *testing.T) {
	cfg := base()
	cfg.AddHeaders = map[string]string{"X-Frame-Options": "DENY"}
	w := wireWorld(t, cfg)
	fsa.Handle(w, "GET /own", authz.Auth(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Cache-Control", "private")
		rw.Header().Set("Referrer-Policy", "no-referrer")
	}))
	fsa.Handle(w, "GET /leaves", authz.Open(), http.RedirectHandler("/open", http.StatusFound))
	h := handlerOf(t, w)
	for target, status := range map[string]int{
		"/open": 200, "/nowhere/x": 404, "/dir": 307, "//x": 307, "/boom": 500, "/num/1": 401, "/any": 401, "/leaves": 302, "/open?x=1": 400,
	} {
		for _, tls := range []bool{false, true} {
			url := target
			if tls {
				url = "https://a.example" + target
			}
			rec := serve(h, httptest.NewRequest("GET", url, nil))
			res := rec.Result()
			res.Header.Set("Date", "is the server's")
			if res.StatusCode != status || res.Header.Get("X-Frame-Options") != "DENY" {
				t.Errorf("%s: %d %v", target, res.StatusCode, res.Header)
			}
			checkHeader(t, target, res, tls)
		}
	}
	strict := newWorld(t, base())
	strict.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Referrer-Policy", "no-referrer")
			next.ServeHTTP(rw, r)
		})
	})
	fsa.Get(strict, "/x", authz.Open(), who)
	for _, target := range []string{"/x", "/nowhere"} {
		if got := serve(handlerOf(t, strict), httptest.NewRequest("GET", target, nil)).Header()["Referrer-Policy"]; len(got) != 1 || got[0] != "no-referrer" {
			t.Errorf("%s: the middleware's Referrer-Policy becomes %q", target, got)
		}
	}
	own := serve(h, asUser(httptest.NewRequest("GET", "/own", nil), "calvin")).Result().Header
	if own.Get("Cache-Control") != "private" || own.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the handler's header is %v", own)
	}
	for target, want := range map[string]string{"/any": "no-store", "/open": ""} {
		if got := serve(h, asUser(httptest.NewRequest("GET", target, nil), "calvin")).Result().Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control is %q, want %q", target, got, want)
		}
	}
}
