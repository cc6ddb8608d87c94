package param

import (
	"bytes"
	"io"
	"net/http"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/go-json-experiment/json/jsontext"
)

// scanJSON cuts a JSON body into the properties of its object. It checks the
// whole body: syntax, UTF-8, depth, duplicate names, trailing data.
func (s *Source) scanJSON(body []byte) *httperr.Error {
	m, twice := look(body)
	if s.taken += m.taken; m.deep {
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
		name, err := d.ReadValue()
		if err != nil {
			return malformed(err, body)
		}
		p := pair{name: s.nameOf(name), in: Body}
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
	if twice != nil {
		return malformed(twice, body)
	}
	return nil
}

// nameOf gives the name of a property. That of a parameter is not copied out of
// the body.
func (s *Source) nameOf(quoted jsontext.Value) string {
	plain := quoted[1 : len(quoted)-1]
	for _, name := range s.names {
		if name == string(plain) {
			return name
		}
	}
	if bytes.IndexByte(plain, '\\') < 0 {
		return string(plain)
	}
	s.unquoted, _ = jsontext.AppendUnquote(s.unquoted[:0], quoted) // the decoder has found it valid
	return string(s.unquoted)
}

// wholeJSON checks a JSON body that is one value.
func (s *Source) wholeJSON(body []byte) *httperr.Error {
	m, twice := look(body)
	if s.taken += m.taken; m.deep {
		return httperr.Errorf(http.StatusBadRequest, "the JSON body is nested deeper than %d levels", maxDepth)
	}
	d := borrowDecoder(body)
	defer d.release()
	err := onlyValue(&d.Decoder)
	if err == nil {
		err = twice
	}
	if err != nil {
		return malformed(err, body)
	}
	s.value = body
	return nil
}

func malformed(err error, body []byte) *httperr.Error {
	hint := ""
	if looksLikeForm(body) {
		hint = "; it looks like a form: send it with Content-Type: application/x-www-form-urlencoded"
	}
	return httperr.Errorf(http.StatusBadRequest, "the JSON body is malformed: %s%s", syntaxReason(err, body), hint)
}
