package param_test

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/fastsimpleauth/fsa/param"
	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
	for _, c := range []struct{ field, tag, want string }{
		{"Name", "", "name"},
		{"SID", "", "sid"},
		{"UserID", "", "user_id"},
		{"HTTPPort", "", "http_port"},
		{"X", "", "x"},
		{"XY", "", "xy"},
		{"Xy", "", "xy"},
		{"AbC", "", "ab_c"},
		{"ABc", "", "a_bc"},
		{"A1B", "", "a1_b"},
		{"Page2", "", "page2"},
		{"OAuth2Token", "", "o_auth2_token"},
		{"Already_Snake", "", "already_snake"},
		{"Été", "", "été"},
		{"Name", `param:"n"`, "n"},
		{"Name", `json:"n"`, "n"},
		{"Name", `param:"p" json:"j"`, "p"},
		{"Name", `param:",optional" json:"j"`, "j"},
		{"Name", `param:",optional"`, "name"},
		{"Name", `json:",omitempty"`, "name"},
		{"Name", `param:"N.a-m[e]"`, "N.a-m[e]"},
	} {
		f := reflect.StructField{Name: c.field, Type: reflect.TypeFor[string](), Tag: reflect.StructTag(c.tag)}
		if got := param.Name(f); got != c.want {
			t.Errorf("%s %s is %q, want %q", c.field, c.tag, got, c.want)
		}
	}
}

type (
	selfList     []selfList
	selfPointers []*selfPointers
	pingList     []pongList
	pongList     []pingList
	selfDefault  struct {
		Next *selfDefault `default:"{}"`
	}
	selfMap map[string]selfMap
	tree    struct {
		Children []tree `json:",omitempty"`
		Up       *tree
	}
	embedsPointer struct{ *ab }
	twoNames      struct {
		A int `json:"B"`
		B int
	}
	badInside struct{ C chan int }
	hidden    struct {
		a int `param:"a"` //lint:ignore U1000 it is looked at by reflection
	}
)

// TestCompileFaults: what cannot be right is said when routes are compiled.
func TestCompileFaults(t *testing.T) {
	type item = struct{ By who }
	path := func(names ...string) options {
		o := specials(strict)
		o.Path = names
		return o
	}
	for _, c := range []struct {
		in   any
		o    options
		want []string // in the error, all of them
	}{
		{0, path(), []string{"int is not a struct"}},
		{[]int{}, path(), []string{"[]int is not a struct"}},
		{&struct{}{}, path(), []string{"is not a struct"}},

		{struct{ C chan int }{}, path(), []string{"field C", "a chan int cannot come from a request"}},
		{struct{ F func() }{}, path(), []string{"a func() cannot come from a request"}},
		{struct{ X complex128 }{}, path(), []string{"a complex128 cannot come from a request"}},
		{struct{ P unsafe.Pointer }{}, path(), []string{"cannot come from a request"}},
		{struct{ P uintptr }{}, path(), []string{"cannot come from a request"}},
		{struct{ R io.Reader }{}, path(), []string{"io.Reader is an interface with methods"}},
		{struct{ A [4]chan int }{}, path(), []string{"a chan int cannot"}},
		{struct{ P **int }{}, path(), []string{"pointer to a pointer"}},
		{struct{ L []chan int }{}, path(), []string{"a chan int cannot"}},
		{struct{ M map[string]chan int }{}, path(), []string{"a chan int cannot"}},
		{struct{ S badInside }{}, path(), []string{"field S", "field C of param_test.badInside", "a chan int cannot"}},
		{struct{ S []*badInside }{}, path(), []string{"a chan int cannot"}},
		{struct{ embedsPointer }{}, path(), []string{"embeds the pointer *param_test.ab", "not exported"}},
		{struct{ S twoNames }{}, path(), []string{`two fields named "B"`}},
		{hidden{}, path(), []string{"field a of param_test.hidden has a param tag and is not exported"}},
		{struct{ B1, B2 badInside }{}, path(), []string{"field B1", "field B2"}},

		// What holds itself, with nothing in between where it would end.
		{struct{ L selfList }{}, path(), []string{"selfList is a list of itself"}},
		{struct{ L []selfList }{}, path(), []string{"selfList is a list of itself"}},
		{struct{ L selfPointers }{}, path(), []string{"selfPointers is a list of itself"}},
		{struct{ L pingList }{}, path(), []string{"is a list of itself"}},
		{struct{ D selfDefault }{}, path(), []string{"default", "holds itself"}},

		// Keys that are no text, or no two of which are the same.
		{struct{ M map[any]int }{}, path(), []string{"keys that are no plain text"}},
		{struct{ M map[*int]int }{}, path(), []string{"keys that are no plain text"}},
		{struct{ M map[struct{ A any }]int }{}, path(), []string{"keys that are no plain text"}},

		// Special parameters, and those of header fields, are no part of
		// anything: else the client would set them.
		{struct{ By *who }{}, path(), []string{"a param_test.who does not come from the parameter's value"}},
		{struct{ By []who }{}, path(), []string{"a param_test.who does not come from"}},
		{struct{ By map[string]who }{}, path(), []string{"a param_test.who does not come from"}},
		{struct{ By map[who]string }{}, path(), []string{"a param_test.who does not come from"}},
		{struct{ Item item }{}, path(), []string{"a param_test.who does not come from"}},
		{struct{ Item []*item }{}, path(), []string{"a param_test.who does not come from"}},
		{struct{ H []param.Header }{}, path(), []string{"a param.Header does not come from"}},
		{struct{ C map[string]param.Cookie }{}, path(), []string{"a param.Cookie does not come from"}},
		{struct{ S struct{ C *param.Cookie } }{}, path(), []string{"a param.Cookie does not come from"}},
		{struct {
			By who `default:"x"`
		}{}, path(), []string{"is always there; drop its default"}},
		{struct {
			By who `param:"by,optional"`
		}{}, path(), []string{"is always there"}},

		{struct {
			A int
			B int `param:"a"`
		}{}, path(), []string{`parameter "a" is declared twice, by the fields A and B`}},
		{struct {
			CamelCase
			X bool `param:"in_store"`
		}{}, path(), []string{`parameter "in_store" is declared twice, by the fields InStore and X`}},

		{struct{}{}, path("sid"), []string{`path parameter "sid" has no field`, "Sid string"}},
		{struct{}{}, path("storeID"), []string{`StoreID string`, "`param:\"storeID\"`"}},
		{struct{}{}, path("été"), []string{"Été string"}},
		{struct{}{}, path("a", "b"), []string{`"a" has no field`, `"b" has no field`}},
		{struct{ Sid *int }{}, path("sid"), []string{`path parameter "sid" is always there`}},
		{struct {
			Sid int `default:"1"`
		}{}, path("sid"), []string{`"sid" is always there`}},
		{struct {
			Sid int `param:"sid,optional"`
		}{}, path("sid"), []string{`"sid" is always there`}},
		{struct{ Sid who }{}, path("sid"), []string{`path parameter "sid" is the field Sid`, "takes its value elsewhere"}},
		{struct{ Sid param.Header }{}, path("sid"), []string{"takes its value elsewhere"}},
		{struct{ Sid param.Cookie }{}, path("sid"), []string{"takes its value elsewhere"}},
		{struct {
			Sid int `json:"-"`
		}{}, path("sid"), []string{`path parameter "sid" has no field`}},

		{struct {
			A int `param:"a,omitempty"`
		}{}, path(), []string{`unknown option "omitempty"`}},
		{struct {
			A int `param:"a,optional,optional"`
		}{}, path(), []string{`unknown option "optional,optional"`}},
		{struct {
			A int `default:"x"`
		}{}, path(), []string{`default "x" does not convert`, "is not an integer"}},
		{struct {
			A []int `default:"[1,x]"`
		}{}, path(), []string{"does not convert"}},
		{struct {
			A struct {
				B int8 `default:"1000"`
			}
		}{}, path(), []string{"does not convert", "out of range"}},
		{struct {
			H param.Header `param:"a b"`
		}{}, path(), []string{`"a b" is not a valid name of a header field`}},
		{struct {
			C param.Cookie `param:"a;b"`
		}{}, path(), []string{`"a;b" is not a valid name of a cookie`}},
		{struct {
			A int `format:"email"`
		}{}, path(), []string{`the tag format does not fit a int`}},
		{struct {
			A int `minimum:"x"`
			B int `param:"b,x"`
			C chan int
		}{}, path("d"), []string{"minimum", `option "x"`, "chan int", `"d" has no field`}}, // all together
	} {
		b, err := param.Compile[none](reflect.TypeOf(c.in), c.o)
		if err == nil || b != nil {
			t.Errorf("%T compiles", c.in)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%T: %q is not in %q", c.in, want, err)
			}
		}
	}
}

func TestCompiles(t *testing.T) {
	for _, in := range []any{
		struct{}{},
		struct{ T tree }{},
		struct{ M selfMap }{},
		struct{ T *tree }{},
		struct{ A any }{},
		struct{ H *param.Header }{},
		struct{ m chan int }{}, // not exported, not a parameter
		struct {
			C chan int `param:"-"`
		}{},
		struct {
			C chan int `json:"-"`
		}{},
	} {
		if _, err := param.Compile[none](reflect.TypeOf(in), strict); err != nil {
			t.Errorf("%T: %v", in, err)
		}
	}
	if v, err := bind[struct{ T tree }](t, strict, get(`t={"Children":[{},{"Children":[{}]}],"Up":{}}`)); err != nil || len(v.T.Children[1].Children) != 1 || v.T.Up == nil {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestFields(t *testing.T) {
	o := specials(strict)
	o.Path = []string{"sid"}
	b := compile(t, reflect.TypeFor[struct {
		Sid   int
		Name  string `doc:"the name"`
		Limit int    `default:"10"`
		Note  *string
		UA    param.Header `param:"user_agent"`
		C     param.Cookie `param:"c,optional"`
		By    who
	}](), o)
	var got []string
	for _, f := range b.Fields() {
		line := f.Name + " " + f.In.String() + " " + f.Type.String() + " " + f.Default + " " + f.Doc
		if f.Required {
			line += " required"
		}
		if f.Special {
			line += " special"
		}
		got = append(got, line)
	}
	want := []string{
		"sid path int   required",
		"name  string  the name required",
		"limit  int 10 ",
		"note  *string  ",
		"user_agent header param.Header   required",
		"c cookie param.Cookie  ",
		"by  param_test.who   required special",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f, ok := b.Field("limit"); !ok || f.Index[0] != 2 {
		t.Errorf("%v %t", f, ok)
	}
	if _, ok := b.Field("Limit"); ok {
		t.Error("Field is told names of struct fields")
	}
}

// TestWrongStruct: memory is not written as if it were of another type.
func TestWrongStruct(t *testing.T) {
	b := compile(t, reflect.TypeFor[ab](), strict)
	var src param.Source
	src.Reset(nil, get("a=1"), 0, false)
	for _, v := range []reflect.Value{reflect.ValueOf(&struct{ B string }{}).Elem(), reflect.ValueOf(&faulty{}).Elem()} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Bind writes to a %v", v.Type())
				}
			}()
			b.Bind(none{}, &src, v)
		}()
	}
}

func TestRef(t *testing.T) {
	var in struct {
		A int
		Embedded
	}
	v := reflect.ValueOf(&in).Elem()
	*param.Ref[int](v, []int{0}) = 7
	*param.Ref[int](v, []int{1, 1}) = 8
	if in.A != 7 || in.E != 8 {
		t.Errorf("%+v", in)
	}
	defer func() {
		if recover() == nil {
			t.Error("Ref gives a pointer of another type")
		}
	}()
	param.Ref[string](v, []int{0})
}

// TestTagFaults: a tag that would be ignored is no silence.
func TestTagFaults(t *testing.T) {
	for _, c := range []struct{ tag, want string }{
		{`default: "3"`, "its tag cannot be read from"},
		{`default:3`, "its tag cannot be read from"},
		{`defualt:"3"`, "the tag defualt is not known; did you mean default?"},
		{`Default:"3"`, "the tag Default is not known; did you mean default?"},
		{`parma:"x"`, "did you mean param?"},
		{`db:"a" json:"a" validate:"min=1"`, ""},
	} {
		typ := reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[int](), Tag: reflect.StructTag(c.tag)}})
		_, err := param.Compile(typ, param.Options[struct{}]{})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.tag, err, c.want)
		}
	}
}
