package fsa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa/internal/grammar"
)

// moreHooks are the hooks around the handlers. Each kind is asked in the order of
// registration.
type moreHooks struct {
	beforeRequest []func(*http.Request) (*Response, error)
	beforeExec    []func(context.Context, *http.Request, Identity) (*Response, error)
	afterRequest  []func(http.Header, *http.Request, int)
	headerFuncs   []headerFunc
	errorResponse func(http.ResponseWriter, *http.Request, *Error)
	pathCheck     func(method, path string) error
}

type headerFunc struct {
	name  string
	value func(http.Header, *http.Request) string
}

// answers reports whether hooks look at answers before they are sent.
func (m *moreHooks) answers() bool { return len(m.afterRequest)+len(m.headerFuncs) > 0 }

// BeforeRequest adds a hook that is asked about every request that came in a
// secure way, before its route is looked for: also about those that no route will
// match. A response ends the request, without any authorization but the hook's: it
// counts as decided. So does an error, which is answered as one of a handler would
// be. Nil and nil let the request go on.
//
// The hook sees a copy of the request, and nothing that it does to the copy reaches
// the route or other hooks: what is authorized is what the client has sent. Its
// body can't be read, since no route has said yet how much of it is to be read.
// Nobody is authenticated. The request's context gives [RequestID].
//
// A hook should not decide by the path who may call a route; the route's rule
// does. The path here may have yet to be cleaned, in which case the request will go
// no further than a redirect.
func (a *App) BeforeRequest(hook func(*http.Request) (*Response, error)) {
	if a.hook("app.BeforeRequest", hook == nil, false, 1) {
		a.more.beforeRequest = append(a.more.beforeRequest, hook)
	}
}

// BeforeExec adds a hook that is asked after authorization, when the parameters
// are bound and right, before the handler runs. A response takes the place of the
// handler's; an error is answered as one of the handler would be. Nil and nil let
// the handler run.
//
// The context is the one that the handler gets. The identity is that of the caller,
// the zero one on an open route. The request is a copy, without its body: what
// the hook does to it does not reach the handler.
func (a *App) BeforeExec(hook func(ctx context.Context, r *http.Request, caller Identity) (*Response, error)) {
	if a.hook("app.BeforeExec", hook == nil, false, 1) {
		a.more.beforeExec = append(a.more.beforeExec, hook)
	}
}

// AfterRequest adds a hook that is called for every answer of the application,
// errors, redirects and answers to OPTIONS too, when its status and its header are
// complete and nothing has been sent. It may change the header. It can't change
// status or body; if it panics, or leaves a header field that is not valid, the
// answer is a failure instead.
//
// The request is a copy, without its body; its context gives [User] and
// [RequestID]. What middleware of [App.Use] answers by itself does not come here,
// nor a connection that a handler takes over.
func (a *App) AfterRequest(hook func(header http.Header, r *http.Request, status int)) {
	if a.hook("app.AfterRequest", hook == nil, false, 1) {
		a.more.afterRequest = append(a.more.afterRequest, hook)
	}
}

// AddHeaderFunc adds a header field whose value is made for each answer, by a
// function that sees the answer's header and the request (a copy, without its
// body). It replaces a field of that name; "" adds nothing. It is called when
// [App.AfterRequest] is, before those hooks. A panic, or a value with a control
// character, makes a failure of the answer.
func (a *App) AddHeaderFunc(name string, value func(header http.Header, r *http.Request) string) {
	twice := slices.ContainsFunc(a.more.headerFuncs, func(f headerFunc) bool { return f.name == http.CanonicalHeaderKey(name) })
	if !a.hook(fmt.Sprintf("app.AddHeaderFunc(%q)", name), value == nil, twice, 1) {
		return
	}
	if e := badHeader(name, ""); e != nil {
		e.Source = caller(1)
		a.faults = append(a.faults, e)
		return
	}
	a.more.headerFuncs = append(a.more.headerFuncs, headerFunc{http.CanonicalHeaderKey(name), value})
}

// badHeader gives what is wrong with a header field that all answers are to have,
// nil if nothing is.
func badHeader(name, value string) *ConfigError {
	if !grammar.IsToken(name) || hasControl(value) {
		return &ConfigError{Problem: fmt.Sprintf("%q is not a valid header field", name),
			Remedy: "a name has letters, digits and dashes, a value no line breaks"}
	}
	if problem := reserved(name); problem != "" {
		return &ConfigError{Problem: problem, Remedy: "remove it"}
	}
	return nil
}

// framing are the header fields that say where an answer ends, which nobody but
// the server knows.
var framing = []string{"Content-Length", "Transfer-Encoding", "Trailer"}

// badFields tells what in a header is no header field, "" if all are.
func badFields(h http.Header) string {
	for name, values := range h {
		if !grammar.IsToken(name) {
			return fmt.Sprintf("a header field of the name %q", oneLine(name, 100))
		}
		for _, v := range values {
			if hasControl(v) {
				return fmt.Sprintf("a control character in the header field %s", name)
			}
		}
	}
	return ""
}

// view gives a hook a copy of the request: nothing that it does to it has an
// effect. Its context is the call.
func (c *call) view() *http.Request {
	r := c.req.HTTP.Clone(c)
	r.Body, r.GetBody = noBody{}, nil
	if s := c.scratch; s != nil && s.direct {
		// No mux has taken the path apart.
		segments := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
		names, at := c.route.reg.pathNames(), c.route.reg.segments()
		for i, name := range names {
			if i < len(at) && at[i] < len(segments) {
				r.SetPathValue(name, segments[at[i]])
			}
		}
	}
	return r
}

// noBody is the body of a request that a hook sees. To look empty would be to
// lie: a signature of it would be one of nothing.
type noBody struct{}

var errNoBody = errors.New("a hook can't read the body of a request: let the handler have it, by fsa.Handle or its parameters")

func (noBody) Read([]byte) (int, error) { return 0, errNoBody }

func (noBody) Close() error { return nil }

var _ io.ReadCloser = noBody{}

// before asks the hooks of [App.BeforeRequest]. It reports whether the request has
// been answered; if not, next is the request that goes on.
func (h *handler) before(w http.ResponseWriter, r *http.Request) (next *http.Request, answered bool) {
	c := h.begin(w, r)
	asking := true
	defer func() {
		if asking { // and ended by runtime.Goexit
			c.exited(nil)
			c.end()
		}
	}()
	for _, hook := range h.app.more.beforeRequest {
		response, err := askBefore(hook, c.view())
		if response == nil && err == nil {
			continue
		}
		asking, c.running = false, true
		defer c.finish()
		c.decided = true
		if err == nil {
			err = c.respond(response)
		}
		if err != nil {
			c.fail(err)
		} else {
			c.conclude()
		}
		c.running = false
		return nil, true
	}
	asking = false
	if x := c.rare.Load(); x != nil {
		if id := x.requestID.Load(); id != nil {
			// A hook has asked for it, so that it has to stay what it is.
			r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, *id))
		}
	}
	return r, false
}

type requestIDKey struct{}

func askBefore(hook func(*http.Request) (*Response, error), r *http.Request) (response *Response, err error) {
	defer catch(&err)
	return hook(r)
}

// errAnswered says that a hook has answered in the handler's place.
var errAnswered = errors.New("a hook has answered")

// exec asks the hooks of [App.BeforeExec].
func (c *call) exec() error {
	id := Identity{}
	if found, _ := c.caller(); found != nil {
		id = *found
	}
	for _, hook := range c.route.h.app.more.beforeExec {
		response, err := askExec(hook, c, c.view(), id.Clone())
		if err == nil && response != nil {
			if err = c.respond(response); err == nil {
				err = errAnswered
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func askExec(hook func(context.Context, *http.Request, Identity) (*Response, error), c *call, r *http.Request, id Identity) (response *Response, err error) {
	defer catch(&err)
	return hook(c, r, id)
}
