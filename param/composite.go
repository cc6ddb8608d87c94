package param

import (
	"bytes"
	"fmt"
	"reflect"

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
	*c = *pointerTo(elem, t)
	return nil
}

// pointerTo makes the codec of the pointer type t from that of what it points
// to.
func pointerTo(elem *codec, t reflect.Type) *codec {
	c := &codec{what: elem.what, strict: elem.strict}
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
	if elem.list != nil {
		c.list = func(s *sink, texts []string, v reflect.Value) bool {
			p := reflect.New(t.Elem())
			if !elem.list(s, texts, p.Elem()) {
				return false
			}
			v.Set(p)
			return true
		}
	}
	return c
}

// skip passes over a value that is at fault already.
func skip(s *sink, d *jsontext.Decoder) bool {
	if d.SkipValue() != nil {
		return broken(s, d)
	}
	return false
}

func (cs codecs) mapping(c *codec, t reflect.Type) error {
	key, err := cs.of(t.Key())
	if err != nil {
		return err
	}
	if key.set == nil || cs.secret(t.Key()) {
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
		done := object(c, s, d, func(name []byte) bool {
			if s.poor {
				return d.SkipValue() == nil
			}
			k.SetZero()
			if !s.spend(textSize(len(name))) || !key.text(s, string(name), k) {
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
		return 4*slot + beside // tables are half full, and were made from smaller ones
	}
}

var anyEntry = mapEntry(reflect.TypeFor[map[string]any]())

// object reads a JSON object and calls member before the value of each of its
// members; member consumes the value, and reports whether it could. The name is
// its own only until then.
func object(c *codec, s *sink, d *jsontext.Decoder, member func(name []byte) bool) bool {
	if d.PeekKind() != '{' {
		return mismatch(c, s, d)
	}
	if _, err := d.ReadToken(); err != nil {
		return broken(s, d)
	}
	for d.PeekKind() == '"' {
		quoted, err := d.ReadValue()
		if err != nil {
			return broken(s, d)
		}
		name := quoted[1 : len(quoted)-1] // most names are as they are written
		if bytes.IndexByte(name, '\\') >= 0 {
			if name, err = jsontext.AppendUnquote(s.unquoted[:0], quoted); err != nil {
				return broken(s, d)
			}
			s.unquoted = name
		}
		at := d.InputOffset()
		if !member(name) || d.InputOffset() == at {
			return false
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return broken(s, d)
	}
	return true
}
