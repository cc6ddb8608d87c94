package param

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/internal/jsondepth"
	"github.com/go-json-experiment/json/jsontext"
)

// Place is where a parameter stands in a request.
type Place uint8

// The places of parameters.
const (
	Nowhere Place = iota
	Path
	Query
	Form
	Body // a property of the JSON object that is the body
	HeaderField
	CookieField
)

var placeNames = [...]string{"", "path", "query", "form", "json", "header", "cookie"}

func (p Place) String() string { return placeNames[p] }

// pair is a parameter as it came.
type pair struct {
	name string
	text string         // of a query or a form
	json jsontext.Value // of a JSON body; it aliases the body
	in   Place
}

// Source reads the parameters of one request, each part at most once and only
// when asked. A Source is used by one goroutine. It can be used again for
// another request after [Source.Release].
type Source struct {
	w       http.ResponseWriter
	r       *http.Request
	maxBody int64
	replay  bool

	pairs   []pair
	queried bool
	read    bool // the body has been read, or it was found that it can't be
	err     *httperr.Error
	body    bytes.Buffer
	sink    sink // of Bind
}

// Reset makes the source read the request r, whose body may have maxBody bytes.
//
// With replay, the body can be read again through r.Body after the source has
// read it, and a body of a type that the source does not know is left alone:
// for handlers that take the request as it is.
func (s *Source) Reset(w http.ResponseWriter, r *http.Request, maxBody int64, replay bool) {
	s.w, s.r, s.maxBody, s.replay = w, r, maxBody, replay
}

// keepBuffer is the largest body buffer worth keeping for another request.
const keepBuffer = 64 << 10

// Release forgets the request. What the source had read is wiped, since it may
// have held a password and the memory serves other requests.
func (s *Source) Release() {
	clear(s.pairs)
	s.pairs = s.pairs[:0]
	if cap(s.pairs) > 128 {
		s.pairs = nil
	}
	if s.body.Len() > 0 || s.body.Cap() > keepBuffer {
		s.body.Reset()
		b := s.body.AvailableBuffer()
		clear(b[:cap(b)])
		if s.replay || cap(b) > keepBuffer {
			s.body = bytes.Buffer{} // a handler may still hold it
		}
	}
	s.w, s.r, s.err = nil, nil, nil
	s.queried, s.read = false, false
	if s.sink.name != "" { // else nothing was told
		s.sink = sink{}
	}
}

// Text gives the parameter of the given name as a string, from the query, the
// form or the JSON body. It is for parameters that the framework itself looks
// at before others are bound: the credentials. found is false if there is no
// such parameter; err is set if there are several, if it is not a string, or if
// the parameters cannot be read.
func (s *Source) Text(name string) (text string, found bool, err error) {
	if e := s.load(); e != nil {
		return "", false, e
	}
	for i := range s.pairs {
		p := &s.pairs[i]
		if p.name != name {
			continue
		}
		if found {
			return "", false, httperr.Errorf(http.StatusBadRequest, "parameter %q is given twice", name)
		}
		found = true
		text = p.text
		if p.in == Body {
			if p.json.Kind() != '"' {
				return "", false, httperr.Errorf(http.StatusBadRequest, "parameter %q must be a string", name)
			}
			b, err := jsontext.AppendUnquote(nil, p.json)
			if err != nil {
				return "", false, httperr.Errorf(http.StatusBadRequest, "parameter %q must be a string", name)
			}
			text = string(b)
		}
	}
	return text, found, nil
}

// Err gives what is wrong with the query or the body as a whole, nil if they can
// be read.
func (s *Source) Err() error {
	if e := s.load(); e != nil {
		return e
	}
	return nil
}

// load reads the query and the body.
func (s *Source) load() *httperr.Error {
	if !s.queried {
		s.queried = true
		if q := s.r.URL.RawQuery; q != "" {
			var err error
			if s.pairs, err = scan(s.pairs, Query, q); err != nil {
				s.err = httperr.Errorf(http.StatusBadRequest, "the query string cannot be read: %v", err)
			}
		}
	}
	if !s.read {
		s.read = true
		if s.r.Body != nil && s.r.Body != http.NoBody && s.r.ContentLength != 0 {
			if err := s.readBody(); err != nil && s.err == nil {
				s.err = err
			}
		}
	}
	return s.err
}

type bodyKind uint8

const (
	bodyUnknown bodyKind = iota
	bodyJSON
	bodyForm
)

func (s *Source) readBody() *httperr.Error {
	kind, bad := bodyType(s.r.Header)
	if (bad != nil || kind == bodyUnknown) && s.replay {
		return nil // the handler's affair
	}
	if bad != nil {
		return bad
	}
	s.body.Reset()
	if n := s.r.ContentLength; n > 0 && n <= s.maxBody && n <= keepBuffer {
		s.body.Grow(int(n) + bytes.MinRead)
	}
	if _, err := s.body.ReadFrom(http.MaxBytesReader(s.w, s.r.Body, s.maxBody)); err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return httperr.Errorf(http.StatusRequestEntityTooLarge, "the request body is larger than %d bytes", tooLarge.Limit)
		}
		return httperr.Wrap(http.StatusBadRequest, "the request body cannot be read", err)
	}
	body := s.body.Bytes()
	if s.replay {
		s.r.Body = io.NopCloser(bytes.NewReader(body))
	}
	switch {
	case len(body) == 0:
		return nil
	case kind == bodyJSON:
		return s.scanJSON(body)
	case kind == bodyForm && looksLikeJSON(body):
		return httperr.Errorf(http.StatusUnsupportedMediaType, "the form in the body looks like JSON: send it with Content-Type: application/json")
	case kind == bodyForm:
		var err error
		if s.pairs, err = scan(s.pairs, Form, string(body)); err != nil {
			return httperr.Errorf(http.StatusBadRequest, "the form in the body cannot be read: %v", err)
		}
		return nil
	}
	return unsupported(s.r.Header, body)
}

// bodyType tells the kind of a body from its header fields.
func bodyType(h http.Header) (bodyKind, *httperr.Error) {
	if v := h["Content-Encoding"]; len(v) > 0 && !(len(v) == 1 && strings.EqualFold(v[0], "identity")) {
		return bodyUnknown, httperr.Errorf(http.StatusUnsupportedMediaType, "encoded request bodies are not accepted; send the body without Content-Encoding")
	}
	types := h["Content-Type"]
	if len(types) == 0 {
		return bodyUnknown, nil
	}
	if len(types) > 1 {
		return bodyUnknown, httperr.Errorf(http.StatusBadRequest, "Content-Type is given twice")
	}
	switch types[0] {
	case "application/json":
		return bodyJSON, nil
	case "application/x-www-form-urlencoded":
		return bodyForm, nil
	}
	media, args, err := mime.ParseMediaType(types[0])
	if err != nil {
		return bodyUnknown, nil
	}
	if charset := args["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return bodyUnknown, httperr.Errorf(http.StatusUnsupportedMediaType, "the charset of a request body must be utf-8")
	}
	switch media {
	case "application/json":
		return bodyJSON, nil
	case "application/x-www-form-urlencoded":
		return bodyForm, nil
	}
	return bodyUnknown, nil
}

// unsupported makes the answer to a body of another type than those we read,
// with a hint if it looks as if only its label were wrong.
func unsupported(h http.Header, body []byte) *httperr.Error {
	hint := "send application/json or application/x-www-form-urlencoded"
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
		WithHeader("Accept", "application/json, application/x-www-form-urlencoded")
}

// looksLikeJSON reports whether a body begins as JSON objects and lists do, and
// no form.
func looksLikeJSON(body []byte) bool {
	b := bytes.TrimLeft(body, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

var formRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.\-]*=[^\n]*$`)

func looksLikeForm(body []byte) bool { return formRE.Match(body) }

// scanJSON cuts a JSON body into the properties of its object. It checks the
// whole body: syntax, UTF-8, depth, duplicate names, trailing data.
func (s *Source) scanJSON(body []byte) *httperr.Error {
	if jsondepth.Exceeds(body, maxDepth) {
		return httperr.Errorf(http.StatusBadRequest, "the JSON body is nested deeper than %d levels", maxDepth)
	}
	d := borrowDecoder(body)
	defer d.release()
	if d.PeekKind() != '{' {
		if err := onlyValue(&d.Decoder); err != nil {
			return malformed(err, body)
		}
		return httperr.Errorf(http.StatusBadRequest, "the JSON body must be an object whose properties are the parameters")
	}
	if _, err := d.ReadToken(); err != nil {
		return malformed(err, body)
	}
	for n := 0; d.PeekKind() == '"'; n++ {
		if n == maxPairs {
			return httperr.Errorf(http.StatusBadRequest, "the JSON body has %v", errTooMany)
		}
		name, err := d.ReadToken()
		if err != nil {
			return malformed(err, body)
		}
		p := pair{name: name.String(), in: Body}
		value, err := d.ReadValue()
		if err != nil {
			return malformed(err, body)
		}
		// The decoder's value is its own only until the next read; the body
		// stays ours until Release.
		end := d.InputOffset()
		p.json = jsontext.Value(body[end-int64(len(value)) : end])
		s.pairs = append(s.pairs, p)
	}
	if _, err := d.ReadToken(); err != nil {
		return malformed(err, body)
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return malformed(err, body)
	}
	return nil
}

func malformed(err error, body []byte) *httperr.Error {
	hint := ""
	if looksLikeForm(body) {
		hint = "; it looks like a form: send it with Content-Type: application/x-www-form-urlencoded"
	}
	return httperr.Errorf(http.StatusBadRequest, "the JSON body is malformed: %s%s", syntaxReason(err, body), hint)
}
