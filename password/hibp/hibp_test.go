package hibp_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/password/hibp"
)

// hashOf is the SHA-1 of a password as the service writes it.
func hashOf(password string) string {
	sum := sha1.Sum([]byte(password))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// service answers as api.pwnedpasswords.com does, of these counts, with padding.
func service(counts map[string]int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		prefix := strings.TrimPrefix(r.URL.Path, "/range/")
		var lines []string
		for password, n := range counts {
			if h := hashOf(password); h[:5] == prefix {
				lines = append(lines, fmt.Sprintf("%s:%d", h[5:], n))
			}
		}
		for i := range 800 {
			n := i + 1
			if i%2 == 0 && r.Header.Get("Add-Padding") == "true" {
				n = 0
			}
			lines = append(lines, fmt.Sprintf("%s:%d", hashOf(fmt.Sprint(i))[5:], n))
		}
		fmt.Fprint(w, strings.Join(lines, "\r\n"))
	})
}

func checker(t *testing.T, h http.Handler, on hibp.OnFailure, log *bytes.Buffer) *hibp.Checker {
	return patient(t, h, on, log, time.Minute)
}

// patient is a checker that waits for so long.
func patient(t *testing.T, h http.Handler, on hibp.OnFailure, log *bytes.Buffer, timeout time.Duration) *hibp.Checker {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := hibp.New(hibp.Options{OnFailure: on, URL: s.URL + "/range/", Timeout: timeout,
		Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func status(err error) int {
	var e *httperr.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// TestCheck: what has leaked is refused; only five digits of its hash are sent.
func TestCheck(t *testing.T) {
	leaked := map[string]int{"password": 9659365, "calvin": 1, "padding": 0}
	var mu sync.Mutex
	var asked []string
	h := service(leaked)
	c := checker(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var b strings.Builder
		r.Write(&b)
		asked = append(asked, b.String())
		h.ServeHTTP(w, r)
	}), hibp.FailClosed, &bytes.Buffer{})
	for password, want := range map[string]int{"password": 400, "calvin": 400, "padding": 0, "hobbes and calvin": 0, "Password": 0} {
		if err := c.Check(t.Context(), password); status(err) != want || (err == nil) != (want == 0) {
			t.Errorf("%s: %v", password, err)
		}
	}
	if n, err := c.Count(t.Context(), "password"); n != 9659365 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if len(asked) != 5 {
		t.Errorf("%d requests for five passwords", len(asked))
	}
	for _, request := range asked {
		line, _, _ := strings.Cut(request, "\r\n")
		if len(line) != len("GET /range/ABCDE HTTP/1.1") || !strings.Contains(request, "Add-Padding: true") {
			t.Errorf("asked %q", request)
		}
		for _, password := range []string{"password", "calvin", "padding", "hobbes and calvin", "Password"} {
			if h := hashOf(password); strings.Contains(request, h[:6]) || strings.Contains(request, h[5:12]) {
				t.Errorf("more of a hash is sent: %s", request)
			}
		}
	}
}

// TestFailures: an answer that is none takes or refuses the password, as was said, and
// is asked for again.
func TestFailures(t *testing.T) {
	for what, h := range map[string]http.HandlerFunc{
		"an error":          func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) },
		"too many requests": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(429) },
		"a page":            func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>log in to this network</html>") },
		"nothing":           func(w http.ResponseWriter, r *http.Request) {},
		"a redirect":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other/00000", http.StatusFound) },
		"too much": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, strings.Repeat(hashOf("x")[5:]+":1\r\n", 20_000))
		},
		"an endless line": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat("A", 200_000)) },
		"cut off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, hashOf("x")[5:]+":1")
		},
		"slow": func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a broken line": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, hashOf("x")[5:]+":1\r\n"+hashOf("password")[5:])
		},
		"a negative count": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, hashOf("password")[5:]+":-1") },
		"lower case": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, strings.ToLower(hashOf("password")[5:])+":1")
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute
			if what == "slow" {
				timeout = 2 * time.Second
			}
			var times atomic.Int32
			counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { times.Add(1); h(w, r) })
			var log bytes.Buffer
			if err := patient(t, counted, hibp.FailOpen, &log, timeout).Check(t.Context(), "password"); err != nil || !strings.Contains(log.String(), "was not looked up") {
				t.Errorf("FailOpen: %v, log %s", err, &log)
			}
			c := patient(t, counted, hibp.FailClosed, &log, timeout)
			for range 2 {
				err := c.Check(t.Context(), "password")
				if status(err) != 503 {
					t.Errorf("FailClosed: %v", err)
				}
				for _, text := range []string{log.String(), fmt.Sprint(err)} {
					if strings.Contains(text, hashOf("password")[:5]) {
						t.Errorf("the hash begins in %s", text)
					}
				}
			}
			if n := times.Load(); n != 3 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// TestTogether: many who ask the same at once make one request, and a range is kept.
func TestTogether(t *testing.T) {
	var times atomic.Int32
	h := service(map[string]int{"password": 7})
	c := checker(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		times.Add(1)
		time.Sleep(20 * time.Millisecond)
		h.ServeHTTP(w, r)
	}), hibp.FailClosed, &bytes.Buffer{})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if n, err := c.Count(context.Background(), "password"); n != 7 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
	wg.Wait()
	c.Count(t.Context(), "password")
	if n := times.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		o    hibp.Options
		want string
	}{
		{hibp.Options{}, "OnFailure is not set: say FailOpen or FailClosed"},
		{hibp.Options{OnFailure: 3}, "OnFailure is not set"},
		{hibp.Options{OnFailure: hibp.FailOpen, URL: "http://mirror.example/range/"}, "must be https"},
		{hibp.Options{OnFailure: hibp.FailOpen, URL: "https://mirror.example/range"}, "end with a slash"},
		{hibp.Options{OnFailure: hibp.FailOpen, URL: "https://mirror.example/?hash="}, "end with a slash"},
		{hibp.Options{OnFailure: hibp.FailOpen, URL: "http://127.0.0.1.example/range/"}, "must be https"},
		{hibp.Options{OnFailure: hibp.FailOpen, Timeout: -1}, "negative"},
		{hibp.Options{OnFailure: hibp.FailOpen}, ""},
		{hibp.Options{OnFailure: hibp.FailClosed, URL: "https://mirror.example/range/"}, ""},
		{hibp.Options{OnFailure: hibp.FailClosed, URL: "http://[::1]:8080/"}, ""},
	} {
		_, err := hibp.New(c.o)
		if c.want == "" && err != nil || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestMinCount(t *testing.T) {
	s := httptest.NewServer(service(map[string]int{"calvin": 9}))
	defer s.Close()
	for least, want := range map[int]int{9: 400, 10: 0} {
		c, err := hibp.New(hibp.Options{OnFailure: hibp.FailClosed, URL: s.URL + "/range/", MinCount: least})
		if err != nil {
			t.Fatal(err)
		}
		if got := status(c.Check(t.Context(), "calvin")); got != want {
			t.Errorf("of at least %d: %d", least, got)
		}
	}
}

// FuzzAnswer: no answer panics, and none refuses a password that is not in it.
func FuzzAnswer(f *testing.F) {
	f.Add(hashOf("password")[5:] + ":1\r\n" + hashOf("x")[5:] + ":0")
	f.Add(hashOf("password")[5:] + ":")
	f.Add(":\n:\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, answer string) {
		c, err := hibp.New(hibp.Options{OnFailure: hibp.FailClosed, Transport: transport(answer)})
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Count(t.Context(), "password")
		if n < 0 || n > 0 && (err != nil || !strings.Contains(answer, hashOf("password")[5:]+":")) {
			t.Errorf("%q: %d, %v", answer, n, err)
		}
	})
}

// transport answers everything with the same body.
type transport string

func (a transport) RoundTrip(q *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.WriteString(string(a))
	return w.Result(), nil
}

func ExampleNew() {
	service := httptest.NewServer(service(map[string]int{"sunshine": 400_000}))
	defer service.Close()
	breached, err := hibp.New(hibp.Options{
		OnFailure: hibp.FailClosed,
		URL:       service.URL + "/range/", // leave it out
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(breached.Check(context.Background(), "sunshine"))
	fmt.Println(breached.Check(context.Background(), "hobbes and calvin"))

	_, err = hibp.New(hibp.Options{})
	fmt.Println(err)
	// Output:
	// 400: password has leaked elsewhere, and is among those that are tried first
	// <nil>
	// hibp: OnFailure is not set: say FailOpen or FailClosed
}
