package fsatest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/internal/testlogin"
)

// Client sends requests to an application. It keeps nothing between them.
type Client struct {
	t testing.TB
	h http.Handler
}

// New makes a client of the application. It ends the test if the application
// has faults.
func New(t testing.TB, app *fsa.App) *Client {
	t.Helper()
	h, err := app.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return &Client{t, h}
}

// Get begins a GET request of a path, which may have a query.
func (c *Client) Get(path string) *Request { return c.Request(http.MethodGet, path) }

// Head begins a HEAD request.
func (c *Client) Head(path string) *Request { return c.Request(http.MethodHead, path) }

// Post begins a POST request.
func (c *Client) Post(path string) *Request { return c.Request(http.MethodPost, path) }

// Put begins a PUT request.
func (c *Client) Put(path string) *Request { return c.Request(http.MethodPut, path) }

// Patch begins a PATCH request.
func (c *Client) Patch(path string) *Request { return c.Request(http.MethodPatch, path) }

// Delete begins a DELETE request.
func (c *Client) Delete(path string) *Request { return c.Request(http.MethodDelete, path) }

// Options begins an OPTIONS request.
func (c *Client) Options(path string) *Request { return c.Request(http.MethodOptions, path) }

// Request begins a request of any method.
func (c *Client) Request(method, path string) *Request {
	return &Request{client: c, method: method, path: path, query: url.Values{}, header: http.Header{}}
}

// Request is a request that is being put together. Its methods return it.
type Request struct {
	client *Client
	method string
	path   string
	query  url.Values
	header http.Header
	host   string
	body   []byte
	as     fsa.Identity
	fresh  bool // it has just logged in
	form   url.Values
}

// Query adds parameters to the query: names and values in turn.
func (r *Request) Query(pairs ...string) *Request {
	r.client.t.Helper()
	r.client.pairs(pairs, r.query.Add)
	return r
}

// Form adds parameters to a form in the body: names and values in turn.
func (r *Request) Form(pairs ...string) *Request {
	r.client.t.Helper()
	if r.form == nil {
		r.form = url.Values{}
	}
	r.client.pairs(pairs, r.form.Add)
	return r.Body("application/x-www-form-urlencoded", r.form.Encode())
}

// JSON makes the body the JSON form of v, as encoding/json gives it.
func (r *Request) JSON(v any) *Request {
	r.client.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		r.client.t.Fatalf("fsatest: the body has no JSON form: %v", err)
	}
	return r.Body("application/json", string(b))
}

// Body sets the body and its Content-Type, which may be empty.
func (r *Request) Body(contentType, body string) *Request {
	r.body = []byte(body)
	if contentType != "" {
		r.header.Set("Content-Type", contentType)
	}
	return r
}

// Header adds header fields: names and values in turn.
func (r *Request) Header(pairs ...string) *Request {
	r.client.t.Helper()
	r.client.pairs(pairs, func(name, value string) {
		if strings.EqualFold(name, "Host") {
			r.host = value
		} else {
			r.header.Add(name, value)
		}
	})
	return r
}

// Basic authenticates by login and password (RFC 7617).
func (r *Request) Basic(login, password string) *Request {
	req := http.Request{Header: r.header}
	req.SetBasicAuth(login, password)
	return r
}

// Bearer authenticates by a token (RFC 6750).
func (r *Request) Bearer(token string) *Request {
	r.header.Set("Authorization", "Bearer "+token)
	return r
}

// As lets the request be the user's, as if they had proved it. The scheme of
// the identity is "test". It is the last scheme that is tried, on every route;
// the application's Admit hook is asked as after any other.
func (r *Request) As(login string) *Request {
	r.as, r.fresh = fsa.Identity{Login: login}, true
	return r
}

// AsIdentity is [Request.As] for who has logged in some time ago (AuthTime, zero if
// nobody knows), by some factors (Factors), or may do only some things (Scopes). The
// scheme and the realm of id do not count.
func (r *Request) AsIdentity(id fsa.Identity) *Request {
	r.as, r.fresh = id, false
	return r
}

func (c *Client) pairs(pairs []string, add func(name, value string)) {
	c.t.Helper()
	if len(pairs)%2 != 0 {
		c.t.Fatalf("fsatest: %q is not names and values in turn", pairs)
	}
	for i := 0; i < len(pairs); i += 2 {
		add(pairs[i], pairs[i+1])
	}
}

// request makes the request.
func (r *Request) request() *http.Request {
	r.client.t.Helper()
	target := r.path
	if !strings.HasPrefix(target, "/") {
		r.client.t.Fatalf("fsatest: the path %q does not begin with a slash", r.path)
	}
	if len(r.query) > 0 {
		sep := "?"
		if strings.Contains(target, "?") {
			sep = "&"
		}
		target += sep + r.query.Encode()
	}
	req := httptest.NewRequest(r.method, target, bytes.NewReader(r.body))
	req.RemoteAddr = "127.0.0.1:40000"
	req.Header = r.header
	if r.host != "" {
		req.Host = r.host
	}
	switch {
	case r.fresh:
		req = req.WithContext(testlogin.With(req.Context(), r.as.Login))
	case r.as.Login != "":
		req = req.WithContext(testlogin.WithIdentity(req.Context(), r.as))
	}
	return req
}

// Do sends the request, and waits for the end of the answer. One that has no end
// of its own is had by [Request.Stream].
func (r *Request) Do() *Response {
	r.client.t.Helper()
	w := &recorder{ResponseRecorder: httptest.NewRecorder()}
	aborted := w.serve(r.client.h, r.request())
	res := &Response{t: r.client.t, Status: w.Code, Header: asRead(w.Result().Header), Body: w.Body.Bytes(), Aborted: aborted}
	if aborted && !w.begun {
		res.Status = 0
	}
	if r.method == http.MethodHead {
		res.Body = nil // as a server does
	}
	return res
}

// recorder notes whether an answer has begun.
type recorder struct {
	*httptest.ResponseRecorder
	begun bool
}

func (w *recorder) WriteHeader(status int) {
	w.begun = w.begun || status >= 200
	w.ResponseRecorder.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseRecorder.Write(b)
}

// Flush sends the header, as a server does.
func (w *recorder) Flush() {
	w.begun = true
	w.ResponseRecorder.Flush()
}

// serve runs a handler, and reports whether it has ended the connection.
func (w *recorder) serve(h http.Handler, req *http.Request) (aborted bool) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			aborted = true
		} else if p != nil {
			panic(p)
		}
	}()
	h.ServeHTTP(w, req)
	return false
}

// asRead gives a header as a client reads it: names have no case.
func asRead(sent http.Header) http.Header {
	read := http.Header{}
	for name, values := range sent {
		for _, v := range values {
			read.Add(name, v)
		}
	}
	return read
}

// Expect sends the request and reports an error if the answer has another
// status, or if its connection is ended before it is complete.
func (r *Request) Expect(status int) *Response {
	r.client.t.Helper()
	return r.expect(status, false)
}

// ExpectAborted sends the request and reports an error if the answer has another
// status, or is complete: its connection is to be ended before. Status 0 is that of
// an answer that has not begun.
func (r *Request) ExpectAborted(status int) *Response {
	r.client.t.Helper()
	return r.expect(status, true)
}

func (r *Request) expect(status int, aborted bool) *Response {
	r.client.t.Helper()
	res := r.Do()
	switch {
	case res.Aborted && !aborted:
		r.client.t.Errorf("%s %s: the connection is ended before the answer is complete; there is: %s", r.method, r.path, res.Text())
	case !res.Aborted && aborted:
		r.client.t.Errorf("%s %s: the answer is complete; it is: %s", r.method, r.path, res.Text())
	}
	if res.Status != status {
		r.client.t.Errorf("%s %s: status %d, want %d; the answer is: %s", r.method, r.path, res.Status, status, res.Text())
	}
	return res
}

// Response is an answer.
type Response struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   []byte

	// Aborted says that the connection was ended before the answer was
	// complete, as a stream does that fails.
	Aborted bool
}

// Text gives the body as a string.
func (r *Response) Text() string { return string(r.Body) }

// JSON stores the body, which must be JSON, in *v.
func (r *Response) JSON(v any) *Response {
	r.t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		r.t.Errorf("the answer is not the expected JSON: %v; it is: %s", err, r.Body)
	}
	return r
}

// Events gives the server-sent events of the answer.
func (r *Response) Events() []fsa.Event {
	r.t.Helper()
	if t := r.Header.Get("Content-Type"); t != "text/event-stream" {
		r.t.Errorf("the answer is not of server-sent events, but %s", t)
	}
	var all []fsa.Event
	for p := newEventReader(bytes.NewReader(r.Body)); ; {
		ev, err := p.next()
		if err != nil {
			return all
		}
		all = append(all, ev)
	}
}

// Contains reports an error if the body does not have the text.
func (r *Response) Contains(text string) *Response {
	r.t.Helper()
	if !strings.Contains(string(r.Body), text) {
		r.t.Errorf("the answer does not have %q; it is: %s", text, r.Body)
	}
	return r
}
