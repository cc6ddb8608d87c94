package param

import (
	"reflect"
	"slices"
	"time"
)

// Secret reports whether the value of a parameter is, or may hold, what is never
// shown: one of format:"password", of a secret type or with one in it, or one that
// carries credentials.
func (b *Binder[R]) Secret(name string) bool {
	if slices.Contains(b.exempt, name) {
		return true
	}
	if i, ok := b.byName[name]; ok {
		return b.fields[i].secret || b.hides && b.mayHide(b.fields[i].Type)
	}
	return b.rest != nil && (b.rest.secret || b.hides && b.mayHide(b.rest.Type.Elem()))
}

// mayHide reports whether a type is secret, or has parts that may be.
func (b *Binder[R]) mayHide(t reflect.Type) bool {
	for range 8 {
		switch {
		case slices.Contains(b.secretTypes, t):
			return true
		case t.Kind() == reflect.Struct:
			return t != reflect.TypeFor[time.Time]()
		case !slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map}, t.Kind()):
			return false
		}
		t = t.Elem()
	}
	return true
}
