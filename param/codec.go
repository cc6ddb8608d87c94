package param

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	json2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// codec converts the values of one type.
//
// Both functions tell the sink what is wrong and then return false; what they
// have written to v by then is of no use to anybody. The JSON one consumes
// exactly one value in either case, so that its caller goes on with the next;
// the text it reads is known to be well-formed.
type codec struct {
	what string // the type, in the words of a fault: "an integer"
	text func(s *sink, at jsontext.Pointer, text string, v reflect.Value) bool
	json func(s *sink, d *jsontext.Decoder, v reflect.Value) bool

	// set is text without the words, for a first try: "" if text converts.
	// It is nil for types that are no scalars.
	set func(text string, v reflect.Value) (reason string)

	// custom marks types that convert in a way of their own, not as their
	// kind would.
	custom bool

	// composite marks types whose text is JSON. In JSON, a string with such
	// text stands for a parameter as a whole, not for values inside it.
	composite bool

	// elem is the codec of a slice's elements. A slice takes a parameter
	// that is given several times.
	elem *codec

	// strict marks types for which a path that does not convert names
	// nothing: 404 rather than 400.
	strict bool
}

// codecs makes codecs, one for each type, also for types that hold themselves.
type codecs map[reflect.Type]*codec

var (
	textUnmarshaler   = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler   = reflect.TypeFor[json.Unmarshaler]()
	jsonUnmarshalerV2 = reflect.TypeFor[json2.UnmarshalerFrom]()
)

// of gives the codec of a type, or an error that says why there is none.
func (cs codecs) of(t reflect.Type) (*codec, error) {
	if c, ok := cs[t]; ok {
		return c, nil
	}
	c := new(codec)
	cs[t] = c
	if err := cs.build(c, t); err != nil {
		delete(cs, t)
		return nil, err
	}
	return c, nil
}

func (cs codecs) build(c *codec, t reflect.Type) error {
	c.custom = true
	switch t {
	case reflect.TypeFor[time.Time]():
		scalar(c, "a time such as 2006-01-02T15:04:05Z", timeText)
		return nil
	case reflect.TypeFor[time.Duration]():
		scalar(c, "a duration such as 1h30m", durationText)
		return nil
	case reflect.TypeFor[Date]():
		scalar(c, "a date of the form YYYY-MM-DD", dateText)
		return nil
	case reflect.TypeFor[JSON]():
		anyJSON(c)
		return nil
	}
	p := reflect.PointerTo(t)
	isText := p.Implements(textUnmarshaler)
	isJSON := p.Implements(jsonUnmarshaler) || p.Implements(jsonUnmarshalerV2)
	if isText || isJSON {
		unmarshaler(c, t, isText, isJSON)
		return nil
	}
	c.custom = false
	switch t.Kind() {
	case reflect.Bool:
		scalar(c, "a boolean", boolText)
		c.json = boolJSON
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		scalar(c, "an integer", intText)
		c.json = numberJSON(c, intText)
		c.strict = true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		scalar(c, "a non-negative integer", uintText)
		c.json = numberJSON(c, uintText)
		c.strict = true
	case reflect.Float32, reflect.Float64:
		scalar(c, "a number", floatText)
		c.json = numberJSON(c, floatText)
		c.strict = true
	case reflect.String:
		scalar(c, "a string", stringText)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			scalar(c, "base64", bytesText)
			return nil
		}
		return cs.slice(c, t)
	case reflect.Map:
		return cs.mapping(c, t)
	case reflect.Struct:
		return cs.structure(c, t)
	case reflect.Pointer:
		return cs.pointer(c, t)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("%v is an interface with methods, and nothing tells which type to make; use a concrete type", t)
		}
		anyValue(c)
	case reflect.Array:
		return fmt.Errorf("%v is an array; use a slice, or give the type a method UnmarshalText", t)
	default:
		return fmt.Errorf("a %v cannot come from a request; give the type a method UnmarshalText, or skip the field with the tag param:\"-\"", t)
	}
	return nil
}

// scalar makes c the codec of a type whose values are a short text, in JSON a
// string. set gives the reason when the text does not convert, "" when it does.
func scalar(c *codec, what string, set func(text string, v reflect.Value) (reason string)) {
	c.what = what
	c.set = set
	c.text = func(s *sink, at jsontext.Pointer, text string, v reflect.Value) bool {
		reason := set(text, v)
		if reason == "" {
			return true
		}
		if reason == notConverted {
			reason = "is not " + what
		}
		s.bad(at, reason, text)
		return false
	}
	c.json = func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		return stringJSON(c, s, d, v)
	}
}

// notConverted is the reason for which the codec's own words stand.
const notConverted = "!"

// stringJSON reads a JSON string as the text it holds.
func stringJSON(c *codec, s *sink, d *jsontext.Decoder, v reflect.Value) bool {
	if d.PeekKind() != '"' || c.composite && d.StackPointer() != "" {
		return mismatch(c, s, d)
	}
	t, err := d.ReadToken()
	if err != nil {
		return broken(s, d)
	}
	return c.text(s, d.StackPointer(), t.String(), v)
}

// mismatch skips a JSON value of a kind that does not fit, and says so.
func mismatch(c *codec, s *sink, d *jsontext.Decoder) bool {
	null := d.PeekKind() == 'n'
	value, err := d.ReadValue()
	if err != nil {
		return broken(s, d)
	}
	if null {
		s.bad(d.StackPointer(), "must not be null", "")
	} else {
		s.bad(d.StackPointer(), "is not "+c.what, string(value[:min(len(value), 100)]))
	}
	return false
}

// broken is for JSON text that was checked and still cannot be read, which
// does not happen; it is a fault of the request rather than a panic.
func broken(s *sink, d *jsontext.Decoder) bool {
	s.bad(d.StackPointer(), "cannot be read", "")
	return false
}

// numberJSON reads a JSON number by its text, or a string that holds one.
func numberJSON(c *codec, set func(string, reflect.Value) string) func(*sink, *jsontext.Decoder, reflect.Value) bool {
	return func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		switch d.PeekKind() {
		case '0':
			value, err := d.ReadValue()
			if err != nil {
				return broken(s, d)
			}
			text := string(value)
			reason := set(text, v)
			if reason == "" {
				return true
			}
			if reason == notConverted {
				reason = "is not " + c.what
			}
			s.bad(d.StackPointer(), reason, text)
			return false
		case '"':
			return stringJSON(c, s, d, v)
		}
		return mismatch(c, s, d)
	}
}

func boolJSON(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
	switch d.PeekKind() {
	case 't', 'f':
		t, err := d.ReadToken()
		if err != nil {
			return broken(s, d)
		}
		v.SetBool(t.Bool())
		return true
	}
	return mismatch(&codec{what: "a boolean"}, s, d)
}

// unmarshaler makes c the codec of a type that reads itself: text by
// UnmarshalText, JSON by UnmarshalJSON. If it has only one of these, a JSON
// string goes to the former, and HTTP text is JSON for the latter.
func unmarshaler(c *codec, t reflect.Type, isText, isJSON bool) {
	c.what = "a valid " + t.Name()
	c.strict = isText && t.Kind() == reflect.Array && t.Elem().Kind() == reflect.Uint8 // a UUID
	readJSON := func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		value, err := d.ReadValue()
		if err != nil {
			return broken(s, d)
		}
		if err := json2.Unmarshal(value, v.Addr().Interface()); err != nil {
			s.bad(d.StackPointer(), "is not "+c.what, string(value[:min(len(value), 100)]))
			return false
		}
		return true
	}
	if isText {
		scalar(c, c.what, func(text string, v reflect.Value) string {
			if reason := checkText(text); reason != "" {
				return reason
			}
			if v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) != nil {
				return notConverted
			}
			return ""
		})
	} else {
		c.text = jsonText(c)
	}
	if isJSON {
		c.json = readJSON
	}
}

// jsonText gives the text conversion of a type whose HTTP text is JSON.
func jsonText(c *codec) func(*sink, jsontext.Pointer, string, reflect.Value) bool {
	c.composite = true
	return func(s *sink, at jsontext.Pointer, text string, v reflect.Value) bool {
		raw := []byte(text)
		if !shallow(raw) {
			s.bad(at, fmt.Sprintf("is nested deeper than %d levels", maxDepth), "")
			return false
		}
		if reason := checkJSON(raw); reason != "" {
			s.bad(at, "is not valid JSON: "+reason, text)
			return false
		}
		base := s.base
		s.base = base + at
		defer func() { s.base = base }()
		return decodeJSON(c, s, raw, v)
	}
}

func checkJSON(raw []byte) (reason string) {
	d := borrowDecoder(raw)
	defer d.release()
	if err := onlyValue(&d.Decoder); err != nil {
		return syntaxReason(err)
	}
	return ""
}

// decodeJSON converts JSON text that is known to be well-formed.
func decodeJSON(c *codec, s *sink, raw []byte, v reflect.Value) bool {
	d := borrowDecoder(raw)
	defer d.release()
	return c.json(s, &d.Decoder, v)
}
