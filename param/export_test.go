package param

import (
	"io"
	"reflect"
	"slices"
	"strings"
)

// Pairs reads a query as a [Source] does: names and values, one after the other.
func Pairs(query string) ([]string, error) {
	pairs, err := scan(nil, Query, query)
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p.name, p.text)
	}
	return flat, err
}

// Slowly gives a copy of a binder that sets all its fields by their codecs.
func Slowly[R any](b *Binder[R]) *Binder[R] {
	c := *b
	c.fields = slices.Clone(b.fields)
	for i := range c.fields {
		c.fields[i].fast = slow
	}
	return &c
}

// Fast reports whether the binder has a field that is set without its codec.
func Fast[R any](b *Binder[R]) bool {
	return slices.ContainsFunc(b.fields, func(f field[R]) bool { return f.fast != slow })
}

// Leftovers gives all that a source still holds of its last request.
func Leftovers(s *Source) string {
	var all strings.Builder
	for _, p := range s.pairs[:cap(s.pairs)] {
		all.WriteString(p.name + p.text + string(p.json))
	}
	all.Write(s.body[:cap(s.body)])
	all.Write(s.value)
	for _, f := range s.sink.faults {
		all.WriteString(f.Detail)
	}
	if s.r != nil || s.w != nil || s.err != nil {
		all.WriteString("a request")
	}
	return strings.Trim(all.String(), "\x00")
}

// Type gives the type of the structs that a binder fills.
func (b *Binder[R]) Type() reflect.Type { return b.typ }

// Parts reads a multipart form as a [Source] does: names and values, one after the
// other. A file has the value "file " and its content.
func Parts(body io.Reader, boundary string) ([]string, error) {
	var flat []string
	m := newMultipartReader(body, boundary)
	for {
		p, err := m.next()
		if err == io.EOF {
			return flat, nil
		}
		if err != nil {
			return flat, err
		}
		text := ""
		if p.in == filePart {
			text = "file "
		}
		if err := m.content(func(piece []byte) error { text += string(piece); return nil }); err != nil {
			return flat, err
		}
		flat = append(flat, p.name, text)
	}
}

// WholeParts is Parts by a slow reader of the whole body, the reference for that of
// streams.
func WholeParts(body, boundary string) ([]string, error) {
	pairs, err := scanWhole(nil, body, boundary)
	var flat []string
	for _, p := range pairs {
		if p.in == filePart {
			p.text = "file " + p.text
		}
		flat = append(flat, p.name, p.text)
	}
	return flat, err
}

func scanWhole(dst []pair, body, boundary string) ([]pair, error) {
	dashes := "--" + boundary
	rest, ok := strings.CutPrefix(body, dashes)
	if !ok {
		return dst, errBoundary
	}
	delimiter, bare := "\r\n"+dashes, "\n"+dashes
	for parts, files := 0, 0; ; parts++ {
		if end, ok := strings.CutPrefix(rest, "--"); ok {
			if end != "" && end != "\r\n" {
				return dst, errBoundary
			}
			return dst, nil
		}
		if rest, ok = strings.CutPrefix(rest, "\r\n"); !ok {
			return dst, errBoundary
		}
		if parts == maxPairs {
			return dst, errTooMany
		}
		p, content, err := partHeader(rest)
		if err != nil {
			return dst, err
		}
		if p.text, rest, ok = strings.Cut(content, delimiter); !ok {
			return dst, errBoundary
		}
		if strings.HasPrefix(content, dashes) || strings.Contains(p.text, bare) {
			return dst, errBoundary // a part's end to some
		}
		if p.in == filePart {
			if files++; files > maxFiles {
				return dst, errFiles
			}
		}
		dst = append(dst, p.pair)
	}
}

// HasDuplicate reports whether an object in JSON text has a name twice.
func HasDuplicate(text []byte) bool {
	return measureJSON(text).twice >= 0
}

// Spooled tells where the files of the request of f are, in bytes.
func Spooled(f *File) (memory int, disk int64) { return f.spool.blocks * blockSize, f.spool.end }
