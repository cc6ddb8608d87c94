package param

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
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

	// RejectUnexpected refuses parameters that have no field.
	RejectUnexpected bool

	// Exempt names the parameters that are never unexpected, and whose
	// values are never shown: those that carry credentials on this route.
	Exempt []string

	// Specials gives the parameters that do not come from the request's
	// parameters, by their type.
	Specials map[reflect.Type]Special[R]
}

// Special sets a special parameter of the given name. Its error is a failure
// of the request, not of its parameters.
type Special[R any] func(req R, name string, v reflect.Value) error

// Field describes a parameter.
type Field struct {
	Name     string
	In       Place // Path, HeaderField or CookieField, else Nowhere: query, form or JSON
	Type     reflect.Type
	Required bool
	Default  string // "" if there is none
	Doc      string // of the tag doc
	Special  bool   // not a parameter of the request
	Index    []int  // of the field in the struct, for [reflect.Value.FieldByIndex]
}

// Binder fills structs of one type. It is immutable and may be shared.
type Binder[R any] struct {
	typ      reflect.Type
	fields   []field[R]
	byName   map[string]int
	specials []int // indexes of the special ones
	exempt   []string
	reject   bool
	anywhere bool // some field's value comes from query, form or JSON
}

type field[R any] struct {
	Field
	codec   *codec
	fast    fast
	offset  uintptr
	def     reflect.Value // of an immutable default
	hasDef  bool
	secret  bool
	header  string // canonical name, for a HeaderField
	special Special[R]
}

// Compile makes the binder for a struct type. The error joins all that is
// wrong with the type, each fault in an error of its own.
func Compile[R any](t reflect.Type, o Options[R]) (*Binder[R], error) {
	b := &Binder[R]{typ: t, byName: map[string]int{}, exempt: o.Exempt, reject: o.RejectUnexpected}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the input type %v is not a struct; give a struct with one field for each parameter, or none at all", t)
	}
	apart := func(t reflect.Type) bool {
		_, special := o.Specials[t]
		return special || t == reflect.TypeFor[Header]() || t == reflect.TypeFor[Cookie]()
	}
	fields, err := structFields(t, "param", apart)
	if err != nil {
		return nil, err
	}
	codecs := codecs{made: map[reflect.Type]*codec{}, apart: apart}
	faulty := map[string]bool{}
	for _, sf := range fields {
		f, err := makeField(codecs, sf, o)
		if err != nil {
			faulty[f.Name] = true
			fault("field %s of %v: %w", sf.Name, t, err)
			continue
		}
		if i, twice := b.byName[f.Name]; twice {
			fault("parameter %q is declared twice, by the fields %s and %s of %v; name one of them by a param tag",
				f.Name, t.FieldByIndex(b.fields[i].Index).Name, sf.Name, t)
			continue
		}
		f.offset = offset(t, sf.Index)
		b.byName[f.Name] = len(b.fields)
		if f.Special {
			b.specials = append(b.specials, len(b.fields))
		}
		b.fields = append(b.fields, f)
		b.anywhere = b.anywhere || !f.Special && f.In == Nowhere
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
	name := Name(sf)
	f.Name = name
	if options != "" && options != "optional" {
		return f, fmt.Errorf("unknown option %q in its param tag; the only one is optional", options)
	}
	if err := checkTags(sf); err != nil {
		return f, err
	}
	text, hasDef := sf.Tag.Lookup("default")
	f.Required = !hasDef && options == "" && sf.Type.Kind() != reflect.Pointer
	if special, ok := o.Specials[sf.Type]; ok {
		if hasDef || options != "" {
			return f, fmt.Errorf("a %v is always there; drop its default or its option", sf.Type)
		}
		f.Special, f.special = true, special
		return f, nil
	}
	elem := sf.Type
	if elem.Kind() == reflect.Pointer {
		elem = elem.Elem()
	}
	switch {
	case elem == reflect.TypeFor[Header]():
		f.In = HeaderField
		f.header = textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, "_", "-"))
		if !isToken(name) {
			return f, fmt.Errorf("%q is not a valid name of a header field", name)
		}
		cs = plainCodecs()
	case elem == reflect.TypeFor[Cookie]():
		f.In = CookieField
		if !isToken(name) {
			return f, fmt.Errorf("%q is not a valid name of a cookie", name)
		}
		cs = plainCodecs()
	case slices.Contains(o.Path, name):
		f.In = Path
		if !f.Required {
			return f, fmt.Errorf("the path parameter %q is always there; drop its default, its option or its pointer", name)
		}
	}
	codec, err := cs.of(sf.Type)
	if err != nil {
		return f, err
	}
	f.codec, f.fast = codec, fastOf(sf.Type, codec)
	f.secret = sf.Tag.Get("format") == "password" || slices.Contains(o.Exempt, name)
	if hasDef {
		if err := checkDefault(codec, sf, text); err != nil {
			return f, err
		}
		f.Default, f.hasDef = text, true
		if immutable(sf.Type) {
			v := reflect.New(sf.Type).Elem()
			codec.text(&sink{}, text, v)
			f.def = v
		}
	}
	return f, nil
}

// plainCodecs makes codecs for the types whose values stand apart: they are the
// whole of their field, or what it points to.
func plainCodecs() codecs {
	return codecs{made: map[reflect.Type]*codec{}, apart: func(reflect.Type) bool { return false }}
}

// isToken reports whether a name can be that of a header field or a cookie: both
// are tokens (RFC 9110, 5.6.2).
func isToken(name string) bool { return (&http.Cookie{Name: name, Value: "x"}).Valid() == nil }

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

// Fields describes the parameters, in the order of the struct's fields.
func (b *Binder[R]) Fields() []Field {
	fields := make([]Field, len(b.fields))
	for i, f := range b.fields {
		fields[i] = f.Field
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
