// Package flatjson encodes small structs as JSON, several times faster than an
// encoder for everything can: it knows nothing but structs whose fields are
// numbers, strings and booleans. For these it writes, byte for byte, what
// go-json-experiment/json writes; for all others [Compile] declines.
package flatjson

import (
	"encoding"
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unsafe"

	json2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Encoder encodes the values of the struct type T. It is immutable.
type Encoder[T any] struct {
	members []member
}

type member struct {
	offset uintptr
	kind   kind
	name   string // quoted, with the comma before it and the colon after it
}

type kind uint8

const (
	int8s kind = iota
	int16s
	int32s
	int64s
	uint8s
	uint16s
	uint32s
	uint64s
	float32s
	float64s
	text
	boolean
)

// plainName is a name that needs no escapes, neither in a tag nor in JSON.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// Compile makes the encoder of a type; ok is false if the type is not so simple.
func Compile[T any]() (e *Encoder[T], ok bool) {
	members, ok := compile(reflect.TypeFor[T]())
	return &Encoder[T]{members}, ok
}

func compile(t reflect.Type) (members []member, ok bool) {
	if t.Kind() != reflect.Struct || Marshals(t) {
		return nil, false
	}
	seen := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		if tag == "-" {
			continue
		}
		if f.Anonymous || !f.IsExported() && tagged {
			return nil, false
		}
		if !f.IsExported() {
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		// A tag with options is not as simple; the case of names does not
		// matter to an encoder, but twins are refused by some and not by all.
		if !plainName.MatchString(tag) || seen[strings.ToLower(tag)] || Marshals(f.Type) {
			return nil, false
		}
		seen[strings.ToLower(tag)] = true
		k, simple := kindOf(f.Type)
		if !simple {
			return nil, false
		}
		m := member{offset: f.Offset, kind: k, name: `"` + tag + `":`}
		if len(members) > 0 {
			m.name = "," + m.name
		}
		members = append(members, m)
	}
	return members, true
}

// kindOf gives the kind of a type by its size, so that named types and those
// whose size depends on the machine are as any other.
func kindOf(t reflect.Type) (k kind, ok bool) {
	ints := map[uintptr]kind{1: int8s, 2: int16s, 4: int32s, 8: int64s}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return ints[t.Size()], true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return ints[t.Size()] + uint8s - int8s, true
	case reflect.Float32:
		return float32s, true
	case reflect.Float64:
		return float64s, true
	case reflect.String:
		return text, true
	case reflect.Bool:
		return boolean, true
	}
	return 0, false
}

var marshalers = []reflect.Type{
	reflect.TypeFor[json.Marshaler](),
	reflect.TypeFor[json2.MarshalerTo](),
	reflect.TypeFor[encoding.TextMarshaler](),
	reflect.TypeFor[encoding.TextAppender](),
}

// Marshals reports whether a type has a say in how it is encoded, or whether
// encoders make an exception of it: those of package time.
func Marshals(t reflect.Type) bool { return Says(t) || t.PkgPath() == "time" }

// Says reports whether a type has a say in how it is encoded.
func Says(t reflect.Type) bool {
	for _, m := range marshalers {
		if t.Implements(m) || reflect.PointerTo(t).Implements(m) {
			return true
		}
	}
	return false
}

// Append appends the JSON of *v to dst. Text that is not UTF-8 is mended with
// U+FFFD. ok is false if *v has no JSON: a float is infinite or no number.
func (e *Encoder[T]) Append(dst []byte, v *T) (_ []byte, ok bool) {
	return appendMembers(dst, e.members, unsafe.Pointer(v))
}

// Pointer is an [Encoder] of a type that is known only when the program runs.
type Pointer struct {
	members []member
}

// CompileType makes the encoder of a type; ok is false if the type is not so
// simple.
func CompileType(t reflect.Type) (e *Pointer, ok bool) {
	members, ok := compile(t)
	if !ok {
		return nil, false
	}
	return &Pointer{members}, true
}

// Append is as [Encoder.Append]. v must point to a value of the encoder's type.
func (e *Pointer) Append(dst []byte, v unsafe.Pointer) (_ []byte, ok bool) {
	return appendMembers(dst, e.members, v)
}

func appendMembers(dst []byte, members []member, v unsafe.Pointer) (_ []byte, ok bool) {
	dst = append(dst, '{')
	for i := range members {
		m := &members[i]
		dst = append(dst, m.name...)
		// The member's kind and offset are those of a field of the type.
		p := unsafe.Add(v, m.offset)
		switch m.kind {
		case int8s:
			dst = strconv.AppendInt(dst, int64(*(*int8)(p)), 10)
		case int16s:
			dst = strconv.AppendInt(dst, int64(*(*int16)(p)), 10)
		case int32s:
			dst = strconv.AppendInt(dst, int64(*(*int32)(p)), 10)
		case int64s:
			dst = strconv.AppendInt(dst, *(*int64)(p), 10)
		case uint8s:
			dst = strconv.AppendUint(dst, uint64(*(*uint8)(p)), 10)
		case uint16s:
			dst = strconv.AppendUint(dst, uint64(*(*uint16)(p)), 10)
		case uint32s:
			dst = strconv.AppendUint(dst, uint64(*(*uint32)(p)), 10)
		case uint64s:
			dst = strconv.AppendUint(dst, *(*uint64)(p), 10)
		case float32s:
			if dst, ok = appendFloat(dst, float64(*(*float32)(p)), 32); !ok {
				return dst, false
			}
		case float64s:
			if dst, ok = appendFloat(dst, *(*float64)(p), 64); !ok {
				return dst, false
			}
		case text:
			dst = appendText(dst, *(*string)(p))
		case boolean:
			dst = strconv.AppendBool(dst, *(*bool)(p))
		}
	}
	return append(dst, '}'), true
}

// appendText appends s as a JSON string. Nearly all texts are plain, and need
// nothing but quotes.
func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			dst, _ = jsontext.AppendQuote(dst, s) // the error says what it has mended
			return dst
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// appendFloat appends a number as ECMAScript writes it (RFC 8785, 3.2.2.3).
func appendFloat(dst []byte, f float64, bits int) (_ []byte, ok bool) {
	least, most := 1e-6, 1e21 // without an exponent
	if bits == 32 {
		least, most = float64(float32(least)), float64(float32(most))
	}
	switch size := math.Abs(f); {
	case math.IsNaN(f), math.IsInf(f, 0):
		return dst, false
	case size == 0, least <= size && size < most:
		return strconv.AppendFloat(dst, f, 'f', -1, bits), true
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	if n := len(dst); dst[n-2] == '0' && dst[n-3] == '-' {
		dst = append(dst[:n-2], dst[n-1]) // e-07 is e-7
	}
	return dst, true
}
