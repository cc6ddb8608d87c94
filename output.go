package fsa

import (
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/fastsimpleauth/fsa/internal/flatjson"
)

// whole lists the output types that are an answer by themselves, and never a part
// of another one.
var whole = []reflect.Type{
	reflect.TypeFor[None](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[HTML](),
	reflect.TypeFor[Response](), reflect.TypeFor[*Response](), reflect.TypeFor[Content](),
}

// badOutput gives the reason why values of a type can't be answers.
func (h *handler) badOutput(t reflect.Type) string {
	for _, w := range whole {
		if t == w {
			return ""
		}
	}
	if t == reflect.TypeFor[*Content]() || t == reflect.TypeFor[*HTML]() {
		return fmt.Sprintf("a %v can't be answered; give the %v", t, t.Elem())
	}
	if t.Implements(reflect.TypeFor[io.Reader]()) {
		return ""
	}
	if elem, errs, ok := isSequence(t); ok {
		if elem == eventType {
			return ""
		}
		return h.badPart(elem)
	} else if errs {
		return fmt.Sprintf("%v is a sequence of pairs; the second of an iter.Seq2 is an error", t)
	}
	if o := outlineOf(t); o != nil && o.problem != "" {
		return o.problem
	}
	return h.badAnswer(t, map[reflect.Type]bool{}, true)
}

// badPart gives the reason why values of a type can't be parts of a JSON answer.
func (h *handler) badPart(t reflect.Type) string {
	return h.badAnswer(t, map[reflect.Type]bool{}, false)
}

// badAnswer looks through a type. top says that it is the output itself.
func (h *handler) badAnswer(t reflect.Type, seen map[reflect.Type]bool, top bool) string {
	if seen[t] || flatjson.Marshals(t) || h.app.converterOf(t) != nil {
		return ""
	}
	seen[t] = true
	switch {
	case t.Implements(reflect.TypeFor[error]()):
		return fmt.Sprintf("%v is an error, and would be answered as a success; return it as the error", t)
	case t == eventType:
		return fmt.Sprintf("%v is an answer by itself in a sequence alone; return an iter.Seq[%v]", t, t)
	case t == reflect.TypeFor[Response](), t == reflect.TypeFor[Content](), t == reflect.TypeFor[HTML]():
		return fmt.Sprintf("%v is an answer by itself, not a part of one; return it alone", t)
	case t == headerOut, t == statusOut:
		return fmt.Sprintf("%v is for fields of the output itself; move it there", t)
	case t.Implements(reflect.TypeFor[io.Reader]()):
		return fmt.Sprintf("%v is a stream, which is an answer by itself, not a part of one; return it alone", t)
	case t.Kind() == reflect.Func, t.Kind() == reflect.Chan, t.Kind() == reflect.UnsafePointer,
		t.Kind() == reflect.Complex64, t.Kind() == reflect.Complex128:
		if _, _, ok := isSequence(t); ok {
			return fmt.Sprintf("%v is a sequence, which is an answer by itself, not a part of one; use a slice", t)
		}
		if h.app.settings.JSONAllStr && stringer(t) {
			return ""
		}
		return fmt.Sprintf("a %v can't be answered", t)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return h.badAnswer(t.Elem(), seen, top)
	case reflect.Slice, reflect.Array, reflect.Map:
		return h.badAnswer(t.Elem(), seen, false)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("json") == "-" || !f.IsExported() && !f.Anonymous {
				continue
			}
			if top && (f.Type == headerOut || f.Type == headersOut || f.Type == statusOut) {
				continue
			}
			if reason := h.badAnswer(f.Type, seen, top && f.Anonymous); reason != "" {
				return fmt.Sprintf("field %s: %s", f.Name, reason)
			}
		}
	}
	return ""
}

// shape is what is known of a route's answers before there are any.
type shape struct {
	status      int    // the usual one, 0 if the handler says
	contentType string // "" if there is none, or the handler says
	bodiless    bool   // there is never a body
	own         bool   // the answers have statuses of their own, which fsa.Status is not to change
}

// shapeOf tells what is known of the answers of an output type.
func (h *handler) shapeOf(t reflect.Type) shape {
	text := h.app.settings.DefaultContentType
	orText := func(def string) string {
		if text != "" {
			return text
		}
		return def
	}
	switch t {
	case reflect.TypeFor[None]():
		return shape{status: http.StatusNoContent, bodiless: true}
	case reflect.TypeFor[string]():
		return shape{status: http.StatusOK, contentType: orText(plainType)}
	case reflect.TypeFor[[]byte]():
		return shape{status: http.StatusOK, contentType: orText(octets)}
	case reflect.TypeFor[HTML]():
		return shape{status: http.StatusOK, contentType: htmlType}
	case reflect.TypeFor[Response](), reflect.TypeFor[*Response]():
		return shape{}
	case reflect.TypeFor[Content]():
		return shape{own: true}
	}
	if t.Implements(reflect.TypeFor[io.Reader]()) {
		return shape{status: http.StatusOK, contentType: octets}
	}
	if elem, _, ok := isSequence(t); ok && elem == eventType {
		return shape{status: http.StatusOK, contentType: eventsType}
	}
	s := shape{status: http.StatusOK, contentType: jsonType}
	if t.Kind() == reflect.Interface {
		return shape{}
	}
	if o := outlineOf(t); o != nil {
		if o.body == nil {
			s = shape{status: http.StatusNoContent, bodiless: true}
		}
		if o.status != nil {
			s.status = 0
		}
	}
	return s
}

const (
	plainType = "text/plain; charset=utf-8"
	jsonType  = "application/json"
)

// responds reports whether an output type is a Response, which may say whether it
// has a body.
func responds(t reflect.Type) bool {
	return t == reflect.TypeFor[Response]() || t == reflect.TypeFor[*Response]()
}
