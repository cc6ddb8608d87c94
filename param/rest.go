package param

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// restField takes all parameters of query, form or JSON that no other field takes.
type restField struct {
	Field
	elem     *codec
	any      bool // values are of whatever type they come as
	secret   bool
	withheld []string
	entry    func(entries int) int
}

// isRest reports whether a field takes the rest of the parameters.
func isRest(sf reflect.StructField) bool {
	_, options, _ := strings.Cut(sf.Tag.Get("param"), ",")
	return options == "rest"
}

// makeRest makes the field that takes the rest.
func (b *Binder[R]) makeRest(cs codecs, sf reflect.StructField, o Options[R]) error {
	t := sf.Type
	switch name, _, _ := strings.Cut(sf.Tag.Get("param"), ","); {
	case name != "":
		return fmt.Errorf(`the rest has no name of its own; write param:",rest"`)
	case b.rest != nil:
		return fmt.Errorf("two fields take the rest of the parameters; drop one")
	case t.Kind() != reflect.Map || t.Key() != reflect.TypeFor[string](), validates(t):
		return fmt.Errorf("the rest of the parameters is a map from their names, such as map[string]string, map[string][]string or map[string]any, not a %v; change the field's type", t)
	}
	if err := checkTags(sf); err != nil {
		return err
	}
	for key := range tagKeys(sf.Tag) {
		if (key == "default" || slices.Contains(constraintTags, key)) && (key != "format" || sf.Tag.Get("format") != "password") {
			return fmt.Errorf("the tag %s does not fit the rest of the parameters; give their type a method Validate(context.Context) error, or drop the tag", key)
		}
	}
	in, err := pin(sf)
	if err != nil {
		return err
	}
	if in != Nowhere && in != Query && in != Form && in != Body {
		return fmt.Errorf("the rest of the parameters comes from query, form or json, not from %v; correct the tag in", in)
	}
	elem, err := cs.of(t.Elem())
	if err != nil {
		return err
	}
	b.rest = &restField{
		Field:    Field{Name: Name(sf), In: in, Type: t, Doc: sf.Tag.Get("doc"), Rest: true, Index: sf.Index},
		elem:     elem,
		any:      t.Elem() == reflect.TypeFor[any](),
		secret:   sf.Tag.Get("format") == "password",
		withheld: o.Withheld,
		entry:    mapEntry(t),
	}
	b.anywhere, b.secrets = true, b.secrets || b.rest.secret
	return nil
}

// takes reports whether a parameter that has no field is one of the rest.
func (r *restField) takes(p *pair, exempt []string) bool {
	return (r.In == Nowhere || r.In == p.in) && !slices.Contains(exempt, p.name) && !slices.Contains(r.withheld, p.name)
}

// maxRestName is the size in bytes of the longest name that the rest may have.
const maxRestName = 100

// isRestName reports whether a name is one that people can have meant: not all of a
// body that was sent for something else, which may hold a password.
func isRestName(name string) bool {
	return name != "" && len(name) <= maxRestName && checkText(name) == "" && !strings.ContainsFunc(name, unicode.IsControl)
}

// bind sets the field to the parameters of the given indexes.
func (r *restField) bind(s *sink, pairs []pair, indexes []int, v reflect.Value) {
	var names []string
	byName := map[string][]*pair{}
	for _, i := range indexes {
		p := &pairs[i]
		if byName[p.name] == nil {
			names = append(names, p.name)
		}
		byName[p.name] = append(byName[p.name], p)
	}
	m := reflect.MakeMapWithSize(r.Type, 0)
	for _, name := range names {
		if !isRestName(name) {
			s.unexpected(name)
			continue
		}
		s.name, s.in, s.secret, s.shown = name, byName[name][0].in, r.secret, 0
		if len(name) > 40 || !nameRE.MatchString(name) {
			s.name = r.Name // what does not look like a name is not told
		}
		e := reflect.New(r.Type.Elem()).Elem()
		if s.spend(r.entry(m.Len())+textSize(len(name))) && r.value(s, byName[name], e) {
			m.SetMapIndex(reflect.ValueOf(strings.Clone(name)), e)
		}
	}
	v.Set(m)
}

// value converts one parameter.
func (r *restField) value(s *sink, pairs []*pair, v reflect.Value) bool {
	var in bits
	texts := make([]string, 0, 1)
	for _, p := range pairs {
		in = in.add(p.in)
		texts = append(texts, p.text)
	}
	switch {
	case in&(in-1) != 0:
		s.note("parameter %q both from %s", s.name, in.names())
		return false
	case s.in == filePart:
		s.bad("is a file, where a value is expected", "")
		return false
	case s.in == Body:
		return decodeJSON(r.elem, s, pairs[0].json, v)
	case r.any:
		return anyTexts(s, texts, v)
	case len(texts) == 1:
		return r.elem.text(s, texts[0], v)
	case r.elem.list == nil:
		s.note("parameter %q is given %d times", s.name, len(texts))
		return false
	}
	return r.elem.list(s, texts, v)
}

// anyTexts gives a text as it came, and several as a JSON list of them would be.
func anyTexts(s *sink, texts []string, v reflect.Value) bool {
	for _, text := range texts {
		if reason := checkText(text); reason != "" {
			s.bad(reason, "")
			return false
		}
	}
	if !s.spend(24 + 32*len(texts)) {
		return false
	}
	if len(texts) == 1 {
		v.Set(reflect.ValueOf(texts[0]))
		return true
	}
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	v.Set(reflect.ValueOf(list))
	return true
}
