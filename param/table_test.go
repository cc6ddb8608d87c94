package param_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
	"github.com/go-json-experiment/json/jsontext"
)

// tableType is a type of parameters with the rules of docs/parameters.md, written
// without any code of the binder: what a text means in HTTP, and what a JSON value
// that is no text means. ok is false for what is refused.
type tableType struct {
	typ   reflect.Type
	text  func(text string) (v any, ok bool)
	json  func(x any) (v any, ok bool) // x as encoding/json reads it, numbers as json.Number; nil: nothing but texts
	words bool                         // a JSON string is not the text that it would be in HTTP, but refused
	path  int                          // the status of a path that does not convert; 0: no path parameter can be of the type

	converts func(text string) bool // which texts do, though the value may be refused then; nil: those that are accepted
}

type point struct {
	X int
	Y *int
}

type (
	byte4 = [4]byte
	int2  = [2]int
)

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

var integerRE = regexp.MustCompile(`^[+-]?(0|[1-9](_?[0-9])*|0[xX](_?[0-9a-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+)$`)

// integer makes the rules of an integer type: Go's literals, within the range.
func integer[T any](low, high string, convert func(*big.Int) T) tableType {
	l, _ := new(big.Int).SetString(low, 10)
	h, _ := new(big.Int).SetString(high, 10)
	text := func(s string) (any, bool) {
		s = strings.TrimSpace(s)
		if !integerRE.MatchString(s) || l.Sign() == 0 && s[0] == '-' {
			return nil, false
		}
		n, ok := new(big.Int).SetString(strings.ReplaceAll(strings.TrimPrefix(s, "+"), "_", ""), 0)
		if !ok || n.Cmp(l) < 0 || n.Cmp(h) > 0 {
			return nil, false
		}
		return convert(n), true
	}
	return tableType{reflect.TypeFor[T](), text, numberOnly(text), false, 404, nil}
}

func signed[T ~int | ~int8 | ~int16 | ~int32 | ~int64](low, high string) tableType {
	return integer(low, high, func(n *big.Int) T { return T(n.Int64()) })
}

func unsigned[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](high string) tableType {
	return integer("0", high, func(n *big.Int) T { return T(n.Uint64()) })
}

func numberOnly(text func(string) (any, bool)) func(any) (any, bool) {
	return func(x any) (any, bool) {
		n, ok := x.(json.Number)
		if !ok {
			return nil, false
		}
		return text(string(n))
	}
}

func float[T float32 | float64](bits int) tableType {
	text := func(s string) (any, bool) {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), bits)
		return T(f), err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	}
	return tableType{reflect.TypeFor[T](), text, numberOnly(text), false, 404, nil}
}

// scalarOf makes the rules of a type whose values are texts, in JSON too.
func scalarOf[T any](text func(string) (T, bool)) tableType {
	return tableType{reflect.TypeFor[T](), func(s string) (any, bool) { v, ok := text(s); return v, ok }, nil, false, 400, nil}
}

// listOf makes the rules of a list from those of its elements: n is how many there
// must be, -1 for any number.
func listOf[L any](elem tableType, n int) tableType {
	build := func(items []any, one func(any) (any, bool)) (any, bool) {
		if n >= 0 && len(items) != n {
			return nil, false
		}
		v := reflect.New(reflect.TypeFor[L]()).Elem()
		if n < 0 {
			v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		}
		for i, item := range items {
			x, ok := one(item)
			if !ok {
				return nil, false
			}
			v.Index(i).Set(reflect.ValueOf(x))
		}
		return v.Interface(), true
	}
	fromJSON := func(x any) (any, bool) {
		items, ok := x.([]any)
		if !ok {
			return nil, false
		}
		return build(items, elem.value)
	}
	text := func(s string) (any, bool) {
		if x, ok := parseJSON(s); ok && strings.HasPrefix(strings.TrimSpace(s), "[") {
			return fromJSON(x)
		}
		return build([]any{s}, func(x any) (any, bool) { return elem.text(x.(string)) })
	}
	return tableType{reflect.TypeFor[L](), text, fromJSON, false, 400, nil}
}

// jsonOf makes the rules of a type whose HTTP text is JSON.
func jsonOf[T any](from func(x any) (T, bool)) tableType {
	fromJSON := func(x any) (any, bool) { v, ok := from(x); return v, ok }
	text := func(s string) (any, bool) {
		x, ok := parseJSON(s)
		if _, quoted := x.(string); !ok || quoted && reflect.TypeFor[T]() != reflect.TypeFor[param.JSON]() {
			// A text in a text: that of JSON in it would be one too many.
			if quoted {
				return from2(s, from)
			}
			return nil, false
		}
		return fromJSON(x)
	}
	return tableType{reflect.TypeFor[T](), text, fromJSON, reflect.TypeFor[T]() == reflect.TypeFor[param.JSON](), 400, nil}
}

// from2 reads a JSON text that is a string holding JSON text, as a parameter as a
// whole may be.
func from2[T any](s string, from func(x any) (T, bool)) (any, bool) {
	x, _ := parseJSON(s)
	inner, ok := parseJSON(x.(string))
	if !ok {
		return nil, false
	}
	if _, quoted := inner.(string); quoted {
		return nil, false
	}
	return from(inner)
}

// value gives what a JSON value inside another one means.
func (tt tableType) value(x any) (any, bool) {
	if s, ok := x.(string); ok && !tt.words {
		return tt.text(s)
	}
	if tt.json == nil {
		return nil, false
	}
	return tt.json(x)
}

// parseJSON reads strict JSON.
func parseJSON(text string) (any, bool) {
	if !jsontext.Value(text).IsValid() {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	x, err := refValue(d)
	return x, err == nil
}

// plainAny gives JSON as a fsa.JSON has it: texts without NUL, numbers as float64.
func plainAny(x any) (any, bool) {
	switch x := x.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(string(x), 64)
		return f, err == nil
	case string:
		return x, isText(x)
	case []any:
		list := make([]any, len(x))
		for i := range x {
			y, ok := plainAny(x[i])
			if !ok {
				return nil, false
			}
			list[i] = y
		}
		return list, true
	case map[string]any:
		m := map[string]any{}
		for name, y := range x {
			z, ok := plainAny(y)
			if !ok || !isText(name) {
				return nil, false
			}
			m[name] = z
		}
		return m, true
	}
	return x, true
}

var tableInt = signed[int]("-9223372036854775808", "9223372036854775807")

// tableTypes are the types of the table, by the names that they have in the
// document.
var tableTypes = map[string]tableType{
	"bool": {reflect.TypeFor[bool](), func(s string) (any, bool) {
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "", "0", "f", "false", "n", "no", "off":
			return false, true
		case "1", "t", "true", "y", "yes", "on":
			return true, true
		}
		return nil, false
	}, func(x any) (any, bool) { b, ok := x.(bool); return b, ok }, true, 400, nil},
	"int":     tableInt,
	"int8":    signed[int8]("-128", "127"),
	"int16":   signed[int16]("-32768", "32767"),
	"int32":   signed[int32]("-2147483648", "2147483647"),
	"int64":   signed[int64]("-9223372036854775808", "9223372036854775807"),
	"uint":    unsigned[uint]("18446744073709551615"),
	"uint8":   unsigned[uint8]("255"),
	"uint16":  unsigned[uint16]("65535"),
	"uint32":  unsigned[uint32]("4294967295"),
	"uint64":  unsigned[uint64]("18446744073709551615"),
	"float32": float[float32](32),
	"float64": float[float64](64),
	"string":  scalarOf(func(s string) (string, bool) { return s, isText(s) }),
	"time.Time": scalarOf(func(s string) (time.Time, bool) {
		s = strings.TrimSpace(s)
		if len(s) > 10 && s[10] == ' ' {
			s = s[:10] + "T" + s[11:]
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02", "20060102", "15:04:05", "15:04"} {
			if t, err := time.Parse(layout, s); err == nil {
				return t, true
			}
		}
		return time.Time{}, false
	}),
	"time.Duration": scalarOf(func(s string) (time.Duration, bool) {
		d, err := time.ParseDuration(strings.TrimSpace(s))
		return d, err == nil
	}),
	"fsa.Date": scalarOf(func(s string) (param.Date, bool) {
		t, err := time.Parse("2006-01-02", strings.TrimSpace(s))
		if err != nil {
			t, err = time.Parse("20060102", strings.TrimSpace(s))
		}
		return param.DateOf(t), err == nil
	}),
	"[]byte": scalarOf(func(s string) ([]byte, bool) {
		b, err := base64.StdEncoding.Strict().DecodeString(s)
		return b, err == nil && !strings.ContainsAny(s, "\r\n")
	}),
	"[4]byte": scalarOf(func(s string) (b byte4, ok bool) {
		all, err := base64.StdEncoding.Strict().DecodeString(s)
		return b, err == nil && !strings.ContainsAny(s, "\r\n") && copy(b[:], all) == 4 && len(all) == 4
	}),
	"[]int":    listOf[[]int](tableInt, -1),
	"[]string": listOf[[]string](scalarOf(func(s string) (string, bool) { return s, isText(s) }), -1),
	"[2]int":   listOf[int2](tableInt, 2),
	"map[string]int": jsonOf(func(x any) (map[string]int, bool) {
		members, ok := x.(map[string]any)
		m := map[string]int{}
		for name, y := range members {
			n, good := tableInt.value(y)
			if ok = ok && good && isText(name); ok {
				m[name] = n.(int)
			}
		}
		return m, ok
	}),
	"struct": jsonOf(func(x any) (p point, ok bool) {
		members, ok := x.(map[string]any)
		n, good := tableInt.value(members["X"])
		if !ok || !good {
			return p, false
		}
		p.X = n.(int)
		for name, y := range members {
			switch {
			case name == "X", name == "Y" && y == nil:
			case name == "Y":
				n, good := tableInt.value(y)
				if !good {
					return p, false
				}
				p.Y = new(int)
				*p.Y = n.(int)
			default:
				return p, false
			}
		}
		return p, true
	}),
	"fsa.JSON": jsonOf(func(x any) (param.JSON, bool) { y, ok := plainAny(x); return param.JSON{Value: y}, ok }),
	"*int": {reflect.TypeFor[*int](), func(s string) (any, bool) {
		n, ok := tableInt.text(s)
		if !ok {
			return nil, false
		}
		return new(n.(int)), true
	}, func(x any) (any, bool) {
		n, ok := tableInt.json(x)
		switch {
		case x == nil:
			return (*int)(nil), true
		case !ok:
			return nil, false
		}
		return new(n.(int)), true
	}, false, 0, nil},
	"type Nat int": func() tableType {
		t := signed[natural]("0", "9223372036854775807")
		whole := signed[natural]("-9223372036854775808", "9223372036854775807")
		positive := func(rule func(string) (any, bool)) func(string) (any, bool) {
			return func(s string) (any, bool) { v, ok := rule(s); return v, ok && v.(natural) >= 0 }
		}
		t.text = positive(whole.text)
		t.json = numberOnly(t.text)
		t.converts = func(s string) bool { _, ok := whole.text(s); return ok }
		return t
	}(),
	"UnmarshalText": scalarOf(func(s string) (address, bool) {
		return address(strings.ToLower(s)), isText(s) && strings.Contains(s, "@")
	}),
	"fsa.Cast": scalarOf(func(s string) (colour, bool) { return colour{255, 0, 0}, s == "red" }),
	"netip.Addr": scalarOf(func(s string) (netip.Addr, bool) {
		if s == "" {
			return netip.Addr{}, true // as its UnmarshalText has it
		}
		a, err := netip.ParseAddr(s)
		return a, err == nil && isText(s)
	}),
}

// tableValues are texts. In JSON, those that are JSON are sent as what they are,
// and the others as strings.
var tableValues = []string{
	"", " ", "0", "1", "-1", "+1", "-0", "00", "01", "7", " 7 ", "10", "127", "128", "-128", "-129", "255", "256", "32767", "32768", "-32769", "65535", "65536",
	"2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "18446744073709551616",
	"0x1f", "0X1F", "-0x1", "0o17", "0b101", "017", "1_000", "1__0", "_1", "0x", "1.0", "1.5", "-2.5e3", "1e3", "1e400", "1e39", ".5", "5.", "0x1p4", "NaN", "Inf", "-inf",
	"true", "TRUE", "false", "t", "no", "On", "oui", "null", `"1"`, `"x"`, `""`, `"null"`, "x", "red", "é", "😀", "a b", "a\nb", "a\x00b", "\xff", "a@B.example",
	"2024-02-29", "2023-02-29", "20240229", "2024-02-29T12:30:00Z", "2024-02-29T12:30:00.5+02:00", "2024-02-29 12:30", "12:30", "12:30:61", "1h30m", "-5s", "5",
	"Zm9v", "Zm9vYg==", "Zm9vYg", "Zm9v\nYg==", "[]", "[1,2]", `["1",2]`, "[1,null]", "[1", `{}`, `{"X":1}`, `{"X":1,"Y":null}`, `{"X":1,"X":2}`, `{"x":1}`, `{"X":"2","Y":3}`, "127.0.0.1", "fe80::1",
}

// TestTable walks types and values through query, form, JSON and path.
func TestTable(t *testing.T) {
	if len(tableTypes) != 30 || len(tableValues) < 100 {
		t.Fatalf("the table has %d types and %d values", len(tableTypes), len(tableValues))
	}
	o := strict
	o.Casts = []param.Cast{param.CastOf(parseColour)}
	inPath := o
	inPath.Path = []string{"v"}
	for _, name := range slices.Sorted(maps.Keys(tableTypes)) {
		tt := tableTypes[name]
		in := oneField(tt.typ, "")
		b := compile(t, in, o)
		p, err := param.Compile[none](in, inPath)
		if (err == nil) != (tt.path != 0) {
			t.Errorf("%s in a path: %v", name, err)
		}
		for _, text := range tableValues {
			asText, textOK := tt.text(text)
			asJSON, jsonOK, body := tt.tableJSON(text)
			path := httptest.NewRequest("GET", "/", nil)
			path.SetPathValue("v", text)
			for _, c := range []struct {
				place  string
				binder *binder
				r      *http.Request
				want   any
				ok     bool
				status int
			}{
				{"query", b, get("v=" + esc(text)), asText, textOK, 400},
				{"form", b, form("v=" + esc(text)), asText, textOK, 400},
				{"json", b, post(jsonType, `{"v":`+body+`}`), asJSON, jsonOK, 400},
				{"path", p, path, asText, textOK, tt.pathStatus(text)},
			} {
				if c.binder == nil {
					continue
				}
				var src param.Source
				src.Reset(httptest.NewRecorder(), c.r, 1<<20, false)
				v := reflect.New(in).Elem()
				err := c.binder.Bind(none{}, &src, v)
				src.Release()
				status := httperr.From(err, 500, "").Status
				switch {
				case c.ok && err != nil:
					t.Errorf("%s, %q in %s: refused by %v, but is %v", name, text, c.place, err, c.want)
				case !c.ok && err == nil:
					t.Errorf("%s, %q in %s: is %v, but must be refused", name, text, c.place, v.Field(0))
				case c.ok && !reflect.DeepEqual(v.Field(0).Interface(), c.want):
					t.Errorf("%s, %q in %s: is %#v, but must be %#v", name, text, c.place, v.Field(0), c.want)
				case !c.ok && status != c.status:
					t.Errorf("%s, %q in %s: status %d, not %d", name, text, c.place, status, c.status)
				}
			}
		}
	}
}

// pathStatus is the status of a path with a text that is refused.
func (tt tableType) pathStatus(text string) int {
	if tt.converts != nil && tt.converts(text) {
		return 400
	}
	return tt.path
}

// tableJSON gives what a value of the table is in JSON, and what that means.
func (tt tableType) tableJSON(text string) (v any, ok bool, body string) {
	x, isJSON := parseJSON(text)
	if !isJSON {
		quoted, err := jsontext.AppendQuote(nil, text)
		if err != nil {
			return nil, false, `"` + text + `"` // not UTF-8: no JSON at all
		}
		x, body = text, string(quoted)
	} else {
		body = text
	}
	v, ok = tt.value(x)
	return v, ok, body
}

// TestTypesDocument: the table of docs/parameters.md has each type of this one, and
// what it says of texts is so.
func TestTypesDocument(t *testing.T) {
	page, err := os.ReadFile("../docs/parameters.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "<!-- checked: types -->\n")
	if !ok {
		t.Fatal("the document has no table of types")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	code := regexp.MustCompile("`([^`]*)`")
	seen := map[string]bool{}
	for _, row := range strings.Split(strings.TrimSpace(table), "\n")[2:] {
		cells := strings.Split(strings.Trim(row, "|"), " | ")
		if len(cells) != 4 {
			t.Fatalf("the row has %d cells: %s", len(cells), row)
		}
		for _, m := range code.FindAllStringSubmatch(cells[0], -1) {
			tt, known := tableTypes[m[1]]
			if !known {
				t.Errorf("the document has the type %s, which is not tested", m[1])
				continue
			}
			seen[m[1]] = true
			for i, right := range []bool{true, false} {
				for _, example := range code.FindAllStringSubmatch(cells[2+i], -1) {
					if !slices.Contains(tableValues, example[1]) {
						t.Errorf("%s: the example %q is not tested", m[1], example[1])
					}
					if _, ok := tt.text(example[1]); ok != right {
						t.Errorf("%s: the document says of %q that it is accepted: %t", m[1], example[1], right)
					}
				}
			}
		}
	}
	for name := range tableTypes {
		if !seen[name] {
			t.Errorf("the document does not have the type %s", name)
		}
	}
}
