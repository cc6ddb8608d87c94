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
	c.text = func(s *sink, at jsontext.Pointer, text string, v reflect.Value) bool {
		p := reflect.New(t.Elem())
		if !elem.text(s, at, text, p.Elem()) {
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
		p := reflect.New(t.Elem())
		if !elem.json(s, d, p.Elem()) {
			return false
		}
		v.Set(p)
		return true
	}
	return nil
}

func (cs codecs) slice(c *codec, t reflect.Type) error {
	elem, err := cs.of(t.Elem())
	if err != nil {
		return err
	}
	c.what = "a list"
	c.elem = elem
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		if d.PeekKind() == '"' {
			return stringJSON(c, s, d, v)
		}
		if d.PeekKind() != '[' {
			return mismatch(c, s, d)
		}
		if _, err := d.ReadToken(); err != nil {
			return broken(s, d)
		}
		list, ok := reflect.MakeSlice(t, 0, 0), true
		for d.PeekKind() != ']' {
			e := reflect.New(t.Elem()).Elem()
			before := d.InputOffset()
			ok = elem.json(s, d, e) && ok
			if d.InputOffset() == before {
				return false
			}
			if ok {
				list = reflect.Append(list, e)
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
	asJSON := jsonText(c)
	c.text = func(s *sink, at jsontext.Pointer, text string, v reflect.Value) bool {
		if t := strings.TrimSpace(text); strings.HasPrefix(t, "[") && checkJSON([]byte(t)) == "" {
			return asJSON(s, at, t, v)
		}
		return c.repeated(s, at, []string{text}, v)
	}
	return nil
}

// repeated converts a parameter that is given once for each element of a list.
func (c *codec) repeated(s *sink, at jsontext.Pointer, texts []string, v reflect.Value) bool {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	list, ok := reflect.MakeSlice(t, len(texts), len(texts)), true
	for i, text := range texts {
		where := at
		if len(texts) > 1 {
			where = at.AppendToken(strconv.Itoa(i))
		}
		ok = c.elem.text(s, where, text, list.Index(i)) && ok
	}
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
	elem, err := cs.of(t.Elem())
	if err != nil {
		return err
	}
	c.what = "an object"
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		if d.PeekKind() == '"' {
			return stringJSON(c, s, d, v)
		}
		m, ok := reflect.MakeMap(t), true
		done := object(c, s, d, func(name string, at jsontext.Pointer) bool {
			k := reflect.New(t.Key()).Elem()
			if !key.text(s, at, name, k) {
				ok = false
				return d.SkipValue() == nil
			}
			if m.MapIndex(k).IsValid() {
				s.bad(at, "is a name that is given twice", "")
				ok = false
			}
			e := reflect.New(t.Elem()).Elem()
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

// object reads a JSON object and calls member before the value of each of its
// members; member consumes the value, and reports whether it could.
func object(c *codec, s *sink, d *jsontext.Decoder, member func(name string, at jsontext.Pointer) bool) bool {
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
		if !member(name.String(), d.StackPointer()) || d.InputOffset() == at {
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
		seen := make([]bool, len(members))
		start := d.StackPointer()
		done := object(c, s, d, func(name string, at jsontext.Pointer) bool {
			i, known := byName[name]
			if !known {
				s.bad(at, "is not expected", "")
				ok = false
				return d.SkipValue() == nil
			}
			m := &members[i]
			seen[i] = true
			shown := s.secret
			s.secret = s.secret || m.secret
			ok = m.codec.json(s, d, v.FieldByIndex(m.index)) && ok
			s.secret = shown
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
				ok = m.codec.text(s, "", m.def, v.FieldByIndex(m.index)) && ok
			case m.required:
				s.bad(start.AppendToken(m.name), "is missing", "")
				ok = false
			}
		}
		return ok
	}
	return nil
}

// members lists the fields of a struct as encoding/json would name them.
func (cs codecs) members(t reflect.Type) ([]member, error) {
	fields, err := structFields(t, "json")
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
		m, ok := map[string]any{}, true
		done := object(nil, s, d, func(name string, at jsontext.Pointer) bool {
			if reason := checkText(name); reason != "" {
				s.bad(at, reason, "")
				ok = false
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
		list, ok := []any{}, true
		for d.PeekKind() != ']' {
			before := d.InputOffset()
			x, good := readAny(s, d)
			if d.InputOffset() == before {
				return nil, false
			}
			list, ok = append(list, x), ok && good
		}
		if _, err := d.ReadToken(); err != nil {
			return nil, broken(s, d)
		}
		return list, ok
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
			s.bad(d.StackPointer(), "is out of range", text)
			return nil, false
		}
		return f, true
	}
	text := t.String()
	if reason := checkText(text); reason != "" {
		s.bad(d.StackPointer(), reason, "")
		return nil, false
	}
	return text, true
}
