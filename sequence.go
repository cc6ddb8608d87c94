package fsa

import (
	"fmt"
	"net/http"
	"reflect"
	"sync"

	"github.com/fastsimpleauth/fsa/internal/flatjson"
	"github.com/go-json-experiment/json"
)

// sequence answers with an iter.Seq[T], or an iter.Seq2[T, error]: as a JSON
// array whose elements are sent as they come, or as server-sent events if T is
// [Event].
type sequence struct {
	elem   reflect.Type
	errs   bool              // it is an iter.Seq2
	flat   *flatjson.Pointer // nil if elements are not simple structs
	events bool
}

var eventType = reflect.TypeFor[Event]()

// isSequence reports whether a type is that of a sequence of values, or of values
// and errors.
func isSequence(t reflect.Type) (elem reflect.Type, errs, ok bool) {
	if t.Kind() != reflect.Func || t.NumIn() != 1 || t.NumOut() != 0 {
		return nil, false, false
	}
	yield := t.In(0)
	if yield.Kind() != reflect.Func || yield.NumOut() != 1 || yield.Out(0) != reflect.TypeFor[bool]() || yield.IsVariadic() {
		return nil, false, false
	}
	switch yield.NumIn() {
	case 1:
		return yield.In(0), false, true
	case 2:
		return yield.In(0), true, yield.In(1) == reflect.TypeFor[error]()
	}
	return nil, false, false
}

// sequenceOf gives what answers with sequences of a type; ok is false if it is
// none, or if its elements can't be answered.
func (h *handler) sequenceOf(t reflect.Type) (q *sequence, ok bool) {
	elem, errs, ok := isSequence(t)
	if !ok || elem != eventType && h.badPart(elem) != "" {
		return nil, false
	}
	q = &sequence{elem: elem, errs: errs, events: elem == eventType}
	if !h.converts(elem) {
		q.flat, _ = flatjson.CompileType(elem)
	}
	return q, true
}

// each calls take with each element of a sequence: with a pointer to it, whose
// value lasts until take returns. It ends when the sequence does, when take gives
// an error, or when the sequence does; the error is that.
//
// A sequence that gives its elements from several goroutines, or leaves one behind,
// is at fault; but what take writes to serves other requests after that, so each
// waits for it.
func (q *sequence) each(seq reflect.Value, take func(elem reflect.Value) error) (err error) {
	if seq.IsNil() {
		return nil // as a nil slice is an empty one
	}
	var mu sync.Mutex
	over := false
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	}()
	elem := reflect.New(q.elem)
	yes, no := []reflect.Value{reflect.ValueOf(true)}, []reflect.Value{reflect.ValueOf(false)}
	yield := reflect.MakeFunc(seq.Type().In(0), func(args []reflect.Value) []reflect.Value {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return no // whoever goes on asking
		}
		if q.errs && !args[1].IsNil() {
			err = args[1].Interface().(error)
		} else {
			elem.Elem().Set(args[0])
			err = take(elem)
		}
		if err != nil {
			over = true
			return no
		}
		return yes
	})
	seq.Call([]reflect.Value{yield})
	return err
}

// answer answers with a sequence.
func (q *sequence) answer(c *call, e envelope, seq reflect.Value) error {
	switch {
	case q.events:
		return q.answerEvents(c, &e, seq)
	case c.req.HTTP.Method == http.MethodHead:
		return c.answerHead(&e, jsonType)
	case c.settings().NoJSONStreaming:
		return q.collect(c, e, seq)
	}
	return q.stream(c, &e, seq)
}

// answerHead answers HEAD without looking at what GET would answer with.
func (c *call) answerHead(e *envelope, contentType string) error {
	s, err := c.newStream(e, contentType)
	if err == nil {
		err = c.ready(s.status)
	}
	if err == nil {
		s.begin()
	}
	return err
}

// elements encodes the elements of an array, one after the other.
type elements struct {
	q   *sequence
	b   *jsonBuffer
	o   json.Options
	raw []byte
	n   int // how many there have been
}

// next gives the text of the array from the end of the last element to the end
// of this one. It lasts until the next one.
func (a *elements) next(elem reflect.Value) ([]byte, error) {
	separator := byte(',')
	if a.n == 0 {
		separator = '['
	}
	a.n++
	a.raw = append(a.raw[:0], separator)
	if a.q.flat != nil {
		text, ok := a.q.flat.Append(a.raw, elem.UnsafePointer())
		if a.raw = text; ok {
			return text, nil
		}
		a.raw = append(a.raw[:0], separator)
	}
	a.b.text.Reset()
	if err := json.MarshalEncode(&a.b.Encoder, elem.Interface(), a.o); err != nil {
		return nil, fmt.Errorf("encoding element %d of the answer: %w", a.n, err)
	}
	text := a.b.text.Bytes()
	a.raw = append(a.raw, text[:len(text)-1]...) // a line break follows each value
	return a.raw, nil
}

// last gives the end of the array.
func (a *elements) last() []byte {
	if a.n == 0 {
		return []byte("[]\n")
	}
	return []byte("]\n")
}

// stream sends each element as it comes.
func (q *sequence) stream(c *call, e *envelope, seq reflect.Value) error {
	s, err := c.newStream(e, jsonType)
	if err != nil {
		return err
	}
	defer s.abandon()
	a := &elements{q: q, b: newJSON(c.route.h.json), o: c.route.h.json}
	defer a.b.release()
	err = q.each(seq, func(elem reflect.Value) error {
		text, err := a.next(elem)
		if err != nil {
			return err
		}
		return s.write(text, false)
	})
	if err == nil && a.n == 0 && c.Context.Err() == nil {
		return c.send(*e, http.StatusOK, jsonType, a.last())
	}
	if err == nil {
		err = s.write(a.last(), false) // unless the context has ended
	}
	return s.end(err)
}

// collect makes the whole array before anything is sent.
func (q *sequence) collect(c *call, e envelope, seq reflect.Value) error {
	a := &elements{q: q, b: newJSON(c.route.h.json), o: c.route.h.json}
	defer a.b.release()
	var all []byte
	err := q.each(seq, func(elem reflect.Value) error {
		text, err := a.next(elem)
		if err == nil {
			err = c.Context.Err()
		}
		all = append(all, text...)
		return err
	})
	if err == nil {
		err = c.Context.Err() // it may have stopped early
	}
	if err != nil {
		return err
	}
	return c.send(e, http.StatusOK, jsonType, append(all, a.last()...))
}
