package chromium_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/chromium"
)

// TestBrowser: pages are loaded, scripts run, and a profile has its own cookies.
func TestBrowser(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/set" {
			http.SetCookie(w, &http.Cookie{Name: "__Host-a", Value: "b", Secure: true, Path: "/"})
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><title>%s %s</title>", r.Host, r.Header.Get("Cookie"))
	}))
	defer s.Close()
	b := chromium.Start(t)
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	one, two := b.New(t), b.New(t)
	page := one.Open(t, "https://a.test"+port+"/set")
	page.Leave("location.href = '/next'")
	if got, want := page.Eval("Promise.resolve(location.pathname + ' ' + document.title)"), "/next a.test"+port+" __Host-a=b"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := two.Open(t, "https://a.test"+port).Eval("document.title"), "a.test"+port; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestConsole: what the console shows of errors is there to be asked for, once.
func TestConsole(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			return
		}
		if r.URL.Path == "/none.css" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "style-src 'self'")
		fmt.Fprint(w, "<!doctype html><title>", r.Header.Get("Accept-Language"), "</title>")
		if r.URL.Path == "/bad" {
			fmt.Fprint(w, `<link rel=stylesheet href=/none.css><p style="color:red">x<script>console.error("no", 1); nothing()</script>`)
		}
		fmt.Fprint(w, `<form action=/sent><input name=a maxlength=3><button>send</button></form>`)
	}))
	defer s.Close()
	page := chromium.Start(t).New(t).Open(t, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)+"/good")
	if moans := page.Moans(); len(moans) > 0 {
		t.Errorf("%q", moans)
	}
	page.Speak("fr")
	page.Type("input", "abcdef")
	page.Click("button")
	if got := page.Eval("location.search + document.title"); got != "?a=abcfr" {
		t.Error(got)
	}
	page.Go(s.URL + "/bad")
	all := strings.Join(page.Moans(), "\n")
	for _, want := range []string{"none.css", "inline style", "console: [{no} {1}]", "nothing is not defined"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in %s", want, all)
		}
	}
	if again := page.Moans(); len(again) > 0 {
		t.Errorf("%q", again)
	}
}
