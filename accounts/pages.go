package accounts

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
)

//go:embed pages
var ourPages embed.FS

// parts are the templates that all pages have; any other is a page of its own.
var parts = []string{"layout", "form", "field", "list"}

// pages draws what users see. It is made once, and never changed.
type pages struct {
	o      pagesOptions
	name   string // of the application
	home   string // path of what follows a log-in
	texts  *catalog
	drawn  map[string]map[string]*template.Template // by language, then by page
	style  asset
	script asset
}

// pagesOptions say what pages have in common.
type pagesOptions struct {
	Look  Look
	Name  string            // of the application, unless Look has one
	Paths map[string]string // of the pages that there are: login, register, …; home is what follows a log-in
	Base  string            // path below which the stylesheet is; default /accounts/static/
}

// newPages reads texts and templates, and makes each page once with samples. Its
// error joins all that is wrong.
func newPages(o pagesOptions) (*pages, error) {
	p := &pages{o: o, name: o.Look.Name, home: o.Paths["home"]}
	if p.name == "" {
		p.name = o.Name
	}
	if p.home == "" {
		p.home = "/"
	}
	if o.Base == "" {
		o.Base = "/accounts/static/"
	}
	var errs []error
	if logo := o.Look.Logo; logo != "" && (!strings.HasPrefix(logo, "/") || strings.HasPrefix(logo, "//") || strings.ContainsAny(logo, "\\\r\n")) {
		errs = append(errs, fmt.Errorf("accounts: Look.Logo is %q: it is a path of this host, such as /logo.svg, since pages load nothing from others", logo))
	}
	var err error
	if p.style, p.script, err = assets(o.Base, o.Look.Style); err != nil {
		errs = append(errs, err)
	}
	if p.texts, err = newCatalog(&o.Look); err != nil {
		return nil, errors.Join(append(errs, err)...)
	}
	sources, err := templateSources(o.Look.Files)
	if err != nil {
		return nil, errors.Join(append(errs, err)...)
	}
	p.drawn = map[string]map[string]*template.Template{}
	for _, lang := range p.texts.langs {
		if p.drawn[lang], err = p.parse(lang, sources); err != nil {
			return nil, errors.Join(append(errs, err)...) // it is the same in each language
		}
		for _, v := range sampleViews() {
			if _, err := p.draw(lang, v); err != nil {
				errs = append(errs, fmt.Errorf("%w (tried with samples, in language %s)", err, lang))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// templateSources gives the text of each template by its name, ours or the
// application's.
func templateSources(own fs.FS) (map[string]string, error) {
	sources := map[string]string{}
	names, _ := fs.Glob(ourPages, "pages/*.html")
	for _, name := range names {
		data, _ := ourPages.ReadFile(name)
		sources[strings.TrimSuffix(strings.TrimPrefix(name, "pages/"), ".html")] = string(data)
	}
	if own == nil {
		return sources, nil
	}
	names, err := fs.Glob(own, "*.html")
	if err != nil {
		return nil, fmt.Errorf("accounts: Look.Files: %w", err)
	}
	var errs []error
	for _, file := range names {
		name := strings.TrimSuffix(file, ".html")
		data, err := fs.ReadFile(own, file)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("accounts: Look.Files: %w", err))
		case sources[name] == "":
			errs = append(errs, fmt.Errorf("accounts: Look.Files has %s, but there is no such page: there are %s", file,
				strings.Join(slices.Sorted(maps.Keys(sources)), ", ")))
		default:
			sources[name] = string(data)
		}
	}
	return sources, errors.Join(errs...)
}

// parse makes the templates of all pages in a language.
func (p *pages) parse(lang string, sources map[string]string) (map[string]*template.Template, error) {
	say := func(key string, args ...any) (string, error) { return p.texts.say(lang, key, args...) }
	common := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"text":   say,
		"say":    func(m message) (string, error) { return say(m.key, m.args...) },
		"ago":    func(t time.Time) (string, error) { return p.texts.ago(lang, t, time.Now()) },
		"exact":  func(t time.Time) (string, error) { return p.texts.exact(lang, t) },
		"date":   func(t time.Time) (string, error) { return p.texts.date(lang, t) },
		"stamp":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"device": func(agent string) (string, error) { return p.texts.device(lang, agent) },
		"list":   func(all []string) string { return strings.Join(all, ", ") },
		"given":  func(m message) bool { return m.key != "" },
	})
	for _, part := range parts {
		if _, err := common.New(part + ".html").Parse(sources[part]); err != nil {
			return nil, fmt.Errorf("accounts: %w", err)
		}
	}
	all := map[string]*template.Template{}
	for name, source := range sources {
		if slices.Contains(parts, name) {
			continue
		}
		set := template.Must(common.Clone())
		if _, err := set.New(name + ".html").Parse(source); err != nil {
			return nil, fmt.Errorf("accounts: %w", err)
		}
		if set.Lookup("layout") == nil || set.Lookup("content") == nil {
			return nil, fmt.Errorf(`accounts: the templates of page %s define no "layout" or no "content"`, name)
		}
		all[name] = set
	}
	return all, nil
}

// draw makes a page.
func (p *pages) draw(lang string, v *view) (fsa.HTML, error) {
	set := p.drawn[lang][v.page]
	if set == nil {
		return "", fmt.Errorf("accounts: there is no page %q", v.page)
	}
	page, err := p.page(lang, v)
	if err != nil {
		return "", fmt.Errorf("page %s: %w", v.page, err)
	}
	var out bytes.Buffer
	if err := set.ExecuteTemplate(&out, "layout", page); err != nil {
		return "", fmt.Errorf("accounts: page %s: %w", v.page, err)
	}
	return fsa.HTML(out.String()), nil
}

// language gives the language for who has sent the request.
func (p *pages) language(r *http.Request) string {
	return p.texts.choose(r.Header["Accept-Language"])
}

// say gives a message in a language, as JSON has it.
func (p *pages) say(lang string, m message) (string, error) {
	return p.texts.say(lang, m.key, m.args...)
}

// answer is a view as a page. Its errors are mistakes of the program, not of who
// asks.
func (p *pages) answer(r *http.Request, v *view) (fsa.Response, error) {
	lang := p.language(r)
	html, err := p.draw(lang, v)
	if err != nil {
		return fsa.Response{}, err
	}
	h := http.Header{
		"Content-Security-Policy":      {policy(v)},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Cache-Control":                {"no-store"},
		"Referrer-Policy":              {"strict-origin-when-cross-origin"},
		"Content-Language":             {lang},
		"Vary":                         {"Accept, Accept-Language"},
	}
	if v.secret {
		h.Set("Referrer-Policy", "no-referrer") // S30
	}
	return fsa.Response{Status: v.answers(), Header: h, Body: html}, nil
}

// answers is the status of the page.
func (v *view) answers() int {
	faulty := func(f field) bool { return len(f.errors) > 0 }
	switch {
	case v.status != 0:
		return v.status
	case v.form != nil && (len(v.form.errors) > 0 || slices.ContainsFunc(v.form.fields, faulty)):
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// policy lets a page have our stylesheet, pictures and fonts of this host and forms that go
// there, and our script if there is a password to show: nothing inline, nothing of
// others.
func policy(v *view) string {
	script := ""
	if v.form != nil && slices.ContainsFunc(v.form.fields, func(f field) bool { return f.kind == "password" }) {
		script = "script-src 'self'; "
	}
	return "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; " + script + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// errorView is the page of a status of at least 400.
func errorView(status int, reference string) *view {
	name := "other"
	if slices.Contains(errorPages, status) {
		name = strconv.Itoa(status)
	}
	key := "error." + name
	return &view{page: "error", status: status, data: &messagePage{
		Heading: message{key: key + ".heading"}, Text: message{key: key + ".text"}, Reference: reference,
	}}
}

// errorPages are the statuses for which there are words.
var errorPages = []int{400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503}

// text is a message in a language; its key if the catalog does not have it, which the
// tests of all flows rule out.
func (p *pages) text(lang string, m message) string {
	text, err := p.say(lang, m)
	if err != nil {
		return m.key
	}
	return text
}

// device says what a User-Agent is of, in the language of who asks.
func (p *pages) device(r *http.Request, agent string) (string, error) {
	return p.texts.device(p.language(r), agent)
}
