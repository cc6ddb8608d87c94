package param

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
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

// member is a field of a struct inside a JSON value.
type member struct {
	name     string
	index    []int
	codec    *codec
	required bool
	def      string
	hasDef   bool
	secret   bool
}

func (cs codecs) structure(c *codec, t reflect.Type) error {
	members, err := cs.members(t)
	if err != nil {
		return err
	}
	byName := make(map[string]int, len(members))
	for i, m := range members {
		if _, twice := byName[m.name]; twice {
			return fmt.Errorf("%v has two fields named %q; name one of them by a json tag", t, m.name)
		}
		byName[m.name] = i
	}
	c.what = "an object"
	c.text = jsonText(c)
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		if d.PeekKind() == '"' {
			return stringJSON(c, s, d, v)
		}
		ok := true
		var few [32]bool
		seen := few[:]
		if len(members) > len(few) {
			seen = make([]bool, len(members))
		}
		done := object(c, s, d, func(name string) bool {
			i, known := byName[name]
			if !known {
				s.bad("is not expected", "")
				ok = false
				return d.SkipValue() == nil
			}
			m := &members[i]
			seen[i] = true
			if !m.secret {
				ok = m.codec.json(s, d, v.FieldByIndex(m.index)) && ok
				return true
			}
			secret, shown := s.secret, s.shown
			s.hide(d)
			ok = m.codec.json(s, d, v.FieldByIndex(m.index)) && ok
			s.secret, s.shown = secret, shown
			return true
		})
		if !done {
			return false
		}
		for i := range members {
			m := &members[i]
			switch {
			case seen[i]:
			case m.hasDef:
				ok = m.codec.text(s, m.def, v.FieldByIndex(m.index)) && ok
			case m.required:
				s.badMember(m.name, "is missing", "")
				ok = false
			}
		}
		return ok
	}
	return nil
}

// members lists the fields of a struct as encoding/json would name them.
func (cs codecs) members(t reflect.Type) ([]member, error) {
	fields, err := structFields(t, "json", cs.apart)
	if err != nil {
		return nil, err
	}
	members := make([]member, 0, len(fields))
	for _, f := range fields {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		if err := checkTags(f); err != nil {
			return nil, fmt.Errorf("field %s of %v: %w", f.Name, t, err)
		}
		codec, err := cs.of(f.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s of %v: %w", f.Name, t, err)
		}
		m := member{name: name, index: f.Index, codec: codec, secret: f.Tag.Get("format") == "password"}
		m.def, m.hasDef = f.Tag.Lookup("default")
		m.required = f.Type.Kind() != reflect.Pointer && !m.hasDef &&
			!strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero")
		if m.hasDef {
			if err := checkDefault(codec, f, m.def); err != nil {
				return nil, fmt.Errorf("field %s of %v: %w", f.Name, t, err)
			}
		}
		members = append(members, m)
	}
	return members, nil
}

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
		done := object(nil, s, d, func(name string) bool {
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
			if i < n {
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
	if !s.spend(16) {
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
		text := t.String()
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) {
			s.bad("is out of range", text)
			return nil, false
		}
		return f, true
	}
	text := t.String()
	if reason := checkText(text); reason != "" {
		s.bad(reason, "")
		return nil, false
	}
	return text, true
}
