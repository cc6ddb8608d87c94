package param_test

import (
	"encoding/json"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/param"
	"github.com/google/go-cmp/cmp"
)

// uuid converts as the UUID types of others do.
type uuid [2]byte

func (u *uuid) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 16, 16)
	if err == nil && len(b) != 4 {
		err = strconv.ErrSyntax
	}
	u[0], u[1] = byte(n>>8), byte(n)
	return err
}

// level has UnmarshalText and the kind of a byte.
type level uint8

func (l *level) UnmarshalText(b []byte) error {
	*l = level(len(b))
	return nil
}

// upper reads JSON only.
type upper struct{ S string }

func (u *upper) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &u.S); err != nil {
		return err
	}
	u.S = strings.ToUpper(u.S)
	return nil
}

type (
	myInt    int
	myString string
	myByte   byte
)

func utc(y int, m time.Month, d, h, min, s int) time.Time {
	return time.Date(y, m, d, h, min, s, 0, time.UTC)
}

// refused are the words of a fault; conversions that succeed want a value.
type refused string

const (
	noInt   = refused("is not an integer")
	noUint  = refused("is not a non-negative integer")
	noFloat = refused("is not a number")
	noBool  = refused("is not a boolean")
	noTime  = refused("is not a time such as 2006-01-02T15:04:05Z")
	noDate  = refused("is not a date of the form YYYY-MM-DD")
	noTerm  = refused("is not a duration such as 1h30m")
	range8  = refused("is out of range, from -128 to 127")
	range64 = refused("is out of range, from -9223372036854775808 to 9223372036854775807")
)

// texts are conversions of text, the same for query, form, path and JSON string.
var texts = []struct {
	of   any // a value of the type
	text string
	want any
}{
	{0, "17", 17},
	{0, "+5", 5},
	{0, "-5", -5},
	{0, "0", 0},
	{0, "-0", 0},
	{0, " 17 ", 17},
	{0, "\t17\n", 17},
	{0, "0x1f", 31},
	{0, "0X1F", 31},
	{0, "-0x1f", -31},
	{0, "0o17", 15},
	{0, "0b101", 5},
	{0, "1_000", 1000},
	{0, "9223372036854775807", math.MaxInt64},
	{0, "-9223372036854775808", math.MinInt64},
	{0, "123456789012345678", 123456789012345678},
	{0, "9223372036854775808", range64},
	{0, strings.Repeat("9", 50), range64},
	{0, "", noInt},
	{0, " ", noInt},
	{0, "017", noInt},
	{0, "-017", noInt},
	{0, "00", noInt},
	{0, "0_17", noInt},
	{0, "1__000", noInt},
	{0, "_1", noInt},
	{0, "++5", noInt},
	{0, "+-5", noInt},
	{0, "1.0", noInt},
	{0, "1e3", noInt},
	{0, "abc", noInt},
	{0, "true", noInt},
	{0, "1 2", noInt},
	{0, "١", noInt}, // a digit, but not one of ours
	{int8(0), "127", int8(127)},
	{int8(0), "-128", int8(-128)},
	{int8(0), "128", range8},
	{int8(0), "0x80", range8},
	{int64(0), "17", int64(17)},
	{int64(0), "9223372036854775808", range64},
	{myInt(0), "17", myInt(17)},
	{uint(0), "17", uint(17)},
	{uint(0), "+17", uint(17)},
	{uint(0), "0x11", uint(17)},
	{uint(0), "-1", noUint},
	{uint(0), "-0", noUint},
	{uint(0), "+-1", noUint},
	{uint(0), "++1", noUint},
	{uint(0), "017", noUint},
	{uint8(0), "255", uint8(255)},
	{uint8(0), "256", refused("is out of range, from 0 to 255")},
	{uint64(0), "18446744073709551615", uint64(math.MaxUint64)},
	{uint64(0), "18446744073709551616", refused("is out of range, from 0 to 18446744073709551615")},

	{0.0, "1.5", 1.5},
	{0.0, " -1e3 ", -1000.0},
	{0.0, "0x1p-2", 0.25},
	{0.0, ".5", 0.5},
	{0.0, "NaN", noFloat},
	{0.0, "nan", noFloat},
	{0.0, "inf", noFloat},
	{0.0, "-Infinity", noFloat},
	{0.0, "1e400", refused("is out of range")},
	{0.0, "1,5", noFloat},
	{0.0, "", noFloat},
	{float32(0), "1.5", float32(1.5)},
	{float32(0), "1e39", refused("is out of range")},

	{false, "1", true},
	{false, "t", true},
	{false, "TRUE", true},
	{false, "y", true},
	{false, "Yes", true},
	{false, "oN", true},
	{false, " on ", true},
	{true, "0", false},
	{true, "F", false},
	{true, "false", false},
	{true, "n", false},
	{true, "No", false},
	{true, "off", false},
	{false, "2", noBool},
	{false, "truee", noBool},
	{false, "oui", noBool},
	{false, "nil", noBool},

	{"", "calvin", "calvin"},
	{"", " a b ", " a b "},
	{"", "é€😀", "é€😀"},
	{"", "[1]", "[1]"},
	{"", "null", "null"},
	{myString(""), "x", myString("x")},

	{time.Time{}, "2024-02-29T12:30:45Z", utc(2024, 2, 29, 12, 30, 45)},
	{time.Time{}, "2024-02-29T12:30:45", utc(2024, 2, 29, 12, 30, 45)},
	{time.Time{}, "2024-02-29 12:30:45", utc(2024, 2, 29, 12, 30, 45)},
	{time.Time{}, "2024-02-29T12:30:45+02:00", utc(2024, 2, 29, 10, 30, 45)},
	{time.Time{}, "2024-02-29T12:30:45.5Z", utc(2024, 2, 29, 12, 30, 45).Add(time.Second / 2)},
	{time.Time{}, "2024-02-29T12:30", utc(2024, 2, 29, 12, 30, 0)},
	{time.Time{}, "2024-02-29", utc(2024, 2, 29, 0, 0, 0)},
	{time.Time{}, "20240229", utc(2024, 2, 29, 0, 0, 0)},
	{time.Time{}, "12:30", utc(0, 1, 1, 12, 30, 0)},
	{time.Time{}, "12:30:45", utc(0, 1, 1, 12, 30, 45)},
	{time.Time{}, "2023-02-29", noTime},
	{time.Time{}, "2024-13-01", noTime},
	{time.Time{}, "29.2.2024", noTime},
	{time.Time{}, "yesterday", noTime},
	{time.Time{}, "", noTime},
	{param.Date{}, "2024-02-29", param.Date{Year: 2024, Month: 2, Day: 29}},
	{param.Date{}, "20240229", param.Date{Year: 2024, Month: 2, Day: 29}},
	{param.Date{}, " 2024-02-29 ", param.Date{Year: 2024, Month: 2, Day: 29}},
	{param.Date{}, "2023-02-29", noDate},
	{param.Date{}, "0000-01-01", noDate},
	{param.Date{}, "2024-02-29T00:00:00Z", noDate},
	{time.Duration(0), "1h30m", 90 * time.Minute},
	{time.Duration(0), "-1.5s", -1500 * time.Millisecond},
	{time.Duration(0), "0", time.Duration(0)},
	{time.Duration(0), "90", noTerm}, // of what?

	{[]byte(nil), "Zm9v", []byte("foo")},
	{[]byte(nil), "", []byte{}},
	{[]byte(nil), "Zm9", refused("is not base64")},
	{[]byte(nil), "Zm9v=", refused("is not base64")},
	{[]byte(nil), "Zh==", refused("is not base64")}, // not canonical
	{[]byte(nil), "_-__", refused("is not base64")},

	{netip.Addr{}, "::1", netip.IPv6Loopback()},
	{netip.Addr{}, "localhost", refused("is not a valid Addr")},
	{uuid{}, "beef", uuid{0xbe, 0xef}},
	{uuid{}, "beefs", refused("is not a valid uuid")},
	{level(0), "abc", level(3)},
	{(*int)(nil), "17", ptr(17)},
	{(*string)(nil), "", ptr("")},
	{(*int)(nil), "x", noInt},
	{(*time.Duration)(nil), "1s", ptr(time.Second)},
}

func ptr[T any](v T) *T { return &v }

// notFoundInPath are the types for which a path that does not convert names
// nothing.
func notFoundInPath(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Duration](), reflect.TypeFor[level]():
		return false
	case reflect.TypeFor[uuid]():
		return true
	}
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64
}

func TestText(t *testing.T) {
	for _, c := range texts {
		asJSON, _ := json.Marshal(map[string]string{"v": c.text})
		requests := map[string]*http.Request{
			"query": get("v=" + esc(c.text)),
			"form":  form("v=" + esc(c.text)),
			"json":  post(jsonType, string(asJSON)),
			"path":  httptest.NewRequest("GET", "/"+url.PathEscape(c.text), nil),
		}
		typ := reflect.TypeOf(c.of)
		for place, r := range requests {
			o := strict
			if place == "path" {
				if typ.Kind() == reflect.Pointer || strings.Trim(c.text, " ") == "" {
					continue
				}
				o.Path = []string{"v"}
			}
			in := oneField(typ, "")
			if typ.Kind() == reflect.Bool && place == "json" {
				// The one exception: JSON has booleans, and text is none.
				if _, err := bindTo(t, in, o, r); !strings.Contains(fault(err), string(noBool)) {
					t.Errorf("bool from JSON %q: %q", c.text, fault(err))
				}
				continue
			}
			v, err := bindTo(t, in, o, r)
			if words, ok := c.want.(refused); ok {
				want := `parameter "v" ` + string(words)
				if c.text != "" && len(c.text) <= 64 && c.text != "\t17\n" {
					want += ": " + strconv.Quote(c.text)
				}
				if place == "path" && notFoundInPath(typ) {
					want = "Not Found: not found"
				}
				if got := fault(err); got != want {
					t.Errorf("%v from %s %q: fault %q, want %q", typ, place, c.text, got, want)
				}
				continue
			}
			if err != nil {
				t.Errorf("%v from %s %q: %v", typ, place, c.text, err)
				continue
			}
			if diff := cmp.Diff(c.want, v.Field(0).Interface(), cmp.Comparer(equalTimes), cmp.Comparer(equalAddrs)); diff != "" {
				t.Errorf("%v from %s %q: %s", typ, place, c.text, diff)
			}
		}
	}
}

func equalTimes(a, b time.Time) bool  { return a.Equal(b) }
func equalAddrs(a, b netip.Addr) bool { return a == b }
func equalBig(a, b *big.Int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Cmp(b) == 0
}

func TestTextThatIsNoText(t *testing.T) { // S61; "Invalid UTF-8 or NUL in a string parameter: 400"
	for _, c := range []struct{ query, want string }{
		{"v=%ff", `parameter "v" is not valid UTF-8`},
		{"v=a%00b", `parameter "v" holds a NUL character`},
		{"v=%c3%28", `parameter "v" is not valid UTF-8`},
		{"v=%ed%a0%80", `parameter "v" is not valid UTF-8`}, // half of a surrogate pair
		{"v=%c0%80", `parameter "v" is not valid UTF-8`},    // NUL in two bytes
	} {
		for _, of := range []any{"", myString(""), (*string)(nil), []string(nil), netip.Addr{}} {
			if _, err := bindTo(t, oneField(reflect.TypeOf(of), ""), strict, get(c.query)); fault(err) != c.want {
				t.Errorf("%T from %s: %q, want %q", of, c.query, fault(err), c.want)
			}
		}
		o := strict
		o.Path = []string{"v"}
		r := httptest.NewRequest("GET", "/"+strings.TrimPrefix(c.query, "v="), nil)
		if _, err := bindTo(t, oneField(reflect.TypeFor[string](), ""), o, r); fault(err) != c.want {
			t.Errorf("string from path %s: %q, want %q", c.query, fault(err), c.want)
		}
	}
}

func TestJSONValue(t *testing.T) {
	type inner struct{ A int }
	for _, c := range []struct {
		of   any
		json string
		want any
	}{
		{0, `17`, 17},
		{0, `"17"`, 17},
		{0, `"0x11"`, 17},
		{0, `-0`, 0},
		{0, `1.0`, refused(`is not an integer: "1.0"`)},
		{0, `1e3`, refused(`is not an integer: "1e3"`)},
		{0, `true`, refused(`is not an integer: "true"`)},
		{0, `null`, refused("must not be null")},
		{0, `[1]`, refused(`is not an integer: "[1]"`)},
		{0, `{}`, refused(`is not an integer: "{}"`)},
		{0, `9223372036854775808`, refused(string(range64) + `: "9223372036854775808"`)},
		{0, strings.Repeat("9", 400), range64},
		{uint(0), `-1`, refused(`is not a non-negative integer: "-1"`)},
		{0.0, `1`, 1.0},
		{0.0, `1e3`, 1000.0},
		{0.0, `"1.5"`, 1.5},
		{0.0, `1e999`, refused(`is out of range: "1e999"`)},
		{0.0, `1` + strings.Repeat("0", 400), refused("is out of range")},
		{0.0, `false`, refused(`is not a number: "false"`)},
		{0.0, `"NaN"`, refused(`is not a number: "NaN"`)},
		{false, `true`, true},
		{true, `false`, false},
		{false, `1`, refused(`is not a boolean: "1"`)},
		{false, `"true"`, refused(`is not a boolean: "\"true\""`)},
		{false, `null`, refused("must not be null")},
		{"", `"x"`, "x"},
		{"", `"\u00e9"`, "é"},
		{"", `"\ud83d\ude00"`, "😀"},
		{"", `"a\u0000b"`, refused("holds a NUL character")},
		{"", `17`, refused(`is not a string: "17"`)},
		{"", `true`, refused(`is not a string: "true"`)},
		{"", `null`, refused("must not be null")},
		{"", `["x"]`, refused(`is not a string: "[\"x\"]"`)},
		{time.Time{}, `"2024-02-29"`, utc(2024, 2, 29, 0, 0, 0)},
		{time.Time{}, `1709164800`, refused(string(noTime) + `: "1709164800"`)},
		{time.Time{}, `null`, refused("must not be null")},
		{time.Duration(0), `"1m"`, time.Minute},
		{time.Duration(0), `60`, refused(string(noTerm) + `: "60"`)},
		{param.Date{}, `"2024-02-29"`, param.Date{Year: 2024, Month: 2, Day: 29}},
		{[]byte(nil), `"Zm9v"`, []byte("foo")},
		{[]byte(nil), `[102]`, refused(`is not base64: "[102]"`)},
		{netip.Addr{}, `"::1"`, netip.IPv6Loopback()},
		{netip.Addr{}, `null`, refused("must not be null")},
		{netip.Addr{}, `1`, refused(`is not a valid Addr: "1"`)},
		{(*int)(nil), `null`, (*int)(nil)},
		{(*int)(nil), `17`, ptr(17)},
		{(*int)(nil), `1.5`, refused(`is not an integer: "1.5"`)},
		{(*inner)(nil), `null`, (*inner)(nil)},
		{(*inner)(nil), `{"A":1}`, &inner{1}},

		{upper{}, `"x"`, upper{"X"}},
		{upper{}, `1`, refused(`is not a valid upper`)},
		{upper{}, `null`, refused("must not be null")}, // UnmarshalJSON takes it for "leave it"
		{(*big.Int)(nil), `12345678901234567890`, newBig("12345678901234567890")},
		{big.Int{}, `null`, refused("must not be null")},
		{json.RawMessage(nil), `{"a": [1]}`, json.RawMessage(`{"a": [1]}`)},
		{json.RawMessage(nil), `null`, json.RawMessage(`null`)},

		{[]int(nil), `[1,"2",0]`, []int{1, 2, 0}},
		{[]int(nil), `[]`, []int{}},
		{[]int(nil), `null`, refused("must not be null")},
		{[]int(nil), `1`, refused(`is not a list`)},
		{[]int(nil), `"[1,2]"`, []int{1, 2}}, // as HTTP text
		{[]int(nil), `"7"`, []int{7}},
		{[]int(nil), `["[1]"]`, refused(`at "/0" is not an integer: "[1]"`)},
		{[]int(nil), `[1,null]`, refused(`at "/1" must not be null`)},
		{[]*int(nil), `[1,null]`, []*int{ptr(1), nil}},
		{[]level(nil), `["abc","d"]`, []level{3, 1}},
		{[]myByte(nil), `[1,2]`, []myByte{1, 2}},
		{[][]int(nil), `[[1],[]]`, [][]int{{1}, {}}},
		{[][]int(nil), `["[1]"]`, refused(`at "/0" is not a list`)}, // composite rule
		{[]inner(nil), `[{"A":1},{"A":2}]`, []inner{{1}, {2}}},
		{[]inner(nil), `["{\"A\":1}"]`, refused(`at "/0" is not an object`)},
		{inner{}, `{"A":1}`, inner{1}},
		{inner{}, `"{\"A\":1}"`, inner{1}}, // as HTTP text
		{inner{}, `[]`, refused(`is not an object`)},
		{inner{}, `null`, refused("must not be null")},
		{map[string]int(nil), `{"a":1,"b":"2"}`, map[string]int{"a": 1, "b": 2}},
		{map[string]int(nil), `{}`, map[string]int{}},
		{map[int]string(nil), `{"1":"a","0x2":"b"}`, map[int]string{1: "a", 2: "b"}},
		{map[int]string(nil), `{"1":"a","0x1":"b"}`, refused(`at "/0x1" is a name that is given twice`)},
		{map[int]string(nil), `{"x":"a"}`, refused(`at "/x" is not an integer: "x"`)},
		{map[netip.Addr]int(nil), `{"::1":1}`, map[netip.Addr]int{netip.IPv6Loopback(): 1}},
		{map[string]int(nil), `{"a\u0000":1}`, refused(`at "/a\x00" holds a NUL character`)},
		{map[string]inner(nil), `{"a":{"A":true}}`, refused(`at "/a/A" is not an integer: "true"`)},

		{param.JSON{}, `null`, param.JSON{}},
		{param.JSON{}, `[1,"a",null,true,{"b":[]}]`, param.JSON{Value: []any{1.0, "a", nil, true, map[string]any{"b": []any{}}}}},
		{param.JSON{}, `"[1]"`, param.JSON{Value: "[1]"}}, // a string is a value of its own here
		{param.JSON{}, `["[1]"]`, param.JSON{Value: []any{"[1]"}}},
		{param.JSON{}, `{"a":1e999}`, refused(`at "/a" is out of range: "1e999"`)},
		{param.JSON{}, `{"a":"\u0000"}`, refused(`at "/a" holds a NUL character`)},
		{param.JSON{}, `{"\u0000":1}`, refused(`at "/\x00" holds a NUL character`)},
		{(*param.JSON)(nil), `null`, (*param.JSON)(nil)},
		{map[string]any(nil), `{"a":[1]}`, map[string]any{"a": []any{1.0}}},
	} {
		typ := reflect.TypeOf(c.of)
		v, err := bindTo(t, oneField(typ, ""), strict, post(jsonType, `{"v":`+c.json+`}`))
		if words, ok := c.want.(refused); ok {
			if want := `parameter "v" ` + string(words); fault(err) != want {
				t.Errorf("%v from %.60s:\n got %q\nwant %q", typ, c.json, fault(err), want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v from %.60s: %v", typ, c.json, err)
			continue
		}
		if diff := cmp.Diff(c.want, v.Field(0).Interface(), cmp.Comparer(equalTimes), cmp.Comparer(equalAddrs), cmp.Comparer(equalBig)); diff != "" {
			t.Errorf("%v from %.60s: %s", typ, c.json, diff)
		}
	}
}

func newBig(s string) *big.Int {
	n, _ := new(big.Int).SetString(s, 10)
	return n
}

// TestComposite is about values that are JSON in HTTP text, and about lists.
func TestComposite(t *testing.T) {
	type inner struct{ A int }
	for _, c := range []struct {
		of    any
		query string
		want  any
	}{
		{inner{}, `v={"A":1}`, inner{1}},
		{inner{}, `v=`, refused(`is not valid JSON: it ends too early`)},
		{inner{}, `v={"A":1`, refused(`is not valid JSON: it ends too early`)},
		{inner{}, `v={"A":1}x`, refused(`is not valid JSON: syntax error at byte 7`)},
		{inner{}, `v={"A":1}{}`, refused(`is not valid JSON: there is more after the value`)},
		{inner{}, `v={"A":1,"A":1}`, refused(`is not valid JSON: a name is given twice, at byte 7`)},
		{inner{}, `v={"A":1,"B":{"c":1,"c":1}}`, refused(`is not valid JSON: a name is given twice, at byte 18`)},
		{inner{}, `v={"a":1}`, refused("at \"/a\" is not expected\n" + `parameter "v" at "/A" is missing`)},
		{inner{}, `v={}&v={}`, refused(`is given 2 times`)},
		{[]int(nil), `v=1&v=0x2`, []int{1, 2}},
		{[]int(nil), `v=1`, []int{1}},
		{[]int(nil), `v=[1,2]`, []int{1, 2}},
		{[]int(nil), `v= [] `, []int{}},
		{[]int(nil), `v=[1&v=2`, refused(`at "/0" is not an integer: "[1"`)},
		{[]int(nil), `v=x&v=2&v=y`, refused("at \"/0\" is not an integer: \"x\"\n" + `parameter "v" at "/2" is not an integer: "y"`)},
		{[]int(nil), `v=1,2`, refused(`is not an integer: "1,2"`)},
		{[]string(nil), `v=[`, []string{"["}},
		{[]string(nil), `v=a&v=`, []string{"a", ""}},
		{(*[]int)(nil), `v=1&v=2`, &[]int{1, 2}},
		{(*[]int)(nil), `v=[1]`, &[]int{1}},
		{[]inner(nil), `v={"A":1}&v={"A":2}`, []inner{{1}, {2}}},
		{[]inner(nil), `v=[{"A":1},{"A":2}]`, []inner{{1}, {2}}},
		{[]inner(nil), `v={"A":1}&v={"A":"x"}`, refused(`at "/1/A" is not an integer: "x"`)},
		{[][]int(nil), `v=[1]&v=2`, [][]int{{1}, {2}}},
		{[]level(nil), `v=abc&v=d`, []level{3, 1}},
		{[]myByte(nil), `v=1&v=2`, []myByte{1, 2}},
		{map[string]int(nil), `v={"a":1}`, map[string]int{"a": 1}},
		{map[string]int(nil), `v=a`, refused(`is not valid JSON: syntax error at byte 0`)},
		{param.JSON{}, `v=null`, param.JSON{}},
		{param.JSON{}, `v="x"`, param.JSON{Value: "x"}},
		{param.JSON{}, `v=x`, refused(`is not valid JSON: syntax error at byte 0`)},
		{upper{}, `v="x"`, upper{"X"}},
		{upper{}, `v=x`, refused(`is not valid JSON: syntax error at byte 0`)},
		{json.RawMessage(nil), `v={"a":1}`, json.RawMessage(`{"a":1}`)},
	} {
		typ := reflect.TypeOf(c.of)
		pairs := strings.Split(c.query, "&")
		for i, p := range pairs {
			name, value, _ := strings.Cut(p, "=")
			pairs[i] = name + "=" + esc(value)
		}
		query := strings.Join(pairs, "&")
		for place, r := range map[string]*http.Request{"query": get(query), "form": form(query)} {
			v, err := bindTo(t, oneField(typ, ""), strict, r)
			if words, ok := c.want.(refused); ok {
				if want := `parameter "v" ` + string(words); fault(err) != want {
					t.Errorf("%v from %s %s:\n got %q\nwant %q", typ, place, c.query, fault(err), want)
				}
				continue
			}
			if err != nil {
				t.Errorf("%v from %s %s: %v", typ, place, c.query, err)
				continue
			}
			if diff := cmp.Diff(c.want, v.Field(0).Interface()); diff != "" {
				t.Errorf("%v from %s %s: %s", typ, place, c.query, diff)
			}
		}
	}
}

func TestDate(t *testing.T) {
	d := param.DateOf(time.Date(2024, 2, 29, 23, 59, 0, 0, time.FixedZone("", -3600)))
	if got := d.String(); got != "2024-02-29" {
		t.Errorf("DateOf: %s", got)
	}
	if e := (param.Date{Year: 2025, Month: 3, Day: 1}); e.Sub(d) != 366 || d.Sub(e) != -366 {
		t.Errorf("Sub: %d, %d", e.Sub(d), d.Sub(e))
	}
	if !(param.Date{}).IsZero() || d.IsZero() {
		t.Error("IsZero")
	}
	b, _ := json.Marshal(d)
	var back param.Date
	if err := json.Unmarshal(b, &back); err != nil || back != d {
		t.Errorf("%s came back as %v, %v", b, back, err)
	}
}
