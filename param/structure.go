package param

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
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
	members, embedded, err := cs.members(t)
	if err != nil {
		return err
	}
	if opaque(t) {
		return fmt.Errorf("a %v has no exported fields, so that nothing of it can come from a request; make it a special parameter (fsa.Special), or give it a text form (fsa.Cast)", t)
	}
	memory := 0 // of the structs behind embedded pointers
	var selves [][]int
	for _, e := range slices.Backward(embedded) {
		if e.pointer {
			memory += int(e.typ.Size())
		}
		if err := badValidate(e.typ); err != nil {
			return err
		}
		if validates(e.typ) {
			selves = append(selves, e.index)
		}
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
		if memory > 0 {
			if !s.spend(memory) {
				return skip(s, d)
			}
			allocate(v, embedded)
		}
		ok := true
		var few [32]bool
		seen := few[:]
		if len(members) > len(few) {
			seen = make([]bool, len(members))
		}
		done := object(c, s, d, func(name []byte) bool {
			i, known := byName[string(name)]
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
			defer s.restore(s.secret, s.shown)
			s.hide(d)
			ok = m.codec.json(s, d, v.FieldByIndex(m.index)) && ok
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
		for _, index := range selves {
			if ok {
				ok = s.validate(reflect.Indirect(v.FieldByIndex(index)))
			}
		}
		return ok
	}
	return nil
}

// opaque reports whether a struct has fields, and none that others may set.
func opaque(t reflect.Type) bool {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() || f.Anonymous {
			return false
		}
	}
	return t.NumField() > 0
}

// members lists the fields of a struct as encoding/json would name them.
func (cs codecs) members(t reflect.Type) ([]member, []embedding, error) {
	all, err := structFields(t, "json", cs.single)
	if err != nil {
		return nil, nil, err
	}
	members := make([]member, 0, len(all.fields))
	var faults []error
	for _, f := range all.fields {
		m, err := cs.member(f)
		for _, e := range each(err) {
			faults = append(faults, fmt.Errorf("field %s of %v: %w", f.Name, t, e))
		}
		members = append(members, m)
	}
	return members, all.embedded, errors.Join(faults...)
}

func (cs codecs) member(f reflect.StructField) (member, error) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		name = f.Name
	}
	m := member{name: name, index: f.Index, secret: f.Tag.Get("format") == "password"}
	*cs.hides = *cs.hides || m.secret
	if err := checkTags(f); err != nil {
		return m, err
	}
	if _, ok := f.Tag.Lookup("in"); ok {
		return m, errors.New("the tag in says where a parameter comes from, and this field is a part of one; drop it, or make the field a parameter of its own")
	}
	codec, err := cs.field(f)
	if err != nil {
		return m, err
	}
	m.codec = codec
	m.def, m.hasDef = f.Tag.Lookup("default")
	m.required = f.Type.Kind() != reflect.Pointer && !m.hasDef &&
		!strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero")
	if m.hasDef {
		return m, checkDefault(codec, f, m.def)
	}
	return m, nil
}

// field gives the codec of a struct's field, with the constraints of its tags.
func (cs codecs) field(f reflect.StructField) (c *codec, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a value of its tags makes a method or a cast of %v panic: %v; correct the method, or drop the value", f.Type, p)
		}
	}()
	k, err := ConstraintsOf(f)
	if err != nil {
		return nil, err
	}
	return cs.constrained(f.Type, k)
}

// each gives the errors that one joins.
func each(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// checkDefault converts the default of a field, to see whether it can be.
func checkDefault(c *codec, f reflect.StructField, text string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its default %q makes a method of %v panic: %v; correct the method, or drop the default", text, f.Type, p)
		}
	}()
	s := sink{name: Name(f), ctx: context.Background()}
	if c.text(&s, text, reflect.New(f.Type).Elem()) {
		return nil
	}
	if s.fatal != nil {
		return fmt.Errorf("its default %q is not valid: %w; correct it", text, s.fatal)
	}
	return fmt.Errorf("its default %q does not convert: %s; correct it", text, texts(s.faults))
}

func texts(faults []httperr.Fault) string {
	var all []string
	for _, f := range faults {
		all = append(all, f.Detail)
	}
	return strings.Join(all, ", ")
}
