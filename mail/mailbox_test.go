package mail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/fastsimpleauth/fsa/internal/chromium"
	"github.com/fastsimpleauth/fsa/mail"
)

func TestMailboxKeeps(t *testing.T) {
	b := mail.NewMailbox(mail.MailboxOptions{Keep: 3})
	for i := range 5 {
		m := letter()
		m.Subject = fmt.Sprint(i + 1)
		if err := b.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, k := range b.Messages() {
		got = append(got, k.ID+" "+k.Subject)
	}
	if s := strings.Join(got, ", "); s != "5 5, 4 4, 3 3" {
		t.Errorf("it keeps %s", s)
	}
	if _, ok := b.Message("2"); ok {
		t.Error("what is gone is there")
	}
	if k, ok := b.Message("4"); !ok || k.To != letter().To || k.At.IsZero() {
		t.Errorf("%v, %t", k, ok)
	}
	b.Clear()
	if b.Send(t.Context(), letter()); len(b.Messages()) != 1 || b.Messages()[0].ID != "6" {
		t.Errorf("after Clear there is %v", b.Messages())
	}
}

// TestMailboxBytes: large messages push out more than one.
func TestMailboxBytes(t *testing.T) {
	b := mail.NewMailbox(mail.MailboxOptions{Keep: 1000})
	m := letter()
	m.Text, m.HTML = strings.Repeat("x", 512<<10), strings.Repeat("x", 512<<10)
	for range 40 {
		if err := b.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.Messages()); n != 15 {
		t.Errorf("%d messages of more than 1 MiB are kept, want what is in 16 MiB", n)
	}
}

// TestMailboxRefuses: what no mail server would get is not accepted in development.
func TestMailboxRefuses(t *testing.T) {
	b := mail.NewMailbox(mail.MailboxOptions{})
	if err := b.Send(t.Context(), mail.Message{}); !errors.Is(err, mail.ErrPermanent) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Send(ended, letter()); !errors.Is(err, context.Canceled) || errors.Is(err, mail.ErrPermanent) {
		t.Error(err)
	}
	if len(b.Messages()) != 0 {
		t.Error("they are kept")
	}
	m := letter()
	m.Header = map[string]string{"List-Id": "a"}
	b.Send(t.Context(), m)
	m.Header["List-Id"] = "b"
	if b.Messages()[0].Header["List-Id"] != "a" {
		t.Error("what is kept changes with the caller's")
	}
}

func TestMailboxConcurrently(t *testing.T) {
	b := mail.NewMailbox(mail.MailboxOptions{Keep: 10})
	h := b.Handler("/dev/mailbox")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			b.Send(t.Context(), letter())
			get(h, "/dev/mailbox", "")
			b.Messages()
		})
	}
	all.Wait()
	if n := len(b.Messages()); n != 10 {
		t.Errorf("%d are kept", n)
	}
}

func get(h http.Handler, path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "http://localhost:5000"+path, nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func TestMailboxPages(t *testing.T) {
	b := mail.NewMailbox(mail.MailboxOptions{Keep: 50})
	h := b.Handler("/dev/mailbox/")
	want(t, get(h, "/dev/mailbox", browser).Body.String(), "No mails yet", "the newest 50")
	m := letter()
	m.Subject = `<script>alert("subject")</script>`
	m.Text = "<b>See</b> (https://acme.example/reset/x?a=1&b=2). Or http://localhost:5000/y! Not javascript:alert(1).\n"
	m.HTML = `<!doctype html><html><head lang="en"><title>x</title></head><body><script>alert(1)</script><a href="https://acme.example/">x</a></body></html>`
	if err := b.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	const policy = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	for _, c := range []struct {
		path, accept string
		status       int
		kind, policy string
		parts        []string
		not          string
	}{
		{"/dev/mailbox", browser, 200, "text/html; charset=utf-8", policy, []string{`href="/dev/mailbox/1"`, "&lt;script&gt;alert(", "just now", "Calvin &lt;" + reader}, "<script"},
		{"/dev/mailbox/", "", 200, "text/html; charset=utf-8", policy, []string{`href="/dev/mailbox/1"`}, "<script"},
		{"/dev/mailbox/1", browser, 200, "text/html; charset=utf-8", policy, []string{
			"&lt;b&gt;See&lt;/b&gt; (<a href=\"https://acme.example/reset/x?a=1&amp;b=2\">https://acme.example/reset/x?a=1&amp;b=2</a>). Or <a href=\"http://localhost:5000/y\">http://localhost:5000/y</a>! Not javascript:alert(1).",
			`sandbox="allow-popups allow-popups-to-escape-sandbox"`, `src="/dev/mailbox/1/html"`,
		}, "<script"},
		{"/dev/mailbox/1/html", browser, 200, "text/html; charset=utf-8", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'", []string{`<head lang="en"><base target="_blank"><title>`}, ""},
		{"/dev/mailbox/1/raw", browser, 200, "text/plain; charset=utf-8", policy, []string{"Subject: <script>", "Content-Type: multipart/alternative"}, ""},
		{"/dev/mailbox/style.css", "", 200, "text/css; charset=utf-8", policy, []string{"prefers-color-scheme: dark", "--fsa-accent"}, ""},
		{"/dev/mailbox/2", browser, 404, "text/plain; charset=utf-8", policy, []string{"no such message"}, ""},
		{"/dev/mailbox/2/html", browser, 404, "text/plain; charset=utf-8", policy, []string{"no such message"}, ""},
		{"/dev/mailbox/1/x", browser, 404, "text/plain; charset=utf-8", policy, nil, ""},
		{"/mailbox", browser, 404, "text/plain; charset=utf-8", policy, nil, ""},
		{"/dev/mailbox", "application/json", 200, "application/json", policy, []string{`{"messages":[{"id":"1"`}, resetToken},
		{"/dev/mailbox/1", "application/json, text/html;q=0.9", 200, "application/json", policy, []string{`"links":["https://acme.example/reset/x?a=1\u0026b=2","http://localhost:5000/y"]`}, ""},
		{"/dev/mailbox", "application/json;q=0.5, text/html", 200, "text/html; charset=utf-8", policy, nil, ""},
	} {
		w := get(h, c.path, c.accept)
		if w.Code != c.status || w.Header().Get("Content-Type") != c.kind || w.Header().Get("Content-Security-Policy") != c.policy || c.not != "" && strings.Contains(w.Body.String(), c.not) {
			t.Errorf("%s, %s: %d, %v\n%s", c.path, c.accept, w.Code, w.Header(), w.Body)
		}
		want(t, w.Body.String(), c.parts...)
		for name, value := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if w.Header().Get(name) != value {
				t.Errorf("%s: %s is %q", c.path, name, w.Header().Get(name))
			}
		}
	}
	var read struct {
		mail.Kept
		Links []string
	}
	if err := json.Unmarshal(get(h, "/dev/mailbox/1", "application/json").Body.Bytes(), &read); err != nil || read.ID != "1" || read.Text != m.Text || read.HTML != m.HTML || len(read.Links) != 2 {
		t.Errorf("%v, %+v", err, read)
	}
}

// TestMailboxHosts: a page of another name, whose owner gives it this machine's address,
// reads nothing.
func TestMailboxHosts(t *testing.T) {
	b := mail.NewMailbox(mail.MailboxOptions{Hosts: []string{"App.test"}})
	h := b.Handler("")
	for host, ok := range map[string]bool{
		"localhost": true, "localhost:5000": true, "LOCALHOST": true, "x.localhost:1": true, "127.0.0.1:5000": true, "[::1]:5000": true, "192.168.1.2": true, "app.test:80": true,
		"evil.example": false, "evil.example:5000": false, "localhost.evil.example": false, "app.test.evil.example": false, "": false, "127.0.0.1.evil.example": false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if (w.Code == 200) != ok || !ok && w.Code != 403 {
			t.Errorf("%q: %d", host, w.Code)
		}
	}
}

// TestMailboxInBrowser: the page is styled under its policy, links of the text lead
// where they say, and the HTML of a mail runs nothing.
func TestMailboxInBrowser(t *testing.T) {
	tab := chromium.Start(t).New(t)
	b := mail.NewMailbox(mail.MailboxOptions{})
	mux := http.NewServeMux()
	mux.Handle("/dev/mailbox/", b.Handler("/dev/mailbox"))
	var mu sync.Mutex
	var asked []string
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<title>arrived</title>")
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	m := letter()
	m.Text = "Go to " + srv.URL + "/reset/" + resetToken + " now\n"
	m.HTML = `<!doctype html><head></head><body><p>mail</p><img src="` + srv.URL + `/pixel"><script>fetch("` + srv.URL + `/script"); top.document.title = "script"</script><iframe src="` + srv.URL + `/frame"></iframe></body>`
	if err := b.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	page := tab.Open(t, srv.URL+"/dev/mailbox/")
	if got := page.Eval(`getComputedStyle(document.querySelector('.card')).borderTopStyle`); got != "solid" {
		t.Errorf("the page is not styled: %q", got)
	}
	page.Leave(`document.querySelector('.rows li a').click()`)
	if got := page.Eval(`document.title + ' ' + document.querySelector('iframe').getBoundingClientRect().height`); got != "Choose a new password · Mailbox 704" {
		t.Errorf("the page of the mail is %q", got)
	}
	page.Go(srv.URL + "/dev/mailbox/1/html")
	if got := page.Eval(`document.querySelector('p').textContent + ' ' + self.origin`); got != "mail null" {
		t.Errorf("the HTML alone is %q", got)
	}
	page.Go(srv.URL + "/dev/mailbox/1")
	page.Leave(`document.querySelector('pre a').click()`)
	if got := page.Eval(`document.title + ' ' + location.pathname + ' ' + document.referrer`); got != "arrived /reset/"+resetToken+" " {
		t.Errorf("the link leads to %q", got)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, path := range asked {
		if path != "/reset/"+resetToken && path != "/favicon.ico" {
			t.Errorf("the mail has asked for %s", path)
		}
	}
}

func TestMailboxStyleIsSmall(t *testing.T) {
	if css, err := os.ReadFile("templates/mailbox.css"); err != nil || len(css) > 12<<10 {
		t.Errorf("%d bytes, %v", len(css), err)
	}
}
