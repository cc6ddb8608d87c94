package fsa

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
)

// HTML is a page: the output of handlers that answer with one. It is text/html in
// UTF-8, and is sent as it is: what users have written must have been escaped, as
// [Template] does.
//
// Unless the application says otherwise (in [Response], by a [HeaderOut], for all
// pages by FSA_ADD_HEADERS), an answer of type text/html, whoever made it, has
//
//	Content-Security-Policy: default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'
//	Cross-Origin-Opener-Policy: same-origin
//	Cross-Origin-Resource-Policy: same-origin
//
// so a page has scripts, styles, images and forms of this host only, none of them
// inline, and no other page frames it, shares its window or embeds it. An injected
// script does not run then.
type HTML string

// Template makes a page of a template, "" being t itself:
//
//	return fsa.Template(pages, "store.html", store)
//
// The whole page is made before anything is sent, so a template that fails is a
// failure, not half a page. A template of text/template, which escapes nothing,
// does not compile here.
func Template(t *template.Template, name string, data any) (HTML, error) {
	if t == nil {
		return "", fmt.Errorf("fsa.Template: the template is nil")
	}
	var page bytes.Buffer
	var err error
	if name == "" {
		err = t.Execute(&page, data)
	} else {
		err = t.ExecuteTemplate(&page, name, data)
	}
	if err != nil {
		return "", fmt.Errorf("fsa.Template: %w", err)
	}
	return HTML(page.String()), nil
}

const htmlType = "text/html; charset=utf-8"

// answerHTML answers with a page.
func (c *call) answerHTML(e envelope, page HTML) error {
	return c.send(e, http.StatusOK, htmlType, []byte(page))
}

// pagePolicy is what protects pages; see [HTML].
var pagePolicy = [...]struct{ name, value string }{
	{"Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
}

// protect adds to the header of a page what nobody has set. It goes by the type
// that is sent, whichever way the answer came about. Browsers run the scripts of
// SVG and XML too.
func protect(h http.Header) {
	t := h["Content-Type"]
	if len(t) == 0 || harmless(t[0]) {
		return
	}
	switch mediaType(t[0]) {
	case "text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml":
	default:
		return
	}
	for _, f := range pagePolicy {
		if h[f.name] == nil {
			h[f.name] = []string{f.value}
		}
	}
}

// harmless reports whether a type is none of those that browsers run, without a look
// at how it is spelt: it is one of ours, as nearly always, or none.
func harmless(contentType string) bool {
	switch contentType {
	case jsonType, plainType, octets:
		return true
	}
	return len(contentType) < len("text/xml")
}
