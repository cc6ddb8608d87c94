package fsa

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"unsafe"

	"github.com/fastsimpleauth/fsa/internal/flatjson"
	"github.com/fastsimpleauth/fsa/param"
)

// HeaderOut is a field of a handler's output that is answered as a header field,
// not as a part of the body:
//
//	type Stored struct {
//		ID       int           `json:"id"`
//		Location fsa.HeaderOut // Location
//		ETag     fsa.HeaderOut // ETag
//		Trace    fsa.HeaderOut `header:"X-Trace"`
//	}
//
// Its name is that of the tag header, else the field's, with dashes between words
// (LastModified is Last-Modified). An empty value leaves the header field out. A
// slice of HeaderOut is answered as one header field each. A value with a control
// character in it is a failure, and no answer. Header fields that are the
// framework's or the server's are refused when the application starts; [Response]
// lists them. For header fields of requests see [Header].
type HeaderOut string

// StatusOut is a field of a handler's output that is the status of the answer,
// from 200 to 399; 0 is the route's usual one. With 204, 205 or 304 there is no
// body, whatever else is in the output.
type StatusOut int

// outline is a struct that has fields of types HeaderOut or StatusOut. The rest
// of its fields is the body.
type outline struct {
	headers []headerField
	status  []int // index of the StatusOut, nil if there is none
	body    reflect.Type
	problem string
}

type headerField struct {
	name  string
	index []int
	many  bool
}

var (
	headerOut  = reflect.TypeFor[HeaderOut]()
	headersOut = reflect.TypeFor[[]HeaderOut]()
	statusOut  = reflect.TypeFor[StatusOut]()
)

// outlineOf takes a handler's output type apart, nil if all of it is body. A
// pointer to a struct is as the struct.
func outlineOf(t reflect.Type) *outline {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	o := &outline{}
	members := o.fields(t, nil)
	if len(o.headers) == 0 && o.status == nil {
		return nil
	}
	switch {
	case o.problem != "":
	case flatjson.Marshals(t):
		o.body = t // it says itself what its JSON is
	case members > 0:
		o.body, o.problem = bodyOf(t)
	}
	return o
}

// fields notes the fields of a struct, those of embedded structs too, and counts
// the ones that are of the body.
func (o *outline) fields(t reflect.Type, above []int) (members int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(above[:len(above):len(above)], i)
		switch {
		case !f.IsExported() && !f.Anonymous:
		case f.Type == statusOut:
			if o.status != nil {
				o.problem = "it has two fields of type fsa.StatusOut; keep one"
			}
			o.status = index
		case f.Type == headerOut || f.Type == headersOut:
			o.header(headerField{outName(f), index, f.Type == headersOut}, f.Name)
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			members += o.fields(f.Type, index)
		case f.Tag.Get("json") != "-":
			members++
		}
	}
	return members
}

// outName gives the name of the header field that a field of an output is.
func outName(f reflect.StructField) string {
	if name := f.Tag.Get("header"); name != "" {
		return http.CanonicalHeaderKey(name)
	}
	name := strings.ReplaceAll(param.Name(reflect.StructField{Name: f.Name}), "_", "-")
	if name == "e-tag" {
		name = "ETag" // it is one word
	}
	return http.CanonicalHeaderKey(name)
}

func (o *outline) header(f headerField, field string) {
	if reason := badField(f.name); reason != "" {
		o.problem = fmt.Sprintf("field %s: %s; leave it out, or name another by the tag header", field, reason)
	}
	for _, other := range o.headers {
		if other.name == f.name {
			o.problem = fmt.Sprintf("field %s: the header field %s is there twice; a field of type []fsa.HeaderOut may have several values", field, f.name)
		}
	}
	o.headers = append(o.headers, f)
}

// bodyOf makes the type of a struct that is laid out as t is, and whose JSON is
// that of t without the fields that are answered otherwise.
func bodyOf(t reflect.Type) (body reflect.Type, problem string) {
	fields := make([]reflect.StructField, t.NumField())
	for i := range fields {
		f := t.Field(i)
		apart := f.Type == headerOut || f.Type == headersOut || f.Type == statusOut
		fields[i] = reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag}
		switch {
		case apart:
			fields[i].Tag = `json:"-"`
		case f.Anonymous && f.Type.Kind() == reflect.Struct && !flatjson.Marshals(f.Type):
			if f.Tag.Get("json") == "" {
				fields[i].Tag = `json:",embed"`
			}
			if fields[i].Type, problem = bodyOf(f.Type); problem != "" {
				return nil, problem
			}
			fields[i].Name = fmt.Sprintf("Embedded%d", i)
		case f.Anonymous:
			return nil, fmt.Sprintf("field %s is embedded, and not a simple struct: give it a name", f.Name)
		case !f.IsExported():
			fields[i].Name, fields[i].Tag = fmt.Sprintf("Unexported%d", i), `json:"-"`
		}
	}
	return reflect.StructOf(fields), ""
}

// answer answers with a struct that has an outline.
func (o *outline) answer(c *call, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return errors.New("the output is a nil pointer, which has neither header nor status")
		}
		v = v.Elem()
	}
	var e envelope
	if o.status != nil {
		e.status = int(v.FieldByIndex(o.status).Int())
		if e.status != 0 && (e.status < 200 || e.status > 399) {
			return fmt.Errorf("fsa.StatusOut: %d is not the status of a success, from 200 to 399; errors are returned by the handler", e.status)
		}
	}
	for _, f := range o.headers {
		field, values := v.FieldByIndex(f.index), []string(nil)
		if f.many {
			for i := range field.Len() {
				values = append(values, field.Index(i).String())
			}
		} else if text := field.String(); text != "" {
			values = []string{text}
		}
		for _, value := range values {
			if err := badValue(f.name, value); err != nil {
				return fmt.Errorf("fsa.HeaderOut: %w", err)
			}
		}
		if len(values) > 0 {
			if e.header == nil {
				e.header = http.Header{}
			}
			e.header[f.name] = values
		}
	}
	if o.body == nil || hasNoBody(e.status) {
		return c.answerNothing(e)
	}
	// The body's type has the fields of v's type, of the same types and at the
	// same places; only their names and tags differ.
	return c.answerJSON(e, reflect.NewAt(o.body, unsafe.Pointer(v.UnsafeAddr())).Interface())
}
