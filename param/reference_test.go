package param_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// refField is a field as the reference binder knows it: what the specification
// says of parameters, without any code of the binder.
type refField struct {
	Name     string
	Kind     string // int, int8, uint, float, bool, string, time, duration, ints, strings, object, *int
	Optional bool
	Default  string // of ints and strings only
	Pin      string
	Min, Max int // of ints and of lengths, 0 to 0 for none
}

var refTypes = map[string]reflect.Type{
	"int": reflect.TypeFor[int](), "int8": reflect.TypeFor[int8](), "uint": reflect.TypeFor[uint](),
	"float": reflect.TypeFor[float64](), "bool": reflect.TypeFor[bool](), "string": reflect.TypeFor[string](),
	"time": reflect.TypeFor[time.Time](), "duration": reflect.TypeFor[time.Duration](),
	"ints": reflect.TypeFor[[]int](), "strings": reflect.TypeFor[[]string](), "object": reflect.TypeFor[refObject](), "*int": reflect.TypeFor[*int](),
}

type refObject struct {
	A int `minimum:"0"`
	B string
	C []int `json:"c,omitempty"`
}

// structOf gives the struct that has the fields.
func structOf(fields []refField) reflect.Type {
	var all []reflect.StructField
	for i, f := range fields {
		tag := fmt.Sprintf(`param:"%s"`, f.Name)
		if f.Optional {
			tag = fmt.Sprintf(`param:"%s,optional"`, f.Name)
		}
		if f.Default != "" {
			tag += fmt.Sprintf(` default:"%s"`, f.Default)
		}
		if f.Pin != "" {
			tag += fmt.Sprintf(` in:"%s"`, f.Pin)
		}
		if f.Min != f.Max {
			low, high := "minimum", "maximum"
			if f.Kind == "string" || f.Kind == "strings" {
				low, high = "minLength", "maxLength"
			}
			tag += fmt.Sprintf(` %s:"%d" %s:"%d"`, low, f.Min, high, f.Max)
		}
		all = append(all, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: refTypes[f.Kind], Tag: reflect.StructTag(tag)})
	}
	return reflect.StructOf(all)
}

// reference binds slowly and simply, by net/url and encoding/json. It gives the
// values, and the names of the parameters at fault; all is true if the request as
// a whole is.
func reference(fields []refField, r *http.Request, body string) (v reflect.Value, faults []string, all bool) {
	v = reflect.New(structOf(fields)).Elem()
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return v, nil, true
	}
	formed, properties := url.Values{}, map[string]any{}
	switch r.Header.Get("Content-Type") {
	case formType:
		if formed, err = url.ParseQuery(body); err != nil || strings.HasPrefix(strings.TrimLeft(body, " \t\r\n"), "{") || strings.HasPrefix(strings.TrimLeft(body, " \t\r\n"), "[") {
			return v, nil, true
		}
	case jsonType:
		if properties, err = refObjectOf(body); err != nil {
			return v, nil, true
		}
	}
	known := map[string]bool{}
	for i, f := range fields {
		known[f.Name] = true
		q, inQuery := query[f.Name]
		b, inForm := formed[f.Name]
		j, inJSON := properties[f.Name]
		wrong := false // it stands where it must not
		for place, in := range map[string]*bool{"query": &inQuery, "form": &inForm, "json": &inJSON} {
			if *in && f.Pin != "" && f.Pin != place {
				*in, wrong = false, true
			}
		}
		if wrong {
			faults = append(faults, f.Name)
		}
		n := 0
		for _, in := range []bool{inQuery, inForm, inJSON} {
			if in {
				n++
			}
		}
		field, ok := v.Field(i), true
		switch {
		case n > 1:
			ok = false
		case n == 0 && f.Default != "":
			ok = refText(f, []string{f.Default}, field)
		case n == 0:
			ok = f.Optional || f.Kind == "*int"
		case inQuery:
			ok = refText(f, q, field)
		case inForm:
			ok = refText(f, b, field)
		default:
			ok = refJSON(f, j, field)
		}
		if !ok {
			faults = append(faults, f.Name)
		}
	}
	for _, names := range [][]string{keys(query), keys(formed), keys(properties)} {
		for _, name := range names {
			switch {
			case known[name]:
			case len(name) <= 40 && looksLikeName.MatchString(name):
				faults = append(faults, name)
			default:
				faults = append(faults, "") // which may be anything, a password too
			}
		}
	}
	slices.Sort(faults)
	return v, slices.Compact(faults), false
}

// looksLikeName is what of an unexpected parameter's name is told.
var looksLikeName = regexp.MustCompile(`^[\pL_][\pL\p{Nd}_.-]*(\[[\pL\p{Nd}_]*\])*$`)

func keys[V any](m map[string]V) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

// refObjectOf reads a JSON object with unique names, all the way down.
func refObjectOf(body string) (map[string]any, error) {
	if body == "" {
		return nil, nil
	}
	if !jsontext.Value(body).IsValid() {
		return nil, errors.New("malformed") // encoding/json mends surrogates
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	v, err := refValue(d)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("no object")
	}
	return m, nil
}

func refValue(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		m := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			if _, twice := m[name.(string)]; twice {
				return nil, errors.New("twice")
			}
			if m[name.(string)], err = refValue(d); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return m, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := refValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return t, nil
}

// refText converts what HTTP says about a field.
func refText(f refField, texts []string, v reflect.Value) bool {
	switch f.Kind {
	case "ints", "strings":
		one := f
		one.Kind = strings.TrimSuffix(f.Kind, "s")
		if len(texts) == 1 && strings.HasPrefix(strings.TrimSpace(texts[0]), "[") {
			d := json.NewDecoder(strings.NewReader(texts[0]))
			d.UseNumber()
			if list, err := refValue(d); err == nil && jsontext.Value(texts[0]).IsValid() {
				return refJSON(f, list, v)
			}
		}
		v.Set(reflect.MakeSlice(v.Type(), len(texts), len(texts)))
		for i, text := range texts {
			if !refText(one, []string{text}, v.Index(i)) {
				return false
			}
		}
		return true
	}
	if len(texts) != 1 {
		return false
	}
	text := texts[0]
	switch f.Kind {
	case "*int":
		v.Set(reflect.New(v.Type().Elem()))
		f.Kind = "int"
		return refText(f, texts, v.Elem())
	case "object":
		m, err := refObjectOf(text)
		return err == nil && text != "" && refJSON(f, m, v)
	case "string":
		v.SetString(text)
		n := utf8.RuneCountInString(text)
		return utf8.ValidString(text) && !strings.Contains(text, "\x00") && f.within(n)
	case "bool":
		words := map[string]bool{"": false, "0": false, "f": false, "false": false, "n": false, "no": false, "off": false,
			"1": true, "t": true, "true": true, "y": true, "yes": true, "on": true}
		b, ok := words[strings.ToLower(strings.TrimSpace(text))]
		v.SetBool(b)
		return ok
	case "float":
		x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		v.SetFloat(x)
		return err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
	case "duration":
		d, err := time.ParseDuration(strings.TrimSpace(text))
		v.SetInt(int64(d))
		return err == nil
	case "time":
		s := strings.TrimSpace(text)
		if len(s) > 10 && s[10] == ' ' {
			s = s[:10] + "T" + s[11:]
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02", "20060102", "15:04:05", "15:04"} {
			if x, err := time.Parse(layout, s); err == nil {
				v.Set(reflect.ValueOf(x))
				return true
			}
		}
		return false
	}
	// Integers: as Go writes them, but octal only with 0o.
	text = strings.TrimSpace(text)
	if digits := strings.TrimLeft(text, "+-"); len(digits) > 1 && digits[0] == '0' && strings.ContainsAny(digits[1:2], "0123456789_") {
		return false
	}
	if f.Kind == "uint" {
		n, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 0, 64)
		v.SetUint(n)
		return err == nil
	}
	n, err := strconv.ParseInt(text, 0, v.Type().Bits())
	v.SetInt(n)
	return err == nil && f.within(int(n))
}

func (f refField) within(n int) bool { return f.Min == f.Max || f.Min <= n && n <= f.Max }

// refJSON converts what a JSON body says about a field.
func refJSON(f refField, x any, v reflect.Value) bool {
	if f.Kind == "*int" {
		if x == nil {
			return true
		}
		f.Kind = "int"
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch x := x.(type) {
	case string:
		return f.Kind != "bool" && refText(f, []string{x}, v)
	case bool:
		if f.Kind == "bool" {
			v.SetBool(x)
		}
		return f.Kind == "bool"
	case json.Number:
		switch f.Kind {
		case "int", "int8", "uint", "float":
			return refText(f, []string{string(x)}, v)
		}
	case []any:
		if f.Kind != "ints" && f.Kind != "strings" {
			return false
		}
		f.Kind = strings.TrimSuffix(f.Kind, "s")
		v.Set(reflect.MakeSlice(v.Type(), len(x), len(x)))
		for i := range x {
			if !refJSON(f, x[i], v.Index(i)) {
				return false
			}
		}
		return true
	case map[string]any:
		if f.Kind != "object" {
			return false
		}
		_, a := x["A"]
		_, b := x["B"]
		for name, y := range x {
			ok := false
			switch name {
			case "A":
				ok = refJSON(refField{Kind: "int", Max: math.MaxInt}, y, v.Field(0))
			case "B":
				ok = refJSON(refField{Kind: "string"}, y, v.Field(1))
			case "c":
				_, text := y.(string) // inside a value, no text stands for JSON
				ok = !text && refJSON(refField{Kind: "ints"}, y, v.Field(2))
			}
			if !ok {
				return false
			}
		}
		return a && b
	}
	return false
}

// compareWithReference binds a request both ways.
func compareWithReference(t interface {
	Fatalf(string, ...any)
	Helper()
}, tb testing.TB, fields []refField, r *http.Request, body string) {
	t.Helper()
	want, faults, all := reference(fields, r, body)
	got, err := bindTo(tb, structOf(fields), strict, r)
	what := fmt.Sprintf("%+v\n%s %s %q", fields, r.URL, r.Header.Get("Content-Type"), body)
	if all || len(faults) > 0 {
		var e *httperr.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s\nis bound to %+v, but the reference says %v, %t", what, got, faults, all)
		}
		var names []string
		for _, f := range e.Faults {
			names = append(names, f.Name)
		}
		slices.Sort(names)
		names = slices.Compact(names)
		if all != (len(names) == 0) || !all && !slices.Equal(names, faults) {
			t.Fatalf("%s\nfaults of %q, but the reference says %q, %t\n%v", what, names, faults, all, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s\n%v, but the reference binds it to %+v", what, err, want)
	}
	if diff := cmp.Diff(want.Interface(), got.Interface()); diff != "" {
		t.Fatalf("%s\n%s", what, diff)
	}
}

var refTexts = []string{"", "0", "1", "-1", "+5", "7", "127", "128", "-129", "0x1f", "0o17", "017", "1_000", "9223372036854775808", "1.5", "1e3", "NaN", "true", "off",
	"yes", "x", "é", "😀😀", "\x00", "\xff", " 3 ", "2024-02-29", "20240229", "2024-02-29T12:30:00Z", "2024-02-29 12:30", "12:30", "9:05", "12:30:00.5", "1h30m", "-5s",
	"[1,2]", `["a","b"]`, "[]", "[1,", `["1",2]`, `[null]`, `{"A":1,"B":"x"}`, `{"A":-1,"B":"x"}`, `{"A":1}`, `{"A":1,"B":"x","c":[1]}`, `{"A":1,"A":1,"B":""}`, `{"a":1,"B":"x"}`}

var refValues = append([]string{"null", "true", "false", "1.0", "[[1]]", "{}", `{"A":"1","B":"x","c":"[1]"}`, `[1,"2",null]`, `"\u0000"`, `"a\ud800"`},
	func() (quoted []string) {
		for _, s := range refTexts {
			if utf8.ValidString(s) {
				b, _ := json.Marshal(s)
				quoted = append(quoted, string(b))
				if json.Valid([]byte(s)) {
					quoted = append(quoted, s)
				}
			}
		}
		return quoted
	}()...)

// TestReference: the binder does what the slow reference does, for random structs
// and random requests.
func TestReference(t *testing.T) {
	kinds := keys(refTypes)
	slices.Sort(kinds)
	names := []string{"a", "b", "c", "d_e", "é"}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, len(names)).Draw(rt, "fields")
		pins := rapid.SampledFrom([][]string{{""}, {"", "query"}, {"", "query", "form"}, {"", "query", "json"}}).Draw(rt, "pins")
		var fields []refField
		for i := range n {
			f := refField{Name: names[i], Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), Optional: rapid.Bool().Draw(rt, "optional"), Pin: rapid.SampledFrom(pins).Draw(rt, "pin")}
			switch f.Kind {
			case "int", "string", "ints", "strings", "*int":
				if rapid.Bool().Draw(rt, "limited") {
					f.Min, f.Max = 1, rapid.IntRange(2, 40).Draw(rt, "max")
				}
			}
			if (f.Kind == "int" || f.Kind == "string") && rapid.Bool().Draw(rt, "default") {
				f.Default = "2"
			}
			fields = append(fields, f)
		}
		some := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) string {
			name := rapid.SampledFrom(append(names[:n:n], "z", "A")).Draw(rt, "name")
			return url.QueryEscape(name) + "=" + url.QueryEscape(rapid.SampledFrom(refTexts).Draw(rt, "text"))
		}), 0, 5)
		query := strings.Join(some.Draw(rt, "query"), "&")
		contentType, body := "", ""
		switch rapid.IntRange(0, 3).Draw(rt, "body") {
		case 1:
			contentType, body = formType, strings.Join(some.Draw(rt, "form"), "&")
		case 2, 3:
			var members []string
			for range rapid.IntRange(0, 6).Draw(rt, "members") {
				name, _ := json.Marshal(rapid.SampledFrom(append(names[:n:n], "z")).Draw(rt, "name"))
				members = append(members, string(name)+":"+rapid.SampledFrom(refValues).Draw(rt, "value"))
			}
			contentType, body = jsonType, "{"+strings.Join(members, ",")+"}"
		}
		r := httptest.NewRequest("POST", "/?"+query, strings.NewReader(body))
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		compareWithReference(rt, t, fields, r, body)
	})
}

// FuzzReference is the same for requests that the fuzzer makes.
func FuzzReference(f *testing.F) {
	all := []refField{
		{Name: "i", Kind: "int", Optional: true, Min: -5, Max: 100}, {Name: "j", Kind: "int8", Optional: true}, {Name: "u", Kind: "uint", Optional: true},
		{Name: "f", Kind: "float", Optional: true}, {Name: "b", Kind: "bool", Optional: true}, {Name: "s", Kind: "string", Optional: true, Max: 5},
		{Name: "t", Kind: "time", Optional: true}, {Name: "d", Kind: "duration", Optional: true}, {Name: "l", Kind: "ints", Optional: true},
		{Name: "m", Kind: "strings", Optional: true, Min: 1, Max: 3}, {Name: "o", Kind: "object", Optional: true}, {Name: "p", Kind: "*int"},
		{Name: "q", Kind: "string", Pin: "query", Optional: true},
	}
	for i, text := range refTexts {
		name := all[i%len(all)].Name
		f.Add(name+"="+url.QueryEscape(text), "", uint8(0))
		f.Add("", "i=1&"+name+"="+url.QueryEscape(text), uint8(1))
	}
	for i, value := range refValues {
		f.Add("q=1", fmt.Sprintf("{%q:%s}", all[i%len(all)].Name, value), uint8(2))
	}
	f.Fuzz(func(t *testing.T, query, body string, kind uint8) {
		if strings.Count(query+body, "&") > 90 || strings.Count(body, ":") > 90 || strings.Count(body, "{")+strings.Count(body, "[")+strings.Count(query, "{")+strings.Count(query, "[") > 60 {
			return // the limits have tests of their own
		}
		if body == "" && kind%3 > 0 {
			return
		}
		r := httptest.NewRequest("POST", "/", nil)
		if kind %= 3; kind > 0 {
			r = post([]string{"", formType, jsonType}[kind], body)
		}
		r.URL.RawQuery = query
		compareWithReference(t, t, all, r, body)
	})
}
