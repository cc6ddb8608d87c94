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
	login  string
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
	r.login = login
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

// Do sends the request.
func (r *Request) Do() *Response {
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
	if r.login != "" {
		req = req.WithContext(testlogin.With(req.Context(), r.login))
	}
	w := httptest.NewRecorder()
	r.client.h.ServeHTTP(w, req)
	res := &Response{t: r.client.t, Status: w.Code, Header: http.Header{}, Body: w.Body.Bytes()}
	for name, values := range w.Result().Header {
		// As a client reads them: names have no case.
		for _, v := range values {
			res.Header.Add(name, v)
		}
	}
	if r.method == http.MethodHead {
		res.Body = nil // as a server does
	}
	return res
}

// Expect sends the request and reports an error if the answer has another
// status.
func (r *Request) Expect(status int) *Response {
	r.client.t.Helper()
	res := r.Do()
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

// Contains reports an error if the body does not have the text.
func (r *Response) Contains(text string) *Response {
	r.t.Helper()
	if !strings.Contains(string(r.Body), text) {
		r.t.Errorf("the answer does not have %q; it is: %s", text, r.Body)
	}
	return r
}
