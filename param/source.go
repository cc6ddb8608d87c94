package param

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/go-json-experiment/json/jsontext"
)

// pair is a parameter as it came.
type pair struct {
	name string
	text string         // of a query or a form
	json jsontext.Value // of a JSON body; it aliases the body
	in   Place
	file int8 // of a file: its place among the uploads, counted from 1; 0 if it was not kept
}

// Source reads the parameters of one request, each part at most once and only
// when asked. A Source is used by one goroutine. It can be used again for
// another request after [Source.Release].
type Source struct {
	w       http.ResponseWriter
	r       *http.Request
	maxBody int64
	replay  bool

	path  string   // "" if the mux has taken the path apart
	names []string // that are expected

	unquoted []byte // the latest name that had escapes

	pairs   []pair
	queried bool
	read    bool           // the body has been read, or it was found that it can't be
	begun   bool           // it is in body, and so no more in the request
	readErr error          // what ended the reading of it too soon
	whole   bool           // the body is one value
	value   jsontext.Value // that value; it aliases the body
	raw     rawBody        // the body is a parameter as it comes
	err     error
	body    []byte

	keeps    []fileKeep       // what files are kept; nil if none is
	form     *multipartReader // of which some is still to be read
	formText string           // all of form, if its files are not kept
	paused   *part            // the file before which the reading of form has stopped
	texts    int              // bytes of the form, besides the files
	asked    []string         // the credentials that were looked for in what has been read
	uploads  []*File
	spool    *spool

	taken int  // bytes of memory for the body, besides what was there
	sink  sink // of Bind
}

// Reset makes the source read the request r, whose body may have maxBody bytes.
//
// With replay, the body can be read again through r.Body after the source has
// read it, and a body of a type that the source does not know is left alone:
// for handlers that take the request as it is.
func (s *Source) Reset(w http.ResponseWriter, r *http.Request, maxBody int64, replay bool) {
	s.w, s.r, s.maxBody, s.replay = w, r, maxBody, replay
}

// SetNames gives the names that the parameters of the request probably have.
func (s *Source) SetNames(names []string) { s.names = names }

// SetPath gives the path of the request, if no mux has taken it apart. None of
// its segments may have an escape.
func (s *Source) SetPath(path string) { s.path = path }

// pathValue gives the path parameter of the given name, which is the n-th
// segment of the path.
func (s *Source) pathValue(name string, n int) string {
	if s.path == "" {
		return s.r.PathValue(name)
	}
	path := s.path
	for ; ; n-- {
		path = path[1:]
		end := strings.IndexByte(path, '/')
		switch {
		case end < 0:
			return path
		case n == 0:
			return path[:end]
		}
		path = path[end:]
	}
}

// keepWhole makes the source take a JSON body for one value, that of the
// parameter which is the whole body, instead of the parameters in it. It must be
// called before anything is read by [Source.Text]; see [Binder.Prepare].
func (s *Source) keepWhole() { s.whole = true }

// fileKeep is a parameter whose files are kept: those of other names are not read.
type fileKeep struct {
	name string
	most int64 // bytes, -1 if there is no limit
}

// keepFiles makes the source keep files of a multipart form. The form is read as it
// comes then: its files are in memory up to 1 MiB for all of them, and what doesn't
// fit is in a temporary file, until [Source.Release]. All that is no file, other
// kinds of bodies too, may have [TextLimit].
func (s *Source) keepFiles(keeps []fileKeep) { s.keeps = keeps }

// TextLimit is how many bytes a body may have that is no file, where maxBody is
// for files.
func TextLimit(maxBody int64) int64 { return min(maxBody, 1<<20) }

// limit is how many bytes the body may have, but for its files.
func (s *Source) limit() int64 {
	if s.keeps != nil {
		return TextLimit(s.maxBody)
	}
	return s.maxBody
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
	if cap(s.unquoted) > 1<<10 {
		s.unquoted = nil
	}
	if len(s.body) > 0 || cap(s.body) > keepBuffer {
		clear(s.body[:cap(s.body)])
		s.body = s.body[:0]
		if s.replay || cap(s.body) > keepBuffer {
			s.body = nil // a handler may still hold it
		}
	}
	if s.keeps != nil {
		s.releaseFiles()
	}
	s.w, s.r, s.err, s.readErr, s.path, s.names = nil, nil, nil, nil, "", nil
	s.queried, s.read, s.begun, s.whole, s.value, s.raw, s.taken = false, false, false, false, nil, notRaw, 0
	if s.sink.name != "" || s.sink.ctx != nil || s.sink.spent != 0 { // else nothing was told, nor spent
		s.sink = sink{}
	}
}

// Text gives the parameter of the given name as a string, from the query, the
// form or the JSON body. It is for parameters that the framework itself looks
// at before others are bound: the credentials. found is false if there is no
// such parameter; err is set if there are several, if it is not a string, or if
// the parameters cannot be read.
//
// Where files are kept, a form is read up to the first of them: whoever proves
// nothing has no file written. A credential behind it is a fault of the request.
func (s *Source) Text(name string) (text string, found bool, err error) {
	if err := s.begin(); err != nil {
		return "", false, err
	}
	if s.form != nil {
		s.asked = append(s.asked, name)
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
		switch p.in {
		case filePart:
			return "", false, httperr.Errorf(http.StatusBadRequest, "parameter %q must be a string", name)
		case Body:
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

// Err gives what is wrong with the query or the body as a whole, as far as
// [Source.Text] reads it; nil if they can be read.
func (s *Source) Err() error { return s.begin() }

// Body gives the body, if the source has taken it out of the request; err is what
// ended its reading too soon, or that it was a form with files, which is not kept.
// It is for those who look at the request after the source has. The bytes are wiped
// by [Source.Release].
func (s *Source) Body() (body []byte, taken bool, err error) {
	if !s.begun {
		return nil, false, nil
	}
	return s.body, true, s.readErr
}

// load reads the query and the body.
func (s *Source) load() error {
	if err := s.begin(); err != nil {
		return err
	}
	if s.form != nil {
		s.err = s.readForm(false)
		s.account()
	}
	return s.err
}

// begin reads the query and the body, a form whose files are kept only up to the
// first of these.
func (s *Source) begin() error {
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
		s.account()
	}
	return s.err
}

// account settles what memory is left for values.
func (s *Source) account() {
	s.sink.limit = int(min(memoryFactor*min(s.limit(), 1<<40), math.MaxInt)) - s.taken
}

func (s *Source) readBody() error {
	if s.raw != notRaw {
		return s.readRaw()
	}
	kind, boundary, bad := bodyType(s.r.Header)
	files := kind == bodyMultipart && s.keeps != nil && !s.whole
	if (bad != nil || kind == bodyUnknown || kind == bodyMultipart && !files) && s.replay {
		return nil // the handler's affair
	}
	if bad != nil {
		return bad
	}
	if s.r.ContentLength > s.maxBody {
		return tooLarge(s.maxBody)
	}
	s.begun = true
	if files {
		return s.beginForm(boundary)
	}
	if s.r.ContentLength > s.limit() {
		return tooLarge(s.limit())
	}
	if err := s.fill(http.MaxBytesReader(s.w, s.r.Body, s.limit())); err != nil {
		s.readErr = err
		return unread(err)
	}
	body := s.body
	if s.replay {
		s.r.Body = io.NopCloser(bytes.NewReader(body))
	}
	switch {
	case len(body) == 0:
		return nil
	case kind == bodyJSON && s.whole:
		return orNil(s.wholeJSON(body))
	case kind == bodyJSON:
		return orNil(s.scanJSON(body))
	case kind == bodyUnknown:
		return unsupported(s.r.Header, body)
	case s.whole:
		return httperr.Errorf(http.StatusUnsupportedMediaType, "the body must be JSON here: send it with Content-Type: application/json").
			WithHeader("Accept", "application/json")
	case kind == bodyForm && looksLikeJSON(body):
		return httperr.Errorf(http.StatusUnsupportedMediaType, "the form in the body looks like JSON: send it with Content-Type: application/json")
	}
	s.taken += 2 * len(body) // the text, and what is unescaped of it
	if kind == bodyMultipart {
		s.formText = string(body)
		s.form = newMultipartReader(strings.NewReader(s.formText), boundary)
		err := s.readForm(false)
		s.formText = ""
		return err
	}
	var err error
	if s.pairs, err = scan(s.pairs, Form, string(body)); err != nil {
		return unreadable(err)
	}
	return nil
}

// orNil gives an error that is nil if e is.
func orNil(e *httperr.Error) error {
	if e == nil {
		return nil
	}
	return e
}

// unread makes the answer to a body whose reading has ended too soon.
func unread(err error) error {
	if over := (*http.MaxBytesError)(nil); errors.As(err, &over) {
		return tooLarge(over.Limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return httperr.Wrap(http.StatusRequestTimeout, "the request body took too long", err)
	}
	return httperr.Wrap(http.StatusBadRequest, "the request body cannot be read", err)
}

// unreadable makes the answer to a form that is malformed.
func unreadable(err error) error {
	return httperr.Errorf(http.StatusBadRequest, "the form in the body cannot be read: %v", err)
}

func tooLarge(limit int64) *httperr.Error {
	return httperr.Errorf(http.StatusRequestEntityTooLarge, "the request body is larger than %d bytes", limit)
}

// firstBuffer is the size of the buffer for a body of which nothing is known.
const firstBuffer = 4 << 10

// fill reads the body. The buffer grows with what has come, not with what was
// announced: a client that announces much and sends little takes little.
func (s *Source) fill(r io.Reader) error {
	announced := int(min(max(s.r.ContentLength, -1), s.limit())) // -1 if it is not known
	s.body = s.body[:0]
	for {
		if len(s.body) == cap(s.body) {
			size := max(2*cap(s.body), firstBuffer)
			if announced >= 0 {
				// One byte more, to see the end of the body without another buffer.
				size = min(announced+1, max(4*cap(s.body)+bytes.MinRead, keepBuffer))
			}
			size = max(size, cap(s.body)+bytes.MinRead)
			grown := make([]byte, len(s.body), size)
			copy(grown, s.body)
			clear(s.body) // it may hold a password, and is nobody's now
			s.body = grown
			s.taken += size
		}
		n, err := r.Read(s.body[len(s.body):cap(s.body)])
		s.body = s.body[:len(s.body)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
