package param

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unsafe"
)

// flattened is a struct as a request sees it: the fields of the structs that are
// embedded in it are its own.
type flattened struct {
	fields   []reflect.StructField
	embedded []embedding // the inner ones after those that hold them
}

// embedding is a struct embedded in another one, or a pointer to one.
type embedding struct {
	index   []int
	typ     reflect.Type // of the struct
	pointer bool
}

// allocate sets the embedded pointers of a struct, so that the fields behind
// them can be set, and be used by those who get the struct.
func allocate(v reflect.Value, embedded []embedding) {
	for _, e := range embedded {
		if e.pointer {
			v.FieldByIndex(e.index).Set(reflect.New(e.typ))
		}
	}
}

// structFields lists the exported fields of a struct with those of the structs
// embedded in it. A tag of the given kind that says "-" skips a field, and one
// that names an embedded struct makes it a field like any other. So does apart,
// of types whose fields are not for clients to set.
//
// A field that JSON skips is no parameter either, unless its param tag says so:
// json:"-" is how a type that is also stored keeps its role field from clients.
func structFields(t reflect.Type, tag string, apart func(reflect.Type) bool) (flattened, error) {
	var all flattened
	err := all.add(t, nil, []reflect.Type{t}, tag, apart)
	return all, err
}

// add adds the fields of a struct that stands at index, inside of the structs of
// the types in within.
func (all *flattened) add(t reflect.Type, index []int, within []reflect.Type, tag string, apart func(reflect.Type) bool) error {
	for i := range t.NumField() {
		f := t.Field(i)
		f.Index = append(slices.Clone(index), i)
		if f.Tag.Get(tag) == "-" {
			continue
		}
		if f.Tag.Get(tag) == "" && f.Tag.Get("json") == "-" {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
		if tag == "param" && name != "" && !f.IsExported() {
			return fmt.Errorf("field %s of %v has a param tag and is not exported; export it, or drop the tag", f.Name, t)
		}
		inner, pointer := f.Type, f.Type.Kind() == reflect.Pointer
		if pointer {
			inner = inner.Elem()
		}
		if !f.Anonymous || name != "" || inner.Kind() != reflect.Struct || isAtomic(inner) || apart(f.Type) || apart(inner) {
			if f.IsExported() {
				all.fields = append(all.fields, f)
			}
			continue
		}
		for key := range tagKeys(f.Tag) {
			if slices.Contains(ourTags, key) && key != "param" && key != "doc" {
				return fmt.Errorf("%v embeds %v with the tag %s, which says nothing about the fields of %v; tag these, or name the embedded struct by a %s tag", t, f.Type, key, inner, tag)
			}
		}
		switch {
		case pointer && !f.IsExported():
			return fmt.Errorf("%v embeds the pointer %v, whose type is not exported, so that nothing can set it; embed the struct itself", t, f.Type)
		case slices.Contains(within, inner):
			return fmt.Errorf("%v embeds %v, which it is inside of; name the field", t, f.Type)
		}
		all.embedded = append(all.embedded, embedding{f.Index, inner, pointer})
		if err := all.add(inner, f.Index, append(slices.Clone(within), inner), tag, apart); err != nil {
			return err
		}
	}
	return nil
}

// isAtomic reports whether a struct is one value to a request, not several.
func isAtomic(t reflect.Type) bool {
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
	return (*T)(unsafe.Pointer(f.UnsafeAddr()))
}

// Getter makes the function that gives a field of structs of type t, as [Ref]
// does. The structs must be addressable, and the field in the struct itself, not
// behind a pointer; ok is false if it is not, or not of type T.
func Getter[T any](t reflect.Type, index []int) (get func(reflect.Value) T, ok bool) {
	f, err := fieldOf(t, index)
	if err != nil || f != reflect.TypeFor[T]() {
		return nil, false
	}
	at, _ := offset(t, index)
	return func(v reflect.Value) T {
		if v.Type() != t {
			panic(fmt.Sprintf("param: a getter for %v is given a %v", t, v.Type()))
		}
		return *(*T)(unsafe.Add(unsafe.Pointer(v.UnsafeAddr()), at))
	}, true
}

// fieldOf gives the type of a field that is in the struct itself.
func fieldOf(t reflect.Type, index []int) (reflect.Type, error) {
	for _, i := range index {
		if t.Kind() != reflect.Struct {
			return nil, fmt.Errorf("the field is behind a %v", t)
		}
		t = t.Field(i).Type
	}
	return t, nil
}
