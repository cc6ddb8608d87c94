package param

import (
	"fmt"
	"iter"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/fastsimpleauth/fsa/httperr"
)

// structFields lists the exported fields of a struct with those of the structs
// embedded in it. A tag of the given kind that says "-" skips a field, and one
// that names an embedded struct makes it a field like any other. So does apart,
// of types whose fields are not for clients to set.
//
// A field that JSON skips is no parameter either, unless its param tag says so:
// json:"-" is how a type that is also stored keeps its role field from clients.
func structFields(t reflect.Type, tag string, apart func(reflect.Type) bool) ([]reflect.StructField, error) {
	var fields []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get(tag) == "-" {
			continue
		}
		if f.Tag.Get(tag) == "" && f.Tag.Get("json") == "-" {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
		switch {
		case tag == "param" && name != "" && !f.IsExported():
			return nil, fmt.Errorf("field %s of %v has a param tag and is not exported; export it, or drop the tag", f.Name, t)
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct && !atomic(f.Type) && !apart(f.Type):
			inner, err := structFields(f.Type, tag, apart)
			if err != nil {
				return nil, err
			}
			for _, g := range inner {
				g.Index = append(slices.Clone(f.Index), g.Index...)
				fields = append(fields, g)
			}
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Pointer && !apart(f.Type):
			return nil, fmt.Errorf("%v embeds the pointer %v; embed the struct itself", t, f.Type)
		case f.IsExported():
			fields = append(fields, f)
		}
	}
	return fields, nil
}

// atomic reports whether a struct is one value to a request, not several.
func atomic(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[Date](), reflect.TypeFor[JSON]():
		return true
	}
	p := reflect.PointerTo(t)
	return p.Implements(textUnmarshaler) || p.Implements(jsonUnmarshaler) || p.Implements(jsonUnmarshalerV2)
}

// snake gives the name of a parameter from that of its field: SID is sid,
// UserID is user_id, HTTPPort is http_port.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 {
			afterLower := !unicode.IsUpper(runes[i-1]) && runes[i-1] != '_'
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1]) && runes[i-1] != '_'
			if afterLower || beforeLower {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// constraintTags are the tags that limit a parameter's values or pin its
// source. What is not enforced must not be declared.
var constraintTags = []string{
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
	"minLength", "maxLength", "pattern", "enum", "minItems", "maxItems", "uniqueItems", "in",
}

// checkTags refuses constraints that are not supported.
func checkTags(f reflect.StructField) error {
	for _, tag := range constraintTags {
		if _, ok := f.Tag.Lookup(tag); ok {
			return fmt.Errorf("the tag %s is not supported yet, and ignoring it would be unsafe; remove it and check the value in the handler", tag)
		}
	}
	if v, ok := f.Tag.Lookup("format"); ok && v != "password" {
		return fmt.Errorf("the tag format:%q is not supported; only format:\"password\" is, which keeps the value out of errors and logs", v)
	}
	for key := range tagKeys(f.Tag) {
		for _, ours := range []string{"param", "default", "format"} {
			if key != ours && len(key) >= 4 && (strings.EqualFold(key, ours) || sameLetters(key, ours)) {
				return fmt.Errorf("the tag %s is not known; did you mean %s?", key, ours)
			}
		}
	}
	if rest := malformedTag(f.Tag); rest != "" {
		return fmt.Errorf("its tag cannot be read from %q on; write it as `param:\"name\" default:\"value\"`, without spaces around the colons", rest)
	}
	return nil
}

var tagRE = regexp.MustCompile(`^ *([^ :"\x00-\x1f]+):"((?:[^"\\]|\\.)*)"`)

// tagKeys lists the keys of a tag.
func tagKeys(tag reflect.StructTag) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := string(tag); ; {
			m := tagRE.FindStringSubmatch(rest)
			if m == nil || !yield(m[1]) {
				return
			}
			rest = rest[len(m[0]):]
		}
	}
}

// malformedTag gives what of a tag can't be read, "" if there is nothing: package
// reflect stops there without a word, and all that follows is ignored.
func malformedTag(tag reflect.StructTag) string {
	rest := string(tag)
	for {
		m := tagRE.FindString(rest)
		if m == "" {
			return strings.TrimSpace(rest)
		}
		rest = rest[len(m):]
	}
}

// sameLetters reports whether two words have the same letters in another order:
// a slip of the fingers.
func sameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return string(x) == string(y)
}

// checkDefault converts the default of a field, to see whether it can be.
func checkDefault(c *codec, f reflect.StructField, text string) error {
	s := sink{name: Name(f)}
	if !c.text(&s, text, reflect.New(f.Type).Elem()) {
		return fmt.Errorf("its default %q does not convert: %s", text, texts(s.faults))
	}
	return nil
}

func texts(faults []httperr.Fault) string {
	var all []string
	for _, f := range faults {
		all = append(all, f.Detail)
	}
	return strings.Join(all, "; ")
}

// Name gives the name of the parameter that a struct's field is.
func Name(f reflect.StructField) string {
	for _, tag := range []string{"param", "json"} {
		if name, _, _ := strings.Cut(f.Tag.Get(tag), ","); name != "" && name != "-" {
			return name
		}
	}
	return snake(f.Name)
}

// Ref gives a pointer to the field of a struct, which must be addressable and
// whose field must be of type T. It is what [reflect.Value.Interface] would give
// by way of an interface.
func Ref[T any](v reflect.Value, index []int) *T {
	var f reflect.Value
	if len(index) == 1 {
		f = v.Field(index[0])
	} else {
		f = v.FieldByIndex(index)
	}
	if f.Type() != reflect.TypeFor[T]() {
		panic(fmt.Sprintf("param: the field is a %v, not a %v", f.Type(), reflect.TypeFor[T]()))
	}
	return (*T)(f.Addr().UnsafePointer())
}
