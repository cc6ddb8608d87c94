package param_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/param"
	"github.com/google/go-cmp/cmp"
)

type (
	Paging struct {
		Limit int `default:"10" maximum:"100" json:",omitzero"`
		*Cursor
	}
	Cursor  struct{ After string }
	sorting struct {
		By string `json:"by"`
	}
	selfEmbedded struct{ *SelfEmbedded }
	SelfEmbedded struct {
		*SelfEmbedded
		A int
	}
)

// TestEmbeddedPointers: fields behind embedded pointers are the struct's own, and
// whoever gets the struct finds the pointers set.
func TestEmbeddedPointers(t *testing.T) {
	type in struct {
		*Paging
		sorting
		ID int
	}
	want := in{&Paging{7, &Cursor{"x"}}, sorting{"y"}, 1}
	opts := cmp.AllowUnexported(in{}, sorting{})
	v, err := bind[in](t, strict, get("limit=7&after=x&by=y&id=1"))
	if diff := cmp.Diff(want, v, opts); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	nested, err := bind[struct{ V []in }](t, strict, post(jsonType, `{"v":[{"Limit":7,"After":"x","by":"y","ID":1}]}`))
	if err != nil || cmp.Diff([]in{want}, nested.V, opts) != "" {
		t.Errorf("%v, %+v", err, nested)
	}
	for query, want := range map[string]string{
		"id=1":                           "parameter \"after\" is missing\nparameter \"by\" is missing",
		"limit=101&after=x&by=y&id=1":    `parameter "limit" must be at most 100`,
		"after=x&by=y&id=1&cursor=1":     `unexpected parameter "cursor"`,
		"after=x&by=y&id=1&paging=1":     `unexpected parameter "paging"`,
		"after=x&after=x&by=y&id=1":      `parameter "after" is given 2 times`,
		"after=x&by=y&id=1&limit=x":      `parameter "limit" is not an integer: "x"`,
		"after=x&by=y&id=1&limit=%00100": `parameter "limit" is not an integer`,
	} {
		if _, err := bind[in](t, strict, get(query)); fault(err) != want {
			t.Errorf("%s: %q", query, fault(err))
		}
	}
	// No two requests share what a pointer points to.
	a, _ := bind[in](t, strict, get("after=x&by=y&id=1"))
	b, _ := bind[in](t, strict, get("after=x&by=y&id=1"))
	if a.Paging == b.Paging || a.Cursor == b.Cursor || a.Limit != 10 {
		t.Errorf("%+v %+v", a, b)
	}
}

func TestEmbeddedFaults(t *testing.T) {
	type conflict struct {
		Paging
		Limit int
	}
	type deep struct {
		Paging
		X struct{ conflict } `param:"x"`
	}
	for _, c := range []struct {
		of   any
		want string
	}{
		{conflict{}, `parameter "limit" is declared twice, by the fields Limit and Limit`},
		{deep{}, `has two fields named "Limit"`},
		{SelfEmbedded{}, "embeds *param_test.SelfEmbedded, which it is inside of"},
		{selfEmbedded{}, "which it is inside of"},
		{struct{ V SelfEmbedded }{}, "which it is inside of"},
		{struct {
			Paging `default:"{}"`
		}{}, "embeds param_test.Paging with the tag default, which says nothing about the fields"},
		{struct {
			Paging `minimum:"1"`
		}{}, "with the tag minimum"},
		{struct {
			Paging `in:"query"`
		}{}, "with the tag in"},
		{struct {
			V struct {
				sorting `maxLength:"1"`
			}
		}{}, "with the tag maxLength"},
	} {
		if _, err := param.Compile[none](reflect.TypeOf(c.of), strict); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T:\n got %v\nwant %q", c.of, err, c.want)
		}
	}
}

// TestArrays: an array has just as many elements; one of bytes is base64.
func TestArrays(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		query, json string // of v
		want        any
	}{
		{"v=1&v=2", "[1,2]", [2]int{1, 2}},
		{"v=[1,2]", `"[1,2]"`, [2]int{1, 2}},
		{"v=1", "[1]", refused(`[2] must have 2 elements, not 1`)},
		{"v=1&v=2&v=3", "[1,2,3]", refused(`[2] must have 2 elements, not 3`)},
		{"v=1&v=x", `[1,"x"]`, refused(`[2] at "/1" is not an integer: "x"`)},
		{"v=7", "[7]", [1]int{7}},
		{"v=[]", "[]", [0]int{}},
		{"v=[[1],[2]]", "[[1],[2]]", [2][1]int{{1}, {2}}},
		{"v=" + esc(b64([]byte{1, 2, 255})), `"` + b64([]byte{1, 2, 255}) + `"`, [3]byte{1, 2, 255}},
		{"v=" + esc(b64([]byte{1, 2})), `"` + b64([]byte{1, 2}) + `"`, refused(`[3]b is not base64 of 3 bytes: "AQI="`)},
		{"v=AQL%0A%2F", `"AQL\n/"`, refused(`[3]b is not base64 of 3 bytes`)},
		{"v=1h30m&v=0s", `["1h30m","0s"]`, [2]time.Duration{90 * time.Minute, 0}},
	} {
		typ := reflect.TypeOf(c.want)
		words, isRefused := c.want.(refused)
		if isRefused {
			typ = reflect.TypeFor[[2]int]()
			if strings.HasPrefix(string(words), "[3]b") {
				typ = reflect.TypeFor[[3]byte]()
			}
			_, rest, _ := strings.Cut(string(words), " ")
			words = refused(rest)
		}
		for _, r := range []string{c.query, c.json} {
			request := post(jsonType, `{"v":`+r+`}`)
			if r == c.query {
				request = get(r)
			}
			v, err := bindTo(t, oneField(typ, ""), strict, request)
			switch {
			case isRefused:
				if want := `parameter "v" ` + string(words); fault(err) != want {
					t.Errorf("%v from %s:\n got %q\nwant %q", typ, r, fault(err), want)
				}
			case err != nil || v.Field(0).Interface() != c.want:
				t.Errorf("%v from %s: %v, %v", typ, r, v, err)
			}
		}
	}
	// Line breaks in base64 would be two texts for the same bytes.
	if _, err := bindTo(t, oneField(reflect.TypeFor[[]byte](), ""), strict, get("v=Zm%0A9v")); err == nil {
		t.Error("a line break passes")
	}
}
