package token

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"sync"

	"github.com/fastsimpleauth/fsa/internal/jsondepth"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds how deep the JSON of a token nests.
const maxDepth = 64

// splitCompact cuts the three parts of a token, none of them empty, apart. It
// counts dots without making room for what is between them.
func splitCompact(raw string) (header, payload, signature string, ok bool) {
	header, rest, _ := strings.Cut(raw, ".")
	payload, signature, _ = strings.Cut(rest, ".")
	ok = header != "" && payload != "" && signature != "" && strings.IndexByte(signature, '.') < 0
	return header, payload, signature, ok
}

// base64url is without padding, as RFC 7515 has it, and strict about the bits
// that remain in the last character.
var base64url = base64.RawURLEncoding.Strict()

func encodeSegment(data []byte) string { return base64url.EncodeToString(data) }

// decodeSegment decodes the one way in which data may be written. The standard
// decoder ignores line breaks, even a strict one.
func decodeSegment(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	data, err := base64url.DecodeString(s)
	return data, err == nil
}

// reader is a JSON decoder with its input; it is dear to make anew.
type reader struct {
	src  bytes.Buffer
	dec  jsontext.Decoder
	name []byte
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// members calls f with each member of the JSON object in data, and returns f's
// first error. The object must be strict JSON in UTF-8, without duplicate names
// and with nothing but white space after it. f must not keep its arguments.
//
// The decoder's own errors quote what they dislike: they go no further.
func members(data []byte, f func(name []byte, value jsontext.Value) error) error {
	if jsondepth.Exceeds(data, maxDepth) {
		return malformed("JSON nests too deep")
	}
	r := readers.Get().(*reader)
	defer readers.Put(r)
	r.src = *bytes.NewBuffer(data)
	r.dec.Reset(&r.src)
	defer func() {
		r.src = bytes.Buffer{} // let go of data
		r.dec.Reset(&r.src)
	}()

	notJSON := malformed("not a strict JSON object")
	if token, err := r.dec.ReadToken(); err != nil || token.Kind() != '{' {
		return notJSON
	}
	for r.dec.PeekKind() == '"' {
		quoted, err := r.dec.ReadValue()
		if err != nil {
			return notJSON
		}
		name, ok := unquote(quoted)
		if !ok {
			return notJSON
		}
		r.name = append(r.name[:0], name...) // as the decoder may reuse the memory
		value, err := r.dec.ReadValue()
		if err != nil {
			return notJSON
		}
		if err := f(r.name, value); err != nil {
			return err
		}
	}
	if token, err := r.dec.ReadToken(); err != nil || token.Kind() != '}' {
		return notJSON
	}
	if _, err := r.dec.ReadToken(); err != io.EOF {
		return notJSON
	}
	return nil
}

// unquote returns the text of a JSON string that the decoder has accepted, in
// v's memory if possible.
func unquote(v jsontext.Value) ([]byte, bool) {
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1], true
	}
	s, err := jsontext.AppendUnquote(nil, v)
	return s, err == nil
}
