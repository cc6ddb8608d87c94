package param_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

// even is a number that says so in words for the client; odd in words that are
// not for the client.
type (
	even     int
	odd      int
	picky    []int
	teapot   string
	vague    string
	typedNil string
)

func (e even) Validate(context.Context) error {
	if e%2 != 0 {
		return httperr.Errorf(400, "%d is not even", int(e))
	}
	return nil
}

func (o *odd) Validate(context.Context) error {
	if *o%2 == 0 {
		return fmt.Errorf("internal remark on %d", int(*o))
	}
	return nil
}

func (p picky) Validate(context.Context) error {
	if len(p) == 2 {
		return httperr.Errorf(400, "two is a bad number")
	}
	return nil
}

func (teapot) Validate(context.Context) error { return httperr.Errorf(418, "short and stout") }
func (vague) Validate(context.Context) error  { return httperr.Errorf(400, "") }

func (t typedNil) Validate(context.Context) error {
	if t == "fine" {
		return nil
	}
	return (*httperr.Error)(nil)
}

func TestValidateValue(t *testing.T) {
	for _, c := range []struct {
		of   any
		tag  string
		json string
		want string
	}{
		{even(0), "", "2", ""},
		{even(0), "", "3", `parameter "v": 3 is not even`},
		{even(0), "", `"3"`, `parameter "v": 3 is not even`},
		{even(0), `minimum:"4"`, "3", `parameter "v" must be at least 4`}, // first
		{even(0), `minimum:"4"`, "5", `parameter "v": 5 is not even`},
		{(*even)(nil), "", "3", `parameter "v": 3 is not even`},
		{(*even)(nil), "", "null", ""},
		{[]even{}, "", "[2,3]", `parameter "v" at "/1": 3 is not even`},
		{[]even{}, `minimum:"4"`, "[4,7]", `parameter "v" at "/1": 7 is not even`},
		{[2]even{}, "", "[2,3]", `parameter "v" at "/1": 3 is not even`},
		{map[string]even{}, "", `{"a":3}`, `parameter "v" at "/a": 3 is not even`},
		{map[even]string{}, "", `{"3":"a"}`, `parameter "v" at "/3": 3 is not even`},
		{struct{ A even }{}, "", `{"A":3}`, `parameter "v" at "/A": 3 is not even`},
		{odd(0), "", "3", ""},
		{odd(0), "", "2", `parameter "v" is not valid`},
		{[]odd{}, "", "[3,2]", `parameter "v" at "/1" is not valid`},
		{picky{}, "", "[1]", ""},
		{picky{}, "", "[1,2]", `parameter "v": two is a bad number`},
		{picky{}, "", `"[1,2]"`, `parameter "v": two is a bad number`},
		{picky{}, `minimum:"1"`, "[0,2]", `parameter "v" at "/0" must be at least 1`},
		{picky{}, `minimum:"1"`, "[1,2]", `parameter "v": two is a bad number`},
		{picky{}, `maxItems:"1"`, "[1,2]", `parameter "v" must have at most 1 element`},
		{(*picky)(nil), "", "[1,2]", `parameter "v": two is a bad number`},
		{vague(""), "", `"x"`, `parameter "v" is not valid`},
		{typedNil(""), "", `"x"`, `parameter "v" is not valid`},
		{teapot(""), "", `"x"`, "I'm a teapot: short and stout"},
	} {
		typ := oneField(reflect.TypeOf(c.of), reflect.StructTag(c.tag))
		requests := map[string]*http.Request{"json": post(jsonType, `{"v":`+c.json+`}`)}
		if !strings.HasPrefix(c.json, `"`) && c.json != "null" {
			requests["query"] = get("v=" + esc(c.json))
			requests["form"] = form("v=" + esc(c.json))
		}
		for what, r := range requests {
			if _, err := bindTo(t, typ, strict, r); fault(err) != c.want {
				t.Errorf("%v %s, %s %s:\n got %q\nwant %q", typ, c.tag, what, c.json, fault(err), c.want)
			}
		}
	}
	// Given once for each element.
	if _, err := bindTo(t, oneField(reflect.TypeFor[picky](), ""), strict, get("v=1&v=2")); fault(err) != `parameter "v": two is a bad number` {
		t.Errorf("%v", err)
	}
	// The remark is for the log; that on a secret is for nobody.
	_, err := bindTo(t, oneField(reflect.TypeFor[odd](), ""), strict, get("v=2"))
	if e := httperr.From(err, 500, ""); !strings.Contains(err.Error(), "internal remark on 2") || strings.Contains(e.Public, "remark") {
		t.Errorf("%v", err)
	}
	if _, err := bindTo(t, oneField(reflect.TypeFor[odd](), `format:"password"`), strict, get("v=2")); strings.Contains(err.Error(), "remark") {
		t.Errorf("%v", err)
	}
	// In the path, in a header field, in a cookie.
	o := strict
	o.Path = []string{"v"}
	r := get("")
	r.URL.Path = "/3"
	if _, err := bindTo(t, oneField(reflect.TypeFor[even](), ""), o, r); fault(err) != `parameter "v": 3 is not even` {
		t.Errorf("path: %v", err)
	}
	for tag, r := range map[reflect.StructTag]*http.Request{`in:"header"`: with(get(""), "V", "3"), `in:"cookie"`: with(get(""), "Cookie", "v=3")} {
		if _, err := bindTo(t, oneField(reflect.TypeFor[even](), tag), strict, r); fault(err) != `parameter "v": 3 is not even` {
			t.Errorf("%s: %v", tag, err)
		}
	}
}

// span is an input that looks at itself; paging one that is embedded.
type span struct {
	From, To int
	paging
	*Sorted
}

type paging struct {
	Page int `param:"page,optional" json:",omitempty"`
}

type Sorted struct {
	Sort string `param:"sort,optional" json:",omitempty"`
}

func (p paging) Validate(ctx context.Context) error {
	if p.Page < 0 {
		return httperr.Errorf(400, "page before the first")
	}
	return nil
}

func (s *Sorted) Validate(context.Context) error {
	if s.Sort == "random" {
		return httperr.Errorf(400, "that is no order")
	}
	return nil
}

func (s span) Validate(ctx context.Context) error {
	switch {
	case s.From == 13:
		return errors.New("superstition about 13")
	case s.From == 14:
		return fmt.Errorf("asking the store: %w", context.DeadlineExceeded)
	case s.From > s.To:
		return httperr.Errorf(422, "from %d is after to", s.From).WithHeader("X-Why", "order")
	}
	return nil
}

func TestValidateInput(t *testing.T) {
	type nested struct{ V span }
	for _, c := range []struct{ query, want string }{
		{"from=1&to=2", ""},
		{"from=3&to=2", "Unprocessable Entity: from 3 is after to"},
		{"from=13&to=20", "the parameters are not valid"},
		{"from=1&to=2&page=-1", "page before the first"}, // though span has hidden its Validate
		{"from=1&to=2&sort=random", "that is no order"},
		{"from=3", `parameter "to" is missing`}, // not asked about half of itself
		{"from=14&to=20", "no public text: context deadline exceeded"},
	} {
		if _, err := bind[span](t, strict, get(c.query)); fault(err) != c.want {
			t.Errorf("%s: got %q, want %q", c.query, fault(err), c.want)
		}
	}
	for body, want := range map[string]string{
		`{"From":1,"To":2}`:                   "",
		`{"From":13,"To":20}`:                 `parameter "v" is not valid`,
		`{"From":1,"To":2,"Page":-1}`:         `parameter "v": page before the first`,
		`{"From":1,"To":2,"Sort":"random"}`:   `parameter "v": that is no order`,
		`{"From":3,"To":2}`:                   "Unprocessable Entity: from 3 is after to",
		`{"From":14,"To":15}`:                 "no public text: context deadline exceeded",
		`{"From":14,"To":15,"Page":"x"}`:      `parameter "v" at "/Page" is not an integer: "x"`,
		`{"From":1,"To":2,"Page":1,"Z":null}`: `parameter "v" at "/Z" is not expected`,
	} {
		if _, err := bind[nested](t, strict, post(jsonType, `{"v":`+body+`}`)); fault(err) != want {
			t.Errorf("%s: got %q, want %q", body, fault(err), want)
		}
	}
	_, err := bind[span](t, strict, get("from=13&to=20"))
	if !strings.Contains(err.Error(), "superstition") {
		t.Errorf("the log does not read why: %v", err)
	}
	if e := httperr.From(err, 500, ""); e.Status != 400 {
		t.Errorf("%v", e)
	}
}

// guessed has a secret beside what it says of itself.
type guessed struct {
	N    int
	Code secret
}

func (g guessed) Validate(context.Context) error {
	return fmt.Errorf("%s is a bad code", string(g.Code))
}

// TestValidateSecrets: the text of an error is not even for the log if it may hold
// a secret.
func TestValidateSecrets(t *testing.T) {
	o := strict
	o.Secrets = []reflect.Type{reflect.TypeFor[secret]()}
	if _, err := bind[guessed](t, o, get("n=1&code=hunter2")); fault(err) != "the parameters are not valid" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	if _, err := bind[struct{ V guessed }](t, o, post(jsonType, `{"v":{"N":1,"Code":"hunter2"}}`)); fault(err) != `parameter "v" is not valid` || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

// twin embeds two that have the method, so that it has none itself.
type twin struct {
	paging
	Other
}

type Other struct {
	N int `param:"n,optional"`
}

func (o Other) Validate(context.Context) error {
	if o.N == 7 {
		return httperr.Errorf(400, "not seven")
	}
	return nil
}

// TestValidateAmbiguous: of two embedded structs with the method, both are asked,
// though Go gives neither's to the outer one.
func TestValidateAmbiguous(t *testing.T) {
	for query, want := range map[string]string{"page=1&n=1": "", "page=-1": "page before the first", "n=7": "not seven"} {
		if _, err := bind[twin](t, strict, get(query)); fault(err) != want {
			t.Errorf("%s: %q", query, fault(err))
		}
	}
}

// asksWho looks at a special parameter and at the context.
type asksWho struct {
	By who
	N  int `param:"n,optional"`
}

type ctxKey struct{}

func (a asksWho) Validate(ctx context.Context) error {
	if a.By != "calvin" || ctx.Value(ctxKey{}) != "the request's" {
		return httperr.Errorf(400, "%s, %v", a.By, ctx.Value(ctxKey{}))
	}
	return nil
}

func TestValidateContext(t *testing.T) {
	r := get("n=1")
	r = r.WithContext(context.WithValue(r.Context(), ctxKey{}, "the request's"))
	if _, err := bind[asksWho](t, specials(strict), r); err != nil {
		t.Error(err)
	}
	// What the framework keeps for a request is its context, if it is one.
	b, err := param.Compile[context.Context](reflect.TypeFor[keepsContext](), param.Options[context.Context]{})
	if err != nil {
		t.Fatal(err)
	}
	var src param.Source
	src.Reset(nil, get("v=x"), 0, false)
	ctx := context.WithValue(context.Background(), ctxKey{}, "the framework's")
	if err := b.Bind(ctx, &src, reflect.New(reflect.TypeFor[keepsContext]()).Elem()); fault(err) != `parameter "v": the framework's` {
		t.Errorf("%v", err)
	}
}

type (
	fromContext  string
	keepsContext struct{ V fromContext }
)

func (fromContext) Validate(ctx context.Context) error {
	return httperr.Errorf(400, "%v", ctx.Value(ctxKey{}))
}

type (
	noContext  struct{ A int }
	noError    int
	embedsBad  struct{ noContext }
	panicky    int
	badDefault struct {
		A even `default:"3"`
	}
	panicDefault struct {
		A panicky `default:"3"`
	}
	contextDefault struct {
		A noGuest `default:"4"`
	}
	noGuest     int
	goodDefault struct {
		A even `default:"4"`
	}
)

// Validate refuses everything to guests.
func (noGuest) Validate(ctx context.Context) error {
	if ctx.Value(ctxKey{}) == "guest" {
		return httperr.Errorf(400, "not for guests")
	}
	return nil
}

func (noContext) Validate() error              { return nil }
func (*noError) Validate(context.Context)      {}
func (panicky) Validate(context.Context) error { panic("boo") }

// TestValidateFaults: a method that nobody would call is said when routes are
// compiled, and so is a default that does not pass.
func TestValidateFaults(t *testing.T) {
	for _, c := range []struct {
		of   any
		want string
	}{
		{noContext{}, "has a method Validate that nobody calls, being a func(*param_test.noContext) error"},
		{struct{ V noContext }{}, "has a method Validate that nobody calls"},
		{struct{ V []*noContext }{}, "has a method Validate that nobody calls"},
		{struct{ V noError }{}, "has a method Validate that nobody calls"},
		{embedsBad{}, "has a method Validate that nobody calls"},
		{struct{ V embedsBad }{}, "has a method Validate that nobody calls"},
		{badDefault{}, `its default "3" does not convert: parameter "a": 3 is not even`},
		{panicDefault{}, `its default "3" makes a method of param_test.panicky panic: boo`},
		{struct {
			A teapot `default:"3"`
		}{}, `its default "3" is not valid: 418: short and stout`},
	} {
		if _, err := param.Compile[none](reflect.TypeOf(c.of), strict); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T:\n got %v\nwant %q", c.of, err, c.want)
		}
	}
	// A default is looked at for each request that takes it.
	r := get("")
	r = r.WithContext(context.WithValue(r.Context(), ctxKey{}, "guest"))
	if _, err := bind[contextDefault](t, strict, r); fault(err) != `parameter "a": not for guests` {
		t.Errorf("%v", err)
	}
	if v, err := bind[goodDefault](t, strict, get("")); err != nil || v.A != 4 {
		t.Errorf("%v, %v", v, err)
	}
}

// TestValidatePanics: the panic goes on to those who make a refusal of it (S88),
// and leaves nothing behind.
func TestValidatePanics(t *testing.T) {
	type in struct{ V []panicky }
	b := compile(t, reflect.TypeFor[in](), strict)
	var src param.Source
	src.Reset(nil, post(jsonType, `{"v":[1]}`), 1<<20, false)
	func() {
		defer func() {
			if recover() != "boo" {
				t.Error("no panic")
			}
		}()
		b.Bind(none{}, &src, reflect.New(reflect.TypeFor[in]()).Elem())
	}()
	src.Release()
	if left := param.Leftovers(&src); left != "" {
		t.Errorf("left is %q", left)
	}
}
