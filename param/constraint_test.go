package param_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/param"
	"github.com/google/go-cmp/cmp"
)

type (
	nat   int
	word  string
	ratio float32
	words []word
)

// TestConstraints: each constraint from both of its sides, in a query and in
// JSON, on a parameter, on the field of a struct inside one, and behind a pointer.
func TestConstraints(t *testing.T) {
	for _, c := range []struct {
		of    any
		tag   string
		right string // texts that pass, between blanks
		wrong string // and that do not
		want  string // the words of the fault
	}{
		{0, `minimum:"1"`, "1 2 0x10", "0 -1", "must be at least 1"},
		{0, `maximum:"10"`, "10 -5", "11", "must be at most 10"},
		{0, `exclusiveMinimum:"1"`, "2", "1 0", "must be greater than 1"},
		{0, `exclusiveMaximum:"10"`, "9", "10 11", "must be less than 10"},
		{0, `multipleOf:"5"`, "0 5 -10", "1 7", "must be a multiple of 5"},
		{0, `minimum:"5" maximum:"5"`, "5", "4", "must be at least 5"},
		{int8(0), `minimum:"-128" maximum:"-1"`, "-128", "0", "must be at most -1"},
		{int64(0), `minimum:"9223372036854775807"`, "9223372036854775807", "9223372036854775806", "must be at least 9223372036854775807"},
		{uint64(0), `minimum:"18446744073709551615"`, "18446744073709551615", "18446744073709551614", "must be at least 18446744073709551615"},
		{uint16(0), `multipleOf:"2" maximum:"200"`, "200", "202", "must be at most 200"},
		{nat(0), `minimum:"0"`, "0", "-1", "must be at least 0"},
		{0.0, `minimum:"0.5"`, "0.5 1e3", "0.49", "must be at least 0.5"},
		{0.0, `exclusiveMaximum:"1e3"`, "999.9", "1000", "must be less than 1e3"},
		{0.0, `multipleOf:"0.1"`, "0.3 19.9 -0.7 0", "0.35", "must be a multiple of 0.1"},
		{ratio(0), `multipleOf:"0.01"`, "0.29 19.99", "0.001", "must be a multiple of 0.01"},
		{0, `enum:"1,2,16"`, "1 0x10", "3", "must be one of 1, 2, 16"},
		{"", `enum:"red,green"`, "red", "Red blue", "must be one of red, green"},
		{"", `enum:"[\"a,b\",\"\"]"`, "a,b", "a", "must be one of a,b, "},
		{"", `enum:"x"`, "x", "y", "must be x"},
		{false, `enum:"true"`, "true", "false", "must be true"},
		{time.Duration(0), `enum:"60m,1m"`, "1h 60s", "2m", "must be one of 60m, 1m"},
		{time.Time{}, `enum:"2024-02-29T12:00:00Z"`, "2024-02-29T12:00:00Z 2024-02-29T13:00:00+01:00", "2024-02-29T12:00:01Z", "must be 2024-02-29T12:00:00Z"},
		{netip.Addr{}, `enum:"::1"`, "0::1", "::2", "must be ::1"},
		{"", `minLength:"2"`, "ab éé 😀😀", "a é 😀", "must have at least 2 characters"},
		{"", `maxLength:"2"`, "ab éé 😀😀 a", "abc ééé 😀😀😀", "must have at most 2 characters"},
		{"", `minLength:"1"`, "a", "", "must have at least 1 character"},
		{word(""), `pattern:"b+"`, "abc b", "ac B", "must match b+"}, // not anchored
		{"", `pattern:"^\\d{2}$"`, "12", "123", `must match ^\d{2}$`},
		{"", `pattern:"x" maxLength:"2"`, "xy", "xyz", "must have at most 2 characters"},
		{netip.Addr{}, `format:"ipv4"`, "1.2.3.4", "::1", "must be an IPv4 address"},
		{netip.Addr{}, `pattern:"^10\\."`, "10.2.3.4", "11.2.3.4", `must match ^10\.`},
		{time.Time{}, `format:"date"`, "2024-02-29", "20240229 2024-02-29T12:00:00Z", "must be a date such as 2006-01-02"},
		{param.Date{}, `format:"date"`, "2024-02-29", "20240229", "must be a date such as 2006-01-02"},
	} {
		typ := reflect.TypeOf(c.of)
		inner := reflect.StructOf([]reflect.StructField{{Name: "F", Type: typ, Tag: reflect.StructTag(c.tag)}})
		for _, text := range strings.Split(c.right, " ") {
			for what, fault := range bound(t, typ, inner, reflect.StructTag(c.tag), text) {
				if fault != "" {
					t.Errorf("%v %s, %s %q: %q", typ, c.tag, what, text, fault)
				}
			}
		}
		for _, text := range strings.Split(c.wrong, " ") {
			for what, fault := range bound(t, typ, inner, reflect.StructTag(c.tag), text) {
				want := `parameter "v" ` + c.want
				switch what {
				case "member":
					want = `parameter "v" at "/F" ` + c.want
				case "element":
					want = `parameter "v" at "/1" ` + c.want
				}
				if fault != want {
					t.Errorf("%v %s, %s %q:\n got %q\nwant %q", typ, c.tag, what, text, fault, want)
				}
			}
		}
	}
}

// bound binds a text in all the ways in which a value with the tag can come, and
// gives the faults.
func bound(t *testing.T, typ, inner reflect.Type, tag reflect.StructTag, text string) map[string]string {
	t.Helper()
	j, _ := json.Marshal(text)
	if b := []byte(text); typ.Kind() <= reflect.Float64 && json.Valid(b) {
		j = b
	}
	faults := map[string]string{}
	for _, c := range []struct {
		what string
		of   reflect.Type
		tag  reflect.StructTag
		json string
	}{
		{"plain", typ, tag, string(j)},
		{"pointer", reflect.PointerTo(typ), tag, string(j)},
		{"member", inner, "", `{"F":` + string(j) + `}`},
		{"element", reflect.SliceOf(typ), tag, `[` + string(j) + `,` + string(j) + `]`},
	} {
		_, err := bindTo(t, oneField(c.of, c.tag), strict, post(jsonType, `{"v":`+c.json+`}`))
		got := fault(err)
		if c.what == "element" { // both are at fault
			got, _, _ = strings.Cut(strings.Replace(got, `at "/0"`, `at "/1"`, 1), "\n")
		}
		faults[c.what] = got
	}
	_, err := bindTo(t, oneField(typ, tag), strict, get("v="+esc(text)))
	faults["query"] = fault(err)
	_, err = bindTo(t, oneField(reflect.SliceOf(typ), tag), strict, get("v="+esc(text)+"&v="+esc(text)))
	faults["repeated"] = strings.Replace(strings.Split(fault(err), "\n")[0], `at "/0" `, "", 1)
	return faults
}

func TestListConstraints(t *testing.T) {
	for _, c := range []struct {
		of   any
		tag  string
		json string
		want string
	}{
		{[]int{}, `minItems:"2"`, `[1,2]`, ""},
		{[]int{}, `minItems:"2"`, `[1]`, "must have at least 2 elements"},
		{[]int{}, `minItems:"1"`, `[]`, "must have at least 1 element"},
		{[]int{}, `maxItems:"2"`, `[1,2]`, ""},
		{[]int{}, `maxItems:"2"`, `[1,2,3]`, "must have at most 2 elements"},
		{[]int{}, `maxItems:"0"`, `[1]`, "must have at most 0 elements"},
		{[]int{}, `uniqueItems:"true"`, `[1,2,3]`, ""},
		{[]int{}, `uniqueItems:"true"`, `[1,2,"0x1"]`, "must not have the same element twice"},
		{[]int{}, `uniqueItems:"true"`, `[1,2,3,4,5,6,7,8,9,10]`, ""},
		{[]int{}, `uniqueItems:"true"`, `[1,2,3,4,5,6,7,8,9,1]`, "must not have the same element twice"},
		{[2]int{}, `uniqueItems:"true"`, `[1,1]`, "must not have the same element twice"},
		{[]param.Date{}, `uniqueItems:"true"`, `["2024-02-29","20240229"]`, "must not have the same element twice"},
		{[]time.Time{}, `uniqueItems:"true"`, `["2024-02-29T12:00:00Z","2024-02-29T13:00:00+01:00"]`, "must not have the same element twice"},
		{[]struct{ A int }{}, `uniqueItems:"true"`, `[{"A":1},{"A":1}]`, "must not have the same element twice"},
		{words{}, `minLength:"2" maxItems:"1"`, `["a"]`, `at "/0" must have at least 2 characters`},
		{words{}, `minLength:"2" maxItems:"1"`, `["ab","c"]`, `at "/1" must have at least 2 characters`},
		{words{}, `minLength:"2" maxItems:"1"`, `["ab","cd"]`, "must have at most 1 element"},
		{(*[]int)(nil), `minItems:"1" minimum:"3"`, `[]`, "must have at least 1 element"},
		{(*[]int)(nil), `minItems:"1" minimum:"3"`, `[2]`, `at "/0" must be at least 3`},
		{(*[]int)(nil), `minItems:"1" minimum:"3"`, `null`, ""},
		{[]*int{}, `minimum:"3"`, `[null,2]`, `at "/1" must be at least 3`},
		{[][]int{}, `minimum:"3" maxItems:"1"`, `[[3,4]]`, ""}, // of the outer list
		{[][]int{}, `minimum:"3"`, `[[3],[4,2]]`, `at "/1/1" must be at least 3`},
		{[3]int{}, `minimum:"3"`, `[3,4,2]`, `at "/2" must be at least 3`},
	} {
		typ := reflect.TypeOf(c.of)
		_, err := bindTo(t, oneField(typ, reflect.StructTag(c.tag)), strict, post(jsonType, `{"v":`+c.json+`}`))
		want := c.want
		if want != "" {
			want = `parameter "v" ` + want
		}
		if fault(err) != want {
			t.Errorf("%v %s from %s:\n got %q\nwant %q", typ, c.tag, c.json, fault(err), want)
		}
	}
	// A list of one text, and a list in a text.
	typ := oneField(reflect.TypeFor[[]string](), `minItems:"2"`)
	for query, want := range map[string]string{
		"v=a":         `parameter "v" must have at least 2 elements`,
		"v=a&v=b":     "",
		`v=["a","b"]`: "",
		`v=["a"]`:     `parameter "v" must have at least 2 elements`,
	} {
		if _, err := bindTo(t, typ, strict, get(query)); fault(err) != want {
			t.Errorf("%s: %q", query, fault(err))
		}
	}
}

// TestAllConstraintFaults: all that is wrong comes together, and in order.
func TestAllConstraintFaults(t *testing.T) {
	type in struct {
		A int    `minimum:"1"`
		B string `minLength:"3" pattern:"^x"`
		C struct {
			D int    `maximum:"5"`
			E string `enum:"a,b"`
		}
		F param.Header `param:"x_f" maxLength:"1"`
	}
	_, err := bind[in](t, strict, with(get(`a=0&b=y&c={"D":6,"E":"c"}`), "X-F", "ab"))
	want := strings.Join([]string{
		`parameter "a" must be at least 1`,
		`parameter "b" must have at least 3 characters`,
		`parameter "b" must match ^x`,
		`parameter "c" at "/D" must be at most 5`,
		`parameter "c" at "/E" must be one of a, b`,
		`parameter "x_f" must have at most 1 character`,
	}, "\n")
	if fault(err) != want {
		t.Errorf("got %s\nwant %s", fault(err), want)
	}
}

// TestPathConstraints: a value in the path that is none names nothing; one that
// is out of bounds is a fault.
func TestPathConstraints(t *testing.T) {
	type in struct {
		Sid int `minimum:"1"`
	}
	o := strict
	o.Path = []string{"sid"}
	for path, want := range map[string]string{
		"/1": "", "/0": `parameter "sid" must be at least 1`, "/x": "Not Found: not found",
	} {
		r := get("")
		r.URL.Path = path
		if _, err := bind[in](t, o, r); fault(err) != want {
			t.Errorf("%s: %q", path, fault(err))
		}
	}
}

// TestFormats: what each format lets pass, and what it does not.
func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format       string
		right, wrong []string
	}{
		{"email", []string{"calvin@example.com", "a.b+c@x.example", "o'hara@localhost", strings.Repeat("a", 64) + "@example.com"},
			[]string{"", "calvin", "@example.com", "calvin@", "a@b@c.example", "a..b@c.example", ".a@c.example", "a b@c.example", "<a@c.example>",
				"\"a b\"@c.example", "a@[1.2.3.4]", "a@c.example\r\nBcc: x@y.example", "a@-x.example", "a@x..example", "a@1.2.3.4", "é@example.com",
				strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("a.", 130) + "example"}},
		{"uuid", []string{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"},
			[]string{"", "6ba7b8109dad11d180b400c04fd430c8", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}", "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
				"6ba7b810-9dad-11d1-80b4-00c04fd430cg", "6ba7b810-9dad-11d1-80b4-00c04fd430c8\n"}},
		{"uri", []string{"https://example.com/a?b=c#d", "mailto:a@b.example", "urn:isbn:0451450523", "http://[::1]:8080/", "a+b:c"},
			[]string{"", "/a", "example.com", "http://a b/", "http://a/%zz", "http://[::1", ":x", "1a:b", "http://é/", "http://a\n/", `http://a\b`, "http:"}},
		{"date", []string{"2024-02-29", "0001-01-01"}, []string{"", "2023-02-29", "2024-2-29", "20240229", "2024-02-29T00:00:00Z", "2024-02-29 "}},
		{"date-time", []string{"2024-02-29T12:30:00Z", "2024-02-29t12:30:00.5z", "2024-02-29T12:30:00+01:00"},
			[]string{"", "2024-02-29", "2024-02-29T12:30:00", "2024-02-29 12:30:00Z", "2023-02-29T12:30:00Z", "2024-02-29T24:00:00Z", "2024-02-29T12:30:00,5Z", "2024-02-29T12:30:60Z", "2024-02-29T1:30:00Z"}},
		{"time", []string{"12:30:00Z", "12:30:00.25+01:00"}, []string{"", "12:30:00", "12:30Z", "25:00:00Z"}},
		{"ipv4", []string{"1.2.3.4", "255.255.255.255"}, []string{"", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4/8", "::ffff:1.2.3.4", "0x7f.1"}},
		{"ipv6", []string{"::1", "2001:db8::", "::ffff:1.2.3.4"}, []string{"", "1.2.3.4", "fe80::1%eth0", "[::1]", ":::1", "::1/64"}},
		{"hostname", []string{"localhost", "example.com", "a-b.example", "xn--bcher-kva.example", strings.Repeat("a", 63) + ".example"},
			[]string{"", "-a.example", "a-.example", "a..example", "example.com.", "a_b.example", "1.2.3.4", "a b", strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 127) + "aa"}},
	} {
		typ := oneField(reflect.TypeFor[string](), reflect.StructTag(fmt.Sprintf(`format:%q`, c.format)))
		for _, text := range c.right {
			if _, err := bindTo(t, typ, strict, get("v="+esc(text))); err != nil {
				t.Errorf("%s: %q is refused: %v", c.format, text, err)
			}
		}
		for _, text := range c.wrong {
			if _, err := bindTo(t, typ, strict, get("v="+esc(text))); !strings.HasPrefix(fault(err), `parameter "v" must be a`) || strings.Contains(fault(err), "\n") {
				t.Errorf("%s: %q: %q", c.format, text, fault(err))
			}
		}
	}
}

// TestConstraintFaults: tags that cannot be right are said when routes are
// compiled, each with what to do.
func TestConstraintFaults(t *testing.T) {
	type custom struct{ netip.Addr }
	for _, c := range []struct {
		of   any
		tag  string
		want string // "" if it is right
	}{
		{"", `minimum:"1"`, "the tag minimum does not fit a string; it is for integers and floats"},
		{"", `multipleOf:"1"`, "the tag multipleOf does not fit a string"},
		{false, `maximum:"1"`, "the tag maximum does not fit a bool"},
		{time.Duration(0), `minimum:"1"`, "the tag minimum does not fit a time.Duration"},
		{0, `maxLength:"1" pattern:"x"`, "the tag maxLength, pattern does not fit a int; it is for strings"},
		{[]byte{}, `maxLength:"1"`, "the tag maxLength does not fit a []uint8"},
		{[4]byte{}, `format:"uuid"`, "the tag format does not fit a [4]uint8"},
		{"", `minItems:"1"`, "the tag minItems does not fit a string; it is for lists"},
		{"", `uniqueItems:"true"`, "the tag uniqueItems does not fit a string"},
		{map[string]int{}, `minItems:"1"`, "the tag minItems does not fit a map[string]int"},
		{map[string]int{}, `minimum:"1"`, "the tag minimum does not fit a map[string]int"},
		{struct{ A int }{}, `enum:"1"`, "the tag enum does not fit a struct"},
		{big.Int{}, `minimum:"1"`, "the tag minimum does not fit a big.Int"},
		{big.Int{}, `enum:"1"`, "the tag enum does not fit a big.Int"},
		{param.JSON{}, `maxLength:"1"`, "does not fit a param.JSON"},
		{json.RawMessage{}, `maxLength:"1"`, "does not fit a json.RawMessage"},
		{[2]int{}, `minItems:"1"`, "has 2 elements always"},
		{[]param.JSON{}, `uniqueItems:"true"`, "whose elements == does not tell apart"},
		{[]*int{}, `uniqueItems:"true"`, "whose elements == does not tell apart"},
		{[][]int{}, `uniqueItems:"true"`, "whose elements == does not tell apart"},
		{[]struct{ T time.Time }{}, `uniqueItems:"true"`, "whose elements == does not tell apart"},
		{[]netip.Addr{}, `uniqueItems:"true"`, ""},
		{[]custom{}, `enum:"::1"`, ""},

		{0, `minimum:"x"`, `the tag minimum:"x" is no such thing; write a number`},
		{0, `minimum:""`, `the tag minimum:"" is no such thing`},
		{0, `minimum:"01"`, `is no such thing`},
		{0, `minimum:"0x10"`, `is no such thing`},
		{0, `minimum:" 1"`, `is no such thing`},
		{0, `minimum:"1.5"`, `the tag minimum:"1.5" is not an integer`},
		{int8(0), `maximum:"128"`, `the tag maximum:"128" is out of range, from -128 to 127`},
		{uint(0), `minimum:"-1"`, `the tag minimum:"-1" is not a non-negative integer`},
		{0.0, `minimum:"1e999"`, "out of range"},
		{0, `multipleOf:"0"`, "is not positive"},
		{0, `multipleOf:"-2"`, "is not positive"},
		{"", `minLength:"-1"`, "is no such thing; write a count"},
		{"", `minLength:"1.0"`, "is no such thing; write a count"},
		{"", `pattern:"("`, "is no regular expression"},
		{"", `pattern:"(?=x)"`, "is no regular expression"}, // not RE2
		{"", `pattern:""`, "lets everything pass"},
		{"", `format:"emial"`, "is not known; the formats are date, date-time, email, hostname, ipv4, ipv6, time, uri, uuid, password; did you mean email?"},
		{"", `format:""`, "is not known"},
		{"", `format:"Email"`, "did you mean email?"},
		{[]int{}, `uniqueItems:"false"`, `write uniqueItems:"true", or drop the tag`},
		{"", `enum:""`, `has the item ""`},
		{"", `enum:"a,,b"`, `has the item ""`},
		{"", `enum:"a, b"`, `has the item " b"`},
		{"", `enum:"a,a"`, `has the item "a" twice`},
		{"", `enum:"[a]"`, "begins like a JSON list and is none"},
		{"", `enum:"[]"`, "lets nothing pass"},
		{0, `enum:"1,x"`, `the item "x" of the tag enum is not an integer`},
		{0, `enum:"16,0x10"`, `the item "0x10" of the tag enum is the same int as one before`},

		{0, `minimum:"2" maximum:"1"`, `the tags minimum:"2" and maximum:"1" leave no value`},
		{0, `minimum:"1" exclusiveMaximum:"1"`, "leave no value"},
		{0, `exclusiveMinimum:"1" maximum:"1"`, "leave no value"},
		{0, `exclusiveMinimum:"1" exclusiveMaximum:"2"`, "leave no value"},
		{0.0, `exclusiveMinimum:"1" exclusiveMaximum:"2"`, ""},
		{0, `minimum:"1" maximum:"1"`, ""},
		{"", `minLength:"2" maxLength:"1"`, "leave no value"},
		{[]int{}, `minItems:"2" maxItems:"1"`, "leave no value"},
		{0, `minimum:"2" enum:"1,2"`, `the item "1" of the tag enum must be at least 2, as another tag says`},
		{"", `maxLength:"1" enum:"a,bc"`, `the item "bc" of the tag enum must have at most 1 character`},

		{0, `minimum:"1" default:"0"`, `its default "0" does not convert: parameter "v" must be at least 1`},
		{"", `enum:"a,b" default:"c"`, `its default "c" does not convert`},
		{"", `format:"email" default:"x"`, `must be an e-mail address`},
		{[]int{}, `maxItems:"1" default:"[1,2]"`, `must have at most 1 element`},
		{0, `minimum:"1" default:"1"`, ""},

		{0, `min:"1"`, "the tag min is not known; did you mean minimum?"},
		{0, `Max:"1"`, "did you mean maximum?"},
		{0, `Minimum:"1"`, "did you mean minimum?"},
		{0, `minimun:"1"`, "did you mean minimum?"},
		{0, `minmum:"1"`, "did you mean minimum?"},
		{0, `exclusive_minimum:"1"`, "did you mean exclusiveMinimum?"},
		{"", `minlength:"1"`, "did you mean minLength?"},
		{"", `min-length:"1"`, "did you mean minLength?"},
		{"", `maxLenght:"1"`, "did you mean maxLength?"},
		{"", `patern:"x"`, "did you mean pattern?"},
		{"", `regexp:"x"`, "did you mean pattern?"},
		{"", `enums:"x"`, "did you mean enum?"},
		{"", `In:"query"`, "did you mean in?"},
		{"", `minLength:"1" minLength:"2"`, "the tag minLength is given twice"},
		{"", `form:"x" xml:"y" validate:"min=1" db:"z" uri:"u" query:"q" env:"E"`, ""},
	} {
		typ := reflect.TypeOf(c.of)
		nested := oneField(oneField(typ, reflect.StructTag(c.tag)), "")
		for what, typ := range map[string]reflect.Type{"": oneField(typ, reflect.StructTag(c.tag)), "nested": nested} {
			_, err := param.Compile[none](typ, strict)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v %s %s:\n got %v\nwant %q", typ, c.tag, what, err, c.want)
			}
			if err != nil && !strings.Contains(err.Error(), "field V of") {
				t.Errorf("%v does not name the field", err)
			}
		}
	}
	// Two tags at fault are two faults.
	_, err := param.Compile[none](oneField(reflect.TypeFor[int](), `minimum:"x" maximum:"y"`), strict)
	if err == nil || !strings.Contains(err.Error(), `minimum:"x"`) || !strings.Contains(err.Error(), `maximum:"y"`) {
		t.Errorf("%v", err)
	}
}

// TestSecretConstraints: what a secret is does not come back.
func TestSecretConstraints(t *testing.T) {
	type in struct {
		P string   `format:"password" minLength:"20" pattern:"^z"`
		N int      `format:"password" maximum:"3"`
		L []string `format:"password" uniqueItems:"true" enum:"a,b"`
		S secret   `minLength:"20"`
		M struct {
			S secret `maxLength:"1"`
			T []secret
			U map[string]secret
		}
	}
	o := strict
	o.Secrets = []reflect.Type{reflect.TypeFor[secret]()}
	for _, r := range []string{
		`{"p":"hunter2","n":7654321,"l":["hunter2","hunter2"],"s":"hunter2","m":{"S":"hunter2","T":["hunter2\u0000"],"U":{"x":"hunter2\u0000"}}}`,
		`{"p":["hunter2"],"n":"hunter2","l":[{"hunter2":"hunter2"}],"s":["hunter2"],"m":{"S":7654321,"T":["hunter2",7654321],"U":{"x":{"hunter2":7654321}}}}`,
		`{"p":"","n":7654321.5,"l":"hunter2","s":{"hunter2":1},"m":{"S":["hunter2"],"T":"hunter2","U":["hunter2"]}}`,
	} {
		_, err := bind[in](t, o, post(jsonType, r))
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "7654321") {
			t.Errorf("%s: %v", r, err)
		}
	}
	if _, err := bind[in](t, o, get("p=hunter2&n=hunter2&l=hunter2&s=hunter2%00&m=hunter2")); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	if _, err := param.Compile[none](oneField(reflect.TypeFor[map[secret]int](), ""), o); err == nil {
		t.Error("names of objects are secrets")
	}
}

type secret string

func TestConstraintsOf(t *testing.T) {
	f := reflect.StructField{Name: "V", Type: reflect.TypeFor[[]int](), Tag: `minimum:"1" maximum:"1e3" exclusiveMinimum:"0" exclusiveMaximum:"2" multipleOf:"0.5" ` +
		`minLength:"1" maxLength:"2" minItems:"3" maxItems:"4" pattern:"x" format:"uuid" enum:"a,b" uniqueItems:"true"`}
	got, err := param.ConstraintsOf(f)
	want := param.Constraints{Minimum: "1", Maximum: "1e3", ExclusiveMinimum: "0", ExclusiveMaximum: "2", MultipleOf: "0.5",
		MinLength: "1", MaxLength: "2", MinItems: "3", MaxItems: "4", Pattern: "x", Format: "uuid", Enum: []string{"a", "b"}, UniqueItems: true}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	b := compile(t, oneField(reflect.TypeFor[int](), `minimum:"1"`), strict)
	if k := b.Fields()[0].Constraints; k.Minimum != "1" {
		t.Errorf("%+v", k)
	}
}
