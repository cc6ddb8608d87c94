package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	texttemplate "text/template"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

//go:embed templates
var embedded embed.FS

// LayoutOptions say what all mails of an application have in common.
type LayoutOptions struct {
	// Name is the application's, as its users know it.
	Name string

	// BaseURL is where the application is found, such as https://example.com. Links
	// are made with it, never with what a request says of its host. It is https; http
	// is for this machine, in development.
	BaseURL string

	// From is the sender of all messages; ReplyTo, if set, is who gets the answers.
	From    string
	ReplyTo string

	// Palette has the colours. Default: [DefaultPalette].
	Palette Palette

	// Templates overrides the templates one by one: mail.html (html/template) and
	// mail.txt (text/template), if there are files of these names. They get Name,
	// BaseURL, Lang, Subject, Greeting, Paragraphs, Button (nil, or Text, URL and
	// Hint), After, Why and NotYou, and Light and Dark with the [Colors].
	Templates fs.FS
}

// Draft is what one mail says. Its texts are plain: nothing in them is taken for HTML,
// and each is one paragraph, whatever line breaks it has. So a name that a user has
// chosen can stand in it.
type Draft struct {
	To      string // an address, as [ParseAddress] takes it
	Lang    string // of the text, such as "fr" (BCP 47). Default "en"
	Subject string // also the heading

	Greeting   string
	Paragraphs []string
	Button     Button   // none if it is zero
	After      []string // paragraphs below the button, such as for how long it works

	Why    string // why the reader gets this
	NotYou string // what to do if it was not the reader who asked for it
}

// Button is the one thing to do about a mail.
type Button struct {
	Text string

	// URL is a path below the BaseURL, such as /reset/…, or whole: https, or http on
	// this machine if BaseURL is such.
	URL string

	// Hint stands above the plain link, under the button. Default: "Or open this
	// address:".
	Hint string
}

// Layout makes messages that look alike. It is made by [NewLayout].
type Layout struct {
	o           LayoutOptions
	base        *url.URL
	domain      string // of From
	light, dark map[string]htmltemplate.CSS
	html        *htmltemplate.Template
	text        *texttemplate.Template
}

// NewLayout makes a Layout. Its error joins all that is wrong with the options and
// the templates.
func NewLayout(o LayoutOptions) (*Layout, error) {
	l := &Layout{o: o}
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("mail: "+format, args...)) }

	l.o.Name = line(o.Name)
	if l.o.Name == "" {
		wrong("Name is empty: say what the application is called")
	}
	base, err := parseBase(o.BaseURL)
	if err != nil {
		wrong("BaseURL %q %w", o.BaseURL, err)
	} else {
		l.base, l.o.BaseURL = base, base.String()
	}
	if from, err := ParseAddress(o.From); err != nil {
		wrong("From %q %w", o.From, err)
	} else {
		_, l.domain, _ = strings.Cut(from.Address, "@")
	}
	if o.ReplyTo != "" {
		if _, err := ParseAddress(o.ReplyTo); err != nil {
			wrong("ReplyTo %q %w", o.ReplyTo, err)
		}
	}
	defaults := DefaultPalette()
	var bad []error
	l.light, bad = o.Palette.Light.css(defaults.Light, "Light")
	errs = append(errs, bad...)
	l.dark, bad = o.Palette.Dark.css(defaults.Dark, "Dark")
	errs = append(errs, bad...)
	if l.html, err = htmltemplate.New("mail.html").Option("missingkey=error").Parse(source(o.Templates, "mail.html", wrong)); err != nil {
		wrong("template: %w", err)
	}
	if l.text, err = texttemplate.New("mail.txt").Option("missingkey=error").Parse(source(o.Templates, "mail.txt", wrong)); err != nil {
		wrong("template: %w", err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	// Faults that a template shows only when it runs are found now, with and without
	// what a mail need not have.
	for _, d := range []Draft{
		{To: o.From, Subject: "s", Paragraphs: []string{"p"}},
		{To: o.From, Subject: "s", Greeting: "g", Paragraphs: []string{"p"}, Button: Button{Text: "b", URL: "/"}, After: []string{"a"}, Why: "w", NotYou: "n"},
	} {
		if _, err := l.Message(d); err != nil {
			return nil, fmt.Errorf("mail: a mail for trial cannot be made: %w", err)
		}
	}
	return l, nil
}

// source gives a template: the application's, or else ours.
func source(own fs.FS, name string, wrong func(string, ...any)) string {
	if own != nil {
		text, err := fs.ReadFile(own, name)
		if err == nil {
			return string(text)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			wrong("template: %w", err)
		}
	}
	text, _ := embedded.ReadFile("templates/" + name)
	return string(text)
}

// Message makes a message of a draft, with a new MessageID, marked as automatic so
// that no holiday notice answers it. Its error says what is wrong, all together and
// without what is in the draft; it is permanent ([ErrPermanent]).
func (l *Layout) Message(d Draft) (Message, error) {
	m := Message{
		From: l.o.From, To: d.To, ReplyTo: l.o.ReplyTo, Subject: line(d.Subject), MessageID: NewMessageID(l.domain),
		Header: map[string]string{"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}, // RFC 3834
	}
	lang := d.Lang
	if lang == "" {
		lang = "en"
	}
	var errs []error
	wrong := func(field, problem string) { errs = append(errs, fmt.Errorf("%s %s", field, problem)) }
	if !langRE.MatchString(lang) {
		wrong("Lang", "is not the tag of a language, such as en or pt-BR")
	}
	data := map[string]any{
		"Name": l.o.Name, "BaseURL": l.o.BaseURL, "Lang": lang, "Subject": m.Subject, "Greeting": line(d.Greeting),
		"Paragraphs": lines(d.Paragraphs), "Button": (*Button)(nil), "After": lines(d.After), "Why": line(d.Why), "NotYou": line(d.NotYou),
		"Light": l.light, "Dark": l.dark,
	}
	if d.Button != (Button{}) {
		b := &Button{Text: line(d.Button.Text), Hint: line(d.Button.Hint)}
		var err error
		if b.URL, err = l.link(d.Button.URL); err != nil {
			wrong("Button.URL", err.Error())
		}
		if b.Text == "" {
			wrong("Button.Text", "is empty")
		}
		if b.Hint == "" {
			b.Hint = "Or open this address:"
		}
		data["Button"] = b
	}
	if err := errors.Join(errs...); err != nil {
		return Message{}, &SendError{Step: StepMessage, Permanent: true, Err: err}
	}
	var text, html strings.Builder
	if err := errors.Join(l.text.Execute(&text, data), l.html.Execute(&html, data)); err != nil {
		return Message{}, &SendError{Step: StepMessage, Permanent: true, Err: err}
	}
	m.Text, m.HTML = strings.TrimRight(text.String(), "\n")+"\n", html.String()
	if err := m.Check(); err != nil {
		return Message{}, err
	}
	return m, nil
}

var langRE = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// line makes one line of a text: without control characters, and those that turn the
// direction of what follows, with single spaces.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || isBidi(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	return oneSpaced(s)
}

func lines(texts []string) []string {
	var all []string
	for _, t := range texts {
		if t = line(t); t != "" {
			all = append(all, t)
		}
	}
	return all
}

// parseBase parses the URL of an application.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if text == "" || err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return nil, errors.New("is not the URL of an application, such as https://example.com")
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil, errors.New("must be https: a link in a mail lets its reader in (http is for this machine, such as http://localhost:5000)")
	}
	return asciiHost(u)
}

// link gives a URL as it stands in a mail. Errors don't quote it: it may hold a
// secret.
func (l *Layout) link(ref string) (string, error) {
	if ref == "" {
		return "", errors.New("is empty")
	}
	if strings.HasPrefix(ref, "/") && !strings.HasPrefix(ref, "//") {
		ref = l.o.BaseURL + ref
	}
	u, err := url.Parse(ref)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" || hasControl(ref) {
		return "", errors.New("is neither a path such as /reset/… nor a whole URL such as https://example.com/reset/…")
	}
	local := u.Scheme == "http" && l.base.Scheme == "http" && isLoopback(u.Hostname())
	if u.Scheme != "https" && !local {
		return "", errors.New("is not https")
	}
	if u, err = asciiHost(u); err != nil {
		return "", err
	}
	return u.String(), nil
}

// asciiHost gives a URL with the host in ASCII, which is what its reader's program
// will show.
func asciiHost(u *url.URL) (*url.URL, error) {
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return u, nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return nil, errors.New("has no valid name of a host")
	}
	if port := u.Port(); port != "" {
		ascii += ":" + port
	}
	u.Host = ascii
	return u, nil
}

// isLoopback reports hosts of this machine (RFC 6761, 6.3, for the names).
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") || err == nil && ip.IsLoopback()
}
