package param_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
	"github.com/google/go-cmp/cmp"
)

// who is a special parameter: it comes from the framework, never from a client.
type who string

func specials(o options) options {
	o.Specials = map[reflect.Type]param.Special[none]{
		reflect.TypeFor[who](): func(_ none, _ string, v reflect.Value) error {
			v.SetString("calvin")
			return nil
		},
	}
	return o
}

type faulty struct {
	A     int
	B     string
	C     []int `param:"c,optional"`
	User  who
	Agent param.Header `param:"x_agent"`
	Lang  param.Cookie `param:"lang"`
}

// fine is a request without a fault for the type faulty.
func fine(r *http.Request) *http.Request {
	return with(with(r, "X-Agent", "curl"), "Cookie", "lang=fr")
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{fine(get("a=1&b=x")), ""},
		{fine(get("b=x")), `parameter "a" is missing`},
		{fine(get("")), "parameter \"a\" is missing\nparameter \"b\" is missing"},
		{fine(get("a=x&b=x")), `parameter "a" is not an integer: "x"`},
		{fine(get("a=1&a=1&b=x")), `parameter "a" is given 2 times`},
		{fine(get("a=1&a=1&a=2&b=x")), `parameter "a" is given 3 times`},
		{fine(get("a=1&b=x&d=1")), `unexpected parameter "d"`},
		{fine(get("a=1&b=x&A=1")), `unexpected parameter "A"`},
		{fine(get("a=1&b=x&z&d=1&d=2&%C3%A9=1")), "unexpected parameter \"d\"\nunexpected parameter \"z\"\nunexpected parameter \"é\""},
		{fine(get("a=1&b=x&user=susie")), `unexpected request parameter "user"`},
		{fine(get("a=1&b=x&user=susie&user=moe")), `unexpected request parameter "user"`},
		{fine(get("a=1&b=x&x_agent=y")), `unexpected request parameter "x_agent"`},
		{fine(get("a=1&b=x&lang=y")), `unexpected request parameter "lang"`},
		{fine(get("a=1&b=x&=y")), `unexpected parameter whose name does not look like one`},
		{fine(post(formType, "a=1&b=x&password:S3cret")), `unexpected parameter whose name does not look like one`},
		{fine(post(formType, `{"a":1,"password":"S3cret"}`)), "Unsupported Media Type: the form in the body looks like JSON: send it with Content-Type: application/json"},
		{fine(post(jsonType, `a=1&b=x`)), "the JSON body is malformed: syntax error at byte 0; it looks like a form: send it with Content-Type: application/x-www-form-urlencoded"},
		{get("a=1&b=x"), "header \"X-Agent\" is missing\ncookie \"lang\" is missing"},
		{with(fine(get("a=1&b=x")), "X-Agent", "wget"), `header "X-Agent" is given 2 times`},
		{with(fine(get("a=1&b=x")), "Cookie", "lang=de"), `cookie "lang" is given 2 times`},
		{with(fine(get("a=1&b=x")), "Cookie", strings.Repeat("z=1;", 100)), `102 cookies are more than the 100 that are accepted`},
		{with(with(get("a=1&b=x"), "X-Agent", "a\xffb"), "Cookie", "lang=fr"), `parameter "x_agent" is not valid UTF-8`},
		// All together, fields first, in their order.
		{get("z=1&user=x&c=x&c=1&a=&d"), strings.Join([]string{
			`parameter "a" is not an integer`,
			`parameter "b" is missing`,
			`parameter "c" at "/0" is not an integer: "x"`,
			`unexpected request parameter "user"`,
			`header "X-Agent" is missing`,
			`cookie "lang" is missing`,
			`unexpected parameter "d"`,
			`unexpected parameter "z"`,
		}, "\n")},
		// A value is shown if it is short and printable, a name is shortened.
		{fine(get("b=x&a=" + strings.Repeat("y", 64))), `parameter "a" is not an integer: "` + strings.Repeat("y", 64) + `"`},
		{fine(get("b=x&a=" + strings.Repeat("y", 65))), `parameter "a" is not an integer`},
		{fine(get("b=x&a=%1b%5bm")), `parameter "a" is not an integer`},
		{fine(get("b=x&a=%e2%80%ae")), `parameter "a" is not an integer`}, // right to left
		{fine(get("a=1&b=x&" + strings.Repeat("y", 40))), `unexpected parameter "` + strings.Repeat("y", 40) + `"`},
		{fine(get("a=1&b=x&" + strings.Repeat("y", 41))), `unexpected parameter whose name does not look like one`},
		{fine(get("a=1&b=x&%0d%0aSet-Cookie:x")), `unexpected parameter whose name does not look like one`},
	} {
		if _, err := bind[faulty](t, specials(strict), c.r); fault(err) != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.r.URL, fault(err), c.want)
		}
	}
}

// TestBoth is about a parameter that comes from two places.
func TestBoth(t *testing.T) {
	type in struct {
		A int
		B []int `param:"b,optional"`
	}
	both := func(path, contentType, body string) *http.Request {
		r := httptest.NewRequest("PUT", path, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		return r
	}
	path := strict
	path.Path = []string{"a"}
	for _, c := range []struct {
		o    options
		r    *http.Request
		want string
	}{
		{path, both("/1?a=1", formType, ""), `parameter "a" both from path and query`},
		{path, both("/1", formType, "a=1"), `parameter "a" both from path and form`},
		{path, both("/1", jsonType, `{"a":1}`), `parameter "a" both from path and json`},
		{path, both("/1?a=1", formType, "a=1"), `parameter "a" both from path and query and form`},
		{path, both("/x?a=1", formType, ""), `parameter "a" both from path and query`},
		{strict, both("/?a=1", formType, "a=1"), `parameter "a" both from query and form`},
		{strict, both("/?a=1", jsonType, `{"a":1}`), `parameter "a" both from query and json`},
		{strict, both("/?a=1&a=2", jsonType, `{"a":1}`), `parameter "a" both from query and json`},
		{strict, both("/?b=1&a=1", formType, "b=2"), `parameter "b" both from query and form`}, // lists too
		{strict, both("/?a=1", formType, "b=2"), ``},
	} {
		if _, err := bind[in](t, c.o, c.r); fault(err) != c.want {
			t.Errorf("%s: got %q, want %q", c.r.URL, fault(err), c.want)
		}
	}
}

func TestFaultsOneByOne(t *testing.T) {
	r := post(jsonType, `{"a":"x","d":1}`)
	_, err := bind[faulty](t, specials(strict), with(r, "Cookie", "lang=fr"))
	var e *httperr.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	want := []httperr.Fault{
		{Name: "a", In: "json", Detail: `parameter "a" is not an integer: "x"`},
		{Name: "b", In: "", Detail: `parameter "b" is missing`},
		{Name: "x_agent", In: "header", Detail: `header "X-Agent" is missing`},
		{Name: "d", In: "", Detail: `unexpected parameter "d"`},
	}
	if diff := cmp.Diff(want, e.Faults); diff != "" {
		t.Error(diff)
	}
}

// TestManyFaults: an answer is no amplifier.
func TestManyFaults(t *testing.T) {
	type in struct{ C []int }
	for _, r := range []*http.Request{
		form("c=" + strings.Repeat("x&c=", 900)),
		form(strings.Repeat("%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff&", 1000)),
		post(jsonType, `{"c":[`+strings.Repeat(`"x",`, 100_000)+`1]}`),
		post(jsonType, `{`+names(1000, `"%d":1`)+`}`),
	} {
		_, err := bind[in](t, strict, r)
		var e *httperr.Error
		if !errors.As(err, &e) || len(e.Faults) == 0 || len(e.Faults) > 100 || len(e.Public) > 100*400 {
			t.Errorf("%d faults, %d bytes", len(e.Faults), len(e.Public))
		}
	}
}

func names(n int, format string) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return strings.Join(all, ",")
}

func TestUnexpectedAccepted(t *testing.T) {
	type in struct{ A int }
	if v, err := bind[in](t, options{}, get("a=1&b=2")); err != nil || v.A != 1 {
		t.Errorf("without RejectUnexpected: %v, %v", v, err)
	}
	o := strict
	o.Exempt = []string{"USER", "PASS"}
	if v, err := bind[in](t, o, get("a=1&USER=x&PASS=y")); err != nil || v.A != 1 {
		t.Errorf("exempt ones: %v, %v", v, err)
	}
	if _, err := bind[in](t, o, get("a=1&user=x")); fault(err) != `unexpected parameter "user"` {
		t.Errorf("another case than the exempt one: %q", fault(err))
	}
	// A special parameter is refused whatever the option.
	type special struct{ User who }
	if _, err := bind[special](t, specials(options{}), get("user=susie")); fault(err) != `unexpected request parameter "user"` {
		t.Errorf("a special one alone: %q", fault(err))
	}
}

func TestSpecials(t *testing.T) {
	type in struct {
		A    int `param:"a,optional"`
		User who
	}
	for _, o := range []options{strict, {}} {
		if v, err := bind[in](t, specials(o), get("")); err != nil || v.User != "calvin" {
			t.Errorf("%v, %v", v, err)
		}
		for _, r := range []*http.Request{get("user=x"), form("user=x"), post(jsonType, `{"user":"x"}`)} {
			if v, err := bind[in](t, specials(o), r); fault(err) != `unexpected request parameter "user"` || v.User != "" {
				t.Errorf("%v, %q", v, fault(err))
			}
		}
	}
	// Its error is the request's, and it is asked only if the others are right.
	asked := 0
	o := options{Specials: map[reflect.Type]param.Special[none]{reflect.TypeFor[who](): func(_ none, name string, _ reflect.Value) error {
		asked++
		return errors.New("no " + name)
	}}}
	if _, err := bind[in](t, o, get("a=x")); fault(err) != `parameter "a" is not an integer: "x"` || asked != 0 {
		t.Errorf("asked %d times, %v", asked, err)
	}
	if _, err := bind[in](t, o, get("a=1")); err == nil || err.Error() != "no user" || asked != 1 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

// TestEmbeddedSpecial: what is embedded is set by the framework as a whole; its
// fields are no parameters.
func TestEmbeddedSpecial(t *testing.T) {
	type Caller struct{ Login string }
	type in struct {
		Caller
		A int
	}
	o := strict
	o.Specials = map[reflect.Type]param.Special[none]{reflect.TypeFor[Caller](): func(_ none, _ string, v reflect.Value) error {
		v.Field(0).SetString("calvin")
		return nil
	}}
	if v, err := bind[in](t, o, get("a=1")); err != nil || v.Login != "calvin" {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err := bind[in](t, o, get("a=1&login=admin")); fault(err) != `unexpected parameter "login"` {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestNotFoundPath(t *testing.T) { // "A path int, float or UUID that does not convert: 404"
	type in struct {
		Sid  int
		Name string `param:"name"`
	}
	type ids struct{ Sid uuid }
	type rate struct{ Sid float64 }
	type day struct{ Sid param.Date }
	path := strict
	path.Path = []string{"sid"}
	for _, c := range []struct {
		of   any
		path string
		want string
	}{
		{in{}, "/1?name=x", ""},
		{in{}, "/x?name=x", "Not Found: not found"},
		{in{}, "/x", "Not Found: not found"}, // whatever else is wrong
		{in{}, "/1", `parameter "name" is missing`},
		{in{}, "/017?name=x", "Not Found: not found"},
		{in{}, "/9999999999999999999?name=x", "Not Found: not found"},
		{ids{}, "/beef", ""},
		{ids{}, "/bee", "Not Found: not found"},
		{rate{}, "/1.5", ""},
		{rate{}, "/NaN", "Not Found: not found"},
		{day{}, "/2024-02-30", `parameter "sid" is not a date of the form YYYY-MM-DD: "2024-02-30"`},
	} {
		_, err := bindTo(t, reflect.TypeOf(c.of), path, httptest.NewRequest("GET", c.path, nil))
		if fault(err) != c.want {
			t.Errorf("%T %s: %q, want %q", c.of, c.path, fault(err), c.want)
		}
	}
}

func TestDefaults(t *testing.T) {
	type in struct {
		Limit int           `default:"10"`
		Name  string        `default:""`
		List  []int         `default:"[1,2]"`
		Set   *int          `default:"3"`
		Note  string        `param:"note,optional"`
		Since *int          // nil if absent
		Agent param.Header  `param:"x_agent" default:"none"`
		Lang  *param.Cookie `param:"lang"`
	}
	want := in{Limit: 10, List: []int{1, 2}, Set: ptr(3), Agent: "none"}
	got, err := bind[in](t, strict, get(""))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got.List[0], *got.Set = 99, 99 // a handler may change what it got
	if again, _ := bind[in](t, strict, get("")); again.List[0] != 1 || *again.Set != 3 {
		t.Error("a default is shared by requests")
	}
	got, err = bind[in](t, strict, with(get("limit=1&name=x&list=7&set=8&note=y&since=0"), "Cookie", "lang=fr"))
	if err != nil {
		t.Fatal(err)
	}
	want = in{1, "x", []int{7}, ptr(8), "y", ptr(0), "none", ptr(param.Cookie("fr"))}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// An empty value is a value.
	if _, err := bind[in](t, strict, get("limit=")); fault(err) != `parameter "limit" is not an integer` {
		t.Errorf("empty limit: %q", fault(err))
	}
}

// TestSecret: no value that may be a secret is in what anybody reads (S70).
func TestSecret(t *testing.T) {
	type deep struct {
		Password int `format:"password"`
		Other    int `json:",omitempty"`
	}
	type in struct {
		A  int            `param:"a,optional" format:"password"`
		B  []int          `param:"b,optional" format:"password"`
		C  map[int]int    `param:"c,optional" format:"password"`
		D  *deep          `format:"password"`
		E  []deep         `param:"e,optional"`
		F  map[string]any `param:"f,optional" format:"password"`
		Pw int            `param:"PASS,optional"`
	}
	o := strict
	o.Exempt = []string{"PASS"}
	requests := []*http.Request{
		get("a=hunter"), get("a=hunter&a=hunter"), get("a=%00hunter"), get("a=%ffhunter"),
		get("b=hunter&b=1"), get("b=[hunter"), get(`b=["hunter"]`), get("PASS=hunter"), get("PASS=hunter&PASS=hunter"),
		get(`c={"hunter":1}`), get(`c={"1":"hunter"}`), get(`c={hunter`), get(`c={"hunter":1,"hunter":2}`),
		get(`d={"hunter":1}`), get(`d={"Password":"hunter","Other":"hunter"}`), get(`d="hunter"`),
		get(`e=[{"Password":"hunter"}]`), get(`e={"Password":{"hunter":["hunter"]}}`), get(`e={"Password":hunter}`),
		get(`e={"Password":"hunter"}&e={"Password":["hunter"]}`),
		get(`f={"hunter":1e999}`), get(`f={"hunter":{"hunter":"hunter\u0000"}}`),
		post(jsonType, `{"a":"hunter"}`), post(jsonType, `{"a":["hunter"]}`), post(jsonType, `{"a":{"hunter":1}}`),
		post(jsonType, `{"a":hunter}`), post(jsonType, `{"a":"\hunter"}`), post(jsonType, `{"a":"\uhunter"}`),
		post(jsonType, `{"a":"\ud800hunter"}`), post(jsonType, `{"a":"hunter`), post(jsonType, "{\"a\":\"hunter\xff\"}"),
		post(jsonType, "{\"a\":\"hunter\n\"}"), post(jsonType, `{"a":"hunter"}hunter`), post(jsonType, `hunter`), post(jsonType, `"hunter"`),
		post(jsonType, `{"e":[{"Password":"hunter"}]}`), post(jsonType, `{"e":[{"Password":{"hunter":1}}]}`),
		post(jsonType, `{"c":{"hunter":1}}`), post(jsonType, `{"PASS":"hunter"}`), post(jsonType, `{"b":["hunter"]}`),
		form("a=hunter"), form("a=hunter;"), form("a=%hunter"), get("a=%hu"), post("text/plain", "a=hunter"), post("", "hunter"),
	}
	for _, r := range requests {
		what := fmt.Sprint(r.URL)
		_, err := bind[in](t, o, r)
		var e *httperr.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: no fault", what)
			continue
		}
		if all := fmt.Sprintf("%+v", *e); strings.Contains(all, "hunt") || strings.Contains(all, "nter") {
			t.Errorf("%s: the secret is told: %s", what, all)
		}
	}
	// What is not secret is told, and so is where the secret one stands.
	_, err := bind[in](t, o, post(jsonType, `{"e":[{"Password":"x","Other":"y"}]}`))
	if want := "parameter \"e\" at \"/0/Password\" is not an integer\nparameter \"e\" at \"/0/Other\" is not an integer: \"y\""; fault(err) != want {
		t.Errorf("got %q, want %q", fault(err), want)
	}
}

// TestEveryFaultIsTextual: whatever bytes come, an answer is printable text.
func TestEveryFaultIsTextual(t *testing.T) {
	type in struct {
		A int
		M map[int]int `param:"m,optional"`
	}
	for b := range 256 {
		raw := []byte{'x', byte(b), 'y'}
		for _, r := range []*http.Request{
			get("a=" + esc(string(raw))),
			get("a=1&" + esc(string(raw)) + "=1"),
			post(jsonType, `{"a":"x`+string(raw)+`"}`),
			post(jsonType, `{"a":1,"m":{"`+string(raw)+`":1}}`),
			post(string(raw), "body"),
		} {
			_, err := bind[in](t, strict, r)
			text := fault(err)
			if i := slices.IndexFunc([]byte(text), func(c byte) bool { return c < ' ' && c != '\n' || c == 0x7f }); i >= 0 || !bytes.Equal([]byte(text), bytes.ToValidUTF8([]byte(text), nil)) {
				t.Errorf("%q in the answer to %s", text, r.URL)
			}
		}
	}
}
