package param

import (
	"reflect"
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
	fastString
)

// fastOf tells how a field of the type can be set.
func fastOf(t reflect.Type, c *codec) fast {
	if c == nil || c.set == nil || c.custom {
		return slow
	}
	switch t.Kind() {
	case reflect.Int:
		return fastInt
	case reflect.Int64:
		return fastInt64
	case reflect.String:
		return fastString
	}
	return slow
}

// set sets the field at p, which has the type that fastOf was asked about, if
// the text is plain. It reports whether it was.
func (f fast) set(p unsafe.Pointer, text string) bool {
	switch f {
	case fastInt:
		n, ok := shortDigits(text)
		if !ok || int64(int(n)) != n {
			return false
		}
		*(*int)(p) = int(n)
		return true
	case fastInt64:
		n, ok := shortDigits(text)
		if ok {
			*(*int64)(p) = n
		}
		return ok
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

// offset gives where a field stands in a struct: fields of embedded structs are
// part of it.
func offset(t reflect.Type, index []int) uintptr {
	var at uintptr
	for _, i := range index {
		f := t.Field(i)
		at += f.Offset
		t = f.Type
	}
	return at
}
