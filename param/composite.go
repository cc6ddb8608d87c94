package param

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

func (cs codecs) pointer(c *codec, t reflect.Type) error {
	elem, err := cs.of(t.Elem())
	if err != nil {
		return err
	}
	if t.Elem().Kind() == reflect.Pointer {
		return fmt.Errorf("%v is a pointer to a pointer; one level says that a value is absent", t)
	}
	c.what = elem.what
	c.elem = elem.elem
	c.strict = elem.strict
	c.text = func(s *sink, text string, v reflect.Value) bool {
		p := reflect.New(t.Elem())
		if !elem.text(s, text, p.Elem()) {
			return false
		}
		v.Set(p)
		return true
	}
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		if d.PeekKind() == 'n' {
			if _, err := d.ReadToken(); err != nil {
				return broken(s, d)
			}
			v.SetZero()
			return true
		}
		if !s.spend(int(t.Elem().Size())) {
			return skip(s, d)
		}
		p := reflect.New(t.Elem())
		if !elem.json(s, d, p.Elem()) {
			return false
		}
		v.Set(p)
		return true
	}
	return nil
}

// skip passes over a value that is at fault already.
func skip(s *sink, d *jsontext.Decoder) bool {
	if d.SkipValue() != nil {
		return broken(s, d)
	}
	return false
}

func (cs codecs) slice(c *codec, t reflect.Type) error {
	elem, err := cs.of(t.Elem())
	if err != nil {
		return err
	}
	for e := t.Elem(); e.Kind() == reflect.Slice || e.Kind() == reflect.Pointer; e = e.Elem() {
		if e == t {
			return fmt.Errorf("%v is a list of itself; a text would be a list of a list of it, without end", t)
		}
	}
	c.what = "a list"
	c.elem = elem
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		switch d.PeekKind() {
		case '"':
			return stringJSON(c, s, d, v)
		case '[':
			return listJSON(elem, t, s, d, v)
		}
		return mismatch(c, s, d)
	}
	asJSON := jsonText(c)
	c.text = func(s *sink, text string, v reflect.Value) bool {
		if t := strings.TrimSpace(text); strings.HasPrefix(t, "[") && checkJSON([]byte(t)) == "" {
			return asJSON(s, t, v)
		}
		return c.repeated(s, []string{text}, v)
	}
	return nil
}

// listJSON reads a list. Its elements are counted first, so that they are where
// they belong at once, and refused before they take memory.
func listJSON(elem *codec, t reflect.Type, s *sink, d *jsontext.Decoder, v reflect.Value) bool {
	if _, err := d.ReadToken(); err != nil {
		return broken(s, d)
	}
	n := 0
	if d.PeekKind() != ']' {
		n = elements(d.UnreadBuffer())
	}
	ok := s.spend(n * int(t.Elem().Size()))
	var list reflect.Value
	if ok {
		list = reflect.MakeSlice(t, n, n)
	}
	for i := 0; d.PeekKind() != ']'; i++ {
		before := d.InputOffset()
		if i < n && list.IsValid() {
			ok = elem.json(s, d, list.Index(i)) && ok
		} else {
			ok = skip(s, d)
		}
		if d.InputOffset() == before {
			return false
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return broken(s, d)
	}
	if ok {
		v.Set(list)
	}
	return ok
}

// repeated converts a parameter that is given once for each element of a list.
func (c *codec) repeated(s *sink, texts []string, v reflect.Value) bool {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	list, ok := reflect.MakeSlice(t, len(texts), len(texts)), true
	for i, text := range texts {
		if len(texts) > 1 {
			s.index = i + 1
		}
		ok = c.elem.text(s, text, list.Index(i)) && ok
	}
	s.index = 0
	if !ok {
		return false
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(t)
		p.Elem().Set(list)
		list = p
	}
	v.Set(list)
	return true
}

func (cs codecs) mapping(c *codec, t reflect.Type) error {
	key, err := cs.of(t.Key())
	if err != nil {
		return err
	}
	if key.set == nil {
		return fmt.Errorf("%v has keys that are no plain text; use strings, integers, or a type with a method UnmarshalText", t)
	}
	elem, err := cs.of(t.Elem())
	if err != nil {
		return err
	}
	c.what = "an object"
	entry := mapEntry(t)
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		if d.PeekKind() == '"' {
			return stringJSON(c, s, d, v)
		}
		if !s.spend(mapHeader) {
			return skip(s, d)
		}
		m, ok := reflect.MakeMap(t), true
		k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		done := object(c, s, d, func(name string) bool {
			k.SetZero()
			if !key.text(s, name, k) {
				ok = false
				return d.SkipValue() == nil
			}
			if !k.Comparable() || m.MapIndex(k).IsValid() {
				s.bad("is a name that is given twice", "")
				ok = false
			}
			if !s.spend(entry(m.Len())) {
				ok = false
				return d.SkipValue() == nil
			}
			e.SetZero()
			if !elem.json(s, d, e) {
				ok = false
			} else if ok {
				m.SetMapIndex(k, e)
			}
			return true
		})
		if done && ok {
			v.Set(m)
		}
		return done && ok
	}
	c.text = jsonText(c)
	return nil
}

// What a map takes: a header, and as soon as it has an entry, room for eight.
const (
	mapHeader = 48
	mapGroup  = 8
)

// mapEntry gives the function that tells what one entry more takes.
func mapEntry(t reflect.Type) func(entries int) int {
	slot := int(min(t.Key().Size(), 128) + min(t.Elem().Size(), 128))
	beside := 0 // large ones stand beside the map
	for _, u := range []reflect.Type{t.Key(), t.Elem()} {
		if u.Size() > 128 {
			beside += int(u.Size())
		}
	}
	return func(entries int) int {
		switch {
		case entries == 0:
			return mapGroup*(slot+1) + beside
		case entries < mapGroup:
			return beside
		}
		return 2*slot + beside // tables are half full, now and then
	}
}

var anyEntry = mapEntry(reflect.TypeFor[map[string]any]())

// object reads a JSON object and calls member before the value of each of its
// members; member consumes the value, and reports whether it could.
func object(c *codec, s *sink, d *jsontext.Decoder, member func(name string) bool) bool {
	if d.PeekKind() != '{' {
		return mismatch(c, s, d)
	}
	if _, err := d.ReadToken(); err != nil {
		return broken(s, d)
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return broken(s, d)
		}
		at := d.InputOffset()
		if !member(name.String()) || d.InputOffset() == at {
			return false
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return broken(s, d)
	}
	return true
}
