package main

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"when":  func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"path":  path,
}).ParseFS(files, "pages/*.html"))

// path gives the path of a page about an entry.
func path(prefix string, id int64) string { return prefix + strconv.FormatInt(id, 10) }

// file is a handler that gives a file of pages: the diary's own style, beside that of
// accounts, and its icon.
func file(name string) func(context.Context, fsa.None) (fsa.Content, error) {
	return func(context.Context, fsa.None) (fsa.Content, error) { return fsa.FileOf(files, name) }
}

// words are what pages say of errors that people meet.
var words = map[int]struct{ title, text string }{
	http.StatusForbidden: {"This is not yours", "It belongs to somebody else, or is for people with another role."},
	http.StatusNotFound:  {"Nothing here", "There is no such page or entry; it may have been deleted."},
}

// failed shows browsers a page for an error, and others its text.
func (d *diary) failed(w http.ResponseWriter, r *http.Request, e *fsa.Error) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(e.Status)
		w.Write([]byte(e.Public + "\n"))
		return
	}
	p := &page{Style: d.acc.Stylesheet(), Title: words[e.Status].title, Fault: words[e.Status].text}
	if p.Title == "" {
		p.Title, p.Fault = http.StatusText(e.Status), e.Public
	}
	p.User, _ = d.acc.Current(r.Context()) // nobody, if that is not known
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(e.Status)
	if err := pages.ExecuteTemplate(w, "error.html", p); err != nil {
		d.app.Logger().Warn("a page for an error was not written", slog.Any("error", err))
	}
}
