package httperr

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Renderer writes an error as the answer to a request. It writes the status,
// e.Header and a body; it must not write e.Cause.
type Renderer func(w http.ResponseWriter, r *http.Request, e *Error)

// NewRenderer gives the renderer for a format:
//
//   - "plain": the text alone, as text/plain
//   - "json": the text as a JSON string; if the error has members, an object
//     with them and the text as "error"
//   - "json:KEY": a JSON object whose property KEY is the text
//   - "problem": an RFC 9457 problem document, with the faulty parameters
//     one by one in its extension member "errors"
//
// Where the answer is an object, it has the error's members too.
//
// Any other format is an error.
func NewRenderer(format string) (Renderer, error) {
	key, keyed := strings.CutPrefix(format, "json:")
	switch {
	case format == "plain":
		return renderPlain, nil
	case format == "json":
		return func(w http.ResponseWriter, r *http.Request, e *Error) {
			if members := e.members("error"); len(members) > 0 {
				members["error"] = text(e.Public)
				renderJSON(w, e, "application/json", members)
				return
			}
			renderJSON(w, e, "application/json", e.Public)
		}, nil
	case keyed && key != "":
		return func(w http.ResponseWriter, r *http.Request, e *Error) {
			members := e.members(key)
			members[key] = text(e.Public)
			renderJSON(w, e, "application/json", members)
		}, nil
	case format == "problem":
		return renderProblem, nil
	}
	return nil, fmt.Errorf("unknown error format %q: it is plain, json, json:KEY or problem", format)
}

func renderPlain(w http.ResponseWriter, _ *http.Request, e *Error) {
	writeHead(w, e, "text/plain; charset=utf-8")
	// Error texts may quote bytes of a request that are not UTF-8.
	io.WriteString(w, strings.ToValidUTF8(e.Public, "\uFFFD"))
}

// problem is the document of RFC 9457. Its type is "about:blank", since the
// title says no more than the status does.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail,omitempty"`
	RequestID string         `json:"request_id,omitempty"`
	Errors    []problemFault `json:"errors,omitempty"`

	Members map[string]jsontext.Value `json:",embed"`
}

type problemFault struct {
	Name   string `json:"name,omitempty"`
	In     string `json:"in,omitempty"`
	Detail string `json:"detail"`
}

func renderProblem(w http.ResponseWriter, _ *http.Request, e *Error) {
	p := problem{
		Type:      "about:blank",
		Title:     http.StatusText(e.status()),
		Status:    e.status(),
		Detail:    e.Public,
		RequestID: w.Header().Get("X-Request-Id"),
		Members:   e.members("type", "title", "status", "detail", "instance", "request_id", "errors"),
	}
	for _, f := range e.Faults {
		p.Errors = append(p.Errors, problemFault(f))
	}
	renderJSON(w, e, "application/problem+json", p)
}

// members gives the error's members, in JSON, but those that have no JSON form or a name
// of the format's own.
func (e *Error) members(own ...string) map[string]jsontext.Value {
	all := map[string]jsontext.Value{}
	for name, value := range e.Members {
		v, err := json.Marshal(value, forms)
		if err == nil && !slices.Contains(own, name) {
			all[name] = v
		}
	}
	return all
}

// forms are the options of all JSON here. Error texts may quote bytes of a request that
// are not UTF-8.
var forms = json.JoinOptions(jsontext.AllowInvalidUTF8(true), json.Deterministic(true))

func text(s string) jsontext.Value {
	v, _ := json.Marshal(s, forms)
	return v
}

func renderJSON(w http.ResponseWriter, e *Error, contentType string, v any) {
	body, err := json.Marshal(v, forms)
	if err != nil {
		body = []byte(`"internal error"`)
	}
	writeHead(w, e, contentType)
	w.Write(append(body, '\n'))
}

// status is the status of the answer, whatever the error has. A redirect may be
// rendered too: it has the same forms.
func (e *Error) status() int {
	if e.Status < 300 || e.Status > 599 {
		return http.StatusInternalServerError
	}
	return e.Status
}

// entityHeaders describe an answer that the handler had begun to prepare, and
// are not true of the error that takes its place. A validator, for one, would
// have the error taken for the resource.
var entityHeaders = []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Content-Language", "Content-Range", "Etag", "Last-Modified"}

// framingHeaders say where the answer ends. Nobody but the server knows.
var framingHeaders = []string{"Content-Length", "Content-Encoding", "Transfer-Encoding", "Trailer"}

func writeHead(w http.ResponseWriter, e *Error, contentType string) {
	h := w.Header()
	for _, name := range entityHeaders {
		h.Del(name)
	}
	for name, values := range e.Header {
		if !isToken(name) {
			continue
		}
		for _, v := range values {
			h.Add(name, strings.Map(printable, v))
		}
	}
	for _, name := range framingHeaders {
		h.Del(name)
	}
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(e.status())
}

// isToken reports whether name can be that of a header field (RFC 9110, 5.1).
func isToken(name string) bool { return (&http.Cookie{Name: name, Value: "x"}).Valid() == nil }

// printable makes spaces of what could end a header field. Servers of net/http do
// so too; other writers may not.
func printable(r rune) rune {
	if r < ' ' && r != '\t' || r == 0x7f {
		return ' '
	}
	return r
}
