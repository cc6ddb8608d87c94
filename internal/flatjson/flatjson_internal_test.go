package flatjson

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

type named string

type flat struct {
	I   int   `json:"i"`
	I8  int8  `json:"i8"`
	I64 int64 // as it is
	U   uint
	U8  uint8 `json:"u8"`
	I16 int16
	I32 int32
	U16 uint16
	U32 uint32
	U64 uint64
	S   string
	N   named `json:"n"`
	B   bool  `json:"b"`
	F   float64
	F32 float32

	hidden int
	Skip   string `json:"-"`
}

// FuzzEqual compares with the encoder that knows everything.
func FuzzEqual(f *testing.F) {
	for _, s := range []string{"", "foo", `"\/`, "<&>", "\x00\x1f\x7f", "é\u2028\u2029", "\xff\xfe", "𝄞", "\ud7ff"} {
		f.Add(int64(-1), uint64(1), s, true)
	}
	e, ok := Compile[flat]()
	if !ok {
		f.Fatal("the type is not taken for simple")
	}
	for _, v := range []float64{0, math.Copysign(0, -1), 1, -1.5, 1e-6, 9.99e-7, 1e-7, 1e21, 9.99e20, 1e-300, math.MaxFloat64, math.MaxFloat32,
		math.SmallestNonzeroFloat64, math.Inf(1), math.NaN(), 0.1, 1e10, float64(float32(1e-6)), float64(float32(1e21))} {
		f.Add(int64(1), math.Float64bits(v), "", false)
		f.Add(int64(1), uint64(math.Float32bits(float32(v))), "", false)
	}
	f.Fuzz(func(t *testing.T, i int64, u uint64, s string, b bool) {
		v := flat{int(i), int8(i), i, uint(u), uint8(u), int16(i), int32(i), uint16(u), uint32(u), u, s, named(s), b,
			math.Float64frombits(u), math.Float32frombits(uint32(u)), 1, s}
		want, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true))
		if err != nil {
			if _, ok := e.Append(nil, &v); ok {
				t.Errorf("%v has no JSON: %v", v, err)
			}
			return
		}
		if got, ok := e.Append(nil, &v); !ok || string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// someTypes are types of fields, those that are simple among others.
var someTypes = []reflect.Type{
	reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[named](), reflect.TypeFor[yes](), reflect.TypeFor[wait](), reflect.TypeFor[rune](), reflect.TypeFor[float64](), reflect.TypeFor[float32](),
	reflect.TypeFor[uintptr](), reflect.TypeFor[*int](), reflect.TypeFor[[]byte](), reflect.TypeFor[[2]int8](),
	reflect.TypeFor[any](), reflect.TypeFor[level](), reflect.TypeFor[marked](), reflect.TypeFor[time.Duration](), reflect.TypeFor[time.Weekday](),
	reflect.TypeFor[struct{ A int }](), reflect.TypeFor[map[string]int](), reflect.TypeFor[error](),
}

const simpleTypes = 18 // of someTypes, from the first

type (
	yes  bool
	wait time.Duration // which loses the methods of its origin
)

// marked has its say only when it can be changed.
type marked string

func (m *marked) MarshalText() ([]byte, error) { return []byte("<" + *m + ">"), nil }

// someTags are tags of fields.
var someTags = []string{
	"", "", "", `json:"a"`, `json:"b_1"`, `json:"A"`, `json:"F0"`, `json:"f1"`, `json:""`, `json:"-"`, `json:"-,"`, `json:"a,omitempty"`,
	`json:",omitzero"`, `json:",string"`, `json:"é"`, `json:"a b"`, `json:"'a'"`, `json:"a\\"b"`, `param:"x"`, `json:",inline"`, `json:",unknown"`,
	`json:"c,case:ignore"`, `json:"x" json:"y"`,
}

// TestAnyStruct compares with the encoder that knows everything, over random types
// of structs: what is taken for simple must be, also when its fields are padded,
// skipped or named oddly.
func TestAnyStruct(t *testing.T) {
	simple := 0
	rapid.Check(t, func(t *rapid.T) {
		types := someTypes
		if rapid.Bool().Draw(t, "simple") {
			types = someTypes[:simpleTypes]
		}
		var fields []reflect.StructField
		for i := range rapid.IntRange(0, 10).Draw(t, "fields") {
			fields = append(fields, reflect.StructField{
				Name: fmt.Sprintf("F%d", i),
				Type: rapid.SampledFrom(types).Draw(t, "type"),
				Tag:  reflect.StructTag(rapid.SampledFrom(someTags).Draw(t, "tag")),
			})
		}
		typ := reflect.StructOf(fields)
		members, ok := compile(typ)
		if !ok {
			return
		}
		simple++
		v := reflect.New(typ)
		for i := range typ.NumField() {
			fill(t, v.Elem().Field(i))
		}
		want, err := json.Marshal(v.Interface(), jsontext.AllowInvalidUTF8(true))
		if err != nil {
			t.Fatalf("%v is taken for simple, and cannot be encoded: %v", typ, err)
		}
		e := &Encoder[byte]{members} // Append looks at the members only
		if got, ok := e.Append([]byte("before"), (*byte)(v.UnsafePointer())); !ok || string(got) != "before"+string(want) {
			t.Fatalf("%v: got %s, want %s", typ, got, want)
		}
	})
	if simple == 0 {
		t.Error("no type has been simple")
	}
}

// fill gives a field a value: the bounds of its type too, and text that is not
// UTF-8.
func fill(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.SampledFrom([]string{`"\/`, "<&>", "\x00\x1f\x7f", "\u2028\u2029", "\xed\xa0\x80", "\xf0\x9d\x84"})).Draw(t, "string"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, math.MinInt8, -1, 0})).Draw(t, "int")
		v.SetInt(n >> (64 - v.Type().Bits()))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(rapid.OneOf(rapid.Float64Range(-math.MaxFloat32, math.MaxFloat32), rapid.SampledFrom([]float64{0, 1e-6, 1e-7, 1e21, 12.5})).Draw(t, "float"))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.OneOf(rapid.Uint64(), rapid.Just[uint64](math.MaxUint64)).Draw(t, "uint") >> (64 - v.Type().Bits()))
	}
}

type own struct{}

func (*own) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

type level int

func (level) MarshalText() ([]byte, error) { return []byte("high"), nil }

// TestDeclined lists what another encoder must do.
func TestDeclined(t *testing.T) {
	type inner struct{ A int }
	for _, v := range []any{
		1, "", []int{}, map[string]int{}, own{}, time.Time{},
		struct{ F complex64 }{}, struct{ P *int }{}, struct{ A any }{}, struct{ L []int }{}, struct{ In inner }{},
		struct{ inner }{}, struct{ L level }{}, struct{ O own }{}, struct{ D time.Duration }{}, struct{ M time.Month }{},
		struct {
			A int `json:"a,omitempty"`
		}{},
		struct {
			A int `json:",string"`
		}{},
		struct {
			A int `json:"'a b'"`
		}{},
		reflect.Zero(reflect.StructOf([]reflect.StructField{
			{Name: "A", Type: reflect.TypeFor[int](), Tag: `json:"x"`},
			{Name: "B", Type: reflect.TypeFor[int](), Tag: `json:"x"`},
		})).Interface(),
		reflect.Zero(reflect.StructOf([]reflect.StructField{
			{Name: "a", PkgPath: "p", Type: reflect.TypeFor[int](), Tag: `json:"a"`},
		})).Interface(),
	} {
		if _, ok := compile(reflect.TypeOf(v)); ok {
			t.Errorf("%T is taken for simple", v)
		}
	}
}
