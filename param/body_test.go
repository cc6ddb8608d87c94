package param_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

type ab struct {
	A int
	B string `param:"b,optional"`
}

const (
	unsupportedHint = "send application/json, application/x-www-form-urlencoded or multipart/form-data"
	jsonHint        = "the body looks like JSON: send it with Content-Type: application/json"
	formHint        = "the body looks like a form: send it with Content-Type: application/x-www-form-urlencoded"
	encoded         = "Unsupported Media Type: encoded request bodies are not accepted; send the body without Content-Encoding"
	charset         = "Unsupported Media Type: the charset of a request body must be utf-8"
)

func noType(hint string) string {
	return "Unsupported Media Type: a body with no Content-Type is not accepted; " + hint
}

func badType(t, hint string) string {
	return "Unsupported Media Type: a body with Content-Type " + strconv.Quote(t) + " is not accepted; " + hint
}

func TestContentType(t *testing.T) {
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{post(jsonType, `{"a":1}`), ""},
		{post("application/json; charset=utf-8", `{"a":1}`), ""},
		{post("Application/JSON; Charset=UTF-8", `{"a":1}`), ""},
		{post(formType, `a=1`), ""},
		{post(formType+"; charset=utf-8", `a=1`), ""},
		{post("application/json; charset=latin1", `{"a":1}`), charset},
		{post("application/json; charset", `{"a":1}`), badType("application/json; charset", jsonHint)},
		{post("text/json", `{"a":1}`), badType("text/json", jsonHint)},
		{post("application/json, text/plain", `{"a":1}`), badType("application/json, text/plain", jsonHint)},
		{post("text/plain", ` {"a":1}`), badType("text/plain", jsonHint)},
		{post("text/plain", `a=1`), badType("text/plain", formHint)},
		{post("text/plain", `hello`), badType("text/plain", unsupportedHint)},
		{post("", `[1]`), noType(jsonHint)},
		{post("", `a=1&b=2`), noType(formHint)},
		{post("", `hello`), noType(unsupportedHint)},
		{post("", ``), `parameter "a" is missing`},
		{post("application/xml", ``), `parameter "a" is missing`}, // there is no body
		{post(jsonType, ``), `parameter "a" is missing`},
		{post("multipart/mixed; boundary=x", "--x--"), badType("multipart/mixed; boundary=x", unsupportedHint)},
		{post(strings.Repeat("x", 100), "x"), "Unsupported Media Type: a body with Content-Type \"" + strings.Repeat("x", 64) + "…\" is not accepted; " + unsupportedHint},
		{with(post(jsonType, `{"a":1}`), "Content-Type", formType), "Content-Type is given twice"},
		{with(post(jsonType, `{"a":1}`), "Content-Encoding", "gzip"), encoded},
		{with(post(jsonType, `{"a":1}`), "Content-Encoding", "identity, gzip"), encoded},
		{with(post(jsonType, `{"a":1}`), "Content-Encoding", ""), encoded},
		{with(post(jsonType, `{"a":1}`), "Content-Encoding", "identity", "gzip"), encoded},
		{with(post(jsonType, `{"a":1}`), "Content-Encoding", "Identity"), ""},
	} {
		if _, err := bind[ab](t, strict, c.r); fault(err) != c.want {
			t.Errorf("%v:\n got %q\nwant %q", c.r.Header, fault(err), c.want)
		}
	}
	_, err := bind[ab](t, strict, post("", "x"))
	if e := httperr.From(err, 500, ""); e.Header.Get("Accept") != "application/json, application/x-www-form-urlencoded, multipart/form-data" {
		t.Errorf("415 with Accept %q", e.Header.Get("Accept"))
	}
}

func TestMalformedJSON(t *testing.T) { // S61: never 500
	const malformed = "the JSON body is malformed: "
	for _, c := range []struct{ body, want string }{
		{`{"a":1}`, ""},
		{" \r\n\t{ \"a\" : 1 } \n", ""},
		{`[]`, "the JSON body must be an object whose properties are the parameters"},
		{`"a=1"`, "the JSON body must be an object whose properties are the parameters"},
		{`null`, "the JSON body must be an object whose properties are the parameters"},
		{`17`, "the JSON body must be an object whose properties are the parameters"},
		{`[`, malformed + "it ends too early"},
		{`{`, malformed + "it ends too early"},
		{`{"a"`, malformed + "it ends too early"},
		{`{"a":`, malformed + "it ends too early"},
		{`{"a":1`, malformed + "it ends too early"},
		{`{"a":"`, malformed + "it ends too early"},
		{` `, malformed + "it ends too early"},
		{`{"a":1}{}`, malformed + "there is more after the value"},
		{`{"a":1}}`, malformed + "syntax error at byte 7"},
		{`{"a":1} x`, malformed + "syntax error at byte 8"},
		{`[]]`, malformed + "syntax error at byte 2"},
		{`{"a":1,}`, malformed + "syntax error at byte 6"},
		{`{,"a":1}`, malformed + "syntax error at byte 1"},
		{`{"a" 1}`, malformed + "syntax error at byte 5"},
		{`{"a":01}`, malformed + "syntax error at byte 6"},
		{`{"a":+1}`, malformed + "syntax error at byte 5"},
		{`{"a":NaN}`, malformed + "syntax error at byte 5"},
		{`{'a':1}`, malformed + "syntax error at byte 1"},
		{`{a:1}`, malformed + "syntax error at byte 1"},
		{`{1:1}`, malformed + "syntax error at byte 1"},
		{`{"a":1 /* x */}`, malformed + "syntax error at byte 7"},
		{`{"a":True}`, malformed + "syntax error at byte 5"},
		{"{\"a\":1}\x00", malformed + "syntax error at byte 7"},
		{"\ufeff{\"a\":1}", malformed + "syntax error at byte 0"},
		{"{\"a\":1,\"b\":\"\xff\"}", malformed + "it is not valid UTF-8"},
		{"{\"a\":1,\"\xff\":1}", malformed + "it is not valid UTF-8"},
		{`{"a":1,"b":"\ud800"}`, malformed + "syntax error at byte 12"},
		{`{"a":1,"b":"\ud800\u0041"}`, malformed + "syntax error at byte 12"},
		{"{\"a\":1,\"b\":\"\n\"}", malformed + "syntax error at byte 12"},
		{`{"a":1,"a":1}`, malformed + "a name is given twice, at byte 7"},
		{`{"a":1,"\u0061":1}`, malformed + "a name is given twice, at byte 7"},
		{`{"a":1,"b":{"c":1,"c":1}}`, malformed + "a name is given twice, at byte 18"},
		{`{"a":1,"b":[{"c":1,"\u0063":1}]}`, malformed + "a name is given twice, at byte 19"},
		{`{"b":"",` + names(9, `"%d":1`) + `,"7":1,"3":1}`, malformed + "a name is given twice, at byte 62"},
		{`{"A":1}`, "parameter \"a\" is missing\nunexpected parameter \"A\""},
		{`{"a":1,"b":"\u0000"}`, `parameter "b" holds a NUL character`},
		{`{"a":1,"\u0000":1}`, `unexpected parameter whose name does not look like one`},
	} {
		if _, err := bind[ab](t, strict, post(jsonType, c.body)); fault(err) != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.body, fault(err), c.want)
		}
	}
}

func TestMalformedFormOrQuery(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a=1;b=2", "semicolon; separate parameters by &"},
		{"a=%", "invalid %-escape"},
		{"a=%1", "invalid %-escape"},
		{"a=%zz", "invalid %-escape"},
		{"%g0=1", "invalid %-escape"},
		{"a=1&" + strings.Repeat("b=&", 1000), "more than 1000 parameters"},
	} {
		if _, err := bind[ab](t, strict, get(c.text)); fault(err) != "the query string cannot be read: "+c.want {
			t.Errorf("query %.30s: %q", c.text, fault(err))
		}
		if _, err := bind[ab](t, strict, form(c.text)); fault(err) != "the form in the body cannot be read: "+c.want {
			t.Errorf("form %.30s: %q", c.text, fault(err))
		}
		// Nothing is taken from what cannot be read, even if it comes first.
		if _, err := bind[ab](t, options{}, get("a=7&"+c.text)); err == nil {
			t.Errorf("query a=7&%.30s was read", c.text)
		}
	}
}

// TestLimits: the numbers of the limits, each from both of its sides.
func TestLimits(t *testing.T) {
	type any1 struct {
		V param.JSON
	}
	deep := func(levels int) string {
		return strings.Repeat("[", levels) + strings.Repeat("]", levels)
	}
	tooDeep := `parameter "v" is nested deeper than 64 levels`
	for _, c := range []struct {
		what string
		o    options
		r    *http.Request
		want string
	}{
		{"1000 pairs", options{}, get("v=1" + strings.Repeat("&x", 999)), ""},
		{"1001 pairs", options{}, get("v=1" + strings.Repeat("&x", 1000)), "the query string cannot be read: more than 1000 parameters"},
		{"1001 pairs of a form", options{}, form("v=1" + strings.Repeat("&x", 1000)), "the form in the body cannot be read: more than 1000 parameters"},
		{"empty pairs", options{}, get("v=1" + strings.Repeat("&", 5000)), ""},
		{"1000 properties", options{}, post(jsonType, `{"v":1,`+names(999, `"%d":1`)+`}`), ""},
		{"1001 properties", options{}, post(jsonType, `{"v":1,`+names(1000, `"%d":1`)+`}`), "the JSON body has more than 1000 parameters"},
		{"depth 64", strict, post(jsonType, `{"v":`+deep(63)+`}`), ""},
		{"depth 65", strict, post(jsonType, `{"v":`+deep(64)+`}`), "the JSON body is nested deeper than 64 levels"},
		{"depth 65 of objects", strict, post(jsonType, strings.Repeat(`{"v":`, 65)+"1"+strings.Repeat("}", 65)), "the JSON body is nested deeper than 64 levels"},
		{"depth in a text", strict, get("v=" + deep(65)), tooDeep},
		{"depth 64 in a text", strict, get("v=" + deep(64)), ""},
		{"brackets in a string", strict, post(jsonType, `{"v":"`+strings.Repeat("[", 100)+`\"`+strings.Repeat("{", 100)+`"}`), ""},
		{"depth without end", strict, post(jsonType, strings.Repeat("[", 1_000_000)), "the JSON body is nested deeper than 64 levels"},
		{"depth after closing", strict, post(jsonType, strings.Repeat("]", 1000)+strings.Repeat("[", 1000)), "the JSON body is malformed: syntax error at byte 0"},
	} {
		if _, err := bind[any1](t, c.o, c.r); fault(err) != c.want {
			t.Errorf("%s: got %q, want %q", c.what, fault(err), c.want)
		}
	}
}

func TestTooLarge(t *testing.T) {
	b := compile(t, reflect.TypeFor[ab](), strict)
	body := `{"a":1,"b":"` + strings.Repeat("x", 100) + `"}` // 114 bytes
	for _, c := range []struct {
		max     int
		chunked bool
		want    string
	}{
		{len(body), false, ""},
		{len(body), true, ""},
		{len(body) - 1, false, "Request Entity Too Large: the request body is larger than 113 bytes"},
		{len(body) - 1, true, "Request Entity Too Large: the request body is larger than 113 bytes"},
		{0, false, "Request Entity Too Large: the request body is larger than 0 bytes"},
	} {
		r := post(jsonType, body)
		if c.chunked {
			r.ContentLength = -1
		}
		var src param.Source
		src.Reset(httptest.NewRecorder(), r, int64(c.max), false)
		v := reflect.New(reflect.TypeFor[ab]()).Elem()
		if err := b.Bind(none{}, &src, v); fault(err) != c.want {
			t.Errorf("limit %d: got %q, want %q", c.max, fault(err), c.want)
		}
		if _, _, err := src.Text("a"); c.want != "" && fault(err) != c.want {
			t.Errorf("asked again: %q", fault(err))
		}
	}
}

func TestBodyThatBreaks(t *testing.T) {
	r := post(jsonType, "")
	r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(`{"a":`), broken{})), 10
	_, err := bind[ab](t, strict, r)
	if fault(err) != "the request body cannot be read" || !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}

var errBroken = errors.New("connection reset")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

// TestGet: a body counts on any method.
func TestGetWithBody(t *testing.T) {
	for _, method := range []string{"GET", "DELETE", "PATCH", "PUT"} {
		r := form("a=7")
		r.Method = method
		if v, err := bind[ab](t, strict, r); err != nil || v.A != 7 {
			t.Errorf("%s: %v, %v", method, v, err)
		}
	}
}

func TestSourceText(t *testing.T) {
	for _, c := range []struct {
		r     *http.Request
		want  string
		found bool
		fault string
	}{
		{get("p=x"), "x", true, ""},
		{get("p="), "", true, ""},
		{get("p"), "", true, ""},
		{get("q=x"), "", false, ""},
		{get("P=x"), "", false, ""},
		{form("p=a+b%26"), "a b&", true, ""},
		{post(jsonType, `{"p":"x\u00e9\""}`), `xé"`, true, ""},
		{post(jsonType, `{"q":{"p":"x"}}`), "", false, ""},
		{post(jsonType, `{"p":1}`), "", false, `parameter "p" must be a string`},
		{post(jsonType, `{"p":null}`), "", false, `parameter "p" must be a string`},
		{post(jsonType, `{"p":["x"]}`), "", false, `parameter "p" must be a string`},
		{get("p=x&p=x"), "", false, `parameter "p" is given twice`},
		{with(post(formType, "p=x"), "X", ""), "x", true, ""},
		{httptest.NewRequest("POST", "/?p=x", strings.NewReader("p=x")), "", false, noType(formHint)},
		{with(httptest.NewRequest("POST", "/?p=x", strings.NewReader("p=y")), "Content-Type", formType), "", false, `parameter "p" is given twice`},
		{with(httptest.NewRequest("POST", "/?p=x", strings.NewReader(`{"p":1}`)), "Content-Type", jsonType), "", false, `parameter "p" is given twice`},
		{post(jsonType, `{"p":`), "", false, "the JSON body is malformed: it ends too early"},
		{get("p=%"), "", false, "the query string cannot be read: invalid %-escape"},
	} {
		var src param.Source
		src.Reset(httptest.NewRecorder(), c.r, 1000, false)
		for range 2 { // the second time from what has been read
			text, found, err := src.Text("p")
			if text != c.want || found != c.found || fault(err) != c.fault {
				t.Errorf("%s %s: %q, %t, %q; want %q, %t, %q", c.r.Method, c.r.URL, text, found, fault(err), c.want, c.found, c.fault)
			}
		}
	}
}

// TestReplay: a handler that takes the request as it is finds its body there,
// though the framework has looked for credentials in it.
func TestReplay(t *testing.T) {
	for _, c := range []struct {
		r     *http.Request
		fault string
	}{
		{post(jsonType, `{"p":"x"}`), ""},
		{post(formType, `p=x&q=y`), ""},
		{post(jsonType, `{"p":`), "the JSON body is malformed: it ends too early"},
		{post("text/plain", `p=x`), ""},
		{post("", `p=x`), ""},
		{post("multipart/form-data; boundary=x", "--x--"), ""},
		{with(post(jsonType, `{"p":"x"}`), "Content-Encoding", "gzip"), ""},
	} {
		want, _ := io.ReadAll(c.r.Body)
		c.r.Body = io.NopCloser(bytes.NewReader(want))
		var src param.Source
		src.Reset(httptest.NewRecorder(), c.r, 1000, true)
		if _, _, err := src.Text("p"); fault(err) != c.fault {
			t.Errorf("%v: %q", c.r.Header, fault(err))
		}
		if got, err := io.ReadAll(c.r.Body); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %q is left of %q, %v", c.r.Header, got, want, err)
		}
	}
}

// TestMemory: a body may not ask for much more memory than it has bytes. (One of
// the faults that others had: allocation driven by a small text.)
func TestMemory(t *testing.T) {
	type big struct {
		A [32]int `json:"-"`
		B *string
		C []string `json:",omitempty"`
		D *[4]byte `json:"-"`
		E string   `json:",omitempty"`
	}
	type in struct {
		V []big           `param:"v,optional"`
		W map[string]big  `param:"w,optional"`
		X param.JSON      `param:"x,optional"`
		Y []*big          `param:"y,optional"`
		Z [][][]big       `param:"z,optional"`
		M []map[int]int   `param:"m,optional"`
		N []int           `param:"n,optional"`
		O []*int          `param:"o,optional"`
		S []string        `param:"s,optional"`
		T []time.Time     `param:"t,optional"`
		K map[string]*big `param:"k,optional"`
		Q []int           `param:"q,optional" uniqueItems:"true"`
	}
	const limit = 1 << 20
	list := func(name, element string, size int) string {
		return `{"` + name + `":[` + strings.Repeat(element+",", size/(len(element)+1)-20) + element + `]}`
	}
	object := func(name, format string, size int) string {
		return `{"` + name + `":{` + names(size/(len(format)+5), format) + `}}`
	}
	b := compile(t, reflect.TypeFor[in](), strict)
	for _, c := range []struct {
		what, body string
		accepted   bool
	}{
		{"[{},…] of large structs", list("v", "{}", limit), false},
		{"[{},…] of pointers", list("y", "{}", limit), false},
		{"{…:{}} of large structs", object("w", `"%d":{}`, limit), false},
		{"{…:{}} of pointers", object("k", `"%d":{}`, limit), false},
		{"[[[{}]],…]", list("z", "[[{}]]", limit), false},
		{"[{},…] of maps", list("m", "{}", limit), false},
		{"[{…},…] of maps", list("m", `{"1":1}`, limit), false},
		{"[{},…] of anything", list("x", "{}", limit), false},
		{"[{…},…] of anything", list("x", `{"":1}`, limit), false},
		{"[[],…] of anything", list("x", "[]", limit), false},
		{"[1,…] of anything", list("x", "1", limit), false},
		{"[1,…] of pointers", list("o", "1", limit), false},
		{"[1,…] of integers", list("n", "1", limit), false},
		{"[1,…] that differ", list("q", "1", limit), false},
		{`[x,…] of times`, list("t", `"x"`, limit/8), false},
		{"names for nothing", object("k", `"%d":null`, limit), false},
		{"names with escapes", object("k", `"\u0030%d":null`, limit), false},
		{"[1,…] of integers, half as many", list("n", "1", limit/2), true},
		{`["",…], half as many`, list("s", `""`, limit/2), true},
		{`["20240229",…]`, list("t", `"20240229"`, limit/2), true},
		{"real structs", list("v", `{"B":"something that one would send, and so on, with some words more"}`, limit/2), true},
		{"real numbers", list("n", `12345`, limit), true},
		{"real words", list("s", `"something"`, limit), true},
		{"real objects", list("x", `{"id":12345,"name":"somebody","mail":"somebody@example.com"}`, limit/3), true},
	} {
		for _, chunked := range []bool{false, true} {
			r := post(jsonType, c.body)
			if chunked {
				r.ContentLength = -1
			}
			allocated, err := allocation(t, b, r, limit)
			t.Logf("%-28s %7d bytes: %5.1f times the limit allocated", c.what, len(c.body), float64(allocated)/limit)
			// A little more than four times: what the rest of binding takes.
			if allocated > 4*limit+limit/2+raceSlack*limit {
				t.Errorf("%s: %.1f times as many bytes allocated as a body may have", c.what, float64(allocated)/limit)
			}
			if e := httperr.From(err, 500, ""); (err == nil) != c.accepted && !chunked || err != nil && e.Status != 400 {
				t.Errorf("%s: %v", c.what, fault(err))
			}
		}
	}
}

// allocation binds a request and gives how many bytes were allocated for that.
func allocation(t *testing.T, b *binder, r *http.Request, limit int64) (bytes int64, err error) {
	t.Helper()
	var src param.Source
	src.Reset(httptest.NewRecorder(), r, limit, false)
	v := reflect.New(b.Type()).Elem()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = b.Bind(none{}, &src, v)
	runtime.ReadMemStats(&after)
	src.Release()
	return int64(after.TotalAlloc - before.TotalAlloc), err
}

// TestFormMemory: nor may a form or a query.
func TestFormMemory(t *testing.T) {
	type in struct {
		V []string     `param:"v,optional"`
		N []int        `param:"n,optional"`
		X param.JSON   `param:"x,optional"`
		L []param.JSON `param:"l,optional"`
		S []struct {
			A string `json:",omitempty"`
		} `param:"s,optional"`
		A string `param:"a,optional"`
	}
	const limit = 1 << 20
	b := compile(t, reflect.TypeFor[in](), strict)
	part := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	const multipart = "multipart/form-data; boundary=x"
	for _, c := range []struct {
		what string
		r    *http.Request
	}{
		{"a long value", form("a=" + strings.Repeat("x", limit-2))},
		{"a long value of escapes", form("a=" + strings.Repeat("%41", limit/3-1))},
		{"an unknown long value", form(strings.Repeat("+", limit))},
		{"separators only", form(strings.Repeat("&", limit))},
		{"too many parameters", form(strings.Repeat("v&", limit/2))},
		{"a list of nothing", form(strings.Repeat("v&", 1000))},
		{"JSON text", form("x=[" + strings.Repeat("[],", limit/3-3) + "[]]")},
		{"JSON text with escapes", form("x=%5B" + strings.Repeat("[],", limit/3-3) + "[]]")},
		{"a list of JSON text", form("s=[" + strings.Repeat("{},", limit/3-3) + "{}]")},
		{"many JSON texts", form(strings.Repeat("l=["+strings.Repeat("[],", 300)+"[]]&", 900))},
		{"a list that is none", form("n=[" + strings.Repeat("1,", limit/2-3) + "]")},
		{"a query of parameters", get(strings.Repeat("v&", 15_000))},
		{"a query of JSON text", get("x=[" + strings.Repeat("[],", 9_000) + "[]]")},
		{"a long part", post(multipart, part("a", strings.Repeat("x", limit-100))+"--x--")},
		{"too many parts", post(multipart, strings.Repeat(part("v", ""), limit/60)+"--x--")},
		{"parts", post(multipart, strings.Repeat(part("v", ""), 999)+"--x--")},
		{"short header fields", post(multipart, "--x\r\n"+strings.Repeat("a:\r\n", limit/4-10))},
		{"a long header field", post(multipart, "--x\r\na:"+strings.Repeat(" ", limit-10))},
		{"a long boundary", post(multipart, "--x"+strings.Repeat("-", limit-10))},
		{"nearly boundaries", post(multipart, part("a", strings.Repeat("\r\n--", limit/4-50))+"--x--")},
	} {
		if n := c.r.ContentLength; n > limit {
			t.Errorf("%s: %d bytes are too many for this test", c.what, n)
		}
		allocated, err := allocation(t, b, c.r, limit)
		t.Logf("%-24s %7d bytes: %5.2f times the limit allocated: %.60s", c.what, c.r.ContentLength, float64(allocated)/limit, fault(err))
		if allocated > 4*limit+limit/2+raceSlack*limit {
			t.Errorf("%s: %.1f times as many bytes allocated as a body may have", c.what, float64(allocated)/limit)
		}
		if e := httperr.From(err, 500, ""); err != nil && e.Status != 400 {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestAnnounced: a client that announces much and sends little takes little.
func TestAnnounced(t *testing.T) {
	type in struct{ A string }
	b := compile(t, reflect.TypeFor[in](), strict)
	const limit = 64 << 20
	r := form("a=" + strings.Repeat("x", 100_000))
	r.ContentLength = limit
	if allocated, err := allocation(t, b, r, limit); err != nil || allocated > 1<<20 {
		t.Errorf("%d bytes allocated, %v", allocated, err)
	}
}

// TestTime: no body makes binding take more than in proportion to its length.
// Long names above many values did, when each value came with its pointer.
func TestTime(t *testing.T) {
	type in struct {
		V map[string][]string         `param:"v,optional"`
		W map[string][]map[string]int `param:"w,optional"`
		X map[string]any              `param:"x,optional"`
		Y map[string][]ab             `param:"y,optional"`
	}
	const half = 500_000
	name := strings.Repeat("k", half)
	b := compile(t, reflect.TypeFor[in](), strict)
	for _, body := range []string{
		`{"v":{"` + name + `":[` + strings.Repeat(`"",`, half/3) + `""]}}`,
		`{"w":{"` + name + `":[` + strings.Repeat(`{},`, half/30) + `{}]}}`,
		`{"x":{"` + name + `":[` + strings.Repeat(`"",`, half/3) + `""]}}`,
		`{"y":{"` + name + `":[` + strings.Repeat(`{"A":1,"B":""},`, half/15) + `{"A":1,"B":""}]}}`,
		`{"y":{"` + name + `":[` + strings.Repeat(`{},`, half/3) + `{}]}}`,
		`{"y":{"` + strings.Repeat(`\u0001`, half/6) + `":[` + strings.Repeat(`{},`, half/3) + `{}]}}`,
	} {
		var src param.Source
		src.Reset(httptest.NewRecorder(), post(jsonType, body), 2<<20, false)
		start := time.Now()
		err := b.Bind(none{}, &src, reflect.New(reflect.TypeFor[in]()).Elem())
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%.20s…: %v, %.80q", body, took, fault(err))
		}
	}
}

// TestGarbage: nothing that comes makes binding panic, and what is bound
// without an error is complete.
func TestGarbage(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	const alphabet = `{}[]",:\uAv18aeflnrstu-+.E` + " \x00\xff&=%;"
	for range 20_000 {
		body := make([]byte, rnd.IntN(40))
		for i := range body {
			body[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		for _, r := range []*http.Request{form(string(body)), post(jsonType, string(body)), post(jsonType, `{"v":`+string(body)+`}`)} {
			checkRich(t, r, string(body))
		}
	}
}
