package fsa

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa/internal/flatjson"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// answerOf makes the function that answers with a value of a handler's output
// type.
func answerOf[Out any]() func(*call, *Out) error {
	switch reflect.TypeFor[Out]() {
	case reflect.TypeFor[None]():
		return func(c *call, _ *Out) error { return c.answer(http.StatusNoContent, "", nil) }
	case reflect.TypeFor[string]():
		return func(c *call, out *Out) error {
			return c.answer(http.StatusOK, "text/plain; charset=utf-8", []byte(any(*out).(string)))
		}
	}
	if e, ok := flatjson.Compile[Out](); ok {
		return func(c *call, out *Out) error { return answerFlat(c, e, out) }
	}
	return answerJSON[Out]
}

// buffers are for the texts of answers.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// answerFlat answers with a simple struct, in the same bytes as answerJSON.
func answerFlat[Out any](c *call, e *flatjson.Encoder[Out], out *Out) error {
	b := buffers.Get().(*[]byte)
	*b = append(e.Append((*b)[:0], out), '\n')
	err := c.answer(http.StatusOK, "application/json", *b)
	clear(*b) // the next answer is somebody else's
	if cap(*b) <= keepText {
		buffers.Put(b)
	}
	return err
}

// keepText is the size of the largest buffer worth keeping for another answer.
const keepText = 64 << 10

// badOutput gives the reason why values of a type can't be answers.
func badOutput(t reflect.Type) string { return badAnswer(t, map[reflect.Type]bool{}) }

func badAnswer(t reflect.Type, seen map[reflect.Type]bool) string {
	if seen[t] || flatjson.Marshals(t) {
		return ""
	}
	seen[t] = true
	switch {
	case t.Kind() == reflect.Chan, t.Kind() == reflect.Func:
		return fmt.Sprintf("a %v can't be answered", t)
	case t.Implements(reflect.TypeFor[io.Reader]()):
		return fmt.Sprintf("%v is a stream, which is not supported yet", t)
	case t.Implements(reflect.TypeFor[error]()):
		return fmt.Sprintf("%v is an error, and would be answered as a success", t)
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return badAnswer(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("json") == "-" || !f.IsExported() && !f.Anonymous {
				continue
			}
			if reason := badAnswer(f.Type, seen); reason != "" {
				return fmt.Sprintf("field %s: %s", f.Name, reason)
			}
		}
	}
	return ""
}

// jsonOptions are those of all JSON answers. Maps are in the order of their
// names, so that the same answer is the same bytes; durations read as Go writes
// them; text that is not UTF-8 is mended, as encoding/json does.
var jsonOptions = json.JoinOptions(
	json.Deterministic(true),
	jsontext.AllowInvalidUTF8(true),
	json.WithMarshalers(json.MarshalToFunc(func(e *jsontext.Encoder, d time.Duration) error {
		return e.WriteToken(jsontext.String(d.String()))
	})),
)

// jsonBuffer is a JSON encoder with what it has written, out of a pool.
type jsonBuffer struct {
	jsontext.Encoder
	text bytes.Buffer
}

var jsonBuffers = sync.Pool{New: func() any { return new(jsonBuffer) }}

func (b *jsonBuffer) release() {
	if b.text.Cap() > keepText {
		return
	}
	clear(b.text.Bytes()) // the next answer is somebody else's
	jsonBuffers.Put(b)
}

// answerJSON encodes the whole value before anything is sent, so that one that
// can't be encoded is a failure, not half an answer.
func answerJSON[Out any](c *call, out *Out) error {
	b := jsonBuffers.Get().(*jsonBuffer)
	defer b.release()
	b.text.Reset()
	b.Reset(&b.text, jsonOptions)
	if err := json.MarshalEncode(&b.Encoder, out, jsonOptions); err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	return c.answer(http.StatusOK, "application/json", b.text.Bytes())
}

// answer gives a successful answer. status is the one if the route doesn't say.
func (c *call) answer(status int, contentType string, body []byte) error {
	if !c.decided {
		return errUndecided
	}
	if s := c.route.options.status; s != 0 {
		status = s
	}
	h := c.w.Header()
	if contentType != "" {
		c.values[0] = contentType
		h["Content-Type"] = c.values[0:1:1]
	}
	c.status = status
	c.prepare(h)
	c.delay()
	if status != http.StatusOK {
		c.w.WriteHeader(status)
	}
	if len(body) > 0 {
		c.w.Write(body) // a client that has gone is no failure of ours
	}
	return nil
}

// prepare sets the header fields that all answers have.
func (c *call) prepare(h http.Header) {
	s := c.h.app.settings
	c.values[1] = "nosniff"
	h["X-Content-Type-Options"] = c.values[1:2:2]
	if s.overTLS(c.req.HTTP) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	c.noStore(h)
	for _, f := range s.headers {
		h[f.name] = []string{f.value}
	}
	c.identify(h)
	if s.verbose {
		// As the documents write them, though names have no case.
		h["FSA-Request"] = []string{c.req.HTTP.Method + " " + c.req.HTTP.URL.EscapedPath()}
		h["FSA-User"] = []string{c.who()}
	}
}

// noStore keeps what somebody may see out of caches, unless the handler has said
// something about caching.
func (c *call) noStore(h http.Header) {
	if h["Cache-Control"] != nil {
		return
	}
	if id, _ := c.caller(); id != nil {
		c.values[2] = "no-store"
		h["Cache-Control"] = c.values[2:3:3]
	}
}

// identify decides whether the request is logged. If it is, or if it has an id
// already, the client is told the id.
func (c *call) identify(h http.Header) {
	if c.logged = c.logs(level(c.status)); c.logged {
		c.needRequestID()
	}
	if c.rare != nil && c.rare.requestID != "" {
		h["X-Request-Id"] = []string{c.rare.requestID}
	}
}

// delay sets the field that says, in development, how long the request took.
func (c *call) delay() {
	if c.h.app.settings.verbose {
		c.w.Header()["FSA-Delay"] = []string{strconv.FormatFloat(time.Since(c.req.Now).Seconds(), 'f', 6, 64)}
	}
}

// who tells who is calling by which scheme: None (None) if that was not asked,
// None (none) if nobody was found.
func (c *call) who() string {
	switch id, asked := c.caller(); {
	case id != nil:
		return id.Login + " (" + id.Scheme + ")"
	case asked:
		return "None (none)"
	}
	return "None (None)"
}
