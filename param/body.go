package param

import (
	"bytes"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
)

// bodyKind is how a body is to be read.
type bodyKind uint8

const (
	bodyUnknown bodyKind = iota
	bodyJSON
	bodyForm
	bodyMultipart
)

// encoded makes the answer to a body that is compressed, nil to others.
func encoded(h http.Header) *httperr.Error {
	if v := h["Content-Encoding"]; len(v) > 0 && !(len(v) == 1 && strings.EqualFold(v[0], "identity")) {
		return httperr.Errorf(http.StatusUnsupportedMediaType, "encoded request bodies are not accepted; send the body without Content-Encoding").
			WithHeader("Accept-Encoding", "identity") // RFC 9110, 12.5.3
	}
	return nil
}

// bodyType tells the kind of a body from its header fields.
func bodyType(h http.Header) (kind bodyKind, boundary string, bad *httperr.Error) {
	if bad := encoded(h); bad != nil {
		return bodyUnknown, "", bad
	}
	types := h["Content-Type"]
	if len(types) == 0 {
		return bodyUnknown, "", nil
	}
	if len(types) > 1 {
		return bodyUnknown, "", httperr.Errorf(http.StatusBadRequest, "Content-Type is given twice")
	}
	switch types[0] {
	case "application/json":
		return bodyJSON, "", nil
	case "application/x-www-form-urlencoded":
		return bodyForm, "", nil
	}
	media, args, err := mime.ParseMediaType(types[0])
	if err != nil {
		return bodyUnknown, "", nil
	}
	if charset := args["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return bodyUnknown, "", httperr.Errorf(http.StatusUnsupportedMediaType, "the charset of a request body must be utf-8")
	}
	switch media {
	case "application/json":
		return bodyJSON, "", nil
	case "application/x-www-form-urlencoded":
		return bodyForm, "", nil
	case "multipart/form-data":
		if b := args["boundary"]; boundaryRE.MatchString(b) {
			return bodyMultipart, b, nil
		}
		return bodyUnknown, "", httperr.Errorf(http.StatusBadRequest, "the multipart/form-data has no valid boundary")
	}
	return bodyUnknown, "", nil
}

// unsupported makes the answer to a body of another type than those we read,
// with a hint if it looks as if only its label were wrong.
func unsupported(h http.Header, body []byte) *httperr.Error {
	hint := "send application/json, application/x-www-form-urlencoded or multipart/form-data"
	switch {
	case looksLikeJSON(body):
		hint = "the body looks like JSON: send it with Content-Type: application/json"
	case looksLikeForm(body):
		hint = "the body looks like a form: send it with Content-Type: application/x-www-form-urlencoded"
	}
	what := "no Content-Type"
	if t := h.Get("Content-Type"); t != "" {
		what = "Content-Type " + quote(t)
	}
	return httperr.Errorf(http.StatusUnsupportedMediaType, "a body with %s is not accepted; %s", what, hint).
		WithHeader("Accept", "application/json, application/x-www-form-urlencoded, multipart/form-data")
}

// looksLikeJSON reports whether a body begins as JSON objects and lists do, and
// no form.
func looksLikeJSON(body []byte) bool {
	b := bytes.TrimLeft(body, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

var formRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.\-]*=[^\n]*$`)

func looksLikeForm(body []byte) bool { return formRE.Match(body) }
