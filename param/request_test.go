package param_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

type (
	none    = struct{}
	options = param.Options[none]
	binder  = param.Binder[none]
)

// strict is what applications have by default.
var strict = options{RejectUnexpected: true}

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// get, form and post make requests to the root, with parameters in one place.
func get(query string) *http.Request { return httptest.NewRequest("GET", "/?"+query, nil) }

func form(body string) *http.Request { return post(formType, body) }

func post(contentType, body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func with(r *http.Request, name string, values ...string) *http.Request {
	for _, v := range values {
		r.Header.Add(name, v)
	}
	return r
}

// oneField is a struct type with one field, V, which is the parameter v.
func oneField(t reflect.Type, tag reflect.StructTag) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{Name: "V", Type: t, Tag: tag}})
}

func compile(tb testing.TB, t reflect.Type, o options) *binder {
	tb.Helper()
	b, err := param.Compile[none](t, o)
	if err != nil {
		tb.Fatalf("Compile: %v", err)
	}
	return b
}

// bindTo fills a new struct of type t from a request. The path parameters are
// those of o, each a segment of the request's path.
func bindTo(tb testing.TB, t reflect.Type, o options, r *http.Request) (reflect.Value, error) {
	tb.Helper()
	b := compile(tb, t, o)
	v := reflect.New(t).Elem()
	err := errors.New("the mux did not call the handler")
	var src param.Source
	h := func(w http.ResponseWriter, r *http.Request) {
		src.Reset(w, r, 1<<20, false)
		err = b.Bind(none{}, &src, v)
		src.Release() // what is bound must not depend on the source
	}
	pattern := "/"
	if len(o.Path) > 0 {
		pattern = "/{" + strings.Join(o.Path, "}/{") + "}"
	}
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, h)
	mux.ServeHTTP(httptest.NewRecorder(), r)
	return v, err
}

func bind[T any](tb testing.TB, o options, r *http.Request) (T, error) {
	tb.Helper()
	v, err := bindTo(tb, reflect.TypeFor[T](), o, r)
	return v.Interface().(T), err
}

// fault gives the public text of an error, after its status unless that is 400.
func fault(err error) string {
	var e *httperr.Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e):
		return "no public text: " + err.Error()
	case e.Status == 400:
		return e.Public
	}
	return http.StatusText(e.Status) + ": " + e.Public
}

func esc(s string) string { return url.QueryEscape(s) }
