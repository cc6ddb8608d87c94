package mail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Handler shows the mailbox in a browser: the list at prefix (such as /dev/mailbox),
// a message below it, text and HTML. It answers in JSON to who prefers that:
//
//	GET /dev/mailbox       {"messages": […]}, newest first, without the bodies
//	GET /dev/mailbox/7     a [Kept], with its links: the URLs of its text
//	GET /dev/mailbox/7/raw the message as it would be sent
//
// Whoever gets there reads links that let users in: it is for development, on this
// machine. It refuses requests to other names than those of [MailboxOptions]. The
// pages have no script, and the HTML of a message can do nothing but open links.
func (b *Mailbox) Handler(prefix string) http.Handler {
	prefix = strings.TrimRight(prefix, "/")
	if prefix != "" && !strings.HasPrefix(prefix, "/") {
		panic(fmt.Sprintf("mail: the prefix %q of a mailbox does not begin with a slash", prefix))
	}
	p := mailboxPages{b, prefix}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"/{$}", p.list)
	if prefix != "" {
		mux.HandleFunc("GET "+prefix, p.list)
	}
	mux.HandleFunc("GET "+prefix+"/style.css", p.style)
	mux.HandleFunc("GET "+prefix+"/{id}", p.message)
	mux.HandleFunc("GET "+prefix+"/{id}/html", p.html)
	mux.HandleFunc("GET "+prefix+"/{id}/raw", p.raw)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", pagePolicy)
		if host := hostname(r.Host); !b.opens(host) {
			http.Error(w, fmt.Sprintf("The mailbox is not shown under the name %q: open it as localhost, or add the name to MailboxOptions.Hosts.", host), http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

const (
	pagePolicy = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	// htmlPolicy is for the HTML of a message: whether in the frame of its page or
	// not, it is of no origin, runs nothing, loads nothing and sends nothing. Its links
	// open in a new tab.
	htmlPolicy  = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	htmlSandbox = "allow-popups allow-popups-to-escape-sandbox"
)

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// opens reports whether the mailbox is shown under the name of a host.
func (b *Mailbox) opens(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || isLoopback(host) || slices.ContainsFunc(b.hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

type mailboxPages struct {
	box    *Mailbox
	prefix string
}

var (
	mailboxTemplates = template.Must(template.New("").Funcs(template.FuncMap{"ago": ago, "exact": exact, "inert": func() string { return htmlSandbox }}).
				ParseFS(embedded, "templates/mailbox.html"))
	mailboxStyle, _ = embedded.ReadFile("templates/mailbox.css")
)

// listed is a message in the list.
type listed struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
}

func (p mailboxPages) list(w http.ResponseWriter, r *http.Request) {
	all := []listed{}
	for _, k := range p.box.Messages() {
		all = append(all, listed{k.ID, k.At, k.From, k.To, k.Subject})
	}
	if prefersJSON(r) {
		writeJSON(w, map[string]any{"messages": all})
		return
	}
	p.page(w, "list", map[string]any{"Title": "Mailbox", "Prefix": p.prefix, "Now": time.Now(), "Messages": all, "Keep": p.box.keep})
}

// shown is a message with the links in its text.
type shown struct {
	Kept
	Links []string `json:"links"`
}

func (p mailboxPages) message(w http.ResponseWriter, r *http.Request) {
	k, ok := p.find(w, r)
	if !ok {
		return
	}
	parts := linked(k.Text)
	if prefersJSON(r) {
		m := shown{Kept: k, Links: []string{}}
		for _, part := range parts {
			if part.URL != "" {
				m.Links = append(m.Links, part.URL)
			}
		}
		writeJSON(w, m)
		return
	}
	p.page(w, "message", map[string]any{"Title": k.Subject + " · Mailbox", "Prefix": p.prefix, "Now": time.Now(), "Message": k, "Text": parts})
}

func (p mailboxPages) find(w http.ResponseWriter, r *http.Request) (Kept, bool) {
	k, ok := p.box.Message(r.PathValue("id"))
	if !ok {
		http.Error(w, "There is no such message: it was never sent, or newer ones have taken its place.", http.StatusNotFound)
	}
	return k, ok
}

func (p mailboxPages) html(w http.ResponseWriter, r *http.Request) {
	k, ok := p.find(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Security-Policy", htmlPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(openElsewhere(k.HTML)))
}

var headRE = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)

// openElsewhere lets the links of a page open in a new tab, as a mail program does.
func openElsewhere(html string) string {
	if at := headRE.FindStringIndex(html); at != nil {
		return html[:at[1]] + `<base target="_blank">` + html[at[1]:]
	}
	return html
}

func (p mailboxPages) raw(w http.ResponseWriter, r *http.Request) {
	k, ok := p.find(w, r)
	if !ok {
		return
	}
	if k.Date.IsZero() {
		k.Date = k.At
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	k.Message.WriteTo(w)
}

func (p mailboxPages) style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Write(mailboxStyle)
}

func (p mailboxPages) page(w http.ResponseWriter, name string, data any) {
	var b bytes.Buffer
	if err := mailboxTemplates.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "The page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b.Bytes())
}

func writeJSON(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "The mailbox cannot be written as JSON.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Vary", "Accept")
	w.Write(append(text, '\n'))
}

// prefersJSON reports whether JSON is what a client likes best (RFC 9110, 12.5.1).
func prefersJSON(r *http.Request) bool {
	var json, html float64
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		kind, params, _ := strings.Cut(part, ";")
		q := 1.0
		for _, param := range strings.Split(params, ";") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(param), "q="); ok {
				q, _ = strconv.ParseFloat(value, 64)
			}
		}
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "application/json":
			json = max(json, q)
		case "text/html":
			html = max(html, q)
		}
	}
	return json > html
}

// span is a piece of a text, with where it leads if it is a link.
type span struct{ Text, URL string }

// urlRE finds the URLs that a text shows: what mail programs make links of.
var urlRE = regexp.MustCompile(`https?://[^\s<>"'\\^{|}` + "`" + `]+`)

// linked takes a text apart into links and what is between them. Signs that end a
// sentence don't belong to a link.
func linked(text string) []span {
	var spans []span
	last := 0
	for _, at := range urlRE.FindAllStringIndex(text, -1) {
		end := at[0] + len(strings.TrimRight(text[at[0]:at[1]], ".,;:!?)]"))
		spans = append(spans, span{Text: text[last:at[0]]}, span{Text: text[at[0]:end], URL: text[at[0]:end]})
		last = end
	}
	return append(spans, span{Text: text[last:]})
}

// ago says how long something was ago.
func ago(now, at time.Time) string {
	for _, u := range []struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		switch n := int(now.Sub(at) / u.d); {
		case n == 1:
			return "1 " + u.name + " ago"
		case n > 1:
			return fmt.Sprintf("%d %ss ago", n, u.name)
		}
	}
	return "just now"
}

func exact(at time.Time) string { return at.Format("Monday 2 January 2006, 15:04:05 MST") }
