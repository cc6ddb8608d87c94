package fsa

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/fastsimpleauth/fsa/internal/flatjson"
)

// answerOf makes the function that answers with a value of a handler's output
// type on a route.
func answerOf[Out any](rt *route) func(*call, *Out) error {
	switch reflect.TypeFor[Out]() {
	case reflect.TypeFor[None]():
		return func(c *call, _ *Out) error { return c.answer(http.StatusNoContent, "", nil) }
	case reflect.TypeFor[string]():
		return func(c *call, out *Out) error { return c.answerText(envelope{}, any(*out).(string)) }
	case reflect.TypeFor[[]byte]():
		return func(c *call, out *Out) error { return c.answerBytes(envelope{}, any(*out).([]byte)) }
	case reflect.TypeFor[HTML]():
		return func(c *call, out *Out) error { return c.answerHTML(envelope{}, any(*out).(HTML)) }
	case reflect.TypeFor[Response]():
		return func(c *call, out *Out) error { return c.respond(any(out).(*Response)) }
	case reflect.TypeFor[*Response]():
		return func(c *call, out *Out) error {
			if r := any(*out).(*Response); r != nil {
				return c.respond(r)
			}
			return c.answerNothing(envelope{})
		}
	case reflect.TypeFor[Content]():
		return func(c *call, out *Out) error {
			content := any(*out).(Content)
			defer content.close()
			return c.answerContent(envelope{}, content)
		}
	}
	t := reflect.TypeFor[Out]()
	switch {
	case t.Implements(reflect.TypeFor[io.Reader]()):
		return func(c *call, out *Out) error {
			r, _ := any(*out).(io.Reader)
			if closer, ok := r.(io.Closer); ok {
				defer closer.Close()
			}
			return c.answerReader(envelope{}, r)
		}
	case t.Kind() == reflect.Interface:
		return func(c *call, out *Out) error { return c.answerInterface(any(*out)) }
	}
	if q, ok := rt.h.sequenceOf(t); ok {
		return func(c *call, out *Out) error { return q.answer(c, envelope{}, reflect.ValueOf(out).Elem()) }
	}
	if o := outlineOf(t); o != nil {
		return func(c *call, out *Out) error { return o.answer(c, reflect.ValueOf(out).Elem()) }
	}
	if e, ok := flatjson.Compile[Out](); ok && !rt.h.converts(t) {
		return func(c *call, out *Out) error { return answerFlat(c, e, out) }
	}
	return func(c *call, out *Out) error { return c.answerJSON(envelope{}, out) }
}

// answerInterface answers with what is in a handler's output of an interface
// type.
func (c *call) answerInterface(out any) error {
	switch out := out.(type) {
	case nil:
		return c.answerJSON(envelope{}, nil)
	case Response:
		return c.respond(&out)
	case *Response:
		if out == nil {
			return c.answerNothing(envelope{})
		}
		return c.respond(out)
	case None, *None:
		return c.answerNothing(envelope{})
	}
	return c.respond(&Response{Body: out})
}

// answerFlat answers with a simple struct, in the same bytes as answerJSON.
func answerFlat[Out any](c *call, e *flatjson.Encoder[Out], out *Out) error {
	text, ok := e.Append(c.text[:0], out)
	c.text = append(text, '\n')
	if !ok {
		return c.answerJSON(envelope{}, out) // which says what is wrong
	}
	return c.answer(http.StatusOK, jsonType, c.text)
}

// keepText is the size of the largest buffer worth keeping for another answer.
const keepText = 64 << 10

// answer gives a successful answer that is ready as a whole. status is the one if
// the route doesn't say.
func (c *call) answer(status int, contentType string, body []byte) error {
	if s := c.route.options.status; s != 0 {
		status = s
	}
	if err := c.ready(status); err != nil {
		return err
	}
	c.head(status, contentType, nil)
	c.body(body)
	return nil
}

// send gives an answer that is ready as a whole, with what its handler has said
// about it. usual is its status if nobody says.
func (c *call) send(e envelope, usual int, contentType string, body []byte) error {
	status, err := e.settle(c, usual)
	if err != nil {
		return err
	}
	if hasNoBody(status) {
		if len(body) > 0 {
			return fmt.Errorf("an answer of status %d has no body, but the handler gives one", status)
		}
		contentType, body = "", nil
	}
	if err := c.ready(status); err != nil {
		return err
	}
	c.head(status, contentType, &e)
	c.body(body)
	return nil
}

// ready is between what has been prepared, which could fail, and its first byte.
// No answer passes it for which nothing has been decided. That of a stream passes
// it before its last byte, as what it is made of may need special parameters.
func (c *call) ready(status int) error {
	if !c.decided {
		return errUndecided
	}
	if c.route.provides {
		// A transaction that can't be committed is no success.
		return c.releaseAnswered(status)
	}
	return nil
}

// head sets the header of a successful answer, and sends it with the first byte
// of the body. e is what the handler has said, nil if nothing.
func (c *call) head(status int, contentType string, e *envelope) {
	h := c.w.Header()
	c.status = status
	own := e != nil && e.header != nil
	if own || len(h) > 0 {
		c.headAmong(h, contentType, e, own)
	} else {
		// As nearly always: nobody has said anything yet, so that nothing is
		// looked up.
		if contentType != "" {
			c.typed(h, contentType)
		}
		c.usual(h, false, false)
		if !harmless(contentType) {
			protect(h)
		}
	}
	if c.route.cookie != nil && status < 400 {
		c.carry(h)
	}
	c.delay()
	if status != http.StatusOK {
		c.w.WriteHeader(status)
	}
}

// headAmong sets the header fields of an answer for which the handler or middleware
// has set others.
func (c *call) headAmong(h http.Header, contentType string, e *envelope, own bool) {
	if contentType != "" {
		c.typed(h, contentType)
	}
	if own {
		e.put(h)
	}
	said := h["Cache-Control"] != nil
	if own && !said && e.header["Set-Cookie"] != nil {
		h["Cache-Control"] = []string{"no-store"} // the cookie is for this client alone
		said = true
	}
	c.prepare(h, said)
	if own {
		for _, f := range c.settings().headers {
			if v := e.header[f.name]; v != nil {
				h[f.name] = v // who answers knows better than the configuration
			}
		}
	}
	protect(h)
}

// typed sets the type of an answer.
func (c *call) typed(h http.Header, contentType string) {
	c.values[0] = contentType
	h["Content-Type"] = c.values[0:1:1]
}

// body sends a body, or leaves it away as HEAD asks.
func (c *call) body(body []byte) {
	if len(body) > 0 {
		c.w.Write(body) // a client that has gone is no failure of ours
	}
}

// prepare sets the header fields that all answers have. said says that something
// has been said about caching.
func (c *call) prepare(h http.Header, said bool) {
	c.usual(h, said, h["Referrer-Policy"] != nil)
}

// usual is prepare where it is known too whether a Referrer-Policy has been set.
func (c *call) usual(h http.Header, said, referrer bool) {
	s := c.settings()
	c.values[1] = "nosniff"
	h["X-Content-Type-Options"] = c.values[1:2:2]
	if s.overTLS(c.req.HTTP) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if !referrer {
		c.values[3] = "strict-origin-when-cross-origin"
		h["Referrer-Policy"] = c.values[3:4:4]
	}
	if !said {
		c.setNoStore(h)
	}
	c.vary(h)
	for _, f := range s.headers {
		h[f.name] = []string{f.value}
	}
	c.identify(h)
	c.expose(h)
}

// expose sets the fields that say, in development, what was asked for and by
// whom.
func (c *call) expose(h http.Header) {
	if c.settings().verbose {
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
	c.setNoStore(h)
}

func (c *call) setNoStore(h http.Header) {
	if id, _ := c.caller(); id == nil {
		return
	}
	c.values[2] = "no-store"
	h["Cache-Control"] = c.values[2:3:3]
}

// identify decides whether the request is logged. If it is, or if it has an id
// already (it brought one, the handler asked for one), the client is told the id.
func (c *call) identify(h http.Header) {
	if c.logged = c.logs(level(c.status)); c.logged || c.settings().broughtID(c.req.HTTP) != "" {
		c.needRequestID()
	}
	if x := c.rare.Load(); x != nil {
		if id := x.requestID.Load(); id != nil {
			h["X-Request-Id"] = []string{*id}
		}
	}
}

// delay sets the field that says, in development, how long the request took.
func (c *call) delay() {
	if c.settings().verbose {
		c.w.Header()["FSA-Delay"] = []string{strconv.FormatFloat(time.Since(c.req.Now).Seconds(), 'f', 6, 64)}
	}
}

// who tells who is calling by which scheme: None (None) if that was not asked,
// None (none) if nobody was found.
func (c *call) who() string {
	switch id, asked := c.caller(); {
	case id != nil:
		return oneLine(id.Login, maxLoggedLogin) + " (" + id.Scheme + ")"
	case asked:
		return "None (none)"
	}
	return "None (None)"
}
