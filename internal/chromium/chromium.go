// Package chromium drives a Chromium for tests, by the little of its DevTools
// protocol that they need, over a pipe. So what a browser does is seen in a
// browser, and no module is needed for it.
package chromium

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Variable is the environment variable that has the path of the browser.
const Variable = "TEST_FSA_CHROMIUM"

// patience is for how long a test waits for the browser.
const patience = 60 * time.Second

// Browser is a running browser without a window. It resolves all names under .test
// to this machine and takes each certificate.
type Browser struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser

	mu    sync.Mutex
	next  int
	calls map[int]chan message
	loads map[string]chan struct{} // by session: a page has been loaded
	moans map[string][]string      // by session: what the console has shown
	gone  chan struct{}            // the browser says no more
}

// message is one of the protocol, either way.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// Start starts the browser that the environment names, and skips the test if it
// names none. The browser ends with the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := os.Getenv(Variable)
	if path == "" {
		t.Skipf("%s does not name a Chromium, such as /usr/bin/chromium", Variable)
	}
	// Its children may go on writing there for a moment after it has ended.
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(profile) })
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-default-browser-check",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--no-proxy-server",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "--ignore-certificate-errors",
		"--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+profile)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, as the flag has it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &Browser{t: t, cmd: cmd, in: in, calls: map[int]chan message{}, loads: map[string]chan struct{}{}, moans: map[string][]string{}, gone: make(chan struct{})}
	go b.read(out)
	t.Cleanup(b.stop)
	return b
}

// stop ends the browser: politely, and if that does not help, not.
func (b *Browser) stop() {
	b.in.Close() // the browser ends with its pipe
	select {
	case <-b.gone:
	case <-time.After(patience / 4):
		b.cmd.Process.Kill()
	}
	b.cmd.Wait()
}

// read takes what the browser says, which is separated by NUL.
func (b *Browser) read(out io.ReadCloser) {
	defer out.Close()
	defer close(b.gone)
	r := bufio.NewReader(out)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			b.t.Errorf("chromium says %q: %v", text, err)
			return
		}
		b.mu.Lock()
		switch call := b.calls[m.ID]; {
		case m.ID != 0 && call != nil:
			delete(b.calls, m.ID)
			call <- m
		case m.Method == "Page.loadEventFired":
			if loaded := b.loads[m.Session]; loaded != nil {
				select {
				case loaded <- struct{}{}:
				default:
				}
			}
		default:
			if moan := moanOf(m); moan != "" {
				b.moans[m.Session] = append(b.moans[m.Session], moan)
			}
		}
		b.mu.Unlock()
	}
}

// moanOf gives what a message shows in the console of a page: errors and warnings, what
// a policy has refused, exceptions of scripts. It is "" for other messages.
func moanOf(m message) string {
	text, err := json.Marshal(m.Params)
	if err != nil {
		return ""
	}
	var params struct {
		Entry            struct{ Source, Level, Text, URL string }
		Type             string
		Args             []struct{ Value any }
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	if err := json.Unmarshal(text, &params); err != nil {
		return ""
	}
	switch e := params.Entry; {
	case m.Method == "Log.entryAdded" && (e.Level == "error" || e.Level == "warning"):
		return e.Source + ": " + e.Text + " " + e.URL
	case m.Method == "Runtime.consoleAPICalled" && (params.Type == "error" || params.Type == "warning" || params.Type == "assert"):
		return fmt.Sprint("console: ", params.Args)
	case m.Method == "Runtime.exceptionThrown":
		return "exception: " + params.ExceptionDetails.Text + " " + params.ExceptionDetails.Exception.Description
	}
	return ""
}

// call calls a method of the protocol, and stores what it gives in result.
func (b *Browser) call(session, method string, params, result any) error {
	answer := make(chan message, 1)
	b.mu.Lock()
	b.next++
	text, err := json.Marshal(message{ID: b.next, Session: session, Method: method, Params: params})
	if err == nil {
		b.calls[b.next] = answer
		_, err = b.in.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			return json.Unmarshal(m.Result, result)
		}
		return nil
	case <-b.gone:
		return errors.New("chromium has ended")
	case <-time.After(patience):
		return fmt.Errorf("%s: no answer in %v", method, patience)
	}
}

// Profile is a set of cookies, passwords and pages that knows of no other one.
type Profile struct {
	b  *Browser
	id string
}

// New makes an empty profile. It ends with the test.
func (b *Browser) New(t testing.TB) *Profile {
	t.Helper()
	var made struct{ BrowserContextID string }
	if err := b.call("", "Target.createBrowserContext", map[string]any{}, &made); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.call("", "Target.disposeBrowserContext", map[string]any{"browserContextId": made.BrowserContextID}, nil)
	})
	return &Profile{b, made.BrowserContextID}
}

// Page is a tab.
type Page struct {
	t       testing.TB
	b       *Browser
	session string
	loaded  chan struct{}
}

// Open opens a tab and goes to a URL.
func (p *Profile) Open(t testing.TB, url string) *Page {
	t.Helper()
	var target struct{ TargetID string }
	if err := p.b.call("", "Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": p.id}, &target); err != nil {
		t.Fatal(err)
	}
	var attached struct{ SessionID string }
	if err := p.b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached); err != nil {
		t.Fatal(err)
	}
	page := &Page{t, p.b, attached.SessionID, make(chan struct{}, 1)}
	p.b.mu.Lock()
	p.b.loads[page.session] = page.loaded
	p.b.mu.Unlock()
	for _, domain := range []string{"Page", "Log", "Runtime"} {
		if err := p.b.call(page.session, domain+".enable", map[string]any{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	page.Go(url)
	return page
}

// Go goes to a URL, as if the user had typed it, and waits until the page has been
// loaded.
func (p *Page) Go(url string) {
	p.t.Helper()
	p.forget()
	var done struct{ ErrorText string }
	if err := p.b.call(p.session, "Page.navigate", map[string]any{"url": url}, &done); err != nil {
		p.t.Fatal(err)
	}
	if done.ErrorText != "" {
		p.t.Fatalf("%s: %s", url, done.ErrorText)
	}
	p.wait()
}

// Eval evaluates a script in the page, waits for it if it gives a promise, and
// gives the text that comes out.
func (p *Page) Eval(script string) string {
	p.t.Helper()
	var done struct {
		Result struct {
			Type  string
			Value any
		}
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	if err := p.b.call(p.session, "Runtime.evaluate", map[string]any{
		"expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true,
	}, &done); err != nil {
		p.t.Fatal(err)
	}
	if e := done.ExceptionDetails; e != nil {
		p.t.Fatalf("%s\n%s %s", script, e.Text, e.Exception.Description)
	}
	text, ok := done.Result.Value.(string)
	if !ok {
		p.t.Fatalf("%s\ngives no text but %s: %v", script, done.Result.Type, done.Result.Value)
	}
	return text
}

// Leave evaluates a script that makes the tab go to another page, and waits until
// that has been loaded.
func (p *Page) Leave(script string) {
	p.t.Helper()
	p.forget()
	p.Eval("setTimeout(() => { " + script + " }); ''")
	p.wait()
}

func (p *Page) forget() {
	select {
	case <-p.loaded:
	default:
	}
}

func (p *Page) wait() {
	p.t.Helper()
	select {
	case <-p.loaded:
	case <-p.b.gone:
		p.t.Fatal("chromium has ended")
	case <-time.After(patience):
		p.t.Fatalf("the page has not been loaded in %v", patience)
	}
}

// Click clicks what a selector of CSS finds first, which leads to another page, and
// waits until that has been loaded.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.find(selector)
	p.Leave("document.querySelector(" + quoted(selector) + ").click()")
}

// Type writes a text into a field, in place of what is there, as a keyboard does: no
// more than the field takes.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.find(selector)
	p.Eval("document.querySelector(" + quoted(selector) + ").focus(); document.activeElement.select(); ''")
	if err := p.b.call(p.session, "Input.insertText", map[string]any{"text": text}, nil); err != nil {
		p.t.Fatal(err)
	}
}

func (p *Page) find(selector string) {
	p.t.Helper()
	if p.Eval("String(document.querySelector("+quoted(selector)+") != null)") != "true" {
		p.t.Fatalf("%s is not on the page %s:\n%s", selector, p.Eval("location.href"), p.Eval("document.body.innerText"))
	}
}

// quoted gives a text as a script has it.
func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// Speak has the browser ask for pages in languages, the best first, as in "fr-FR,fr,en".
func (p *Page) Speak(languages string) {
	p.t.Helper()
	params := map[string]any{"userAgent": p.Eval("navigator.userAgent"), "acceptLanguage": languages}
	if err := p.b.call(p.session, "Emulation.setUserAgentOverride", params, nil); err != nil {
		p.t.Fatal(err)
	}
}

// Moans gives what the console of the tab has shown since the last time: errors,
// warnings, what a policy has refused, exceptions of scripts.
func (p *Page) Moans() []string {
	p.Eval("''") // what came before this has been read then
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	moans := p.b.moans[p.session]
	delete(p.b.moans, p.session)
	return moans
}

// Wear gives the tab a width and a height in CSS pixels, and a colour scheme that the
// user prefers: light, dark.
func (p *Page) Wear(width, height int, scheme string) {
	p.t.Helper()
	for method, params := range map[string]map[string]any{
		"Emulation.setDeviceMetricsOverride": {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
		"Emulation.setEmulatedMedia":         {"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}},
	} {
		if err := p.b.call(p.session, method, params, nil); err != nil {
			p.t.Fatal(err)
		}
	}
}

// Screenshot gives the whole page as a PNG.
func (p *Page) Screenshot() []byte {
	p.t.Helper()
	var shot struct{ Data []byte }
	if err := p.b.call(p.session, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot); err != nil {
		p.t.Fatal(err)
	}
	return shot.Data
}
