package param

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/fastsimpleauth/fsa/internal/jsondepth"
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
	text func(s *sink, text string, v reflect.Value) bool
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
type codecs struct {
	made map[reflect.Type]*codec

	// apart reports whether values of a type never come from a parameter's
	// value: those of special parameters. Inside another value, or behind a
	// pointer, a client would set them.
	apart func(reflect.Type) bool
}

var (
	textUnmarshaler   = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler   = reflect.TypeFor[json.Unmarshaler]()
	jsonUnmarshalerV2 = reflect.TypeFor[json2.UnmarshalerFrom]()
)

// of gives the codec of a type, or an error that says why there is none.
func (cs codecs) of(t reflect.Type) (*codec, error) {
	if c, ok := cs.made[t]; ok {
		return c, nil
	}
	if cs.apart(t) {
		return nil, fmt.Errorf("a %v does not come from the parameter's value, so that it can't be a part of one; make it a field of the input type itself", t)
	}
	c := &codec{text: unfinishedText, json: unfinishedJSON}
	cs.made[t] = c
	if err := cs.build(c, t); err != nil {
		delete(cs.made, t)
		return nil, err
	}
	return c, nil
}

// A codec that is not finished is asked for a default inside the very type that
// is being made; such a default would hold itself for ever.
func unfinishedText(s *sink, _ string, _ reflect.Value) bool {
	s.bad("holds itself", "")
	return false
}

func unfinishedJSON(s *sink, d *jsontext.Decoder, _ reflect.Value) bool {
	s.bad("holds itself", "")
	return d.SkipValue() != nil
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
		if t.Elem() == reflect.TypeFor[byte]() {
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
	c.text = func(s *sink, text string, v reflect.Value) bool {
		reason := set(text, v)
		if reason == "" {
			return true
		}
		if reason == notConverted {
			reason = "is not " + what
		}
		s.bad(reason, text)
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
	if d.PeekKind() != '"' || c.composite && d.StackDepth() > 0 {
		return mismatch(c, s, d)
	}
	t, err := d.ReadToken()
	if err != nil {
		return broken(s, d)
	}
	return c.text(s, t.String(), v)
}

// mismatch skips a JSON value of a kind that does not fit, and says so.
func mismatch(c *codec, s *sink, d *jsontext.Decoder) bool {
	null := d.PeekKind() == 'n'
	value, err := d.ReadValue()
	if err != nil {
		return broken(s, d)
	}
	if null {
		s.bad("must not be null", "")
	} else {
		s.bad("is not "+c.what, shownJSON(c, value))
	}
	return false
}

// shownJSON gives what a fault shows of a JSON value. There may be secrets in
// what should have been an object, so of that it is nothing.
func shownJSON(c *codec, value jsontext.Value) string {
	if c.composite || len(value) > 100 {
		return ""
	}
	return string(value)
}

// broken is for JSON text that was checked and still cannot be read, which
// does not happen; it is a fault of the request rather than a panic.
func broken(s *sink, d *jsontext.Decoder) bool {
	s.bad("cannot be read", "")
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
			s.bad(reason, text)
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
	raw := t == reflect.TypeFor[json.RawMessage]() || t == reflect.TypeFor[jsontext.Value]()
	readJSON := func(s *sink, d *jsontext.Decoder, v reflect.Value) bool {
		if d.PeekKind() == 'n' && !raw {
			return mismatch(c, s, d) // most types take null for "leave it as it is"
		}
		value, err := d.ReadValue()
		if err != nil {
			return broken(s, d)
		}
		if err := json2.Unmarshal(value, v.Addr().Interface()); err != nil {
			s.bad("is not "+c.what, shownJSON(c, value))
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
func jsonText(c *codec) func(*sink, string, reflect.Value) bool {
	c.composite = true
	return func(s *sink, text string, v reflect.Value) bool {
		raw := []byte(text)
		if jsondepth.Exceeds(raw, maxDepth) {
			s.bad(fmt.Sprintf("is nested deeper than %d levels", maxDepth), "")
			return false
		}
		if reason := checkJSON(raw); reason != "" {
			s.bad("is not valid JSON: "+reason, "")
			return false
		}
		return decodeJSON(c, s, raw, v)
	}
}

func checkJSON(raw []byte) (reason string) {
	d := borrowDecoder(raw)
	defer d.release()
	if err := onlyValue(&d.Decoder); err != nil {
		return syntaxReason(err, raw)
	}
	return ""
}

// decodeJSON converts JSON text that is known to be well-formed.
func decodeJSON(c *codec, s *sink, raw []byte, v reflect.Value) bool {
	d := borrowDecoder(raw)
	if s.decoders == nil {
		s.decoders = s.few[:0]
	}
	s.decoders = append(s.decoders, &d.Decoder)
	s.read += len(raw)
	defer func() {
		s.decoders = s.decoders[:len(s.decoders)-1]
		d.release()
	}()
	return c.json(s, &d.Decoder, v)
}
