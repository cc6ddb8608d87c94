package accounts

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// element is one of a page, with the text in it.
type element struct {
	tag  string
	attr map[string]string
	text string
	path []string // the tags around it
}

// void are the elements that have no end (HTML Standard, 13.1.2).
var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// elements takes a page apart, as strictly as browsers don't: each element is ended,
// in the order in which they were begun, and no attribute is there twice.
func elements(t testing.TB, page string) []*element {
	t.Helper()
	var all, open []*element
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("<%s> is not ended", open[len(open)-1].tag)
			}
			return all
		case html.TextToken:
			text := string(z.Text())
			for _, e := range open {
				e.text += text
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			token := html.Token{}
			name, more := z.TagName()
			token.Data = string(name)
			e := &element{tag: token.Data, attr: map[string]string{}}
			for _, o := range open {
				e.path = append(e.path, o.tag)
			}
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				if _, twice := e.attr[string(key)]; twice {
					t.Errorf("%s has %s twice", raw, key)
				}
				if strings.ContainsAny(string(key), `"'<={}`) {
					t.Errorf("%s has an attribute %q", raw, key)
				}
				e.attr[string(key)] = string(value)
			}
			all = append(all, e)
			if !slices.Contains(void, e.tag) && !strings.HasSuffix(raw, "/>") {
				open = append(open, e)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1].tag != string(name) {
				t.Errorf("</%s> ends nothing", name)
				continue
			}
			open = open[:len(open)-1]
		}
	}
}

// TestPagesAreSound: what makes a page one that can be used, by whatever means, and
// that nothing in it needs a weaker policy.
func TestPagesAreSound(t *testing.T) {
	p := newTestPages(t, Look{Logo: "/logo.svg"})
	var views []goldenView
	for i, v := range sampleViews() {
		views = append(views, goldenView{fmt.Sprintf("sample %d, %s", i, v.page), v})
	}
	for _, lang := range p.texts.langs {
		for _, g := range append(views, goldenViews(time.Now())...) {
			page, err := p.draw(lang, g.view)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(lang+"/"+g.name, func(t *testing.T) { checkSound(t, lang, string(page)) })
		}
	}
}

func checkSound(t *testing.T, lang, page string) {
	if !strings.HasPrefix(page, "<!DOCTYPE html>\n") {
		t.Error("not in standards mode")
	}
	all := elements(t, page)
	ids, count := map[string]*element{}, map[string]int{}
	labels := map[string]string{} // by the id that they are for
	focus := 0
	for _, e := range all {
		count[e.tag]++
		if id := e.attr["id"]; id != "" {
			if ids[id] != nil {
				t.Errorf("id %s is there twice", id)
			}
			ids[id] = e
		}
		if e.tag == "label" {
			labels[e.attr["for"]] += strings.TrimSpace(e.text)
		}
		if _, ok := e.attr["autofocus"]; ok {
			focus++
		}
	}
	if count["h1"] != 1 || count["title"] != 1 || count["main"] != 1 || focus > 1 {
		t.Errorf("%d h1, %d title, %d main, %d with the focus", count["h1"], count["title"], count["main"], focus)
	}
	faulty := 0
	for _, e := range all {
		for name, value := range e.attr {
			switch {
			case strings.HasPrefix(name, "on"), name == "style":
				t.Errorf("<%s> has %s=%q, inline", e.tag, name, value)
			case strings.Contains(value, "//"):
				t.Errorf("<%s> has %s=%q, of another host", e.tag, name, value)
			case strings.Contains(value, "ZgotmplZ"):
				t.Errorf("<%s> has %s=%q, which the templates refuse", e.tag, name, value)
			case name == "href" && strings.HasPrefix(value, "#"):
				if target := ids[value[1:]]; target == nil || target.tag != "input" {
					t.Errorf("a link leads to %s, which is no field", value)
				}
			case name == "href" || name == "src" || name == "action":
				if !strings.HasPrefix(value, "/") {
					t.Errorf("<%s> has %s=%q, which is no path", e.tag, name, value)
				}
			case name == "aria-describedby" || name == "aria-labelledby":
				for id := range strings.FieldsSeq(value) {
					if ids[id] == nil || strings.TrimSpace(ids[id].text) == "" {
						t.Errorf("<%s> is described by #%s, which says nothing", e.tag, id)
					}
				}
			}
		}
		text := strings.TrimSpace(e.text)
		switch e.tag {
		case "html":
			if e.attr["lang"] != lang || e.attr["dir"] != "ltr" {
				t.Errorf("%v", e.attr)
			}
		case "title", "h1", "a", "button", "th", "label", "dt", "dd", "li", "p":
			if text == "" && !(e.tag == "a" && e.attr["class"] == "brand") {
				t.Errorf("<%s %v> is empty", e.tag, e.attr)
			}
			if strings.Contains(text, "%!") || strings.Contains(text, "<no value>") {
				t.Errorf("<%s> says %q", e.tag, text)
			}
		case "style", "iframe", "object", "embed", "base":
			t.Errorf("there is a <%s>", e.tag)
		case "script":
			if e.attr["src"] == "" || text != "" {
				t.Error("a script is inline")
			}
		case "img":
			if e.attr["alt"] == "" {
				t.Error("an image says nothing")
			}
		case "svg":
			if e.attr["aria-hidden"] != "true" {
				t.Error("an icon is read out")
			}
		case "time":
			if _, err := time.Parse(time.RFC3339, e.attr["datetime"]); err != nil || !strings.HasSuffix(e.attr["title"], " UTC") {
				t.Errorf("a time has datetime %q, title %q", e.attr["datetime"], e.attr["title"])
			}
		case "form":
			if e.attr["method"] != "post" {
				t.Error("a form does not post")
			}
		case "input":
			if e.attr["type"] == "hidden" {
				break
			}
			if labels[e.attr["id"]] == "" {
				t.Errorf("input %s has no label", e.attr["name"])
			}
			if e.attr["type"] == "password" && e.attr["value"] != "" {
				t.Error("a password is filled in")
			}
			if invalid, told := e.attr["aria-invalid"] == "true", strings.Contains(e.attr["aria-describedby"], "-error"); invalid != told {
				t.Errorf("input %s: invalid %v, told %v", e.attr["name"], invalid, told)
			} else if invalid {
				faulty++
				if !strings.Contains(page, `href="#`+e.attr["id"]+`"`) {
					t.Errorf("the summary does not lead to %s", e.attr["name"])
				}
			}
		}
		if strings.Contains(e.attr["class"], "summary") && (e.attr["role"] != "alert" || e.attr["tabindex"] != "-1") {
			t.Errorf("the summary can't have the focus: %v", e.attr)
		}
	}
	if faulty > 0 && !strings.Contains(page, `class="summary"`) {
		t.Error("there are errors, and no summary of them")
	}
}

// hostile are views with a text in every place in which users, administrators or
// programs may have put theirs.
func hostile(s string) []*view {
	m := func(key string, args ...any) message { return message{key, args} }
	now := time.Unix(1e9, 0)
	f := &form{action: s, cancel: s, submit: "login.submit", errors: []message{m("confirm.sent.heading"), m("session-end.confirm", s)}}
	for _, kind := range []string{"text", "email", "checkbox", "hidden", "tel", "url", "number", "date"} {
		f.fields = append(f.fields, field{name: s + kind, label: "field.email", kind: kind, value: s, autocomplete: s, required: true, errors: []message{m("session-end.confirm", s)}})
	}
	confirm, banner := m("confirm-token.confirm", s), m("session-end.confirm", s)
	g := *f
	g.confirm = &confirm
	link := accountLink{Path: s, Text: m("session-end.confirm", s), Hint: m("session-end.confirm", s)}
	said := &messagePage{Heading: m("session-end.confirm", s), Text: m("reset.sent.text", s, time.Minute), Path: s, Link: m("session-end.confirm", s), Reference: s}
	account := &accountPage{Called: s, Email: s, Username: s, Since: now, Roles: []string{s, s}, Links: []accountLink{link}}
	list := &sessionsPage{Others: s, Sessions: []sessionLine{{ID: s, Agent: s, Address: s, Since: now, Seen: now, End: s}}}
	var all []*view
	for _, page := range []string{"login", "register", "confirm", "confirm-token", "reset", "reset-token", "change", "verify", "logout", "session-end"} {
		for _, f := range []*form{f, &g} {
			all = append(all, &view{page: page, form: f, banner: &banner, ways: []accountLink{link}, next: s})
		}
	}
	return append(all,
		&view{page: "message", data: said, banner: &banner, next: s}, &view{page: "error", data: said, next: s},
		&view{page: "account", data: account, banner: &banner, next: s}, &view{page: "sessions", data: list, next: s})
}

// skeleton is what a page is made of, whatever it says.
func skeleton(t testing.TB, page string) []string {
	var bones []string
	for _, e := range elements(t, page) {
		var names []string
		for name := range e.attr {
			names = append(names, name)
		}
		slices.Sort(names)
		bones = append(bones, strings.Join(e.path, " ")+" "+e.tag+" "+strings.Join(names, " "))
	}
	return bones
}

// TestPagesEscape: whatever texts hold, a page is made of the same, and leads nowhere
// where a script would run.
func TestPagesEscape(t *testing.T) {
	draw := func(t *testing.T, s string) []string {
		p, err := newPages(pagesOptions{Look: Look{Name: s, Texts: map[string]map[string]string{"en": {"login.heading": strings.ReplaceAll(s, "%", "%%")}}}, Paths: goldenPaths})
		if err != nil {
			t.Fatal(err)
		}
		var pages []string
		for _, v := range hostile(s) {
			page, err := p.draw("en", v)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, string(page))
		}
		return pages
	}
	tame := draw(t, "tame")
	for _, s := range []string{
		`"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `</title></p></h1></main><h1>`, `<!--`, `]]>`, "` onfocus=alert(1) autofocus x=",
		`" onfocus="alert(1)`, `{{.}}{{"<b>"}}{{template "layout" .}}`, `%s%d%[1]s%!`, `&lt;b&gt;&#34;`, `javascript:alert(1)`, "java\tscript:alert(1)",
		`data:text/html,<script>alert(1)</script>`, `//evil.example/`, `\\evil.example`, "\u202eevil", `</script><script>`, `</style>`,
	} {
		t.Run(s, func(t *testing.T) {
			safe := strings.Map(func(r rune) rune { // texts have no control characters
				if r < ' ' {
					return -1
				}
				return r
			}, s)
			for i, page := range draw(t, safe) {
				if diff := cmp.Diff(skeleton(t, tame[i]), skeleton(t, page)); diff != "" {
					t.Fatalf("%s\n%s", diff, page)
				}
				for _, e := range elements(t, page) {
					for _, name := range []string{"href", "src", "action"} {
						if at := strings.ToLower(e.attr[name]); strings.HasPrefix(at, "javascript") || strings.HasPrefix(at, "data:") {
							t.Errorf("<%s> has %s=%q", e.tag, name, at)
						}
					}
					if e.tag == "h1" && i == 0 && e.text != safe {
						t.Errorf("the heading is %q", e.text)
					}
				}
			}
		})
	}
}
