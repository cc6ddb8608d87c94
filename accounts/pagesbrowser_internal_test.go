package accounts

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/internal/chromium"
)

// servePages gives the pages of all views by their names, and keeps what forms send.
func servePages(t *testing.T, p *pages) (url string, sent *string) {
	mux := http.NewServeMux()
	for _, a := range []asset{p.style, p.script} {
		mux.HandleFunc(a.path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", a.kind)
			fmt.Fprint(w, a.content)
		})
	}
	for _, g := range goldenViews(time.Now()) {
		mux.HandleFunc("/page/"+g.name, func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Accept-Language", r.URL.RawQuery)
			res, err := p.answer(r, g.view)
			if err != nil {
				t.Error(err)
			}
			for name, values := range res.Header {
				w.Header()[name] = values
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, res.Body)
		})
	}
	sent = new(string)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost { // browsers ask for icons, too
			http.NotFound(w, r)
			return
		}
		*sent = r.FormValue("identity") + " " + r.FormValue("password") + " " + r.FormValue("next")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!DOCTYPE html><title>sent</title>")
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL, sent
}

// measure tells what is wrong with the page that a browser has drawn.
const measure = `(() => {
	const wrong = [], style = (e) => getComputedStyle(e), phone = innerWidth < 480;
	const root = document.documentElement, card = document.querySelector(".card").getBoundingClientRect();
	if (root.scrollWidth > root.clientWidth) wrong.push("it is " + root.scrollWidth + " px wide");
	for (const e of document.querySelectorAll("body *")) {
		const box = e.getBoundingClientRect();
		if (box.width > 1 && (box.right > root.clientWidth + 0.5 || box.left < -0.5)) wrong.push(e.tagName + " stands out: " + box.left + " to " + box.right);
		if (box.width > 1 && e.closest(".card") && !phone && box.right > card.right + 0.5) wrong.push(e.tagName + " stands out of the card");
	}
	if (document.body.className == "flow" && card.width > 400) wrong.push("the card is " + card.width + " px wide");
	if (!phone && Math.abs(card.left + card.right - root.clientWidth) > 1) wrong.push("the card is not in the middle");
	if (parseFloat(style(document.querySelector("h1")).fontSize) != 24) wrong.push("the heading is of another size");
	if (parseFloat(style(document.body).fontSize) != 16 || style(document.body).lineHeight != "24px") wrong.push("the text is of another size");
	for (const e of document.querySelectorAll("input:not([type=hidden], [type=checkbox]), .button, .check label, .menu a, .top nav a")) {
		const box = e.getBoundingClientRect();
		if (box.height < 44) wrong.push(e.outerHTML + " is " + box.height + " px high");
		if (e.tagName == "INPUT" && parseFloat(style(e).fontSize) < 16) wrong.push("a field has small letters");
	}
	for (const e of document.querySelectorAll("form .button")) {
		if (e.getBoundingClientRect().width < e.parentElement.getBoundingClientRect().width - 0.5) wrong.push("a button is not as wide as the form");
	}
	for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), .summary")) {
		e.focus({focusVisible: true});
		if (document.activeElement != e) wrong.push(e.outerHTML + " gets no focus");
		if (style(e).outlineStyle != "solid" || parseFloat(style(e).outlineWidth) != 2) wrong.push(e.outerHTML + " does not show its focus: " + style(e).outline);
	}
	for (const e of document.querySelectorAll(".list thead")) {
		const seen = e.getBoundingClientRect().height > 1;
		if (seen != (innerWidth >= 720)) wrong.push("the list is a table: " + seen);
	}
	return wrong.join("\n");
})()`

// TestPagesInBrowser: pages as a browser draws them: nothing is wider than the screen,
// what is touched is large enough, the focus is seen, lists are tables where there is
// room, and the policy refuses nothing that a page has.
func TestPagesInBrowser(t *testing.T) {
	p := newTestPages(t, Look{})
	url, _ := servePages(t, p)
	page := chromium.Start(t).New(t).Open(t, url+p.style.path)
	for _, c := range []struct {
		width        int
		lang, scheme string
		only         string // pages that have it in their name
	}{{320, "fr", "light", ""}, {390, "en", "dark", ""}, {719, "en", "light", "sessions"}, {720, "fr", "light", ""}, {880, "fr", "light", "sessions"}, {1280, "en", "light", ""}} {
		page.Wear(c.width, 760, c.scheme)
		for _, g := range goldenViews(time.Now()) {
			if !strings.Contains(g.name, c.only) {
				continue
			}
			page.Go(url + "/page/" + g.name + "?" + c.lang)
			if g.name == "login" {
				want := map[string]string{"light": "rgb(28, 32, 36)", "dark": "rgb(230, 233, 237)"}[c.scheme]
				if got := page.Eval("getComputedStyle(document.body).color"); got != want {
					t.Errorf("%s: the text is %s", c.scheme, got)
				}
			}
			if wrong := page.Eval(measure); wrong != "" {
				t.Errorf("%s %s, %d px:\n%s", g.name, c.lang, c.width, wrong)
			}
		}
	}
}

// TestBrowserFocus: the first faulty field has the focus, or the summary.
func TestBrowserFocus(t *testing.T) {
	url, _ := servePages(t, newTestPages(t, Look{}))
	page := chromium.Start(t).New(t).Open(t, url+"/page/login")
	for name, want := range map[string]string{"login": "field-identity", "login-failed": "summary", "register-faulty": "field-email", "reset": "field-email"} {
		page.Go(url + "/page/" + name)
		// Browsers give it when they draw the page.
		got := page.Eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(document.activeElement.id || document.activeElement.className))))")
		if got != want {
			t.Errorf("%s: %q has the focus, not %q", name, got, want)
		}
	}
}

// TestShowPassword: a password is shown and hidden again by its button, which is there
// only where scripts run, and is sent as a password.
func TestShowPassword(t *testing.T) {
	url, sent := servePages(t, newTestPages(t, Look{}))
	page := chromium.Start(t).New(t).Open(t, url+"/page/login?fr")
	state := "(() => { const b = document.querySelector('.show'), i = b.parentElement.querySelector('input'); return [b.textContent, b.getAttribute('aria-pressed'), i.type].join(' ') })()"
	click := "document.querySelector('.show').click(); ''"
	if got := page.Eval(state); got != "Afficher false password" {
		t.Errorf("at first: %s", got)
	}
	page.Eval(click)
	if got := page.Eval(state); got != "Masquer true text" {
		t.Errorf("shown: %s", got)
	}
	page.Eval("document.forms[0].addEventListener('submit', () => sessionStorage.type = document.querySelector('#field-password').type); document.querySelector('#field-identity').value = 'calvin'; document.querySelector('#field-password').value = 'hobbes'; ''")
	page.Leave("document.querySelector('form .button').click()")
	if got := page.Eval("sessionStorage.type"); got != "password" || *sent != "calvin hobbes /new_entry" {
		t.Errorf("sent as %s: %q", got, *sent)
	}
}

// TestPolicyHolds: an inline script, a style and an image of another host, if they got
// into a page, would not run or be loaded.
func TestPolicyHolds(t *testing.T) {
	p := newTestPages(t, Look{})
	url, _ := servePages(t, p)
	page := chromium.Start(t).New(t).Open(t, url+"/page/login")
	got := page.Eval(`new Promise((done) => {
		const refused = new Set();
		document.addEventListener("securitypolicyviolation", (e) => { refused.add(e.effectiveDirective); if (refused.size == 4) done([...refused].sort().join(" ")); });
		document.body.insertAdjacentHTML("beforeend", '<p style="color:red">x</p><img src="//127.0.0.1:1/x.png"><iframe src="/page/login"></iframe>');
		const s = document.createElement("script"); s.textContent = "document.title = 'evil'"; document.body.append(s);
		setTimeout(() => done("only " + [...refused].sort().join(" ")), 5000);
	})`)
	if want := "frame-src img-src script-src-elem style-src-attr"; got != want {
		t.Errorf("refused: %s", got)
	}
	if title := page.Eval("document.title"); strings.Contains(title, "evil") {
		t.Error("the script has run")
	}
}
