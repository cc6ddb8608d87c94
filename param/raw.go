package param

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
)

// rawBody is how a parameter takes the body as it comes, whatever its type.
type rawBody uint8

const (
	notRaw    rawBody = iota
	rawBytes          // []byte: all of it
	rawStream         // io.Reader: to be read by the handler
)

// rawOf tells whether a field with the tag in:"body" takes the body as it comes. A
// type that is made of bytes and has a name is not meant: it may be a JSON value.
func rawOf(t reflect.Type) rawBody {
	switch t {
	case reflect.TypeFor[[]byte]():
		return rawBytes
	case reflect.TypeFor[io.Reader]():
		return rawStream
	}
	return notRaw
}

// makeRaw makes f the field that takes the body as it comes.
func (f *field[R]) makeRaw(sf reflect.StructField, raw rawBody) error {
	for key := range tagKeys(sf.Tag) {
		if key == "default" || slices.Contains(constraintTags, key) {
			return fmt.Errorf("the tag %s does not fit a body that is taken as it comes; drop it (fsa.MaxBody limits its size)", key)
		}
	}
	f.raw = raw
	return nil
}

// keepRaw makes the source take the body as it comes, instead of the parameters in
// it: all of it, or as a stream that is read later.
func (s *Source) keepRaw(raw rawBody) { s.raw = raw }

// readRaw reads a body that is taken as it comes.
func (s *Source) readRaw() error {
	if bad := encoded(s.r.Header); bad != nil {
		return bad
	}
	if s.r.ContentLength > s.maxBody {
		return tooLarge(s.maxBody)
	}
	if s.raw == rawStream {
		return nil
	}
	s.begun = true
	if err := s.fill(http.MaxBytesReader(s.w, s.r.Body, s.maxBody)); err != nil {
		s.readErr = err
		return unread(err)
	}
	if s.replay {
		s.r.Body = io.NopCloser(bytes.NewReader(s.body))
	}
	s.taken += len(s.body) // the copy that the handler gets
	return nil
}

// bindRaw sets a field to the body.
func (f *field[R]) bindRaw(s *sink, src *Source, slot *slot, v reflect.Value) {
	s.name, s.in = f.Name, WholeBody
	r := src.r
	none := r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0
	switch {
	case slot.count > 0:
		s.note("unexpected request parameter %q", f.Name)
	case none && f.Required, f.raw == rawBytes && len(src.body) == 0 && f.Required:
		s.note("parameter %q is missing: it is the request's body", f.Name)
	case f.raw == rawBytes:
		v.SetBytes(bytes.Clone(src.body))
	case none:
		v.Set(reflect.ValueOf(io.Reader(http.NoBody)))
	default:
		v.Set(reflect.ValueOf(io.Reader(&bodyReader{http.MaxBytesReader(src.w, r.Body, src.maxBody)})))
	}
}

// bodyReader reads a body. Its errors are what a handler may return: 413 if the body
// is too large, 400 if it does not come to its end.
type bodyReader struct{ r io.Reader }

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		err = unread(err)
	}
	return n, err
}

// Prepare tells a source, after [Source.Reset], how the parameters of the binder
// want the body to be read, before [Source.Text] looks for credentials in it.
// [Binder.Bind] does it otherwise.
func (b *Binder[R]) Prepare(s *Source) {
	switch {
	case b.raw != notRaw:
		s.keepRaw(b.raw)
	case b.whole >= 0:
		s.keepWhole()
	case b.files != nil:
		s.keepFiles(b.files)
	}
}

// prepared reports whether a binder has told how the body is to be read.
func (s *Source) prepared() bool { return s.whole || s.raw != notRaw || s.keeps != nil }

// Prepares reports whether [Binder.Prepare] has something to tell.
func (b *Binder[R]) Prepares() bool { return b.whole >= 0 || b.files != nil }

// Large reports whether the limit of a route's body is for what is in no memory:
// files, or a body that the handler reads. Else, [TextLimit] holds.
func (b *Binder[R]) Large() bool { return b.files != nil || b.raw == rawStream }
