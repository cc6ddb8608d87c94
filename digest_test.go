package fsa_test

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/fsatest"
	"github.com/fastsimpleauth/fsa/internal/leaktest"
)

// digestWorld is an application whose users log in by digest.
func digestWorld(t testing.TB, cfg fsa.Config, set ...func(*world)) *world {
	cfg.Auth = []string{"digest", "none"}
	cfg.TokenSecret = nil
	w := newWorld(t, cfg)
	passwords := map[string]string{"calvin": calvinPass, "hobbes": hobbesPass, "Jäsøn Doe": "Secret, or not?"}
	w.UserHA1(func(ctx context.Context, login, realm, algorithm string) (string, error) {
		w.ask("ha1 " + login + " " + realm + " " + algorithm)
		w.mu.Lock()
		defer w.mu.Unlock()
		switch login {
		case "broken":
			return "", errors.New("the store is down: s3cret")
		case "refused":
			return "", fsa.Errorf(403, "the store says no: s3cret")
		}
		if ha1, ok := malformedHA1s[login]; ok {
			return ha1, nil
		}
		pass, ok := passwords[login]
		if !ok {
			return "", fsa.ErrNoSuchUser
		}
		ha1 := fsa.HA1(algorithm, login, realm, pass+w.hashes["salt"])
		leaktest.Secret(ha1)
		return ha1, nil
	})
	for _, s := range set {
		s(w)
	}
	fsa.Get(w, "/x", authz.Auth(), func(ctx context.Context, in struct {
		A int `default:"0"`
	}) (string, error) {
		return fsa.User(ctx), nil
	})
	fsa.Post(w, "/x", authz.Auth(), who)
	fsa.Get(w, "/stage", authz.Auth(), who, fsa.Realm("stage"))
	fsa.Get(w, "/refuses", authz.Open(), func(context.Context, fsa.None) (string, error) { return "", fsa.Errorf(401, "log in") })
	fsa.Get(w, "/open", authz.Open(), func(ctx context.Context, _ fsa.None) (string, error) {
		id, err := w.Authenticate(ctx)
		return id.Login, err
	})
	return w
}

// malformedHA1s are what a store gives for some logins by mistake.
var malformedHA1s = map[string]string{
	"malformed":     "not hexadecimal",
	"empty":         "",
	"short":         strings.Repeat("a", 62),
	"long":          strings.Repeat("a", 66),
	"unhexadecimal": strings.Repeat("g", 64),
}

var (
	nonceRE     = regexp.MustCompile(`nonce="([^"]+)"`)
	algorithmRE = regexp.MustCompile(`algorithm=([^,]+)`)
	realmRE     = regexp.MustCompile(`realm="([^"]+)"`)
)

// hashes are those of RFC 7616.
var hashes = map[string]func(string) string{
	"SHA-256":     func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) },
	"SHA-512-256": func(s string) string { return fmt.Sprintf("%x", sha512.Sum512_256([]byte(s))) },
	"MD5":         func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) },
}

// answerTo makes the credentials by which a client answers a challenge. The
// changes are made before the response is computed. A password of "HA1 " and more is
// that of a client which computes with the HA1 itself.
func answerTo(challenge, method, uri, login, pass string, changes ...string) map[string]string {
	c := map[string]string{"username": login, "realm": realmRE.FindStringSubmatch(challenge)[1], "nonce": nonceRE.FindStringSubmatch(challenge)[1],
		"uri": uri, "algorithm": algorithmRE.FindStringSubmatch(challenge)[1], "qop": "auth", "nc": "00000001", "cnonce": "f00d"}
	for i := 0; i < len(changes); i += 2 {
		c[changes[i]] = changes[i+1]
	}
	h := hashes[strings.ToUpper(c["algorithm"])]
	if h == nil {
		h = hashes["SHA-256"]
	}
	ha1, ha2 := h(login+":"+c["realm"]+":"+pass), h(method+":"+c["uri"])
	if bare, ok := strings.CutPrefix(pass, "HA1 "); ok {
		ha1 = bare
	}
	c["response"] = h(strings.Join([]string{ha1, c["nonce"], c["nc"], c["cnonce"], c["qop"], ha2}, ":"))
	return c
}

func credentials(c map[string]string) string {
	var all []string
	for _, name := range []string{"username", "username*", "realm", "nonce", "uri", "response", "cnonce", "opaque"} {
		if v, ok := c[name]; ok {
			if name == "username*" {
				all = append(all, name+"="+v)
				continue
			}
			all = append(all, fmt.Sprintf(`%s="%s"`, name, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v)))
		}
	}
	for _, name := range []string{"algorithm", "qop", "nc", "userhash"} {
		if v, ok := c[name]; ok {
			all = append(all, name+"="+v)
		}
	}
	return "Digest " + strings.Join(all, ", ")
}

// challenges gives those of a 401.
func challengesOf(t testing.TB, w *world, path string) []string {
	t.Helper()
	return w.client(t).Get(path).Expect(401).Header.Values("WWW-Authenticate")
}

// TestDigest: what is accepted, and what is refused and why.
func TestDigest(t *testing.T) {
	cfg := base()
	cfg.Mode = "dev"
	w := digestWorld(t, cfg)
	c := w.client(t)
	with := func(changes ...string) func(string) string {
		return func(challenge string) string {
			return credentials(answerTo(challenge, "GET", "/x?a=1", "calvin", calvinPass, changes...))
		}
	}
	after := func(name, value string) func(string) string {
		return func(challenge string) string {
			a := answerTo(challenge, "GET", "/x?a=1", "calvin", calvinPass)
			if a[name] = value; value == "" {
				delete(a, name)
			}
			return credentials(a)
		}
	}
	for _, test := range []struct {
		name   string
		make   func(challenge string) string
		status int
		text   string
	}{
		{"good", with(), 200, "calvin"},
		{"opaque and unknown parameters", func(ch string) string { return with("opaque", "o")(ch) + `, later="\"x\""` }, 200, "calvin"},
		{"case of the scheme", func(ch string) string { return "dIGEST" + strings.TrimPrefix(with()(ch), "Digest") }, 200, "calvin"},
		{"lower-case algorithm", func(ch string) string { return strings.Replace(with()(ch), "SHA-256", "sha-256", 1) }, 200, "calvin"},
		{"no spaces", func(ch string) string { return strings.ReplaceAll(with()(ch), ", ", ",") }, 200, "calvin"},
		{"name by RFC 8187", func(ch string) string {
			a := answerTo(ch, "GET", "/x?a=1", "Jäsøn Doe", "Secret, or not?")
			delete(a, "username")
			a["username*"] = "UTF-8''J%C3%A4s%C3%B8n%20Doe"
			return credentials(a)
		}, 200, "Jäsøn Doe"},
		{"name in UTF-8", func(ch string) string {
			return credentials(answerTo(ch, "GET", "/x?a=1", "Jäsøn Doe", "Secret, or not?"))
		}, 200, "Jäsøn Doe"},
		{"wrong password", func(ch string) string { return credentials(answerTo(ch, "GET", "/x?a=1", "calvin", "wrong")) }, 401, "invalid password for calvin"},
		{"unknown user", func(ch string) string {
			return credentials(answerTo(ch, "GET", "/x?a=1", "moe", calvinPass))
		}, 401, "no such user: moe"},
		{"another method", func(ch string) string {
			return credentials(answerTo(ch, "POST", "/x?a=1", "calvin", calvinPass))
		}, 401, "invalid password for calvin"},
		{"another target", with("uri", "/x"), 401, "the Digest credentials are for another target"},
		{"target with a host", with("uri", "http://example.com/x?a=1"), 401, "the Digest credentials are for another target"},
		{"another realm", with("realm", "stage"), 401, "the Digest credentials are for another realm"},
		{"changed count", after("nc", "00000002"), 401, "invalid password for calvin"},
		{"changed cnonce", after("cnonce", "beef"), 401, "invalid password for calvin"},
		{"changed user", after("username", "hobbes"), 401, "invalid password for hobbes"},
		{"made-up nonce", with("nonce", strings.Repeat("A", 48)), 401, "stale nonce"},
		{"short nonce", with("nonce", "abc"), 401, "stale nonce"},
		{"algorithm not offered", with("algorithm", "MD5"), 401, "the Digest algorithm is not among those that were offered"},
		{"algorithm left out", after("algorithm", ""), 401, "the Digest algorithm is not among those that were offered"},
		{"session algorithm", with("algorithm", "SHA-256-sess"), 401, "the Digest algorithm is not among those that were offered"},
		{"auth-int", after("qop", "auth-int"), 401, "malformed Digest credentials: qop must be auth"},
		{"no qop", after("qop", ""), 401, "malformed Digest credentials: qop must be auth"},
		{"no count", after("nc", ""), 401, "malformed Digest credentials: nc must be 8 hexadecimal digits, in lower case, from 1"},
		{"count 0", with("nc", "00000000"), 401, "malformed Digest credentials: nc must be 8 hexadecimal digits, in lower case, from 1"},
		{"short count", with("nc", "1"), 401, "malformed Digest credentials: nc must be 8 hexadecimal digits, in lower case, from 1"},
		{"no cnonce", after("cnonce", ""), 401, "malformed Digest credentials: nonce, cnonce or uri is missing"},
		{"no user", after("username", ""), 401, "malformed Digest credentials: one username"},
		{"two users", after("username*", "UTF-8''calvin"), 401, "malformed Digest credentials: one username"},
		{"a user with a colon", with("username", "cal:vin"), 401, "malformed Digest credentials: username"},
		{"hashed user not offered", after("userhash", "true"), 401, "hashed user names were not offered"},
		{"short response", after("response", "abcd"), 401, "malformed Digest credentials: a hash of another size"},
		{"upper-case response", func(ch string) string {
			a := answerTo(ch, "GET", "/x?a=1", "calvin", calvinPass)
			a["response"] = strings.ToUpper(a["response"])
			return credentials(a)
		}, 401, "malformed Digest credentials: a hash of another size"},
		{"a name twice", func(ch string) string { return with()(ch) + ", nc=00000001" }, 401, "malformed Digest credentials: names and values are separated by commas, each name once"},
		{"no commas", func(ch string) string { return strings.ReplaceAll(with()(ch), ",", "") }, 401, "malformed Digest credentials: names and values are separated by commas, each name once"},
		{"an open quote", func(ch string) string { return with()(ch) + `, x="` }, 401, "malformed Digest credentials: names and values are separated by commas, each name once"},
		{"a comma at the end", func(ch string) string { return with()(ch) + `,` }, 401, "malformed Digest credentials: names and values are separated by commas, each name once"},
		{"nothing", func(string) string { return "Digest " }, 401, "malformed Authorization field: one space, then the credentials"},
		{"too long", func(ch string) string { return with("opaque", strings.Repeat("o", 9000))(ch) }, 401, "malformed Digest credentials: too long, not UTF-8, or control characters"},
		{"the store is down", with("username", "broken"), 500, "internal error in app.UserHA1"},
		{"a malformed HA1", with("username", "malformed"), 401, "no such user: malformed"},
		{"the store refuses", with("username", "refused"), 401, "no such user: refused"},
		{"another scheme", func(string) string { return "Basic " + "Y2FsdmluOmNhbHZpbg==" }, 401, "authentication required"},
	} {
		t.Run(test.name, func(t *testing.T) {
			challenge := challengesOf(t, w, "/x")[0]
			r := c.Get("/x?a=1").Header("Authorization", test.make(challenge))
			if got := r.Expect(test.status).Text(); got != test.text {
				t.Errorf("%q, want %q", got, test.text)
			}
		})
	}
}

// TestDigestUnusableHA1: nobody logs in by what is no HA1, even if they compute with it:
// neither by a value that is stored by mistake, nor by the one that stands in for those
// who are not known. The log has the mistakes.
func TestDigestUnusableHA1(t *testing.T) {
	w := digestWorld(t, base())
	c := w.client(t)
	try := func(login, ha1 string) int {
		answer := answerTo(challengesOf(t, w, "/x")[0], "GET", "/x", login, "HA1 "+ha1)
		return c.Get("/x").Header("Authorization", credentials(answer)).Do().Status
	}
	for login, ha1 := range malformedHA1s {
		if got := try(login, ha1); got != 401 {
			t.Errorf("%s: %d", login, got)
		}
		if !contains(w.log.String(), "a stored HA1 is not the hexadecimal form", "login="+login) {
			t.Errorf("%s: the log does not say so", login)
		}
	}
	for _, login := range []string{"moe", "refused"} {
		if got := try(login, strings.Repeat("0", 64)); got != 401 {
			t.Errorf("%s, by the HA1 of nobody: %d", login, got)
		}
	}
	if got := try("calvin", fsa.HA1("SHA-256", "calvin", "acme", calvinPass)); got != 200 {
		t.Errorf("by the right HA1: %d", got)
	}
}

// TestDigestChallenges: each algorithm has one, the preferred one first, with a
// nonce that is new each time; also on a 401 that a handler returns.
func TestDigestChallenges(t *testing.T) {
	cfg := base()
	cfg.HTTPAuthOpts.Algorithms = []string{"SHA-512-256", "sha-256", "insecure-md5"}
	w := digestWorld(t, cfg)
	seen := map[string]bool{}
	for _, path := range []string{"/x", "/x", "/open", "/open", "/refuses", "/refuses", "/stage"} {
		all := challengesOf(t, w, path)
		realm := "acme"
		if path == "/stage" {
			realm = "stage"
		}
		for i, algorithm := range []string{"SHA-512-256", "SHA-256", "MD5"} {
			nonce := nonceRE.FindStringSubmatch(all[i])
			if want := fmt.Sprintf(`Digest realm="%s", nonce="%s", algorithm=%s, qop="auth", charset=UTF-8`, realm, nonce[1], algorithm); all[i] != want || len(all) != 3 {
				t.Errorf("%s: %q, want %q", path, all, want)
			}
			if i == 0 && seen[nonce[1]] {
				t.Errorf("%s: a nonce comes twice", path)
			}
			seen[nonce[1]] = true
			path, c := path, w.client(t)
			if path == "/refuses" {
				continue
			}
			c.Get(path).Header("Authorization", credentials(answerTo(all[i], "GET", path, "calvin", calvinPass, "nc", fmt.Sprintf("%08x", i+1)))).Expect(200)
			c.Get(path).Header("Authorization", credentials(answerTo(all[i], "GET", path, "calvin", "wrong", "nc", "0000000f"))).Expect(401)
		}
	}
	// A nonce of one realm is none of another.
	c := w.client(t)
	other := answerTo(challengesOf(t, w, "/stage")[1], "GET", "/x", "calvin", calvinPass, "realm", "acme")
	if got := c.Get("/x").Header("Authorization", credentials(other)).Expect(401).Header.Values("WWW-Authenticate"); !strings.HasSuffix(got[0], ", stale=true") {
		t.Errorf("%q", got)
	}
}

// TestDigestReplay: each count of a nonce serves once, also if it comes a hundred
// times at once; counts may come in any order; and a nonce ends.
func TestDigestReplay(t *testing.T) {
	cfg := base()
	cfg.Mode = "dev"
	w := digestWorld(t, cfg)
	h := handlerOf(t, w)
	challenge := challengesOf(t, w, "/x")[0]
	send := func(nc string) int {
		r := httptest.NewRequest("GET", "/x", nil)
		r.Header.Set("Authorization", credentials(answerTo(challenge, "GET", "/x", "calvin", calvinPass, "nc", nc)))
		return serve(h, r).Code
	}
	for _, nc := range []string{"00000007", "00000002", "ffffffff"} {
		if first, again := send(nc), send(nc); first != 200 || again != 401 {
			t.Errorf("nc %s: %d, then %d", nc, first, again)
		}
	}
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			status := send("0000000a")
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		})
	}
	wg.Wait()
	if got[200] != 1 || got[401] != 99 {
		t.Errorf("of a hundred at once: %v", got)
	}
	synctest.Test(t, func(t *testing.T) {
		w := digestWorld(t, cfg)
		c := w.client(t)
		challenge := challengesOf(t, w, "/x")[0]
		answer := func(nc, pass string) *fsatest.Response {
			return c.Get("/x").Header("Authorization", credentials(answerTo(challenge, "GET", "/x", "calvin", pass, "nc", nc))).Do()
		}
		time.Sleep(119 * time.Second)
		if r := answer("00000001", calvinPass); r.Status != 200 {
			t.Errorf("a nonce at its end: %d", r.Status)
		}
		time.Sleep(2 * time.Second)
		right, wrong := answer("00000002", calvinPass), answer("00000003", "wrong")
		for _, r := range []*fsatest.Response{right, wrong} {
			if r.Status != 401 || r.Text() != "stale nonce" || !strings.HasSuffix(r.Header.Get("WWW-Authenticate"), ", stale=true") {
				t.Errorf("a nonce that has ended: %d %s %v", r.Status, r.Text(), r.Header)
			}
		}
		// It says nothing about the password, right or wrong, and counts nothing.
		if w.times("ha1 calvin acme SHA-256") != 1 {
			t.Errorf("asked %d times", w.times("ha1 calvin acme SHA-256"))
		}
	})
}

// TestDigestThrottle: wrong responses are counted as wrong passwords are, whoever
// sends them; those who log in together are not kept out. S16 S19 S20
func TestDigestThrottle(t *testing.T) {
	cfg := base()
	cfg.InsecureNoLoginThrottle = false
	cfg.InsecureTransport = true
	w := digestWorld(t, cfg)
	h := handlerOf(t, w)
	send := func(from, login, pass string) int {
		r := httptest.NewRequest("GET", "/x", nil)
		challenge := serveFrom(h, r, from+":999").Header().Get("WWW-Authenticate")
		r.Header.Set("Authorization", credentials(answerTo(challenge, "GET", "/x", login, pass)))
		return serveFrom(h, r, from+":999").Code
	}
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			status := send("192.0.2.7", "hobbes", hobbesPass)
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		})
	}
	wg.Wait()
	if got[200] != 50 {
		t.Errorf("fifty right ones at once: %v", got)
	}
	statuses := ""
	for range 7 {
		statuses += fmt.Sprint(send("198.51.100.9", "calvin", "wrong"), " ")
	}
	if statuses != "401 401 401 401 401 429 429 " {
		t.Errorf("seven wrong ones: %s", statuses)
	}
	// The right one is not told from a wrong one now; others are not kept out.
	if right, other := send("198.51.100.9", "calvin", calvinPass), send("192.0.2.7", "hobbes", hobbesPass); right != 429 || other != 200 {
		t.Errorf("then: %d %d", right, other)
	}
	// Who has proved a password is asked to prove it again after a wrong one.
	statuses = ""
	for range 7 {
		statuses += fmt.Sprint(send("192.0.2.7", "hobbes", "wrong"), " ")
	}
	if statuses != "401 401 401 401 401 429 429 " {
		t.Errorf("seven wrong ones after a right one: %s", statuses)
	}
	for range 6 {
		send("203.0.113.5", "nobody", "wrong")
	}
	if got := send("203.0.113.5", "nobody", "wrong"); got != 429 {
		t.Errorf("an unknown user: %d", got)
	}
}

// digestFrom logs in by digest, from an address.
func digestFrom(h http.Handler, ctx context.Context, addr, path, login, pass string) *httptest.ResponseRecorder {
	challenge := serveFrom(h, httptest.NewRequest("GET", path, nil), addr).Header().Get("WWW-Authenticate")
	r := httptest.NewRequest("GET", path, nil).WithContext(ctx)
	r.Header.Set("Authorization", credentials(answerTo(challenge, "GET", path, login, pass)))
	return serveFrom(h, r, addr)
}

// digestThrottled is a configuration with the throttle, whose answers are kept.
func digestThrottled(store cache.Counter) fsa.Config {
	cfg := throttled()
	cfg.Cache = ""
	cfg.LoginThrottle.Counter = store
	return cfg
}

// TestDigestProved: a client that has proved the password is not counted again, until
// the password or the realm is another one, or all about the user is forgotten. S20
func TestDigestProved(t *testing.T) {
	store := &broken{Counter: cache.NewMemoryCounter(0)}
	w := digestWorld(t, digestThrottled(store))
	h := handlerOf(t, w)
	ctx := t.Context()
	salt := func(s string) { w.set(func() { w.hashes["salt"] = s }) }
	for _, c := range []struct {
		name    string
		before  func()
		path    string
		pass    string
		counted bool
	}{
		{"the first", func() {}, "/x", calvinPass, true},
		{"the second", func() {}, "/x", calvinPass, false},
		{"the hash is forgotten", func() { w.PasswordUncache(ctx, "calvin") }, "/x", calvinPass, false},
		{"another realm", func() {}, "/stage", calvinPass, true},
		{"that realm again", func() {}, "/stage", calvinPass, false},
		{"another password", func() { salt("2"); w.PasswordUncache(ctx, "calvin") }, "/stage", calvinPass + "2", true},
		{"that password again", func() {}, "/stage", calvinPass + "2", false},
		{"all of another user is forgotten", func() { w.AuthUncache(ctx, "hobbes") }, "/stage", calvinPass + "2", false},
		{"all of the user is forgotten", func() { w.AuthUncache(ctx, "calvin") }, "/stage", calvinPass + "2", true},
	} {
		c.before()
		counted := false
		store.when(func(_ int, method string, n int64) bool {
			counted = counted || method == "add" && n == 1
			return false
		})
		if got := digestFrom(h, ctx, home, c.path, "calvin", c.pass).Code; got != 200 || counted != c.counted {
			t.Errorf("%s: %d, counted: %v", c.name, got, counted)
		}
	}
}

// TestDigestStoreFails: what can't be counted is not looked at, and what comes too early
// does not reach the store of users. S23
func TestDigestStoreFails(t *testing.T) {
	const asked = "ha1 calvin acme SHA-256"
	for _, method := range []string{"get", "add"} {
		store := &broken{Counter: cache.NewMemoryCounter(0)}
		w := digestWorld(t, digestThrottled(store))
		h := handlerOf(t, w)
		store.set(method)
		for _, pass := range []string{calvinPass, "wrong"} {
			a := digestFrom(h, t.Context(), home, "/x", "calvin", pass)
			if a.Code != 503 || a.Body.String() != "log-in is not possible at the moment, try again later" || a.Header().Get("Retry-After") != "5" {
				t.Errorf("%s fails: %d %s", method, a.Code, a.Body)
			}
		}
		if method == "get" && w.times(asked) > 0 {
			t.Error("the user is looked up")
		}
	}
	w := digestWorld(t, digestThrottled(nil))
	h := handlerOf(t, w)
	for i := range 8 {
		digestFrom(h, t.Context(), home, "/x", "calvin", fmt.Sprint("guess", i))
	}
	if n := w.times(asked); n != 5 {
		t.Errorf("the user is looked up %d times", n)
	}
}

// TestDigestTogether: of responses that come together from one client, each is looked at
// for itself. A wrong one is not let in because a right one is just being looked at, nor
// because whoever sent it has gone.
func TestDigestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := digestWorld(t, digestThrottled(slowAdd{cache.NewMemoryCounter(0)}), func(w *world) {
			fsa.Get(w, "/secret", authz.Auth(), func(ctx context.Context, _ fsa.None) (string, error) {
				w.ask("secret " + fsa.User(ctx))
				return "", nil
			})
		})
		h := handlerOf(t, w)
		gone, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		got, texts := make([]int, 3), make([]string, 3)
		send := func(i int, ctx context.Context, pass string) {
			all.Go(func() {
				a := digestFrom(h, ctx, home, "/secret", "calvin", pass)
				got[i], texts[i] = a.Code, a.Body.String()
			})
			synctest.Wait() // it is counted, or waits for the one that is
		}
		send(0, t.Context(), calvinPass)
		send(1, t.Context(), "wrong")
		send(2, gone, "wrong too")
		cancel()
		all.Wait()
		if got[0] != 200 || got[1] != 401 || got[2] < 400 || texts[2] == "too many log-ins at once, try again" || w.times("secret calvin") != 1 {
			t.Errorf("%v %q; %d were let in", got, texts, w.times("secret calvin"))
		}
	})
}

// slowAdd takes its time to count.
type slowAdd struct{ cache.Counter }

func (s slowAdd) Add(ctx context.Context, key string, n int64, window time.Duration) (int64, error) {
	time.Sleep(time.Second)
	return s.Counter.Add(ctx, key, n, window)
}

// TestDigestUserGone: a user whom the store does not know any more, as anybody's try
// shows, is out everywhere. An error tells nothing of the kind.
func TestDigestUserGone(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		asked int // how often, by the tries of all
		want  int
	}{
		{"gone", fsa.ErrNoSuchUser, 3, 401},
		{"refused", fsa.Errorf(403, "later"), 2, 200},
		{"broken", errors.New("s3cret"), 2, 200},
	} {
		asked := 0
		var err error
		w := newWorld(t, func() fsa.Config {
			cfg := digestThrottled(nil)
			cfg.Auth = []string{"digest", "none"}
			return cfg
		}())
		w.UserHA1(func(_ context.Context, login, realm, algorithm string) (string, error) {
			asked++
			return fsa.HA1(algorithm, login, realm, calvinPass), err
		})
		fsa.Get(w, "/x", authz.Auth(), who)
		h := handlerOf(t, w)
		first := digestFrom(h, t.Context(), home, "/x", "calvin", calvinPass).Code
		err = c.err
		other := digestFrom(h, t.Context(), away, "/x", "calvin", "wrong").Code
		if again := digestFrom(h, t.Context(), home, "/x", "calvin", calvinPass).Code; first != 200 || other == 200 || again != c.want || asked != c.asked {
			t.Errorf("%s: %d %d %d, asked %d times", c.name, first, other, again, asked)
		}
	}
}

// TestDigestChanges: a password that changes ends the old one at once.
func TestDigestChanges(t *testing.T) {
	w := digestWorld(t, base())
	c := w.client(t)
	send := func(pass string) int {
		challenge := challengesOf(t, w, "/x")[0]
		return c.Get("/x").Header("Authorization", credentials(answerTo(challenge, "GET", "/x", "calvin", pass))).Do().Status
	}
	for range 5 {
		if got := send(calvinPass); got != 200 {
			t.Fatal(got)
		}
	}
	if n := w.times("ha1 calvin acme SHA-256"); n != 1 {
		t.Errorf("the hook is asked %d times", n)
	}
	w.set(func() { w.hashes["salt"] = "2" })
	if got := send(calvinPass); got != 200 {
		t.Errorf("before it is told: %d", got)
	}
	w.PasswordUncache(context.Background(), "calvin")
	if old, now := send(calvinPass), send(calvinPass+"2"); old != 401 || now != 200 {
		t.Errorf("after it is told: %d %d", old, now)
	}
	w.set(func() { w.hashes["salt"] = "" })
	w.AuthUncache(context.Background(), "calvin")
	if old, now := send(calvinPass+"2"), send(calvinPass); old != 401 || now != 200 {
		t.Errorf("after all of the user is forgotten: %d %d", old, now)
	}
}

// TestDigestUserHash: a client need not show its user's name.
func TestDigestUserHash(t *testing.T) {
	w := digestWorld(t, base(), func(w *world) {
		w.UserByHash(func(ctx context.Context, userhash, realm, algorithm string) (string, error) {
			for _, login := range []string{"calvin", "hobbes"} {
				if fsa.UserHash(algorithm, login, realm) == userhash {
					return login, nil
				}
			}
			if strings.HasPrefix(userhash, "0000") {
				return "", errors.New("the store is down: s3cret")
			}
			if strings.HasPrefix(userhash, "1111") {
				return "", fsa.Errorf(403, "the store says no: s3cret")
			}
			return "", fsa.ErrNoSuchUser
		})
	})
	c := w.client(t)
	for _, test := range []struct {
		username string
		status   int
	}{
		{hashes["SHA-256"]("calvin:acme"), 200},
		{hashes["SHA-256"]("moe:acme"), 401},
		{hashes["SHA-256"]("calvin:other"), 401},
		{strings.ToUpper(hashes["SHA-256"]("calvin:acme")), 401},
		{strings.Repeat("0", 64), 500},
		{strings.Repeat("1", 64), 401},
		{"calvin", 401},
	} {
		challenge := challengesOf(t, w, "/x")[0]
		if !strings.Contains(challenge, ", userhash=true") {
			t.Fatal(challenge)
		}
		a := answerTo(challenge, "GET", "/x", "calvin", calvinPass)
		a["username"], a["userhash"] = test.username, "true"
		c.Get("/x").Header("Authorization", credentials(a)).Expect(test.status)
	}
	a := answerTo(challengesOf(t, w, "/x")[0], "GET", "/x", "calvin", calvinPass)
	a["userhash"] = "false"
	c.Get("/x").Header("Authorization", credentials(a)).Expect(200)
}

// TestDigestCrossOrigin: a browser sends the credentials by itself. S58
func TestDigestCrossOrigin(t *testing.T) {
	w := digestWorld(t, base())
	c := w.client(t)
	for site, status := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "none": 200} {
		challenge := challengesOf(t, w, "/x")[0]
		c.Post("/x").Header("Authorization", credentials(answerTo(challenge, "POST", "/x", "calvin", calvinPass)), "Sec-Fetch-Site", site).Expect(status)
	}
}

// TestDigestCurl: curl, which knows nothing of us, can log in, and can't with a
// wrong password.
func TestDigestCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	for _, algorithms := range [][]string{nil, {"SHA-256", "insecure-md5"}, {"insecure-md5"}} {
		cfg := base()
		cfg.HTTPAuthOpts.Algorithms = algorithms
		w := digestWorld(t, cfg)
		url, stop := start(t, w)
		curl := func(args ...string) string {
			out, err := exec.Command("curl", append([]string{"-s", "--noproxy", "*", "--digest", "-w", "%{http_code}", "-o", "/dev/null"}, args...)...).CombinedOutput()
			if err != nil {
				t.Errorf("curl %v: %v", args, err)
			}
			return string(out)
		}
		for _, test := range []struct {
			status string
			args   []string
		}{
			{"200", []string{"-u", "calvin:" + calvinPass, url + "/x"}},
			{"200", []string{"-u", "calvin:" + calvinPass, url + "/x?a=7"}},
			{"200", []string{"-u", "calvin:" + calvinPass, "-X", "POST", url + "/x"}},
			{"200200", []string{"-u", "calvin:" + calvinPass, url + "/x", "-o", "/dev/null", url + "/x?a=2"}},
			{"401", []string{"-u", "calvin:wrong", url + "/x"}},
			{"401", []string{"-u", "moe:" + calvinPass, url + "/x"}},
		} {
			if got := curl(test.args...); got != test.status {
				t.Errorf("%v: curl %v: %s, want %s", algorithms, test.args, got, test.status)
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

// TestDigestFaults: what is wrong with its configuration stops the start.
func TestDigestFaults(t *testing.T) {
	for _, test := range []struct {
		set  func(*fsa.Config)
		want string
	}{
		{func(c *fsa.Config) { c.HTTPAuthOpts.Algorithms = []string{"MD5"} }, "algorithms in it has MD5, which is broken; remove it, or spell it insecure-md5"},
		{func(c *fsa.Config) { c.HTTPAuthOpts.Algorithms = []string{"SHA-1"} }, `algorithms in it has "SHA-1", which is not known`},
		{func(c *fsa.Config) { c.HTTPAuthOpts.Algorithms = []string{"SHA-256", "sha-256"} }, "algorithms in it has SHA-256 twice"},
		{func(c *fsa.Config) { c.HTTPAuthOpts.NonceLife = time.Second }, "nonce_life in it is 1s"},
		{func(c *fsa.Config) { c.HTTPAuthOpts.NonceLife = -time.Second }, "nonce_life in it is -1s"},
	} {
		cfg := base()
		cfg.Auth = []string{"digest"}
		test.set(&cfg)
		w := newWorld(t, cfg)
		w.UserHA1(func(context.Context, string, string, string) (string, error) { return "", nil })
		if got := faultsOf(t, w.App); len(got) != 1 || !contains(got[0], "FSA_HTTP_AUTH_OPTS", test.want) {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
	for value, want := range map[string]string{
		`"SHA-256"`:      `must be a table, as in {algorithms = ["SHA-256"], nonce_life = "2m"}`,
		`{nonce = "2m"}`: `"nonce" in it is not known; it has algorithms, nonce_life`,
		`{algorithms = ["SHA-256"], lives = "2m"}`:   `"lives" in it is not known; it has algorithms, nonce_life`,
		`{nonce_life = "long"}`:                      "nonce_life in it ",
		`{nonce_life = "2m", algorithms = 256}`:      "algorithms in it ",
		`{algorithms = ["SHA-256"], nonce_life = 0}`: "nonce_life in it ",
	} {
		_, err := loadText("FSA_HTTP_AUTH_OPTS = " + value)
		if got := texts(t, err); len(got) != 1 || !contains(got[0], "FSA_HTTP_AUTH_OPTS (acme.toml:1): "+want) {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
	if cfg, err := loadText(`FSA_HTTP_AUTH_OPTS = {algorithms = ["SHA-512-256"], nonce_life = "1m"}`); err != nil || fmt.Sprint(cfg.HTTPAuthOpts) != "{[SHA-512-256] 1m0s}" {
		t.Errorf("%v, %v", cfg.HTTPAuthOpts, err)
	}
	cfg := base()
	cfg.HTTPAuthOpts.Algorithms = []string{"SHA-256"}
	if got := faultsOf(t, newWorld(t, cfg).App); len(got) != 1 || !contains(got[0], "FSA_HTTP_AUTH_OPTS", "does not enable") {
		t.Errorf("%q", got)
	}
}
