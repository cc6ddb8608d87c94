package param

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
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

	// words marks types whose values are texts in JSON too, and number those
	// that are numbers.
	words, number bool

	// list converts a parameter that is given once for each element. It is
	// nil for types that are no lists.
	list func(s *sink, texts []string, v reflect.Value) bool

	// guarded marks types whose values are looked at once they are
	// converted. plain is the codec without what the type itself asks for.
	guarded bool
	plain   *codec

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

	// casts are the types whose texts the application converts itself.
	casts map[reflect.Type]Cast

	// secrets are the types whose values are never shown. hides is set if
	// anything in what was made is a secret.
	secrets []reflect.Type
	hides   *bool
}

func newCodecs(apart func(reflect.Type) bool, casts []Cast, secrets []reflect.Type) codecs {
	cs := codecs{made: map[reflect.Type]*codec{}, apart: apart, casts: map[reflect.Type]Cast{}, secrets: secrets, hides: new(bool)}
	for _, c := range casts {
		cs.casts[c.typ] = c
	}
	return cs
}

// single reports whether a struct type is one value, whose fields are not
// parameters.
func (cs codecs) single(t reflect.Type) bool {
	_, cast := cs.casts[t]
	return cast || cs.apart(t)
}

// secret reports whether the values of a type are never shown.
func (cs codecs) secret(t reflect.Type) bool {
	secret := slices.Contains(cs.secrets, t)
	*cs.hides = *cs.hides || secret
	return secret
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
	// What is built knows nothing of the guards, so that they are asked once,
	// however the value came.
	plain := new(codec)
	err := cs.build(plain, t)
	if err == nil {
		err = badValidate(t)
	}
	if err != nil {
		delete(cs.made, t)
		return nil, err
	}
	*c = *cs.guarded(plain, t)
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
	if cast, ok := cs.casts[t]; ok {
		cs.cast(c, cast)
		return nil
	}
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
		c.json, c.words = boolJSON, false
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		scalar(c, "an integer", intText)
		number(c, intText)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		scalar(c, "a non-negative integer", uintText)
		number(c, uintText)
	case reflect.Float32, reflect.Float64:
		scalar(c, "a number", floatText)
		number(c, floatText)
	case reflect.String:
		scalar(c, "a string", stringText)
	case reflect.Slice, reflect.Array:
		if isBytes(t) {
			base64Codec(c, t)
			return nil
		}
		return cs.list(c, t)
	case reflect.Map:
		return cs.mapping(c, t)
	case reflect.Struct:
		return cs.structure(c, t)
	case reflect.Pointer:
		return cs.pointer(c, t)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("%v is an interface with methods, and nothing tells which type to make; use a concrete type, give it a text form (fsa.Cast), or make it a special parameter (fsa.Special)", t)
		}
		anyValue(c)
	default:
		return fmt.Errorf("a %v cannot come from a request; give the type a method UnmarshalText or a cast (fsa.Cast), make it a special parameter (fsa.Special), or skip the field with the tag param:\"-\"", t)
	}
	return nil
}

// scalar makes c the codec of a type whose values are a short text, in JSON a
// string. set gives the reason when the text does not convert, "" when it does.
func scalar(c *codec, what string, set func(text string, v reflect.Value) (reason string)) {
	c.what, c.set, c.words = what, set, true
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

// typeName gives the name of a type, for clients: without those of the types that
// it is made of, whose packages are nobody's affair.
func typeName(t reflect.Type) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	return name
}

// notConverted is the reason for which the codec's own words stand.
const notConverted = "!"

// stringJSON reads a JSON string as the text it holds.
func stringJSON(c *codec, s *sink, d *jsontext.Decoder, v reflect.Value) bool {
	if d.PeekKind() != '"' || c.composite && (d.StackDepth() > 0 || s.whole) {
		return mismatch(c, s, d)
	}
	t, err := d.ReadToken()
	if err != nil {
		return broken(s, d)
	}
	text := t.String()
	return s.spend(textSize(len(text))) && c.text(s, text, v)
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

// number makes c, which reads text, the codec of numbers. A path without a number
// where one should be names nothing.
func number(c *codec, set func(string, reflect.Value) string) {
	c.json = numberJSON(c, set)
	c.number, c.words, c.strict = true, false, true
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
	c.what = "a valid " + typeName(t)
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
		if err := json2.Unmarshal(value, v.Addr().Interface(), duplicatesChecked); err != nil {
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
		c.json, c.words = readJSON, false
	}
}

// jsonText gives the text conversion of a type whose HTTP text is JSON.
func jsonText(c *codec) func(*sink, string, reflect.Value) bool {
	c.composite = true
	return func(s *sink, text string, v reflect.Value) bool {
		if !s.spend(len(text)) {
			return false
		}
		raw := []byte(text)
		reason, deep := checkJSON(raw)
		if deep {
			s.tooDeep()
			return false
		}
		if reason != "" {
			s.bad("is not valid JSON: "+reason, "")
			return false
		}
		return decodeJSON(c, s, raw, v)
	}
}

// checkJSON gives the reason why a text is no JSON, "" if it is; deep is set
// instead if it is nested too deep for anybody to look.
func checkJSON(raw []byte) (reason string, deep bool) {
	m, twice := look(raw)
	if m.deep {
		return "", true
	}
	d := borrowDecoder(raw)
	defer d.release()
	err := onlyValue(&d.Decoder)
	if err == nil {
		err = twice
	}
	if err != nil {
		return syntaxReason(err, raw), false
	}
	return "", false
}

// decodeJSON converts JSON text that is known to be well-formed.
func decodeJSON(c *codec, s *sink, raw []byte, v reflect.Value) bool {
	d := borrowDecoder(raw)
	if s.decoders == nil {
		s.decoders = s.few[:0]
	}
	s.decoders = append(s.decoders, &d.Decoder)
	defer func() {
		s.decoders = s.decoders[:len(s.decoders)-1]
		d.release()
	}()
	return c.json(s, &d.Decoder, v)
}
