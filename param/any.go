package param

import (
	"math"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// anyJSON makes c the codec of [JSON].
func anyJSON(c *codec) {
	c.what = "a JSON value"
	c.text = jsonText(c)
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		x, ok := readAny(s, d)
		if ok {
			v.Set(reflect.ValueOf(JSON{x}))
		}
		return ok
	}
}

// anyValue makes c the codec of any.
func anyValue(c *codec) {
	c.what = "a JSON value"
	c.text = jsonText(c)
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		x, ok := readAny(s, d)
		if !ok {
			return false
		}
		if x == nil {
			v.SetZero()
		} else {
			v.Set(reflect.ValueOf(x))
		}
		return true
	}
}

// readAny reads any JSON value, as encoding/json reads one into an any.
func readAny(s *sink, d *jsontext.Decoder) (any, bool) {
	switch d.PeekKind() {
	case '{':
		if !s.spend(mapHeader) {
			return nil, skip(s, d)
		}
		m, ok := map[string]any{}, true
		done := object(nil, s, d, func(b []byte) bool {
			if !s.spend(textSize(len(b))) {
				ok = false
				return d.SkipValue() == nil
			}
			name := string(b)
			if reason := checkText(name); reason != "" {
				s.bad(reason, "")
				ok = false
			}
			if !s.spend(anyEntry(len(m))) {
				ok = false
				return d.SkipValue() == nil
			}
			before := d.InputOffset()
			x, good := readAny(s, d)
			m[name], ok = x, ok && good
			return d.InputOffset() > before
		})
		return m, done && ok
	case '[':
		if _, err := d.ReadToken(); err != nil {
			return nil, broken(s, d)
		}
		n := 0
		if d.PeekKind() != ']' {
			n = elements(d.UnreadBuffer())
		}
		ok := s.spend(24 + 16*n) // header and elements
		if !ok {
			n = 0
		}
		list := make([]any, n)
		for i := 0; d.PeekKind() != ']'; i++ {
			before := d.InputOffset()
			if i < n && !s.poor {
				x, good := readAny(s, d)
				list[i], ok = x, ok && good
			} else {
				ok = skip(s, d)
			}
			if d.InputOffset() == before {
				return nil, false
			}
		}
		if _, err := d.ReadToken(); err != nil {
			return nil, broken(s, d)
		}
		return list, ok
	}
	if s.poor {
		return nil, skip(s, d)
	}
	t, err := d.ReadToken()
	if err != nil {
		return nil, broken(s, d)
	}
	switch t.Kind() {
	case 'n':
		return nil, true
	case 't', 'f':
		return t.Bool(), true
	case '0':
		if !s.spend(8) {
			return nil, false
		}
		text := t.String()
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) {
			s.bad("is out of range", text)
			return nil, false
		}
		return f, true
	}
	text := t.String()
	if !s.spend(16 + textSize(len(text))) {
		return nil, false
	}
	if reason := checkText(text); reason != "" {
		s.bad(reason, "")
		return nil, false
	}
	return text, true
}
