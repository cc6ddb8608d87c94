package param_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/param"
	"github.com/google/go-cmp/cmp"
)

// TestPinned: a parameter that says where it comes from comes from nowhere else.
func TestPinned(t *testing.T) {
	type query struct {
		V string   `in:"query"`
		L []string `in:"query" param:"l,optional"`
	}
	type formed struct {
		V string `in:"form"`
		N int    `in:"query" param:"n,optional"`
	}
	type property struct {
		V string `in:"json"`
		N *int
	}
	both := func(query, contentType, body string) *http.Request {
		r := httptest.NewRequest("POST", "/?"+query, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		return r
	}
	const unexpected = "parameter \"v\" is missing\nunexpected parameter \"v\""
	for _, c := range []struct {
		of   any
		r    *http.Request
		want string
	}{
		{query{}, get("v=x"), ""},
		{query{}, form("v=x"), unexpected},
		{query{}, post(jsonType, `{"v":"x"}`), unexpected},
		{query{}, both("v=x", formType, "v=y"), `unexpected parameter "v"`},
		{query{}, both("v=x", jsonType, `{"v":"y"}`), `unexpected parameter "v"`},
		{query{}, both("v=x&l=1", formType, "l=2"), `unexpected parameter "l"`},
		{query{}, both("v=x&l=1&l=2", formType, ""), ""},
		{query{}, get("v=x&v=y"), `parameter "v" is given 2 times`},
		{formed{}, form("v=x"), ""},
		{formed{}, both("n=1", formType, "v=x"), ""},
		{formed{}, both("", formType, "v=x&n=1"), `unexpected parameter "n"`},
		{formed{}, get("v=x"), unexpected},
		{formed{}, post(jsonType, `{"v":"x"}`), unexpected},
		{formed{}, multipartForm("v", "x"), ""},
		{property{}, post(jsonType, `{"v":"x"}`), ""},
		{property{}, both("n=1", jsonType, `{"v":"x"}`), ""},
		{property{}, get("v=x"), unexpected},
		{property{}, form("v=x"), unexpected},
	} {
		if _, err := bindTo(t, reflect.TypeOf(c.of), strict, c.r); fault(err) != c.want {
			t.Errorf("%T from %s %v:\n got %q\nwant %q", c.of, c.r.URL, c.r.Header, fault(err), c.want)
		}
	}
	// Where unexpected parameters are let through, it still is not taken.
	v, err := bind[query](t, options{}, both("v=x&l=1", formType, "v=y&l=2&l=3"))
	if err != nil || v.V != "x" || !reflect.DeepEqual(v.L, []string{"1"}) {
		t.Errorf("%+v, %v", v, err)
	}
	// A path parameter may say that it is one.
	type path struct {
		V int `in:"path"`
	}
	o := strict
	o.Path = []string{"v"}
	r := get("")
	r.URL.Path = "/7"
	if v, err := bind[path](t, o, r); err != nil || v.V != 7 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestHeaderAndCookie: parameters of the header are of any type.
func TestHeaderAndCookie(t *testing.T) {
	type in struct {
		Count int      `in:"header" param:"X-Count" minimum:"1"`
		Trace *string  `in:"header" json:"x_trace"`
		Agent string   `in:"header" param:"user_agent" default:"none"`
		Tags  []string `in:"header" param:"x_tags,optional"`
		Theme string   `in:"cookie" enum:"dark,light" default:"dark"`
		Size  int      `in:"cookie"`
		Auth  string   `in:"header" param:"authorization,optional" pattern:"^Bearer "`
	}
	ok := func(r *http.Request) *http.Request { return with(with(r, "x-count", "2"), "Cookie", "size=3") }
	v, err := bind[in](t, strict, ok(get("")))
	if want := (in{Count: 2, Agent: "none", Theme: "dark", Size: 3}); err != nil || !cmp.Equal(v, want) {
		t.Errorf("%+v, %v", v, err)
	}
	v, err = bind[in](t, strict, with(with(with(ok(get("")), "X-TRACE", "t"), "X-Tags", `["a","b"]`), "Cookie", "theme=light; other=1"))
	if err != nil || *v.Trace != "t" || len(v.Tags) != 2 || v.Theme != "light" {
		t.Errorf("%+v, %v", v, err)
	}
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{get(""), "header \"X-Count\" is missing\ncookie \"size\" is missing"},
		{with(get(""), "X-Count", "x"), "parameter \"X-Count\" is not an integer: \"x\"\ncookie \"size\" is missing"},
		{with(ok(get("")), "X-Trace", "a", "b"), `header "X-Trace" is given 2 times`},
		{with(ok(get("")), "Cookie", "size=4"), `cookie "size" is given 2 times`},
		{with(ok(get("")), "Cookie", "theme=secret"), `parameter "theme" must be one of dark, light`},
		{with(with(get(""), "X-Count", "1"), "Cookie", "size=secret"), `parameter "size" is not an integer`}, // cookies are not shown
		{ok(get("size=1")), `unexpected request parameter "size"`},
		{ok(get("X-Count=1")), `unexpected request parameter "X-Count"`},
		{ok(form("x_trace=1")), `unexpected request parameter "x_trace"`},
		{with(ok(get("")), "Authorization", "secret"), `parameter "authorization" must match ^Bearer `},
		{with(with(get(""), "X-Count", "0"), "Cookie", "size=3"), `parameter "X-Count" must be at least 1`},
	} {
		if _, err := bind[in](t, strict, c.r); fault(err) != c.want {
			t.Errorf("%v:\n got %q\nwant %q", c.r.Header, fault(err), c.want)
		}
	}
}

func TestWholeBody(t *testing.T) {
	type order struct {
		Product string `json:"product"`
		Count   int    `json:"count" minimum:"1" default:"1"`
	}
	type asStruct struct {
		Order order `in:"body"`
		Sid   int   `param:"sid,optional"`
	}
	type (
		asList struct {
			L []order `in:"body" maxItems:"2"`
		}
		asMap struct {
			M map[string]int `in:"body"`
		}
		asAny struct {
			J param.JSON `in:"body"`
		}
		asPointer struct {
			P *order `in:"body"`
		}
		asNumber struct {
			N int `in:"body" default:"7"`
		}
		asText struct {
			S string `in:"body"`
		}
	)
	full := func(query, body string) *http.Request {
		r := httptest.NewRequest("POST", "/?"+query, strings.NewReader(body))
		r.Header.Set("Content-Type", jsonType)
		return r
	}
	for _, c := range []struct {
		r    *http.Request
		want any
	}{
		{full("sid=3", `{"product":"tea"}`), asStruct{order{"tea", 1}, 3}},
		{full("", `{"product":"tea","count":0}`), refused(`parameter "order" at "/count" must be at least 1`)},
		{full("", `{"product":"tea","x":1}`), refused(`parameter "order" at "/x" is not expected`)},
		{full("", `{"product":"tea","product":"tea"}`), refused("the JSON body is malformed: a name is given twice, at byte 17")},
		{full("", `{"product":"tea"}x`), refused("the JSON body is malformed: syntax error at byte 17")},
		{full("", strings.Repeat("[", 65)), refused("the JSON body is nested deeper than 64 levels")},
		{full("", `null`), refused(`parameter "order" must not be null`)},
		{full("", `[]`), refused(`parameter "order" is not an object`)},
		{full("", `"{\"product\":\"tea\"}"`), refused(`parameter "order" is not an object`)}, // no text in its place
		{full("", ``), refused(`parameter "order" is missing: it is the JSON value that is the request's body`)},
		{full("order=x", `{"product":"tea"}`), refused(`unexpected request parameter "order"`)},
		{full("product=x", `{"product":"tea"}`), refused(`unexpected parameter "product"`)},
		{form("product=tea"), refused("Unsupported Media Type: the body must be JSON here: send it with Content-Type: application/json")},
		{multipartForm("product", "tea"), refused("Unsupported Media Type: the body must be JSON here: send it with Content-Type: application/json")},
		{full("", `[{"product":"tea"},{"product":"jam","count":2}]`), asList{[]order{{"tea", 1}, {"jam", 2}}}},
		{full("", `[]`), asList{[]order{}}},
		{full("", `[{"product":1}]`), refused(`parameter "l" at "/0/product" is not a string: "1"`)},
		{full("", `[{"product":"a"},{"product":"a"},{"product":"a"}]`), refused(`parameter "l" must have at most 2 elements`)},
		{full("", `{"a":1,"b":2}`), asMap{map[string]int{"a": 1, "b": 2}}},
		{full("", `{`+names(2000, `"%d":1`)+`}`), nil}, // its names are not parameters
		{full("", `null`), asAny{}},
		{full("", `[1,"x"]`), asAny{param.JSON{Value: []any{1.0, "x"}}}},
		{full("", `null`), asPointer{}},
		{full("", ``), asPointer{}},
		{full("", `{"product":"tea"}`), asPointer{&order{"tea", 1}}},
		{full("", `17`), asNumber{17}},
		{full("", ``), asNumber{7}},
		{full("", `"x"`), asText{"x"}},
		{full("", `x`), refused("the JSON body is malformed: syntax error at byte 0")},
	} {
		types := []reflect.Type{reflect.TypeOf(c.want)}
		if c.want == nil {
			types[0] = reflect.TypeFor[asMap]()
		}
		words, isRefused := c.want.(refused)
		if isRefused {
			types = []reflect.Type{reflect.TypeFor[asStruct]()}
			if strings.Contains(string(words), `"l"`) {
				types[0] = reflect.TypeFor[asList]()
			}
		}
		v, err := bindTo(t, types[0], strict, c.r)
		switch {
		case isRefused:
			if fault(err) != string(words) {
				t.Errorf("%v:\n got %q\nwant %q", types[0], fault(err), words)
			}
		case err != nil:
			t.Errorf("%v: %v", types[0], err)
		case c.want != nil:
			if diff := cmp.Diff(c.want, v.Interface()); diff != "" {
				t.Errorf("%v: %s", types[0], diff)
			}
		case v.Field(0).Len() != 2000:
			t.Errorf("%d", v.Field(0).Len())
		}
	}
}

// TestPlaceFaults: what no request can satisfy is said when routes are compiled.
func TestPlaceFaults(t *testing.T) {
	path := specials(strict)
	path.Path = []string{"sid"}
	for _, c := range []struct {
		of   any
		want string
	}{
		{struct {
			Sid int
			V   int `in:"url"`
		}{}, `the tag in:"url" names no place; it is one of path, query, form, json, header, cookie, body`},
		{struct {
			Sid int
			V   int `in:""`
		}{}, `the tag in:"" names no place`},
		{struct {
			Sid int
			V   int `in:"path"`
		}{}, `the path, which has no {v}`},
		{struct {
			Sid int `in:"query"`
		}{}, `path parameter "sid" is the field Sid`},
		{struct {
			Sid int `in:"body"`
		}{}, "which takes its value elsewhere"},
		{struct {
			Sid  int
			A, B int `in:"body"`
		}{}, "both take the whole body"},
		{struct {
			Sid int
			A   int `in:"body"`
			B   int `in:"json"`
		}{}, `takes its value from in:"body" and field B from in:"json", and a request has one body`},
		{struct {
			Sid int
			A   int `in:"body"`
			B   int `in:"form"`
		}{}, "a request has one body"},
		{struct {
			Sid int
			A   int `in:"form"`
			B   int `in:"json"`
		}{}, "a request has one body"},
		{struct {
			Sid int
			A   int `in:"header" param:"x_a"`
			B   int `in:"header" param:"X-A"`
		}{}, "the header field X-A is declared twice, by the fields A and B"},
		{struct {
			Sid int
			A   param.Header `param:"x_a"`
			B   int          `in:"header" param:"X-a"`
		}{}, "the header field X-A is declared twice"},
		{struct {
			Sid int
			A   param.Header `in:"cookie"`
		}{}, "contradicts its type, a param.Header"},
		{struct {
			Sid int
			A   *param.Cookie `in:"query"`
		}{}, "contradicts its type, a param.Cookie"},
		{struct {
			Sid int
			A   int `in:"header" param:"a b"`
		}{}, `"a b" is not a valid name of a header field`},
		{struct {
			Sid int
			A   int `in:"cookie" param:"a=b"`
		}{}, `"a=b" is not a valid name of a cookie`},
		{struct {
			Sid int
			By  who `in:"query"`
		}{}, "does not come from the request's parameters; drop the tag in"},
		{struct {
			Sid int
			By  who `minLength:"1"`
		}{}, "drop the tag minLength"},
		{struct {
			Sid int
			A   struct {
				B int `in:"query"`
			}
		}{}, "says where a parameter comes from, and this field is a part of one"},
	} {
		if _, err := param.Compile[none](reflect.TypeOf(c.of), path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T:\n got %v\nwant %q", c.of, err, c.want)
		}
	}
}
