package param_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

type item struct {
	Name  string            `json:"name"`
	Count int               `json:"count" default:"1"`
	Note  string            `json:"note,omitempty"`
	Rank  int               `json:"rank,omitzero"`
	Price *float64          `json:"price"`
	Tags  []string          `json:"tags" default:"[\"new\"]"`
	More  map[string]string `json:"more,omitempty"`
	Sub   *item             `json:"sub"`
	Skip  string            `json:"-"`
	CamelCase
	Stock bool
	own   int //lint:ignore U1000 it is looked at by reflection
}

// CamelCase is embedded: its field is one of the item's.
type CamelCase struct{ InStore bool }

func TestNested(t *testing.T) {
	type in struct{ Item item }
	type list struct {
		Items []item `json:"items"`
	}
	const rest = `"InStore":true,"Stock":false`
	bare := item{Name: "x", Count: 1, Tags: []string{"new"}, CamelCase: CamelCase{true}}
	full := item{Name: "x", Count: 2, Note: "n", Rank: 3, Price: ptr(1.5), Tags: []string{}, More: map[string]string{"a": "b"}, Sub: &bare, CamelCase: CamelCase{true}, Stock: true}
	for _, c := range []struct {
		item string
		want any
	}{
		{`{"name":"x",` + rest + `}`, bare},
		{`{"name":"x","price":null,"sub":null,` + rest + `}`, bare},
		{`{"name":"x","count":2,"note":"n","rank":3,"price":1.5,"tags":[],"more":{"a":"b"},"sub":{"name":"x",` + rest + `},"InStore":true,"Stock":true}`, full},
		{`{` + rest + `}`, refused(`parameter "item" at "/name" is missing`)},
		{`{}`, refused("parameter \"item\" at \"/name\" is missing\nparameter \"item\" at \"/InStore\" is missing\nparameter \"item\" at \"/Stock\" is missing")},
		{`{"name":"x","z":1,` + rest + `}`, refused(`parameter "item" at "/z" is not expected`)},
		{`{"name":"x","Skip":"y",` + rest + `}`, refused(`parameter "item" at "/Skip" is not expected`)},
		{`{"name":"x","-":"y",` + rest + `}`, refused(`parameter "item" at "/-" is not expected`)},
		{`{"name":"x","own":1,` + rest + `}`, refused(`parameter "item" at "/own" is not expected`)},
		{`{"name":"x","CamelCase":{},` + rest + `}`, refused(`parameter "item" at "/CamelCase" is not expected`)},
		{`{"Name":"x",` + rest + `}`, refused("parameter \"item\" at \"/Name\" is not expected\nparameter \"item\" at \"/name\" is missing")},
		{`{"name":"x","instore":true,"Stock":false}`, refused("parameter \"item\" at \"/instore\" is not expected\nparameter \"item\" at \"/InStore\" is missing")},
		{`{"name":1,"count":"x","price":true,"tags":[1],` + rest + `}`, refused(
			"parameter \"item\" at \"/name\" is not a string: \"1\"\n" +
				"parameter \"item\" at \"/count\" is not an integer: \"x\"\n" +
				"parameter \"item\" at \"/price\" is not a number: \"true\"\n" +
				"parameter \"item\" at \"/tags/0\" is not a string: \"1\"")},
		{`{"name":null,` + rest + `}`, refused(`parameter "item" at "/name" must not be null`)},
		{`{"name":"x","count":null,` + rest + `}`, refused(`parameter "item" at "/count" must not be null`)},
		{`{"name":"x","tags":null,` + rest + `}`, refused(`parameter "item" at "/tags" must not be null`)},
		{`{"name":"x","sub":{"name":"x","sub":{"count":1,` + rest + `},` + rest + `},` + rest + `}`, refused(`parameter "item" at "/sub/sub/name" is missing`)},
		{`{"name":"x","more":{"a/b~c":1},` + rest + `}`, refused(`parameter "item" at "/more/a~1b~0c" is not a string: "1"`)},
	} {
		for _, r := range []struct {
			what string
			item func() (item, error)
		}{
			{"json", func() (item, error) {
				v, err := bind[in](t, strict, post(jsonType, `{"item":`+c.item+`}`))
				return v.Item, err
			}},
			{"query", func() (item, error) {
				v, err := bind[in](t, strict, get("item="+esc(c.item)))
				return v.Item, err
			}},
		} {
			got, err := r.item()
			if words, ok := c.want.(refused); ok {
				if fault(err) != string(words) {
					t.Errorf("%s %s:\n got %q\nwant %q", r.what, c.item, fault(err), string(words))
				}
				continue
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(item{})); err != nil || diff != "" {
				t.Errorf("%s %s: %v, %s", r.what, c.item, err, diff)
			}
		}
	}
	// In a list: all faults, each where it is.
	_, err := bind[list](t, strict, post(jsonType, `{"items":[{"name":"x",`+rest+`},{"name":2,`+rest+`},{"y":1,"name":"x",`+rest+`}]}`))
	if want := "parameter \"items\" at \"/1/name\" is not a string: \"2\"\nparameter \"items\" at \"/2/y\" is not expected"; fault(err) != want {
		t.Errorf("got %q, want %q", fault(err), want)
	}
	_, err = bind[list](t, strict, post(jsonType, `{"items":["{}"]}`))
	if want := `parameter "items" at "/0" is not an object`; fault(err) != want {
		t.Errorf("got %q, want %q", fault(err), want)
	}
}

// TestEmbedded: fields of embedded structs are the struct's own.
func TestEmbedded(t *testing.T) {
	type paging struct {
		Limit int `default:"10"`
		Page  int `param:"page,optional"`
	}
	type sorting struct {
		paging
		Sort string `json:"order_by"`
	}
	type Named struct{ X int }
	type in struct {
		sorting
		Named `param:"named"` // a tag makes it one parameter
		Skip  string          `param:"-"`
		role  string          //lint:ignore U1000 it is looked at by reflection
	}
	v, err := bind[in](t, strict, get(`order_by=a&page=3&named={"X":1}`))
	if err != nil || v.Limit != 10 || v.Page != 3 || v.Sort != "a" || v.X != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := bind[in](t, strict, get(`order_by=a&named={"X":1}&skip=a&role=b&x=1&paging={}`)); fault(err) !=
		"unexpected parameter \"paging\"\nunexpected parameter \"role\"\nunexpected parameter \"skip\"\nunexpected parameter \"x\"" {
		t.Errorf("%q", fault(err))
	}
}

// TestMassAssignment: a field that JSON skips is none of the client's (S75).
func TestMassAssignment(t *testing.T) {
	type user struct {
		Login string  `json:"login"`
		Role  *string `json:"-"`
		Admin *bool   `param:"-"`
		Note  *string `json:"-" param:"note"` // but this one says that it is
		Inner struct {
			A    int
			Role *string `json:"-"`
		}
	}
	for _, query := range []string{"role=admin", "Role=admin", "admin=true", "-=admin"} {
		v, err := bind[user](t, options{}, get(`login=x&inner={"A":1}&`+query))
		if err != nil || v.Role != nil || v.Admin != nil {
			t.Errorf("%s: %+v, %v", query, v, err)
		}
	}
	if v, err := bind[user](t, strict, get(`login=x&note=y&inner={"A":1}`)); err != nil || *v.Note != "y" {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := bind[user](t, options{}, get(`login=x&inner={"A":1,"Role":"x"}`)); fault(err) != `parameter "inner" at "/Role" is not expected` {
		t.Errorf("%q", fault(err))
	}
}
