package param

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// isBytes reports whether values of a type are bytes, whose text is base64, as
// in encoding/json; arrays of them too, as in its second version.
func isBytes(t reflect.Type) bool {
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem() == reflect.TypeFor[byte]() &&
		!reflect.PointerTo(t).Implements(textUnmarshaler)
}

func base64Codec(c *codec, t reflect.Type) {
	if t.Kind() == reflect.Slice {
		scalar(c, "base64", bytesText)
		return
	}
	scalar(c, fmt.Sprintf("base64 of %s", plural(t.Len(), "byte")), arrayText)
}

func bytesText(s string, v reflect.Value) string {
	b, ok := decodeBase64(s)
	if !ok {
		return notConverted
	}
	v.SetBytes(b)
	return ""
}

func arrayText(s string, v reflect.Value) string {
	if len(s) != base64.StdEncoding.EncodedLen(v.Len()) {
		return notConverted
	}
	b, ok := decodeBase64(s)
	if !ok || len(b) != v.Len() {
		return notConverted
	}
	reflect.Copy(v, reflect.ValueOf(b))
	return ""
}

// decodeBase64 reads base64 in the one way in which it is written: with padding,
// without line breaks (which the standard library passes over).
func decodeBase64(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil
}

// list makes c the codec of a slice or an array.
func (cs codecs) list(c *codec, t reflect.Type) error {
	elem, err := cs.of(t.Elem())
	if err != nil {
		return err
	}
	for e := t.Elem(); e.Kind() == reflect.Slice || e.Kind() == reflect.Array || e.Kind() == reflect.Pointer; e = e.Elem() {
		if e == t {
			return fmt.Errorf("%v is a list of itself; a text would be a list of a list of it, without end", t)
		}
	}
	listOf(c, elem, t)
	return nil
}

// listOf makes c the codec of the slice or array t from that of its elements.
func listOf(c, elem *codec, t reflect.Type) {
	c.what, c.composite = "a list", true
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		switch d.PeekKind() {
		case '"':
			return stringJSON(c, s, d, v)
		case '[':
			return listJSON(elem, t, s, d, v)
		}
		return mismatch(c, s, d)
	}
	c.list = func(s *sink, texts []string, v reflect.Value) bool { return repeated(elem, t, s, texts, v) }
	c.text = func(s *sink, text string, v reflect.Value) bool {
		trimmed := strings.TrimSpace(text)
		if !strings.HasPrefix(trimmed, "[") {
			return c.list(s, []string{text}, v)
		}
		if !s.spend(len(trimmed)) {
			return false
		}
		raw := []byte(trimmed)
		switch reason, deep := checkJSON(raw); {
		case deep:
			s.tooDeep()
			return false
		case reason != "":
			return c.list(s, []string{text}, v)
		}
		return decodeJSON(c, s, raw, v)
	}
}

// room makes room for n elements: in a slice, or in an array that has just as
// many.
func room(t reflect.Type, s *sink, n int, v reflect.Value) (list reflect.Value, ok bool) {
	if t.Kind() == reflect.Array {
		if n != t.Len() {
			s.bad(fmt.Sprintf("must have %s, not %d", plural(t.Len(), "element"), n), "")
			return list, false
		}
		return v, true
	}
	if !s.spend(n * int(t.Elem().Size())) {
		return list, false
	}
	return reflect.MakeSlice(t, n, n), true
}

// listJSON reads a list. Its elements are counted first, so that they are where
// they belong at once, and refused before they take memory.
func listJSON(elem *codec, t reflect.Type, s *sink, d *jsontext.Decoder, v reflect.Value) bool {
	n := 0
	if _, err := d.ReadToken(); err != nil {
		return broken(s, d)
	}
	if d.PeekKind() != ']' {
		n = elements(d.UnreadBuffer())
	}
	list, ok := room(t, s, n, v)
	for i := 0; d.PeekKind() != ']'; i++ {
		before := d.InputOffset()
		if i < n && list.IsValid() && !s.poor {
			ok = elem.json(s, d, list.Index(i)) && ok
		} else {
			ok = skip(s, d)
		}
		if d.InputOffset() == before {
			return false
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return broken(s, d)
	}
	if ok && t.Kind() == reflect.Slice {
		v.Set(list)
	}
	return ok
}

// repeated converts a parameter that is given once for each element of a list.
func repeated(elem *codec, t reflect.Type, s *sink, texts []string, v reflect.Value) bool {
	list, ok := room(t, s, len(texts), v)
	if !ok {
		return false
	}
	for i, text := range texts {
		if len(texts) > 1 {
			s.index = i + 1
		}
		ok = elem.text(s, text, list.Index(i)) && ok
	}
	s.index = 0
	if ok && t.Kind() == reflect.Slice {
		v.Set(list)
	}
	return ok
}
