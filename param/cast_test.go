package param_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/param"
)

// colour is a type without a text form.
type colour struct{ r, g, b uint8 }

var errColour = errors.New("colour: s3cret reason")

func parseColour(text string) (colour, error) {
	switch text {
	case "red":
		return colour{255, 0, 0}, nil
	case "none":
		return colour{}, httperr.Errorf(400, "there is no colour none")
	case "later":
		return colour{}, httperr.Errorf(503, "the colours are sold out")
	case "panic":
		panic("panic at a colour")
	}
	return colour{}, errColour
}

// shape is an interface, with two types behind it.
type shape interface{ area() int }

type square int

func (s square) area() int { return int(s * s) }

type weird struct{ _ func() }

func (weird) area() int { return 0 }

func parseShape(text string) (shape, error) {
	switch text {
	case "square":
		return square(2), nil
	case "weird":
		return weird{}, nil
	}
	return nil, errors.New("no shape")
}

// pairwise says more of itself than its cast does.
type pairwise int

func (e *pairwise) Validate(context.Context) error {
	if *e%2 != 0 {
		return httperr.Errorf(400, "is odd")
	}
	return nil
}

var casts = func() options {
	o := strict
	o.Casts = []param.Cast{
		param.CastOf(parseColour),
		param.CastOf(url.Parse),
		param.CastOf(parseShape),
		param.CastOf(func(text string) (pairwise, error) { return pairwise(len(text)), nil }),
		param.CastOf(func(text string) (netip.Addr, error) { // in place of its UnmarshalText
			a, err := netip.ParseAddr(text)
			if err == nil && a.Zone() != "" {
				err = errors.New("zone")
			}
			return a, err
		}),
	}
	return o
}()

// TestCasts: a type with a cast is a parameter like any other, wherever it stands.
func TestCasts(t *testing.T) {
	type in struct {
		C   colour
		P   *colour
		L   []colour          `param:"l,optional"`
		M   map[string]colour `param:"m,optional"`
		S   struct{ C colour }
		U   *url.URL
		V   url.URL  `param:"v,optional"`
		Sh  shape    `param:"sh,optional"`
		E   pairwise `default:"ab" maxLength:"4"`
		A   netip.Addr
		H   colour `in:"header"`
		Kie colour `in:"cookie" param:"kie"`
		D   colour `default:"red"`
	}
	red := colour{255, 0, 0}
	for _, r := range []string{
		"get c=red&p=red&l=red&l=red&m={\"x\":\"red\"}&s={\"C\":\"red\"}&u=http://x/y&v=/z&sh=square&a=::1",
		`json {"c":"red","p":"red","l":["red","red"],"m":{"x":"red"},"s":{"C":"red"},"u":"http://x/y","v":"/z","sh":"square","a":"::1"}`,
	} {
		kind, text, _ := strings.Cut(r, " ")
		req := get(strings.NewReplacer("{", "%7B", "}", "%7D", `"`, "%22").Replace(text))
		if kind == "json" {
			req = post(jsonType, text)
		}
		v, err := bind[in](t, casts, with(with(req, "H", "red"), "Cookie", "kie=red"))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if v.C != red || *v.P != red || len(v.L) != 2 || v.L[1] != red || v.M["x"] != red || v.S.C != red || v.U.Host != "x" || v.V.Path != "/z" ||
			v.Sh.area() != 4 || v.E != 2 || v.H != red || v.Kie != red || v.D != red || v.A != netip.IPv6Loopback() {
			t.Errorf("%s: %+v", kind, v)
		}
	}
	one := func(name, tag string, typ reflect.Type, r string) string {
		_, err := bindTo(t, reflect.StructOf([]reflect.StructField{{Name: "X", Type: typ, Tag: reflect.StructTag(tag)}}), casts, post(jsonType, r))
		return fault(err)
	}
	for _, c := range []struct {
		typ             any
		tag, body, want string
	}{
		{colour{}, "", `{"x":"blue"}`, `parameter "x" is not a valid colour: "blue"`},
		{colour{}, "", `{"x":"none"}`, `parameter "x": there is no colour none`},
		{colour{}, "", `{"x":"later"}`, "Service Unavailable: the colours are sold out"},
		{colour{}, "", `{"x":1}`, `parameter "x" is not a valid colour: "1"`},
		{colour{}, "", `{"x":null}`, `parameter "x" must not be null`},
		{colour{}, "", `{"x":"\u0000"}`, `parameter "x" holds a NUL character`},
		{colour{}, `format:"password"`, `{"x":"blue"}`, `parameter "x" is not a valid colour`},
		{colour{}, `enum:"red"`, `{"x":"red"}`, ""},
		{colour{}, `maxLength:"2"`, `{"x":"red"}`, `parameter "x" must have at most 2 characters`},
		{[]colour{}, "", `{"x":["red","blue"]}`, `parameter "x" at "/1" is not a valid colour: "blue"`},
		{map[string]colour{}, "", `{"x":{"a":"none"}}`, `parameter "x" at "/a": there is no colour none`},
		{(*colour)(nil), "", `{"x":null}`, ""},
		{(*url.URL)(nil), "", `{"x":":"}`, `parameter "x" is not a valid URL: ":"`},
		{(*url.URL)(nil), "", `{}`, ""},
		{url.URL{}, "", `{}`, `parameter "x" is missing`},
		{pairwise(0), "", `{"x":"a"}`, `parameter "x": is odd`},
		{netip.Addr{}, "", `{"x":"fe80::1%eth0"}`, `parameter "x" is not a valid Addr: "fe80::1%eth0"`},
	} {
		if got := one("x", c.tag, reflect.TypeOf(c.typ), c.body); got != c.want {
			t.Errorf("%T %s %s: %q, want %q", c.typ, c.tag, c.body, got, c.want)
		}
	}
	if got := one("x", "", reflect.TypeFor[shape](), `{"x":"weird"}`); got != "" {
		t.Errorf("%q", got)
	}
	// In the path, what does not convert is a fault, not a path to nowhere.
	o := casts
	o.Path = []string{"x"}
	if _, err := bind[struct{ X colour }](t, o, httptest.NewRequest("GET", "/blue", nil)); fault(err) != `parameter "x" is not a valid colour: "blue"` {
		t.Errorf("%v", err)
	}
	if v, err := bind[struct{ X colour }](t, o, httptest.NewRequest("GET", "/red", nil)); err != nil || v.X != red {
		t.Errorf("%v", err)
	}
	// The cause is for the log, unless a secret may be in it.
	_, err := bind[struct{ X colour }](t, casts, get("x=blue"))
	_, secret := bind[struct {
		X colour
		P string `format:"password"`
	}](t, casts, get("x=blue&p=1"))
	if !errors.Is(err, errColour) || errors.Is(secret, errColour) {
		t.Errorf("%v, %v", err, secret)
	}
}

// TestCastFaults: what a cast can't do at start is a fault there, not a panic.
func TestCastFaults(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{struct {
			X colour `default:"blue"`
		}{}, "does not convert"},
		{struct {
			X colour `default:"panic"`
		}{}, "panic at a colour"},
		{struct {
			X colour `enum:"panic"`
		}{}, "panic at a colour"},
		{struct {
			X struct {
				Y colour `enum:"panic"`
			}
		}{}, "panic at a colour"},
		{struct {
			X shape `enum:"square"`
		}{}, "the tag enum does not fit"},
		{struct {
			X colour `minimum:"1"`
		}{}, "it is for integers and floats"},
		{struct{ X **colour }{}, "a pointer to a pointer"},
	} {
		_, err := param.Compile[none](reflect.TypeOf(c.in), casts)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %v, want %q", c.in, err, c.want)
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[[]colour](), reflect.TypeFor[struct{ X int }](), reflect.TypeFor[any](),
		reflect.TypeFor[param.Date](), reflect.TypeFor[*param.File](), reflect.TypeFor[param.Header](), reflect.TypeFor[error]()} {
		if param.Check(typ) == nil {
			t.Errorf("%v can have a cast", typ)
		}
	}
	if err := errors.Join(param.Check(reflect.TypeFor[*url.URL]()), param.Check(reflect.TypeFor[shape]()), param.Check(reflect.TypeFor[box[int]]())); err != nil {
		t.Error(err)
	}
	if _, err := bind[struct{ X nilCast }](t, options{Casts: []param.Cast{param.CastOf(func(string) (*nilCast, error) { return nil, nil })}}, get("x=1")); fault(err) != `parameter "x" is not a valid nilCast: "1"` {
		t.Errorf("%v", err)
	}
}

type nilCast struct{ _ int }

// box and its kin are generic.
type box[T any] struct {
	Value T   `json:"value"`
	Count int `json:"count,omitempty"`
}

type page[T any] struct {
	Items []T `param:"items"`
	Limit int `default:"10" maximum:"100"`
}

type optional[T any] struct {
	set   bool
	value T
}

func (o *optional[T]) UnmarshalText(b []byte) error {
	_, err := fmt.Sscan(string(b), &o.value)
	o.set = err == nil
	return err
}

func (b *box[T]) Validate(context.Context) error {
	if b.Count < 0 {
		return httperr.Errorf(400, "counts less than nothing")
	}
	return nil
}

// natural and address are constrained by what they are.
type natural int

func (n natural) Validate(context.Context) error {
	if n < 0 {
		return httperr.Errorf(400, "is no natural number")
	}
	return nil
}

type address string

func (a *address) UnmarshalText(b []byte) error {
	if !strings.Contains(string(b), "@") {
		return errors.New("no @")
	}
	*a = address(strings.ToLower(string(b)))
	return nil
}

// TestGenerics: generic types, and types that limit themselves, wherever they stand.
func TestGenerics(t *testing.T) {
	type in struct {
		page[natural] // embedded
		One           box[string]
		Opt           optional[float64]
		Mails         map[string]address  `param:"mails,optional"`
		Boxes         []box[box[address]] `param:"boxes,optional"`
		N             *natural
	}
	v, err := bind[in](t, strict, get("items=1&items=2&limit=7&opt=1.5&n=3&one="+esc(`{"value":"x"}`)+"&mails="+esc(`{"a":"A@B"}`)+"&boxes="+esc(`[{"value":{"value":"C@D"}}]`)))
	if err != nil || len(v.Items) != 2 || v.Items[1] != 2 || v.Limit != 7 || v.One.Value != "x" || v.Opt.value != 1.5 || v.Mails["a"] != "a@b" || v.Boxes[0].Value.Value != "c@d" || *v.N != 3 {
		t.Errorf("%+v, %v", v, err)
	}
	const ok = `"one":{"value":"x"},"opt":"1"`
	for _, c := range []struct{ body, want string }{
		{`{"items":[1,-1],` + ok + `}`, `parameter "items" at "/1": is no natural number`},
		{`{"items":[],"limit":101,` + ok + `}`, `parameter "limit" must be at most 100`},
		{`{"items":[],"n":-1,` + ok + `}`, `parameter "n": is no natural number`},
		{`{"items":[],"one":{"value":"x","count":-1},"opt":"1"}`, `parameter "one": counts less than nothing`},
		{`{"items":[],"one":{"value":1},"opt":"1"}`, `parameter "one" at "/value" is not a string: "1"`},
		{`{"items":[],"one":{"value":"x"},"opt":"z"}`, `parameter "opt" is not a valid optional: "z"`},
		{`{"items":[],"boxes":[{"value":{"value":"x"}}],` + ok + `}`, `parameter "boxes" at "/0/value/value" is not a valid address: "x"`},
		{`{"items":[],"boxes":[{"value":{"value":"x@y","count":-2}}],` + ok + `}`, `parameter "boxes" at "/0/value": counts less than nothing`},
	} {
		if _, err := bind[in](t, strict, post(jsonType, c.body)); fault(err) != c.want {
			t.Errorf("%s: %q, want %q", c.body, fault(err), c.want)
		}
	}
	// The input itself may be generic.
	if v, err := bind[page[string]](t, strict, get("items=a")); err != nil || v.Items[0] != "a" || v.Limit != 10 {
		t.Errorf("%+v, %v", v, err)
	}
}
