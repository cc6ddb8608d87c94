package param

import (
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
	b := s.body.AvailableBuffer()
	all.Write(b[:cap(b)])
	all.Write(s.body.Bytes())
	for _, f := range s.sink.faults {
		all.WriteString(f.Detail)
	}
	if s.r != nil || s.w != nil || s.err != nil {
		all.WriteString("a request")
	}
	return strings.Trim(all.String(), "\x00")
}
