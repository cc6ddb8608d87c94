package param_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// rich has a field of each kind. V is mandatory.
type rich struct {
	V *string        `param:"v_,optional"`
	M richPart       `param:"v"`
	I int            `param:"i,optional"`
	U uint8          `param:"u,optional"`
	F float64        `param:"f,optional"`
	B bool           `param:"b,optional"`
	S string         `param:"s,optional"`
	T time.Time      `param:"t,optional"`
	D param.Date     `param:"d,optional"`
	E time.Duration  `param:"e,optional"`
	X []byte         `param:"x,optional"`
	L []int          `param:"l,optional"`
	R []richPart     `param:"r,optional"`
	H map[int]string `param:"h,optional"`
	J param.JSON     `param:"j,optional"`
	P *richPart      `param:"p,optional"`
	W upper          `param:"w,optional"`
}

type richPart struct {
	A int
	B []richPart          `json:"b,omitempty"`
	C map[string]richPart `json:"c,omitempty"`
	D *string             `json:"d"`
	E int                 `json:"e" default:"7"`
}

// complete reports whether all of a part is there.
func (p richPart) complete() bool {
	ok := p.A != 0 && p.E != 0
	for _, q := range p.B {
		ok = ok && q.complete()
	}
	for _, q := range p.C {
		ok = ok && q.complete()
	}
	return ok
}

var richBinder, _ = func() (*binder, *binder) {
	b, err := param.Compile[none](reflect.TypeFor[rich](), strict)
	if err != nil {
		panic(err)
	}
	return b, param.Slowly(b)
}()

// checkRich binds a request whose parameters are in text: no panic, and either a fault of the client's or all
// that is mandatory. (The mandatory number may be 0, if the request says so.)
func checkRich(t *testing.T, r *http.Request, text string) {
	t.Helper()
	var src param.Source
	src.Reset(httptest.NewRecorder(), r, 1<<20, false)
	v := reflect.New(reflect.TypeFor[rich]()).Elem()
	err := richBinder.Bind(none{}, &src, v)
	src.Release()
	if err != nil {
		var e *httperr.Error
		if !errors.As(err, &e) || e.Status < 400 || e.Status > 499 || e.Public == "" {
			t.Fatalf("not an answer: %v", err)
		}
		if e.Status == 400 && len(e.Faults) > 0 {
			for _, f := range e.Faults {
				if f.Detail == "" {
					t.Fatal("a fault without words")
				}
			}
		}
		return
	}
	in := v.Interface().(rich)
	if !in.M.complete() && !strings.Contains(text, "0") {
		t.Fatalf("%q: no error, and yet incomplete: %+v", text, in)
	}
	replaced := strings.Contains(text, "\ufffd") || strings.Contains(strings.ToLower(text), "fffd") || strings.Contains(strings.ToLower(text), "%ef%bf%bd")
	if strings.Contains(in.S, "\x00") || strings.Contains(in.S, "\ufffd") && !replaced {
		t.Fatalf("a text that is none: %q", in.S)
	}
}

func seeds(f *testing.F, escaped bool) {
	for _, c := range texts {
		text := c.text
		if escaped {
			text = url.QueryEscape(text)
		}
		for _, name := range []string{"i", "u", "f", "b", "s", "t", "d", "e", "x", "l"} {
			f.Add(name + "=" + text)
		}
	}
	f.Add(`v={"A":1}&l=1&l=2&l=[1,2]&r=[{"A":1,"b":[{"A":2}]}]&h={"1":"a"}&j=null&p={"A":1,"e":2}&w="x"`)
	f.Add(`v=%7B%22A%22%3A1%7D&l=1&s=a+b&&=&x`)
	f.Add(`a=1;b=2&%zz=%`)
	f.Add(`v={"A":1}&s=%ef%bf%bd`)
}

// FuzzQuery: a query is read as net/url reads it, or refused. The differences are
// deliberate: where net/url refuses one parameter and takes the others, all are
// refused, and there are at most 1000.
func FuzzQuery(f *testing.F) {
	seeds(f, true)
	f.Add(strings.Repeat("a&", 1001))
	f.Fuzz(func(t *testing.T, query string) {
		got, err := param.Pairs(query)
		want, wantErr := url.ParseQuery(query)
		if n := strings.Count(query, "&"); err != nil && wantErr == nil && n >= 1000 {
			return
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, but net/url says %v", query, err, wantErr)
		}
		if err == nil {
			values := url.Values{}
			for i := 0; i < len(got); i += 2 {
				values.Add(got[i], got[i+1])
			}
			if !maps.EqualFunc(values, want, slices.Equal) {
				t.Fatalf("%q: %q, but net/url reads %q", query, values, want)
			}
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		checkRich(t, r, query)
	})
}

func FuzzForm(f *testing.F) {
	seeds(f, true)
	seeds(f, false)
	f.Fuzz(func(t *testing.T, body string) { checkRich(t, form(body), body) })
}

func FuzzJSON(f *testing.F) {
	for _, c := range texts {
		text, _ := json.Marshal(c.text)
		f.Add(`{"v":{"A":1},"i":` + string(text) + `,"t":` + string(text) + `,"l":[` + string(text) + `]}`)
	}
	for _, body := range []string{
		`{"v":{"A":1,"b":[{"A":2}],"c":{"x":{"A":3,"d":null}},"d":"y","e":4}}`,
		`{"v":"{\"A\":1}","l":"[1]","r":[{"A":1}],"h":{"1":"a","0x2":"b"},"j":[null,1e3,{"a":true}]}`,
		`{"v":{"A":1.0},"w":"x","p":null,"x":"Zm9v","d":"2024-02-29","e":"1m"}`,
		`{"v":{},"v":{}}`, `{"V":{"a":1}}`, "{\"s\":\"\xff\\ud800\\u0000\"}", `[[[[`, `{}{}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) { checkRich(t, post(jsonType, body), body) })
}

// plain has fields that are set without their codecs.
type plain struct {
	I int    `param:"i"`
	L int64  `param:"l,optional"`
	S string `param:"s" default:"x"`
	M myInt  `param:"m,optional"`
	N myString
	Embedded
	D time.Duration `param:"d,optional"`
}

type Embedded struct {
	_ byte
	E int `param:"e,optional"`
}

// FuzzFast: setting plain fields without reflection does what their codecs do.
func FuzzFast(f *testing.F) {
	for _, c := range texts {
		f.Add("i="+url.QueryEscape(c.text)+"&l="+url.QueryEscape(c.text)+"&m=1&e=5&n="+url.QueryEscape(c.text), c.text)
	}
	f.Add("i=1&i=2&n=%ff&s=%00", "7")
	o := strict
	o.Path = []string{"n"}
	b, err := param.Compile[none](reflect.TypeFor[plain](), o)
	if err != nil || !param.Fast(b) || param.Fast(param.Slowly(b)) {
		f.Fatalf("nothing to compare: %v", err)
	}
	f.Fuzz(func(t *testing.T, query, path string) {
		var results [2]plain
		var faults [2]string
		for i, b := range []*binder{b, param.Slowly(b)} {
			r := httptest.NewRequest("GET", "/", nil)
			r.URL.RawQuery = query
			r.SetPathValue("n", path)
			var src param.Source
			src.Reset(httptest.NewRecorder(), r, 1<<20, false)
			err := b.Bind(none{}, &src, reflect.ValueOf(&results[i]).Elem())
			faults[i] = fault(err)
			src.Release()
		}
		if faults[0] != faults[1] {
			t.Fatalf("%q, %q: fast %q, slow %q", query, path, faults[0], faults[1])
		}
		if diff := cmp.Diff(results[0], results[1], cmp.AllowUnexported(Embedded{})); diff != "" && faults[0] == "" {
			t.Fatalf("%q, %q: %s", query, path, diff)
		}
	})
}

// scalars has a field of each kind that is set without reflection from JSON.
type scalars struct {
	I int     `param:",optional"`
	L int64   `param:",optional"`
	F float64 `param:",optional"`
	S string  `param:",optional"`
	B string  `in:"json" param:",optional"`
	N []int   `param:",optional"`
}

// FuzzFastJSON: setting plain fields from JSON without a decoder does what their
// codecs do, within the same memory.
func FuzzFastJSON(f *testing.F) {
	for _, value := range []string{`7`, `-7`, `0`, `-0`, `7.0`, `7e0`, `1e400`, `0.1`, `1E-7`, `999999999999999999`, `9223372036854775807`, `9223372036854775808`,
		`"7"`, `" 7"`, `"0x7"`, `"a"`, `""`, `"\u0000"`, `"\n"`, `"é"`, `"\""`, `"\\"`, `null`, `true`, `[]`, `[7]`, `{}`, `"` + strings.Repeat("a", 5000) + `"`} {
		f.Add(`{"i":`+value+`,"l":`+value+`,"f":`+value+`,"s":`+value+`,"b":`+value+`}`, 1<<20)
	}
	f.Add("{\"s\":\"\x01\"}", 100)
	b, err := param.Compile[none](reflect.TypeFor[scalars](), strict)
	if err != nil || !param.Fast(b) || param.Fast(param.Slowly(b)) {
		f.Fatalf("nothing to compare: %v", err)
	}
	f.Fuzz(func(t *testing.T, body string, limit int) { bothWays(t, b, body, int64(max(1, limit))) })
}

// bothWays binds a JSON body in both ways, and gives the fault of both.
func bothWays(t *testing.T, b *binder, body string, limit int64) string {
	t.Helper()
	var results [2]scalars
	var faults [2]string
	for i, b := range []*binder{b, param.Slowly(b)} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var src param.Source
		src.Reset(httptest.NewRecorder(), r, limit, false)
		faults[i] = fault(b.Bind(none{}, &src, reflect.ValueOf(&results[i]).Elem()))
		src.Release()
	}
	if faults[0] != faults[1] {
		t.Fatalf("%.100q: fast %q, slow %q", body, faults[0], faults[1])
	}
	if diff := cmp.Diff(results[0], results[1]); diff != "" && faults[0] == "" {
		t.Fatalf("%.100q: %s", body, diff)
	}
	return faults[0]
}

// TestFastJSONMemory: texts leave as much memory for a list as they would otherwise.
func TestFastJSONMemory(t *testing.T) {
	b, err := param.Compile[none](reflect.TypeFor[scalars](), strict)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a", 50_000)
	least, most := 0, 0 // elements of a list that is too long, and of one that is not
	for n := 5_000; n < 100_000; n += 5_000 {
		body := `{"s":"` + text + `","b":"` + text + `","n":[` + strings.Repeat("7,", n) + `7]}`
		if bothWays(t, b, body, int64(len(body))) == "" {
			most = n
		} else if least == 0 {
			least = n
		}
	}
	if least == 0 || most == 0 {
		t.Errorf("the limit was not met: from %d to %d elements", most, least)
	}
}

// TestFastJSONSpends: what the texts of one request take is not missing for the next
// one of the same source.
func TestFastJSONSpends(t *testing.T) {
	b, err := param.Compile[none](reflect.TypeFor[struct{ S string }](), strict)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a", 10_000)
	var src param.Source
	for i := range 40 {
		r := httptest.NewRequest("POST", "/", strings.NewReader(`{"s":"`+text+`"}`))
		r.Header.Set("Content-Type", "application/json")
		src.Reset(httptest.NewRecorder(), r, 10_100, false)
		var in struct{ S string }
		if err := b.Bind(none{}, &src, reflect.ValueOf(&in).Elem()); err != nil || in.S != text {
			t.Fatalf("request %d: %v", i, err)
		}
		src.Release()
	}
}

// headed has a field of each kind in the header and in cookies.
type headed struct {
	I int           `in:"header" param:"x_i,optional"`
	S string        `in:"header" param:"x_s,optional"`
	L []int         `in:"header" param:"x_l,optional"`
	J param.JSON    `in:"header" param:"x_j,optional"`
	T time.Time     `in:"header" param:"x_t,optional"`
	C int           `in:"cookie" param:"i,optional"`
	D string        `in:"cookie" param:"s,optional"`
	P *richPart     `in:"cookie" param:"p,optional"`
	A param.Cookie  `param:"a,optional"`
	B *param.Header `param:"x_b"`
}

// checkHeaded binds a request with a header: no panic, a fault of the client's or
// what strconv and net/http read there too.
func checkHeaded(t *testing.T, r *http.Request) {
	t.Helper()
	in, err := bind[headed](t, strict, r)
	if err != nil {
		var e *httperr.Error
		if !errors.As(err, &e) || e.Status != 400 || len(e.Faults) == 0 {
			t.Fatalf("not an answer: %v", err)
		}
		for _, c := range r.Cookies() {
			if v := c.Value; len(v) > 8 && strings.Contains(e.Public, strconv.Quote(v)) {
				t.Fatalf("a cookie is shown: %q", e.Public)
			}
		}
		return
	}
	for name, got := range map[string]string{"i": fmt.Sprint(in.C), "s": in.D, "a": string(in.A)} {
		cookies := r.CookiesNamed(name)
		switch {
		case len(cookies) > 1:
			t.Fatalf("one of two cookies %q is taken", name)
		case len(cookies) == 1 && name != "i" && cookies[0].Value != got:
			t.Fatalf("cookie %q is %q, not %q", name, cookies[0].Value, got)
		case len(cookies) == 0 && got != "" && got != "0":
			t.Fatalf("cookie %q is %q, and was not sent", name, got)
		}
	}
	if v := r.Header.Values("X-S"); len(v) > 1 || len(v) == 1 && v[0] != in.S {
		t.Fatalf("%q is taken for %q", v, in.S)
	}
	if !utf8.ValidString(in.S+in.D) || strings.Contains(in.S+in.D, "\x00") {
		t.Fatalf("texts that are none: %q, %q", in.S, in.D)
	}
}

func FuzzHeaderValue(f *testing.F) {
	for i, c := range texts {
		f.Add([]string{"X-I", "X-S", "X-L", "X-J", "X-T", "X-B"}[i%6], c.text, "")
	}
	f.Add("x-s", "a", "b")
	f.Fuzz(func(t *testing.T, name, value, second string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Add(name, value)
		if second != "" {
			r.Header.Add(name, second)
		}
		checkHeaded(t, r)
	})
}

func FuzzCookie(f *testing.F) {
	for i, c := range texts {
		f.Add([]string{"i", "s", "p", "a"}[i%4]+"="+c.text, "")
	}
	f.Add(`i="1"; s=a=b; a=`, "s=x")
	f.Add(`p={"A":1}; =; ;;`, "")
	f.Add(strings.Repeat("i=1;", 101), "")
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Add("Cookie", first)
		if second != "" {
			r.Header.Add("Cookie", second)
		}
		checkHeaded(t, r)
	})
}

// FuzzDuplicateNames: a name that an object has twice is found where package
// jsontext finds one, however the names are written.
func FuzzDuplicateNames(f *testing.F) {
	for _, text := range []string{`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `[{"a":{"b":1,"c":[{"b":1}],"b":2}}]`, `{"":1,"":2}`, `{"a":"a:","b":":{"}`,
		`{"\"":1,"\\":2,"\\\"":3}`, `{"a" :1, "b"` + "\n:" + `2}`, `{` + names(20, `"%d":1`) + `,"7":1}`, `{` + names(20, `"%d":1`) + `}`, `"{\"a\":1,\"a\":2}"`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true)) {
			return
		}
		if twice := !jsontext.Value(text).IsValid(); twice != param.HasDuplicate([]byte(text)) {
			t.Fatalf("%q: jsontext finds a duplicate: %t", text, twice)
		}
	})
}
