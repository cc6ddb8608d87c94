package param

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

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
