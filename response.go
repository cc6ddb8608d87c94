package fsa

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/internal/grammar"
	"github.com/fastsimpleauth/fsa/internal/redirect"
)

// Response is an answer whose status and header fields the handler chooses:
//
//	return fsa.Response{Status: 202, Header: http.Header{"Location": {"/jobs/7"}}, Body: job}, nil
//
// It is the output of handlers, and what hooks answer with. Its zero value is an
// answer without a body: 204.
type Response struct {
	// Status is from 200 to 599. Default: that of the route ([Status]), else
	// 204 without a body, 303 of a redirect, 200. An error is better returned
	// as one, by [Errorf]: it has the form that FSA_ERROR_RESPONSE says.
	Status int

	// Header holds header fields of the answer. They take the place of those
	// that all answers have (FSA_ADD_HEADERS, Referrer-Policy, Cache-Control).
	// A value with a control character in it is a failure, as is a field
	// that is the framework's or the server's: Connection, Content-Length,
	// Date, Keep-Alive, Proxy-Connection, Trailer, Transfer-Encoding, Upgrade,
	// X-Content-Type-Options, X-Request-Id. Where Location redirects (status
	// 301, 302, 303, 307, 308) it must be a path of this host, unless
	// [RedirectTo] has made the Response.
	Header http.Header

	// Body is nothing (nil), a string (text/plain, or FSA_DEFAULT_CONTENT_TYPE),
	// bytes (application/octet-stream, or FSA_DEFAULT_CONTENT_TYPE), [HTML],
	// [Content], an [io.Reader] (application/octet-stream), or a sequence
	// (iter.Seq, iter.Seq2), all as the output of a handler is; any other
	// value is answered as JSON. A Content-Type in Header replaces these
	// types. An [io.Closer] is closed, whatever becomes of the answer.
	Body any

	redirects bool // it has been made by Redirect or its kin
	elsewhere bool // and to another host
}

// envelope is what is said of an answer besides its body. Its zero value leaves
// all to the framework.
type envelope struct {
	status    int         // 0 if it has not been said
	header    http.Header // names are canonical, and all has been checked
	redirects bool
	elsewhere bool
}

// redirection reports whether a client that gets the status goes to Location by
// itself.
func redirection(status int) bool {
	return status == http.StatusMovedPermanently || status == http.StatusFound || status == http.StatusSeeOther ||
		status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect
}

// hasNoBody reports whether answers of the status end with their header (RFC 9110,
// 15.3.5, 15.3.6, 15.4.5).
func hasNoBody(status int) bool {
	return status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// notTheirs lists the header fields that no handler sets in a typed answer: those
// that say where an answer ends, which the server knows alone, and those whose
// value the framework promises.
var notTheirs = []string{"Connection", "Content-Length", "Date", "Keep-Alive", "Proxy-Connection", "Trailer", "Transfer-Encoding", "Upgrade",
	"X-Content-Type-Options", "X-Request-Id"}

// badField gives the reason why a handler can't set a header field; "" if it can.
func badField(name string) string {
	switch {
	case !grammar.IsToken(name):
		return fmt.Sprintf("%q is not the name of a header field", oneLine(name, 100))
	case slices.Contains(notTheirs, http.CanonicalHeaderKey(name)):
		return fmt.Sprintf("the header field %s is the server's or the framework's to set", http.CanonicalHeaderKey(name))
	}
	return ""
}

// badValue gives the reason why a text can't be the value of a header field. The
// server would make spaces of control characters, and what was meant to be one
// value might still be read as two; so nothing is sent.
func badValue(name, value string) error {
	if hasControl(value) {
		return fmt.Errorf("the value of the header field %s holds a control character", name)
	}
	return nil
}

// envelope checks what a Response says besides its body.
func (r *Response) envelope() (e envelope, err error) {
	if r.Status != 0 && (r.Status < 200 || r.Status > 599) {
		return e, fmt.Errorf("fsa.Response: %d is not a status, which is from 200 to 599", r.Status)
	}
	if hasNoBody(r.Status) && r.Body != nil {
		return e, fmt.Errorf("fsa.Response: an answer of status %d has no body, and this has a %T", r.Status, r.Body)
	}
	e = envelope{status: r.Status, redirects: r.redirects, elsewhere: r.elsewhere}
	if len(r.Header) == 0 {
		return e, nil
	}
	e.header = make(http.Header, len(r.Header))
	for name, values := range r.Header {
		if reason := badField(name); reason != "" {
			return e, errors.New("fsa.Response: " + reason)
		}
		for _, v := range values {
			if err := badValue(name, v); err != nil {
				return e, fmt.Errorf("fsa.Response: %w", err)
			}
		}
		name = http.CanonicalHeaderKey(name)
		e.header[name] = append(e.header[name], values...) // a copy: more may be added
	}
	return e, nil
}

// settle gives the status of an answer, and an error if it can't be given with
// its Location: a target that a client has chosen must not lead to another host
// unawares. S60.
func (e *envelope) settle(c *call, usual int) (status int, err error) {
	switch {
	case e.status != 0:
		status = e.status
	case c.route.options.status != 0:
		status = c.route.options.status
	case e.redirects:
		status = http.StatusSeeOther
	default:
		status = usual
	}
	locations := e.header["Location"]
	if !redirection(status) || len(locations) == 0 {
		if e.redirects && !redirection(status) {
			return 0, fmt.Errorf("status %d does not redirect: use 301, 302, 303, 307 or 308", status)
		}
		return status, nil
	}
	if len(locations) > 1 {
		return 0, errors.New("the answer redirects to two places")
	}
	if e.elsewhere {
		return status, nil
	}
	local, ok := redirect.Local(locations[0])
	if !ok {
		return 0, fmt.Errorf("the answer redirects to %q, which is not a path of this host: use fsa.RedirectTo", locations[0])
	}
	e.header["Location"] = []string{local}
	return status, nil
}

// respond answers with a Response, of a handler or of a hook. The caller has seen
// to it that the request is decided.
func (c *call) respond(r *Response) error {
	if closer, ok := r.Body.(io.Closer); ok {
		defer closer.Close()
	}
	if content, ok := r.Body.(Content); ok {
		defer content.close()
	}
	e, err := r.envelope()
	if err != nil {
		return err
	}
	if e.status == http.StatusUnauthorized {
		c.challenge(&e)
	}
	return c.answerAny(e, r.Body)
}

// challenge lets a Response that is a 401 tell how to log in, as every 401 does.
func (c *call) challenge(e *envelope) {
	challenges := c.challenges()
	if len(challenges) == 0 || e.header["Www-Authenticate"] != nil {
		return
	}
	if e.header == nil {
		e.header = http.Header{}
	}
	e.header["Www-Authenticate"] = slices.Clone(challenges)
}

// answerAny answers with a value whose type is known only now. Who called it
// closes the value.
func (c *call) answerAny(e envelope, body any) error {
	switch body := body.(type) {
	case nil:
		return c.answerNothing(e)
	case string:
		return c.answerText(e, body)
	case []byte:
		return c.answerBytes(e, body)
	case HTML:
		return c.answerHTML(e, body)
	case Content:
		return c.answerContent(e, body)
	case io.Reader:
		return c.answerReader(e, body)
	}
	t := reflect.TypeOf(body)
	if q, ok := c.route.h.sequenceOf(t); ok {
		return q.answer(c, e, reflect.ValueOf(body))
	}
	if reason := c.route.h.badOutput(t); reason != "" {
		return fmt.Errorf("the answer's body: %s", reason)
	}
	return c.answerJSON(e, body)
}

// answerNothing answers without a body.
func (c *call) answerNothing(e envelope) error {
	return c.send(e, http.StatusNoContent, "", nil)
}

// answerText answers with a string.
func (c *call) answerText(e envelope, text string) error {
	contentType := plainType
	if own := c.settings().DefaultContentType; own != "" {
		contentType = own
	}
	return c.send(e, http.StatusOK, contentType, []byte(text))
}

// answerBytes answers with bytes of which nothing is known.
func (c *call) answerBytes(e envelope, bytes []byte) error {
	contentType := octets
	if own := c.settings().DefaultContentType; own != "" {
		contentType = own
	}
	return c.send(e, http.StatusOK, contentType, bytes)
}

// octets is the type of what is just bytes. Browsers store it; since all answers
// forbid them to sniff, they never take it for a page.
const octets = "application/octet-stream"

// put puts the handler's own header fields into the answer's. Those of which an
// answer may have several are added to what middleware has set.
func (e *envelope) put(h http.Header) {
	for name, values := range e.header {
		if name == "Set-Cookie" || name == "Vary" || name == "Link" {
			h[name] = append(slices.Clip(h[name]), values...)
		} else {
			h[name] = values
		}
	}
}

// mediaType gives a media type without its parameters.
func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}
