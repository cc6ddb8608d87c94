package param_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
	"github.com/google/go-cmp/cmp"
)

// TestRest: the rest is what no other field takes, and nothing else.
func TestRest(t *testing.T) {
	type in struct {
		A     int            `param:"a,optional"`
		Page  int            `in:"query" param:"page,optional"`
		Agent param.Header   `param:"user_agent,optional"`
		Rest  map[string]any `param:",rest"`
	}
	o := strict
	o.Exempt, o.Withheld = []string{"USER", "PASS"}, []string{"PASS", "TOKEN"}
	for _, c := range []struct {
		r    *http.Request
		want map[string]any
		flt  string
	}{
		{get("a=1"), nil, ""},
		{get("a=1&b=2&c=x&c=y&d=&e=%7B%7D"), map[string]any{"b": "2", "c": []any{"x", "y"}, "d": "", "e": "{}"}, ""},
		{post(jsonType, `{"b":2,"c":["x",null],"d":{"e":true},"f":null,"$filter":"x y","items[0]":"z"}`), map[string]any{"b": 2.0, "c": []any{"x", nil}, "d": map[string]any{"e": true}, "f": nil, "$filter": "x y", "items[0]": "z"}, ""},
		{get("USER=u&PASS=p&b=1"), map[string]any{"b": "1"}, ""},
		{get("TOKEN=t"), nil, `unexpected parameter "TOKEN"`},
		{get("user_agent=x"), nil, `unexpected request parameter "user_agent"`},
		{form("page=1"), nil, `unexpected parameter "page"`}, // it has a field, which takes it elsewhere
		{get("A=1"), map[string]any{"A": "1"}, ""},
		{get("b=%ff"), nil, `parameter "b" is not valid UTF-8`},
		{get("%ff=1"), nil, "unexpected parameter whose name does not look like one"},
		{get("%00=1"), nil, "unexpected parameter whose name does not look like one"},
		{get("=1"), nil, "unexpected parameter whose name does not look like one"},
		{get(strings.Repeat("x", 101) + "=1"), nil, "unexpected parameter whose name does not look like one"},
		{get("%24s3cret%3Dx=%00"), nil, `parameter "rest" holds a NUL character`}, // no name to show
		{post(formBoundary, filePart("b", "f", "", "x")+"--x--"), nil, `parameter "b" is a file, where a value is expected`},
	} {
		v, err := bind[in](t, o, c.r)
		if fault(err) != c.flt {
			t.Errorf("%s: %q, want %q", c.r.URL, fault(err), c.flt)
			continue
		}
		if diff := cmp.Diff(c.want, v.Rest); err == nil && diff != "" {
			t.Errorf("%s: %s", c.r.URL, diff)
		}
	}
	r := form("b=1")
	r.URL.RawQuery = "b=2"
	if _, err := bind[in](t, o, r); fault(err) != `parameter "b" both from query and form` {
		t.Errorf("%v", err)
	}
	// Other maps convert as parameters of their types do.
	type texts struct {
		Rest map[string]string `param:",rest"`
	}
	type lists struct {
		Rest map[string][]int `param:",rest" in:"query"`
	}
	type secrets struct {
		Rest map[string]int `param:",rest" format:"password"`
	}
	for _, c := range []struct {
		got  func() (any, error)
		want any
		flt  string
	}{
		{func() (any, error) { return bind[texts](t, strict, get("a=1&b=")) }, texts{map[string]string{"a": "1", "b": ""}}, ""},
		{func() (any, error) { return bind[texts](t, strict, get("a=1&a=2")) }, nil, `parameter "a" is given 2 times`},
		{func() (any, error) { return bind[texts](t, strict, post(jsonType, `{"a":1}`)) }, nil, `parameter "a" is not a string: "1"`},
		{func() (any, error) { return bind[lists](t, strict, get("a=1&b=2&a=3")) }, lists{map[string][]int{"a": {1, 3}, "b": {2}}}, ""},
		{func() (any, error) { return bind[lists](t, strict, get("a=1&a=x")) }, nil, `parameter "a" at "/1" is not an integer: "x"`},
		{func() (any, error) { return bind[lists](t, strict, form("a=1")) }, nil, `unexpected parameter "a"`},
		{func() (any, error) { return bind[secrets](t, strict, get("a=hunter2")) }, nil, `parameter "a" is not an integer`},
		{func() (any, error) { return bind[texts](t, options{}, get("a=1")) }, texts{map[string]string{"a": "1"}}, ""},
	} {
		got, err := c.got()
		if fault(err) != c.flt {
			t.Errorf("%q, want %q", fault(err), c.flt)
		} else if err == nil && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
	b := compile(t, reflect.TypeFor[in](), strict)
	if f := b.Fields()[3]; !f.Rest || f.Name != "rest" || f.Required {
		t.Errorf("%+v", f)
	}
	if _, ok := b.Field("rest"); ok {
		t.Error("the rest can name an object")
	}
}

func TestRestFaults(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{struct {
			R map[string]string `param:"r,rest"`
		}{}, `write param:",rest"`},
		{struct {
			R string `param:",rest"`
		}{}, "is a map from their names"},
		{struct {
			R map[int]string `param:",rest"`
		}{}, "is a map from their names"},
		{struct {
			R map[string]chan int `param:",rest"`
		}{}, "cannot come from a request"},
		{struct {
			R map[string]*param.File `param:",rest"`
		}{}, "does not come from the parameter's value"},
		{struct {
			R map[string]string `param:",rest" maxLength:"3"`
		}{}, "the tag maxLength does not fit"},
		{struct {
			R map[string]string `param:",rest" default:"{}"`
		}{}, "the tag default does not fit"},
		{struct {
			R map[string]string `param:",rest" in:"header"`
		}{}, "comes from query, form or json"},
		{struct {
			R, S map[string]string `param:",rest"`
		}{}, "two fields take the rest"},
		{struct {
			R map[string]string `param:",rest" in:"json"`
			B int               `in:"body"`
		}{}, "takes the rest of the body"},
		{struct {
			R string `param:"r,last"`
		}{}, "or rest alone"},
	} {
		_, err := param.Compile[none](reflect.TypeOf(c.in), strict)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %v, want %q", c.in, err, c.want)
		}
	}
}

// TestRawBody: a body as it comes, of whatever type.
func TestRawBody(t *testing.T) {
	type whole struct {
		Page int    `in:"query" default:"1"`
		B    []byte `in:"body"`
	}
	type maybe struct {
		B []byte    `in:"body" param:"b,optional"`
		_ io.Reader // not exported, not a parameter
	}
	for _, contentType := range []string{"", "text/csv", jsonType, formType, "application/json; charset=latin1", formBoundary} {
		v, err := bind[whole](t, strict, post(contentType, "a=\x00\xff"))
		if err != nil || string(v.B) != "a=\x00\xff" || v.Page != 1 {
			t.Errorf("%s: %q, %v", contentType, v.B, err)
		}
	}
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{get(""), `parameter "b" is missing: it is the request's body`},
		{post("text/csv", ""), `parameter "b" is missing: it is the request's body`},
		{get("b=1"), "unexpected request parameter \"b\""},
		{with(post("text/csv", "x"), "Content-Encoding", "gzip"), "Unsupported Media Type: encoded request bodies are not accepted; send the body without Content-Encoding"},
		{post("text/csv", strings.Repeat("x", 1<<20+1)), "Request Entity Too Large: the request body is larger than 1048576 bytes"},
	} {
		if _, err := bind[whole](t, strict, c.r); fault(err) != c.want {
			t.Errorf("%q, want %q", fault(err), c.want)
		}
	}
	if v, err := bind[maybe](t, strict, get("")); err != nil || len(v.B) != 0 {
		t.Errorf("%q, %v", v.B, err)
	}
	for _, c := range []struct {
		in   any
		want string
	}{
		{struct {
			B []byte `in:"body" maxLength:"3"`
		}{}, "fsa.MaxBody limits its size"},
		{struct {
			B io.Reader `in:"body" default:"x"`
		}{}, "the tag default does not fit"},
		{struct{ B io.Reader }{}, "fsa.Special"},
		{struct {
			B []byte `in:"body"`
			J int    `in:"json"`
		}{}, "a request has one body"},
	} {
		if _, err := param.Compile[none](reflect.TypeOf(c.in), strict); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %v, want %q", c.in, err, c.want)
		}
	}
}

// TestStreamedBody: a handler reads it while it has the request, and the limit holds.
func TestStreamedBody(t *testing.T) {
	type in struct {
		B io.Reader `in:"body"`
	}
	type maybe struct {
		B io.Reader `in:"body" param:"b,optional"`
	}
	read := func(t *testing.T, typ reflect.Type, r *http.Request, limit int64) (string, error) {
		t.Helper()
		var src param.Source
		defer src.Release()
		src.Reset(httptest.NewRecorder(), r, limit, false)
		v := reflect.New(typ).Elem()
		b := compile(t, typ, strict)
		if !b.Large() || !b.Prepares() {
			t.Error("the body is in memory")
		}
		if err := b.Bind(none{}, &src, v); err != nil {
			return "", err
		}
		text, err := io.ReadAll(v.Field(0).Interface().(io.Reader))
		return string(text), err
	}
	body := &countingReader{Reader: bytes.NewReader(make([]byte, 1000))}
	r := httptest.NewRequest("POST", "/", body)
	if text, err := read(t, reflect.TypeFor[in](), r, 1000); len(text) != 1000 || err != nil {
		t.Errorf("%d, %v", len(text), err)
	}
	unknown := post("text/csv", "0123456789")
	unknown.ContentLength = -1
	text, err := read(t, reflect.TypeFor[in](), unknown, 5)
	if text != "01234" || httperr.From(err, 500, "").Status != 413 {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := read(t, reflect.TypeFor[in](), post("text/csv", "0123456789"), 5); fault(err) != "Request Entity Too Large: the request body is larger than 5 bytes" {
		t.Error(err) // it says so itself: nothing of it is read
	}
	if _, err := read(t, reflect.TypeFor[in](), get(""), 5); fault(err) != `parameter "b" is missing: it is the request's body` {
		t.Error(err)
	}
	if text, err := read(t, reflect.TypeFor[maybe](), get(""), 5); text != "" || err != nil {
		t.Error(text, err)
	}
}
