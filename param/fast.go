package param

import (
	"bytes"
	"reflect"
	"strconv"
	"unsafe"
)

// fast is how a field is set without reflection: nearly all parameters are
// integers and strings, and reflection costs twice what the rest of binding
// does. Whatever is not plain goes the slow way, which also finds the words for
// what is wrong.
type fast uint8

const (
	slow fast = iota
	fastInt
	fastInt64
	fastFloat64 // in JSON
	fastString
)

// fastOf tells how a field of the type can be set.
func fastOf(t reflect.Type, c *codec) fast {
	if c == nil || c.set == nil || c.custom || c.guarded {
		return slow
	}
	switch t.Kind() {
	case reflect.Int:
		return fastInt
	case reflect.Int64:
		return fastInt64
	case reflect.Float64:
		return fastFloat64
	case reflect.String:
		return fastString
	}
	return slow
}

// set sets the field at p, which has the type that fastOf was asked about, if
// the text is plain. It reports whether it was.
func (f fast) set(p unsafe.Pointer, text string) bool {
	switch f {
	case fastInt, fastInt64:
		n, ok := shortDigits(text)
		return ok && f.setInt(p, n)
	case fastString:
		for i := range len(text) {
			if text[i] == 0 || text[i] >= 0x80 {
				return false
			}
		}
		*(*string)(p) = text
		return true
	}
	return false
}

// setInt sets an integer.
func (f fast) setInt(p unsafe.Pointer, n int64) bool {
	if f == fastInt64 {
		*(*int64)(p) = n
		return true
	}
	if int64(int(n)) != n {
		return false
	}
	*(*int)(p) = int(n)
	return true
}

// setJSON is set for a JSON value, which is known to be well-formed: a number of
// decimal digits, or a string without an escape, in which there is no control
// character then, and nothing but UTF-8. It accounts for the copy of the string.
func (f fast) setJSON(s *sink, p unsafe.Pointer, raw []byte) bool {
	switch f {
	case fastInt, fastInt64:
		n, ok := shortDigits(raw)
		return ok && f.setInt(p, n)
	case fastFloat64:
		if raw[0] != '-' && raw[0]-'0' > 9 {
			return false
		}
		n, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			return false
		}
		*(*float64)(p) = n
		return true
	case fastString:
		if raw[0] != '"' {
			return false
		}
		text := raw[1 : len(raw)-1]
		if bytes.IndexByte(text, '\\') >= 0 {
			return false
		}
		if !s.afford(textSize(len(text))) {
			return false // and then it is a fault
		}
		*(*string)(p) = string(text)
		return true
	}
	return false
}

// offset gives where a field stands in a struct: fields of embedded structs are
// part of it, those behind embedded pointers are not.
func offset(t reflect.Type, index []int) (at uintptr, static bool) {
	for _, i := range index {
		if t.Kind() == reflect.Pointer {
			return 0, false
		}
		f := t.Field(i)
		at += f.Offset
		t = f.Type
	}
	return at, true
}
