package param

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Options say what a [Binder] must know of the route it works for. R is
// whatever the framework keeps for a request; special parameters get it.
type Options[R any] struct {
	// Path names the parameters in the route's path.
	Path []string

	// Segments tells which segment of the path each of these is, from 0. It
	// is for sources whose path has been given by [Source.SetPath], and nil
	// if there is none.
	Segments []int

	// Withheld names the parameters that carry credentials on other routes:
	// they are never among the rest.
	Withheld []string

	// RejectUnexpected refuses parameters that have no field.
	RejectUnexpected bool

	// Exempt names the parameters that are never unexpected, and whose
	// values are never shown: those that carry credentials on this route.
	Exempt []string

	// Specials gives the parameters that do not come from the request's
	// parameters, by their type.
	Specials map[reflect.Type]Special[R]

	// Later gives those that are not set by [Binder.Bind], but by
	// [Binder.BindLater].
	Later map[reflect.Type]Special[R]

	// Casts are the text forms of types that the application converts itself.
	Casts []Cast

	// Secrets are the types whose values are never shown.
	Secrets []reflect.Type
}

// Special sets a special parameter of the given name. Its error is a failure
// of the request, not of its parameters.
type Special[R any] func(req R, name string, v reflect.Value) error

// Field describes a parameter.
type Field struct {
	Name     string
	In       Place // where alone the parameter may come from; Nowhere: query, form or JSON
	Type     reflect.Type
	Required bool
	Default  string // "" if there is none
	Doc      string // of the tag doc
	Special  bool   // not a parameter of the request
	Rest     bool   // all parameters that no other field takes; then Name is that of the field alone
	Index    []int  // of the field in the struct, for [reflect.Value.FieldByIndex]

	Constraints *Constraints // of the tags, nil if there are none
}

// Binder fills structs of one type. It is immutable and may be shared.
type Binder[R any] struct {
	typ      reflect.Type
	fields   []field[R]
	byName   map[string]int
	specials []int // indexes of the special ones
	later    []int // of those that are set later
	exempt   []string
	reject   bool
	anywhere bool // some field's value comes from query, form or JSON

	embedded    []embedding // of which the pointers are to be set
	validators  [][]int     // indexes of the structs that look at themselves
	validating  bool        // these, or some value inside
	secrets     bool        // some value is a secret
	hides       bool        // by its type
	secretTypes []reflect.Type
	pinned      bool       // some field's value comes from one place only
	whole       int        // index of the field that is the whole body, -1 if none is
	rest        *restField // what takes all other parameters; nil if nothing does
	files       []fileKeep // that are parameters
	raw         rawBody    // how the field that is the whole body takes it
}

type field[R any] struct {
	Field
	codec   *codec
	fast    fast
	offset  uintptr
	def     reflect.Value // of an immutable default
	hasDef  bool
	secret  bool
	segment int    // of the path, for a Path
	header  string // canonical name, for a HeaderField
	special Special[R]
	files   *fileField // of a file, or of several; nil of all others
	raw     rawBody
}

// Compile makes the binder for a struct type. The error joins all that is
// wrong with the type, each fault in an error of its own.
func Compile[R any](t reflect.Type, o Options[R]) (*Binder[R], error) {
	b := &Binder[R]{typ: t, byName: map[string]int{}, exempt: o.Exempt, reject: o.RejectUnexpected, whole: -1}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the input type %v is not a struct; give a struct with one field for each parameter, or none at all", t)
	}
	apart := func(t reflect.Type) bool {
		_, special := o.Specials[t]
		_, later := o.Later[t]
		return special || later || isApart(t)
	}
	codecs := newCodecs(apart, o.Casts, o.Secrets)
	all, err := structFields(t, "param", codecs.single)
	if err != nil {
		return nil, err
	}
	b.embedded = all.embedded
	if b.validators, err = selfValidators(t, all.embedded); err != nil {
		faults = append(faults, err)
	}
	faulty := map[string]bool{}
	for _, sf := range all.fields {
		if isRest(sf) {
			if err := b.makeRest(codecs, sf, o); err != nil {
				for _, e := range each(err) {
					fault("field %s of %v: %w", sf.Name, t, e)
				}
			}
			continue
		}
		f, err := makeField(codecs, sf, o)
		if err != nil {
			faulty[f.Name] = true
			for _, e := range each(err) {
				fault("field %s of %v: %w", sf.Name, t, e)
			}
			continue
		}
		if i, twice := b.byName[f.Name]; twice {
			fault("parameter %q is declared twice, by the fields %s and %s of %v; name one of them by a param tag",
				f.Name, t.FieldByIndex(b.fields[i].Index).Name, sf.Name, t)
			continue
		}
		static := false
		if f.offset, static = offset(t, sf.Index); !static {
			f.fast = slow
		}
		b.byName[f.Name] = len(b.fields)
		if _, later := o.Later[f.Type]; later {
			b.later = append(b.later, len(b.fields))
		} else if f.Special {
			b.specials = append(b.specials, len(b.fields))
		}
		b.fields = append(b.fields, f)
		switch f.In {
		case Nowhere:
			b.anywhere = b.anywhere || !f.Special
		case Query, Form, Body:
			b.anywhere, b.pinned = true, true
		case WholeBody:
			b.anywhere, b.whole, b.raw = true, len(b.fields)-1, f.raw
		}
		b.secrets = b.secrets || f.secret
		if f.files != nil {
			b.files = append(b.files, fileKeep{f.Name, f.files.max})
		}
	}
	b.hides, b.secretTypes = *codecs.hides, o.Secrets
	b.secrets = b.secrets || b.hides
	b.validating = len(b.validators) > 0 || codecs.validating()
	b.contradictions(fault)
	if b.rest != nil && b.whole >= 0 && (b.rest.In == Form || b.rest.In == Body) {
		fault("the field %s of %v takes the rest of the body, and another field all of it; drop one", t.FieldByIndex(b.rest.Index).Name, t)
	}
	for _, name := range o.Path {
		if i, ok := b.byName[name]; faulty[name] {
			continue
		} else if !ok {
			fault("path parameter %q has no field in %v; %s", name, t, b.missing(t, name))
		} else if b.fields[i].In != Path {
			fault("path parameter %q is the field %s of %v, which takes its value elsewhere", name, t.FieldByIndex(b.fields[i].Index).Name, t)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return b, nil
}

// missing tells what to do about a path parameter without a field.
func (b *Binder[R]) missing(t reflect.Type, name string) string {
	if !plainName.MatchString(name) {
		return "a parameter's name in a path is a Go identifier, as in {sid}; its type is that of its field"
	}
	for i := range b.fields {
		if f := t.FieldByIndex(b.fields[i].Index); strings.EqualFold(strings.ReplaceAll(b.fields[i].Name, "_", ""), strings.ReplaceAll(name, "_", "")) {
			return fmt.Sprintf("the field %s is %q: write {%s} in the path, or tag the field param:%q", f.Name, b.fields[i].Name, b.fields[i].Name, name)
		}
	}
	return "add one, such as " + example(name)
}

var plainName = regexp.MustCompile(`^[\pL_][\pL_\p{Nd}]*$`)

// example gives the declaration of a field for a path parameter.
func example(name string) string {
	_, n := utf8.DecodeRuneInString(name)
	field := strings.ToUpper(name[:n]) + name[n:]
	if snake(field) == name {
		return field + " string"
	}
	return fmt.Sprintf("%s string `param:%q`", field, name)
}

func makeField[R any](cs codecs, sf reflect.StructField, o Options[R]) (field[R], error) {
	f := field[R]{Field: Field{Type: sf.Type, Index: sf.Index, Doc: sf.Tag.Get("doc")}}
	_, options, _ := strings.Cut(sf.Tag.Get("param"), ",")
	f.Name = Name(sf)
	if options != "" && options != "optional" {
		return f, fmt.Errorf("unknown option %q in its param tag; write optional, or rest alone for all parameters that no other field takes", options)
	}
	if err := checkTags(sf); err != nil {
		return f, err
	}
	text, hasDef := sf.Tag.Lookup("default")
	f.Required = !hasDef && options == "" && sf.Type.Kind() != reflect.Pointer
	special, ok := o.Specials[sf.Type]
	if !ok {
		special, ok = o.Later[sf.Type]
	}
	if ok {
		if hasDef || options != "" {
			return f, fmt.Errorf("a %v is always there; drop its default or its option", sf.Type)
		}
		for key := range tagKeys(sf.Tag) {
			if key == "in" || slices.Contains(constraintTags, key) {
				return f, fmt.Errorf("a %v does not come from the request's parameters; drop the tag %s", sf.Type, key)
			}
		}
		f.Special, f.special = true, special
		return f, nil
	}
	if isFile(sf.Type) {
		return f, f.file(sf, o.Path, options == "optional")
	}
	if err := f.place(sf, o.Path, o.Segments); err != nil {
		return f, err
	}
	if raw := rawOf(sf.Type); raw != notRaw && f.In == WholeBody {
		return f, f.makeRaw(sf, raw)
	}
	if t := sf.Type; isApart(t) || t.Kind() == reflect.Pointer && isApart(t.Elem()) {
		cs = cs.plain()
	}
	codec, err := cs.field(sf)
	if err != nil {
		return f, err
	}
	k, _ := ConstraintsOf(sf)
	if !k.empty() || k.Format != "" {
		f.Constraints = &k
	}
	f.codec, f.fast = codec, fastOf(sf.Type, codec)
	f.secret = k.Format == "password" || slices.Contains(o.Exempt, f.Name) || f.confidential()
	if hasDef {
		if err := checkDefault(codec, sf, text); err != nil {
			return f, err
		}
		f.Default, f.hasDef = text, true
		if immutable(sf.Type) && !validates(sf.Type) {
			v := reflect.New(sf.Type).Elem()
			codec.text(&sink{}, text, v)
			f.def = v
		}
	}
	return f, nil
}

// isApart reports whether values of a type stand apart from other parameters:
// they are the whole of their field, or what it points to.
func isApart(t reflect.Type) bool {
	return t == reflect.TypeFor[Header]() || t == reflect.TypeFor[Cookie]() || t == fileType || t == fileType.Elem()
}

// plain makes codecs for the types whose values stand apart.
func (cs codecs) plain() codecs {
	cs.made, cs.apart = map[reflect.Type]*codec{}, func(reflect.Type) bool { return false }
	return cs
}

// validating reports whether some type has a method Validate.
func (cs codecs) validating() bool {
	for t := range cs.made {
		if validates(t) {
			return true
		}
	}
	return false
}

// immutable reports whether one value of the type can be given to several
// requests.
func immutable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return true
	}
	return false
}

// Names lists the names of the parameters that come from query, form or JSON, if
// they are few: see [Source.SetNames].
func (b *Binder[R]) Names() []string {
	var names []string
	for i := range b.fields {
		if f := &b.fields[i]; !f.Special && f.In == Nowhere {
			names = append(names, f.Name)
		}
	}
	if len(names) > 16 {
		return nil // looking through them costs more than copies
	}
	return names
}

// Fields describes the parameters, in the order of the struct's fields.
func (b *Binder[R]) Fields() []Field {
	fields := make([]Field, len(b.fields))
	for i, f := range b.fields {
		fields[i] = f.Field
	}
	if b.rest != nil {
		fields = append(fields, b.rest.Field)
	}
	return fields
}

// Field describes the parameter of the given name.
func (b *Binder[R]) Field(name string) (Field, bool) {
	i, ok := b.byName[name]
	if !ok {
		return Field{}, false
	}
	return b.fields[i].Field, true
}

// HasLater reports whether [Binder.BindLater] has something to set.
func (b *Binder[R]) HasLater() bool { return len(b.later) > 0 }
