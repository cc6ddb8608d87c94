package fsa

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa/internal/flatjson"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JSONConverter says how values of a type are answered in JSON, wherever they
// stand in an answer: as the value that convert gives for them.
//
//	fsa.JSONConverter(app, func(m Money) any { return m.String() })
//
// It is for types of other packages that have no JSON form, or the wrong one; a
// type of one's own is better given a method MarshalJSON or MarshalText, which it
// takes everywhere. T may be an interface: then it holds for the types that have
// its methods and no converter of their own. What convert gives must not be of a
// type that has a converter again; what is inside of it may.
//
// The names of a map are converted too, and must become text. A converter is called by
// requests at the same time; if it panics, the answer is a failure.
func JSONConverter[T any](a *App, convert func(T) any) {
	t := reflect.TypeFor[T]()
	name := fmt.Sprintf("fsa.JSONConverter[%v]", t)
	if !a.hook(name, convert == nil, slices.ContainsFunc(a.converters, func(o *converter) bool { return o.typ == t }), 1) {
		return
	}
	if t.Kind() == reflect.Pointer && t.Name() != "" || t == reflect.TypeFor[any]() {
		a.faults = append(a.faults, &ConfigError{Source: caller(1), Problem: name + " is for no type of its own",
			Remedy: "give the type that is to be converted"})
		return
	}
	c := &converter{typ: t}
	c.marshal = json.MarshalToFunc(func(e *jsontext.Encoder, v T) error {
		out := convert(v)
		if again := a.converterOf(reflect.TypeOf(out)); again != nil {
			return fmt.Errorf("the converter of %v gives a %T, which has one too (of %v)", t, out, again.typ)
		}
		return json.MarshalEncode(e, out)
	})
	a.converters = append(a.converters, c)
}

// converter is a conversion for values of a type.
type converter struct {
	typ     reflect.Type
	marshal *json.Marshalers
}

// converterOf gives the converter that a value of the type gets, nil if none.
func (a *App) converterOf(t reflect.Type) *converter {
	if t == nil {
		return nil
	}
	for _, c := range a.converters {
		switch {
		case c.typ == t, t.Kind() == reflect.Pointer && c.typ == t.Elem():
			return c
		case c.typ.Kind() == reflect.Interface && (t.Implements(c.typ) || reflect.PointerTo(t).Implements(c.typ)):
			return c
		case c.typ.Kind() == reflect.Pointer && c.typ.Elem() == t: // the encoder takes the address
			return c
		}
	}
	return nil
}

// converts reports whether values of a type, or fields of a struct of that type,
// have a say in their JSON that only the application knows. It is for the
// encoder of simple structs, whose fields have no parts.
func (h *handler) converts(t reflect.Type) bool {
	convert := func(t reflect.Type) bool {
		return h.app.converterOf(t) != nil || h.app.settings.JSONAllStr && stringer(t)
	}
	if convert(t) {
		return true
	}
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			if convert(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// stringer reports whether FSA_JSON_ALLSTR gives the values of a type, which is no
// pointer and does not say what its JSON is, as text.
func stringer(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[fmt.Stringer]())
}

// durations reads as Go writes them.
var durations = json.MarshalToFunc(func(e *jsontext.Encoder, d time.Duration) error {
	return e.WriteToken(jsontext.String(d.String()))
})

// allStrings gives as text what has a method String, and none of those that say
// what its JSON is.
var allStrings = json.MarshalToFunc(func(e *jsontext.Encoder, v fmt.Stringer) error {
	if flatjson.Says(reflect.TypeOf(v)) {
		return errors.ErrUnsupported
	}
	return e.WriteToken(jsontext.String(v.String()))
})

// jsonOptions are those of all JSON answers of an application. Maps are in the
// order of their names, so that the same answer is the same bytes; text that is
// not UTF-8 is mended, as encoding/json does.
func (a *App) jsonOptions() json.Options {
	var exact, by []*json.Marshalers
	for _, c := range a.converters {
		if c.typ.Kind() == reflect.Interface {
			by = append(by, c.marshal)
		} else {
			exact = append(exact, c.marshal)
		}
	}
	all := append(append(exact, durations), by...)
	if a.settings.JSONAllStr {
		all = append(all, allStrings)
	}
	return json.JoinOptions(json.Deterministic(true), jsontext.AllowInvalidUTF8(true), json.WithMarshalers(json.JoinMarshalers(all...)))
}

// jsonBuffer is a JSON encoder with what it has written, out of a pool.
type jsonBuffer struct {
	jsontext.Encoder
	text bytes.Buffer
}

var jsonBuffers = sync.Pool{New: func() any { return new(jsonBuffer) }}

// newJSON gives an empty buffer. It must be released.
func newJSON(o json.Options) *jsonBuffer {
	b := jsonBuffers.Get().(*jsonBuffer)
	b.text.Reset()
	b.Reset(&b.text, o)
	return b
}

func (b *jsonBuffer) release() {
	if b.text.Cap() > keepText {
		return
	}
	clear(b.text.Bytes()) // the next answer is somebody else's
	jsonBuffers.Put(b)
}

// answerJSON encodes the whole value before anything is sent, so that one that
// can't be encoded is a failure, not half an answer.
func (c *call) answerJSON(e envelope, v any) error {
	o := c.route.h.json
	b := newJSON(o)
	defer b.release()
	if err := json.MarshalEncode(&b.Encoder, v, o); err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	return c.send(e, http.StatusOK, jsonType, b.text.Bytes())
}
