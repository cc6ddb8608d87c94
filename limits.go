package fsa

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
)

// limits are what a route says about its requests besides their size.
type limits struct {
	timeout   time.Duration // 0 is the server's
	maxHeader int           // 0 is the server's
	encoded   bool          // the handler decodes bodies itself
}

// Timeout is how long a request of the route may take. When it is over, the context
// of the handler and of its hooks ends, and what they return then is answered by
// 503 (unless they say what by [Errorf]). A handler that goes on regardless has
// 5 s more to send its answer; then the connection is closed. A request whose body
// has not come by then is 408.
//
// It takes the place of the server's times: of the 15 s and 30 s of [App.Run], so
// that a route can ask for more, or for less. On a prefix it is the default of its
// routes.
//
// The status is 503, as that of [http.TimeoutHandler]: the server could not do it
// in time. 504 is for a gateway whose upstream has not answered (RFC 9110,
// 15.6.5), and 408 for a client that has not sent its request in time.
func Timeout(d time.Duration) Option {
	return func(o *options) {
		if o.timeout = d; d <= 0 {
			o.timeout = -1
		}
	}
}

// MaxHeader is the size limit of a request's header fields, in bytes of their names
// and values and 4 for each: 431 beyond it. The server has read the fields by then,
// under its own limit (32 KiB with [App.Run]), so this can only be less. On a prefix
// it is the default of its routes.
func MaxHeader(bytes int) Option {
	return func(o *options) {
		if o.maxHeader = bytes; bytes <= 0 {
			o.maxHeader = -1
		}
	}
}

// InsecureEncodedBody lets a route's handler have request bodies that are
// compressed (Content-Encoding), as they came: without it, they are refused by 415.
// [MaxBody] limits what comes over the wire; what a small body grows to when it
// is decoded (a thousand times its size, or more) is the handler's to bound. It is
// for handlers of [Handle] and those that take the [*http.Request].
func InsecureEncodedBody() Option { return func(o *options) { o.encoded = true } }

// orThose gives the limits with those of a prefix where there are none.
func (l limits) orThose(of limits) limits {
	if l.timeout == 0 {
		l.timeout = of.timeout
	}
	if l.maxHeader == 0 {
		l.maxHeader = of.maxHeader
	}
	return l
}

// limits checks the limits of a route.
func (c *compiler) limits(rt *route) {
	o := &rt.options
	if o.timeout < 0 {
		c.fault(rt, "fsa.Timeout is not a time to do anything in", "give a positive duration, or leave it out for the server's")
	}
	if o.maxHeader < 0 {
		c.fault(rt, "fsa.MaxHeader leaves no room for a header", "give a number of bytes, or leave it out for the server's")
	}
	if o.encoded && !rt.reg.takesRequest() {
		c.fault(rt, "fsa.InsecureEncodedBody is for handlers that decode the body themselves, and this one can't read it",
			"remove it, or take a *http.Request")
	}
	rt.bounded, rt.deaf = o.timeout > 0 || o.maxHeader > 0, new(sync.Once)
}

// takesRequest reports whether a handler can read the body by itself.
func (e *registration) takesRequest() bool {
	t := e.in
	if t == nil {
		return true
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for i := range t.NumField() {
		if t.Field(i).Type == reflect.TypeFor[*http.Request]() {
			return true
		}
	}
	return false
}

// slack is for how long after the end of a request's time its answer may be sent.
const slack = 5 * time.Second

const tookTooLong = "the request took too long"

// bound begins the time of a request, if the route has one of its own.
func (rt *route) bound(w http.ResponseWriter, r *http.Request) (*http.Request, context.CancelFunc) {
	if rt.options.timeout <= 0 {
		return r, func() {}
	}
	end := time.Now().Add(rt.options.timeout)
	ctx, cancel := context.WithDeadline(r.Context(), end)
	rt.extend(w, r, end.Add(slack))
	return r.WithContext(ctx), cancel
}

// extend moves the ends of the connection's times. net/http ends the context of a
// request when its time for reading is over, even if all has been read.
func (rt *route) extend(w http.ResponseWriter, r *http.Request, end time.Time) {
	connection := http.NewResponseController(w)
	err := connection.SetReadDeadline(end)
	if err == nil {
		err = connection.SetWriteDeadline(end)
	}
	if err != nil && r.Context().Value(http.ServerContextKey) != nil {
		rt.deaf.Do(func() {
			rt.h.app.settings.logger.Warn("fsa.Timeout can't change the times of the server: some middleware hides the connection",
				"route", rt.reg.path, "source", rt.reg.source, "error", err, "remedy", "give its http.ResponseWriter a method Unwrap")
		})
	}
}

// header gives the refusal of a request whose header is too large, nil if it is
// not.
func (l *limits) header(r *http.Request) error {
	if l.maxHeader <= 0 {
		return nil
	}
	size := len("Host: \r\n") + len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	if size <= l.maxHeader {
		return nil
	}
	return httperr.Errorf(http.StatusRequestHeaderFieldsTooLarge, "the header fields of the request have more than %d bytes", l.maxHeader)
}

// body gives the refusal of a body that the handler would read itself, before any
// of it is read; nil if it may.
func (l *limits) body(r *http.Request, most int64) error {
	if r.ContentLength == 0 {
		return nil
	}
	if r.ContentLength > most {
		return httperr.Errorf(http.StatusRequestEntityTooLarge, "the request body is larger than %d bytes", most)
	}
	if l.encoded {
		return nil
	}
	encoded := func(coding string) bool { return !strings.EqualFold(coding, "identity") }
	if slices.ContainsFunc(r.Header["Content-Encoding"], encoded) ||
		slices.ContainsFunc(r.TransferEncoding, func(coding string) bool { return coding != "chunked" && encoded(coding) }) {
		return errEncoded
	}
	return nil
}

var errEncoded = httperr.Errorf(http.StatusUnsupportedMediaType, "encoded request bodies are not accepted; send the body without Content-Encoding").
	WithHeader("Accept-Encoding", "identity")
