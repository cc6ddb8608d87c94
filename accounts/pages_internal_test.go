package accounts

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func newTestPages(t testing.TB, look Look) *pages {
	t.Helper()
	p, err := newPages(pagesOptions{Look: look, Name: "Diary", Paths: goldenPaths})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: write it with -update, and look at it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestPages: what each page says and of what it is made, in both languages.
func TestPages(t *testing.T) {
	p := newTestPages(t, Look{})
	for _, lang := range []string{"en", "fr"} {
		for _, g := range goldenViews(time.Time{}) {
			t.Run(lang+"/"+g.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // where it is always the same time
					for _, now := range goldenViews(time.Now()) {
						if now.name == g.name {
							page, err := p.draw(lang, now.view)
							if err != nil {
								t.Fatal(err)
							}
							text := strings.ReplaceAll(strings.ReplaceAll(string(page), p.style.digest, "DIGEST"), p.script.digest, "DIGEST")
							golden(t, filepath.Join("pages", g.name+"."+lang+".html"), text)
						}
					}
				})
			})
		}
	}
}

// TestAnswer: the status and the header fields of pages. S30.
func TestAnswer(t *testing.T) {
	p := newTestPages(t, Look{})
	csp := func(script string) string {
		return "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; " + script + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	}
	for _, c := range []struct {
		name     string
		status   int
		policy   string
		referrer string
	}{
		{"login", 200, csp("script-src 'self'; "), "strict-origin-when-cross-origin"},
		{"login-failed", 422, csp("script-src 'self'; "), "strict-origin-when-cross-origin"},
		{"reset", 422, csp(""), "strict-origin-when-cross-origin"},
		{"reset-token", 200, csp("script-src 'self'; "), "no-referrer"},
		{"confirm-token", 200, csp(""), "no-referrer"},
		{"link-bad", 404, csp(""), "strict-origin-when-cross-origin"},
		{"sessions", 200, csp(""), "strict-origin-when-cross-origin"},
		{"error-500", 500, csp(""), "strict-origin-when-cross-origin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Accept-Language", "fr")
			res, err := p.answer(r, viewOf(c.name))
			if err != nil {
				t.Fatal(err)
			}
			want := http.Header{
				"Content-Security-Policy": {c.policy}, "Referrer-Policy": {c.referrer}, "Cache-Control": {"no-store"},
				"Cross-Origin-Opener-Policy": {"same-origin"}, "Cross-Origin-Resource-Policy": {"same-origin"},
				"Content-Language": {"fr"}, "Vary": {"Accept, Accept-Language"},
			}
			if diff := cmp.Diff(want, res.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if res.Status != c.status {
				t.Errorf("status %d, want %d", res.Status, c.status)
			}
			if html, ok := res.Body.(fsa.HTML); !ok || !strings.Contains(string(html), `<html lang="fr" dir="ltr">`) {
				t.Errorf("not the page in French: %T", res.Body)
			}
		})
	}
}

func viewOf(name string) *view {
	for _, g := range goldenViews(time.Now()) {
		if g.name == name {
			return g.view
		}
	}
	panic("there is no view " + name)
}

// TestAnswerFails: a mistake of the program is an error, never half a page or one
// with a hole in it.
func TestAnswerFails(t *testing.T) {
	p := newTestPages(t, Look{})
	button := &form{submit: "login.submit"}
	for _, c := range []struct {
		v    *view
		want string
	}{
		{&view{page: "lgoin"}, `there is no page "lgoin"`},
		{&view{page: "layout"}, `there is no page "layout"`},
		{&view{page: "login", form: &form{submit: "login.sumbit"}}, `there is no text "login.sumbit" in language "en"`},
		{&view{page: "login", form: button, banner: &message{key: "refused.delayed"}}, `text "refused.delayed" gets 0 values instead of 1`},
		{&view{page: "login", form: button, banner: &message{"login.needed", []any{1}}}, `text "login.needed" gets 1 values instead of 0`},
		{&view{page: "login", form: button, banner: &message{"refused.delayed", []any{1.5}}}, `a value is a float64`},
		{&view{page: "login", form: &form{submit: "login.submit", fields: []field{{name: "email", kind: "e-mail"}}}}, `field "email" is of kind "e-mail"`},
		{&view{page: "login", form: &form{submit: "login.submit", fields: []field{{name: "company", kind: "text"}}}}, `there is no text "field.company"`},
		{&view{page: "sessions", data: &accountPage{}}, "Sessions"},
	} {
		res, err := p.answer(httptest.NewRequest("GET", "/", nil), c.v)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
		if res.Body != nil {
			t.Errorf("%q: there is a page", c.want)
		}
	}
}

// TestErrorView: there is a page for each status, with words of its own for those
// that users meet.
func TestErrorView(t *testing.T) {
	p := newTestPages(t, Look{})
	for status := 400; status < 600; status++ {
		res, err := p.answer(httptest.NewRequest("GET", "/", nil), errorView(status, "r7"))
		if err != nil || res.Status != status {
			t.Fatalf("%d: %d, %v", status, res.Status, err)
		}
		if !strings.Contains(string(res.Body.(fsa.HTML)), "Reference for support: r7") {
			t.Errorf("%d: the reference is not there", status)
		}
	}
}

// TestLook: what an application can change, and what is a fault.
func TestLook(t *testing.T) {
	file := func(name, content string) fstest.MapFS { return fstest.MapFS{name: {Data: []byte(content)}} }
	texts := func(lang, key, text string) Look { return Look{Texts: map[string]map[string]string{lang: {key: text}}} }
	for _, c := range []struct {
		name  string
		look  Look
		want  string // of the page of the log-in
		fault string
	}{
		{"nothing", Look{}, "<title>Log in · Diary</title>", ""},
		{"name", Look{Name: "Acme & sons"}, "<title>Log in · Acme &amp; sons</title>", ""},
		{"logo", Look{Logo: "/logo.svg"}, `<img src="/logo.svg" alt="Diary" height="40">`, ""},
		{"logo of another host", Look{Logo: "https://example.com/logo.svg"}, "", "Look.Logo"},
		{"logo of another host, hidden", Look{Logo: "//example.com/logo.svg"}, "", "Look.Logo"},
		{"page", Look{Files: file("login.html", `{{define "content"}}<h1>Mine {{.Heading}}</h1>{{template "form" .}}{{end}}`)}, "<h1>Mine Log in</h1>", ""},
		{"part", Look{Files: file("layout.html", `{{define "layout"}}<html>{{template "content" .}}{{end}}{{define "heading"}}H{{end}}{{define "ways"}}{{end}}`)}, "<html>H", ""},
		{"page that we don't have", Look{Files: file("logni.html", "")}, "", "Look.Files has logni.html, but there is no such page: there are account, "},
		{"syntax", Look{Files: file("login.html", `{{define "content"}}{{if}}{{end}}`)}, "", "login.html:1"},
		{"no content", Look{Files: file("login.html", `<h1>hello</h1>`)}, "", `page login define no "layout" or no "content"`},
		{"unknown field", Look{Files: file("login.html", `{{define "content"}}{{.Headnig}}{{end}}`)}, "", "can't evaluate field Headnig"},
		{"unknown field of a list", Look{Files: file("sessions.html", `{{define "content"}}{{range .Data.Sessions}}{{.Brand}}{{end}}{{end}}`)}, "", "can't evaluate field Brand"},
		{"unknown field where there are errors", Look{Files: file("form.html", `{{define "form"}}{{range .Form.Errors}}{{.Text}}{{end}}{{end}}{{define "bang"}}{{end}}`)}, "", "can't evaluate field Text"},
		{"unknown text", Look{Files: file("login.html", `{{define "content"}}{{text "login.titel"}}{{end}}`)}, "", `there is no text "login.titel"`},
		{"template in the wrong place", Look{Files: file("login.html", `{{define "content"}}<a href={{if .Banner}}"{{end}}>{{end}}`)}, "", "login.html"},

		{"text", texts("en", "login.heading", "Welcome back"), "<h1>Welcome back</h1>", ""},
		{"text of a file", Look{Files: file("en.toml", "[login]\nheading = \"Welcome back\"")}, "<h1>Welcome back</h1>", ""},
		{"text over that of a file", Look{Files: file("en.toml", "[login]\nheading = \"A\""), Texts: map[string]map[string]string{"en": {"login.heading": "B"}}}, "<h1>B</h1>", ""},
		{"text with markup", texts("en", "login.heading", "<b>Hi</b>"), "<h1>&lt;b&gt;Hi&lt;/b&gt;</h1>", ""},
		{"text in another order", texts("en", "title.page", "%[2]s: %[1]s"), "<title>Diary: Log in</title>", ""},
		{"text with a percent sign", texts("en", "login.heading", "100 %%"), "<h1>100 %</h1>", ""},
		{"new text in all languages", Look{Texts: map[string]map[string]string{"en": {"field.company": "Company"}, "fr": {"field.company": "Société"}}}, "", ""},
		{"new text in one language", texts("en", "field.company", "Company"), "", "language fr lacks the texts field.company, which others have"},
		{"new text in the one language", Look{Languages: []string{"en"}, Texts: map[string]map[string]string{"en": {"field.company": "Company"}}}, "", ""},
		{"too few verbs", texts("fr", "refused.delayed", "Attendez."), "", `text "refused.delayed" in language fr has verbs for 0 values, but gets 1`},
		{"a page's own text instead of a common one", Look{Texts: map[string]map[string]string{"en": {"login.throttled": "Wait %d min."}, "fr": {"login.throttled": "Attendez %d min."}}}, "", ""},
		{"a page's own text with too few verbs", Look{Texts: map[string]map[string]string{"en": {"login.throttled": "Wait."}, "fr": {"login.throttled": "Attendez."}}}, "", `text "login.throttled" in language en has verbs for 0 values, but gets 1`},
		{"a page's own text in one language", texts("en", "login.throttled", "Wait %d min."), "", "language fr lacks the texts login.throttled, which others have"},
		{"too many verbs", texts("en", "login.heading", "Log in, %s"), "", `text "login.heading" in language en has verbs for 1 values, but gets 0`},
		{"a value left out", texts("en", "title.page", "%[2]s"), "", `text "title.page" in language en leaves out value 1`},
		{"another verb", texts("en", "refused.delayed", "%v"), "", "has a verb that is not one of"},
		{"a lone percent sign", texts("en", "login.heading", "100 %"), "", "a percent sign is written %%"},
		{"a wrong index", texts("en", "title.page", "%[x]s %[0]s"), "", "wrong index"},
		{"an empty text", texts("en", "login.heading", ""), "", "is empty"},
		{"a text of two lines", texts("en", "login.heading", "a\nb"), "", "line break"},
		{"a direction", texts("en", "direction", "left"), "", "it is ltr or rtl"},
		{"a language with all but one", Look{Texts: map[string]map[string]string{"de": {"login.heading": "Anmelden"}}}, "", "language de lacks the texts account.back, "},
		{"a language that is none", texts("deutsch-deutsch", "a", "b"), "", "is no language in its usual form"},
		{"a language in another form", texts("EN", "login.heading", "b"), "", "is no language in its usual form"},
		{"a language without texts", Look{Languages: []string{"en", "de"}}, "", `Look.Languages has "de"`},
		{"a language twice", Look{Languages: []string{"en", "en"}}, "", `Look.Languages has "en"`},
		{"a file with a fault", Look{Files: file("en.toml", "[login]\nheading = Hi")}, "", "texts en.toml: line 2"},
		{"a file with a number", Look{Files: file("en.toml", "[login]\nheading = 1")}, "", `"login.heading" is not a text`},
		{"a key in two ways", Look{Files: file("en.toml", "\"login.heading\" = \"a\"\n[login]\nheading = \"b\"")}, "", `"login.heading" is there twice`},
		{"a style that is not UTF-8", Look{Style: "\xff"}, "", "Look.Style is not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := newPages(pagesOptions{Look: c.look, Name: "Diary", Paths: goldenPaths})
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Fatalf("%v\nwant %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			page, err := p.draw("en", viewOf("login"))
			if err != nil || !strings.Contains(string(page), c.want) {
				t.Errorf("%v\n%s\nwant %s", err, page, c.want)
			}
		})
	}
}

// TestLookIsTakenTogether: all faults are told at once.
func TestLookIsTakenTogether(t *testing.T) {
	_, err := newPages(pagesOptions{Look: Look{Logo: "x", Style: "\xff", Languages: []string{"en", "de"}}})
	for _, want := range []string{"Look.Logo", "Look.Style", "Look.Languages"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %q", err, want)
		}
	}
}

// TestPathsThatAreOff: no page leads to one that the application does not have.
func TestPathsThatAreOff(t *testing.T) {
	p, err := newPages(pagesOptions{Name: "Diary", Paths: map[string]string{"login": "/in"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range goldenViews(time.Now()) {
		page, err := p.draw("en", g.view)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range elements(t, string(page)) {
			if href := l.attr["href"]; l.tag == "a" && strings.HasPrefix(href, "/register") || l.tag == "a" && href == "/logout" {
				t.Errorf("%s leads to %s", g.name, href)
			}
		}
	}
}

// TestNextIsKept: links to other ways lead where the user wanted to go.
func TestNextIsKept(t *testing.T) {
	p := newTestPages(t, Look{})
	page, err := p.draw("en", &view{page: "login", next: "/a?b=c&d=é", form: &form{submit: "login.submit"}})
	if err != nil {
		t.Fatal(err)
	}
	var links []string
	for _, l := range elements(t, string(page)) {
		if l.tag == "a" {
			links = append(links, l.attr["href"])
		}
	}
	want := []string{"/", "/reset?next=%2Fa%3Fb%3Dc%26d%3D%C3%A9", "/register?next=%2Fa%3Fb%3Dc%26d%3D%C3%A9"}
	if diff := cmp.Diff(want, links); diff != "" {
		t.Error(diff)
	}
}

// TestFocus: what has the focus when a page opens.
func TestFocus(t *testing.T) {
	p := newTestPages(t, Look{})
	m := message{key: "fault.required"}
	a, b := field{name: "email", kind: "email"}, field{name: "password", kind: "password", value: "secret"}
	with := func(f field, value string, errors ...message) field { f.value, f.errors = value, errors; return f }
	hidden, box := field{name: "next", kind: "hidden"}, field{name: "remember", kind: "checkbox"}
	for _, c := range []struct {
		name string
		v    view
		want string
	}{
		{"the first empty field", view{form: &form{fields: []field{hidden, box, a, b}}}, "field-email"},
		{"one that is filled is left", view{form: &form{fields: []field{with(a, "x"), b}}}, "field-password"},
		{"a banner is read first", view{banner: &message{key: "logout.done"}, form: &form{fields: []field{a, b}}}, ""},
		{"the faulty field", view{form: &form{fields: []field{a, with(b, "", m)}}}, "field-password"},
		{"the first of them", view{form: &form{fields: []field{with(a, "x", m), with(b, "", m)}}}, "field-email"},
		{"the field before the form", view{form: &form{errors: []message{m}, fields: []field{a, with(b, "", m)}}}, "field-password"},
		{"the summary", view{form: &form{errors: []message{m}, fields: []field{a, b}}}, "summary"},
		{"the summary for what nobody sees", view{form: &form{fields: []field{with(hidden, "", m), a}}}, "summary"},
		{"nothing to fill in", view{form: &form{}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.v.page, c.v.form.submit = "login", "login.submit"
			page, err := p.draw("en", &c.v)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range elements(t, string(page)) {
				if _, ok := e.attr["autofocus"]; ok {
					got = append(got, e.attr["id"]+strings.TrimPrefix(e.attr["class"], "field"))
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(strings.Fields(c.want)) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if strings.Contains(string(page), "secret") {
				t.Error("the page has the password in it")
			}
		})
	}
}
