package accounts

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Page is what a template of [Look.Files] gets. All texts are in the user's language,
// plain, and escaped by html/template where they stand.
//
// Besides its fields and methods, templates have the functions
//
//	text "login.heading"        a text of the catalog, with its values behind it
//	say .Text                   a text that comes with the data
//	given .Hint                 whether such a text is there
//	ago .Seen                   a time as seen from now: 5 min ago
//	date .Seen, exact .Seen     it as a day, and as a day and a time
//	stamp .Seen                 it as the attribute datetime has it
//	device .Agent               what a User-Agent is of: Firefox on Linux
//	list .Roles                 a list, with commas
//
// Data has, on the page of the account, Called, Email, Username, Confirmed, Since, Roles
// and Links, each with Path, Text and Hint; on that of the sessions, Others (a path) and
// Sessions, each with ID, Agent, Address, Since, Seen, Current and End (a path); on those
// of messages and errors, Path, Link and Reference. Nothing that is not to be seen by the
// user is in it.
//
// and our parts: "layout" is the whole page, in which "content" is the file's own;
// "heading", "form", "ways" and "time" (of a time) stand in it.
type Page struct {
	Name      string // of the page: "login", "register"…
	Lang      string // BCP 47
	Direction string // ltr, rtl
	App       string // what the application is called
	Logo      string // path of its picture, "" for none
	Home      string // path of what follows a log-in
	Style     string // path of the stylesheet
	Script    string // path of the script, "" if the page needs none
	Heading   string
	Text      string // the sentence below it, "" for none
	Banner    string // what has been done, "" for nothing
	Form      *Form  // nil if there is nothing to send
	Ways      []Link // other ways to do the same
	Data      any    // what is the page's own: lists, an account, a message

	links map[string]string
	next  string
}

// Form is what a user fills in.
type Form struct {
	Action string
	Fields []Field
	Errors []string // of the form as a whole
	Submit string   // the text of the button
	Danger bool     // the button destroys something
	Cancel string   // where a link leads that does nothing, "" for none
	Focus  bool     // the summary of errors has the focus
}

// Field is a field of a form.
type Field struct {
	Name, ID     string
	Kind         string // type of the input element
	Label        string
	Hint         string // "" for none
	Value        string // "" of a password, always; "true" of a box that is ticked
	Autocomplete string // "" for none
	Mode         string // inputmode, "" for that of the type
	Plain        bool   // no capital letters, no spelling: names, addresses, codes
	Required     bool
	MinLength    int // 0 for none
	Errors       []string
	Focus        bool // it has the focus when the page opens
}

// Link leads to another page.
type Link struct{ Path, Text, Hint string }

// Path gives the path of one of our pages (login, register, confirm, reset, change,
// verify, logout, sessions, account), "" if the application does not have it. Where
// the user wants to go is kept.
func (p *Page) Path(name string) string {
	path := p.links[name]
	if path == "" || p.next == "" {
		return path
	}
	return path + "?next=" + url.QueryEscape(p.next)
}

// Faulty reports whether the form came back with errors.
func (p *Page) Faulty() bool {
	return p.Form != nil && (len(p.Form.Errors) > 0 || len(p.Form.Faulty()) > 0)
}

// Faulty gives the fields that came back with errors.
func (f *Form) Faulty() []Field {
	var faulty []Field
	for _, field := range f.Fields {
		if len(field.Errors) > 0 {
			faulty = append(faulty, field)
		}
	}
	return faulty
}

// Describe gives the ids of what belongs to the field: its errors, its hint.
func (f Field) Describe() string {
	var ids []string
	if len(f.Errors) > 0 {
		ids = append(ids, f.ID+"-error")
	}
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	return strings.Join(ids, " ")
}

// kinds are the types of input elements that fields have.
var kinds = []string{"text", "email", "password", "checkbox", "hidden", "tel", "url", "number", "date"}

// speaker says texts in one language, and keeps the first failure.
type speaker struct {
	texts *catalog
	lang  string
	err   error
}

func (s *speaker) say(key string, args ...any) string {
	out, err := s.texts.say(s.lang, key, args...)
	if err != nil && s.err == nil {
		s.err = err
	}
	return out
}

func (s *speaker) all(messages []message) []string {
	var out []string
	for _, m := range messages {
		out = append(out, s.say(m.key, m.args...))
	}
	return out
}

func (s *speaker) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("accounts: "+format, args...)
	}
}

// page makes what a template gets of a view.
func (p *pages) page(lang string, v *view) (*Page, error) {
	s := &speaker{texts: p.texts, lang: lang}
	page := &Page{
		Name: v.page, Lang: lang, Direction: s.say("direction"), App: p.name, Logo: p.o.Look.Logo, Home: p.home, Style: p.style.path,
		Data: v.data, links: p.o.Paths, next: v.next,
	}
	switch m := v.data.(type) {
	case *messagePage:
		page.Heading, page.Text = s.say(m.Heading.key, m.Heading.args...), s.say(m.Text.key, m.Text.args...)
	default:
		page.Heading = s.say(cmp.Or(v.title, v.page+".heading"))
		switch key := v.page + ".text"; {
		case v.form != nil && v.form.confirm != nil:
			page.Text = s.say(v.form.confirm.key, v.form.confirm.args...)
		case v.lead != nil:
			page.Text = s.say(v.lead.key, v.lead.args...)
		case p.texts.has(key):
			page.Text = s.say(key)
		}
	}
	if v.banner != nil {
		page.Banner = s.say(v.banner.key, v.banner.args...)
	}
	for _, l := range v.ways {
		link := Link{Path: l.Path, Text: s.say(l.Text.key, l.Text.args...)}
		if l.Hint.key != "" {
			link.Hint = s.say(l.Hint.key, l.Hint.args...)
		}
		page.Ways = append(page.Ways, link)
	}
	if v.form != nil {
		page.Form = s.form(v)
		if slices.ContainsFunc(page.Form.Fields, func(f Field) bool { return f.Kind == "password" }) {
			page.Script = p.script.path
		}
	}
	return page, s.err
}

// form makes the form of a view. After an error the first faulty field has the
// focus, or the summary if it is not about a field; before, the first that is empty.
func (s *speaker) form(v *view) *Form {
	f := &Form{
		Action: v.form.action, Errors: s.all(v.form.errors), Submit: s.say(v.form.submit), Danger: v.form.danger, Cancel: v.form.cancel,
	}
	faulty, empty := -1, -1
	for i := range v.form.fields {
		field := s.field(v.page, &v.form.fields[i])
		f.Fields = append(f.Fields, field)
		if len(field.Errors) > 0 && faulty < 0 && field.Kind != "hidden" {
			faulty = i
		}
		if field.Value == "" && field.Kind != "hidden" && field.Kind != "checkbox" && empty < 0 {
			empty = i
		}
		if field.Kind == "hidden" { // nobody sees what is wrong with it
			f.Errors, f.Fields[i].Errors = append(f.Errors, field.Errors...), nil
		}
	}
	switch {
	case faulty >= 0:
		f.Fields[faulty].Focus = true
	case len(f.Errors) > 0:
		f.Focus = true
	case empty >= 0 && v.banner == nil: // a banner is to be read first
		f.Fields[empty].Focus = true
	}
	return f
}

func (s *speaker) field(page string, in *field) Field {
	f := Field{
		Name: in.name, ID: "field-" + in.name, Kind: in.kind, Value: in.value, Autocomplete: in.autocomplete,
		Required: in.required, MinLength: in.minLength, Errors: s.all(in.errors),
	}
	if !slices.Contains(kinds, f.Kind) {
		s.fail("field %q is of kind %q, which is none of %s", f.Name, f.Kind, strings.Join(kinds, ", "))
	}
	if f.Kind == "hidden" {
		return f
	}
	key := in.label
	if key == "" {
		if key = page + ".field." + in.name; !s.texts.has(key) {
			key = "field." + in.name
		}
	}
	f.Label = s.say(key)
	switch {
	case s.texts.has(key + ".hint"):
		f.Hint = s.say(key + ".hint")
	case in.minLength > 0 && f.Kind == "password":
		f.Hint = s.say("field.length", in.minLength)
	}
	switch {
	case f.Kind == "password":
		f.Value = "" // whatever a flow has put there
	case f.Kind == "email":
		f.Mode = "email"
	case f.Autocomplete == "one-time-code":
		f.Mode = "numeric"
	}
	f.Plain = f.Kind == "email" || f.Kind == "password" || f.Autocomplete == "username" || f.Autocomplete == "one-time-code"
	return f
}
