package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// newExample makes an application that anybody may call, for the examples of
// answers.
func newExample() *fsa.App {
	return fsa.New("acme", fsa.Config{Auth: []string{"none"}, Logger: slog.New(slog.DiscardHandler)})
}

// show prints what GET of a path is answered with: the status, some header fields
// and the body.
func show(app *fsa.App, path string, fields ...string) {
	h, err := app.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	defer func() {
		if p := recover(); p != nil {
			fmt.Println(w.Code, w.Body, "and then the connection ends")
		}
	}()
	h.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body)))
	for _, name := range fields {
		fmt.Printf("  %s: %s\n", name, w.Result().Header.Get(name))
	}
}

// A Response has a status and header fields of its own.
func ExampleResponse() {
	app := newExample()
	fsa.Get(app, "/job", authz.Open(), func(context.Context, fsa.None) (fsa.Response, error) {
		return fsa.Response{Status: 202, Header: http.Header{"Retry-After": {"10"}}, Body: map[string]string{"state": "waiting"}}, nil
	})
	show(app, "/job", "Content-Type", "Retry-After")
	// Output:
	// 202 {"state":"waiting"}
	//   Content-Type: application/json
	//   Retry-After: 10
}

// Header fields and the status may stand in a struct; they are not in its JSON. What
// would end a header field, and begin another one, is a failure.
func ExampleHeaderOut() {
	type Stored struct {
		ID       int `json:"id"`
		Location fsa.HeaderOut
		Status   fsa.StatusOut
	}
	app := newExample()
	fsa.Get(app, "/store/{name}", authz.Open(), func(_ context.Context, in struct{ Name string }) (Stored, error) {
		return Stored{ID: 7, Location: fsa.HeaderOut("/thing/" + in.Name), Status: 201}, nil
	})
	show(app, "/store/pen", "Location")
	show(app, "/store/x%0d%0aSet-Cookie:%20a=b", "Set-Cookie")
	// Output:
	// 201 {"id":7}
	//   Location: /thing/pen
	// 500 internal error
	//   Set-Cookie:
}

// A page is escaped, and comes with a policy under which injected scripts do not
// run.
func ExampleTemplate() {
	pages := template.Must(template.New("hello.html").Parse("<p>Hello {{.}}</p>"))
	app := newExample()
	fsa.Get(app, "/hello", authz.Open(), func(_ context.Context, in struct{ Name string }) (fsa.HTML, error) {
		return fsa.Template(pages, "hello.html", in.Name)
	})
	show(app, "/hello?name=<script>", "Content-Type", "Content-Security-Policy")
	// Output:
	// 200 <p>Hello &lt;script&gt;</p>
	//   Content-Type: text/html; charset=utf-8
	//   Content-Security-Policy: default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'
}

// A sequence is streamed. If it fails after its first element, the client must not
// take what there is for all of it: the connection is ended.
func Example_stream() {
	numbers := func(most int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range 3 {
				if i == most {
					yield(0, errors.New("the database is gone"))
					return
				}
				if !yield(i, nil) {
					return
				}
			}
		}
	}
	app := newExample()
	fsa.Get(app, "/numbers/{most}", authz.Open(), func(_ context.Context, in struct{ Most int }) (iter.Seq2[int, error], error) {
		return numbers(in.Most), nil
	})
	show(app, "/numbers/3")
	show(app, "/numbers/0")
	show(app, "/numbers/2")
	// Output:
	// 200 [0,1,2]
	// 500 internal error
	// 200 [0,1 and then the connection ends
}

// Line breaks in the data of an event do not make other events.
func ExampleEvent() {
	app := newExample()
	fsa.Get(app, "/events", authz.Open(), func(context.Context, fsa.None) (iter.Seq[fsa.Event], error) {
		return slices.Values([]fsa.Event{
			{ID: "1", Name: "added", Data: map[string]int{"id": 7}},
			{ID: "2", Data: "two\nlines"},
		}), nil
	})
	show(app, "/events", "Content-Type")
	// Output:
	// 200 id: 1
	// event: added
	// data: {"id":7}
	//
	// id: 2
	// data: two
	// data: lines
	//   Content-Type: text/event-stream
}

// A target that a client has chosen leads to this host, or nowhere.
func ExampleRedirect() {
	app := newExample()
	fsa.Get(app, "/back", authz.Open(), func(_ context.Context, in struct{ Next string }) (fsa.Response, error) {
		return fsa.Redirect(in.Next)
	})
	show(app, "/back?next=/store/42", "Location")
	show(app, `/back?next=/\evil.com`, "Location")
	// Output:
	// 303
	//   Location: /store/42
	// 400 the target of the redirect is not allowed
	//   Location:
}

// Other hosts are listed by the program.
func ExampleRedirectTo() {
	for _, target := range []string{"https://app.example.com/x", "https://app.example.com.evil.com/x"} {
		r, err := fsa.RedirectTo(target, "https://app.example.com")
		fmt.Println(r.Header.Get("Location"), err)
	}
	// Output:
	// https://app.example.com/x <nil>
	//  400: the target of the redirect is not allowed
}

// The name of what a user has stored does not make a page of it.
func ExampleContent() {
	app := newExample()
	fsa.Get(app, "/upload", authz.Open(), func(context.Context, fsa.None) (fsa.Content, error) {
		return fsa.Content{Name: "../évil.html", Attachment: true, Body: strings.NewReader("<script>")}, nil
	})
	show(app, "/upload", "Content-Type", "Content-Disposition")
	// Output:
	// 200 <script>
	//   Content-Type: application/octet-stream
	//   Content-Disposition: attachment; filename="_vil.html"; filename*=UTF-8''%C3%A9vil.html
}

// A type of another package is answered as its converter says, wherever it stands.
func ExampleJSONConverter() {
	app := newExample()
	fsa.JSONConverter(app, func(u url.URL) any { return u.String() })
	fsa.Get(app, "/links", authz.Open(), func(context.Context, fsa.None) ([]url.URL, error) {
		return []url.URL{{Scheme: "https", Host: "example.com", Path: "/a"}}, nil
	})
	show(app, "/links")
	// Output:
	// 200 ["https://example.com/a"]
}
