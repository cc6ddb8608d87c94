package flatjson

import (
	"reflect"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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
	f.Fuzz(func(t *testing.T, i int64, u uint64, s string, b bool) {
		v := flat{int(i), int8(i), i, uint(u), uint8(u), int16(i), int32(i), uint16(u), uint32(u), u, s, named(s), b, 1, s}
		want, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true))
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Append(nil, &v); string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
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
		struct{ F float64 }{}, struct{ P *int }{}, struct{ A any }{}, struct{ L []int }{}, struct{ In inner }{},
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
