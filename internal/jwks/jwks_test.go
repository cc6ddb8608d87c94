package jwks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/internal/jwks"
	"github.com/fastsimpleauth/fsa/token"
)

const (
	keys1 = `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
	keys2 = `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
)

// idp is an issuer that answers in memory, so that time can be made up.
type idp struct {
	mu     sync.Mutex
	asked  []string
	status int
	header http.Header
	body   string
	doc    string // of discovery
	delay  time.Duration
	err    error
	panics bool
}

func (p *idp) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *idp) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.asked = append(p.asked, r.URL.String())
	resp := &http.Response{StatusCode: p.status, Header: p.header.Clone(), Request: r}
	body, delay, err, panics := p.body, p.delay, p.err, p.panics
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		body = p.doc
	}
	p.mu.Unlock()
	if panics {
		panic("the transport panics")
	}
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(strings.NewReader(body))
	return resp, nil
}

func (p *idp) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

func newIDP() *idp {
	return &idp{status: 200, header: http.Header{"Content-Type": {"application/json"}}, body: keys1}
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newSource(t *testing.T, p *idp, o jwks.Options) (*jwks.Source, *logBuffer) {
	t.Helper()
	log := new(logBuffer)
	o.Transport, o.Logger = p, slog.New(slog.NewTextHandler(log, nil))
	if o.Issuer == "" {
		o.Issuer, o.URL = "https://idp.example", "https://idp.example/keys?secret=s3cret"
	}
	s, err := jwks.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// want fails unless the source gives a set with one key, or unavailable if there is
// to be none.
func want(t *testing.T, s *jwks.Source, good bool) *token.KeySet {
	t.Helper()
	set, err := s.Keys(t.Context())
	if good && (err != nil || set.Len() != 1) {
		t.Fatalf("%v, %v", set, err)
	}
	var e *httperr.Error
	if !good && (set != nil || !errors.As(err, &e) || e.Status != 503 || e.Header.Get("Retry-After") == "") {
		t.Fatalf("%v, %v", set, err)
	}
	return set
}

// Nothing is fetched before somebody asks; all who ask at the same time wait for
// one fetch, and who leaves ends it for nobody.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newIDP()
		p.delay = time.Second
		s, _ := newSource(t, p, jwks.Options{})
		time.Sleep(time.Hour)
		if p.times() != 0 || s.Current(time.Now()) != nil {
			t.Fatal("fetched before anybody asked")
		}
		hurried, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.Keys(hurried); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { want(t, s, true) })
		}
		wg.Wait()
		if p.times() != 1 {
			t.Errorf("asked %d times", p.times())
		}
	})
}

// Keys are fetched anew, in the background, before they are old; without requests
// they are not.
func TestRefresh(t *testing.T) {
	for header, fresh := range map[string]time.Duration{
		"":                               time.Hour,
		"public, max-age=600":            10 * time.Minute,
		"max-age=600, must-revalidate":   10 * time.Minute,
		"MAX-AGE=600":                    10 * time.Minute,
		"max-age=0":                      time.Minute,
		"max-age=-5":                     time.Minute,
		"max-age=nonsense":               time.Minute,
		"max-age=99999999999999999999":   time.Minute,
		"no-cache":                       time.Minute,
		"no-store, max-age=600":          time.Minute,
		"max-age=31536000":               24 * time.Hour,
		"max-age=700 ; age of the cache": time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newIDP()
			p.header.Set("Cache-Control", header)
			s, _ := newSource(t, p, jwks.Options{})
			first := want(t, s, true)
			time.Sleep(fresh*4/5 - time.Second)
			want(t, s, true)
			synctest.Wait()
			if p.times() != 1 {
				t.Fatalf("%q: asked %d times", header, p.times())
			}
			p.set(func() { p.body, p.delay = keys2, time.Second })
			time.Sleep(2 * time.Second)
			if want(t, s, true) != first {
				t.Fatalf("%q: did not go on with what is known", header)
			}
			time.Sleep(2 * time.Second)
			if p.times() != 2 || want(t, s, true) == first {
				t.Fatalf("%q: not refreshed, asked %d times", header, p.times())
			}
			time.Sleep(10 * time.Hour)
			if p.times() != 2 {
				t.Fatalf("%q: refreshed without anybody asking", header)
			}
		})
	}
}

func TestAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newIDP()
		p.header.Set("Cache-Control", "max-age=3600")
		p.header.Set("Age", "3000")
		s, _ := newSource(t, p, jwks.Options{})
		want(t, s, true)
		time.Sleep(9 * time.Minute) // of 10
		want(t, s, true)
		synctest.Wait()
		if p.times() != 2 {
			t.Errorf("asked %d times", p.times())
		}
	})
}

// The same text again is the same set, so that what was decided with it stands.
func TestSameKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newIDP()
		s, _ := newSource(t, p, jwks.Options{})
		first := want(t, s, true)
		time.Sleep(55 * time.Minute)
		want(t, s, true)
		synctest.Wait()
		if p.times() != 2 || s.Current(time.Now()) != first {
			t.Errorf("asked %d times, the same: %t", p.times(), s.Current(time.Now()) == first)
		}
	})
}

// An outage: the known keys do for 24 h, and no longer; the issuer is not asked
// more often than once in 30 s.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newIDP()
		s, log := newSource(t, p, jwks.Options{})
		want(t, s, true)
		p.set(func() { p.err = errors.New("connection refused") })
		for range 24*60 - 1 {
			time.Sleep(time.Minute)
			want(t, s, true)
		}
		synctest.Wait()
		if n := p.times(); n < 1300 || n > 1440 {
			t.Errorf("asked %d times in a day", n)
		}
		before := p.times()
		for range 20 {
			want(t, s, true)
			time.Sleep(time.Second)
		}
		if p.times() > before+1 {
			t.Errorf("asked %d times in 20 s", p.times()-before)
		}
		time.Sleep(time.Minute)
		want(t, s, false)
		if !strings.Contains(log.String(), "known_keys_until") || !strings.Contains(log.String(), "connection refused") {
			t.Error(log)
		}
		if strings.Contains(log.String(), "s3cret") {
			t.Error("the log has the query")
		}
		p.set(func() { p.err = nil })
		time.Sleep(jwks.Pause)
		want(t, s, true)
		if !strings.Contains(log.String(), "can be fetched again") {
			t.Error(log)
		}
	})
}

// An issuer that is down when all begins is asked after 1 s, 2 s, 4 s… 30 s, however
// many requests come.
func TestColdOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newIDP()
		p.err = errors.New("connection refused")
		s, _ := newSource(t, p, jwks.Options{})
		for range 600 {
			want(t, s, false)
			time.Sleep(100 * time.Millisecond)
		}
		if n := p.times(); n != 6 { // at 0, 1, 3, 7, 15, 31 s
			t.Errorf("asked %d times in a minute", n)
		}
		p.set(func() { p.err = nil })
		time.Sleep(jwks.Pause)
		want(t, s, true)
	})
}

// Whatever kids come, the issuer is asked once in 30 s.
func TestUnknownKids(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newIDP()
		s, _ := newSource(t, p, jwks.Options{})
		known := want(t, s, true)
		newer := func() *token.KeySet {
			t.Helper()
			keys, err := s.Newer(t.Context(), known)
			if err != nil {
				t.Fatal(err)
			}
			return keys
		}
		for range 300 {
			if newer() != nil {
				t.Fatal("there are no newer ones")
			}
			time.Sleep(time.Second)
		}
		if n := p.times(); n > 11 {
			t.Errorf("asked %d times in 300 s", n)
		}
		time.Sleep(jwks.Pause)
		p.set(func() { p.body = keys2 })
		next := newer()
		if next == nil || next == known {
			t.Fatal("the newer keys are not found")
		}
		asked := p.times()
		if newer() != next || p.times() != asked { // what has come already
			t.Error("asked again")
		}
		// While it does not answer, nobody knows whether a key is its own.
		known = next
		p.set(func() { p.err = errors.New("connection refused") })
		time.Sleep(jwks.Pause)
		for range 2 {
			keys, err := s.Newer(t.Context(), known)
			var e *httperr.Error
			if keys != nil || !errors.As(err, &e) || e.Status != 503 {
				t.Errorf("%v, %v", keys, err)
			}
		}
		want(t, s, true)
	})
}

// What an answer must not be. After each of them the known keys are still used.
func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*idp)
		want   string
	}{
		"redirect":              {func(p *idp) { p.status = 302; p.header.Set("Location", "https://evil.example/") }, "redirects (302)"},
		"redirect to itself":    {func(p *idp) { p.status = 308; p.header.Set("Location", "/keys") }, "redirects (308)"},
		"not found":             {func(p *idp) { p.status = 404 }, "status 404"},
		"no content":            {func(p *idp) { p.status = 204 }, "status 204"},
		"HTML":                  {func(p *idp) { p.header.Set("Content-Type", "text/html; charset=utf-8") }, "text/html"},
		"no type":               {func(p *idp) { p.header.Del("Content-Type") }, "not with JSON"},
		"a type with a newline": {func(p *idp) { p.header.Set("Content-Type", "a\nb") }, `\\n`},
		"too large":             {func(p *idp) { p.body = keys2 + strings.Repeat(" ", 256<<10) }, "262144 bytes"},
		"not JSON":              {func(p *idp) { p.body = "<html>" }, "not a strict JSON object"},
		"no keys":               {func(p *idp) { p.body = `{"keys":[]}` }, "no key in it"},
		"a private key":         {func(p *idp) { p.body = strings.Replace(keys2, `"kty"`, `"d":"AAAA","kty"`, 1) }, "private"},
		"slow":                  {func(p *idp) { p.delay = 6 * time.Second }, "no answer within 5s"},
		"a panic":               {func(p *idp) { p.panics = true }, "panics"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newIDP()
				s, log := newSource(t, p, jwks.Options{})
				first := want(t, s, true)
				p.set(func() { c.change(p) })
				time.Sleep(time.Hour)
				if want(t, s, true) != first {
					t.Error("the known keys are gone")
				}
				time.Sleep(10 * time.Second)
				if s.Current(time.Now()) != first || !strings.Contains(log.String(), c.want) {
					t.Errorf("the log does not say %q: %s", c.want, log)
				}
				cold, _ := newSource(t, p, jwks.Options{})
				want(t, cold, false)
			})
		})
	}
}

func TestDiscovery(t *testing.T) {
	for _, c := range []struct{ name, issuer, doc, want string }{
		{"good", "https://idp.example", `{"issuer":"https://idp.example","jwks_uri":"https://idp.example/jwks","x":{"y":[1]}}`, ""},
		{"good with a path", "https://idp.example/tenant/", `{"issuer":"https://idp.example/tenant/","jwks_uri":"https://idp.example/jwks"}`, ""},
		{"good host in upper case", "https://idp.example", `{"issuer":"https://idp.example","jwks_uri":"https://IDP.example/jwks"}`, ""},
		{"another issuer", "https://idp.example", `{"issuer":"https://idp.example/","jwks_uri":"https://idp.example/jwks"}`, "another issuer"},
		{"no issuer", "https://idp.example", `{"jwks_uri":"https://idp.example/jwks"}`, "another issuer"},
		{"another host", "https://idp.example", `{"issuer":"https://idp.example","jwks_uri":"https://evil.example/jwks"}`, "not on the issuer's own host"},
		{"another port", "https://idp.example", `{"issuer":"https://idp.example","jwks_uri":"https://idp.example:8443/jwks"}`, "not on the issuer's own host"},
		{"a host inside", "https://idp.example", `{"issuer":"https://idp.example","jwks_uri":"https://169.254.169.254/latest/meta-data"}`, "not on the issuer's own host"},
		{"plain", "https://idp.example", `{"issuer":"https://idp.example","jwks_uri":"http://idp.example/jwks"}`, "https"},
		{"a file", "https://idp.example", `{"issuer":"https://idp.example","jwks_uri":"file:///etc/passwd"}`, "not an address"},
		{"a user", "https://idp.example", `{"issuer":"https://idp.example","jwks_uri":"https://u:p@idp.example/jwks"}`, "with a user"},
		{"no keys", "https://idp.example", `{"issuer":"https://idp.example"}`, "not an address"},
		{"twice", "https://idp.example", `{"issuer":"https://idp.example","jwks_uri":"https://idp.example/jwks","issuer":"x"}`, "strict JSON"},
		{"of a wrong type", "https://idp.example", `{"issuer":["https://idp.example"]}`, "strict JSON"},
		{"deep", "https://idp.example", strings.Repeat("[", 100), "strict JSON"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newIDP()
			p.doc = c.doc
			s, log := newSource(t, p, jwks.Options{Issuer: c.issuer})
			want(t, s, c.want == "")
			if c.want == "" && (p.asked[0] != strings.TrimSuffix(c.issuer, "/")+"/.well-known/openid-configuration" || !strings.HasSuffix(p.asked[1], "/jwks")) {
				t.Errorf("%s: asked %q", c.name, p.asked)
			}
			if c.want != "" && (p.times() != 1 || !strings.Contains(log.String(), c.want)) {
				t.Errorf("%s: asked %q, the log does not say %q: %s", c.name, p.asked, c.want, log)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	for address, mistake := range map[string]string{
		"https://idp.example/keys":        "",
		"https://idp.example/keys?p=1":    "",
		"https://10.0.0.1:8443/keys":      "",
		"http://idp.example/keys":         "by https",
		"http://localhost.evil.example/k": "by https",
		"http://127.0.0.1:9000/keys":      "modes dev and debug only",
		"http://[::1]/keys":               "modes dev and debug only",
		"http://localhost/keys":           "modes dev and debug only",
		"ftp://idp.example/keys":          "by https",
		"file:///etc/passwd":              "not an address",
		"https:idp.example":               "not an address",
		"https:///keys":                   "not an address",
		"https://u:s3cret@idp.example/":   "with a user",
		"https://idp.example/#keys":       "fragment",
		"https://idp.example/#":           "fragment",
		"https://idp.example/\n":          "not an address",
		"keys.json":                       "not an address",
		"":                                "not an address",
	} {
		for _, plain := range []bool{false, true} {
			_, err := jwks.New(jwks.Options{Issuer: "x", URL: address, Plain: plain})
			if address == "" {
				_, err = jwks.New(jwks.Options{Plain: plain})
			}
			want := mistake
			if plain && want == "modes dev and debug only" {
				want = ""
			}
			if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret")) {
				t.Errorf("%s, plain %t: %v, want %q", address, plain, err, want)
			}
		}
	}
	if _, err := jwks.New(jwks.Options{Issuer: "https://idp.example/?tenant=1"}); err == nil {
		t.Error("discovery at an address with a query")
	}
}

func TestFixed(t *testing.T) {
	set, err := token.ParseKeySet([]byte(keys1), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := jwks.Fixed(set)
	keys, err := s.Keys(t.Context())
	newer, err2 := s.Newer(t.Context(), set)
	if keys != set || s.Current(time.Now()) != set || newer != nil || err != nil || err2 != nil {
		t.Error(keys, newer, err, err2)
	}
}

// FuzzDiscovery: what is accepted is on the issuer's host, over https.
func FuzzDiscovery(f *testing.F) {
	f.Add(`{"issuer":"https://idp.example","jwks_uri":"https://idp.example/jwks"}`, "application/json", "max-age=60")
	f.Add(`{"issuer":"https://idp.example","jwks_uri":"https://idp.example@evil.example/jwks"}`, "application/json", "")
	f.Add(`{"issuer":"https://idp.example","jwks_uri":"https:\\\\idp.example/jwks"}`, "text/json", "max-age=,")
	f.Fuzz(func(t *testing.T, doc, contentType, cacheControl string) {
		p := newIDP()
		p.doc, p.header = doc, http.Header{"Content-Type": {contentType}, "Cache-Control": {cacheControl}}
		s, _ := newSource(t, p, jwks.Options{Issuer: "https://idp.example"})
		_, err := s.Keys(t.Context())
		if p.times() > 2 || err == nil && p.times() != 2 {
			t.Fatalf("asked %q", p.asked)
		}
		for _, address := range p.asked {
			if rest, ok := strings.CutPrefix(strings.ToLower(address), "https://idp.example"); !ok || rest != "" && !strings.ContainsAny(rest[:1], "/?:") || strings.HasPrefix(rest, ":") && !strings.HasPrefix(rest, ":/") && rest != ":" {
				t.Fatalf("asked %q", address)
			}
		}
	})
}

func ExampleNew() {
	_, err := jwks.New(jwks.Options{Issuer: "http://idp.example"})
	fmt.Println(err)
	// Output:
	// keys are fetched by https, since whoever changes them on their way can make tokens
}

// roundTrips is a transport of another type than the standard one.
type roundTrips func(*http.Request) (*http.Response, error)

func (f roundTrips) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestReplacedTransport: a program that has replaced the default transport, as those do
// that measure, still starts, and its transport is used.
func TestReplacedTransport(t *testing.T) {
	standard := http.DefaultTransport
	defer func() { http.DefaultTransport = standard }()
	asked := 0
	http.DefaultTransport = roundTrips(func(*http.Request) (*http.Response, error) {
		asked++
		return nil, errors.New("unreachable")
	})
	s, err := jwks.New(jwks.Options{Issuer: "https://idp.example", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keys(t.Context()); err == nil || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}
